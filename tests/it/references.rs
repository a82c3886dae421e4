//! Where one record names another: by code and name for people, by id or code for programs.
use crate::{orders::new_order, stories};
use serde_json::json;

const API: &str = "/api/v1/alpha/main";

stories! {
    async fn a_product_is_given_its_tax_code_by_code_and_tells_it_by_name(app) {
        let mut admin = app.actor("admin", "alpha").await;
        let api = app.program("alpha");
        let codes = api.get(&format!("{API}/tax-codes")).await.expect(200).json()["items"].clone();
        let title = |i: usize| format!("{} · {}", codes[i]["code"].as_str().unwrap(), codes[i]["name"].as_str().unwrap());
        let (old, new) = (title(0), title(1));
        let made = json!({"sku": "TAXED-1", "name": "Taxed", "unit_price": "2", "tax_code": codes[0]["code"]});
        let made = api.post(&format!("{API}/products"), &made).await.expect(201).json();
        assert_eq!(made["tax_code"], codes[0]["id"]);
        let url = format!("/alpha/main/products/{}", made["id"].as_str().unwrap());
        let page = admin.get(&url).await.expect(200);
        assert!(page.texts("dd").contains(&old), "{:?}", page.texts("dd"));

        let edit = format!("{url}/edit");
        let form = admin.get(&edit).await.expect(200);
        assert_eq!(form.attrs("#f-tax_code", "value"), [old.as_str()]);
        assert_eq!(form.attrs("#f-tax_code", "list"), form.attrs("datalist", "id"));
        let offered = admin.get(&format!("{}?tax_code=x", form.attrs("#f-tax_code", "hx-get")[0])).await.expect(200);
        assert!(offered.texts("option").is_empty());
        let word = codes[1]["code"].as_str().unwrap();
        let offered = admin.get(&format!("/alpha/main/suggest/tax-codes?tax_code={word}")).await.expect(200);
        assert_eq!(offered.attrs("option", "value"), [new.as_str()]);

        // untouched it is the same code: nothing to save
        let same = admin.submit(&edit, "#record-form", &[]).await.expect(303);
        assert!(admin.get(same.header("location")).await.texts(".toast")[0].contains("Nothing"));
        admin.submit(&edit, "#record-form", &[("tax_code", new.as_str())]).await.expect(303);
        let page = admin.get(&url).await.expect(200);
        assert_eq!((page.texts("del"), page.texts("ins")), (vec![old], vec![new]));

        let refused = admin.submit(&edit, "#record-form", &[("tax_code", "NONE-9")]).await.expect(422);
        assert_eq!(refused.attrs("#f-tax_code", "value"), ["NONE-9"]);
        assert!(refused.texts("#f-tax_code-e")[0].contains("No tax code is known as NONE-9"));
    }

    async fn a_conflict_names_the_records_that_both_chose(app) {
        let (mut ann, mut bob) = (app.actor("clerk", "alpha").await, app.actor("lead", "alpha").await);
        let edit = format!("{}/edit", new_order(&mut ann, "1").await);
        let stale = bob.get(&edit).await.expect(200);
        ann.submit(&edit, "#order-form", &[("customer", "C-00002")]).await.expect(303);
        let mine = crate::actor_fields(&stale, &[("customer", "C-00003")]);
        let answer = bob.post(edit.trim_end_matches("/edit"), &mine).await.expect(409);
        let row = answer.texts("table.tbl tbody tr").into_iter().find(|t| t.starts_with("Customer C-")).unwrap();
        let places = ["C-00001 ·", "C-00002 ·", "C-00003 ·"].map(|code| row.find(code).unwrap_or_else(|| panic!("{code}: {row}")));
        assert!(places.is_sorted(), "{row}");
        assert!(answer.attrs("#f-customer", "value")[0].starts_with("C-00003 · "));
    }

    async fn a_name_that_no_other_has_names_its_record(app) {
        let api = app.program("alpha");
        let (customers, orders) = ("/api/v1/alpha/main/customers", "/api/v1/alpha/main/orders");
        let made = api.post(customers, &json!({"number": "Z-1", "name": "Żebra Traders"})).await.expect(201).json();
        let order = json!({"customer": "żebra traders", "lines": [{"sku": "SKU-00001", "qty": "1"}]});
        assert_eq!(api.post(orders, &order).await.expect(201).json()["customer"], made["id"]);
        api.post(customers, &json!({"number": "Z-2", "name": "Żebra Traders"})).await.expect(201);
        let refused = api.post(orders, &order).await.expect(422).json();
        assert_eq!(refused["fields"]["customer"], "No customer is known as żebra traders");
    }

    async fn a_form_that_comes_back_names_its_customer(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        let fields = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1"), ("_fill", "1")];
        let filled = clerk.submit("/alpha/main/orders/new", "#order-form", &fields).await.expect(200);
        assert!(filled.attrs("#f-customer", "value")[0].starts_with("C-00001 · "));
        let fields = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "none")];
        let refused = clerk.submit("/alpha/main/orders/new", "#order-form", &fields).await.expect(422);
        assert_eq!(refused.attrs("#f-customer", "value"), ["C-00001"], "as it was typed");
    }

    async fn a_program_names_a_product_by_id_alone(app) {
        let api = app.program("alpha");
        let product = api.get(&format!("{API}/products?q=SKU-00002")).await.json()["items"][0].clone();
        let order = json!({"customer": "C-00001", "lines": [{"product": product["id"], "qty": 2}]});
        let made = api.post(&format!("{API}/orders"), &order).await.expect(201).json();
        let line = &made["lines"][0];
        assert_eq!((&line["sku"], &line["name"], &line["unit_price"]), (&product["sku"], &product["name"], &product["unit_price"]));
        assert_eq!((&line["list_price"], &line["price_source"]), (&product["unit_price"], &json!("list")));
        let other = api.get(&format!("{API}/products?q=SKU-00003")).await.json()["items"][0].clone();
        let change = json!({"version": made["version"], "lines": [{"id": line["id"], "product": other["id"]}]});
        let url = format!("{API}/orders/{}", made["id"].as_str().unwrap());
        let changed = api.patch(&url, &change).await.expect(200).json()["lines"][0].clone();
        assert_eq!((&changed["sku"], &changed["qty"], &changed["unit_price"]), (&other["sku"], &json!("2"), &other["unit_price"]));
    }

    async fn list_prices_are_not_taken_into_another_currency(app) {
        let api = app.program("alpha");
        let own = api.post(&format!("{API}/orders"), &json!({"customer": "C-00001"})).await.expect(201).json();
        let foreign = if own["currency"] == "EUR" { "USD" } else { "EUR" };
        let mut order = json!({"customer": "C-00001", "currency": foreign, "lines": [{"sku": "SKU-00001", "qty": 1}]});
        let refused = api.post(&format!("{API}/orders"), &order).await.expect(422).json();
        assert!(refused["fields"]["lines.0.unit_price"].is_string(), "{refused}");
        order["lines"][0]["unit_price"] = json!("3.50");
        let made = api.post(&format!("{API}/orders"), &order).await.expect(201).json();
        assert_eq!((&made["lines"][0]["price_source"], &made["lines"][0]["list_price"]), (&json!("manual"), &json!(null)));
        let mut clerk = app.actor("clerk", "alpha").await;
        let page = clerk.get("/alpha/main").await.expect(200);
        assert!(page.texts("a.flex-1").iter().any(|t| t.contains("1 in other currencies")), "{:?}", page.texts("a.flex-1"));
    }

    async fn another_currency_takes_the_list_prices_away(app) {
        let (api, mut clerk) = (app.program("alpha"), app.actor("clerk", "alpha").await);
        let new = "/alpha/main/orders/new";
        let fields = [("customer", "C-00001"), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1"), ("_fill", "1")];
        let filled = clerk.submit(new, "#order-form", &fields).await.expect(200);
        let own = filled.attrs("#f-currency", "value").remove(0);
        let foreign = if own == "EUR" { "USD" } else { "EUR" };
        let turned = crate::actor_fields(&filled, &[("currency", foreign)]);
        let refused = clerk.post("/alpha/main/orders", &turned).await.expect(422);
        assert!(refused.texts("#f-lines-0-unit_price-e")[0].contains("unit price"), "{:?}", refused.texts(".error-text"));
        // the same number, typed once the form knows of the currency, is somebody's own price
        let turned = crate::actor_fields(&filled, &[("currency", foreign), ("_fill", "1")]);
        let again = clerk.post("/alpha/main/orders", &turned).await.expect(200);
        assert_eq!(again.attrs("#f-lines-0-unit_price", "value"), [""]);
        let price = filled.attrs("#f-lines-0-unit_price", "value").remove(0);
        clerk.post("/alpha/main/orders", &crate::actor_fields(&again, &[("lines.0.unit_price", price.as_str())])).await.expect(303);

        let made = api.post(&format!("{API}/orders"), &json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": 1}]})).await.expect(201).json();
        let url = format!("{API}/orders/{}", made["id"].as_str().unwrap());
        let moved = api.patch(&url, &json!({"version": made["version"], "currency": foreign})).await.expect(200).json();
        let line = &moved["lines"][0];
        assert_eq!((&line["price_source"], &line["list_price"]), (&json!("manual"), &json!(null)));
        let back = api.patch(&url, &json!({"version": moved["version"], "currency": own})).await.expect(200).json();
        assert_eq!(back["lines"], made["lines"]);
    }

    async fn a_price_of_ones_own_stays_where_no_list_price_can_take_its_place(app) {
        let api = app.program("alpha");
        let own = api.post(&format!("{API}/orders"), &json!({"customer": "C-00001"})).await.expect(201).json();
        let foreign = if own["currency"] == "EUR" { "USD" } else { "EUR" };
        let order = json!({"customer": "C-00001", "currency": foreign, "lines": [{"sku": "SKU-00001", "qty": 1, "unit_price": "3.50"}]});
        let made = api.post(&format!("{API}/orders"), &order).await.expect(201).json();
        let line = json!({"id": made["lines"][0]["id"], "sku": "SKU-00002", "unit_price": "3.50"});
        let url = format!("{API}/orders/{}", made["id"].as_str().unwrap());
        let changed = api.patch(&url, &json!({"version": made["version"], "lines": [line]})).await.expect(200).json();
        assert_eq!((&changed["lines"][0]["sku"], &changed["lines"][0]["unit_price"]), (&json!("SKU-00002"), &json!("3.5")));
    }

    async fn product_and_sku_of_a_line_are_of_one_product(app) {
        let api = app.program("alpha");
        let products = api.get(&format!("{API}/products?q=SKU-0000")).await.json()["items"].clone();
        let (a, b) = (&products[0], &products[1]);
        let made = api.post(&format!("{API}/orders"), &json!({"customer": "C-00001", "lines": [{"sku": a["sku"], "qty": 1}]})).await.expect(201).json();
        let url = format!("{API}/orders/{}", made["id"].as_str().unwrap());
        // as a program does that reads a line, gives it another product and sends it back
        let line = json!({"id": made["lines"][0]["id"], "sku": a["sku"], "product": b["id"]});
        let changed = api.patch(&url, &json!({"version": made["version"], "lines": [line]})).await.expect(200).json();
        let now = &changed["lines"][0];
        assert_eq!((&now["product"], &now["sku"], &now["unit_price"]), (&b["id"], &b["sku"], &b["unit_price"]));
        let null = json!({"customer": "C-00001", "lines": [{"sku": null, "product": b["id"], "qty": 1, "name": "Own text"}]});
        let made = api.post(&format!("{API}/orders"), &null).await.expect(201).json();
        assert_eq!((&made["lines"][0]["product"], &made["lines"][0]["name"]), (&b["id"], &json!("Own text")));
        let both = json!({"customer": "C-00001", "lines": [{"sku": a["sku"], "product": b["id"], "qty": 1}]});
        api.post(&format!("{API}/orders"), &both).await.expect(422);
    }

    async fn a_tax_code_brings_its_rate(app) {
        let api = app.program("alpha");
        let codes = api.get(&format!("{API}/tax-codes")).await.json()["items"].clone();
        let line = |code: &serde_json::Value| json!([{"name": "Fitting", "type": "service", "qty": 1, "unit_price": "100", "tax_code": code}]);
        let made = api.post(&format!("{API}/orders"), &json!({"customer": "C-00001", "lines": line(&codes[0]["code"])})).await.expect(201).json();
        assert_eq!((&made["lines"][0]["tax_rate"], &made["lines"][0]["tax_code"]), (&codes[0]["rates"][0]["rate"], &codes[0]["id"]));
        let url = format!("{API}/orders/{}", made["id"].as_str().unwrap());
        let change = json!([{"id": made["lines"][0]["id"], "tax_code": codes[1]["id"]}]);
        let changed = api.patch(&url, &json!({"version": made["version"], "lines": change})).await.expect(200).json();
        assert_eq!(changed["lines"][0]["tax_rate"], codes[1]["rates"][0]["rate"]);
    }

    async fn a_code_that_looks_like_a_title_is_read_back(app) {
        let mut clerk = app.actor("clerk", "alpha").await;
        for number in ["A · B", "A", "00000000-0000-4000-8000-000000000001"] {
            clerk.submit("/alpha/main/customers/new", "#record-form", &[("number", number), ("name", "Odd")]).await.expect(303);
        }
        for (number, title) in [("A · B", "A · B · Odd"), ("A · Odd", "A · Odd")] {
            let fields = [("customer", number), ("lines.0.sku", "SKU-00001"), ("lines.0.qty", "1")];
            let made = clerk.submit("/alpha/main/orders/new", "#order-form", &fields).await.expect(303);
            let edit = format!("{}/edit", made.header("location"));
            assert_eq!(clerk.get(&edit).await.attrs("#f-customer", "value"), [title]);
            clerk.submit(&edit, "#order-form", &[("customer_po", "P")]).await.expect(303);
            assert_eq!(clerk.get(&edit).await.attrs("#f-customer", "value"), [title], "untouched");
        }
    }
}
