//! Records that name what is gone: it comes back, another takes its place, or they stay out.
use super::{
    Draft, Drafts, Mergeable, each_kind,
    plan::{self, Decisions, whole},
};
use crate::{
    domain::{
        customer::Customer,
        field::Kind,
        history::merge::{Conflict, ConflictKind},
        product::Product,
        tax::TaxCode,
    },
    service::{Master, context::Ctx, error::Result, references, subjects::drop_nulls},
    store::{
        db::Tx,
        masters::read,
        sides::{self, Sides},
        versions,
    },
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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
    tell_what_is_gone(ctx, tx, since, drafts).await
}

/// Says in each conflict what the record is called that is not there.
async fn tell_what_is_gone(ctx: &Ctx, tx: &mut Tx, since: i64, drafts: &mut Drafts) -> Result<()> {
    let mut missed: BTreeMap<(Kind, Uuid), Option<String>> = BTreeMap::new();
    each_kind!(R => for conflict in R::of(drafts).iter().flat_map(|d| &d.clashes) {
        missed.extend(gone(conflict).map(|key| (key, None)));
    });
    for ((kind, id), title) in &mut missed {
        *title = match kind {
            Kind::Customer => called::<Customer>(ctx, tx, (since, *id)).await?,
            Kind::Product => called::<Product>(ctx, tx, (since, *id)).await?,
            Kind::TaxCode => called::<TaxCode>(ctx, tx, (since, *id)).await?,
            Kind::Order => None,
        };
    }
    each_kind!(R => for conflict in R::of_mut(drafts).iter_mut().flat_map(|d| &mut d.clashes) {
        let Some((kind, id)) = gone(conflict) else { continue };
        let what = kind.label().to_lowercase();
        conflict.why = match missed.get(&(kind, id)) {
            Some(Some(title)) => format!("It names the {what} {title}, which is not on main any more."),
            _ => format!("It names a {what} that is not on main."),
        };
    });
    Ok(())
}

/// What a record of main was called after a commit.
async fn called<M: Mergeable + Master>(
    ctx: &Ctx,
    tx: &mut Tx,
    (since, id): (i64, Uuid),
) -> Result<Option<String>> {
    let was = versions::at::<M>(tx, &ctx.scope, id, since).await?;
    let was: Option<M> = was.map(|v| read(&v.body)).transpose()?;
    Ok(was.as_ref().map(references::title_of))
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
    let never = M::of(drafts).iter().filter(|d| d.after().is_none() && d.before().is_none());
    gone.extend(never.map(|d| d.id));
    Ok(gone.into_iter().collect())
}

fn names_gone<R: Mergeable>(draft: &mut Draft<R>, gone: &BTreeSet<Uuid>, drafted: &BTreeSet<Uuid>) {
    let Some(after) = draft.after() else { return };
    // what main has so already is main's affair
    let known = draft.before().map(|b| references::named_in::<R>(&b.value()));
    let known = known.unwrap_or_default();
    for (kind, id, path) in references::named_in::<R>(&after.value()) {
        if gone.contains(&id) && !known.iter().any(|(_, k, _)| *k == id) {
            // a line is sold as what it is: another product for it is chosen on the branch
            let may_type = !path.contains('.');
            draft.clashes.push(Conflict {
                path: format!("{path}#gone"),
                theirs: json!({"kind": kind, "id": id}),
                may_take: !drafted.contains(&id),
                may_type,
                ..whole(draft, ConflictKind::Dangling, String::new())
            });
        }
    }
}

/// The record that a conflict misses, if it is about one.
pub(super) fn gone(conflict: &Conflict) -> Option<(Kind, Uuid)> {
    if conflict.kind != ConflictKind::Dangling {
        return None;
    }
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
    (decisions, drafts): (&Decisions, &mut Drafts),
) -> Result<()> {
    let draft = R::find_mut(drafts, id).filter(|d| !d.left_out);
    let Some(draft) = draft else { return Ok(()) };
    let Some(was) = draft.after().map(R::value) else { return Ok(()) };
    let mut value = was.clone();
    for (name, id) in other.as_object().into_iter().flatten() {
        value[name] = id.clone();
    }
    // one that is gone by now too is found so in the next round
    if references::check::<R>(ctx, tx, (&was, &value)).await.is_ok() {
        R::enrich(ctx, tx, &was, &mut value).await?;
    }
    drop_nulls(&mut value);
    for (kind, id, path) in references::named_in::<R>(&value) {
        let title = references::title(ctx, tx, (kind, id)).await?.unwrap_or_default();
        let path = format!("{path}#gone");
        for (conflict, _) in draft.decided.iter_mut().filter(|(c, _)| c.path == path) {
            conflict.why = format!("It names {title} instead.");
        }
    }
    plan::make(draft, Some(value), plan::on::<R>(decisions, id));
    Ok(())
}
