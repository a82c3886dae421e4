//! Lists of orders by key, and what the dashboard counts.
use super::{
    db::{Builder, Engine, Tx},
    kinds::Stored,
    paging::{capped, cut, first},
    search,
    worlds::{self, Arm, Of},
};
use crate::domain::{
    field::Kind,
    ids::{CustomerId, OrderId},
    order::{Order, State},
    page::{Count, Cursor, OrderFilter, OrderSort, Page},
    scope::Scope,
    time::Ts,
};
use sqlx::Result;
use std::{cmp::Ordering, collections::HashSet};
use uuid::Uuid;

/// A row of the list.
#[derive(Clone, Debug)]
pub struct OrderRow {
    pub doc: i64,
    pub id: OrderId,
    pub from_seq: i64,
    pub title: String,
    pub kind: String,
    pub state: State,
    pub customer_id: CustomerId,
    pub customer_name: String,
    pub customer_key: String,
    pub placed_at: Ts,
    pub country: Option<String>,
    pub currency: String,
    pub gross: i64,
    pub line_count: i64,
    pub promised_date: Option<String>,
}
crate::from_row!(OrderRow {
    doc,
    id,
    from_seq,
    title,
    kind,
    state,
    customer_id,
    customer_name,
    customer_key,
    placed_at,
    country,
    currency,
    gross,
    line_count,
    promised_date,
});

/// The sort in force: a search lists by the order of entry, which the index gives for nothing.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Doc,
    Sort(OrderSort),
}

fn by(scope: &Scope, filter: &OrderFilter) -> By {
    match filter.sort {
        OrderSort::Placed if scope.is_live() && !filter.search.is_empty() => By::Doc,
        sort => By::Sort(sort),
    }
}

/// One page of the orders that a filter lets through.
pub async fn page(tx: &mut Tx, scope: &Scope, filter: &OrderFilter) -> Result<Page<OrderRow>> {
    let by = by(scope, filter);
    let back = filter.cursor.as_ref().is_some_and(|c| c.back);
    let descending = filter.descending != back;
    let (engine, most) = (tx.engine(), filter.size + 1);
    let arms = worlds::arms(scope, !filter.search.is_empty());
    let place = |r: &OrderRow, back| Cursor { key: key(by, r), id: r.id.0, back };
    let each = |sql: &mut Builder, arm, last: Option<&OrderRow>| {
        // a version has no place in the order of entry
        sql.push("SELECT ").push(match arm {
            Arm::Heads => "o.doc",
            _ => "CAST(0 AS BIGINT) AS doc",
        });
        sql.push(", o.id, o.from_seq, o.title, o.kind, o.state, o.customer_id, o.customer_name, o.customer_key, o.placed_at, o.country, o.currency, o.gross, o.line_count, o.promised_date");
        narrow(sql, engine, (scope, arm), filter);
        if let Some(cursor) = &filter.cursor {
            after(sql, by, cursor, descending);
        }
        if let Some(last) = last {
            after(sql, by, &place(last, false), !descending);
        }
        order(sql, by, descending);
    };
    let rows = first(tx, (&arms, most), each, |a, b| {
        let order = compare(by, a, b);
        if descending { order.reverse() } else { order }
    })
    .await?;
    Ok(cut(rows, (filter.size, filter.cursor.as_ref()), place))
}

/// How many orders a filter lets through.
pub async fn count(tx: &mut Tx, scope: &Scope, filter: &OrderFilter) -> Result<Count> {
    let engine = tx.engine();
    let one = |sql: &mut Builder, arm: Arm| {
        sql.push("SELECT 1 AS one");
        if matches!(arm, Arm::Heads) && filter.only_words() {
            // the index alone knows it
            sql.push(" FROM order_search s WHERE 1 = 1");
            let wanted = (scope.company(), filter.search.as_slice());
            search::matching(sql, engine, &search::index(Kind::Order), wanted);
        } else {
            narrow(sql, engine, (scope, arm), filter);
            // in the order of the list, or PostgreSQL counts by reading the table from its beginning
            order(sql, by(scope, filter), filter.descending);
        }
    };
    capped(tx, &worlds::arms(scope, !filter.search.is_empty()), one).await
}

