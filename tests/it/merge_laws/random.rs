//! Random records, and random changes of them.
use rand::{
    Rng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use tributary::domain::{
    field::{Class, Field, Ty},
    order::ORDER,
};

const ID: [&str; 4] = ["a", "b", "c", "d"];

/// A random value of a field, from so few that both sides often choose the same.
pub fn random(r: &mut StdRng, ty: Ty) -> Value {
    let word = |r: &mut StdRng| json!(["x", "y", "z"].choose(r).unwrap());
    match ty {
        Ty::Note(_) => {
            let lines = (0..6).map(|i| format!("{i}{}", if r.random_bool(0.2) { "!" } else { "" }));
            json!(lines.collect::<Vec<_>>().join("\n"))
        }
        Ty::Whole(_) => json!(r.random_range(0..4)),
        Ty::Bool => json!(r.random_bool(0.5)),
        Ty::Word(words) => json!(words.choose(r).unwrap().0),
        Ty::Tags => {
            let tags = ID.iter().filter(|_| r.random_bool(0.4)).collect::<Vec<_>>();
            if tags.is_empty() { Value::Null } else { json!(tags) }
        }
        Ty::Map => {
            let names = ID.iter().filter(|_| r.random_bool(0.4)).collect::<Vec<_>>();
            let map: Map<_, _> = names.into_iter().map(|n| ((*n).to_owned(), word(r))).collect();
            if map.is_empty() { Value::Null } else { Value::Object(map) }
        }
        Ty::Object(fields) => filled(r, fields),
        Ty::Parts(_, fields) => {
            let ids: Vec<&str> = ID.into_iter().filter(|_| r.random_bool(0.5)).collect();
            let parts: Vec<Value> = ids.into_iter().map(|id| a_part(r, fields, id)).collect();
            if parts.is_empty() { Value::Null } else { json!(parts) }
        }
        _ => word(r),
    }
}

pub fn a_part(r: &mut StdRng, fields: &'static [Field], id: &str) -> Value {
    let mut part = filled(r, fields);
    part["id"] = json!(id);
    part
}

/// Some of the fields, each with a random value. What the system sets has no rule for two sides.
pub fn filled(r: &mut StdRng, fields: &'static [Field]) -> Value {
    let mut out = Map::new();
    for f in of_people(fields) {
        let value = random(r, f.ty);
        if !value.is_null() && r.random_bool(0.8) {
            out.insert(f.name.into(), value);
        }
    }
    Value::Object(out)
}

pub fn of_people(fields: &'static [Field]) -> impl Iterator<Item = &'static Field> {
    fields.iter().filter(|f| !matches!(f.class, Class::System | Class::Immutable))
}

/// A few random changes, of parts too.
pub fn changed(r: &mut StdRng, fields: &'static [Field], value: &Value) -> Value {
    let mut out = value.clone();
    let all: Vec<&Field> = of_people(fields).collect();
    for _ in 0..r.random_range(0..12) {
        let f = all.choose(r).unwrap();
        if let (Ty::Parts(_, inner), Some(parts)) = (f.ty, out[f.name].as_array_mut()) {
            match r.random_range(0..3) {
                0 => drop(parts.remove(r.random_range(0..parts.len()))),
                1 => {
                    let id = format!("new{}", r.random_range(0..3));
                    parts.push(a_part(r, inner, &id));
                }
                _ => {
                    let at = r.random_range(0..parts.len());
                    parts[at] = changed(r, inner, &parts[at]);
                }
            }
            let mut seen = BTreeSet::new();
            parts.retain(|p| seen.insert(p["id"].to_string()));
            if parts.is_empty() {
                out[f.name] = Value::Null;
            }
        } else {
            out[f.name] = random(r, f.ty);
        }
        out.as_object_mut().unwrap().retain(|_, v| !v.is_null());
    }
    out
}

/// Parts in the order of their ids: a merge promises no other.
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(sorted).collect();
            list.sort_by_key(|v| v["id"].as_str().map(str::to_owned));
            Value::Array(list)
        }
        Value::Object(o) => o.iter().map(|(k, v)| (k.clone(), sorted(v))).collect(),
        other => other.clone(),
    }
}

/// A field that stands alone and that none of some sides changed, with another value.
pub fn elsewhere(r: &mut StdRng, sides: &[&Value]) -> Option<(&'static str, Value)> {
    let untouched = |f: &&Field| {
        let alone = f.group.is_empty() && f.class == Class::Scalar;
        alone && sides.iter().all(|s| s.get(f.name) == sides[0].get(f.name))
    };
    let fields: Vec<&Field> = of_people(ORDER).filter(untouched).collect();
    fields.choose(r).map(|f| (f.name, json!("elsewhere")))
}

pub fn with(value: &Value, (name, to): &(&'static str, Value)) -> Value {
    let mut out = value.clone();
    out[*name] = to.clone();
    out
}

pub fn shuffled(r: &mut StdRng, value: &Value) -> Value {
    let mut out = value.clone();
    for list in out.as_object_mut().unwrap().values_mut().filter_map(Value::as_array_mut) {
        if list.iter().all(Value::is_object) {
            list.shuffle(r);
        }
    }
    out
}
