//! Deleting a record of any kind.
use crate::{
    service::{deletion, subjects::Subject},
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::list,
        problem::Result,
    },
};
use axum::extract::Path;

/// Decided on what the person saw: the version is in the form.
pub(in crate::web) async fn create<R: Subject>(
    visit: Visit,
    path: Path<(String, String, String)>,
    form: Form,
) -> Result {
    deletion::delete::<R>(&visit.ctx, id(path)?, form.based_on()?).await?;
    Ok(visit.hx.go(&list(&visit.base(), R::KIND), "deleted"))
}
