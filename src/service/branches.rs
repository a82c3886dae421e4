//! Branches: opened, listed, entered.
use super::{
    compaction::kept,
    companies,
    context::{Ctx, open_still},
    error::{Error, Result},
    subjects::{Subject, each_kind},
};
use crate::{
    app::App,
    domain::{
        branch::{Branch, BranchState, STALE_DAYS, Visibility, parse_name, parse_note, slug_of},
        history::cause::Cause,
        policy::Act,
        scope::World,
        time::Ts,
    },
    store::{
        branches::{self, Tally},
        commits,
        db::Tx,
        masters::read,
        ready::Step,
        resolutions,
        sides::{Source, Walk},
        versions::Version,
        write::{Said, Write},
    },
};
use std::collections::BTreeMap;

pub use crate::store::branches::BranchFilter;

/// Where a branch is in the list: when it was changed, in microseconds, and its number.
pub type Place = (i64, i64);
/// Branches to a page.
const PAGE: i64 = 100;
/// Branches that are chosen from, or looked through, at once.
const LISTED: i64 = 200;

/// The world that a URL names, if the person may see it.
///
/// # Errors
/// `NotFound`.
pub async fn enter(ctx: Ctx, slug: &str) -> Result<Ctx> {
    if slug == "main" {
        return Ok(ctx);
    }
    let branch = named(&ctx, slug).await?;
    Ok(ctx.in_world(World::Branch(branch)))
}

/// The same world as it was after a commit; a branch then shows main as its base was.
///
/// # Errors
/// `Invalid` at `at` before the branch was opened; `Refused` if it keeps no such point any more.
pub async fn as_of(ctx: Ctx, seq: i64) -> Result<Ctx> {
    let ctx = match ctx.scope.world().branch().cloned() {
        None => ctx,
        Some(branch) => {
            let mut tx = ctx.glance().await?;
            let base = branches::base_at(&mut tx, &ctx.scope, (branch.id, seq)).await?;
            let none = || Error::at("at", "This branch was not open yet");
            let base = base.ok_or_else(none)?;
            ctx.in_world(World::Branch(Branch { base, ..branch }))
        }
    };
    kept(&ctx, seq)?;
    let scope = ctx.scope.as_of(seq);
    Ok(Ctx { scope, ..ctx })
}

/// What a new branch is made of.
pub struct NewBranch<'a> {
    pub name: &'a str,
    pub note: &'a str,
    pub visibility: Visibility,
    /// The slug of a branch to begin as; empty for main as it is now.
    pub copy_of: &'a str,
}

/// Opens a branch on main as it is now: one row, whatever the company's size. A copy of another branch
/// has its base, what it changed, and what was decided on it.
///
/// # Errors
/// `Invalid` at `name`, `note`, or at `copy_of` if that branch is not there or merged.
pub async fn open(ctx: &Ctx, new: NewBranch<'_>) -> Result<Branch> {
    let mut w = ctx.clone().in_world(World::Main).write().await?;
    let branch = begin(ctx, &mut w, &new).await?;
    let copied = if new.copy_of.is_empty() { "" } else { " as a copy" };
    let message = format!("Opened branch {}{copied}", branch.name);
    w.finish(Said { cause: Cause::Opening, message: &message }).await?;
    Ok(branch)
}

/// Makes a commit one that opens a branch; it counts to it.
pub(super) async fn begin(ctx: &Ctx, w: &mut Write, new: &NewBranch<'_>) -> Result<Branch> {
    ctx.may(Act::OpenBranch)?;
    let name = parse_name(new.name).map_err(|e| Error::at("name", e))?;
    let note = parse_note(new.note).map_err(|e| Error::at("note", e))?;
    let original = original(ctx, w, new.copy_of).await?;
    let id = branches::next_number(&mut w.tx, &ctx.scope).await?;
    let slug = free_slug(w, &name).await?;
    let (seq, at) = (w.seq(), w.at());
    let branch = Branch {
        id,
        slug,
        name,
        note,
        owner: ctx.scope.actor(),
        visibility: new.visibility,
        state: BranchState::Open,
        base: original.as_ref().map_or(seq, |b| b.base),
        head: seq,
        opened_at: at,
        changed_at: at,
        merged: None,
        compacted: None,
    };
    w.open_branch(branch.clone()).await?;
    if let Some(original) = original {
        copy(ctx, w, (&original, branch.id)).await?;
    }
    Ok(branch)
}

/// The first slug of a name that no branch has.
async fn free_slug(w: &mut Write, name: &str) -> Result<String> {
    let (scope, mut nth) = (w.scope().clone(), 1);
    loop {
        let slug = slug_of(name, nth);
        if !branches::is_slug_taken(&mut w.tx, &scope, &slug).await? {
            return Ok(slug);
        }
        nth += 1;
    }
}

