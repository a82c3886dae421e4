//! What a company's first page shows, all of one moment.
use super::{
    activity::CommitRow,
    branches,
    context::Ctx,
    error::Result,
    orders::{OrderRow, Tally},
};
use crate::{
    domain::{order::State, page::OrderFilter, policy::Act},
    store::{
        commits::{self, LogFilter},
        counts, orders,
    },
};

pub use crate::store::counts::Month;

/// Months of the chart.
pub const MONTHS: i64 = 12;
/// Drafts and commits told.
const LATEST: i64 = 8;

/// Counters, what waits, and what happened.
pub struct Overview {
    pub tallies: Vec<Tally>,
    /// Of the company's currency, the newest first.
    pub months: Vec<Month>,
    /// The newest first.
    pub drafts: Vec<OrderRow>,
    /// The newest first; none for who may not read history.
    pub commits: Vec<CommitRow>,
    /// Open branches that wait for the person's review; none in the past.
    pub to_review: i64,
}

/// The company at a glance.
pub async fn overview(ctx: &Ctx) -> Result<Overview> {
    ctx.may(Act::ReadOrders)?;
    let mut tx = ctx.read().await?;
    let drafts = OrderFilter { states: vec![State::Draft], size: LATEST, ..OrderFilter::all() };
    let zone = ctx.company.zone();
    let charted = (&zone, ctx.company.currency.code(), MONTHS);
    let latest = LogFilter { before: ctx.scope.at().map(|seq| seq + 1), ..LogFilter::default() };
    Ok(Overview {
        tallies: counts::tallies(&mut tx, &ctx.scope, &zone).await?,
        months: counts::months(&mut tx, &ctx.scope, charted).await?,
        drafts: orders::page(&mut tx, &ctx.scope, &drafts).await?.rows,
        commits: match ctx.may(Act::ReadHistory) {
            Ok(()) => commits::log(&mut tx, &ctx.scope, (latest, LATEST)).await?,
            Err(_) => vec![],
        },
        to_review: branches::to_review_within(ctx, &mut tx).await?,
    })
}
