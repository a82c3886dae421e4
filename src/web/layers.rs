//! What every request passes through, from the outside in.
use super::{extract::Hx, problem::Problem, view};
use crate::app::App;
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{any::Any, time::Duration};
use tracing::{Instrument, instrument::WithSubscriber};

/// What a browser may do with our pages: load from here, send forms here, run no inline code.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types htmx";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CSP),
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
];

/// The same headers on every answer. Whatever is not told otherwise is not kept by anybody.
pub async fn headers(req: Request, next: Next) -> Response {
    let mut response = next.run(req).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(*name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let html =
        headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"));
    if html {
        headers.append(
            header::VARY,
            HeaderValue::from_static("HX-Request, HX-Target, HX-History-Restore-Request"),
        );
        let rules = HeaderValue::from_str(&format!("\"{}\"", super::assets::SPECULATION_JSON));
        headers
            .extend(rules.ok().map(|v| (header::HeaderName::from_static("speculation-rules"), v)));
    }
    response
}

/// The request's id: made here, told in the answer and in every log line.
#[derive(Clone)]
pub struct RequestId(pub String);

/// Gives the request its id and writes one line about it when it is done. Paths may hold what people
/// typed into a search box; the line has the route, not the path.
pub async fn log(State(app): State<App>, mut req: Request, next: Next) -> Response {
    let id = app.next_id().simple().to_string();
    req.extensions_mut().insert(RequestId(id.clone()));
    let method = req.method().clone();
    let span = tracing::info_span!("request", id = %id);
    let begun = app.now();
    let mut response = next.run(req).instrument(span.clone()).await;
    let micros = app.now().micros() - begun.micros();
    let route = response.extensions().get::<Route>().map_or("-", |r| r.0);
    span.in_scope(
        || tracing::info!(%method, route, status = response.status().as_u16(), micros, "answered"),
    );
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// The template of the route that answered, put on the response by the routes' own layer.
#[derive(Clone, Copy)]
pub struct Route(pub &'static str);

/// Renders problems as what the request wanted: JSON, a fragment, or a page.
pub async fn problems(req: Request, next: Next) -> Response {
    let api = req.uri().path().starts_with("/api/");
    let json = api
        || req
            .headers()
            .get(header::ACCEPT)
            .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
    let hx = Hx::of_headers(req.headers());
    let theme = super::cookies::theme(req.headers());
    let id = req.extensions().get::<RequestId>().map_or(String::new(), |r| r.0.clone());
    let (back, path) = (came_from(req.headers()), req.uri().path().to_owned());
    let mut response = next.run(req).await;
    let status = response.status();
    let bare = status.is_client_error() || status.is_server_error();
    let unrendered =
        !response.headers().contains_key(header::CONTENT_TYPE) || plain(response.headers());
    let found = response.extensions_mut().remove::<Problem>();
    let Some(problem) = found.or_else(|| (bare && unrendered).then(|| fallback(status))) else {
        return response;
    };
    let (mut head, _) = response.into_parts();
    head.headers.remove(header::CONTENT_LENGTH);
    let (kind, body) = if json {
        ("application/problem+json", problem.json(&id).to_string())
    } else {
        (
            "text/html; charset=utf-8",
            view::problem(&problem, (&id, &back, &path), (theme, hx.is_request())),
        )
    };
    if hx.is_request() && !json {
        head.headers.insert("hx-retarget", HeaderValue::from_static("#alerts"));
        head.headers.insert("hx-reswap", HeaderValue::from_static("innerHTML"));
    }
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Response::from_parts(head, Body::from(body))
}

/// The page of ours that led here, as a path; the start if there was none.
fn came_from(headers: &HeaderMap) -> String {
    let get = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let path = get("referer").zip(get("host")).and_then(|(from, host)| {
        let rest = from.split_once("://")?.1.strip_prefix(host)?;
        rest.starts_with('/').then(|| rest.to_owned())
    });
    path.unwrap_or_else(|| "/".to_owned())
}

fn plain(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/plain"))
}

fn fallback(status: StatusCode) -> Problem {
    let detail = match status.as_u16() {
        404 => "There is no such page.",
        405 => "This cannot be done at this address.",
        408 => "The server gave up waiting. Try again in a moment.",
        413 => "What was sent is too large. Send less at once.",
        400 | 415 | 422 => "What was sent cannot be read.",
        _ => "Something went wrong on our side. Nothing was changed.",
    };
    Problem::new(status, detail)
}

/// Refuses a change that another site's page asks for: `Sec-Fetch-Site`, else `Origin` against `Host`.
/// A request with neither does not come from a browser we support and is refused too. Tokens are
/// not sent by browsers on their own, so the API needs none of this.
pub async fn same_origin(req: Request, next: Next) -> Response {
    let safe = matches!(*req.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let api = req.uri().path().starts_with("/api/");
    if safe || api || ours(req.headers()) {
        return next.run(req).await;
    }
    tracing::warn!(target: "tributary::security", event = "cross_site", "a change asked for by another site was refused");
    Problem::new(StatusCode::FORBIDDEN, "This came from another site, or from a browser that does not say. Open the page here and try again.").into_response()
}

fn ours(headers: &HeaderMap) -> bool {
    let get = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    match (get("sec-fetch-site"), get("origin")) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, h)| h);
            host.is_some() && host == get("host")
        }
        (None, None) => false,
    }
}

/// A change runs to its end even if the one who asked hangs up.
pub async fn to_the_end(State(app): State<App>, req: Request, next: Next) -> Response {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return next.run(req).await;
    }
    // the body is read first: what never arrived is not begun
    let (parts, body) = req.into_parts();
    let limit = Duration::from_secs(app.web.request_seconds);
    let bytes = match tokio::time::timeout(limit, to_bytes(body, usize::MAX)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => {
            let text = "What was sent is too large, or was cut off.";
            return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text).into_response();
        }
        Err(_) => {
            let text = "What was sent came too slowly. Nothing was changed; try again.";
            return Problem::new(StatusCode::REQUEST_TIMEOUT, text).into_response();
        }
    };
    let req = Request::from_parts(parts, Body::from(bytes));
    let span = tracing::Span::current();
    #[expect(
        clippy::disallowed_methods,
        reason = "waited for right here, and by the database at shutdown"
    )]
    let task = tokio::spawn(next.run(req).instrument(span).with_current_subscriber());
    task.await.unwrap_or_else(|_| panicked())
}

/// A handler that takes too long is given up. Its transaction rolls back, unless it was just being
/// committed: whoever changed something has to look.
pub async fn timeout(State(app): State<App>, req: Request, next: Next) -> Response {
    let limit = Duration::from_secs(app.web.request_seconds);
    let reads = matches!(*req.method(), Method::GET | Method::HEAD);
    let Ok(response) = tokio::time::timeout(limit, next.run(req)).await else {
        let text = if reads {
            "The server gave up waiting. Try again in a moment."
        } else {
            "The server gave up waiting. Look whether your change is there before you send it again."
        };
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, text).into_response();
    };
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
/// A panic in a handler is a mistake of ours, told as one; the process lives on.
pub fn on_panic(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(panic = text, "a handler panicked");
    panicked()
}

fn panicked() -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
