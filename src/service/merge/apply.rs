//! Doing what a plan said: all of it in one transaction, or nothing.
use super::{
    Draft, Effect, Job, Mergeable, Only, Outline, Plan, aftermath, each_kind, looks, only, plan,
    review, rules, stale,
};
use crate::{
    domain::{
        branch::{Branch, BranchState, Visibility},
        customer::Customer,
        history::cause::Cause,
        order::Order,
        policy::Act,
        product::Product,
        tax::TaxCode,
    },
    service::{
        branches,
        context::{Ctx, open_still},
        error::{Error, Result},
        orders,
    },
    store::{
        self, commits,
        db::Tx,
        erasure, sides,
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

/// What a merge is asked for.
pub(super) struct Asked<'a> {
    /// The plan that was looked at.
    pub plan: &'a str,
    pub only: Only,
    /// The branch stays open, on main as it is then.
    pub keep: bool,
}

/// Merges a branch, or some of its records, into main, as the plan that was looked at said. Asked again
/// for the same plan, it tells what was done the first time.
///
/// # Errors
/// `Refused` while conflicts are open, if the plan is not what it was any more, if a right is missing.
pub(super) async fn merge(ctx: &Ctx, slug: &str, asked: Asked<'_>) -> Result<Outcome> {
    let Asked { plan: agreed, only, keep } = asked;
    ctx.may(Act::MergeBranch)?;
    let branch = branches::named(ctx, slug).await?;
    match &branch.merged {
        Some((seq, plan)) if plan == agreed => return Ok(Outcome::Done(*seq)),
        None if branch.state == BranchState::Merged => return Ok(Outcome::Nothing),
        _ => open_still(&branch)?,
    }
    let job = Job::Merge(branch, only.clone());
    let (mut plan, mut w) = match under_lock(ctx, ctx, (job, agreed)).await {
        Ok(held) => held,
        Err(e) => return done_meanwhile(ctx, slug, agreed).await?.ok_or(e),
    };
    let Some(branch) = plan.job.branch().cloned() else { return Err(Error::NotFound) };
    if plan.summary.records() == 0 {
        drop(w);
        let open = keep || !only.is_all();
        return if open { Ok(Outcome::Nothing) } else { close_empty(ctx, &branch).await };
    }
    if ctx.policy_now(&mut w.tx).await? != ctx.company.review {
        return Err(stale());
    }
    review::enough(ctx, &mut w.tx, &plan).await?;
    rules::passed(ctx, &plan)?;
    let what = if only.is_all() { "" } else { "a part of " };
    let message = format!("Merged {what}{}", told(&branch));
    let w = write_main(ctx, &mut plan, w).await?;
    let said = Said { cause: Cause::Merge, message: &message };
    let done = aftermath::merged(ctx, w, &plan, (said, keep)).await;
    plan.drop_beside();
    done.map(Outcome::Done)
}

/// What everybody is told of a branch that main took in.
fn told(branch: &Branch) -> String {
    match branch.visibility {
        Visibility::Company => format!("branch {}", branch.name),
        Visibility::Private => "a private branch".to_owned(),
    }
}

/// What the same plan came to while this one waited.
async fn done_meanwhile(ctx: &Ctx, slug: &str, agreed: &str) -> Result<Option<Outcome>> {
    let merged = branches::named(ctx, slug).await?.merged;
    Ok(merged.filter(|m| m.1 == agreed).map(|m| Outcome::Done(m.0)))
}

/// A branch that has nothing to merge is merged without a commit.
async fn close_empty(ctx: &Ctx, branch: &Branch) -> Result<Outcome> {
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    if !store::branches::close_unmoved(&mut tx, &ctx.scope, (branch, ctx.now())).await? {
        return Err(stale());
    }
    tx.commit().await?;
    Ok(Outcome::Nothing)
}

/// The plan that was agreed to, and the lock of the world of `writer` under which it still holds.
pub(super) async fn under_lock(
    ctx: &Ctx,
    writer: &Ctx,
    (mut job, agreed): (Job, &str),
) -> Result<(Plan, Write)> {
    for _ in 0..TRIES {
        let mut plan = looks::agreed(ctx, &job, agreed).await?;
        agree(&plan, agreed)?;
        let mut w = writer.write().await?;
        job = still(ctx, &mut w, job).await?;
        if holds(ctx, &mut w, &plan).await? {
            plan.job = job;
            return Ok((plan, w));
        }
    }
    let mut w = writer.write().await?;
    let job = still(ctx, &mut w, job).await?;
    let plan = plan::within(ctx, &mut w.tx, job).await?;
    agree(&plan, agreed)?;
    Ok((plan, w))
}

fn agree(plan: &Plan, agreed: &str) -> Result<()> {
    plan.permitted()?;
    plan.decided()?;
    plan.is(agreed)
}

/// The job with its branch as it is under the lock, if that is open and has no further commit.
async fn still(ctx: &Ctx, w: &mut Write, job: Job) -> Result<Job> {
    let Some(seen) = job.branch() else { return Ok(job) };
    let now = store::branches::by_number(&mut w.tx, &ctx.scope, seen.id).await?;
    let now = now.filter(|b| b.head == seen.head).ok_or_else(stale)?;
    open_still(&now)?;
    // what is on it is a part of what will be
    if store::batches::is_at_work_on(&mut w.tx, &ctx.scope, now.id).await? {
        let why = "A batch is at work on this branch. Wait until it has ended.";
        return Err(Error::Refused(why.into()));
    }
    Ok(job.with(now))
}

/// Whether nothing was committed since that the plan rests on: its records, and what they name. What a
/// sync brings is main as it was then, whatever came after.
async fn holds(ctx: &Ctx, w: &mut Write, plan: &Plan) -> Result<bool> {
    if w.seq() == plan.seen + 1 {
        return Ok(true);
    }
    if erasure::since(&mut w.tx, &ctx.scope, plan.seen).await? {
        return Ok(false);
    }
    if matches!(plan.job, Job::Sync(_)) {
        return Ok(true);
    }
    let mut on_orders = false;
    each_kind!(R => on_orders |= R::of(&plan.drafts).iter().any(Draft::rests_on_orders));
    let has = |id| Order::find(&plan.drafts, id).is_some();
    unmoved(ctx, &mut w.tx, (&plan.job, plan.seen, on_orders), has).await
}

/// The same of what is looked at.
pub(super) async fn rests(ctx: &Ctx, tx: &mut Tx, outline: &Outline) -> Result<bool> {
    let (seen, _) = commits::heads(tx, &ctx.scope).await?;
    if seen == outline.seen {
        return Ok(true);
    }
    let seen = (&outline.job, outline.seen, outline.on_orders);
    unmoved(ctx, tx, seen, |id| outline.has_order(id)).await
}

async fn unmoved(
    ctx: &Ctx,
    tx: &mut Tx,
    (job, since, on_orders): (&Job, i64, bool),
    has: impl Fn(Uuid) -> bool,
) -> Result<bool> {
    if only::shows_some(ctx, tx, job).await?.is_some_and(|b| b.head > since) {
        return Ok(false);
    }
    let (scope, mut same) = (&ctx.scope, true);
    // codes, names and blocks are looked at across records
    same &= sides::moved_since::<TaxCode>(tx, scope, since).await?.is_empty();
    same &= sides::moved_since::<Customer>(tx, scope, since).await?.is_empty();
    same &= sides::moved_since::<Product>(tx, scope, since).await?.is_empty();
    let orders = sides::moved_since::<Order>(tx, scope, since).await?;
    // an order may name by now what is to be deleted, or have the number that another one brings
    Ok(same && (!on_orders || orders.is_empty()) && !orders.into_iter().any(has))
}

/// Writes what the drafts make of main.
async fn write_main(ctx: &Ctx, plan: &mut Plan, mut w: Write) -> Result<Write> {
    numbers(ctx, &mut w, plan).await?;
    each_kind!(R => {
        let sides = R::of(&plan.drafts).iter().filter(|d| d.effect() != Effect::Nothing);
        w.release::<R>(sides.map(|d| (d.before(), d.after()))).await?;
    });
    // what is named comes before what names it, and goes after it
    each_kind!(R => put::<R>(&mut w, plan, |e| e != Effect::Deleted).await?);
    put::<Order>(&mut w, plan, |e| e == Effect::Deleted).await?;
    put::<Product>(&mut w, plan, |e| e == Effect::Deleted).await?;
    put::<Customer>(&mut w, plan, |e| e == Effect::Deleted).await?;
    put::<TaxCode>(&mut w, plan, |e| e == Effect::Deleted).await?;
    w.merges(match &plan.job {
        Job::Revert(reverted) => *reverted,
        Job::Merge(branch, _) | Job::Sync(branch) => branch.head,
    });
    Ok(w)
}

/// Orders that were confirmed on the branch, and perhaps completed since, get their numbers on main, in the
/// order of their entry: none that another one brings along.
async fn numbers(ctx: &Ctx, w: &mut Write, plan: &mut Plan) -> Result<()> {
    let brought = plan.drafts.orders.iter().filter_map(|d| d.after()?.number.clone());
    let brought: BTreeSet<String> = brought.collect();
    for draft in &mut plan.drafts.orders {
        let before = draft.before();
        let wants = |o: &&Order| o.number.is_none() && o.is_confirmed_since(before);
        if let Some(mut order) = draft.after().filter(wants).cloned() {
            orders::number(ctx, w, (&mut order, &brought)).await?;
            draft.becomes(Some(order));
        }
    }
    Ok(())
}

async fn put<R: Mergeable>(
    w: &mut Write,
    plan: &Plan,
    wanted: impl Fn(Effect) -> bool,
) -> Result<()> {
    let drafts = R::of(&plan.drafts).iter().filter(|d| wanted(d.effect()));
    let steps: Vec<_> = drafts.filter_map(Draft::step).collect();
    Ok(w.put(steps).await?)
}

/// Takes a commit of main back: its records become what they were before it, and what others changed
/// since stays. A merge that is taken back opens its branch again, with all its changes.
///
/// # Errors
/// `Refused` while conflicts are open or the plan is not what it was.
pub(super) async fn revert(ctx: &Ctx, seq: i64, agreed: &str) -> Result<Outcome> {
    ctx.may(Act::MergeBranch)?;
    let mut tx = ctx.glance().await?;
    let commit = commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    drop(tx);
    let (mut plan, w) = under_lock(ctx, ctx, (Job::Revert(seq), agreed)).await?;
    if plan.summary.records() == 0 {
        return Ok(Outcome::Nothing);
    }
    let message = format!("Took back change {seq}: {}", commit.message);
    let w = write_main(ctx, &mut plan, w).await?;
    let said = Said { cause: Cause::Revert, message: &message };
    let done = aftermath::given_back(ctx, w, &plan, said).await;
    plan.drop_beside();
    done.map(Outcome::Done)
}
