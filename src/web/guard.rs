//! The guard in front of every route: who is asking, in which company and world, and may they.
use super::{
    cookies,
    extract::Hx,
    paths,
    problem::Failure,
    query::Query,
    routes::{Access, Shows},
    session,
};
use crate::{
    app::App,
    domain::{
        company::{Who, parse_slug},
        scope::AuthorKind,
    },
    service::{accounts, branches, context::Ctx, error::Error, history},
};
use axum::{
    RequestExt,
    extract::{RawPathParams, Request, State},
    http::{HeaderMap, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// Whether a page can be asked for as it was, and the point at which it is.
#[derive(Clone, Copy, Default)]
pub struct When {
    pub dated: bool,
    pub point: Option<history::Point>,
    /// How far the branch is behind main that a whole page shows.
    pub behind: Option<branches::Behind>,
}

/// Lets a request through to its handler, or answers in its stead. A page that was shown has said
/// what was done before it.
pub(super) async fn guard(
    State((app, access, shows)): State<(App, Access, Shows)>,
    req: Request,
    next: Next,
) -> Response {
    if access == Access::Open {
        return next.run(req).await;
    }
    let told = cookies::get(req.headers(), "done").is_some() && req.method() == Method::GET;
    let mut response = guarded((app, access, shows), req, next).await;
    if told && response.status() == StatusCode::OK {
        response.headers_mut().append(header::SET_COOKIE, cookies::said());
    }
    response
}

async fn guarded(
    (app, access, shows): (App, Access, Shows),
    mut req: Request,
    next: Next,
) -> Response {
    let session = req.extensions().get::<Session>().cloned();
    let who = match who(&app, (req.headers(), session), access).await {
        Ok(who) => who,
        Err(e) => return Failure(e).into_response(),
    };
    let Some(who) = who else {
        return match access {
            Access::Public => next.run(req).await,
            Access::Member(_) if !names_a_company(&req) => Failure(Error::NotFound).into_response(),
            _ => sign_in(&req, access),
        };
    };
    req.extensions_mut().insert(who.clone());
    let admitted = match admit(&app, &mut req, (access, &who)).await {
        Ok(Some(ctx)) => shown(ctx, req.uri(), (is_page(&req, access), shows)).await.map(Some),
        other => other.map(|_| None),
    };
    match admitted {
        Ok(Some((ctx, when))) => {
            req.extensions_mut().insert(ctx);
            req.extensions_mut().insert(when);
        }
        Ok(None) => {}
        Err(e) => return Failure(e).into_response(),
    }
    next.run(req).await
}

/// What is answered may be a whole page, with all that stands around it: also to a form that comes back.
fn is_page(req: &Request, access: Access) -> bool {
    matches!(access, Access::Member(_)) && !Hx::of_headers(req.headers()).is_request()
}

/// The API knows tokens only, pages know sessions only.
async fn who(
    app: &App,
    (headers, session): (&HeaderMap, Option<Session>),
    access: Access,
) -> Result<Option<Who>, Error> {
    if let Access::Token(_) = access {
        return match bearer(headers) {
            Some(token) => accounts::who_of_token(app, token).await,
            None => Ok(None),
        };
    }
    match session {
        Some(session) => session::who(&session).await,
        None => Ok(None),
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

async fn admit(
    app: &App,
    req: &mut Request,
    (access, who): (Access, &Who),
) -> Result<Option<Ctx>, Error> {
    let (act, author) = match access {
        Access::Open | Access::Public | Access::SignedIn => return Ok(None),
        Access::Platform => return accounts::platform_only(who).map(|()| None),
        Access::Member(act) => (act, AuthorKind::User),
        Access::Token(act) => (act, AuthorKind::Token),
    };
    let params = req.extract_parts::<RawPathParams>().await.map_err(|_| Error::NotFound)?;
    let param = |name: &str| params.iter().find(|(n, _)| *n == name).map(|(_, v)| v);
    let place = param("company").and_then(|slug| who.place(slug)).ok_or(Error::NotFound)?;
    let ctx = Ctx::of_member(app, &who.user, place, author);
    let ctx = branches::enter(ctx, param("world").unwrap_or("main")).await?;
    ctx.may(act)?;
    Ok(Some(ctx))
}

/// The point of the past that a URL asks for by `at`, and the world as it was then; refused where
/// the route cannot show it.
async fn shown(ctx: Ctx, uri: &Uri, (is_page, shows): (bool, Shows)) -> Result<(Ctx, When), Error> {
    if ctx.scope.world().branch().is_some() && !shows.branches {
        return Err(Error::NotFound);
    }
    let (query, dated) = (Query::of(uri), shows.past);
    let text = query.get("at");
    if text.is_empty() {
        let behind = if is_page { branches::behind(&ctx).await? } else { None };
        return Ok((ctx, When { dated, point: None, behind }));
    }
    if !shows.past {
        let why = "This page shows the present only. Take `at` out of its address.";
        return Err(Error::at("at", why));
    }
    let point = history::point(&ctx, text).await?;
    let ctx = branches::as_of(ctx, point.seq).await?;
    Ok((ctx, When { dated, point: Some(point), behind: None }))
}

/// Nobody has to sign in to learn that there is no `/robots.txt`.
fn names_a_company(req: &Request) -> bool {
    req.uri().path().split('/').nth(1).is_some_and(|slug| parse_slug(slug).is_ok())
}

/// Where to come back to: what was asked for, or the page that asked for a part of its own at another
/// address.
fn back(req: &Request) -> String {
    let page = req.headers().get("hx-current-url").and_then(|v| v.to_str().ok());
    let page = page.and_then(|url| url.parse::<Uri>().ok());
    let other = |page: &&Uri| page.path() != req.uri().path() || req.method() != Method::GET;
    let uri = page.as_ref().filter(other).unwrap_or(req.uri());
    uri.path_and_query().map_or("/", |p| p.as_str()).to_owned()
}

/// A page leads to the sign-in and back; htmx and programs are told.
fn sign_in(req: &Request, access: Access) -> Response {
    let htmx = req.headers().contains_key("hx-request");
    if matches!(access, Access::Token(_)) || (req.method() != Method::GET && !htmx) {
        return Failure(Error::SignIn).into_response();
    }
    let to = paths::login_and_back(&back(req));
    if htmx {
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", to)]).into_response();
    }
    Redirect::to(&to).into_response()
}
