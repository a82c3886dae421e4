//! Bringing worlds together: a branch into main, main into a branch, a commit taken back. One plan for
//! all of them, which changes nothing, and one transaction that does what the plan said.
mod acts;
mod aftermath;
mod apply;
mod checks;
mod dangling;
mod decide;
mod draft;
mod fuse;
mod held;
mod inputs;
mod looks;
mod only;
mod outline;
mod plan;
mod review;
mod rules;
mod sync;
mod upgrade;

pub use acts::{Acting, Acts, acting, carry_out};
pub use apply::Outcome;
use apply::{Asked, merge, revert};
pub use decide::{Decision, Which, decide, decision};
pub use draft::{Draft, Drafts, Effect, Mergeable};
pub use looks::{Looks, forget, glimpse, look};
pub use only::Only;
pub use outline::{Outline, Record, Told};
pub use review::{Given, Review, approve, authors, review, withdraw};
pub use rules::Verdict;
use sync::sync;
pub use sync::undo_sync;

use super::{
    branches,
    context::Ctx,
    error::{Error, Result},
    subjects::{each_kind, of_kind},
};
use crate::{
    domain::{
        branch::Branch,
        field::Kind,
        history::chain::{Hash, hex},
        policy::Act,
        review::Size,
    },
    store::{resolutions, sides::Source},
};
use std::collections::{BTreeMap, BTreeSet};

/// What is brought together.
#[derive(Clone, Debug)]
pub enum Job {
    /// A branch into main, or some of its records.
    Merge(Branch, Only),
    /// Main as it is now into a branch.
    Sync(Branch),
    /// What main was before a commit into main.
    Revert(i64),
}

impl Job {
    /// That a branch, or some of its records, are merged.
    ///
    /// # Errors
    /// `NotFound` if the person sees no such branch.
    pub async fn merge(ctx: &Ctx, slug: &str, only: Only) -> Result<Self> {
        Ok(Self::Merge(branches::named(ctx, slug).await?, only))
    }
    /// That a branch is brought up to date.
    ///
    /// # Errors
    /// As [`Self::merge`].
    pub async fn sync(ctx: &Ctx, slug: &str) -> Result<Self> {
        Ok(Self::Sync(branches::named(ctx, slug).await?))
    }
    /// What is asked for by its word: `sync`, or else a merge.
    ///
    /// # Errors
    /// As [`Self::merge`].
    pub async fn asked(ctx: &Ctx, slug: &str, (word, only): (&str, Only)) -> Result<Self> {
        if word == "sync" {
            Self::sync(ctx, slug).await
        } else {
            Self::merge(ctx, slug, only).await
        }
    }
    /// That a commit is taken back.
    ///
    /// # Errors
    /// `NotFound` if this is no number.
    pub fn of_commit(seq: &str) -> Result<Self> {
        Ok(Self::Revert(seq.parse().map_err(|_| Error::NotFound)?))
    }
    /// In a word.
    fn word(&self) -> &'static str {
        match self {
            Self::Merge(..) => "merge",
            Self::Sync(_) => "sync",
            Self::Revert(_) => "revert",
        }
    }
    fn source(&self) -> Source<'_> {
        match self {
            Self::Merge(branch, _) | Self::Sync(branch) => Source::Branch(branch),
            Self::Revert(seq) => Source::Commit(*seq),
        }
    }
    /// Under what its decisions are kept: a sync and a merge ask the same.
    fn subject(&self) -> resolutions::Subject {
        match self {
            Self::Merge(branch, _) | Self::Sync(branch) => resolutions::Subject::Branch(branch.id),
            Self::Revert(seq) => resolutions::Subject::Revert(*seq),
        }
    }
    /// The branch that it is of.
    pub fn branch(&self) -> Option<&Branch> {
        match self {
            Self::Merge(branch, _) | Self::Sync(branch) => Some(branch),
            Self::Revert(_) => None,
        }
    }
    /// Which records are meant.
    pub fn only(&self) -> Option<&Only> {
        match self {
            Self::Merge(_, only) => Some(only).filter(|only| !only.is_all()),
            Self::Sync(_) | Self::Revert(_) => None,
        }
    }
    /// The same with the branch as it is now.
    fn with(self, now: Branch) -> Self {
        match self {
            Self::Merge(_, only) => Self::Merge(now, only),
            Self::Sync(_) => Self::Sync(now),
            Self::Revert(seq) => Self::Revert(seq),
        }
    }
}

/// How many records of what effect, and what that is in money.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
    /// Conflicts that are open.
    pub conflicts: usize,
    /// By how much the totals of orders go up, by currency, in minor units.
    pub money: BTreeMap<String, i64>,
    /// By how much they change, up or down, order by order.
    pub moved: BTreeMap<String, i64>,
    /// Of what kinds the records are.
    pub kinds: BTreeSet<Kind>,
    /// If these are some of a branch's records: how large the whole is.
    pub of_branch: Option<Size>,
}

impl Summary {
    /// Records that it changes: on main, or for a sync on the branch.
    pub fn records(&self) -> usize {
        self.created + self.changed + self.deleted
    }
    fn size(&self) -> Size {
        Size { records: self.records(), moved: self.moved.clone() }
    }
}

/// A record that who asks may not merge.
#[derive(Clone, Debug)]
pub struct Denied {
    pub kind: Kind,
    pub title: String,
    /// What would be changed of it, in the words of its pages; nothing if it would come or go.
    pub fields: Vec<String>,
    /// The right that is missing.
    pub act: Act,
}

impl Denied {
    /// In a sentence.
    pub fn told(&self) -> String {
        let (kind, title, act) = (self.kind.label(), &self.title, self.act.label());
        let fields = match self.fields.as_slice() {
            [] => String::new(),
            some => format!(" ({})", some.join(", ")),
        };
        format!("{kind} {title}{fields}: your role does not include the right to {act}")
    }
}

/// Everything that would happen. Nothing happens that is not in it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub job: Job,
    /// The company's last commit when it was made, and main's.
    pub seen: i64,
    pub main: i64,
    pub drafts: Drafts,
    pub summary: Summary,
    /// The first records that who asks may not merge.
    pub denied: Vec<Denied>,
    pub hash: Hash,
}

impl Plan {
    /// What an agreement to it names.
    pub fn name(&self) -> String {
        hex(&self.hash)
    }

    /// Refuses to go on if this is not the plan that was agreed to.
    fn is(&self, agreed: &str) -> Result<()> {
        if self.name() == agreed { Ok(()) } else { Err(stale()) }
    }
    /// Refuses to go on without the rights that it takes.
    fn permitted(&self) -> Result<()> {
        match self.denied.first() {
            Some(denied) => Err(Error::Refused(format!("{}.", denied.told()))),
            None => Ok(()),
        }
    }
    /// Refuses to go on while a conflict is open.
    fn decided(&self) -> Result<()> {
        match self.summary.conflicts {
            0 => Ok(()),
            1 => Err(Error::Refused("One conflict is open. Decide it first.".into())),
            n => Err(Error::Refused(format!("{n} conflicts are open. Decide them first."))),
        }
    }
    /// Lets go of its memory beside whoever waits: that of a large one takes a while.
    fn drop_beside(self) {
        drop(tokio::task::spawn_blocking(move || drop(self)));
    }
}

/// What was looked at is not what is there any more.
fn stale() -> Error {
    Error::Refused("Something changed since you looked. Look at it again, then go on.".into())
}
