//! What a company's own checks say of a merge.
use super::{Effect, Job, Mergeable, Plan, each_kind};
use crate::{
    domain::{field::Kind, record::Record as _, review::checks::Check},
    service::{
        context::Ctx,
        error::{Error, Result},
    },
};
use uuid::Uuid;

/// Records that are named of those that a check does not like.
const NAMED: usize = 20;

/// What one check says.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub check: Check,
    /// How many records it does not like, and the first of them with their titles.
    pub failed: usize,
    pub records: Vec<(Kind, Uuid, String)>,
    /// A merge waits until it passes.
    pub binding: bool,
}

impl Verdict {
    /// Whether it keeps a merge waiting.
    pub fn stops(&self) -> bool {
        self.binding && self.failed > 0
    }
}

/// What each check that the company wants says of a merge; nothing of anything else: what main has
/// comes into a branch as it is, and what was taken back was so before.
pub(super) fn verdicts(ctx: &Ctx, plan: &Plan) -> Vec<Verdict> {
    let checks = &ctx.company.review.checks;
    if !matches!(plan.job, Job::Merge(..)) {
        return vec![];
    }
    let of = |check| {
        let mut out = Verdict { check, failed: 0, records: vec![], binding: checks.binding };
        each_kind!(R => for draft in R::of(&plan.drafts) {
            let changes = draft.effect() != Effect::Nothing;
            if changes && check.fails(draft.before(), draft.after()) {
                out.failed += 1;
                if out.failed <= NAMED {
                    out.records.push((R::KIND, draft.id, draft.title()));
                }
            }
        });
        out
    };
    checks.wanted().into_iter().map(of).collect()
}

/// Refuses a merge that a check stops.
pub(super) fn passed(ctx: &Ctx, plan: &Plan) -> Result<()> {
    match verdicts(ctx, plan).iter().find(|v| v.stops()) {
        Some(v) => Err(Error::Refused(format!(
            "A check does not pass: {}. {}",
            v.check.label(),
            "Change it in the branch, leave the record out, or ask an admin to change the check."
        ))),
        None => Ok(()),
    }
}