/// The branch to copy, if one is named.
async fn original(ctx: &Ctx, w: &mut Write, slug: &str) -> Result<Option<Branch>> {
    if slug.is_empty() {
        return Ok(None);
    }
    let found = branches::by_slug(&mut w.tx, &ctx.scope, slug).await?;
    let found = found.ok_or_else(|| Error::at("copy_of", "There is no such branch"))?;
    if found.state == BranchState::Merged {
        return Err(Error::at("copy_of", "It was merged: open a branch on main instead"));
    }
    Ok(Some(found))
}

/// Gives a new branch what another one changed, and the decisions on it.
async fn copy(ctx: &Ctx, w: &mut Write, (from, to): (&Branch, i64)) -> Result<()> {
    each_kind!(R => copy_kind::<R>(ctx, w, from).await?);
    w.merges(from.head);
    branches::copy_bases(&mut w.tx, &ctx.scope, (from.id, to)).await?;
    resolutions::copy(&mut w.tx, &ctx.scope, (from.id, to)).await?;
    Ok(())
}

async fn copy_kind<R: Subject>(ctx: &Ctx, w: &mut Write, from: &Branch) -> Result<()> {
    let mut walk = Walk::over(Source::Branch(from));
    while let Some(chunk) = walk.next::<R>(&mut w.tx, &ctx.scope).await? {
        let mut steps = vec![];
        for side in chunk {
            let typed = |v: &Option<Version>| v.as_ref().map(|v| read::<R>(&v.body)).transpose();
            let (was, is) = (typed(&side.base)?, typed(&side.theirs)?);
            // what was made and deleted on it is nothing of the copy. Bodies are written again: those of the
            // branch may go when it is compacted
            if was.is_some() || is.is_some() {
                steps.push(Step::of(was, is, false));
            }
        }
        w.put(steps).await?;
    }
    Ok(())
}

/// A branch with what is told of it.
pub struct Listed {
    pub branch: Branch,
    pub tally: Tally,
}

/// The branches that the person may see, the last changed first; and the place of the next ones.
pub async fn list(
    ctx: &Ctx,
    (which, after): (BranchFilter, Option<Place>),
) -> Result<(Vec<Listed>, Option<Place>)> {
    if which == BranchFilter::ToReview && ctx.may(Act::ApproveBranch).is_err() {
        return Ok((vec![], None));
    }
    let mut tx = ctx.read().await?;
    let after = after.map(|(micros, id)| (Ts::from_micros(micros), id));
    let mut all = branches::list(&mut tx, &ctx.scope, (which, after, PAGE + 1)).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = all.len() > page;
    all.truncate(page);
    let next = all.last().filter(|_| more).map(|b| (b.changed_at.micros(), b.id));
    Ok((told(ctx, &mut tx, all).await?, next))
}

/// The same without what is told of them, closed ones too.
pub async fn all(ctx: &Ctx) -> Result<Vec<Branch>> {
    let mut tx = ctx.read().await?;
    Ok(branches::list(&mut tx, &ctx.scope, (BranchFilter::All, None, LISTED)).await?)
}

/// How many of the open ones wait for the person's review; none in the past.
pub async fn to_review(ctx: &Ctx) -> Result<i64> {
    to_review_within(ctx, &mut ctx.glance().await?).await
}

/// The same in a transaction.
pub(super) async fn to_review_within(ctx: &Ctx, tx: &mut Tx) -> Result<i64> {
    if ctx.scope.at().is_some() || ctx.may(Act::ApproveBranch).is_err() {
        return Ok(0);
    }
    Ok(branches::to_review(tx, &ctx.scope).await?)
}

/// Whether who asks puts a branch away and asks for its review.
pub fn may_run(ctx: &Ctx, branch: &Branch) -> bool {
    ctx.scope.may(right_to_run(ctx, branch))
}

/// One runs one's own branches, or any if one merges.
fn right_to_run(ctx: &Ctx, branch: &Branch) -> Act {
    let own = branch.is_of(ctx.scope.actor());
    if own { Act::OpenBranch } else { Act::MergeBranch }
}

/// The branch that a URL names, if the person may see it.
///
/// # Errors
/// `NotFound`.
pub async fn named(ctx: &Ctx, slug: &str) -> Result<Branch> {
    let mut tx = ctx.glance().await?;
    branches::by_slug(&mut tx, &ctx.scope, slug).await?.ok_or(Error::NotFound)
}

/// The same with what is told of it.
///
/// # Errors
/// `NotFound`.
pub async fn find(ctx: &Ctx, slug: &str) -> Result<Listed> {
    let branch = named(ctx, slug).await?;
    let mut tx = ctx.read().await?;
    told(ctx, &mut tx, vec![branch]).await?.pop().ok_or(Error::NotFound)
}

