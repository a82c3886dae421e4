//! What changed between two bodies, field by field, parts by their ids.
use crate::domain::field::{Class, Field, MAP_VALUE, Ty};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One field that differs. A missing side is `Null`.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `qty`, or `lines/<id>/qty` for a part's field, `lines/<id>` for a whole part, `custom/<name>` for
    /// a value of a map.
    pub path: String,
    /// `Quantity`, or `Line 85123A: quantity`.
    pub label: String,
    pub before: Value,
    pub after: Value,
    /// How to show the values.
    pub ty: Ty,
}

impl PartialEq for Ty {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// Every difference from `before` to `after`; system fields are told only with `system`.
pub fn diff(fields: &'static [Field], before: &Value, after: &Value) -> Vec<Change> {
    let mut out = vec![];
    for f in fields.iter().filter(|f| f.class != Class::Immutable) {
        let (b, a) = (&before[f.name], &after[f.name]);
        if b == a {
            continue;
        }
        match f.ty {
            Ty::Parts(word, inner) => parts((f.name, word, inner), b, a, &mut out),
            Ty::Map => {
                let differing = names([b, a]).into_iter().filter(|n| b[n] != a[n]);
                out.extend(differing.map(|n| named(f, &n, [&b[&n], &a[&n]])));
            }
            ty => out.push(Change {
                path: f.name.to_owned(),
                label: f.label.to_owned(),
                before: b.clone(),
                after: a.clone(),
                ty,
            }),
        }
    }
    out
}

/// One value of a map.
fn named(f: &Field, name: &str, [before, after]: [&Value; 2]) -> Change {
    let (path, label) = (format!("{}/{name}", f.name), format!("{}: {name}", f.label));
    let (before, after) = (before.clone(), after.clone());
    Change { path, label, before, after, ty: Ty::Text(MAP_VALUE) }
}

fn parts(
    (field, word, inner): (&str, &'static str, &'static [Field]),
    before: &Value,
    after: &Value,
    out: &mut Vec<Change>,
) {
    let at = |id: &str| format!("{field}/{id}");
    for old in list(before) {
        let id = id_of(old);
        match part(after, id) {
            None => out.push(whole((word, inner), at(id), old, true)),
            Some(new) => {
                let name = format!("{} {}", capital(word), name_of(inner, new));
                out.extend(diff(inner, old, new).into_iter().map(|c| Change {
                    path: format!("{}/{}", at(id), c.path),
                    label: format!("{name}: {}", c.label.to_lowercase()),
                    ..c
                }));
            }
        }
    }
    for new in list(after).iter().filter(|new| part(before, id_of(new)).is_none()) {
        out.push(whole((word, inner), at(id_of(new)), new, false));
    }
}

fn whole(
    (word, inner): (&'static str, &'static [Field]),
    path: String,
    value: &Value,
    gone: bool,
) -> Change {
    let label = format!("{} {}", capital(word), name_of(inner, value));
    let (before, after) =
        if gone { (value.clone(), Value::Null) } else { (Value::Null, value.clone()) };
    Change { path, label, before, after, ty: Ty::Parts(word, inner) }
}

/// The value that changes lead to; those of [`diff`] lead from its first value to its second, but for
/// the order of parts, which no diff tells.
pub fn apply(value: &Value, changes: &[Change]) -> Value {
    let mut out = value.clone();
    for change in changes {
        let steps: Vec<&str> = change.path.split('/').collect();
        set(&mut out, &steps, change);
    }
    out
}

/// The same changes the other way round.
pub fn invert(changes: &[Change]) -> Vec<Change> {
    let turned = |c: &Change| {
        let (before, after) = (c.after.clone(), c.before.clone());
        Change { before, after, ..c.clone() }
    };
    changes.iter().map(turned).collect()
}

/// Sets what a path leads to: a field, a value of a map, a part of a list by its id, or something within
/// that part.
fn set(value: &mut Value, steps: &[&str], change: &Change) {
    let Some(fields) = value.as_object_mut() else { return };
    let to = &change.after;
    match (steps, change.ty) {
        ([], _) => {}
        ([name], _) => set_field(fields, name, to),
        ([list, id, inner @ ..], ty) if !inner.is_empty() || matches!(ty, Ty::Parts(..)) => {
            set_part(fields, (list, id, inner), change);
        }
        ([map, name, ..], _) => {
            let slot = fields.entry(*map).or_insert_with(|| Value::Object(Map::new()));
            let Some(names) = slot.as_object_mut() else { return };
            set_field(names, name, to);
            if names.is_empty() {
                fields.remove(*map);
            }
        }
    }
}

fn set_field(fields: &mut Map<String, Value>, name: &str, to: &Value) {
    match to {
        Value::Null => fields.remove(name),
        to => fields.insert(name.to_owned(), to.clone()),
    };
}

fn set_part(
    fields: &mut Map<String, Value>,
    (name, id, inner): (&str, &str, &[&str]),
    change: &Change,
) {
    let to = &change.after;
    let slot = fields.entry(name).or_insert_with(|| Value::Array(vec![]));
    let Some(parts) = slot.as_array_mut() else { return };
    match parts.iter().position(|p| id_of(p) == id) {
        Some(at) if inner.is_empty() && to.is_null() => {
            parts.remove(at);
        }
        Some(at) if inner.is_empty() => parts[at] = to.clone(),
        Some(at) => set(&mut parts[at], inner, change),
        None => parts.push(to.clone()),
    }
    if parts.is_empty() {
        fields.remove(name);
    }
}

/// The names in maps, each once, in their order.
pub fn names<const N: usize>(maps: [&Value; N]) -> BTreeSet<String> {
    maps.into_iter().filter_map(Value::as_object).flat_map(Map::keys).cloned().collect()
}

/// The parts of a list, none if the field is empty.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The id of a part.
pub fn id_of(part: &Value) -> &str {
    part["id"].as_str().unwrap_or_default()
}

/// The part with an id.
pub fn part<'a>(parts: &'a Value, id: &str) -> Option<&'a Value> {
    list(parts).iter().find(|p| id_of(p) == id)
}

/// What people call a part: the first of its fields that has a text.
pub fn name_of(inner: &'static [Field], part: &Value) -> String {
    let mut texts = inner.iter().filter_map(|f| match f.ty {
        Ty::Text(_) | Ty::Rate => part[f.name].as_str(),
        _ => None,
    });
    texts.next().unwrap_or_default().to_owned()
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}
