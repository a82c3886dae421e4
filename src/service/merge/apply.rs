//! Doing what a plan said: all of it in one transaction, or nothing.
use super::{Draft, Effect, Job, Mergeable, Plan, each_kind, plan};
use crate::{
    domain::{
        branch::{Branch, BranchState},
        customer::Customer,
        history::cause::Cause,
        order::{Order, State},
        policy::Act,
        product::Product,
        scope::World,
        tax::TaxCode,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        orders,
    },
    store::{
        branches, commits,
        kinds::Stored,
        ready::Step,
        sides,
        write::{Said, Write},
    },
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Plans that others may overtake before one is made under the lock.
const TRIES: usize = 3;

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The commit that did it, or did it when it was first asked.
    Done(i64),
    /// There was nothing to do: no commit.
    Nothing,
}

async fn branch(ctx: &Ctx, slug: &str) -> Result<Branch> {
    let mut tx = ctx.glance().await?;
    branches::by_slug(&mut tx, &ctx.scope, slug).await?.ok_or(Error::NotFound)
}

/// Merges a branch into main, as the plan `agreed` said; `keep` leaves it open on the new main.
/// Asked again for the same plan, it tells what was done the first time.
///
/// # Errors
/// `Refused` while conflicts are open, if the plan is not what it was any more, if a right is missing.
pub async fn merge(ctx: &Ctx, slug: &str, (agreed, keep): (&str, bool)) -> Result<Outcome> {
    ctx.may(Act::MergeBranch)?;
    let branch = branch(ctx, slug).await?;
    if let Some((seq, _)) = branch.merged.as_ref().filter(|(_, plan)| plan == agreed) {
        return Ok(Outcome::Done(*seq));
    }
    open(&branch)?;
    let (plan, w) = under_lock(ctx, Job::Merge(branch.clone()), agreed).await?;
    let message = format!("Merged branch {}", branch.name);
    let closed = BranchState::Merged;
    if plan.summary.records() == 0 {
        drop(w);
        let state = if keep { BranchState::Open } else { closed };
        return set_state(ctx, Branch { state, ..branch }).await.map(|()| Outcome::Nothing);
    }
    write_main(ctx, plan, w, (Cause::Merge, &message, keep)).await.map(Outcome::Done)
}

fn open(branch: &Branch) -> Result<()> {
    branch.closed().map_or(Ok(()), |why| Err(Error::Refused(why.into())))
}

/// The plan that was agreed to, and the lock under which it still holds.
async fn under_lock(ctx: &Ctx, job: Job, agreed: &str) -> Result<(Plan, Write)> {
    for _ in 0..TRIES {
        let plan = plan::plan(ctx, job.clone()).await?;
        agree(&plan, agreed)?;
        let mut w = ctx.write().await?;
        if holds(ctx, &mut w, &plan).await? {
            return Ok((plan, w));
        }
    }
    let mut w = ctx.write().await?;
    let job = match (job.branch(), &job) {
        (Some(seen), _) => {
            let now = branches::by_number(&mut w.tx, &ctx.scope, seen.id).await?;
            let now = now.filter(|b| b.head == seen.head).ok_or_else(stale)?;
            open(&now)?;
            if matches!(job, Job::Sync(_)) { Job::Sync(now) } else { Job::Merge(now) }
        }
        (None, _) => job,
    };
    let plan = plan::within(ctx, &mut w.tx, job).await?;
    agree(&plan, agreed)?;
    Ok((plan, w))
}

fn stale() -> Error {
    Error::Refused("Something changed since you looked. Look at it again, then go on.".into())
}

fn agree(plan: &Plan, agreed: &str) -> Result<()> {
    plan.check()?;
    if plan.name() == agreed { Ok(()) } else { Err(stale()) }
}

/// Whether nothing was committed since that the plan rests on: its records, and what they name.
async fn holds(ctx: &Ctx, w: &mut Write, plan: &Plan) -> Result<bool> {
    if let Some(seen) = plan.job.branch() {
        let now = branches::by_number(&mut w.tx, &ctx.scope, seen.id).await?;
        let now = now.filter(|b| b.head == seen.head).ok_or_else(stale)?;
        open(&now)?;
    }
    if w.seq() == plan.seen + 1 {
        return Ok(true);
    }
    let mut same = true;
    for ids in [
        moved::<TaxCode>(ctx, w, plan).await?,
        moved::<Customer>(ctx, w, plan).await?,
        moved::<Product>(ctx, w, plan).await?,
    ] {
        // codes, names and blocks are looked at across records
        same &= ids.is_empty();
    }
    let orders = moved::<Order>(ctx, w, plan).await?;
    Ok(same && orders.iter().all(|id| Order::find(&plan.drafts, *id).is_none()))
}

async fn moved<R: Stored>(ctx: &Ctx, w: &mut Write, plan: &Plan) -> Result<BTreeSet<Uuid>> {
    let all = sides::moved_since::<R>(&mut w.tx, &ctx.scope, plan.seen).await?;
    Ok(all.into_iter().filter(|(number, _)| *number == 0).map(|(_, id)| id).collect())
}

