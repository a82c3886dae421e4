//! The three sides of records that come together: as they were, as they are, and what is to come in.
use super::{
    db::{DbRow, FromDb, Tx},
    kinds::Stored,
    versions::Version,
};
use crate::domain::{branch::Branch, field::Kind, history::schema::Schema, scope::Scope};
use sqlx::Result;
use uuid::Uuid;

/// Records read at once.
const CHUNK: i64 = 500;

/// The sides of one record; none where it is not there.
#[derive(Clone, Debug)]
pub struct Sides {
    pub id: Uuid,
    pub base: Option<Version>,
    pub ours: Option<Version>,
    pub theirs: Option<Version>,
    /// Main has a version of it, be it that of its deletion.
    pub known: bool,
}

/// The same as stored.
struct SidesRow {
    id: Uuid,
    sides: [Option<SideRow>; 3],
    known: bool,
}

/// Of a side the commit, the revision, the body, and the commit that wrote that. What main has now comes
/// without its body if it is the base.
type SideRow = (i64, i64, Option<String>, Option<i64>);

impl FromDb for SidesRow {
    fn from_db(row: &DbRow) -> Result<Self> {
        let side = |at: usize| -> Result<Option<SideRow>> {
            let (seq, gone): (Option<i64>, Option<bool>) = (row.get(at)?, row.get(at + 1)?);
            let Some(seq) = seq.filter(|_| gone == Some(false)) else { return Ok(None) };
            Ok(Some((seq, row.get(at + 2)?, row.get(at + 3)?, row.get(at + 4)?)))
        };
        let known = row.get::<Option<i64>>(6)?.is_some();
        Ok(Self { id: row.get(0)?, sides: [side(1)?, side(6)?, side(11)?], known })
    }
}

impl Sides {
    fn of<R: Stored>(schema: &Schema, row: SidesRow) -> Result<Self> {
        let version = |(seq, rev, body, body_seq): SideRow| {
            let (body, body_seq) = (body?, body_seq.filter(|_| !schema.changed(R::KIND, rev)));
            let version = Version::of::<R>(schema, seq, (rev, body));
            Some(version.map(|v| Version { body_seq, ..v }))
        };
        let is_base = row.sides[1].as_ref().is_some_and(|(.., body, _)| body.is_none());
        let [base, ours, theirs] = row.sides.map(|side| side.and_then(version).transpose());
        let (base, ours) = (base?, ours?);
        let ours = if is_base { base.clone() } else { ours };
        Ok(Self { id: row.id, base, ours, theirs: theirs?, known: row.known })
    }
}

/// Where the sides come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Main at the branch's base (at a later one, where the record has one), main now, the branch.
    Branch(&'a Branch),
    /// Main after a commit, main now, main before the commit.
    Commit(i64),
}

/// A walk over the records of a source, in the order of their ids.
pub struct Walk<'a> {
    source: Source<'a>,
    after: Uuid,
}

impl<'a> Walk<'a> {
    pub fn over(source: Source<'a>) -> Self {
        Self { source, after: Uuid::nil() }
    }
    /// The sides of the next ones, at most a chunk of them; nothing where it ends.
    ///
    /// # Errors
    /// As the database.
    pub async fn next<R: Stored>(
        &mut self,
        tx: &mut Tx,
        scope: &Scope,
    ) -> Result<Option<Vec<Sides>>> {
        let chunk = some::<R>(tx, scope, (self.source, self.after), CHUNK).await?;
        let Some(last) = chunk.last() else { return Ok(None) };
        self.after = last.id;
        Ok(Some(chunk))
    }
}

/// The sides of one record; none if the source does not touch it.
pub async fn one<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (source, id): (Source<'_>, Uuid),
) -> Result<Option<Sides>> {
    let before = Uuid::from_u128(id.as_u128().saturating_sub(1));
    let found = some::<R>(tx, scope, (source, before), 1).await?;
    Ok(found.into_iter().find(|s| s.id == id))
}

async fn some<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (source, after): (Source<'_>, Uuid),
    limit: i64,
) -> Result<Vec<Sides>> {
    let schema = tx.bodies();
    let rows: Vec<SidesRow> = match source {
        Source::Branch(branch) => {
            let stmt = tx.sql(R::TEXTS.sides_of_branch).bind(scope.company());
            let stmt = stmt.bind(branch.id).bind(branch.base).bind(after).bind(limit);
            stmt.bind(R::KIND.word().to_owned()).all().await?
        }
        Source::Commit(seq) => {
            let stmt = tx.sql(R::TEXTS.sides_of_commit).bind(scope.company()).bind(seq);
            stmt.bind(after).bind(limit).all().await?
        }
    };
    rows.into_iter().map(|row| Sides::of::<R>(schema, row)).collect()
}

/// Which of main's records have these claims now: the claim and the record.
pub async fn holders<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    keys: &[String],
) -> Result<Vec<(String, Uuid)>> {
    let mut out = vec![];
    for some in keys.chunks(500) {
        let mut sql = tx.builder();
        sql.push(R::TEXTS.holders).bind(scope.company()).push(" AND ");
        sql.push(R::TEXTS.unique).push(" IN ").list(some);
        out.extend(tx.built(sql).all::<(String, Uuid)>().await?);
    }
    Ok(out)
}

/// Orders of main that name a record and were last changed up to a commit: at most `limit`.
pub async fn referrers(
    tx: &mut Tx,
    scope: &Scope,
    (kind, id): (Kind, Uuid),
    (until, limit): (i64, i64),
) -> Result<Vec<Uuid>> {
    let text = match kind {
        Kind::Customer => {
            "SELECT o.id FROM orders o WHERE o.company_id = $1 AND o.customer_id = $2 AND o.from_seq <= $3 LIMIT $4"
        }
        Kind::Product => {
            "SELECT DISTINCT o.id FROM order_lines l JOIN orders o ON o.company_id = l.company_id AND o.id = l.order_id WHERE l.company_id = $1 AND l.product_id = $2 AND o.from_seq <= $3 LIMIT $4"
        }
        Kind::TaxCode => {
            "SELECT DISTINCT o.id FROM order_lines l JOIN orders o ON o.company_id = l.company_id AND o.id = l.order_id WHERE l.company_id = $1 AND l.tax_code_id = $2 AND o.from_seq <= $3 LIMIT $4"
        }
        Kind::Order => return Ok(vec![]),
    };
    let stmt = tx.sql(text).bind(scope.company()).bind(id).bind(until).bind(limit);
    let rows: Vec<(Uuid,)> = stmt.all().await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Records of main that were deleted after a commit and are gone still.
pub async fn gone_since<R: Stored>(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> =
        tx.sql(R::TEXTS.gone_since).bind(scope.company()).bind(seq).all().await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}

/// Records of main that were written after a commit.
pub async fn moved_since<R: Stored>(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> =
        tx.sql(R::TEXTS.moved_since).bind(scope.company()).bind(seq).all().await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}
