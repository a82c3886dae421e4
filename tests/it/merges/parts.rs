//! Some records of a branch merged by themselves, and merges that are taken back from a branch that is
//! open still.
use super::{
    API, branch, conflicts, decide, made, made_in, merge, merge_open, order, plan, revert,
    review::policy, sync,
};
use crate::{
    branches::{edit, get, within},
    harness::Program,
    stories,
};
use serde_json::{Value, json};

fn key(kind: &str, url: &str) -> String {
    format!("{kind}:{}", url.rsplit('/').next().unwrap())
}

async fn part(api: &Program, b: &str, keys: &[String]) -> Value {
    let path = format!("{API}/branches/{b}/plan?only={}", keys.join(","));
    api.get(&path).await.expect(200).json()
}

async fn merge_part(api: &Program, b: &str, keys: &[String]) -> i64 {
    let agreed = part(api, b, keys).await["plan"].clone();
    let body = json!({"plan": agreed, "only": keys});
    let done = api.post(&format!("{API}/branches/{b}/merge"), &body).await.expect(200).json();
    // a second press is the first one
    let again = api.post(&format!("{API}/branches/{b}/merge"), &body).await.expect(200).json();
    assert_eq!(done, again);
    done["commit"].as_i64().unwrap()
}

/// Two orders, and a branch that changes both.
async fn two_changed(api: &Program) -> (String, String, String) {
    let (one, two) = (order(api).await, order(api).await);
    let b = branch(api, "Try").await;
    edit(api, &within(&one, &b), json!({"contact": "Branch"})).await;
    edit(api, &within(&two, &b), json!({"contact": "Branch too"})).await;
    (one, two, b)
}

