//! Who was asked to review branches.
use super::db::Tx;
use crate::domain::{
    ids::UserId,
    policy::{Act, Role, may},
    scope::Scope,
    time::Ts,
};
use sqlx::Result;

/// A person who was asked to review a branch.
#[derive(Clone, Debug)]
pub struct Asked {
    pub user: UserId,
    pub name: String,
    pub at: Ts,
    /// None once the person is no member any more.
    pub role: Option<Role>,
    /// They approved it since they were asked, and since the branch was changed.
    pub answered: bool,
}
crate::from_row!(Asked { user, name, at, role, answered });

impl Asked {
    /// Whether their approval is still missing.
    pub fn is_waited_for(&self) -> bool {
        !self.answered && self.role.is_some_and(|role| may(role, Act::ApproveBranch))
    }
}

/// An approval of the branch `b` by who was asked (`r`), given since then and since the branch was changed.
macro_rules! answer {
    () => {
        "SELECT 1 AS one FROM approvals a WHERE a.company_id = r.company_id AND a.branch_id = r.branch_id AND a.user_id = r.user_id AND a.approved_at >= r.asked_at AND a.approved_at >= b.changed_at"
    };
}
pub(super) use answer;

/// Those who were asked to review a branch, the first one first.
pub async fn all(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<Vec<Asked>> {
    let text = concat!(
        "SELECT r.user_id AS user, u.name, r.asked_at AS at, m.role, EXISTS (",
        answer!(),
        ") AS answered FROM branch_reviewers r JOIN branches b ON b.company_id = r.company_id AND b.id = r.branch_id JOIN users u ON u.id = r.user_id LEFT JOIN memberships m ON m.company_id = r.company_id AND m.user_id = r.user_id AND m.active WHERE r.company_id = $1 AND r.branch_id = $2 ORDER BY r.asked_at, r.user_id"
    );
    tx.sql(text).bind(scope.company()).bind(branch).all().await
}

/// Asks a person, who sees the branch from now on; or asks them once more.
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
