//! Kinds of records that on main only merges change.
use super::{API, branch, deletions::delete, made, merge, order, plan, revert, review::policy};
use crate::{
    branches::{edit, get, within},
    stories,
};
use serde_json::json;

const PROTECT: &[(&str, &str)] = &[("protect_products", "true"), ("protect_orders", "true")];

stories! {
    async fn only_merges_change_what_is_protected(app) {
        let (admin, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let url = made(&clerk, "products", json!({"sku": "P-1", "name": "A"})).await;
        let sold = order(&clerk).await;
        policy(app, PROTECT).await;
        let version = get(&admin, &url).await["version"].clone();
        let own = json!({"version": version, "name": "B"});
        let why = admin.patch(&format!("/api/v1{url}"), &own).await.expect(422).body;
        assert!(why.contains("Products are changed on branches only"), "{why}");
        admin.post(&format!("{API}/products"), &json!({"sku": "P-2", "name": "C"})).await.expect(422);
        admin.post(&format!("/api/v1{url}/deletion"), &json!({"version": version})).await.expect(409);
        let seen = get(&admin, &sold).await["version"].clone();
        admin.post(&format!("/api/v1{sold}/confirmation"), &json!({"version": seen})).await.expect(409);
        edit(&admin, &made(&clerk, "customers", json!({"number": "C-9", "name": "N"})).await, json!({"name": "M"})).await;
        // a branch takes all of it, and the merge brings it to main
        let b = branch(&clerk, "Way in").await;
        edit(&clerk, &within(&url, &b), json!({"name": "B"})).await;
        let made_there = json!({"sku": "P-3", "name": "D"});
        clerk.post(&format!("/api/v1/alpha/{b}/products"), &made_there).await.expect(201);
        delete(&clerk, &within(&sold, &b)).await;
        let merged = merge(&admin, &b).await.unwrap();
        assert_eq!(get(&admin, &url).await["name"], "B");
        assert!(revert(&admin, merged).await.is_some(), "and a merge can be taken back");
        assert_eq!(get(&admin, &url).await["name"], "A");
    }

    async fn pages_lead_to_a_branch_where_main_is_protected(app) {
        let clerk = app.program_of("clerk", "alpha").await;
        let (url, sold) = (made(&clerk, "products", json!({"sku": "P-1", "name": "A"})).await, order(&clerk).await);
        let mut actor = app.actor("clerk", "alpha").await;
        let form = actor.get("/alpha/main/products/new").await.expect(200).form("#record-form");
        policy(app, PROTECT).await;
        for page in ["/alpha/main/products", "/alpha/main/orders", url.as_str(), sold.as_str()] {
            let seen = actor.get(page).await.expect(200);
            for gone in ["a[href$='/main/products/new']", "a[href$='/main/orders/new']", "a[href$='/edit']:not([href*='to='])", "[popovertarget=delete]", "form[action$='/confirmation']"] {
                assert!(seen.attrs(gone, "class").is_empty(), "{page}: {gone}");
            }
            let way = seen.attrs("a[href*='/branches/new?to=/']", "href");
            assert!(!way.is_empty(), "{page} leads nowhere");
            let open = actor.submit(&way[0], "#branch-form", &[("name", page)]).await.expect(303);
            actor.get(open.header("location")).await.expect(200);
        }
        policy(app, &[("protect_tax_codes", "true")]).await;
        let codes = actor.get("/alpha/main/tax-codes").await.expect(200);
        assert!(codes.attrs("a[href*='?to=']", "href").is_empty(), "no clerk edits them anywhere");
        // a form that was open meanwhile keeps what was typed
        let typed: Vec<(String, String)> = form
            .into_iter()
            .map(|(n, v)| match n.as_str() { "sku" | "name" => (n, "Typed".into()), _ => (n, v) })
            .collect();
        let again = actor.post("/alpha/main/products", &typed).await.expect(422);
        assert!(again.body.contains("Products are changed on branches only"));
        assert_eq!(again.attrs("[name=sku]", "value"), ["Typed"]);
        let b = branch(&clerk, "There").await;
        let there = actor.get(&within(&url, &b)).await.expect(200);
        assert!(!there.attrs("a[href$='/edit']", "href").is_empty(), "a branch is not protected");
        assert_eq!(plan(&clerk, &b).await["changed"], 0);
    }
}
