//! Which merges need whose eyes: a company's policy.
pub mod checks;

use super::{field::Kind, money::Currency};
use checks::Checks;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What merges into main need. The numbers are of approvals; none are needed at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewPolicy {
    pub approvals: i64,
    /// From so many changed records on a merge is large.
    pub large_records: Option<i64>,
    /// As it is if order totals of one currency go up or down by so many of its units.
    pub large_sum: Option<i64>,
    pub large_approvals: i64,
    /// If it changes records of a kind.
    pub of_kind: BTreeMap<Kind, i64>,
    /// Who worked on a branch may approve it.
    pub own_approval: bool,
    /// List prices that main changed since a branch took them have to be chosen, not just noticed.
    pub strict_prices: bool,
    pub checks: Checks,
    /// What on main only merges change.
    pub protected: BTreeSet<Kind>,
}

/// A setting: its name, and its label.
pub type Setting = (&'static str, &'static str);

/// What a company may ask of merges that change records of a kind.
pub struct OfKind {
    pub kind: Kind,
    /// So many approvals of them.
    pub approvals: Setting,
    /// That nothing else changes such records on main.
    pub protect: Setting,
}

/// The settings by kind.
pub const OF_KINDS: [OfKind; 4] = [
    OfKind {
        kind: Kind::Order,
        approvals: ("approvals_orders", "Approvals if it changes orders"),
        protect: ("protect_orders", "Only merges change orders"),
    },
    OfKind {
        kind: Kind::Customer,
        approvals: ("approvals_customers", "Approvals if it changes customers"),
        protect: ("protect_customers", "Only merges change customers"),
    },
    OfKind {
        kind: Kind::Product,
        approvals: ("approvals_products", "Approvals if it changes products"),
        protect: ("protect_products", "Only merges change products"),
    },
    OfKind {
        kind: Kind::TaxCode,
        approvals: ("approvals_tax_codes", "Approvals if it changes tax codes"),
        protect: ("protect_tax_codes", "Only merges change tax codes"),
    },
];

/// An approval ends after so many days.
pub const DAYS: i64 = 30;

/// How large a merge is.
#[derive(Clone, Debug, Default)]
pub struct Size {
    /// Records that it changes.
    pub records: usize,
    /// By how much it changes order totals, up or down, by currency in minor units.
    pub moved: BTreeMap<String, i64>,
}

impl ReviewPolicy {
    /// Approvals that a merge needs which changes records of these kinds: the most that any rule wants.
    pub fn needed(&self, kinds: &BTreeSet<Kind>, size: &Size) -> usize {
        let many = |limit: i64| i64::try_from(size.records).unwrap_or(i64::MAX) >= limit;
        let much = |limit: i64| size.moved.iter().any(|(code, sum)| units(code, *sum) >= limit);
        let large = self.large_records.is_some_and(many) || self.large_sum.is_some_and(much);
        let of_size = if large { self.large_approvals } else { 0 };
        let of_kinds = kinds.iter().filter_map(|kind| self.of_kind.get(kind)).copied();
        let needed = of_kinds.fold(self.approvals.max(of_size), i64::max);
        usize::try_from(needed).unwrap_or_default()
    }
}

/// Whole units of a currency, whichever way.
fn units(code: &str, minor: i64) -> i64 {
    let places = code.parse::<Currency>().map_or(2, Currency::exponent);
    minor.saturating_abs() / 10_i64.pow(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_merges_need_more() {
        let none = ReviewPolicy::default();
        let sized = |records, code: &str, minor| Size {
            records,
            moved: BTreeMap::from([(code.to_owned(), minor)]),
        };
        let orders = BTreeSet::from([Kind::Order]);
        assert_eq!(none.needed(&orders, &sized(1_000_000, "EUR", i64::MIN)), 0);
        let policy = ReviewPolicy {
            approvals: 1,
            large_records: Some(100),
            large_sum: Some(500),
            large_approvals: 2,
            own_approval: false,
            ..ReviewPolicy::default()
        };
        assert_eq!(policy.needed(&orders, &sized(99, "EUR", 49_999)), 1);
        assert_eq!(policy.needed(&orders, &sized(100, "EUR", 0)), 2);
        assert_eq!(policy.needed(&orders, &sized(1, "EUR", -50_000)), 2);
        // a yen has no parts
        assert_eq!(policy.needed(&orders, &sized(1, "JPY", 499)), 1);
        assert_eq!(policy.needed(&orders, &sized(1, "JPY", 500)), 2);
    }
    #[test]
    fn a_kind_can_need_more() {
        let of_kind = BTreeMap::from([(Kind::TaxCode, 3), (Kind::Product, 1)]);
        let policy = ReviewPolicy { approvals: 1, of_kind, ..ReviewPolicy::default() };
        let needed =
            |kinds: &[Kind]| policy.needed(&kinds.iter().copied().collect(), &Size::default());
        assert_eq!(needed(&[Kind::Order]), 1);
        assert_eq!(needed(&[Kind::Product]), 1);
        assert_eq!(needed(&[Kind::Order, Kind::TaxCode, Kind::Product]), 3);
    }
}
