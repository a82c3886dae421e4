//! The plan that was looked at last, held whole for a moment: who looks at one is about to agree to it,
//! and need not wait until it is made once more.
use super::{Plan, looks::Key};
use crate::store::resolutions::Stamp;
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// Records of a plan that is held: some 10 kB each.
const MOST: usize = 20_000;
/// For how long.
const WHILE: Duration = Duration::from_mins(1);

/// That of this server.
#[derive(Clone, Default)]
pub(super) struct Held {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    last: Option<Last>,
    tasks: JoinSet<()>,
}

struct Last {
    key: Key,
    stamp: Stamp,
    plan: Plan,
    at: Instant,
}

impl Held {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a plan in place of the one before; one that is too large is let go of.
    pub(super) fn hold(&self, key: Key, (stamp, plan): (Stamp, Plan)) {
        if plan.drafts.count() > MOST {
            return plan.drop_beside();
        }
        let at = Instant::now();
        let mut inner = self.inner();
        let before = inner.last.replace(Last { key, stamp, plan, at });
        while inner.tasks.try_join_next().is_some() {}
        let held = self.clone();
        inner.tasks.spawn(async move {
            sleep(WHILE).await;
            held.let_go_if(|last| last.at == at);
        });
        drop(inner);
        if let Some(before) = before {
            before.plan.drop_beside();
        }
    }

    /// The plan that is held, if it is this one and was made with these decisions.
    pub(super) fn take(&self, key: &Key, (stamp, name): (&Stamp, &str)) -> Option<Plan> {
        let is = |l: &mut Last| l.key == *key && l.stamp == *stamp && l.plan.name() == name;
        self.inner().last.take_if(is).map(|last| last.plan)
    }

    /// Lets go of it if it is one of these.
    pub(super) fn let_go(&self, which: impl Fn(&Key) -> bool) {
        self.let_go_if(|last| which(&last.key));
    }

    fn let_go_if(&self, which: impl Fn(&Last) -> bool) {
        let gone = self.inner().last.take_if(|last| which(last));
        if let Some(gone) = gone {
            gone.plan.drop_beside();
        }
    }
}
