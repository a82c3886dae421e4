//! Merges, syncs and reverts that break off at any statement leave nothing, and can be done again.
use super::{API, both, branch, commits, events, made, made_in, merge, order};
use crate::{
    branches::{edit, get, within},
    harness::{Program, Statements, TestApp},
    stories,
};
use serde_json::{Value, json};
use std::time::Duration;
use tributary::service::merge::Acts;

/// Everything that a half-done act could have changed.
async fn all(app: &TestApp, api: &Program, b: &str) -> (String, Value, Value) {
    let branch = api.get(&format!("{API}/branches/{b}")).await.json();
    let orders = api.get(&format!("/api/v1/alpha/{b}/orders?size=100")).await.json();
    (app.digest("alpha").await, branch, orders)
}

/// Breaks a request off at each of its statements until it comes through. Returns how often it did.
async fn broken_off(app: &TestApp, b: &str, (path, body): (&str, &Value)) -> usize {
    let api = app.program("alpha");
    let before = all(app, &api, b).await;
    let from = commits(app).await.to_string();
    for n in 1.. {
        let said = Statements::broken_at(n).of(api.post(path, body)).await;
        if said.status == 200 {
            // a merge that is taken back opens its branch again, and one that stays open follows it
            let stays = !body["only"].is_null() || body["keep_open"] == true;
            let follows = path.ends_with("/revert") || stays;
            let made = if follows { 2 } else { 1 };
            let last: i64 = before.0.split(':').next().unwrap().parse().unwrap();
            assert_eq!(commits(app).await, last + made);
            // C86: programs are told once, of what main took in
            let told = events::since(&api, &from).await.0;
            let whole = told.iter().filter(|e| e["type"] == "changeset").count();
            assert_eq!(whole, usize::from(!path.ends_with("/sync")));
            return n - 1;
        }
        assert_eq!(events::since(&api, &from).await.0, [json!(null); 0], "nothing was done");
        assert_eq!(said.status, 500, "{}", said.body);
        assert_eq!(all(app, &api, b).await, before, "statement {n}");
    }
    unreachable!("it comes through once nothing breaks");
}

stories! {
    async fn c59_whatever_breaks_off_is_done_wholly_or_not_at_all(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1", "contact": "Bob"})).await;
        let gone = made(&api, "products", json!({"sku": "G-1", "name": "Gone"})).await;
        let swapped = made(&api, "products", json!({"sku": "S-1", "name": "Swapped"})).await;
        super::bring(&api, ("alpha", &b), "sync").await.expect(200);
        let of = |url: &str| url.replace("/main/", &format!("/{b}/"));
        api.post(&format!("/api/v1{}/deletion", of(&gone)), &json!({})).await.expect(204);
        edit(&api, &of(&swapped), json!({"sku": "S-2"})).await;
        made_in(&api, (&b, "products"), json!({"sku": "S-1", "name": "New"})).await;
        edit(&api, &url, json!({"promised_date": "2026-12-01"})).await;
        let confirmed = order(&api).await;
        let path = format!("{API}/branches/{b}");
        let agreed = |at: String| {
            let api = app.program("alpha");
            async move { json!({"plan": api.get(&at).await.expect(200).json()["plan"]}) }
        };
        let body = agreed(format!("{path}/plan?for=sync")).await;
        assert!(broken_off(app, &b, (&format!("{path}/sync"), &body)).await > 15);
        super::command(&api, &within(&confirmed, &b), "confirmation").await;
        let body = agreed(format!("{path}/plan")).await;
        assert!(broken_off(app, &b, (&format!("{path}/merge"), &body)).await > 30);
        assert_eq!(get(&api, &url).await["contact"], "Bob");
        let seq = api.get(&path).await.json()["merged"].as_i64().unwrap();
        let at = format!("{API}/commits/{seq}/revert");
        let body = agreed(at.clone()).await;
        assert!(broken_off(app, &b, (&at, &body)).await > 30);
        assert_eq!(get(&api, &url).await["contact"], "Ann");
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url).await["contact"], "Bob");
    }

    async fn c59_a_branch_that_stays_open_breaks_off_wholly_too(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Stays").await;
        edit(&api, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        let path = format!("{API}/branches/{b}");
        let body = json!({"plan": super::plan(&api, &b).await["plan"], "keep_open": true});
        assert!(broken_off(app, &b, (&format!("{path}/merge"), &body)).await > 20);
        assert_eq!(api.get(&path).await.json()["state"], "open");
    }

    async fn c59_a_part_and_its_return_break_off_wholly_too(app) {
        let api = app.program("alpha");
        let (url, other) = (order(&api).await, order(&api).await);
        let b = branch(&api, "Part").await;
        for url in [&url, &other] {
            edit(&api, &within(url, &b), json!({"customer_po": "PO-1"})).await;
        }
        edit(&api, &url, json!({"contact": "Main"})).await;
        let path = format!("{API}/branches/{b}");
        let only = format!("order:{}", url.rsplit('/').next().unwrap());
        let agreed = api.get(&format!("{path}/plan?only={only}")).await.expect(200).json()["plan"].clone();
        let body = json!({"plan": agreed, "only": [only]});
        assert!(broken_off(app, &b, (&format!("{path}/merge"), &body)).await > 20);
        let seq = api.get(&path).await.json()["merged"].as_i64().unwrap();
        let at = format!("{API}/commits/{seq}/revert");
        let body = json!({"plan": api.get(&at).await.expect(200).json()["plan"]});
        assert!(broken_off(app, &b, (&at, &body)).await > 20);
        merge(&api, &b).await.unwrap();
        assert_eq!((&get(&api, &url).await["customer_po"], &get(&api, &url).await["contact"]), (&json!("PO-1"), &json!("Main")));
    }

    async fn what_breaks_off_while_nobody_waits_does_not_go_on_for_ever(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Broken").await;
        edit(&api, &within(&url, &b), json!({"customer_po": "PO-1"})).await;
        let at = format!("{API}/branches/{b}/merge");
        let body = json!({"plan": super::plan(&api, &b).await["plan"]});
        app.app.kept.set(Acts::patient(Duration::ZERO));
        Statements::broken_at(20).of(api.post(&at, &body)).await.expect(202);
        let mut told = super::plan(&api, &b).await;
        for _ in 0..500 {
            if told["acting"]["goes_on"] != true {
                break;
            }
            told = super::plan(&api, &b).await;
        }
        assert!(told["acting"]["why"].as_str().is_some_and(|why| why.contains("our side")), "{}", told["acting"]);
        assert_eq!(get(&api, &url).await["customer_po"], Value::Null);
    }
}
