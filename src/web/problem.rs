//! What a refused or failed request is answered with: a page, a fragment or `application/problem+json`.
//!
//! A handler's error becomes a [`Problem`] in the response's extensions; the outermost layer, which
//! alone knows what the request wanted, renders it.
use crate::{domain::check::Problems, service::error::Error};
use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

pub type Result<T = Response, E = Failure> = std::result::Result<T, E>;

/// A service's error on its way out.
pub struct Failure(pub Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(e: E) -> Self {
        Self(e.into())
    }
}

/// What went wrong, for people and programs.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: StatusCode,
    pub title: &'static str,
    pub detail: String,
    /// By field.
    pub fields: Problems,
    /// What a conflict consists of.
    pub conflict: Option<Value>,
    /// Branches in which it is what was asked for: slug and name.
    pub branches: Vec<(String, String)>,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let (detail, title) = (detail.into(), title(status));
        let (fields, branches) = (Problems::default(), vec![]);
        Self { status, title, detail, fields, conflict: None, branches }
    }

    /// RFC 9457.
    pub fn json(&self, id: &str) -> Value {
        let mut out = json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "request_id": id,
        });
        if !self.fields.is_empty() {
            out["fields"] = json!(self.fields.0);
        }
        if !self.branches.is_empty() {
            out["branches"] = self.branches.iter().map(|b| json!(b.0)).collect();
        }
        if let Some(conflict) = &self.conflict {
            out["conflict"] = conflict.clone();
        }
        out
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "This request makes no sense",
        401 => "Sign in first",
        403 => "Not allowed",
        404 => "Not found",
        405 => "Not here",
        408 | 504 => "That took too long",
        409 => "Someone was faster",
        413 => "Too large",
        415 => "Not a form or JSON",
        422 => "Not valid",
        429 => "Too much at once",
        503 | 507 => "Not now",
        _ => "Something went wrong",
    }
}

impl From<Error> for Problem {
    fn from(e: Error) -> Self {
        let detail = e.to_string();
        let status = match &e {
            Error::NotFound | Error::OnlyIn(_) => StatusCode::NOT_FOUND,
            Error::SignIn => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) | Error::NotPlatform => StatusCode::FORBIDDEN,
            Error::Invalid(_) | Error::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Refused(_) | Error::Taken | Error::Reference => StatusCode::CONFLICT,
            Error::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Error::Busy | Error::Down => StatusCode::SERVICE_UNAVAILABLE,
            Error::Full => StatusCode::INSUFFICIENT_STORAGE,
            Error::Ours(what) => {
                tracing::error!(what, "a request failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let refused = matches!(e, Error::Refused(_) | Error::Taken | Error::Reference);
        let mut out = Self::new(status, detail);
        match e {
            Error::Invalid(problems) => out.fields = problems,
            Error::OnlyIn(all) => {
                out.branches = all.into_iter().map(|b| (b.slug, b.name)).collect();
            }
            _ => {}
        }
        if refused {
            out.title = "This cannot be done";
        }
        out
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if matches!(self.status.as_u16(), 429 | 503) {
            response.headers_mut().insert("retry-after", axum::http::HeaderValue::from_static("2"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        Problem::from(self.0).into_response()
    }
}
