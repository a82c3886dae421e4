//! Decisions on conflicts: one by one, or on all of a kind.
use super::{Effect, Job, Mergeable, Plan, each_kind, looks::forget, plan};
use crate::{
    domain::{
        check::Problems,
        field::{Field, Kind, Ty, find},
        history::merge::{Choice, Conflict, ConflictKind},
        input,
        policy::Act,
        veil,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        references,
    },
    store::resolutions::{self, Decided},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Which conflicts a decision is on.
#[derive(Clone, Debug)]
pub enum Which {
    One {
        kind: Kind,
        id: Uuid,
        path: String,
    },
    /// Every open one of this kind, in a word.
    All(String),
}

/// What was decided.
#[derive(Clone, Debug)]
pub enum Decision {
    /// Main's stays.
    Keep,
    /// What comes in holds.
    Take,
    /// Another value, as typed.
    Type(String),
}

/// What was decided on which, from the fields of a form or a body: `all` with a kind of conflict, or
/// `kind`, `id` and `path`; `choice` with `ours`, `theirs`, or `value` and the `value`.
///
/// # Errors
/// `Invalid` at the field that says nothing.
pub fn decision<'a>(text: impl Fn(&str) -> &'a str) -> Result<(Which, Decision)> {
    let which = match text("all") {
        "" => Which::One {
            kind: text("kind").parse().map_err(|_| Error::at("kind", "Name a kind of record"))?,
            id: text("id").parse().map_err(|_| Error::at("id", "Name a record by its id"))?,
            path: text("path").to_owned(),
        },
        word => Which::All(word.to_owned()),
    };
    let decision = match text("choice") {
        "ours" => Decision::Keep,
        "theirs" => Decision::Take,
        "value" => Decision::Type(text("value").to_owned()),
        _ => return Err(Error::at("choice", "Choose one of the values first")),
    };
    Ok((which, decision))
}

/// Keeps a decision on conflicts that are open in the plan as it is now. Whoever merges has agreed to
/// it: it is a part of what they look at.
///
/// # Errors
/// `Refused` if no such conflict is open; `Forbidden` if they may not change such a record on main;
/// `Invalid` at `value` if it is none of the field.
pub async fn decide(ctx: &Ctx, job: Job, (which, decision): (Which, Decision)) -> Result<usize> {
    ctx.may(Act::OpenBranch)?;
    let plan = plan::plan(ctx, job).await?;
    let mut all = vec![];
    each_kind!(R => collect::<R>(ctx, &plan, (&which, &decision), &mut all).await?);
    if all.is_empty() {
        let text = "This conflict is not open any more, or this cannot be chosen for it.";
        return Err(Error::Refused(text.into()));
    }
    let mut tx = ctx.app.db.write(&ctx.scope).await?;
    resolutions::keep(&mut tx, &ctx.scope, (plan.job.subject(), ctx.now()), &all).await?;
    tx.commit().await?;
    forget(ctx);
    Ok(all.len())
}

async fn collect<R: Mergeable>(
    ctx: &Ctx,
    plan: &Plan,
    (which, decision): (&Which, &Decision),
    all: &mut Vec<Decided>,
) -> Result<()> {
    // many conflicts may be answered by the same text
    let mut read: BTreeMap<String, Value> = BTreeMap::new();
    for draft in R::of(&plan.drafts) {
        // what was decided can be decided otherwise; for all of a kind the open ones are meant
        let one = matches!(which, Which::One { .. });
        let decided = draft.decided.iter().map(|(c, _)| c).filter(|_| one);
        let all_of_it = draft.open().chain(decided);
        let seen = |c: &&Conflict| !veil::veil_conflict::<R>(&ctx.scope, &mut (*c).clone());
        let meant = all_of_it.filter(|c| is_meant::<R>(which, draft.id, c)).filter(seen);
        // one that was decided, and one that came of it, may be in the same place: the open one is meant
        for conflict in meant.take(if one { 1 } else { usize::MAX }) {
            // who says what main becomes may make it so themselves
            if !matches!(plan.job, Job::Sync(_)) {
                ctx.may(R::WRITE)?;
            }
            let choice = match decision {
                Decision::Keep => Choice::Ours,
                Decision::Take => Choice::Theirs,
                Decision::Type(_) if !conflict.may_type => continue,
                Decision::Type(text) => Choice::Value(match read.get(&conflict.path) {
                    Some(known) => known.clone(),
                    None => typed::<R>(ctx, plan, (conflict, text)).await?,
                }),
            };
            if let (Choice::Value(value), ConflictKind::Dangling) = (&choice, conflict.kind) {
                read.insert(conflict.path.clone(), value.clone());
            }
            if conflict.allows(&choice) {
                let resolution = conflict.resolved(choice);
                all.push(Decided { kind: R::KIND, id: draft.id, resolution });
            }
        }
    }
    Ok(())
}

