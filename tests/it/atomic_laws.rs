//! What breaks off at any of its statements is done wholly or not at all (L21), on random work: acts on
//! main and on branches break off again and again, each time before a statement that is drawn by lot, or
//! before the end of the transaction; then they are done.
use crate::{
    branches::get,
    harness::{Answer, Engine, Program, Statements, TestApp},
    history::company,
    merges::{API, conflicts, made_in, order},
};
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row, SqliteConnection};
use std::collections::BTreeMap;
use tributary::app::Rng;

/// How often acts break off: fewer on PostgreSQL, where all tables are read to see that nothing changed.
const ON_SQLITE: usize = 10_000;
const ON_POSTGRES: usize = 1_000;
/// How often each is broken off before it is done.
const TRIES: usize = 12;
const OPEN: usize = 3;
/// What says that it is done where there was nothing to do.
const MAY_BE_SO: [&str; 4] = ["merge", "sync", "revert", "restore"];

/// The kinds of acts.
const EACH: [&str; 16] = [
    "edit order",
    "edit lines",
    "edit customer",
    "new order",
    "new product",
    "delete",
    "command",
    "open",
    "sync",
    "merge",
    "revert",
    "restore",
    "decide",
    "comment",
    "put away",
    "open again",
];

/// Tells whether anything at all was committed since it was asked last.
enum Watch {
    /// SQLite counts what others commit.
    Sqlite(Box<SqliteConnection>),
    /// A hash of every table.
    Postgres(Box<PgConnection>, String),
}

impl Watch {
    async fn begin(app: &TestApp) -> Self {
        let url = &app.database.url;
        if app.database.engine == Engine::Sqlite {
            return Self::Sqlite(Box::new(SqliteConnection::connect(url).await.unwrap()));
        }
        let mut conn = PgConnection::connect(url).await.unwrap();
        let set = sqlx::AssertSqlSafe(company(app).await);
        sqlx::raw_sql(set).execute(&mut conn).await.unwrap();
        let each = "SELECT string_agg(format('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) AS h FROM %I t', table_name), ' UNION ALL ') FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE '%migrations'";
        let each: String = sqlx::raw_sql(each).fetch_one(&mut conn).await.unwrap().get(0);
        let whole = format!("SELECT string_agg(h, ' ') FROM ({each}) a");
        Self::Postgres(Box::new(conn), whole)
    }

    async fn state(&mut self) -> String {
        match self {
            Self::Sqlite(conn) => {
                let row = sqlx::raw_sql("PRAGMA data_version").fetch_one(&mut **conn).await;
                row.unwrap().get::<i64, _>(0).to_string()
            }
            Self::Postgres(conn, whole) => {
                let text = sqlx::AssertSqlSafe(whole.clone());
                sqlx::raw_sql(text).fetch_one(&mut **conn).await.unwrap().get(0)
            }
        }
    }
}

struct Work<'a> {
    app: &'a TestApp,
    api: Program,
    lot: Rng,
    watch: Watch,
    branches: Vec<String>,
    names: usize,
    /// How many statements each kind of act took when it was done last.
    lengths: BTreeMap<&'static str, usize>,
    /// How often each broke off after it had begun to write, and how often it was done.
    broken: BTreeMap<&'static str, usize>,
    done: BTreeMap<&'static str, usize>,
    /// How often an answer was a refusal, and how often it broke off when all was done.
    refused: usize,
    late: usize,
    tried: usize,
}

/// Transactions that were ended.
fn commits(texts: &[String]) -> usize {
    texts.iter().filter(|t| *t == "COMMIT").count()
}

