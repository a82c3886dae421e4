//! Records of a world that were deleted and are gone still.
use super::{
    commits::LogFilter,
    db::Tx,
    kinds::Stored,
    versions::raise,
    worlds::{self, standings},
};
use crate::domain::{scope::Scope, time::Ts};
use sqlx::Result;
use uuid::Uuid;

/// A deleted record: as it was, who deleted it, when.
#[derive(Clone, Debug)]
pub struct Gone {
    pub id: Uuid,
    /// The commit that deleted it.
    pub seq: i64,
    schema_rev: i64,
    pub body: String,
    pub at: Ts,
    pub author_kind: String,
    pub name: Option<String>,
}
crate::from_row!(Gone { id, seq, schema_rev, body, at, author_kind, name });

const COLUMNS: &str = "id, seq, schema_rev, body, at, author_kind, name";

/// Those of a kind, the last deleted first; after a place in this list.
pub async fn list<R: Stored>(
    tx: &mut Tx,
    scope: &Scope,
    filter: LogFilter,
    (after, limit): (Option<(i64, Uuid)>, i64),
) -> Result<Vec<Gone>> {
    let (own, main) = standings(scope);
    let mut sql = tx.builder();
    for (i, arm) in own.into_iter().chain([main]).enumerate() {
        sql.push(if i == 0 { "SELECT " } else { " UNION ALL SELECT " }).push(COLUMNS);
        sql.push(" FROM (SELECT o.id, o.from_seq AS seq, o.schema_rev, ").push(R::TEXTS.body_of_o);
        sql.push(" AS body, c.at, c.author_kind, u.name FROM ");
        sql.push(R::TEXTS.versions).push(" o CROSS JOIN commits c LEFT JOIN users u ON u.id = c.author_id WHERE c.company_id = o.company_id AND c.seq = o.from_seq AND o.deleted");
        worlds::standing(&mut sql, scope.company(), (R::TEXTS.versions, arm));
        if let Some(who) = filter.who {
            sql.push(" AND c.author_id = ").bind(who);
        }
        if let Some(until) = filter.until {
            sql.push(" AND c.at < ").bind(until);
        }
        if let Some((seq, id)) = after {
            sql.push(" AND (o.from_seq, o.id) < (").bind(seq).push(", ").bind(id).push(")");
        }
        sql.push(" ORDER BY o.from_seq DESC, o.id DESC LIMIT ").bind(limit).push(") t");
    }
    sql.push(" ORDER BY seq DESC, id DESC LIMIT ").bind(limit);
    let schema = tx.bodies();
    let mut all: Vec<Gone> = tx.built(sql).all().await?;
    for gone in &mut all {
        raise::<R>(schema, gone.schema_rev, &mut gone.body)?;
    }
    Ok(all)
}
