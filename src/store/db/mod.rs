//! Two databases behind one face: SQLite (embedded, the default) and PostgreSQL.
//!
//! Everything runs in a [`Tx`]: a read sees one moment, a write commits or leaves nothing. On
//! PostgreSQL a transaction of a company carries its id for row-level security. Where each statement
//! may see its own moment, a bare connection saves the hand-overs of beginning and ending.
mod clean;
mod open;
mod row;
mod stmt;

pub use open::OpenError;
pub use row::{Bind, Col, DbRow, FromDb, Held};
pub use stmt::{Builder, Engine, Stmt, Tuple};

use crate::domain::{history::schema::Schema, ids::CompanyId, record::SCHEMA, scope::Scope};
use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Result, SqlSafeStr, SqlStr, Sqlite, pool::PoolConnection,
    sqlite::SqlitePool,
};
use stmt::On;

/// A database.
#[derive(Clone, Debug)]
pub struct Db {
    pools: Pools,
    schema: &'static Schema,
}

#[derive(Clone, Debug)]
enum Pools {
    /// One writer, many readers: SQLite has one write lock, and a queue in front of it is fair.
    Sqlite {
        read: SqlitePool,
        write: SqlitePool,
        /// Puts the log into the file beside them.
        checkpoint: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction, or a bare connection for reads of a single statement. Dropped without
/// [`Tx::commit`], it rolls back.
pub struct Tx {
    link: Link,
    schema: &'static Schema,
}

enum Link {
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    Postgres(sqlx::Transaction<'static, Postgres>),
    SqliteBare(PoolConnection<Sqlite>),
    PostgresBare(PoolConnection<Postgres>),
}

#[derive(Clone, Copy)]
enum Mode {
    Read,
    Write,
}

impl Db {
    fn over(pools: Pools) -> Self {
        Self { pools, schema: &SCHEMA }
    }
    /// The same with bodies of other revisions: for tests of upgrades.
    #[must_use]
    pub fn with_bodies(self, schema: &'static Schema) -> Self {
        Self { schema, ..self }
    }
    /// What changed in records' bodies so far.
    pub fn bodies(&self) -> &'static Schema {
        self.schema
    }
    fn tx(&self, link: Link) -> Tx {
        Tx { link, schema: self.schema }
    }

    pub fn engine(&self) -> Engine {
        match &self.pools {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Reads of one moment within a company.
    pub async fn read(&self, scope: &Scope) -> Result<Tx> {
        self.begin(Mode::Read, Some(scope.company())).await
    }
    /// One read within a company: a statement sees one moment by itself. PostgreSQL needs the
    /// transaction all the same, for the company's id.
    pub async fn glance(&self, scope: &Scope) -> Result<Tx> {
        match &self.pools {
            Pools::Sqlite { read, .. } => Ok(self.tx(Link::SqliteBare(read.acquire().await?))),
            Pools::Postgres(_) => self.read(scope).await,
        }
    }
    /// A change within a company.
    pub async fn write(&self, scope: &Scope) -> Result<Tx> {
        self.begin(Mode::Write, Some(scope.company())).await
    }
    /// Reads of accounts, each of its own moment: no company's records can be seen.
    pub async fn read_accounts(&self) -> Result<Tx> {
        Ok(self.tx(match &self.pools {
            Pools::Sqlite { read, .. } => Link::SqliteBare(read.acquire().await?),
            Pools::Postgres(pool) => Link::PostgresBare(pool.acquire().await?),
        }))
    }
    /// A change of accounts.
    pub async fn write_accounts(&self) -> Result<Tx> {
        self.begin(Mode::Write, None).await
    }

    async fn begin(&self, mode: Mode, company: Option<CompanyId>) -> Result<Tx> {
        Ok(self.tx(match (&self.pools, mode) {
            (Pools::Sqlite { read, .. }, Mode::Read) => Link::Sqlite(read.begin().await?),
            (Pools::Sqlite { write, .. }, Mode::Write) => {
                // the write lock now: a read that turned into a write would fail at once
                Link::Sqlite(write.begin_with("BEGIN IMMEDIATE").await?)
            }
            (Pools::Postgres(pool), mode) => {
                // to its end, whoever stops waiting for it: sqlx does not know of a transaction
                // whose begin was cut off, and would hand its company to the next request
                let (pool, text) = (pool.clone(), begin_text(mode, company));
                #[expect(
                    clippy::disallowed_methods,
                    reason = "waited for here; it is one statement"
                )]
                let begun = tokio::spawn(async move { pool.begin_with(text).await }).await;
                Link::Postgres(begun.map_err(|e| sqlx::Error::Io(std::io::Error::other(e)))??)
            }
        }))
    }

    /// Puts SQLite's log into the file, as far as nobody reads what was there before. A server asks for it
    /// again and again, so that no commit waits for it; where nobody does, the writer itself sees to it once
    /// the log is large.
    pub async fn checkpoint(&self) -> Result<()> {
        if let Pools::Sqlite { checkpoint, .. } = &self.pools {
            sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(checkpoint).await?;
        }
        Ok(())
    }

    /// Ends the pools; the last SQLite connection puts its log into the file.
    pub async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { read, write, checkpoint } => {
                read.close().await;
                checkpoint.close().await;
                write.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
    }
}

/// As the statements of a request are told: what ends a transaction is one of them.
const COMMIT: &str = "COMMIT";

/// Begins and names the company in one round trip; a UUID's text cannot break out of its quotes.
fn begin_text(mode: Mode, company: Option<CompanyId>) -> SqlStr {
    let begin = match mode {
        Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Mode::Write => "BEGIN",
    };
    let set = company.map(|c| format!("; SET LOCAL tributary.company = '{c}'"));
    AssertSqlSafe(format!("{begin}{}", set.unwrap_or_default())).into_sql_str()
}

impl Tx {
    fn on(&mut self) -> On<'_> {
        match &mut self.link {
            Link::Sqlite(t) => On::Sqlite(t),
            Link::Postgres(t) => On::Postgres(t),
            Link::SqliteBare(c) => On::Sqlite(c),
            Link::PostgresBare(c) => On::Postgres(c),
        }
    }

    /// What changed in records' bodies so far.
    pub(super) fn bodies(&self) -> &'static Schema {
        self.schema
    }

    pub fn engine(&self) -> Engine {
        match &self.link {
            Link::Sqlite(_) | Link::SqliteBare(_) => Engine::Sqlite,
            Link::Postgres(_) | Link::PostgresBare(_) => Engine::Postgres,
        }
    }

    /// A fixed text with `$1`, `$2`, …
    pub fn sql(&mut self, text: &'static str) -> Stmt<'_> {
        Stmt::new(self.on(), text)
    }

    /// A text of parts.
    pub fn builder(&self) -> Builder {
        Builder::new(self.engine())
    }

    /// A built text, ready to run.
    pub fn built(&mut self, builder: Builder) -> Stmt<'_> {
        builder.on(self.on())
    }

    pub async fn commit(self) -> Result<()> {
        tracing::trace!(target: "tributary::sql", text = COMMIT);
        match self.link {
            Link::Sqlite(t) => t.commit().await,
            Link::Postgres(t) => t.commit().await,
            Link::SqliteBare(_) | Link::PostgresBare(_) => Ok(()),
        }
    }
}
