//! Pages and their fragments: one template, shown whole or in part.
use super::{
    cookies,
    extract::{Guest, Hx, Visit},
    paths,
    problem::Problem,
    query::Query,
    views::{fields::ClashView, text::changes},
};
use crate::domain::{
    branch::Branch, check::Problems, company::Who, field::Kind, policy::Act, text::initials,
};
use askama::Template;
use axum::{
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

/// A page. A region of it is a block of its template, named by the id of its element.
pub(super) trait View: Template {
    fn region(&self, _: &str) -> Option<askama::Result<String>> {
        None
    }
}

/// The block that htmx asked for if the page has it, else the whole page.
pub(super) fn show(hx: &Hx, view: &impl View) -> Response {
    show_as(StatusCode::OK, hx, view)
}

/// The status of a form that comes back: as it was asked for, 422 with what is wrong, 409 with a
/// conflict.
pub(super) fn form_status(problems: &Problems, clash: &[ClashView]) -> StatusCode {
    match (problems.is_empty(), clash.is_empty()) {
        (true, true) => StatusCode::OK,
        (_, false) => StatusCode::CONFLICT,
        (false, true) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// [`show`] with a status.
pub(super) fn show_as(status: StatusCode, hx: &Hx, view: &impl View) -> Response {
    let text = hx.target().and_then(|t| view.region(t)).unwrap_or_else(|| view.render());
    match text {
        Ok(text) => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
        }
        Err(e) => {
            tracing::error!(error = %e, "a template failed");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What stands around every page of a company.
pub(super) struct Shell {
    pub title: String,
    pub active: &'static str,
    pub base: String,
    pub company: String,
    pub world: WorldView,
    pub user: String,
    pub initials: String,
    pub platform_admin: bool,
    /// Name, initials, URL, whether it is this one.
    pub places: Vec<(String, String, String, bool)>,
    pub theme: &'static str,
    pub done: Option<&'static str>,
    pub can: Can,
    /// When the page shows what was: until when, and the page of now.
    pub past: Option<(String, String)>,
    /// What links keep that stay at the point of the past: `?at=7`, or nothing.
    pub at: String,
    /// The point itself: `7`, or nothing.
    pub point: String,
    pub other_day: Option<OtherDay>,
}

/// A form that asks for this page as of another day.
pub(super) struct OtherDay {
    pub action: String,
    pub kept: Vec<(String, String)>,
    pub day: String,
    pub last: String,
}

fn other_day(visit: &Visit) -> Option<OtherDay> {
    let zone = visit.ctx.company.zone();
    let today = visit.ctx.now().day(&zone).to_string();
    let day = visit.when.point.map_or_else(|| today.clone(), |p| p.at.day(&zone).to_string());
    // a place in a list is one of its own time
    let kept = Query::of(&visit.uri).without(&["at", "after", "before"]);
    let action = visit.uri.path().to_owned();
    let asks = visit.when.dated && visit.ctx.scope.may(Act::ReadHistory);
    asks.then_some(OtherDay { action, kept, day, last: today })
}

/// What the signed-in person may do here, for what is offered.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "one for each thing that a page offers")]
pub(super) struct Can {
    pub write_orders: bool,
    pub settings: bool,
    pub members: bool,
    pub records: bool,
    pub history: bool,
    pub export: bool,
    pub open_branch: bool,
}

impl Shell {
    pub(super) fn of(visit: &Visit, title: impl Into<String>, active: &'static str) -> Self {
        let may = |act| visit.ctx.scope.may(act);
        Self {
            title: title.into(),
            active,
            base: visit.base(),
            company: visit.ctx.company.name.clone(),
            world: WorldView::of(visit),
            user: visit.who.user.name.clone(),
            initials: visit.who.user.initials(),
            platform_admin: visit.who.user.platform_admin,
            places: places(&visit.who, &visit.ctx.company.slug),
            theme: cookies::theme(&visit.headers),
            done: cookies::done(&visit.headers),
            at: Query::default().url("", &[("at", &visit.at())]),
            point: visit.at(),
            other_day: other_day(visit),
            past: visit.when.point.map(|p| {
                let text =
                    format!("{} (change {})", p.at.full_text(&visit.ctx.company.zone()), p.seq);
                (text, Query::of(&visit.uri).url(visit.uri.path(), &[("at", "")]))
            }),
            can: Can {
                write_orders: visit.ctx.may_change(Kind::Order, Act::WriteOrders),
                settings: may(Act::WriteSettings),
                members: may(Act::ManageMembers),
                records: may(Act::ReadRecords),
                history: may(Act::ReadHistory),
                export: may(Act::Export),
                open_branch: visit.ctx.scope.may_now(Act::OpenBranch),
            },
        }
    }
}

/// Which world a page shows, and where the others are.
pub(super) struct WorldView {
    /// The branch's name; none on main.
    pub branch: Option<String>,
    /// Why it cannot be changed any more.
    pub closed: Option<&'static str>,
    /// Where main begins: what no branch has a copy of is there.
    pub main: String,
    /// The branch's own page.
    pub page: String,
    /// Of when main is in the branch.
    pub since: Option<String>,
    /// `12 changes behind`; nothing if it has seen all of main.
    pub behind: Option<String>,
}

impl WorldView {
    fn of(visit: &Visit) -> Self {
        let (branch, main) = (visit.ctx.scope.world().branch(), visit.main());
        let behind = visit.when.behind;
        Self {
            branch: branch.map(|b| b.name.clone()),
            closed: branch.and_then(Branch::closed),
            page: branch.map_or_else(String::new, |b| paths::branch(&main, &b.slug)),
            since: behind
                .map(|b| b.since.spoken_within(visit.ctx.now(), &visit.ctx.company.zone())),
            behind: behind.map(|b| b.commits).filter(|n| *n > 0).map(commits_behind),
            main,
        }
    }
}

fn commits_behind(n: i64) -> String {
    format!("{} behind", changes(n))
}

fn places(who: &Who, slug: &str) -> Vec<(String, String, String, bool)> {
    let each = who.places.iter().map(|p| {
        let c = &p.company;
        (c.name.clone(), initials(&c.name), super::paths::home(&c.slug), c.slug == slug)
    });
    each.collect()
}

/// What stands around a page of no company.
pub(super) struct Plain {
    pub title: &'static str,
    pub theme: &'static str,
    pub done: Option<&'static str>,
}

impl Plain {
    pub(super) fn of(guest: &Guest, title: &'static str) -> Self {
        Self::new(&guest.headers, title)
    }
    fn new(headers: &HeaderMap, title: &'static str) -> Self {
        Self { title, theme: cookies::theme(headers), done: cookies::done(headers) }
    }
}

#[derive(Template)]
#[template(path = "error.html", blocks = ["alert"])]
struct ErrorPage<'a> {
    shell: Plain,
    problem: &'a Problem,
    status: u16,
    id: &'a str,
    back: &'a str,
    /// The same page in worlds where there is one: name and URL.
    worlds: Vec<(&'a str, String)>,
}

/// A problem as a page, or as the piece that goes into `#alerts`.
pub(super) fn problem(
    problem: &Problem,
    (id, back, path): (&str, &str, &str),
    (theme, fragment): (&'static str, bool),
) -> String {
    let in_it = |(slug, name)| Some((name, paths::in_world(path, slug)?));
    let each = problem.branches.iter().map(|(slug, name)| (slug.as_str(), name.as_str()));
    let worlds = each.filter_map(in_it).collect();
    let shell = Plain { title: problem.title, theme, done: None };
    let page = ErrorPage { shell, problem, status: problem.status.as_u16(), id, back, worlds };
    let text = if fragment { page.as_alert().render() } else { page.render() };
    text.unwrap_or_else(|_| problem.detail.clone())
}
