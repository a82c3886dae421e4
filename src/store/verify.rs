//! Reading everything of a company, for verification and digests.
use super::{
    cell::{self, Cell},
    db::{DbRow, FromDb, Held, Tx},
    kinds::Stored,
    masters::read,
    versions::raised,
};
use crate::domain::{
    history::{
        chain::{GENESIS, Hash, Leaf, body_hash},
        erasure::{COMPACTED, ERASED},
        schema::Schema,
    },
    scope::Scope,
    time::Ts,
};
use futures_util::TryStreamExt;
use sqlx::Result;
use uuid::Uuid;

/// A version as its commit made it, with its list columns as one text.
pub struct StoredVersion {
    pub id: Uuid,
    pub from_seq: i64,
    pub deleted: bool,
    pub schema_rev: i64,
    pub body_hash: Vec<u8>,
    pub body: String,
    /// The hash of what stands in the place of what was erased.
    pub stub: Option<Vec<u8>>,
    /// Whether all is there that an erasure leaves, or nothing.
    pub is_sound: bool,
    /// The revision that it was written in.
    pub leaf_rev: i64,
    /// Whether it stands, or is one of main: no compaction may take its body.
    pub stays: bool,
    pub columns: String,
}

/// A version among those of its record.
pub struct Standing {
    pub id: Uuid,
    pub branch: i64,
    pub from_seq: i64,
    pub to_seq: Option<i64>,
    pub deleted: bool,
    /// The revision of its body.
    pub schema_rev: i64,
    /// Body and list columns of what main has now.
    body: Option<String>,
    pub columns: String,
    /// The commit that erased it, and the hash of what stands in its place.
    pub erased: Option<(i64, Vec<u8>)>,
}

impl StoredCommit {
    /// Whether it says what it was written with, or nothing and why.
    pub fn says_its_own(&self) -> bool {
        let is_erased = self.message_hash.is_some();
        is_erased == self.message_erased_by.is_some() && (!is_erased || self.message == ERASED)
    }
    /// The hash of its message as it was written.
    pub fn message_hash(&self) -> Hash {
        let erased = self.message_hash.clone();
        erased.map_or_else(|| body_hash(&self.message), |h| h.try_into().unwrap_or(GENESIS))
    }
}

impl StoredVersion {
    /// Its record and its body, as this revision has them.
    ///
    /// # Errors
    /// If the body is none of its kind.
    pub fn record<R: Stored>(&self, schema: &Schema) -> Result<(R, String)> {
        let (body, _) = raised::<R>(schema, (self.schema_rev, self.body.clone()))?;
        Ok((read(&body)?, body))
    }
}

impl Standing {
    /// The record as it is; none of what main has not, nor of a body that is none of its kind.
    pub fn record<R: Stored>(&self, schema: &Schema) -> Option<R> {
        let (body, _) = raised::<R>(schema, (self.schema_rev, self.body.clone()?)).ok()?;
        read(&body).ok()
    }
}

/// A stored commit.
pub struct StoredCommit {
    pub seq: i64,
    pub branch_id: i64,
    pub parent_seq: Option<i64>,
    pub merged_seq: Option<i64>,
    pub author_id: Option<Uuid>,
    pub author_kind: String,
    pub at: Ts,
    pub cause: String,
    pub message: String,
    /// Of the message as it was written, where it was erased since.
    message_hash: Option<Vec<u8>>,
    /// The commit that erased it.
    pub message_erased_by: Option<i64>,
    pub records: i64,
    pub root: Vec<u8>,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}
crate::from_row!(StoredCommit {
    seq,
    branch_id,
    parent_seq,
    merged_seq,
    author_id,
    author_kind,
    at,
    cause,
    message,
    message_hash,
    message_erased_by,
    records,
    root,
    prev,
    hash,
});

/// Every list column from a position on, as text: two rows are alike if their texts are.
fn columns(row: &DbRow, from: usize) -> Result<String> {
    let mut cells = vec![];
    for i in from.. {
        let Some(held) = row.kind(i) else { break };
        cells.push(match held {
            Held::Nothing => Cell::Text(None),
            Held::Text => Cell::Text(row.get(i)?),
            Held::Int => Cell::Int(row.get(i)?),
            Held::Bool => Cell::Bool(row.get(i)?),
            Held::Id => Cell::Id(row.get(i)?),
            Held::At => Cell::At(row.get(i)?),
        });
    }
    Ok(cell::line(&cells))
}

impl FromDb for StoredVersion {
    fn from_db(r: &DbRow) -> Result<Self> {
        let (schema_rev, leaf_rev): (i64, Option<i64>) = (r.get(3)?, r.get(7)?);
        let (stub, erased_by): (Option<Vec<u8>>, Option<i64>) = (r.get(6)?, r.get(8)?);
        let (erased, body): (_, String) = (erased_by.is_some(), r.get(5)?);
        // what a compaction emptied before is emptied still
        let sealed = r.get::<Option<i64>>(10)? == erased_by.filter(|_| body != COMPACTED);
        Ok(Self {
            id: r.get(0)?,
            from_seq: r.get(1)?,
            deleted: r.get(2)?,
            schema_rev,
            body_hash: r.get(4)?,
            body,
            is_sound: sealed && stub.is_some() == erased && leaf_rev.is_some() == erased,
            stub,
            leaf_rev: leaf_rev.unwrap_or(schema_rev),
            stays: r.get::<i64>(9)? != 0,
            columns: columns(r, 11)?,
        })
    }
}

