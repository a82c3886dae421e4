//! A hundred thousand orders: every list is served by an index, in a handful of statements, on both
//! databases; and both databases have the same tables.
use crate::{
    binary::process::{Place, has_release_program},
    branches::{all, edit, get},
    harness::{Actor, Engine, Statements, TestApp},
    merges::{branch, made},
    stories,
};
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeSet;
use tributary::{
    app::{App, Clock, Rng},
    config::Web,
    domain::ids::CompanyId,
    store::{db::Db, search::words_of},
    web::server,
};

const LIST: &str = "/acme/main/orders";

/// What the database would do for a statement, whatever its values.
async fn plan(url: &str, text: &str) -> Vec<String> {
    if url.starts_with("sqlite:") {
        let mut conn = SqliteConnection::connect(url).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let rows = sqlx::raw_sql(explain).fetch_all(&mut conn).await.unwrap();
        return rows.iter().map(|r| r.get("detail")).collect();
    }
    let mut conn = PgConnection::connect(url).await.unwrap();
    let explain = AssertSqlSafe(explained(&mut conn, text).await);
    let rows = sqlx::raw_sql(explain).fetch_all(&mut conn).await.unwrap();
    rows.iter().map(|r| r.get(0)).collect()
}

/// A prepared statement's plan must do for any value; a search is planned on its own words.
async fn explained(conn: &mut PgConnection, text: &str) -> String {
    if !text.contains("tsquery") {
        let values = (1..100).take_while(|n| text.contains(&format!("${n}"))).count();
        let nulls = vec!["NULL"; values].join(", ");
        return format!(
            "SET plan_cache_mode = force_generic_plan; PREPARE p AS {text}; EXPLAIN EXECUTE p({nulls})"
        );
    }
    let company: uuid::Uuid =
        sqlx::query_scalar("SELECT id FROM companies").fetch_one(&mut *conn).await.unwrap();
    let word = words_of(CompanyId(company), "halvorsen");
    let mut out = text.to_owned();
    for n in (1..20).rev() {
        for (before, after, value) in [
            ("company_id = ", "", format!("'{company}'")),
            ("CAST(", " AS tsquery)", format!("'{word}'")),
            ("LIMIT ", "", "51".to_owned()),
        ] {
            out = out.replace(&format!("{before}${n}{after}"), &format!("{before}{value}{after}"));
        }
    }
    format!("SET tributary.company = '{company}'; EXPLAIN {out}")
}

/// Steps that read a table from one end to the other, or sort what an index could have sorted.
fn slow_steps(plan: &[String], sorted_by_index: bool) -> Vec<&String> {
    let slow = |step: &&String| {
        // rows that the statement itself made and bounded
        let bounded = ["SCAN t", "SCAN CONSTANT ROW", "SCAN next"].contains(&step.as_str());
        let scan = step.starts_with("SCAN ") && !step.contains("VIRTUAL TABLE INDEX") && !bounded;
        let sorts = step.contains("TEMP B-TREE FOR ORDER BY")
            || step.trim_start().trim_start_matches("->  ").starts_with("Sort ");
        scan || step.contains("Seq Scan") || (sorted_by_index && sorts)
    };
    plan.iter().filter(slow).collect()
}

