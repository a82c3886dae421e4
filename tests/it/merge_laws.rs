//! The laws of merging, on random orders, and the merge against an independent model.
//!
//! The numbers are those of the design: L1 to L18 speak of one record.
mod loss;
mod model;
mod random;

use loss::no_loss;
use rand::{
    Rng, SeedableRng,
    rngs::StdRng,
    seq::{IndexedRandom, SliceRandom},
};
use random::{a_part, changed, elsewhere, filled, of_people, shuffled, sorted, with};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tributary::domain::{
    customer::Customer,
    field::{Field, Kind, Ty},
    history::{
        diff::{self, apply, diff, invert},
        merge::{Choice, Conflict, ConflictKind, Merged, Resolution, merge_record, merge3},
        schema::{Change, Schema, What},
    },
    order::ORDER,
    record::Record,
};

const CASES: usize = 10_000;

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

/// Where the sides of a merge disagree, and what each of them says.
fn sides(m: &Merged, turned: bool) -> BTreeSet<String> {
    let each = m.conflicts.iter().map(|c| {
        let (one, two) = if turned { (&c.theirs, &c.ours) } else { (&c.ours, &c.theirs) };
        json!([c.path, c.base, one, two]).to_string()
    });
    each.collect()
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
    let (mut conflicting, mut agreeing, mut typed) = (0, 0, 0);
    while agreeing < CASES {
        let b = filled(&mut rng, ORDER);
        let (o, t) = (changed(&mut rng, ORDER, &b), changed(&mut rng, ORDER, &b));
        let case = [&b, &o, &t];
        same("L1", &clean("L1", &b, &b, &b), &b, &case);
        same("L2", &clean("L2", &b, &o, &b), &o, &case);
        same("L3", &clean("L3", &b, &b, &t), &t, &case);
        same("L4", &clean("L4", &b, &t, &t), &t, &case);
        // L8: a branch that did nothing brings nothing, says nothing and leaves nothing to decide
        let none = merged(&b, &o, &b);
        assert!(none.conflicts.is_empty() && none.notices.is_empty(), "L8: {}", json!(case));
        assert_eq!(none.value, o, "L8: {}", json!(case));
        let (m, back) = (merged(&b, &o, &t), merged(&b, &t, &o));
        let turned: BTreeSet<_> = paths(&back).into_iter().map(|(p, x, y)| (p, y, x)).collect();
        assert_eq!(paths(&m), turned, "L5: {}", json!(case));
        assert_eq!(sides(&m, false), sides(&back, true), "L5: {}", json!(case));
        no_loss(ORDER, &m.value, &case);
        typed += resolutions(&m, &case);
        if m.conflicts.is_empty() {
            same("L5", &m.value, &back.value, &case);
            // the same branch once more, onto what it made of main
            same("L7", &clean("L7", &b, &m.value, &t), &m.value, &case);
            agreeing += 1;
        } else {
            conflicting += 1;
        }
    }
    assert!(conflicting > CASES / 10 && typed > CASES / 10, "{conflicting} {typed}");
}

/// A random decision on each conflict.
fn choices(r: &mut StdRng, sides: [&Value; 3]) -> Vec<Resolution> {
    let open = merged(sides[0], sides[1], sides[2]).conflicts;
    let mut side = || if r.random_bool(0.5) { Choice::Ours } else { Choice::Theirs };
    open.iter().map(|c| c.resolved(side())).collect()
}

/// What comes of it.
#[track_caller]
fn settled(sides: [&Value; 3], all: &[Resolution]) -> Value {
    let out = merge_record(ORDER, sides.map(Some), all);
    assert_eq!(out.conflicts, [], "{}", json!(sides));
    out.value.unwrap()
}

