//! What happened to main since, for programs that follow it.
use crate::{
    domain::event::EventId,
    service::{
        error::Error,
        events::{self, Event, What},
    },
    web::{
        extract::Visit,
        problem::Result,
        query::{EVENT_PARAMS, Query},
    },
};
use axum::{Json, response::IntoResponse};
use serde_json::{Value, json};

/// Events told at once.
const TOLD: usize = 100;

/// `next` is what to ask for next, also where there is nothing new yet.
pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(EVENT_PARAMS)?;
    let after = match query.get("after") {
        "" => EventId::START,
        text => text.parse().map_err(|why: &str| Error::at("after", why))?,
    };
    let found = events::after(&visit.ctx, (after, TOLD)).await?;
    let next = found.last().map_or(after, |e| e.id);
    let items: Vec<Value> = found.iter().map(event).collect();
    Ok(Json(json!({"items": items, "next": next.to_string()})).into_response())
}

fn event(e: &Event) -> Value {
    let mut out = json!({"id": e.id.to_string(), "commit": e.id.seq, "at": e.at});
    let more = match &e.what {
        What::Record { kind, before, after, changed } => {
            let happened = match (before, after) {
                (None, _) => "created",
                (_, None) => "deleted",
                _ => "changed",
            };
            json!({
                "type": format!("{kind}.{happened}"), "record": e.id.record.map(|r| r.1),
                "before": before, "after": after, "changed": changed,
            })
        }
        What::Commit(c) => json!({
            "type": "changeset", "cause": c.cause, "message": c.message, "author": c.name,
            "author_kind": c.author_kind, "records": c.records,
        }),
    };
    if let (Some(out), Value::Object(more)) = (out.as_object_mut(), more) {
        out.extend(more);
    }
    out
}
