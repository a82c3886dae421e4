//! Records that one side deleted, and records that name them.
use super::{
    API, body, branch, command, conflicts, decide, kinds, made, made_in, merge, merge_open,
    open_conflicts, order, plan, revert, sync,
};
use crate::{
    branches::{edit, get, within},
    harness::{Actor, Program, changed},
    stories,
};
use serde_json::{Value, json};

pub async fn delete(api: &Program, url: &str) {
    let version = get(api, url).await["version"].clone();
    let body = json!({ "version": version });
    api.post(&format!("/api/v1{url}/deletion"), &body).await.expect(204);
}

async fn is_there(api: &Program, url: &str) -> bool {
    match api.get(&format!("/api/v1{url}")).await.status.as_u16() {
        200 => true,
        404 => false,
        other => panic!("{url}: {other}"),
    }
}

async fn customer(api: &Program, number: &str) -> String {
    made(api, "customers", json!({"number": number, "name": number, "currency": "GBP"})).await
}

async fn of_customer(api: &Program, (world, number): (&str, &str)) -> String {
    let lines = json!([{"sku": "SKU-00001", "qty": "1"}]);
    made_in(api, (world, "orders"), json!({"customer": number, "lines": lines})).await
}

async fn listed(api: &Program, world: &str) -> usize {
    let found = api.get(&format!("/api/v1/alpha/{world}/customers?q=K-1")).await.expect(200).json();
    found["items"].as_array().unwrap().len()
}

/// A customer, the same on a branch, and both deleted and changed as told.
async fn both(api: &Program, ours: Option<Value>, theirs: Option<Value>) -> (String, String) {
    let url = customer(api, "K-1").await;
    let b = branch(api, "B").await;
    for (url, change) in [(url.clone(), ours), (within(&url, &b), theirs)] {
        match change {
            Some(fields) => edit(api, &url, fields).await,
            None => delete(api, &url).await,
        }
    }
    (url, b)
}

