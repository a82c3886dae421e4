//! Plans that people look at: kept while they hold, made beside the request when they are large.
use super::{Job, Only, Outline, Plan, apply, held::Held, plan, review};
use crate::{
    domain::{
        ids::CompanyId,
        policy::{Act, Role},
    },
    service::{context::Ctx, error::Result},
    store::{db::Tx, erasure, resolutions},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, timeout},
};
use tracing::{Instrument as _, instrument::WithSubscriber as _};

/// Outlines kept, and records in all of them: some 40 bytes each.
const KEPT: usize = 32;
const RECORDS: usize = 1_000_000;
/// What a person hardly notices.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whose plan of what, by which policy: a role sees what it may not do.
pub(super) type Key = (CompanyId, Role, String);
type Stamp = resolutions::Stamp;

/// Plans that were looked at lately, and those in the making.
#[derive(Clone)]
pub struct Looks {
    inner: Arc<Mutex<Inner>>,
    patience: Duration,
}

impl Default for Looks {
    fn default() -> Self {
        Self::patient(PATIENCE)
    }
}

/// A plan as it was made.
#[derive(Clone)]
struct Made {
    stamp: Stamp,
    outline: Arc<Outline>,
    at: Instant,
    took: Duration,
}

impl Made {
    /// A page may show it though main has moved since: where main moves without end, one that takes long
    /// would never be seen. Whoever agrees to it has it made anew.
    fn may_be_shown(&self) -> bool {
        will_do(self.took, self.at.elapsed())
    }
}

/// One that took long, and is not older than three times that.
fn will_do(took: Duration, age: Duration) -> bool {
    took > PATIENCE && age < 3 * took
}

#[derive(Default)]
struct Inner {
    kept: VecDeque<(Key, Made)>,
    making: BTreeMap<Key, watch::Receiver<bool>>,
    tasks: JoinSet<()>,
}

impl Looks {
    /// A page waits so long for its plan before it says that this takes a while.
    pub fn patient(patience: Duration) -> Self {
        Self { inner: Arc::default(), patience }
    }
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn find(&self, key: &Key) -> Option<Made> {
        let inner = self.inner();
        inner.kept.iter().find(|(k, _)| k == key).map(|(_, made)| made.clone())
    }
    fn keep(&self, key: Key, made: Made) {
        let mut inner = self.inner();
        inner.kept.retain(|(k, _)| *k != key);
        inner.kept.push_front((key, made));
        inner.kept.truncate(KEPT);
        let total = |all: &VecDeque<(Key, Made)>| -> usize {
            all.iter().map(|(_, made)| made.outline.weight()).sum()
        };
        while inner.kept.len() > 1 && total(&inner.kept) > RECORDS {
            inner.kept.pop_back();
        }
    }
    /// A decision was taken: what was kept of this company is made anew.
    pub(super) fn forget(&self, company: CompanyId) {
        self.inner().kept.retain(|((c, ..), ..)| *c != company);
    }
}

/// Those of this server.
pub(super) fn looks(ctx: &Ctx) -> Looks {
    ctx.app.kept.of()
}

fn held(ctx: &Ctx) -> Held {
    ctx.app.kept.of()
}

/// What was kept of the company holds what is no more.
pub fn forget(ctx: &Ctx) {
    let company = ctx.scope.company();
    looks(ctx).forget(company);
    held(ctx).let_go(|key| key.0 == company);
}

fn key(ctx: &Ctx, job: &Job) -> Key {
    let (word, of) = (job.word(), job.subject());
    let (only, policy) = (job.only().map(Only::text).unwrap_or_default(), &ctx.company.review);
    (ctx.scope.company(), ctx.scope.role(), format!("{word} {of:?} {only} {policy:?}"))
}

/// What would happen, to be looked at. However long it takes to find out; who gives up waiting finds it
/// made when they ask again.
pub async fn look(ctx: &Ctx, job: Job) -> Result<Arc<Outline>> {
    ctx.may(Act::ReadHistory)?;
    if let Some(outline) = kept(ctx, &job, |_| false).await? {
        return Ok(outline);
    }
    // it says so too if nobody is there any more who makes it
    let _ = begin(ctx, &job).wait_for(|done| *done).await;
    match kept(ctx, &job, |_| false).await? {
        Some(outline) => Ok(outline),
        None => make(ctx, job).await,
    }
}

