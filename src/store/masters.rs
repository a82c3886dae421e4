//! Lists of customers, products and tax codes: one way for all of them.
use super::{
    db::{Builder, Tx},
    kinds::Master,
    paging::{capped, cut},
    search, versions,
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
    let texts = (M::TEXTS.list, M::TEXTS.list_search, M::TEXTS.list_at);
    narrow::<M>(&mut sql, tx, scope, (f, texts));
    if let Some(c) = &f.cursor {
        sql.push(" AND (o.name_key, o.id)").push(if back { " < (" } else { " > (" });
        sql.bind(c.key.clone()).push(", ").bind(c.id).push(")");
    }
    sql.push(if back {
        " ORDER BY o.name_key DESC, o.id DESC"
    } else {
        " ORDER BY o.name_key, o.id"
    });
    sql.push(" LIMIT ").bind(f.size + 1);
    let rows: Vec<(i64, Uuid, String)> = tx.built(sql).all().await?;
    let rows = rows.iter().map(|(_, _, body)| read::<M>(body)).collect::<Result<Vec<M>>>()?;
    let place = |r: &M, back| Cursor { key: fold(r.name()), id: r.id(), back };
    Ok(cut(rows, (f.size, f.cursor.as_ref()), place))
}

/// FROM and WHERE: all of the present, those of some words, or what stood at a point of the past.
fn narrow<M: Master>(
    sql: &mut Builder,
    tx: &Tx,
    scope: &Scope,
    (f, (all, searched, at)): (&MasterFilter, (&'static str, &'static str, &'static str)),
) {
    if let Some(seq) = scope.at() {
        versions::standing(sql.push(at), scope, seq);
    } else if f.search.is_empty() {
        sql.push(all).bind(scope.company());
    } else {
        sql.push(searched).bind(scope.company());
        let index = search::index(M::KIND);
        search::matching(sql, tx.engine(), &index, (scope.company(), &f.search));
    }
    if f.only_active {
        sql.push(" AND o.active");
    }
}

/// How many a filter lets through.
pub async fn count<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Count> {
    let mut sql = tx.builder();
    let texts = (M::TEXTS.count, M::TEXTS.count_search, M::TEXTS.count_at);
    narrow::<M>(&mut sql, tx, scope, (f, texts));
    capped(tx, sql).await
}

/// By the code people type, whatever its case.
pub async fn by_code<M: Master>(tx: &mut Tx, scope: &Scope, code: &str) -> Result<Option<M>> {
    let stmt = tx.sql(M::TEXTS.by_code).bind(scope.company()).bind(fold(code));
    let row: Option<(Uuid, String)> = stmt.optional().await?;
    row.map(|(_, body)| read(&body)).transpose()
}

/// By the whole name, whatever its case, if only one has it.
pub async fn by_name<M: Master>(tx: &mut Tx, scope: &Scope, name: &str) -> Result<Option<M>> {
    let stmt = tx.sql(M::TEXTS.by_name).bind(scope.company()).bind(fold(name));
    match stmt.all::<(Uuid, String)>().await?.as_slice() {
        [(_, body)] => read(body).map(Some),
        _ => Ok(None),
    }
}

/// Every record of a kind, for imports that look many up.
pub async fn all<M: Master>(tx: &mut Tx, scope: &Scope) -> Result<Vec<M>> {
    let mut sql = tx.builder();
    sql.push(M::TEXTS.list).bind(scope.company()).push(" ORDER BY o.name_key, o.id");
    let rows: Vec<(i64, Uuid, String)> = tx.built(sql).all().await?;
    rows.iter().map(|(_, _, body)| read(body)).collect()
}

/// A body as a record of this revision.
pub fn read<R: crate::domain::record::Record>(body: &str) -> Result<R> {
    serde_json::from_str(body).map_err(|e| sqlx::Error::Decode(e.into()))
}
