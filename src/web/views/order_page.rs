//! The page of one order, put together.
use super::{
    elsewhere::ElsewhereView,
    history::history,
    order::{CommandView, LineView, Show, TotalsView},
    text::short_hash,
};
use crate::{
    domain::{
        customer::Address,
        field::Kind,
        number::UnitPrice,
        order::{Command, DiscountKind, Line, Order, PriceSource, State, state},
        policy::Act,
        record::Record,
        totals::{LineSum, Totals},
    },
    service::history::Story,
    web::{extract::Visit, paths::record, view::Shell},
};
use std::cmp::Ordering;

/// The page of an order as it is now.
pub(in crate::web) fn view(visit: &Visit, story: &Story<Order>) -> Show {
    let (order, base) = (&story.now.record, visit.base());
    let url = record(&base, Kind::Order, order.id);
    let totals = order.totals().unwrap_or_default();
    let history = history(visit, story, &url);
    let latest = history.events.first().filter(|_| !story.later);
    let changed = latest.map(|e| format!("changed {} by {}", e.when, e.who));
    let customers = visit.ctx.scope.may(Act::ReadRecords);
    let may_edit = visit.ctx.may_change(Kind::Order, Act::WriteOrders);
    Show {
        shell: Shell::of(visit, order.title(), "orders"),
        restore: visit.restoration(&url, (Kind::Order, Act::WriteOrders)),
        in_a_branch: visit.in_a_branch(&url, Act::WriteOrders),
        elsewhere: ElsewhereView::of(visit, story, &url),
        url,
        title: order.title(),
        kind: order.kind.label(),
        state: order.state.word(),
        state_label: order.state.label(),
        customer: order.customer_name.clone(),
        customer_href: if customers {
            visit.record(Kind::Customer, order.customer)
        } else {
            String::new()
        },
        steps: steps(order.state),
        lines: lines(visit, order, &totals),
        totals: totals_view(order, &totals),
        facts: facts(visit, order),
        addresses: addresses(order),
        notes: notes(order),
        tags: order.tags.iter().cloned().collect(),
        commands: commands(visit, order.state),
        can_edit: may_edit,
        can_delete: may_edit && order.can_be_deleted(),
        version: story.now.seq,
        hash: short_hash(order),
        changed: changed.unwrap_or_default(),
        history,
    }
}

/// The way of an order; shipping, invoicing and payment will stand between.
fn steps(state: State) -> Vec<(&'static str, &'static str)> {
    if state == State::Cancelled {
        return vec![("Draft", "done"), ("Cancelled", "now")];
    }
    let way = [State::Draft, State::Confirmed, State::Completed];
    let at = way.iter().position(|s| *s == state).unwrap_or(0);
    let told = |i: usize| match i.cmp(&at) {
        Ordering::Less => "done",
        Ordering::Equal => "now",
        Ordering::Greater => "later",
    };
    way.iter().enumerate().map(|(i, s)| (s.label(), told(i))).collect()
}

fn commands(visit: &Visit, now: State) -> Vec<CommandView> {
    let allowed =
        state::commands(now).into_iter().filter(|c| visit.ctx.may_change(Kind::Order, c.act()));
    let each = allowed.map(|c| CommandView {
        word: c.word(),
        label: c.label(),
        primary: matches!(c, Command::Confirm | Command::Complete),
        asks_why: c == Command::Cancel,
    });
    each.collect()
}

/// A price with at least the currency's decimals: `2.55`, `0.0123`.
fn price(order: &Order, price: UnitPrice) -> String {
    let text = price.to_string();
    let have = text.split_once('.').map_or(0, |(_, p)| p.len());
    let want = order.currency.exponent() as usize;
    let dot = if have == 0 && want > 0 { "." } else { "" };
    format!("{text}{dot}{}", "0".repeat(want.saturating_sub(have)))
}

