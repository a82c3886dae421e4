//! Approvals of branches.
use super::db::{DbRow, FromDb, Tx};
use crate::domain::{history::chain::Hash, ids::UserId, policy::Role, scope::Scope, time::Ts};
use sqlx::Result;

/// Who approved what, with the role that they have now.
#[derive(Clone, Debug)]
pub struct Approval {
    pub user: UserId,
    pub name: String,
    /// None once the person is no member any more.
    pub role: Option<Role>,
    pub at: Ts,
    /// The hash of what was reviewed.
    pub reviewed: Hash,
    /// The same by record, as JSON.
    pub records: String,
}

impl FromDb for Approval {
    fn from_db(row: &DbRow) -> Result<Self> {
        let bytes: Vec<u8> = row.col("reviewed")?;
        let broken = |_| sqlx::Error::Decode("a hash of 32 bytes".into());
        Ok(Self {
            user: row.col("user_id")?,
            name: row.col("name")?,
            role: row.col("role")?,
            at: row.col("approved_at")?,
            reviewed: bytes.try_into().map_err(broken)?,
            records: row.col("records")?,
        })
    }
}

/// The approvals of a branch, the first one first.
pub async fn all(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<Vec<Approval>> {
    let text = "SELECT a.user_id, u.name, m.role, a.approved_at, a.reviewed, a.records FROM approvals a JOIN users u ON u.id = a.user_id LEFT JOIN memberships m ON m.company_id = a.company_id AND m.user_id = a.user_id AND m.active WHERE a.company_id = $1 AND a.branch_id = $2 ORDER BY a.approved_at, a.user_id";
    tx.sql(text).bind(scope.company()).bind(branch).all().await
}

/// Keeps an approval; the same person's earlier one ends.
pub async fn keep(
    tx: &mut Tx,
    scope: &Scope,
    (branch, user, at): (i64, UserId, Ts),
    (reviewed, records): (Hash, String),
) -> Result<()> {
    let text = "INSERT INTO approvals (company_id, branch_id, user_id, approved_at, reviewed, records) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (company_id, branch_id, user_id) DO UPDATE SET approved_at = excluded.approved_at, reviewed = excluded.reviewed, records = excluded.records";
    let stmt = tx.sql(text).bind(scope.company()).bind(branch).bind(user).bind(at);
    stmt.bind(reviewed.to_vec()).bind(records).run().await?;
    Ok(())
}

/// Takes a person's approval back. How many there were.
pub async fn remove(tx: &mut Tx, scope: &Scope, (branch, user): (i64, UserId)) -> Result<u64> {
    let text = "DELETE FROM approvals WHERE company_id = $1 AND branch_id = $2 AND user_id = $3";
    tx.sql(text).bind(scope.company()).bind(branch).bind(user).run().await
}

/// Who committed to a branch, or to one that it is a copy of, beside what follows from sync, merge and
/// revert.
pub async fn authors(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<Vec<UserId>> {
    let text = "WITH RECURSIVE copied (id) AS (SELECT $2 UNION SELECT m.branch_id FROM copied JOIN commits o ON o.company_id = $1 AND o.branch_id = copied.id AND o.cause = 'opening' AND o.merged_seq IS NOT NULL JOIN commits m ON m.company_id = o.company_id AND m.seq = o.merged_seq) SELECT DISTINCT c.author_id FROM commits c JOIN copied ON copied.id = c.branch_id WHERE c.company_id = $1 AND c.author_id IS NOT NULL AND c.records > 0 AND c.cause NOT IN ('sync', 'undoing', 'opening', 'merge')";
    let rows: Vec<(UserId,)> = tx.sql(text).bind(scope.company()).bind(branch).all().await?;
    Ok(rows.into_iter().map(|r| r.0).collect())
}
