//! Erasing a customer's personal data.
use super::body::Body;
use crate::{
    service::erasure::erase,
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
    },
};
use axum::{Json, extract::Path, response::IntoResponse};
use serde_json::json;

/// The body says on what `basis`.
pub(in crate::web) async fn create(
    visit: Visit,
    path: Path<(String, String, String)>,
    Body(given): Body,
) -> Result {
    let done = erase(&visit.ctx, id(path)?, given["basis"].as_str().unwrap_or_default()).await?;
    let told = json!({"commit": done.seq, "versions": done.versions, "messages": done.messages, "comments": done.comments});
    Ok(Json(told).into_response())
}
