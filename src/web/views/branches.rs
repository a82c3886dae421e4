//! Branches as people see them.
use super::{
    conflicts::Who,
    reviews::ReviewersView,
    text::{changes, up_to_cap},
};
use crate::{
    domain::{
        branch::{Branch, BranchState, Visibility},
        check::Problems,
        history::cause::Cause,
        policy::Act,
        text::initials,
    },
    service::{
        branches::{BranchFilter, Listed, Place, Standing, behind_of, may_run},
        comments::{Comment, may_take_back},
        error::Result,
        merge::Job,
        viewers::Viewers,
    },
    web::{
        extract::Visit,
        form::Form,
        paths,
        query::{Query, placed},
        view::{Shell, View},
    },
};
use askama::Template;
use uuid::Uuid;

/// The list.
#[derive(Template)]
#[template(path = "branches/index.html")]
pub(in crate::web) struct Index {
    pub shell: Shell,
    pub rows: Vec<Row>,
    /// Those that were changed before these.
    pub more: Option<String>,
    pub which: BranchFilter,
    /// How many wait for the person's review, in front of all of them.
    pub to_review: i64,
    pub can_open: bool,
}
impl View for Index {}

/// The menu in which one changes worlds.
#[derive(Template)]
#[template(path = "branches/_worlds.html")]
pub(in crate::web) struct Worlds {
    pub rows: Vec<Row>,
    /// Main's page of the list from which the menu was opened.
    pub main: String,
    pub on_main: bool,
}
impl View for Worlds {}

/// A branch in a list.
pub(in crate::web) struct Row {
    pub name: String,
    pub owner: String,
    pub state: &'static str,
    pub label: &'static str,
    pub private: bool,
    /// `42 changed records`
    pub size: String,
    /// Changes of main that it has not seen; empty for none.
    pub behind: String,
    /// Days without a change, if it may have been forgotten.
    pub quiet: Option<i64>,
    pub when: String,
    pub full: String,
    pub iso: String,
    /// Its own page.
    pub href: String,
    /// Into it: the same list as one came from.
    pub enter: String,
    pub current: bool,
}

/// The form of a new one.
#[derive(Template)]
#[template(path = "branches/new.html")]
pub(in crate::web) struct New {
    pub shell: Shell,
    pub name: String,
    pub note: String,
    pub visibility: &'static str,
    pub choices: &'static [(&'static str, &'static str)],
    pub to: String,
    /// The slug of the branch that it begins as.
    pub copy_of: String,
    pub problems: Problems,
}
impl View for New {}

/// A branch's own page.
#[derive(Template)]
#[template(path = "branches/show.html")]
pub(in crate::web) struct Show {
    pub shell: Shell,
    pub row: Row,
    /// Of when the main is that it shows, while it is open.
    pub since: Option<String>,
    /// How many records both have changed.
    pub met: String,
    pub note: Option<String>,
    pub enter: String,
    /// The change that merged it.
    pub merged: Option<String>,
    /// It can be put away, or opened again.
    pub may_close: bool,
    /// Where a copy of it is opened.
    pub copy: Option<String>,
    /// It was brought up to date, and nothing was done since.
    pub may_undo: bool,
    /// Who was asked to review it.
    pub reviewers: ReviewersView,
    /// Who sees it, to those who say so.
    pub viewers: Option<Viewers>,
    pub said: Said,
    /// What is being said and cannot be.
    pub saying: String,
    pub may_say: bool,
    pub problems: Problems,
}
impl View for Show {}

/// What people said about it.
#[derive(Default)]
pub(in crate::web) struct Said {
    pub comments: Vec<CommentView>,
    /// The page of what was said before that.
    pub earlier: Option<String>,
    /// On such a page.
    pub is_earlier: bool,
}

/// One of them.
pub(in crate::web) struct CommentView {
    pub id: Uuid,
    pub who: Who,
    pub text: String,
    /// Why there is no text.
    pub gone: Option<&'static str>,
    pub may_take_back: bool,
}

impl Said {
    pub(in crate::web) fn of(
        visit: &Visit,
        (slug, from): (&str, i64),
        (all, more): (Vec<Comment>, Option<i64>),
    ) -> Self {
        let (now, zone) = (visit.ctx.now(), visit.ctx.company.zone());
        let said = |c: Comment| {
            let may_take_back = may_take_back(&visit.ctx, &c);
            let name = c.name.unwrap_or_else(|| "A program".into());
            let who = Who { initials: initials(&name), name, when: c.at.spoken(now, &zone) };
            let why = if c.erased { "Erased, since it named a person." } else { "Taken back." };
            let gone = c.text.is_empty().then_some(why);
            CommentView { id: c.id, who, text: c.text, gone, may_take_back }
        };
        let page = paths::branch(&visit.main(), slug);
        Self {
            comments: all.into_iter().map(said).collect(),
            earlier: more.map(|from| format!("{page}?from={from}#said")),
            is_earlier: from > 0,
        }
    }
}

impl Index {
    pub(in crate::web) fn of(
        visit: &Visit,
        (which, to_review): (BranchFilter, i64),
        (all, next): (&[Listed], Option<Place>),
    ) -> Self {
        let url = format!("{}/branches", visit.base());
        let query = Query::of(&visit.uri);
        Self {
            shell: Shell::of(visit, "Branches", "branches"),
            rows: all.iter().map(|b| row(visit, b, ("/orders", ""))).collect(),
            more: next.map(|place| query.url(&url, &[("after", &placed(place))])),
            which,
            to_review,
            can_open: visit.ctx.scope.may(Act::OpenBranch),
        }
    }
}

