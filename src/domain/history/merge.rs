//! `merge3`: the one way in which two changes of a record come together. Pure and deterministic.
//!
//! Forms, merges, syncs and reverts call this: a side that did not change yields to the one that did;
//! both changed alike is no conflict; anything else is settled by the field's class, by a stored
//! resolution, or reported.
use super::{
    classes::{counter, set, smaller},
    diff::{Change, apply, id_of, invert, list, name_of, names, part},
    text::merge_lines,
};
use crate::domain::field::{Class, Field, MAP_VALUE, Ty};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

pub use super::conflict::{Choice, Clashing, Conflict, ConflictKind, Notice, Resolution};

/// The merged body; where there is an open conflict it holds ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged<T = Value> {
    pub value: T,
    pub conflicts: Vec<Conflict>,
    /// Those that were decided, and how.
    pub decided: Vec<(Conflict, Choice)>,
    pub notices: Vec<Notice>,
}

/// Takes back what theirs changed and may not: reported, and decided only by leaving it.
pub fn refuse(
    ours: &Value,
    merged: &mut Merged<Option<Value>>,
    (changes, resolutions): (Vec<(Change, ConflictKind, String)>, &[Resolution]),
) {
    let Some(value) = &mut merged.value else { return };
    for (change, kind, why) in changes {
        let conflict = Conflict::refusing(&change, (kind, why));
        match conflict.decided(resolutions) {
            None => merged.conflicts.push(conflict),
            Some(choice) => merged.decided.push((conflict, choice.clone())),
        }
        // a part that went comes back as it was, in its place
        *value = restored(value, ours, &change);
    }
}

fn restored(value: &Value, ours: &Value, change: &Change) -> Value {
    let back = invert(std::slice::from_ref(change));
    let mut out = apply(value, &back);
    if matches!(change.ty, Ty::Parts(..)) {
        let list = change.path.split('/').next().unwrap_or_default();
        if let Some(parts) = out.get_mut(list).and_then(Value::as_array_mut) {
            let place = |p: &Value| {
                let of = |id| super::diff::list(&ours[list]).iter().position(|o| id_of(o) == id);
                of(id_of(p)).unwrap_or(usize::MAX)
            };
            parts.sort_by_key(place);
        }
    }
    out
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
    decided: Vec<(Conflict, Choice)>,
    notices: Vec<Notice>,
}

impl<'a> Merger<'a> {
    fn new(resolutions: &'a [Resolution]) -> Self {
        Self { resolutions, conflicts: vec![], decided: vec![], notices: vec![] }
    }

    fn done<T>(self, value: T) -> Merged<T> {
        let Self { conflicts, decided, notices, .. } = self;
        Merged { value, conflicts, decided, notices }
    }

    /// What was decided on a conflict; an open one is reported, and ours stands.
    fn decide(&mut self, conflict: Conflict) -> Choice {
        if let Some(choice) = conflict.decided(self.resolutions).cloned() {
            self.decided.push((conflict, choice.clone()));
            return choice;
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
        if f.moves.is_some() {
            if three[1] == three[2] {
                return put(unit, ours, out);
            }
            return self.moved(unit, [base, ours, theirs], at, out);
        }
        let value = match (f.class, f.ty) {
            (Class::Set, _) => Some(set(three)),
            (Class::Parts, Ty::Parts(word, inner)) => Some(self.parts((f, word, inner), three, at)),
            (Class::Map, _) => Some(self.map(f, three, at)),
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
                Choice::Value(typed) => {
                    put(unit, ours, out);
                    lay_over(unit, &typed, out);
                }
            },
        }
    }

