//! What becomes of values that both sides changed and that are no conflict: sets, places, counters.
use super::diff::list;
use serde_json::Value;
use std::collections::BTreeSet;

/// (base ∪ what each side added) ∖ what each side removed.
pub(super) fn set([base, ours, theirs]: [&Value; 3]) -> Value {
    let words = |v: &Value| -> BTreeSet<String> {
        list(v).iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (b, o, t) = (words(base), words(ours), words(theirs));
    let keep = |w: &String| (o.contains(w) && t.contains(w)) || !b.contains(w);
    let merged: Vec<Value> = o.union(&t).filter(|w| keep(w)).cloned().map(Value::String).collect();
    if merged.is_empty() { Value::Null } else { Value::Array(merged) }
}

/// Of two places the upper one.
pub(super) fn smaller(a: &Value, b: &Value) -> Value {
    let of = |v: &Value| v.as_i64().unwrap_or(i64::MAX);
    if of(a) <= of(b) { a.clone() } else { b.clone() }
}

/// Base and what each side added; `None` if that leaves the counter's bounds.
pub(super) fn counter(three: [&Value; 3], max: i64) -> Option<Value> {
    let [base, ours, theirs] = three.map(|v| i128::from(v.as_i64().unwrap_or(0)));
    let sum = i64::try_from(ours + theirs - base).ok()?;
    (0..=max).contains(&sum).then(|| Value::from(sum))
}
