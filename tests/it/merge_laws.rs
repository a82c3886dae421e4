//! The laws of merging, on random orders, and the merge against an independent model.
//!
//! The numbers are those of the design: L1 to L18 speak of one record.
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};
use tributary::domain::{
    field::{Class, Field, Kind, Ty},
    history::{
        diff::{apply, diff, invert},
        merge::{Choice, ConflictKind, Merged, Resolution, merge_record, merge3},
        schema::{Change, Schema, What},
    },
    order::ORDER,
};

const CASES: usize = 10_000;
const ID: [&str; 4] = ["a", "b", "c", "d"];

/// A random value of a field, from so few that both sides often choose the same.
fn random(r: &mut StdRng, ty: Ty) -> Value {
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
        Ty::Object(fields) => filled(r, fields),
        Ty::Parts(_, fields) => {
            let ids: Vec<&str> = ID.into_iter().filter(|_| r.random_bool(0.5)).collect();
            let parts: Vec<Value> = ids.into_iter().map(|id| a_part(r, fields, id)).collect();
            if parts.is_empty() { Value::Null } else { json!(parts) }
        }
        _ => word(r),
    }
}

fn a_part(r: &mut StdRng, fields: &'static [Field], id: &str) -> Value {
    let mut part = filled(r, fields);
    part["id"] = json!(id);
    part
}

/// Some of the fields, each with a random value. What the system sets has no rule for two sides.
fn filled(r: &mut StdRng, fields: &'static [Field]) -> Value {
    let mut out = Map::new();
    for f in of_people(fields) {
        let value = random(r, f.ty);
        if !value.is_null() && r.random_bool(0.8) {
            out.insert(f.name.into(), value);
        }
    }
    Value::Object(out)
}

