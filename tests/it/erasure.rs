//! What a law wants gone is gone everywhere, and the history holds.
use crate::{
    branches::{edit, get, within},
    harness::{Engine, Program, TestApp},
    history::{company, unlock},
    merges::{branch, command, decide, made, made_in, merge, open_conflicts, plan},
    stories,
};
use serde_json::{Value, json};
use tributary::{
    app::Kept,
    service::{
        compaction, erasure,
        verify::{self, Report},
    },
};

const API: &str = "/api/v1/alpha/main";
/// In every text about the customer, and nowhere else.
const CANARY: &str = "Quux";

/// A customer with all that one can have, with orders on main, in the past and on a branch.
struct Person {
    url: String,
    order: String,
    branch: String,
    /// After the first version of the order.
    then: i64,
}

async fn person(api: &Program) -> Person {
    let body = json!({
        "number": "K-1", "name": "Quuxworth Ltd", "legal_name": "Quuxworth Limited", "email": "a@quuxworth.example",
        "tax_id": "QUUX 1", "note": "Quuxly", "currency": "GBP", "terms_days": 30,
        "addresses": [{"kind": "both", "line1": "Quux Road 1", "city": "Quuxtown", "country": "GB"}],
        "contacts": [{"name": "Anna Quuxen", "phone": "1"}],
    });
    let keyed =
        api.post_once(&format!("{API}/customers"), &body, "quux-key").await.expect(201).json();
    let url = format!("/alpha/main/customers/{}", keyed["id"].as_str().unwrap());
    let lines = json!([{"sku": "SKU-00001", "qty": "2", "note": "For Quux"}]);
    let order = json!({"customer": "K-1", "contact": "Anna Quuxen", "customer_note": "Quux", "customer_po": "Quux 7", "lines": lines});
    let order = made(api, "orders", order).await;
    let then = get(api, &order).await["version"].as_i64().unwrap();
    let gone =
        made(api, "orders", json!({"customer": "K-1", "contact": "Quux gone", "lines": lines}))
            .await;
    api.post(&format!("/api/v1{gone}/deletion"), &json!({})).await.expect(204);
    let b = branch(api, "Try").await;
    edit(api, &within(&url, &b), json!({"phone": "Quux 99", "terms_days": 60})).await;
    edit(
        api,
        &within(&order, &b),
        json!({"internal_note": "Quux secret", "warehouse": "W7", "contact": "Quux B"}),
    )
    .await;
    made_in(
        api,
        (&b, "orders"),
        json!({"customer": "K-1", "customer_note": "Quux new", "lines": lines}),
    )
    .await;
    edit(api, &url, json!({"name": "Quuxworth & Sons"})).await;
    edit(api, &order, json!({"contact": "Bob Quuxen"})).await;
    command(api, &order, "confirmation").await;
    for conflict in open_conflicts(api, &b).await {
        decide(api, &b, &conflict, "value", "Quux decided").await;
    }
    Person { url, order, branch: b, then }
}

async fn erase(api: &Program, url: &str) -> Value {
    let body = json!({"basis": "GDPR art. 17, wished 2026-05-28"});
    api.post(&format!("/api/v1{url}/erasure"), &body).await.expect(200).json()
}

async fn verified(app: &TestApp) -> Report {
    verify::run(&app.ctx("alpha").await).await.unwrap()
}

/// Every row of every table, or every byte of the file, in lower case.
async fn everything(app: &TestApp) -> String {
    app.app.db.clean().await.unwrap();
    if app.database.engine == Engine::Sqlite {
        let path = app.database.url.trim_start_matches("sqlite:");
        let files = [path.to_owned(), format!("{path}-wal")];
        let bytes: Vec<u8> =
            files.iter().flat_map(|f| std::fs::read(f).unwrap_or_default()).collect();
        return String::from_utf8_lossy(&bytes).to_lowercase();
    }
    let company = company(app).await;
    let tables = "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'";
    let mut out = String::new();
    for table in app.database.ask(tables).await {
        let rows =
            app.database.ask(&format!("{company}SELECT CAST(t AS TEXT) FROM {table} t")).await;
        out.push_str(&rows.join("\n"));
    }
    out.to_lowercase()
}