fn lines(visit: &Visit, order: &Order, totals: &Totals) -> Vec<LineView> {
    order.lines.iter().zip(&totals.lines).map(|(l, s)| line(visit, order, (l, s))).collect()
}

fn line(visit: &Visit, order: &Order, (l, s): (&Line, &LineSum)) -> LineView {
    let linked = visit.ctx.scope.may(Act::ReadRecords);
    let href = l.product.filter(|_| linked).map(|p| visit.record(Kind::Product, p));
    let sub = [l.sku.as_deref(), l.unit.as_deref(), l.note.as_deref()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let percent = |r: Option<crate::domain::number::Rate>| {
        r.filter(|r| r.0 != 0).map_or("–".into(), |r| format!("{r} %"))
    };
    LineView {
        name: l.name.clone().or_else(|| l.sku.clone()).unwrap_or_default(),
        sub: sub.join(" · "),
        href: href.unwrap_or_default(),
        qty: l.qty.to_string(),
        price: price(order, l.unit_price),
        by_hand: l.price_source == PriceSource::Manual && l.list_price.is_some(),
        discount: percent(l.discount),
        tax: percent(l.tax_rate),
        amount: order.currency.show(s.amount),
    }
}

/// The sums, for the page and for the form's preview.
pub(in crate::web) fn totals_view(order: &Order, totals: &Totals) -> TotalsView {
    let show = |minor| order.currency.show(minor);
    let discounts = order.discounts.iter().map(|d| {
        let label = d.label.clone().unwrap_or_else(|| "Discount".into());
        let value = match d.kind {
            DiscountKind::Percent => format!("{} %", d.value),
            DiscountKind::Amount => price(order, d.value),
        };
        (label, value)
    });
    let taxed = totals.groups.iter().filter(|g| g.rate.0 != 0);
    TotalsView {
        lines: show(totals.lines.iter().map(|l| l.amount).sum()),
        discounts: discounts.collect(),
        net: show(totals.net),
        groups: taxed.map(|g| (format!("Tax {} %", g.rate), show(g.tax))).collect(),
        gross: show(totals.gross),
    }
}

fn facts(visit: &Visit, order: &Order) -> Vec<(String, String)> {
    let zone = visit.ctx.company.zone();
    let day = |d: Option<jiff::civil::Date>| d.map(|d| d.strftime("%-d %b %Y").to_string());
    let all = [
        ("Placed", Some(order.placed_at.full_text(&zone))),
        ("Their reference", order.customer_po.clone()),
        ("Contact", order.contact.clone()),
        ("Wanted on", day(order.requested_date)),
        ("Promised for", day(order.promised_date)),
        ("Payment", order.terms_days.map(|d| format!("{d} days"))),
        ("Warehouse", order.warehouse.clone()),
        ("Shipping by", order.ship_method.clone()),
        ("Incoterm", order.incoterm.clone()),
        ("Currency", Some(order.currency.code().to_owned())),
        ("Prices", Some(order.price_mode.label().to_owned())),
        ("Came in by", Some(order.channel.label().to_owned())),
        ("Draft", order.number.as_ref().map(|_| order.draft_ref.clone())),
        ("Why cancelled", order.cancel_reason.clone()),
    ];
    let known = all.into_iter().filter_map(|(label, text)| text.map(|t| (label.to_owned(), t)));
    known.chain(order.custom.clone()).collect()
}

fn addresses(order: &Order) -> Vec<(&'static str, Vec<String>)> {
    let lines = |a: &Option<Address>| a.as_ref().map(Address::lines).unwrap_or_default();
    let mut all = vec![("Ship to", lines(&order.shipping)), ("Bill to", lines(&order.billing))];
    all.retain(|(_, l)| !l.is_empty());
    all
}

fn notes(order: &Order) -> Vec<(&'static str, String)> {
    let all =
        [("Note for the customer", &order.customer_note), ("Internal note", &order.internal_note)];
    all.into_iter().filter_map(|(label, text)| text.clone().map(|t| (label, t))).collect()
}
