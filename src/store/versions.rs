//! Versions of records: read at a point, told as a timeline.
use super::{
    db::{DbRow, FromDb, Tx},
    kinds::Stored,
};
use crate::domain::{
    history::{
        erasure::COMPACTED,
        schema::{Lost, Schema},
    },
    record::Record,
    scope::Scope,
    time::Ts,
};
use sqlx::Result;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A version's body, as this revision has it, and the commit that made it.
#[derive(Clone, Debug)]
pub struct Version {
    pub seq: i64,
    pub body: String,
    /// The commit that erased personal data from it.
    pub erased_by: Option<i64>,
    /// What its own revision had a place for and this one has not.
    pub lost: Vec<Lost>,
    /// The commit that wrote its body first, if that is as this revision has it and whoever writes the same
    /// of the record may name it. Told of sides that come together alone.
    pub body_seq: Option<i64>,
}

impl Version {
    /// From what is stored: the revision, the body.
    pub(super) fn of<R: Record>(
        schema: &Schema,
        seq: i64,
        (rev, body): (i64, String),
    ) -> Result<Self> {
        let (body, lost) = raised::<R>(schema, (rev, body))?;
        Ok(Self { seq, erased_by: None, body, lost, body_seq: None })
    }
    fn erased(self, erased_by: Option<i64>) -> Self {
        Self { erased_by, ..self }
    }
    /// The number that a change is based on: another one once something was erased from it.
    pub fn number(&self) -> i64 {
        self.erased_by.unwrap_or(self.seq)
    }
}

/// A stored body as this revision has it; nothing of what a compaction took.
pub(super) fn raised<R: Record>(
    schema: &Schema,
    (rev, body): (i64, String),
) -> Result<(String, Vec<Lost>)> {
    if body == COMPACTED || !schema.changed(R::KIND, rev) {
        return Ok((body, vec![]));
    }
    let was = serde_json::from_str(&body).map_err(|e| sqlx::Error::Decode(e.into()))?;
    let (value, lost) = schema.raise(R::KIND, (rev, was));
    let record: R = serde_json::from_value(value).map_err(|e| sqlx::Error::Decode(e.into()))?;
    Ok((record.body(), lost))
}

/// The same in its place, of a body that is only looked at.
pub(super) fn raise<R: Record>(schema: &Schema, rev: i64, body: &mut String) -> Result<()> {
    *body = raised::<R>(schema, (rev, std::mem::take(body)))?.0;
    Ok(())
}

/// One step of a record's history.
#[derive(Clone, Debug)]
pub struct Step {
    pub from_seq: i64,
    /// The number of the world that it was made in.
    pub branch_id: i64,
    pub deleted: bool,
    schema_rev: i64,
    pub body: String,
    pub at: Ts,
    pub cause: String,
    pub message: String,
    pub author_kind: String,
    pub name: Option<String>,
}
crate::from_row!(Step {
    from_seq,
    branch_id,
    deleted,
    schema_rev,
    body,
    at,
    cause,
    message,
    author_kind,
    name
});

impl Step {
    /// Whether a compaction took what it made.
    pub fn is_compacted(&self) -> bool {
        self.body == COMPACTED
    }
    /// The version that it made.
    pub fn version(&self) -> Version {
        let (seq, body) = (self.from_seq, self.body.clone());
        Version { seq, erased_by: None, body, lost: vec![], body_seq: None }
    }
}

/// A version as a commit lists it.
#[derive(Clone, Debug)]
pub struct Touched {
    pub id: Uuid,
    pub deleted: bool,
    schema_rev: i64,
    pub body: String,
}
impl FromDb for Touched {
    fn from_db(row: &DbRow) -> Result<Self> {
        let (schema_rev, body) = (row.col("schema_rev")?, row.col("body")?);
        Ok(Self { id: row.col("id")?, deleted: row.col("deleted")?, schema_rev, body })
    }
}

/// The record as it is in the scope's world: now, or at the scope's point in the past.
pub async fn current<R: Stored>(tx: &mut Tx, scope: &Scope, id: Uuid) -> Result<Option<Version>> {
    at::<R>(tx, scope, id, scope.at().unwrap_or(i64::MAX)).await
}

/// The record as the scope's world showed it after a commit, by the base now in force.
pub async fn at<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    id: Uuid,
    seq: i64,
) -> Result<Option<Version>> {
    let schema = tx.bodies();
    let Some(branch) = scope.world().branch() else {
        let stmt = tx.sql(R::TEXTS.at).bind(scope.company()).bind(id).bind(seq);
        let row: Option<(i64, Option<i64>, i64, String)> = stmt.optional().await?;
        let version = |(seq, erased, rev, body)| {
            Ok(Version::of::<R>(schema, seq, (rev, body))?.erased(erased))
        };
        return row.map(version).transpose();
    };
    let stmt = tx.sql(R::TEXTS.overlaid).bind(scope.company()).bind(branch.id).bind(id);
    let stmt = stmt.bind(seq).bind(seq.min(branch.base));
    let row: Option<(i64, Option<i64>, i64, String, bool)> = stmt.optional().await?;
    let row = row.filter(|(.., body, deleted)| !deleted && body != COMPACTED);
    row.map(|(seq, erased, rev, body, _)| {
        Ok(Version::of::<R>(schema, seq, (rev, body))?.erased(erased))
    })
    .transpose()
}

