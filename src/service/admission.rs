//! Which change may be made to which order, by whom: frozen parts, rights beyond the role's writing.
use super::{
    context::Ctx,
    error::{Error, Result},
};
use crate::domain::{
    check::Problems,
    field::find,
    history::diff::diff,
    order::{Order, State},
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
        let top = change.path.split('/').next().unwrap_or_default();
        let frozen = find(Order::FIELDS, top).is_some_and(|f| state.freezes(f.lock));
        if frozen {
            problems.add(top, state.thaw());
        }
        let price = ["unit_price", "discount", "tax_rate", "tax_code", "discounts"];
        if price.iter().any(|p| change.path.ends_with(p) && change.path.contains('/'))
            || top == "discounts"
        {
            ctx.may(Act::OverridePrice)?;
        }
    }
    Ok(problems.ok()?)
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
