//! The review of a branch: who approved what it would do, what is missing, what checks say.
use super::conflicts::Who;
use crate::{
    domain::{field::Kind, text::initials},
    service::merge::{Given, Outline, Review, Verdict},
    web::{extract::Visit, paths},
};
use uuid::Uuid;

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

/// What a check says.
pub(in crate::web) struct CheckView {
    pub label: String,
    /// The records that it does not like: titles and addresses, and how many more there are.
    pub records: Vec<(String, String)>,
    pub more: usize,
    pub stops: bool,
}

impl CheckView {
    pub(in crate::web) fn of(base: &str, v: &Verdict) -> Self {
        let named = |(kind, id, title): &(Kind, Uuid, String)| {
            (format!("{} {title}", kind.label()), paths::record(base, *kind, *id))
        };
        Self {
            label: v.check.label(),
            records: v.records.iter().map(named).collect(),
            more: v.failed - v.records.len(),
            stops: v.stops(),
        }
    }
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
