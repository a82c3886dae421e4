//! Read, create and change a record of any kind.
use super::body::{Body, answer};
use crate::{
    service::{
        deletion,
        error::Error,
        records::{self, Clash, Saved},
        restore,
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        problem::{Problem, Result},
    },
};
use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::json;

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn show<R: Subject>(visit: Visit, path: Id) -> Result {
    let now = records::show::<R>(&visit.ctx, id(path)?).await?;
    Ok(answer(StatusCode::OK, &now))
}

/// `Idempotency-Key` makes a repeated request one act.
pub(in crate::web) async fn create<R: Subject>(visit: Visit, Body(given): Body) -> Result {
    let key = key(&visit.headers)?;
    let now = records::create::<R>(&visit.ctx, &given, key).await?;
    Ok(answer(StatusCode::CREATED, &now))
}

/// A key that cannot be kept is refused: whoever sends one relies on it.
pub(super) fn key(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().ok().filter(|k| !k.is_empty() && k.len() <= 200);
    let wrong = "Send at most 200 letters, digits and signs";
    text.map(Some).ok_or_else(|| Error::at("idempotency-key", wrong))
}

/// The body names the `version` it is based on; a conflict answers 409 with both values.
pub(in crate::web) async fn update<R: Subject>(
    visit: Visit,
    path: Id,
    Body(mut given): Body,
) -> Result {
    let id = id(path)?;
    let version = given.as_object_mut().and_then(|o| o.remove("version"));
    let version = version.and_then(|v| v.as_i64());
    let version =
        version.ok_or_else(|| Error::at("version", "Say which version this change is based on"))?;
    match records::save::<R>(&visit.ctx, id, version, &given).await? {
        Saved::Done { now, .. } | Saved::Unchanged(now) => Ok(answer(StatusCode::OK, &now)),
        Saved::Conflict(clash) => Ok(conflict(&clash)),
    }
}

/// The body names the change `as_of` which it becomes what it was, and may name the `version` the
/// decision is based on (0 if the record was deleted).
pub(in crate::web) async fn restore<R: Subject>(
    visit: Visit,
    path: Id,
    Body(given): Body,
) -> Result {
    let (id, based_on) = (id(path)?, super::orders::based_on(&given)?);
    let seq = given["as_of"].as_i64();
    let seq = seq.ok_or_else(|| Error::at("as_of", "Say as of which change, by its number"))?;
    match restore::restore::<R>(&visit.ctx, id, (seq, based_on)).await? {
        Saved::Done { now, .. } | Saved::Unchanged(now) => Ok(answer(StatusCode::OK, &now)),
        Saved::Conflict(clash) => Ok(conflict(&clash)),
    }
}

/// A body may name the `version` that the decision is based on.
pub(in crate::web) async fn delete<R: Subject>(
    visit: Visit,
    path: Id,
    Body(given): Body,
) -> Result {
    deletion::delete::<R>(&visit.ctx, id(path)?, super::orders::based_on(&given)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn conflict(clash: &Clash) -> Response {
    let each = clash.conflicts.iter().flat_map(|c| &c.fields).map(|c| {
        json!({"path": c.path, "label": c.label, "base": c.base, "theirs": c.ours, "yours": c.theirs})
    });
    let detail = "Someone changed the same fields since. Nothing was saved.";
    let conflict = Some(json!({"version": clash.seq, "fields": each.collect::<Vec<_>>()}));
    Problem { conflict, ..Problem::new(StatusCode::CONFLICT, detail) }.into_response()
}
