//! Orders: lists and commands.
use super::body::{Body, answer};
use crate::{
    domain::{ids::OrderId, money::Currency, order::Command},
    service::{
        error::Error,
        orders::{self, OrderRow},
    },
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
        query::{ORDER_PARAMS, Query},
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
