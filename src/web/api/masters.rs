//! Lists of customers, products and tax codes.
use crate::{
    service::{Master, records, subjects::Subject},
    web::{
        extract::Visit,
        problem::Result,
        query::{MASTER_PARAMS, Query},
    },
};
use axum::{Json, response::IntoResponse};
use serde_json::{Value, json};

/// By the filters of [`MASTER_PARAMS`].
pub(in crate::web) async fn index<M: Subject + Master>(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    query.only(MASTER_PARAMS)?;
    let filter = query.masters()?;
    let (page, _) = records::list::<M>(&visit.ctx, &filter).await?;
    let items: Vec<Value> = page.rows.iter().map(crate::domain::record::Record::value).collect();
    Ok(Json(json!({"items": items, "next": page.next.map(|c| c.text())})).into_response())
}
