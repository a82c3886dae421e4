//! What an order adds up to: exact integers, each line rounded once, half away from zero.
//!
//! The invariant that everything rests on: Σ line net = net, Σ line tax = tax, net + tax = gross,
//! and so for each tax group.
use super::{
    money::MAX_MINOR,
    number::{Qty, Rate, UnitPrice},
};
use crate::vocabulary;

/// The rule set below; stored with what it computed, so that old orders are checked by their own rules.
pub const RULES: i64 = 1;

vocabulary! {
    /// Whether prices are without or with tax.
    PriceMode {
        Net = "net", "Prices without tax";
        Gross = "gross", "Prices with tax";
    }
}
vocabulary! {
    /// Where the tax is rounded.
    TaxRounding {
        Document = "document", "Once for each tax rate";
        Line = "line", "On every line";
    }
}

/// How a document rounds; frozen on it, so that a changed setting never changes an old order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub mode: PriceMode,
    pub rounding: TaxRounding,
    /// Decimals of the currency.
    pub exponent: u32,
}

/// What a line brings to the sum.
#[derive(Clone, Debug)]
pub struct Item {
    pub qty: Qty,
    pub price: UnitPrice,
    pub discount: Rate,
    pub rate: Rate,
    /// Lines of one code and rate are taxed as one group.
    pub code: Option<uuid::Uuid>,
}

/// A line's share of the document, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineSum {
    /// Quantity × price, without any discount.
    pub list: i64,
    /// After the line's own discount.
    pub amount: i64,
    /// This line's part of the order's discount.
    pub share: i64,
    pub net: i64,
    pub tax: i64,
}

/// Net and tax of the lines of one tax code and rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxGroup {
    pub code: Option<uuid::Uuid>,
    pub rate: Rate,
    pub net: i64,
    pub tax: i64,
}

/// The sums of a document, in minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub lines: Vec<LineSum>,
    pub groups: Vec<TaxGroup>,
    pub net: i64,
    pub tax: i64,
    pub gross: i64,
}

/// A sum beyond what a document may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The amount is too large for one document")]
pub struct TooLarge;

/// `n / d` rounded to the nearest integer, half away from zero; `d` is positive.
pub fn round(n: i128, d: i128) -> i128 {
    let half = (n.abs() * 2 + d) / (d * 2);
    if n < 0 { -half } else { half }
}

fn minor(n: i128) -> Result<i64, TooLarge> {
    i64::try_from(n).ok().filter(|m| m.abs() <= MAX_MINOR).ok_or(TooLarge)
}

/// Splits `total` by `weights` so that the parts add up: each gets its whole share, the units left
/// over go to the largest remainders, ties to the earlier line.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let mut weights: Vec<i128> = weights.iter().map(|w| i128::from(*w)).collect();
    let mut sum: i128 = weights.iter().sum();
    if sum == 0 {
        weights.fill(1);
        sum = weights.len() as i128;
    }
    if sum < 0 {
        for w in &mut weights {
            *w = -*w;
        }
        sum = -sum;
    }
    let (sign, size) = (i128::from(total.signum()), i128::from(total).abs());
    let mut parts: Vec<i128> = weights.iter().map(|w| (size * w).div_euclid(sum)).collect();
    let rest = size - parts.iter().sum::<i128>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&i| (-(size * weights[i]).rem_euclid(sum), i));
    order.iter().zip(0..rest).for_each(|(&i, _)| parts[i] += 1);
    parts.iter().map(|p| i64::try_from(sign * p).unwrap_or(0)).collect()
}

/// Σ of a document: `discount` is the order's own, in minor units, split over the lines.
///
/// # Errors
/// `TooLarge` if a line or the whole goes beyond [`MAX_MINOR`].
pub fn total(items: &[Item], discount: i64, rules: Rules) -> Result<Totals, TooLarge> {
    let mut lines = items.iter().map(|i| amounts(i, rules)).collect::<Result<Vec<_>, _>>()?;
    let amounts: Vec<i64> = lines.iter().map(|l| l.amount).collect();
    for (line, share) in lines.iter_mut().zip(split(discount, &amounts)) {
        line.share = share;
    }
    let mut out = Totals::default();
    for members in groups(items) {
        out.groups.push(tax_group(items, &mut lines, &members, rules)?);
    }
    out.net = minor(lines.iter().map(|l| i128::from(l.net)).sum())?;
    out.tax = minor(lines.iter().map(|l| i128::from(l.tax)).sum())?;
    out.gross = minor(i128::from(out.net) + i128::from(out.tax))?;
    out.lines = lines;
    Ok(out)
}

fn amounts(item: &Item, rules: Rules) -> Result<LineSum, TooLarge> {
    let unit = 10_i128.pow(4 + 6) / 10_i128.pow(rules.exponent);
    let exact = i128::from(item.qty.0) * i128::from(item.price.0);
    let kept = i128::from(Rate::ONE - item.discount.0);
    let list = minor(round(exact, unit))?;
    let amount = minor(round(exact * kept, unit * i128::from(Rate::ONE)))?;
    Ok(LineSum { list, amount, ..LineSum::default() })
}

