//! Orders: lists, commands of their life, and what the dashboard shows.
use super::{
    admission,
    context::Ctx,
    error::{Error, Result},
    records::{self, Current},
    subjects::Subject,
};
use crate::{
    domain::{
        customer::{Blocked, Customer},
        ids::OrderId,
        number::Rate,
        order::{Command, Order, State, state},
        page::{Count, OrderFilter, Page},
        policy::Act,
        record::Record,
        text::clean,
        totals::{Item, Rules, Totals, total},
    },
    store::{masters::read, orders, ready::Step, versions, write::Write},
};
use serde_json::Value;

pub use crate::store::orders::{OrderRow, Tally};

/// A page of orders, how many there are, and the counters for the tabs.
pub struct Listing {
    pub page: Page<OrderRow>,
    pub count: Count,
    pub tallies: Vec<Tally>,
}

/// The orders that a filter lets through: at most three statements.
pub async fn list(ctx: &Ctx, filter: &OrderFilter) -> Result<Listing> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    let page = orders::page(&mut tx, &ctx.scope, filter).await?;
    let tallies = orders::tallies(&mut tx, &ctx.scope).await?;
    let count = if filter.only_states() {
        let of = |t: &&Tally| filter.states.is_empty() || filter.states.contains(&t.state);
        Count::Exactly(tallies.iter().filter(of).map(|t| t.orders).sum())
    } else {
        orders::count(&mut tx, &ctx.scope, filter).await?
    };
    Ok(Listing { page, count, tallies })
}

/// A page of orders alone, for exports.
pub async fn page(ctx: &Ctx, filter: &OrderFilter) -> Result<Page<OrderRow>> {
    ctx.may(Act::Export)?;
    let mut tx = ctx.read().await?;
    Ok(orders::page(&mut tx, &ctx.scope, filter).await?)
}

/// The company's counters.
pub async fn tallies(ctx: &Ctx) -> Result<Vec<Tally>> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    Ok(orders::tallies(&mut tx, &ctx.scope).await?)
}

/// Moves an order on in its life. `based_on` is the version the person saw: if someone changed the
/// order since, the command is refused, since it was decided on something else.
pub async fn command(
    ctx: &Ctx,
    id: OrderId,
    command: Command,
    (based_on, reason): (Option<i64>, Option<&str>),
) -> Result<Current<Order>> {
    ctx.may(command.act())?;
    let mut w = ctx.write().await?;
    let version = w.current::<Order>(id.0).await?.ok_or(Error::NotFound)?;
    let before: Order = read(&version.body)?;
    let to = state::next(before.state, command).map_err(Error::Refused)?;
    if based_on.is_some_and(|seq| seq != version.seq) {
        return Err(Error::Refused(
            "Someone changed this order since you opened it. Look at it again.".into(),
        ));
    }
    let mut after = Order { state: to, ..before.clone() };
    match command {
        Command::Confirm => confirm(ctx, &mut w, &mut after).await?,
        Command::Cancel => after.cancel_reason = Some(said(reason)?),
        Command::Reinstate => after.cancel_reason = None,
        Command::Complete | Command::Reopen => {}
    }
    let message = format!("{} order {}", command.past(), after.title());
    let seq =
        records::put(w, Step::from(before, after.clone()), (command.word(), &message)).await?;
    Ok(Current { record: after, seq })
}

fn said(reason: Option<&str>) -> Result<String> {
    let text = clean(reason.unwrap_or_default(), false);
    match text.chars().count() {
        0 => Err(Error::at("reason", "Say why the order is cancelled")),
        1..=200 => Ok(text),
        n => Err(Error::at("reason", format!("At most 200 characters; this has {n}"))),
    }
}

/// The number is taken here, under the company's lock, and belongs to the order for ever.
async fn confirm(ctx: &Ctx, w: &mut Write, order: &mut Order) -> Result<()> {
    let customer = versions::current::<Customer>(&mut w.tx, &ctx.scope, order.customer.0).await?;
    let customer: Option<Customer> = customer.map(|v| read(&v.body)).transpose()?;
    let blocked = customer.is_none_or(|c| c.blocked == Blocked::Block);
    admission::confirmable(order, blocked)?;
    if order.number.is_none() {
        let year = w.at().day(&ctx.company.zone()).year();
        let n = orders::next_number(&mut w.tx, &ctx.scope, &format!("order/{year}")).await?;
        order.number = Some(format!("{}{year}-{n:05}", ctx.company.number_prefix));
    }
    Ok(())
}

/// What a form holds so far, completed from the products, with its sums; nothing is written.
pub async fn preview(ctx: &Ctx, before: &Value, given: Value) -> Result<(Value, Option<Totals>)> {
    let mut tx = ctx.read().await?;
    let filled = Order::resolve(ctx, &mut tx, before, given).await?;
    Ok((filled.clone(), sums_of(ctx, &filled)))
}

/// The sums of lines as typed; lines that cannot be read yet do not count.
pub fn sums_of(ctx: &Ctx, given: &Value) -> Option<Totals> {
    let read = |v: &Value| v.as_str().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
    let lines = given["lines"].as_array().into_iter().flatten().filter_map(|l| {
        Some(Item {
            qty: read(&l["qty"])?.parse().ok()?,
            price: read(&l["unit_price"])?.parse().ok()?,
            discount: read(&l["discount"]).map_or(Ok(Rate::default()), |t| t.parse()).ok()?,
            rate: read(&l["tax_rate"]).map_or(Ok(Rate::default()), |t| t.parse()).ok()?,
            code: None,
        })
    });
    let mode =
        read(&given["price_mode"]).and_then(|m| m.parse().ok()).unwrap_or(ctx.company.price_mode);
    let currency =
        read(&given["currency"]).and_then(|c| c.parse().ok()).unwrap_or(ctx.company.currency);
    let rules = Rules { mode, rounding: ctx.company.tax_rounding, exponent: currency.exponent() };
    total(&lines.collect::<Vec<_>>(), 0, rules).ok()
}

/// The drafts that wait longest first come last: the newest are on top.
pub async fn drafts(ctx: &Ctx, limit: i64) -> Result<Vec<OrderRow>> {
    let mut tx = ctx.read().await?;
    let filter = OrderFilter { states: vec![State::Draft], size: limit, ..OrderFilter::all() };
    Ok(orders::page(&mut tx, &ctx.scope, &filter).await?.rows)
}

/// Orders for a glance: no count, no counters.
pub async fn found(ctx: &Ctx, filter: &OrderFilter) -> Result<Vec<OrderRow>> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    Ok(orders::page(&mut tx, &ctx.scope, filter).await?.rows)
}

/// A page without its count, for programs.
pub async fn listed(ctx: &Ctx, filter: &OrderFilter) -> Result<Page<OrderRow>> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    Ok(orders::page(&mut tx, &ctx.scope, filter).await?)
}
