//! What the merge of fields does not know of orders: what a state has frozen.
use super::{Order, State, prices};
use crate::domain::{
    field::{Lock, Ty, find},
    history::{
        diff::{Change, diff},
        merge::{Choice, Conflict, ConflictKind, Merged, Notice, Resolution, refuse},
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

/// What no single field can tell: amounts belong to their currency, and a state freezes.
pub fn reconcile(
    sides: [Option<&Value>; 3],
    merged: &mut Merged<Option<Value>>,
    resolutions: &[Resolution],
) {
    prices::reconcile(sides, merged, resolutions);
    numbered(sides[1], merged);
    frozen(sides[1], merged, resolutions);
}

/// An order that has a number and that somebody changed since is not deleted on a branch's word: it would
/// be cancelled. Where its making is taken back, the number stays used.
fn numbered(ours: Option<&Value>, merged: &mut Merged<Option<Value>>) {
    let Some(ours) = ours.filter(|o| o["number"].is_string()) else { return };
    let deletion = |c: &Conflict| c.kind == ConflictKind::DeletedByTheirs && c.path.is_empty();
    let decided = std::mem::take(&mut merged.decided);
    let (of_it, others) = decided.into_iter().partition::<Vec<_>, _>(|(c, _)| deletion(c));
    merged.decided = others;
    for (conflict, choice) in of_it {
        if choice == Choice::Theirs {
            merged.conflicts.push(conflict);
            merged.value = Some(ours.clone());
        } else {
            merged.decided.push((conflict, choice));
        }
    }
    for conflict in merged.conflicts.iter_mut().filter(|c| deletion(c)) {
        conflict.may_take = false;
        conflict.why =
            "It has a number, so it is not deleted. Keep it, and cancel it if need be.".into();
    }
    if merged.value.is_none() {
        merged.notices.push(Notice::NumberStays { path: "number".into() });
    }
}

/// What the state of ours has frozen stays as it is in ours, unless the same change moves the order on
/// to a state that leaves it free. A number that was taken belongs to the order for ever.
fn frozen(ours: Option<&Value>, merged: &mut Merged<Option<Value>>, resolutions: &[Resolution]) {
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub(in crate::domain::order) fn merged(
        sides: [&Value; 3],
        of: &[Resolution],
    ) -> Merged<Option<Value>> {
        crate::domain::record::merge::<Order>(sides.map(Some), of)
    }
    pub(in crate::domain::order) fn paths(m: &Merged<Option<Value>>) -> Vec<(&str, ConflictKind)> {
        m.conflicts.iter().map(|c| (c.path.as_str(), c.kind)).collect()
    }
    /// An order of a line at a price, and a text.
    pub(in crate::domain::order) fn order(currency: &str, price: &str) -> Value {
        json!({
            "id": "o", "state": "draft", "currency": currency,
            "lines": [
                {"id": "a", "position": 1, "qty": "1", "unit_price": price, "price_source": "manual"},
                {"id": "t", "position": 2, "qty": "1", "unit_price": "0", "price_source": "manual"},
            ],
            "discounts": [
                {"id": "d", "kind": "amount", "value": "1"}, {"id": "p", "kind": "percent", "value": "5"},
            ],
        })
    }
    pub(in crate::domain::order) fn with(mut order: Value, path: &str, value: Value) -> Value {
        *order.pointer_mut(path).unwrap() = value;
        order
    }
    pub(in crate::domain::order) fn more(mut order: Value, list: &str, part: Value) -> Value {
        order[list].as_array_mut().unwrap().push(part);
        order
    }

    #[test]
    fn an_order_that_has_a_number_is_not_deleted_on_a_branchs_word() {
        let merge = |sides: [Option<&Value>; 3], of: &[Resolution]| {
            crate::domain::record::merge::<Order>(sides, of)
        };
        let mut base = order("GBP", "10");
        base["state"] = json!("confirmed");
        let changed = |base: &Value| with(base.clone(), "/lines/0/qty", json!("2"));
        // without a number it may go
        let draft = changed(&base);
        let sides = [Some(&base), Some(&draft), None];
        let free = merge(sides, &[]).conflicts.remove(0);
        assert!(free.kind == ConflictKind::DeletedByTheirs && free.may_take);
        assert_eq!(merge(sides, &[free.resolved(Choice::Theirs)]).value, None);

        base["number"] = json!("SO-1");
        let ours = changed(&base);
        let sides = [Some(&base), Some(&ours), None];
        let open = merge(sides, &[]);
        assert_eq!(paths(&open), [("", ConflictKind::DeletedByTheirs)]);
        let conflict = &open.conflicts[0];
        assert!(!conflict.may_take && conflict.why.contains("cancel it"), "{}", conflict.why);
        for (choice, left) in [(Choice::Theirs, (1, 0)), (Choice::Ours, (0, 1))] {
            let out = merge(sides, &[conflict.resolved(choice)]);
            assert_eq!((out.conflicts.len(), out.decided.len()), left);
            assert_eq!(out.value.as_ref(), Some(&ours));
        }
        // a line of it may
        let mut without = base.clone();
        without["lines"].as_array_mut().unwrap().remove(0);
        let sides = [Some(&base), Some(&ours), Some(&without)];
        let line = merge(sides, &[]).conflicts.remove(0);
        let out = merge(sides, &[line.resolved(Choice::Theirs)]);
        assert_eq!((out.conflicts.len(), out.decided.len()), (0, 1));
        assert_eq!(out.value.unwrap()["lines"], without["lines"]);
        // where nobody changed it since, it goes, and its number is used
        let out = merge([Some(&base), Some(&base), None], &[]);
        assert_eq!((out.value, out.notices.len()), (None, 1));
    }

    #[test]
    fn what_a_state_freezes_stays_and_what_it_leaves_free_changes() {
        let done = |o: Value| with(with(o, "/state", json!("completed")), "/number", json!("SO-1"));
        let mut base = order("GBP", "10");
        base["number"] = Value::Null;
        let ours = done(base.clone());
        let mut theirs = with(base.clone(), "/lines/0/qty", json!("2"));
        theirs["internal_note"] = json!("free");
        let out = merged([&base, &ours, &theirs], &[]);
        assert_eq!(paths(&out), [("lines/a/qty", ConflictKind::Locked)]);
        let locked = &out.conflicts[0];
        assert!(!locked.may_take && !locked.may_type && locked.why.contains("reopen it first"));
        assert_eq!(
            merged([&base, &ours, &theirs], &[locked.resolved(Choice::Theirs)]).conflicts.len(),
            1
        );
        let value = out.value.unwrap();
        assert_eq!(
            (&value["lines"][0]["qty"], &value["internal_note"]),
            (&json!("1"), &json!("free"))
        );
        assert_eq!((&value["number"], &value["state"]), (&json!("SO-1"), &json!("completed")));
        // a line that went comes back in its place
        let mut without = base.clone();
        without["lines"].as_array_mut().unwrap().remove(0);
        let value = merged([&base, &ours, &without], &[]).value.unwrap();
        assert_eq!(value["lines"], base["lines"]);
        // a state that leaves it free on the way
        let back = with(ours.clone(), "/state", json!("draft"));
        let back = with(back, "/lines/0/qty", json!("2"));
        let out = merged([&ours, &ours, &back], &[]);
        assert_eq!(paths(&out), []);
        // a number that was taken stays
        let without = with(ours.clone(), "/number", Value::Null);
        assert_eq!(merged([&ours, &ours, &without], &[]).value.unwrap()["number"], "SO-1");
    }

    #[test]
    fn a_change_has_the_lock_of_the_field_it_is_of() {
        let of = |path: &str| {
            lock(&Change {
                path: path.into(),
                label: String::new(),
                before: Value::Null,
                after: Value::Null,
                ty: Ty::Bool,
            })
        };
        assert_eq!(of("lines/a/note"), Some(Lock::Free));
        assert_eq!(of("lines/a"), Some(Lock::Lines));
        assert_eq!(of("customer"), Some(Lock::Party));
        assert_eq!(of("nothing"), None);
    }
}
