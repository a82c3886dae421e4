//! Orders: lists, commands of their life, and what the dashboard shows.
use super::{
    admission,
    context::Ctx,
    error::{Error, Result},
    pricing,
    records::{self, Current},
};
use crate::{
    domain::{
        customer::{Blocked, Customer},
        ids::{LineId, OrderId},
        number::Rate,
        order::{Command, Discount, Line, LineType, Order, PriceSource, state},
        page::{Count, OrderFilter, Page},
        policy::Act,
        record::Record,
        scope::World,
        text::clean,
    },
    store::{counts, masters::read, orders, ready::Step, versions, write::Write},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub use crate::store::{counts::Tally, orders::OrderRow};

/// A page of orders, how many there are, and the counters for the tabs.
pub struct Listing {
    pub page: Page<OrderRow>,
    pub count: Count,
    pub tallies: Vec<Tally>,
}

/// The orders that a filter lets through: three statements at most on main, a few more on a branch.
pub async fn list(ctx: &Ctx, filter: &OrderFilter) -> Result<Listing> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    ctx.can_search(&mut tx, &filter.search).await?;
    let page = orders::page(&mut tx, &ctx.scope, filter).await?;
    let tallies = counts::tallies(&mut tx, &ctx.scope, &ctx.company.zone()).await?;
    let count = if filter.only_states() {
        let of = |t: &&Tally| filter.states.is_empty() || filter.states.contains(&t.state);
        Count::Exactly(tallies.iter().filter(of).map(|t| t.orders).sum())
    } else {
        match page.whole() {
            Some(count) => count,
            None => orders::count(&mut tx, &ctx.scope, filter).await?,
        }
    };
    Ok(Listing { page, count, tallies })
}

/// A page of orders alone: no count, no counters.
pub async fn page(ctx: &Ctx, filter: &OrderFilter) -> Result<Page<OrderRow>> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    ctx.can_search(&mut tx, &filter.search).await?;
    Ok(orders::page(&mut tx, &ctx.scope, filter).await?)
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
    let (before, decided) = records::seen::<Order>(&mut w, id.0, based_on).await?;
    // what stands against the command itself is told first
    state::next(before.state, command).map_err(Error::Refused)?;
    decided?;
    let after = moved(ctx, &mut w, &before, (command, reason)).await?;
    let message = format!("{} order {}", command.past(), after.title());
    let seq =
        records::put(ctx, w, Step::from(before, after.clone()), (command.into(), &message)).await?;
    Current::told(ctx, after, seq)
}

/// The order once a command moved it on.
///
/// # Errors
/// `Refused` with what stands against it.
pub(super) async fn moved(
    ctx: &Ctx,
    w: &mut Write,
    before: &Order,
    (command, reason): (Command, Option<&str>),
) -> Result<Order> {
    let state = state::next(before.state, command).map_err(Error::Refused)?;
    let mut after = Order { state, ..before.clone() };
    match command {
        Command::Confirm => confirm(ctx, w, &mut after).await?,
        Command::Cancel => after.cancel_reason = Some(said(reason)?),
        Command::Reinstate => after.cancel_reason = None,
        Command::Complete | Command::Reopen => {}
    }
    Ok(after)
}

fn said(reason: Option<&str>) -> Result<String> {
    let text = clean(reason.unwrap_or_default(), false);
    match text.chars().count() {
        0 => Err(Error::at("reason", "Say why the order is cancelled")),
        1..=200 => Ok(text),
        n => Err(Error::at("reason", format!("At most 200 characters; this has {n}"))),
    }
}

/// The number is taken here, under the company's lock, and belongs to the order for ever. On a branch
/// none is taken: the order gets it when it is merged.
async fn confirm(ctx: &Ctx, w: &mut Write, order: &mut Order) -> Result<()> {
    let customer = versions::current::<Customer>(&mut w.tx, &ctx.scope, order.customer.0).await?;
    let customer: Option<Customer> = customer.map(|v| read(&v.body)).transpose()?;
    let blocked = customer.is_none_or(|c| c.blocked == Blocked::Block);
    admission::confirmable(order, blocked)?;
    if order.number.is_none() && w.scope().world() == &World::Main {
        number(ctx, w, (order, &BTreeSet::new())).await?;
    }
    Ok(())
}

