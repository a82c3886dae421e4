//! Main brought into a branch, and that taken back.
use super::{Draft, Effect, Job, Mergeable, Outcome, Plan, apply::under_lock, each_kind};
use crate::{
    domain::{branch::Branch, history::cause::Cause, policy::Act, scope::World},
    service::{
        branches,
        context::{Ctx, open_still},
        error::{Error, Result},
    },
    store::{
        self, commits,
        masters::read,
        ready::Step,
        versions,
        write::{Said, Write},
    },
};
use std::collections::BTreeSet;

/// Brings a branch up to date: it shows main as it is now, and its own changes on top.
///
/// # Errors
/// `Refused` while conflicts are open or the plan is not what it was.
pub(super) async fn sync(ctx: &Ctx, slug: &str, agreed: &str) -> Result<Outcome> {
    ctx.may(Act::OpenBranch)?;
    let branch = branches::named(ctx, slug).await?;
    open_still(&branch)?;
    let inside = ctx.clone().in_world(World::Branch(branch.clone()));
    let (plan, mut w) = under_lock(ctx, &inside, (Job::Sync(branch), agreed)).await?;
    let Some(branch) = plan.job.branch() else { return Err(Error::NotFound) };
    if plan.main <= branch.base {
        return Ok(Outcome::Nothing);
    }
    each_kind!(R => overlay::<R>(&mut w, &plan).await?);
    w.merges(plan.main);
    w.rebase(branch.clone(), plan.main).await?;
    let message = format!("Brought branch {} up to date", branch.name);
    let done = w.finish(Said { cause: Cause::Sync, message: &message }).await;
    plan.drop_beside();
    Ok(Outcome::Done(done?))
}

/// Takes the branch's last commit back, if that brought it up to date: it is what it was before, its
/// base included.
///
/// # Errors
/// `Refused` if its last commit was no sync.
pub async fn undo_sync(ctx: &Ctx, slug: &str) -> Result<Outcome> {
    ctx.may(Act::OpenBranch)?;
    let branch = branches::named(ctx, slug).await?;
    let inside = ctx.clone().in_world(World::Branch(branch.clone()));
    let mut w = inside.write().await?;
    let scope = w.scope().clone();
    // others may have gone on with it meanwhile
    let Some(branch) = scope.world().branch().cloned() else { return Err(Error::NotFound) };
    let last = commits::find(&mut w.tx, &scope, branch.head).await?.ok_or(Error::NotFound)?;
    let base = store::branches::base_at(&mut w.tx, &scope, (branch.id, branch.head - 1)).await?;
    let Some(base) = base.filter(|_| last.cause == Cause::Sync.word()) else {
        let why = "The last thing that was done on this branch did not bring it up to date.";
        return Err(Error::Refused(why.into()));
    };
    each_kind!(R => put_back::<R>(&mut w, &branch).await?);
    w.rebase(branch.clone(), base).await?;
    let message = format!("Took back bringing branch {} up to date", branch.name);
    Ok(Outcome::Done(w.finish(Said { cause: Cause::Undoing, message: &message }).await?))
}

/// What stood on a branch until its last commit becomes its next version, and what began with that goes.
async fn put_back<R: Mergeable>(w: &mut Write, branch: &Branch) -> Result<()> {
    let (scope, at) = (w.scope().clone(), (branch.id, branch.head));
    let (mut steps, mut stood) = (vec![], BTreeSet::new());
    for (body, gone) in versions::of_branch_at::<R>(&mut w.tx, &scope, at).await? {
        let record: R = read(&body)?;
        stood.insert(record.id());
        steps.push(if gone { Step::deletion(record) } else { Step::back(record) });
    }
    let mut begun = versions::begun_by::<R>(&mut w.tx, &scope, at).await?;
    begun.retain(|id| !stood.contains(id));
    w.let_go::<R>(&begun).await?;
    Ok(w.put(steps).await?)
}

/// What the branch has of a kind after a sync: nothing where it is as main has it. That a record of its
/// own is deleted main cannot tell, nor that one is here still that main deleted.
async fn overlay<R: Mergeable>(w: &mut Write, plan: &Plan) -> Result<()> {
    let drafts = R::of(&plan.drafts);
    let gone_here = |d: &Draft<R>| !d.known && d.after().is_none();
    let (as_main, other): (Vec<_>, Vec<_>) =
        drafts.iter().partition(|d| d.effect() == Effect::Nothing && !gone_here(d));
    w.let_go::<R>(&as_main.iter().map(|d| d.id).collect::<Vec<_>>()).await?;
    let mut steps = vec![];
    for draft in other {
        steps.extend(if draft.joined { draft.stays_on_branch() } else { draft.on_branch()? });
    }
    Ok(w.put(steps).await?)
}
