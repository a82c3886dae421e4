//! What becomes of a branch once main took it in, some of it, or gave it back.
use super::{Draft, Effect, Job, Mergeable, Plan, each_kind};
use crate::{
    domain::{
        branch::{Branch, BranchState},
        history::{
            cause::Cause,
            merge::{Choice, merge_record},
        },
        record::of_value,
        scope::World,
    },
    service::{context::Ctx, error::Result, records::parsed},
    store::{
        self,
        masters::read,
        ready::Step,
        sides::{Source, Walk},
        versions::{self, Version},
        write::{Said, Write},
    },
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Ends the commit of main that merged a branch. The branch is closed; or it stays open and goes on from
/// there in a commit of its own.
pub(super) async fn merged(
    ctx: &Ctx,
    mut w: Write,
    plan: &Plan,
    (said, keep): (Said<'_>, bool),
) -> Result<i64> {
    let Job::Merge(branch, only) = &plan.job else { return Ok(w.finish(said).await?) };
    let merged = Some((w.seq(), plan.name()));
    let after = Branch { merged, changed_at: w.at(), ..branch.clone() };
    if only.is_all() && !keep {
        w.change_branch(Branch { state: BranchState::Merged, ..after }).await?;
        return Ok(w.finish(said).await?);
    }
    w.change_branch(after.clone()).await?;
    let scope = ctx.scope.clone().in_world(World::Branch(after.clone()));
    let (done, mut w) = w.another(said, &scope).await?;
    w.merges(done);
    let from = if only.is_all() {
        each_kind!(R => as_main::<R>(&mut w, &after).await?);
        w.rebase(after, done).await?;
        "main"
    } else {
        each_kind!(R => some_as_main::<R>(&mut w, plan, (branch.id, done)).await?);
        "the part that was merged"
    };
    let message = format!("Branch {} goes on from {from}", branch.name);
    w.finish(Said { cause: Cause::Merge, message: &message }).await?;
    Ok(done)
}

/// The branch has main's records of a kind as main has them. What main has not is deleted there, to be
/// brought back: a merge may have left it out.
async fn as_main<R: Mergeable>(w: &mut Write, branch: &Branch) -> Result<()> {
    w.let_go_all::<R>().await?;
    let own = own::<R>(w, branch).await?;
    let left = own.values().flatten().map(|v| Ok(Step::deletion(read(&v.body)?)));
    let left: Vec<Step<R>> = left.collect::<Result<_>>()?;
    Ok(w.put(left).await?)
}

/// The branch has the plan's records of a kind as main has them since a commit, and its changes of them are
/// told against that.
async fn some_as_main<R: Mergeable>(w: &mut Write, plan: &Plan, place: (i64, i64)) -> Result<()> {
    rest_on::<R>(w, plan, place, |d| !d.left_out).await?;
    let mut steps = vec![];
    for draft in R::of(&plan.drafts).iter().filter(|d| !d.left_out) {
        steps.extend(draft.on_branch()?);
    }
    Ok(w.put(steps).await?)
}

/// From a commit of main on the branch's changes of the plan's records are changes of main as it was then.
async fn rest_on<R: Mergeable>(
    w: &mut Write,
    plan: &Plan,
    (branch, seq): (i64, i64),
    which: impl Fn(&Draft<R>) -> bool,
) -> Result<()> {
    let drafts = R::of(&plan.drafts).iter().filter(|d| which(d));
    let ids: Vec<Uuid> = drafts.map(|d| d.id).collect();
    let scope = w.scope().clone();
    store::branches::rest_on(&mut w.tx, &scope, (branch, R::KIND, seq), &ids).await?;
    Ok(())
}

/// Ends the commit that took another one back. The branch that had brought it changes what it changed
/// once more, so that it can be corrected and merged again; if it was closed by it, it is open.
pub(super) async fn given_back(
    ctx: &Ctx,
    mut w: Write,
    plan: &Plan,
    said: Said<'_>,
) -> Result<i64> {
    let Job::Revert(reverted) = plan.job else { return Ok(w.finish(said).await?) };
    let scope = w.scope().clone();
    let Some(branch) = store::branches::merged_by(&mut w.tx, &scope, reverted).await? else {
        return Ok(w.finish(said).await?);
    };
    let closed_by_it = branch.merged.as_ref().is_some_and(|m| m.0 == reverted);
    let merged = branch.state == BranchState::Merged;
    if merged && !closed_by_it {
        return Ok(w.finish(said).await?);
    }
    let scope = ctx.scope.clone().in_world(World::Branch(branch.clone()));
    let (done, mut w) = w.another(said, &scope).await?;
    if merged {
        each_kind!(R => {
            as_main::<R>(&mut w, &branch).await?;
            w.put(again::<R>(plan)?).await?;
        });
        let open = Branch { state: BranchState::Open, merged: None, ..branch.clone() };
        w.rebase(open, done).await?;
    } else {
        each_kind!(R => {
            let steps = once_more::<R>(&mut w, plan, &branch).await?;
            w.put(steps).await?;
            rest_on::<R>(&mut w, plan, (branch.id, done), |d| d.effect() != Effect::Nothing).await?;
        });
    }
    let word = if merged { "Reopened branch" } else { "Changes came back to branch" };
    let message = format!("{word} {}", branch.name);
    w.finish(Said { cause: Cause::Opening, message: &message }).await?;
    Ok(done)
}

/// What a closed branch changes of main after its merge was taken back: what the merge had made of it,
/// but where main went on since.
fn again<R: Mergeable>(plan: &Plan) -> Result<Vec<Step<R>>> {
    let mut steps = vec![];
    for d in R::of(&plan.drafts) {
        if let Some(step) = d.theirs_to_base()? {
            steps.push(step);
            continue;
        }
        let main = d.after();
        let anew = on_top::<R>((d.theirs.as_ref(), d.base.as_ref()), main)?;
        if main.map(R::body) != anew.as_ref().map(R::body) {
            steps.push(Step::of(main.cloned(), anew, false));
        }
    }
    Ok(steps)
}

/// The same of a branch that stayed open, and that may have changed more since.
async fn once_more<R: Mergeable>(
    w: &mut Write,
    plan: &Plan,
    branch: &Branch,
) -> Result<Vec<Step<R>>> {
    let (scope, own) = (w.scope().clone(), own::<R>(w, branch).await?);
    let mut steps = vec![];
    for d in R::of(&plan.drafts).iter().filter(|d| d.effect() != Effect::Nothing) {
        let known = own.contains_key(&d.id);
        let shown = match own.get(&d.id) {
            Some(version) => version.clone(),
            None => versions::current::<R>(&mut w.tx, &scope, d.id).await?,
        };
        let main = d.after().map(R::body);
        let anew = on_top::<R>((d.theirs.as_ref(), shown.as_ref()), d.after())?;
        let (was, becomes) = (shown.as_ref().map(|v| &v.body), anew.as_ref().map(R::body));
        if was != becomes.as_ref() || (!known && main != becomes) {
            let shown = shown.as_ref().map(|v| read(&v.body)).transpose()?;
            // a deletion tells of what: of main's, if the branch showed nothing before
            steps.push(Step::of(shown.or_else(|| d.after().cloned()), anew, known));
        }
    }
    Ok(steps)
}

/// What the branch has versions of its own of; none where they say that it is deleted.
async fn own<R: Mergeable>(
    w: &mut Write,
    branch: &Branch,
) -> Result<BTreeMap<Uuid, Option<Version>>> {
    let (scope, mut walk) = (w.scope().clone(), Walk::over(Source::Branch(branch)));
    let mut out = BTreeMap::new();
    while let Some(chunk) = walk.next::<R>(&mut w.tx, &scope).await? {
        out.extend(chunk.into_iter().map(|s| (s.id, s.theirs)));
    }
    Ok(out)
}

/// A change from one version to another, made of a record as main has it. Where main went on in the
/// same place the change holds, if it can; main's stays where it would break a rule now.
fn on_top<R: Mergeable>(
    (before, after): (Option<&Version>, Option<&Version>),
    main: Option<&R>,
) -> Result<Option<R>> {
    let value = |v: Option<&Version>| v.map(|v| parsed(&v.body)).transpose();
    let (before, after, ours) = (value(before)?, value(after)?, main.map(R::value));
    let sides: [Option<&Value>; 3] = [before.as_ref(), ours.as_ref(), after.as_ref()];
    let mut merged = merge_record(R::FIELDS, sides, &[]);
    let can = merged.conflicts.iter().filter(|c| c.may_take);
    let held: Vec<_> = can.map(|c| c.resolved(Choice::Theirs)).collect();
    if !held.is_empty() {
        merged = merge_record(R::FIELDS, sides, &held);
    }
    let anew = merged.value.map(of_value::<R>).transpose();
    Ok(anew.unwrap_or_else(|_| main.cloned()))
}
