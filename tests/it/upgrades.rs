//! Records' bodies of another revision, with branches open. The upgrade here is one that only tests know:
//! a field gets another name, one goes with its list column, one is new, one may hold less.
use crate::{
    actor_fields,
    branches::{edit, get, within},
    harness::{Engine, TestApp},
    history::{company, unlock},
    merges::{
        API, branch, conflicts, decide, made, made_in, merge, open_conflicts, order, plan, sync,
    },
    stories,
};
use serde_json::{Value, json};
use tributary::domain::{
    customer::Customer,
    field::{Kind, Ty},
    history::schema::{Change, Schema, What},
    order::Order,
    product::Product,
    record::{Record, SCHEMA, of_value},
    tax::TaxCode,
};

static NEXT: Schema = Schema(&[&[
    of(Kind::Order, "", ("ship_method", "Shipping by"), What::Renamed("warehouse")),
    of(Kind::Order, "", ("incoterm", "Incoterm"), What::Removed),
    of(Kind::Order, "", ("promised_date", "Promised for"), What::Removed),
    of(Kind::Order, "lines", ("note", "Note"), What::Removed),
    of(Kind::Order, "", ("requested_date", "Wanted on"), What::Added(|| json!("2027-01-01"))),
    of(Kind::Customer, "", ("blocked", "Blocked"), What::Narrowed(no_warning)),
]]);

const fn of(
    kind: Kind,
    list: &'static str,
    (field, label): (&'static str, &'static str),
    what: What,
) -> Change {
    Change { kind, list, field, label, ty: Ty::Text(60), what }
}

fn no_warning(value: &Value) -> Option<Value> {
    (value == "warn").then(|| json!("none"))
}

/// The upgrade, with the migration of the list column, which can be taken back.
async fn upgrade(app: &TestApp) -> TestApp {
    // as a migration does that changes a list column of versions
    unlock(app).await;
    let company = company(app).await;
    let keep =
        "CREATE TABLE kept AS SELECT branch_id, id, from_seq, promised_date FROM order_versions";
    for text in [
        keep,
        "UPDATE order_versions SET promised_date = NULL",
        "UPDATE orders SET promised_date = NULL",
    ] {
        app.database.tamper(&format!("{company}{text}")).await;
    }
    app.upgraded(&NEXT)
}

/// Afterwards the story's own audit looks with the eyes of before.
async fn downgrade(app: &TestApp) {
    let company = company(app).await;
    let back = "UPDATE order_versions SET promised_date = (SELECT k.promised_date FROM kept k WHERE k.branch_id = order_versions.branch_id AND k.id = order_versions.id AND k.from_seq = order_versions.from_seq) WHERE schema_rev = 1";
    let heads = "UPDATE orders SET promised_date = (SELECT v.promised_date FROM order_versions v WHERE v.branch_id = 0 AND v.id = orders.id AND v.from_seq = orders.from_seq)";
    for text in [back, heads] {
        app.database.tamper(&format!("{company}{text}")).await;
    }
}

/// As it was before bodies had tables of their own.
async fn with_bodies_in_versions(app: &TestApp) {
    unlock(app).await;
    for kind in ["customer", "product", "tax_code", "order"] {
        let (versions, bodies) = (format!("{kind}_versions"), format!("{kind}_bodies"));
        let body = format!(
            "(SELECT w.body FROM {bodies} w WHERE w.company_id = {versions}.company_id AND w.id = {versions}.id AND w.seq = {versions}.body_seq)"
        );
        app.database.tamper(&match app.database.engine {
            Engine::Sqlite => format!("CREATE TABLE old AS SELECT *, {body} AS body FROM {versions}; DROP TABLE {versions}; DROP TABLE {bodies}; ALTER TABLE old RENAME TO {versions}"),
            Engine::Postgres => format!("ALTER TABLE {versions} ADD COLUMN body TEXT; UPDATE {versions} SET body = {body}; ALTER TABLE {versions} DROP COLUMN body_seq; DROP TABLE {bodies}; CREATE TRIGGER {versions}_close BEFORE UPDATE ON {versions} FOR EACH ROW EXECUTE FUNCTION refuse_reopen(); CREATE TRIGGER {versions}_keep BEFORE DELETE ON {versions} FOR EACH ROW EXECUTE FUNCTION refuse_change()"),
        }).await;
    }
    if app.database.engine == Engine::Postgres {
        app.database.tamper("DROP FUNCTION refuse_other_body").await;
    }
    app.database.tamper("DELETE FROM _sqlx_migrations WHERE version = 28").await;
}

