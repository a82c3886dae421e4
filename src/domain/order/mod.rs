//! Orders and credits, with their lines, as one versioned record.
mod fields;
mod line;
pub mod merge;
mod places;
mod prices;
pub mod state;

pub use fields::ORDER;
pub use line::{LINE, Line, LineType, PriceSource};
pub use places::places;
pub use state::{Command, State};

use super::{
    check::Problems,
    company::Company,
    customer::Address,
    field::{Field, Kind as RecordKind},
    history::merge::{Merged, Resolution},
    ids::{CustomerId, OrderId, UserId},
    money::Currency,
    number::{Rate, UnitPrice},
    record::Record,
    time::Ts,
    totals::{Item, PriceMode, RULES, Rules, TaxRounding, TooLarge, Totals, round, total},
};
use crate::vocabulary;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

vocabulary! {
    /// An order, or a credit: the only kind whose quantities may be negative.
    OrderKind {
        Order = "order", "Order";
        Credit = "credit", "Credit";
    }
}
vocabulary! {
    /// How the order came in.
    Channel {
        Manual = "manual", "By hand";
        Api = "api", "API";
        Import = "import", "Import";
    }
}
vocabulary! {
    /// How an order's discount is meant.
    DiscountKind {
        Percent = "percent", "Percent";
        Amount = "amount", "Amount";
    }
}

/// A discount on the whole order, split over its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discount {
    pub id: Uuid,
    pub kind: DiscountKind,
    /// Percent, or major units of the order's currency.
    pub value: UnitPrice,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// An order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    pub id: OrderId,
    pub draft_ref: String,
    /// Taken at confirmation, on main, and never given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    pub kind: OrderKind,
    pub state: State,
    pub customer: CustomerId,
    pub customer_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_po: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    pub placed_at: Ts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing: Option<Address>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Address>,
    pub currency: Currency,
    pub price_mode: PriceMode,
    pub tax_rounding: TaxRounding,
    /// The rule set its sums are made by.
    pub rules: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms_days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promised_date: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ship_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incoterm: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    pub channel: Channel,
    /// With `external_ref`: the order's identity where it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_ref: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub internal_note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Fields of the company's own, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discounts: Vec<Discount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
}

impl Order {
    /// Whether it is confirmed on its way from what it was, whatever came after that: it takes then what a
    /// confirmation takes. One that is there at once and completed, with a number, was brought in so.
    pub fn is_confirmed_since(&self, before: Option<&Self>) -> bool {
        let binds = |state| matches!(state, State::Confirmed | State::Completed);
        match before {
            Some(before) => binds(self.state) && !binds(before.state),
            None if self.number.is_some() => self.state == State::Confirmed,
            None => binds(self.state),
        }
    }
    /// Whether what another version has otherwise is notes and tags, which no state freezes.
    fn differs_in_notes_alone(&self, other: &Self) -> bool {
        let noted = Self {
            customer_note: other.customer_note.clone(),
            internal_note: other.internal_note.clone(),
            tags: other.tags.clone(),
            ..self.clone()
        };
        noted == *other
    }
    /// Whether another version adds up from the same figures.
    pub fn adds_up_as(&self, other: &Self) -> bool {
        self.lines == other.lines
            && self.discounts == other.discounts
            && self.price_mode == other.price_mode
            && self.currency == other.currency
            && self.tax_rounding == other.tax_rounding
            && self.rules == other.rules
    }
    /// An order of nobody with nothing in it, by the company's rules: what is read from elsewhere is
    /// laid over it.
    pub fn empty(company: &Company, at: Ts) -> Self {
        Self {
            id: OrderId(Uuid::nil()),
            draft_ref: String::new(),
            number: None,
            kind: OrderKind::Order,
            state: State::Draft,
            customer: CustomerId(Uuid::nil()),
            customer_name: String::new(),
            customer_po: None,
            contact: None,
            placed_at: at,
            billing: None,
            shipping: None,
            currency: company.currency,
            price_mode: company.price_mode,
            tax_rounding: company.tax_rounding,
            rules: RULES,
            terms_days: None,
            requested_date: None,
            promised_date: None,
            warehouse: None,
            ship_method: None,
            incoterm: None,
            owner: None,
            channel: Channel::Import,
            source: None,
            external_ref: None,
            customer_note: None,
            internal_note: None,
            cancel_reason: None,
            tags: BTreeSet::new(),
            custom: BTreeMap::new(),
            discounts: vec![],
            lines: vec![],
        }
    }

