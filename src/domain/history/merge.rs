//! `merge3`: the one way in which two changes of a record come together. Pure and deterministic.
//!
//! Forms, and later branches, call this: a side that did not change yields to the one that did;
//! both changed alike is no conflict; anything else is settled by the field's class, by a stored
//! resolution, or reported.
use super::{
    chain::{Hash, body_hash},
    diff::{id_of, list, name_of, part},
    text::merge_lines,
};
use crate::domain::field::{Class, Field, Ty};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// What two sides did to one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictKind {
    /// Both changed a field, or a group of fields, to different values.
    Field,
    /// Ours deleted what theirs changed.
    DeletedByOurs,
    /// Theirs deleted what ours changed.
    DeletedByTheirs,
}

/// Something that both sides changed to different ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// As in a [`super::diff::Change`]; for a group its name in place of a field's, for a whole
    /// record nothing.
    pub path: String,
    pub label: String,
    pub kind: ConflictKind,
    /// The three values: of a field or group an object of its fields, else the part or record, `Null`
    /// where there is none.
    pub base: Value,
    pub ours: Value,
    pub theirs: Value,
    /// The same, field by field as people look at it: those that differ between ours and theirs.
    pub fields: Vec<Clashing>,
}

/// A field in a conflict, or a part that one side deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct Clashing {
    pub path: String,
    pub label: String,
    pub base: Value,
    pub ours: Value,
    pub theirs: Value,
    pub ty: Ty,
}

/// Which value holds where both sides changed it.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    Ours,
    Theirs,
    /// Shaped as the conflict's own values; `Null` for a part or record that shall go.
    Value(Value),
}

/// A decision on a conflict. It holds as long as the three values are those it was made on; when one
/// of them changes, that conflict alone is open again.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    pub path: String,
    /// The conflict's [`Conflict::print`].
    pub print: [Hash; 3],
    pub choice: Choice,
}

/// What was settled without asking and is worth a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Both moved a part: the smaller position holds.
    Moved { path: String },
    /// Both changed a long text in places apart from each other.
    Texts { path: String },
}

/// The merged body; where there is an open conflict it holds ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<T = Value> {
    pub value: T,
    pub conflicts: Vec<Conflict>,
    pub notices: Vec<Notice>,
}

impl Conflict {
    /// The hashes of its three values, by which a decision knows what it was made on.
    pub fn print(&self) -> [Hash; 3] {
        [&self.base, &self.ours, &self.theirs].map(|v| body_hash(&v.to_string()))
    }
    /// This decision for it.
    pub fn resolved(&self, choice: Choice) -> Resolution {
        Resolution { path: self.path.clone(), print: self.print(), choice }
    }
}

/// Merges two descendants of `base`: `ours` is what stands, `theirs` what is to come in.
pub fn merge3(fields: &'static [Field], base: &Value, ours: &Value, theirs: &Value) -> Merged {
    let mut merger = Merger::new(&[]);
    let out = merger.object(fields, [base, ours, theirs], &Spot::default());
    merger.done(Value::Object(out))
}

/// Merges whole records, each of which may be absent, with the decisions taken so far.
pub fn merge_record(
    fields: &'static [Field],
    sides: [Option<&Value>; 3],
    resolutions: &[Resolution],
) -> Merged<Option<Value>> {
    let mut merger = Merger::new(resolutions);
    let value = merger.entity((fields, Ty::Object(fields)), sides, &Spot::default());
    merger.done(value)
}

/// Where in the record we are.
#[derive(Default)]
struct Spot {
    path: String,
    label: String,
}

impl Spot {
    fn of(&self, f: &Field) -> (String, String) {
        let label = match self.label.as_str() {
            "" => f.label.to_owned(),
            label => format!("{label}: {}", f.label.to_lowercase()),
        };
        (format!("{}{}", self.path, f.name), label)
    }
}

struct Merger<'a> {
    resolutions: &'a [Resolution],
    conflicts: Vec<Conflict>,
    notices: Vec<Notice>,
}

impl<'a> Merger<'a> {
    fn new(resolutions: &'a [Resolution]) -> Self {
        Self { resolutions, conflicts: vec![], notices: vec![] }
    }

    fn done<T>(self, value: T) -> Merged<T> {
        Merged { value, conflicts: self.conflicts, notices: self.notices }
    }

    /// What was decided on a conflict; an open one is reported, and ours stands.
    fn decide(&mut self, conflict: Conflict) -> Choice {
        let mut here = self.resolutions.iter().filter(|r| r.path == conflict.path);
        if let Some(known) = here.find(|r| r.print == conflict.print()) {
            return known.choice.clone();
        }
        self.conflicts.push(conflict);
        Choice::Ours
    }