fn is_meant<R: Mergeable>(which: &Which, id: Uuid, conflict: &Conflict) -> bool {
    match which {
        Which::One { kind, id: one, path } => {
            *kind == R::KIND && *one == id && *path == conflict.path
        }
        Which::All(word) => conflict.kind.word() == word,
    }
}

/// A typed value in the shape of the conflict's own.
async fn typed<R: Mergeable>(
    ctx: &Ctx,
    plan: &Plan,
    (conflict, text): (&Conflict, &str),
) -> Result<Value> {
    // of a group that conflicts, the one field that differs
    let path = match conflict.fields.as_slice() {
        [one] if conflict.kind == ConflictKind::Field => one.path.as_str(),
        _ => conflict.path.split('#').next().unwrap_or_default(),
    };
    let (fields, name) = place(R::FIELDS, path);
    let top = path.split('/').next().and_then(|top| find(fields, top));
    if conflict.kind == ConflictKind::Dangling {
        return instead::<R>(ctx, plan, (name, text)).await;
    }
    let value = match top {
        Some(f) if f.ty == Ty::Map => input::named(text),
        _ => input::value(fields, name, text),
    };
    let value = value.map_err(at_value)?;
    match (value, conflict.kind) {
        (None, ConflictKind::Unique) => Err(at_value("Write another code")),
        (value, _) => Ok(json!({ name: value })),
    }
}

/// The record of main that is named by its code, its name or its id, in place of one that is gone.
async fn instead<R: Mergeable>(
    ctx: &Ctx,
    plan: &Plan,
    (name, text): (&str, &str),
) -> Result<Value> {
    if text.trim().is_empty() {
        return Err(at_value("Name another one by its number or its name"));
    }
    let (mut tx, none, mut named) = (ctx.read().await?, Value::Null, json!({ name: text }));
    let mut found = references::resolve(ctx, &mut tx, R::FIELDS, (&none, &mut named)).await;
    if found.is_ok() {
        found = references::check::<R>(ctx, &mut tx, (&none, &named)).await;
    }
    match found {
        Err(Error::Invalid(Problems(all))) => {
            Err(at_value(all.into_iter().next().map(|p| p.1).unwrap_or_default()))
        }
        Err(other) => Err(other),
        // what is copied from it would be main's
        Ok(()) if is_changed(plan, &named[name]) => {
            Err(at_value("The branch changes this one too. Name it in the record on the branch"))
        }
        Ok(()) => Ok(named),
    }
}

fn is_changed(plan: &Plan, id: &Value) -> bool {
    let (mut changed, id) = (false, id.as_str().and_then(|id| id.parse().ok()).unwrap_or_default());
    each_kind!(R => {
        let draft = R::find(&plan.drafts, id);
        changed |= draft.is_some_and(|d| d.effect() != Effect::Nothing);
    });
    changed
}

fn at_value(why: impl Into<String>) -> Error {
    Error::at("value", why)
}

/// The fields among which a path's last step is.
fn place<'a>(fields: &'static [Field], path: &'a str) -> (&'static [Field], &'a str) {
    let names: Vec<&str> = path.split('/').collect();
    match (find(fields, names[0]).map(|f| f.ty), names.as_slice()) {
        (Some(Ty::Parts(_, inner)), [_, _, name]) => (inner, name),
        _ => (fields, names.last().copied().unwrap_or_default()),
    }
}
