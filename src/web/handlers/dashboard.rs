//! The company's first page: what waits, what there is, what happened.
use crate::{
    service::dashboard::overview,
    web::{extract::Visit, problem::Result, view::show as page, views::dashboard::Dashboard},
};

pub(in crate::web) async fn show(visit: Visit) -> Result {
    let overview = overview(&visit.ctx).await?;
    Ok(page(&visit.hx, &Dashboard::of(&visit, overview)))
}
