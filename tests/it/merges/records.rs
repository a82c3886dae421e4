//! Whole records, their codes and what they name.
use super::{
    API, branch, command, decide, deletions::delete, kinds, line, made, made_in, merge,
    open_conflicts, order, plan, revert,
};
use crate::{
    branches::{edit, get, within},
    stories,
};
use serde_json::{Value, json};

stories! {
    async fn a_blocked_customer_stops_a_confirmation_at_the_merge(app) {
        let api = app.program("alpha");
        // whatever the branch did after it
        for (words, number) in [(&["confirmation"][..], "SO-2026-00001"), (&["confirmation", "completion"], "SO-2026-00002")] {
            let url = order(&api).await;
            let customer = format!("/alpha/main/customers/{}", get(&api, &url).await["customer"].as_str().unwrap());
            let b = branch(&api, "Try").await;
            for word in words {
                command(&api, &within(&url, &b), word).await;
            }
            edit(&api, &customer, json!({"blocked": "block"})).await;
            let found = open_conflicts(&api, &b).await;
            assert_eq!(kinds(&found), ["guard"]);
            assert!(found[0]["why"].as_str().unwrap().contains("blocked"));
            // a copy begins with what was decided
            decide(&api, &b, &found[0], "ours", "").await;
            let copy = json!({"name": "Copy", "visibility": "company", "copy_of": b});
            let copy = api.post(&format!("{API}/branches"), &copy).await.expect(201).json();
            assert_eq!(plan(&api, copy["slug"].as_str().unwrap()).await["conflicts"], 0);
            edit(&api, &customer, json!({"blocked": "none"})).await;
            assert!(open_conflicts(&api, &b).await.is_empty());
            merge(&api, &b).await.unwrap();
            let now = get(&api, &url).await;
            assert_eq!((&now["number"], now["state"] == "draft"), (&json!(number), false));
        }
    }

    async fn what_breaks_a_rule_once_it_is_decided_is_a_conflict(app) {
        let api = app.program("alpha");
        let product = made(&api, "products", json!({"sku": "P-1", "name": "Thing", "unit_price": "100"})).await;
        let b = branch(&api, "Try").await;
        let draft = json!({"customer": "C-00001", "lines": [{"sku": "P-1", "qty": "1"}], "discounts": [{"kind": "amount", "value": "90"}]});
        let url = made_in(&api, (&b, "orders"), draft).await;
        edit(&api, &product, json!({"unit_price": "50"})).await;
        let mut admin = app.actor("admin", "alpha").await;
        admin.submit("/alpha/main/settings", "form[action$='/settings']", &[("strict_prices", "true")]).await.expect(303);
        let price = open_conflicts(&api, &b).await.remove(0);
        decide(&api, &b, &price, "theirs", "").await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["invariant"]);
        assert!(found[0]["why"].as_str().unwrap().contains("discounts"), "{found:?}");
        decide(&api, &b, &price, "ours", "").await;
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url.replace(&format!("/{b}/"), "/main/")).await["lines"][0]["unit_price"], "100");
    }

    async fn a_merge_is_taken_back_though_its_branch_would_break_a_rule_by_now(app) {
        let api = app.program("alpha");
        let lines = json!([{"sku": "SKU-00001", "qty": "2", "unit_price": "100"}]);
        let url = made(&api, "orders", json!({"customer": "C-00001", "lines": lines})).await;
        let b = branch(&api, "Try").await;
        let change = json!({"customer_po": "PO-1", "discounts": [{"kind": "amount", "value": "90"}]});
        edit(&api, &within(&url, &b), change).await;
        let seq = merge(&api, &b).await.unwrap();
        edit(&api, &url, json!({"discounts": []})).await;
        line(&api, &url, (0, json!({"qty": "1", "unit_price": "50"}))).await;
        revert(&api, seq).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["customer_po"], &now["lines"][0]["unit_price"]), (&Value::Null, &json!("50")));
    }

    async fn c44_c45_c53_two_records_of_one_code(app) {
        let api = app.program("alpha");
        let (b, c) = (branch(&api, "B").await, branch(&api, "C").await);
        let thing = json!({"sku": "A-1", "name": "Thing"});
        made(&api, "products", thing.clone()).await;
        let own = made_in(&api, (&b, "products"), thing).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["unique"]);
        assert!(found[0]["why"].as_str().unwrap().starts_with("A-1 · Thing"), "{found:?}");
        // by a decision
        decide(&api, &b, &found[0], "value", "A-2").await;
        assert!(open_conflicts(&api, &b).await.is_empty());
        // or by a change of the branch
        edit(&api, &own, json!({"sku": "A-3"})).await;
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &own.replace(&format!("/{b}/"), "/main/")).await["sku"], "A-3");
        made_in(&api, (&c, "products"), json!({"sku": "a-3", "name": "Other"})).await;
        assert_eq!(kinds(&open_conflicts(&api, &c).await), ["unique"], "without having seen the other's merge");
        // or the branch takes its own away
        let d = branch(&api, "D").await;
        let one = made_in(&api, (&d, "products"), json!({"sku": "A-4", "name": "Mine"})).await;
        made_in(&api, (&d, "products"), json!({"sku": "A-9", "name": "Kept"})).await;
        edit(&api, &own.replace(&format!("/{b}/"), "/main/"), json!({"sku": "A-4"})).await;
        assert_eq!(kinds(&open_conflicts(&api, &d).await), ["unique"]);
        delete(&api, &one).await;
        assert_eq!(plan(&api, &d).await["conflicts"], 0);
        merge(&api, &d).await.unwrap();
        let codes = api.get(&format!("{API}/products?q=A-9")).await.expect(200).json();
        assert_eq!(codes["items"][0]["name"], "Kept");
    }

    async fn c52_two_customers_of_one_number_become_one(app) {
        let api = app.program("alpha");
        let b = branch(&api, "B").await;
        let one = json!({"number": "C-DUP", "name": "Smith", "currency": "GBP", "phone": "1"});
        let own = made_in(&api, (&b, "customers"), one).await;
        let order = made_in(&api, (&b, "orders"), json!({"customer": "C-DUP", "lines": [{"sku": "SKU-00001", "qty": "1"}]})).await;
        let two = json!({"number": "c-dup", "name": "Smith & Co", "currency": "GBP", "email": "a@b.example"});
        let kept = made(&api, "customers", two).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!((kinds(&found), &found[0]["choices"]), (vec!["unique"], &json!(["ours", "theirs", "value"])));
        // not where other records of the branch would go on naming its own
        let part = format!("{API}/branches/{b}/plan?only=customer:{}&show=conflicts", own.rsplit('/').next().unwrap());
        let some = api.get(&part).await.expect(200).json();
        assert_eq!(some["items"][0]["conflicts"][0]["choices"], json!(["ours", "value"]));
        decide(&api, &b, &found[0], "theirs", "").await;
        // what both say otherwise is asked, as of any record that both made
        let found = open_conflicts(&api, &b).await;
        let paths: Vec<_> = found.iter().map(|c| c["path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["number", "name"]);
        for (conflict, choice) in found.iter().zip(["ours", "theirs"]) {
            decide(&api, &b, conflict, choice, "").await;
        }
        let agreed = plan(&api, &b).await;
        assert_eq!((&agreed["created"], &agreed["changed"], &agreed["conflicts"]), (&json!(1), &json!(1), &json!(0)));
        merge(&api, &b).await.unwrap();
        let now = get(&api, &kept).await;
        for (name, value) in [("number", "c-dup"), ("name", "Smith"), ("phone", "1"), ("email", "a@b.example")] {
            assert_eq!(now[name], value);
        }
        let order = get(&api, &order.replace(&format!("/{b}/"), "/main/")).await;
        assert_eq!(order["customer"].as_str(), kept.rsplit('/').next());
        let found = api.get(&format!("{API}/customers?q=c-dup")).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
    }

    async fn two_records_become_one_only_where_nothing_of_them_is_lost(app) {
        let api = app.program("alpha");
        let b = branch(&api, "B").await;
        made_in(&api, (&b, "products"), json!({"sku": "DUP", "name": "Branch"})).await;
        let kept = made(&api, "products", json!({"sku": "DUP-0", "name": "Main"})).await;
        edit(&api, &kept, json!({"sku": "DUP"})).await;
        let choices = async |word: &str| {
            let found = api.get(&format!("{API}/branches/{b}/plan?show=conflicts{word}")).await.expect(200).json();
            found["items"][0]["conflicts"][0]["choices"].clone()
        };
        assert_eq!(choices("").await, json!(["ours", "theirs", "value"]));
        // a sync lets the branch have its own record still
        assert_eq!(choices("&for=sync").await, json!(["ours", "value"]));
        // and what the branch itself changed of main's record would meet the other's data
        super::sync_but(&api, &b, "DUP-1").await;
        edit(&api, &within(&kept, &b), json!({"name": "Branch of main's"})).await;
        edit(&api, &kept, json!({"sku": "DUP-1"})).await;
        assert_eq!(choices("").await, json!(["ours", "value"]));
    }

    async fn c39_a_list_price_that_moved_is_told_and_can_be_taken(app) {
        let api = app.program("alpha");
        let product = made(&api, "products", json!({"sku": "P-1", "name": "Thing", "unit_price": "10"})).await;
        let old = made(&api, "orders", json!({"customer": "C-00001", "lines": [{"sku": "P-1", "qty": "1"}]})).await;
        let b = branch(&api, "B").await;
        let new = json!({"customer": "C-00001", "lines": [
            {"sku": "P-1", "qty": "1"}, {"sku": "P-1", "qty": "1", "unit_price": "9"},
        ]});
        let new = made_in(&api, (&b, "orders"), new).await;
        // a line that main priced is main's affair, and so is a price that somebody set by hand
        edit(&api, &within(&old, &b), json!({"contact": "Branch"})).await;
        edit(&api, &product, json!({"unit_price": "12"})).await;
        let told = plan(&api, &b).await;
        assert_eq!(told["conflicts"], 0);
        let item = |told: &Value, url: &str| {
            let id = url.rsplit('/').next().unwrap().to_owned();
            told["items"].as_array().unwrap().iter().find(|i| i["id"] == *id).unwrap().clone()
        };
        assert_eq!(item(&told, &old)["notices"], json!([]));
        let noticed = item(&told, &new);
        assert_eq!((&noticed["notices"][0]["what"], &noticed["notices"][1]), (&json!("inputs-moved"), &Value::Null));
        let mut asked = noticed["conflicts"][0].clone();
        assert_eq!((&asked["kind"], &asked["decided"], &asked["choices"]), (&json!("inputs-moved"), &json!("ours"), &json!(["ours", "theirs"])));
        // a company can want that somebody chooses
        let mut admin = app.actor("admin", "alpha").await;
        admin.submit("/alpha/main/settings", "form[action$='/settings']", &[("strict_prices", "true")]).await.expect(303);
        let strict = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&strict), ["inputs-moved"]);
        asked["of"] = json!({"kind": "order", "id": noticed["id"]});
        decide(&api, &b, &asked, "theirs", "").await;
        assert!(open_conflicts(&api, &b).await.is_empty());
        merge(&api, &b).await.unwrap();
        let now = get(&api, &new.replace(&format!("/{b}/"), "/main/")).await;
        let price = |n: usize, name: &str| now["lines"][n][name].as_str().unwrap().to_owned();
        assert_eq!((price(0, "unit_price"), price(0, "list_price"), price(0, "price_source")), ("12".into(), "12".into(), "list".into()));
        assert_eq!((price(1, "unit_price"), price(1, "price_source")), ("9".into(), "manual".into()));
        assert_eq!(get(&api, &old).await["lines"][0]["unit_price"], "10");
    }

    async fn c53_three_conflicts_of_one_record_are_told_at_once(app) {
        let api = app.program("alpha");
        let tax = made(&api, "tax-codes", json!({"code": "Z9", "name": "Nine", "rates": [{"valid_from": "2020-01-01", "rate": "9"}]})).await;
        let product = made(&api, "products", json!({"sku": "P-1", "name": "Thing"})).await;
        let b = branch(&api, "B").await;
        let code = tax.rsplit('/').next().unwrap();
        edit(&api, &within(&product, &b), json!({"sku": "P-2", "name": "Branch", "tax_code": code})).await;
        edit(&api, &product, json!({"name": "Main"})).await;
        made(&api, "products", json!({"sku": "P-2", "name": "Other"})).await;
        api.post(&format!("/api/v1{tax}/deletion"), &json!({})).await.expect(204);
        let found = open_conflicts(&api, &b).await;
        let mut told = kinds(&found);
        told.sort_unstable();
        assert_eq!(told, ["dangling", "field", "unique"]);
        assert!(found.iter().all(|c| c["of"]["id"].as_str() == product.rsplit('/').next()));
    }

    async fn c46_codes_can_be_swapped(app) {
        let api = app.program("alpha");
        let one = made(&api, "products", json!({"sku": "S-1", "name": "One"})).await;
        let two = made(&api, "products", json!({"sku": "S-2", "name": "Two"})).await;
        let b = branch(&api, "Swap").await;
        edit(&api, &within(&one, &b), json!({"sku": "S-9"})).await;
        edit(&api, &within(&two, &b), json!({"sku": "S-1"})).await;
        edit(&api, &within(&one, &b), json!({"sku": "S-2"})).await;
        merge(&api, &b).await.unwrap();
        assert_eq!((&get(&api, &one).await["sku"], &get(&api, &two).await["sku"]), (&json!("S-2"), &json!("S-1")));
        // each stands for one product still, in any case
        for sku in ["S-1", "s-2"] {
            api.post(&format!("{API}/products"), &json!({"sku": sku, "name": "Three"})).await.expect(422);
        }
    }

    async fn c47_numbers_are_taken_at_the_merge(app) {
        let api = app.program("alpha");
        let (b, c, d) = (branch(&api, "B").await, branch(&api, "C").await, branch(&api, "D").await);
        let draft = json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "1"}]});
        let mut urls = vec![];
        for world in [&b, &c, &d] {
            let url = made_in(&api, (world, "orders"), draft.clone()).await;
            command(&api, &url, "confirmation").await;
            urls.push(url);
        }
        api.post(&format!("{API}/branches/{d}/discarding"), &json!({})).await.expect(200);
        merge(&api, &c).await.unwrap();
        merge(&api, &b).await.unwrap();
        let number = |url: &str, world: &str| url.replace(&format!("/{world}/"), "/main/");
        assert_eq!(get(&api, &number(&urls[1], &c)).await["number"], "SO-2026-00001");
        assert_eq!(get(&api, &number(&urls[0], &b)).await["number"], "SO-2026-00002");
        api.get(&format!("/api/v1{}", number(&urls[2], &d))).await.expect(404);
    }

    async fn c51_new_records_that_name_new_records_come_along(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        made_in(&api, (&b, "products"), json!({"sku": "NEW-1", "name": "New", "unit_price": "2.50"})).await;
        made_in(&api, (&b, "customers"), json!({"number": "C-NEW", "name": "New customer", "currency": "GBP"})).await;
        let url = made_in(&api, (&b, "orders"), json!({"customer": "C-NEW", "lines": [{"sku": "NEW-1", "qty": "2"}]})).await;
        let found = plan(&api, &b).await;
        assert_eq!(found["created"], 3);
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url.replace(&format!("/{b}/"), "/main/")).await;
        assert_eq!((&now["customer_name"], &now["lines"][0]["unit_price"]), (&json!("New customer"), &json!("2.5")));
    }

    async fn a7_who_decides_may_make_it_so(app) {
        let (admin, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let url = made(&admin, "tax-codes", json!({"code": "Z9", "name": "Nine", "rates": [{"valid_from": "2020-01-01", "rate": "9"}]})).await;
        let b = branch(&admin, "Taxes").await;
        edit(&admin, &within(&url, &b), json!({"name": "Nine there"})).await;
        edit(&admin, &url, json!({"name": "Nine here"})).await;
        let open = open_conflicts(&clerk, &b).await;
        let take = json!({"kind": "tax_code", "id": open[0]["of"]["id"], "path": open[0]["path"], "choice": "theirs"});
        let at = format!("{API}/branches/{b}/resolutions");
        let why = clerk.post(&at, &take).await.expect(403).body;
        assert!(why.contains("right to"), "{why}");
        assert_eq!(open_conflicts(&admin, &b).await.len(), 1, "nothing was decided");
        admin.post(&at, &take).await.expect(200);
        merge(&admin, &b).await.unwrap();
        assert_eq!(get(&admin, &url).await["name"], "Nine there");
    }
}
