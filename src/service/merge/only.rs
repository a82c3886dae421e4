//! Which of a branch's records are merged: every one, or some and what they need.
use super::{Draft, Drafts, Effect, Job, Mergeable, each_kind, of_kind, plan::whole};
use crate::{
    domain::{
        branch::{Branch, BranchState},
        field::Kind,
        history::merge::{Conflict, ConflictKind},
        record::Record as _,
        scope::{Scope, World},
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        records::parsed,
        references,
    },
    store::{branches, db::Tx, versions},
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// Records that may be named one by one.
const MOST: usize = 200;

/// The records of a branch that are meant; none named means all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only(BTreeSet<(Kind, Uuid)>);

impl Only {
    /// From texts such as `order:0198…`, several with commas between them.
    ///
    /// # Errors
    /// `Invalid` at `only` if one names no record, or they are too many.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        let mut out = BTreeSet::new();
        let each = texts.into_iter().flat_map(|t| t.split(',')).map(str::trim);
        for text in each.filter(|t| !t.is_empty()) {
            let named =
                text.split_once(':').and_then(|(k, id)| Some((k.parse().ok()?, id.parse().ok()?)));
            out.insert(named.ok_or_else(|| Error::at("only", "Name records as kind:id"))?);
        }
        if out.len() > MOST {
            return Err(Error::at(
                "only",
                format!("Choose at most {MOST} records, or merge them all"),
            ));
        }
        Ok(Self(out))
    }

    /// As [`Self::parse`] reads it.
    pub fn text(&self) -> String {
        let each = self.0.iter().map(|(kind, id)| format!("{}:{id}", kind.word()));
        each.collect::<Vec<_>>().join(",")
    }
    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// Leaves the drafts that are meant, and the new records that these name.
    pub(super) fn narrow(&self, drafts: &mut Drafts) {
        if self.is_all() {
            return;
        }
        let mut meant = self.0.clone();
        loop {
            let before = meant.len();
            let mut named = vec![];
            each_kind!(R => for d in R::of(drafts).iter().filter(|d| meant.contains(&(R::KIND, d.id))) {
                named.extend(names(d));
            });
            meant.extend(named.into_iter().filter(|key| is_new(drafts, *key)));
            if meant.len() == before {
                break;
            }
        }
        each_kind!(R => R::of_mut(drafts).retain(|d| meant.contains(&(R::KIND, d.id))));
    }
}

fn names<R: Mergeable>(draft: &Draft<R>) -> Vec<(Kind, Uuid)> {
    let named = draft.after().map(|r| references::named_in::<R>(&r.value())).unwrap_or_default();
    named.into_iter().map(|(kind, id, _)| (kind, id)).collect()
}

/// The branch that shows records of the plan as main has them afterwards, and little else of main as it is:
/// of which a part is merged, or the merge of a branch that stayed open is taken back.
pub(super) async fn shows_some(ctx: &Ctx, tx: &mut Tx, job: &Job) -> Result<Option<Branch>> {
    Ok(match job {
        Job::Merge(branch, only) => Some(branch.clone()).filter(|_| !only.is_all()),
        Job::Revert(seq) => {
            let branch = branches::merged_by(tx, &ctx.scope, *seq).await?;
            branch.filter(|b| b.state != BranchState::Merged)
        }
        Job::Sync(_) => None,
    })
}

/// What such records name must be on that branch as well.
pub(super) async fn unseen(ctx: &Ctx, tx: &mut Tx, job: &Job, drafts: &mut Drafts) -> Result<()> {
    let Some(branch) = shows_some(ctx, tx, job).await? else { return Ok(()) };
    let scope = ctx.scope.clone().in_world(World::Branch(branch));
    each_kind!(R => for i in 0..R::of(drafts).len() {
        let draft = &R::of(drafts)[i];
        // a part is shown as main has it even where main has it so already
        let is_shown = matches!(job, Job::Merge(..)) || draft.effect() != Effect::Nothing;
        if draft.left_out || !is_shown {
            continue;
        }
        let mut known = vec![];
        if let Some(theirs) = &draft.theirs {
            known = references::named_in::<R>(&parsed(&theirs.body)?);
        }
        let mut named = draft.after().map(|r| references::named_in::<R>(&r.value())).unwrap_or_default();
        named.retain(|(_, id, _)| !known.iter().any(|(_, k, _)| k == id));
        for (kind, id, path) in named {
            if !is_there(tx, &scope, (kind, id)).await? {
                let what = kind.label().to_lowercase();
                let why = format!("On main it names a {what} that the branch it came from does not have yet. Bring that branch up to date first.");
                let draft = &mut R::of_mut(drafts)[i];
                let path = format!("{path}#unseen");
                draft.clashes.push(Conflict { path, ..whole(draft, ConflictKind::Dangling, why) });
            }
        }
    });
    Ok(())
}

async fn is_there(tx: &mut Tx, scope: &Scope, (kind, id): (Kind, Uuid)) -> Result<bool> {
    Ok(of_kind!(kind, R => versions::current::<R>(tx, scope, id).await?.is_some()))
}

fn is_new(drafts: &Drafts, (kind, id): (Kind, Uuid)) -> bool {
    of_kind!(kind, R => R::find(drafts, id).is_some_and(|d| d.effect() == Effect::Created))
}