/// The same for a page, which says after a moment that it takes longer: then there is nothing yet, and
/// whoever asks again finds it made.
pub async fn glimpse(ctx: &Ctx, job: &Job) -> Result<Option<Arc<Outline>>> {
    ctx.may(Act::ReadHistory)?;
    if let Some(outline) = kept(ctx, job, Made::may_be_shown).await? {
        return Ok(Some(outline));
    }
    let mut made = begin(ctx, job);
    let patience = looks(ctx).patience;
    if patience.is_zero() || timeout(patience, made.wait_for(|done| *done)).await.is_err() {
        return Ok(None);
    }
    look(ctx, job.clone()).await.map(Some)
}

/// What is kept, if nothing has happened since that it rests on, or main has moved and it will do.
async fn kept(
    ctx: &Ctx,
    job: &Job,
    will_do: impl Fn(&Made) -> bool,
) -> Result<Option<Arc<Outline>>> {
    let Some(made) = looks(ctx).find(&key(ctx, job)) else { return Ok(None) };
    let outline = made.outline.clone();
    let mut tx = ctx.read().await?;
    let same = outline.job.branch() == job.branch()
        && made.stamp == resolutions::stamp(&mut tx, &ctx.scope, job.subject()).await?
        && !erasure::since(&mut tx, &ctx.scope, outline.seen).await?
        && (will_do(&made) || apply::rests(ctx, &mut tx, &outline).await?)
        && (outline.reviewed.is_some() || !wanted(ctx, &mut tx, &outline).await?);
    Ok(same.then_some(outline))
}

async fn wanted(ctx: &Ctx, tx: &mut Tx, outline: &Outline) -> Result<bool> {
    review::is_wanted(ctx, tx, (&outline.job, &outline.summary)).await
}

async fn make(ctx: &Ctx, job: Job) -> Result<Arc<Outline>> {
    let (key, begun) = (key(ctx, &job), Instant::now());
    let mut tx = ctx.read().await?;
    let stamp = resolutions::stamp(&mut tx, &ctx.scope, job.subject()).await?;
    let plan = plan::within(ctx, &mut tx, job).await?;
    let wanted = review::is_wanted(ctx, &mut tx, (&plan.job, &plan.summary)).await?;
    drop(tx);
    let outline = Arc::new(Outline::of(ctx, &plan, wanted)?);
    let (at, took) = (Instant::now(), begun.elapsed());
    // a sync brings main as it is when somebody agrees
    match plan.job {
        Job::Sync(_) => plan.drop_beside(),
        Job::Merge(..) | Job::Revert(_) => held(ctx).hold(key.clone(), (stamp, plan)),
    }
    looks(ctx).keep(key, Made { stamp, outline: outline.clone(), at, took });
    Ok(outline)
}

/// The plan that was agreed to, if it was looked at just now; else it is made. Whether it still holds is
/// asked under the lock.
pub(super) async fn agreed(ctx: &Ctx, job: &Job, name: &str) -> Result<Plan> {
    let mut tx = ctx.read().await?;
    let stamp = resolutions::stamp(&mut tx, &ctx.scope, job.subject()).await?;
    drop(tx);
    match held(ctx).take(&key(ctx, job), (&stamp, name)) {
        Some(plan) if plan.job.branch() == job.branch() => Ok(plan),
        _ => plan::plan(ctx, job.clone()).await,
    }
}

/// Has it made, once for all who wait.
fn begin(ctx: &Ctx, job: &Job) -> watch::Receiver<bool> {
    let key = key(ctx, job);
    let looks = looks(ctx);
    let mut inner = looks.inner();
    while inner.tasks.try_join_next().is_some() {}
    if let Some(making) = inner.making.get(&key) {
        return making.clone();
    }
    let (done, waits) = watch::channel(false);
    inner.making.insert(key.clone(), waits.clone());
    let (ctx, job) = (ctx.clone(), job.clone());
    let work = async move {
        if let Err(e) = make(&ctx, job).await {
            tracing::warn!(error = %e, "a plan could not be made");
        }
        self::looks(&ctx).inner().making.remove(&key);
        done.send_replace(true);
    };
    inner.tasks.spawn(work.in_current_span().with_current_subscriber());
    waits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_took_long_is_shown_though_main_has_moved() {
        let ms = Duration::from_millis;
        assert!(will_do(ms(2000), ms(5900)));
        assert!(!will_do(ms(2000), ms(6000)));
        assert!(!will_do(PATIENCE, ms(1)));
    }
}
