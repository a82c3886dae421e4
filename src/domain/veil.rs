//! What a person may not see of a record: the same on main, on branches and in the past, in a record, a
//! change, a conflict and a proof.
use super::{
    field::Field,
    history::{
        diff::Change,
        merge::{Clashing, Conflict},
    },
    policy::Act,
    record::Record,
    scope::Scope,
};
use serde_json::Value;

/// What is told of a conflict whose values may not be.
const HIDDEN: &str = "Its values are hidden from your role. Somebody who sees them decides it.";

/// The fields of a kind that are hidden from who acts.
pub fn hidden<R: Record>(scope: &Scope) -> impl Iterator<Item = (&'static Field, Act)> {
    let of = |f: &'static Field| f.seen_with.map(|act| (f, act));
    R::FIELDS.iter().filter(|f| !scope.sees(f)).filter_map(of)
}

/// The first hidden field in which two bodies differ, with the right to see it.
pub fn touched<R: Record>(
    scope: &Scope,
    before: &Value,
    after: &Value,
) -> Option<(&'static Field, Act)> {
    hidden::<R>(scope).find(|(f, _)| before[f.name] != after[f.name])
}

/// Takes what is hidden out of a body, or out of some of its fields.
pub fn veil<R: Record>(scope: &Scope, body: &mut Value) {
    let Some(fields) = body.as_object_mut() else { return };
    for (f, _) in hidden::<R>(scope) {
        fields.remove(f.name);
    }
}

/// Whether who acts may be told of a change.
pub fn may_tell<R: Record>(scope: &Scope, change: &Change) -> bool {
    !covers::<R>(scope, &change.path)
}

/// Whether a path leads to something hidden.
fn covers<R: Record>(scope: &Scope, path: &str) -> bool {
    let top = path.split(['/', '#']).next().unwrap_or_default();
    hidden::<R>(scope).any(|(f, _)| f.name == top)
}

/// A conflict without the values that are hidden; whether there were any. That it is there is told, or
/// nobody would know what a merge waits for.
pub fn veil_conflict<R: Record>(scope: &Scope, conflict: &mut Conflict) -> bool {
    let mut veiled = false;
    for value in [&mut conflict.base, &mut conflict.ours, &mut conflict.theirs] {
        veil::<R>(scope, value);
    }
    for field in &mut conflict.fields {
        veiled |= veil_field::<R>(scope, field);
    }
    if veiled {
        (conflict.may_keep, conflict.may_take, conflict.may_type) = (false, false, false);
        HIDDEN.clone_into(&mut conflict.why);
    }
    veiled
}

fn veil_field<R: Record>(scope: &Scope, field: &mut Clashing) -> bool {
    let values = [&mut field.base, &mut field.ours, &mut field.theirs];
    let here = covers::<R>(scope, &field.path);
    for value in values {
        if here {
            *value = Value::Null;
        } else if field.path.is_empty() {
            veil::<R>(scope, value);
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        customer::Customer,
        field::{Kind, Ty},
        order::Order,
        product::Product,
        tax::TaxCode,
    };

    /// Hidden fields are looked for at the top of a record; one can be taken out of every body; and no
    /// parts hide any.
    fn can_be_hidden<R: Record>(names: &mut Vec<(Kind, &'static str)>) {
        for f in R::FIELDS {
            assert!(f.seen_with.is_none() || (!f.required && f.group.is_empty()), "{}", f.name);
            let salted = |s: &Field| s.salts == f.name && s.seen_with == f.seen_with;
            let hides = f.seen_with.is_some() && f.salts.is_empty();
            assert!(!hides || R::FIELDS.iter().any(salted), "{} has no salt", f.name);
            if let Ty::Parts(_, inner) | Ty::Object(inner) = f.ty {
                assert!(inner.iter().all(|f| f.seen_with.is_none()), "{}", f.name);
            }
            names.extend(f.seen_with.map(|_| (R::KIND, f.name)));
        }
    }

    #[test]
    fn what_is_hidden_can_be_taken_out() {
        let mut names = vec![];
        can_be_hidden::<Order>(&mut names);
        can_be_hidden::<Customer>(&mut names);
        can_be_hidden::<Product>(&mut names);
        can_be_hidden::<TaxCode>(&mut names);
        assert_eq!(names, [(Kind::Product, "cost_price"), (Kind::Product, "cost_salt")]);
    }
}