impl FromDb for Standing {
    fn from_db(r: &DbRow) -> Result<Self> {
        let body: Option<String> = r.get(6)?;
        let (erased_by, stub): (Option<i64>, Option<Vec<u8>>) = (r.get(7)?, r.get(8)?);
        Ok(Self {
            id: r.get(0)?,
            branch: r.get(1)?,
            from_seq: r.get(2)?,
            to_seq: r.get(3)?,
            deleted: r.get(4)?,
            schema_rev: r.get(5)?,
            columns: body.as_ref().map(|_| columns(r, 9)).transpose()?.unwrap_or_default(),
            body,
            erased: erased_by.map(|seq| (seq, stub.unwrap_or_default())),
        })
    }
}

/// The versions of a kind that some commits made.
pub async fn versions<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (from, to): (i64, i64),
    mut each: impl FnMut(StoredVersion),
) -> Result<()> {
    let stmt = tx.sql(R::TEXTS.of_commits).bind(scope.company()).bind(from).bind(to);
    let mut rows = stmt.stream()?;
    while let Some(row) = rows.try_next().await? {
        each(StoredVersion::from_db(&row)?);
    }
    Ok(())
}

/// Every version of a kind by its world and record, in their order.
pub async fn standing<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    mut each: impl FnMut(Standing),
) -> Result<()> {
    let mut rows = tx.sql(R::TEXTS.standing).bind(scope.company()).stream()?;
    while let Some(row) = rows.try_next().await? {
        each(Standing::from_db(&row)?);
    }
    Ok(())
}

/// Every head of a kind: id, the version it shows, its columns.
pub async fn heads<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    mut each: impl FnMut(Uuid, i64, String),
) -> Result<()> {
    let mut rows = tx.sql(R::TEXTS.head_all).bind(scope.company()).stream()?;
    while let Some(row) = rows.try_next().await? {
        each(row.get(0)?, row.get(1)?, columns(&row, 2)?);
    }
    Ok(())
}

/// The commits of some numbers in order.
pub async fn commits(
    tx: &mut Tx,
    scope: &Scope,
    (from, to): (i64, i64),
) -> Result<Vec<StoredCommit>> {
    let text = "SELECT seq, branch_id, parent_seq, merged_seq, author_id, author_kind, at, cause, message, message_hash, message_erased_by, records, root, prev, hash FROM commits WHERE company_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq";
    tx.sql(text).bind(scope.company()).bind(from).bind(to).all().await
}

/// What a commit's root holds of one kind.
pub async fn leaves<R: Stored>(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Vec<Leaf>> {
    let rows: Vec<(Uuid, i64, bool, Vec<u8>)> =
        tx.sql(R::TEXTS.leaves).bind(scope.company()).bind(seq).all().await?;
    let leaf = |(id, schema_rev, deleted, hash): (Uuid, i64, bool, Vec<u8>)| {
        let body_hash = hash.try_into().unwrap_or(GENESIS);
        Leaf { kind: R::KIND, id, schema_rev, deleted, body_hash }
    };
    Ok(rows.into_iter().map(leaf).collect())
}

/// A version of a commit: its revision, whether it deletes, its body, the hash of what that was, and the
/// commit that erased it.
pub async fn proven<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (seq, id): (i64, Uuid),
) -> Result<Option<(i64, bool, String, Vec<u8>, Option<i64>)>> {
    tx.sql(R::TEXTS.proven).bind(scope.company()).bind(seq).bind(id).optional().await
}

/// A line's row, as text, by its order.
pub async fn lines(tx: &mut Tx, scope: &Scope, mut each: impl FnMut(Uuid, String)) -> Result<()> {
    let text = "SELECT order_id, id, position, type, product_id, sku, name, qty, unit_price, discount, tax_code_id, tax_rate, amount, net, tax FROM order_lines WHERE company_id = $1 ORDER BY order_id, position, id";
    let mut rows = tx.sql(text).bind(scope.company()).stream()?;
    while let Some(row) = rows.try_next().await? {
        each(row.get(0)?, columns(&row, 1)?);
    }
    Ok(())
}

/// The commits whose messages were erased, and by which.
pub async fn messages(tx: &mut Tx, scope: &Scope) -> Result<Vec<(i64, i64)>> {
    let text = "SELECT seq, message_erased_by FROM commits WHERE company_id = $1 AND message_erased_by IS NOT NULL ORDER BY seq";
    tx.sql(text).bind(scope.company()).all().await
}