impl Work<'_> {
    fn draw<'b, T>(&self, all: &'b [T]) -> Option<&'b T> {
        all.get(self.lot.index(all.len().max(1)))
    }
    /// Whether every kind of act broke off after it had begun to write, and was done.
    fn has_met_all(&self) -> bool {
        let some = |of: &BTreeMap<&str, usize>, what| of.get(what).is_some_and(|n| *n > 0);
        EACH.iter().all(|what| some(&self.broken, what) && some(&self.done, what))
    }
    fn world(&self) -> String {
        let open = self.lot.index(self.branches.len() + 1);
        self.branches.get(open).cloned().unwrap_or_else(|| "main".into())
    }
    async fn any(&self, world: &str, list: &str) -> Option<String> {
        let found = get(&self.api, &format!("/alpha/{world}/{list}")).await;
        let id = |r: &Value| Some(format!("/alpha/{world}/{list}/{}", r["id"].as_str()?));
        self.draw(found["items"].as_array().unwrap()).and_then(id)
    }

    /// Does something, after it was broken off again and again: it changes something if and only if
    /// it says so.
    async fn act(
        &mut self,
        what: &'static str,
        (method, path): (Method, &str),
        body: &Value,
    ) -> Answer {
        let (api, body) = (self.api.clone(), body.to_string());
        let send = || api.send(method.clone(), path, (Some(body.clone()), None));
        let mut before = self.watch.state().await;
        for _ in 0..TRIES {
            let length = self.lengths.get(what).copied().unwrap_or(20);
            let at = 1 + self.lot.index(length);
            let asked = Statements::broken_at(at);
            let said = asked.of(send()).await;
            let texts = asked.texts();
            if said.status.as_u16() != 500 {
                return self.came_through((what, path), (&before, &texts), said).await;
            }
            let has_written = texts[..at - 1].iter().any(|t| !t.starts_with("SELECT"));
            *self.broken.entry(what).or_default() += usize::from(has_written);
            self.tried += 1;
            let after = self.watch.state().await;
            let ended = commits(&texts[..at - 1]);
            assert_eq!(
                (ended == 1, ended),
                (after != before, ended.min(1)),
                "{what} {path}, broken off at statement {at}: {texts:#?}"
            );
            if ended == 1 {
                // it was done, and what broke off is the answer
                self.late += 1;
                return said;
            }
            before = after;
        }
        let whole = Statements::default();
        let said = whole.of(send()).await;
        let texts = whole.texts();
        self.came_through((what, path), (&before, &texts), said).await
    }

    async fn came_through(
        &mut self,
        (what, path): (&'static str, &str),
        (before, texts): (&str, &[String]),
        said: Answer,
    ) -> Answer {
        self.lengths.insert(what, texts.len());
        let (after, code, ended) = (self.watch.state().await, said.status.as_u16(), commits(texts));
        assert_eq!(
            (after != before, ended),
            (ended == 1, ended.min(1)),
            "{what} {path}: {texts:#?}"
        );
        match code {
            200..=299 => {
                let is_so = MAY_BE_SO.contains(&what)
                    && (what == "restore" || said.json()["commit"].is_null());
                assert!(ended == 1 || is_so, "{what} {path}: {}", said.body);
                *self.done.entry(what).or_default() += ended;
            }
            409 | 422 if ended == 0 => self.refused += 1,
            _ => panic!("{what} {path}: {code} {}", said.body),
        }
        said
    }

    async fn post(&mut self, what: &'static str, path: &str, body: Value) -> Answer {
        self.act(what, (Method::POST, &format!("/api/v1{path}")), &body).await
    }

    async fn step(&mut self) {
        let open = self.api.get(&format!("{API}/branches")).await.expect(200).json();
        let open = open["items"].as_array().unwrap().iter().filter(|b| b["state"] == "open");
        self.branches = open.map(|b| b["slug"].as_str().unwrap().to_owned()).collect();
        let world = self.world();
        self.names += 1;
        let name = format!("N{}", self.names);
        match self.lot.index(16) {
            0 | 1 => {
                let Some(url) = self.any(&world, "orders").await else { return };
                let now = get(&self.api, &url).await;
                let body = json!({"version": now["version"], "contact": name});
                self.act("edit order", (Method::PATCH, &format!("/api/v1{url}")), &body).await;
            }
            2 => {
                let Some(url) = self.any(&world, "orders").await else { return };
                let now = get(&self.api, &url).await;
                let mut lines: Vec<Value> = now["lines"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|l| json!({"id": l["id"]}))
                    .collect();
                lines.push(json!({"sku": "SKU-00003", "qty": "2"}));
                let body = json!({"version": now["version"], "lines": lines});
                self.act("edit lines", (Method::PATCH, &format!("/api/v1{url}")), &body).await;
            }
            3 => {
                let Some(url) = self.any(&world, "customers").await else { return };
                let now = get(&self.api, &url).await;
                let body = json!({"version": now["version"], "name": name});
                self.act("edit customer", (Method::PATCH, &format!("/api/v1{url}")), &body).await;
            }
            4 => {
                let body =
                    json!({"customer": "C-00001", "lines": [{"sku": "SKU-00001", "qty": "1"}]});
                self.post("new order", &format!("/alpha/{world}/orders"), body).await;
            }
            5 => {
                let body = json!({"sku": name, "name": "New"});
                self.post("new product", &format!("/alpha/{world}/products"), body).await;
            }
            6 => {
                let Some(url) = self.any(&world, "orders").await else { return };
                self.post("delete", &format!("{url}/deletion"), json!({})).await;
            }
            7 | 8 => {
                let Some(url) = self.any(&world, "orders").await else { return };
                let body =
                    json!({"version": get(&self.api, &url).await["version"], "reason": "because"});
                let command = self.draw(&["confirmation", "cancellation", "reopening"]).unwrap();
                self.post("command", &format!("{url}/{command}"), body).await;
            }
            9 if self.branches.len() < OPEN => {
                let body = json!({"name": name, "visibility": "company"});
                self.post("open", "/alpha/main/branches", body).await;
            }
            10 | 11 => self.bring("sync").await,
            12 => self.bring("merge").await,
            13 => self.revert().await,
            14 => {
                let Some(url) = self.any(&world, "orders").await else { return };
                let then = get(&self.api, &format!("{url}/history")).await;
                let Some(then) = then["versions"].as_array().and_then(|all| all.last()) else {
                    return;
                };
                self.post(
                    "restore",
                    &format!("{url}/restoration"),
                    json!({"as_of": then["commit"]}),
                )
                .await;
            }
            _ => {
                let Some(b) = self.draw(&self.branches).cloned() else { return };
                let at = format!("/alpha/main/branches/{b}");
                self.post("comment", &format!("{at}/comments"), json!({"text": name})).await;
                self.post("put away", &format!("{at}/discarding"), json!({})).await;
                self.post("open again", &format!("{at}/reopening"), json!({})).await;
            }
        }
    }

    /// Brings a branch up to date, or merges it, the branch's side of every conflict.
    async fn bring(&mut self, what: &'static str) {
        let Some(b) = self.draw(&self.branches).cloned() else { return };
        let at = format!("/alpha/main/branches/{b}");
        let asked = format!("/api/v1{at}/plan?for={what}");
        for _ in 0..4 {
            let told = self.api.get(&format!("{asked}&show=conflicts")).await.expect(200).json();
            let open: Vec<Value> =
                conflicts(&told).into_iter().filter(|c| c["decided"].is_null()).collect();
            for conflict in &open {
                let may_take = conflict["choices"].to_string().contains("theirs");
                let choice = ["ours", "theirs"][usize::from(may_take)];
                let body = json!({"kind": conflict["of"]["kind"], "id": conflict["of"]["id"], "path": conflict["path"], "choice": choice, "value": ""});
                self.post("decide", &format!("{at}/resolutions"), body).await;
            }
        }
        let plan = self.api.get(&asked).await.expect(200).json();
        let keep = what == "merge" && self.lot.index(2) == 0;
        let body = if keep {
            json!({"plan": plan["plan"], "keep_open": true})
        } else {
            json!({"plan": plan["plan"]})
        };
        self.post(what, &format!("{at}/{what}"), body).await;
    }

    /// Takes one of main's last commits back.
    async fn revert(&mut self) {
        let all = self.api.get(&format!("{API}/commits")).await.expect(200).json();
        let seqs: Vec<i64> =
            all["items"].as_array().unwrap().iter().filter_map(|c| c["seq"].as_i64()).collect();
        let Some(seq) = self.draw(&seqs) else { return };
        let at = format!("/alpha/main/commits/{seq}/revert");
        let plan = self.api.get(&format!("/api/v1{at}")).await;
        if plan.status.as_u16() != 200 {
            return;
        }
        self.post("revert", &at, json!({"plan": plan.json()["plan"]})).await;
    }
}

