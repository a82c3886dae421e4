//! Lists of customers, products and tax codes.
use crate::{
    service::{Master, records, subjects::Subject},
    web::{extract::Visit, problem::Result, query::Query},
};
use axum::{Json, response::IntoResponse};
use serde_json::{Value, json};

/// `?q=`, `active=true`, `size=`, `after=` (the cursor of the page before).
pub(in crate::web) async fn index<M: Subject + Master>(visit: Visit) -> Result {
    let filter = Query::of(&visit.uri).masters();
    let (page, _) = records::list::<M>(&visit.ctx, &filter).await?;
    let items: Vec<Value> = page.rows.iter().map(crate::domain::record::Record::value).collect();
    Ok(Json(json!({"items": items, "next": page.next.map(|c| c.text())})).into_response())
}