async fn lists_are_served_by_indexes(place: &Place) {
    let db = Db::open(&place.url).await.unwrap();
    let app = App::with(db, Web::default(), Clock::system(), Rng::seeded(1));
    let mut ann = Actor::new(server::service(&app));
    ann.sign_in("ann@example.com", "correct horse battery").await;
    let oldest = ann.get(&format!("{LIST}?sort=placed")).await.expect(200);
    let cursor = oldest.attrs("a[rel=next]", "href").remove(0);
    let cursor = cursor.split("after=").nth(1).unwrap().split('&').next().unwrap();
    let last = format!("{LIST}?after={cursor}");
    let page = ann.get(&last).await.expect(200);
    assert_eq!(page.texts(".row-a").len(), 49, "the orders older than the fiftieth");
    assert!(page.attrs("a[rel=next]", "href").is_empty(), "the last page");
    for (url, sorted_by_index) in [
        (LIST.to_owned(), true),
        (last, true),
        (format!("{LIST}?state=draft"), true),
        (format!("{LIST}?country=GB"), true),
        (format!("{LIST}?state=draft&state=confirmed"), true),
        (format!("{LIST}?from=2025-01-01&to=2025-02-01"), true),
        (format!("{LIST}?sort=number"), true),
        (format!("{LIST}?sort=-total&least=100"), true),
        (format!("{LIST}?sort=customer"), true),
        ("/acme/main".to_owned(), true),
        (format!("{LIST}?q=sku-00001"), false),
        (format!("{LIST}?q=halvorsen+marine"), false),
        (format!("{LIST}?q=halvorsen&sort=total"), false),
    ] {
        let seen = Statements::default();
        seen.of(ann.get(&url)).await.expect(200);
        let texts = seen.texts();
        // the dashboard shows five things, after asking who looks
        let most = if url.contains("/orders") { 4 } else { 6 };
        assert!(
            !texts.is_empty() && texts.len() <= most,
            "{url}: {} statements {texts:#?}",
            texts.len()
        );
        let lists: Vec<_> = texts.iter().filter(|t| t.contains(" orders o ")).collect();
        assert!(!lists.is_empty(), "{url}: {texts:#?}");
        // PostgreSQL rightly reads a small table whole; SQLite has no such excuse
        let planned = if place.url.starts_with("sqlite:") { texts.iter().collect() } else { lists };
        for text in planned {
            let plan = plan(&place.url, text).await;
            let listing = text.contains(" orders o ") && !text.contains("COUNT(*)");
            let slow = slow_steps(&plan, sorted_by_index && listing);
            assert!(slow.is_empty(), "{url}: {slow:#?}\n{text}\n{plan:#?}");
        }
    }
}

fn with_a_hundred_thousand_orders(place: &Place) {
    place.company();
    place.run(&["generate", "--company", "acme", "--orders", "100000"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if place.url.starts_with("postgres") {
            let mut conn = PgConnection::connect(&place.url).await.unwrap();
            sqlx::raw_sql("ANALYZE").execute(&mut conn).await.unwrap();
        }
        lists_are_served_by_indexes(place).await;
        if place.url.starts_with("sqlite:") {
            words_are_in_few_places(place).await;
        }
    });
}

/// A search asks each segment of the index of words: after bulk growth they are few.
async fn words_are_in_few_places(place: &Place) {
    let mut conn = SqliteConnection::connect(&place.url).await.unwrap();
    let text = "SELECT COUNT(DISTINCT segid) FROM order_search_idx";
    let segments: i64 = sqlx::query_scalar(text).fetch_one(&mut conn).await.unwrap();
    assert_eq!(segments, 1, "segments of the index of words");
}

#[test]
fn lists_of_a_hundred_thousand_orders_are_served_by_indexes_on_sqlite() {
    if has_release_program() {
        with_a_hundred_thousand_orders(&Place::sqlite());
    } else {
        eprintln!("left out: lists of 100,000 orders on SQLite (no TRIBUTARY_BIN: takes minutes)");
    }
}

#[test]
fn lists_of_a_hundred_thousand_orders_are_served_by_indexes_on_postgres() {
    match Place::postgres().filter(|_| has_release_program()) {
        Some(place) => with_a_hundred_thousand_orders(&place),
        None => eprintln!(
            "left out: lists of 100,000 orders on PostgreSQL (no TEST_POSTGRES or no TRIBUTARY_BIN)"
        ),
    }
}

/// What each engine calls a type of ours.
fn family(sql_type: &str) -> &'static str {
    match sql_type.to_uppercase().as_str() {
        "INTEGER" | "BIGINT" | "BOOLEAN" | "TIMESTAMP WITH TIME ZONE" => "number",
        "BLOB" | "UUID" | "BYTEA" => "bytes",
        "TEXT" | "JSON" | "JSONB" | "DATE" => "text",
        _ => "other",
    }
}