fn notices(plan: &Value) -> Vec<(&str, &str)> {
    let items = plan["items"].as_array().unwrap().iter();
    let each = items.flat_map(|i| i["notices"].as_array().unwrap());
    each.map(|n| (n["what"].as_str().unwrap(), n["path"].as_str().unwrap())).collect()
}

/// A body of every revision so far is read; one of this revision is written as it was.
#[test]
fn bodies_of_every_revision_are_read() {
    for rev in 1..=SCHEMA.rev() {
        kept::<TaxCode>(rev);
        kept::<Product>(rev);
        kept::<Customer>(rev);
        kept::<Order>(rev);
    }
}

fn kept<R: Record>(rev: i64) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let file = format!("{folder}/{rev}/{}.jsonl", R::KIND.word());
    let text = std::fs::read_to_string(&file).expect(&file);
    let bodies: Vec<&str> = text.lines().collect();
    assert!(bodies.len() > 1, "{file}");
    for body in bodies {
        let (value, _) = SCHEMA.raise(R::KIND, (rev, serde_json::from_str(body).unwrap()));
        let record: R = of_value(value).unwrap();
        let again: R = serde_json::from_str(&record.body()).unwrap();
        assert_eq!(again.body(), record.body());
        if rev == SCHEMA.rev() {
            assert_eq!(record.body(), body);
        }
    }
}

