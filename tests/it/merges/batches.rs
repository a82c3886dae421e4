//! Many records in one commit, and their way back.
use super::{API, command, commits, conflicts, imports::brought, made, merge, order, plan, revert};
use crate::{
    branches::{edit, get},
    harness::{Answer, Program, TestApp},
    stories,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tributary::service::import::Summary;

stories! {
    async fn c90_an_import_is_taken_back_but_what_was_changed_since(app) {
        let api = app.program("alpha");
        let done = imported(app, "B", 40).await;
        let seq = done.seq.unwrap();
        assert_eq!((done.orders, done.customers, done.products), (40, 0, 0));
        let found = || async { api.get(&format!("{API}/orders?q=B-0&size=100")).await.json()["items"].as_array().unwrap().clone() };
        let all = found().await;
        assert_eq!(all.len(), 40);
        let url = format!("/alpha/main/orders/{}", all[7]["id"].as_str().unwrap());
        edit(&api, &url, json!({"internal_note": "changed since"})).await;
        let path = format!("{API}/commits/{seq}/revert");
        let plan = api.get(&format!("{path}?show=conflicts")).await.expect(200).json();
        let open = conflicts(&plan);
        assert_eq!((&plan["deleted"], open.len()), (&json!(39), 1));
        let gone = api.get(&path).await.json();
        assert_eq!(gone["items"].to_string().matches("number-stays").count(), 39, "their numbers stay used");
        assert_eq!((&open[0]["kind"], &open[0]["of"]["id"]), (&json!("deleted-in-branch"), &all[7]["id"]));
        let keep = json!({"all": "deleted-in-branch", "choice": "ours"});
        api.post(&format!("{API}/commits/{seq}/resolutions"), &keep).await.expect(200);
        revert(&api, seq).await.unwrap();
        let left = found().await;
        assert_eq!((left.len(), &left[0]["id"]), (1, &all[7]["id"]));
        assert_eq!(get(&api, &url).await["internal_note"], "changed since");
    }
}

/// Orders with numbers that begin with a word.
async fn imported(app: &TestApp, word: &str, orders: usize) -> Summary {
    let row = |n: usize| format!("{word}-{n:03},2026-05-01,C-00001,SKU-00001,2,4.50,\n");
    let rows: String = (0..orders).map(row).collect();
    brought(app, "main", &rows).await.unwrap()
}

/// A batch once it has ended.
async fn ended(api: &Program, id: &str) -> Value {
    for _ in 0..6_000 {
        let now = api.get(&format!("{API}/batches/{id}")).await.expect(200).json();
        if now["state"] != "running" {
            return now;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the batch goes on and on");
}

/// Asks again while the server gives up waiting: built without optimisation, on a busy machine, it may.
async fn patient(ask: impl AsyncFn() -> Answer) -> Value {
    for _ in 0..30 {
        let answer = ask().await;
        if answer.status.as_u16() != 503 {
            return answer.expect(200).json();
        }
    }
    panic!("the server gives up again and again");
}

/// Begins what `body` says with every record of the list at `of`.
async fn begin(api: &Program, (of, body): (&str, Value)) -> String {
    let (list, query) = of.split_once('?').unwrap();
    let begun = api.post(&format!("{API}/{list}/batch?{query}"), &body).await.expect(202).json();
    begun["id"].as_str().unwrap().to_owned()
}

/// Products called after a word, of which some have a price.
async fn products(api: &Program, (word, with, without): (&str, usize, usize)) -> Vec<String> {
    let mut out = vec![];
    for n in 0..with + without {
        let mut body = json!({"sku": format!("{word}-{n:03}"), "name": format!("{word} thing")});
        if n < with {
            body["unit_price"] = json!("10");
        }
        out.push(made(api, "products", body).await);
    }
    out
}

stories! {
    async fn c89_what_cannot_be_changed_is_listed_and_the_rest_can_go_on(app) {
        let api = app.program("alpha");
        let made = products(&api, ("Kettle", 40, 37)).await;
        let body = ("products?q=kettle", json!({"do": "reprice", "value": "+10 %"}));
        let batch = ended(&api, &begin(&api, body.clone()).await).await;
        let tally = ["state", "changed", "same", "failed"].map(|n| batch[n].clone());
        assert_eq!(tally, [json!("finished"), json!(40), json!(0), json!(37)]);
        let failures = batch["failures"]["items"].as_array().unwrap();
        assert_eq!((failures.len(), &batch["failures"]["next"]), (37, &json!(null)));
        assert!(failures.iter().all(|f| f["why"].as_str().unwrap().contains("no unit price")));
        assert!(failures.iter().any(|f| f["title"] == "Kettle-076 · Kettle thing"), "{failures:?}");
        assert_eq!(get(&api, &made[0]).await["unit_price"], "10", "main is as it was");
        let slug = batch["branch"].as_str().unwrap();
        let merged = merge(&api, slug).await.unwrap();
        assert_eq!(get(&api, &made[0]).await["unit_price"], "11");
        assert_eq!(get(&api, &made[76]).await["unit_price"], json!(null));
        let commit = api.get(&format!("{API}/commits/{merged}")).await.expect(200).json();
        assert_eq!(commit["message"], "Merged branch Products: Unit price +10 %");
        revert(&api, merged).await.unwrap();
        assert_eq!(get(&api, &made[0]).await["unit_price"], "10", "and back as one");
        // or it is stopped
        let batch = ended(&api, &begin(&api, body).await).await;
        let slug = batch["branch"].as_str().unwrap();
        api.post(&format!("{API}/branches/{slug}/discarding"), &json!({})).await.expect(200);
        assert_eq!(get(&api, &made[0]).await["unit_price"], "10");
    }

    async fn c64_ten_thousand_conflicts(app) {
        let api = app.program("alpha");
        imported(app, "ROW", 10_000).await;
        // every one of them is changed in two branches
        let set = async |value: &str| {
            let body = json!({"do": "set", "field": "warehouse", "value": value});
            let batch = ended(&api, &begin(&api, ("orders?q=row", body)).await).await;
            assert_eq!((&batch["state"], &batch["changed"]), (&json!("finished"), &json!(10_000)));
            batch["branch"].as_str().unwrap().to_owned()
        };
        let (one, two) = (set("North").await, set("South").await);
        let agreed = patient(async || api.get(&format!("{API}/branches/{one}/plan")).await).await;
        let agreed = json!({"plan": agreed["plan"]});
        api.post(&format!("{API}/branches/{one}/merge"), &agreed).await;
        // it goes on by itself if it takes longer than an answer may
        while get(&api, &format!("/alpha/main/branches/{one}")).await["merged"].is_null() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut lead = app.actor("lead", "alpha").await;
        let page = format!("/alpha/main/branches/{two}/plan");
        let shown = loop {
            let shown = lead.get(&page).await.expect(200);
            assert!(shown.body.len() < 10_000_000);
            if !shown.headers.contains_key("refresh") {
                break shown;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(shown.texts(".pickset").len(), 25, "a page of them");
        assert_eq!(patient(async || api.get(&format!("{API}/branches/{two}/plan")).await).await["conflicts"], 10_000);
        let (at, take) = (format!("{API}/branches/{two}/resolutions"), json!({"all": "field", "choice": "theirs"}));
        assert_eq!(patient(async || api.post(&at, &take).await).await["decided"], 10_000);
        assert_eq!(patient(async || api.get(&format!("{API}/branches/{two}/plan")).await).await["conflicts"], 0);
    }

    async fn c102_twenty_people_save_while_a_large_branch_is_merged(app) {
        let api = app.program("alpha");
        imported(app, "ROW", 5_000).await;
        let body = json!({"do": "set", "field": "warehouse", "value": "North"});
        let batch = ended(&api, &begin(&api, ("orders?q=row", body)).await).await;
        let at = format!("{API}/branches/{}", batch["branch"].as_str().unwrap());
        let mut own = vec![];
        for _ in 0..20 {
            own.push(order(&api).await);
        }
        let seen = patient(async || api.get(&format!("{at}/plan")).await).await;
        let agreed = json!({"plan": seen["plan"]});
        let (before, is_merged) = (commits(app).await, AtomicBool::new(false));
        let merged = async {
            // somebody presses in the midst of their work
            while commits(app).await < before + 10 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let said = api.post(&format!("{at}/merge"), &agreed).await.status.as_u16();
            assert!([200, 202].contains(&said), "{said}");
            for _ in 0..3_000 {
                if let Some(seq) = api.get(&at).await.expect(200).json()["merged"].as_i64() {
                    is_merged.store(true, Ordering::Relaxed);
                    return seq;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("the merge goes on and on");
        };
        // each saves until it is merged, and once more. That is nothing of the branch: its plan holds
        let person = async |url: &String| {
            let mut saves = 0;
            loop {
                let last = is_merged.load(Ordering::Relaxed);
                saves += 1;
                edit(&api, url, json!({"contact": format!("Time {saves}")})).await;
                if last {
                    return saves;
                }
            }
        };
        let (seq, saves) = tokio::join!(merged, join_all(own.iter().map(person)));
        for (url, saves) in own.iter().zip(&saves) {
            assert_eq!(get(&api, url).await["contact"], format!("Time {saves}"));
        }
        let merged = api.get(&format!("{API}/commits/{seq}")).await.expect(200).json();
        assert_eq!((&merged["cause"], &merged["records"]), (&json!("merge"), &json!(5_000)));
        let after = commits(app).await;
        assert_eq!(after, before + saves.iter().sum::<i64>() + 1, "one commit each, and one of the merge");
        assert!((before + 2..after).contains(&seq), "some saved before it, some after");
    }

    async fn a_batch_is_begun_from_a_list_and_followed(app) {
        let mut lead = app.actor("lead", "alpha").await;
        products(&app.program("alpha"), ("Teapot", 3, 1)).await;
        let list = lead.get("/alpha/main/products?q=teapot").await.expect(200);
        let to = list.attrs("a.btn", "href").into_iter().find(|h| h.contains("/batch")).unwrap();
        assert_eq!(to, "/alpha/main/products/batch?q=teapot");
        let form = lead.get(&to).await.expect(200);
        assert!(form.body.contains("Change 4 products"), "{}", form.body);
        // what is wrong is said, and what was typed stays
        let wrong = lead.submit(&to, "main form", &[("do", "reprice"), ("value", "much")]).await.expect(422);
        assert_eq!(wrong.attrs("#value", "value"), ["much"]);
        assert_eq!(wrong.attrs("#value", "aria-invalid"), ["true"]);
        let none = lead.submit("/alpha/main/products/batch?q=nosuchthing", "main form", &[("do", "reprice"), ("value", "1")]).await.expect(422);
        assert!(none.body.contains("The list shows nothing"), "no branch is opened for nothing");
        let why = lead.submit("/alpha/main/orders/batch", "main form", &[("do", "cancellation")]).await.expect(422);
        assert_eq!(why.texts("#value-e"), ["Say why they are cancelled"]);
        let unknown = [("do", "set"), ("field", "tax_code"), ("value", "nothing")];
        lead.submit(&to, "main form", &unknown).await.expect(422);
        let begun = lead.submit(&to, "main form", &[("do", "reprice"), ("value", "50")]).await.expect(303);
        let url = begun.header("location").to_owned();
        let id = url.rsplit('/').next().unwrap();
        ended(&app.program("alpha"), id).await;
        let page = lead.get(&url).await.expect(200);
        assert!(page.body.contains("Go on with the rest") && page.body.contains("Teapot-003"), "{}", page.body);
        assert_eq!(page.header("refresh"), "");
        assert!(lead.get("/alpha/main/batches").await.expect(200).body.contains("Unit price +50 %"));
        // two tax codes of other worlds are not offered: a branch's list begins none
        lead.get("/alpha/main/customers?at=1").await.expect(200).attrs("a.btn", "href").iter().for_each(|h| assert!(!h.contains("/batch"), "{h}"));
    }

    async fn what_a_batch_is_at_work_on_is_not_merged(app) {
        let api = app.program("alpha");
        products(&api, ("Pan", 3, 0)).await;
        let id = begin(&api, ("products?q=pan", json!({"do": "reprice", "value": "10"}))).await;
        let batch = ended(&api, &id).await;
        let b = batch["branch"].as_str().unwrap();
        let agreed = plan(&api, b).await["plan"].clone();
        app.database.no_walls("batches").await;
        // as if its server had been stopped before the last chunk
        app.database.tamper("UPDATE batches SET state = 'running', runner = NULL, filter = '{\"masters\":{\"search\":[\"pan\"],\"only_active\":false,\"cursor\":null,\"size\":50}}'").await;
        for act in ["merge", "sync"] {
            let said = api.post(&format!("{API}/branches/{b}/{act}"), &json!({ "plan": agreed })).await;
            assert_eq!(said.status.as_u16(), 409, "{act}: {}", said.body);
        }
        let said = api.post(&format!("{API}/branches/{b}/merge"), &json!({ "plan": agreed })).await;
        assert!(said.body.contains("A batch is at work"), "{}", said.body);
        app.database.tamper("UPDATE batches SET state = 'finished', filter = NULL").await;
        merge(&api, b).await.unwrap();
    }

    async fn a_batch_names_records_as_they_were_when_it_began(app) {
        let api = app.program("alpha");
        products(&api, ("Jug", 2, 0)).await;
        let code = made(&api, "tax-codes", json!({"code": "J", "name": "Jugs", "rates": [{"rate": "5"}]})).await;
        let body = ("products?q=jug", json!({"do": "set", "field": "tax_code", "value": "J"}));
        let batch = ended(&api, &begin(&api, body).await).await;
        assert_eq!((&batch["changed"], &batch["failed"]), (&json!(2), &json!(0)));
        let found = api.get(&format!("/api/v1/alpha/{}/products?q=jug", batch["branch"].as_str().unwrap())).await.json();
        assert!(code.ends_with(found["items"][0]["tax_code"].as_str().unwrap()));
    }

    async fn orders_are_moved_on_together_and_each_by_its_own_rules(app) {
        let (api, clerk) = (app.program("alpha"), app.program_of("clerk", "alpha").await);
        let (one, two) = (order(&clerk).await, order(&clerk).await);
        for url in [&one, &two] {
            edit(&clerk, url, json!({"customer_po": "together"})).await;
        }
        let empty = made(&clerk, "orders", json!({"customer": "C-00001", "customer_po": "together"})).await;
        command(&clerk, &two, "confirmation").await;
        let body = json!({"do": "confirmation"});
        let at = format!("{API}/orders/batch?q=together");
        let key = || clerk.post_once(&at, &body, "once");
        let (first, again) = (key().await.expect(202).json(), key().await.expect(202).json());
        assert_eq!(first["id"], again["id"], "pressed twice is one");
        let batch = ended(&clerk, first["id"].as_str().unwrap()).await;
        let whys: Vec<&str> = batch["failures"]["items"].as_array().unwrap().iter().map(|f| f["why"].as_str().unwrap()).collect();
        assert_eq!((&batch["changed"], whys.len()), (&json!(1), 2), "{batch}");
        assert!(whys.contains(&"This order is confirmed already") && whys.iter().any(|w| w.contains("Add a line")), "{whys:?}");
        assert_eq!(get(&api, &one).await["state"], "draft");
        merge(&api, batch["branch"].as_str().unwrap()).await.unwrap();
        assert_eq!((&get(&api, &one).await["state"], &get(&api, &empty).await["state"]), (&json!("confirmed"), &json!("draft")));
        assert!(get(&api, &one).await["number"].is_string(), "the number comes with main");
        // who may not even propose it begins none, and a tax code is no clerk's affair
        let viewer = app.program_of("viewer", "alpha").await;
        viewer.post(&at, &body).await.expect(403);
        let taxes = json!({"do": "set", "field": "active", "value": "false"});
        clerk.post(&format!("{API}/tax-codes/batch"), &taxes).await.expect(403);
        api.get(&format!("/api/v1/beta/main/batches/{}", first["id"].as_str().unwrap())).await.expect(404);
        app.program("beta").get(&format!("/api/v1/beta/main/batches/{}", first["id"].as_str().unwrap())).await.expect(404);
    }

    async fn a_reason_that_names_an_erased_customer_goes_with_them(app) {
        let api = app.program("alpha");
        let url = made(&api, "customers", json!({"number": "E-1", "name": "Quuxworth"})).await;
        let id = url.rsplit('/').next().unwrap();
        made(&api, "orders", json!({"customer": "E-1", "lines": []})).await;
        let list = format!("orders?customer={id}");
        let why = ["Quuxworth is no more", "They moved away"];
        for reason in why {
            let begun = begin(&api, (&list, json!({"do": "cancellation", "value": reason}))).await;
            ended(&api, &begun).await;
        }
        let kept = async || {
            let company = crate::history::company(app).await;
            app.database.ask(&format!("{company}SELECT change FROM batches")).await.join("\n")
        };
        let before = kept().await;
        assert!(why.iter().all(|w| before.contains(w)), "{before}");
        api.post(&format!("/api/v1{url}/erasure"), &json!({"basis": "GDPR art. 17"})).await.expect(200);
        let left = kept().await;
        assert!(!left.contains("Quuxworth") && left.contains("They moved away") && left.contains("(erased)"), "{left}");
    }
}
