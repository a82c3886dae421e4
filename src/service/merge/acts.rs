//! Merges, syncs and reverts that take longer than anybody waits for an answer: they go on by themselves,
//! and who asks is told how they ended. A server that stops in the midst of one leaves nothing of it.
use super::{Asked, Job, Outcome, merge, revert, sync};
use crate::{
    domain::ids::CompanyId,
    service::{
        context::Ctx,
        error::{Error, Result},
    },
    store::resolutions::Subject,
};
use futures_util::FutureExt as _;
use std::{
    collections::{BTreeMap, btree_map::Entry},
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinSet, time::timeout};
use tracing::{Instrument as _, instrument::WithSubscriber as _};
use uuid::Uuid;

/// So long an answer waits for the end: less than servers in front do.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is done to a branch, or to a commit.
type Key = (CompanyId, Subject);

fn key(ctx: &Ctx, job: &Job) -> Key {
    (ctx.scope.company(), job.subject())
}

/// What came of it, or why nothing did.
type Ended = Result<Outcome, String>;

/// Where an act stands.
pub enum Acting {
    GoesOn,
    Ended(Ended),
    /// Nothing was begun, or a server that has stopped since began it.
    Nothing,
}

/// Those that go on, and how those ended for which nobody waited any more.
#[derive(Clone)]
pub struct Acts {
    inner: Arc<Mutex<Inner>>,
    patience: Duration,
}

impl Default for Acts {
    fn default() -> Self {
        Self::patient(PATIENCE)
    }
}

#[derive(Default)]
struct Inner {
    /// How many go on: who presses twice is told the same twice.
    going: BTreeMap<Key, usize>,
    /// How it ended, for who began it and did not wait: until they begin another one.
    ended: BTreeMap<(Key, Uuid), Ended>,
    tasks: JoinSet<()>,
}

impl Inner {
    fn ends(&mut self, key: Key) {
        if let Entry::Occupied(mut going) = self.going.entry(key) {
            *going.get_mut() -= 1;
            if *going.get() == 0 {
                going.remove();
            }
        }
    }
}

impl Acts {
    /// An answer waits so long for the end.
    pub fn patient(patience: Duration) -> Self {
        Self { inner: Arc::default(), patience }
    }
    fn begin(&self, (key, who): (Key, Uuid), work: impl Future<Output = ()> + Send + 'static) {
        let mut inner = self.inner();
        inner.ended.remove(&(key, who));
        *inner.going.entry(key).or_default() += 1;
        inner.tasks.spawn(work.in_current_span().with_current_subscriber());
    }
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does what a plan said. Nothing comes back if it goes on for longer; then [`acting`] tells.
///
/// # Errors
/// As [`merge`], [`sync`] and [`revert`].
pub async fn carry_out(
    ctx: &Ctx,
    job: Job,
    (plan, keep): (String, bool),
) -> Result<Option<Outcome>> {
    let (acts, key) = (ctx.app.kept.of::<Acts>(), key(ctx, &job));
    let (tell, told) = oneshot::channel();
    let (own, all) = (ctx.clone(), acts.clone());
    let work = async move {
        // whatever happens to it, it does not go on for ever
        let end = AssertUnwindSafe(act(&own, job, (plan, keep))).catch_unwind().await;
        let end = end.unwrap_or_else(|_| Err(broke_off()));
        let mut inner = all.inner();
        inner.ends(key);
        if let Err(end) = tell.send(end) {
            inner.ended.insert((key, own.actor()), end.map_err(|e| e.to_string()));
        }
    };
    acts.begin((key, ctx.actor()), work);
    if acts.patience.is_zero() {
        return Ok(None);
    }
    match timeout(acts.patience, told).await {
        Ok(Ok(end)) => end.map(Some),
        Ok(Err(_)) => Err(broke_off()),
        Err(_) => Ok(None),
    }
}

fn broke_off() -> Error {
    Error::Ours("a merge, a sync or a revert broke off".into())
}

async fn act(ctx: &Ctx, job: Job, (plan, keep): (String, bool)) -> Result<Outcome> {
    match job {
        Job::Merge(branch, only) => {
            merge(ctx, &branch.slug, Asked { plan: &plan, only, keep }).await
        }
        Job::Sync(branch) => sync(ctx, &branch.slug, &plan).await,
        Job::Revert(seq) => revert(ctx, seq, &plan).await,
    }
}

/// Where the act of a job stands that the person who asks began.
pub fn acting(ctx: &Ctx, job: &Job) -> Acting {
    let (acts, key) = (ctx.app.kept.of::<Acts>(), key(ctx, job));
    let mut inner = acts.inner();
    while inner.tasks.try_join_next().is_some() {}
    if inner.going.contains_key(&key) {
        return Acting::GoesOn;
    }
    let ended = inner.ended.get(&(key, ctx.actor())).cloned();
    ended.map_or(Acting::Nothing, Acting::Ended)
}
