//! Checks: what a company wants of every merge, whoever approves it.
use crate::domain::{
    customer::Customer, number::Rate, order::Order, product::Product, record::Record, tax::TaxCode,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which checks a company wants, with their limits in whole percent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    pub price_drop: Option<i64>,
    pub discount: Option<i64>,
    pub deletions: bool,
    /// A merge waits until all of them pass; else who merges is told.
    pub binding: bool,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    PriceDrop(i64),
    Discount(i64),
    Deletions,
}

/// A record that checks look into.
pub trait Checked: Record {
    /// What a unit of each thing in it costs at least, discounts taken off, by thing and currency; in
    /// any unit that two versions of the record share.
    fn prices(&self) -> BTreeMap<(Uuid, &'static str), i128> {
        BTreeMap::new()
    }
    fn discounts(&self) -> BTreeMap<Uuid, Rate> {
        BTreeMap::new()
    }
}

impl Checked for TaxCode {}
impl Checked for Customer {}
impl Checked for Product {
    fn prices(&self) -> BTreeMap<(Uuid, &'static str), i128> {
        self.unit_price.map(|price| ((self.id.0, ""), price.0.into())).into_iter().collect()
    }
}
impl Checked for Order {
    fn prices(&self) -> BTreeMap<(Uuid, &'static str), i128> {
        let (whole, mut out) = (self.discount_rate(), BTreeMap::new());
        for l in &self.lines {
            let kept = |r: Rate| i128::from(Rate::ONE - r.0);
            let price = i128::from(l.unit_price.0);
            let price = price * kept(l.discount.unwrap_or_default()) * kept(whole);
            // a line that is made anew is told by its product
            for thing in [Some(l.id.0), l.product.map(|p| p.0)].into_iter().flatten() {
                let least = out.entry((thing, self.currency.code())).or_insert(price);
                *least = price.min(*least);
            }
        }
        out
    }
    fn discounts(&self) -> BTreeMap<Uuid, Rate> {
        let lines = self.lines.iter().filter_map(|l| Some((l.id.0, l.discount?)));
        lines.chain([(self.id.0, self.discount_rate())]).collect()
    }
}

impl Checks {
    /// Those that are wanted.
    pub fn wanted(&self) -> Vec<Check> {
        let drop = self.price_drop.map(Check::PriceDrop);
        let discount = self.discount.map(Check::Discount);
        let deletions = self.deletions.then_some(Check::Deletions);
        [drop, discount, deletions].into_iter().flatten().collect()
    }
}

impl Check {
    /// Its name, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::PriceDrop(_) => "price_drop",
            Self::Discount(_) => "discount",
            Self::Deletions => "deletions",
        }
    }
    /// What it wants.
    pub fn label(self) -> String {
        match self {
            Self::PriceDrop(n) => format!("No price goes down by more than {n} %"),
            Self::Discount(n) => format!("No new discount above {n} %"),
            Self::Deletions => "Nothing is deleted".into(),
        }
    }
    /// Whether it does not hold where a record becomes another, or none. What was so before is not
    /// the change's fault.
    pub fn fails<R: Checked>(self, before: Option<&R>, after: Option<&R>) -> bool {
        let prices = |r: Option<&R>| r.map(R::prices).unwrap_or_default();
        let discounts = |r: Option<&R>| r.map(R::discounts).unwrap_or_default();
        match self {
            Self::PriceDrop(limit) => {
                let was = prices(before);
                prices(after).iter().any(|(thing, now)| {
                    let lower = |was: &i128| (was - now) * 100 > was.abs() * i128::from(limit);
                    was.get(thing).is_some_and(|was| was > now && lower(was))
                })
            }
            Self::Discount(limit) => {
                let was = discounts(before);
                let above = |rate: &Rate| rate.0 * 100 > limit * Rate::ONE;
                let grown = |of: &Uuid, rate: &Rate| was.get(of).is_none_or(|was| was < rate);
                discounts(after).iter().any(|(of, rate)| above(rate) && grown(of, rate))
            }
            Self::Deletions => before.is_some() && after.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::ProductId, number::UnitPrice};

    fn costs(price: Option<i64>) -> Product {
        let json = serde_json::json!({"id": ProductId(Uuid::nil()), "sku": "A", "name": "A"});
        let product: Product = serde_json::from_value(json).unwrap();
        Product { unit_price: price.map(UnitPrice), ..product }
    }

    #[test]
    fn a_price_may_go_down_to_the_limit() {
        let fails =
            |was, now| Check::PriceDrop(20).fails(Some(&costs(Some(was))), Some(&costs(Some(now))));
        assert!(!fails(1000, 800));
        assert!(fails(1000, 799));
        assert!(!fails(1000, 5000));
        assert!(!fails(0, 0));
        assert!(!fails(-10, -10) && !fails(-10, -9), "below nothing, as it was");
        assert!(fails(-10, -13));
        let none = |was: Option<&Product>, now| Check::PriceDrop(0).fails(was, Some(&costs(now)));
        assert!(!none(None, Some(1)), "a new one had no price");
        assert!(!none(Some(&costs(Some(5))), None), "one that is not known is not low");
    }

    #[test]
    fn a_company_that_wants_nothing_checks_nothing() {
        assert_eq!(Checks::default().wanted(), []);
        let all =
            Checks { price_drop: Some(0), discount: Some(5), deletions: true, binding: false };
        assert_eq!(all.wanted().len(), 3);
    }
}