impl Worlds {
    pub(in crate::web) fn of(visit: &Visit, all: &[Listed]) -> Self {
        let (list, here) = (came_from(visit), world_of(visit));
        Self {
            rows: all.iter().map(|b| row(visit, b, (&list, &here))).collect(),
            main: format!("{}{list}", visit.main()),
            on_main: here == "main",
        }
    }
}

impl New {
    /// For main as it is, or for a copy of a branch.
    pub(in crate::web) fn empty(visit: &Visit, to: String, copied: Option<Branch>) -> Self {
        let name = copied.as_ref().map(|b| format!("{} (copy)", b.name)).unwrap_or_default();
        Self {
            shell: Shell::of(visit, "New branch", "branches"),
            name,
            note: String::new(),
            visibility: Visibility::Private.word(),
            choices: Visibility::WORDS,
            to,
            copy_of: copied.map(|b| b.slug).unwrap_or_default(),
            problems: Problems::default(),
        }
    }
    /// As it was typed, with what is wrong.
    pub(in crate::web) fn again(visit: &Visit, form: &Form, problems: Problems) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let visibility = text("visibility").parse().unwrap_or(Visibility::Private).word();
        let [name, note, copy_of] = ["name", "note", "copy_of"].map(text);
        let empty = Self::empty(visit, text("to"), None);
        Self { name, note, visibility, copy_of, problems, ..empty }
    }
}

impl Show {
    pub(in crate::web) fn of(
        visit: &Visit,
        found: &Listed,
        (standing, viewers): (Option<Standing>, Option<Viewers>),
    ) -> Self {
        let row = row(visit, found, ("/orders", ""));
        let (now, zone) = (visit.ctx.now(), visit.ctx.company.zone());
        Self {
            shell: Shell::of(visit, found.branch.name.clone(), "branches"),
            since: standing.map(|s| s.since.spoken_within(now, &zone)),
            met: standing.map_or_else(String::new, |s| met(s.met)),
            note: found.branch.note.clone(),
            enter: row.enter.clone(),
            merged: found
                .branch
                .merged
                .as_ref()
                .map(|(seq, _)| format!("{}/commits/{seq}", visit.main())),
            copy: (found.branch.state != BranchState::Merged
                && visit.ctx.scope.may(Act::OpenBranch))
            .then(|| format!("{}/branches/new?copy_of={}", visit.main(), found.branch.slug)),
            may_close: found.branch.state != BranchState::Merged
                && may_run(&visit.ctx, &found.branch),
            may_undo: row.state == BranchState::Open.word()
                && found.tally.cause == Cause::Sync.word()
                && visit.ctx.scope.may(Act::OpenBranch),
            reviewers: ReviewersView::default(),
            viewers,
            said: Said::default(),
            saying: String::new(),
            may_say: visit.ctx.scope.may(Act::OpenBranch),
            problems: Problems::default(),
            row,
        }
    }
}

fn row(visit: &Visit, listed: &Listed, (list, here): (&str, &str)) -> Row {
    let (b, t) = (&listed.branch, &listed.tally);
    let (zone, now) = (visit.ctx.company.zone(), visit.ctx.now());
    let own = b.is_of(visit.ctx.scope.actor());
    let open = b.state == BranchState::Open;
    let owner = t.owner.clone().unwrap_or_else(|| "The operator".into());
    Row {
        name: b.name.clone(),
        owner: if own { "yours".into() } else { owner },
        state: b.state.word(),
        label: b.state.label(),
        private: b.visibility == Visibility::Private,
        size: size(t.size),
        behind: if open && t.behind > 0 { up_to_cap(t.behind) } else { String::new() },
        quiet: b.quiet(now),
        when: b.changed_at.spoken(now, &zone),
        full: b.changed_at.full_text(&zone),
        iso: b.changed_at.to_string(),
        href: paths::branch(&visit.main(), &b.slug),
        enter: format!("/{}/{}{list}", visit.ctx.company.slug, b.slug),
        current: b.slug == here,
    }
}

/// `no changes yet`, `1 changed record`, `1,000+ changed records`.
fn size(n: i64) -> String {
    match n {
        0 => "no changes yet".into(),
        1 => "1 changed record".into(),
        n => format!("{} changed records", up_to_cap(n)),
    }
}

/// `2 records changed on both sides`; nothing if there are none.
fn met(n: i64) -> String {
    match n {
        0 => String::new(),
        1 => "1 record changed on both sides".into(),
        n => format!("{} records changed on both sides", up_to_cap(n)),
    }
}

/// The path within the world of the page that asked for the menu: its list, if it is in one.
fn came_from(visit: &Visit) -> String {
    let lists = ["orders", "customers", "products", "tax-codes"];
    let list = part_of(visit, 3).filter(|part| lists.contains(&part.as_str()));
    list.map_or_else(|| "/orders".into(), |list| format!("/{list}"))
}

/// The world of the page that asked for the menu.
fn world_of(visit: &Visit) -> String {
    part_of(visit, 2).unwrap_or_else(|| "main".into())
}

fn part_of(visit: &Visit, nth: usize) -> Option<String> {
    let page = visit.headers.get("hx-current-url")?.to_str().ok()?;
    let path = page.parse::<axum::http::Uri>().ok()?.path().to_owned();
    path.split('/').nth(nth).map(str::to_owned)
}

/// What of main bringing a branch up to date brings it; empty if it has all of main, none for other jobs.
pub(super) async fn brings(visit: &Visit, job: &Job) -> Result<Option<String>> {
    let Job::Sync(branch) = job else { return Ok(None) };
    let behind = behind_of(&visit.ctx, branch).await?;
    let commits = behind.map(|b| b.commits).filter(|n| *n > 0);
    Ok(Some(commits.map(changes).unwrap_or_default()))
}