/// FROM and WHERE of an arm.
///
/// One condition is left to lead an index whose next column is the date; the others are wrapped in
/// COALESCE, or the planner takes an index that finds fewer rows but then sorts all of them.
fn narrow(sql: &mut Builder, engine: Engine, (scope, arm): (&Scope, Arm), f: &OrderFilter) {
    let (company, kind, texts, words) = (scope.company(), Kind::Order, &Order::TEXTS, &f.search);
    worlds::narrow(sql, engine, (Of { company, kind, texts, words }, arm));
    let dated = by(scope, f) == By::Sort(OrderSort::Placed);
    if let Some(customer) = f.customer {
        sql.push(" AND o.customer_id = ").bind(customer);
    }
    if let Some(country) = &f.country {
        let leads = dated && f.customer.is_none();
        sql.push(if leads { " AND o.country = " } else { " AND COALESCE(o.country, '') = " });
        sql.bind(country.clone());
    }
    let leads = dated && f.customer.is_none() && f.country.is_none();
    match f.states.as_slice() {
        [] => {}
        [one] if leads => {
            sql.push(" AND o.state = ").bind(*one);
        }
        several => {
            sql.push(" AND COALESCE(o.state, '') IN ").list(several);
        }
    }
    ranges(sql, f);
}

fn ranges(sql: &mut Builder, f: &OrderFilter) {
    if let Some(from) = f.placed.0 {
        sql.push(" AND o.placed_at >= ").bind(from);
    }
    if let Some(to) = f.placed.1 {
        sql.push(" AND o.placed_at < ").bind(to);
    }
    if let Some(least) = f.gross.0 {
        sql.push(" AND o.gross >= ").bind(least);
    }
    if let Some(most) = f.gross.1 {
        sql.push(" AND o.gross <= ").bind(most);
    }
}

fn column(by: By) -> &'static str {
    match by {
        By::Doc => "s.rowid",
        By::Sort(OrderSort::Placed) => "o.placed_at",
        By::Sort(OrderSort::Number) => "o.title",
        By::Sort(OrderSort::Customer) => "o.customer_key",
        By::Sort(OrderSort::Total) => "o.gross",
    }
}

fn key(by: By, row: &OrderRow) -> String {
    match by {
        By::Doc => row.doc.to_string(),
        By::Sort(OrderSort::Placed) => row.placed_at.micros().to_string(),
        By::Sort(OrderSort::Number) => row.title.clone(),
        By::Sort(OrderSort::Customer) => row.customer_key.clone(),
        By::Sort(OrderSort::Total) => row.gross.to_string(),
    }
}

fn after(sql: &mut Builder, by: By, cursor: &Cursor, descending: bool) {
    let number = || cursor.key.parse::<i64>().unwrap_or_default();
    let than = if descending { " < " } else { " > " };
    if by == By::Doc {
        sql.push(" AND s.rowid").push(than).bind(number());
        return;
    }
    sql.push(" AND (").push(column(by)).push(", o.id)").push(than).push("(");
    match by {
        By::Sort(OrderSort::Placed) => sql.bind(Ts::from_micros(number())),
        By::Sort(OrderSort::Total) => sql.bind(number()),
        _ => sql.bind(cursor.key.clone()),
    };
    sql.push(", ").bind(cursor.id).push(")");
}

fn order(sql: &mut Builder, by: By, descending: bool) {
    let way = if descending { " DESC" } else { " ASC" };
    sql.push(" ORDER BY ").push(column(by)).push(way);
    if by != By::Doc {
        sql.push(", o.id").push(way);
    }
}

/// The same order of rows that are here.
fn compare(by: By, a: &OrderRow, b: &OrderRow) -> Ordering {
    match by {
        By::Doc => a.doc.cmp(&b.doc),
        By::Sort(OrderSort::Placed) => a.placed_at.cmp(&b.placed_at),
        By::Sort(OrderSort::Number) => a.title.cmp(&b.title),
        By::Sort(OrderSort::Customer) => a.customer_key.cmp(&b.customer_key),
        By::Sort(OrderSort::Total) => a.gross.cmp(&b.gross),
    }
    .then_with(|| a.id.0.cmp(&b.id.0))
}

