//! Opening a database and bringing its tables up to date.
use super::{Db, Engine, Pools};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr,
    migrate::{Migrate, Migration, MigrationType, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{path::Path, str::FromStr, time::Duration};

/// SQLite before this has a bug that can lose pages when the log is reset.
const SQLITE_AT_LEAST: &str = "3.51.3";
const POSTGRES_CONNECTIONS: u32 = 12;
/// How long a change waits for the one before it, in seconds: less than a request may take, so that
/// who waits in vain is told that nothing was changed.
const WAIT: u64 = 10;
/// Pages of SQLite's log, 256 MB, after which the writer does not leave it to others to put them into the
/// file.
const LOG: &str = "65536";
/// Bytes to which the log is cut once all of it is in the file.
const LOG_KEPT: &str = "67108864";

/// Why a database cannot be used, or not as wanted.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database cannot be opened: {0}")]
    Sqlx(#[from] sqlx::Error),
    #[error("the tables cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("this SQLite is {0}; at least {SQLITE_AT_LEAST} is needed")]
    OldSqlite(String),
    #[error(
        "the database is of a newer Tributary (schema {found}, this one knows {known}): use that version"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database has no tables yet, or old ones: run `tributary migrate` first")]
    Behind,
    #[error("the database was not cleaned: {0}")]
    NotCleaned(&'static str),
    #[error("`{0}` is not a plain role name: use letters, digits and underscores")]
    Role(String),
}

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        const SQLITE: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")))),+];
        const POSTGRES: &[(&str, &str)] = &[$(($name, include_str!(concat!("../../../migrations/postgres/", $name, ".sql")))),+];
    };
}
migrations!(
    "0001_accounts",
    "0002_history",
    "0003_records",
    "0004_search",
    "0005_walls",
    "0006_lines",
    "0007_terms",
    "0008_commit_times",
    "0009_lists_of_the_past",
    "0010_branches",
    "0011_merges",
    "0012_the_past",
    "0013_reviews",
    "0014_log",
    "0015_tags",
    "0016_parts",
    "0017_strict_prices",
    "0018_deleted",
    "0019_erasures",
    "0020_checks",
    "0021_comments",
    "0022_protected_main",
    "0023_batches",
    "0024_compaction",
    "0025_places",
    "0026_shapes",
    "0027_reviewers",
    "0028_bodies",
    "0029_approvals_of_kinds",
    "0030_room_for_versions",
);

fn migrator(engine: Engine) -> Migrator {
    let files = match engine {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let each = files.iter().map(|(name, text)| {
        let version = name[..4].parse().unwrap_or_default();
        Migration::new(version, (*name).into(), MigrationType::Simple, text.into_sql_str(), false)
    });
    Migrator::with_migrations(each.collect())
}

impl Db {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://…`.
    ///
    /// # Errors
    /// If it cannot be reached, or its SQLite is too old.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        if url.starts_with("postgres") { postgres(url).await } else { sqlite(url).await }
    }

    /// The file of an SQLite database that is not there yet.
    pub fn missing_file(url: &str) -> Option<&Path> {
        let path = Path::new(file_of(url));
        (!url.starts_with("postgres") && !path.exists()).then_some(path)
    }

    /// The schema's number in the database (0 for an empty one) and in this program.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn schema(&self) -> Result<(i64, i64), OpenError> {
        let known = SQLITE.len().try_into().unwrap_or(i64::MAX);
        let applied = match &self.pools {
            // asked of a reader: whoever waits for the writer would call a busy server ill
            Pools::Sqlite { read, .. } => {
                let mut conn = read.acquire().await?;
                conn.list_applied_migrations("_sqlx_migrations").await.unwrap_or_default()
            }
            Pools::Postgres(pool) => {
                let mut conn = pool.acquire().await?;
                conn.list_applied_migrations("_sqlx_migrations").await.unwrap_or_default()
            }
        };
        Ok((applied.iter().map(|m| m.version).max().unwrap_or(0), known))
    }

    /// Runs what is missing. SQL files are never edited once landed; their checksums are compared.
    ///
    /// # Errors
    /// `Newer` if the database is ahead of this program.
    pub async fn migrate(&self) -> Result<(), OpenError> {
        let (found, known) = self.schema().await?;
        if found > known {
            return Err(OpenError::Newer { found, known });
        }
        match &self.pools {
            Pools::Sqlite { write, .. } => migrator(Engine::Sqlite).run(write).await?,
            Pools::Postgres(pool) => migrator(Engine::Postgres).run(pool).await?,
        }
        Ok(())
    }

    /// SQLite brings itself up to date; PostgreSQL waits for `tributary migrate`.
    ///
    /// # Errors
    /// `Newer`, or `Behind` on PostgreSQL.
    pub async fn ready(&self) -> Result<(), OpenError> {
        if self.engine() == Engine::Sqlite {
            return self.migrate().await;
        }
        match self.schema().await? {
            (found, known) if found > known => Err(OpenError::Newer { found, known }),
            (found, known) if found < known => Err(OpenError::Behind),
            _ => Ok(()),
        }
    }
}

