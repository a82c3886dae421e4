//! What programs are told of main, and that it is told once, and of main alone.
use super::{
    API, branch, command, commits, decide, made, merge, open_conflicts, order, plan, revert, sync,
};
use crate::{
    branches::{edit, get, within},
    harness::{Program, TestApp},
    stories,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// All events after one, page by page, and what to ask for next.
pub(super) async fn since(api: &Program, after: &str) -> (Vec<Value>, String) {
    let (mut all, mut next) = (vec![], after.to_owned());
    loop {
        let page = api.get(&format!("{API}/events?after={next}")).await.expect(200).json();
        let items = page["items"].as_array().unwrap();
        page["next"].as_str().unwrap().clone_into(&mut next);
        if items.is_empty() {
            return (all, next);
        }
        all.extend(items.iter().cloned());
    }
}

async fn now(app: &TestApp) -> String {
    commits(app).await.to_string()
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|e| e["type"].as_str().unwrap()).collect()
}

stories! {
    async fn c86_a_branch_tells_nothing_and_its_merge_each_record_once(app) {
        let api = app.program("alpha");
        let first = made(&api, "products", json!({"sku": "E-1", "name": "A"})).await;
        let second = made(&api, "products", json!({"sku": "E-2", "name": "B"})).await;
        let from = now(app).await;
        let b = branch(&api, "Quiet").await;
        for name in ["C", "D"] {
            edit(&api, &within(&first, &b), json!({"name": name})).await;
        }
        edit(&api, &within(&second, &b), json!({"name": "E"})).await;
        let new = api.post(&format!("/api/v1/alpha/{b}/products"), &json!({"sku": "E-3", "name": "F"})).await.expect(201).json();
        sync(&api, &b).await;
        assert_eq!(since(&api, &from).await, (vec![], from.clone()), "nothing of it is on main");
        let merged = merge(&api, &b).await.unwrap();
        let (told, next) = since(&api, &from).await;
        let mut kinds = types(&told);
        assert_eq!(kinds.pop(), Some("changeset"));
        kinds.sort_unstable();
        assert_eq!(kinds, ["product.changed", "product.changed", "product.created"]);
        let records: BTreeSet<&str> = told.iter().filter_map(|e| e["record"].as_str()).collect();
        assert_eq!(records.len(), 3, "each once");
        let of = |id: &str| told.iter().find(|e| e["record"] == id).unwrap().clone();
        let changed = of(first.rsplit('/').next().unwrap());
        assert_eq!([&changed["before"]["name"], &changed["after"]["name"], &changed["changed"]], [&json!("A"), &json!("D"), &json!(["name"])]);
        assert_eq!(of(new["id"].as_str().unwrap())["before"], Value::Null);
        let whole = told.last().unwrap();
        assert_eq!([&whole["cause"], &whole["records"], &whole["commit"]], [&json!("merge"), &json!(3), &json!(merged)]);
        // the same again for who asks again, and nothing twice for who goes on
        assert_eq!(since(&api, &from).await.0, told);
        assert_eq!(since(&api, &next).await, (vec![], next.clone()));
        for (at, event) in told.iter().enumerate() {
            assert_eq!(since(&api, event["id"].as_str().unwrap()).await.0, told[at + 1..]);
        }
        revert(&api, merged).await.unwrap();
        let back = since(&api, &next).await.0;
        assert!(types(&back).contains(&"product.deleted") && back.len() == 4, "{back:?}");
    }

    async fn what_is_refused_or_changes_nothing_is_no_event(app) {
        let api = app.program("alpha");
        let url = made(&api, "products", json!({"sku": "E-1", "name": "A"})).await;
        let b = branch(&api, "Late").await;
        edit(&api, &within(&url, &b), json!({"name": "B"})).await;
        let agreed = plan(&api, &b).await["plan"].clone();
        edit(&api, &url, json!({"name": "C"})).await;
        let from = now(app).await;
        api.post(&format!("{API}/branches/{b}/merge"), &json!({"plan": agreed})).await.expect(409);
        let seen = get(&api, &url).await;
        edit(&api, &url, json!({"name": "C", "version": seen["version"]})).await;
        assert_eq!(since(&api, &from).await.0, Vec::<Value>::new());
    }

    async fn c36_both_confirm_and_one_confirmation_is_told(app) {
        let (api, from) = (app.program("alpha"), now(app).await);
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        command(&api, &within(&url, &b), "confirmation").await;
        command(&api, &url, "confirmation").await;
        let number = get(&api, &url).await["number"].clone();
        merge(&api, &b).await;
        let told = since(&api, &from).await.0;
        let confirmed = |e: &&Value| e["changed"].as_array().is_some_and(|c| c.contains(&json!("state")));
        let confirmations: Vec<&Value> = told.iter().filter(confirmed).collect();
        assert_eq!(confirmations.len(), 1, "{told:#?}");
        assert_eq!(confirmations[0]["after"]["number"], number);
    }

    async fn c61_what_the_preview_says_is_what_is_told(app) {
        let api = app.program("alpha");
        let (gone, kept) = (made(&api, "products", json!({"sku": "E-1", "name": "A"})).await, order(&api).await);
        let b = branch(&api, "Try").await;
        let version = get(&api, &within(&gone, &b)).await["version"].clone();
        api.post(&format!("/api/v1{}/deletion", within(&gone, &b)), &json!({"version": version})).await.expect(204);
        edit(&api, &within(&kept, &b), json!({"contact": "Ann", "tags": ["x"]})).await;
        api.post(&format!("/api/v1/alpha/{b}/customers"), &json!({"number": "E-9", "name": "New"})).await.expect(201);
        edit(&api, &kept, json!({"contact": "Bob", "customer_po": "PO-1"})).await;
        let open = open_conflicts(&api, &b).await;
        decide(&api, &b, &open[0], "theirs", "").await;
        let (previewed, from) = (plan(&api, &b).await, now(app).await);
        merge(&api, &b).await.unwrap();
        let told = since(&api, &from).await.0;
        let mut expected: Vec<(String, String, Vec<String>)> = vec![];
        for item in previewed["items"].as_array().unwrap() {
            let kind = format!("{}.{}", item["kind"].as_str().unwrap(), item["effect"].as_str().unwrap());
            let paths = item["changes"].as_array().unwrap().iter().map(|c| c["path"].as_str().unwrap().to_owned());
            expected.push((kind, item["id"].as_str().unwrap().to_owned(), paths.collect()));
        }
        let mut happened: Vec<(String, String, Vec<String>)> = vec![];
        for event in told.iter().filter(|e| e["type"] != "changeset") {
            let paths = event["changed"].as_array().unwrap().iter().map(|p| p.as_str().unwrap().to_owned());
            happened.push((event["type"].as_str().unwrap().to_owned(), event["record"].as_str().unwrap().to_owned(), paths.collect()));
        }
        expected.sort();
        happened.sort();
        assert_eq!(happened, expected);
        assert_eq!(expected.len(), 3);
    }

    async fn events_are_asked_for_by_their_names(app) {
        let api = app.program("alpha");
        for wrong in ["x", "-3", "1-order", "1-thing-3"] {
            api.get(&format!("{API}/events?after={wrong}")).await.expect(422);
        }
        api.get(&format!("{API}/events?since=1")).await.expect(422);
        let page = api.get(&format!("{API}/events")).await.expect(200).json();
        assert_eq!(page["items"].as_array().unwrap().len(), 100, "a page at once");
        let all = since(&api, "").await.0;
        let ids: BTreeSet<&str> = all.iter().map(|e| e["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), all.len(), "each has a name of its own");
    }
}
