//! How many orders there are, and what they come to: by local month, state and currency, in any world
//! at any time.
//!
//! Main's counters are kept by the commit, and with them what they were after each commit that changed
//! one. A branch adds up what it changed.
use super::{
    chain,
    db::Tx,
    ready::Counts,
    worlds::{self, Standing},
};
use crate::domain::{order::State, scope::Scope, time::Ts};
use futures_util::TryStreamExt;
use jiff::tz::TimeZone;
use sqlx::Result;
use std::collections::BTreeMap;

/// Orders of a state and a currency, and their sum in its minor units.
#[derive(Clone, Debug)]
pub struct Tally {
    pub state: State,
    pub currency: String,
    pub orders: i64,
    pub gross: i64,
}
crate::from_row!(Tally { state, currency, orders, gross });

/// What was ordered in a month, in minor units.
#[derive(Clone, Debug)]
pub struct Month {
    /// `2026-08`
    pub month: String,
    pub gross: i64,
}
crate::from_row!(Month { month, gross });

/// A counter as it is kept.
#[derive(Clone, Debug)]
pub struct Counter {
    pub month: String,
    pub state: State,
    pub currency: String,
    pub orders: i64,
    pub gross: i64,
}
crate::from_row!(Counter { month, state, currency, orders, gross });

/// The counters without their months: a handful of rows, whatever the number of orders.
pub async fn tallies(tx: &mut Tx, scope: &Scope, zone: &TimeZone) -> Result<Vec<Tally>> {
    if scope.is_live() {
        let text = "SELECT state, currency, CAST(SUM(orders) AS BIGINT) AS orders, CAST(SUM(gross) AS BIGINT) AS gross FROM order_counts WHERE company_id = $1 GROUP BY state, currency";
        return tx.sql(text).bind(scope.company()).all().await;
    }
    let mut out: BTreeMap<(State, String), (i64, i64)> = BTreeMap::new();
    for ((_, state, currency), (orders, gross)) in of_world(tx, scope, zone).await? {
        let entry = out.entry((state.parse().unwrap_or(State::Draft), currency)).or_default();
        *entry = (entry.0 + orders, entry.1 + gross);
    }
    let tally = |((state, currency), (orders, gross))| Tally { state, currency, orders, gross };
    Ok(out.into_iter().map(tally).collect())
}

