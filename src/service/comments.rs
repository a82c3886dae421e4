//! Talking about a branch: whoever sees it reads what was said, who works with branches says something.
use super::{
    branches,
    context::Ctx,
    error::{Error, Result},
};
use crate::{
    domain::{
        branch::parse_comment,
        policy::{Act, Role},
    },
    store::comments,
};
use uuid::Uuid;

pub use crate::store::comments::Comment;

/// Comments told at once.
const TOLD: i64 = 50;

/// What was said of a branch, the last at the end; and from where on there is more that is older.
pub async fn of(ctx: &Ctx, branch: i64, from: i64) -> Result<(Vec<Comment>, Option<i64>)> {
    let mut tx = ctx.read().await?;
    let mut all = comments::list(&mut tx, &ctx.scope, (branch, from.max(0), TOLD + 1)).await?;
    let more = i64::try_from(all.len()).is_ok_and(|n| n > TOLD);
    if more {
        all.pop();
    }
    all.reverse();
    Ok((all, more.then_some(from.max(0) + TOLD)))
}

/// Says something, be the branch closed or not.
///
/// # Errors
/// `Invalid` at `text`; `NotFound` if the person sees no such branch.
pub async fn say(ctx: &Ctx, slug: &str, text: &str) -> Result<Comment> {
    ctx.may(Act::OpenBranch)?;
    let branch = branches::named(ctx, slug).await?;
    let text = parse_comment(text).map_err(|e| Error::at("text", e))?;
    let (id, user, at) = (ctx.app.next_id(), ctx.scope.actor(), ctx.now());
    let comment = Comment { id, user, name: None, at, text, erased: false };
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    comments::add(&mut tx, &ctx.scope, branch.id, &comment).await?;
    tx.commit().await?;
    Ok(comment)
}

/// Whether the person may take this back: their own, and an admin everybody's.
pub fn may_take_back(ctx: &Ctx, comment: &Comment) -> bool {
    let own = comment.user.is_some() && comment.user == ctx.scope.actor();
    ctx.scope.may(Act::OpenBranch)
        && !comment.text.is_empty()
        && (own || ctx.scope.role() == Role::Admin)
}

/// Empties what was said; that somebody said something stays.
///
/// # Errors
/// `NotFound` if there is no such comment that the person may take back.
pub async fn take_back(ctx: &Ctx, slug: &str, id: &str) -> Result<()> {
    ctx.may(Act::OpenBranch)?;
    let branch = branches::named(ctx, slug).await?;
    let id: Uuid = id.parse().map_err(|_| Error::NotFound)?;
    let who = (ctx.scope.actor(), ctx.scope.role() == Role::Admin);
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    if comments::take_back(&mut tx, &ctx.scope, (branch.id, id), who).await? == 0 {
        return Err(Error::NotFound);
    }
    tx.commit().await?;
    Ok(())
}
