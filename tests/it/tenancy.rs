//! The walls between companies: in the schema, and in PostgreSQL's row-level security.
use crate::{
    harness::{Engine, TestApp},
    stories,
};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};
use std::collections::BTreeSet;
use tributary::store::db::Db;

/// Tables without a company's own rows, each with its reason.
const GLOBAL: &[(&str, &str)] = &[
    ("companies", "the tenants themselves"),
    ("users", "a person may belong to several companies"),
    ("memberships", "read before a company is known"),
    ("sessions", "a session is a person's"),
    ("tokens", "found by their hash before a company is known"),
    ("_sqlx_migrations", "the schema's own log"),
];

/// Of every table: its columns that may not be empty, and the columns of each unique index in order.
async fn shape(app: &TestApp) -> Vec<(String, BTreeSet<String>, Vec<String>)> {
    let (tables, columns, firsts) = if app.database.engine == Engine::Sqlite {
        (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_search%'",
            "SELECT name FROM pragma_table_info('T') WHERE \"notnull\" = 1 AND dflt_value IS NULL",
            "SELECT i.name FROM pragma_index_list('T') l, pragma_index_info(l.name) i WHERE l.\"unique\" = 1 AND i.seqno = 0",
        )
    } else {
        (
            "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = 'public'",
            "SELECT CAST(column_name AS TEXT) FROM information_schema.columns WHERE table_name = 'T' AND is_nullable = 'NO' AND column_default IS NULL",
            "SELECT CAST(a.attname AS TEXT) FROM pg_index x JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0] WHERE x.indrelid = CAST('T' AS regclass) AND x.indisunique",
        )
    };
    let mut out = vec![];
    for table in app.database.ask(tables).await {
        let columns = app.database.ask(&columns.replace("'T'", &format!("'{table}'"))).await;
        let firsts = app.database.ask(&firsts.replace("'T'", &format!("'{table}'"))).await;
        out.push((table, columns.into_iter().collect(), firsts));
    }
    out
}

stories! {
    async fn every_table_of_a_company_names_it_first(app) {
        let shape = shape(app).await;
        assert!(shape.len() > 15, "{shape:?}");
        for (table, not_null, firsts) in &shape {
            if GLOBAL.iter().any(|(t, _)| t == table) {
                continue;
            }
            assert!(not_null.contains("company_id"), "{table}");
            let own = ["doc", "rowid"]; // the place in the search index, which no reference uses
            assert!(firsts.iter().all(|f| f == "company_id" || own.contains(&f.as_str())), "{table}: {firsts:?}");
        }
        for (table, _) in GLOBAL {
            assert!(shape.iter().any(|(t, _, _)| t == table), "{table} is gone: take it off the list");
        }
    }
}

/// Bodies of one's own records that name something of the other company.
async fn smuggled(app: &TestApp) -> Vec<(String, Value)> {
    let (ours, theirs) = (app.program("beta"), app.program("alpha"));
    let theirs_of = |kind: &'static str| {
        let theirs = theirs.clone();
        async move { theirs.get(&format!("/api/v1/alpha/main/{kind}")).await.json()["items"][0].clone() }
    };
    let (customer, product) = (theirs_of("customers").await, theirs_of("products").await);
    let (tax, order) = (theirs_of("tax-codes").await, theirs_of("orders").await);
    let whole = theirs
        .get(&format!("/api/v1/alpha/main/orders/{}", order["id"].as_str().unwrap()))
        .await
        .json();
    let line = |with: Value| {
        let mut line = json!({"sku": "SKU-00001", "qty": 1});
        line.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        json!({"customer": "C-00001", "lines": [line]})
    };
    let mut many: Vec<Value> = (0..200).map(|_| json!({"sku": "SKU-00001", "qty": 1})).collect();
    many.push(json!({"product": product["id"], "qty": 1}));
    let list = ours.get("/api/v1/beta/main/orders").await.json();
    let own = format!("/api/v1/beta/main/orders/{}", list["items"][0]["id"].as_str().unwrap());
    let version = ours.get(&own).await.json()["version"].clone();
    vec![
        (
            "orders".into(),
            json!({"customer": customer["id"], "lines": [{"sku": "SKU-00001", "qty": 1}]}),
        ),
        ("orders".into(), line(json!({"product": product["id"]}))),
        ("orders".into(), line(json!({"tax_code": tax["id"]}))),
        ("orders".into(), line(json!({"id": whole["lines"][0]["id"]}))),
        ("orders".into(), json!({"customer": "C-00001", "lines": many})),
        ("products".into(), json!({"sku": "SMUGGLED", "name": "x", "tax_code": tax["id"]})),
        (own.clone(), json!({"version": version, "customer": customer["id"]})),
        (own.clone(), json!({"version": version, "lines": [{"product": product["id"], "qty": 1}]})),
        (
            own,
            json!({"version": version, "lines": [{"id": whole["lines"][0]["id"], "sku": "SKU-00001", "qty": 1}]}),
        ),
    ]
}

