//! The company's activity: its commits, by who made them, why and when, and one of them.
use super::{
    fields::Showing,
    history::{ChangeView, CommitView, change, commit},
};
use crate::{
    domain::{branch::Branch, check::Problems, field::Kind, history::cause::Cause},
    service::{
        activity::{self, CommitRow, Touched},
        companies::Member,
        merge::Effect,
        tags::Tag,
    },
    web::{
        extract::Visit,
        paths::record,
        query::{Query, placed},
        view::{Shell, View},
    },
};
use askama::Template;
use std::collections::BTreeMap;

/// Changes on a page.
pub(in crate::web) const SHOWN: i64 = 50;

/// The list.
#[derive(Template)]
#[template(path = "commits/index.html", blocks = ["log"])]
pub(in crate::web) struct Commits {
    pub shell: Shell,
    pub url: String,
    pub rows: Vec<CommitView>,
    pub older: Option<String>,
    /// Each with its id, and whether it is chosen.
    pub members: Vec<(String, String, bool)>,
    pub causes: Vec<(&'static str, &'static str, bool)>,
    pub kinds: Vec<(&'static str, &'static str, bool)>,
    /// Main and branches: of one of them is what is told.
    pub worlds: Vec<(String, String, bool)>,
    pub named: bool,
    pub from: String,
    pub to: String,
    /// Some are not listed.
    pub narrowed: bool,
    pub problems: Problems,
}
impl View for Commits {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "log").then(|| self.as_log().render())
    }
}

/// What people look for in the log.
const CAUSES: [(Cause, &str); 12] = [
    (Cause::Create, "Created"),
    (Cause::Edit, "Changed"),
    (Cause::Deletion, "Deleted"),
    (Cause::Restoration, "Restored"),
    (Cause::Import, "Imported"),
    (Cause::Cancellation, "Cancelled"),
    (Cause::Batch, "Many at once"),
    (Cause::Sync, "Brought up to date"),
    (Cause::Undoing, "Not brought up to date after all"),
    (Cause::Merge, "Merged"),
    (Cause::Revert, "Taken back"),
    (Cause::Settings, "Settings"),
];

impl Commits {
    pub(in crate::web) fn of(
        visit: &Visit,
        query: &Query,
        (rows, tags): (&[CommitRow], &BTreeMap<i64, Vec<Tag>>),
        (members, branches): (&[Member], &[Branch]),
        problems: Problems,
    ) -> Self {
        let url = format!("{}/commits", visit.base());
        let [who, what, kind, from, to] =
            ["who", "what", "kind", "from", "to"].map(|name| query.get(name).to_owned());
        let member = |m: &Member| {
            let id = m.user.id.to_string();
            (id.clone(), m.user.name.clone(), id == who)
        };
        let last = rows.last().map(|c| c.seq.to_string()).filter(|seq| seq != "1");
        let whole = i64::try_from(rows.len()).unwrap_or(i64::MAX) < SHOWN;
        Self {
            shell: Shell::of(visit, "Activity", "commits"),
            older: last.filter(|_| !whole).map(|seq| query.url(&url, &[("before", &seq)])),
            rows: rows
                .iter()
                .map(|c| commit(visit, c, tags.get(&c.seq).map_or(&[], Vec::as_slice)))
                .collect(),
            members: members.iter().map(member).collect(),
            causes: causes(visit, &what),
            kinds: Kind::WORDS.iter().map(|(w, label)| (*w, *label, *w == kind)).collect(),
            worlds: worlds(visit, branches),
            named: query.get("named") == "true",
            narrowed: !query.without(&["before", "branch"]).is_empty(),
            url,
            from,
            to,
            problems,
        }
    }
}

/// What can have been done in the world, each with whether it is chosen.
fn causes(visit: &Visit, chosen: &str) -> Vec<(&'static str, &'static str, bool)> {
    let branch = visit.ctx.scope.world().branch().is_some();
    let here = |cause: Cause| match cause {
        Cause::Batch | Cause::Sync | Cause::Undoing => branch,
        Cause::Revert | Cause::Settings => !branch,
        _ => true,
    };
    let offered = CAUSES.iter().filter(|(c, _)| here(*c) || c.word() == chosen);
    offered.map(|(c, label)| (c.word(), *label, c.word() == chosen)).collect()
}

