//! The company's first page.
use super::{
    history::{CommitView, commit},
    orders::summed,
};
use crate::{
    domain::{field::Kind, money::Currency, order::State, text::grouped},
    service::{
        dashboard::{MONTHS, Month, Overview},
        orders::Tally,
    },
    web::{
        extract::Visit,
        paths::list,
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;
use jiff::ToSpan;

#[derive(Template)]
#[template(path = "dashboard.html")]
pub(in crate::web) struct Dashboard {
    pub shell: Shell,
    pub greeting: String,
    pub cards: Vec<Card>,
    pub bars: Vec<Bar>,
    pub most: String,
    pub queue: Vec<(String, String, String, &'static str, &'static str, String)>,
    pub commits: Vec<CommitView>,
    /// `2 branches wait for your review`; nothing if none does.
    pub to_review: Option<String>,
}
impl View for Dashboard {}

/// Orders of one state and their sum.
pub(in crate::web) struct Card {
    pub label: &'static str,
    pub href: String,
    pub count: String,
    pub sum: String,
}
/// A month of the chart: heights in the units of its view box.
pub(in crate::web) struct Bar {
    pub x: i64,
    pub mid: i64,
    pub y: i64,
    pub height: i64,
    pub month: String,
    pub label: String,
}

/// The tallest column of the chart, in the units of its view box.
const TALL: i64 = 140;
const BASE_LINE: i64 = 160;

impl Dashboard {
    pub(in crate::web) fn of(visit: &Visit, overview: Overview) -> Self {
        let (bars, most) = chart(visit, &overview.months);
        let tallies = overview.tallies;
        let queue = overview.drafts.into_iter().map(|o| {
            let total = o.currency.parse::<Currency>().map(|c| c.show(o.gross)).unwrap_or_default();
            (
                visit.record(Kind::Order, o.id),
                o.title,
                o.customer_name,
                o.state.word(),
                o.state.label(),
                total,
            )
        });
        Self {
            greeting: visit.ctx.company.name.clone(),
            cards: State::ALL.iter().map(|s| card(visit, &tallies, *s)).collect(),
            queue: queue.collect(),
            commits: overview.commits.iter().map(|c| commit(visit, c, &[])).collect(),
            to_review: to_review(overview.to_review),
            shell: Shell::of(visit, "Home", "home"),
            bars,
            most,
        }
    }
}

fn to_review(n: i64) -> Option<String> {
    match n {
        0 => None,
        1 => Some("A branch waits for your review".into()),
        n => Some(format!("{n} branches wait for your review")),
    }
}

fn card(visit: &Visit, tallies: &[Tally], state: State) -> Card {
    let of = tallies.iter().filter(|t| t.state == state);
    let of = summed(visit, of);
    let at = visit.at();
    let asks = [("state", state.word()), ("at", at.as_str())];
    let href = Query::default().url(&list(&visit.base(), Kind::Order), &asks);
    Card {
        label: state.label(),
        href,
        count: grouped(&of.orders.to_string()),
        sum: format!("{}{}", of.sum, of.note),
    }
}

/// Twelve months up to the last one that has orders or is now: old data has a chart too.
fn chart(visit: &Visit, months: &[Month]) -> (Vec<Bar>, String) {
    let (zone, currency) = (visit.ctx.company.zone(), visit.ctx.company.currency);
    let last = months.first().and_then(|m| format!("{}-01", m.month).parse().ok());
    let end = last.unwrap_or_else(|| visit.ctx.now().day(&zone).first_of_month());
    let days = (0..MONTHS).rev().filter_map(|back| end.checked_sub(back.months()).ok());
    let sums: Vec<(jiff::civil::Date, i64)> = days
        .map(|day| {
            let month = day.strftime("%Y-%m").to_string();
            (day, months.iter().find(|m| m.month == month).map_or(0, |m| m.gross))
        })
        .collect();
    let most = sums.iter().map(|s| s.1).max().unwrap_or(0).max(1);
    let bars = (0..).zip(&sums).map(|(i, (day, sum))| {
        let height = i64::try_from(i128::from((*sum).max(0)) * i128::from(TALL) / i128::from(most))
            .unwrap_or(0);
        Bar {
            x: i * 50 + 8,
            mid: i * 50 + 25,
            y: BASE_LINE - height,
            height,
            month: day.strftime("%b %y").to_string(),
            label: currency.show(*sum),
        }
    });
    (bars.collect(), currency.show(most))
}
