//! Branches that begin as others, and that are put away.
use super::{
    API, both, branch, decide, made_in, merge, open_conflicts, order, plan, review::policy,
};
use crate::{
    branches::{all, edit, get, within},
    harness::changed,
    stories,
};
use serde_json::{Value, json};
use tributary::service::branches;

stories! {
    async fn who_agreed_to_bring_a_branch_up_to_date_has_not_agreed_to_merge_it(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        made_in(&api, (&b, "products"), json!({"sku": "P-1", "name": "Thing"})).await;
        let agreed = api.get(&format!("{API}/branches/{b}/plan?for=sync")).await.json()["plan"].clone();
        api.post(&format!("{API}/branches/{b}/merge"), &json!({"plan": agreed})).await.expect(409);
        assert!(merge(&api, &b).await.is_some());
    }

    async fn a_sync_brings_main_as_it_is_when_somebody_agrees(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        made_in(&api, (&b, "products"), json!({"sku": "P-1", "name": "Thing"})).await;
        let at = format!("{API}/branches/{b}");
        let look = async || api.get(&format!("{at}/plan?for=sync")).await.expect(200).json()["plan"].clone();
        look().await;
        let late = order(&api).await;
        let agreed = look().await;
        let said = api.post(&format!("{at}/sync"), &json!({"plan": agreed})).await.expect(200).json();
        assert!(said["commit"].is_i64(), "{said}");
        get(&api, &within(&late, &b)).await;
    }

    async fn a_branch_that_closes_meanwhile_keeps_what_was_typed(app) {
        let (api, mut clerk) = (app.program("alpha"), app.actor("clerk", "alpha").await);
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let there = within(&url, &b);
        let (edit, new) = (format!("{there}/edit"), format!("/alpha/{b}/products/new"));
        let open = clerk.get(&edit).await.expect(200);
        let fields = changed(open.form("#order-form"), &[("customer_po", "typed for long")]);
        let made = changed(clerk.get(&new).await.form("#record-form"), &[("sku", "TYPED"), ("name", "Typed")]);
        assert!(clerk.get(&there).await.attrs("a.btn", "href").contains(&edit));
        api.post(&format!("{API}/branches/{b}/discarding"), &json!({})).await.expect(200);
        let kept = clerk.post(&there, &fields).await.expect(422);
        assert_eq!(kept.attrs("#f-customer_po", "value"), ["typed for long"]);
        assert!(kept.body.contains("This branch was put away. Reopen it to go on."));
        let kept = clerk.post(&format!("/alpha/{b}/products"), &made).await.expect(422);
        assert_eq!(kept.attrs("#f-sku", "value"), ["TYPED"]);
        let closed = clerk.get(&there).await.expect(200);
        assert!(!closed.attrs("a.btn", "href").contains(&edit), "nothing is offered that cannot be done");
        let list = clerk.get(&format!("/alpha/{b}/orders")).await.attrs("a.btn-primary", "href");
        assert_eq!(list, ["/alpha/main/branches/new?to=/orders/new"], "a new one is made in a branch of its own");
        api.post(&format!("{API}/branches/{b}/reopening"), &json!({})).await.expect(200);
        clerk.post(&there, &fields).await.expect(303);
    }

    async fn a_branch_that_nobody_changes_is_put_away(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        let busy = branch(&api, "Busy").await;
        let merged = branch(&api, "Done").await;
        edit(&api, &within(&url, &merged), json!({"warehouse": "W"})).await;
        merge(&api, &merged).await.unwrap();
        let day = 86_400;
        app.app.clock.advance(100 * day + 3600);
        edit(&api, &within(&url, &busy), json!({"warehouse": "W1"})).await;
        let mut lead = app.actor("lead", "alpha").await;
        let list = lead.get("/alpha/main/branches").await.expect(200).texts("tbody tr").join("\n");
        assert_eq!(list.matches("quiet for 100 days").count(), 1, "{list}");
        assert!(lead.get(&format!("/alpha/main/branches/{b}")).await.expect(200).body.contains("Nothing was changed here for 100 days"));
        assert_eq!(branches::sweep(&app.app).await.unwrap(), 0);
        app.app.clock.advance(80 * day);
        assert_eq!(branches::sweep(&app.app).await.unwrap(), 1);
        assert_eq!(branches::sweep(&app.app).await.unwrap(), 0);
        let state = |b: &str| { let path = format!("{API}/branches/{b}"); let api = api.clone(); async move { api.get(&path).await.expect(200).json()["state"].clone() } };
        assert_eq!((state(&b).await, state(&busy).await, state(&merged).await), (json!("discarded"), json!("open"), json!("merged")));
        // it is read still, and goes on once it is reopened
        assert_eq!(get(&api, &within(&url, &b)).await["customer_po"], "PO-1");
        api.post(&format!("{API}/branches/{b}/reopening"), &json!({})).await.expect(200);
        assert_eq!(branches::sweep(&app.app).await.unwrap(), 0);
        merge(&api, &b).await.unwrap();
    }

    async fn who_worked_on_a_branch_does_not_approve_its_copy(app) {
        policy(app, &[("approvals", "1")]).await;
        let (api, clerk) = (app.program_of("lead", "alpha").await, app.program_of("clerk", "alpha").await);
        let (url, b) = both(&api, json!({}), json!({"customer_po": "PO-1"})).await;
        let copy = clerk.post(&format!("{API}/branches"), &json!({"name": "Copy", "visibility": "company", "copy_of": b})).await.expect(201).json();
        let copy = copy["slug"].as_str().unwrap();
        let agreed = plan(&api, copy).await["plan"].clone();
        let refused = api.post(&format!("{API}/branches/{copy}/approval"), &json!({ "plan": agreed })).await.expect(409).body;
        assert!(refused.contains("You worked on this branch"), "{refused}");
        // nor is it told as the work of who opened the copy
        policy(app, &[("approvals", "0")]).await;
        merge(&app.program("alpha"), copy).await.unwrap();
        let told = api.get(&format!("/api/v1{url}/history")).await.expect(200).json();
        let origin = told["origins"].as_array().unwrap().iter().find(|o| o["path"] == "customer_po").unwrap().clone();
        let by = |v: &Value| v["name"].as_str().unwrap_or_default().split(' ').next().unwrap().to_owned();
        assert_eq!((by(&origin["by"]), by(&origin["merged_by"]), &origin["branch"]), ("Lead".into(), "Company".into(), &json!("Copy")));
    }

    async fn l25_a_copy_of_a_branch_comes_to_what_the_branch_does(app) {
        let api = app.program("alpha");
        let gone = order(&api).await;
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1", "contact": "Bob"})).await;
        api.post(&format!("/api/v1{}/deletion", within(&gone, &b)), &json!({})).await.expect(204);
        let new = made_in(&api, (&b, "products"), json!({"sku": "COPY-1", "name": "Copied"})).await;
        let never = made_in(&api, (&b, "products"), json!({"sku": "COPY-2", "name": "Never"})).await;
        api.post(&format!("/api/v1{never}/deletion"), &json!({})).await.expect(204);
        let conflict = open_conflicts(&api, &b).await.remove(0);
        decide(&api, &b, &conflict, "theirs", "").await;
        let was = (bare(plan(&api, &b).await), unversioned(all(&api, &b, "orders").await));
        let mut lead = app.actor("lead", "alpha").await;
        let ask = lead.get(&format!("/alpha/main/branches/{b}")).await.attrs("main a.btn", "href").into_iter().find(|h| h.contains("copy_of")).unwrap();
        let made = lead.submit(&ask, "#branch-form", &[("visibility", "company")]).await.expect(303);
        let copy = made.header("location").split('/').nth(2).unwrap().to_owned();
        assert_ne!(copy, b);
        assert_eq!(bare(plan(&api, &copy).await), was.0);
        assert_eq!(unversioned(all(&api, &copy, "orders").await), was.1);
        let found = api.get(&format!("/api/v1/alpha/{copy}/products?q=copied")).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "its words find it");
        // they go their own ways
        edit(&api, &within(&url, &copy), json!({"warehouse": "W9"})).await;
        assert!(get(&api, &within(&url, &b)).await["warehouse"].is_null());
        merge(&api, &copy).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["customer_po"], &now["contact"], &now["warehouse"]), (&json!("PO-1"), &json!("Bob"), &json!("W9")));
        api.get(&format!("/api/v1{gone}")).await.expect(404);
        get(&api, &new.replace(&format!("/{b}/"), "/main/")).await;
        // what the copy merged is nothing of the original any more
        assert_eq!(plan(&api, &b).await["items"], json!([]));
        // neither what one may not see is copied nor what is merged
        let secret = api.post(&format!("{API}/branches"), &json!({"name": "Secret", "visibility": "private"})).await.expect(201).json();
        let clerk = app.program_of("clerk", "alpha").await;
        for of in [secret["slug"].as_str().unwrap(), &copy, "nothing"] {
            clerk.post(&format!("{API}/branches"), &json!({"name": "Other", "copy_of": of})).await.expect(422);
        }
        app.actor("clerk", "alpha").await.get("/alpha/main/branches/new?copy_of=secret").await.expect(404);
    }
}

/// A plan without what names its branch.
fn bare(mut plan: Value) -> Value {
    for name in ["plan", "branch"] {
        plan.as_object_mut().unwrap().remove(name);
    }
    plan
}

/// Records without the commits that made them so.
fn unversioned(mut records: Vec<Value>) -> Vec<Value> {
    for record in &mut records {
        record.as_object_mut().unwrap().remove("version");
    }
    records
}
