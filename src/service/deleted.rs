//! What was deleted and can be restored.
use super::{context::Ctx, error::Result, subjects::Subject};
use crate::{
    domain::policy::Act,
    store::{commits::LogFilter, deleted, masters::read},
};
use uuid::Uuid;

pub use crate::store::deleted::Gone;

/// Records on a page.
const PAGE: usize = 50;

/// Deleted records of a kind, each with its title; and where the next page begins.
pub struct Deleted {
    pub rows: Vec<(Gone, String)>,
    pub next: Option<(i64, Uuid)>,
}

/// Those of the scope's world, the last deleted first, after a place in this list.
pub async fn list<R: Subject>(
    ctx: &Ctx,
    filter: LogFilter,
    after: Option<(i64, Uuid)>,
) -> Result<Deleted> {
    ctx.may(R::READ)?;
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.glance().await?;
    let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
    let mut found = deleted::list::<R>(&mut tx, &ctx.scope, filter, (after, limit)).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).map(|g| (g.seq, g.id));
    let titled = |g: Gone| Ok((read::<R>(&g.body)?.title(), g));
    let rows = found.into_iter().map(|g| titled(g).map(|(title, g)| (g, title)));
    Ok(Deleted { rows: rows.collect::<Result<_>>()?, next })
}