/// The last months that have orders of a currency which were not cancelled, the newest first.
pub async fn months(
    tx: &mut Tx,
    scope: &Scope,
    (zone, currency, limit): (&TimeZone, &str, i64),
) -> Result<Vec<Month>> {
    if scope.is_live() {
        let text = "SELECT month, CAST(SUM(gross) AS BIGINT) AS gross FROM order_counts WHERE company_id = $1 AND currency = $2 AND state <> $3 AND orders > 0 GROUP BY month ORDER BY month DESC LIMIT $4";
        let stmt = tx.sql(text).bind(scope.company()).bind(currency.to_owned());
        return stmt.bind(State::Cancelled).bind(limit).all().await;
    }
    let mut out: BTreeMap<String, i64> = BTreeMap::new();
    for ((month, state, of), (orders, gross)) in of_world(tx, scope, zone).await? {
        if of == currency && state != State::Cancelled.word() && orders > 0 {
            *out.entry(month).or_default() += gross;
        }
    }
    let months = out.into_iter().rev().take(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(months.map(|(month, gross)| Month { month, gross }).collect())
}

/// The counters of a world that is not main as it is now.
async fn of_world(tx: &mut Tx, scope: &Scope, zone: &TimeZone) -> Result<Counts> {
    let at = scope.at().unwrap_or(i64::MAX);
    let Some(branch) = scope.world().branch() else { return of_main(tx, scope, (at, zone)).await };
    let mut out = of_main(tx, scope, (branch.base, zone)).await?;
    let own = Standing { number: branch.id, at, but: None };
    add(&mut out, standing(tx, scope, (own, zone)).await?, 1);
    add(&mut out, touched(tx, scope, (at, zone)).await?, -1);
    Ok(out)
}

fn add(to: &mut Counts, more: Counts, sign: i64) {
    for (key, (orders, gross)) in more {
        let entry = to.entry(key).or_default();
        *entry = (entry.0 + sign * orders, entry.1 + sign * gross);
    }
}

/// Main's counters as they were after a commit. Before they were kept, the orders are counted.
async fn of_main(tx: &mut Tx, scope: &Scope, (at, zone): (i64, &TimeZone)) -> Result<Counts> {
    if at < chain::past_from(tx, scope).await? {
        let main = Standing { number: 0, at, but: None };
        return standing(tx, scope, (main, zone)).await;
    }
    // a look-up for each counter, however many steps it has
    let text = "SELECT k.month, k.state, k.currency, COALESCE((SELECT s.orders FROM order_count_steps s WHERE s.company_id = k.company_id AND s.month = k.month AND s.state = k.state AND s.currency = k.currency AND s.from_seq <= $2 ORDER BY s.from_seq DESC LIMIT 1), 0) AS orders, COALESCE((SELECT s.gross FROM order_count_steps s WHERE s.company_id = k.company_id AND s.month = k.month AND s.state = k.state AND s.currency = k.currency AND s.from_seq <= $2 ORDER BY s.from_seq DESC LIMIT 1), 0) AS gross FROM order_counts k WHERE k.company_id = $1";
    let rows: Vec<Counter> = tx.sql(text).bind(scope.company()).bind(at).all().await?;
    let each =
        rows.into_iter().map(|c| ((c.month, c.state.word(), c.currency), (c.orders, c.gross)));
    Ok(each.collect())
}

const SELECT: &str = "SELECT o.placed_at, o.state, o.currency, o.gross FROM order_versions o";

/// Counts the versions that stood.
async fn standing(
    tx: &mut Tx,
    scope: &Scope,
    (arm, zone): (Standing, &TimeZone),
) -> Result<Counts> {
    let mut sql = tx.builder();
    worlds::stand(sql.push(SELECT), scope.company(), ("order_versions", arm));
    counted(tx.built(sql), zone).await
}

/// Counts what main had at a branch's base of the orders that the branch has versions of.
async fn touched(tx: &mut Tx, scope: &Scope, (at, zone): (i64, &TimeZone)) -> Result<Counts> {
    let Some(branch) = scope.world().branch() else { return Ok(Counts::new()) };
    let mut sql = tx.builder();
    sql.push("SELECT o.placed_at, o.state, o.currency, o.gross FROM order_versions own JOIN order_versions o ON o.company_id = own.company_id AND o.branch_id = 0 AND o.id = own.id");
    sql.push(" WHERE own.company_id = ").bind(scope.company());
    sql.push(" AND own.branch_id = ").bind(branch.id).push(" AND own.from_seq <= ").bind(at);
    sql.push(" AND (own.to_seq IS NULL OR own.to_seq > ").bind(at);
    sql.push(") AND o.from_seq <= ").bind(branch.base);
    sql.push(" AND (o.to_seq IS NULL OR o.to_seq > ").bind(branch.base);
    sql.push(") AND NOT o.deleted");
    counted(tx.built(sql), zone).await
}

/// Counts rows as they come.
async fn counted(stmt: super::db::Stmt<'_>, zone: &TimeZone) -> Result<Counts> {
    let mut rows = stmt.stream()?;
    let mut out = Counts::new();
    while let Some(row) = rows.try_next().await? {
        let (at, state, currency): (Ts, State, String) =
            (row.col("placed_at")?, row.col("state")?, row.col("currency")?);
        let entry = out.entry((at.month(zone), state.word(), currency)).or_default();
        *entry = (entry.0 + 1, entry.1 + row.col::<i64>("gross")?);
    }
    Ok(out)
}

/// Every counter of the company.
pub async fn counters(tx: &mut Tx, scope: &Scope) -> Result<Vec<Counter>> {
    let text = "SELECT month, state, currency, orders, gross FROM order_counts WHERE company_id = $1 ORDER BY month, state, currency";
    tx.sql(text).bind(scope.company()).all().await
}

/// The same as the steps tell them.
pub async fn last_steps(tx: &mut Tx, scope: &Scope, zone: &TimeZone) -> Result<Counts> {
    of_main(tx, scope, (i64::MAX, zone)).await
}

/// By how much the counters change if orders count by the months of another zone: every order,
/// streamed.
pub async fn recount(tx: &mut Tx, scope: &Scope, zone: &TimeZone) -> Result<Counts> {
    let text = "SELECT placed_at, state, currency, gross FROM orders WHERE company_id = $1";
    let mut out = counted(tx.sql(text).bind(scope.company()), zone).await?;
    let before = counters(tx, scope).await?.into_iter();
    let before = before.map(|c| ((c.month, c.state.word(), c.currency), (c.orders, c.gross)));
    add(&mut out, before.collect(), -1);
    Ok(out)
}

/// Moves main's counters on by what a commit changed, and keeps what they are after it.
pub async fn change(tx: &mut Tx, scope: &Scope, (seq, by): (i64, Counts)) -> Result<()> {
    let company = scope.company();
    let rows: Vec<_> = by.into_iter().filter(|(_, n)| *n != (0, 0)).collect();
    for chunk in rows.chunks(100) {
        let mut sql = tx.builder();
        sql.push("INSERT INTO order_counts (company_id, month, state, currency, orders, gross) ");
        sql.values(chunk, |row, ((month, state, currency), (orders, gross))| {
            row.bind(company).bind(month.clone()).bind(*state).bind(currency.clone());
            row.bind(*orders).bind(*gross);
        });
        sql.push(" ON CONFLICT (company_id, month, state, currency) DO UPDATE SET orders = order_counts.orders + excluded.orders, gross = order_counts.gross + excluded.gross RETURNING month, state, currency, orders, gross");
        let now: Vec<Counter> = tx.built(sql).all().await?;
        let mut sql = tx.builder();
        sql.push("INSERT INTO order_count_steps (company_id, month, state, currency, from_seq, orders, gross) ");
        sql.values(&now, |row, c| {
            row.bind(company).bind(c.month.clone()).bind(c.state).bind(c.currency.clone());
            row.bind(seq).bind(c.orders).bind(c.gross);
        });
        tx.built(sql).run().await?;
    }
    Ok(())
}
