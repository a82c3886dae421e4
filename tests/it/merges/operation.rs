//! The merge as an act: once, whole, on what was agreed to.
use super::{
    API, body, both, branch, command, commits, decide, line, made, made_in, merge, open_conflicts,
    order, plan, revert,
};
use crate::{
    branches::{edit, get, open, within},
    harness::Statements,
    stories,
};
use serde_json::{Value, json};
use std::time::Duration;
use tributary::service::merge::{Acts, Looks};

stories! {
    async fn a_merge_that_takes_a_while_goes_on_by_itself(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        edit(&api, &within(&url, &b), json!({"contact": "Branch"})).await;
        let mut lead = app.actor("lead", "alpha").await;
        let at = format!("/alpha/main/branches/{b}/plan");
        app.app.kept.set(Acts::patient(Duration::ZERO));
        let begun = lead.submit(&at, "form[action$='/merge']", &[]).await.expect(303);
        let acting = begun.header("location").to_owned();
        assert_eq!(acting, format!("{at}?acting=true"));
        let mut then = lead.get(&acting).await;
        while then.status.as_u16() == 200 {
            assert_eq!((then.header("refresh"), then.texts("h1")), ("1", vec!["Merge “Try” into main".to_owned()]));
            then = lead.get(&acting).await;
        }
        assert_eq!(then.expect(303).header("location"), format!("/alpha/main/branches/{b}"));
        assert_eq!(get(&api, &url).await["contact"], "Branch");
        // one that comes to nothing says why, once, to who began it
        let c = branch(&api, "C").await;
        edit(&api, &within(&url, &c), json!({"contact": "C"})).await;
        let at = format!("{API}/branches/{c}");
        let said = api.post(&format!("{at}/merge"), &json!({"plan": "another"})).await.expect(202).json();
        assert_eq!(said["commit"], Value::Null);
        let mut told = plan(&api, &c).await;
        while told["acting"]["goes_on"] == true {
            told = plan(&api, &c).await;
        }
        assert!(told["acting"]["why"].as_str().unwrap().contains("Something changed"), "{told}");
        // nobody else is told of it, and an address that is out of date says nothing that is not so
        let there = lead.get(&format!("/alpha/main/branches/{c}/plan?acting=true")).await.expect(303);
        assert_eq!(there.header("location"), format!("/alpha/main/branches/{c}/plan"));
        let agreed = told["plan"].clone();
        api.post(&format!("{at}/merge"), &json!({ "plan": agreed })).await.expect(202);
        let mut told = plan(&api, &c).await;
        while told["acting"]["goes_on"] == true {
            told = plan(&api, &c).await;
        }
        let merged = api.get(&at).await.expect(200).json()["merged"].clone();
        assert_eq!(told["acting"]["commit"], merged);
        // a second press tells the same, though the branch is closed by then
        api.post(&format!("{at}/merge"), &json!({ "plan": agreed })).await.expect(202);
        assert_eq!(get(&api, &url).await["contact"], "C");
    }

    async fn a_plan_that_takes_a_while_follows_by_itself(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        edit(&api, &within(&url, &b), json!({"contact": "Branch"})).await;
        app.app.kept.set(Looks::patient(Duration::ZERO));
        let mut lead = app.actor("lead", "alpha").await;
        let at = format!("/alpha/main/branches/{b}/plan");
        let first = lead.get(&at).await.expect(200);
        assert_eq!(first.header("refresh"), "1");
        assert_eq!(first.texts("h1"), ["Merge “Try” into main"]);
        assert!(first.texts("form[action$='/merge']").is_empty());
        let mut then = lead.get(&at).await.expect(200);
        while !then.header("refresh").is_empty() {
            then = lead.get(&at).await.expect(200);
        }
        assert_eq!(then.texts("form[action$='/merge'] button"), ["Merge 1 changed record"]);
        // what is kept is made anew once it is not so any more
        edit(&api, &within(&url, &b), json!({"contact": Value::Null})).await;
        let mut now = lead.get(&at).await.expect(200);
        while !now.header("refresh").is_empty() {
            now = lead.get(&at).await.expect(200);
        }
        assert!(now.texts("[role=status]").contains(&"Nothing to do".to_owned()), "{:?}", now.texts("[role=status]"));
    }

    async fn c55_c60_a_merge_happens_once(app) {
        let (api, lead) = (app.program("alpha"), app.program_of("lead", "alpha").await);
        let (_, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        let body = json!({"plan": plan(&api, &b).await["plan"]});
        let path = format!("{API}/branches/{b}/merge");
        let before = commits(app).await;
        let (one, two) = tokio::join!(api.post(&path, &body), lead.post(&path, &body));
        assert_eq!(commits(app).await, before + 1);
        let done: Vec<i64> = [one, two].iter().filter(|a| a.status == 200).map(|a| a.json()["commit"].as_i64().unwrap()).collect();
        assert!(!done.is_empty() && done.iter().all(|seq| *seq == before + 1), "{done:?}");
        // again, after the fact: the first answer; another plan: refused
        assert_eq!(api.post(&path, &body).await.expect(200).json()["commit"], before + 1);
        api.post(&path, &json!({"plan": "another"})).await.expect(409);
        assert_eq!(commits(app).await, before + 1);
        // a merged branch takes no more changes
        let list = format!("/api/v1/alpha/{b}/products");
        api.post(&list, &json!({"sku": "X-1", "name": "X"})).await.expect(409);
    }

    async fn c56_branches_apart_merge_in_any_order(app) {
        let api = app.program("alpha");
        let (one, two) = (order(&api).await, order(&api).await);
        let (b, c) = (branch(&api, "B").await, branch(&api, "C").await);
        edit(&api, &within(&one, &b), json!({"contact": "B"})).await;
        edit(&api, &within(&one, &c), json!({"customer_po": "C"})).await;
        edit(&api, &within(&two, &c), json!({"contact": "C"})).await;
        let theirs = plan(&api, &b).await["plan"].clone();
        merge(&api, &c).await.unwrap();
        let mixed = plan(&api, &b).await["plan"].clone();
        assert!(theirs != mixed, "one of its records is another one now");
        merge(&api, &b).await.unwrap();
        let now = get(&api, &one).await;
        assert_eq!((&now["contact"], &now["customer_po"]), (&json!("B"), &json!("C")));
        assert_eq!(get(&api, &two).await["contact"], "C");
        // taken back, and merged in the other order
        let came_of_it = (body(&api, &one).await, body(&api, &two).await);
        for branch in [&b, &c] {
            let merged = api.get(&format!("{API}/branches/{branch}")).await.json()["merged"].as_i64();
            revert(&api, merged.unwrap()).await.unwrap();
        }
        assert_eq!(get(&api, &two).await["contact"], json!(null));
        merge(&api, &b).await.unwrap();
        merge(&api, &c).await.unwrap();
        assert_eq!((body(&api, &one).await, body(&api, &two).await), came_of_it);
    }

    async fn c57_c58_a_plan_holds_as_long_as_its_records_do(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
        let path = format!("{API}/branches/{b}/merge");
        let agreed = plan(&api, &b).await["plan"].clone();
        let other = order(&api).await;
        assert_eq!(plan(&api, &b).await["plan"], agreed, "an order of its own is no concern");
        edit(&api, &url, json!({"promised_date": "2026-12-01"})).await;
        api.post(&path, &json!({ "plan": agreed })).await.expect(409);
        let agreed = plan(&api, &b).await["plan"].clone();
        edit(&api, &other, json!({"contact": "Bob"})).await;
        api.post(&path, &json!({ "plan": agreed })).await.expect(200);
        let now = get(&api, &url).await;
        assert_eq!((&now["promised_date"], &now["customer_po"]), (&json!("2026-12-01"), &json!("PO-1")));
    }

    async fn c65_a_decision_holds_until_a_side_changes(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann", "customer_po": "1"}), json!({"contact": "Bob", "customer_po": "2"})).await;
        for conflict in open_conflicts(&api, &b).await {
            decide(&api, &b, &conflict, "theirs", "").await;
        }
        assert!(open_conflicts(&api, &b).await.is_empty());
        edit(&api, &url, json!({"contact": "Cem"})).await;
        let found = open_conflicts(&api, &b).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["path"], "contact");
        decide(&api, &b, &found[0], "value", "Dora").await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["contact"], &now["customer_po"]), (&json!("Dora"), &json!("2")));
    }

    async fn c83_who_merges_needs_the_right_to_every_change(app) {
        let (api, lead, clerk) = (app.program("alpha"), app.program_of("lead", "alpha").await, app.program_of("clerk", "alpha").await);
        let url = made(&api, "tax-codes", json!({"code": "Z9", "name": "Nine", "rates": [{"valid_from": "2020-01-01", "rate": "9"}]})).await;
        let b = branch(&api, "Rates").await;
        edit(&api, &within(&url, &b), json!({"name": "Other"})).await;
        let agreed = json!({"plan": plan(&api, &b).await["plan"]});
        let path = format!("{API}/branches/{b}/merge");
        clerk.post(&path, &agreed).await.expect(403);
        let theirs = json!({"plan": plan(&lead, &b).await["plan"]});
        let refused = lead.post(&path, &theirs).await.expect(409).json();
        let why = "Tax code Z9 (Name): your role does not include the right to change settings and tax codes.";
        assert_eq!(refused["detail"], why);
        assert_eq!(plan(&lead, &b).await["denied"][0]["fields"], json!(["Name"]));
        let page = app.actor("lead", "alpha").await.get(&format!("/alpha/main/branches/{b}/plan")).await.expect(200);
        assert!(page.texts(".notice").iter().any(|t| t.contains("Tax code Z9 (Name)")), "{:?}", page.texts(".notice"));
        api.post(&path, &agreed).await.expect(200);
    }

    async fn c91_a_save_without_a_change_is_no_commit(app) {
        let (api, mut clerk) = (app.program("alpha"), app.actor("clerk", "alpha").await);
        let url = order(&api).await;
        let b = branch(&api, "Try").await;
        let before = commits(app).await;
        for there in [url.clone(), within(&url, &b)] {
            let version = get(&api, &there).await["version"].clone();
            edit(&api, &there, json!({"tags": ["b", "a"]})).await;
            clerk.submit(&format!("{there}/edit"), "#order-form", &[]).await.expect(303);
            assert_eq!(get(&api, &there).await["version"], version);
        }
        assert_eq!(commits(app).await, before);
        let told = api.get(&format!("{API}/events?after={before}")).await.expect(200).json();
        assert_eq!(told["items"], json!([]));
    }

    async fn a_branch_is_put_away_and_opened_again(app) {
        let (mut clerk, mut other) = (app.actor("clerk", "alpha").await, app.program_of("viewer", "alpha").await);
        let api = app.program("alpha");
        let b = open(&mut clerk, "Try").await;
        let path = format!("{API}/branches/{b}");
        let _ = &mut other;
        other.post(&format!("{path}/discarding"), &json!({})).await.expect(403);
        api.post(&format!("{path}/discarding"), &json!({})).await.expect(200);
        let list = format!("/api/v1/alpha/{b}/products");
        let refused = api.post(&list, &json!({"sku": "X-1", "name": "X"})).await.expect(409).json();
        assert_eq!(refused["detail"], "This branch was put away. Reopen it to go on.");
        api.post(&format!("{path}/reopening"), &json!({})).await.expect(200);
        api.post(&list, &json!({"sku": "X-1", "name": "X"})).await.expect(201);
    }

    async fn a_lead_decides_and_merges_on_the_pages(app) {
        let api = app.program("alpha");
        let mut lead = app.actor("lead", "alpha").await;
        let (url, b) = both(&api, json!({"contact": "Ann", "customer_po": "1", "warehouse": "N"}), json!({"contact": "Bob", "customer_po": "2", "warehouse": "S"})).await;
        let page = format!("/alpha/main/branches/{b}/plan");
        let shown = lead.get(&page).await.expect(200);
        assert_eq!(shown.texts(".pickset legend"), ["Their reference", "Contact", "Warehouse"]);
        assert!(shown.texts("form[action$='/merge']").is_empty(), "not before all is decided");
        let one = shown.form("#c0 form");
        let with = |choice: &str, value: &str| {
            let mut fields = one.clone();
            fields.push(("choice".into(), choice.into()));
            fields.push(("value".into(), value.into()));
            fields
        };
        let decide = format!("/alpha/main/branches/{b}/resolutions");
        let long = "x".repeat(200);
        let refused = lead.post(&decide, &with("value", &long)).await.expect(422);
        assert_eq!(refused.attrs("#c0-v", "value"), [long.as_str()]);
        assert!(!refused.texts("#c0-e").is_empty());
        lead.post(&decide, &with("theirs", "")).await.expect(303);
        lead.post(&decide, &[("for", "merge"), ("all", "field"), ("choice", "ours")]).await.expect(303);
        // a decision can be taken otherwise while it is not merged
        lead.post(&decide, &with("value", "3")).await.expect(303);
        let shown = lead.get(&page).await.expect(200);
        assert_eq!(shown.texts(".pickset .badge.is-good").len(), 3);
        let answer = lead.submit(&page, "form[action$='/merge']", &[]).await.expect(303);
        assert_eq!(answer.header("location"), format!("/alpha/main/branches/{b}"));
        let now = get(&api, &url).await;
        assert_eq!((&now["customer_po"], &now["contact"], &now["warehouse"]), (&json!("3"), &json!("Ann"), &json!("N")));
        let seq = api.get(&format!("{API}/branches/{b}")).await.json()["merged"].as_i64().unwrap();
        // and takes it back
        let page = format!("/alpha/main/commits/{seq}");
        assert_eq!(lead.get(&page).await.expect(200).attrs("main a[href$='/revert']", "href"), [format!("{page}/revert")]);
        lead.submit(&format!("{page}/revert"), "form[action$='/revert']", &[]).await.expect(303);
        assert_eq!(get(&api, &url).await["customer_po"], "1");
    }

    async fn c54_a_branch_without_changes_merges_without_a_commit(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Empty").await;
        let before = commits(app).await;
        assert_eq!(merge(&api, &b).await, None);
        assert_eq!(commits(app).await, before);
        assert_eq!(api.get(&format!("{API}/branches/{b}")).await.json()["state"], "merged");
    }

    async fn c61_what_the_plan_says_is_what_happens(app) {
        let api = app.program("alpha");
        let (url, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1", "tags": ["c"]})).await;
        let confirmed = order(&api).await;
        let doomed = order(&api).await;
        super::sync(&api, &b).await.unwrap();
        line(&api, &within(&url, &b), (1, json!({"qty": "9"}))).await;
        command(&api, &within(&confirmed, &b), "confirmation").await;
        api.post(&format!("/api/v1{}/deletion", within(&doomed, &b)), &json!({})).await.expect(204);
        made_in(&api, (&b, "products"), json!({"sku": "P-1", "name": "New"})).await;
        let said = plan(&api, &b).await;
        let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
        let mut told: Vec<String> = said["items"].as_array().unwrap().iter().map(id).collect();
        let mut before = std::collections::BTreeMap::new();
        for item in said["items"].as_array().unwrap().iter().filter(|i| i["effect"] == "changed") {
            let url = format!("/alpha/main/{}s/{}", item["kind"].as_str().unwrap(), id(item));
            before.insert(id(item), (url.clone(), body(&api, &url).await));
        }
        let seq = merge(&api, &b).await.unwrap();
        let commit = api.get(&format!("{API}/commits/{seq}")).await.expect(200).json();
        let mut touched: Vec<String> = commit["touched"].as_array().unwrap().iter().map(id).collect();
        told.sort();
        touched.sort();
        assert_eq!(told, touched);
        let mut seen = 0;
        for item in said["items"].as_array().unwrap() {
            let Some((url, was)) = before.get(&id(item)) else { continue };
            let mut wanted = was.clone();
            for change in item["changes"].as_array().unwrap() {
                let path = change["path"].as_str().unwrap();
                match path.split('/').collect::<Vec<_>>()[..] {
                    [name] => wanted[name] = change["after"].clone(),
                    [list, part, name] => {
                        let parts = wanted[list].as_array_mut().unwrap();
                        parts.iter_mut().find(|p| p["id"] == part).unwrap()[name] = change["after"].clone();
                    }
                    _ => panic!("{path}"),
                }
                seen += 1;
            }
            let now = body(&api, url).await;
            for (name, value) in now.as_object().unwrap() {
                // totals follow, and a number is taken at the merge
                if !["totals", "number", "title"].contains(&name.as_str()) {
                    assert_eq!(value, &wanted[name], "{name} of {url}");
                }
            }
        }
        assert!(seen >= 4, "{said}");
    }

    async fn c64_conflicts_come_in_pages_and_are_decided_by_kind(app) {
        let api = app.program("alpha");
        let mut urls = vec![];
        for n in 0..60 {
            urls.push(made(&api, "products", json!({"sku": format!("X-{n:02}"), "name": "old"})).await);
        }
        let b = branch(&api, "Names").await;
        for url in &urls {
            edit(&api, url, json!({"name": "main"})).await;
            edit(&api, &within(url, &b), json!({"name": "branch"})).await;
        }
        let path = format!("{API}/branches/{b}");
        let first = api.get(&format!("{path}/plan?show=conflicts")).await.expect(200).json();
        assert_eq!((&first["conflicts"], first["items"].as_array().unwrap().len()), (&json!(60), 50));
        let rest = api.get(&format!("{path}/plan?show=conflicts&from={}", first["next"])).await.expect(200).json();
        assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (10, &Value::Null));
        let page = app.actor("lead", "alpha").await.get(&format!("/alpha/main/branches/{b}/plan")).await.expect(200);
        assert!(page.texts(".pickset").len() <= 50, "a page of them");
        let body = json!({"all": "field", "choice": "theirs"});
        assert_eq!(api.post(&format!("{path}/resolutions"), &body).await.expect(200).json()["decided"], 60);
        merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &urls[59]).await["name"], "branch");
    }

    async fn c87_a_merge_does_nothing_to_other_branches(app) {
        let api = app.program("alpha");
        let mut asked = vec![];
        for others in [0, 40] {
            let (_, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
            let mut rows = vec![];
            for n in 0..others {
                let (_, c) = both(&api, json!({"contact": n.to_string()}), json!({"customer_po": "C"})).await;
                rows.push(c);
            }
            let told = || async {
                let all = api.get(&format!("{API}/branches")).await.json();
                let of = |x: &&Value| rows.iter().any(|slug| x["slug"] == slug.as_str());
                let heads = all["items"].as_array().unwrap().iter().filter(of);
                heads.map(|x| (x["head"].clone(), x["base"].clone(), x["changed_at"].clone())).collect::<Vec<_>>()
            };
            let (before, statements) = (told().await, Statements::default());
            let agreed = plan(&api, &b).await["plan"].clone();
            let (path, body) = (format!("{API}/branches/{b}/merge"), json!({ "plan": agreed }));
            statements.of(api.post(&path, &body)).await.expect(200);
            asked.push(statements.texts().len());
            assert_eq!(told().await, before);
        }
        assert!(asked[0] > 10 && asked[0] == asked[1], "{asked:?}");
    }

    async fn a_plan_that_was_looked_at_just_now_is_not_made_again(app) {
        let api = app.program("alpha");
        let mut asked = vec![];
        for looks_elsewhere in [false, true] {
            let (_, b) = both(&api, json!({"contact": "Ann"}), json!({"customer_po": "PO-1"})).await;
            let other = branch(&api, "Other").await;
            let agreed = plan(&api, &b).await["plan"].clone();
            if looks_elsewhere {
                plan(&api, &other).await;
            }
            let (path, body) = (format!("{API}/branches/{b}/merge"), json!({ "plan": agreed }));
            let statements = Statements::default();
            statements.of(api.post(&path, &body)).await.expect(200);
            asked.push(statements.texts().len());
        }
        assert!(asked[0] + 5 < asked[1], "{asked:?}");
    }
}
