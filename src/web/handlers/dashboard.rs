//! The company's first page: what waits, what there is, what happened.
use crate::{
    service::dashboard::overview,
    web::{extract::Visit, problem::Result, view::show as page, views::dashboard::Dashboard},
};
use axum::response::Redirect;

/// `/acme` is where people look for a company.
pub(in crate::web) async fn enter(visit: Visit) -> Redirect {
    Redirect::to(&visit.base())
}

pub(in crate::web) async fn show(visit: Visit) -> Result {
    let overview = overview(&visit.ctx).await?;
    Ok(page(&visit.hx, &Dashboard::of(&visit, overview)))
}
