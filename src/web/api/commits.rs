//! Commits for programs: the log, one of them with what it changed, names for points.
use super::body::{Body, changes};
use crate::{
    domain::history::chain::hex,
    service::{
        activity::{self, Commit, CommitRow, Touched},
        error::Error,
        tags::{self, Tag},
    },
    web::{
        extract::Visit,
        problem::Result,
        query::{COMMIT_PARAM, COMMIT_PARAMS, Query, placed},
    },
};
use axum::{Json, extract::Path, http::StatusCode, response::IntoResponse};
use serde_json::{Value, json};

type Seq = Path<(String, String, String)>;

/// Commits to an answer.
const TOLD: i64 = 50;

/// By the filters of the page, [`COMMIT_PARAMS`].
pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(COMMIT_PARAMS)?;
    let filter = query.log(&visit.ctx.company.zone())?;
    let rows = activity::log(&visit.ctx, (filter, TOLD)).await?;
    let seqs: Vec<i64> = rows.iter().map(|c| c.seq).collect();
    let names = tags::of_commits(&visit.ctx, &seqs).await?;
    let one = |c: &CommitRow| row(c, names.get(&c.seq).map_or(&[], Vec::as_slice));
    let items: Vec<Value> = rows.iter().map(one).collect();
    let next = rows.last().map(|c| c.seq).filter(|seq| *seq > 1);
    Ok(Json(json!({"items": items, "next": next})).into_response())
}

pub(in crate::web) async fn show(visit: Visit, Path((_, _, seq)): Seq) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    let query = Query::of(&visit.uri);
    query.only(COMMIT_PARAM)?;
    let after = query.place()?;
    let found = activity::commit(&visit.ctx, seq, after).await?;
    let names = tags::of_commits(&visit.ctx, &[seq]).await?.remove(&seq).unwrap_or_default();
    Ok(Json(told(&found, &names)).into_response())
}

/// The body gives the `name`; the answer tells the `slug` that `at` takes.
pub(in crate::web) async fn name(
    visit: Visit,
    Path((_, _, seq)): Seq,
    Body(given): Body,
) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    let tag = tags::give(&visit.ctx, seq, given["name"].as_str().unwrap_or_default()).await?;
    let body = json!({"slug": tag.slug, "name": tag.name, "commit": tag.seq});
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

fn row(c: &CommitRow, names: &[Tag]) -> Value {
    json!({
        "seq": c.seq, "at": c.at, "author": c.name, "author_kind": c.author_kind, "cause": c.cause,
        "message": c.message, "records": c.records, "hash": hex(&c.hash), "prev": hex(&c.prev),
        "tags": names.iter().map(|t| json!({"slug": t.slug, "name": t.name})).collect::<Vec<_>>(),
    })
}

fn told(found: &Commit, names: &[Tag]) -> Value {
    let mut out = row(&found.row, names);
    out["merged"] = found
        .merged
        .as_ref()
        .map_or(Value::Null, |m| json!({"branch": m.slug, "name": m.name, "commit": m.merged_seq}));
    out["touched"] = found.records.iter().map(touched).collect();
    out["next"] = json!(found.next.map(placed));
    out
}

fn touched(t: &Touched) -> Value {
    json!({
        "kind": t.kind, "id": t.id, "title": t.title, "effect": t.effect.word(),
        "changes": changes(&t.changes), "kept": t.kept,
    })
}
