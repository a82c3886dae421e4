//! What the incoming side wrote before an upgrade and records have no place for since.
use super::{Draft, Mergeable, plan::make};
use crate::{
    domain::{
        field::Ty,
        history::{
            diff::{Change, apply, part},
            merge::{Choice, Clashing, Conflict, ConflictKind, Notice, Resolution},
            schema::Lost,
        },
    },
    store::{sides::Sides, versions::Version},
};
use serde_json::{Map, Value};

/// Whether the incoming side changed what is no more.
pub(super) fn touches(sides: &Sides) -> bool {
    !edits(sides.base.as_ref(), sides.theirs.as_ref()).is_empty()
}

fn edits(base: Option<&Version>, theirs: Option<&Version>) -> Vec<Lost> {
    let lost = |v: Option<&Version>| v.map(|v| v.lost.clone()).unwrap_or_default();
    let known = lost(base);
    lost(theirs).into_iter().filter(|l| !known.contains(l)).collect()
}

/// Tells what it changed in vain, and asks for another value where one is needed.
pub(super) fn tell<R: Mergeable>(draft: &mut Draft<R>, decided: &[Resolution]) {
    for lost in edits(draft.base.as_ref(), draft.theirs.as_ref()) {
        if lost.narrowed {
            ask(draft, &lost, decided);
        } else {
            draft.notices.push(Notice::FieldGone { path: lost.path, label: lost.label });
        }
    }
}

/// Main's value stays, unless somebody types another one.
fn ask<R: Mergeable>(draft: &mut Draft<R>, lost: &Lost, decided: &[Resolution]) {
    let Some(after) = draft.after().map(R::value) else { return };
    let Some(merged) = at(&after, &lost.path) else { return };
    let ours = draft.before().map(R::value);
    let ours = ours.as_ref().and_then(|v| at(v, &lost.path)).unwrap_or(merged);
    let conflict = invalid(lost, ours);
    let choice = conflict.decided(decided).cloned();
    let name = lost.path.rsplit('/').next().unwrap_or_default();
    let to = match &choice {
        Some(Choice::Value(typed)) => typed[name].clone(),
        _ => ours.clone(),
    };
    let changed = Change {
        path: lost.path.clone(),
        label: lost.label.to_owned(),
        before: merged.clone(),
        after: to,
        ty: lost.ty,
    };
    let value = apply(&after, &[changed]);
    make(draft, Some(value), decided);
    match choice {
        Some(choice) => draft.decided.push((conflict, choice)),
        None => draft.conflicts.push(conflict),
    }
}

fn invalid(lost: &Lost, ours: &Value) -> Conflict {
    let name = lost.path.rsplit('/').next().unwrap_or_default();
    let named = |v: &Value| Value::Object(Map::from_iter([(name.to_owned(), v.clone())]));
    let one = Clashing {
        path: lost.path.clone(),
        label: lost.label.to_owned(),
        base: Value::Null,
        ours: ours.clone(),
        theirs: lost.value.clone(),
        ty: Ty::Text(200),
    };
    Conflict {
        path: format!("{}#upgrade", lost.path),
        ours: named(ours),
        theirs: named(&lost.value),
        may_take: false,
        ..Conflict::of(ConflictKind::InvalidAfterUpgrade, one)
    }
}

/// What a path leads to, `Null` for an empty field; none if its part is not there.
fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [list, id, name] => part(&value[*list], id).map(|p| &p[*name]),
        _ => Some(&value[path]),
    }
}