impl Db {
    /// Gives a PostgreSQL role what the server needs and no more: history can be added to, closed
    /// and, where a law wants it, erased, never changed or removed otherwise. Nothing to do on SQLite.
    ///
    /// # Errors
    /// If the role's name is odd or the rights are not ours to give.
    pub async fn grant(&self, role: &str) -> Result<(), OpenError> {
        let Pools::Postgres(pool) = &self.pools else { return Ok(()) };
        if !role.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(OpenError::Role(role.to_owned()));
        }
        for text in GRANTS {
            let text = AssertSqlSafe(text.replace("ROLE", role));
            sqlx::raw_sql(text).execute(pool).await?;
        }
        Ok(())
    }

    /// What is wrong with the PostgreSQL role that we run as: row-level security would not hold it.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn role_fault(&self) -> Result<Option<&'static str>, OpenError> {
        if self.engine() == Engine::Sqlite {
            return Ok(None);
        }
        let mut tx = self.read_accounts().await?;
        let text = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";
        let above: bool = tx.sql(text).value().await?;
        Ok(above.then_some("the database role is above row-level security: use a plain role, see `migrate --grant-to`"))
    }
}

/// `ROLE` is replaced by the role's name, which is letters, digits and underscores.
const GRANTS: &[&str] = &[
    "GRANT USAGE ON SCHEMA public TO ROLE",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON companies, users, memberships, sessions, tokens, tax_codes, customers, products, orders, order_lines, order_counts, order_count_steps, number_sequences, idempotency_keys, order_search, customer_search, product_search, tax_code_search, span_search, word_spans, branches, branch_people, branch_record_bases, resolutions, approvals, branch_reviewers TO ROLE",
    "GRANT SELECT, INSERT, UPDATE ON chains, batches TO ROLE",
    "GRANT SELECT, INSERT ON batch_failures, branch_comments, commits, branch_bases, tags, erasures, customer_versions, product_versions, tax_code_versions, order_versions, customer_bodies, product_bodies, tax_code_bodies, order_bodies TO ROLE",
    "GRANT UPDATE (to_seq, schema_rev, erased_by, stub_hash, leaf_rev) ON customer_versions, product_versions, tax_code_versions, order_versions TO ROLE",
    "GRANT UPDATE (body, erased_by) ON customer_bodies, product_bodies, tax_code_bodies, order_bodies TO ROLE",
    "GRANT UPDATE (code, code_key, name, name_key, active) ON customer_versions TO ROLE",
    "GRANT UPDATE (number, title, draft_ref, kind, state, customer_id, customer_name, customer_key, placed_at, country, currency, net, tax, gross, line_count, promised_date, source, external_ref) ON order_versions TO ROLE",
    "GRANT UPDATE (text, taken_back_by, erased_by) ON branch_comments TO ROLE",
    "GRANT UPDATE (message, message_hash, message_erased_by) ON commits TO ROLE",
    "GRANT SELECT ON _sqlx_migrations TO ROLE",
];

async fn postgres(url: &str) -> Result<Db, OpenError> {
    let options = PgConnectOptions::from_str(url)?
        .application_name("tributary")
        .options([("lock_timeout", format!("{WAIT}s"))])
        .statement_cache_capacity(512)
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        // a ping on every use is a round trip; only what has lain idle is asked. A transaction left
        // open by a begin that was cut off would hand its company to the next request: such a
        // connection is thrown away.
        .test_before_acquire(false)
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > Duration::from_secs(30) {
                    conn.ping().await?;
                }
                Ok(!conn.is_in_transaction())
            })
        })
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(options)
        .await?;
    Ok(Db::over(Pools::Postgres(pool)))
}

/// Readers of SQLite: one for each core and one that waits for the disk. More of them read each page
/// anew after every commit, and gain nothing.
fn readers() -> u32 {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    u32::try_from(cores).unwrap_or(2).clamp(2, 15) + 1
}

fn file_of(url: &str) -> &str {
    url.trim_start_matches("sqlite:").trim_start_matches("//")
}

async fn sqlite(url: &str) -> Result<Db, OpenError> {
    let path = file_of(url);
    let base = SqliteConnectOptions::new()
        .filename(Path::new(path))
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(512)
        .pragma("cache_size", "-16384")
        .pragma("mmap_size", "268435456")
        .pragma("temp_store", "MEMORY")
        .pragma("trusted_schema", "OFF")
        // rows come from SQLite's thread: a page of a list or an export fits in between, so that
        // neither side wakes the other row by row
        .row_buffer_size(1024)
        .disable_statement_logging();
    // the writer first: it makes the file and turns the log on
    let write = pool(1)
        .min_connections(1)
        .connect_with(
            // a large commit touches many leaves of its indexes again and again: they stay in memory
            base.clone()
                .create_if_missing(true)
                .pragma("cache_size", "-65536")
                .pragma("wal_autocheckpoint", LOG)
                .pragma("journal_size_limit", LOG_KEPT),
        )
        .await?;
    let checkpoint = pool(1).connect_lazy_with(base.clone());
    let read = pool(readers()).connect_with(base.read_only(true)).await?;
    let db = Db::over(Pools::Sqlite { read, write, checkpoint });
    check_version(&db).await?;
    Ok(db)
}

fn pool(size: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(size)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(Duration::from_secs(WAIT))
        // on a full disk SQLite rolls back by itself, and sqlx goes on counting a transaction that
        // is no more: such a connection is thrown away
        .before_acquire(|conn, _| Box::pin(async move { Ok(!conn.is_in_transaction()) }))
}

async fn check_version(db: &Db) -> Result<(), OpenError> {
    let mut tx = db.read_accounts().await?;
    let version: String = tx.sql("SELECT sqlite_version()").value().await?;
    let parts = |v: &str| v.split('.').map(|n| n.parse().unwrap_or(0)).collect::<Vec<u32>>();
    if parts(&version) < parts(SQLITE_AT_LEAST) {
        Err(OpenError::OldSqlite(version))
    } else {
        Ok(())
    }
}
