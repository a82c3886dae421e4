//! `merge3`: the one way in which two changes of a record come together. Pure and deterministic.
//!
//! Forms, and later branches, call this: a side that did not change yields to the one that did;
//! both changed alike is no conflict; anything else is settled by the field's class or reported.
use super::diff::{id_of, list, name_of, part};
use crate::domain::field::{Class, Field, Ty};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Both sides changed one field (or one group of fields) to different values.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// As in a [`super::diff::Change`].
    pub path: String,
    pub label: String,
    pub base: Value,
    pub ours: Value,
    pub theirs: Value,
    pub ty: Ty,
}

/// The merged body; where there is a conflict it holds ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub value: Value,
    pub conflicts: Vec<Conflict>,
}

/// Merges two descendants of `base`: `ours` is what stands, `theirs` what is to come in.
pub fn merge3(fields: &'static [Field], base: &Value, ours: &Value, theirs: &Value) -> Merged {
    let mut out = Map::new();
    let mut conflicts = vec![];
    let at = Spot { path: String::new(), label: String::new() };
    object(fields, [base, ours, theirs], &at, (&mut out, &mut conflicts));
    Merged { value: Value::Object(out), conflicts }
}

/// Where in the record we are.
struct Spot {
    path: String,
    label: String,
}

type Out<'a> = (&'a mut Map<String, Value>, &'a mut Vec<Conflict>);

fn object(fields: &'static [Field], sides: [&Value; 3], at: &Spot, (out, conflicts): Out) {
    let mut done = BTreeSet::new();
    if let Some(id) = sides[1].get("id").or_else(|| sides[2].get("id")) {
        out.insert("id".to_owned(), id.clone());
    }
    for f in fields {
        if !f.group.is_empty() && !done.insert(f.group) {
            continue;
        }
        let unit: Vec<&'static Field> = if f.group.is_empty() {
            vec![f]
        } else {
            fields.iter().filter(|g| g.group == f.group).collect()
        };
        group(&unit, sides, at, (&mut *out, &mut *conflicts));
    }
}

/// One field, or the fields of one group, which are decided together.
fn group(unit: &[&'static Field], sides: [&Value; 3], at: &Spot, (out, conflicts): Out) {
    let [base, ours, theirs] = sides;
    let same = |a: &Value, b: &Value| unit.iter().all(|f| a[f.name] == b[f.name]);
    let mut put = |from: &Value| {
        for f in unit.iter().filter(|f| !from[f.name].is_null()) {
            out.insert(f.name.to_owned(), from[f.name].clone());
        }
    };
    if same(theirs, base) || same(ours, theirs) {
        return put(ours);
    }
    if same(ours, base) {
        return put(theirs);
    }
    let f = unit[0];
    let three = [&base[f.name], &ours[f.name], &theirs[f.name]];
    let value = match (f.class, f.ty) {
        (Class::Set, _) => set(three),
        (Class::Parts, Ty::Parts(word, inner)) => parts((f, word, inner), three, at, conflicts),
        (Class::Position, _) => smaller(three[1], three[2]),
        (Class::System, _) => return put(theirs),
        _ => {
            put(ours);
            let differing = unit.iter().filter(|f| ours[f.name] != theirs[f.name]);
            conflicts.extend(differing.map(|f| conflict(f, sides, at)));
            return;
        }
    };
    if !value.is_null() {
        out.insert(f.name.to_owned(), value);
    }
}

fn conflict(f: &Field, [base, ours, theirs]: [&Value; 3], at: &Spot) -> Conflict {
    let label = if at.label.is_empty() {
        f.label.to_owned()
    } else {
        format!("{}: {}", at.label, f.label.to_lowercase())
    };
    Conflict {
        path: format!("{}{}", at.path, f.name),
        label,
        base: base[f.name].clone(),
        ours: ours[f.name].clone(),
        theirs: theirs[f.name].clone(),
        ty: f.ty,
    }
}

/// (base ∪ what each side added) ∖ what each side removed.
fn set([base, ours, theirs]: [&Value; 3]) -> Value {
    let words = |v: &Value| -> BTreeSet<String> {
        list(v).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (b, o, t) = (words(base), words(ours), words(theirs));
    let keep = |w: &String| (o.contains(w) && t.contains(w)) || !b.contains(w);
    let merged: Vec<Value> = o.union(&t).filter(|w| keep(w)).cloned().map(Value::String).collect();
    if merged.is_empty() { Value::Null } else { Value::Array(merged) }
}

fn smaller(a: &Value, b: &Value) -> Value {
    let of = |v: &Value| v.as_i64().unwrap_or(i64::MAX);
    if of(a) <= of(b) { a.clone() } else { b.clone() }
}

/// Parts by id: ours in their order, then what came in new.
fn parts(
    (f, word, inner): (&Field, &str, &'static [Field]),
    [base, ours, theirs]: [&Value; 3],
    at: &Spot,
    conflicts: &mut Vec<Conflict>,
) -> Value {
    let mut out = vec![];
    let added = list(theirs).iter().filter(|t| part(ours, id_of(t)).is_none());
    for id in list(ours).iter().chain(added).map(id_of) {
        let sides = [part(base, id), part(ours, id), part(theirs, id)];
        let named = sides.iter().flatten().next().map(|p| name_of(inner, p)).unwrap_or_default();
        let spot = Spot {
            path: format!("{}{}/{id}/", at.path, f.name),
            label: format!("{}{} {named}", word[..1].to_uppercase(), &word[1..]),
        };
        out.extend(one_part((f, inner), sides, &spot, conflicts));
    }
    if out.is_empty() { Value::Null } else { Value::Array(out) }
}

fn one_part(
    (f, inner): (&Field, &'static [Field]),
    sides: [Option<&Value>; 3],
    spot: &Spot,
    conflicts: &mut Vec<Conflict>,
) -> Option<Value> {
    let gone = |kept: Option<&Value>, base: &Value| kept.is_none_or(|k| k == base);
    match sides {
        [None, Some(one), None] | [None, None, Some(one)] => Some(one.clone()),
        [None, Some(o), Some(t)] => Some(both(inner, [&Value::Null, o, t], spot, conflicts)),
        [Some(b), Some(o), Some(t)] => Some(both(inner, [b, o, t], spot, conflicts)),
        [Some(b), o, t] if gone(o.or(t), b) => None,
        [Some(b), o, t] => {
            conflicts.push(Conflict {
                path: spot.path.trim_end_matches('/').to_owned(),
                label: spot.label.clone(),
                base: b.clone(),
                ours: o.cloned().unwrap_or_default(),
                theirs: t.cloned().unwrap_or_default(),
                ty: f.ty,
            });
            o.cloned()
        }
        [None, None, None] => None,
    }
}

fn both(
    inner: &'static [Field],
    sides: [&Value; 3],
    spot: &Spot,
    conflicts: &mut Vec<Conflict>,
) -> Value {
    let mut out = Map::new();
    object(inner, sides, spot, (&mut out, conflicts));
    Value::Object(out)
}
