//! Bodies of versions between the steps of closed branches, which take room and which nobody needs: the
//! versions with their hashes and list columns stay, so that every proof holds.
use super::{
    db::{Builder, Tx},
    kinds::Stored,
};
use crate::domain::{history::cause::Cause, scope::Scope};
use sqlx::Result;
use uuid::Uuid;

/// The last commit of a closed branch that took the place of something which may be emptied.
pub async fn last<R: Stored>(tx: &mut Tx, scope: &Scope, branch: i64) -> Result<Option<i64>> {
    let mut sql = tx.builder();
    sql.push("SELECT MAX(v.to_seq) FROM ").push(R::TEXTS.versions).push(" v");
    between::<R>(&mut sql, scope, branch);
    tx.built(sql).one::<(Option<i64>,)>().await.map(|r| r.0)
}

/// Says of a closed branch that what it was before a commit is no more to be looked at; whether it is
/// closed still.
pub async fn announce(tx: &mut Tx, scope: &Scope, (branch, seq): (i64, i64)) -> Result<bool> {
    let text = "UPDATE branches SET compacted_seq = CASE WHEN compacted_seq > $3 THEN compacted_seq ELSE $3 END WHERE company_id = $1 AND id = $2 AND state <> 'open'";
    Ok(tx.sql(text).bind(scope.company()).bind(branch).bind(seq).run().await? > 0)
}

/// The record up to which the next step goes: so many after one; none after the last.
pub async fn next<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    ((branch, after), many): ((i64, Uuid), i64),
) -> Result<Option<Uuid>> {
    let mut sql = tx.builder();
    sql.push("SELECT id FROM (SELECT DISTINCT id FROM ").push(R::TEXTS.versions);
    sql.push(" WHERE company_id = ").bind(scope.company()).push(" AND branch_id = ").bind(branch);
    sql.push(" AND id > ").bind(after).push(" ORDER BY id LIMIT ").bind(many);
    sql.push(") t ORDER BY id DESC LIMIT 1");
    Ok(tx.built(sql).optional::<(Uuid,)>().await?.map(|r| r.0))
}

/// Empties what a closed branch itself made of records after one and up to another and then changed again,
/// as far as it was announced. What a merge was made on, or bringing the branch up to date, stays: taking
/// these back needs it.
pub async fn empty<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    (branch, after, until): (i64, Uuid, Uuid),
) -> Result<u64> {
    let mut sql = tx.builder();
    sql.push("UPDATE ").push(R::TEXTS.bodies).push(" AS e SET body = 'null' WHERE e.company_id = ");
    sql.bind(scope.company()).push(" AND e.id > ").bind(after).push(" AND e.id <= ").bind(until);
    sql.push(" AND e.erased_by IS NULL");
    sql.push(" AND EXISTS (SELECT 1 FROM ").push(R::TEXTS.versions).push(" v");
    between::<R>(&mut sql, scope, branch);
    sql.push(" AND v.id = e.id AND v.body_seq = e.seq");
    sql.push(" AND EXISTS (SELECT 1 FROM branches b WHERE b.company_id = v.company_id AND b.id = v.branch_id AND b.state <> 'open' AND b.compacted_seq >= v.to_seq))");
    tx.built(sql).run().await
}

/// Versions between the steps of a branch, whose bodies are their own and no one's of main.
fn between<R: Stored>(sql: &mut Builder, scope: &Scope, branch: i64) {
    sql.push(" WHERE v.company_id = ").bind(scope.company());
    sql.push(" AND v.branch_id = ").bind(branch);
    sql.push(" AND ").push(R::TEXTS.body_of_v).push(" <> 'null'");
    sql.push(" AND v.erased_by IS NULL AND v.to_seq IS NOT NULL AND v.body_seq = v.from_seq");
    sql.push(" AND NOT EXISTS (SELECT 1 FROM ").push(R::TEXTS.versions);
    sql.push(" m WHERE m.company_id = v.company_id AND m.branch_id = 0 AND m.id = v.id AND m.body_seq = v.body_seq)");
    replaced::<R>(sql);
}

/// Whose place the same record's next version on the same branch took, by somebody's work there.
fn replaced<R: Stored>(sql: &mut Builder) {
    sql.push(" AND EXISTS (SELECT 1 FROM ").push(R::TEXTS.versions);
    sql.push(" n WHERE n.company_id = v.company_id AND n.branch_id = v.branch_id AND n.id = v.id AND n.from_seq = v.to_seq) AND NOT EXISTS (SELECT 1 FROM commits c WHERE c.company_id = v.company_id AND c.seq = v.to_seq AND c.cause IN (");
    for (i, cause) in [Cause::Sync, Cause::Undoing, Cause::Merge, Cause::Revert].iter().enumerate()
    {
        sql.push(if i > 0 { ", " } else { "" }).bind(cause.word());
    }
    sql.push("))");
}

/// Versions without a body that are none of those which [`empty`] may empty: record and commit.
pub async fn unsound<R: Stored>(tx: &mut Tx, scope: &Scope) -> Result<Vec<(Uuid, i64)>> {
    let mut sql = tx.builder();
    sql.push("SELECT v.id, v.from_seq FROM ").push(R::TEXTS.versions);
    sql.push(" v WHERE v.company_id = ").bind(scope.company());
    sql.push(" AND ").push(R::TEXTS.body_of_v).push(" = 'null' AND NOT (v.branch_id > 0 AND v.to_seq IS NOT NULL AND EXISTS (SELECT 1 FROM branches b WHERE b.company_id = v.company_id AND b.id = v.branch_id AND b.compacted_seq >= v.to_seq)");
    replaced::<R>(&mut sql);
    sql.push(") ORDER BY v.id, v.from_seq LIMIT 100");
    tx.built(sql).all().await
}
