//! What the acts on plans are called on their pages, and where these lead.
use super::plans::PlanView;
use crate::{
    domain::{branch::Branch, policy::Act},
    service::merge::Job,
    web::{extract::Visit, paths},
};

/// What a job is called, and where its decisions and its act are sent.
pub(in crate::web) struct Frame {
    pub heading: String,
    /// The page one came from: name and address.
    pub from: (String, String),
    pub word: Word,
    pub decide: String,
    pub act: String,
    pub url: String,
    pub may: bool,
    /// The branch is closed: nothing is done any more.
    pub closed: bool,
    /// It can leave the branch open.
    pub may_keep: bool,
    /// The records that are meant; empty for all.
    pub only: String,
}

/// The words of an act.
#[derive(Clone, Copy)]
pub(in crate::web) struct Word {
    /// Which plan, for the forms.
    pub of: &'static str,
    pub verb: &'static str,
    /// What main's side and the other one are called.
    pub keep: &'static str,
    pub take: &'static str,
    pub base: &'static str,
    pub icon: &'static str,
}

impl Frame {
    pub(super) fn of(visit: &Visit, job: &Job) -> Self {
        let (url, main) = (PlanView::url(visit, job), visit.main());
        let may = |act| visit.ctx.scope.may(act);
        let word = Word::of(job);
        let of_branch = |b: &Branch, heading: String| {
            let page = paths::branch(&main, &b.slug);
            let (decide, act) = (format!("{page}/resolutions"), format!("{page}/{}", word.of));
            let from = (b.name.clone(), page);
            let (url, closed, only) = (url.clone(), b.closed().is_some(), String::new());
            let may = !closed;
            Self { heading, from, word, decide, act, url, may, closed, may_keep: false, only }
        };
        match job {
            Job::Merge(b, only) => {
                let what = if only.is_all() { "" } else { "a part of " };
                let frame = of_branch(b, format!("Merge {what}“{}” into main", b.name));
                let may = frame.may && may(Act::MergeBranch);
                Self { may, may_keep: only.is_all(), only: only.text(), ..frame }
            }
            Job::Sync(b) => {
                let frame = of_branch(b, format!("Bring “{}” up to date", b.name));
                Self { may: frame.may && may(Act::OpenBranch), ..frame }
            }
            Job::Revert(seq) => {
                let page = format!("{main}/commits/{seq}");
                Self {
                    heading: format!("Take back change {seq}"),
                    from: (format!("Change {seq}"), page.clone()),
                    word,
                    decide: format!("{page}/resolutions"),
                    act: url.clone(),
                    url,
                    may: may(Act::MergeBranch),
                    closed: false,
                    may_keep: false,
                    only: String::new(),
                }
            }
        }
    }

    /// Where it stands once nothing is left to decide.
    pub(super) fn ready(&self) -> &'static str {
        match (self.closed, self.may) {
            (true, _) => "The branch is closed",
            (false, true) => "Ready",
            (false, false) => "Ready, but not for your role",
        }
    }
}

impl Word {
    pub(super) fn of(job: &Job) -> Self {
        match job {
            Job::Merge(..) => MERGE,
            Job::Sync(_) => SYNC,
            Job::Revert(_) => REVERT,
        }
    }
}

const MERGE: Word = Word {
    of: "merge",
    verb: "Merge",
    keep: "Keep main",
    take: "Take branch",
    base: "When the branch began",
    icon: "git-merge",
};
const SYNC: Word = Word { of: "sync", verb: "Bring in", icon: "arrow-down", ..MERGE };
const REVERT: Word = Word {
    of: "revert",
    verb: "Take back",
    keep: "Keep as it is now",
    take: "Take what was before",
    base: "After that change",
    icon: "rotate-ccw",
};
