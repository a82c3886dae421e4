//! A clerk's day: orders made, priced, confirmed, changed by two people at once.
use crate::{
    harness::{Actor, TestApp},
    stories,
};
use serde_json::json;

const ORDERS: &str = "/alpha/main/orders";

/// A new draft with one line of the first product, by its form.
pub async fn new_order(clerk: &mut Actor, qty: &str) -> String {
    let fields = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", qty)];
    let answer = clerk.submit(&format!("{ORDERS}/new"), "#order-form", &fields).await.expect(303);
    answer.header("location").to_owned()
}

async fn clerk(app: &TestApp) -> Actor {
    app.actor("clerk", "alpha").await
}

stories! {
    async fn an_order_takes_prices_from_the_product_and_its_number_at_confirmation(app) {
        let mut clerk = clerk(app).await;
        let url = new_order(&mut clerk, "3").await;
        let page = clerk.get(&url).await.expect(200);
        assert!(page.texts("h1")[0].starts_with("D-"), "{:?}", page.texts("h1"));
        let program = app.program("alpha");
        let api = format!("/api/v1{url}");
        let before = program.get(&api).await.expect(200).json();
        assert_eq!(before["lines"][0]["unit_price"], before["lines"][0]["list_price"]);
        assert_eq!(before["lines"][0]["price_source"], "list");
        assert_eq!(before["lines"][0]["tax_rate"], "20");
        assert!(before.get("number").is_none());
        let fields = page.form("form[action$='/confirmation']");
        clerk.post(&format!("{url}/confirmation"), &fields).await.expect(303);
        let after = program.get(&api).await.expect(200).json();
        assert_eq!(after["number"], "SO-2026-00001");
        assert_eq!(after["state"], "confirmed");
        let page = clerk.get(&url).await.expect(200);
        assert_eq!(page.texts("h1"), ["SO-2026-00001"]);
        assert!(page.texts("#timeline li")[0].contains("confirmed the order"));
    }

    async fn a_form_that_cannot_be_saved_keeps_what_was_typed(app) {
        let mut clerk = clerk(app).await;
        let before = app.digest("alpha").await;
        let fields = [("customer", "C-00001"), ("customer_po", "my reference"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "many")];
        let answer = clerk.submit(&format!("{ORDERS}/new"), "#order-form", &fields).await.expect(422);
        assert_eq!(answer.attrs("#f-customer_po", "value"), ["my reference"]);
        assert_eq!(answer.attrs("#f-lines-0-qty", "value"), ["many"]);
        assert_eq!(answer.texts("#f-lines-0-qty-e"), ["Write a number such as 12 or 12.50"]);
        let fields = [("customer", "nobody"), ("lines.0.sku", "NO-SUCH"), ("lines.0.qty", "1")];
        let answer = clerk.submit(&format!("{ORDERS}/new"), "#order-form", &fields).await.expect(422);
        assert_eq!(answer.texts("#f-customer-e"), ["No customer is known as nobody"]);
        assert_eq!(app.digest("alpha").await, before);
    }

    async fn lines_are_added_removed_and_priced_without_saving(app) {
        let mut clerk = clerk(app).await;
        let before = app.digest("alpha").await;
        let new = format!("{ORDERS}/new");
        let added = clerk.submit(&new, "#order-form", &[("lines.0.sku", "SKU-00002"), ("lines.0.qty", "2"), ("_add", "lines")]).await.expect(200);
        assert_eq!(added.attrs("#f-lines-0-sku", "value"), ["SKU-00002"]);
        assert_eq!(added.texts("tbody tr").len(), 2, "the typed line and a new one");
        assert!(!added.attrs("#f-lines-0-unit_price", "value")[0].is_empty(), "priced");
        assert!(added.texts("#totals dt").contains(&"Total".to_owned()));
        let removed = clerk.submit(&new, "#order-form", &[("lines.0.sku", "SKU-00002"), ("lines.0.qty", "2"), ("_remove", "lines.0")]).await.expect(200);
        assert!(removed.texts("tbody tr").is_empty());
        assert_eq!(app.digest("alpha").await, before);
    }

    async fn disjoint_edits_of_two_people_both_hold(app) {
        let (mut ann, mut bob) = (clerk(app).await, app.actor("lead", "alpha").await);
        let url = new_order(&mut ann, "3").await;
        let edit = format!("{url}/edit");
        let (at_ann, at_bob) = (ann.get(&edit).await.expect(200), bob.get(&edit).await.expect(200));
        let fields = crate::actor_fields(&at_ann, &[("customer_po", "PO-1")]);
        ann.post(&url, &fields).await.expect(303);
        let fields = crate::actor_fields(&at_bob, &[("internal_note", "call first")]);
        bob.post(&url, &fields).await.expect(303);
        assert!(bob.get(&url).await.texts(".toast")[0].contains("both changes hold"));
        let order = app.program("alpha").get(&format!("/api/v1{url}")).await.json();
        assert_eq!((&order["customer_po"], &order["internal_note"]), (&json!("PO-1"), &json!("call first")));
    }

    async fn the_second_of_two_overlapping_edits_sees_both_values_and_loses_nothing(app) {
        let (mut ann, mut bob) = (clerk(app).await, app.actor("lead", "alpha").await);
        let url = new_order(&mut ann, "3").await;
        let edit = format!("{url}/edit");
        let (at_ann, at_bob) = (ann.get(&edit).await.expect(200), bob.get(&edit).await.expect(200));
        ann.post(&url, &crate::actor_fields(&at_ann, &[("lines.0.qty", "5"), ("contact", "Ann's")])).await.expect(303);
        let seen = app.digest("alpha").await;
        let answer = bob.post(&url, &crate::actor_fields(&at_bob, &[("lines.0.qty", "7"), ("customer_note", "typed")])).await.expect(409);
        assert_eq!(app.digest("alpha").await, seen, "nothing was saved");
        let row = answer.texts("table.tbl tbody tr").into_iter().find(|t| t.contains("quantity")).unwrap();
        assert!(row.ends_with("3 5 7"), "{row}");
        assert_eq!(answer.attrs("#f-lines-0-qty", "value"), ["7"]);
        assert_eq!(answer.texts("#f-customer_note"), ["typed"]);
        bob.post(&url, &answer.form("#order-form")).await.expect(303);
        let order = app.program("alpha").get(&format!("/api/v1{url}")).await.json();
        assert_eq!(order["lines"][0]["qty"], "7");
        assert_eq!(order["contact"], "Ann's", "what Ann changed elsewhere stays");
        assert_eq!(order["customer_note"], "typed");
    }

    async fn a_save_that_changes_nothing_makes_no_commit(app) {
        let mut clerk = clerk(app).await;
        let url = new_order(&mut clerk, "3").await;
        let before = app.digest("alpha").await;
        clerk.submit(&format!("{url}/edit"), "#order-form", &[]).await.expect(303);
        assert_eq!(app.digest("alpha").await, before);
        assert!(clerk.get(&url).await.texts(".toast")[0].contains("nothing was saved"));
    }

    async fn a_command_decided_on_an_old_version_is_refused(app) {
        let (mut ann, mut bob) = (clerk(app).await, app.actor("lead", "alpha").await);
        let url = new_order(&mut ann, "3").await;
        let old = bob.get(&url).await.form("form[action$='/confirmation']");
        ann.submit(&format!("{url}/edit"), "#order-form", &[("customer_po", "new")]).await.expect(303);
        let answer = bob.post(&format!("{url}/confirmation"), &old).await.expect(409);
        assert!(answer.body.contains("Someone changed this order"), "{}", answer.body);
    }

    async fn what_a_state_freezes_cannot_be_changed(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let url = new_order(&mut lead, "3").await;
        lead.post::<&str, &str>(&format!("{url}/confirmation"), &[]).await.expect(303);
        let answer = lead.submit(&format!("{url}/edit"), "#order-form", &[("customer", "C-00002")]).await.expect(422);
        assert!(answer.texts("#f-customer-e")[0].contains("cancel it and make a new one"));
        lead.post::<&str, &str>(&format!("{url}/completion"), &[]).await.expect(303);
        let answer = lead.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "9")]).await.expect(422);
        assert!(answer.body.contains("reopen it first"));
        lead.post::<&str, &str>(&format!("{url}/cancellation"), &[]).await.expect(409);
        lead.post::<&str, &str>(&format!("{url}/reopening"), &[]).await.expect(303);
        lead.post::<&str, &str>(&format!("{url}/cancellation"), &[]).await.expect(422);
        lead.post(&format!("{url}/cancellation"), &[("reason", "customer changed their mind")]).await.expect(303);
        let page = lead.get(&url).await.expect(200);
        assert!(page.texts(".badge")[0].contains("Cancelled"));
    }

    async fn another_product_brings_its_own_price_to_a_line_that_was_filled_in(app) {
        let mut clerk = clerk(app).await;
        let mut prices = vec![];
        for sku in ["SKU-00001", "SKU-00002"] {
            let page = clerk.get(&format!("/alpha/main/suggest/products?q={sku}")).await.expect(200);
            assert!(page.body.contains(sku));
            let url = clerk.submit(&format!("{ORDERS}/new"), "#order-form", &[("customer", "C-00001"), ("lines.0.sku", sku), ("lines.0.qty", "1")]).await.expect(303).header("location").to_owned();
            let form = clerk.get(&format!("{url}/edit")).await.form("#order-form");
            let value = |name: &str| form.iter().find(|f| f.0 == name).unwrap().1.clone();
            prices.push((value("lines.0.name"), value("lines.0.unit_price")));
        }
        assert_ne!(prices[0], prices[1]);
        let first = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1"), ("_fill", "1")];
        let new = clerk.get(&format!("{ORDERS}/new")).await;
        let filled = clerk.post(ORDERS, &crate::actor_fields(&new, &first)).await.expect(200);
        let again = crate::actor_fields(&filled, &[("lines.0.sku", "SKU-00002"), ("_fill", "1")]);
        let filled = clerk.post(ORDERS, &again).await.expect(200);
        let value = |page: &crate::harness::Answer, name: &str| page.form("#order-form").into_iter().find(|f| f.0 == name).unwrap().1;
        assert_eq!((value(&filled, "lines.0.name"), value(&filled, "lines.0.unit_price")), prices[1]);
        let by_hand = crate::actor_fields(&filled, &[("lines.0.sku", "SKU-00001"), ("lines.0.unit_price", "1.23"), ("_fill", "1")]);
        let filled = clerk.post(ORDERS, &by_hand).await.expect(200);
        assert_eq!((value(&filled, "lines.0.name"), value(&filled, "lines.0.unit_price")), (prices[0].0.clone(), "1.23".to_owned()));
        let saved = clerk.post(ORDERS, &crate::actor_fields(&filled, &[])).await.expect(303);
        let page = clerk.get(saved.header("location")).await.expect(200);
        assert!(page.body.contains("1.23") && page.body.contains(&prices[0].0));
    }

    async fn what_would_make_no_sum_is_refused_at_its_field(app) {
        let api = app.program("alpha");
        let line = json!({"sku": "SKU-00001", "qty": 1});
        for (body, field) in [
            (json!({"customer": "C-00001", "lines": [line], "discounts": [{"kind": "percent", "value": "500"}]}), "discounts.0.value"),
            (json!({"customer": "C-00001", "lines": [line], "discounts": [{"kind": "amount", "value": "-1"}]}), "discounts.0.value"),
            (json!({"customer": "C-00001", "lines": [{"type": "text", "name": "Thanks", "qty": 1, "unit_price": "5"}]}), "lines.0.unit_price"),
        ] {
            let refused = api.post("/api/v1/alpha/main/orders", &body).await.expect(422).json();
            assert!(refused["fields"][field].is_string(), "{refused}");
        }
        // another currency rounds each line anew
        let made = api.post("/api/v1/alpha/main/orders", &json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": 3, "unit_price": "1.234"}]})).await.expect(201).json();
        let id = made["id"].as_str().unwrap();
        api.patch(&format!("/api/v1/alpha/main/orders/{id}"), &json!({"version": made["version"], "currency": "JPY"})).await.expect(200);
        // the product chosen from a list comes as `SKU · Name`; the same one again is no change
        let mut clerk = clerk(app).await;
        let url = new_order(&mut clerk, "2").await;
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.unit_price", "7.77")]).await.expect(303);
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.sku", "SKU-00001 · Whatever")]).await.expect(303);
        let form = clerk.get(&format!("{url}/edit")).await.form("#order-form");
        let value = |name: &str| form.iter().find(|f| f.0 == name).unwrap().1.clone();
        assert_eq!((value("lines.0.sku"), value("lines.0.unit_price")), ("SKU-00001".to_owned(), "7.77".to_owned()));
    }

    async fn a_draft_can_be_deleted_until_it_has_a_number(app) {
        let mut lead = app.actor("lead", "alpha").await;
        let url = new_order(&mut lead, "3").await;
        let stale = lead.get(&url).await.attrs("form[action$=deletion] input[name=_version]", "value").remove(0);
        lead.submit(&format!("{url}/edit"), "#order-form", &[("customer_po", "PO 1")]).await.expect(303);
        lead.post(&format!("{url}/deletion"), &[("_version", stale)]).await.expect(409);
        let now = lead.get(&url).await.attrs("form[action$=deletion] input[name=_version]", "value").remove(0);
        let gone = lead.post(&format!("{url}/deletion"), &[("_version", now)]).await.expect(303);
        assert_eq!(gone.header("location"), ORDERS);
        lead.get(&url).await.expect(404);
        lead.get(&format!("{url}/edit")).await.expect(404);
        assert!(!lead.get(ORDERS).await.attrs(".row-a", "href").contains(&url));
        let commit = lead.get("/alpha/main/commits").await.attrs(".row-a", "href").remove(0);
        assert!(lead.get(&commit).await.body.contains("Deleted order D-"));
        let kept = new_order(&mut lead, "1").await;
        lead.post::<&str, &str>(&format!("{kept}/confirmation"), &[]).await.expect(303);
        lead.post::<&str, &str>(&format!("{kept}/deletion"), &[]).await.expect(409);
        lead.post(&format!("{kept}/cancellation"), &[("reason", "twice")]).await.expect(303);
        lead.post::<&str, &str>(&format!("{kept}/reinstatement"), &[]).await.expect(303);
        let refused = lead.post::<&str, &str>(&format!("{kept}/deletion"), &[]).await.expect(409);
        assert!(refused.body.contains("Cancel this order instead"), "a draft again, but one with a number");
    }

    async fn a_form_sent_twice_is_one_order(app) {
        let mut clerk = clerk(app).await;
        let page = clerk.get(&format!("{ORDERS}/new")).await;
        let fields = crate::actor_fields(&page, &[("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1")]);
        let (mut a, mut b) = (clerk.clone(), clerk.clone());
        let (one, two) = tokio::join!(a.post(ORDERS, &fields), b.post(ORDERS, &fields));
        assert_eq!(one.expect(303).header("location"), two.expect(303).header("location"));
        let other = crate::actor_fields(&page, &[("customer", "C-00002"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1")]);
        let again = clerk.post(ORDERS, &other).await.expect(422);
        assert!(again.body.contains("This form was sent before, with something else in it"));
        assert!(again.attrs("#f-customer", "value")[0].starts_with("C-00002"), "what was typed is kept");
        let both = clerk.post(ORDERS, &again.form("#order-form")).await.expect(303);
        assert_ne!(both.header("location"), a.post(ORDERS, &fields).await.header("location"), "sent again, it is another order");
    }
}
