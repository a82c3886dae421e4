//! Batches for programs: begun, followed, and what could not be done.
use super::{body::Body, records::key};
use crate::{
    domain::{batch::Change, branch::Branch, field::Kind},
    service::{
        batches::{self, Batch, NewBatch, Shown},
        error::Error,
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
        query::{MASTER_PARAMS, ORDER_PARAMS, Query},
    },
};
use axum::{Json, extract::Path, http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};

/// Of what the list with the same query shows; `do`, `field` and `value` say what is to be done.
pub(in crate::web) async fn create<R: Subject>(visit: Visit, Body(given): Body) -> Result {
    let text = |name: &str| given[name].as_str().unwrap_or_default();
    let query = Query::of(&visit.uri);
    query.only(if R::KIND == Kind::Order { ORDER_PARAMS } else { MASTER_PARAMS })?;
    let filter = query.batch(&visit.ctx, R::KIND)?;
    let change = Change::parse::<R>(R::UNIQUE, text).map_err(Error::Invalid)?;
    let key = key(&visit.headers)?;
    let new = NewBatch { kind: R::KIND, filter, change, key };
    let id = batches::start(&visit.ctx, new).await?;
    Ok((StatusCode::ACCEPTED, Json(told(&batches::show(&visit.ctx, id, 0).await?))).into_response())
}

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let all = batches::list(&visit.ctx).await?;
    let items: Vec<Value> = all.iter().map(|(b, branch)| row(b, branch)).collect();
    Ok(Json(json!({"items": items})).into_response())
}

pub(in crate::web) async fn show(visit: Visit, path: Path<(String, String, String)>) -> Result {
    let from = Query::of(&visit.uri).get("from").parse().unwrap_or(0);
    Ok(Json(told(&batches::show(&visit.ctx, id(path)?, from).await?)).into_response())
}

fn row(b: &Batch, branch: &Branch) -> Value {
    json!({
        "id": b.id, "kind": b.kind, "state": b.state, "why": b.why,
        "branch": branch.slug, "told": branch.name, "changed": b.tally.changed, "same": b.tally.same,
        "failed": b.tally.failed, "started_at": b.started_at,
    })
}

fn told(shown: &Shown) -> Value {
    let mut out = row(&shown.batch, &shown.branch);
    let each = shown.failures.iter();
    let items: Vec<Value> =
        each.map(|(id, title, why)| json!({"id": id, "title": title, "why": why})).collect();
    out["failures"] = json!({"items": items, "next": shown.next});
    out
}
