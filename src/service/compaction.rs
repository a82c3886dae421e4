//! Compaction: a branch that was closed long ago keeps what it came to, not how its records got there.
use super::{
    context::Ctx,
    error::{Error, Result},
    subjects::each_kind,
};
use crate::store::{branches, compaction, kinds::Stored};
use uuid::Uuid;

/// Records at once: others write in between.
const STEP: i64 = 100;

/// What was told of a point that is kept no more.
const COMPACTED: &str = "This branch was compacted: what it came to is kept, and main's history, not the steps between.";

/// What a compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub branches: usize,
    /// Versions whose bodies went.
    pub versions: u64,
}

/// Empties the steps between of branches that were merged or put away at least so many days ago. It may
/// break off anywhere and be done again: a branch says so before anything of it goes.
///
/// # Errors
/// As the database.
pub async fn run(ctx: &Ctx, days: i64) -> Result<Done> {
    let until = ctx.now().plus_seconds(-days.saturating_mul(86_400));
    let due = branches::closed_since(&mut ctx.glance().await?, &ctx.scope, until).await?;
    let mut done = Done::default();
    for branch in due {
        if !announced(ctx, branch.id).await? {
            continue;
        }
        let mut versions = 0;
        each_kind!(R => versions += steps::<R>(ctx, branch.id).await?);
        done.branches += usize::from(versions > 0);
        done.versions += versions;
    }
    Ok(done)
}

/// Says that the steps of a branch go, if there are any and it is closed still.
async fn announced(ctx: &Ctx, branch: i64) -> Result<bool> {
    let (mut tx, mut last) = (ctx.read().await?, None);
    each_kind!(R => last = last.max(compaction::last::<R>(&mut tx, &ctx.scope, branch).await?));
    drop(tx);
    let Some(last) = last else { return Ok(false) };
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    let closed = compaction::announce(&mut tx, &ctx.scope, (branch, last)).await?;
    tx.commit().await?;
    Ok(closed)
}

/// The records of a kind, a few at once.
async fn steps<R: Stored>(ctx: &Ctx, branch: i64) -> Result<u64> {
    let (mut after, mut versions) = (Uuid::nil(), 0);
    loop {
        let mut tx = ctx.app.db.write(&ctx.scope).await?;
        let next = compaction::next::<R>(&mut tx, &ctx.scope, ((branch, after), STEP)).await?;
        let Some(until) = next else { return Ok(versions) };
        versions += compaction::empty::<R>(&mut tx, &ctx.scope, (branch, after, until)).await?;
        tx.commit().await?;
        after = until;
    }
}

/// That what the world was after a commit is kept.
///
/// # Errors
/// `Refused` if it is a branch that was compacted since.
pub(super) fn kept(ctx: &Ctx, seq: i64) -> Result<()> {
    match ctx.scope.world().branch() {
        Some(branch) if !branch.keeps(seq) => Err(Error::Refused(COMPACTED.into())),
        _ => Ok(()),
    }
}
