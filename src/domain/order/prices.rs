//! Prices where two changes of an order come together: an amount belongs to its currency, a price to the
//! list that it is from.
use super::PriceSource;
use crate::domain::{
    field::Ty,
    history::{
        diff::{id_of, list, part},
        merge::{Choice, Clashing, Conflict, ConflictKind, Merged, Resolution},
    },
};
use serde_json::{Map, Value, json};

/// What the prices of lines and discounts come to.
pub(super) fn reconcile(
    sides: [Option<&Value>; 3],
    merged: &mut Merged<Option<Value>>,
    resolutions: &[Resolution],
) {
    one_currency(sides, merged, resolutions);
    if let Some(value) = &mut merged.value {
        told_as_listed(value, sides);
    }
}

/// An amount that one side wrote does not become one of the other side's currency.
fn one_currency(
    sides: [Option<&Value>; 3],
    merged: &mut Merged<Option<Value>>,
    resolutions: &[Resolution],
) {
    let ([base, Some(ours), Some(theirs)], Some(value)) = (sides, &mut merged.value) else {
        return;
    };
    let base = base.unwrap_or(&Value::Null);
    let foreign = |side: &&Value| side["currency"] != value["currency"] && has_priced(base, side);
    if ![ours, theirs].iter().any(foreign) {
        return;
    }
    let clashing = Clashing {
        path: "currency".into(),
        label: "Currency".into(),
        base: base["currency"].clone(),
        ours: ours["currency"].clone(),
        theirs: theirs["currency"].clone(),
        ty: Ty::Currency,
    };
    let why = "One side changed the currency, the other one prices. The currency that you choose \
               brings its side's prices; priced lines that only the other side has go.";
    let conflict = Conflict {
        path: "currency#prices".into(),
        label: "Currency and prices".into(),
        base: priced(base),
        ours: priced(ours),
        theirs: priced(theirs),
        may_type: false,
        why: why.into(),
        ..Conflict::of(ConflictKind::Field, clashing)
    };
    // each price is asked for once: here
    merged.conflicts.retain(|c| !is_priced(&c.path, [ours, theirs]));
    merged.decided.retain(|(c, _)| !is_priced(&c.path, [ours, theirs]));
    let choice = conflict.decided(resolutions).cloned();
    price_as(value, if choice == Some(Choice::Theirs) { theirs } else { ours });
    match choice {
        None => merged.conflicts.push(conflict),
        Some(choice) => merged.decided.push((conflict, choice)),
    }
}

/// The parts of an order that hold amounts, with the fields that do.
const PRICED: [(&str, &[&str]); 2] =
    [("lines", &["unit_price", "list_price", "price_source"]), ("discounts", &["kind", "value"])];

/// The currency, and each part's amount under its id.
fn priced(side: &Value) -> Value {
    let mut out = Map::new();
    out.insert("currency".into(), side["currency"].clone());
    for (name, _) in PRICED {
        for part in list(&side[name]).iter().filter(|p| has_amount(p)) {
            let amount = if name == "lines" { &part["unit_price"] } else { &part["value"] };
            out.insert(id_of(part).to_owned(), amount.clone());
        }
    }
    Value::Object(out)
}

/// Whether a conflict of a single field is about a currency or an amount; a percentage of both is none.
fn is_priced(path: &str, sides: [&Value; 2]) -> bool {
    let is_amount =
        |id: &str| sides.iter().any(|s| part(&s["discounts"], id).is_some_and(has_amount));
    match path.split('/').collect::<Vec<_>>()[..] {
        ["currency"] | ["lines", _, "price"] => true,
        ["discounts", id, "value"] => is_amount(id),
        _ => false,
    }
}

/// Whether a part names an amount of money that is not nothing.
fn has_amount(part: &Value) -> bool {
    let is_some = |amount: &Value| amount.as_str().is_some_and(|a| a != "0");
    let of_discount = part["kind"] == json!("amount") && is_some(&part["value"]);
    of_discount || is_some(&part["unit_price"]) || is_some(&part["list_price"])
}

