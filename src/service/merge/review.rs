//! Reviews: who approved what a branch would do, and whether that is still what it does.
use super::{Draft, Effect, Job, Mergeable, Outline, Plan, Summary, each_kind, plan};
use crate::{
    domain::{
        branch::Branch,
        history::{
            chain::{Hash, hex},
            diff::diff,
        },
        ids::UserId,
        order::Order,
        policy::{Act, may},
        review::DAYS,
        time::Ts,
    },
    service::{
        branches,
        context::{Ctx, open_still},
        error::{Error, Result},
    },
    store::{
        approvals::{self, Approval},
        db::Tx,
        reviewers::{self, Asked},
    },
};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Records that an approval keeps apart, to tell what changed since.
const APART: usize = 1000;

/// What a reviewer sees of a plan: what changes to which value, and what that does to totals. What
/// main does beside it does not count.
#[derive(Clone, Debug)]
pub(super) struct Reviewed {
    whole: Hash,
    records: BTreeMap<Uuid, String>,
}

pub(super) fn reviewed(plan: &Plan) -> Reviewed {
    let (mut whole, mut records) = (Sha256::new(), BTreeMap::new());
    each_kind!(R => for draft in R::of(&plan.drafts).iter().filter(|d| d.effect() != Effect::Nothing) {
        let print = print::<R>(draft);
        whole.update(print);
        if records.len() < APART {
            records.insert(draft.id, hex(&print)[..16].to_owned());
        }
    });
    for draft in plan.drafts.orders.iter().filter(|d| d.effect() != Effect::Nothing) {
        let gross = |o: Option<&Order>| o.and_then(|o| o.totals().ok()).map_or(0, |t| t.gross);
        whole.update(gross(draft.before()).to_be_bytes());
        whole.update(gross(draft.after()).to_be_bytes());
    }
    Reviewed { whole: whole.finalize().into(), records }
}

fn print<R: Mergeable>(draft: &Draft<R>) -> Hash {
    let mut hash = Sha256::new();
    hash.update(R::KIND.word());
    hash.update(draft.id);
    match (draft.before(), draft.after()) {
        (Some(before), Some(after)) => {
            for change in diff(R::FIELDS, &before.value(), &after.value()) {
                hash.update(format!("{}={}\n", change.path, change.after));
            }
        }
        _ => hash.update(draft.hash()),
    }
    hash.finalize().into()
}

/// An approval as people look at it.
#[derive(Clone, Debug)]
pub struct Given {
    pub user: UserId,
    pub name: String,
    pub at: Ts,
    /// Why it does not count any more.
    pub void: Option<&'static str>,
    /// Records that became different since.
    pub since: usize,
}

/// Where the review of a branch stands.
#[derive(Clone, Debug)]
pub struct Review {
    /// Approvals that the merge needs, and those it has.
    pub needed: usize,
    pub had: usize,
    pub given: Vec<Given>,
    /// Those who were asked and did not approve it since, or not as it is now.
    pub waiting: Vec<Asked>,
    /// Why the person who asks may not approve it.
    pub refused: Option<&'static str>,
}

impl Review {
    /// Whether it may be merged.
    pub fn is_enough(&self) -> bool {
        self.had >= self.needed
    }
}

/// Whether a plan needs approvals or has some, or somebody was asked for one.
pub(super) async fn is_wanted(
    ctx: &Ctx,
    tx: &mut Tx,
    (job, summary): (&Job, &Summary),
) -> Result<bool> {
    let Job::Merge(branch, _) = job else { return Ok(false) };
    Ok(needed(ctx, summary) > 0
        || !approvals::all(tx, &ctx.scope, branch.id).await?.is_empty()
        || !reviewers::all(tx, &ctx.scope, branch.id).await?.is_empty())
}

fn needed(ctx: &Ctx, summary: &Summary) -> usize {
    // a part is a part of a large merge, or nothing would be one
    let size = summary.of_branch.clone().unwrap_or_else(|| summary.size());
    ctx.company.review.needed(&summary.kinds, &size)
}

/// The review of the branch of a plan; none where none is needed.
pub async fn review(ctx: &Ctx, outline: &Outline) -> Result<Option<Review>> {
    let Some(now) = &outline.reviewed else { return Ok(None) };
    let mut tx = ctx.read().await?;
    within(ctx, &mut tx, (&outline.job, &outline.summary, now)).await
}