stories! {
    async fn c04_what_a_branch_deletes_is_gone_there_alone(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        delete(&api, &within(&url, &b)).await;
        assert_eq!((listed(&api, &b).await, listed(&api, "main").await), (0, 1));
        assert!(!is_there(&api, &within(&url, &b)).await && is_there(&api, &url).await);
        assert_eq!(plan(&api, &b).await["deleted"], 1);
        merge(&api, &b).await.unwrap();
        assert!(!is_there(&api, &url).await);
        assert_eq!(listed(&api, "main").await, 0);
    }

    async fn c41_changed_here_and_deleted_on_main(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, None, Some(json!({"email": "k@example.com"}))).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["deleted-in-main"]);
        decide(&api, &b, &found[0], "theirs", "").await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["email"], &now["number"]), (&json!("k@example.com"), &json!("K-1")));
    }

    async fn c42_deleted_here_and_changed_on_main(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, Some(json!({"email": "k@example.com"})), None).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["deleted-in-branch"]);
        let before = get(&api, &url).await;
        decide(&api, &b, &found[0], "ours", "").await;
        assert_eq!(merge(&api, &b).await, None, "main is as it was");
        assert_eq!(get(&api, &url).await, before);
    }

    async fn an_order_that_main_has_numbered_is_not_deleted_by_a_merge(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        delete(&api, &within(&url, &b)).await;
        let seq = get(&api, &url).await["version"].as_i64().unwrap();
        command(&api, &url, "confirmation").await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["deleted-in-branch"]);
        assert_eq!(found[0]["choices"], json!(["ours"]), "{found:?}");
        let body = json!({"kind": "order", "id": found[0]["of"]["id"], "path": found[0]["path"], "choice": "theirs"});
        api.post(&format!("{API}/branches/{b}/resolutions"), &body).await.expect(409);
        let all = json!({"all": "deleted-in-branch", "choice": "theirs"});
        api.post(&format!("{API}/branches/{b}/resolutions"), &all).await;
        assert_eq!(open_conflicts(&api, &b).await.len(), 1);
        decide(&api, &b, &found[0], "ours", "").await;
        merge(&api, &b).await;
        assert_eq!(get(&api, &url).await["state"], "confirmed");
        // its making cannot be taken back either; one that nobody changed since goes, and its number stays used
        let revert = api.get(&format!("{API}/commits/{seq}/revert?show=conflicts")).await.expect(200).json();
        assert_eq!(conflicts(&revert)[0]["choices"], json!(["ours"]));
    }

    async fn c43_deleted_on_both_sides(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, None, None).await;
        assert!(open_conflicts(&api, &b).await.is_empty());
        assert_eq!(merge(&api, &b).await, None);
        assert!(!is_there(&api, &url).await);
    }

    async fn c49_an_order_of_a_customer_that_main_deleted(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        let order = of_customer(&api, (&b, "K-1")).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["dangling"]);
        // left out, the order is no change of main
        decide(&api, &b, &found[0], "ours", "").await;
        assert_eq!(plan(&api, &b).await["created"], 0);
        // the other answer
        decide(&api, &b, &found[0], "theirs", "").await;
        assert_eq!(plan(&api, &b).await["created"], 2, "the customer comes back with it");
        merge(&api, &b).await.unwrap();
        let main = order.replace(&format!("/{b}/"), "/main/");
        assert_eq!(get(&api, &main).await["customer"], get(&api, &url).await["id"]);
        assert_eq!(listed(&api, "main").await, 1, "with its old id, and found");
    }

    async fn c68_a_customer_that_a_sync_brings_back_is_there_and_comes_to_main(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        let order = of_customer(&api, (&b, "K-1")).await;
        let own = within(&url, &b);
        let before = body(&api, &own).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        decide(&api, &b, &found[0], "theirs", "").await;
        for again in [true, false] {
            sync(&api, &b).await.unwrap();
            assert_eq!(body(&api, &own).await, before, "the order names it still");
            assert_eq!(listed(&api, &b).await, 1);
            assert_eq!(plan(&api, &b).await["created"], 2);
            if again {
                api.post(&format!("{API}/branches/{b}/undoing"), &json!({})).await.expect(200);
                assert_eq!(body(&api, &own).await, before);
                let row = api.get(&format!("{API}/branches/{b}")).await.expect(200).json();
                assert_eq!(row["records"], 1, "the order alone is its own again: {row}");
            }
        }
        assert!(open_conflicts(&api, &b).await.is_empty());
        merge(&api, &b).await.unwrap();
        assert_eq!((body(&api, &url).await, listed(&api, "main").await), (before, 1));
        assert!(is_there(&api, &order.replace(&format!("/{b}/"), "/main/")).await);
    }

    async fn what_a_branch_made_and_a_sync_left_out_is_deleted_there(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        let order = of_customer(&api, (&b, "K-1")).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        decide(&api, &b, &found[0], "ours", "").await;
        sync(&api, &b).await.unwrap();
        assert!(!is_there(&api, &order).await);
        let gone = api.get(&format!("/api/v1/alpha/{b}/orders/deleted")).await.expect(200).json();
        assert_eq!(gone["items"][0]["id"].as_str(), order.rsplit('/').next());
        let row = api.get(&format!("{API}/branches/{b}")).await.expect(200).json();
        assert_eq!((&row["records"], merge(&api, &b).await), (&json!(0), None), "{row}");
    }

    async fn what_a_branch_made_and_deleted_stays_to_be_brought_back(app) {
        let api = app.program("alpha");
        let (url, b) = (customer(&api, "K-1").await, branch(&api, "B").await);
        let gone = async |world: &str| -> Vec<Value> {
            let at = format!("/api/v1/alpha/{world}/customers/deleted");
            api.get(&at).await.expect(200).json()["items"].as_array().unwrap().clone()
        };
        let own = made_in(&api, (&b, "customers"), json!({"number": "K-2", "name": "K-2", "currency": "GBP"})).await;
        delete(&api, &own).await;
        // on a branch that stays open after its merge, and on one that is open again
        edit(&api, &within(&url, &b), json!({"name": "first"})).await;
        merge_open(&api, &b).await;
        assert_eq!((gone(&b).await.len(), gone("main").await.len()), (1, 0));
        edit(&api, &within(&url, &b), json!({"name": "second"})).await;
        let seq = merge(&api, &b).await.unwrap();
        assert!(revert(&api, seq).await.is_some());
        let listed = gone(&b).await;
        assert_eq!((listed.len(), gone("main").await.len()), (1, 0));
        let back = format!("/api/v1{own}/restoration");
        api.post(&back, &json!({"as_of": listed[0]["as_of"]})).await.expect(200);
        assert!(is_there(&api, &own).await && gone(&b).await.is_empty());
        assert!(merge(&api, &b).await.is_some());
        assert!(is_there(&api, &own.replace(&format!("/{b}/"), "/main/")).await);
    }

    async fn what_main_did_not_take_is_deleted_where_the_branch_goes_on(app) {
        let api = app.program("alpha");
        let (url, product) = (customer(&api, "K-1").await, made(&api, "products", json!({"sku": "P-1", "name": "Thing"})).await);
        let b = branch(&api, "B").await;
        let order = of_customer(&api, (&b, "K-1")).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        decide(&api, &b, &found[0], "ours", "").await;
        let gone = async || -> Value {
            let at = format!("/api/v1/alpha/{b}/orders/deleted");
            api.get(&at).await.expect(200).json()["items"][0]["id"].clone()
        };
        // on a branch that is open again, and on one that stays open
        edit(&api, &within(&product, &b), json!({"name": "first"})).await;
        let seq = merge(&api, &b).await.unwrap();
        revert(&api, seq).await.unwrap();
        assert!(!is_there(&api, &order).await);
        assert_eq!(gone().await.as_str(), order.rsplit('/').next());
        let other = branch(&api, "B").await;
        edit(&api, &product, json!({"name": "main"})).await;
        edit(&api, &within(&product, &other), json!({"description": "second"})).await;
        sync(&api, &other).await.unwrap();
        merge_open(&api, &other).await;
        assert_eq!(get(&api, &within(&product, &other)).await["description"], "second");
        let undo = api.post(&format!("{API}/branches/{other}/undoing"), &json!({})).await;
        assert_eq!(undo.status.as_u16(), 409, "it goes on from the merge");
    }

    async fn c49_it_names_another_customer_instead(app) {
        let api = app.program("alpha");
        let (url, other) = (customer(&api, "K-1").await, customer(&api, "K-2").await);
        let b = branch(&api, "B").await;
        let order = of_customer(&api, (&b, "K-1")).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(found[0]["choices"], json!(["ours", "theirs", "value"]));
        assert_eq!(found[0]["why"], "It names the customer K-1 · K-1, which is not on main any more.");
        let page = format!("/alpha/main/branches/{b}/plan");
        let mut lead = app.actor("lead", "alpha").await;
        let typed = async |lead: &mut Actor, text: &str| {
            let shown = lead.get(&page).await.expect(200);
            assert_eq!(shown.texts("#c0 summary"), ["Name another one"]);
            let form = shown.form("#c0 form:last-of-type");
            let fields = changed(form, &[("value", text)]);
            lead.post(&shown.attrs("#c0 form:last-of-type", "action")[0], &fields).await
        };
        for nobody in ["", "K-1", "C-99999"] {
            let refused = typed(&mut lead, nobody).await.expect(422);
            assert_eq!(refused.attrs("#c0-v", "value"), [nobody], "what was typed stays");
            assert!(!refused.texts("#c0-e").is_empty());
        }
        typed(&mut lead, "k-2 · K-2").await.expect(303);
        let agreed = plan(&api, &b).await;
        assert_eq!((&agreed["created"], &agreed["conflicts"]), (&json!(1), &json!(0)));
        merge(&api, &b).await.unwrap();
        let now = get(&api, &order.replace(&format!("/{b}/"), "/main/")).await;
        assert_eq!(now["customer"], get(&api, &other).await["id"]);
        assert_eq!(now["customer_name"], "K-2", "the order has the copies of whom it names");
        assert!(!is_there(&api, &url).await);
    }

    async fn who_is_named_instead_is_looked_at_like_any_other(app) {
        let api = app.program("alpha");
        let (url, other) = (customer(&api, "K-1").await, customer(&api, "K-2").await);
        let b = branch(&api, "B").await;
        of_customer(&api, (&b, "K-1")).await;
        let own = made_in(&api, (&b, "customers"), json!({"number": "K-3", "name": "K-3", "currency": "GBP"})).await;
        edit(&api, &within(&other, &b), json!({"name": "Changed there"})).await;
        delete(&api, &url).await;
        let found = open_conflicts(&api, &b).await;
        let at = format!("{API}/branches/{b}/resolutions");
        let named = |who: &str| json!({"kind": "order", "id": found[0]["of"]["id"], "path": "customer#gone", "choice": "value", "value": who});
        // main does not have it so yet
        for who in ["K-2", "K-3", own.rsplit('/').next().unwrap()] {
            api.post(&at, &named(who)).await.expect(422);
        }
        edit(&api, &within(&other, &b), json!({"name": "K-2"})).await;
        api.post(&at, &named("K-2")).await.expect(200);
        let decided = api.get(&format!("{API}/branches/{b}/plan?show=conflicts")).await.expect(200).json();
        assert_eq!(decided["items"][0]["conflicts"][0]["why"], "It names K-2 · K-2 instead.");
        // gone in its turn, it is asked for again
        delete(&api, &other).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!((kinds(&found), found.len()), (vec!["dangling"], 1));
        assert_eq!(found[0]["why"], "It names the customer K-2 · K-2, which is not on main any more.");
        decide(&api, &b, &found[0], "ours", "").await;
        let found = open_conflicts(&api, &b).await;
        assert!(found[0]["why"].as_str().unwrap().contains("K-1"), "{found:?}");
        decide(&api, &b, &found[0], "ours", "").await;
        assert_eq!(plan(&api, &b).await["conflicts"], 0);
    }

    async fn c50_a_customer_that_main_has_an_order_of_meanwhile(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        delete(&api, &within(&url, &b)).await;
        of_customer(&api, ("main", "K-1")).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(kinds(&found), ["still-referenced"]);
        assert_eq!(found[0]["choices"], json!(["ours"]));
        decide(&api, &b, &found[0], "ours", "").await;
        assert_eq!(merge(&api, &b).await, None);
        assert!(is_there(&api, &url).await);
    }

    async fn an_order_that_names_it_since_the_plan_was_made_is_seen(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let b = branch(&api, "B").await;
        delete(&api, &within(&url, &b)).await;
        let agreed = plan(&api, &b).await;
        assert_eq!((&agreed["deleted"], &agreed["conflicts"]), (&json!(1), &json!(0)));
        of_customer(&api, ("main", "K-1")).await;
        assert_eq!(plan(&api, &b).await["conflicts"], 1);
        let body = json!({"plan": agreed["plan"]});
        api.post(&format!("{API}/branches/{b}/merge"), &body).await.expect(409);
        assert!(is_there(&api, &url).await);
    }

    async fn what_was_deleted_is_listed_and_can_be_restored(app) {
        let api = app.program("alpha");
        let (one, two) = (customer(&api, "K-1").await, customer(&api, "K-2").await);
        let listed = async |world: &str, more: &str| -> Vec<String> {
            let at = format!("/api/v1/alpha/{world}/customers/deleted{more}");
            let found = api.get(&at).await.expect(200).json();
            found["items"].as_array().unwrap().iter().map(|i| i["title"].as_str().unwrap().to_owned()).collect()
        };
        delete(&api, &one).await;
        let b = branch(&api, "B").await;
        delete(&api, &within(&two, &b)).await;
        assert_eq!(listed("main", "").await, ["K-1"]);
        assert_eq!(listed(&b, "").await, ["K-2", "K-1"]);
        assert_eq!(listed("main", "?to=2026-05-27").await, Vec::<String>::new());
        // a branch that makes it anew has it, main has not
        let as_of = api.get(&format!("{API}/customers/deleted")).await.json()["items"][0]["as_of"].clone();
        let back = format!("/api/v1{}/restoration", within(&one, &b));
        api.post(&back, &json!({"as_of": as_of})).await.expect(200);
        assert_eq!((listed(&b, "").await, listed("main", "").await), (vec!["K-2".to_owned()], vec!["K-1".to_owned()]));
        // one by one, and as it was before anything was deleted
        let page = api.get(&format!("/api/v1/alpha/{b}/customers/deleted?after=9999.{}", one.rsplit('/').next().unwrap())).await;
        assert_eq!(page.expect(200).json()["items"].as_array().unwrap().len(), 1);
        api.get(&format!("{API}/customers/deleted?after=x")).await.expect(422);
        assert_eq!(listed("main", &format!("?at={as_of}")).await, Vec::<String>::new());
        // people find the way back on the page
        let mut clerk = app.actor("clerk", "alpha").await;
        let page = clerk.get("/alpha/main/customers/deleted").await.expect(200);
        let ways = page.attrs("a[aria-label='Restore K-1']", "href");
        clerk.get(&ways[0]).await.expect(200);
        clerk.submit(&ways[0], "form[action$='/restoration']", &[]).await.expect(303);
        let page = clerk.get("/alpha/main/customers/deleted").await.expect(200);
        assert!(page.texts("main p").contains(&"Nothing was deleted.".to_owned()));
        let mut viewer = app.actor("viewer", "alpha").await;
        delete(&api, &two).await;
        assert!(viewer.get("/alpha/main/customers/deleted").await.expect(200).attrs("a[aria-label^=Restore]", "href").is_empty());
    }

    async fn what_others_name_is_not_deleted_but_in_its_own_world(app) {
        let api = app.program("alpha");
        let url = customer(&api, "K-1").await;
        let order = of_customer(&api, ("main", "K-1")).await;
        let b = branch(&api, "B").await;
        for world in ["main", &b] {
            let at = format!("/api/v1{}/deletion", within(&url, world));
            let said = api.post(&at, &json!({})).await.expect(409).json();
            assert!(said["detail"].as_str().unwrap().contains("names this customer"), "{said}");
        }
        // the branch takes its order off, so there nothing names it any more
        edit(&api, &within(&order, &b), json!({"customer": "C-00001"})).await;
        delete(&api, &within(&url, &b)).await;
        assert!(merge(&api, &b).await.is_some());
        assert!(!is_there(&api, &url).await);
        // products and tax codes as well
        for (kind, n) in [("products", "SKU-00001"), ("tax-codes", "")] {
            let list = api.get(&format!("{API}/{kind}?q={n}")).await.expect(200).json();
            let id = list["items"][0]["id"].as_str().unwrap();
            api.post(&format!("{API}/{kind}/{id}/deletion"), &json!({})).await.expect(409);
        }
        let free = made(&api, "products", json!({"sku": "FREE", "name": "Free"})).await;
        delete(&api, &free).await;
        made(&api, "products", json!({"sku": "FREE", "name": "Its code is free again"})).await;
    }
}
