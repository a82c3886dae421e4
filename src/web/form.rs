//! Forms as they come: text under names, parts under `lines.0.sku`. Everything is kept as typed.
use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::service::error::Error;

/// The most fields of one form: 2,000 lines of a dozen fields each.
const MAX_FIELDS: usize = 40_000;

/// A posted form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// The record's fields as an object of texts.
    pub given: Value,
    /// What is about the form itself: names that begin with `_`.
    pub about: Map<String, Value>,
}

impl Form {
    /// One of the form's own fields.
    pub fn about(&self, name: &str) -> Option<&str> {
        self.about.get(name).and_then(Value::as_str).filter(|s| !s.is_empty())
    }
    /// The version that the form was made from, if it says one.
    ///
    /// # Errors
    /// If it cannot be read: a decision must not pass for one that was based on nothing.
    pub fn based_on(&self) -> Result<Option<i64>, Error> {
        self.about("_version").map(|v| v.parse().map_err(|_| no_version())).transpose()
    }
    /// As [`Form::based_on`], where there must be one.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    pub fn version(&self) -> Result<i64, Error> {
        self.based_on()?.ok_or_else(no_version)
    }
    /// A field as typed; empty if it was not there.
    pub fn text(&self, name: &str) -> &str {
        self.given.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn read(body: &[u8]) -> Result<Self, &'static str> {
        let (mut out, mut about, mut n) = (Map::new(), Map::new(), 0);
        for (name, value) in form_urlencoded::parse(body) {
            n += 1;
            if n > MAX_FIELDS {
                return Err("This form has too many fields.");
            }
            if name.starts_with('_') {
                about.insert(name.into_owned(), Value::String(value.into_owned()));
            } else {
                put(&mut out, &name, value.into_owned());
            }
        }
        if let Some((name, row)) =
            about.get("_remove").and_then(Value::as_str).and_then(|r| r.split_once('.'))
        {
            // by the number it was shown with, before empty rows fall away
            out.get_mut(name).and_then(Value::as_object_mut).map(|rows| rows.remove(row));
        }
        let given = Value::Object(out.into_iter().map(|(k, v)| (k, listed(v))).collect());
        Ok(Self { given, about })
    }
}

fn no_version() -> Error {
    Error::at("version", "Open the form again: it does not say what it is based on")
}

/// `billing.city` into an object, `lines.3.sku` into an object by row; the last of a name counts.
fn put(out: &mut Map<String, Value>, name: &str, value: String) {
    let mut parts = name.splitn(3, '.');
    let (first, rest) = (parts.next().unwrap_or_default(), (parts.next(), parts.next()));
    let object = |v: &mut Value| {
        if !v.is_object() {
            *v = Value::Object(Map::new());
        }
    };
    let slot = out.entry(first.to_owned()).or_insert(Value::Null);
    match rest {
        (None, _) => *slot = Value::String(value),
        (Some(second), None) => {
            object(slot);
            slot[second] = Value::String(value);
        }
        (Some(second), Some(third)) => {
            object(slot);
            object(&mut slot[second]);
            slot[second][third] = Value::String(value);
        }
    }
}

/// Rows `{"0": {…}, "1": {…}}` become a list in the order of their numbers; empty rows fall away.
fn listed(value: Value) -> Value {
    let Value::Object(rows) = value else { return value };
    if !rows.values().all(Value::is_object) {
        return Value::Object(rows);
    }
    let mut rows: Vec<(usize, Value)> =
        rows.into_iter().map(|(k, v)| (k.parse().unwrap_or(usize::MAX), v)).collect();
    rows.sort_by_key(|(n, _)| *n);
    let kept = rows.into_iter().map(|(_, v)| v).filter(|v| !empty_row(v));
    Value::Array(kept.collect())
}

/// Whether nobody typed anything into a row: choices that stand there from the start do not count.
fn empty_row(row: &Value) -> bool {
    let ignored = ["id", "type", "kind"];
    let mut fields = row.as_object().into_iter().flatten();
    fields.all(|(k, v)| {
        ignored.contains(&k.as_str()) || v.as_str().is_some_and(|s| s.trim().is_empty())
    })
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(req: Request, state: &S) -> Result<Self, Response> {
        let kind =
            req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let wanted = "Send application/x-www-form-urlencoded.";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, wanted).into_response());
        }
        let body = axum::body::Bytes::from_request(req, state).await.map_err(|e| {
            Problem::new(e.status(), "The form is too large, or was cut off.").into_response()
        })?;
        Self::read(&body)
            .map_err(|e| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, e).into_response())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_with_dots_become_objects_and_lists() {
        let body = "name=A&active=false&active=true&billing.city=Bergen&lines.10.qty=2&lines.2.sku=X&lines.3.id=z&lines.3.sku=&_version=7";
        let form = Form::read(body.as_bytes()).unwrap();
        let want = json!({
            "name": "A", "active": "true", "billing": {"city": "Bergen"},
            "lines": [{"sku": "X"}, {"qty": "2"}],
        });
        assert_eq!(form.given, want);
        assert_eq!(form.about("_version"), Some("7"));
        let body = "lines.0.sku=A&lines.1.sku=&lines.2.sku=C&_remove=lines.1";
        let form = Form::read(body.as_bytes()).unwrap();
        assert_eq!(form.given, json!({"lines": [{"sku": "A"}, {"sku": "C"}]}));
    }
}