#[test]
fn what_was_merged_can_be_taken_back_and_made_again() {
    let mut rng = StdRng::seed_from_u64(9);
    let mut seen = 0;
    while seen < CASES {
        let b = filled(&mut rng, ORDER);
        let (o, t) = (changed(&mut rng, ORDER, &b), changed(&mut rng, ORDER, &b));
        let all = choices(&mut rng, [&b, &o, &t]);
        let made = settled([&b, &o, &t], &all);
        // whatever main did since: what it did elsewhere stays, what it did there is asked about
        let since = changed(&mut rng, ORDER, &made);
        no_loss(ORDER, &merged(&made, &since, &o).value, &[&made, &since, &o]);
        let Some(later) = elsewhere(&mut rng, &[&b, &o, &t, &made]) else { continue };
        let case = [&b, &o, &t, &made];
        let back = clean("L9, L11", &made, &with(&made, &later), &o);
        same("L9, L11", &back, &with(&o, &later), &case);
        let (before, now) = (with(&made, &later), [&b, &o, &t, &made, &back]);
        let Some(last) = elsewhere(&mut rng, &[&now[..], &[&before]].concat()) else { continue };
        let again = clean("L10", &back, &with(&back, &last), &before);
        same("L10", &again, &with(&before, &last), &case);
        // the branch is open again on what main is then, with all its changes
        let branch = clean("V3", &o, &back, &made);
        same("V3", &clean("V3", &back, &back, &branch), &with(&made, &later), &case);
        seen += 1;
    }
}

#[test]
fn bringing_a_branch_up_to_date_first_changes_nothing() {
    let mut r = StdRng::seed_from_u64(14);
    let (mut seen, mut decisions) = (0, 0);
    while seen < CASES {
        let b = filled(&mut r, ORDER);
        let (o, t) = (changed(&mut r, ORDER, &b), changed(&mut r, ORDER, &b));
        let all = choices(&mut r, [&b, &o, &t]);
        let synced = settled([&b, &o, &t], &all);
        // main goes on where the branch did nothing
        let Some(later) = elsewhere(&mut r, &[&b, &o, &t, &synced]) else { continue };
        let now = with(&o, &later);
        let (first, directly) = (clean("L14", &o, &now, &synced), settled([&b, &now, &t], &all));
        same("L14", &first, &directly, &[&b, &o, &t]);
        let twice = clean("L13", &o, &now, &synced);
        same("L13", &clean("L13", &now, &now, &twice), &twice, &[&b, &o, &t]);
        (seen, decisions) = (seen + 1, decisions + all.len());
    }
    assert!(decisions > CASES / 10, "{decisions}");
}

#[test]
fn branches_that_share_nothing_can_be_merged_in_any_order() {
    let mut rng = StdRng::seed_from_u64(6);
    let mut seen = 0;
    while seen < CASES {
        let b = filled(&mut rng, ORDER);
        let (o, t, any) = (
            changed(&mut rng, ORDER, &b),
            changed(&mut rng, ORDER, &b),
            changed(&mut rng, ORDER, &b),
        );
        let of_first = |f: &Field| b.get(f.name) != t.get(f.name);
        let taken: BTreeSet<&str> =
            of_people(ORDER).filter(|f| of_first(f)).map(|f| f.group).collect();
        let mut other = b.clone();
        for f in of_people(ORDER) {
            if !of_first(f) && (f.group.is_empty() || !taken.contains(f.group)) {
                other[f.name] = any[f.name].clone();
            }
        }
        other.as_object_mut().unwrap().retain(|_, v| !v.is_null());
        let (one, two) = (merged(&b, &o, &t), merged(&b, &o, &other));
        if !one.conflicts.is_empty() || !two.conflicts.is_empty() || other == b || t == b {
            continue;
        }
        let (tu, ut) = (clean("L6", &b, &one.value, &other), clean("L6", &b, &two.value, &t));
        assert_eq!(tu, ut, "L6: {}", json!([b, o, t, other]));
        seen += 1;
    }
}

#[test]
fn parts_that_two_branches_add_stand_in_one_order() {
    let mut r = StdRng::seed_from_u64(56);
    let parts = |f: &&Field| matches!(f.ty, Ty::Parts(..));
    let lists: Vec<&Field> = ORDER.iter().chain(Customer::FIELDS).filter(parts).collect();
    let mut seen = 0;
    while seen < CASES {
        let list = *lists.choose(&mut r).unwrap();
        let Ty::Parts(_, inner) = list.ty else { continue };
        let fields = std::slice::from_ref(list);
        let b = filled(&mut r, fields);
        let mut added = |ids: [&str; 3]| {
            let mut all = b[list.name].as_array().cloned().unwrap_or_default();
            for id in ids.into_iter().filter(|_| r.random_bool(0.5)).collect::<Vec<_>>() {
                all.insert(r.random_range(0..=all.len()), a_part(&mut r, inner, id));
            }
            json!({ list.name: all })
        };
        let (t, u) = (added(["n1", "n4", "n5"]), added(["n2", "n3", "n6"]));
        let (one, two) = (merge3(fields, &b, &b, &t).value, merge3(fields, &b, &b, &u).value);
        let (tu, ut) = (merge3(fields, &b, &one, &u), merge3(fields, &b, &two, &t));
        assert_eq!(
            (&tu.value, &tu.conflicts),
            (&ut.value, &ut.conflicts),
            "L6: {}",
            json!([b, t, u])
        );
        seen += usize::from(one != b && two != b);
    }
}

