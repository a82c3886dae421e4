//! Records as they were, made to hold again: also those that were deleted, under their old id.
use super::{
    compaction::kept,
    context::Ctx,
    error::{Error, Result},
    history::visible,
    records::{Current, Saved, parsed, put},
    references::{self, Titles},
    subjects::Subject,
};
use crate::{
    domain::{
        field::{Class, Field},
        history::{
            cause::Cause,
            diff::{Change, diff},
        },
        policy::Act,
        record::of_value,
        veil,
    },
    store::{commits, db::Tx, masters::read, ready::Step, versions},
};
use serde_json::{Value, json};
use uuid::Uuid;

/// What a restoration would do.
pub struct Plan<R> {
    /// As it is; nothing if it was deleted.
    pub now: Option<Current<R>>,
    pub then: Current<R>,
    pub changes: Vec<Change>,
    pub titles: Titles,
}

struct Sides<R> {
    now: Option<Current<R>>,
    then: Current<R>,
    restored: R,
}

/// The record then, its last version (which may say that it was deleted), and what it would become.
async fn sides<R: Subject>(ctx: &Ctx, tx: &mut Tx, (id, seq): (Uuid, i64)) -> Result<Sides<R>> {
    ctx.may(Act::ReadHistory)?;
    if commits::time_of(tx, &ctx.scope, seq).await?.is_none() {
        return Err(Error::at("as_of", "There is no such change"));
    }
    kept(ctx, seq)?;
    let then = versions::at::<R>(tx, &ctx.scope, id, seq).await?.ok_or(Error::NotFound)?;
    let last = versions::timeline::<R>(tx, &ctx.scope, id, (i64::MAX, 1)).await?;
    let last = last.into_iter().next().ok_or(Error::NotFound)?;
    let (mut value, system) = (parsed(&then.body)?, parsed(&last.body)?);
    // what belongs to a field that people choose goes with it; what they do not see stays
    let hidden = veil::hidden::<R>(&ctx.scope).map(|(f, _)| f);
    for f in R::FIELDS.iter().filter(|f| is_of_system(R::FIELDS, f)).chain(hidden) {
        value[f.name] = system[f.name].clone();
    }
    let now = (!last.deleted).then(|| last.version());
    let now = now.map(|v| Ok::<_, Error>(Current { record: read(&v.body)?, seq: v.seq }));
    let then = Current { record: read(&then.body)?, seq: then.seq };
    Ok(Sides { now: now.transpose()?, then, restored: of_value(value)? })
}

/// What the system alone sets: a group belongs to its first field.
fn is_of_system(fields: &[Field], f: &Field) -> bool {
    let leads = |g: &&Field| !f.group.is_empty() && g.group == f.group;
    fields.iter().find(leads).unwrap_or(f).class == Class::System
}

/// What would change if the record were again as it was after a commit. What the system sets (an
/// order's state, its number) stays.
///
/// # Errors
/// `NotFound` if it was not there then; `Invalid` at `as_of` if there is no such change.
pub async fn plan<R: Subject>(ctx: &Ctx, id: Uuid, seq: i64) -> Result<Plan<R>> {
    ctx.may(R::WRITE)?;
    let mut tx = ctx.read().await?;
    let Sides { now, then, restored } = sides::<R>(ctx, &mut tx, (id, seq)).await?;
    drop(tx);
    let before = now.as_ref().map_or(json!({}), |n| n.record.value());
    let changes = visible::<R>(&ctx.scope, diff(R::FIELDS, &before, &restored.value()));
    let told = |c: Current<R>| Current::told(ctx, c.record, c.seq);
    let (now, then) = (now.map(told).transpose()?, told(then)?);
    let titles = references::titles_of(ctx, changes.iter()).await?;
    Ok(Plan { now, then, changes, titles })
}

/// Makes a record as it was after a commit. `based_on` is the version that the plan was seen for;
/// 0 if the record was deleted.
///
/// # Errors
/// `Refused` if it changed since; `Invalid` at what its state has frozen, and at what it names that
/// is gone.
pub async fn restore<R: Subject>(
    ctx: &Ctx,
    id: Uuid,
    (seq, based_on): (i64, Option<i64>),
) -> Result<Saved<R>> {
    ctx.may(R::WRITE)?;
    let mut w = ctx.write().await?;
    let Sides { now, restored, .. } = sides::<R>(ctx, &mut w.tx, (id, seq)).await?;
    let version = now.as_ref().map_or(0, |n| n.seq);
    if based_on.is_some_and(|seen| seen != version) {
        let text = "Someone changed this since you looked. Look again at what would change.";
        return Err(Error::Refused(text.into()));
    }
    let before = now.as_ref().map_or(Value::Null, |n| n.record.value());
    references::check::<R>(ctx, &mut w.tx, (&before, &restored.value())).await?;
    if let Some(now) = now.as_ref().filter(|n| n.record.body() == restored.body()) {
        return Ok(Saved::Unchanged(Current::told(ctx, now.record.clone(), now.seq)?));
    }
    let before = now.map(|n| n.record);
    R::admit(ctx, before.as_ref(), &restored)?;
    let kind = R::KIND.label().to_lowercase();
    let message = format!("Restored {kind} {} as of change {seq}", restored.title());
    let after = restored.clone();
    let step = before.map_or_else(|| Step::back(after.clone()), |b| Step::from(b, after.clone()));
    let seq = put(ctx, w, step, (Cause::Restoration, &message)).await?;
    Ok(Saved::Done { now: Current::told(ctx, restored, seq)?, merged: false })
}
