//! The log of a company's commits.
use super::{
    db::{DbRow, FromDb, Tx},
    kinds::texts_of,
};
use crate::domain::{field::Kind, history::cause::Cause, ids::UserId, scope::Scope, time::Ts};
use sqlx::Result;

/// A commit as people read it.
#[derive(Clone, Debug)]
pub struct CommitRow {
    pub seq: i64,
    /// The number of the world that it was made in.
    pub branch_id: i64,
    pub at: Ts,
    pub cause: String,
    pub message: String,
    pub records: i64,
    pub author_kind: String,
    pub name: Option<String>,
    pub hash: Vec<u8>,
    pub prev: Vec<u8>,
}
impl FromDb for CommitRow {
    fn from_db(r: &DbRow) -> Result<Self> {
        Ok(Self {
            seq: r.col("seq")?,
            branch_id: r.col("branch_id")?,
            at: r.col("at")?,
            cause: r.col("cause")?,
            message: r.col("message")?,
            records: r.col("records")?,
            author_kind: r.col("author_kind")?,
            name: r.col("name")?,
            hash: r.col("hash")?,
            prev: r.col("prev")?,
        })
    }
}

macro_rules! select {
    () => {
        "SELECT c.seq, c.branch_id, c.at, c.cause, c.message, c.records, c.author_kind, u.name, c.hash, c.prev FROM commits c LEFT JOIN users u ON u.id = c.author_id WHERE c.company_id = "
    };
}

/// Which commits are listed.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogFilter {
    /// Before this number.
    pub before: Option<i64>,
    pub who: Option<UserId>,
    pub cause: Option<Cause>,
    /// Those that touched a record of this kind.
    pub kind: Option<Kind>,
    /// Those after which a point has a name.
    pub named: bool,
    /// From this moment on.
    pub since: Option<Ts>,
    /// Before this moment.
    pub until: Option<Ts>,
}

/// The latest commits of the scope's world, by a filter.
pub async fn log(
    tx: &mut Tx,
    scope: &Scope,
    (filter, limit): (LogFilter, i64),
) -> Result<Vec<CommitRow>> {
    let mut sql = tx.builder();
    sql.push(select!());
    sql.bind(scope.company()).push(" AND c.branch_id = ").bind(scope.world().number());
    if let Some(seq) = filter.before {
        sql.push(" AND c.seq < ").bind(seq);
    }
    if let Some(who) = filter.who {
        sql.push(" AND c.author_id = ").bind(who);
    }
    if let Some(cause) = filter.cause {
        sql.push(" AND c.cause = ").bind(cause.word());
    }
    if let Some(kind) = filter.kind {
        sql.push(" AND EXISTS (SELECT 1 FROM ").push(texts_of(kind).versions);
        sql.push(" v WHERE v.company_id = c.company_id AND v.from_seq = c.seq)");
    }
    if filter.named {
        sql.push(" AND c.seq IN (SELECT g.seq FROM tags g WHERE g.company_id = ");
        sql.bind(scope.company()).push(")");
    }
    if let Some(since) = filter.since {
        sql.push(" AND c.seq >= (SELECT t.seq FROM commits t WHERE t.company_id = c.company_id AND t.at >= ");
        sql.bind(since).push(" ORDER BY t.at, t.seq LIMIT 1)");
    }
    if let Some(until) = filter.until {
        // times follow the numbers, so the number says where to begin
        sql.push(" AND c.seq <= (SELECT t.seq FROM commits t WHERE t.company_id = c.company_id AND t.at < ");
        sql.bind(until).push(" ORDER BY t.at DESC LIMIT 1)");
    }
    sql.push(" ORDER BY c.seq DESC LIMIT ").bind(limit);
    tx.built(sql).all().await
}

