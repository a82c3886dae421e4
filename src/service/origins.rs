//! Where each value of a record comes from, and what lies between two of its versions.
use super::{
    compaction::kept,
    context::Ctx,
    error::{Error, Result},
    history::visible,
    records::Current,
    references::{self, Titles},
    subjects::Subject,
};
use crate::{
    domain::{
        field::Field,
        history::{
            cause::Cause,
            diff::{Change, diff, id_of, list},
        },
        policy::Act,
    },
    store::{
        branches,
        commits::{self, Merged},
        db::Tx,
        masters::read,
        versions::{self, Step},
    },
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Steps of a record, and of a branch's side of it, that are looked through.
const STEPS: i64 = 500;

/// A value and the step that made it what it is.
pub struct Origin {
    /// From what it was to what it is.
    pub change: Change,
    pub step: Step,
    /// Where a merge brought it: who had made it so on the branch.
    pub on_branch: Option<(Merged, Step)>,
}

/// Where everything in a record comes from.
pub struct Origins<R> {
    pub now: Current<R>,
    /// In the order of the record's fields.
    pub each: Vec<Origin>,
    /// The newest first, up to [`STEPS`] and one: values older than those are not told.
    pub steps: Vec<Step>,
    pub titles: Titles,
}

/// Each value of a record with the step that made it so, and who had made it on the branch that a merge
/// brought it from.
pub async fn of<R: Subject>(ctx: &Ctx, id: Uuid) -> Result<Origins<R>> {
    ctx.may(R::READ)?;
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    let steps = versions::timeline::<R>(&mut tx, &ctx.scope, id, (i64::MAX, STEPS + 1)).await?;
    let now = steps.first().filter(|s| !s.deleted).ok_or(Error::NotFound)?;
    let mut each = last_changes::<R>(ctx, &steps);
    let seqs: BTreeSet<i64> = each.iter().map(|o| o.step.from_seq).collect();
    let merged =
        commits::merged(&mut tx, &ctx.scope, &seqs.into_iter().collect::<Vec<_>>()).await?;
    let body = value(now);
    for one in merged {
        // what was done on a branch is told to those who see it
        if branches::by_slug(&mut tx, &ctx.scope, &one.slug).await?.is_none() {
            continue;
        }
        let theirs = on_branch::<R>(&mut tx, ctx, (id, &one)).await?;
        for origin in each.iter_mut().filter(|o| o.step.from_seq == one.seq) {
            origin.on_branch =
                made(&theirs, (&origin.change.path, &body)).map(|s| (one.clone(), s));
        }
    }
    let now = Current::told(ctx, read(&now.body)?, now.from_seq)?;
    drop(tx);
    let titles = references::titles_of(ctx, each.iter().map(|o| &o.change)).await?;
    Ok(Origins { now, each, steps, titles })
}

/// The last change of every value that is there still.
fn last_changes<R: Subject>(ctx: &Ctx, steps: &[Step]) -> Vec<Origin> {
    let bodies: Vec<Value> = steps.iter().map(value).collect();
    let now = bodies.first().cloned().unwrap_or_default();
    let mut seen: BTreeMap<(usize, String), Origin> = BTreeMap::new();
    // the one before those that are looked through only tells what they changed
    let most = usize::try_from(STEPS).unwrap_or(usize::MAX);
    for (i, step) in steps.iter().enumerate().take(most) {
        let before = bodies.get(i + 1).unwrap_or(&Value::Null);
        if step.is_compacted() || steps.get(i + 1).is_some_and(Step::is_compacted) {
            break;
        }
        for change in visible::<R>(&ctx.scope, diff(R::FIELDS, before, &bodies[i])) {
            // a part is told as it is, whatever of it was changed since it came
            let Some(after) = at(&now, &change.path).filter(|v| !v.is_null()).cloned() else {
                continue;
            };
            let place = place(R::FIELDS, &change.path);
            // nor is it told what a part was before it went and came back
            let whole = change.path.rsplit_once('/').map(|(part, _)| (place, part.to_owned()));
            if !change.after.is_null() && whole.is_none_or(|part| !seen.contains_key(&part)) {
                let key = (place, change.path.clone());
                let (step, change) = (step.clone(), Change { after, ..change });
                seen.entry(key).or_insert(Origin { change, step, on_branch: None });
            }
        }
    }
    seen.into_values().collect()
}

/// The steps by which a branch made its side of what a commit merged, the newest first.
async fn on_branch<R: Subject>(
    tx: &mut Tx,
    ctx: &Ctx,
    (id, of): (Uuid, &Merged),
) -> Result<Vec<Step>> {
    let (until, key) = (of.merged_seq.saturating_add(1), (of.branch, id));
    let mut steps = versions::own_timeline::<R>(tx, &ctx.scope, key, (until, STEPS)).await?;
    // a copy has it from its original, where somebody else may have made it
    while let Some(copied) = steps.pop_if(|s| s.cause == Cause::Opening.word()) {
        let Some(from) = branches::original(tx, &ctx.scope, copied.from_seq).await? else {
            steps.push(copied);
            break;
        };
        let before = (copied.from_seq, STEPS);
        steps.extend(versions::own_timeline::<R>(tx, &ctx.scope, (from.id, id), before).await?);
    }
    Ok(steps)
}

/// The step of a branch that made a value what it is: none if the branch left another one, so that who
/// merged decided on it, or if a compaction took how it got there.
fn made(steps: &[Step], (path, now): (&str, &Value)) -> Option<Step> {
    let bodies: Vec<Value> = steps.iter().map(value).collect();
    let (wanted, last) = (at(now, path), bodies.first()?);
    if at(last, path) != wanted {
        return None;
    }
    let same = bodies.iter().take_while(|b| at(b, path) == wanted).count();
    if steps.get(same).is_some_and(Step::is_compacted) {
        return None;
    }
    steps.get(same.saturating_sub(1)).cloned()
}

/// What lies between two versions of a record, by the numbers of changes after which it is looked at.
///
/// # Errors
/// `Invalid` at `from` or `to` where it was not there.
pub async fn between<R: Subject>(
    ctx: &Ctx,
    id: Uuid,
    (from, to): (i64, i64),
) -> Result<(Vec<Change>, Titles)> {
    ctx.may(R::READ)?;
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    let mut sides = vec![];
    for (name, seq) in [("from", from), ("to", to)] {
        kept(ctx, seq).map_err(|why| Error::at(name, why.to_string()))?;
        let found = versions::at::<R>(&mut tx, &ctx.scope, id, seq).await?;
        let found = found.ok_or_else(|| Error::at(name, "It was not there after that change"))?;
        sides.push(serde_json::from_str::<Value>(&found.body).unwrap_or_default());
    }
    drop(tx);
    let changes = visible::<R>(&ctx.scope, diff(R::FIELDS, &sides[0], &sides[1]));
    let titles = references::titles_of(ctx, changes.iter()).await?;
    Ok((changes, titles))
}

/// The body of a step; nothing where it deleted the record.
fn value(step: &Step) -> Value {
    let body = Some(&step.body).filter(|_| !step.deleted);
    body.and_then(|b| serde_json::from_str(b).ok()).unwrap_or_default()
}

/// What a path leads to: a field, a part, or a field of a part.
fn at<'a>(body: &'a Value, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('/');
    let top = body.get(steps.next()?)?;
    let Some(id) = steps.next() else { return Some(top) };
    if top.is_object() {
        return top.get(id);
    }
    let part = list(top).iter().find(|p| id_of(p) == id)?;
    steps.next().map_or(Some(part), |name| part.get(name))
}

/// The place of a path's field among those of its kind.
fn place(fields: &'static [Field], path: &str) -> usize {
    let top = path.split('/').next().unwrap_or_default();
    fields.iter().position(|f| f.name == top).unwrap_or(usize::MAX)
}
