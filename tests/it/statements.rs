//! Every statement that the product makes: each names the company whose rows it is about.
use crate::{
    harness::{Statements, TestApp},
    orders::new_order,
    routes::{filled, ids},
    stories,
};
use sqlparser::{
    ast::{
        BinaryOperator, Expr, FromTable, Ident, Query, SetExpr, Statement, TableFactor,
        TableObject, Visit, Visitor,
    },
    dialect::{Dialect, PostgreSqlDialect, SQLiteDialect},
    parser::Parser,
};
use std::{collections::BTreeSet, ops::ControlFlow};
use tributary::{
    domain::{order::Order, page::OrderFilter},
    service::{export::Pages, records, verify},
    web::routes::table,
};

/// Tables with a company's rows, by the tests of the schema; the search tables beside them.
const OF_COMPANIES: [&str; 19] = [
    "chains",
    "commits",
    "customer_versions",
    "product_versions",
    "tax_code_versions",
    "order_versions",
    "customer_bodies",
    "product_bodies",
    "tax_code_bodies",
    "order_bodies",
    "tax_codes",
    "customers",
    "products",
    "orders",
    "order_lines",
    "order_counts",
    "number_sequences",
    "idempotency_keys",
    "tokens",
];
/// Statements without a company, each with its reason.
const REASONED: [(&str, &str); 1] =
    [("WHERE t.hash = $1", "a token is found by its hash before a company is known")];

/// What a statement says about tables and companies.
#[derive(Default)]
struct Seen {
    /// Table → the names under which it is asked.
    tables: Vec<(String, String)>,
    /// Names whose company is a given value.
    bound: BTreeSet<String>,
    /// Names whose companies are equal.
    equal: Vec<(String, String)>,
}

fn plain(name: &impl ToString) -> String {
    name.to_string().trim_matches('"').to_lowercase()
}

/// The name before `.company_id`; empty without one.
fn company_of(e: &Expr) -> Option<String> {
    let is = |i: &Ident| plain(&i.value) == "company_id";
    match e {
        Expr::Identifier(i) if is(i) => Some(String::new()),
        Expr::CompoundIdentifier(parts) if is(parts.last()?) => Some(plain(&parts[0].value)),
        _ => None,
    }
}