async fn hold(engine: Engine, wanted: usize) {
    let Some(app) = TestApp::start(engine).await else {
        eprintln!("left out on PostgreSQL: the law of what breaks off (no TEST_POSTGRES)");
        return;
    };
    let (api, watch) = (app.program("alpha"), Watch::begin(&app).await);
    for _ in 0..3 {
        order(&api).await;
    }
    made_in(&api, ("main", "products"), json!({"sku": "N0", "name": "New"})).await;
    let (branches, names, refused, late, tried) = (vec![], 0, 0, 0, 0);
    let (lengths, broken, done) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let lot = Rng::seeded(21);
    let mut work = Work {
        app: &app,
        api,
        lot,
        watch,
        branches,
        names,
        lengths,
        broken,
        done,
        refused,
        late,
        tried,
    };
    while work.tried < wanted || !work.has_met_all() {
        assert!(work.tried < 4 * wanted, "{:?} {:?}", work.broken, work.done);
        work.step().await;
    }
    eprintln!("{:?}, statements {:?}, refused {}", work.broken, work.lengths, work.refused);
    assert!(work.late > 0 && work.refused > 0);
    work.app.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l21_holds_on_sqlite() {
    hold(Engine::Sqlite, ON_SQLITE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l21_holds_on_postgres() {
    hold(Engine::Postgres, ON_POSTGRES).await;
}
