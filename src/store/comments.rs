//! What people say about branches.
use super::db::{DbRow, FromDb, Tx};
use crate::domain::{ids::UserId, scope::Scope, time::Ts};
use sqlx::Result;
use uuid::Uuid;

/// What somebody said.
#[derive(Clone, Debug)]
pub struct Comment {
    pub id: Uuid,
    /// None if a program said it that is nobody's.
    pub user: Option<UserId>,
    pub name: Option<String>,
    pub at: Ts,
    /// Empty once it is gone.
    pub text: String,
    pub erased: bool,
}

impl FromDb for Comment {
    fn from_db(row: &DbRow) -> Result<Self> {
        Ok(Self {
            id: row.col("id")?,
            user: row.col("user_id")?,
            name: row.col("name")?,
            at: row.col("said_at")?,
            text: row.col("text")?,
            erased: row.col::<Option<i64>>("erased_by")?.is_some(),
        })
    }
}

/// Some comments on a branch, the last first.
pub async fn list(
    tx: &mut Tx,
    scope: &Scope,
    (branch, from, limit): (i64, i64, i64),
) -> Result<Vec<Comment>> {
    let text = "SELECT c.id, c.user_id, u.name, c.said_at, c.text, c.erased_by FROM branch_comments c LEFT JOIN users u ON u.id = c.user_id WHERE c.company_id = $1 AND c.branch_id = $2 ORDER BY c.said_at DESC, c.id DESC LIMIT $3 OFFSET $4";
    tx.sql(text).bind(scope.company()).bind(branch).bind(limit).bind(from).all().await
}

/// Empties a comment of whom it is of, or anybody's. How many that were.
pub async fn take_back(
    tx: &mut Tx,
    scope: &Scope,
    (branch, id): (i64, Uuid),
    (by, anybodys): (Option<UserId>, bool),
) -> Result<u64> {
    let text = "UPDATE branch_comments SET text = '', taken_back_by = $4 WHERE company_id = $1 AND branch_id = $2 AND id = $3 AND text <> '' AND (user_id = $4 OR $5)";
    let stmt = tx.sql(text).bind(scope.company()).bind(branch).bind(id);
    stmt.bind(by).bind(anybodys).run().await
}

/// Keeps a comment.
pub async fn add(tx: &mut Tx, scope: &Scope, branch: i64, c: &Comment) -> Result<()> {
    let text = "INSERT INTO branch_comments (company_id, branch_id, id, user_id, said_at, text) VALUES ($1, $2, $3, $4, $5, $6)";
    let stmt = tx.sql(text).bind(scope.company()).bind(branch).bind(c.id).bind(c.user);
    stmt.bind(c.at).bind(c.text.clone()).run().await?;
    Ok(())
}
