//! Bodies in and out.
use crate::{
    domain::{check::Problems, history::diff::Change, record::Record},
    service::{error::Error, records::Current},
    web::problem::Problem,
};
use axum::{
    Json,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

/// A JSON object.
pub(in crate::web) struct Body(pub Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Response;
    async fn from_request(req: Request, state: &S) -> Result<Self, Response> {
        let json = req
            .headers()
            .get("content-type")
            .is_some_and(|v| v.as_bytes().starts_with(b"application/json"));
        if !json {
            return Err(refusal(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Send application/json."));
        }
        let Ok(bytes) = axum::body::Bytes::from_request(req, state).await else {
            return Err(refusal(
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large, or was cut off.",
            ));
        };
        match serde_json::from_slice::<Value>(&bytes) {
            Ok(value) if value.is_object() => Ok(Self(value)),
            Ok(_) => Err(refusal(StatusCode::UNPROCESSABLE_ENTITY, "Send an object of fields.")),
            Err(e) => Err(refusal(StatusCode::BAD_REQUEST, &format!("This is not JSON: {e}."))),
        }
    }
}

fn refusal(status: StatusCode, text: &str) -> Response {
    Problem::new(status, text).into_response()
}

/// Nothing else is said: what a program misspells would count as not said, and a merge of some records as
/// one of all.
///
/// # Errors
/// `Invalid` names what there is not.
pub(super) fn only_fields(given: &Value, known: &[&str]) -> Result<(), Error> {
    let mut problems = Problems::default();
    let names = given.as_object().into_iter().flat_map(Map::keys);
    for name in names.filter(|n| !known.contains(&n.as_str())) {
        problems.add(name, format!("There is no such field; there are: {}", known.join(", ")));
    }
    Ok(problems.ok()?)
}

/// A field that is true or false; false if it is not there.
///
/// # Errors
/// `Invalid` at another value.
pub(super) fn flag(given: &Value, name: &str) -> Result<bool, Error> {
    match (&given[name], given[name].as_str()) {
        (Value::Null, _) => Ok(false),
        (Value::Bool(flag), _) => Ok(*flag),
        (_, Some(word)) if ["true", "false"].contains(&word) => Ok(word == "true"),
        _ => Err(Error::at(name, "Say true or false")),
    }
}

/// A record with the version to base a change on, and with what follows from its fields.
pub(in crate::web) fn versioned<R: Record>(now: &Current<R>) -> Value {
    let mut value = now.record.value();
    value["version"] = json!(now.seq);
    for (name, derived) in now.record.derived() {
        value[name] = derived;
    }
    value
}

/// With a status.
pub(in crate::web) fn answer<R: Record>(status: StatusCode, now: &Current<R>) -> Response {
    (status, Json(versioned(now))).into_response()
}

/// What differs between two bodies.
pub(super) fn changes(all: &[Change]) -> Value {
    let one = |c: &Change| json!({"path": c.path, "label": c.label, "before": c.before, "after": c.after});
    all.iter().map(one).collect()
}
