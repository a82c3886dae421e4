//! What commits of main made of records, in the order of their events.
use super::{db::Tx, kinds::Stored, versions::raised};
use crate::domain::scope::Scope;
use sqlx::Result;
use uuid::Uuid;

/// A record before and after a commit; no body where it was not there.
#[derive(Clone, Debug)]
pub struct Made {
    pub seq: i64,
    pub id: Uuid,
    pub before: Option<String>,
    pub after: Option<String>,
}

struct Row {
    seq: i64,
    id: Uuid,
    rev: i64,
    body: String,
    deleted: bool,
    old_rev: Option<i64>,
    old: String,
}
crate::from_row!(Row { seq, id, rev, body, deleted, old_rev, old });

/// The first ones after a record, or after all of the commit.
pub async fn after<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    ((seq, id), limit): ((i64, Uuid), i64),
) -> Result<Vec<Made>> {
    let mut sql = tx.builder();
    sql.push("SELECT v.from_seq AS seq, v.id, v.schema_rev AS rev, ").push(R::TEXTS.body_of_v);
    sql.push(" AS body, v.deleted, o.schema_rev AS old_rev, ").push(R::TEXTS.body_of_o);
    sql.push(" AS old FROM ").push(R::TEXTS.versions).push(" v LEFT JOIN ");
    sql.push(R::TEXTS.versions);
    sql.push(" o ON o.company_id = v.company_id AND o.branch_id = 0 AND o.id = v.id AND o.to_seq = v.from_seq AND NOT o.deleted WHERE v.branch_id = 0 AND v.company_id = ");
    sql.bind(scope.company()).push(" AND (v.from_seq, v.id) > (").bind(seq);
    sql.push(", ").bind(id).push(") ORDER BY v.from_seq, v.id LIMIT ").bind(limit);
    let rows: Vec<Row> = tx.built(sql).all().await?;
    rows.into_iter().map(|row| made::<R>(tx, row)).collect()
}

fn made<R: Stored>(tx: &Tx, row: Row) -> Result<Made> {
    let raise = |rev, body| Ok::<_, sqlx::Error>(raised::<R>(tx.bodies(), (rev, body))?.0);
    let after = if row.deleted { None } else { Some(raise(row.rev, row.body)?) };
    let before = row.old_rev.map(|rev| raise(rev, row.old)).transpose()?;
    Ok(Made { seq: row.seq, id: row.id, before, after })
}
