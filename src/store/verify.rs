//! Reading everything of a company, for verification and digests.
use super::{
    cell::{self, Cell},
    db::{DbRow, FromDb, Tx},
    kinds::Stored,
    masters::read,
    versions::raised,
};
use crate::domain::{
    history::{
        chain::{GENESIS, Hash, Leaf, body_hash},
        schema::Schema,
    },
    scope::Scope,
    time::Ts,
};
use futures_util::TryStreamExt;
use sqlx::Result;
use uuid::Uuid;

/// A stored version, with its list columns as one text.
pub struct StoredVersion {
    pub id: Uuid,
    pub branch: i64,
    pub from_seq: i64,
    pub to_seq: Option<i64>,
    pub deleted: bool,
    pub schema_rev: i64,
    pub body_hash: Vec<u8>,
    pub body: String,
    /// The commit that erased it, and the hash of what stands in its place.
    pub erased: Option<(i64, Vec<u8>)>,
    /// The revision that it was written in.
    pub leaf_rev: i64,
    pub columns: String,
}

impl StoredCommit {
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
    pub message_hash: Option<Vec<u8>>,
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
    records,
    root,
    prev,
    hash,
});

/// Every list column from a position on, as text: two rows are alike if their texts are.
fn columns(row: &DbRow, from: usize) -> String {
    let cell = |i: usize| -> Option<Cell> {
        let text = row.get::<Option<String>>(i).map(Cell::Text).ok();
        let text = text.or_else(|| row.get(i).map(Cell::Int).ok());
        let text = text.or_else(|| row.get(i).map(Cell::Bool).ok());
        let text = text.or_else(|| row.get(i).map(Cell::Id).ok());
        text.or_else(|| row.get(i).map(Cell::At).ok())
    };
    cell::line(&(from..).map_while(cell).collect::<Vec<_>>())
}

impl FromDb for StoredVersion {
    fn from_db(r: &DbRow) -> Result<Self> {
        let (schema_rev, erased_by): (i64, Option<i64>) = (r.get(5)?, r.get(8)?);
        let (stub, leaf_rev): (Option<Vec<u8>>, Option<i64>) = (r.get(9)?, r.get(10)?);
        Ok(Self {
            id: r.get(0)?,
            branch: r.get(1)?,
            from_seq: r.get(2)?,
            to_seq: r.get(3)?,
            deleted: r.get(4)?,
            schema_rev,
            body_hash: r.get(6)?,
            body: r.get(7)?,
            erased: erased_by.map(|seq| (seq, stub.unwrap_or_default())),
            leaf_rev: leaf_rev.unwrap_or(schema_rev),
            columns: columns(r, 11),
        })
    }
}

/// Every version of a kind, one after the other.
pub async fn versions<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    mut each: impl FnMut(StoredVersion),
) -> Result<()> {
    let mut rows = tx.sql(R::TEXTS.every).bind(scope.company()).stream()?;
    while let Some(row) = rows.try_next().await? {
        each(StoredVersion::from_db(&row)?);
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
        each(row.get(0)?, row.get(1)?, columns(&row, 2));
    }
    Ok(())
}

/// The commits of some numbers in order.
pub async fn commits(
    tx: &mut Tx,
    scope: &Scope,
    (from, to): (i64, i64),
) -> Result<Vec<StoredCommit>> {
    let text = "SELECT seq, branch_id, parent_seq, merged_seq, author_id, author_kind, at, cause, message, message_hash, records, root, prev, hash FROM commits WHERE company_id = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq";
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
        each(row.get(0)?, columns(&row, 1));
    }
    Ok(())
}