stories! {
    async fn c63_a_chosen_order_brings_its_new_customer_along(app) {
        let api = app.program("alpha");
        let (old, product) = (order(&api).await, made(&api, "products", json!({"sku": "P-1", "name": "Thing", "unit_price": "1"})).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&product, &b), json!({"unit_price": "2"})).await;
        edit(&api, &within(&old, &b), json!({"contact": "Old"})).await;
        let customer = made_in(&api, (&b, "customers"), json!({"number": "C-NEW", "name": "New customer", "currency": "GBP"})).await;
        made_in(&api, (&b, "customers"), json!({"number": "C-TOO", "name": "New too", "currency": "GBP"})).await;
        let new = made_in(&api, (&b, "orders"), json!({"customer": "C-NEW", "lines": [{"sku": "SKU-00001", "qty": "2"}]})).await;
        let chosen = [key("order", &new)];
        let found = part(&api, &b, &chosen).await;
        assert_eq!((&found["created"], &found["changed"]), (&json!(2), &json!(0)));
        assert_ne!(found["plan"], plan(&api, &b).await["plan"]);
        merge_part(&api, &b, &chosen).await;
        let main = |url: &str| url.replace(&format!("/{b}/"), "/main/");
        assert_eq!(get(&api, &main(&new)).await["customer_name"], "New customer");
        assert_eq!(get(&api, &main(&customer)).await["number"], "C-NEW");
        assert_eq!((&get(&api, &old).await["contact"], &get(&api, &product).await["unit_price"]), (&Value::Null, &json!("1")));
        // the branch shows what it showed, and the rest is what it has to merge
        assert_eq!(get(&api, &within(&old, &b)).await["contact"], "Old");
        assert_eq!(get(&api, &new).await["customer_name"], "New customer");
        let rest = plan(&api, &b).await;
        assert_eq!((&rest["created"], &rest["changed"], &rest["conflicts"]), (&json!(1), &json!(2), &json!(0)));
        merge(&api, &b).await.unwrap();
        assert_eq!((&get(&api, &old).await["contact"], &get(&api, &product).await["unit_price"]), (&json!("Old"), &json!("2")));
        let found = api.get(&format!("{API}/customers?q=C-TOO")).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1);
    }

    async fn a_part_brings_nothing_that_the_branch_does_not_have(app) {
        let api = app.program("alpha");
        let (old, other) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&old, &b), json!({"contact": "Old"})).await;
        edit(&api, &within(&other, &b), json!({"contact": "Other"})).await;
        made(&api, "customers", json!({"number": "C-LATE", "name": "Late", "currency": "GBP"})).await;
        edit(&api, &old, json!({"customer": "C-LATE"})).await;
        let chosen = [key("order", &old)];
        let found = part(&api, &b, &chosen).await;
        let clash = &conflicts(&found)[0];
        assert_eq!((&clash["kind"], &clash["choices"]), (&json!("dangling"), &json!(["ours"])));
        assert!(clash["why"].as_str().unwrap().contains("up to date first"), "{clash}");
        // neither the whole nor another record is held up
        assert_eq!(plan(&api, &b).await["conflicts"], 0);
        merge_part(&api, &b, &[key("order", &other)]).await;
        sync(&api, &b).await.unwrap();
        merge_part(&api, &b, &chosen).await;
        let now = get(&api, &old).await;
        assert_eq!((&now["contact"], &now["customer_name"]), (&json!("Old"), &json!("Late")));
        // it can be left out
        edit(&api, &within(&old, &b), json!({"contact": "Older"})).await;
        made(&api, "customers", json!({"number": "C-LATER", "name": "Later", "currency": "GBP"})).await;
        edit(&api, &old, json!({"customer": "C-LATER"})).await;
        let found = part(&api, &b, &chosen).await;
        let clash = &conflicts(&found)[0];
        let body = json!({"kind": "order", "id": old.rsplit('/').next(), "path": clash["path"], "choice": "ours", "only": chosen});
        api.post(&format!("{API}/branches/{b}/resolutions"), &body).await.expect(200);
        let found = part(&api, &b, &chosen).await;
        assert_eq!((&found["conflicts"], &found["changed"]), (&json!(0), &json!(0)), "{found}");
    }

    async fn a_part_that_comes_back_names_nothing_that_the_branch_does_not_have(app) {
        let api = app.program("alpha");
        let (one, _, b) = two_changed(&api).await;
        let merged = merge_part(&api, &b, &[key("order", &one)]).await;
        made(&api, "customers", json!({"number": "C-LATE", "name": "Late", "currency": "GBP"})).await;
        edit(&api, &one, json!({"customer": "C-LATE"})).await;
        let told = api.get(&format!("{API}/commits/{merged}/revert")).await.expect(200).json();
        let clash = &conflicts(&told)[0];
        assert_eq!(clash["kind"], "dangling");
        assert!(clash["why"].as_str().unwrap().contains("up to date first"), "{clash}");
        sync(&api, &b).await.unwrap();
        revert(&api, merged).await.unwrap();
        let (main, own) = (get(&api, &one).await, get(&api, &within(&one, &b)).await);
        assert_eq!((&main["contact"], &own["contact"]), (&Value::Null, &json!("Branch")));
        assert_eq!((&main["customer_name"], &own["customer_name"]), (&json!("Late"), &json!("Late")));
    }

    async fn what_was_merged_by_itself_is_told_against_main_from_then_on(app) {
        let api = app.program("alpha");
        let (one, two) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&one, &b), json!({"contact": "Branch", "customer_po": "PO-1"})).await;
        edit(&api, &within(&two, &b), json!({"contact": "Branch too"})).await;
        edit(&api, &one, json!({"contact": "Main", "customer_note": "from main"})).await;
        let chosen = [key("order", &one)];
        let found = part(&api, &b, &chosen).await;
        let found = conflicts(&found);
        assert_eq!(found.len(), 1);
        decide(&api, &b, &found[0], "ours", "").await;
        merge_part(&api, &b, &chosen).await;
        // the branch has it as main has it
        let (main, own) = (get(&api, &one).await, get(&api, &within(&one, &b)).await);
        for name in ["contact", "customer_po", "customer_note"] {
            assert_eq!(main[name], own[name], "{name}");
        }
        assert_eq!(main["contact"], "Main");
        // main goes on, the branch goes on elsewhere: no conflict, and nothing old comes back
        edit(&api, &one, json!({"contact": "Main again"})).await;
        edit(&api, &within(&one, &b), json!({"customer_po": "PO-2"})).await;
        let rest = plan(&api, &b).await;
        assert_eq!((&rest["changed"], &rest["conflicts"]), (&json!(2), &json!(0)), "{rest}");
        sync(&api, &b).await.unwrap();
        merge(&api, &b).await.unwrap();
        let now = get(&api, &one).await;
        assert_eq!((&now["contact"], &now["customer_po"]), (&json!("Main again"), &json!("PO-2")));
        assert_eq!(get(&api, &two).await["contact"], "Branch too");
    }

    async fn a_part_that_is_taken_back_can_be_merged_again(app) {
        let api = app.program("alpha");
        let (one, _, b) = two_changed(&api).await;
        let merged = merge_part(&api, &b, &[key("order", &one)]).await;
        edit(&api, &one, json!({"customer_po": "later"})).await;
        revert(&api, merged).await.unwrap();
        assert_eq!(get(&api, &one).await["contact"], Value::Null);
        let rest = plan(&api, &b).await;
        assert_eq!((&rest["changed"], &rest["conflicts"]), (&json!(2), &json!(0)), "{rest}");
        merge(&api, &b).await.unwrap();
        let now = get(&api, &one).await;
        assert_eq!((&now["contact"], &now["customer_po"]), (&json!("Branch"), &json!("later")));
    }

    async fn a_merge_of_a_branch_that_stayed_open_is_taken_back(app) {
        let api = app.program("alpha");
        let (one, two, gone) = (order(&api).await, order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        edit(&api, &within(&one, &b), json!({"contact": "Branch"})).await;
        edit(&api, &within(&two, &b), json!({"contact": "Branch too"})).await;
        let new = made_in(&api, (&b, "products"), json!({"sku": "P-1", "name": "Thing"})).await;
        let version = get(&api, &within(&gone, &b)).await["version"].clone();
        let deletion = format!("/api/v1{}/deletion", within(&gone, &b));
        api.post(&deletion, &json!({"version": version})).await.expect(204);
        let merged = merge_open(&api, &b).await;
        edit(&api, &within(&two, &b), json!({"contact": "Branch three", "customer_po": "PO"})).await;
        edit(&api, &one, json!({"customer_po": "main"})).await;
        revert(&api, merged).await.unwrap();
        assert_eq!(get(&api, &two).await["contact"], Value::Null);
        // the branch shows what it showed, with what main did since, and all of it can be merged again
        assert_eq!(get(&api, &within(&one, &b)).await["contact"], "Branch");
        assert_eq!(get(&api, &new).await["name"], "Thing");
        api.get(&format!("/api/v1{}", within(&gone, &b))).await.expect(404);
        let rest = plan(&api, &b).await;
        assert_eq!((&rest["created"], &rest["changed"], &rest["deleted"], &rest["conflicts"]), (&json!(1), &json!(2), &json!(1), &json!(0)), "{rest}");
        merge(&api, &b).await.unwrap();
        let (one, two) = (get(&api, &one).await, get(&api, &two).await);
        assert_eq!((&one["contact"], &one["customer_po"]), (&json!("Branch"), &json!("main")));
        assert_eq!((&two["contact"], &two["customer_po"]), (&json!("Branch three"), &json!("PO")));
        api.get(&format!("/api/v1{gone}")).await.expect(404);
    }

    async fn records_are_chosen_on_the_page(app) {
        let api = app.program("alpha");
        let (one, two) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        for url in [&one, &two] {
            edit(&api, &within(url, &b), json!({"contact": "Branch"})).await;
        }
        let mut admin = app.actor("admin", "alpha").await;
        let at = format!("/alpha/main/branches/{b}/plan");
        let page = admin.get(&at).await.expect(200);
        let (boxes, chosen) = (page.attrs("input[name=only][type=checkbox]", "value"), key("order", &two));
        assert!(boxes.len() == 2 && boxes.contains(&chosen), "{boxes:?}");
        let alone = format!("{at}?only={chosen}");
        let page = admin.get(&alone).await.expect(200);
        assert_eq!(page.texts("h1"), ["Merge a part of “Try” into main"]);
        assert!(page.attrs("input[name=keep_open]", "value").is_empty());
        let done = admin.submit(&alone, "form[action$='/merge']", &[]).await.expect(303);
        assert!(done.header("location").ends_with(&format!("/branches/{b}")), "{}", done.header("location"));
        assert_eq!(get(&api, &two).await["contact"], "Branch");
        assert_eq!(get(&api, &one).await["contact"], Value::Null);
        assert_eq!(api.get(&format!("{API}/branches/{b}")).await.json()["state"], "open");
    }

    async fn a_sync_brings_what_was_changed_and_changed_back(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        for contact in [json!("Branch"), Value::Null] {
            edit(&api, &within(&url, &b), json!({ "contact": contact })).await;
        }
        edit(&api, &url, json!({"contact": "Main"})).await;
        assert_eq!(plan(&api, &b).await["changed"], 0);
        sync(&api, &b).await.unwrap();
        assert_eq!(get(&api, &within(&url, &b)).await["contact"], "Main");
        assert_eq!(plan(&api, &b).await["changed"], 0);
    }

    async fn what_a_part_leaves_out_stays_on_the_branch(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        let thing = json!({"sku": "P-1", "name": "Branch"});
        let own = made_in(&api, (&b, "products"), thing.clone()).await;
        let url = order(&api).await;
        sync(&api, &b).await.unwrap();
        edit(&api, &within(&url, &b), json!({"contact": "Branch"})).await;
        made(&api, "products", thing).await;
        let chosen = [key("product", &own), key("order", &url)];
        let found = conflicts(&part(&api, &b, &chosen).await);
        assert_eq!(found.len(), 1);
        decide(&api, &b, &found[0], "ours", "").await;
        merge_part(&api, &b, &chosen).await;
        assert_eq!(get(&api, &url).await["contact"], "Branch");
        assert_eq!(get(&api, &own).await["name"], "Branch");
    }

    async fn a_part_of_a_large_merge_needs_what_that_needs(app) {
        let api = app.program("alpha");
        let (one, two) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Try").await;
        for url in [&one, &two] {
            edit(&api, &within(url, &b), json!({"contact": "Branch"})).await;
        }
        policy(app, &[("large_records", "2"), ("large_approvals", "1")]).await;
        let chosen = [key("order", &one)];
        let found = part(&api, &b, &chosen).await;
        assert_eq!((&found["changed"], &found["review"]["needed"]), (&json!(1), &json!(1)));
        let body = json!({"plan": found["plan"], "only": chosen});
        api.post(&format!("{API}/branches/{b}/merge"), &body).await.expect(409);
    }

    async fn chosen_records_are_named_rightly(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        for wrong in ["order", "order:1", "thing:0198f3a0-0000-7000-8000-000000000000"] {
            api.get(&format!("{API}/branches/{b}/plan?only={wrong}")).await.expect(422);
        }
        let unknown = "order:0198f3a0-0000-7000-8000-000000000000".to_owned();
        assert_eq!(part(&api, &b, &[unknown]).await["changed"], 0);
    }

    async fn a_part_that_is_named_oddly_is_never_the_whole(app) {
        let api = app.program("alpha");
        let urls = [order(&api).await, order(&api).await];
        let b = branch(&api, "Try").await;
        for url in &urls {
            edit(&api, &within(url, &b), json!({"contact": "X"})).await;
        }
        let at = format!("{API}/branches/{b}");
        let chosen = key("order", &urls[0]);
        let whole = plan(&api, &b).await["plan"].clone();
        let refused = [
            ("only", json!({"plan": whole, "only": {"order": chosen}})), ("only", json!({"plan": whole, "only": [7]})),
            ("onyl", json!({"plan": whole, "onyl": [chosen]})), ("keep_open", json!({"plan": whole, "keep_open": "perhaps"})),
        ];
        for (field, body) in &refused {
            let said = api.post(&format!("{at}/merge"), body).await.expect(422).json();
            assert!(said["fields"][field].is_string(), "{said}");
        }
        api.post(&format!("{at}/approval"), &refused[2].1).await.expect(422);
        api.post(&format!("{at}/sync"), &json!({"plan": whole, "only": [chosen]})).await.expect(422);
        let all = json!({"all": "field", "choice": "ours", "for": "bogus"});
        api.post(&format!("{at}/resolutions"), &all).await.expect(422);
        // as texts they say the same
        let agreed = part(&api, &b, std::slice::from_ref(&chosen)).await["plan"].clone();
        let body = json!({"plan": agreed, "only": chosen, "keep_open": "true"});
        api.post(&format!("{at}/merge"), &body).await.expect(200);
        assert_eq!((&get(&api, &urls[0]).await["contact"], &get(&api, &urls[1]).await["contact"]), (&json!("X"), &Value::Null));
        assert_eq!(api.get(&at).await.json()["state"], "open");
        // and a filter that there is not is not all records
        let many = json!({"do": "tag", "value": "t"});
        api.post(&format!("{API}/products/batch?bogus=1"), &many).await.expect(422);
    }
}
