//! The merge against an independent model, and cases on records of its shape.
use super::random::sorted;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};
use tributary::domain::{
    field::{Class, Field, Ty},
    history::merge::{ConflictKind, Merged, merge_record, merge3},
};

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
    for (ours, theirs) in [(5, 4), (13, -4)] {
        let below = counted(10, ours, theirs);
        assert_eq!(below.conflicts[0].kind, ConflictKind::Invariant);
        assert_eq!(below.value["cnt"], ours);
    }
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