stories! {
    async fn c92_open_branches_go_through_an_upgrade(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        edit(&api, &url, json!({"warehouse": "W1", "incoterm": "EXW", "promised_date": "2026-12-01"})).await;
        let only_gone = order(&api).await;
        let number = |n: &str| json!({"number": n, "name": n, "blocked": "none", "currency": "EUR"});
        let stopped = made(&api, "customers", number("K-1")).await;
        let other = made(&api, "customers", number("K-2")).await;
        let b = branch(&api, "Long").await;
        let own = within(&url, &b);
        edit(&api, &own, json!({"warehouse": "W2", "incoterm": "FOB", "customer_po": "PO-1"})).await;
        edit(&api, &within(&only_gone, &b), json!({"incoterm": "DDP"})).await;
        edit(&api, &within(&stopped, &b), json!({"blocked": "warn", "note": "Late"})).await;
        edit(&api, &within(&other, &b), json!({"note": "Kind"})).await;
        let new = made_in(&api, (&b, "orders"), json!({"customer": "K-2", "incoterm": "CIF", "warehouse": "W3", "lines": [{"sku": "SKU-00001", "qty": "1", "note": "Fragile"}]})).await;
        edit(&api, &url, json!({"contact": "Ann"})).await;
        edit(&api, &stopped, json!({"phone": "1"})).await;

        let next = upgrade(app).await;
        let api = next.program("alpha");
        next.audit().await;
        // they open, in every list and form
        let seen = get(&api, &own).await;
        assert_eq!((&seen["ship_method"], &seen["requested_date"], &seen["customer_po"]), (&json!("W2"), &json!("2027-01-01"), &json!("PO-1")));
        for gone in ["warehouse", "incoterm", "promised_date"] {
            assert!(seen.get(gone).is_none(), "{gone}");
        }
        assert_eq!(get(&api, &within(&stopped, &b)).await["blocked"], "none");
        let listed = api.get(&format!("/api/v1/alpha/{b}/customers?q=K-1")).await.expect(200).json();
        assert_eq!(listed["items"][0]["blocked"], "none");
        let mut lead = next.actor("lead", "alpha").await;
        for page in ["orders", "customers", &own["/alpha/".len() + b.len() + 1..]] {
            lead.get(&format!("/alpha/{b}/{page}")).await.expect(200);
        }
        // they are edited, and what was written before is still told
        edit(&api, &new, json!({"contact": "Bo"})).await;
        let found = plan(&api, &b).await;
        assert_eq!(notices(&found), [("field-gone", "incoterm"), ("field-gone", "incoterm")]);
        lead.get(&format!("/alpha/main/branches/{b}")).await.expect(200);
        let page = lead.get(&format!("/alpha/main/branches/{b}/plan")).await.expect(200).body;
        assert!(page.contains("\u{201c}Incoterm\u{201d} is kept no more since an upgrade"), "{page}");
        // a value that is none any more is asked for, on that record only
        let open = open_conflicts(&api, &b).await;
        assert_eq!(open.iter().map(|c| (&c["kind"], &c["path"])).collect::<Vec<_>>(), [(&json!("invalid-after-upgrade"), &json!("blocked#upgrade"))]);
        assert_eq!((&open[0]["theirs"]["blocked"], &open[0]["ours"]["blocked"]), (&json!("warn"), &json!("none")));
        decide(&api, &b, &open[0], "value", "block").await;
        merge(&api, &b).await.unwrap();
        let now = get(&api, &url).await;
        assert_eq!((&now["ship_method"], &now["customer_po"], &now["contact"]), (&json!("W2"), &json!("PO-1"), &json!("Ann")));
        let now = get(&api, &stopped).await;
        assert_eq!((&now["blocked"], &now["note"], &now["phone"]), (&json!("block"), &json!("Late"), &json!("1")));
        assert_eq!(get(&api, &new.replace(&format!("/{b}/"), "/main/")).await["ship_method"], "W3");
        next.audit().await;
        downgrade(app).await;
    }

    async fn bodies_of_before_go_into_tables_of_their_own(app) {
        let api = app.program("alpha");
        let (url, gone) = (order(&api).await, order(&api).await);
        let customer = made(&api, "customers", json!({"number": "K-1", "name": "K", "currency": "EUR"})).await;
        let (b, open) = (branch(&api, "Done").await, branch(&api, "Open").await);
        for (url, field) in [(&url, "contact"), (&customer, "note")] {
            edit(&api, &within(url, &b), json!({field: "Taken in"})).await;
            edit(&api, &within(url, &open), json!({field: "To come"})).await;
        }
        api.post(&format!("/api/v1{gone}/deletion"), &json!({})).await.expect(204);
        merge(&api, &b).await.unwrap();
        let asked = [url.clone(), within(&url, &open), format!("{url}/history"), format!("{customer}/history"), "/alpha/main/orders/deleted".to_owned()];
        let mut told = vec![];
        for at in &asked {
            told.push(get(&api, at).await);
        }
        with_bodies_in_versions(app).await;
        app.database.open().await.migrate().await.unwrap();
        app.audit().await;
        for (at, before) in asked.iter().zip(told) {
            assert_eq!(get(&api, at).await, before);
        }
        edit(&api, &url, json!({"contact": "Ann"})).await;
        for conflict in open_conflicts(&api, &open).await {
            decide(&api, &open, &conflict, "theirs", "").await;
        }
        merge(&api, &open).await.unwrap();
        assert_eq!((&get(&api, &url).await["contact"], &get(&api, &customer).await["note"]), (&json!("To come"), &json!("To come")));
        let company = company(app).await;
        for text in ["UPDATE order_bodies SET body = '{}'", "UPDATE order_versions SET body_seq = 1"] {
            app.database.try_tamper(&format!("{company}{text}")).await.expect_err(text);
        }
    }

    async fn c92_a_branch_of_before_is_brought_up_to_date_after(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        let customer = made(&api, "customers", json!({"number": "K-1", "name": "K", "blocked": "block", "currency": "EUR"})).await;
        let b = branch(&api, "Long").await;
        edit(&api, &within(&url, &b), json!({"warehouse": "W2", "incoterm": "FOB"})).await;
        edit(&api, &within(&customer, &b), json!({"blocked": "warn"})).await;
        edit(&api, &url, json!({"warehouse": "W1"})).await;

        let next = upgrade(app).await;
        let api = next.program("alpha");
        let found = api.get(&format!("{API}/branches/{b}/plan?for=sync&show=conflicts")).await.expect(200).json();
        let open: Vec<(Value, Value)> = conflicts(&found).into_iter().map(|c| (c["kind"].clone(), c["path"].clone())).collect();
        assert_eq!(open, [(json!("invalid-after-upgrade"), json!("blocked#upgrade")), (json!("field"), json!("ship_method"))]);
        for conflict in conflicts(&found) {
            let choice = if conflict["kind"] == "field" { "theirs" } else { "ours" };
            decide(&api, &b, &conflict, choice, "").await;
        }
        sync(&api, &b).await.unwrap();
        assert_eq!(get(&api, &within(&url, &b)).await["ship_method"], "W2");
        // main's value stays where nobody gave another one
        assert_eq!(get(&api, &within(&customer, &b)).await["blocked"], "block");
        assert_eq!(plan(&api, &b).await["conflicts"], 0);
        let merged = merge(&api, &b).await.unwrap();
        assert_eq!(get(&api, &url).await["ship_method"], "W2");
        // and goes back to what was written before
        let path = format!("{API}/commits/{merged}/revert");
        let agreed = api.get(&path).await.expect(200).json()["plan"].clone();
        api.post(&path, &json!({ "plan": agreed })).await.expect(200);
        assert_eq!(get(&api, &url).await["ship_method"], "W1");
        next.audit().await;
        downgrade(app).await;
    }

    async fn c93_versions_of_every_revision_are_seen_and_restored(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        edit(&api, &url, json!({"warehouse": "W1", "incoterm": "EXW"})).await;
        let then = get(&api, &url).await["version"].clone();
        let gone = order(&api).await;
        edit(&api, &gone, json!({"warehouse": "W9", "incoterm": "EXW"})).await;
        api.post(&format!("/api/v1{gone}/deletion"), &json!({})).await.expect(204);

        let next = upgrade(app).await;
        let api = next.program("alpha");
        let id = |url: &str| url.rsplit('/').next().unwrap().to_owned();
        edit(&api, &url, json!({"ship_method": "W2"})).await;
        let was = api.get(&format!("/api/v1{url}?at={then}")).await.expect(200).json();
        assert_eq!((&was["ship_method"], &was["incoterm"]), (&json!("W1"), &Value::Null));
        let mut lead = next.actor("lead", "alpha").await;
        let story = lead.get(&url).await.expect(200).body;
        assert!(story.contains("W1") && story.contains("W2"));
        lead.get(&format!("/alpha/main/commits/{then}")).await.expect(200);
        api.post(&format!("/api/v1{url}/restoration"), &json!({"as_of": then})).await.expect(200);
        assert_eq!(get(&api, &url).await["ship_method"], "W1");
        let deleted = api.get(&format!("{API}/orders/deleted")).await.expect(200).json();
        let found = deleted["items"].as_array().unwrap().iter().find(|d| d["id"] == id(&gone)).unwrap().clone();
        let before = &found["as_of"];
        api.post(&format!("/api/v1{gone}/restoration"), &json!({"as_of": before})).await.expect(200);
        assert_eq!(get(&api, &gone).await["ship_method"], "W9");
        next.audit().await;
        downgrade(app).await;
    }

    async fn c101_a_form_of_before_comes_back_with_what_was_typed(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        edit(&api, &url, json!({"warehouse": "W1"})).await;
        let product = api.get(&format!("{API}/products?size=25")).await.json()["items"][0]["id"].as_str().unwrap().to_owned();
        let product = format!("/alpha/main/products/{product}");
        let mut clerk = app.actor("clerk", "alpha").await;
        let page = clerk.get(&format!("{url}/edit")).await.expect(200);
        let typed = actor_fields(&page, &[("warehouse", "W5"), ("incoterm", "DAP"), ("contact", "Eve")]);
        let untouched = clerk.get(&format!("{product}/edit")).await.expect(200);
        let described = crate::harness::changed(untouched.form("#record-form"), &[("description", "Blue")]);
        let customer = clerk.get("/alpha/main/customers/new").await.expect(200);
        let warned = crate::harness::changed(customer.form("#record-form"), &[("number", "K-7"), ("name", "Kay"), ("blocked", "warn")]);

        let next = upgrade(app).await;
        let mut clerk = next.actor("clerk", "alpha").await;
        let page = clerk.post(&url, &typed).await.expect(422);
        assert!(page.body.contains("look at it, then save again. Incoterm is kept no more: DAP."), "{}", page.body);
        let again = page.form("#order-form");
        let field = |name: &str| again.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!((field("ship_method"), field("contact"), field("_schema")), (Some("W5"), Some("Eve"), Some("2")));
        clerk.post(&url, &again.into_iter().filter(|(n, _)| n != "incoterm" && n != "warehouse").collect::<Vec<_>>()).await.expect(303);
        let now = get(&next.program("alpha"), &url).await;
        assert_eq!((&now["ship_method"], &now["contact"]), (&json!("W5"), &json!("Eve")));
        // a kind that the upgrade left alone is saved
        clerk.post(&product, &described).await.expect(303);
        let page = clerk.post("/alpha/main/customers", &warned).await.expect(422);
        assert!(page.form("#record-form").contains(&("number".into(), "K-7".into())));
        next.audit().await;
        downgrade(app).await;
    }

    async fn a_list_column_that_a_migration_forgot_is_found(app) {
        let api = app.program("alpha");
        let url = order(&api).await;
        edit(&api, &url, json!({"promised_date": "2026-12-01"})).await;
        let next = app.upgraded(&NEXT);
        let report = tributary::service::verify::run(&next.ctx("alpha").await).await.unwrap();
        assert!(report.found.iter().any(|f| f.contains("list columns")), "{:?}", report.found);
    }
}
