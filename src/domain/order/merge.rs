//! What the merge of fields does not know of orders: what a state has frozen.
use super::{Order, State};
use crate::domain::{
    field::{Lock, Ty, find},
    history::{
        diff::{Change, diff, id_of, list, part},
        merge::{Choice, Clashing, Conflict, ConflictKind, Merged, Notice, Resolution, refuse},
    },
    record::Record,
};
use serde_json::{Map, Value, json};

/// What a change touches: a part's field has its own lock; a part that comes or goes has that of the
/// list.
pub fn lock(change: &Change) -> Option<Lock> {
    let names: Vec<&str> = change.path.split('/').collect();
    let field = find(Order::FIELDS, names[0])?;
    match (field.ty, names.get(2)) {
        (Ty::Parts(_, fields), Some(inner)) => find(fields, inner).map(|f| f.lock),
        _ => Some(field.lock),
    }
}

/// What no single field can tell: amounts belong to their currency, and a state freezes.
pub fn reconcile(
    sides: [Option<&Value>; 3],
    merged: &mut Merged<Option<Value>>,
    resolutions: &[Resolution],
) {
    one_currency(sides, merged, resolutions);
    numbered(sides[1], merged);
    frozen(sides[1], merged, resolutions);
}

/// An order that has a number and that somebody changed since is not deleted on a branch's word: it would
/// be cancelled. Where its making is taken back, the number stays used.
fn numbered(ours: Option<&Value>, merged: &mut Merged<Option<Value>>) {
    let Some(ours) = ours.filter(|o| o["number"].is_string()) else { return };
    let deletion = |c: &Conflict| c.kind == ConflictKind::DeletedByTheirs && c.path.is_empty();
    let decided = std::mem::take(&mut merged.decided);
    let (of_it, others) = decided.into_iter().partition::<Vec<_>, _>(|(c, _)| deletion(c));
    merged.decided = others;
    for (conflict, choice) in of_it {
        if choice == Choice::Theirs {
            merged.conflicts.push(conflict);
            merged.value = Some(ours.clone());
        } else {
            merged.decided.push((conflict, choice));
        }
    }
    for conflict in merged.conflicts.iter_mut().filter(|c| deletion(c)) {
        conflict.may_take = false;
        conflict.why =
            "It has a number, so it is not deleted. Keep it, and cancel it if need be.".into();
    }
    if merged.value.is_none() {
        merged.notices.push(Notice::NumberStays { path: "number".into() });
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

/// What the state of ours has frozen stays as it is in ours, unless the same change moves the order on
/// to a state that leaves it free. A number that was taken belongs to the order for ever.
fn frozen(ours: Option<&Value>, merged: &mut Merged<Option<Value>>, resolutions: &[Resolution]) {
    let (Some(ours), Some(value)) = (ours, &mut merged.value) else { return };
    if let Some(number) = ours["number"].as_str() {
        value["number"] = number.into();
    }
    let state = |v: &Value| v["state"].as_str().and_then(|s| s.parse::<State>().ok());
    let (Some(before), Some(after)) = (state(ours), state(value)) else { return };
    let frozen = |c: &Change| lock(c).is_some_and(|l| before.freezes(l) && after.freezes(l));
    let changes = diff(Order::FIELDS, ours, value).into_iter().filter(frozen);
    let locked = changes.map(|c| (c, ConflictKind::Locked, before.thaw().to_owned()));
    refuse(ours, merged, (locked.collect(), resolutions));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(sides: [&Value; 3], of: &[Resolution]) -> Merged<Option<Value>> {
        crate::domain::record::merge::<Order>(sides.map(Some), of)
    }
    fn paths(m: &Merged<Option<Value>>) -> Vec<(&str, ConflictKind)> {
        m.conflicts.iter().map(|c| (c.path.as_str(), c.kind)).collect()
    }
    /// An order of a line at a price, and a text.
    fn order(currency: &str, price: &str) -> Value {
        json!({
            "id": "o", "state": "draft", "currency": currency,
            "lines": [
                {"id": "a", "position": 1, "qty": "1", "unit_price": price, "price_source": "manual"},
                {"id": "t", "position": 2, "qty": "1", "unit_price": "0", "price_source": "manual"},
            ],
            "discounts": [
                {"id": "d", "kind": "amount", "value": "1"}, {"id": "p", "kind": "percent", "value": "5"},
            ],
        })
    }
    fn with(mut order: Value, path: &str, value: Value) -> Value {
        *order.pointer_mut(path).unwrap() = value;
        order
    }
    fn more(mut order: Value, list: &str, part: Value) -> Value {
        order[list].as_array_mut().unwrap().push(part);
        order
    }

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
        let made = crate::domain::record::merge::<Order>(
            [None, Some(&base), Some(&order("EUR", "9"))],
            &[],
        );
        assert!(paths(&made).contains(&("currency#prices", ConflictKind::Field)));
    }

    #[test]
    fn what_a_state_freezes_stays_and_what_it_leaves_free_changes() {
        let done = |o: Value| with(with(o, "/state", json!("completed")), "/number", json!("SO-1"));
        let mut base = order("GBP", "10");
        base["number"] = Value::Null;
        let ours = done(base.clone());
        let mut theirs = with(base.clone(), "/lines/0/qty", json!("2"));
        theirs["internal_note"] = json!("free");
        let out = merged([&base, &ours, &theirs], &[]);
        assert_eq!(paths(&out), [("lines/a/qty", ConflictKind::Locked)]);
        let locked = &out.conflicts[0];
        assert!(!locked.may_take && !locked.may_type && locked.why.contains("reopen it first"));
        assert_eq!(
            merged([&base, &ours, &theirs], &[locked.resolved(Choice::Theirs)]).conflicts.len(),
            1
        );
        let value = out.value.unwrap();
        assert_eq!(
            (&value["lines"][0]["qty"], &value["internal_note"]),
            (&json!("1"), &json!("free"))
        );
        assert_eq!((&value["number"], &value["state"]), (&json!("SO-1"), &json!("completed")));
        // a line that went comes back in its place
        let mut without = base.clone();
        without["lines"].as_array_mut().unwrap().remove(0);
        let value = merged([&base, &ours, &without], &[]).value.unwrap();
        assert_eq!(value["lines"], base["lines"]);
        // a state that leaves it free on the way
        let back = with(ours.clone(), "/state", json!("draft"));
        let back = with(back, "/lines/0/qty", json!("2"));
        let out = merged([&ours, &ours, &back], &[]);
        assert_eq!(paths(&out), []);
        // a number that was taken stays
        let without = with(ours.clone(), "/number", Value::Null);
        assert_eq!(merged([&ours, &ours, &without], &[]).value.unwrap()["number"], "SO-1");
    }

    #[test]
    fn a_change_has_the_lock_of_the_field_it_is_of() {
        let of = |path: &str| {
            lock(&Change {
                path: path.into(),
                label: String::new(),
                before: Value::Null,
                after: Value::Null,
                ty: Ty::Bool,
            })
        };
        assert_eq!(of("lines/a/note"), Some(Lock::Free));
        assert_eq!(of("lines/a"), Some(Lock::Lines));
        assert_eq!(of("customer"), Some(Lock::Party));
        assert_eq!(of("nothing"), None);
    }
}