    /// A draft goes for good only while nobody outside can know it: before it has a number.
    pub fn can_be_deleted(&self) -> bool {
        self.state == State::Draft && self.number.is_none()
    }

    /// The order's sums by its own frozen rules.
    ///
    /// # Errors
    /// `TooLarge` if they go beyond what a document holds.
    pub fn totals(&self) -> Result<Totals, TooLarge> {
        let plain = self.less(0)?;
        if self.discounts.is_empty() {
            return Ok(plain);
        }
        self.less(self.discount_of(amounts(&plain))?)
    }

    /// The sums with so much, in minor units, taken off the whole.
    fn less(&self, given: i64) -> Result<Totals, TooLarge> {
        let rules = Rules {
            mode: self.price_mode,
            rounding: self.tax_rounding,
            exponent: self.currency.exponent(),
        };
        let items: Vec<Item> = self.lines.iter().map(Line::item).collect();
        total(&items, given, rules)
    }

    /// What the discounts of the whole order take off its lines; nothing where that has no measure.
    pub fn discount_rate(&self) -> Rate {
        if self.discounts.is_empty() {
            return Rate(0);
        }
        let amounts = self.less(0).map_or(0, |plain| amounts(&plain));
        let given = self.discount_of(amounts).unwrap_or_default();
        let rate = i128::from(given) * i128::from(Rate::ONE) / i128::from(amounts.max(1));
        Rate(if amounts > 0 { i64::try_from(rate).unwrap_or(Rate::ONE) } else { 0 })
    }

    /// What is given away is at most what the lines come to.
    fn check_discounts(&self, sums: &Totals, problems: &mut Problems) {
        let (amounts, show) = (amounts(sums), |minor| self.currency.show(minor));
        let given = self.discount_of(amounts).unwrap_or(i64::MAX);
        if let Some(last) = self.discounts.len().checked_sub(1)
            && self.kind == OrderKind::Order
            && given > amounts.max(0)
        {
            let text = format!(
                "The lines come to {}; the discounts, {}, are more",
                show(amounts),
                show(given)
            );
            problems.add(format!("discounts.{last}.value"), text);
        }
    }

    /// All discounts of the order as one amount, in minor units.
    fn discount_of(&self, amounts: i64) -> Result<i64, TooLarge> {
        let scale = 10_i128.pow(6) / 10_i128.pow(self.currency.exponent());
        let each = self.discounts.iter().map(|d| match d.kind {
            DiscountKind::Percent => {
                round(i128::from(amounts) * i128::from(d.value.0), 100 * 1_000_000)
            }
            DiscountKind::Amount => round(i128::from(d.value.0), scale),
        });
        i64::try_from(each.sum::<i128>()).map_err(|_| TooLarge)
    }

    /// The country in which the order is filed: where it goes, else where it is billed.
    pub fn country(&self) -> Option<&str> {
        let of = |a: &'_ Option<Address>| a.as_ref().and_then(|a| a.country.clone()).is_some();
        let from = if of(&self.shipping) { &self.shipping } else { &self.billing };
        from.as_ref()?.country.as_deref()
    }

