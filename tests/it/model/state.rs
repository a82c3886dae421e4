//! The model: each world is a whole map, and a merge looks at every record of all three.
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The fields that the scripts change; `tags` is a set, `lines` are by their ids, the others hold one value.
pub const PRODUCT: &[&str] =
    &["sku", "name", "unit", "barcode", "weight_g", "tags", "stocked", "active"];
pub const ORDER: &[&str] = &["customer_po", "contact", "warehouse", "tags", "lines"];
pub const LINE: &[&str] = &["qty", "note"];

/// A record's fields, nothing as `null`; `is` says of which kind it is.
pub type Rec = Map<String, Value>;
/// Every record of a world, by id.
pub type State = BTreeMap<String, Rec>;

/// What two sides disagree on: of which record, on which field (none for the whole), and the three
/// values.
#[derive(Clone, Debug, PartialEq)]
pub struct Clash {
    pub kind: String,
    pub id: String,
    pub path: String,
    pub sides: [Value; 3],
}

/// Decisions taken so far: by record and path the values that were seen, and whether theirs holds.
pub type Decided = BTreeMap<(String, String), ([Value; 3], bool)>;

/// What a record of a kind consists of.
pub fn fields(kind: &str) -> &'static [&'static str] {
    if kind == "order" { ORDER } else { PRODUCT }
}

/// A record as the program tells it.
pub fn of_json(kind: &str, told: &Value) -> (String, Rec) {
    let mut rec = some(fields(kind), told);
    if let Some(lines) = rec.get_mut("lines") {
        let each = lines.as_array().into_iter().flatten();
        let by_id = |l: &Value| (l["id"].as_str().unwrap().to_owned(), some(LINE, l).into());
        *lines = Value::Object(each.map(by_id).collect());
    }
    rec.insert("is".into(), json!(kind));
    (told["id"].as_str().unwrap_or_default().to_owned(), rec)
}

fn some(fields: &[&str], told: &Value) -> Rec {
    let field = |f: &&str| {
        let empty = if *f == "tags" { json!([]) } else { Value::Null };
        ((*f).to_owned(), told.get(*f).cloned().unwrap_or(empty))
    };
    fields.iter().map(field).collect()
}

/// All three worlds come together; open disagreements are told, and ours stands in them.
pub fn merge([base, ours, theirs]: [&State; 3], decided: &Decided) -> (State, Vec<Clash>) {
    let (mut out, mut open) = (State::new(), vec![]);
    let ids: BTreeSet<&String> = [base, ours, theirs].iter().flat_map(|s| s.keys()).collect();
    for id in ids {
        let mut clashes = vec![];
        let sides = [base.get(id), ours.get(id), theirs.get(id)];
        let kind = sides.into_iter().flatten().next().unwrap()["is"].as_str().unwrap().to_owned();
        let mut pick = |path: &str, sides: [Value; 3]| -> Value {
            let key = (id.clone(), path.to_owned());
            let known = decided.get(&key).filter(|(seen, _)| *seen == sides);
            let [_, ours, theirs] = sides.clone();
            match known {
                Some((_, true)) => theirs,
                Some((_, false)) => ours,
                None => {
                    let (kind, id) = (kind.clone(), id.clone());
                    clashes.push(Clash { kind, id, path: path.to_owned(), sides });
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
        let kind = ours["is"].as_str().unwrap();
        let nothing = || of_json(kind, &json!({})).1;
        let base = base.cloned().unwrap_or_else(nothing);
        let each = fields(kind).iter().map(|f| {
            let sides = [&base, ours, theirs].map(|r| r[*f].clone());
            ((*f).to_owned(), field(f, sides, pick))
        });
        return Some(each.chain([("is".to_owned(), json!(kind))]).collect());
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
    if name == "lines" {
        return lines(sides.each_ref().map(|v| v.as_object().unwrap()), pick);
    }
    pick(name, sides)
}

/// Lines come together by their ids, each as a record of its own.
fn lines([base, ours, theirs]: [&Rec; 3], pick: &mut Pick<'_>) -> Value {
    let ids: BTreeSet<&String> = [base, ours, theirs].iter().flat_map(|s| s.keys()).collect();
    let mut out = Map::new();
    for id in ids {
        let one = match [base.get(id), ours.get(id), theirs.get(id)] {
            [base, ours, theirs] if theirs == base => ours.cloned(),
            [base, ours, theirs] if ours == base || ours == theirs => theirs.cloned(),
            [base, Some(ours), Some(theirs)] => {
                let each = LINE.iter().map(|f| {
                    let was = base.map_or(Value::Null, |l| l[*f].clone());
                    let sides = [was, ours[*f].clone(), theirs[*f].clone()];
                    let path = format!("lines/{id}/{f}");
                    let mut pick_of = |_: &str, sides: [Value; 3]| pick(&path, sides);
                    ((*f).to_owned(), field(f, sides, &mut pick_of))
                });
                Some(Value::Object(each.collect()))
            }
            // one side took it out, the other one changed it
            sides => {
                Some(pick(&format!("lines/{id}"), sides.map(|l| l.cloned().unwrap_or_default())))
            }
        };
        out.extend(one.filter(|l| !l.is_null()).map(|l| (id.clone(), l)));
    }
    Value::Object(out)
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
