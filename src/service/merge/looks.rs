//! Plans that people look at: kept while they hold, made beside the request when they are large.
use super::{Job, Outline, apply, plan, review};
use crate::{
    domain::{
        ids::CompanyId,
        policy::{Act, Role},
    },
    service::{context::Ctx, error::Result},
    store::{db::Tx, resolutions},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet, time::timeout};
use tracing::{Instrument as _, instrument::WithSubscriber as _};

/// Outlines kept, and records in all of them: some 40 bytes each.
const KEPT: usize = 32;
const RECORDS: usize = 1_000_000;
/// What a person hardly notices.
const PATIENCE: Duration = Duration::from_millis(300);

/// Whose plan of what, by which policy: a role sees what it may not do.
type Key = (CompanyId, Role, String);
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

#[derive(Default)]
struct Inner {
    kept: VecDeque<(Key, Stamp, Arc<Outline>)>,
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
    fn find(&self, key: &Key) -> Option<(Stamp, Arc<Outline>)> {
        let inner = self.inner();
        let found = inner.kept.iter().find(|(k, ..)| k == key);
        found.map(|(_, stamp, outline)| (*stamp, outline.clone()))
    }
    fn keep(&self, key: Key, stamp: Stamp, outline: &Arc<Outline>) {
        let mut inner = self.inner();
        inner.kept.retain(|(k, ..)| *k != key);
        inner.kept.push_front((key, stamp, outline.clone()));
        inner.kept.truncate(KEPT);
        let total = |all: &VecDeque<(Key, Stamp, Arc<Outline>)>| -> usize {
            all.iter().map(|(.., o)| o.weight()).sum()
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

/// What was kept of the company holds what is no more.
pub fn forget(ctx: &Ctx) {
    looks(ctx).forget(ctx.scope.company());
}

fn key(ctx: &Ctx, job: &Job) -> Key {
    let of = match job {
        Job::Merge(b, only) => format!("merge {} {}", b.id, only.text()),
        Job::Sync(b) => format!("sync {}", b.id),
        Job::Revert(seq) => format!("revert {seq}"),
    };
    let strict = if ctx.company.review.strict_prices { " strict" } else { "" };
    (ctx.scope.company(), ctx.scope.role(), format!("{of}{strict}"))
}

/// What would happen, to be looked at. However long it takes to find out.
pub async fn look(ctx: &Ctx, job: Job) -> Result<Arc<Outline>> {
    ctx.may(Act::ReadHistory)?;
    match kept(ctx, &job).await? {
        Some(outline) => Ok(outline),
        None => make(ctx, job).await,
    }
}

/// The same for a page, which says after a moment that it takes longer: then there is nothing yet, and
/// whoever asks again finds it made.
pub async fn glimpse(ctx: &Ctx, job: &Job) -> Result<Option<Arc<Outline>>> {
    ctx.may(Act::ReadHistory)?;
    if let Some(outline) = kept(ctx, job).await? {
        return Ok(Some(outline));
    }
    let mut made = begin(ctx, job);
    let patience = looks(ctx).patience;
    if patience.is_zero() || timeout(patience, made.wait_for(|done| *done)).await.is_err() {
        return Ok(None);
    }
    look(ctx, job.clone()).await.map(Some)
}

/// What is kept, if nothing has happened since that it rests on.
async fn kept(ctx: &Ctx, job: &Job) -> Result<Option<Arc<Outline>>> {
    let Some((stamp, outline)) = looks(ctx).find(&key(ctx, job)) else { return Ok(None) };
    let mut tx = ctx.read().await?;
    let same = outline.job.branch() == job.branch()
        && stamp == resolutions::stamp(&mut tx, &ctx.scope, job.subject()).await?
        && apply::rests(ctx, &mut tx, &outline).await?
        && (outline.reviewed.is_some() || !wanted(ctx, &mut tx, &outline).await?);
    Ok(same.then_some(outline))
}

async fn wanted(ctx: &Ctx, tx: &mut Tx, outline: &Outline) -> Result<bool> {
    review::is_wanted(ctx, tx, (&outline.job, &outline.summary)).await
}

async fn make(ctx: &Ctx, job: Job) -> Result<Arc<Outline>> {
    let key = key(ctx, &job);
    let mut tx = ctx.read().await?;
    let stamp = resolutions::stamp(&mut tx, &ctx.scope, job.subject()).await?;
    let plan = plan::within(ctx, &mut tx, job).await?;
    let wanted = review::is_wanted(ctx, &mut tx, (&plan.job, &plan.summary)).await?;
    drop(tx);
    let outline = Arc::new(Outline::of(&plan, wanted));
    looks(ctx).keep(key, stamp, &outline);
    Ok(outline)
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