/// The lines of each (code, rate), in the order of the rates.
fn groups(items: &[Item]) -> Vec<Vec<usize>> {
    let mut by = std::collections::BTreeMap::<_, Vec<usize>>::new();
    for (i, item) in items.iter().enumerate() {
        by.entry((item.rate, item.code)).or_default().push(i);
    }
    by.into_values().collect()
}

fn tax_group(
    items: &[Item],
    lines: &mut [LineSum],
    members: &[usize],
    rules: Rules,
) -> Result<TaxGroup, TooLarge> {
    let (rate, code) = (items[members[0]].rate, items[members[0]].code);
    let share = i128::from(rate.0);
    let whole = i128::from(Rate::ONE) + if rules.mode == PriceMode::Gross { share } else { 0 };
    let taxed = |l: &LineSum| i128::from(l.amount) - i128::from(l.share);
    // a line's exact tax is `taxed × share / whole`; `off` is what rounding took from it, × whole
    let mut off = Vec::with_capacity(members.len());
    for &i in members {
        let exact = taxed(&lines[i]) * share;
        let rounded = round(exact, whole);
        lines[i].tax = minor(rounded)?;
        off.push((exact - rounded * whole, i));
    }
    if rules.rounding == TaxRounding::Document {
        let all: i128 = members.iter().map(|&i| taxed(&lines[i])).sum();
        let given: i128 = members.iter().map(|&i| i128::from(lines[i].tax)).sum();
        level(lines, off, round(all * share, whole) - given);
    }
    let mut group = TaxGroup { code, rate, net: 0, tax: 0 };
    for &i in members {
        let tax = i128::from(lines[i].tax);
        let kept = if rules.mode == PriceMode::Gross { tax } else { 0 };
        lines[i].net = minor(taxed(&lines[i]) - kept)?;
        group.net = minor(i128::from(group.net) + i128::from(lines[i].net))?;
        group.tax = minor(i128::from(group.tax) + tax)?;
    }
    Ok(group)
}

/// Moves single minor units to the lines with the largest rounding error until the group adds up.
fn level(lines: &mut [LineSum], mut off: Vec<(i128, usize)>, missing: i128) {
    let step = missing.signum();
    off.sort_by_key(|&(error, i)| (-step * error, i));
    let units = usize::try_from(missing.abs()).unwrap_or(0);
    for (_, i) in off.into_iter().take(units) {
        lines[i].tax += i64::try_from(step).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(mode: PriceMode, rounding: TaxRounding) -> Rules {
        Rules { mode, rounding, exponent: 2 }
    }
    fn item(qty: &str, price: &str, discount: &str, rate: &str) -> Item {
        Item {
            qty: qty.parse().unwrap(),
            price: price.parse().unwrap(),
            discount: discount.parse().unwrap(),
            rate: rate.parse().unwrap(),
            code: None,
        }
    }

    #[test]
    fn ten_times_one_is_one_times_ten() {
        let document = rules(PriceMode::Net, TaxRounding::Document);
        let ten: Vec<_> = (0..10).map(|_| item("1", "3.60", "0", "5.5")).collect();
        let one = [item("10", "3.60", "0", "5.5")];
        assert_eq!(total(&ten, 0, document).unwrap().gross, 3798);
        assert_eq!(total(&one, 0, document).unwrap().gross, 3798);
    }

    #[test]
    fn a_full_discount_leaves_nothing() {
        let two = [item("1", "11.5", "0", "15"), item("1", "11.5", "0", "15")];
        let sum = total(&two, 2300, rules(PriceMode::Net, TaxRounding::Document)).unwrap();
        assert_eq!((sum.net, sum.tax, sum.gross), (0, 0, 0));
    }

    #[test]
    fn too_much_is_refused_not_wrapped() {
        let huge = item("100000000", "1000000000", "0", "0");
        let net = rules(PriceMode::Net, TaxRounding::Document);
        assert_eq!(total(&[huge], 0, net), Err(TooLarge));
    }

    proptest! {
        #[test]
        fn everything_adds_up(
            raw in prop::collection::vec(
                (-500_000_i64..500_000, 0_i64..1_000_000_000, 0_i64..=1_000_000, 0_usize..4), 1..9),
            discount in -100_000_i64..100_000, gross: bool, per_line: bool,
        ) {
            let rates = [0, 70_000, 190_000, 55_000];
            let items: Vec<Item> = raw.iter().map(|&(q, p, d, r)| Item {
                qty: Qty(q), price: UnitPrice(p), discount: Rate(d), rate: Rate(rates[r]), code: None,
            }).collect();
            let mode = if gross { PriceMode::Gross } else { PriceMode::Net };
            let rounding = if per_line { TaxRounding::Line } else { TaxRounding::Document };
            let sum = total(&items, discount, rules(mode, rounding)).unwrap();
            prop_assert_eq!(sum.net, sum.lines.iter().map(|l| l.net).sum::<i64>());
            prop_assert_eq!(sum.tax, sum.lines.iter().map(|l| l.tax).sum::<i64>());
            prop_assert_eq!(sum.gross, sum.net + sum.tax);
            prop_assert_eq!(sum.net, sum.groups.iter().map(|g| g.net).sum::<i64>());
            prop_assert_eq!(discount, sum.lines.iter().map(|l| l.share).sum::<i64>());
        }
    }
}