/// How far an open branch is behind main.
#[derive(Clone, Copy, Debug)]
pub struct Behind {
    /// Of when the main is that it shows.
    pub since: Ts,
    /// Commits of main that changed records and that it has not seen, up to one beyond the cap of counts.
    pub commits: i64,
}

/// How far the branch that is looked at is behind main; nothing on main and of a closed one.
pub async fn behind(ctx: &Ctx) -> Result<Option<Behind>> {
    match ctx.scope.world().branch() {
        Some(branch) => behind_of(ctx, branch).await,
        None => Ok(None),
    }
}

/// How far a branch is behind main; nothing of a closed one.
pub async fn behind_of(ctx: &Ctx, branch: &Branch) -> Result<Option<Behind>> {
    if branch.closed().is_some() {
        return Ok(None);
    }
    let mut tx = ctx.glance().await?;
    let found = branches::behind(&mut tx, &ctx.scope, branch).await?;
    Ok(found.map(|(since, commits)| Behind { since, commits }))
}

/// How an open branch stands to main.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Of when the main is that it shows.
    pub since: Ts,
    /// Records that both have changed since, up to one beyond the cap of counts.
    pub met: i64,
}

/// How a branch stands to main; nothing of one that is closed.
pub async fn standing(ctx: &Ctx, branch: &Branch) -> Result<Option<Standing>> {
    if branch.closed().is_some() {
        return Ok(None);
    }
    let mut tx = ctx.read().await?;
    let met = branches::met(&mut tx, &ctx.scope, branch).await?;
    let base = commits::time_of(&mut tx, &ctx.scope, branch.base).await?;
    Ok(base.map(|(_, since)| Standing { since, met }))
}

async fn told(ctx: &Ctx, tx: &mut Tx, all: Vec<Branch>) -> Result<Vec<Listed>> {
    let ids: Vec<i64> = all.iter().map(|b| b.id).collect();
    let tallies = branches::tallies(tx, &ctx.scope, &ids).await?;
    let mut tallies: BTreeMap<i64, Tally> = tallies.into_iter().map(|t| (t.id, t)).collect();
    let each = all
        .into_iter()
        .filter_map(|branch| Some(Listed { tally: tallies.remove(&branch.id)?, branch }));
    Ok(each.collect())
}

/// Puts away every open branch of every company in which nothing was changed for [`STALE_DAYS`]. One that
/// cannot be stands in nobody's way: it is logged.
///
/// # Errors
/// As the database.
pub async fn sweep(app: &App) -> Result<usize> {
    let (until, mut n) = (app.now().plus_seconds(-STALE_DAYS * 86_400), 0);
    for slug in companies::slugs(app).await? {
        let ctx = Ctx::of_operator(app, &slug).await?;
        let mut tx = ctx.glance().await?;
        let stale = branches::quiet_since(&mut tx, &ctx.scope, (until, LISTED)).await?;
        drop(tx);
        for branch in stale {
            let word = format!("Nothing was changed for {STALE_DAYS} days: put away");
            let to = (BranchState::Discarded, Cause::Discarding, word.as_str());
            match change(&ctx, branch, to).await {
                Ok(()) => n += 1,
                Err(e) => tracing::warn!(company = slug, error = %e, "a branch was not put away"),
            }
        }
    }
    Ok(n)
}

/// Puts a branch away. Nothing of it is lost.
pub async fn discard(ctx: &Ctx, slug: &str) -> Result<()> {
    let branch = own(ctx, slug).await?;
    open_still(&branch)?;
    change(ctx, branch, (BranchState::Discarded, Cause::Discarding, "Put away")).await
}

/// Opens a branch again that was put away.
pub async fn reopen(ctx: &Ctx, slug: &str) -> Result<()> {
    let branch = own(ctx, slug).await?;
    if branch.state != BranchState::Discarded {
        return Err(Error::Refused("Only a branch that was put away can be reopened.".into()));
    }
    change(ctx, branch, (BranchState::Open, Cause::Opening, "Reopened")).await
}

/// A branch that one may put away: one's own, or any for who merges.
async fn own(ctx: &Ctx, slug: &str) -> Result<Branch> {
    ctx.may(Act::OpenBranch)?;
    let branch = named(ctx, slug).await?;
    ctx.may(right_to_run(ctx, &branch))?;
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
    if (now.state, now.head) != (branch.state, branch.head) {
        let why = "Someone changed this branch just now. Look at it again.";
        return Err(Error::Refused(why.into()));
    }
    let message = format!("{word} branch {}", branch.name);
    w.change_branch(Branch { state, ..now }).await?;
    w.finish(Said { cause, message: &message }).await?;
    Ok(())
}