    /// What may be searched: number, customer, SKUs, references, notes.
    pub fn search_text(&self) -> String {
        let mut all: BTreeSet<&str> = self.lines.iter().filter_map(|l| l.sku.as_deref()).collect();
        all.extend([self.draft_ref.as_str(), self.customer_name.as_str()]);
        let more = [&self.number, &self.customer_po, &self.external_ref, &self.customer_note];
        all.extend(more.into_iter().filter_map(|t| t.as_deref()));
        all.extend(self.internal_note.as_deref());
        all.extend(self.custom.values().map(String::as_str));
        all.into_iter().collect::<Vec<_>>().join(" ")
    }

    fn check_lines(&self, problems: &mut Problems) {
        for (i, line) in self.lines.iter().enumerate() {
            if line.kind != LineType::Text && line.sku.is_none() && line.name.is_none() {
                problems.add(format!("lines.{i}.sku"), "Name a product or write a text");
            }
            if line.kind == LineType::Text && line.unit_price.0 != 0 {
                problems.add(format!("lines.{i}.unit_price"), "A text has no price");
            }
            if line.qty.0 < 0 && self.kind == OrderKind::Order {
                problems.add(format!("lines.{i}.qty"), "Only a credit has negative quantities");
            }
        }
    }
}

impl Discount {
    /// A discount takes something off, and a percentage at most everything.
    fn is_sound(&self) -> bool {
        let most = if self.kind == DiscountKind::Percent { 100_000_000 } else { i64::MAX };
        (0..=most).contains(&self.value.0)
    }
}

impl Line {
    /// What the line brings to the sum.
    pub fn item(&self) -> Item {
        Item {
            qty: self.qty,
            price: self.unit_price,
            discount: self.discount.unwrap_or_default(),
            rate: self.tax_rate.unwrap_or_default(),
            code: self.tax_code.map(|t| t.0),
        }
    }
}

/// Σ of the lines before the order's own discounts, in minor units.
fn amounts(sums: &Totals) -> i64 {
    sums.lines.iter().map(|l| l.amount).sum()
}

impl Record for Order {
    const KIND: RecordKind = RecordKind::Order;
    const FIELDS: &'static [Field] = ORDER;

    fn id(&self) -> Uuid {
        self.id.0
    }
    fn title(&self) -> String {
        self.number.clone().unwrap_or_else(|| self.draft_ref.clone())
    }
    fn derived(&self) -> Vec<(&'static str, Value)> {
        let sums = self.totals().unwrap_or_default();
        let plain = |minor| self.currency.plain(minor);
        let lines = self.lines.iter().zip(&sums.lines);
        let lines = lines.map(|(l, s)| json!({"id": l.id, "amount": plain(s.amount)}));
        let taxes = sums.groups.iter();
        let taxes =
            taxes.map(|g| json!({"rate": g.rate, "net": plain(g.net), "tax": plain(g.tax)}));
        let totals = json!({
            "lines": lines.collect::<Vec<_>>(), "taxes": taxes.collect::<Vec<_>>(),
            "net": plain(sums.net), "tax": plain(sums.tax), "gross": plain(sums.gross),
        });
        vec![("totals", totals)]
    }
    fn guards(&self, theirs: Option<&Self>) -> bool {
        let stands = self.state != State::Draft || self.number.is_some();
        stands && !theirs.is_some_and(|t| self.differs_in_notes_alone(t))
    }
    fn reconcile(
        sides: [Option<&Value>; 3],
        merged: &mut Merged<Option<Value>>,
        resolutions: &[Resolution],
    ) {
        merge::reconcile(sides, merged, resolutions);
    }
    fn settle(&mut self) -> Result<(), Problems> {
        self.lines.sort_by_key(|l| (l.position, l.id));
        let mut problems = Problems::default();
        self.check_lines(&mut problems);
        for (i, _) in self.discounts.iter().enumerate().filter(|(_, d)| !d.is_sound()) {
            problems.add(format!("discounts.{i}.value"), "Write 0 to 100 %, or an amount from 0");
        }
        match self.totals() {
            Ok(sums) => self.check_discounts(&sums, &mut problems),
            Err(too_large) => problems.add("lines", too_large.to_string()),
        }
        problems.ok()
    }
}
