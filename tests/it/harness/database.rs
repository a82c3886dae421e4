//! A database of one's own: a copy of a world that was seeded once.
use sqlx::{Connection, PgConnection};
use std::{
    path::PathBuf,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use tributary::{
    app::{App, Clock, Rng},
    config::Web,
    domain::time::Ts,
    service::generate::{self, Seeded},
    store::db::Db,
};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What is copied, and what was seeded into it.
struct Template {
    url: String,
    world: Vec<Seeded>,
    _dir: Option<tempfile::TempDir>,
}

/// A copy, gone with the test.
pub struct Database {
    pub url: String,
    pub engine: Engine,
    template: &'static Template,
    _dir: Option<tempfile::TempDir>,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Where PostgreSQL is, if it is: `postgres://USER@HOST:PORT`.
pub fn server() -> Option<String> {
    std::env::vars().find(|(n, _)| n == "TEST_POSTGRES").map(|(_, v)| v)
}

fn name(what: &str) -> String {
    format!("{what}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst))
}

async fn admin(text: String) {
    let mut conn = PgConnection::connect(&format!("{}/postgres", server().unwrap())).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
}

/// A new, empty PostgreSQL database; `None` without a server.
pub fn empty_postgres() -> Option<String> {
    let (server, name) = (server()?, name("empty"));
    let create = admin(format!("CREATE DATABASE {name}"));
    tokio::runtime::Runtime::new().unwrap().block_on(create);
    Some(format!("{server}/{name}"))
}

async fn seeded(url: &str) -> Vec<Seeded> {
    let db = Db::open(url).await.unwrap();
    db.migrate().await.unwrap();
    let clock = Clock::fixed(Ts::from_micros(super::NOON));
    let app = App::with(db, Web::default(), clock, Rng::seeded(7));
    let world = generate::world(&app).await.unwrap();
    app.db.close().await;
    world
}

/// Seeded once in a process, on a thread with a runtime that outlives no test.
fn template(engine: Engine) -> &'static Template {
    static SQLITE: OnceLock<Template> = OnceLock::new();
    static POSTGRES: OnceLock<Template> = OnceLock::new();
    let cell = if engine == Engine::Sqlite { &SQLITE } else { &POSTGRES };
    let build = move || async move {
        if engine == Engine::Sqlite {
            let dir = tempfile::tempdir().unwrap();
            let url = format!("sqlite:{}", dir.path().join("world.db").display());
            return Template { world: seeded(&url).await, url, _dir: Some(dir) };
        }
        let url = name("world");
        admin(format!("CREATE DATABASE {url}")).await;
        let world = seeded(&format!("{}/{url}", server().unwrap())).await;
        Template { url, world, _dir: None }
    };
    cell.get_or_init(|| {
        let thread =
            std::thread::spawn(move || tokio::runtime::Runtime::new().unwrap().block_on(build()));
        thread.join().unwrap()
    })
}

impl Database {
    pub async fn copy(engine: Engine) -> Option<Self> {
        if engine == Engine::Postgres {
            server()?;
            let template = tokio::task::spawn_blocking(move || template(engine)).await.unwrap();
            let url = name("test");
            admin(format!("CREATE DATABASE {url} TEMPLATE {}", template.url)).await;
            let url = format!("{}/{url}", server().unwrap());
            return Some(Self { url, engine, template, _dir: None });
        }
        let template = tokio::task::spawn_blocking(move || template(engine)).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let to: PathBuf = dir.path().join("test.db");
        std::fs::copy(template.url.trim_start_matches("sqlite:"), &to).unwrap();
        Some(Self { url: format!("sqlite:{}", to.display()), engine, template, _dir: Some(dir) })
    }

    pub async fn open(&self) -> Db {
        Db::open(&self.url).await.unwrap()
    }
    pub fn token(&self, slug: &str) -> String {
        self.seeded(slug).token.clone()
    }
    pub fn seeded(&self, slug: &str) -> &'static Seeded {
        self.template.world.iter().find(|s| s.slug == slug).unwrap()
    }

    /// The first column of a question to the database itself.
    pub async fn ask(&self, text: &str) -> Vec<String> {
        use sqlx::Row;
        let text = sqlx::AssertSqlSafe(text.to_owned());
        if self.engine == Engine::Postgres {
            let mut conn = PgConnection::connect(&self.url).await.unwrap();
            let rows = sqlx::raw_sql(text).fetch_all(&mut conn).await.unwrap();
            return rows.iter().map(|r| r.get(0)).collect();
        }
        let mut conn = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
        let rows = sqlx::raw_sql(text).fetch_all(&mut conn).await.unwrap();
        rows.iter().map(|r| r.get(0)).collect()
    }

    /// Runs SQL behind the product's back, as who owns the database could.
    pub async fn tamper(&self, text: &str) {
        self.try_tamper(text).await.unwrap();
    }

    /// The same, where the database may refuse.
    pub async fn try_tamper(&self, text: &str) -> sqlx::Result<()> {
        let text = sqlx::AssertSqlSafe(text.to_owned());
        if self.engine == Engine::Postgres {
            let mut conn = PgConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(text).execute(&mut conn).await?;
        } else {
            let mut conn = sqlx::SqliteConnection::connect(&self.url).await.unwrap();
            sqlx::raw_sql(text).execute(&mut conn).await?;
        }
        Ok(())
    }

    /// Lets the owner of a table change rows of every company.
    pub async fn no_walls(&self, table: &str) {
        if self.engine == Engine::Postgres {
            self.tamper(&format!("ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")).await;
        }
    }
}
