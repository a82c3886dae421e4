//! The model: each world is a whole map, and a merge looks at every record of all three.
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The fields that the scripts change; `tags` is a set, the others hold one value.
pub const FIELDS: [&str; 8] =
    ["sku", "name", "unit", "barcode", "weight_g", "tags", "stocked", "active"];

/// A record's fields, nothing as `null`.
pub type Rec = Map<String, Value>;
/// Every record of a world, by id.
pub type State = BTreeMap<String, Rec>;

/// What two sides disagree on: of which record, on which field (none for the whole), and the three
/// values.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    pub id: String,
    pub path: String,
    pub sides: [Value; 3],
}

/// Decisions taken so far: by record and path the values that were seen, and whether theirs holds.
pub type Decided = BTreeMap<(String, String), ([Value; 3], bool)>;

/// A record as the program tells it.
pub fn of_json(told: &Value) -> (String, Rec) {
    let field = |f: &&str| {
        let empty = if *f == "tags" { json!([]) } else { Value::Null };
        ((*f).to_owned(), told.get(*f).cloned().unwrap_or(empty))
    };
    (told["id"].as_str().unwrap().to_owned(), FIELDS.iter().map(field).collect())
}

/// All three worlds come together; open disagreements are told, and ours stands in them.
pub fn merge([base, ours, theirs]: [&State; 3], decided: &Decided) -> (State, Vec<Clash>) {
    let (mut out, mut open) = (State::new(), vec![]);
    let ids: BTreeSet<&String> = [base, ours, theirs].iter().flat_map(|s| s.keys()).collect();
    for id in ids {
        let mut clashes = vec![];
        let sides = [base.get(id), ours.get(id), theirs.get(id)];
        let mut pick = |path: &str, sides: [Value; 3]| -> Value {
            let key = (id.clone(), path.to_owned());
            let known = decided.get(&key).filter(|(seen, _)| *seen == sides);
            let [_, ours, theirs] = sides.clone();
            match known {
                Some((_, true)) => theirs,
                Some((_, false)) => ours,
                None => {
                    clashes.push(Clash { id: id.clone(), path: path.to_owned(), sides });
                    ours
                }
            }
        };
        if let Some(rec) = record(sides, &mut pick) {
            out.insert(id.clone(), rec);
        }
        open.extend(clashes);
    }
    (out, open)
}

type Pick<'a> = dyn FnMut(&str, [Value; 3]) -> Value + 'a;

fn record([base, ours, theirs]: [Option<&Rec>; 3], pick: &mut Pick<'_>) -> Option<Rec> {
    if theirs == base {
        return ours.cloned();
    }
    if ours == base || ours == theirs {
        return theirs.cloned();
    }
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        let nothing = || of_json(&json!({"id": ""})).1;
        let base = base.cloned().unwrap_or_else(nothing);
        let each = FIELDS.iter().map(|f| {
            let sides = [&base, ours, theirs].map(|r| r[*f].clone());
            ((*f).to_owned(), field(f, sides, pick))
        });
        return Some(each.collect());
    }
    // one side deleted it, the other one changed it
    let whole = |r: Option<&Rec>| r.map_or(Value::Null, |r| Value::Object(r.clone()));
    match pick("", [base, ours, theirs].map(whole)) {
        Value::Object(rec) => Some(rec),
        _ => None,
    }
}

fn field(name: &str, sides: [Value; 3], pick: &mut Pick<'_>) -> Value {
    let [base, ours, theirs] = &sides;
    if theirs == base {
        return ours.clone();
    }
    if ours == base || ours == theirs {
        return theirs.clone();
    }
    if name == "tags" {
        let set = |v: &Value| -> BTreeSet<String> {
            v.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
        };
        let (base, ours, theirs) = (set(base), set(ours), set(theirs));
        let of_all: BTreeSet<&String> = base.iter().chain(&ours).chain(&theirs).collect();
        let stays = |t: &&&String| {
            if base.contains(**t) { ours.contains(**t) && theirs.contains(**t) } else { true }
        };
        return of_all.iter().filter(stays).map(|t| json!(t)).collect();
    }
    pick(name, sides)
}

/// Some records of a world.
pub fn part(state: &State, ids: &BTreeSet<String>) -> State {
    state
        .iter()
        .filter(|(id, _)| ids.contains(*id))
        .map(|(id, r)| (id.clone(), r.clone()))
        .collect()
}

/// A world with some records as another one has them.
pub fn with(state: &State, ids: &BTreeSet<String>, other: &State) -> State {
    let mut out = state.clone();
    out.retain(|id, _| !ids.contains(id));
    out.extend(part(other, ids));
    out
}

/// What the third world changed of the first one, made of the second: it holds wherever they disagree.
pub fn on_top(sides: &[State; 3]) -> State {
    let each = sides.each_ref();
    let (_, open) = merge(each, &Decided::new());
    let holds = open.into_iter().map(|c| ((c.id, c.path), (c.sides, true))).collect();
    merge(each, &holds).0
}