stories! {
    async fn nothing_of_another_company_can_be_named_inside_ones_own(app) {
        let before = (app.digest("alpha").await, app.digest("beta").await);
        let ours = app.program("beta");
        for (at, body) in smuggled(app).await {
            let answer = if at.starts_with('/') {
                ours.patch(&at, &body).await
            } else {
                ours.post(&format!("/api/v1/beta/main/{at}"), &body).await
            };
            assert!(matches!(answer.status.as_u16(), 404 | 422), "{at} {body}: {} {}", answer.status, answer.body);
            assert!(!answer.body.contains("ALPHA-CANARY"), "{}", answer.body);
        }
        assert_eq!((app.digest("alpha").await, app.digest("beta").await), before);
    }
}

/// A database of the world, and a connection as the plain role that a server would run as.
async fn as_plain_role() -> Option<(TestApp, PgConnection, String)> {
    let app = TestApp::start(Engine::Postgres).await?;
    let role = format!("plain_{}", app.database.url.rsplit('/').next().unwrap());
    app.database.tamper(&format!("CREATE ROLE {role} LOGIN")).await;
    app.app.db.grant(&role).await.unwrap();
    let url = app.database.url.replace("tributary@", &format!("{role}@"));
    let conn = PgConnection::connect(&url).await.unwrap();
    Some((app, conn, url))
}

async fn count(conn: &mut PgConnection, text: &str) -> i64 {
    let row = sqlx::raw_sql(sqlx::AssertSqlSafe(text.to_owned())).fetch_one(conn).await.unwrap();
    row.get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_role_sees_and_changes_one_company_only() {
    let Some((app, mut conn, _)) = as_plain_role().await else {
        eprintln!("left out: a_plain_role_sees_and_changes_one_company_only (no TEST_POSTGRES)");
        return;
    };
    let (alpha, beta) = (app.ctx("alpha").await.company.id, app.ctx("beta").await.company.id);
    let tables = [
        "orders",
        "order_lines",
        "order_versions",
        "order_bodies",
        "customers",
        "commits",
        "chains",
        "order_counts",
        "order_search",
    ];
    for table in tables {
        assert_eq!(
            count(&mut conn, &format!("SELECT COUNT(*) FROM {table}")).await,
            0,
            "{table} without a company"
        );
    }
    let mut tx = conn.begin().await.unwrap();
    let set = sqlx::AssertSqlSafe(format!("SET LOCAL tributary.company = '{alpha}'"));
    sqlx::raw_sql(set).execute(&mut *tx).await.unwrap();
    for table in tables {
        assert!(count(&mut tx, &format!("SELECT COUNT(*) FROM {table}")).await > 0, "{table}");
        assert_eq!(
            count(&mut tx, &format!("SELECT COUNT(*) FROM {table} WHERE company_id = '{beta}'"))
                .await,
            0,
            "{table}"
        );
    }
    let theirs =
        format!("INSERT INTO order_counts VALUES ('{beta}', '2026-01', 'draft', 'GBP', 1, 1)");
    assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(theirs)).execute(&mut *tx).await.is_err());
    tx.rollback().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    let set = format!("SET LOCAL tributary.company = '{alpha}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *tx).await.unwrap();
    let refused = sqlx::raw_sql("UPDATE order_bodies SET body = '{}'").execute(&mut *tx).await;
    assert!(refused.unwrap_err().to_string().contains("append-only"));
    tx.rollback().await.unwrap();
    assert_eq!(
        count(&mut conn, "SELECT COUNT(*) FROM orders").await,
        0,
        "the company is forgotten with its transaction"
    );
    for text in [
        "DELETE FROM commits",
        "UPDATE order_versions SET body_hash = body_hash",
        "UPDATE commits SET hash = hash",
        "DROP TABLE orders",
        "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
    ] {
        assert!(sqlx::raw_sql(text).execute(&mut conn).await.is_err(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_product_works_as_a_plain_role() {
    let Some((app, mut conn, url)) = as_plain_role().await else {
        eprintln!("left out: the_product_works_as_a_plain_role (no TEST_POSTGRES)");
        return;
    };
    // a table that nobody thought of would be found out by whoever needs it first
    let text = "SELECT COUNT(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind = 'r' AND NOT has_table_privilege(c.oid, 'SELECT')";
    assert_eq!(count(&mut conn, text).await, 0);
    let db = Db::open(&url).await.unwrap();
    db.ready().await.unwrap();
    assert_eq!(db.role_fault().await.unwrap(), None);
    let plain = app.on(db);
    let mut clerk = plain.actor("clerk", "alpha").await;
    let order = crate::orders::new_order(&mut clerk, "3").await;
    clerk
        .submit(&format!("{order}/edit"), "#order-form", &[("customer_po", "P")])
        .await
        .expect(303);
    clerk.post::<&str, &str>(&format!("{order}/confirmation"), &[]).await.expect(303);
    let mut platform = plain.platform().await;
    let fields = [
        ("slug", "gamma"),
        ("company", "Gamma"),
        ("currency", "EUR"),
        ("timezone", "Europe/Berlin"),
        ("admin", "clerk@alpha.example.com"),
    ];
    platform.post("/admin/companies", &fields).await.expect(303);
    clerk.get("/gamma/main/orders").await.expect(200);
    let api = plain.program("alpha");
    let customers = api.get("/api/v1/alpha/main/customers").await.json();
    let id = customers["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/alpha/main/customers/{id}/erasure");
    api.post(&path, &serde_json::json!({"basis": "GDPR 17"})).await.expect(200);
    plain.audit().await;
}
