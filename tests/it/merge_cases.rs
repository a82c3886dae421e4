//! The merge case by case, with the very values, words and choices that people see.
use serde_json::{Value, json};
use tributary::domain::{
    field::{Class, Field, Ty},
    history::{
        chain::{digest, parse_digest},
        diff::{Change, apply, diff, invert},
        merge::{Choice, ConflictKind, Merged, Notice, Resolution, merge_record, merge3},
    },
    order::ORDER,
    product::Product,
    record::Record,
};

const PART: &[Field] = &[
    Field::new("code", "Code", Ty::Text(9)),
    Field::new("qty", "Quantity", Ty::Whole(99)),
    Field::new("rank", "Rank", Ty::Whole(99)).position(),
];
const THING: &[Field] = &[
    Field::new("name", "Name", Ty::Text(9)),
    Field::new("amount", "Amount", Ty::Whole(99)).group("money"),
    Field::new("ccy", "Currency", Ty::Text(3)).group("money"),
    Field::new("note", "Note", Ty::Note(99)),
    Field::new("tags", "Tags", Ty::Tags),
    Field::new("own", "Own", Ty::Map),
    Field::new("source", "Source", Ty::Text(9)).class(Class::System),
    Field::new("parts", "Parts", Ty::Parts("part", PART)),
];

fn thing(base: &Value, ours: &Value, theirs: &Value) -> Merged {
    merge3(THING, base, ours, theirs)
}
fn clean(base: &Value, ours: &Value, theirs: &Value) -> Value {
    let out = thing(base, ours, theirs);
    assert_eq!(out.conflicts, []);
    out.value
}
fn decided(of: &Merged<Option<Value>>, choice: &Choice) -> Vec<Resolution> {
    of.conflicts.iter().map(|c| c.resolved(choice.clone())).collect()
}

#[test]
fn sets_keep_what_both_added_and_lose_what_either_removed() {
    let of = |tags: &[&str]| if tags.is_empty() { json!({}) } else { json!({ "tags": tags }) };
    for (base, ours, theirs, wanted) in [
        (&["a", "b"][..], &["a", "c"][..], &["b", "d"][..], &["c", "d"][..]),
        (&["a"], &[], &["a", "b"], &["b"]),
        (&[], &["x"], &["y"], &["x", "y"]),
        (&["a", "b"], &["a"], &["b"], &[]),
        (&["a", "b", "c"], &["a", "b"], &["a", "c"], &["a"]),
    ] {
        assert_eq!(clean(&of(base), &of(ours), &of(theirs)), of(wanted), "{base:?}");
    }
}

#[test]
fn a_part_that_one_side_adds_stands_where_it_was_put() {
    let of = |parts: &[(&str, &str)]| {
        let parts = parts.iter().map(|(id, code)| json!({"id": id, "code": code}));
        json!({ "parts": parts.collect::<Vec<_>>() })
    };
    let base = of(&[("b", "1"), ("a", "1")]);
    let (added, changed) =
        (of(&[("b", "1"), ("n", "1"), ("a", "1")]), of(&[("b", "1"), ("a", "2")]));
    let wanted = of(&[("b", "1"), ("n", "1"), ("a", "2")]);
    assert_eq!(clean(&base, &added, &changed), wanted);
}

#[test]
fn maps_are_merged_name_by_name() {
    let of = |own: Value| json!({ "own": own });
    for (base, ours, theirs, wanted) in [
        (
            json!({"k": "1", "j": "1"}),
            json!({"j": "1"}),
            json!({"k": "1", "j": "2"}),
            json!({"j": "2"}),
        ),
        (
            json!({"k": "1", "j": "1"}),
            json!({"k": "1", "j": "2"}),
            json!({"j": "1"}),
            json!({"j": "2"}),
        ),
        (json!({}), json!({"a": "1"}), json!({"b": "2"}), json!({"a": "1", "b": "2"})),
        (
            json!({"k": "1"}),
            json!({"k": "2"}),
            json!({"k": "2", "j": "1"}),
            json!({"k": "2", "j": "1"}),
        ),
    ] {
        assert_eq!(clean(&of(base), &of(ours), &of(theirs)), of(wanted));
    }
    let gone =
        clean(&of(json!({"k": "1", "j": "1"})), &of(json!({"k": "1"})), &of(json!({"j": "1"})));
    assert_eq!(gone, json!({}), "a map of nothing is no map");
}