/// Writes what the drafts make of main, and what becomes of the branch.
async fn write_main(
    ctx: &Ctx,
    mut plan: Plan,
    mut w: Write,
    (cause, message, keep): (Cause, &str, bool),
) -> Result<i64> {
    numbers(ctx, &mut w, &mut plan).await?;
    // what is named comes before what names it, and goes after it
    each_kind!(R => put::<R>(&mut w, &plan, |e| e != Effect::Deleted).await?);
    put::<Order>(&mut w, &plan, |e| e == Effect::Deleted).await?;
    put::<Product>(&mut w, &plan, |e| e == Effect::Deleted).await?;
    put::<Customer>(&mut w, &plan, |e| e == Effect::Deleted).await?;
    put::<TaxCode>(&mut w, &plan, |e| e == Effect::Deleted).await?;
    let (seq, at) = (w.seq(), w.at());
    match &plan.job {
        Job::Revert(reverted) => w.merges(*reverted),
        Job::Merge(branch) | Job::Sync(branch) => {
            w.merges(branch.head);
            let merged = Some((seq, plan.name()));
            let after = Branch { merged, changed_at: at, ..branch.clone() };
            if keep {
                empty(&mut w, branch).await?;
                w.rebase(after, seq).await?;
            } else {
                w.change_branch(Branch { state: BranchState::Merged, ..after }).await?;
            }
        }
    }
    Ok(w.finish(Said { cause, message }).await?)
}

/// Closes what a branch has versions of.
async fn empty(w: &mut Write, branch: &Branch) -> Result<()> {
    each_kind!(R => w.let_go_all::<R>(branch.id).await?);
    Ok(())
}

/// Orders that were confirmed on the branch get their numbers on main, in the order of their entry.
async fn numbers(ctx: &Ctx, w: &mut Write, plan: &mut Plan) -> Result<()> {
    let wants = |d: &&mut Draft<Order>| {
        d.after.as_ref().is_some_and(|o| o.number.is_none() && o.state == State::Confirmed)
    };
    for draft in plan.drafts.orders.iter_mut().filter(wants) {
        if let Some(order) = &mut draft.after {
            orders::number(ctx, w, order).await?;
        }
    }
    Ok(())
}

async fn put<R: Mergeable>(
    w: &mut Write,
    plan: &Plan,
    wanted: impl Fn(Effect) -> bool,
) -> Result<()> {
    let step = |d: &Draft<R>| {
        let effect = d.effect();
        if effect == Effect::Nothing || !wanted(effect) {
            return None;
        }
        match (d.before.clone(), d.after.clone()) {
            (Some(before), Some(after)) => Some(Step::from(before, after)),
            (Some(before), None) => Some(Step::deletion(before)),
            (None, Some(after)) if d.known => Some(Step::back(after)),
            (None, Some(after)) => Some(Step::new(after)),
            (None, None) => None,
        }
    };
    let steps: Vec<Step<R>> = R::of(&plan.drafts).iter().filter_map(step).collect();
    for some in steps.chunks(1000) {
        R::put(w, some).await?;
    }
    Ok(())
}

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

/// Takes a commit of main back: its records become what they were before it, and what others changed
/// since stays. A merge that is taken back opens its branch again, with all its changes.
///
/// # Errors
/// `Refused` while conflicts are open or the plan is not what it was.
pub async fn revert(ctx: &Ctx, seq: i64, agreed: &str) -> Result<Outcome> {
    ctx.may(Act::MergeBranch)?;
    let mut tx = ctx.glance().await?;
    let commit = commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let (plan, w) = under_lock(ctx, Job::Revert(seq), agreed).await?;
    if plan.summary.records() == 0 {
        return Ok(Outcome::Nothing);
    }
    let message = format!("Took back change {seq}: {}", commit.message);
    write_main(ctx, plan, w, (Cause::Revert, &message, false)).await.map(Outcome::Done)
}

async fn set_state(ctx: &Ctx, branch: Branch) -> Result<()> {
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    branches::update(&mut tx, &ctx.scope, &branch).await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a branch away. Nothing of it is lost.
pub async fn discard(ctx: &Ctx, slug: &str) -> Result<()> {
    let branch = own(ctx, slug).await?;
    open(&branch)?;
    change(ctx, branch, (BranchState::Discarded, Cause::Discarding, "Discarded")).await
}

/// Opens a discarded branch again.
pub async fn reopen(ctx: &Ctx, slug: &str) -> Result<()> {
    let branch = own(ctx, slug).await?;
    if branch.state != BranchState::Discarded {
        return Err(Error::Refused("Only a discarded branch can be reopened.".into()));
    }
    change(ctx, branch, (BranchState::Open, Cause::Opening, "Reopened")).await
}

/// A branch that one may put away: one's own, or any for who merges.
async fn own(ctx: &Ctx, slug: &str) -> Result<Branch> {
    ctx.may(Act::OpenBranch)?;
    let branch = branch(ctx, slug).await?;
    if branch.owner.is_none() || branch.owner != ctx.scope.actor() {
        ctx.may(Act::MergeBranch)?;
    }
    Ok(branch)
}

async fn change(
    ctx: &Ctx,
    branch: Branch,
    (state, cause, word): (BranchState, Cause, &str),
) -> Result<()> {
    let scope = ctx.scope.clone().in_world(World::Branch(branch.clone()));
    let mut w = Write::begin(&ctx.app.db, &scope, ctx.now()).await?;
    let Some(now) = w.scope().world().branch().cloned() else { return Err(Error::NotFound) };
    if now.state != branch.state {
        return Err(stale());
    }
    let message = format!("{word} branch {}", branch.name);
    w.change_branch(Branch { state, ..now }).await?;
    w.finish(Said { cause, message: &message }).await?;
    Ok(())
}
