//! The review of a branch: who approved what it would do, and what is missing.
use super::conflicts::Who;
use crate::{
    domain::text::initials,
    service::merge::{Given, Outline, Review},
    web::{extract::Visit, paths},
};

/// Where a review stands.
pub(in crate::web) struct ReviewView {
    /// `1 of 2 approvals`
    pub told: String,
    pub enough: bool,
    pub given: Vec<GivenView>,
    /// The branch's page, for the acts.
    pub page: String,
    /// The person has approved it, be that void or not.
    pub own: bool,
    /// Their approval counts.
    pub holds: bool,
    /// Why they may not approve.
    pub refused: Option<&'static str>,
}

/// An approval, and why it does not count any more.
pub(in crate::web) struct GivenView {
    pub who: Who,
    pub void: String,
}

impl ReviewView {
    pub(in crate::web) fn of(visit: &Visit, plan: &Outline, review: &Review) -> Self {
        let own = review.given.iter().find(|g| Some(g.user) == visit.ctx.scope.actor());
        let slug = plan.job.branch().map_or("", |b| &b.slug);
        let n = if review.needed == 1 { "approval" } else { "approvals" };
        Self {
            told: format!("{} of {} {n}", review.had, review.needed),
            enough: review.is_enough(),
            given: review.given.iter().map(|g| given(visit, g)).collect(),
            page: paths::branch(&visit.main(), slug),
            own: own.is_some(),
            holds: own.is_some_and(|g| g.void.is_none()),
            refused: review.refused,
        }
    }
}

fn given(visit: &Visit, g: &Given) -> GivenView {
    let when = g.at.spoken(visit.ctx.now(), &visit.ctx.company.zone());
    let since = match g.since {
        0 => String::new(),
        1 => ": 1 record".into(),
        n => format!(": {n} records"),
    };
    let void = g.void.map(|why| format!("{why}{since}")).unwrap_or_default();
    GivenView { who: Who { initials: initials(&g.name), name: g.name.clone(), when }, void }
}