/// Main and the branches, each with its slug and whether it is this one.
fn worlds(visit: &Visit, branches: &[Branch]) -> Vec<(String, String, bool)> {
    let here = visit.ctx.scope.world().slug();
    let world = |slug: &str, name: &str| (slug.to_owned(), name.to_owned(), slug == here);
    let own =
        visit.ctx.scope.world().branch().filter(|b| branches.iter().all(|o| o.slug != b.slug));
    let each = own.into_iter().chain(branches).map(|b| world(&b.slug, &b.name));
    std::iter::once(world("main", "main")).chain(each).collect()
}

/// One change.
#[derive(Template)]
#[template(path = "commits/show.html")]
pub(in crate::web) struct Commit {
    pub shell: Shell,
    pub of: CommitView,
    pub records: Vec<TouchedView>,
    /// The records after these, and those from the first on.
    pub more: Option<String>,
    pub first: Option<String>,
    /// The branch that it merged: its name, its page, its last change before.
    pub merged: Option<(String, String, String)>,
    pub may_revert: bool,
    pub may_name: bool,
    /// The name that was typed and cannot be given.
    pub name: String,
    pub problems: Problems,
}
impl View for Commit {}

/// A record that a commit touched.
pub(in crate::web) struct TouchedView {
    pub kind: &'static str,
    pub title: String,
    pub url: String,
    pub effect: &'static str,
    pub kept: bool,
    pub deleted: bool,
    pub changes: Vec<ChangeView>,
    /// Changes that are not told here.
    pub further: usize,
    /// Where its proof is had, for who may see all of it.
    pub proof: Option<String>,
}

/// Changes of a record told on the page of a commit.
const CHANGES: usize = 12;

impl Commit {
    /// What may be done with it is for main.
    pub(in crate::web) fn of(
        visit: &Visit,
        (found, tags): (&activity::Commit, &[Tag]),
        (may_revert, may_name): (bool, bool),
    ) -> Self {
        let seq = found.row.seq;
        let url = format!("{}/commits/{seq}", visit.base());
        let zone = visit.ctx.company.zone();
        let showing = Showing { zone: &zone, titles: &found.titles };
        let query = Query::of(&visit.uri);
        let merged = found.merged.as_ref().map(|m| {
            let there = format!("/{}/{}/commits/{}", visit.ctx.company.slug, m.slug, m.merged_seq);
            (m.name.clone(), crate::web::paths::branch(&visit.main(), &m.slug), there)
        });
        Self {
            shell: Shell::of(visit, format!("Change {seq}"), "commits"),
            of: commit(visit, &found.row, tags),
            records: found.records.iter().map(|t| touched(visit, seq, (t, &showing))).collect(),
            more: found.next.map(|place| query.url(&url, &[("after", &placed(place))])),
            first: (!query.get("after").is_empty()).then(|| url.clone()),
            merged,
            may_revert: may_revert && found.row.records > 0,
            may_name,
            name: String::new(),
            problems: Problems::default(),
        }
    }
}

fn touched(visit: &Visit, seq: i64, (t, showing): (&Touched, &Showing<'_>)) -> TouchedView {
    let (base, deleted) = (visit.base(), t.effect == Effect::Deleted);
    let url = record(&base, t.kind, t.id);
    TouchedView {
        kind: t.kind.label(),
        title: t.title.clone(),
        // what is gone is shown as it was before
        url: if deleted { format!("{url}?at={}", seq - 1) } else { url },
        effect: if t.effect == Effect::Changed { "" } else { t.effect.word() },
        kept: t.kept,
        deleted,
        changes: t.changes.iter().take(CHANGES).map(|c| change(c, showing)).collect(),
        further: t.changes.len().saturating_sub(CHANGES),
        proof: t.provable.then(|| format!("{base}/commits/{seq}/proof/{}/{}", t.kind, t.id)),
    }
}
