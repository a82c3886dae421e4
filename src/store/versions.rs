//! Versions of records: read at a point, told as a timeline.
use super::{
    db::{DbRow, FromDb, Tx},
    kinds::Stored,
};
use crate::domain::{scope::Scope, time::Ts};
use sqlx::Result;
use uuid::Uuid;

/// A version's body and the commit that made it.
#[derive(Clone, Debug)]
pub struct Version {
    pub seq: i64,
    pub body: String,
}
crate::from_row!(VersionRow { from_seq, body });
struct VersionRow {
    from_seq: i64,
    body: String,
}
impl From<VersionRow> for Version {
    fn from(r: VersionRow) -> Self {
        Self { seq: r.from_seq, body: r.body }
    }
}

/// One step of a record's history.
#[derive(Clone, Debug)]
pub struct Step {
    pub from_seq: i64,
    /// The number of the world that it was made in.
    pub branch_id: i64,
    pub deleted: bool,
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
    body,
    at,
    cause,
    message,
    author_kind,
    name
});

impl Step {
    /// The version that it made.
    pub fn version(&self) -> Version {
        Version { seq: self.from_seq, body: self.body.clone() }
    }
}

/// A version as a commit lists it.
#[derive(Clone, Debug)]
pub struct Touched {
    pub id: Uuid,
    pub deleted: bool,
    pub body: String,
}
impl FromDb for Touched {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self { id: row.col("id")?, deleted: row.col("deleted")?, body: row.col("body")? })
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
    let Some(branch) = scope.world().branch() else {
        let stmt = tx.sql(R::TEXTS.at).bind(scope.company()).bind(id).bind(seq);
        return Ok(stmt.optional::<VersionRow>().await?.map(Into::into));
    };
    let stmt = tx.sql(R::TEXTS.overlaid).bind(scope.company()).bind(branch.id).bind(id);
    let stmt = stmt.bind(seq).bind(seq.min(branch.base));
    let row: Option<(i64, String, bool)> = stmt.optional().await?;
    Ok(row.filter(|(_, _, deleted)| !deleted).map(|(seq, body, _)| Version { seq, body }))
}

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
    let stmt = tx.sql(R::TEXTS.overlaid_timeline).bind(scope.company()).bind(branch.id);
    stmt.bind(id).bind(before).bind(limit).bind(branch.base).all().await
}

/// The latest steps of a record in the world of a number alone, without what that rests on.
pub async fn own_timeline<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (world, id): (i64, Uuid),
    (before, limit): (i64, i64),
) -> Result<Vec<Step>> {
    let stmt = tx.sql(R::TEXTS.timeline).bind(scope.company()).bind(world);
    stmt.bind(id).bind(before).bind(limit).all().await
}

/// What a commit changed of one kind.
pub async fn of_commit<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    seq: i64,
    limit: i64,
) -> Result<Vec<Touched>> {
    tx.sql(R::TEXTS.of_commit).bind(scope.company()).bind(seq).bind(limit).all().await
}

/// What a branch had of a kind until a commit that gave its records other versions, or let go of them:
/// bodies, and whether they say that the record is deleted.
pub async fn of_branch_at<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (branch, seq): (i64, i64),
) -> Result<Vec<(String, bool)>> {
    tx.sql(R::TEXTS.ended_by).bind(scope.company()).bind(branch).bind(seq).all().await
}
