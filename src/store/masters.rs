//! Lists of customers, products and tax codes: one way for all of them.
use super::{
    db::{Builder, Engine, Tx},
    kinds::Master,
    paging::{capped, cut},
    search,
    worlds::{self, Arm},
};
use crate::domain::{
    page::{Count, Cursor, MasterFilter, Page},
    scope::Scope,
    text::fold,
};
use sqlx::Result;
use uuid::Uuid;

/// What a list reads of a record: its id, its place in the list, its body.
type Row = (Uuid, String, String);
const ROW: &str = "id, sort_key, body";

fn rows<M: Master>() -> [&'static str; 3] {
    [M::TEXTS.rows, M::TEXTS.rows_found, M::TEXTS.rows_standing]
}

/// A page by name.
pub async fn page<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Page<M>> {
    let back = f.cursor.as_ref().is_some_and(|c| c.back);
    let (mut sql, engine) = (tx.builder(), tx.engine());
    let arms = worlds::arms(scope);
    worlds::union(&mut sql, (ROW, &arms), |sql, arm| {
        narrow::<M>(sql, engine, (scope, arm), (f, rows::<M>()));
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
    });
    if arms.len() > 1 {
        sql.push(if back { " ORDER BY sort_key DESC, id DESC" } else { " ORDER BY sort_key, id" });
        sql.push(" LIMIT ").bind(f.size + 1);
    }
    let rows: Vec<Row> = tx.built(sql).all().await?;
    let rows = rows.iter().map(|(_, _, body)| read::<M>(body)).collect::<Result<Vec<M>>>()?;
    let place = |r: &M, back| Cursor { key: fold(r.name()), id: r.id(), back };
    Ok(cut(rows, (f.size, f.cursor.as_ref()), place))
}

/// FROM and WHERE of an arm: of all records, of those that some words find, of versions.
fn narrow<M: Master>(
    sql: &mut Builder,
    engine: Engine,
    (scope, arm): (&Scope, Arm),
    (f, [all, found, standing]): (&MasterFilter, [&'static str; 3]),
) {
    match arm {
        Arm::Versions(arm) => {
            worlds::stand(sql.push(standing), scope.company(), (M::TEXTS.versions, arm));
        }
        Arm::Heads if f.search.is_empty() => {
            sql.push(all).bind(scope.company());
        }
        Arm::Heads => {
            sql.push(found).bind(scope.company());
            search::matching(sql, engine, &search::index(M::KIND), (scope.company(), &f.search));
        }
    }
    if f.only_active {
        sql.push(" AND o.active");
    }
}

/// How many a filter lets through.
pub async fn count<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Count> {
    let engine = tx.engine();
    let texts = [M::TEXTS.one, M::TEXTS.one_found, M::TEXTS.one_standing];
    let one = |sql: &mut Builder, arm| narrow::<M>(sql, engine, (scope, arm), (f, texts));
    capped(tx, &worlds::arms(scope), one).await
}

/// The records of a world whose column has a value: at most two.
async fn having<M: Master>(
    tx: &mut Tx,
    scope: &Scope,
    (condition, value): (&'static str, &str),
) -> Result<Vec<Row>> {
    let (mut sql, engine) = (tx.builder(), tx.engine());
    let every = MasterFilter::default();
    worlds::union(&mut sql, (ROW, &worlds::arms(scope)), |sql, arm| {
        narrow::<M>(sql, engine, (scope, arm), (&every, rows::<M>()));
        sql.push(condition).bind(fold(value)).push(" LIMIT 2");
    });
    tx.built(sql).all().await
}

/// By the code people type, whatever its case.
pub async fn by_code<M: Master>(tx: &mut Tx, scope: &Scope, code: &str) -> Result<Option<M>> {
    let rows = having::<M>(tx, scope, (" AND o.code_key = ", code)).await?;
    rows.first().map(|(_, _, body)| read(body)).transpose()
}

/// By the whole name, whatever its case, if only one has it.
pub async fn by_name<M: Master>(tx: &mut Tx, scope: &Scope, name: &str) -> Result<Option<M>> {
    match having::<M>(tx, scope, (" AND o.name_key = ", name)).await?.as_slice() {
        [(_, _, body)] => read(body).map(Some),
        _ => Ok(None),
    }
}

/// Every record of a kind, for imports that look many up.
pub async fn all<M: Master>(tx: &mut Tx, scope: &Scope) -> Result<Vec<M>> {
    let (mut sql, engine) = (tx.builder(), tx.engine());
    let every = MasterFilter::default();
    worlds::union(&mut sql, (ROW, &worlds::arms(scope)), |sql, arm| {
        narrow::<M>(sql, engine, (scope, arm), (&every, rows::<M>()));
        sql.push(" ORDER BY o.name_key, o.id");
    });
    let rows: Vec<Row> = tx.built(sql).all().await?;
    rows.iter().map(|(_, _, body)| read(body)).collect()
}

/// A body as a record of this revision.
pub fn read<R: crate::domain::record::Record>(body: &str) -> Result<R> {
    serde_json::from_str(body).map_err(|e| sqlx::Error::Decode(e.into()))
}
