//! Batches: what is still to be done, who does it, and what could not be done.
use super::db::{DbRow, FromDb, Tx};
use crate::domain::{
    batch::{BatchState, Change},
    field::Kind,
    ids::UserId,
    scope::{AuthorKind, Scope},
    time::Ts,
};
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Result;
use uuid::Uuid;

/// A batch as it stands.
#[derive(Clone, Debug)]
pub struct Batch {
    pub id: Uuid,
    /// The number of the branch that it works on.
    pub branch: i64,
    pub kind: Kind,
    pub change: Change,
    pub state: BatchState,
    /// Why it was stopped.
    pub why: Option<String>,
    pub user: Option<UserId>,
    pub author: AuthorKind,
    pub tally: Tally,
    pub started_at: Ts,
}

/// How many records were changed, were so already, and could not be changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub changed: i64,
    pub same: i64,
    pub failed: i64,
}

impl FromDb for Batch {
    fn from_db(row: &DbRow) -> Result<Self> {
        let word = |name: &str| row.col::<String>(name);
        let kind = word("kind")?.parse().map_err(|e: String| sqlx::Error::Decode(e.into()))?;
        let author =
            word("author_kind")?.parse().map_err(|e: String| sqlx::Error::Decode(e.into()))?;
        let number = |name: &str| row.col::<i64>(name);
        let (changed, same, failed) = (number("changed")?, number("same")?, number("failed")?);
        Ok(Self {
            id: row.col("id")?,
            branch: row.col("branch_id")?,
            kind,
            change: of_text(&word("change")?)?,
            state: row.col("state")?,
            why: row.col("why")?,
            user: row.col("user_id")?,
            author,
            tally: Tally { changed, same, failed },
            started_at: row.col("started_at")?,
        })
    }
}

fn of_text<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(e.into()))
}

fn text<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| sqlx::Error::Encode(e.into()))
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, branch_id, kind, change, state, why, user_id, author_kind, changed, same, failed, started_at FROM batches WHERE company_id = $1 AND ", $rest)
    };
}

/// Writes a new one, to be gone through by `filter`.
pub async fn insert<F: Serialize>(
    tx: &mut Tx,
    scope: &Scope,
    (b, filter): (&Batch, &F),
) -> Result<()> {
    let sql = "INSERT INTO batches (company_id, id, branch_id, kind, change, filter, state, user_id, author_kind, changed, same, failed, started_at, leased_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, 0, $10, $10)";
    let stmt = tx.sql(sql).bind(scope.company()).bind(b.id).bind(b.branch);
    let stmt = stmt.bind(b.kind.word().to_owned()).bind(text(&b.change)?).bind(text(filter)?);
    let stmt = stmt.bind(b.state).bind(b.user).bind(b.author.word().to_owned());
    stmt.bind(b.started_at).run().await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, scope: &Scope, id: Uuid) -> Result<Option<Batch>> {
    tx.sql(select!("id = $2")).bind(scope.company()).bind(id).optional().await
}

/// The last ones, the newest first.
pub async fn list(tx: &mut Tx, scope: &Scope, limit: i64) -> Result<Vec<Batch>> {
    let stmt = tx.sql(select!("id IS NOT NULL ORDER BY id DESC LIMIT $2"));
    stmt.bind(scope.company()).bind(limit).all().await
}

/// Those at work that nobody holds any more.
pub async fn abandoned(tx: &mut Tx, scope: &Scope, now: Ts) -> Result<Vec<Uuid>> {
    let stmt = tx.sql("SELECT id FROM batches WHERE company_id = $1 AND state = 'running' AND leased_until < $2 ORDER BY id");
    let rows: Vec<(Uuid,)> = stmt.bind(scope.company()).bind(now).all().await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Takes one that nobody holds, or holds one's own for longer. What is still to be gone through; nothing if
/// somebody else has it, or it has ended.
pub async fn hold<F: DeserializeOwned>(
    tx: &mut Tx,
    scope: &Scope,
    (id, runner): (Uuid, Uuid),
    (now, until): (Ts, Ts),
) -> Result<Option<F>> {
    let sql = "UPDATE batches SET runner = $3, leased_until = $5 WHERE company_id = $1 AND id = $2 AND state = 'running' AND (runner IS NULL OR runner = $3 OR leased_until <= $4) RETURNING filter";
    let stmt = tx.sql(sql).bind(scope.company()).bind(id).bind(runner).bind(now).bind(until);
    let filter: Option<(String,)> = stmt.optional().await?;
    filter.map(|(text,)| of_text(&text)).transpose()
}

/// Says how far it has come, and what is still to be gone through: nothing if that was all.
pub async fn advance<F: Serialize>(
    tx: &mut Tx,
    scope: &Scope,
    (id, done): (Uuid, Tally),
    rest: Option<&F>,
) -> Result<()> {
    let sql = "UPDATE batches SET changed = changed + $3, same = same + $4, failed = failed + $5, filter = $6, state = CASE WHEN $6 IS NULL THEN 'finished' ELSE state END WHERE company_id = $1 AND id = $2";
    let stmt = tx.sql(sql).bind(scope.company()).bind(id);
    let stmt = stmt.bind(done.changed).bind(done.same).bind(done.failed);
    stmt.bind(rest.map(text).transpose()?).run().await?;
    Ok(())
}

/// Ends one that cannot go on, unless somebody else has it by now.
pub async fn stop(tx: &mut Tx, scope: &Scope, (id, runner): (Uuid, Uuid), why: &str) -> Result<()> {
    let sql = "UPDATE batches SET state = 'stopped', why = $4, filter = NULL WHERE company_id = $1 AND id = $2 AND state = 'running' AND (runner IS NULL OR runner = $3)";
    tx.sql(sql).bind(scope.company()).bind(id).bind(runner).bind(why.to_owned()).run().await?;
    Ok(())
}

/// Whether one is at work on a branch, be it that nobody goes on with it just now.
pub async fn is_at_work_on(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM batches WHERE company_id = $1 AND branch_id = $2 AND state = 'running'";
    Ok(tx.sql(sql).bind(scope.company()).bind(branch).value::<i64>().await? > 0)
}

/// A record to which it could not be done.
#[derive(Clone, Debug)]
pub struct Failure {
    pub record_id: Uuid,
    pub why: String,
}
crate::from_row!(Failure { record_id, why });

/// Keeps some, after the first `n`.
pub async fn add_failures(
    tx: &mut Tx,
    scope: &Scope,
    (id, n): (Uuid, i64),
    all: &[Failure],
) -> Result<()> {
    let numbered: Vec<(i64, &Failure)> = (n..).zip(all).collect();
    for some in numbered.chunks(100) {
        let mut sql = tx.builder();
        sql.push("INSERT INTO batch_failures (company_id, batch_id, n, record_id, why) ");
        sql.values(some, |row, (n, f)| {
            row.bind(scope.company()).bind(id).bind(*n).bind(f.record_id).bind(f.why.clone());
        });
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// Some of them, from the first `n` on.
pub async fn failures(
    tx: &mut Tx,
    scope: &Scope,
    (id, n, limit): (Uuid, i64, i64),
) -> Result<Vec<Failure>> {
    let sql = "SELECT record_id, why FROM batch_failures WHERE company_id = $1 AND batch_id = $2 AND n >= $3 ORDER BY n LIMIT $4";
    tx.sql(sql).bind(scope.company()).bind(id).bind(n).bind(limit).all().await
}
