//! Words by which records were found: kept until a commit, so that the past and branches can be
//! searched.
use super::db::Tx;
use crate::domain::{field::Kind, scope::Scope};
use sqlx::Result;
use uuid::Uuid;

/// Keeps words that records of the scope's world had until a commit; [`i64::MAX`] if they have them.
pub async fn keep(
    tx: &mut Tx,
    scope: &Scope,
    (kind, to): (Kind, i64),
    spans: &[(Uuid, String)],
) -> Result<()> {
    if spans.is_empty() {
        return Ok(());
    }
    let (company, number) = (scope.company(), scope.world().number());
    let mut sql = tx.builder();
    sql.push("INSERT INTO word_spans (company_id, kind, branch_id, id, to_seq) ");
    sql.values(spans, |row, (id, _)| {
        row.bind(company).bind(kind.word().to_owned()).bind(number).bind(*id).bind(to);
    });
    sql.push(" RETURNING doc, id");
    let docs = tx.built(sql).all::<(i64, Uuid)>().await?;
    let docs: std::collections::BTreeMap<Uuid, i64> =
        docs.into_iter().map(|(doc, id)| (id, doc)).collect();
    let mut sql = tx.builder();
    sql.push("INSERT INTO span_search (rowid, company_id, words) ");
    sql.values(spans, |row, (id, words)| {
        row.bind(docs.get(id).copied().unwrap_or_default()).bind(company).bind(words.clone());
    });
    tx.built(sql).run().await?;
    Ok(())
}

/// What records of a branch were found by ends at a commit.
pub async fn end(tx: &mut Tx, scope: &Scope, (kind, seq): (Kind, i64), ids: &[Uuid]) -> Result<()> {
    let mut sql = tx.builder();
    sql.push("UPDATE word_spans SET to_seq = ").bind(seq);
    sql.push(" WHERE company_id = ").bind(scope.company()).push(" AND kind = ").bind(kind.word());
    sql.push(" AND branch_id = ").bind(scope.world().number());
    sql.push(" AND to_seq = ").bind(i64::MAX).push(" AND id IN ").list(ids);
    tx.built(sql).run().await?;
    Ok(())
}
