//! What the merge of fields does not know of orders: what a state has frozen.
use super::{Order, State};
use crate::domain::{
    field::{Lock, Ty, find},
    history::{
        diff::{Change, diff},
        merge::{ConflictKind, Merged, Resolution, refuse},
    },
    record::Record,
};
use serde_json::Value;

/// What a change touches: a part's field has its own lock; a part that comes or goes has that of the
/// list.
pub fn lock(change: &Change) -> Option<Lock> {
    let names: Vec<&str> = change.path.split('/').collect();
    let field = find(Order::FIELDS, names[0])?;
    match (field.ty, names.get(2)) {
        (Ty::Parts(_, fields), Some(inner)) => find(fields, inner).map(|f| f.lock),
        _ => Some(field.lock),
    }
}

/// What the state of ours has frozen stays as it is in ours, unless the same change moves the order on
/// to a state that leaves it free. A number that was taken belongs to the order for ever.
pub fn reconcile(
    ours: Option<&Value>,
    merged: &mut Merged<Option<Value>>,
    resolutions: &[Resolution],
) {
    let (Some(ours), Some(value)) = (ours, &mut merged.value) else { return };
    if let Some(number) = ours["number"].as_str() {
        value["number"] = number.into();
    }
    let state = |v: &Value| v["state"].as_str().and_then(|s| s.parse::<State>().ok());
    let (Some(before), Some(after)) = (state(ours), state(value)) else { return };
    let frozen = |c: &Change| lock(c).is_some_and(|l| before.freezes(l) && after.freezes(l));
    let changes = diff(Order::FIELDS, ours, value).into_iter().filter(frozen);
    let locked = changes.map(|c| (c, ConflictKind::Locked, before.thaw().to_owned()));
    refuse(ours, merged, (locked.collect(), resolutions));
}
