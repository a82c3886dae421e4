//! Branches: rows beside the versions that are kept under their numbers.
mod standing;

use super::{
    db::{DbRow, FromDb, Tx},
    reviewers::answer,
};
use crate::domain::{
    branch::{Branch, BranchState, Visibility},
    field::Kind,
    ids::UserId,
    policy::Role,
    scope::Scope,
    time::Ts,
};
use sqlx::Result;
use uuid::Uuid;

pub use standing::{Tally, behind, met, tallies};

crate::from_row!(BranchRow {
    id,
    slug,
    name,
    note,
    owner_id,
    visibility,
    state,
    base_seq,
    head_seq,
    opened_at,
    changed_at,
    merged_seq,
    merged_plan,
    compacted_seq,
});
struct BranchRow {
    id: i64,
    slug: String,
    name: String,
    note: Option<String>,
    owner_id: Option<UserId>,
    visibility: Visibility,
    state: BranchState,
    base_seq: i64,
    head_seq: i64,
    opened_at: Ts,
    changed_at: Ts,
    merged_seq: Option<i64>,
    merged_plan: Option<String>,
    compacted_seq: Option<i64>,
}
impl From<BranchRow> for Branch {
    fn from(r: BranchRow) -> Self {
        Self {
            id: r.id,
            slug: r.slug,
            name: r.name,
            note: r.note,
            owner: r.owner_id,
            visibility: r.visibility,
            state: r.state,
            base: r.base_seq,
            head: r.head_seq,
            opened_at: r.opened_at,
            changed_at: r.changed_at,
            merged: r.merged_seq.zip(r.merged_plan),
            compacted: r.compacted_seq,
        }
    }
}

macro_rules! columns {
    () => {
        "b.id, b.slug, b.name, b.note, b.owner_id, b.visibility, b.state, b.base_seq, b.head_seq, b.opened_at, b.changed_at, b.merged_seq, b.merged_plan, b.compacted_seq"
    };
}

macro_rules! select {
    ($($rest:expr),+) => {
        concat!("SELECT ", columns!(), " FROM branches b WHERE b.company_id = $1 AND ", $($rest),+)
    };
}

macro_rules! visible {
    () => {
        "(b.visibility = 'company' OR b.owner_id = $2 OR $3 OR EXISTS (SELECT 1 FROM branch_people p WHERE p.company_id = $1 AND p.branch_id = b.id AND p.user_id = $2) OR EXISTS (SELECT 1 FROM branch_reviewers w WHERE w.company_id = $1 AND w.branch_id = b.id AND w.user_id = $2))"
    };
}

/// Who asks, for what is [`visible!`] to them: `$2` is the person, `$3` whether private ones are too.
fn asker(scope: &Scope) -> (Option<UserId>, bool) {
    let all = scope.role() == Role::Admin;
    (scope.actor(), all)
}

/// The branch of a slug, if the person may see it.
pub async fn by_slug(tx: &mut Tx, scope: &Scope, slug: &str) -> Result<Option<Branch>> {
    let (person, all) = asker(scope);
    let text = select!("b.slug = $4 AND ", visible!());
    let stmt = tx.sql(text).bind(scope.company()).bind(person).bind(all).bind(slug.to_owned());
    Ok(stmt.optional::<BranchRow>().await?.map(Into::into))
}

/// The branch of a number, as it is under the lock.
pub async fn by_number(tx: &mut Tx, scope: &Scope, id: i64) -> Result<Option<Branch>> {
    let stmt = tx.sql(select!("b.id = $2")).bind(scope.company()).bind(id);
    Ok(stmt.optional::<BranchRow>().await?.map(Into::into))
}

/// The branch that a commit of main merged, or some records of.
pub async fn merged_by(tx: &mut Tx, scope: &Scope, seq: i64) -> Result<Option<Branch>> {
    let text = select!(
        "b.id = (SELECT p.branch_id FROM commits c JOIN commits p ON p.company_id = c.company_id AND p.seq = c.merged_seq WHERE c.company_id = $1 AND c.seq = $2 AND c.branch_id = 0 AND c.cause = 'merge')"
    );
    let stmt = tx.sql(text).bind(scope.company()).bind(seq);
    Ok(stmt.optional::<BranchRow>().await?.map(Into::into))
}