/// Without statistics SQLite takes a company's rows for ten and reads all of main's to find two of them.
#[tokio::test]
async fn records_that_are_named_are_found_by_their_ids_on_sqlite() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let api = app.program("alpha");
    let b = branch(&api, "Names").await;
    for one in &all(&api, "main", "orders?state=draft").await[..2] {
        let url = format!("/alpha/{b}/orders/{}", one["id"].as_str().unwrap());
        edit(&api, &url, json!({"customer_note": "Ring twice"})).await;
    }
    let seen = Statements::default();
    let page = format!("/alpha/main/branches/{b}");
    let one = all(&api, &b, "orders?state=draft").await[0]["id"].as_str().unwrap().to_owned();
    let mut lead = app.actor("lead", "alpha").await;
    for at in
        [page.as_str(), "/alpha/main/orders/deleted", &format!("/alpha/{b}/orders/{one}/history")]
    {
        seen.of(lead.get(at)).await.expect(200);
    }
    // main moves on between the plan and the merge
    let agreed = json!({"plan": get(&api, &format!("{page}/plan")).await["plan"]});
    made(&api, "products", json!({"sku": "NEW-1", "name": "New"})).await;
    seen.of(api.post(&format!("/api/v1{page}/merge"), &agreed)).await.expect(200);
    let texts = seen.texts();
    // the beginning of a text, and the index that its versions are found by
    for (text, wanted) in [
        ("UPDATE order_versions SET to_seq", "branch_id=? AND id=?"),
        (
            "SELECT id FROM product_versions WHERE company_id = $1 AND from_seq > $2 AND +",
            "from_seq>?",
        ),
        (
            "SELECT COUNT(*) FROM (SELECT t.id FROM (SELECT v.id",
            "SEARCH m USING INDEX sqlite_autoindex_product_versions_1 (company_id=? AND branch_id=? AND id=?",
        ),
        ("SELECT id, seq, schema_rev, body, at", "order_versions_gone"),
        (
            "SELECT id, seq, schema_rev, body, at",
            "SEARCH w USING INDEX sqlite_autoindex_order_bodies_1 (company_id=? AND id=? AND seq=?)",
        ),
        (
            "SELECT v.from_seq, v.branch_id, v.deleted",
            "SEARCH v USING INDEX sqlite_autoindex_order_versions_1",
        ),
    ] {
        let found = texts.iter().filter(|t| t.starts_with(text));
        let found: Vec<&String> = found.collect();
        assert!(!found.is_empty(), "{text}: {texts:#?}");
        for text in found {
            let plan = plan(&app.database.url, text).await;
            assert!(plan.iter().any(|step| step.contains(wanted)), "{text}\n{plan:#?}");
        }
    }
}

stories! {
    async fn both_databases_have_the_same_tables_and_columns(app) {
        let text = if app.database.engine == Engine::Sqlite {
            "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || CASE WHEN c.\"notnull\" = 1 OR c.pk > 0 THEN 'NO' ELSE 'YES' END FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '%_search%' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\'"
        } else {
            "SELECT CAST(table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS TEXT) FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '%_search' AND table_name NOT LIKE '\\_sqlx%'"
        };
        let columns: BTreeSet<String> = app.database.ask(text).await.iter().map(|c| {
            let (name, rest) = c.split_once(' ').unwrap();
            let (sql_type, null) = rest.rsplit_once(' ').unwrap();
            format!("{name} {} {null}", family(sql_type))
        }).collect();
        let known: BTreeSet<String> = include_str!("../columns.txt").lines().map(str::to_owned).collect();
        let odd: Vec<_> = columns.symmetric_difference(&known).collect();
        assert!(odd.is_empty(), "not as in tests/columns.txt, which both databases must equal: {odd:#?}");
    }
}
