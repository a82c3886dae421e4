//! Erasure of a customer's personal data, as a law may want it: from every version, on main, on branches
//! and in the past. The history shows where, and its proofs hold.
use super::{
    context::Ctx,
    error::{Error, Result},
    merge,
};
use crate::{
    domain::{
        customer::Customer,
        history::{cause::Cause, erasure::sentence},
        order::Order,
        policy::Act,
        scope::World,
        text::{clean, forbidden},
    },
    store::{
        erasure::{self, Taken, keep, take, take_comments, take_messages, take_reasons},
        write::Said,
    },
};
use uuid::Uuid;

/// The longest reason.
const BASIS: usize = 200;

/// What was erased.
#[derive(Clone, Copy, Debug)]
pub struct Erased {
    /// The commit that says so.
    pub seq: i64,
    pub versions: usize,
    /// Messages of commits that named the customer.
    pub messages: usize,
    /// Comments on branches that named them.
    pub comments: usize,
}

/// Takes a customer's personal values out of every version of the customer and of their orders. Sums,
/// goods and dates stay. `basis` is the law or the wish that it rests on; it is kept for ever.
///
/// # Errors
/// `Invalid` at `basis`; `NotFound` if there never was this customer; `Refused` if nothing is left to erase.
pub async fn erase(ctx: &Ctx, customer: Uuid, basis: &str) -> Result<Erased> {
    ctx.may(Act::ErasePerson)?;
    let basis = parse_basis(basis).map_err(|e| Error::at("basis", e))?;
    let main = ctx.clone().in_world(World::Main);
    let mut w = main.write().await?;
    let last = erasure::last(&mut w.tx, &main.scope, customer).await?.ok_or(Error::NotFound)?;
    let mut taken = Taken::default();
    take::<Customer>(&mut w, customer, &mut taken).await?;
    take::<Order>(&mut w, customer, &mut taken).await?;
    if taken.stubs.is_empty() {
        return Err(Error::Refused("Nothing is left of this customer to erase.".into()));
    }
    let messages = take_messages(&mut w, &taken).await?;
    let comments = take_comments(&mut w, &taken).await?;
    take_reasons(&mut w, &taken).await?;
    let number = last.number;
    keep(&mut w, customer, (&number, &basis)).await?;
    let versions = taken.stubs.len();
    let message = sentence((&number, &basis), &mut taken.stubs, &messages);
    let seq = w.finish(Said { cause: Cause::Erasure, message: &message }).await?;
    merge::forget(ctx);
    Ok(Erased { seq, versions, messages: messages.len(), comments })
}

/// Why something is erased, as typed.
fn parse_basis(text: &str) -> Result<String, &'static str> {
    let basis = clean(text, false);
    match basis.chars().count() {
        0 => Err("Say what it rests on: a law, or who wished it when"),
        n if n <= BASIS && !basis.chars().any(forbidden) => Ok(basis),
        _ => Err("Use at most 200 characters"),
    }
}

/// A customer as somebody wrote it last, on main or on a branch, deleted or not.
///
/// # Errors
/// `NotFound`.
pub async fn subject(ctx: &Ctx, id: Uuid) -> Result<Customer> {
    ctx.may(Act::ErasePerson)?;
    let mut tx = ctx.glance().await?;
    erasure::last(&mut tx, &ctx.scope, id).await?.ok_or(Error::NotFound)
}

/// The customers that have a number, or had it.
pub async fn of_number(ctx: &Ctx, number: &str) -> Result<Vec<Uuid>> {
    ctx.may(Act::ErasePerson)?;
    let mut tx = ctx.glance().await?;
    Ok(erasure::of_number(&mut tx, &ctx.scope, number).await?)
}