    /// Two moves of a state: the second holds only if it leads on from the first.
    fn moved(
        &mut self,
        unit: &[&'static Field],
        sides: [&Value; 3],
        at: &Spot,
        out: &mut Map<String, Value>,
    ) {
        let [_, ours, theirs] = sides;
        let text = |side: &Value| side[unit[0].name].as_str().unwrap_or_default().to_owned();
        let leads = |moves: fn(&str, &str) -> bool| moves(&text(ours), &text(theirs));
        let may_take = unit[0].moves.is_some_and(leads);
        let why = if may_take { "" } else { NO_WAY_ON };
        let (kind, why, may_type) = (ConflictKind::State, why.to_owned(), false);
        let conflict = Conflict { kind, may_take, may_type, why, ..clash(unit, sides, at) };
        let from = if self.decide(conflict) == Choice::Theirs { theirs } else { ours };
        put(unit, from, out);
    }

    fn texts(&mut self, three: [&Value; 3], path: impl Fn() -> String) -> Option<Value> {
        let [base, ours, theirs] = three.map(|v| v.as_str().unwrap_or_default());
        let merged = merge_lines(base, ours, theirs)?;
        self.notices.push(Notice::Texts { path: path() });
        Some(Value::String(merged))
    }

    /// Each name by itself; one that a side took away and the other left is gone.
    fn map(&mut self, f: &Field, [base, ours, theirs]: [&Value; 3], at: &Spot) -> Value {
        let mut out = Map::new();
        for name in names([base, ours, theirs]) {
            let three = [&base[&name], &ours[&name], &theirs[&name]];
            let value = match three {
                [b, o, t] if t == b || o == t => o.clone(),
                [b, o, t] if o == b => t.clone(),
                _ => {
                    let (path, label) = at.of(f);
                    self.named((path, label, &name), three)
                }
            };
            if !value.is_null() {
                out.insert(name, value);
            }
        }
        if out.is_empty() { Value::Null } else { Value::Object(out) }
    }

    /// Two values for one name.
    fn named(&mut self, (path, label, name): (String, String, &str), three: [&Value; 3]) -> Value {
        let (path, label) = (format!("{path}/{name}"), format!("{label}: {name}"));
        let [base, ours, theirs] = three.map(Clone::clone);
        let one = Clashing { path, label, base, ours, theirs, ty: Ty::Text(MAP_VALUE) };
        let [base, ours, theirs] = three.map(|v| match v {
            Value::Null => Value::Object(Map::new()),
            v => Value::Object(Map::from_iter([(name.to_owned(), v.clone())])),
        });
        let conflict = Conflict { base, ours, theirs, ..Conflict::of(ConflictKind::Field, one) };
        match self.decide(conflict) {
            Choice::Ours => three[1].clone(),
            Choice::Theirs => three[2].clone(),
            Choice::Value(value) => value[name].clone(),
        }
    }

    /// Parts by id: ours in their order, then what came in new.
    fn parts(
        &mut self,
        (f, word, inner): (&Field, &str, &'static [Field]),
        [base, ours, theirs]: [&Value; 3],
        at: &Spot,
    ) -> Value {
        let mut out = vec![];
        let is_new = |id: &str| part(base, id).is_none();
        let added = list(theirs).iter().map(id_of).filter(|id| part(ours, id).is_none());
        let mut ids: Vec<&str> = list(ours).iter().map(id_of).collect();
        let both_add = ids.iter().any(|id| is_new(id)) && added.clone().any(is_new);
        ids.extend(added);
        if both_add {
            // in whatever order branches come to main, what they add comes to stand alike
            ids.sort_by_key(|id| is_new(id).then_some(*id));
        }
        for id in ids {
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
            [Some(_), ours, theirs] => match self.decide(deleted(ty, sides, spot)) {
                Choice::Theirs => theirs.cloned(),
                // nothing can be typed for a whole record
                Choice::Ours | Choice::Value(_) => ours.cloned(),
            },
        }
    }
}

/// Where the incoming state is no choice, be it a branch's or what was before.
const NO_WAY_ON: &str =
    "Both moved the order on, to different states, of which one does not lead to the other.";

/// One side deleted what the other one changed.
fn deleted(ty: Ty, sides: [Option<&Value>; 3], spot: &Spot) -> Conflict {
    let kind = match sides[1] {
        None => ConflictKind::DeletedByOurs,
        Some(_) => ConflictKind::DeletedByTheirs,
    };
    let [base, ours, theirs] = sides.map(|v| v.cloned().unwrap_or_default());
    let whole = Clashing {
        path: spot.path.trim_end_matches('/').to_owned(),
        label: spot.label.clone(),
        base,
        ours,
        theirs,
        ty,
    };
    Conflict { may_type: false, ..Conflict::of(kind, whole) }
}

/// What was typed for fields of a unit; `null` clears one.
fn lay_over(unit: &[&'static Field], typed: &Value, out: &mut Map<String, Value>) {
    for (f, value) in unit.iter().filter_map(|f| Some((f, typed.get(f.name)?))) {
        out.remove(f.name);
        if !value.is_null() {
            out.insert(f.name.to_owned(), value.clone());
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
    let differing = unit.iter().filter(|f| sides[1][f.name] != sides[2][f.name]);
    // what the system set beside what people did follows from that
    let of_people = differing.clone().any(|f| f.input);
    let asked = differing.filter(|f| f.input || !of_people).map(|f| {
        let ((path, label), [base, ours, theirs]) = (at.of(f), sides.map(|s| s[f.name].clone()));
        Clashing { path, label, base, ours, theirs, ty: f.ty }
    });
    let fields: Vec<Clashing> = asked.collect();
    let alone = fields.first().filter(|_| fields.len() == 1);
    let label = alone.map_or(label, |one| one.label.clone());
    // both steps of a counter hold, unless their sum leaves its bounds
    let counts = f.class == Class::Counter;
    let kind = if counts { ConflictKind::Invariant } else { ConflictKind::Field };
    // people type one field's value. Where several of a group differ, where one follows from another, and
    // of a field that is an object, it is one side's or the other's
    let may_type = match unit {
        [one] => !matches!(one.ty, Ty::Object(_)),
        all => alone.is_some() && of_people && !all.iter().any(|f| matches!(f.ty, Ty::Ref(_))),
    };
    let clashing = Clashing { path, label, base, ours, theirs, ty: f.ty };
    Conflict { fields, may_type, ..Conflict::of(kind, clashing) }
}
