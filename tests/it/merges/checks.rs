//! A company's checks: told at every merge, and kept to if the company wants that.
use super::{API, branch, deletions::delete, line, made, merge, order, plan, review::policy};
use crate::{
    branches::{edit, get, within},
    harness::Program,
    stories,
};
use serde_json::{Value, json};

/// How many records each check does not like.
async fn failed(api: &Program, b: &str) -> Value {
    let checks = plan(api, b).await["checks"].clone();
    let each = checks.as_array().unwrap().iter();
    each.map(|c| (c["check"].as_str().unwrap().to_owned(), c["failed"].clone())).collect()
}

async fn press(api: &Program, b: &str) -> (u16, Value) {
    let agreed = plan(api, b).await["plan"].clone();
    let said = api.post(&format!("{API}/branches/{b}/merge"), &json!({ "plan": agreed })).await;
    (said.status.as_u16(), said.json())
}

stories! {
    async fn what_checks_do_not_like_is_told(app) {
        let (admin, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let url = order(&clerk).await;
        line(&clerk, &url, (0, json!({"unit_price": "100"}))).await;
        let gone = made(&clerk, "customers", json!({"number": "C-9", "name": "Nobody"})).await;
        let b = branch(&admin, "Sale").await;
        line(&admin, &within(&url, &b), (0, json!({"unit_price": "90", "discount": "12"}))).await;
        delete(&admin, &within(&gone, &b)).await;
        assert_eq!(failed(&admin, &b).await, json!({}), "a company that wants none has none");
        policy(app, &[("check_price_drop", "20"), ("check_discount", "12")]).await;
        assert_eq!(failed(&admin, &b).await, json!({"price_drop": 1, "discount": 0}), "79.20 of 100");
        policy(app, &[("check_price_drop", "21"), ("check_discount", "10"), ("check_deletions", "true")]).await;
        assert_eq!(failed(&admin, &b).await, json!({"price_drop": 0, "discount": 1, "deletions": 1}));
        // what is taken off the order as a whole counts, and so does a line that is made anew
        let whole = branch(&admin, "Whole").await;
        edit(&admin, &within(&url, &whole), json!({"discounts": [{"kind": "percent", "value": "25"}]})).await;
        assert_eq!(failed(&admin, &whole).await, json!({"price_drop": 1, "discount": 1, "deletions": 0}));
        let anew = branch(&admin, "Anew").await;
        let lines = json!([{"sku": "SKU-00001", "qty": "1", "unit_price": "5"}]);
        edit(&admin, &within(&url, &anew), json!({ "lines": lines })).await;
        assert_eq!(failed(&admin, &anew).await["price_drop"], 1);
        assert!(merge(&admin, &b).await.is_some(), "it is told, no more");
        let c = branch(&admin, "Later").await;
        edit(&admin, &within(&url, &c), json!({"customer_po": "1"})).await;
        let now = failed(&admin, &c).await;
        assert_eq!(now["discount"], 0, "what main has so already is no change");
    }

    async fn a_merge_waits_for_checks_that_bind(app) {
        let (admin, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let (cheap, other) = (order(&clerk).await, order(&clerk).await);
        line(&clerk, &cheap, (0, json!({"unit_price": "100"}))).await;
        policy(app, &[("check_price_drop", "20"), ("checks_bind", "true")]).await;
        let b = branch(&clerk, "Sale").await;
        line(&clerk, &within(&cheap, &b), (0, json!({"unit_price": "50"}))).await;
        edit(&clerk, &within(&other, &b), json!({"customer_po": "1"})).await;
        let (status, said) = press(&admin, &b).await;
        assert_eq!(status, 409);
        let why = said["detail"].as_str().unwrap();
        assert!(why.contains("No price goes down by more than 20 %"), "{why}");
        assert!(get(&admin, &cheap).await["lines"][0]["unit_price"] == "100");
        let mut actor = app.actor("admin", "alpha").await;
        let page = actor.get(&format!("/alpha/main/branches/{b}/plan")).await.expect(200);
        assert!(page.body.contains("Does not pass") && page.body.contains("A check does not pass"));
        // the rest of the branch is no matter of it
        let whole = plan(&admin, &b).await;
        let only = whole["items"].as_array().unwrap().iter();
        let only = only.map(|r| r["id"].as_str().unwrap()).find(|id| other.ends_with(id)).unwrap();
        let part = format!("{API}/branches/{b}/plan?only=order:{only}");
        assert_eq!(admin.get(&part).await.expect(200).json()["checks"][0]["failed"], 0);
        // bringing main in and taking a merge back are not asked
        line(&clerk, &within(&cheap, &b), (0, json!({"unit_price": "80"}))).await;
        let merged = merge(&admin, &b).await.unwrap();
        line(&clerk, &cheap, (1, json!({"unit_price": "1"}))).await;
        let revert = admin.get(&format!("{API}/commits/{merged}/revert")).await.expect(200).json();
        assert_eq!(revert["checks"], json!([]));
    }
}