/// Whether a side wrote an amount that the base does not have.
fn has_priced(base: &Value, side: &Value) -> bool {
    let (was, is) = (priced(base), priced(side));
    let amounts = is.as_object().into_iter().flatten().filter(|(id, _)| *id != "currency");
    amounts.into_iter().any(|(id, amount)| was[id] != *amount)
}

/// Gives an order the currency and the prices of a side.
fn price_as(value: &mut Value, side: &Value) {
    value["currency"] = side["currency"].clone();
    for (name, fields) in PRICED {
        let Some(parts) = value.get_mut(name).and_then(Value::as_array_mut) else { continue };
        parts.retain(|p| part(&side[name], id_of(p)).is_some() || !has_amount(p));
        for own in parts.iter_mut() {
            let Some(other) = part(&side[name], id_of(own)) else { continue };
            if !has_amount(own) && !has_amount(other) {
                continue;
            }
            for field in fields {
                own[*field] = other[*field].clone();
            }
            if let Some(own) = own.as_object_mut() {
                own.retain(|_, v| !v.is_null());
            }
        }
    }
}

/// A price that a decision set is not told as the list's, unless it is that.
fn told_as_listed(order: &mut Value, [_, ours, theirs]: [Option<&Value>; 3]) {
    let (list, manual) = (PriceSource::List.word(), PriceSource::Manual.word());
    let same = |a: &Value, b: &Value| PRICED[0].1.iter().all(|field| a[*field] == b[*field]);
    let has = |side: &Value, line: &Value| {
        part(&side["lines"], id_of(line)).is_some_and(|own| same(own, line))
    };
    let is_sides = |line: &Value| [ours, theirs].iter().flatten().any(|side| has(side, line));
    let lines = order.get_mut("lines").and_then(Value::as_array_mut);
    let other = |l: &&mut Value| {
        l["price_source"] == list && l["unit_price"] != l["list_price"] && !is_sides(l)
    };
    for line in lines.into_iter().flatten().filter(other) {
        line["price_source"] = manual.into();
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Order,
            merge::tests::{merged, more, order, paths, with},
        },
        *,
    };
    use crate::domain::record;

    #[test]
    fn a_currency_alone_or_prices_alone_are_no_conflict() {
        let (base, euro) = (order("GBP", "10"), order("EUR", "10"));
        let dearer = order("GBP", "12");
        assert_eq!(merged([&base, &base, &euro], &[]).conflicts, []);
        assert_eq!(merged([&base, &euro, &order("EUR", "12")], &[]).conflicts, []);
        assert_eq!(merged([&base, &dearer, &order("GBP", "10")], &[]).value, Some(dearer));
        // a text and a percentage have no currency
        let text = with(base.clone(), "/lines/1/qty", json!("2"));
        let text = with(text, "/discounts/1/value", json!("6"));
        let out = merged([&base, &text, &euro], &[]);
        assert_eq!(paths(&out), []);
        assert_eq!(out.value.unwrap()["discounts"][1]["value"], "6");
    }

    #[test]
    fn a_percentage_is_asked_for_beside_currency_and_prices() {
        let base = order("GBP", "10");
        let ours = with(order("GBP", "12"), "/discounts/1/value", json!("6"));
        let theirs = with(order("EUR", "10"), "/discounts/1/value", json!("7"));
        let out = merged([&base, &ours, &theirs], &[]);
        let mut told = paths(&out);
        told.sort_unstable_by_key(|(path, _)| *path);
        let asked = ["currency#prices", "discounts/p/value"];
        assert_eq!(told, asked.map(|path| (path, ConflictKind::Field)));
        // an amount that one of them has is not
        let ours = with(ours, "/discounts/1/kind", json!("amount"));
        let told = merged([&base, &ours, &theirs], &[]);
        assert_eq!(paths(&told), [("currency#prices", ConflictKind::Field)]);
    }

    #[test]
    fn prices_go_with_the_currency_that_was_chosen() {
        let base = order("GBP", "10");
        let new = json!({"id": "b", "position": 3, "qty": "1", "unit_price": "7", "price_source": "manual"});
        let ours = more(order("GBP", "12"), "lines", new);
        let theirs = with(order("EUR", "10"), "/discounts/1/value", json!("6"));
        let theirs = more(theirs, "lines", json!({"id": "n", "position": 4, "unit_price": "0"}));
        let sides = [&base, &ours, &theirs];
        let open = merged(sides, &[]);
        assert_eq!(paths(&open), [("currency#prices", ConflictKind::Field)]);
        let conflict = &open.conflicts[0];
        assert!(conflict.may_take && !conflict.may_type);
        assert_eq!(conflict.label, "Currency and prices");
        assert!(conflict.why.contains("brings its side's prices"));
        assert_eq!(conflict.base["a"], "10");
        assert_eq!(
            (&conflict.theirs["currency"], &conflict.theirs["a"]),
            (&json!("EUR"), &json!("10"))
        );
        assert_eq!(conflict.ours, json!({"currency": "GBP", "a": "12", "b": "7", "d": "1"}));
        let facts = |value: Value| {
            let lines = value["lines"].as_array().unwrap().iter();
            let lines: Vec<String> =
                lines.map(|l| format!("{}{}", l["id"], l["unit_price"])).collect();
            let discount = value["discounts"][1]["value"].clone();
            (value["currency"].clone(), lines.join(" ").replace('"', ""), discount)
        };
        let main = (json!("GBP"), "a12 t0 b7 n0".to_owned(), json!("6"));
        assert_eq!(facts(open.value.clone().unwrap()), main, "ours holds while it is open");
        let ours = merged(sides, &[conflict.resolved(Choice::Ours)]);
        assert_eq!((ours.conflicts.len(), ours.decided.len()), (0, 1));
        assert_eq!(facts(ours.value.unwrap()), main);
        let theirs = merged(sides, &[conflict.resolved(Choice::Theirs)]);
        assert_eq!(facts(theirs.value.unwrap()), (json!("EUR"), "a10 t0 n0".into(), json!("6")));
    }

    #[test]
    fn a_price_that_both_changed_is_asked_for_with_the_currency() {
        let (base, theirs) = (order("GBP", "10"), order("EUR", "11"));
        let alone = merged([&base, &order("GBP", "12"), &order("GBP", "11")], &[]);
        assert_eq!(paths(&alone), [("lines/a/price", ConflictKind::Field)]);
        for ours in [order("GBP", "12"), order("USD", "12")] {
            let sides = [&base, &ours, &theirs];
            let open = merged(sides, &[]);
            assert_eq!(paths(&open), [("currency#prices", ConflictKind::Field)]);
            // what was decided on the price alone does not count beside it
            let of = [(&alone, Choice::Theirs), (&open, Choice::Ours)];
            let out = merged(sides, &of.map(|(of, choice)| of.conflicts[0].resolved(choice)));
            assert_eq!((out.conflicts.len(), out.decided.len()), (0, 1));
            assert_eq!(out.value.unwrap()["lines"][0]["unit_price"], "12");
        }
    }

    #[test]
    fn a_price_and_where_it_is_from_are_one() {
        let listed = |unit: &str, list: &str, source: &str| {
            let mut order = order("GBP", unit);
            order["lines"][0]["list_price"] = json!(list);
            order["lines"][0]["price_source"] = json!(source);
            order
        };
        let price = |out: &Merged<Option<Value>>| {
            let line = &out.value.as_ref().unwrap()["lines"][0];
            ["unit_price", "list_price", "price_source"]
                .map(|f| line[f].as_str().unwrap().to_owned())
        };
        // main took another product's list, the branch a price of its own
        let base = listed("10", "10", "list");
        let (ours, theirs) = (listed("12", "12", "list"), listed("9", "10", "manual"));
        let sides = [&base, &ours, &theirs];
        let open = merged(sides, &[]);
        assert_eq!(paths(&open), [("lines/a/price", ConflictKind::Field)]);
        let conflict = &open.conflicts[0];
        // people are asked for what people set
        let asked: Vec<&str> = conflict.fields.iter().map(|f| f.path.as_str()).collect();
        assert_eq!((asked.as_slice(), conflict.may_type), (&["lines/a/unit_price"][..], true));
        assert!(conflict.label.ends_with("unit price"), "{}", conflict.label);
        assert_eq!(price(&open), ["12", "12", "list"]);
        let of = |choice| price(&merged(sides, &[conflict.resolved(choice)]));
        assert_eq!(of(Choice::Theirs), ["9", "10", "manual"]);
        assert_eq!(of(Choice::Value(json!({"unit_price": "11"}))), ["11", "12", "manual"]);
        assert_eq!(of(Choice::Value(json!({"unit_price": "12"}))), ["12", "12", "list"]);
        // what a side has so already is not looked at
        let odd = listed("12", "11", "list");
        let out = merged([&odd, &odd, &with(odd.clone(), "/lines/1/qty", json!("2"))], &[]);
        assert_eq!(price(&out), ["12", "11", "list"]);
        // a list price alone is what differs: one side's or the other's
        let (ours, theirs) = (listed("9", "12", "manual"), listed("9", "11", "manual"));
        let open = merged([&base, &ours, &theirs], &[]);
        assert_eq!(paths(&open), [("lines/a/price", ConflictKind::Field)]);
        assert!(!open.conflicts[0].may_type && open.conflicts[0].label.ends_with("list price"));
    }

    #[test]
    fn what_is_free_on_the_chosen_side_is_free() {
        let (base, dearer, free) = (order("GBP", "10"), order("GBP", "12"), order("EUR", "0"));
        let sides = [&base, &dearer, &free];
        let open = merged(sides, &[]);
        let of = |c: &Conflict| c.resolved(Choice::Theirs);
        let out = merged(sides, &open.conflicts.iter().map(of).collect::<Vec<_>>());
        let value = out.value.unwrap();
        assert_eq!(
            (&value["currency"], &value["lines"][0]["unit_price"]),
            (&json!("EUR"), &json!("0"))
        );
        // what came to cost something on the other side is free still
        let (free_base, euro) = (order("GBP", "0"), order("EUR", "0"));
        let sides = [&free_base, &dearer, &euro];
        let open = merged(sides, &[]);
        let out = merged(sides, &open.conflicts.iter().map(of).collect::<Vec<_>>());
        assert_eq!(out.value.unwrap()["lines"][0]["unit_price"], "0");
        let sides = [&base, &free, &dearer];
        let open = merged(sides, &[]);
        let out = merged(sides, &open.conflicts.iter().map(of).collect::<Vec<_>>());
        assert_eq!(out.value.unwrap()["lines"][0]["unit_price"], "12");
    }

    #[test]
    fn an_amount_off_has_a_currency_too() {
        let base = order("GBP", "10");
        let ours = with(order("GBP", "10"), "/discounts/0/value", json!("3"));
        let theirs = order("EUR", "10");
        let open = merged([&base, &ours, &theirs], &[]);
        assert_eq!(paths(&open), [("currency#prices", ConflictKind::Field)]);
        let theirs = merged([&base, &ours, &theirs], &[open.conflicts[0].resolved(Choice::Theirs)]);
        assert_eq!(theirs.value.unwrap()["discounts"][0]["value"], "1");
        // made on both sides, with nothing before
        let sides = [None, Some(&base), Some(&order("EUR", "9"))];
        let made = record::merge::<Order>(sides, &[]);
        assert!(paths(&made).contains(&("currency#prices", ConflictKind::Field)));
    }
}