#[test]
fn the_order_of_what_is_given_does_not_matter() {
    let mut r = StdRng::seed_from_u64(17);
    for _ in 0..CASES {
        let b = filled(&mut r, ORDER);
        let (o, t) = (changed(&mut r, ORDER, &b), changed(&mut r, ORDER, &b));
        let sides = [&b, &o, &t];
        let open = merged(&b, &o, &t).conflicts;
        let mut all: Vec<Resolution> = open.iter().map(|c| c.resolved(Choice::Theirs)).collect();
        let one = merge_record(ORDER, sides.map(Some), &all);
        all.shuffle(&mut r);
        // parts are told by their ids, wherever they stand on the sides that are not main's
        let (b, t) = (shuffled(&mut r, &b), shuffled(&mut r, &t));
        let two = merge_record(ORDER, [&b, &o, &t].map(Some), &all);
        assert_eq!(one.conflicts, two.conflicts, "L17: {}", json!(sides));
        same("L17", &one.value.unwrap(), &two.value.unwrap(), &sides);
    }
}

#[test]
fn what_was_plus_its_changes_is_what_is() {
    let mut r = StdRng::seed_from_u64(28);
    for _ in 0..CASES {
        let first = filled(&mut r, ORDER);
        let (mut state, mut retold) = (first.clone(), first.clone());
        for _ in 0..4 {
            let next = changed(&mut r, ORDER, &state);
            retold = apply(&retold, &diff(ORDER, &state, &next));
            state = next;
        }
        same("L28", &retold, &state, &[&first]);
        same("L28", &apply(&first, &diff(ORDER, &first, &state)), &state, &[&first]);
    }
}

/// Decisions settle just what they were made on. How many values were typed.
fn resolutions(m: &Merged, case: &[&Value; 3]) -> usize {
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
    typed(m, case)
}

/// L15 where values are typed: they are what comes of it, and everything else stays main's.
fn typed(m: &Merged, case: &[&Value; 3]) -> usize {
    let one = |c: &Conflict| {
        let [field] = &c.fields[..] else { return None };
        let told = Choice::Value(json!({ field.path.rsplit('/').next()?: "typed" }));
        (c.may_type && !c.path.contains('/')).then(|| (field.path.clone(), c.resolved(told)))
    };
    let all: Vec<(String, Resolution)> = m.conflicts.iter().filter_map(one).collect();
    let resolutions: Vec<Resolution> = all.iter().map(|(_, r)| r.clone()).collect();
    let out = merge_record(ORDER, case.map(Some), &resolutions).value.unwrap();
    let mut wanted = m.value.clone();
    for (path, _) in &all {
        wanted[path] = json!("typed");
    }
    assert_eq!(out, wanted, "L15: {}", json!(case));
    all.len()
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
        let told = |changes: &[diff::Change]| -> BTreeSet<String> {
            let each = changes.iter().map(|c| json!([c.path, sorted(&c.before), sorted(&c.after)]));
            each.map(|c| c.to_string()).collect()
        };
        assert_eq!(told(&invert(&there)), told(&diff(ORDER, &b, &a)), "L12: {}", json!([a, b]));
        assert_eq!(diff(ORDER, &a, &a), []);
        assert_eq!(there.is_empty(), sorted(&a) == sorted(&b));
    }
}

#[test]
fn a_change_elsewhere_adds_and_removes_no_conflict() {
    let mut r = StdRng::seed_from_u64(18);
    let mut seen = 0;
    while seen < CASES {
        let b = filled(&mut r, ORDER);
        let (o, t) = (changed(&mut r, ORDER, &b), changed(&mut r, ORDER, &b));
        let Some(other) = elsewhere(&mut r, &[&b, &o, &t]) else { continue };
        let before = paths(&merged(&b, &o, &t));
        let case = json!([b, o, t]);
        assert_eq!(paths(&merged(&b, &with(&o, &other), &t)), before, "L18 {other:?}: {case}");
        assert_eq!(paths(&merged(&b, &o, &with(&t, &other))), before, "L18 {other:?}: {case}");
        seen += 1;
    }
}
