//! Bodies in and out.
use crate::{
    domain::{history::diff::Change, record::Record},
    service::records::Current,
    web::problem::Problem,
};
use axum::{
    Json,
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

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
