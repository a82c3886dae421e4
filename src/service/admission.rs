//! Which change may be made to which order, by whom: frozen parts, rights beyond the role's writing.
use super::{
    context::Ctx,
    error::{Error, Result},
};
use crate::domain::{
    check::Problems,
    history::diff::diff,
    order::{Line, Order, PriceSource, State, merge::lock},
    policy::Act,
    record::Record,
};

/// Checks an edit (not a command) of an order against its state.
///
/// # Errors
/// `Invalid` at each frozen field that was changed; `Forbidden` if the change needs another right.
pub fn order_edit(ctx: &Ctx, before: &Order, after: &Order) -> Result<()> {
    let state = before.state;
    if state == State::Draft {
        return Ok(());
    }
    ctx.may(Act::AmendOrder)?;
    let mut problems = Problems::default();
    for change in diff(Order::FIELDS, &before.value(), &after.value()) {
        let names: Vec<&str> = change.path.split('/').collect();
        let (top, inner) = (names[0], names.get(2));
        if lock(&change).is_some_and(|l| state.freezes(l)) {
            problems.add(top, state.thaw());
        }
        let priced = inner.is_some_and(|f| PRICES.contains(f)) || top == "discounts";
        let new = names.get(1).filter(|_| inner.is_none()).and_then(|id| line(after, id));
        if priced || new.is_some_and(by_hand) {
            ctx.may(Act::OverridePrice)?;
        }
    }
    Ok(problems.ok()?)
}

/// The fields of a line by which its amount is bargained.
const PRICES: [&str; 4] = ["unit_price", "discount", "tax_rate", "tax_code"];

fn line<'a>(order: &'a Order, id: &str) -> Option<&'a Line> {
    order.lines.iter().find(|l| l.id.to_string() == id)
}

/// A line that does not cost what the product does.
fn by_hand(line: &Line) -> bool {
    line.price_source != PriceSource::List || line.discount.is_some_and(|d| d.0 != 0)
}

/// Whether an order can be confirmed, beside its state.
///
/// # Errors
/// `Refused` with what is missing.
pub fn confirmable(order: &Order, blocked: bool) -> Result<()> {
    let priced = order.lines.iter().any(|l| l.qty.0 != 0);
    if !priced {
        return Err(Error::Refused("Add a line with a quantity before confirming.".into()));
    }
    if blocked {
        return Err(Error::Refused("This customer is blocked. Unblock the customer first.".into()));
    }
    Ok(())
}