    fn object(
        &mut self,
        fields: &'static [Field],
        sides: [&Value; 3],
        at: &Spot,
    ) -> Map<String, Value> {
        let (mut out, mut done) = (Map::new(), BTreeSet::new());
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
            self.unit(&unit, sides, at, &mut out);
        }
        out
    }

    /// One field, or the fields of one group, which are decided together.
    fn unit(
        &mut self,
        unit: &[&'static Field],
        sides: [&Value; 3],
        at: &Spot,
        out: &mut Map<String, Value>,
    ) {
        let [base, ours, theirs] = sides;
        let same = |a: &Value, b: &Value| unit.iter().all(|f| a[f.name] == b[f.name]);
        // two equal steps of a counter are two steps
        let counts = unit[0].class == Class::Counter;
        let from = if same(theirs, base) || (same(ours, theirs) && !counts) {
            ours
        } else if same(ours, base) {
            theirs
        } else {
            return self.both_changed(unit, sides, at, out);
        };
        put(unit, from, out);
    }

    fn both_changed(
        &mut self,
        unit: &[&'static Field],
        [base, ours, theirs]: [&Value; 3],
        at: &Spot,
        out: &mut Map<String, Value>,
    ) {
        let f = unit[0];
        let three = [&base[f.name], &ours[f.name], &theirs[f.name]];
        let value = match (f.class, f.ty) {
            (Class::Set, _) => Some(set(three)),
            (Class::Parts, Ty::Parts(word, inner)) => Some(self.parts((f, word, inner), three, at)),
            (Class::Position, _) => {
                self.notices.push(Notice::Moved { path: at.of(f).0 });
                Some(smaller(three[1], three[2]))
            }
            (Class::Counter, Ty::Whole(max)) => counter(three, max),
            (Class::Text, _) => self.texts(three, || at.of(f).0),
            (Class::System, _) => return put(unit, theirs, out),
            _ => None,
        };
        match value {
            Some(Value::Null) => {}
            Some(value) => {
                out.insert(f.name.to_owned(), value);
            }
            None => match self.decide(clash(unit, [base, ours, theirs], at)) {
                Choice::Ours => put(unit, ours, out),
                Choice::Theirs => put(unit, theirs, out),
                Choice::Value(value) => put(unit, &value, out),
            },
        }
    }

    fn texts(&mut self, three: [&Value; 3], path: impl Fn() -> String) -> Option<Value> {
        let [base, ours, theirs] = three.map(|v| v.as_str().unwrap_or_default());
        let merged = merge_lines(base, ours, theirs)?;
        self.notices.push(Notice::Texts { path: path() });
        Some(Value::String(merged))
    }

    /// Parts by id: ours in their order, then what came in new.
    fn parts(
        &mut self,
        (f, word, inner): (&Field, &str, &'static [Field]),
        [base, ours, theirs]: [&Value; 3],
        at: &Spot,
    ) -> Value {
        let mut out = vec![];
        let added = list(theirs).iter().filter(|t| part(ours, id_of(t)).is_none());
        for id in list(ours).iter().chain(added).map(id_of) {
            let sides = [part(base, id), part(ours, id), part(theirs, id)];
            let named =
                sides.iter().flatten().next().map(|p| name_of(inner, p)).unwrap_or_default();
            let spot = Spot {
                path: format!("{}{}/{id}/", at.path, f.name),
                label: format!("{}{} {named}", word[..1].to_uppercase(), &word[1..]),
            };
            out.extend(self.entity((inner, f.ty), sides, &spot));
        }
        if out.is_empty() { Value::Null } else { Value::Array(out) }
    }

    /// A whole record or part, which a side may have made or deleted.
    fn entity(
        &mut self,
        (fields, ty): (&'static [Field], Ty),
        sides: [Option<&Value>; 3],
        spot: &Spot,
    ) -> Option<Value> {
        let null = &Value::Null;
        match sides {
            [_, None, None] => None,
            [None, Some(one), None] | [None, None, Some(one)] => Some(one.clone()),
            [Some(base), Some(one), None] | [Some(base), None, Some(one)] if one == base => None,
            [base, Some(ours), Some(theirs)] => {
                let sides = [base.unwrap_or(null), ours, theirs];
                Some(Value::Object(self.object(fields, sides, spot)))
            }
            [Some(_), ours, theirs] => {
                let [base, o, t] = sides.map(|v| v.cloned().unwrap_or_default());
                let kind = match ours {
                    None => ConflictKind::DeletedByOurs,
                    Some(_) => ConflictKind::DeletedByTheirs,
                };
                let (path, label) = (spot.path.trim_end_matches('/').to_owned(), &spot.label);
                let whole = Clashing {
                    path: path.clone(),
                    label: label.clone(),
                    base: base.clone(),
                    ours: o.clone(),
                    theirs: t.clone(),
                    ty,
                };
                let (label, fields) = (label.clone(), vec![whole]);
                let conflict = Conflict { path, label, kind, base, ours: o, theirs: t, fields };
                match self.decide(conflict) {
                    Choice::Ours => ours.cloned(),
                    Choice::Theirs => theirs.cloned(),
                    Choice::Value(value) => Some(value).filter(|v| !v.is_null()),
                }
            }
        }
    }
}

fn put(unit: &[&'static Field], from: &Value, out: &mut Map<String, Value>) {
    for f in unit.iter().filter(|f| !from[f.name].is_null()) {
        out.insert(f.name.to_owned(), from[f.name].clone());
    }
}

fn clash(unit: &[&'static Field], sides: [&Value; 3], at: &Spot) -> Conflict {
    let f = unit[0];
    let (path, label) = at.of(f);
    let path = if f.group.is_empty() { path } else { format!("{}{}", at.path, f.group) };
    let [base, ours, theirs] = sides.map(|side| {
        let mut out = Map::new();
        put(unit, side, &mut out);
        Value::Object(out)
    });
    let differing = unit.iter().filter(|f| sides[1][f.name] != sides[2][f.name]).map(|f| {
        let ((path, label), [base, ours, theirs]) = (at.of(f), sides.map(|s| s[f.name].clone()));
        Clashing { path, label, base, ours, theirs, ty: f.ty }
    });
    let fields = differing.collect();
    Conflict { path, label, kind: ConflictKind::Field, base, ours, theirs, fields }
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

/// Base and what each side added; `None` if that leaves the counter's bounds.
fn counter(three: [&Value; 3], max: i64) -> Option<Value> {
    let [base, ours, theirs] = three.map(|v| i128::from(v.as_i64().unwrap_or(0)));
    let sum = i64::try_from(ours + theirs - base).ok()?;
    (0..=max).contains(&sum).then(|| Value::from(sum))
}
