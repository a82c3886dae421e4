//! Doing what a plan said: all of it in one transaction, or nothing.
use super::{Draft, Effect, Job, Mergeable, Plan, each_kind, plan};
use crate::{
    domain::{
        branch::{Branch, BranchState},
        customer::Customer,
        history::{cause::Cause, merge::merge_record},
        order::{Order, State},
        policy::Act,
        product::Product,
        record::of_value,
        scope::World,
        tax::TaxCode,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        orders,
        records::parsed,
    },
    store::{
        branches, commits,
        kinds::Stored,
        ready::Step,
        sides,
        versions::Version,
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

pub(super) async fn branch(ctx: &Ctx, slug: &str) -> Result<Branch> {
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

pub(super) fn open(branch: &Branch) -> Result<()> {
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

pub(super) fn stale() -> Error {
    Error::Refused("Something changed since you looked. Look at it again, then go on.".into())
}

pub(super) fn agree(plan: &Plan, agreed: &str) -> Result<()> {
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
    open_again(ctx, w, &plan, Said { cause, message }).await
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

/// The branch that the reverted commit had merged is open again, on main as it is after the revert and
/// with all its changes on top, so that it can be corrected and merged once more.
async fn open_again(ctx: &Ctx, w: Write, plan: &Plan, said: Said<'_>) -> Result<i64> {
    let Job::Revert(reverted) = plan.job else { return Ok(w.finish(said).await?) };
    let mut w = w;
    let Some(branch) = branches::merged_by(&mut w.tx, &ctx.scope, reverted).await? else {
        return Ok(w.finish(said).await?);
    };
    let message = format!("Reopened branch {}", branch.name);
    let scope = ctx.scope.clone().in_world(World::Branch(branch.clone()));
    let (done, mut w) = w.another(said, &scope).await?;
    each_kind!(R => again::<R>(&mut w, (plan, &branch)).await?);
    let open = Branch { state: BranchState::Open, merged: None, ..branch };
    w.rebase(open, done).await?;
    w.finish(Said { cause: Cause::Opening, message: &message }).await?;
    Ok(done)
}

/// What a branch changes of main after its merge was taken back: what the merge had made of it, but
/// where main went on since.
async fn again<R: Mergeable>(w: &mut Write, (plan, branch): (&Plan, &Branch)) -> Result<()> {
    w.let_go_all::<R>(branch.id).await?;
    let mut steps: Vec<Step<R>> = vec![];
    for d in R::of(&plan.drafts) {
        let value = |v: &Option<Version>| v.as_ref().map(|v| parsed(&v.body)).transpose();
        let (before, main, merged) = (value(&d.theirs)?, d.after.as_ref(), value(&d.base)?);
        let main_value = main.map(R::value);
        let sides = [before.as_ref(), main_value.as_ref(), merged.as_ref()];
        let anew = merge_record(R::FIELDS, sides, &[]).value.map(of_value::<R>).transpose()?;
        steps.extend(match (main.cloned(), anew) {
            (Some(main), Some(anew)) if main.body() == anew.body() => None,
            (_, Some(anew)) => Some(Step::new(anew)),
            (Some(main), None) => Some(Step::deletion(main)),
            (None, None) => None,
        });
    }
    for some in steps.chunks(1000) {
        R::put(w, some).await?;
    }
    Ok(())
}

async fn set_state(ctx: &Ctx, branch: Branch) -> Result<()> {
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    branches::update(&mut tx, &ctx.scope, &branch).await?;
    tx.commit().await?;
    Ok(())
}
