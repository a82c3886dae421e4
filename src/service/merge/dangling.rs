//! Records that name what is gone: it comes back, another takes its place, or they stay out.
use super::{Draft, Drafts, Mergeable, each_kind, plan::whole};
use crate::{
    domain::{
        customer::Customer,
        field::Kind,
        history::merge::{Conflict, ConflictKind},
        product::Product,
        record::of_value,
        tax::TaxCode,
    },
    service::{Master, context::Ctx, error::Result, references, subjects::drop_nulls},
    store::{
        db::Tx,
        sides::{self, Sides},
        versions,
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// What is named must be there: not deleted on main, not left out of the merge.
pub(super) async fn find(ctx: &Ctx, tx: &mut Tx, since: i64, drafts: &mut Drafts) -> Result<()> {
    let mut gone = BTreeSet::new();
    gone.extend(left_out::<TaxCode>(ctx, tx, (drafts, since)).await?);
    gone.extend(left_out::<Customer>(ctx, tx, (drafts, since)).await?);
    gone.extend(left_out::<Product>(ctx, tx, (drafts, since)).await?);
    let decided_elsewhere: BTreeSet<Uuid> =
        gone.iter().filter(|id| is_drafted(drafts, **id)).copied().collect();
    if !gone.is_empty() {
        each_kind!(R => for draft in R::of_mut(drafts) {
            names_gone(draft, &gone, &decided_elsewhere);
        });
    }
    Ok(())
}

fn is_drafted(drafts: &Drafts, id: Uuid) -> bool {
    let mut found = false;
    each_kind!(R => found |= R::find(drafts, id).is_some());
    found
}

/// Records that main would not have though others may name them.
async fn left_out<M: Mergeable + Master>(
    ctx: &Ctx,
    tx: &mut Tx,
    (drafts, since): (&Drafts, i64),
) -> Result<BTreeSet<Uuid>> {
    let back = |id: &Uuid| M::find(drafts, *id).is_some_and(|d| d.after().is_some());
    let mut gone = sides::gone_since::<M>(tx, &ctx.scope, since).await?;
    gone.retain(|id| !back(id));
    let never = M::of(drafts).iter().filter(|d| d.after().is_none() && d.before.is_none());
    gone.extend(never.map(|d| d.id));
    Ok(gone.into_iter().collect())
}

fn names_gone<R: Mergeable>(draft: &mut Draft<R>, gone: &BTreeSet<Uuid>, drafted: &BTreeSet<Uuid>) {
    let Some(after) = draft.after() else { return };
    // what main has so already is main's affair
    let known = draft.before.as_ref().map(|b| references::named_in::<R>(&b.value()));
    let known = known.unwrap_or_default();
    for (kind, id, path) in references::named_in::<R>(&after.value()) {
        if gone.contains(&id) && !known.iter().any(|(_, k, _)| *k == id) {
            let what = kind.label().to_lowercase();
            let why = format!("It names a {what} that is not on main any more.");
            // a line is sold as what it is: another product for it is chosen on the branch
            let may_type = !path.contains('.');
            draft.clashes.push(Conflict {
                path: format!("{path}#gone"),
                theirs: json!({"kind": kind, "id": id}),
                may_take: !drafted.contains(&id),
                may_type,
                ..whole(draft, ConflictKind::Dangling, why)
            });
        }
    }
}

/// The record that a conflict misses.
pub(super) fn gone(conflict: &Conflict) -> Option<(Kind, Uuid)> {
    let text = |name: &str| conflict.theirs[name].as_str();
    Some((text("kind")?.parse().ok()?, text("id")?.parse().ok()?))
}

/// A record that main deleted comes along as it was, since a record that is merged names it.
pub(super) async fn bring_back<M: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    (since, id): (i64, Uuid),
    drafts: &mut Drafts,
) -> Result<()> {
    let was = versions::at::<M>(tx, &ctx.scope, id, since).await?;
    let all = M::of_mut(drafts);
    if let (Some(was), Err(at)) = (was, all.binary_search_by_key(&id, |d| d.id)) {
        let sides = Sides { id, base: None, ours: None, theirs: Some(was), known: true };
        let mut draft = Draft::new(sides)?;
        draft.takes_theirs()?;
        draft.joined = true;
        all.insert(at, draft);
    }
    Ok(())
}

/// A record names another in place of the one that is gone, and takes from it what it would have taken
/// had somebody chosen it on its form.
pub(super) async fn repoint<R: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, other): (Uuid, &Value),
    drafts: &mut Drafts,
) -> Result<()> {
    let Some(draft) = R::find_mut(drafts, id) else { return Ok(()) };
    let Some(was) = draft.after().map(R::value) else { return Ok(()) };
    let mut value = was.clone();
    for (name, id) in other.as_object().into_iter().flatten() {
        value[name] = id.clone();
    }
    R::enrich(ctx, tx, &was, &mut value).await?;
    drop_nulls(&mut value);
    draft.becomes(Some(of_value(value)?));
    Ok(())
}