/// The orders that the world has already from a source, by their references there.
pub async fn known_refs(tx: &mut Tx, scope: &Scope, source: &str) -> Result<Vec<String>> {
    having(
        tx,
        scope,
        ("external_ref", |sql| {
            sql.push(" AND o.external_ref IS NOT NULL AND o.source = ").bind(source.to_owned());
        }),
    )
    .await
}

/// What the orders of a world that a condition lets through have in a column.
async fn having(
    tx: &mut Tx,
    scope: &Scope,
    (column, condition): (&'static str, impl Fn(&mut Builder)),
) -> Result<Vec<String>> {
    let (mut sql, engine, every) = (tx.builder(), tx.engine(), OrderFilter::all());
    worlds::union(&mut sql, (column, &worlds::arms(scope, false)), |sql, arm| {
        sql.push("SELECT o.").push(column);
        narrow(sql, engine, (scope, arm), &every);
        condition(sql);
    });
    Ok(tx.built(sql).all::<(String,)>().await?.into_iter().map(|r| r.0).collect())
}

/// The next number of a series, taken in the transaction that uses it.
pub async fn next_number(tx: &mut Tx, scope: &Scope, series: &str) -> Result<i64> {
    let text = "INSERT INTO number_sequences (company_id, series, next) VALUES ($1, $2, 2) ON CONFLICT (company_id, series) DO UPDATE SET next = number_sequences.next + 1 RETURNING next - 1";
    tx.sql(text).bind(scope.company()).bind(series.to_owned()).value().await
}

/// Whether an order has this number.
pub async fn is_number_taken(tx: &mut Tx, scope: &Scope, number: &str) -> Result<bool> {
    let text = "SELECT COUNT(*) FROM orders WHERE company_id = $1 AND number = $2";
    Ok(tx.sql(text).bind(scope.company()).bind(number.to_owned()).value::<i64>().await? > 0)
}

/// Which of these numbers orders of the world have already, in their order.
pub async fn taken_numbers(tx: &mut Tx, scope: &Scope, numbers: &[String]) -> Result<Vec<String>> {
    let mut out: Vec<String> = vec![];
    if scope.is_live() {
        for some in numbers.chunks(500) {
            let among = |sql: &mut Builder| {
                sql.push(" AND o.number IN ").list(some);
            };
            out.extend(having(tx, scope, ("number", among)).await?);
        }
    } else {
        // no index leads from a number to versions: they are looked through once
        let wanted: HashSet<&String> = numbers.iter().collect();
        let any = |sql: &mut Builder| {
            sql.push(" AND o.number IS NOT NULL");
        };
        let all = having(tx, scope, ("number", any)).await?;
        out.extend(all.into_iter().filter(|n| wanted.contains(n)));
    }
    out.sort_unstable();
    Ok(out)
}

/// What a key was used for, if it was.
pub async fn key_of(
    tx: &mut Tx,
    scope: &Scope,
    actor: Uuid,
    key: &str,
) -> Result<Option<(Vec<u8>, Uuid)>> {
    let text = "SELECT fingerprint, record_id FROM idempotency_keys WHERE company_id = $1 AND actor_id = $2 AND key = $3";
    tx.sql(text).bind(scope.company()).bind(actor).bind(key.to_owned()).optional().await
}

/// Remembers a key in the transaction of the work it stands for.
pub async fn keep_key(
    tx: &mut Tx,
    scope: &Scope,
    actor: Uuid,
    (key, fingerprint, record, now): (&str, &[u8], Uuid, Ts),
) -> Result<()> {
    let text = "INSERT INTO idempotency_keys (company_id, actor_id, key, fingerprint, record_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let stmt = tx.sql(text).bind(scope.company()).bind(actor).bind(key.to_owned());
    stmt.bind(fingerprint.to_vec()).bind(record).bind(now).run().await?;
    Ok(())
}
