//! A server in the test's own process, on a database of its own, and the people who use it.
mod actor;
mod answer;
mod database;
mod watch;

pub use actor::{Actor, Program, changed};
pub use answer::Answer;
pub use database::{Database, Engine, empty_postgres};
pub use watch::Statements;

use axum::Router;
use std::sync::Arc;
use tributary::{
    app::{App, Clock, Rng},
    config::Web,
    domain::{history::schema::Schema, time::Ts},
    service::{accounts, context::Ctx, verify},
    web::server,
};

/// The moment at which every test begins.
pub const NOON: i64 = 1_780_000_000_000_000;
/// Everybody's password in the world.
pub const PASSWORD: &str = "canary canary 4711";

/// Makes each story a test on SQLite and, where a server is given, on PostgreSQL.
#[macro_export]
macro_rules! stories {
    ($(async fn $name:ident($app:ident) $body:block)+) => {$(
        async fn $name($app: &$crate::harness::TestApp) $body

        mod $name {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let app = $crate::harness::TestApp::start($crate::harness::Engine::Sqlite).await;
                super::$name(app.as_ref().unwrap()).await;
                app.unwrap().audit().await;
            }
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                match $crate::harness::TestApp::start($crate::harness::Engine::Postgres).await {
                    Some(app) => {
                        super::$name(&app).await;
                        app.audit().await;
                    }
                    None => eprintln!("left out on PostgreSQL: {} (no TEST_POSTGRES)", stringify!($name)),
                }
            }
        }
    )+};
}

/// A running server with the companies alpha and beta.
pub struct TestApp {
    pub app: App,
    pub database: Arc<Database>,
    service: Router,
}

impl TestApp {
    /// On a fresh copy of the seeded world; `None` if the engine is not there.
    pub async fn start(engine: Engine) -> Option<Self> {
        let database = Database::copy(engine).await?;
        let clock = Clock::fixed(Ts::from_micros(NOON));
        let db = database.open().await;
        // not the seed of the world, or new ids would be those that are there
        let app = App::with(db, Web::default(), clock, Rng::seeded(70));
        let service = server::service(&app);
        Some(Self { app, database: database.into(), service })
    }

    /// The same server on another connection to the same database.
    pub fn on(self, db: tributary::store::db::Db) -> Self {
        let app = App { db, ..self.app };
        let service = server::service(&app);
        Self { app, service, database: self.database }
    }

    /// The same server after an upgrade that changed records' bodies.
    pub fn upgraded(&self, bodies: &'static Schema) -> Self {
        let app = App { db: self.app.db.clone().with_bodies(bodies), ..self.app.clone() };
        Self { service: server::service(&app), database: self.database.clone(), app }
    }

    /// Somebody with a role, signed in.
    pub async fn actor(&self, role: &str, slug: &str) -> Actor {
        let mut actor = self.nobody();
        actor.sign_in(&format!("{role}@{slug}.example.com"), PASSWORD).await;
        actor
    }
    /// The platform's admin, signed in.
    pub async fn platform(&self) -> Actor {
        let mut actor = self.nobody();
        actor.sign_in("platform@example.com", PASSWORD).await;
        actor
    }
    /// A browser without a session.
    pub fn nobody(&self) -> Actor {
        Actor::new(self.service.clone())
    }
    /// A program with a token of the company's admin.
    pub fn program(&self, slug: &str) -> Program {
        Program::new(self.service.clone(), self.database.token(slug))
    }
    /// A program with a token of somebody's own.
    pub async fn program_of(&self, role: &str, slug: &str) -> Program {
        let user =
            accounts::user_of(&self.app, &format!("{role}@{slug}.example.com")).await.unwrap();
        let token = accounts::create_token(&self.app, &user, (slug, "test")).await.unwrap();
        Program::new(self.service.clone(), token)
    }
    /// The operator's context, to look behind the pages.
    pub async fn ctx(&self, slug: &str) -> Ctx {
        Ctx::of_operator(&self.app, slug).await.unwrap()
    }
    /// The digest of a company: equal if nothing was changed.
    pub async fn digest(&self, slug: &str) -> String {
        verify::digest(&self.ctx(slug).await).await.unwrap()
    }

    /// Whatever a story did, the history holds.
    pub async fn audit(&self) {
        for slug in ["alpha", "beta"] {
            let report = verify::run(&self.ctx(slug).await).await.unwrap();
            assert_eq!(report.faults, 0, "{slug}: {:?}", report.found);
        }
    }
}