/// The branch of which a commit opened a copy, if the person may see it.
pub async fn original(tx: &mut Tx, scope: &Scope, opening: i64) -> Result<Option<Branch>> {
    let (person, all) = asker(scope);
    let text = select!(
        "b.id = (SELECT m.branch_id FROM commits o JOIN commits m ON m.company_id = o.company_id AND m.seq = o.merged_seq WHERE o.company_id = $1 AND o.seq = $4 AND o.cause = 'opening') AND ",
        visible!()
    );
    let stmt = tx.sql(text).bind(scope.company()).bind(person).bind(all).bind(opening);
    Ok(stmt.optional::<BranchRow>().await?.map(Into::into))
}

/// From a commit of main on the branch's versions of these records are changes of main as it was then.
pub async fn rest_on(
    tx: &mut Tx,
    scope: &Scope,
    (id, kind, seq): (i64, Kind, i64),
    records: &[Uuid],
) -> Result<()> {
    for some in records.chunks(200) {
        let mut sql = tx.builder();
        sql.push(
            "INSERT INTO branch_record_bases (company_id, branch_id, kind, record_id, base_seq) ",
        );
        sql.values(some, |row, record| {
            row.bind(scope.company()).bind(id).bind(kind.word().to_owned()).bind(*record).bind(seq);
        });
        sql.push(" ON CONFLICT (company_id, branch_id, kind, record_id) DO UPDATE SET base_seq = excluded.base_seq");
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// A branch that is a copy of another one has its records' bases.
pub async fn copy_bases(tx: &mut Tx, scope: &Scope, (from, to): (i64, i64)) -> Result<()> {
    let text = "INSERT INTO branch_record_bases (company_id, branch_id, kind, record_id, base_seq) SELECT company_id, $3, kind, record_id, base_seq FROM branch_record_bases WHERE company_id = $1 AND branch_id = $2";
    tx.sql(text).bind(scope.company()).bind(from).bind(to).run().await?;
    Ok(())
}

/// Which branches are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchFilter {
    Open,
    /// Closed ones too.
    All,
    /// Open ones that wait for the review of who asks.
    ToReview,
}

macro_rules! to_review {
    () => {
        concat!("EXISTS (SELECT 1 FROM branch_reviewers r WHERE r.company_id = b.company_id AND r.branch_id = b.id AND r.user_id = $2 AND NOT EXISTS (", answer!(), "))")
    };
}

/// The branches that the person may see, the last changed first, after one of them or from the first.
pub async fn list(
    tx: &mut Tx,
    scope: &Scope,
    (which, after, limit): (BranchFilter, Option<(Ts, i64)>, i64),
) -> Result<Vec<Branch>> {
    let (person, all) = asker(scope);
    let text = select!(
        "(b.state = 'open' OR $4) AND (b.changed_at, b.id) < ($5, $6) AND (NOT $8 OR ",
        to_review!(),
        ") AND ",
        visible!(),
        " ORDER BY b.changed_at DESC, b.id DESC LIMIT $7"
    );
    let (at, id) = after.unwrap_or((Ts::from_micros(i64::MAX), i64::MAX));
    let stmt = tx.sql(text).bind(scope.company()).bind(person).bind(all);
    let stmt = stmt.bind(which == BranchFilter::All).bind(at).bind(id).bind(limit);
    let stmt = stmt.bind(which == BranchFilter::ToReview);
    Ok(stmt.all::<BranchRow>().await?.into_iter().map(Into::into).collect())
}

/// How many open branches wait for the review of who asks.
pub async fn to_review(tx: &mut Tx, scope: &Scope) -> Result<i64> {
    let text = concat!(
        "SELECT COUNT(*) FROM branch_reviewers r JOIN branches b ON b.company_id = r.company_id AND b.id = r.branch_id AND b.state = 'open' WHERE r.company_id = $1 AND r.user_id = $2 AND NOT EXISTS (",
        answer!(),
        ")"
    );
    tx.sql(text).bind(scope.company()).bind(scope.actor()).value().await
}

/// A branch that makes something else of a record than main was at the record's base.
#[derive(Clone, Debug)]
pub struct Changing {
    pub branch: Branch,
    /// It deletes it.
    pub deletes: bool,
}
impl FromDb for Changing {
    fn from_db(r: &DbRow) -> Result<Self> {
        Ok(Self { branch: BranchRow::from_db(r)?.into(), deletes: r.col("deletes")? })
    }
}

macro_rules! changing {
    ($versions:literal, $kind:literal) => {
        concat!(
            "SELECT ", columns!(), ", v.deleted AS deletes FROM ", $versions,
            " v JOIN branches b ON b.company_id = v.company_id AND b.id = v.branch_id LEFT JOIN branch_record_bases r ON r.company_id = v.company_id AND r.branch_id = v.branch_id AND r.kind = '", $kind,
            "' AND r.record_id = v.id AND r.base_seq > b.base_seq LEFT JOIN ", $versions,
            " m ON m.company_id = v.company_id AND m.branch_id = 0 AND m.id = v.id AND m.from_seq <= COALESCE(r.base_seq, b.base_seq) AND (m.to_seq IS NULL OR m.to_seq > COALESCE(r.base_seq, b.base_seq)) AND NOT m.deleted WHERE v.company_id = $1 AND v.id = $4 AND v.branch_id > 0 AND v.to_seq IS NULL AND b.state = 'open' AND ",
            visible!(),
            " AND (CASE WHEN v.deleted THEN m.id IS NOT NULL ELSE m.id IS NULL OR m.body_hash <> v.body_hash END) ORDER BY b.changed_at DESC, b.id DESC LIMIT $5"
        )
    };
}

/// The open branches that change a record, as far as the person may see them, the last changed first.
pub async fn changing(
    tx: &mut Tx,
    scope: &Scope,
    ((kind, id), limit): ((Kind, Uuid), i64),
) -> Result<Vec<Changing>> {
    let (person, all) = asker(scope);
    let text = match kind {
        Kind::Order => changing!("order_versions", "order"),
        Kind::Customer => changing!("customer_versions", "customer"),
        Kind::Product => changing!("product_versions", "product"),
        Kind::TaxCode => changing!("tax_code_versions", "tax_code"),
    };
    let stmt = tx.sql(text).bind(scope.company()).bind(person).bind(all).bind(id).bind(limit);
    stmt.all().await
}

/// Open branches of anybody that did not change after a moment.
pub async fn quiet_since(
    tx: &mut Tx,
    scope: &Scope,
    (until, limit): (Ts, i64),
) -> Result<Vec<Branch>> {
    let text = select!("b.state = 'open' AND b.changed_at < $2 ORDER BY b.changed_at LIMIT $3");
    let stmt = tx.sql(text).bind(scope.company()).bind(until).bind(limit);
    Ok(stmt.all::<BranchRow>().await?.into_iter().map(Into::into).collect())
}

/// Closed branches of anybody that did not change after a moment.
pub async fn closed_since(tx: &mut Tx, scope: &Scope, until: Ts) -> Result<Vec<Branch>> {
    let text = select!("b.state <> 'open' AND b.changed_at <= $2 ORDER BY b.id");
    let rows: Vec<BranchRow> = tx.sql(text).bind(scope.company()).bind(until).all().await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The first commit after one that is of a branch which the person may not see.
pub async fn first_hidden(tx: &mut Tx, scope: &Scope, after: i64) -> Result<Option<i64>> {
    let (person, all) = asker(scope);
    let text = concat!(
        "SELECT c.seq FROM commits c JOIN branches b ON b.company_id = c.company_id AND b.id = c.branch_id WHERE c.company_id = $1 AND c.seq > $4 AND NOT ",
        visible!(),
        " ORDER BY c.seq LIMIT 1"
    );
    let stmt = tx.sql(text).bind(scope.company()).bind(person).bind(all).bind(after);
    Ok(stmt.optional::<(i64,)>().await?.map(|r| r.0))
}

/// The next number of a branch, under the company's lock.
pub async fn next_number(tx: &mut Tx, scope: &Scope) -> Result<i64> {
    let text = "SELECT COALESCE(MAX(id), 0) + 1 FROM branches WHERE company_id = $1";
    tx.sql(text).bind(scope.company()).value().await
}

/// Whether a slug is taken, by a branch of anybody.
pub async fn is_slug_taken(tx: &mut Tx, scope: &Scope, slug: &str) -> Result<bool> {
    let text = "SELECT COUNT(*) FROM branches WHERE company_id = $1 AND slug = $2";
    Ok(tx.sql(text).bind(scope.company()).bind(slug.to_owned()).value::<i64>().await? > 0)
}

/// Writes a new branch.
pub async fn insert(tx: &mut Tx, scope: &Scope, b: &Branch) -> Result<()> {
    let text = "INSERT INTO branches (company_id, id, slug, name, note, owner_id, visibility, state, base_seq, head_seq, opened_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)";
    let stmt = tx.sql(text).bind(scope.company()).bind(b.id).bind(b.slug.clone());
    let stmt = stmt.bind(b.name.clone()).bind(b.note.clone()).bind(b.owner).bind(b.visibility);
    let stmt = stmt.bind(b.state).bind(b.base).bind(b.head).bind(b.opened_at);
    stmt.run().await?;
    rebase(tx, scope, (b.id, b.head, b.base)).await
}

/// Adds a person to those who see a private branch.
pub async fn name_person(tx: &mut Tx, scope: &Scope, (id, user): (i64, UserId)) -> Result<()> {
    let text = "INSERT INTO branch_people (company_id, branch_id, user_id) VALUES ($1, $2, $3) ON CONFLICT (company_id, branch_id, user_id) DO NOTHING";
    tx.sql(text).bind(scope.company()).bind(id).bind(user).run().await?;
    Ok(())
}

/// Takes a person off that list.
pub async fn unname_person(tx: &mut Tx, scope: &Scope, (id, user): (i64, UserId)) -> Result<()> {
    let text =
        "DELETE FROM branch_people WHERE company_id = $1 AND branch_id = $2 AND user_id = $3";
    tx.sql(text).bind(scope.company()).bind(id).bind(user).run().await?;
    Ok(())
}

/// The people on that list, by name.
pub async fn people(tx: &mut Tx, scope: &Scope, id: i64) -> Result<Vec<(UserId, String)>> {
    let text = "SELECT u.id, u.name FROM branch_people p JOIN users u ON u.id = p.user_id WHERE p.company_id = $1 AND p.branch_id = $2 ORDER BY u.name, u.id";
    tx.sql(text).bind(scope.company()).bind(id).all().await
}

/// Says who sees a branch.
pub async fn show_to(
    tx: &mut Tx,
    scope: &Scope,
    (id, visibility): (i64, Visibility),
) -> Result<()> {
    let text = "UPDATE branches SET visibility = $3 WHERE company_id = $1 AND id = $2";
    tx.sql(text).bind(scope.company()).bind(id).bind(visibility).run().await?;
    Ok(())
}

/// From a commit on the branch shows main as it was at another base.
pub async fn rebase(tx: &mut Tx, scope: &Scope, (id, from, base): (i64, i64, i64)) -> Result<()> {
    let text = "INSERT INTO branch_bases (company_id, branch_id, from_seq, base_seq) VALUES ($1, $2, $3, $4)";
    tx.sql(text).bind(scope.company()).bind(id).bind(from).bind(base).run().await?;
    Ok(())
}

/// The base that was in force after a commit; none before the branch was opened.
pub async fn base_at(tx: &mut Tx, scope: &Scope, (id, seq): (i64, i64)) -> Result<Option<i64>> {
    let text = "SELECT base_seq FROM branch_bases WHERE company_id = $1 AND branch_id = $2 AND from_seq <= $3 ORDER BY from_seq DESC LIMIT 1";
    let stmt = tx.sql(text).bind(scope.company()).bind(id).bind(seq);
    Ok(stmt.optional::<(i64,)>().await?.map(|r| r.0))
}

/// The row as it is after a commit on the branch; who sees it is said by [`show_to`] alone.
pub async fn update(tx: &mut Tx, scope: &Scope, b: &Branch) -> Result<()> {
    let text = "UPDATE branches SET name = $3, note = $4, state = $5, base_seq = $6, head_seq = $7, changed_at = $8, merged_seq = $9, merged_plan = $10 WHERE company_id = $1 AND id = $2";
    let stmt = tx.sql(text).bind(scope.company()).bind(b.id).bind(b.name.clone());
    let stmt = stmt.bind(b.note.clone()).bind(b.state).bind(b.base);
    let (merged, plan) = b.merged.clone().unzip();
    stmt.bind(b.head).bind(b.changed_at).bind(merged).bind(plan).run().await?;
    Ok(())
}

/// Marks an open branch as merged; nothing happens if it has moved on since it was read.
pub async fn close_unmoved(tx: &mut Tx, scope: &Scope, (b, at): (&Branch, Ts)) -> Result<bool> {
    let text = "UPDATE branches SET state = 'merged', changed_at = $4 WHERE company_id = $1 AND id = $2 AND head_seq = $3 AND state = 'open'";
    let stmt = tx.sql(text).bind(scope.company()).bind(b.id).bind(b.head).bind(at);
    Ok(stmt.run().await? == 1)
}