/// Gives an order the next number of its year that no order has, or is to have.
pub async fn number(
    ctx: &Ctx,
    w: &mut Write,
    (order, others): (&mut Order, &BTreeSet<String>),
) -> Result<()> {
    let year = w.at().day(&ctx.company.zone()).year();
    let series = format!("order/{year}");
    // an imported order may have a number of the series already
    order.number = loop {
        let n = orders::next_number(&mut w.tx, &ctx.scope, &series).await?;
        let number = format!("{}{year}-{n:05}", ctx.company.number_prefix);
        let is_free = !others.contains(&number);
        if is_free && !orders::is_number_taken(&mut w.tx, &ctx.scope, &number).await? {
            break Some(number);
        }
    };
    Ok(())
}

/// What a form holds so far, completed from the products, and the order it would add up as; nothing
/// is written.
pub async fn preview(ctx: &Ctx, before: &Value, given: Value) -> Result<(Value, Order)> {
    let mut tx = ctx.read().await?;
    let mut filled = records::resolved::<Order>(ctx, &mut tx, before, given).await?;
    let summed = summable(ctx, before, &filled);
    // the form remembers which product it was filled in from
    for line in filled.get_mut("lines").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(sku) = line["sku"].as_str() {
            line["filled"] = json!(pricing::filled(summed.currency.code(), sku));
        }
    }
    Ok((filled, summed))
}

/// An order of what a form holds that can be read already: lines that cannot do not count.
pub fn summable(ctx: &Ctx, before: &Value, given: &Value) -> Order {
    let blank = Order::empty(&ctx.company, ctx.now());
    let frozen = |name: &str| before.get(name).cloned().unwrap_or(Value::Null);
    Order {
        currency: read_or(&given["currency"], blank.currency),
        price_mode: read_or(&given["price_mode"], blank.price_mode),
        tax_rounding: serde_json::from_value(frozen("tax_rounding")).unwrap_or(blank.tax_rounding),
        lines: parts(given, "lines", |l| line(ctx, l)),
        discounts: parts(given, "discounts", |d| discount(ctx, d)),
        ..blank
    }
}

fn parts<T>(given: &Value, name: &str, read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    given[name].as_array().into_iter().flatten().filter_map(read).collect()
}

/// A value as typed, or none if nothing was.
fn typed(value: &Value) -> Option<&str> {
    value.as_str().map(str::trim).filter(|t| !t.is_empty())
}

fn read_or<T: std::str::FromStr>(value: &Value, other: T) -> T {
    typed(value).and_then(|t| t.parse().ok()).unwrap_or(other)
}

fn line(ctx: &Ctx, given: &Value) -> Option<Line> {
    let maybe = |name: &str| typed(&given[name]).map(str::parse::<Rate>).transpose().ok();
    Some(Line {
        id: LineId(ctx.next_id()),
        position: 0,
        kind: read_or(&given["type"], LineType::Item),
        product: None,
        sku: None,
        name: None,
        unit: None,
        qty: typed(&given["qty"])?.parse().ok()?,
        list_price: None,
        unit_price: typed(&given["unit_price"])?.parse().ok()?,
        price_source: PriceSource::Manual,
        discount: maybe("discount")?,
        tax_code: serde_json::from_value(given["tax_code"].clone()).unwrap_or_default(),
        tax_rate: maybe("tax_rate")?,
        requested_date: None,
        note: None,
    })
}

fn discount(ctx: &Ctx, given: &Value) -> Option<Discount> {
    let (id, label) = (ctx.next_id(), typed(&given["label"]).map(str::to_owned));
    let kind = typed(&given["kind"])?.parse().ok()?;
    Some(Discount { id, kind, value: typed(&given["value"])?.parse().ok()?, label })
}
