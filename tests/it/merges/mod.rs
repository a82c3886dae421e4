//! Worlds brought together: every scenario carries the number that the semantics give it.
mod batches;
mod checks;
mod compaction;
mod deletions;
mod discussion;
mod elsewhere;
mod events;
mod failures;
mod fields;
mod hidden;
mod history;
mod imports;
mod life;
mod operation;
mod parts;
mod protected;
mod records;
mod review;

use crate::{
    branches::{all, edit, get, within},
    harness::{Answer, Program, TestApp},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub const API: &str = "/api/v1/alpha/main";

/// A draft order of two lines on main.
pub async fn order(api: &Program) -> String {
    made(api, "orders", json!({"customer": "C-00001", "customer_note": "one\ntwo\nthree\nfour\nfive", "tags": ["a", "b"], "lines": [
        {"sku": "SKU-00001", "qty": "5"}, {"sku": "SKU-00002", "qty": "2"},
    ]})).await
}

/// A record made on main, or in the world that the list is of.
pub async fn made(api: &Program, list: &str, body: Value) -> String {
    made_in(api, ("main", list), body).await
}

pub async fn made_in(api: &Program, (world, list): (&str, &str), body: Value) -> String {
    let made = api.post(&format!("/api/v1/alpha/{world}/{list}"), &body).await.expect(201).json();
    format!("/alpha/{world}/{list}/{}", made["id"].as_str().unwrap())
}

/// A new branch of the company.
pub async fn branch(api: &Program, name: &str) -> String {
    let body = json!({"name": name, "visibility": "company"});
    let made = api.post(&format!("{API}/branches"), &body).await.expect(201).json();
    made["slug"].as_str().unwrap().to_owned()
}

/// Changes one line of an order.
pub async fn line(api: &Program, url: &str, (n, fields): (usize, Value)) {
    let now = get(api, url).await;
    let mut lines: Vec<Value> =
        now["lines"].as_array().unwrap().iter().map(|l| json!({"id": l["id"]})).collect();
    for (name, value) in fields.as_object().unwrap() {
        lines[n][name] = value.clone();
    }
    edit(api, url, json!({ "lines": lines })).await;
}

/// Takes one line out.
pub async fn without(api: &Program, url: &str, n: usize) {
    let now = get(api, url).await;
    let mut lines: Vec<Value> =
        now["lines"].as_array().unwrap().iter().map(|l| json!({"id": l["id"]})).collect();
    lines.remove(n);
    edit(api, url, json!({ "lines": lines })).await;
}

/// Adds a line at the end.
pub async fn with(api: &Program, url: &str, sku: &str) {
    let now = get(api, url).await;
    let mut lines: Vec<Value> =
        now["lines"].as_array().unwrap().iter().map(|l| json!({"id": l["id"]})).collect();
    lines.push(json!({"sku": sku, "qty": "1"}));
    edit(api, url, json!({ "lines": lines })).await;
}

pub async fn command(api: &Program, url: &str, word: &str) {
    let version = get(api, url).await["version"].clone();
    let body = json!({"version": version, "reason": "because"});
    api.post(&format!("/api/v1{url}/{word}"), &body).await.expect(200);
}

pub async fn plan(api: &Program, b: &str) -> Value {
    api.get(&format!("{API}/branches/{b}/plan")).await.expect(200).json()
}

/// The open conflicts of a plan, with the records that they are of.
pub fn conflicts(plan: &Value) -> Vec<Value> {
    let mut out = vec![];
    for item in plan["items"].as_array().unwrap() {
        for conflict in item["conflicts"].as_array().unwrap() {
            let mut one = conflict.clone();
            one["of"] = json!({"kind": item["kind"], "id": item["id"]});
            out.push(one);
        }
    }
    out
}

pub async fn open_conflicts(api: &Program, b: &str) -> Vec<Value> {
    let found =
        api.get(&format!("{API}/branches/{b}/plan?show=conflicts")).await.expect(200).json();
    conflicts(&found).into_iter().filter(|c| c["decided"].is_null()).collect()
}

pub fn kinds(conflicts: &[Value]) -> Vec<&str> {
    conflicts.iter().map(|c| c["kind"].as_str().unwrap()).collect()
}

/// Decides a conflict of a branch.
pub async fn decide(api: &Program, b: &str, conflict: &Value, choice: &str, value: &str) {
    let body = json!({
        "kind": conflict["of"]["kind"], "id": conflict["of"]["id"], "path": conflict["path"],
        "choice": choice, "value": value,
    });
    api.post(&format!("{API}/branches/{b}/resolutions"), &body).await.expect(200);
}

/// Merges what the plan says now. The commit, if there was one.
pub async fn merge(api: &Program, b: &str) -> Option<i64> {
    let agreed = plan(api, b).await["plan"].clone();
    let done = api.post(&format!("{API}/branches/{b}/merge"), &json!({ "plan": agreed })).await;
    done.expect(200).json()["commit"].as_i64()
}

/// Merges a branch, which stays open.
pub async fn merge_open(api: &Program, b: &str) -> i64 {
    let body = json!({"plan": plan(api, b).await["plan"], "keep_open": true});
    let done = api.post(&format!("{API}/branches/{b}/merge"), &body).await.expect(200).json();
    done["commit"].as_i64().unwrap()
}

pub async fn sync(api: &Program, b: &str) -> Option<i64> {
    let path = format!("{API}/branches/{b}");
    let agreed = api.get(&format!("{path}/plan?for=sync")).await.expect(200).json()["plan"].clone();
    let done = api.post(&format!("{path}/sync"), &json!({ "plan": agreed })).await;
    done.expect(200).json()["commit"].as_i64()
}

/// Merges a branch of a company, or brings it up to date, by name.
pub async fn bring(api: &Program, (company, slug): (&str, &str), what: &str) -> Answer {
    let at = format!("/api/v1/{company}/main/branches/{slug}");
    carry_out(api, &at, (&format!("plan?for={what}"), what, "theirs"), json!({})).await
}

/// Carries out what is planned at a place: the first conflicts are decided as told, and for main where that
/// cannot be, or what comes up then.
pub async fn carry_out(
    api: &Program,
    at: &str,
    (plan, act, first): (&str, &str, &str),
    mut asked: Value,
) -> Answer {
    let plan = format!("{at}/{plan}");
    for choice in [first, "ours", "ours", "ours"] {
        let told = api.get(&format!("{plan}&show=conflicts")).await.expect(200).json();
        let mut open = conflicts(&told);
        open.retain(|c| c["decided"].is_null());
        for kind in BTreeSet::from_iter(kinds(&open)) {
            let mut body = json!({"all": kind, "choice": choice});
            if act == "sync" {
                body["for"] = json!(act);
            }
            api.post(&format!("{at}/resolutions"), &body).await;
        }
    }
    asked["plan"] = api.get(&plan).await.expect(200).json()["plan"].clone();
    api.post(&format!("{at}/{act}"), &asked).await
}

/// Gives the branch's record another code in its one conflict, then brings it up to date.
pub async fn sync_but(api: &Program, b: &str, code: &str) {
    let conflict = open_conflicts(api, b).await.remove(0);
    decide(api, b, &conflict, "value", code).await;
    sync(api, b).await.unwrap();
}

pub async fn revert(api: &Program, seq: i64) -> Option<i64> {
    let path = format!("{API}/commits/{seq}/revert");
    let agreed = api.get(&path).await.expect(200).json()["plan"].clone();
    api.post(&path, &json!({ "plan": agreed })).await.expect(200).json()["commit"].as_i64()
}

/// An order, a branch, and a change on each side.
pub async fn both(api: &Program, main: Value, theirs: Value) -> (String, String) {
    let url = order(api).await;
    let b = branch(api, "Try").await;
    edit(api, &url, main).await;
    edit(api, &within(&url, &b), theirs).await;
    (url, b)
}

pub const LISTS: [&str; 4] = ["orders", "customers", "products", "tax-codes"];

/// Every record that a world's lists show.
pub async fn state(api: &Program, world: &str) -> Vec<Vec<Value>> {
    let mut out = vec![];
    for list in LISTS {
        out.push(all(api, world, list).await);
    }
    out
}

/// A body without what says when and by which commit.
pub fn bare(mut value: Value) -> Value {
    value.as_object_mut().unwrap().remove("version");
    value
}

pub async fn body(api: &Program, url: &str) -> Value {
    bare(get(api, url).await)
}

pub async fn commits(app: &TestApp) -> i64 {
    app.digest("alpha").await.split(':').next().unwrap().parse().unwrap()
}
