//! The company's chain of commits: its next number, which is also its lock, and its next link.
use super::{branches, db::Tx};
use crate::domain::{
    history::chain::{GENESIS, Hash, Header},
    scope::{Scope, World},
    time::Ts,
};
use sqlx::Result;

/// The company's next number, and what it follows.
pub struct Next {
    pub seq: i64,
    pub prev: Hash,
    /// When the last commit was made.
    pub last: Ts,
    /// Main's last commit.
    pub main: i64,
}

/// Takes the company's lock and its next number.
pub async fn next(tx: &mut Tx, scope: &Scope) -> Result<Next> {
    let text =
        "UPDATE chains SET seq = seq + 1 WHERE company_id = $1 RETURNING seq, hash, at, main_seq";
    let (seq, hash, last, main): (i64, Vec<u8>, Ts, i64) =
        tx.sql(text).bind(scope.company()).one().await?;
    Ok(Next { seq, prev: hash.try_into().unwrap_or(GENESIS), last, main })
}

/// The commit from which on counters and words of the past are kept: databases of before have none of
/// earlier times.
pub async fn past_from(tx: &mut Tx, scope: &Scope) -> Result<i64> {
    let text = "SELECT past_from FROM chains WHERE company_id = $1";
    tx.sql(text).bind(scope.company()).value().await
}

/// The scope as it is under the lock, not as the request found it, and the commit that the next one
/// in its world follows.
pub async fn within(tx: &mut Tx, scope: Scope, main: i64) -> Result<(Scope, Option<i64>)> {
    let Some(seen) = scope.world().branch() else {
        return Ok((scope, Some(main).filter(|seq| *seq > 0)));
    };
    let branch = branches::by_number(tx, &scope, seen.id).await?;
    let branch = branch.ok_or(sqlx::Error::RowNotFound)?;
    let parent = Some(branch.head);
    Ok((scope.in_world(World::Branch(branch)), parent))
}

/// Writes a commit and moves the chain on to it.
pub async fn append(
    tx: &mut Tx,
    (h, message): (&Header<'_>, &str),
    (hash, records): (Hash, usize),
) -> Result<()> {
    let records = i64::try_from(records).unwrap_or(i64::MAX);
    let mut sql = tx.builder();
    sql.push("INSERT INTO commits (company_id, seq, branch_id, parent_seq, merged_seq, author_id, author_kind, at, cause, message, records, root, prev, hash) ");
    sql.values(&[h], |row, h| {
        row.bind(h.company).bind(h.seq).bind(h.branch).bind(h.parents[0]).bind(h.parents[1]);
        row.bind(h.author).bind(h.author_kind.to_owned()).bind(h.at).bind(h.cause.to_owned());
        row.bind(message.to_owned()).bind(records);
        row.bind(h.root.to_vec()).bind(h.prev.to_vec()).bind(hash.to_vec());
    });
    tx.built(sql).run().await?;
    let text = "UPDATE chains SET hash = $2, at = $3, main_seq = CASE WHEN $4 = 0 THEN seq ELSE main_seq END WHERE company_id = $1";
    let stmt = tx.sql(text).bind(h.company).bind(hash.to_vec()).bind(h.at);
    stmt.bind(h.branch).run().await?;
    Ok(())
}
