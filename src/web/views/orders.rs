//! The list of orders.
use super::text::counted;
use crate::{
    domain::{
        check::Problems,
        field::Kind,
        money::Currency,
        order::State,
        page::{Count, Cursor, OrderFilter, OrderSort},
        policy::Act,
        text::grouped,
    },
    service::orders::{Listing, OrderRow, Tally},
    web::{
        extract::Visit,
        paths::list,
        query::{COLUMNS, Query},
        view::{Shell, View},
    },
};
use askama::Template;

/// The list with its filters.
#[derive(Template)]
#[template(path = "orders/index.html", blocks = ["results"])]
pub(in crate::web) struct Index {
    pub shell: Shell,
    pub url: String,
    pub at: String,
    pub export: String,
    /// Where everything that is shown is changed at once.
    pub batch: Option<String>,
    /// Where a new order is made if only merges change orders here.
    pub new_in_a_branch: Option<String>,
    /// The list without filters, at the same time.
    pub clear: String,
    pub tabs: Vec<Tab>,
    pub filter: FilterView,
    pub columns: Vec<Column>,
    pub heads: Vec<Head>,
    pub rows: Vec<Row>,
    pub count: String,
    pub sum: Vec<(String, String, String)>,
    pub prev: Option<String>,
    pub next: Option<String>,
    pub narrowed: bool,
    /// The filters that could not be read: what they are called, and why.
    pub unread: Vec<(&'static str, String)>,
}
impl View for Index {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "results").then(|| self.as_results().render())
    }
}

/// A saved way of looking: all, or one state.
pub(in crate::web) struct Tab {
    pub label: &'static str,
    pub href: String,
    pub count: String,
    pub current: bool,
}
/// What the filters hold, as typed.
#[derive(Default)]
pub(in crate::web) struct FilterView {
    pub q: String,
    pub states: Vec<(&'static str, &'static str, bool)>,
    pub customer: String,
    pub customer_name: String,
    pub country: String,
    pub from: String,
    pub to: String,
    pub least: String,
    pub most: String,
    pub sort: String,
}
/// A column that can be put away.
pub(in crate::web) struct Column {
    pub name: &'static str,
    pub label: &'static str,
    pub shown: bool,
}
/// A head of the table; with a link if the list can be sorted by it.
pub(in crate::web) struct Head {
    pub label: &'static str,
    pub href: String,
    /// `ascending`, `descending` or nothing.
    pub sorted: &'static str,
    pub class: &'static str,
}
pub(in crate::web) struct Row {
    pub href: String,
    pub title: String,
    pub credit: bool,
    pub customer: String,
    pub state: &'static str,
    pub state_label: &'static str,
    pub total: String,
    /// The chosen columns, in their order, each with its class.
    pub cells: Vec<(String, &'static str)>,
}

impl Index {
    pub(in crate::web) fn of(
        visit: &Visit,
        (query, problems): (&Query, &Problems),
        filter: &OrderFilter,
        listing: &Listing,
    ) -> Self {
        let (url, at) = (list(&visit.base(), Kind::Order), visit.at());
        let turn = |c: &Option<Cursor>| {
            c.as_ref().map(|c| query.url(&url, &[("after", &c.text()), ("at", &at)]))
        };
        let shown = query.columns();
        Self {
            shell: Shell::of(visit, "Orders", "orders"),
            batch: visit.batch(query, Kind::Order, Act::WriteOrders),
            new_in_a_branch: visit.new_in_a_branch((Kind::Order, Act::WriteOrders)),
            export: query.url(&format!("{url}/export.csv"), &[("at", &at)]),
            tabs: tabs((&url, &at), filter, &listing.tallies),
            clear: Query::default().url(&url, &[("at", &at)]),
            filter: filter_view(query, filter, &listing.page.rows),
            columns: COLUMNS
                .iter()
                .map(|(name, label)| Column { name, label, shown: shown.contains(name) })
                .collect(),
            heads: heads(query, (&url, &shown)),
            rows: listing.page.rows.iter().map(|r| row(visit, r, &shown)).collect(),
            count: counted(listing.count, "order"),
            sum: sums(visit, &listing.tallies),
            prev: turn(&listing.page.prev),
            next: turn(&listing.page.next),
            unread: unread(problems),
            narrowed: !filter.states.is_empty() || !filter.only_states(),
            url,
            at,
        }
    }
}

/// What some counters add up to.
pub(in crate::web) struct Summed {
    pub orders: i64,
    /// In the company's currency.
    pub sum: String,
    /// What the sum leaves out, or nothing.
    pub note: String,
}

pub(in crate::web) fn summed<'a>(visit: &Visit, of: impl Iterator<Item = &'a Tally>) -> Summed {
    let currency = visit.ctx.company.currency;
    let (mut orders, mut foreign, mut sum) = (0, 0, 0);
    for t in of {
        orders += t.orders;
        if t.currency == currency.code() {
            sum += t.gross;
        } else {
            foreign += t.orders;
        }
    }
    let left_out = format!(", {} in other currencies", grouped(&foreign.to_string()));
    let note = if foreign > 0 { left_out } else { String::new() };
    Summed { orders, sum: currency.show(sum), note }
}

