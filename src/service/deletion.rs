//! Records that are taken out of use for good: gone from every list, with their history kept.
use super::{
    context::Ctx,
    error::{Error, Result},
    records::{put, seen},
    references, referrers,
    subjects::Subject,
};
use crate::{domain::history::cause::Cause, store::ready::Step};
use uuid::Uuid;

/// Deletes a record that may go. It can be restored under its old id. `based_on` is the version that
/// the person saw.
///
/// # Errors
/// `Refused` with what stands against it: its state, who names it, a change since.
pub async fn delete<R: Subject>(ctx: &Ctx, id: Uuid, based_on: Option<i64>) -> Result<()> {
    ctx.may(R::WRITE)?;
    let mut w = ctx.write().await?;
    let (record, decided) = seen::<R>(&mut w, id, based_on).await?;
    if let Some(why) = record.stays() {
        return Err(Error::Refused(why.into()));
    }
    decided?;
    let kind = R::KIND.label().to_lowercase();
    if let Some((other, id)) = referrers::of(ctx, &mut w.tx, (R::KIND, id)).await? {
        let title = references::title(ctx, &mut w.tx, (other, id)).await?.unwrap_or_default();
        let other = other.label().to_lowercase();
        let why = format!("The {other} {title} names this {kind}. Edit it and put it out of use.");
        return Err(Error::Refused(why));
    }
    let message = format!("Deleted {kind} {}", record.title());
    put(ctx, w, Step::deletion(record), (Cause::Deletion, &message)).await?;
    Ok(())
}