#[test]
fn two_values_for_one_name_are_a_conflict_of_that_name() {
    let of = |k: &str| json!({"own": {"j": "1", "k": k}});
    let (base, ours, theirs) = (of("1"), of("2"), of("3"));
    let merged =
        |r: &[Resolution]| merge_record(THING, [Some(&base), Some(&ours), Some(&theirs)], r);
    let open = merged(&[]);
    let [conflict] = open.conflicts.as_slice() else { panic!("{:?}", open.conflicts) };
    assert_eq!((conflict.path.as_str(), conflict.label.as_str()), ("own/k", "Own: k"));
    assert_eq!(
        [&conflict.base, &conflict.ours, &conflict.theirs],
        ["1", "2", "3"].map(|v| json!({"k": v})).each_ref()
    );
    let shown = &conflict.fields[0];
    assert_eq!([&shown.base, &shown.ours, &shown.theirs], [&json!("1"), &json!("2"), &json!("3")]);
    assert!(conflict.may_take && conflict.may_type);
    assert_eq!(open.value, Some(ours.clone()));
    for (choice, wanted) in [
        (Choice::Ours, of("2")),
        (Choice::Theirs, of("3")),
        (Choice::Value(json!({"k": "4"})), of("4")),
        (Choice::Value(json!({"k": null})), json!({"own": {"j": "1"}})),
    ] {
        assert_eq!(merged(&decided(&open, &choice)).value, Some(wanted));
    }
    // one side took away what the other changed
    let without = json!({"own": {"j": "1"}});
    let open = merge_record(THING, [Some(&base), Some(&without), Some(&theirs)], &[]);
    assert_eq!(
        [&open.conflicts[0].base, &open.conflicts[0].ours],
        [&json!({"k": "1"}), &json!({})]
    );
}

#[test]
fn a_map_is_told_name_by_name_and_put_together_again() {
    let (before, after) =
        (json!({"own": {"a": "1", "b": "1"}}), json!({"own": {"b": "2", "c": "3"}}));
    let changes = diff(THING, &before, &after);
    let told: Vec<(&str, &str)> =
        changes.iter().map(|c| (c.path.as_str(), c.label.as_str())).collect();
    assert_eq!(told, [("own/a", "Own: a"), ("own/b", "Own: b"), ("own/c", "Own: c")]);
    assert_eq!(apply(&before, &changes), after);
    assert_eq!(apply(&after, &invert(&changes)), before);
    let all = diff(THING, &json!({}), &after);
    assert_eq!(apply(&json!({}), &all), after);
    assert_eq!(apply(&after, &invert(&all)), json!({}));
}

#[test]
fn c33_what_is_worked_out_is_no_conflict() {
    let of = |source: &str, name: &str| json!({"source": source, "name": name});
    let merged = clean(&of("by line", "A"), &of("by document", "A"), &of("by line", "B"));
    assert_eq!(merged, of("by document", "B"));
}

#[test]
fn notices_have_their_words_and_places() {
    let at = || "lines/p/rank".to_owned();
    let all = [
        (Notice::Moved { path: at() }, "moved"),
        (Notice::Texts { path: at() }, "texts"),
        (Notice::InputMoved { path: at() }, "inputs-moved"),
        (Notice::NumberStays { path: at() }, "number-stays"),
        (Notice::FieldGone { path: at(), label: "Gone" }, "field-gone"),
    ];
    for (notice, word) in all {
        assert_eq!((notice.word(), notice.path()), (word, "lines/p/rank"));
    }
}

