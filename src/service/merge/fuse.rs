//! Two records that turn out to be one: what the branch made under a code that main has too becomes data
//! of main's record, and what named the branch's names main's.
use super::{
    Draft, Drafts, Effect, Job, Mergeable, each_kind,
    plan::{self, Decisions},
};
use crate::{
    domain::{field::Kind, record::Record as _},
    service::{context::Ctx, error::Result},
    store::{
        db::Tx,
        masters::read,
        sides::Sides,
        versions::{self, Version},
    },
};
use uuid::Uuid;

/// Whether a record may become one with another that has its code: one that the branch made, and one that
/// main alone has changed. The whole branch has to be merged: others of it would name the record still. An
/// order is none: it would have the lines of both.
pub(super) fn may<M: Mergeable>(job: &Job, draft: &Draft<M>, drafts: &Drafts, other: Uuid) -> bool {
    let whole = matches!(job, Job::Merge(..)) && job.only().is_none();
    let on_main = M::find(drafts, other).is_none();
    M::KIND != Kind::Order
        && whole
        && on_main
        && draft.base.is_none()
        && draft.effect() == Effect::Created
}

/// Makes them one. The branch's data are merged into main's record as if both had been made under one id.
pub(super) async fn fuse<M: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    (decisions, drafts): (&Decisions, &mut Drafts),
    (from, into): (Uuid, Uuid),
) -> Result<()> {
    let Some(draft) = M::find_mut(drafts, from) else { return Ok(()) };
    draft.leave();
    let named = |body: &str| body.replace(&from.to_string(), &into.to_string());
    let theirs = draft.theirs.as_ref().map(|v| Version {
        body: named(&v.body),
        body_seq: None,
        ..v.clone()
    });
    let all = M::of_mut(drafts);
    if let Err(at) = all.binary_search_by_key(&into, |d| d.id) {
        let ours = versions::current::<M>(tx, &ctx.scope, into).await?;
        let sides = Sides { id: into, base: None, ours, theirs, known: true };
        let mut draft = Draft::new(sides)?;
        plan::merged(&mut draft, plan::on::<M>(decisions, into))?;
        draft.joined = true;
        all.insert(at, draft);
    }
    each_kind!(R => for draft in R::of_mut(drafts) {
        let body = draft.after().map(R::body).unwrap_or_default();
        let other = named(&body);
        if other != body {
            draft.becomes(Some(read(&other)?));
            draft.joined = true;
        }
    });
    Ok(())
}
