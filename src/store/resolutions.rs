//! Decisions on conflicts.
use super::db::{DbRow, FromDb, Tx};
use crate::domain::{
    field::Kind,
    history::merge::{Choice, Resolution},
    scope::Scope,
    time::Ts,
};
use sqlx::Result;
use uuid::Uuid;

/// What the conflicts are of: a branch, or the reverting of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Branch(i64),
    Revert(i64),
}

impl Subject {
    fn columns(self) -> (i64, i64) {
        match self {
            Self::Branch(id) => (id, 0),
            Self::Revert(seq) => (0, seq),
        }
    }
}

/// A decision and the record that it is on.
#[derive(Clone, Debug)]
pub struct Decided {
    pub kind: Kind,
    pub id: Uuid,
    pub resolution: Resolution,
}

impl FromDb for Decided {
    fn from_db(row: &DbRow) -> Result<Self> {
        let kind: String = row.col("kind")?;
        let hash = |name: &str| -> Result<[u8; 32]> {
            let bytes: Vec<u8> = row.col(name)?;
            bytes.try_into().map_err(|_| sqlx::Error::Decode("a print of 32 bytes".into()))
        };
        let choice: String = row.col("choice")?;
        let value: Option<String> = row.col("value")?;
        let choice = match choice.as_str() {
            "theirs" => Choice::Theirs,
            "value" => Choice::Value(
                serde_json::from_str(value.as_deref().unwrap_or("null"))
                    .map_err(|e| sqlx::Error::Decode(e.into()))?,
            ),
            _ => Choice::Ours,
        };
        let print = [hash("base")?, hash("ours")?, hash("theirs")?];
        let kind = kind.parse().map_err(|e: String| sqlx::Error::Decode(e.into()))?;
        let resolution = Resolution { path: row.col("path")?, print, choice };
        Ok(Self { kind, id: row.col("record_id")?, resolution })
    }
}

/// Every decision on a subject.
pub async fn all(tx: &mut Tx, scope: &Scope, subject: Subject) -> Result<Vec<Decided>> {
    let (branch, reverts) = subject.columns();
    let text = "SELECT kind, record_id, path, base, ours, theirs, choice, value FROM resolutions WHERE company_id = $1 AND branch_id = $2 AND reverts = $3 ORDER BY kind, record_id, path";
    tx.sql(text).bind(scope.company()).bind(branch).bind(reverts).all().await
}

/// The decisions on one record.
pub async fn of_record(
    tx: &mut Tx,
    scope: &Scope,
    (subject, (kind, id)): (Subject, (Kind, Uuid)),
) -> Result<Vec<Decided>> {
    let (branch, reverts) = subject.columns();
    let text = "SELECT kind, record_id, path, base, ours, theirs, choice, value FROM resolutions WHERE company_id = $1 AND branch_id = $2 AND reverts = $3 AND kind = $4 AND record_id = $5 ORDER BY path";
    let stmt = tx.sql(text).bind(scope.company()).bind(branch).bind(reverts);
    stmt.bind(kind.word().to_owned()).bind(id).all().await
}

/// How many decisions there are, and when the last one was taken.
pub type Stamp = (i64, Option<Ts>);

/// Tells whether decisions were taken since.
pub async fn stamp(tx: &mut Tx, scope: &Scope, subject: Subject) -> Result<Stamp> {
    let (branch, reverts) = subject.columns();
    let text = "SELECT COUNT(*), MAX(decided_at) FROM resolutions WHERE company_id = $1 AND branch_id = $2 AND reverts = $3";
    tx.sql(text).bind(scope.company()).bind(branch).bind(reverts).one().await
}

/// Keeps decisions; a new one on a conflict takes the place of the one before.
pub async fn keep(
    tx: &mut Tx,
    scope: &Scope,
    (subject, now): (Subject, Ts),
    all: &[Decided],
) -> Result<()> {
    let (branch, reverts) = subject.columns();
    for some in all.chunks(200) {
        let mut sql = tx.builder();
        sql.push("INSERT INTO resolutions (company_id, branch_id, reverts, kind, record_id, path, base, ours, theirs, choice, value, decided_by, decided_at) ");
        sql.values(some, |row, d| {
            let (choice, value) = match &d.resolution.choice {
                Choice::Ours => ("ours", None),
                Choice::Theirs => ("theirs", None),
                Choice::Value(value) => ("value", Some(value.to_string())),
            };
            row.bind(scope.company()).bind(branch).bind(reverts).bind(d.kind.word().to_owned());
            row.bind(d.id).bind(d.resolution.path.clone());
            d.resolution.print.iter().for_each(|hash| {
                row.bind(hash.to_vec());
            });
            row.bind(choice.to_owned()).bind(value).bind(scope.actor()).bind(now);
        });
        sql.push(" ON CONFLICT (company_id, branch_id, reverts, kind, record_id, path) DO UPDATE SET base = excluded.base, ours = excluded.ours, theirs = excluded.theirs, choice = excluded.choice, value = excluded.value, decided_by = excluded.decided_by, decided_at = excluded.decided_at");
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// What was decided on a branch holds for its copy.
pub async fn copy(tx: &mut Tx, scope: &Scope, (from, to): (i64, i64)) -> Result<()> {
    let text = "INSERT INTO resolutions (company_id, branch_id, reverts, kind, record_id, path, base, ours, theirs, choice, value, decided_by, decided_at) SELECT company_id, $3, reverts, kind, record_id, path, base, ours, theirs, choice, value, decided_by, decided_at FROM resolutions WHERE company_id = $1 AND branch_id = $2";
    tx.sql(text).bind(scope.company()).bind(from).bind(to).run().await?;
    Ok(())
}