#[test]
fn a_digest_is_read_as_it_is_written() {
    let hash: [u8; 32] = std::array::from_fn(|i| u8::try_from(i).unwrap());
    let text = digest(7, &hash);
    assert_eq!(text, "7:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    assert_eq!(parse_digest(&format!(" {text}\n")), Some((7, hash)));
    for wrong in ["", "7", "7:00", &text[2..], &text[..text.len() - 1], "x:00"] {
        assert_eq!(parse_digest(wrong), None, "{wrong}");
    }
}

#[test]
fn of_two_places_the_upper_one_holds_and_is_told() {
    let at = |rank: i64| json!({"parts": [{"id": "p", "code": "A", "rank": rank}]});
    for (ours, theirs) in [(3, 2), (2, 3)] {
        let out = thing(&at(9), &at(ours), &at(theirs));
        assert_eq!((out.value, out.conflicts.len()), (at(2), 0));
        assert_eq!(out.notices, [Notice::Moved { path: "parts/p/rank".into() }]);
    }
}

#[test]
fn notes_are_merged_by_lines_and_told_or_in_conflict() {
    let of = |note: &str| json!({ "note": note });
    let base = of("a\nb\nc\nd");
    let out = thing(&base, &of("A\nb\nc\nd"), &of("a\nb\nc\nD"));
    assert_eq!((out.value, out.conflicts.len()), (of("A\nb\nc\nD"), 0));
    assert_eq!(out.notices, [Notice::Texts { path: "note".into() }]);
    for (ours, theirs) in [("A\nb\nc\nd", "a\nB\nc\nd"), ("A\nb\nc\nd", ""), ("", "a\nb\nc\nD")] {
        let out = thing(&base, &of(ours), &of(theirs));
        assert_eq!(out.conflicts.iter().map(|c| c.path.as_str()).collect::<Vec<_>>(), ["note"]);
        assert_eq!(out.value, of(ours));
    }
    // a line that was changed and one that was added after it are one change
    let out = thing(&base, &of("A\nnew\nb\nc\nd"), &of("a\nnew\nB\nc\nd"));
    assert_eq!(out.conflicts.len(), 1);
}

#[test]
fn what_the_system_sets_is_what_came_in_last() {
    let of = |source: &str| json!({ "source": source });
    assert_eq!(clean(&of("a"), &of("b"), &of("c")), of("c"));
}

#[test]
fn a_group_is_decided_as_one_and_a_field_can_be_typed() {
    let of = |amount: i64, name: &str| json!({"name": name, "amount": amount, "ccy": "GBP"});
    let sides = [&of(1, "a"), &of(2, "b"), &json!({"name": "c", "amount": 3, "ccy": "EUR"})];
    let several = &merge_record(THING, sides.map(Some), &[]).conflicts[1];
    assert_eq!(
        (several.label.as_str(), several.fields.len(), several.may_type),
        ("Amount", 2, false)
    );
    assert!(!several.allows(&Choice::Value(json!({"amount": 9}))), "several take no typed value");
    let sides = [&of(1, "a"), &of(2, "b"), &of(3, "c")];
    let out = merge_record(THING, sides.map(Some), &[]);
    let [name, money] = &out.conflicts[..] else { panic!("{:?}", out.conflicts) };
    assert_eq!((name.path.as_str(), name.may_take, name.may_type), ("name", true, true));
    assert_eq!((money.path.as_str(), money.may_take, money.may_type), ("money", true, true));
    assert_eq!((name.label.as_str(), name.kind), ("Name", ConflictKind::Field));
    let shown: Vec<&str> = money.fields.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(shown, ["amount"], "the currency is no matter of dispute");
    assert_eq!(money.theirs, json!({"amount": 3, "ccy": "GBP"}));
    let typed = [
        name.resolved(Choice::Value(json!({"name": "d"}))),
        money.resolved(Choice::Value(json!({"amount": 9}))),
    ];
    let out = merge_record(THING, sides.map(Some), &typed);
    assert_eq!(out.conflicts.len(), 0);
    assert_eq!(out.value.unwrap(), of(9, "d"), "the rest of the group is what both have");
    let cleared =
        [name.resolved(Choice::Ours), money.resolved(Choice::Value(json!({"amount": null})))];
    let out = merge_record(THING, sides.map(Some), &cleared).value.unwrap();
    assert_eq!(out, json!({"name": "b", "ccy": "GBP"}));
    assert_ne!(name.print()[0], name.print()[1]);
}

#[test]
fn two_moves_of_a_state_are_one_or_the_other_where_it_leads_on() {
    let of = |state: &str, why: &str| json!({"state": state, "cancel_reason": why});
    let base = of("draft", "");
    let state = |ours: &Value, theirs: &Value, choice: Option<&Choice>| {
        let sides = [Some(&base), Some(ours), Some(theirs)];
        let open = merge_record(ORDER, sides, &[]);
        let given = choice.map_or_else(Vec::new, |c| decided(&open, c));
        merge_record(ORDER, sides, &given)
    };
    let (confirmed, cancelled) = (of("confirmed", "a"), of("cancelled", "b"));
    let open = state(&confirmed, &cancelled, None);
    let conflict = &open.conflicts[0];
    assert_eq!(
        (conflict.kind, conflict.may_take, conflict.may_type),
        (ConflictKind::State, true, false)
    );
    assert_eq!(conflict.why, "");
    assert_eq!(open.value, Some(confirmed.clone()));
    assert_eq!(state(&confirmed, &cancelled, Some(&Choice::Theirs)).value, Some(cancelled.clone()));
    assert_eq!(state(&confirmed, &cancelled, Some(&Choice::Ours)).value, Some(confirmed.clone()));
    // a cancelled order cannot be confirmed
    let open = state(&cancelled, &confirmed, Some(&Choice::Theirs));
    assert!(!open.conflicts[0].may_take && open.conflicts[0].why.contains("does not lead"));
    assert_eq!(open.value, Some(cancelled.clone()));
    // both cancelled it, for different reasons
    let both = state(&cancelled, &of("cancelled", "c"), None);
    assert_eq!((both.conflicts.len(), both.value), (0, Some(cancelled)));
}

#[test]
fn a_state_that_stands_alone_is_not_typed_either() {
    const LONE: &[Field] = &[Field::new("state", "State", Ty::Text(9)).moves(|_, to| to == "done")];
    let of = |state: &str| json!({ "state": state });
    let out = merge3(LONE, &of("new"), &of("open"), &of("done"));
    assert_eq!((out.conflicts[0].may_take, out.conflicts[0].may_type), (true, false));
    assert!(!merge3(LONE, &of("new"), &of("done"), &of("open")).conflicts[0].may_take);
}

#[test]
fn what_one_side_deleted_and_the_other_changed_is_decided_as_a_whole() {
    let (base, other) = (json!({"name": "a"}), json!({"name": "b"}));
    for (ours, theirs, kind) in [
        (None, Some(&other), ConflictKind::DeletedByOurs),
        (Some(&other), None, ConflictKind::DeletedByTheirs),
    ] {
        let sides = [Some(&base), ours, theirs];
        let open = merge_record(THING, sides, &[]);
        assert_eq!((open.conflicts[0].kind, open.conflicts[0].may_type), (kind, false));
        assert_eq!(open.value, ours.cloned());
        let of = |choice| merge_record(THING, sides, &decided(&open, &choice));
        assert_eq!(of(Choice::Ours).value, ours.cloned());
        assert_eq!(of(Choice::Theirs).value, theirs.cloned());
        assert_eq!(of(Choice::Theirs).decided.len(), 1);
        assert_eq!(of(Choice::Value(base.clone())).conflicts.len(), 1, "nothing is typed here");
    }
    let gone = |ours, theirs| merge_record(THING, [Some(&base), ours, theirs], &[]);
    for out in [gone(None, Some(&base)), gone(Some(&base), None), gone(None, None)] {
        assert_eq!((out.value, out.conflicts), (None, vec![]));
    }
    assert_eq!(merge_record(THING, [None, None, Some(&base)], &[]).value, Some(base));
}

#[test]
fn changes_are_told_in_the_words_of_their_fields() {
    let before = json!({"name": "a", "parts": [{"id": "p", "code": "A", "qty": 1}, {"id": "q", "code": "Q"}]});
    let after = json!({"parts": [{"id": "p", "code": "A", "qty": 2}, {"id": "r", "code": "R"}]});
    let changes = diff(THING, &before, &after);
    let told: Vec<(&str, &str)> =
        changes.iter().map(|c| (c.path.as_str(), c.label.as_str())).collect();
    assert_eq!(
        told,
        [
            ("name", "Name"),
            ("parts/p/qty", "Part A: quantity"),
            ("parts/q", "Part Q"),
            ("parts/r", "Part R")
        ]
    );
    let back = invert(&changes);
    assert_eq!((&back[1].before, &back[1].after), (&json!(2), &json!(1)));
    let whole = Change { after: json!({"id": "p", "code": "Z"}), ..back[1].clone() };
    let whole = Change { path: "parts/p".into(), ty: Ty::Parts("part", PART), ..whole };
    assert_eq!(apply(&after, &[whole])["parts"][0], json!({"id": "p", "code": "Z"}));
    assert_ne!(Ty::Bool, Ty::Tags);
}

#[test]
fn each_kind_of_conflict_has_its_word_and_its_sentence() {
    use ConflictKind as K;
    let all = [
        K::Field,
        K::DeletedByOurs,
        K::DeletedByTheirs,
        K::State,
        K::Locked,
        K::Guard,
        K::Invariant,
        K::Unique,
        K::Dangling,
        K::StillReferenced,
    ];
    let words = all.map(K::word);
    assert_eq!(
        words,
        [
            "field",
            "deleted-in-main",
            "deleted-in-branch",
            "state",
            "locked",
            "guard",
            "invariant",
            "unique",
            "dangling",
            "still-referenced"
        ]
    );
    for kind in all {
        assert!(kind.sentence().ends_with('.') && kind.sentence().len() > 20, "{kind:?}");
    }
}

#[test]
fn a_record_of_a_kind_without_rules_of_its_own_is_its_fields() {
    let value = json!({"id": "019e7044-8800-7322-bd7f-e825ff358fc7", "sku": "A-1", "name": "Ann"});
    let product: Product = serde_json::from_value(value).unwrap();
    assert!(!product.guards(None) && product.derived().is_empty());
    assert_eq!(product.value()["name"], "Ann");
    assert_eq!(serde_json::from_str::<Product>(&product.body()).unwrap(), product);
}
