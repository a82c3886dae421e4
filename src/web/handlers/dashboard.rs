//! The company's first page: what waits, what there is, what happened.
use crate::{
    domain::policy::Act,
    service::{history, orders},
    web::{extract::Visit, problem::Result, view::show as page, views::dashboard::Dashboard},
};

pub(in crate::web) async fn show(visit: Visit) -> Result {
    let tallies = orders::tallies(&visit.ctx).await?;
    let drafts = orders::drafts(&visit.ctx, 8).await?;
    let may = visit.ctx.scope.may(Act::ReadHistory);
    let commits = if may { history::commits(&visit.ctx, None, 8).await? } else { vec![] };
    Ok(page(&visit.hx, &Dashboard::of(&visit, &tallies, (drafts, &commits))))
}
