//! Mistakes that were made once: each keeps its story.
use crate::{
    harness::{PASSWORD, changed},
    orders::new_order,
    stories,
};
use serde_json::json;
use tributary::service::accounts;

const ORDERS: &str = "/api/v1/alpha/main/orders";

stories! {
    async fn a_closed_company_locks_nobody_out_of_the_platform(app) {
        let mut platform = app.platform().await;
        for slug in ["alpha", "beta"] {
            platform.post(&format!("/admin/companies/{slug}/active"), &[("active", "false")]).await.expect(303);
        }
        let mut again = app.platform().await;
        again.get("/admin").await.expect(200);
        again.get("/alpha/main").await.expect(404);
        for slug in ["alpha", "beta"] {
            again.post(&format!("/admin/companies/{slug}/active"), &[("active", "true")]).await.expect(303);
        }
        again.get("/alpha/main").await.expect(200);
    }

    async fn a_busy_database_signs_nobody_out(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        app.app.clock.advance(120); // the next request writes when the session was last seen
        let ctx = app.ctx("alpha").await;
        let held = ctx.write().await.unwrap();
        clerk.get("/alpha/main/orders").await.expect(200);
        drop(held);
        clerk.get("/alpha/main/orders").await.expect(200);
    }

    async fn a_decision_on_an_unreadable_version_is_none(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "1").await;
        clerk.post(&format!("{url}/confirmation"), &[("_version", "seven")]).await.expect(422);
        clerk.post(&format!("{url}/deletion"), &[("_version", "99999999999999999999")]).await.expect(422);
        assert_eq!(app.program("alpha").get(&format!("/api/v1{url}")).await.json()["state"], "draft");
    }

    async fn a_version_that_is_yet_to_come_hides_nothing(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = new_order(&mut clerk, "1").await;
        let late = json!({"version": 99_999, "customer_po": "mine"});
        api.patch(&format!("/api/v1{url}"), &late).await.expect(422);
        let posted = [("_version", "999999"), ("customer_po", "mine")];
        clerk.submit(&format!("{url}/edit"), "#order-form", &posted).await.expect(422);
        assert!(api.get(&format!("/api/v1{url}")).await.json()["customer_po"].is_null());
    }

    async fn a_line_that_was_removed_meanwhile_comes_back_as_promised(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let mut lead = app.actor("lead", "alpha").await;
        let url = new_order(&mut clerk, "1").await;
        let two = [("lines.1.sku", "SKU-00002"), ("lines.1.qty", "2")];
        let mut fields = clerk.get(&format!("{url}/edit")).await.form("#order-form");
        fields.extend(two.map(|(n, v)| (n.to_owned(), v.to_owned())));
        clerk.post(&url, &fields).await.expect(303);
        let old = clerk.get(&format!("{url}/edit")).await.form("#order-form");
        let removed: Vec<_> = old.iter().filter(|(n, _)| !n.starts_with("lines.1")).cloned().collect();
        lead.post(&url, &removed).await.expect(303);
        let mine = crate::harness::changed(old, &[("lines.1.qty", "7")]);
        let asked = clerk.post(&url, &mine).await.expect(409);
        clerk.post(&url, &asked.form("#order-form")).await.expect(303);
        let now = app.program("alpha").get(&format!("/api/v1{url}")).await.json();
        let kept: Vec<_> = now["lines"].as_array().unwrap().iter().map(|l| (l["sku"].as_str().unwrap(), l["qty"].as_str().unwrap())).collect();
        assert_eq!(kept, [("SKU-00001", "1"), ("SKU-00002", "7")]);
    }

    async fn what_was_typed_outlives_a_deletion(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let mut lead = app.actor("lead", "alpha").await;
        let url = new_order(&mut clerk, "1").await;
        let form = clerk.get(&format!("{url}/edit")).await.form("#order-form");
        let mine = crate::harness::changed(form, &[("customer_po", "typed with care")]);
        let version = app.program("alpha").get(&format!("/api/v1{url}")).await.json()["version"].as_i64().unwrap();
        lead.post(&format!("{url}/deletion"), &[("_version", "")]).await.expect(303);
        let again = clerk.post(&url, &mine).await.expect(422);
        assert!(again.body.contains("Someone deleted this") && again.body.contains("typed with care"));
        let back = [("as_of", version.to_string()), ("_version", "0".to_owned())];
        lead.post(&format!("{url}/restoration"), &back).await.expect(303);
        clerk.post(&url, &again.form("#order-form")).await.expect(303);
        assert_eq!(app.program("alpha").get(&format!("/api/v1{url}")).await.json()["customer_po"], "typed with care");
    }

    async fn a_discount_is_at_most_what_the_lines_come_to(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let api = app.program("alpha");
        let url = format!("/api/v1{}", new_order(&mut clerk, "1").await);
        let made = api.get(&url).await.json();
        let lines = made["totals"]["lines"][0]["amount"].as_str().unwrap().to_owned();
        let with = |value: &str| json!({"version": made["version"], "discounts": [{"kind": "amount", "value": value}]});
        let refused = api.patch(&url, &with("99999")).await.expect(422).json();
        assert!(refused["fields"]["discounts.0.value"].as_str().unwrap().contains("are more"), "{refused}");
        let given = api.patch(&url, &with(&lines)).await.expect(200).json();
        assert_eq!(given["totals"]["gross"], "0.00");
    }

    async fn a_member_stays_unless_plainly_removed(app) {
        let mut admin = app.actor("admin", "alpha").await;
        for active in ["maybe", "", "1"] {
            let fields = [("email", "clerk@alpha.example.com"), ("role", "clerk"), ("active", active)];
            admin.post("/alpha/main/members", &fields).await.expect(422);
        }
        app.actor("clerk", "alpha").await.get("/alpha/main/orders").await.expect(200);
    }

    async fn a_sign_in_leads_back_to_the_page_not_to_its_fragment(app) {
        let request = axum::http::Request::get("/alpha/main/suggest/customers?customer=x")
            .header("hx-request", "true")
            .header("hx-current-url", "https://tributary.example/alpha/main/orders/new?copy=1");
        let answer = app.nobody().send(request.body(axum::body::Body::empty()).unwrap()).await.expect(401);
        assert_eq!(answer.header("hx-redirect"), "/login?next=%2Falpha%2Fmain%2Forders%2Fnew%3Fcopy%3D1");
        let request = axum::http::Request::get("/alpha/main/orders?q=typed")
            .header("hx-request", "true")
            .header("hx-current-url", "https://tributary.example/alpha/main/orders");
        let answer = app.nobody().send(request.body(axum::body::Body::empty()).unwrap()).await.expect(401);
        assert_eq!(answer.header("hx-redirect"), "/login?next=%2Falpha%2Fmain%2Forders%3Fq%3Dtyped");
    }

    async fn settings_of_two_admins_both_hold_or_are_shown_to_both(app) {
        let (mut ann, mut bob) = (app.actor("admin", "alpha").await, app.actor("admin", "alpha").await);
        let settings = "/alpha/main/settings";
        let page = bob.get(settings).await.expect(200);
        let form = |changes: &[(&str, &str)]| changed(page.form("form[action$='/settings']"), changes);
        let unchanged = app.digest("alpha").await;
        ann.post(settings, &form(&[])).await.expect(303);
        assert_eq!(app.digest("alpha").await, unchanged, "nothing to save is no commit");
        ann.post(settings, &form(&[("number_prefix", "A-"), ("name", "Alpha & Co")])).await.expect(303);
        bob.post(settings, &form(&[("tax_rounding", "line")])).await.expect(303);
        let clash = bob.post(settings, &form(&[("number_prefix", "B-")])).await.expect(409);
        assert!(clash.texts("table.tbl tbody tr").iter().any(|r| r.contains("A-") && r.contains("B-")), "{}", clash.body);
        assert_eq!(clash.attrs("#number_prefix", "value"), ["B-"], "what was typed stays");
        let now = ann.get(settings).await.expect(200);
        assert_eq!((now.attrs("#number_prefix", "value"), now.attrs("#name", "value")), (vec!["A-".to_owned()], vec!["Alpha & Co".to_owned()]));
        let told = ann.get("/alpha/main/commits").await.expect(200).texts(".row-a");
        assert!(told[0].contains("tax of new orders is rounded from document to line"), "{told:?}");
        bob.post(settings, &clash.form("form[action$='/settings']")).await.expect(303);
        assert_eq!(ann.get(settings).await.attrs("#number_prefix", "value"), ["B-"]);
        ann.post(settings, &form(&[("timezone", "Nowhere/At all")])).await.expect(422);
    }

    async fn another_customer_brings_their_own_addresses(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "1").await;
        let api = app.program("alpha");
        let before = api.get(&format!("/api/v1{url}")).await.json();
        let theirs = api.get("/api/v1/alpha/main/customers?q=C-00002").await.json()["items"][0]["id"].clone();
        let theirs = api.get(&format!("/api/v1/alpha/main/customers/{}", theirs.as_str().unwrap())).await.json();
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("customer", "C-00002")]).await.expect(303);
        let after = api.get(&format!("/api/v1{url}")).await.json();
        assert_ne!(before["shipping"], after["shipping"]);
        assert_eq!(after["shipping"]["line1"], theirs["addresses"][0]["line1"]);
        assert_eq!(after["customer_name"], theirs["name"]);
    }

    async fn another_time_zone_counts_the_months_anew(app) {
        let mut admin = app.actor("admin", "alpha").await;
        let url = new_order(&mut admin, "1").await;
        let page = admin.get("/alpha/main/settings").await.expect(200);
        let fields = changed(page.form("form[action$='/settings']"), &[("timezone", "Pacific/Auckland")]);
        admin.post("/alpha/main/settings", &fields).await.expect(303);
        admin.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.qty", "2")]).await.expect(303);
        let activity = admin.get("/alpha/main/commits").await.expect(200).texts(".row-a");
        assert!(activity[1].contains("Changed the company's settings"), "{activity:?}");
        // the audit at the end of each story compares the counters
    }

    async fn a_number_that_is_taken_is_passed_over(app) {
        let api = app.program("alpha");
        let mut clerk = app.actor("clerk", "alpha").await;
        let (first, second) = (new_order(&mut clerk, "1").await, new_order(&mut clerk, "1").await);
        api.post(&format!("/api/v1{first}/confirmation"), &json!({})).await.expect(200);
        let row = "UPDATE number_sequences SET next = 1";
        app.database.tamper(&format!("{}{row}", crate::history::company(app).await)).await;
        let confirmed = api.post(&format!("/api/v1{second}/confirmation"), &json!({})).await.expect(200).json();
        assert_eq!(confirmed["number"], "SO-2026-00002");
    }

    async fn a_clerk_cannot_bargain_by_making_the_line_anew(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        clerk.post::<&str, &str>(&format!("{url}/confirmation"), &[]).await.expect(303);
        let edit = format!("{url}/edit");
        let cheap = [("lines.0.id", ""), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "3"), ("lines.0.unit_price", "0.01")];
        clerk.submit(&edit, "#order-form", &cheap).await.expect(403);
        clerk.submit(&edit, "#order-form", &[("lines.0.unit_price", "0.01")]).await.expect(403);
        clerk.submit(&edit, "#order-form", &[("lines.0.qty", "2")]).await.expect(303);
        let mut lead = app.actor("lead", "alpha").await;
        lead.submit(&edit, "#order-form", &[("lines.0.unit_price", "0.01")]).await.expect(303);
    }

    async fn a_list_that_is_none_removes_nothing(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = format!("/api/v1{}", new_order(&mut clerk, "3").await);
        let api = app.program("alpha");
        let version = api.get(&url).await.json()["version"].clone();
        for bad in [json!("x"), json!(7), json!({"a": 1}), json!([{"id": 5, "sku": "SKU-00001", "qty": 1}])] {
            api.patch(&url, &json!({"version": version, "lines": bad})).await.expect(422);
        }
        assert_eq!(api.get(&url).await.json()["lines"].as_array().unwrap().len(), 1);
    }

    async fn the_row_that_is_removed_is_the_one_that_was_pressed(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let typed = [("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1"), ("lines.2.sku", "SKU-00002"), ("lines.2.qty", "2"), ("_remove", "lines.1")];
        let page = clerk.submit("/alpha/main/orders/new", "#order-form", &typed).await.expect(200);
        assert_eq!(page.attrs("[name$='.sku']", "value"), ["SKU-00001", "SKU-00002"]);
        let before = app.digest("alpha").await;
        let odd = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1"), ("_remove", "nothing")];
        clerk.submit("/alpha/main/orders/new", "#order-form", &odd).await.expect(200);
        assert_eq!(app.digest("alpha").await, before, "a press on remove is never a save");
    }

    async fn the_sums_shown_while_typing_are_those_of_the_order(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let typed = [("customer", "C-00001"), ("currency", "JPY"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "3"), ("lines.0.unit_price", "1000"),
            ("discounts.0.kind", "percent"), ("discounts.0.value", "10"), ("_fill", "1")];
        let shown = clerk.submit("/alpha/main/orders/new", "#order-form", &typed).await.expect(200).texts("#totals dd");
        let mut saved = typed.to_vec();
        saved.pop();
        let made = clerk.submit("/alpha/main/orders/new", "#order-form", &saved).await.expect(303);
        let order = clerk.get(made.header("location")).await.expect(200).body;
        assert!(shown.iter().any(|s| s.contains("2,700")) && shown.iter().any(|s| s.contains("3,240")), "{shown:?}");
        assert!(order.contains("3,240") && !shown.iter().any(|s| s.contains('£')));
    }

    async fn a_line_without_its_sku_has_no_product(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let url = new_order(&mut clerk, "3").await;
        clerk.submit(&format!("{url}/edit"), "#order-form", &[("lines.0.sku", ""), ("lines.0.name", "Something else")]).await.expect(303);
        let order = app.program("alpha").get(&format!("/api/v1{url}")).await.json();
        assert_eq!((order["lines"][0].get("product"), order["lines"][0].get("sku")), (None, None));
    }

    async fn what_no_column_holds_is_said_to_be_wrong(app) {
        let mut nobody = app.nobody();
        nobody.post("/login", &[("email", "a\0b@example.com"), ("password", "x")]).await.expect(422);
        let api = app.program("alpha");
        api.get(&format!("{ORDERS}?state=bogus")).await.expect(422);
        api.get(&format!("{ORDERS}?after=garbage")).await.expect(422);
        let body = json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": 1}]});
        api.post_once(ORDERS, &body, &"k".repeat(201)).await.expect(422);
        let made = api.post(ORDERS, &body).await.expect(201).json();
        let confirm = format!("{ORDERS}/{}/confirmation", made["id"].as_str().unwrap());
        api.post(&confirm, &json!({"version": "1"})).await.expect(422);
    }

    async fn a_changed_name_gives_no_right_back(app) {
        // a request that began before its person was disabled, and ends after
        let who = accounts::who_of_token(&app.app, &app.database.token("alpha")).await.unwrap().unwrap();
        let mut platform = app.platform().await;
        platform.post(&format!("/admin/users/{}/active", who.user.id), &[("active", "false")]).await.expect(303);
        accounts::rename(&app.app, &who, "New Name").await.unwrap();
        assert!(platform.get("/admin").await.expect(200).body.contains("New Name"));
        let fields = [("email", who.user.email.as_str()), ("password", PASSWORD)];
        app.nobody().post("/login", &fields).await.expect(422);
    }
}
