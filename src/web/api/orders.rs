//! Orders: lists and commands; commits.
use super::body::{Body, answer};
use crate::{
    domain::{history::chain::hex, ids::OrderId, money::Currency, order::Command},
    service::{
        error::Error,
        history,
        history::CommitRow,
        orders::{self, OrderRow},
        tags,
    },
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
        query::{COMMIT_PARAMS, ORDER_PARAMS, Query},
    },
};
use axum::{
    Json,
    extract::Path,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

type Id = Path<(String, String, String)>;

/// By the filters of the page, [`ORDER_PARAMS`].
pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(ORDER_PARAMS)?;
    let filter = query.orders(&visit.ctx)?;
    let rows = orders::page(&visit.ctx, &filter).await?;
    let items: Vec<Value> = rows.rows.iter().map(row).collect();
    Ok(Json(json!({"items": items, "next": rows.next.map(|c| c.text())})).into_response())
}

fn row(o: &OrderRow) -> Value {
    let total = o.currency.parse::<Currency>().map(|c| c.plain(o.gross)).unwrap_or_default();
    json!({
        "id": o.id, "number": o.title, "kind": o.kind, "state": o.state, "customer": o.customer_id,
        "customer_name": o.customer_name, "placed_at": o.placed_at, "country": o.country,
        "currency": o.currency, "total": total, "lines": o.line_count, "version": o.from_seq,
    })
}

/// A body may name the `version` the decision is based on, and for a cancellation the `reason`.
pub(in crate::web) async fn command(
    visit: Visit,
    path: Id,
    (command, Body(given)): (Command, Body),
) -> Result<Response> {
    let (id, based_on) = (OrderId(id(path)?), based_on(&given)?);
    let said = (based_on, given["reason"].as_str());
    let now = orders::command(&visit.ctx, id, command, said).await?;
    Ok(answer(StatusCode::OK, &now))
}

pub(super) fn based_on(given: &Value) -> Result<Option<i64>, Error> {
    let version = &given["version"];
    if !version.is_null() && version.as_i64().is_none() {
        return Err(Error::at("version", "Send the number of the version as a number"));
    }
    Ok(version.as_i64())
}

fn commit_json(c: &CommitRow) -> Value {
    json!({
        "seq": c.seq, "at": c.at, "author": c.name, "author_kind": c.author_kind, "cause": c.cause,
        "message": c.message, "records": c.records, "hash": hex(&c.hash), "prev": hex(&c.prev),
    })
}

pub(in crate::web) async fn commits(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(COMMIT_PARAMS)?;
    let filter = query.log(&visit.ctx.company.zone())?;
    let rows = history::log(&visit.ctx, (filter, 50)).await?;
    let items: Vec<Value> = rows.iter().map(commit_json).collect();
    let next = rows.last().map(|c| c.seq).filter(|seq| *seq > 1);
    Ok(Json(json!({"items": items, "next": next})).into_response())
}

pub(in crate::web) async fn commit(visit: Visit, Path((_, _, seq)): Id) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    let (row, touched) = history::commit(&visit.ctx, seq).await?;
    let records = touched
        .iter()
        .map(|t| json!({"kind": t.kind, "id": t.id, "title": t.title, "deleted": t.deleted}));
    let mut out = commit_json(&row);
    out["touched"] = Value::Array(records.collect());
    let tags = tags::of_commits(&visit.ctx, &[seq]).await?.remove(&seq).unwrap_or_default();
    out["tags"] = tags.iter().map(|t| json!({"slug": t.slug, "name": t.name})).collect();
    Ok(Json(out).into_response())
}

/// The body gives the `name`; the answer tells the `slug` that `at` takes.
pub(in crate::web) async fn name_commit(
    visit: Visit,
    Path((_, _, seq)): Id,
    Body(given): Body,
) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    let tag = tags::give(&visit.ctx, seq, given["name"].as_str().unwrap_or_default()).await?;
    let body = json!({"slug": tag.slug, "name": tag.name, "commit": tag.seq});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}
