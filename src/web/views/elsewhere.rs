//! What other worlds make of a record, as its page tells it.
use super::{
    fields::Showing,
    history::{ChangeView, change},
};
use crate::{
    domain::field::find,
    service::{
        elsewhere::{Changing, Elsewhere, TOLD},
        history::Story,
        subjects::Subject,
    },
    web::{extract::Visit, paths},
};

/// What a record's page says of other worlds.
#[derive(Default)]
pub(in crate::web) struct ElsewhereView {
    /// What main has changed since the branch began.
    pub changes: Vec<ChangeView>,
    /// Main has deleted it since.
    pub deleted: bool,
    /// The page of main's record that has its code.
    pub taken: String,
    /// What that is, and what the code is called.
    pub kind: String,
    pub code: String,
    /// Its page on main, and the plan that brings the branch up to date.
    pub main: String,
    pub sync: String,
    /// Open branches that change it.
    pub branches: Vec<InBranch>,
    /// There are more of them.
    pub more: bool,
}

/// One of them.
pub(in crate::web) struct InBranch {
    pub name: String,
    pub deletes: bool,
    /// Its page there; the branch's own if it is not there any more.
    pub href: String,
}

impl ElsewhereView {
    /// `url` is the record's page.
    pub(in crate::web) fn of<R: Subject>(visit: &Visit, story: &Story<R>, url: &str) -> Self {
        let path = url.strip_prefix(&visit.base()).unwrap_or_default();
        let main = visit.main();
        let zone = visit.ctx.company.zone();
        let showing = Showing { zone: &zone, titles: &story.titles };
        let branches = match &story.elsewhere {
            Elsewhere::Branches(all) => &all[..],
            _ => &[],
        };
        Self {
            changes: story.elsewhere.changes().iter().map(|c| change(c, &showing)).collect(),
            deleted: matches!(story.elsewhere, Elsewhere::Deleted),
            sync: paths::branch(&main, visit.ctx.scope.world().slug()) + "/plan?for=sync",
            taken: story.taken.map(|id| paths::record(&main, R::KIND, id)).unwrap_or_default(),
            kind: R::KIND.label().to_lowercase(),
            code: find(R::FIELDS, R::UNIQUE).map(|f| in_text(f.label)).unwrap_or_default(),
            main: main + path,
            more: branches.len() > TOLD,
            branches: branches.iter().take(TOLD).map(|b| in_branch(visit, b, path)).collect(),
        }
    }
}

/// A field's label within a sentence: `number`, but `SKU`.
fn in_text(label: &str) -> String {
    let short = label.chars().all(char::is_uppercase);
    if short { label.to_owned() } else { label.to_lowercase() }
}

fn in_branch(visit: &Visit, of: &Changing, path: &str) -> InBranch {
    let (branch, deletes) = (&of.branch, of.deletes);
    let name = branch.name.clone();
    let href = if deletes {
        paths::branch(&visit.main(), &branch.slug)
    } else {
        format!("/{}/{}{path}", visit.ctx.company.slug, branch.slug)
    };
    InBranch { name, deletes, href }
}
