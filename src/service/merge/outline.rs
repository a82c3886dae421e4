//! What is kept of a plan to look at it: sums, and a few bytes for each record. The records of a page are
//! planned once more by themselves, so that a page of a large plan costs what it shows.
use super::{
    Denied, Draft, Effect, Job, Mergeable, Plan, Summary, each_kind, of_kind, plan,
    review::{Reviewed, reviewed},
    rules::{self, Verdict},
};
use crate::{
    domain::{
        field::Kind,
        history::{
            diff::{Change, diff},
            merge::{Choice, Conflict, ConflictKind, Notice},
        },
        record::Record as _,
        veil,
    },
    service::{context::Ctx, error::Result, history::visible},
    store::{db::Tx, resolutions, sides},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A plan as it is looked at.
pub struct Outline {
    pub job: Job,
    pub summary: Summary,
    /// The first records that who asks may not merge.
    pub denied: Vec<Denied>,
    /// What an agreement to it names.
    pub name: String,
    /// How many conflicts are open, by kind of conflict.
    pub open: BTreeMap<ConflictKind, usize>,
    /// What the company's checks say.
    pub verdicts: Vec<Verdict>,
    /// The company's last commit when it was made.
    pub(super) seen: i64,
    /// What becomes of orders that it does not touch matters to it.
    pub(super) on_orders: bool,
    /// What an approval is of, where one is asked for.
    pub(super) reviewed: Option<Reviewed>,
    rows: Vec<Row>,
    /// Records in which others have a say, as they are told.
    apart: BTreeMap<(Kind, Uuid), Record>,
}

struct Row {
    kind: Kind,
    id: Uuid,
    effect: Effect,
    clashing: bool,
    /// Something was settled without asking.
    noticed: bool,
}

/// Which records of a plan are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// With a conflict, open or decided.
    Conflicts,
    /// That become different, or are worth a look.
    Changes,
}

impl Told {
    fn wants(self, row: &Row) -> bool {
        match self {
            Self::Conflicts => row.clashing,
            Self::Changes => row.effect != Effect::Nothing || row.noticed,
        }
    }
}

impl Outline {
    pub(super) fn of(ctx: &Ctx, plan: &Plan, wanted: bool) -> Result<Self> {
        let (mut rows, mut apart, mut open) = (vec![], BTreeMap::new(), BTreeMap::new());
        let mut on_orders = false;
        each_kind!(R => for draft in R::of(&plan.drafts) {
            for conflict in draft.open() {
                *open.entry(conflict.kind).or_default() += 1;
            }
            if others_have_a_say(draft) {
                apart.insert((R::KIND, draft.id), record(ctx, &plan.job, draft)?);
            }
            on_orders |= draft.rests_on_orders();
            let clashing = draft.open().next().is_some() || !draft.decided.is_empty();
            let (effect, noticed) = (draft.effect_of(&plan.job), !draft.notices.is_empty());
            rows.push(Row { kind: R::KIND, id: draft.id, effect, clashing, noticed });
        });
        Ok(Self {
            job: plan.job.clone(),
            summary: plan.summary.clone(),
            denied: plan.denied.clone(),
            name: plan.name(),
            open,
            verdicts: rules::verdicts(ctx, plan),
            seen: plan.seen,
            on_orders,
            reviewed: wanted.then(|| reviewed(plan)),
            rows,
            apart,
        })
    }

    /// What it takes of memory, in records: one that is told whole takes as much as many.
    pub(super) fn weight(&self) -> usize {
        self.rows.len() + 50 * self.apart.len()
    }
    /// Whether it is of this order: orders come last, by their ids.
    pub(super) fn has_order(&self, id: Uuid) -> bool {
        let orders = &self.rows[self.rows.partition_point(|r| r.kind != Kind::Order)..];
        orders.binary_search_by_key(&id, |r| r.id).is_ok()
    }

    /// Some of its records as people look at them, and how many there are: those with conflicts, or all
    /// that it changes.
    pub async fn told(
        &self,
        ctx: &Ctx,
        which: Told,
        (from, limit): (usize, usize),
    ) -> Result<(Vec<Record>, usize)> {
        let all = self.rows.iter().filter(|r| which.wants(r)).count();
        let mut tx = ctx.read().await?;
        let mut out = vec![];
        for row in self.rows.iter().filter(|r| which.wants(r)).skip(from).take(limit) {
            if let Some(known) = self.apart.get(&(row.kind, row.id)) {
                out.push(known.clone());
                continue;
            }
            out.extend(of_kind!(row.kind, R => self.anew::<R>(ctx, &mut tx, row.id).await?));
        }
        Ok((out, all))
    }

    /// A record in which no other has a say, planned by itself.
    async fn anew<R: Mergeable>(&self, ctx: &Ctx, tx: &mut Tx, id: Uuid) -> Result<Option<Record>> {
        let Some(sides) = sides::one::<R>(tx, &ctx.scope, (self.job.source(), id)).await? else {
            return Ok(None);
        };
        let key = (self.job.subject(), (R::KIND, id));
        let decided = resolutions::of_record(tx, &ctx.scope, key).await?;
        let decided: Vec<_> = decided.into_iter().map(|d| d.resolution).collect();
        let draft = plan::draft::<R>(sides, (&self.job, &decided))?;
        draft.as_ref().map(|d| record(ctx, &self.job, d)).transpose()
    }
}

/// Other records bring it into the plan, or into conflict.
fn others_have_a_say<R: Mergeable>(draft: &Draft<R>) -> bool {
    let decided = draft.decided.iter().map(|d| &d.0);
    draft.joined || draft.open().chain(decided).any(|c| c.path.contains('#'))
}

/// What a plan does with a record, as people look at it.
#[derive(Clone, Debug)]
pub struct Record {
    pub kind: Kind,
    pub id: Uuid,
    pub title: String,
    pub effect: Effect,
    /// From how it is to how it would be: on main, or for a sync on the branch.
    pub changes: Vec<Change>,
    /// With the decision, where there is one.
    pub conflicts: Vec<(Conflict, Option<Choice>)>,
    pub notices: Vec<Notice>,
    /// The commits that made main's side and the incoming one.
    pub sides: [Option<i64>; 2],
}

fn record<R: Mergeable>(ctx: &Ctx, job: &Job, draft: &Draft<R>) -> Result<Record> {
    let scope = &ctx.scope;
    let changes = match (draft.was(job)?, draft.after()) {
        (Some(before), Some(after)) => diff(R::FIELDS, &before.value(), &after.value()),
        _ => vec![],
    };
    let decided = draft.decided.iter().map(|(c, choice)| (c.clone(), Some(choice.clone())));
    let mut conflicts: Vec<_> = draft.open().map(|c| (c.clone(), None)).chain(decided).collect();
    for (conflict, choice) in &mut conflicts {
        if veil::veil_conflict::<R>(scope, conflict)
            && let Some(Choice::Value(value)) = choice
        {
            veil::veil::<R>(scope, value);
        }
    }
    Ok(Record {
        kind: R::KIND,
        id: draft.id,
        title: draft.title(),
        effect: draft.effect_of(job),
        changes: visible::<R>(scope, changes),
        conflicts,
        notices: draft.notices.clone(),
        sides: [&draft.ours, &draft.theirs].map(|v| v.as_ref().map(|v| v.seq)),
    })
}