/// A commit of main or of the scope's branch; those of other branches are their own affair.
pub async fn find(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Option<CommitRow>> {
    let text = concat!(select!(), "$1 AND c.branch_id IN (0, $2) AND c.seq = $3");
    let stmt = tx.sql(text).bind(scope.company()).bind(scope.world().number());
    stmt.bind(seq).optional().await
}

/// The commits of main after one, the oldest first.
pub async fn after(tx: &mut Tx, scope: &Scope, (seq, limit): (i64, i64)) -> Result<Vec<CommitRow>> {
    let text = concat!(select!(), "$1 AND c.branch_id = 0 AND c.seq > $2 ORDER BY c.seq LIMIT $3");
    tx.sql(text).bind(scope.company()).bind(seq).bind(limit).all().await
}

/// Who made a commit, and when.
#[derive(Clone, Debug)]
pub struct Made {
    pub seq: i64,
    pub at: Ts,
    pub author_kind: String,
    pub name: Option<String>,
}
crate::from_row!(Made { seq, at, author_kind, name });

/// Who made some commits.
pub async fn made(tx: &mut Tx, scope: &Scope, seqs: &[i64]) -> Result<Vec<Made>> {
    let mut sql = tx.builder();
    sql.push("SELECT c.seq, c.at, c.author_kind, u.name FROM commits c LEFT JOIN users u ON u.id = c.author_id WHERE c.company_id = ");
    sql.bind(scope.company()).push(" AND c.seq IN ").list(seqs);
    tx.built(sql).all().await
}

/// What a commit merged.
#[derive(Clone, Debug)]
pub struct Merged {
    pub seq: i64,
    /// The last commit of the branch that it took in.
    pub merged_seq: i64,
    /// The branch's number, slug and name.
    pub branch: i64,
    pub slug: String,
    pub name: String,
}
crate::from_row!(Merged { seq, merged_seq, branch, slug, name });

/// Which of some commits merged a branch.
pub async fn merged(tx: &mut Tx, scope: &Scope, seqs: &[i64]) -> Result<Vec<Merged>> {
    let mut sql = tx.builder();
    sql.push("SELECT c.seq, c.merged_seq, b.id AS branch, b.slug, b.name FROM commits c JOIN commits m ON m.company_id = c.company_id AND m.seq = c.merged_seq JOIN branches b ON b.company_id = m.company_id AND b.id = m.branch_id WHERE c.cause = 'merge' AND c.company_id = ");
    sql.bind(scope.company()).push(" AND c.seq IN ").list(seqs);
    tx.built(sql).all().await
}

/// Whether a commit has this cause.
pub async fn has_cause(tx: &mut Tx, scope: &Scope, cause: Cause) -> Result<bool> {
    let text = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM commits WHERE company_id = $1 AND cause = $2 LIMIT 1) t";
    let stmt = tx.sql(text).bind(scope.company()).bind(cause.word());
    Ok(stmt.value::<i64>().await? > 0)
}

/// The head of the company's chain: its number, hash and time.
pub async fn head(tx: &mut Tx, scope: &Scope) -> Result<(i64, Vec<u8>, Ts)> {
    tx.sql("SELECT seq, hash, at FROM chains WHERE company_id = $1")
        .bind(scope.company())
        .one()
        .await
}

/// The hash of a commit.
pub async fn hash_of(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Option<Vec<u8>>> {
    let text = "SELECT hash FROM commits WHERE company_id = $1 AND seq = $2";
    Ok(tx.sql(text).bind(scope.company()).bind(seq).optional::<(Vec<u8>,)>().await?.map(|r| r.0))
}

/// The company's last commit, and main's.
pub async fn heads(tx: &mut Tx, scope: &Scope) -> Result<(i64, i64)> {
    let text = "SELECT seq, main_seq FROM chains WHERE company_id = $1";
    tx.sql(text).bind(scope.company()).one().await
}

/// The last commit at a time or before it, and when it was made.
pub async fn before_time(tx: &mut Tx, scope: &Scope, at: Ts) -> Result<Option<(i64, Ts)>> {
    let text =
        "SELECT seq, at FROM commits WHERE company_id = $1 AND at <= $2 ORDER BY at DESC LIMIT 1";
    tx.sql(text).bind(scope.company()).bind(at).optional().await
}

/// When a commit was made.
pub async fn time_of(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Option<(i64, Ts)>> {
    let text = "SELECT seq, at FROM commits WHERE company_id = $1 AND seq = $2";
    tx.sql(text).bind(scope.company()).bind(seq).optional().await
}
