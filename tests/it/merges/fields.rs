//! Fields, lines and states that both sides changed.
use super::{
    API, both, branch, command, commits, decide, kinds, line, made, merge, open_conflicts, order,
    plan, with, without,
};
use crate::{
    branches::{edit, get, within},
    stories,
};
use serde_json::{Value, json};

stories! {
    async fn c14_c15_c21_changes_of_different_fields_all_hold(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"promised_date": "2026-12-24", "contact": "Ann"}), json!({"customer_po": "PO-1", "contact": "Ann", "customer_note": null})).await;
        let found = plan(&api, &b).await;
        assert_eq!((&found["conflicts"], &found["changed"]), (&json!(0), &json!(1)), "{found:#}");
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["promised_date"], &now["customer_po"], &now["contact"]), (&json!("2026-12-24"), &json!("PO-1"), &json!("Ann")));
        assert!(now.get("customer_note").is_none());
        // what was previewed is what came
        assert_eq!(found["items"][0]["changes"][0]["path"], "customer_po");
    }

    async fn c16_two_quantities_are_a_conflict_and_never_a_sum(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        line(&api, &url, (0, json!({"qty": "6"}))).await;
        line(&api, &within(&url, &b), (0, json!({"qty": "7"}))).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["field"]);
        let values = ["base", "ours", "theirs"].map(|side| found[0][side]["qty"].clone());
        assert_eq!(values, [json!("5"), json!("6"), json!("7")]);
        // nothing is merged over an open conflict
        let agreed = plan(&api, &b).await["plan"].clone();
        let refused = api.post(&format!("{API}/branches/{b}/merge"), &json!({ "plan": agreed })).await.expect(409).json();
        assert_eq!(refused["detail"], "One conflict is open. Decide it first.");
        assert!(found[0]["label"].as_str().unwrap().ends_with(": quantity"), "{}", found[0]["label"]);
        decide(&api, &b, &found[0], "theirs", "").await;
        // a third quantity, with the unit that both have
        decide(&api, &b, &found[0], "value", "12.5").await;
        merge(&api, &b).await.unwrap();
        let (now, unit) = (get(&api, &url).await["lines"][0].clone(), found[0]["ours"]["unit"].clone());
        assert_eq!((&now["qty"], &now["unit"]), (&json!("12.5"), &unit));
    }

    async fn a_group_of_which_several_differ_is_one_sides(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        line(&api, &url, (0, json!({"qty": "6", "unit": "box"}))).await;
        line(&api, &within(&url, &b), (0, json!({"qty": "7", "unit": "kg"}))).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!((found.len(), &found[0]["choices"]), (1, &json!(["ours", "theirs"])));
    }

    async fn c18_an_address_is_one_thing(app) {
        let api = app.program("alpha");
        let (_, b) = both(&api, json!({"shipping": {"line1": "New street 1"}}), json!({"shipping": {"city": "Elsewhere"}})).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["field"]);
        assert_eq!(found[0]["path"], "shipping");
    }

    async fn c19_tags_of_both_sides_hold(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"tags": ["a", "x"]}), json!({"tags": ["a", "b", "c"]})).await;
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url).await["tags"], json!(["a", "c", "x"]));
    }

    async fn c22_own_fields_merge_name_by_name(app) {
        let api = app.program("alpha");
        let url = made(&api, "products", json!({"sku": "OWN-1", "name": "A", "custom": {"Colour": "red", "Shelf": "7", "Grade": "A"}})).await;
        let b = branch(&api, "Try").await;
        edit(&api, &url, json!({"custom": {"Shelf": "7", "Grade": "B"}})).await;
        edit(&api, &within(&url, &b), json!({"custom": {"Colour": "red", "Shelf": "8", "Grade": "C"}})).await;
        let open = open_conflicts(&api, &b).await;
        assert_eq!((kinds(&open), &open[0]["path"]), (vec!["field"], &json!("custom/Grade")));
        decide(&api, &b, &open[0], "value", "D").await;
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url).await["custom"], json!({"Shelf": "8", "Grade": "D"}));
        let told = app.actor("clerk", "alpha").await.get(&url).await.expect(200).body;
        assert!(told.contains("Own fields: Shelf") && told.contains("<dt>Grade</dt>"), "{told}");
    }

    async fn own_fields_are_typed_line_by_line_and_found(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let typed = [("sku", "OWN-2"), ("name", "A"), ("custom", "Colour: Aubergine\n\nSize: 4: wide")];
        let made = clerk.submit("/alpha/main/products/new", "#record-form", &typed).await.expect(303);
        let page = made.header("location").split('?').next().unwrap().to_owned();
        let form = clerk.get(&format!("{page}/edit")).await.expect(200).form("#record-form");
        let shown = form.into_iter().find(|(n, _)| n == "custom").unwrap().1;
        assert_eq!(shown.trim().replace("\r\n", "\n"), "Colour: Aubergine\nSize: 4: wide");
        let found = clerk.get("/alpha/main/products?q=aubergine").await.expect(200).body;
        assert!(found.contains("OWN-2"), "{found}");
        for (wrong, why) in [
            ("Colour", "Write a line for each"),
            ("a: 1\na: 2", "Each name once"),
            ("a/b: 1", "cannot hold a colon"),
            (": 1", "needs letters"),
        ] {
            let refused = clerk.submit(&format!("{page}/edit"), "#record-form", &[("custom", wrong)]).await.expect(422);
            assert!(refused.body.contains(why), "{wrong}: {}", refused.body);
        }
        let order = order(&app.program("alpha")).await;
        clerk.submit(&format!("{order}/edit"), "#order-form", &[("custom", "Colour: Blue")]).await.expect(303);
        assert!(clerk.get(&order).await.body.contains("<dt>Colour</dt><dd>Blue</dd>"));
    }

    async fn c33_a_rule_of_rounding_that_changed_meanwhile_is_no_conflict(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let (b, before) = (branch(&api, "Try").await, get(&api, &url).await["totals"].clone());
        let mut admin = app.actor("admin", "alpha").await;
        admin.submit("/alpha/main/settings", "form[action$='/settings']", &[("tax_rounding", "line")]).await.expect(303);
        edit(&api, &within(&url, &b), json!({"customer_po": "PO-7"})).await;
        edit(&api, &url, json!({"contact": "Ann"})).await;
        assert_eq!(open_conflicts(&api, &b).await, Vec::<Value>::new());
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["totals"], &now["customer_po"]), (&before, &json!("PO-7")), "it keeps the rule it was made with");
    }

    async fn c20_c24_what_was_set_back_is_no_change(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let own = within(&url, &b);
        edit(&api, &own, json!({"customer_po": "x"})).await;
        edit(&api, &own, json!({"customer_po": null})).await;
        line(&api, &own, (0, json!({"qty": "5.00"}))).await;
        let found = plan(&api, &b).await;
        assert_eq!(found["items"], json!([]));
        let before = commits(app).await;
        assert_eq!(merge(&api, &b).await, None);
        assert_eq!(commits(app).await, before);
    }

    async fn c23_notes_merge_by_lines_that_lie_apart(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"customer_note": "ONE\ntwo\nthree\nfour\nfive"}), json!({"customer_note": "one\ntwo\nthree\nfour\nFIVE"})).await;
        let found = plan(&api, &b).await;
        assert_eq!(found["items"][0]["notices"][0]["what"], "texts");
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url).await["customer_note"], "ONE\ntwo\nthree\nfour\nFIVE");
        let (_, b) = both(&api, json!({"customer_note": "ONE\ntwo\nthree\nfour\nfive"}), json!({"customer_note": "one\nTWO\nthree\nfour\nfive"})).await;
        assert_eq!(kinds(&open_conflicts(&api, &b).await), ["field"]);
    }

    async fn c26_c32_lines_of_both_sides_add_up(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let own = within(&url, &b);
        with(&api, &url, "SKU-00003").await;
        with(&api, &own, "SKU-00004").await;
        line(&api, &url, (0, json!({"qty": "9"}))).await;
        line(&api, &own, (1, json!({"unit_price": "1.25"}))).await;
        let sides = [get(&api, &url).await, get(&api, &own).await];
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        let lines = now["lines"].as_array().unwrap();
        assert_eq!(lines.len(), 4);
        assert_eq!((&lines[0]["qty"], &lines[1]["unit_price"]), (&json!("9"), &json!("1.25")));
        let cents = |v: &Value| v.as_str().unwrap().replace('.', "").parse::<i64>().unwrap();
        let sum: i64 = now["totals"]["lines"].as_array().unwrap().iter().map(|l| cents(&l["amount"])).sum();
        assert_eq!(sum, cents(&now["totals"]["net"]));
        assert!(sides.iter().all(|side| side["totals"]["gross"] != now["totals"]["gross"]));
    }

    async fn c27_c28_c31_a_line_that_one_side_deleted(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let own = within(&url, &b);
        without(&api, &url, 0).await;
        line(&api, &own, (0, json!({"qty": "8"}))).await;
        line(&api, &own, (1, json!({"qty": "3"}))).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["deleted-in-main"]);
        decide(&api, &b, &found[0], "ours", "").await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!(now["lines"].as_array().unwrap().len(), 1);
        assert_eq!(now["lines"][0]["qty"], "3");
        // both delete it
        let c = branch(&api, "Again").await;
        with(&api, &url, "SKU-00003").await;
        let d = branch(&api, "Both").await;
        without(&api, &url, 1).await;
        without(&api, &within(&url, &d), 1).await;
        assert!(open_conflicts(&api, &d).await.is_empty());
        assert_eq!(merge(&api, &d).await, None);
        // all lines new on one side, one edited on the other
        line(&api, &url, (0, json!({"qty": "4"}))).await;
        edit(&api, &within(&url, &c), json!({"lines": [{"sku": "SKU-00005", "qty": "1"}]})).await;
        let found = open_conflicts(&api, &c).await;
        let edited = get(&api, &url).await["lines"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!((kinds(&found), &found[0]["path"]), (vec!["deleted-in-branch"], &json!(format!("lines/{edited}"))));
    }

    async fn c29_c30_moved_lines_are_no_conflict(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let turned = |now: &Value| {
            let lines = now["lines"].as_array().unwrap();
            json!({"lines": [{"id": lines[1]["id"]}, {"id": lines[0]["id"]}]})
        };
        let was = get(&api, &url).await;
        edit(&api, &url, turned(&was)).await;
        line(&api, &within(&url, &b), (0, json!({"qty": "8"}))).await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["lines"][1]["id"], &now["lines"][1]["qty"]), (&was["lines"][0]["id"], &json!("8")));
        // both move one line, to other places: one of them holds, whoever looks, and is told
        with(&api, &url, "SKU-00003").await;
        let was = get(&api, &url).await;
        let b = branch(&api, "Both").await;
        let in_order = |ids: [usize; 3]| {
            let each = ids.map(|n| json!({"id": was["lines"][n]["id"]}));
            json!({ "lines": each })
        };
        edit(&api, &url, in_order([2, 0, 1])).await;
        edit(&api, &within(&url, &b), in_order([0, 2, 1])).await;
        let first = plan(&api, &b).await;
        assert_eq!((&first["conflicts"], &plan(&api, &b).await["plan"]), (&json!(0), &first["plan"]));
        assert!(first.to_string().contains("\"moved\""), "{first}");
        let moved = get(&api, &url).await["lines"].clone();
        // no other line did
        for n in [0, 1] {
            assert_eq!(moved[n + 1], was["lines"][n]);
        }
        merge(&api, &b).await;
        assert_eq!(get(&api, &url).await["lines"], moved, "main moved it further up");
        // and the other way round
        let (was, c) = (get(&api, &url).await, branch(&api, "Up").await);
        let in_order = |ids: [usize; 3]| {
            let each = ids.map(|n| json!({"id": was["lines"][n]["id"]}));
            json!({ "lines": each })
        };
        let own = within(&url, &c);
        edit(&api, &url, in_order([0, 2, 1])).await;
        edit(&api, &own, in_order([2, 0, 1])).await;
        let moved = get(&api, &own).await["lines"].clone();
        merge(&api, &c).await.unwrap();
        assert_eq!(get(&api, &url).await["lines"], moved, "the branch moved it further up");
    }

    async fn c35_c36_states_that_both_moved(app) {
        let api = app.program("alpha");
        let (one, two) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        command(&api, &one, "cancellation").await;
        command(&api, &within(&one, &b), "confirmation").await;
        command(&api, &two, "confirmation").await;
        command(&api, &within(&two, &b), "confirmation").await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["state"]);
        assert_eq!(found[0]["choices"], json!(["ours"]), "cancelled does not lead to confirmed");
        decide(&api, &b, &found[0], "ours", "").await;
        assert_eq!(merge(&api, &b).await, None);
        assert_eq!(get(&api, &one).await["state"], "cancelled");
        // confirmed on main, cancelled on the branch: may be moved on
        let three = order(&api).await;
        let c = branch(&api, "On").await;
        command(&api, &three, "confirmation").await;
        command(&api, &within(&three, &c), "cancellation").await;
        let found = open_conflicts(&api, &c).await;
        assert_eq!(found[0]["choices"], json!(["ours", "theirs"]));
        decide(&api, &c, &found[0], "theirs", "").await;
        merge(&api, &c).await.unwrap();
        let now = get(&api, &three).await;
        assert_eq!((&now["state"], &now["cancel_reason"]), (&json!("cancelled"), &json!("because")));
        assert!(now["number"].is_string(), "a number is kept");
    }

    async fn a_state_of_main_freezes_what_the_branch_changed(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        command(&api, &url, "cancellation").await;
        line(&api, &within(&url, &b), (0, json!({"qty": "8"}))).await;
        edit(&api, &within(&url, &b), json!({"internal_note": "free"})).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["locked"]);
        assert_eq!(found[0]["choices"], json!(["ours"]));
        decide(&api, &b, &found[0], "ours", "").await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["lines"][0]["qty"], &now["internal_note"]), (&json!("5"), &json!("free")));
    }

    async fn c17_a_price_is_not_one_of_the_other_sides_currency(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Euro").await;
        line(&api, &url, (0, json!({"unit_price": "12.5"}))).await;
        edit(&api, &within(&url, &b), json!({"currency": "EUR"})).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(found.iter().map(|c| &c["path"]).collect::<Vec<_>>(), ["currency#prices"]);
        for (choice, currency, prices) in [("ours", "GBP", ["12.5", "3"]), ("theirs", "EUR", ["14", "4"])] {
            let url = order(&api).await;
            line(&api, &url, (1, json!({"unit_price": "3"}))).await;
            let b = branch(&api, "Euro").await;
            line(&api, &url, (0, json!({"unit_price": "12.5"}))).await;
            with(&api, &url, "SKU-00003").await;
            edit(&api, &url, json!({"contact": "Ann"})).await;
            let own = within(&url, &b);
            edit(&api, &own, json!({"currency": "EUR", "customer_po": "PO"})).await;
            line(&api, &own, (0, json!({"unit_price": "14"}))).await;
            line(&api, &own, (1, json!({"unit_price": "4"}))).await;
            let found = open_conflicts(&api, &b).await;
            let paths: Vec<&str> = found.iter().map(|c| c["path"].as_str().unwrap()).collect();
            assert!(paths.contains(&"currency#prices"), "{paths:?}");
            for conflict in &found {
                decide(&api, &b, conflict, choice, "").await;
            }
            for conflict in open_conflicts(&api, &b).await {
                decide(&api, &b, &conflict, choice, "").await;
            }
            merge(&api, &b).await.unwrap();
            let now = get(&api, &url).await;
            assert_eq!((&now["currency"], &now["contact"], &now["customer_po"]), (&json!(currency), &json!("Ann"), &json!("PO")));
            let lines: Vec<&str> = now["lines"].as_array().unwrap().iter().map(|l| l["unit_price"].as_str().unwrap()).collect();
            assert_eq!(lines[..2], prices, "{choice}");
            assert_eq!(lines.len(), if choice == "ours" { 3 } else { 2 }, "a price in pounds is no price in euros");
        }
    }

    async fn what_is_typed_begins_with_what_there_is(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        edit(&api, &url, json!({"warehouse": "W1"})).await;
        let b = branch(&api, "Try").await;
        edit(&api, &within(&url, &b), json!({"warehouse": null, "customer_note": "a\nb", "shipping": {"city": "York"}})).await;
        edit(&api, &url, json!({"warehouse": "W2", "customer_note": "c\nd", "shipping": {"city": "Leeds"}})).await;
        let mut lead = app.actor("lead", "alpha").await;
        let page = format!("/alpha/main/branches/{b}/plan");
        let seen = lead.get(&page).await.expect(200);
        // of three conflicts one is emptied by the branch, one has several lines, and an address is not typed
        assert_eq!((seen.attrs("article input[name=value]", "value"), seen.texts("article textarea").len()), (vec![String::new()], 1));
        assert_eq!(seen.texts("article").len(), 3);
        let typed = lead.submit(&page, "article form:has(input[name=value][autocomplete])", &[("value", "W3")]).await;
        typed.expect(303);
        assert_eq!(lead.get(&page).await.expect(200).attrs("article input[name=value]", "value"), ["W3"]);
    }
}
