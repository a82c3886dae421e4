//! Main brought into a branch, and that taken back.
use super::{
    Job, Mergeable, Outcome, Plan,
    apply::{agree, branch, open, stale},
    each_kind, plan,
};
use crate::{
    domain::{branch::Branch, history::cause::Cause, policy::Act, scope::World},
    service::{
        context::Ctx,
        error::{Error, Result},
    },
    store::{
        branches, commits,
        masters::read,
        ready::Step,
        versions,
        write::{Said, Write},
    },
};

/// Brings a branch up to date: it shows main as it is now, and its own changes on top.
///
/// # Errors
/// `Refused` while conflicts are open or the plan is not what it was.
pub async fn sync(ctx: &Ctx, slug: &str, agreed: &str) -> Result<Outcome> {
    ctx.may(Act::OpenBranch)?;
    let branch = branch(ctx, slug).await?;
    open(&branch)?;
    let inside = ctx.clone().in_world(World::Branch(branch.clone()));
    let plan = plan::plan(ctx, Job::Sync(branch.clone())).await?;
    if plan.main <= branch.base {
        return Ok(Outcome::Nothing);
    }
    agree_to_sync(&plan, agreed)?;
    let mut w = inside.write().await?;
    let (seen, main) = commits::heads(&mut w.tx, &ctx.scope).await?;
    if seen != plan.seen + 1 || main != plan.main {
        return Err(stale());
    }
    each_kind!(R => overlay::<R>(&mut w, &plan).await?);
    w.merges(plan.main);
    w.rebase(branch.clone(), plan.main).await?;
    let message = format!("Brought branch {} up to date", branch.name);
    Ok(Outcome::Done(w.finish(Said { cause: Cause::Sync, message: &message }).await?))
}

/// A sync needs no right to what others changed on main.
fn agree_to_sync(plan: &Plan, agreed: &str) -> Result<()> {
    let plan = Plan { denied: vec![], ..plan.clone() };
    agree(&plan, agreed)
}

/// Takes the branch's last commit back, if that brought it up to date: it is what it was before, its
/// base included.
///
/// # Errors
/// `Refused` if its last commit was no sync.
pub async fn undo_sync(ctx: &Ctx, slug: &str) -> Result<Outcome> {
    ctx.may(Act::OpenBranch)?;
    let branch = branch(ctx, slug).await?;
    let inside = ctx.clone().in_world(World::Branch(branch.clone()));
    let mut w = inside.write().await?;
    let scope = w.scope().clone();
    let last = commits::find(&mut w.tx, &scope, branch.head).await?.ok_or(Error::NotFound)?;
    let base = branches::base_at(&mut w.tx, &scope, (branch.id, branch.head - 1)).await?;
    let Some(base) = base.filter(|_| last.cause == Cause::Sync.word()) else {
        let why = "The last thing that was done on this branch did not bring it up to date.";
        return Err(Error::Refused(why.into()));
    };
    each_kind!(R => put_back::<R>(&mut w, &branch).await?);
    w.rebase(branch.clone(), base).await?;
    let message = format!("Took back bringing branch {} up to date", branch.name);
    Ok(Outcome::Done(w.finish(Said { cause: Cause::Undoing, message: &message }).await?))
}

/// What stood on a branch until its last commit becomes its next version.
async fn put_back<R: Mergeable>(w: &mut Write, branch: &Branch) -> Result<()> {
    let (scope, at) = (w.scope().clone(), (branch.id, branch.head));
    let mut steps = vec![];
    for (body, gone) in versions::of_branch_at::<R>(&mut w.tx, &scope, at).await? {
        let record: R = read(&body)?;
        steps.push(if gone { Step::deletion(record) } else { Step::back(record) });
    }
    for some in steps.chunks(1000) {
        R::put(w, some).await?;
    }
    Ok(())
}

/// What the branch has of a kind after a sync: nothing where it is as main has it.
async fn overlay<R: Mergeable>(w: &mut Write, plan: &Plan) -> Result<()> {
    let body = |r: &Option<R>| r.as_ref().map(R::body);
    let mut gone = vec![];
    let mut steps = vec![];
    for d in R::of(&plan.drafts) {
        let (after, theirs) = (body(&d.after), d.theirs.as_ref().map(|v| v.body.clone()));
        if after == body(&d.before) {
            gone.push(d.id);
        } else if after != theirs {
            let read = |body: &String| serde_json::from_str::<R>(body).ok();
            steps.extend(match (theirs.as_ref().and_then(read), d.after.clone()) {
                (Some(before), Some(after)) => Some(Step::from(before, after)),
                (Some(before), None) => Some(Step::deletion(before)),
                (None, after) => after.map(Step::back),
            });
        }
    }
    w.let_go::<R>(&gone).await?;
    for some in steps.chunks(1000) {
        R::put(w, some).await?;
    }
    Ok(())
}
