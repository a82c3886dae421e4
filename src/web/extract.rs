//! What handlers take: a visit in a company, a guest, and what htmx says of itself.
use super::{
    cookies,
    guard::When,
    paths::{self, home, record},
    query::Query,
};
use crate::{
    app::App,
    domain::{company::Who, field::Kind, policy::Act},
    service::{context::Ctx, error::Error},
};
use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use std::fmt::Display;
use uuid::Uuid;

/// The id in the path of a record; what is no id names nothing.
///
/// # Errors
/// `NotFound`.
pub fn record_id(Path((_, _, id)): Path<(String, String, String)>) -> Result<Uuid, Error> {
    id.parse().map_err(|_| Error::NotFound)
}

/// What htmx asked for.
#[derive(Clone, Debug, Default)]
pub struct Hx {
    request: bool,
    target: String,
}

impl Hx {
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let get = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let request = get("hx-request") == "true" && get("hx-history-restore-request") != "true";
        // htmx 4 sends `section#results`
        let target = get("hx-target").rsplit('#').next().unwrap_or_default().to_owned();
        Self { request, target }
    }
    pub fn is_request(&self) -> bool {
        self.request
    }
    /// The id of the element that is to be replaced; `main` if none was named.
    pub fn target(&self) -> Option<&str> {
        self.request.then_some(self.target.as_str())
    }
    /// Goes to another page.
    pub fn lead(&self, url: &str) -> Response {
        if self.request {
            (StatusCode::OK, [("hx-redirect", url.to_owned())]).into_response()
        } else {
            Redirect::to(url).into_response()
        }
    }
    /// Goes to another page and says there what was done.
    pub fn go(&self, url: &str, done: &str) -> Response {
        let mut response = self.lead(url);
        response.headers_mut().append(header::SET_COOKIE, cookies::say(done));
        response
    }
}

/// A signed-in person within a company; put there by the guard, which checked the right.
#[derive(Clone)]
pub struct Visit {
    pub ctx: Ctx,
    pub who: Who,
    pub hx: Hx,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// The point of the past that the page shows, if it can show one.
    pub when: When,
}

impl Visit {
    /// A record's page in the same world, at the same point of time.
    pub fn record(&self, kind: Kind, id: impl Display) -> String {
        Query::default().url(&record(&self.base(), kind, id), &[("at", &self.at())])
    }

    /// On a record's page in the past, where it is made what it was then.
    pub fn restoration(&self, url: &str, (kind, act): (Kind, Act)) -> Option<String> {
        let may = self.ctx.scope.may_now(act) && self.ctx.is_open(kind);
        let point = self.when.point.filter(|_| may);
        point.map(|p| format!("{url}/restoration?as_of={}", p.seq))
    }

    /// On a record's page on main: the form of a new branch that leads on to the record's own form in it.
    pub fn in_a_branch(&self, url: &str, act: Act) -> Option<String> {
        let path = url.strip_prefix(&self.main()).filter(|_| self.may_propose(act))?;
        Some(format!("{}/branches/new?to={path}/edit", self.main()))
    }

    /// Where a kind is not changed: the form of a new branch that leads on to that of a new record.
    pub fn new_in_a_branch(&self, (kind, act): (Kind, Act)) -> Option<String> {
        let leads = self.may_propose(act) && !self.ctx.is_open(kind);
        leads.then(|| format!("{}/branches/new?to=/{}/new", self.main(), kind.slug()))
    }

    /// Where everything that a list shows is changed at once, for who may propose that: on main, now.
    pub fn batch(&self, query: &Query, kind: Kind, act: Act) -> Option<String> {
        let may = self.may_propose(act) && self.ctx.scope.is_live();
        may.then(|| query.url(&paths::batch_of(&self.base(), kind), &[("at", "")]))
    }

    /// They may open a branch and do this in it.
    fn may_propose(&self, act: Act) -> bool {
        let scope = &self.ctx.scope;
        scope.may(Act::OpenBranch) && (scope.may(act) || act.edits_records())
    }

    /// The commit after which everything is shown; empty for now.
    pub fn at(&self) -> String {
        self.when.point.map_or_else(String::new, |p| p.seq.to_string())
    }

    /// `/acme/main`, whichever world this is.
    pub fn main(&self) -> String {
        home(&self.ctx.company.slug)
    }

    /// `/acme/main`: the start of every URL of this world.
    pub fn base(&self) -> String {
        format!("/{}/{}", self.ctx.company.slug, self.ctx.scope.world().slug())
    }
}

/// Somebody on a page of no company: signed in or not.
#[derive(Clone)]
pub struct Guest {
    pub app: App,
    pub who: Option<Who>,
    pub hx: Hx,
    pub headers: HeaderMap,
}

fn missing() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

impl FromRequestParts<App> for Visit {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Response> {
        let ctx = parts.extensions.get::<Ctx>().cloned().ok_or_else(missing)?;
        let who = parts.extensions.get::<Who>().cloned().ok_or_else(missing)?;
        let (hx, headers) = (Hx::of_headers(&parts.headers), parts.headers.clone());
        let when = parts.extensions.get::<When>().copied().unwrap_or_default();
        Ok(Self { ctx, who, hx, uri: parts.uri.clone(), headers, when })
    }
}

impl FromRequestParts<App> for Guest {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let who = parts.extensions.get::<Who>().cloned();
        let (hx, headers) = (Hx::of_headers(&parts.headers), parts.headers.clone());
        Ok(Self { app: app.clone(), who, hx, headers })
    }
}