/// What the fields of the filter are called on the page.
const FILTERS: [(&str, &str); 8] = [
    ("from", "Placed from"),
    ("to", "Placed to"),
    ("least", "Total from"),
    ("most", "Total to"),
    ("customer", "Customer"),
    ("state", "State"),
    ("sort", "Sorting"),
    ("after", "Page"),
];

fn unread(problems: &Problems) -> Vec<(&'static str, String)> {
    let of = |(name, label)| Some((label, problems.get(name)?.to_owned()));
    FILTERS.into_iter().filter_map(of).collect()
}

fn sums(visit: &Visit, tallies: &[Tally]) -> Vec<(String, String, String)> {
    let of = |label: &str, states: &[State]| {
        let of = summed(visit, tallies.iter().filter(|t| states.contains(&t.state)));
        let count = counted(Count::Exactly(of.orders), "order");
        (label.to_owned(), of.sum, format!("{count}{}", of.note))
    };
    vec![
        of("Open value", &[State::Draft, State::Confirmed]),
        of("Drafts", &[State::Draft]),
        of("Confirmed", &[State::Confirmed]),
        of("Completed", &[State::Completed]),
    ]
}

fn tabs((url, at): (&str, &str), filter: &OrderFilter, tallies: &[Tally]) -> Vec<Tab> {
    let count = |s: Option<State>| {
        let of = tallies.iter().filter(|t| s.is_none_or(|s| t.state == s));
        grouped(&of.map(|t| t.orders).sum::<i64>().to_string())
    };
    let current = filter.states.as_slice();
    let href = |state: &str| Query::default().url(url, &[("state", state), ("at", at)]);
    let all = Tab { label: "All", href: href(""), count: count(None), current: current.is_empty() };
    let each = State::ALL.iter().map(|s| Tab {
        label: s.label(),
        href: href(s.word()),
        count: count(Some(*s)),
        current: current == [*s],
    });
    std::iter::once(all).chain(each).collect()
}

fn filter_view(query: &Query, filter: &OrderFilter, rows: &[OrderRow]) -> FilterView {
    let text = |name: &str| query.get(name).to_owned();
    FilterView {
        q: text("q"),
        states: State::ALL
            .iter()
            .map(|s| (s.word(), s.label(), filter.states.contains(s)))
            .collect(),
        customer: text("customer"),
        customer_name: rows
            .first()
            .map_or_else(|| "This customer".into(), |r| r.customer_name.clone()),
        country: text("country"),
        from: text("from"),
        to: text("to"),
        least: text("least"),
        most: text("most"),
        sort: text("sort"),
    }
}

fn heads(query: &Query, (url, shown): (&str, &[&'static str])) -> Vec<Head> {
    let (sort, descending) = query.sort();
    let head = |label, by: Option<(&str, OrderSort)>, class| {
        let Some((word, of)) = by else {
            return Head { label, href: String::new(), sorted: "", class };
        };
        let on = sort == of;
        let next = if on && descending { word.to_owned() } else { format!("-{word}") };
        let sorted = if !on {
            ""
        } else if descending {
            "descending"
        } else {
            "ascending"
        };
        Head { label, href: query.url(url, &[("sort", &next)]), sorted, class }
    };
    let mut out = vec![
        head("Order", Some(("number", OrderSort::Number)), ""),
        head("Customer", Some(("customer", OrderSort::Customer)), ""),
        head("State", None, ""),
    ];
    for (name, label) in COLUMNS.iter().filter(|(c, _)| shown.contains(c)) {
        let by = (*name == "placed").then_some(("placed", OrderSort::Placed));
        out.push(head(label, by, if *name == "lines" { "num" } else { "" }));
    }
    out.push(head("Total", Some(("total", OrderSort::Total)), "num"));
    out
}

fn row(visit: &Visit, o: &OrderRow, shown: &[&'static str]) -> Row {
    let zone = visit.ctx.company.zone();
    let cell = |name: &&'static str| match *name {
        "placed" => (o.placed_at.spoken(visit.ctx.now(), &zone), "c-due tnum text-ink-2"),
        "country" => (o.country.clone().unwrap_or_default(), "c-hide text-ink-2"),
        "promised" => (o.promised_date.clone().unwrap_or_default(), "c-hide tnum text-ink-2"),
        "lines" => (o.line_count.to_string(), "c-hide num text-ink-2"),
        _ => (if o.kind == "credit" { "Credit" } else { "Order" }.to_owned(), "c-hide text-ink-2"),
    };
    Row {
        href: visit.record(Kind::Order, o.id),
        title: o.title.clone(),
        credit: o.kind == "credit",
        customer: o.customer_name.clone(),
        state: o.state.word(),
        state_label: o.state.label(),
        total: o.currency.parse::<Currency>().map(|c| c.show(o.gross)).unwrap_or_default(),
        cells: shown.iter().map(cell).collect(),
    }
}
