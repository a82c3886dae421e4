//! Whether the process lives, and whether it can do its work.
use crate::app::App;
use axum::{extract::State, http::StatusCode, response::IntoResponse};
use std::sync::atomic::Ordering;

/// The process answers: nothing else is asked.
pub(in crate::web) async fn livez() -> impl IntoResponse {
    (StatusCode::OK, "alive\n")
}

/// The database answers and has our tables, and nobody asked us to stop.
pub(in crate::web) async fn readyz(State(app): State<App>) -> impl IntoResponse {
    if app.stopping.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match app.db.schema().await {
        Ok((found, known)) if found == known => (StatusCode::OK, "ready\n"),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        Err(e) => {
            tracing::error!(error = %e, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
        }
    }
}