stories! {
    async fn c96_what_was_erased_is_nowhere_and_the_history_holds(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        let said = json!({"text": "QUUXWORTH Ltd will not like it"});
        api.post(&format!("/api/v1/alpha/main/branches/{}/comments", p.branch), &said).await.expect(201);
        let before = verified(app).await;
        let canary = CANARY.to_lowercase();
        assert!(everything(app).await.contains(&canary));
        let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
        let body = json!({"basis": "x"});
        for role in ["clerk", "lead"] {
            app.program_of(role, "alpha").await.post(&format!("/api/v1{}/erasure", p.url), &body).await.expect(403);
        }
        api.post(&format!("/api/v1{}/erasure", p.url), &json!({"basis": " "})).await.expect(422);
        app.program("beta").post(&format!("/api/v1{}/erasure", p.url), &body).await.expect(404);
        let done = erase(&api, &p.url).await;
        assert!(done["versions"].as_i64().unwrap() >= 10 && done["messages"].as_i64().unwrap() >= 2, "{done}");

        // nowhere in the database, nor in what it answers
        let all = everything(app).await;
        let at = all.find(&canary);
        assert!(at.is_none(), "{}", at.map(|at| all[at.saturating_sub(200)..at + 100].to_owned()).unwrap_or_default());
        let mut admin = app.actor("admin", "alpha").await;
        for world in ["main", p.branch.as_str()] {
            for page in [
                within(&p.url, world), within(&p.order, world), format!("{}/history", within(&p.order, world)),
                format!("/alpha/{world}/orders"), format!("/alpha/{world}/customers"), format!("/alpha/{world}/commits"),
                format!("/alpha/{world}/orders/export.csv"), format!("/alpha/{world}/orders/deleted"),
            ] {
                let body = admin.get(&page).await.expect(200).body;
                assert!(!body.contains(CANARY), "{page}");
            }
            for list in ["orders", "customers"] {
                let found = api.get(&format!("/api/v1/alpha/{world}/{list}?q=quuxworth")).await.expect(200).json();
                assert_eq!(found["items"], json!([]));
                let then = api.get(&format!("/api/v1/alpha/main/{list}?q=quuxworth&at={}", p.then)).await.expect(200).json();
                assert_eq!(then["items"], json!([]));
            }
        }
        let kept = api.get(&format!("/api/v1{}?at={}", p.order, p.then)).await.expect(200).json();
        assert_eq!((&kept["customer_name"], &kept["lines"][0]["qty"]), (&json!("(erased)"), &json!("2")));
        // what is left is found still: by its number now, by its draft's reference then
        let now = get(&api, &p.order).await;
        for query in [now["number"].as_str().unwrap().to_owned(), format!("{}&at={}", now["draft_ref"].as_str().unwrap(), p.then)] {
            let found = api.get(&format!("{API}/orders?q={query}")).await.expect(200).json();
            assert_eq!(found["items"].as_array().unwrap().len(), 1, "{query}");
        }

        // it verifies, and says what was erased
        let after = verified(app).await;
        assert_eq!((after.faults, before.faults), (0, 0), "{:?}", after.found);
        assert_eq!(after.versions, before.versions);
        assert!(after.erasures[0].contains("customer K-1") && after.erasures[0].contains("GDPR art. 17"), "{:?}", after.erasures);
        let log = admin.get("/alpha/main/commits?what=erasure").await.expect(200).body;
        assert!(log.contains("Erased the personal data of customer K-1"));
        // a proof of an erased version shows that it was there
        let proof = api.get(&format!("{API}/commits/{}/proof/order/{}", p.then, id(&p.order))).await.expect(200).json();
        assert_eq!(proof["version"]["body"], Value::Null);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("proof.json");
        std::fs::write(&file, proof.to_string()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-proof");
        let checked = std::process::Command::new("python3").arg(script).arg(&file).arg(app.digest("alpha").await).output().unwrap();
        assert!(String::from_utf8_lossy(&checked.stdout).contains("what it said is erased"), "{checked:?}");

        // the branch goes on, and brings nothing back
        assert_eq!(open_conflicts(&api, &p.branch).await, Vec::<Value>::new());
        let found = plan(&api, &p.branch).await;
        assert_eq!((&found["created"], &found["changed"]), (&json!(1), &json!(2)), "{found:#}");
        merge(&api, &p.branch).await.unwrap();
        assert_eq!(get(&api, &p.url).await["terms_days"], 60);
        assert_eq!(get(&api, &p.order).await["warehouse"], "W7");
        assert!(!everything(app).await.contains(&canary));
        // nothing is left, until somebody writes something again
        api.post(&format!("/api/v1{}/erasure", p.url), &body).await.expect(200);
        let found = api.get(&format!("{API}/orders?q={}&at={}", now["draft_ref"].as_str().unwrap(), p.then)).await.expect(200).json();
        assert_eq!(found["items"].as_array().unwrap().len(), 1, "what was erased before is found as it was");
        api.post(&format!("/api/v1{}/erasure", p.url), &body).await.expect(409);
    }

    async fn an_erasure_behind_the_back_is_found(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        erase(&api, &p.url).await;
        unlock(app).await;
        app.database.tamper(if app.database.engine == Engine::Sqlite { "DROP TRIGGER erasures_keep; DROP TRIGGER erasures_stay" } else { "DROP TRIGGER erasures_keep ON erasures; ALTER TABLE erasures NO FORCE ROW LEVEL SECURITY" }).await;
        assert_eq!(verified(app).await.faults, 0);
        let erased = "erased_by IS NOT NULL";
        let hash = if app.database.engine == Engine::Sqlite { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" };
        for (change, back) in [
            (format!("UPDATE order_bodies SET body = replace(body, '(erased)', '(other)') WHERE {erased}"), format!("UPDATE order_bodies SET body = replace(body, '(other)', '(erased)') WHERE {erased}")),
            ("UPDATE commits SET message = 'other' WHERE message_hash IS NOT NULL".into(), "UPDATE commits SET message = '(erased)' WHERE message_hash IS NOT NULL".into()),
            ("UPDATE product_versions SET stub_hash = body_hash, leaf_rev = 1".into(), "UPDATE product_versions SET stub_hash = NULL, leaf_rev = NULL".into()),
            ("UPDATE product_bodies SET erased_by = 3".into(), "UPDATE product_bodies SET erased_by = NULL".into()),
            ("UPDATE product_versions SET leaf_rev = schema_rev".into(), "UPDATE product_versions SET leaf_rev = NULL".into()),
            (format!("UPDATE commits SET message_erased_by = (SELECT seq FROM erasures), message_hash = {hash} WHERE seq = 1"), "UPDATE commits SET message_erased_by = NULL, message_hash = NULL WHERE seq = 1".into()),
            ("UPDATE commits SET message_erased_by = NULL WHERE message_hash IS NOT NULL".into(), "UPDATE commits SET message_erased_by = (SELECT seq FROM erasures) WHERE message_hash IS NOT NULL".into()),
            ("UPDATE erasures SET basis = basis || 'x'".into(), "UPDATE erasures SET basis = substr(basis, 1, length(basis) - 1)".into()),
            ("UPDATE erasures SET seq = seq - 1".into(), "UPDATE erasures SET seq = seq + 1".into()),
            (format!("UPDATE product_versions SET erased_by = (SELECT seq FROM erasures), stub_hash = {hash}"), "UPDATE product_versions SET erased_by = NULL, stub_hash = NULL".into()),
            ("UPDATE customer_versions SET erased_by = 1 WHERE erased_by IS NOT NULL".into(), "UPDATE customer_versions SET erased_by = (SELECT seq FROM erasures) WHERE erased_by = 1".into()),
        ] {
            app.database.tamper(&change).await;
            assert!(verified(app).await.faults > 0, "not found: {change}");
            app.database.tamper(&back).await;
            assert_eq!(verified(app).await.faults, 0, "not put back: {back}");
        }
    }

    async fn history_is_erased_once_and_not_changed_otherwise(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        erase(&api, &p.url).await;
        let company = company(app).await;
        let hash = if app.database.engine == Engine::Sqlite { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" };
        for text in [
            "UPDATE order_bodies SET body = '{}' WHERE erased_by IS NOT NULL".to_owned(),
            "UPDATE order_bodies SET erased_by = 3 WHERE erased_by IS NOT NULL".to_owned(),
            "UPDATE product_bodies SET erased_by = 3".to_owned(),
            "UPDATE product_bodies SET erased_by = 3, body = '{}'".to_owned(),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1 WHERE erased_by IS NOT NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1, body_hash = {hash} WHERE erased_by IS NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 2 WHERE erased_by IS NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1, deleted = NOT deleted WHERE erased_by IS NULL"),
            "UPDATE commits SET message = 'x' WHERE message_hash IS NOT NULL".to_owned(),
            format!("UPDATE commits SET message = 'x', message_hash = {hash}, message_erased_by = 3, cause = 'x' WHERE message_hash IS NULL"),
            format!("UPDATE commits SET message = 'x', message_hash = {hash} WHERE message_hash IS NULL"),
            "UPDATE erasures SET basis = 'x'".to_owned(),
            "DELETE FROM erasures".to_owned(),
        ] {
            let refused = app.database.try_tamper(&format!("{company}{text}")).await.expect_err(&text);
            assert!(refused.to_string().contains("append-only"), "{text}: {refused}");
        }
    }

    async fn nothing_of_before_brings_it_back(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        let b = branch(&api, "Sync").await;
        edit(&api, &within(&p.url, &b), json!({"phone": "Quux 5"})).await;
        edit(&api, &p.url, json!({"terms_days": 7})).await;
        let version = get(&api, &p.order).await["version"].clone();
        let mut clerk = app.actor("clerk", "alpha").await;
        let page = clerk.get(&format!("{}/edit", p.url)).await.expect(200);
        let typed = crate::harness::changed(page.form("#record-form"), &[("terms_days", "9")]);
        let agreed = plan(&api, &p.branch).await["plan"].clone();
        let sync = api.get(&format!("{API}/branches/{b}/plan?for=sync")).await.expect(200).json()["plan"].clone();
        erase(&api, &p.url).await;
        let refused = clerk.post(&p.url, &typed).await.expect(422).body;
        assert!(refused.contains("Personal data were erased since you opened this"), "{refused}");
        let change = |fields: Value| { let (api, url) = (api.clone(), format!("/api/v1{}", p.order)); async move { api.patch(&url, &fields).await } };
        change(json!({"contact": "Quux", "version": version})).await.expect(422);
        change(json!({"warehouse": "W5", "version": version})).await.expect(200);
        let now = get(&api, &p.order).await["version"].clone();
        change(json!({"contact": "Eve", "version": now})).await.expect(200);
        api.post(&format!("{API}/branches/{}/merge", p.branch), &json!({ "plan": agreed })).await.expect(409);
        api.post(&format!("{API}/branches/{b}/sync"), &json!({ "plan": sync })).await.expect(409);
        clerk.submit(&format!("{}/edit", p.url), "#record-form", &[("terms_days", "9")]).await.expect(303);
        command(&api, &p.order, "completion").await;
        assert!(!everything(app).await.contains(&CANARY.to_lowercase()));
    }

    async fn a_plan_that_another_server_keeps_is_made_anew(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        // one without decisions, which an erasure takes
        let b = branch(&api, "Other").await;
        edit(&api, &within(&p.url, &b), json!({"terms_days": 5})).await;
        let before = plan(&api, &b).await["plan"].clone();
        let mut ctx = app.ctx("alpha").await;
        ctx.app.kept = Kept::default();
        let id = p.url.rsplit('/').next().unwrap().parse().unwrap();
        erasure::erase(&ctx, id, "GDPR 17").await.unwrap();
        assert_ne!(plan(&api, &b).await["plan"], before);
    }

    async fn who_is_on_a_branch_alone_or_deleted_is_erased_too(app) {
        let api = app.program("alpha");
        let b = branch(&api, "Try").await;
        let new = |number: &str| json!({"number": number, "name": "\u{738b}\u{4f1f}", "note": "Quux", "currency": "GBP"});
        let on_branch = made_in(&api, (&b, "customers"), new("K-8")).await;
        let deleted = made(&api, "customers", new("K-9")).await;
        api.post(&format!("/api/v1{deleted}/deletion"), &json!({})).await.expect(204);
        let mut admin = app.actor("admin", "alpha").await;
        for url in [on_branch.replace(&format!("/{b}/"), "/main/"), deleted] {
            admin.submit(&format!("{url}/erasure"), "#erasure-form", &[("basis", "GDPR 17")]).await.expect(303);
        }
        let all = everything(app).await;
        assert!(!all.contains("quux") && !all.contains("\u{738b}\u{4f1f}"));
        assert_eq!(get(&api, &on_branch).await["name"], "(erased)");
    }

    async fn the_page_asks_before_it_erases(app) {
        let api = app.program("alpha");
        let p = person(&api).await;
        let mut admin = app.actor("admin", "alpha").await;
        let links = admin.get(&p.url).await.attrs("aside a", "href");
        assert!(links.contains(&format!("{}/erasure", p.url)), "{links:?}");
        let lead = app.actor("lead", "alpha").await.get(&p.url).await.expect(200).body;
        assert!(!lead.contains("/erasure"));
        let page = admin.get(&format!("{}/erasure", p.url)).await.expect(200);
        assert!(page.body.contains("This cannot be taken back"));
        let again = admin.submit(&format!("{}/erasure", p.url), "#erasure-form", &[("basis", &"x".repeat(201))]).await.expect(422);
        assert!(again.body.contains("Use at most 200 characters") && again.body.contains(&"x".repeat(201)));
        let done = admin.submit(&format!("{}/erasure", p.url), "#erasure-form", &[("basis", "GDPR 17")]).await.expect(303);
        assert_eq!(done.header("location"), "/alpha/main/customers");
        assert!(admin.get(&p.url).await.body.contains("(erased)"));
    }

    async fn c96_an_erasure_reaches_what_a_compaction_left(app) {
        let api = app.program("alpha");
        let url = made(&api, "customers", json!({"number": "E-1", "name": "Quuxworth"})).await;
        let sold = made(&api, "orders", json!({"customer": "E-1", "lines": []})).await;
        let b = branch(&api, "Long ago").await;
        for name in ["Quuxley", "Quuxton", "Someone"] {
            edit(&api, &within(&url, &b), json!({"name": name})).await;
        }
        // on the branch the order becomes another customer's: nothing that stands there tells of this one
        edit(&api, &within(&sold, &b), json!({"contact": "Quuxa"})).await;
        edit(&api, &within(&sold, &b), json!({"customer": "C-00001", "contact": null})).await;
        merge(&api, &b).await.unwrap();
        let done = compaction::run(&app.ctx("alpha").await, -1).await.unwrap();
        assert_eq!(done.versions, 3, "two names and a contact");
        let done = erase(&api, &url).await;
        assert_eq!(done["versions"], 7, "{done}: main's three of both, and the four of the branch that tell of them");
        let (all, canary) = (everything(app).await, CANARY.to_lowercase());
        let at = all.find(&canary);
        assert!(at.is_none(), "{}", at.map(|at| all[at.saturating_sub(200)..at + 100].to_owned()).unwrap_or_default());
        let report = verified(app).await;
        assert_eq!((report.faults, report.erasures.len()), (0, 1), "{:?}", report.found);
        // what was emptied is empty still: nobody is told to have made what is there
        let steps = app.actor("admin", "alpha").await.get(&within(&url, &b)).await.expect(200);
        assert!(steps.body.contains("what exactly was compacted"), "{}", steps.body);
    }
}
