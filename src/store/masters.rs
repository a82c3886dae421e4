//! Lists of customers, products and tax codes: one way for all of them.
use super::{
    db::{Builder, Engine, Tx},
    kinds::Master,
    paging::{capped, cut, first},
    versions::raised,
    worlds::{self, Arm, Of},
};
use crate::domain::{
    page::{Count, Cursor, MasterFilter, Page},
    scope::Scope,
    text::fold,
};
use sqlx::Result;
use uuid::Uuid;

/// What a list reads of a record: its id, its place in the list, its body's revision, its body.
type Row = (Uuid, String, i64, String);
const ROW: &str = "id, sort_key, schema_rev, body";

/// A page by name.
pub async fn page<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Page<M>> {
    let back = f.cursor.as_ref().is_some_and(|c| c.back);
    let (engine, most) = (tx.engine(), f.size + 1);
    let arms = worlds::arms(scope, !f.search.is_empty());
    let beyond = |sql: &mut Builder, back, (key, id): (&str, Uuid)| {
        sql.push(" AND (o.name_key, o.id)").push(if back { " < (" } else { " > (" });
        sql.bind(key.to_owned()).push(", ").bind(id).push(")");
    };
    let each = |sql: &mut Builder, arm, last: Option<&Row>| {
        rows::<M>(sql, engine, (scope, arm), f);
        if let Some(c) = &f.cursor {
            beyond(sql, back, (&c.key, c.id));
        }
        if let Some((id, key, ..)) = last {
            beyond(sql, !back, (key, *id));
        }
        sql.push(if back {
            " ORDER BY o.name_key DESC, o.id DESC"
        } else {
            " ORDER BY o.name_key, o.id"
        });
    };
    let rows = first(tx, (&arms, most), each, |a: &Row, b: &Row| {
        let order = (&a.1, a.0).cmp(&(&b.1, b.0));
        if back { order.reverse() } else { order }
    })
    .await?;
    let rows = typed::<M>(tx, rows)?;
    let place = |r: &M, back| Cursor { key: fold(r.name()), id: r.id(), back };
    Ok(cut(rows, (f.size, f.cursor.as_ref()), place))
}

/// The rows of an arm that a filter lets through.
fn rows<M: Master>(
    sql: &mut Builder,
    engine: Engine,
    (scope, arm): (&Scope, Arm),
    f: &MasterFilter,
) {
    sql.push("SELECT o.id").push(M::TEXTS.key);
    match arm {
        // a head's body is that of its version
        Arm::Heads => {
            for column in ["v.schema_rev", M::TEXTS.body_of_v] {
                sql.push(", (SELECT ").push(column).push(" FROM ").push(M::TEXTS.versions);
                sql.push(" v WHERE v.company_id = o.company_id AND v.branch_id = 0 AND v.id = o.id AND v.from_seq = o.from_seq)");
            }
        }
        _ => {
            sql.push(", o.schema_rev, ").push(M::TEXTS.body_of_o);
        }
    }
    sql.push(" AS body");
    narrow::<M>(sql, engine, (scope, arm), f);
}

fn narrow<M: Master>(
    sql: &mut Builder,
    engine: Engine,
    (scope, arm): (&Scope, Arm),
    f: &MasterFilter,
) {
    let (company, kind, texts, words) = (scope.company(), M::KIND, &M::TEXTS, &f.search);
    worlds::narrow(sql, engine, (Of { company, kind, texts, words }, arm));
    if f.only_active {
        sql.push(" AND o.active");
    }
}

/// How many a filter lets through.
pub async fn count<M: Master>(tx: &mut Tx, scope: &Scope, f: &MasterFilter) -> Result<Count> {
    let engine = tx.engine();
    let one = |sql: &mut Builder, arm| {
        narrow::<M>(sql.push("SELECT 1 AS one"), engine, (scope, arm), f);
    };
    capped(tx, &worlds::arms(scope, !f.search.is_empty()), one).await
}

/// The records of a world whose column has a value: at most two.
async fn having<M: Master>(
    tx: &mut Tx,
    scope: &Scope,
    (condition, value): (&'static str, &str),
) -> Result<Vec<Row>> {
    let (mut sql, engine) = (tx.builder(), tx.engine());
    let every = MasterFilter::default();
    worlds::union(&mut sql, (ROW, &worlds::arms(scope, false)), |sql, arm| {
        rows::<M>(sql, engine, (scope, arm), &every);
        sql.push(condition).bind(fold(value)).push(" LIMIT 2");
    });
    tx.built(sql).all().await
}

/// By the code people type, whatever its case.
pub async fn by_code<M: Master>(tx: &mut Tx, scope: &Scope, code: &str) -> Result<Option<M>> {
    let rows = having::<M>(tx, scope, (" AND o.code_key = ", code)).await?;
    Ok(typed(tx, rows)?.into_iter().next())
}

/// By the whole name, whatever its case, if only one has it.
pub async fn by_name<M: Master>(tx: &mut Tx, scope: &Scope, name: &str) -> Result<Option<M>> {
    let rows = having::<M>(tx, scope, (" AND o.name_key = ", name)).await?;
    let mut found = typed(tx, rows)?;
    Ok(found.pop().filter(|_| found.is_empty()))
}

/// Every record of a kind, for imports that look many up.
pub async fn all<M: Master>(tx: &mut Tx, scope: &Scope) -> Result<Vec<M>> {
    let (mut sql, engine) = (tx.builder(), tx.engine());
    let every = MasterFilter::default();
    worlds::union(&mut sql, (ROW, &worlds::arms(scope, false)), |sql, arm| {
        rows::<M>(sql, engine, (scope, arm), &every);
        sql.push(" ORDER BY o.name_key, o.id");
    });
    let rows: Vec<Row> = tx.built(sql).all().await?;
    typed(tx, rows)
}

fn typed<M: Master>(tx: &Tx, rows: Vec<Row>) -> Result<Vec<M>> {
    let raised = |(_, _, rev, body)| read(&raised::<M>(tx.bodies(), (rev, body))?.0);
    rows.into_iter().map(raised).collect()
}

/// A body as a record of this revision.
pub fn read<R: crate::domain::record::Record>(body: &str) -> Result<R> {
    serde_json::from_str(body).map_err(|e| sqlx::Error::Decode(e.into()))
}
