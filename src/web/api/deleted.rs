//! Lists of what was deleted, for programs.
use crate::{
    service::{
        deleted::{self, Gone},
        subjects::Subject,
    },
    web::{
        extract::Visit,
        problem::Result,
        query::{DELETED_PARAMS, Query, placed},
    },
};
use axum::{Json, response::IntoResponse};
use serde_json::{Value, json};

pub(in crate::web) async fn index<R: Subject>(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(DELETED_PARAMS)?;
    let filter = query.log(&visit.ctx.company.zone())?;
    let found = deleted::list::<R>(&visit.ctx, filter, query.place()?).await?;
    let items: Vec<Value> = found.rows.iter().map(|(g, title)| row(g, title)).collect();
    Ok(Json(json!({"items": items, "next": found.next.map(placed)})).into_response())
}

/// `as_of` is the change before the deletion, for a restoration.
fn row(g: &Gone, title: &str) -> Value {
    json!({
        "id": g.id, "title": title, "deleted_by": g.seq, "deleted_at": g.at, "author": g.name,
        "as_of": g.seq - 1,
    })
}