impl Visitor for Seen {
    type Break = ();
    fn pre_visit_table_factor(&mut self, t: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table { name, alias, .. } = t {
            let name = plain(name);
            let alias = alias.as_ref().map_or_else(|| name.clone(), |a| plain(&a.name.value));
            self.tables.push((name, alias));
        }
        ControlFlow::Continue(())
    }
    fn pre_visit_expr(&mut self, e: &Expr) -> ControlFlow<()> {
        let Expr::BinaryOp { left, op: BinaryOperator::Eq, right } = e else {
            return ControlFlow::Continue(());
        };
        let value = |e: &Expr| matches!(e, Expr::Value(_));
        match (company_of(left), company_of(right)) {
            (Some(a), Some(b)) => self.equal.push((a, b)),
            (Some(a), None) if value(right) => _ = self.bound.insert(a),
            (None, Some(a)) if value(left) => _ = self.bound.insert(a),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Tables of companies that a statement asks without naming the company.
fn unnamed(statement: &Statement) -> Vec<String> {
    if let Statement::Insert(insert) = statement {
        let TableObject::TableName(name) = &insert.table else { return vec!["?".into()] };
        let named = insert.columns.iter().any(|c| plain(&c.to_string()) == "company_id");
        let values =
            matches!(insert.source.as_deref().map(|q: &Query| &*q.body), Some(SetExpr::Values(_)));
        let ours = OF_COMPANIES.contains(&plain(name).as_str());
        return if ours && !(named && values) { vec![plain(name)] } else { vec![] };
    }
    let mut seen = Seen::default();
    let _ = statement.visit(&mut seen);
    if let Statement::Delete(delete) = statement {
        let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
        assert_eq!(from.len(), 1);
    }
    for _ in 0..seen.equal.len() {
        for (a, b) in &seen.equal {
            if seen.bound.contains(a) || seen.bound.contains(b) {
                seen.bound.extend([a.clone(), b.clone()]);
            }
        }
    }
    let alone = seen.tables.len() == 1 && seen.bound.contains("");
    let bare = |(table, alias): &&(String, String)| {
        OF_COMPANIES.contains(&table.as_str()) && !alone && !seen.bound.contains(alias)
    };
    seen.tables.iter().filter(bare).map(|(t, _)| t.clone()).collect()
}

fn dialect(app: &TestApp) -> Box<dyn Dialect> {
    match app.database.engine {
        crate::harness::Engine::Sqlite => Box::new(SQLiteDialect {}),
        crate::harness::Engine::Postgres => Box::new(PostgreSqlDialect {}),
    }
}

/// What `MATCH` and `@@` mean is the databases' own; the rest of the statement is read as it is.
fn readable(text: &str) -> String {
    let text = text.replace("order_search MATCH", "1 =").replace("customer_search MATCH", "1 =");
    text.replace("product_search MATCH", "1 =").replace("tax_code_search MATCH", "1 =")
}

/// A working day: every page, and changes of every kind, by browser and by program.
async fn a_day(app: &TestApp) {
    let ids = ids(app, "alpha").await;
    let mut admin = app.actor("admin", "alpha").await;
    for route in table() {
        crate::routes::ask(&mut admin, &route, &filled(route.path, "alpha", &ids)).await;
        admin = app.actor("admin", "alpha").await;
    }
    for query in [
        "state=draft",
        "state=draft&state=confirmed&country=GB",
        "q=halvorsen&sort=total",
        "from=2026-01-01&to=2026-03-01&least=1&most=99999&sort=-number",
        "q=sku&customer=00000000-0000-0000-0000-000000000000",
    ] {
        admin.get(&format!("/alpha/main/orders?{query}")).await.expect(200);
    }
    for list in ["orders", "customers", "products"] {
        let page = admin.get(&format!("/alpha/main/{list}?size=25")).await.expect(200);
        let next = page.attrs("a[rel=next]", "href").remove(0);
        admin.get(&next).await.expect(200);
        admin.get(&format!("/alpha/main/{list}?q=brass")).await.expect(200);
    }
    let order = new_order(&mut admin, "3").await;
    admin
        .submit(&format!("{order}/edit"), "#order-form", &[("lines.0.qty", "4")])
        .await
        .expect(303);
    for step in ["confirmation", "completion", "reopening", "cancellation", "reinstatement"] {
        admin.post(&format!("{order}/{step}"), &[("reason", "customer")]).await;
    }
    let api = app.program("alpha");
    let body =
        serde_json::json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": 1}]});
    api.post_once("/api/v1/alpha/main/orders", &body, "k1").await.expect(201);
    api.post_once("/api/v1/alpha/main/orders", &body, "k1").await;
    let ctx = app.ctx("alpha").await;
    verify::run(&ctx).await.unwrap();
    let mut pages = Pages::new(&ctx, OrderFilter::all()).unwrap();
    let rows = pages.next().await.unwrap().unwrap();
    records::show::<Order>(&ctx, rows[0].id.0).await.unwrap();
}

stories! {
    async fn every_statement_names_the_company_of_its_rows(app) {
        let seen = Statements::default();
        seen.of(a_day(app)).await;
        let texts = seen.texts().into_iter().filter(|text| text != "COMMIT");
        let texts: BTreeSet<String> = texts.collect();
        assert!(texts.len() > 50, "only {} statements", texts.len());
        let (mut touched, mut found) = (BTreeSet::<&str>::new(), vec![]);
        for text in &texts {
            let parsed = Parser::parse_sql(&*dialect(app), &readable(text));
            let parsed = parsed.unwrap_or_else(|e| panic!("{e}: {text}"));
            for statement in &parsed {
                touched.extend(OF_COMPANIES.iter().filter(|t| text.contains(**t)));
                let reasoned = REASONED.iter().any(|(part, _)| text.contains(part));
                let bare = unnamed(statement);
                if !bare.is_empty() && !reasoned {
                    found.push(format!("{bare:?}: {text}"));
                }
            }
        }
        assert!(found.is_empty(), "without a company:\n{}", found.join("\n"));
        assert_eq!(touched.len(), OF_COMPANIES.len(), "tables that the day did not touch: only {touched:?}");
    }
}

#[test]
fn a_statement_without_its_company_is_found() {
    for (text, bare) in [
        ("SELECT id FROM orders", 1),
        ("SELECT id FROM orders WHERE id = $1", 1),
        ("SELECT id FROM orders WHERE company_id = $1", 0),
        (
            "SELECT o.id FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.company_id = $1",
            1,
        ),
        (
            "SELECT o.id FROM orders o JOIN customers c ON c.company_id = o.company_id WHERE o.company_id = $1",
            0,
        ),
        ("SELECT o.id FROM orders o JOIN customers c ON c.company_id = o.company_id", 2),
        ("UPDATE orders SET gross = 1 WHERE id = $1", 1),
        ("DELETE FROM order_lines WHERE company_id = $1 AND order_id = $2", 0),
        ("DELETE FROM order_lines WHERE order_id = $2", 1),
        ("INSERT INTO orders (id) VALUES ($1)", 1),
        ("INSERT INTO orders (company_id, id) VALUES ($1, $2)", 0),
    ] {
        let parsed = Parser::parse_sql(&SQLiteDialect {}, text).unwrap();
        assert_eq!(unnamed(&parsed[0]).len(), bare, "{text}");
    }
}
