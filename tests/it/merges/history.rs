//! Syncs, and commits taken back.
use super::{
    API, bare, body, both, branch, command, commits, conflicts, decide, kinds, line, made, made_in,
    merge, open_conflicts, order, plan, revert, state, sync,
};
use crate::{
    branches::{edit, get, within},
    harness::{Program, Statements},
    history::{company, unlock},
    stories,
};
use serde_json::{Value, json};
use std::time::Duration;
use tributary::{
    domain::{history::cause::Cause, order::Order},
    service::{branches, error::Error, merge::undo_sync, records},
    store::ready::Step,
};
use uuid::Uuid;

/// Every record that main's lists show, whichever commit made it so.
async fn everything(api: &Program) -> Vec<Value> {
    state(api, "main").await.into_iter().flatten().map(bare).collect()
}

stories! {
    async fn c66_c67_c68_what_a_sync_brought_in_is_the_base(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "offline", "promised_date": "2026-12-01"}), json!({"contact": "branch", "customer_po": "PO"})).await;
        let own = within(&url, &b);
        let found = open_conflicts(&api, &b).await;
        decide(&api, &b, &found[0], "ours", "").await;
        sync(&api, &b).await.unwrap();
        let now = get(&api, &own).await;
        assert_eq!((&now["contact"], &now["promised_date"], &now["customer_po"]), (&json!("offline"), &json!("2026-12-01"), &json!("PO")));
        assert_eq!(api.get(&format!("{API}/branches/{b}")).await.json()["behind"], 0);
        // again: nothing to do
        assert_eq!(sync(&api, &b).await, None);
        // edited after the sync it is no conflict
        edit(&api, &own, json!({"contact": "inventory"})).await;
        assert!(open_conflicts(&api, &b).await.is_empty());
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["contact"], &now["promised_date"], &now["customer_po"]), (&json!("inventory"), &json!("2026-12-01"), &json!("PO")));
    }

    async fn c67_c68_up_to_date_first_or_merged_directly_comes_to_the_same(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "main", "promised_date": "2026-12-01", "tags": ["a", "m"]}), json!({"contact": "branch", "customer_po": "PO", "tags": ["b", "t"]})).await;
        line(&api, &within(&url, &b), (1, json!({"qty": "9"}))).await;
        let copy = json!({"name": "Directly", "visibility": "company", "copy_of": b});
        api.post(&format!("{API}/branches"), &copy).await.expect(201);
        for branch in [b.as_str(), "directly"] {
            let found = open_conflicts(&api, branch).await;
            decide(&api, branch, &found[0], "ours", "").await;
        }
        sync(&api, &b).await.unwrap();
        let merged = merge(&api, &b).await.unwrap();
        let synced = body(&api, &url).await;
        assert_eq!(synced["contact"], "main", "what main was chosen for does not come back");
        revert(&api, merged).await.unwrap();
        assert_eq!(kinds(&open_conflicts(&api, "directly").await), [""; 0], "it was decided");
        merge(&api, "directly").await.unwrap();
        assert_eq!(body(&api, &url).await, synced);
    }

    async fn c10_a_synced_branch_in_the_past_has_the_base_of_then(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"promised_date": "2026-12-01"}), json!({"customer_po": "PO"})).await;
        let other = order(&api).await;
        let before = commits(app).await;
        sync(&api, &b).await.unwrap();
        let own = within(&url, &b);
        assert_eq!(get(&api, &own).await["promised_date"], "2026-12-01");
        let then = get(&api, &format!("{own}?at={before}")).await;
        assert!(then["promised_date"].is_null() && then["customer_po"] == "PO");
        api.get(&format!("/api/v1{}?at={before}", within(&other, &b))).await.expect(404);
        api.get(&format!("/api/v1{}", within(&other, &b))).await.expect(200);
    }

    async fn c72_c76_c77_a_merge_is_taken_back_and_again(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        let made = made_in(&api, (&b, "products"), json!({"sku": "R-1", "name": "New"})).await;
        let product = made.replace(&format!("/{b}/"), "/main/");
        let (before, lists) = (body(&api, &url).await, everything(&api).await);
        let log = async || api.get(&format!("{API}/commits")).await.json()["items"].as_array().unwrap().clone();
        let commits = log().await;
        let merged = merge(&api, &b).await.unwrap();
        let after = body(&api, &url).await;
        let taken = revert(&api, merged).await.unwrap();
        assert_eq!(body(&api, &url).await, before);
        assert_eq!(everything(&api).await, lists);
        let new: Vec<Value> = log().await.into_iter().filter(|c| !commits.contains(c)).collect();
        assert_eq!(new.iter().map(|c| c["seq"].as_i64().unwrap()).collect::<Vec<_>>(), [taken, merged]);
        api.get(&format!("/api/v1{product}")).await.expect(404);
        revert(&api, taken).await.unwrap();
        assert_eq!(body(&api, &url).await, after);
        assert_eq!(get(&api, &product).await["sku"], "R-1");
    }

    async fn c73_c74_later_changes_survive_a_revert(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1", "warehouse": "W1"})).await;
        let merged = merge(&api, &b).await.unwrap();
        edit(&api, &url, json!({"promised_date": "2026-12-05", "warehouse": "W2"})).await;
        let path = format!("{API}/commits/{merged}");
        let found = api.get(&format!("{path}/revert?show=conflicts")).await.expect(200).json();
        let open = conflicts(&found);
        assert_eq!(open.len(), 1);
        assert_eq!(open[0]["path"], "warehouse");
        let body = json!({"kind": "order", "id": open[0]["of"]["id"], "path": "warehouse", "choice": "ours"});
        api.post(&format!("{path}/resolutions"), &body).await.expect(200);
        revert(&api, merged).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["promised_date"], &now["warehouse"]), (&json!("2026-12-05"), &json!("W2")));
        assert!(now["customer_po"].is_null());
    }

    async fn c75_what_is_used_meanwhile_is_not_reverted_away(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        made_in(&api, (&b, "customers"), json!({"number": "C-NEW", "name": "New", "currency": "GBP"})).await;
        let merged = merge(&api, &b).await.unwrap();
        made(&api, "orders", json!({"customer": "C-NEW", "lines": [{"sku": "SKU-00001", "qty": "1"}]})).await;
        let found = api.get(&format!("{API}/commits/{merged}/revert?show=conflicts")).await.expect(200).json();
        assert_eq!(kinds(&conflicts(&found)), ["still-referenced"]);
    }

    async fn c70_a_sync_is_taken_back(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"promised_date": "2026-12-01", "warehouse": "W"}), json!({"customer_po": "PO"})).await;
        let other = order(&api).await;
        // this one will be as main has it
        let same = order(&api).await;
        let own = within(&url, &b);
        let c = branch(&api, "Later").await;
        edit(&api, &within(&same, &c), json!({"contact": "Ann"})).await;
        edit(&api, &same, json!({"contact": "Ann"})).await;
        for world in [&b, &c] {
            let before = (bare(api.get(&format!("{API}/branches/{world}")).await.json()), body(&api, &within(&url, world)).await);
            sync(&api, world).await.unwrap();
            assert_ne!(body(&api, &own).await["promised_date"], Value::Null);
            let undoing = format!("{API}/branches/{world}/undoing");
            api.post(&undoing, &json!({})).await.expect(200);
            let after = (bare(api.get(&format!("{API}/branches/{world}")).await.json()), body(&api, &within(&url, world)).await);
            assert_eq!(before.1, after.1);
            for part in ["base", "records", "state"] {
                assert_eq!(before.0[part], after.0[part], "{part}");
            }
            api.post(&undoing, &json!({})).await.expect(409);
            if world == &b {
                api.get(&format!("/api/v1{}", within(&other, &b))).await.expect(404);
                sync(&api, world).await.unwrap();
            }
        }
        assert_eq!(get(&api, &within(&same, &c)).await["contact"], "Ann");
    }

    async fn c76_a_reverted_branch_is_corrected_and_merged_with_all_it_had(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1", "warehouse": "W1"})).await;
        made_in(&api, (&b, "products"), json!({"sku": "R-1", "name": "New"})).await;
        let confirmed = order(&api).await;
        let c = branch(&api, "Number").await;
        command(&api, &within(&confirmed, &c), "confirmation").await;
        let merged = merge(&api, &b).await.unwrap();
        let main = body(&api, &url).await;
        revert(&api, merged).await.unwrap();
        let again = api.get(&format!("{API}/branches/{b}")).await.json();
        assert_eq!((&again["state"], &again["behind"]), (&json!("open"), &json!(0)));
        edit(&api, &within(&url, &b), json!({"warehouse": "W2"})).await;
        let found = plan(&api, &b).await;
        assert_eq!((&found["created"], &found["changed"]), (&json!(1), &json!(1)));
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["customer_po"], &now["warehouse"], &now["contact"]), (&main["customer_po"], &json!("W2"), &json!("Ann")));
        assert_eq!(api.get(&format!("{API}/products?q=R-1")).await.json()["items"].as_array().unwrap().len(), 1);
        // a number that was taken stays with its order
        let merged = merge(&api, &c).await.unwrap();
        let number = get(&api, &confirmed).await["number"].clone();
        assert!(number.is_string());
        revert(&api, merged).await.unwrap();
        let now = get(&api, &confirmed).await;
        assert_eq!((&now["state"], &now["number"]), (&json!("draft"), &number));
        merge(&api, &c).await.unwrap();
        assert_eq!(get(&api, &confirmed).await["number"], number);
    }

    async fn c71_what_both_sides_set_alike_is_clean(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"contact": "Ann"})).await;
        let seen = api.get(&format!("{API}/branches/{b}/plan?for=sync")).await.expect(200).json();
        assert_eq!(seen["conflicts"], 0);
        sync(&api, &b).await.unwrap();
        assert_eq!(get(&api, &within(&url, &b)).await["contact"], "Ann");
        assert_eq!(api.get(&format!("{API}/branches/{b}")).await.json()["records"], 0);
    }

    async fn c69_a_sync_costs_what_the_branch_touched(app) {
        let api = app.program("alpha");
        let mut asked = vec![];
        for behind in [1, 60] {
            let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
            let other = order(&api).await;
            for n in 0..behind {
                edit(&api, &other, json!({"contact": n.to_string()})).await;
            }
            app.app.clock.advance(2 * 365 * 86_400);
            let statements = Statements::default();
            statements.of(sync(&api, &b)).await.unwrap();
            asked.push(statements.texts().len());
            assert_eq!(get(&api, &within(&url, &b)).await["contact"], "Ann");
        }
        assert_eq!(asked[0], asked[1]);
    }

    async fn c70_a_sync_is_not_taken_back_over_what_was_saved_meanwhile(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        sync(&api, &b).await.unwrap();
        let inside = branches::enter(app.ctx("alpha").await, &b).await.unwrap();
        let id: Uuid = url.rsplit('/').next().unwrap().parse().unwrap();
        let before = records::show::<Order>(&inside, id).await.unwrap().record;
        let after = Order { customer_po: Some("PO-2".into()), ..before.clone() };
        let w = inside.write().await.unwrap();
        let main = app.ctx("alpha").await;
        let save = async {
            // the other one has looked at the branch by then, and waits for the lock
            tokio::time::sleep(Duration::from_millis(300)).await;
            records::put(&inside, w, Step::from(before, after), (Cause::Edit, "Changed")).await
        };
        let (undone, saved) = tokio::join!(undo_sync(&main, &b), save);
        assert!(saved.is_ok() && matches!(undone, Err(Error::Refused(_))));
        assert_eq!(get(&api, &within(&url, &b)).await["customer_po"], "PO-2");
    }

    async fn c78_a_merge_is_taken_back_without_the_branchs_versions(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        let before = body(&api, &url).await;
        let merged = merge(&api, &b).await.unwrap();
        unlock(app).await;
        let company = company(app).await;
        let of_branches = "FROM order_versions WHERE branch_id > 0";
        app.database.tamper(&format!("{company}CREATE TABLE kept AS SELECT * {of_branches}")).await;
        app.database.tamper(&format!("{company}DELETE {of_branches}")).await;
        revert(&api, merged).await.unwrap();
        assert_eq!(body(&api, &url).await, before);
        assert_eq!(get(&api, &within(&url, &b)).await["customer_po"], "PO-1", "and the branch is open with it");
        let ends = "UPDATE kept SET to_seq = (SELECT from_seq FROM order_versions WHERE branch_id > 0) WHERE to_seq IS NULL";
        app.database.tamper(&format!("{company}{ends}")).await;
        app.database.tamper(&format!("{company}INSERT INTO order_versions SELECT * FROM kept")).await;
    }

    async fn c62_each_value_names_who_made_it_and_who_merged_it(app) {
        let (api, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let mut lead = app.actor("lead", "alpha").await;
        let url = order(&api).await;
        let b = branch(&clerk, "Try").await;
        edit(&clerk, &within(&url, &b), json!({"customer_po": "PO-1", "warehouse": "W", "contact": "Bob"})).await;
        edit(&api, &within(&url, &b), json!({"warehouse": "W2"})).await;
        line(&clerk, &within(&url, &b), (1, json!({"qty": "9"}))).await;
        edit(&api, &url, json!({"contact": "Ann"})).await;
        let found = open_conflicts(&api, &b).await;
        decide(&api, &b, &found[0], "value", "Cem").await;
        let page = format!("/alpha/main/branches/{b}/plan");
        lead.submit(&page, "form[action$='/merge']", &[]).await.expect(303);
        let told = api.get(&format!("/api/v1{url}/history")).await.expect(200).json();
        let of = |path: &str| told["origins"].as_array().unwrap().iter().find(|o| o["path"] == path).unwrap_or_else(|| panic!("{path}: {told}")).clone();
        let name = |v: &Value| v["name"].as_str().unwrap_or_default().split(' ').next().unwrap().to_owned();
        let now = get(&api, &url).await;
        let qty = format!("lines/{}/qty", now["lines"][1]["id"].as_str().unwrap());
        for (path, by) in [("customer_po", "Clerk"), ("warehouse", "Company"), (&qty, "Clerk")] {
            let found = of(path);
            assert_eq!((name(&found["by"]), name(&found["merged_by"])), (by.into(), "Lead".into()), "{path}");
            assert_eq!(found["branch"], "Try");
        }
        // what was typed as a decision is the merger's own
        let contact = of("contact");
        assert_eq!((contact["value"].as_str(), name(&contact["by"]), &contact["branch"]), (Some("Cem"), "Lead".into(), &Value::Null));
        assert_eq!(name(&of("customer")["by"]), "Company");
        let shown = lead.get(&format!("{url}/history")).await.expect(200);
        let rows = shown.texts("#origins tbody tr");
        assert!(rows.iter().any(|r| r.contains("PO-1 Clerk") && r.contains("in branch Try, merged by Lead")), "{rows:?}");
        // any two versions
        let steps: Vec<String> = shown.attrs("#v-from option", "value");
        let (first, last) = (&steps[steps.len() - 1], &steps[0]);
        let shown = lead.get(&format!("{url}/history?from={first}&to={last}")).await.expect(200);
        let rows = shown.texts("#between tbody tr");
        assert!(rows.iter().any(|r| r == "Their reference PO-1"), "{rows:?}");
        assert!(rows.iter().any(|r| r == "Line SKU-00002: quantity 2 9"), "{rows:?}");
        let between = api.get(&format!("/api/v1{url}/history?from={last}&to={first}")).await.expect(200).json();
        assert!(between["changes"].as_array().unwrap().iter().any(|c| c["path"] == qty.as_str() && c["after"] == "2"));
        assert!(!lead.get(&format!("{url}/history?from=1&to={last}")).await.expect(422).texts("#v-from-e").is_empty());
        lead.get(&format!("{url}/history?from=x")).await.expect(422);
        lead.get(&format!("{url}/history?at={first}")).await.expect(200);
        app.actor("warehouse", "alpha").await.get(&format!("{url}/history")).await.expect(403);
    }

    async fn a_sync_tells_what_becomes_different_on_the_branch(app) {
        let api = app.program("alpha");
        let (mine, both, other) = (order(&api).await, order(&api).await, order(&api).await);
        let b = branch(&api, "Behind").await;
        edit(&api, &within(&mine, &b), json!({"contact": "Mine"})).await;
        edit(&api, &within(&both, &b), json!({"contact": "Both"})).await;
        let mut lead = app.actor("lead", "alpha").await;
        let page = format!("/alpha/main/branches/{b}/plan?for=sync");
        let seen = lead.get(&page).await.expect(200);
        assert!(seen.texts("[role=status]").join("").contains("has all of main already"), "{:?}", seen.texts("[role=status]"));
        assert!(seen.texts("form[action$='/sync']").is_empty());
        edit(&api, &both, json!({"warehouse": "Of main"})).await;
        line(&api, &other, (0, json!({"qty": "9"}))).await;
        // neither what the branch did itself, nor what comes along from elsewhere
        let found = api.get(&format!("{API}/branches/{b}/plan?for=sync")).await.expect(200).json();
        assert_eq!((&found["created"], &found["changed"], &found["money"]), (&json!(0), &json!(1), &json!({})));
        let items = found["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{items:?}");
        let changes = items[0]["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!((&changes[0]["before"], &changes[0]["after"]), (&Value::Null, &json!("Of main")));
        let seen = lead.get(&page).await.expect(200);
        let told = seen.texts("#plan").join("");
        assert!(told.contains("2 changes of main come in") && told.contains("Of main") && !told.contains("Mine"), "{told}");
        lead.submit(&page, "form[action$='/sync']", &[]).await.expect(303);
        assert_eq!(get(&api, &within(&both, &b)).await["warehouse"], "Of main");
    }
}
