//! What a law wants gone is gone everywhere, and the history holds.
use crate::{
    branches::{edit, get, within},
    harness::{Engine, Program, TestApp},
    history::{company, unlock},
    merges::{branch, command, decide, made, made_in, merge, open_conflicts, plan},
    stories,
};
use serde_json::{Value, json};
use tributary::service::verify::{self, Report};

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
            (format!("UPDATE order_versions SET body = replace(body, '(erased)', '(other)') WHERE {erased}"), format!("UPDATE order_versions SET body = replace(body, '(other)', '(erased)') WHERE {erased}")),
            ("UPDATE commits SET message = 'other' WHERE message_hash IS NOT NULL".into(), "UPDATE commits SET message = '(erased)' WHERE message_hash IS NOT NULL".into()),
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
            "UPDATE order_versions SET body = '{}' WHERE erased_by IS NOT NULL".to_owned(),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1 WHERE erased_by IS NOT NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1, body_hash = {hash} WHERE erased_by IS NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 2 WHERE erased_by IS NULL"),
            format!("UPDATE order_versions SET erased_by = 3, stub_hash = {hash}, leaf_rev = 1, deleted = NOT deleted WHERE erased_by IS NULL"),
            "UPDATE commits SET message = 'x' WHERE message_hash IS NOT NULL".to_owned(),
            format!("UPDATE commits SET message = 'x', message_hash = {hash}, cause = 'x' WHERE message_hash IS NULL"),
            "UPDATE erasures SET basis = 'x'".to_owned(),
            "DELETE FROM erasures".to_owned(),
        ] {
            let refused = app.database.try_tamper(&format!("{company}{text}")).await.expect_err(&text);
            assert!(refused.to_string().contains("append-only"), "{text}: {refused}");
        }
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
        assert_eq!(done.header("location"), p.url);
        assert!(admin.get(&p.url).await.body.contains("(erased)"));
    }
}
