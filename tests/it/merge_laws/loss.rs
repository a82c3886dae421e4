//! Nothing is invented and nothing is lost: what a merge makes of a record, field by field by their classes.
use super::random::of_people;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use tributary::domain::field::{Class, Field, Ty};

/// L15, L16, and L11 where the sides are those of a revert: a value is one of three, unless its class makes
/// one of both; what one side alone changed is changed. Of fields alone, of groups as one, of what each
/// class of many makes of both, and of parts.
pub fn no_loss(fields: &'static [Field], m: &Value, case: &[&Value; 3]) {
    let [b, o, t] = case;
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for f in of_people(fields) {
        let of = case.map(|side| &side[f.name]);
        match (f.ty, f.class) {
            (Ty::Parts(_, inner), _) => parts_no_loss(inner, &m[f.name], &of),
            (_, Class::Scalar) => {
                let group = if f.group.is_empty() { f.name } else { f.group };
                groups.entry(group).or_default().push(f.name);
            }
            (_, Class::Set) => set_no_loss(&m[f.name], of),
            (_, Class::Map) => map_no_loss(&m[f.name], of),
            (_, Class::Text) => text_no_loss(&m[f.name], of),
            (_, Class::Position) => one_of_three(f.name, &m[f.name], of),
            _ => {}
        }
    }
    for (group, names) in groups {
        let of = |side: &Value| names.iter().map(|n| side[*n].clone()).collect::<Vec<_>>();
        one_of_three(group, &of(m), [&of(b), &of(o), &of(t)]);
    }
}

/// One side's value; if one alone changed it, that one's.
#[track_caller]
fn one_of_three<T: PartialEq + std::fmt::Debug>(what: &str, m: &T, [b, o, t]: [&T; 3]) {
    assert!([b, o, t].contains(&m), "L15 {what}: {m:?} of {b:?} {o:?} {t:?}");
    assert!(t != b || m == o, "L16 {what}: {m:?} of {b:?} {o:?} {t:?}");
    assert!(o != b || m == t, "L16 {what}: {m:?} of {b:?} {o:?} {t:?}");
}

/// What either side added is in it, what either took away is not, and nothing else changed.
fn set_no_loss(m: &Value, case: [&Value; 3]) {
    let words = |v: &Value| -> BTreeSet<String> {
        v.as_array().into_iter().flatten().map(|w| w.as_str().unwrap().to_owned()).collect()
    };
    let ([b, o, t], m) = (case.map(words), words(m));
    for word in b.iter().chain(&o).chain(&t).chain(&m) {
        let [b, o, t] = [&b, &o, &t].map(|side| side.contains(word));
        one_of_three(word, &m.contains(word), [&b, &o, &t]);
    }
}

/// Name by name.
fn map_no_loss(m: &Value, case: [&Value; 3]) {
    let names = case.iter().chain([&m]).filter_map(|v| v.as_object()).flat_map(|o| o.keys());
    for name in names {
        one_of_three(name, &m[name], case.map(|v| &v[name]));
    }
}

/// One side's text; or both sides', with every line that one of them wrote and none that neither did.
fn text_no_loss(m: &Value, case: [&Value; 3]) {
    if case.contains(&m) {
        return one_of_three("text", m, case);
    }
    let lines = |v: &Value| -> BTreeSet<String> {
        v.as_str().unwrap_or_default().lines().map(str::to_owned).collect()
    };
    let ([b, o, t], m) = (case.map(lines), lines(m));
    assert!(m.iter().all(|l| o.contains(l) || t.contains(l)), "L15: {m:?} of {b:?} {o:?} {t:?}");
    let mut gone = b.difference(&o).chain(b.difference(&t));
    assert!(gone.all(|l| !m.contains(l)), "L16: {m:?} of {b:?} {o:?} {t:?}");
    let mut written = o.difference(&b).chain(t.difference(&b));
    assert!(written.all(|l| m.contains(l)), "L16: {m:?} of {b:?} {o:?} {t:?}");
}

fn parts_no_loss(fields: &'static [Field], m: &Value, case: &[&Value; 3]) {
    let find = |list: &Value, id: &Value| {
        list.as_array().into_iter().flatten().find(|p| p["id"] == *id).cloned()
    };
    let ids = case.iter().flat_map(|list| list.as_array().into_iter().flatten()).map(|p| &p["id"]);
    for id in ids {
        let [b, o, t] = case.map(|list| find(list, id));
        let m = find(m, id);
        match (&b, &o, &t) {
            (Some(b), Some(o), Some(t)) => no_loss(fields, &m.unwrap(), &[b, o, t]),
            // it is new on both sides, as if each had begun with nothing
            (None, Some(o), Some(t)) => no_loss(fields, &m.unwrap(), &[&json!({}), o, t]),
            // it is new on one side
            (None, Some(_), None) => assert_eq!(m, o, "L16: {}", json!(case)),
            (None, None, Some(_)) => assert_eq!(m, t, "L16: {}", json!(case)),
            // it went on one side and the other left it
            (Some(_), Some(_), None) if o == b => assert_eq!(m, None, "L16: {}", json!(case)),
            (Some(_), None, Some(_)) if t == b => assert_eq!(m, None, "L16: {}", json!(case)),
            _ => {}
        }
    }
}