fn of_people(fields: &'static [Field]) -> impl Iterator<Item = &'static Field> {
    fields.iter().filter(|f| !matches!(f.class, Class::System | Class::Immutable))
}

/// A few random changes, of parts too.
fn changed(r: &mut StdRng, fields: &'static [Field], value: &Value) -> Value {
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
fn sorted(value: &Value) -> Value {
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

/// The same up to the order of parts.
#[track_caller]
fn same(law: &str, left: &Value, right: &Value, case: &[&Value]) {
    assert_eq!(sorted(left), sorted(right), "{law}: {}", json!(case));
}

fn merged(base: &Value, ours: &Value, theirs: &Value) -> Merged {
    merge3(ORDER, base, ours, theirs)
}

/// Merges what must be clean.
#[track_caller]
fn clean(law: &str, base: &Value, ours: &Value, theirs: &Value) -> Value {
    let out = merged(base, ours, theirs);
    assert_eq!(out.conflicts, [], "{law}: {}", json!([base, ours, theirs]));
    out.value
}

fn paths(m: &Merged) -> BTreeSet<(String, bool, bool)> {
    let kinds = m.conflicts.iter().map(|c| {
        let by = |kind| c.kind == kind;
        (c.path.clone(), by(ConflictKind::DeletedByOurs), by(ConflictKind::DeletedByTheirs))
    });
    kinds.collect()
}

/// As the upgrade of the law below finds a record, and as it leaves it.
const BEFORE: &[Field] = &[
    Field::new("depot", "Depot", Ty::Text(9)),
    Field::new("note", "Note", Ty::Note(99)),
    Field::new("tags", "Tags", Ty::Tags),
    Field::new("parts", "Parts", Ty::Parts("part", BEFORE_PART)),
];
const BEFORE_PART: &[Field] = &[
    Field::new("amount", "Amount", Ty::Qty).group("amount"),
    Field::new("unit", "Unit", Ty::Text(9)).group("amount"),
];
const AFTER: &[Field] = &[
    Field::new("warehouse", "Warehouse", Ty::Text(9)),
    Field::new("note", "Note", Ty::Note(99)),
    Field::new("tags", "Tags", Ty::Tags),
    Field::new("parts", "Parts", Ty::Parts("part", AFTER_PART)),
    Field::new("rank", "Rank", Ty::Whole(9)),
];
const AFTER_PART: &[Field] = &[
    Field::new("qty", "Quantity", Ty::Qty).group("amount"),
    Field::new("unit", "Unit", Ty::Text(9)).group("amount"),
    Field::new("grade", "Grade", Ty::Text(9)),
];
static UPGRADE: Schema = Schema(&[
    &[up("", "warehouse", What::Renamed("depot")), up("parts", "qty", What::Renamed("amount"))],
    &[up("", "rank", What::Added(|| json!(1))), up("parts", "grade", What::Added(|| json!("A")))],
]);

const fn up(list: &'static str, field: &'static str, what: What) -> Change {
    Change { kind: Kind::Order, list, field, label: field, ty: Ty::Text(9), what }
}

#[test]
fn l24_an_upgrade_before_a_merge_is_one_after_it() {
    let mut r = StdRng::seed_from_u64(24);
    let raised = |v: &Value| UPGRADE.raise(Kind::Order, (1, v.clone())).0;
    let mut conflicts = 0;
    for _ in 0..CASES {
        let base = filled(&mut r, BEFORE);
        let (ours, theirs) = (changed(&mut r, BEFORE, &base), changed(&mut r, BEFORE, &base));
        let before = merge3(BEFORE, &base, &ours, &theirs);
        let after = merge3(AFTER, &raised(&base), &raised(&ours), &raised(&theirs));
        same("L24", &raised(&before.value), &after.value, &[&base, &ours, &theirs]);
        assert_eq!(before.conflicts.len(), after.conflicts.len());
        conflicts += after.conflicts.len();
    }
    assert!(conflicts > CASES / 10);
}

#[test]
fn merging_obeys_its_laws() {
    let mut rng = StdRng::seed_from_u64(3);
    let mut conflicting = 0;
    for _ in 0..CASES {
        let b = filled(&mut rng, ORDER);
        let (o, t) = (changed(&mut rng, ORDER, &b), changed(&mut rng, ORDER, &b));
        let case = [&b, &o, &t];
        same("L1", &clean("L1", &b, &b, &b), &b, &case);
        same("L2", &clean("L2", &b, &o, &b), &o, &case);
        same("L3", &clean("L3", &b, &b, &t), &t, &case);
        same("L4", &clean("L4", &b, &t, &t), &t, &case);
        let (m, back) = (merged(&b, &o, &t), merged(&b, &t, &o));
        let turned: BTreeSet<_> = paths(&back).into_iter().map(|(p, x, y)| (p, y, x)).collect();
        assert_eq!(paths(&m), turned, "L5: {}", json!(case));
        no_loss(&m, &case);
        resolutions(&m, &case);
        if !m.conflicts.is_empty() {
            conflicting += 1;
            continue;
        }
        let m = m.value;
        same("L5", &m, &back.value, &case);
        same("L7", &clean("L7", &m, &m, &m), &m, &case);
        same("L9", &clean("L9", &m, &m, &o), &o, &case);
        same("L10", &clean("L10", &o, &o, &m), &m, &case);
        same("L13, L14", &clean("L14", &o, &o, &m), &m, &case);
    }
    assert!((CASES / 10..CASES * 9 / 10).contains(&conflicting), "{conflicting}");
}

/// L15, L16: a value is one of three, unless its class makes one of both; a path that one side alone
/// changed is changed.
fn no_loss(m: &Merged, case: &[&Value; 3]) {
    let [b, o, t] = case;
    for f in of_people(ORDER).filter(|f| f.class == Class::Scalar) {
        let (b, o, t, m) = (&b[f.name], &o[f.name], &t[f.name], &m.value[f.name]);
        assert!([b, o, t].contains(&m), "L15 {}: {}", f.name, json!(case));
        if f.group.is_empty() && t == b {
            assert_eq!(m, o, "L16 {}: {}", f.name, json!(case));
        }
        if f.group.is_empty() && o == b {
            assert_eq!(m, t, "L16 {}: {}", f.name, json!(case));
        }
    }
}

/// Decisions settle just what they were made on.
fn resolutions(m: &Merged, case: &[&Value; 3]) {
    let sides = case.map(Some);
    let of = |choice: &Choice| -> Vec<Resolution> {
        m.conflicts.iter().map(|c| c.resolved(choice.clone())).collect()
    };
    let ours = merge_record(ORDER, sides, &of(&Choice::Ours));
    assert_eq!((&ours.conflicts.len(), ours.value.as_ref()), (&0, Some(&m.value)));
    let theirs = merge_record(ORDER, sides, &of(&Choice::Theirs));
    assert_eq!(theirs.conflicts, [], "{}", json!(case));
    let turned = merged(case[0], case[2], case[1]);
    same("theirs", &theirs.value.unwrap(), &turned.value, case);
    let mut stale = of(&Choice::Theirs);
    if let Some(first) = stale.first_mut() {
        first.print[1][0] ^= 1;
        let open = merge_record(ORDER, sides, &stale).conflicts;
        assert_eq!(open, m.conflicts[..1], "only that one is open again");
    }
}

#[test]
fn a_diff_leads_there_and_back() {
    let mut r = StdRng::seed_from_u64(12);
    for _ in 0..CASES {
        let a = filled(&mut r, ORDER);
        let b = if r.random_bool(0.3) { filled(&mut r, ORDER) } else { changed(&mut r, ORDER, &a) };
        let there = diff(ORDER, &a, &b);
        same("L12", &apply(&a, &there), &b, &[&a, &b]);
        same("L12 back", &apply(&b, &invert(&there)), &a, &[&a, &b]);
        assert_eq!(diff(ORDER, &a, &a), []);
        assert_eq!(there.is_empty(), sorted(&a) == sorted(&b));
    }
}

#[test]
fn a_change_elsewhere_adds_and_removes_no_conflict() {
    let mut r = StdRng::seed_from_u64(18);
    let groups: BTreeSet<&str> = of_people(ORDER).map(|f| f.name).collect();
    for _ in 0..CASES {
        let b = filled(&mut r, ORDER);
        let (mut o, mut t) = (changed(&mut r, ORDER, &b), changed(&mut r, ORDER, &b));
        let elsewhere = groups.iter().find(|n| o[**n] == b[**n] && t[**n] == b[**n]);
        let Some(name) = elsewhere.filter(|_| !b.is_null()) else { continue };
        o.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        t.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        let before = paths(&merged(&b, &o, &t));
        o[*name] = json!("elsewhere");
        assert_eq!(paths(&merged(&b, &o, &t)), before, "L18 {name}: {}", json!([b, o, t]));
    }
}

const MODEL_LINE: &[Field] = &[
    Field::new("qty", "Quantity", Ty::Whole(i64::MAX)),
    Field::new("price", "Price", Ty::Whole(i64::MAX)),
    Field::new("rank", "Rank", Ty::Whole(i64::MAX)).position(),
];
/// The shape of the model's records.
const MODEL: &[Field] = &[
    Field::new("due", "Due", Ty::Whole(i64::MAX)),
    Field::new("ref", "Reference", Ty::Whole(i64::MAX)),
    Field::new("amount", "Amount", Ty::Whole(i64::MAX)).group("money"),
    Field::new("ccy", "Currency", Ty::Text(9)).group("money"),
    Field::new("street", "Street", Ty::Whole(i64::MAX)).group("addr"),
    Field::new("city", "City", Ty::Whole(i64::MAX)).group("addr"),
    Field::new("tags", "Tags", Ty::Tags),
    Field::new("cnt", "Counter", Ty::Whole(i64::MAX)).class(Class::Counter),
    Field::new("lines", "Lines", Ty::Parts("line", MODEL_LINE)),
];
/// Loads the model's functions without its own run; prints its random cases and its answers. Counters
/// begin far from their bound, which the model does not have.
const DRIVER: &str = "
import sys, json
src = open(sys.argv[1]).read().split('\\nN=60000')[0]
sys.argv = sys.argv[:1]
ns = {}
exec(src, ns)
def plain(x):
    if x is None: return None
    y = {k: v for k, v in x.items() if v is not None and v != set() and v != {}}
    if 'tags' in y: y['tags'] = sorted(y['tags'])
    if 'lines' in y: y['lines'] = [dict({k: v for k, v in l.items() if v is not None}, id=i) for i, l in sorted(y['lines'].items())]
    return y
for i in range(CASES):
    b = None if ns['R'].random() < .05 else ns['rnd']()
    o, t = ns['mutate'](b), ns['mutate'](b)
    for x in (b, o, t):
        if x is not None: x['cnt'] += 1000
    r, c = ns['merge3'](b, o, t)
    print(json.dumps([plain(b), plain(o), plain(t), plain(r), sorted(x[0] for x in c)]))
";
const MODEL_CASES: usize = 100_000;

#[test]
fn merging_agrees_with_the_model() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracles/refmodel.py");
    if !model.exists() {
        eprintln!("left out: merging_agrees_with_the_model (no ../shared)");
        return;
    }
    let driver = DRIVER.replace("CASES", &MODEL_CASES.to_string());
    let mut python = Command::new("python3")
        .args(["-c", &driver, model.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut seen = 0;
    for line in BufReader::new(python.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let [b, o, t, wanted, conflicts]: [Value; 5] = serde_json::from_str(&line).unwrap();
        let some = |v| Some(v).filter(|v: &&Value| !v.is_null());
        let ours = merge_record(MODEL, [some(&b), some(&o), some(&t)], &[]);
        let mut names: Vec<String> = ours.conflicts.iter().map(|c| name(&c.path, c.kind)).collect();
        names.sort();
        assert_eq!(json!(names), conflicts, "{line}");
        assert_eq!(sorted(&ours.value.unwrap_or_default()), wanted, "{line}");
        seen += 1;
    }
    assert!(python.wait().unwrap().success());
    assert_eq!(seen, MODEL_CASES);
}

fn counted(base: i64, ours: i64, theirs: i64) -> Merged {
    let of = |n: i64| json!({ "cnt": n });
    merge3(MODEL, &of(base), &of(ours), &of(theirs))
}

#[test]
fn c17_an_amount_and_its_currency_are_one() {
    let of = |amount: i64, ccy: &str| json!({"amount": amount, "ccy": ccy});
    let out = merge3(MODEL, &of(10, "GBP"), &of(12, "GBP"), &of(10, "EUR"));
    assert_eq!(out.conflicts.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["money"]);
    assert_eq!(out.value, of(12, "GBP"));
}

#[test]
fn c25_steps_of_a_counter_add_up_within_its_bounds() {
    assert_eq!(counted(10, 13, 8).value["cnt"], 11);
    let below = counted(10, 5, 4);
    assert_eq!(below.conflicts[0].kind, ConflictKind::Invariant);
    assert_eq!(below.value["cnt"], 5);
}

#[test]
fn c48_one_id_made_on_both_sides_is_merged_field_by_field() {
    let (a, b) = (json!({"due": 1, "ref": 2}), json!({"due": 1, "ref": 3}));
    let same = merge_record(MODEL, [None, Some(&a), Some(&a)], &[]);
    assert_eq!((same.conflicts.len(), same.value.as_ref()), (0, Some(&a)));
    let other = merge_record(MODEL, [None, Some(&a), Some(&b)], &[]);
    assert_eq!(other.conflicts.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["ref"]);
}

/// As the model names a conflict.
fn name(path: &str, kind: ConflictKind) -> String {
    match (path, kind) {
        (path, ConflictKind::Field) => path.to_owned(),
        ("", ConflictKind::DeletedByOurs) => "deleted-in-main".into(),
        ("", ConflictKind::DeletedByTheirs) => "deleted-in-branch".into(),
        (path, ConflictKind::DeletedByOurs) => format!("{path}/del-main"),
        (path, ConflictKind::DeletedByTheirs) => format!("{path}/del-branch"),
        (path, kind) => panic!("{path}: {kind:?} is not of the fields"),
    }
}
