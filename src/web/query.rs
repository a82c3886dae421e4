//! What a list's URL asks for, and URLs that ask for a little more or less.
use crate::{
    domain::{
        check::Problems,
        field::{ADDRESS, Kind},
        input::typed,
        money::Currency,
        order::State,
        page::{Cursor, MasterFilter, OrderFilter, OrderSort, SIZES},
        text::words,
        time::{Ts, parse_day},
    },
    service::{
        activity::LogFilter,
        batches::Filter,
        branches::BranchFilter,
        context::Ctx,
        error::{Error, Result},
    },
};
use axum::http::Uri;
use jiff::tz::TimeZone;
use std::{fmt::Display, str::FromStr};

/// What a list may be asked for in the URL: name and meaning. The API takes no others.
pub type Params = &'static [(&'static str, &'static str)];

/// Of a list of orders.
pub const ORDER_PARAMS: Params = &[
    ("q", "words: number, customer, SKU, references, notes"),
    ("state", "may be given more than once"),
    ("customer", "the customer's id"),
    ("country", "ISO 3166 alpha-2, or a name"),
    ("from", "the first day, 2026-11-22"),
    ("to", "the last day"),
    ("least", "the least total, in the company's currency"),
    ("most", "the highest total"),
    ("sort", "placed, number, customer or total; with - before it, descending"),
    ("size", "25, 50 or 100 to a page"),
    ("after", "`next` of the page before"),
];
/// Of a list of customers, products or tax codes.
pub const MASTER_PARAMS: Params = &[
    ("q", "words: code and name"),
    ("active", "true: without those out of use"),
    ("size", "25, 50 or 100 to a page"),
    ("after", "`next` of the page before"),
];
/// Of a list of branches.
pub const BRANCH_PARAMS: Params = &[
    ("state", "all: closed ones too; review: those that you were asked to review"),
    ("after", "`next` of the page before"),
];
/// Of one commit.
pub const COMMIT_PARAM: Params = &[("after", "`next` of the answer before: its further records")];
/// Of events.
pub const EVENT_PARAMS: Params =
    &[("after", "`next` of the answer before, the `id` of an event, or the number of a change")];
/// Of a list of commits.
pub const COMMIT_PARAMS: Params = &[
    ("before", "`next` of the page before"),
    ("who", "a member's id"),
    ("what", "why it was made: create, edit, deletion, merge …"),
    ("kind", "order, customer, product or tax_code: those that touched one"),
    ("named", "true: those after which a point has a name"),
    ("from", "the first day, 2026-11-22"),
    ("to", "the last day, 2026-11-22"),
];

/// Of a list of deleted records.
pub const DELETED_PARAMS: Params = &[
    ("who", "the id of the member who deleted it"),
    ("to", "the last day, 2026-11-22"),
    ("after", "`next` of the page before"),
];

/// A place in a list: what it is sorted by, and which of those that are alike, as [`Query::place`] reads it.
pub fn placed((by, id): (impl Display, impl Display)) -> String {
    format!("{by}.{id}")
}

/// The columns of the list that can be put away.
pub const COLUMNS: [(&str, &str); 5] = [
    ("placed", "Placed"),
    ("country", "Country"),
    ("promised", "Promised"),
    ("lines", "Lines"),
    ("kind", "Kind"),
];
/// Columns shown unless others are chosen.
const SHOWN: [&str; 3] = ["placed", "country", "lines"];