/// Some records as they are now in the scope's world, those that are there.
pub async fn many<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Version)>> {
    let (schema, mut out) = (tx.bodies(), BTreeMap::new());
    // what the branch has of its own comes over what it rests on
    for world in BTreeSet::from([0, scope.world().number()]) {
        for some in ids.chunks(MANY) {
            out.extend(standing_of::<R>(tx, scope, (world, some)).await?);
        }
    }
    let there = out.into_iter().filter(|(_, (.., deleted))| !deleted);
    there
        .map(|(id, (seq, rev, body, _))| Ok((id, Version::of::<R>(schema, seq, (rev, body))?)))
        .collect()
}

/// Which of these records the scope's world has, or knows to be deleted.
pub async fn known<R: Stored>(tx: &mut Tx, scope: &Scope, ids: &[Uuid]) -> Result<BTreeSet<Uuid>> {
    let mut out = BTreeSet::new();
    for world in BTreeSet::from([0, scope.world().number()]) {
        for some in ids.chunks(MANY) {
            let rows = standing_of::<R>(tx, scope, (world, some)).await?;
            out.extend(rows.into_iter().map(|(id, _)| id));
        }
    }
    Ok(out)
}

/// What a world itself has of some records, as the scope's world shows it.
async fn standing_of<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (world, ids): (i64, &[Uuid]),
) -> Result<Vec<(Uuid, ManyRow)>> {
    let mut sql = tx.builder();
    sql.push(R::TEXTS.many).bind(scope.company()).push(" AND branch_id = ").bind(world);
    let rests_on = scope.world().branch().filter(|_| world == 0);
    if let Some(seq) = rests_on.map(|b| b.base).or(scope.at()) {
        sql.push(" AND from_seq <= ").bind(seq);
        sql.push(" AND (to_seq IS NULL OR to_seq > ").bind(seq).push(")");
    } else {
        sql.push(" AND to_seq IS NULL");
    }
    sql.push(" AND id IN ").list(ids);
    let rows: Vec<(Uuid, i64, i64, String, bool)> = tx.built(sql).all().await?;
    Ok(rows.into_iter().map(|(id, seq, rev, body, gone)| (id, (seq, rev, body, gone))).collect())
}

/// Records asked for at once.
const MANY: usize = 64;
/// A commit, the revision and the body that it wrote, and whether it deleted the record.
type ManyRow = (i64, i64, String, bool);

/// The latest steps of a record before a commit, the newest first; none after the scope's point.
pub async fn timeline<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    id: Uuid,
    (before, limit): (i64, i64),
) -> Result<Vec<Step>> {
    let before = scope.at().map_or(before, |seq| before.min(seq.saturating_add(1)));
    let Some(branch) = scope.world().branch() else {
        return own_timeline::<R>(tx, scope, (0, id), (before, limit)).await;
    };
    let schema = tx.bodies();
    let stmt = tx.sql(R::TEXTS.overlaid_timeline).bind(scope.company()).bind(branch.id);
    let stmt = stmt.bind(id).bind(before).bind(limit).bind(branch.base);
    steps::<R>(schema, stmt.all().await?)
}

fn steps<R: Stored>(schema: &Schema, mut steps: Vec<Step>) -> Result<Vec<Step>> {
    for step in &mut steps {
        raise::<R>(schema, step.schema_rev, &mut step.body)?;
    }
    Ok(steps)
}

/// The latest steps of a record in the world of a number alone, without what that rests on.
pub async fn own_timeline<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (world, id): (i64, Uuid),
    (before, limit): (i64, i64),
) -> Result<Vec<Step>> {
    let schema = tx.bodies();
    let stmt = tx.sql(R::TEXTS.timeline).bind(scope.company()).bind(world);
    steps::<R>(schema, stmt.bind(id).bind(before).bind(limit).all().await?)
}

/// What a commit changed of one kind: records after one of them.
pub async fn of_commit<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (seq, after): (i64, Uuid),
    limit: i64,
) -> Result<Vec<Touched>> {
    let schema = tx.bodies();
    let stmt = tx.sql(R::TEXTS.of_commit).bind(scope.company()).bind(seq);
    let mut all: Vec<Touched> = stmt.bind(after).bind(limit).all().await?;
    for t in &mut all {
        raise::<R>(schema, t.schema_rev, &mut t.body)?;
    }
    Ok(all)
}

/// The records of a kind that a commit gave a version on its branch.
pub async fn begun_by<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (branch, seq): (i64, i64),
) -> Result<Vec<Uuid>> {
    let mut sql = tx.builder();
    sql.push("SELECT o.id FROM ").push(R::TEXTS.versions).push(" o WHERE o.company_id = ");
    sql.bind(scope.company()).push(" AND o.branch_id = ").bind(branch);
    sql.push(" AND o.from_seq = ").bind(seq);
    Ok(tx.built(sql).all::<(Uuid,)>().await?.into_iter().map(|r| r.0).collect())
}

/// What a branch had of a kind until a commit that gave its records other versions, or let go of them:
/// bodies, and whether they say that the record is deleted.
pub async fn of_branch_at<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (branch, seq): (i64, i64),
) -> Result<Vec<(String, bool)>> {
    let schema = tx.bodies();
    let stmt = tx.sql(R::TEXTS.ended_by).bind(scope.company()).bind(branch).bind(seq);
    let rows: Vec<(i64, String, bool)> = stmt.all().await?;
    let each = rows.into_iter();
    each.map(|(rev, body, deleted)| Ok((raised::<R>(schema, (rev, body))?.0, deleted))).collect()
}
