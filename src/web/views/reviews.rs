//! The review of a branch: who approved what it would do, what is missing, what checks say.
use super::conflicts::Who;
use crate::{
    domain::{field::Kind, ids::UserId, text::initials},
    service::{
        merge::{Given, Outline, Review, Verdict},
        reviewers::{Asked, Reviewers},
    },
    web::{extract::Visit, paths},
};
use uuid::Uuid;

/// Where a review stands.
pub(in crate::web) struct ReviewView {
    /// `1 of 2 approvals`
    pub told: String,
    pub enough: bool,
    pub given: Vec<GivenView>,
    /// Those who were asked and did not answer yet.
    pub waiting: Vec<Who>,
    /// The branch's page, for the acts.
    pub page: String,
    /// The person has approved it, be that void or not.
    pub own: bool,
    /// Their approval counts, and nobody asks for another one.
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
        let is_asked = review.waiting.iter().any(|a| Some(a.user) == visit.ctx.scope.actor());
        let slug = plan.job.branch().map_or("", |b| &b.slug);
        let n = if review.needed == 1 { "approval" } else { "approvals" };
        let told = match (review.had, review.needed) {
            (0, 0) if review.waiting.is_empty() => "no approval needed".to_owned(),
            (0, 0) => "asked for".to_owned(),
            (1, 0) => "1 approval".to_owned(),
            (had, 0) => format!("{had} approvals"),
            (had, needed) => format!("{had} of {needed} {n}"),
        };
        Self {
            told,
            enough: review.is_enough(),
            waiting: review.waiting.iter().map(|a| asked(visit, a)).collect(),
            given: review.given.iter().map(|g| given(visit, g)).collect(),
            page: paths::branch(&visit.main(), slug),
            own: own.is_some(),
            holds: own.is_some_and(|g| g.void.is_none()) && !is_asked,
            refused: review.refused,
        }
    }
}

fn asked(visit: &Visit, a: &Asked) -> Who {
    let when = a.at.spoken_within(visit.ctx.now(), &visit.ctx.company.zone());
    Who { initials: initials(&a.name), name: a.name.clone(), when }
}

/// Who was asked to review a branch, on its own page.
#[derive(Default)]
pub(in crate::web) struct ReviewersView {
    pub asked: Vec<AskedView>,
    /// Those who may be asked; none if who looks does not ask.
    pub others: Option<Vec<(UserId, String)>>,
}

/// One of them.
pub(in crate::web) struct AskedView {
    pub id: UserId,
    pub who: Who,
    pub answered: bool,
    /// They lost the right to approve.
    pub unable: bool,
    pub may_dismiss: bool,
}

impl ReviewersView {
    pub(in crate::web) fn of(visit: &Visit, of: Reviewers) -> Self {
        let each = of.asked.iter().map(|(a, may_dismiss)| AskedView {
            id: a.user,
            who: asked(visit, a),
            answered: a.answered,
            unable: !a.answered && !a.is_waited_for(),
            may_dismiss: *may_dismiss,
        });
        Self { asked: each.collect(), others: of.others }
    }
    /// Nothing is said of reviews where nobody was asked and nobody can be.
    pub(in crate::web) fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.others.is_none()
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