/// The pairs of a query string, in their order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn of(uri: &Uri) -> Self {
        let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        Self(pairs.into_owned().filter(|(_, v)| !v.trim().is_empty()).take(100).collect())
    }
    /// The first value of a name, without blanks around it.
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v.trim())
    }
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(n, _)| n == name).map(|(_, v)| v.trim()).collect()
    }
    /// The last value of any name: a field's own, where its name is not known.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", |(_, v)| v.trim())
    }
    /// `path?…` with some names replaced; an empty value takes a name away. Pages start anew.
    pub fn url(&self, path: &str, changes: &[(&str, &str)]) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let stays = |n: &str| n != "after" && !changes.iter().any(|(c, _)| *c == n);
        out.extend_pairs(self.0.iter().filter(|(n, _)| stays(n)));
        out.extend_pairs(changes.iter().filter(|(_, v)| !v.is_empty()));
        let text = out.finish();
        if text.is_empty() { path.to_owned() } else { format!("{path}?{text}") }
    }
    /// Every pair but those of some names, as hidden fields of a form that asks for those anew.
    pub fn without(&self, names: &[&str]) -> Vec<(String, String)> {
        self.0.iter().filter(|(n, _)| !names.contains(&n.as_str())).cloned().collect()
    }
    /// Nothing else is asked for: a program that misspells a filter would get everything. Of `at`
    /// the guard knows.
    ///
    /// # Errors
    /// `Invalid` names what there is not.
    pub fn only(&self, known: Params) -> Result<()> {
        let mut problems = Problems::default();
        let known: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let odd = |name: &str| name != "at" && !known.contains(&name);
        for (name, _) in self.0.iter().filter(|(name, _)| odd(name)) {
            problems.add(name, format!("There is no such filter; there are: {}", known.join(", ")));
        }
        Ok(problems.ok()?)
    }

    /// The page's cursor and size.
    fn page(&self, problems: &mut Problems) -> (Option<Cursor>, i64) {
        let size = self.get("size").parse().ok().filter(|n| SIZES.contains(n));
        if size.is_none() && !self.get("size").is_empty() {
            problems.add("size", "A page has 25, 50 or 100 rows");
        }
        let cursor = Cursor::parse(self.get("after"));
        if cursor.is_none() && !self.get("after").is_empty() {
            problems
                .add("after", "This place in the list cannot be read: begin with the first page");
        }
        (cursor, size.unwrap_or(50))
    }
    /// The place in a list after which it is told, such as [`placed`] writes.
    ///
    /// # Errors
    /// `Invalid` if it is none.
    pub fn place<A: FromStr, B: FromStr>(&self) -> Result<Option<(A, B)>> {
        let text = self.get("after");
        let read = || {
            let (first, id) = text.split_once('.')?;
            Some((first.parse().ok()?, id.parse().ok()?))
        };
        let wrong = || Error::at("after", "This place in the list cannot be read");
        if text.is_empty() { Ok(None) } else { read().map(Some).ok_or_else(wrong) }
    }
    /// Which branches a list of them shows.
    pub fn which_branches(&self) -> BranchFilter {
        match self.get("state") {
            "all" => BranchFilter::All,
            "review" => BranchFilter::ToReview,
            _ => BranchFilter::Open,
        }
    }
    /// The commit before which a history is told.
    ///
    /// # Errors
    /// `Invalid` if it is no number.
    pub fn before(&self) -> Result<Option<i64>> {
        let text = self.get("before");
        let wrong = |_| Error::at("before", "Write the number of a change");
        Some(text).filter(|t| !t.is_empty()).map(|t| t.parse().map_err(wrong)).transpose()
    }
    /// Which commits.
    ///
    /// # Errors
    /// `Invalid` at what is none.
    pub fn log(&self, zone: &TimeZone) -> Result<LogFilter> {
        fn given<T>(text: &str, at: Result<T, Error>) -> Result<Option<T>, Error> {
            if text.is_empty() { Ok(None) } else { at.map(Some) }
        }
        let [who, what, kind, from, to] =
            ["who", "what", "kind", "from", "to"].map(|name| self.get(name));
        let day = |at: &str, text: &str| {
            parse_day(text).ok_or_else(|| Error::at(at, "Write a day as 2026-11-22"))
        };
        let since = day("from", from).map(|d| Ts::start_of(d, zone));
        let until = day("to", to).map(|d| Ts::start_of(d.tomorrow().unwrap_or(d), zone));
        Ok(LogFilter {
            before: self.before()?,
            who: given(who, who.parse().map_err(|_| Error::at("who", "Choose a member")))?,
            cause: given(what, what.parse().map_err(|_| Error::at("what", "Choose one of them")))?,
            kind: given(kind, kind.parse().map_err(|_| Error::at("kind", "Choose a kind")))?,
            named: self.get("named") == "true",
            since: given(from, since)?,
            until: given(to, until)?,
        })
    }
    /// The list columns that are shown.
    pub fn columns(&self) -> Vec<&'static str> {
        let chosen = self.all("col");
        let known = COLUMNS.iter().map(|(c, _)| *c);
        if chosen.is_empty() {
            return known.filter(|c| SHOWN.contains(c)).collect();
        }
        known.filter(|c| chosen.contains(c)).collect()
    }

    /// As a filter of orders.
    ///
    /// # Errors
    /// `Invalid` names the fields that cannot be read.
    pub fn orders(&self, ctx: &Ctx) -> Result<OrderFilter> {
        let (filter, problems) = self.readable_orders(ctx);
        problems.ok()?;
        Ok(filter)
    }

    /// As a filter of orders, as far as it can be read, and what cannot.
    pub fn readable_orders(&self, ctx: &Ctx) -> (OrderFilter, Problems) {
        let mut problems = Problems::default();
        let zone = ctx.company.zone();
        let from = self.day("from", &zone, 0, &mut problems);
        let to = self.day("to", &zone, 1, &mut problems);
        let least = self.amount("least", ctx.company.currency, &mut problems);
        let most = self.amount("most", ctx.company.currency, &mut problems);
        let customer = match self.get("customer") {
            "" => None,
            id => id.parse().map_err(|_| problems.add("customer", "Choose a customer")).ok(),
        };
        let mut states = vec![];
        for word in self.all("state") {
            match word.parse::<State>() {
                Ok(state) => states.push(state),
                Err(_) => problems.add("state", "No state is called so"),
            }
        }
        let (sort, descending) = self.sort();
        let word = self.get("sort").trim_start_matches('-');
        if !word.is_empty() && !OrderSort::WORDS.iter().any(|(w, _)| *w == word) {
            problems.add("sort", "Sort by placed, number, customer or total");
        }
        let (cursor, size) = self.page(&mut problems);
        let filter = OrderFilter {
            states,
            customer,
            placed: (from, to),
            gross: (least, most),
            country: typed(ADDRESS, "country", self.get("country"))
                .unwrap_or_else(|_| Some(self.get("country").to_owned())),
            search: words(self.get("q")).into_iter().take(12).collect(),
            sort,
            descending,
            cursor,
            size,
        };
        (filter, problems)
    }

    /// `-placed` is descending, which is what people want of dates and amounts.
    pub fn sort(&self) -> (OrderSort, bool) {
        let text = self.get("sort");
        let word = text.trim_start_matches('-');
        match OrderSort::WORDS.into_iter().find(|(w, _)| *w == word) {
            Some((_, sort)) => (sort, text.starts_with('-')),
            None => (OrderSort::Placed, true),
        }
    }

    fn day(&self, name: &str, zone: &TimeZone, later: i64, problems: &mut Problems) -> Option<Ts> {
        let text = self.get(name);
        let day = parse_day(text).and_then(|d| d.checked_add(jiff::Span::new().days(later)).ok());
        if day.is_none() && !text.is_empty() {
            problems.add(name, "Write a date such as 2026-11-22");
        }
        day.map(|d| Ts::start_of(d, zone))
    }

    fn amount(&self, name: &str, currency: Currency, problems: &mut Problems) -> Option<i64> {
        let text = self.get(name);
        let parsed = (!text.is_empty()).then(|| currency.parse(text))?;
        parsed.map_err(|e| problems.add(name, e)).ok()
    }

    /// As what a batch goes through: the whole list, from its first page on.
    ///
    /// # Errors
    /// `Invalid` names the fields that cannot be read.
    pub fn batch(&self, ctx: &Ctx, kind: Kind) -> Result<Filter> {
        Ok(match kind {
            Kind::Order => Filter::Orders(OrderFilter { cursor: None, ..self.orders(ctx)? }),
            _ => Filter::Masters(MasterFilter { cursor: None, ..self.masters()? }),
        })
    }

    /// As a filter of master records.
    ///
    /// # Errors
    /// `Invalid` if the place in the list cannot be read.
    pub fn masters(&self) -> Result<MasterFilter> {
        let mut problems = Problems::default();
        let (cursor, size) = self.page(&mut problems);
        if !matches!(self.get("active"), "" | "true" | "false") {
            problems.add("active", "Say true or false");
        }
        problems.ok()?;
        Ok(MasterFilter {
            search: words(self.get("q")).into_iter().take(12).collect(),
            only_active: self.get("active") == "true",
            cursor,
            size,
        })
    }
}
