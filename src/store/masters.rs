//! Lists of customers, products and tax codes: one way for all of them.
use super::{
    db::Tx,
    kinds::Master,
    paging::{capped, cut},
    search,
};
use crate::domain::{
    page::{Count, Cursor, MasterFilter, Page},
    scope::Scope,
    text::fold,
};
use sqlx::Result;
use uuid::Uuid;

/// A page by name.
pub async fn page<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Page<M>> {
    let back = f.cursor.as_ref().is_some_and(|c| c.back);
    let mut sql = tx.builder();
    sql.push(if f.search.is_empty() { M::TEXTS.list } else { M::TEXTS.list_search });
    sql.bind(scope.company());
    narrow::<M>(&mut sql, tx, scope, f);
    if let Some(c) = &f.cursor {
        sql.push(" AND (h.name_key, h.id)").push(if back { " < (" } else { " > (" });
        sql.bind(c.key.clone()).push(", ").bind(c.id).push(")");
    }
    sql.push(if back {
        " ORDER BY h.name_key DESC, h.id DESC"
    } else {
        " ORDER BY h.name_key, h.id"
    });
    sql.push(" LIMIT ").bind(f.size + 1);
    let rows: Vec<(i64, Uuid, String)> = tx.built(sql).all().await?;
    let rows = rows.iter().map(|(_, _, body)| read::<M>(body)).collect::<Result<Vec<M>>>()?;
    let place = |r: &M, back| Cursor { key: fold(r.name()), id: r.id(), back };
    Ok(cut(rows, (f.size, f.cursor.as_ref()), place))
}

fn narrow<M: Master>(sql: &mut super::db::Builder, tx: &Tx, scope: &Scope, f: &MasterFilter) {
    if !f.search.is_empty() {
        let index = search::index(M::KIND);
        search::matching(sql, tx.engine(), &index, (scope.company(), &f.search));
    }
    if f.only_active {
        sql.push(" AND h.active");
    }
}

/// How many a filter lets through.
pub async fn count<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Count> {
    let mut sql = tx.builder();
    sql.push(if f.search.is_empty() { M::TEXTS.count } else { M::TEXTS.count_search });
    sql.bind(scope.company());
    narrow::<M>(&mut sql, tx, scope, f);
    capped(tx, sql).await
}

/// By the code people type, whatever its case.
pub async fn by_code<M: Master>(tx: &mut Tx, scope: &Scope, code: &str) -> Result<Option<M>> {
    let stmt = tx.sql(M::TEXTS.by_code).bind(scope.company()).bind(fold(code));
    let row: Option<(Uuid, String)> = stmt.optional().await?;
    row.map(|(_, body)| read(&body)).transpose()
}

/// Every record of a kind, for imports that look many up.
pub async fn all<M: Master>(tx: &mut Tx, scope: &Scope) -> Result<Vec<M>> {
    let mut sql = tx.builder();
    sql.push(M::TEXTS.list).bind(scope.company()).push(" ORDER BY h.name_key, h.id");
    let rows: Vec<(i64, Uuid, String)> = tx.built(sql).all().await?;
    rows.iter().map(|(_, _, body)| read(body)).collect()
}

/// A body as a record of this revision.
pub fn read<R: crate::domain::record::Record>(body: &str) -> Result<R> {
    serde_json::from_str(body).map_err(|e| sqlx::Error::Decode(e.into()))
}
