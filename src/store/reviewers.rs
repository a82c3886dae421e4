//! Who was asked to review branches.
use super::db::Tx;
use crate::domain::{ids::UserId, scope::Scope, time::Ts};
use sqlx::Result;

/// A person who was asked to review a branch.
#[derive(Clone, Debug)]
pub struct Asked {
    pub user: UserId,
    pub name: String,
    pub at: Ts,
    /// They approved it since they were asked, be that void by now or not.
    pub answered: bool,
}
crate::from_row!(Asked { user, name, at, answered });

/// An approval by who was asked (`r`), given since.
macro_rules! answer {
    () => {
        "SELECT 1 AS one FROM approvals a WHERE a.company_id = r.company_id AND a.branch_id = r.branch_id AND a.user_id = r.user_id AND a.approved_at >= r.asked_at"
    };
}
pub(super) use answer;

/// Those who were asked to review a branch, the first one first.
pub async fn all(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<Vec<Asked>> {
    let text = concat!(
        "SELECT r.user_id AS user, u.name, r.asked_at AS at, EXISTS (",
        answer!(),
        ") AS answered FROM branch_reviewers r JOIN users u ON u.id = r.user_id WHERE r.company_id = $1 AND r.branch_id = $2 ORDER BY r.asked_at, r.user_id"
    );
    tx.sql(text).bind(scope.company()).bind(branch).all().await
}

/// Asks a person, or asks them once more.
pub async fn ask(tx: &mut Tx, scope: &Scope, (branch, user, at): (i64, UserId, Ts)) -> Result<()> {
    let text = "INSERT INTO branch_reviewers (company_id, branch_id, user_id, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (company_id, branch_id, user_id) DO UPDATE SET asked_by = excluded.asked_by, asked_at = excluded.asked_at";
    let stmt = tx.sql(text).bind(scope.company()).bind(branch).bind(user);
    stmt.bind(scope.actor()).bind(at).run().await?;
    Ok(())
}

/// Nobody waits for this person any more.
pub async fn take_off(tx: &mut Tx, scope: &Scope, (branch, user): (i64, UserId)) -> Result<()> {
    let text =
        "DELETE FROM branch_reviewers WHERE company_id = $1 AND branch_id = $2 AND user_id = $3";
    tx.sql(text).bind(scope.company()).bind(branch).bind(user).run().await?;
    Ok(())
}