async fn within(
    ctx: &Ctx,
    tx: &mut Tx,
    (job, summary, now): (&Job, &Summary, &Reviewed),
) -> Result<Option<Review>> {
    let Job::Merge(branch, _) = job else { return Ok(None) };
    let needed = needed(ctx, summary);
    let all = approvals::all(tx, &ctx.scope, branch.id).await?;
    let asked = reviewers::all(tx, &ctx.scope, branch.id).await?;
    if needed == 0 && all.is_empty() && asked.is_empty() {
        return Ok(None);
    }
    let authors = authors(ctx, tx, branch).await?;
    let given = |a: Approval| {
        let then: BTreeMap<Uuid, String> = serde_json::from_str(&a.records).unwrap_or_default();
        let void = void(&a, (&now.whole, &authors, ctx.now()));
        Given { user: a.user, name: a.name, at: a.at, void, since: different(&then, &now.records) }
    };
    let given: Vec<Given> = all.into_iter().map(given).collect();
    let had = given.iter().filter(|g| g.void.is_none()).count();
    let refused = refused(ctx, &authors);
    let waits = |a: &Asked| a.is_waited_for() && !authors.contains(&a.user);
    let waiting = asked.into_iter().filter(waits).collect();
    Ok(Some(Review { needed, had, given, waiting, refused }))
}

/// Why an approval does not count any more.
fn void(a: &Approval, (now, authors, at): (&Hash, &BTreeSet<UserId>, Ts)) -> Option<&'static str> {
    if !a.role.is_some_and(|role| may(role, Act::ApproveBranch)) {
        return Some("may not approve any more");
    }
    if authors.contains(&a.user) {
        return Some("worked on the branch since");
    }
    if a.reviewed != *now {
        return Some("the branch does something else now");
    }
    (days(a.at, at) > DAYS).then_some("more than 30 days ago")
}

fn days(from: Ts, to: Ts) -> i64 {
    (to.micros() - from.micros()) / 86_400_000_000
}

fn different(then: &BTreeMap<Uuid, String>, now: &BTreeMap<Uuid, String>) -> usize {
    let ids: BTreeSet<&Uuid> = then.keys().chain(now.keys()).collect();
    ids.into_iter().filter(|id| then.get(*id) != now.get(*id)).count()
}

/// Who may not approve, since they made it: none if the company lets them.
pub async fn authors(ctx: &Ctx, tx: &mut Tx, branch: &Branch) -> Result<BTreeSet<UserId>> {
    if ctx.company.review.own_approval {
        return Ok(BTreeSet::new());
    }
    let authors = approvals::authors(tx, &ctx.scope, branch.id).await?;
    Ok(authors.into_iter().chain(branch.owner).collect())
}

fn refused(ctx: &Ctx, authors: &BTreeSet<UserId>) -> Option<&'static str> {
    match ctx.scope.actor() {
        _ if ctx.may(Act::ApproveBranch).is_err() => Some("Your role does not approve branches."),
        None => Some("Only a person can approve."),
        Some(user) if authors.contains(&user) => {
            Some("You worked on this branch: somebody else has to approve it.")
        }
        Some(_) => None,
    }
}

/// Approves what the plan `agreed` says that a branch does.
///
/// # Errors
/// `Refused` if the plan says something else by now, has open conflicts, or the person made it.
pub async fn approve(ctx: &Ctx, job: &Job, agreed: &str) -> Result<()> {
    ctx.may(Act::ApproveBranch)?;
    let Job::Merge(branch, _) = job else { return Err(Error::NotFound) };
    open_still(branch)?;
    let plan = plan::plan(ctx, job.clone()).await?;
    plan.decided()?;
    plan.is(agreed)?;
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    let authors = authors(ctx, &mut tx, branch).await?;
    let user = match (refused(ctx, &authors), ctx.scope.actor()) {
        (None, Some(user)) => user,
        (why, _) => return Err(Error::Refused(why.unwrap_or_default().into())),
    };
    let Reviewed { whole, records } = reviewed(&plan);
    let records = json!(records).to_string();
    approvals::keep(&mut tx, &ctx.scope, (branch.id, user, ctx.now()), (whole, records)).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one's own approval back.
pub async fn withdraw(ctx: &Ctx, slug: &str) -> Result<()> {
    ctx.may(Act::ApproveBranch)?;
    let branch = branches::named(ctx, slug).await?;
    open_still(&branch)?;
    let Some(user) = ctx.scope.actor() else { return Err(Error::NotFound) };
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    approvals::remove(&mut tx, &ctx.scope, (branch.id, user)).await?;
    tx.commit().await?;
    Ok(())
}

/// Refuses a merge that lacks approvals; asked under the lock.
pub(super) async fn enough(ctx: &Ctx, tx: &mut Tx, plan: &Plan) -> Result<()> {
    if needed(ctx, &plan.summary) == 0 {
        return Ok(());
    }
    match within(ctx, tx, (&plan.job, &plan.summary, &reviewed(plan))).await? {
        Some(review) if !review.is_enough() => {
            let (needed, had) = (review.needed, review.had);
            let why = format!(
                "This merge needs {needed} approvals and has {had}. Ask a colleague who may approve."
            );
            Err(Error::Refused(why))
        }
        _ => Ok(()),
    }
}
