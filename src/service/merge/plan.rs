//! The plan: every record's three sides merged, checked against the rest, summed up. It only reads.
use super::{
    Denied, Draft, Drafts, Effect, Job, Mergeable, Only, Plan, Summary, checks, each_kind, upgrade,
};
use crate::{
    domain::{
        branch::Branch,
        field::Kind,
        history::{
            chain::{Hash, body_hash, hex},
            diff::diff,
            merge::{Conflict, ConflictKind, Resolution},
        },
        order::Order,
        policy::Act,
        record::{self, Record, of_value},
        veil,
    },
    service::{
        context::Ctx,
        error::{Error, Result},
        history::visible,
        records::parsed,
    },
    store::{
        commits,
        db::Tx,
        resolutions,
        sides::{Sides, Walk},
        versions::Version,
    },
};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, sync::Arc};
use tokio::task::spawn_blocking;
use uuid::Uuid;

/// Records that may not be merged and are told one by one, and fields of each.
const DENIED: usize = 100;
const NAMED: usize = 5;

/// Decisions by record.
pub(super) type Decisions = BTreeMap<(Kind, Uuid), Vec<Resolution>>;

/// Those on one record.
pub(super) fn on<R: Mergeable>(decisions: &Decisions, id: Uuid) -> &[Resolution] {
    decisions.get(&(R::KIND, id)).map_or(&[], Vec::as_slice)
}

/// What drafts are made for, and what was decided on them.
struct Asked {
    job: Job,
    decisions: Decisions,
}

/// What would happen. `ctx` is on main.
pub(super) async fn plan(ctx: &Ctx, job: Job) -> Result<Plan> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    within(ctx, &mut tx, job).await
}

/// The same in a transaction that may hold the company's lock.
pub(super) async fn within(ctx: &Ctx, tx: &mut Tx, job: Job) -> Result<Plan> {
    let (seen, main) = commits::heads(tx, &ctx.scope).await?;
    let decisions = decisions(ctx, tx, &job).await?;
    let asked = Arc::new(Asked { job: job.clone(), decisions });
    let mut drafts = Drafts::default();
    each_kind!(R => gather::<R>(ctx, tx, &asked, &mut drafts).await?);
    let mut of_branch = None;
    if let Some(only) = job.only() {
        of_branch = Some(counted(&job, &drafts)?.size());
        only.narrow(&mut drafts);
    }
    checks::run(ctx, tx, (&job, &asked.decisions), &mut drafts).await?;
    if !matches!(job, Job::Sync(_)) {
        each_kind!(R => for draft in R::of_mut(&mut drafts) {
            rights::<R>(ctx, draft);
        });
    }
    let summary = Summary { of_branch, ..counted(&job, &drafts)? };
    let mut denied = vec![];
    let mut hash = Sha256::new();
    hash.update(job.word());
    hash.update(print_of(job.branch()));
    hash.update(job.only().map(Only::text).unwrap_or_default());
    each_kind!(R => {
        refuse::<R>(ctx, R::of(&drafts), &mut denied);
        print_all::<R>(R::of(&drafts), &mut hash);
    });
    let hash = hash.finalize().into();
    Ok(Plan { job, seen, main, drafts, summary, denied, hash })
}

async fn decisions(ctx: &Ctx, tx: &mut Tx, job: &Job) -> Result<Decisions> {
    let mut out = Decisions::new();
    for decided in resolutions::all(tx, &ctx.scope, job.subject()).await? {
        out.entry((decided.kind, decided.id)).or_default().push(decided.resolution);
    }
    Ok(out)
}

/// The drafts of one kind: a chunk of records after the other. While one is read the one before is drafted
/// on another core.
async fn gather<R: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    asked: &Arc<Asked>,
    drafts: &mut Drafts,
) -> Result<()> {
    let (mut walk, mut making) = (Walk::over(asked.job.source()), None);
    loop {
        let chunk = walk.next::<R>(tx, &ctx.scope).await?;
        let asked = asked.clone();
        let next = chunk.map(|sides| spawn_blocking(move || drafted::<R>(sides, &asked)));
        let is_end = next.is_none();
        if let Some(made) = std::mem::replace(&mut making, next) {
            R::of_mut(drafts).extend(made.await.map_err(|e| Error::Ours(e.to_string()))??);
        }
        if is_end {
            return Ok(());
        }
    }
}

fn drafted<R: Mergeable>(chunk: Vec<Sides>, asked: &Asked) -> Result<Vec<Draft<R>>> {
    let Asked { job, decisions } = asked;
    let mut out = vec![];
    for sides in chunk {
        let decided = on::<R>(decisions, sides.id);
        out.extend(draft::<R>(sides, (job, decided))?);
    }
    Ok(out)
}

/// What becomes of a record by itself; nothing where the incoming side changed nothing.
pub(super) fn draft<R: Mergeable>(
    sides: Sides,
    (job, decided): (&Job, &[Resolution]),
) -> Result<Option<Draft<R>>> {
    let same = |a: &Option<Version>, b: &Option<Version>| {
        a.as_ref().map(|v| &v.body) == b.as_ref().map(|v| &v.body)
    };
    if same(&sides.base, &sides.theirs) {
        // a sync still has to let go of what the branch keeps of it
        let told = matches!(job, Job::Sync(_)) || upgrade::touches(&sides);
        let mut draft = told.then(|| Draft::new(sides)).transpose()?;
        if let Some(draft) = &mut draft {
            upgrade::tell(draft, decided);
        }
        return Ok(draft);
    }
    let mut draft = Draft::new(sides)?;
    let alone = same(&draft.base, &draft.ours);
    if !alone || !draft.takes_theirs_unguarded()? {
        merged(&mut draft, decided)?;
    }
    upgrade::tell(&mut draft, decided);
    // beside the reading, as far as that goes on
    draft.hash();
    Ok(Some(draft))
}

/// Both sides changed it, or its kind has a say.
pub(super) fn merged<R: Mergeable>(draft: &mut Draft<R>, decided: &[Resolution]) -> Result<()> {
    let value = |v: &Option<Version>| v.as_ref().map(|v| parsed(&v.body)).transpose();
    let sides = [value(&draft.base)?, value(&draft.ours)?, value(&draft.theirs)?];
    let merged = record::merge::<R>(sides.each_ref().map(Option::as_ref), decided);
    draft.conflicts = merged.conflicts;
    draft.notices = merged.notices;
    draft.decided = merged.decided;
    make(draft, merged.value, decided);
    Ok(())
}

/// Makes this of it. Where that breaks a rule main's stays, and that is a conflict.
pub(super) fn make<R: Mergeable>(
    draft: &mut Draft<R>,
    value: Option<Value>,
    decided: &[Resolution],
) {
    match value.map(of_value::<R>).transpose() {
        Ok(after) => draft.becomes(after),
        Err(problems) => {
            draft.leave();
            let why = Error::Invalid(problems).to_string();
            let conflict = whole(draft, ConflictKind::Invariant, why);
            match conflict.decided(decided) {
                None => draft.conflicts.push(conflict),
                Some(choice) => draft.decided.push((conflict, choice.clone())),
            }
        }
    }
}

/// A conflict about a record as a whole: main's stays, unless its branch is changed.
pub(super) fn whole<R: Mergeable>(draft: &Draft<R>, kind: ConflictKind, why: String) -> Conflict {
    // what it is, not which commit made it so: a copy of the branch keeps what was decided
    let print = |v: &Option<Version>| {
        v.as_ref().map_or(Value::Null, |v| Value::from(hex(&body_hash(&v.body))))
    };
    let [base, ours, theirs] = [&draft.base, &draft.ours, &draft.theirs].map(print);
    Conflict {
        path: format!("#{}", kind.word()),
        label: R::KIND.label().to_owned(),
        kind,
        base,
        ours,
        theirs,
        fields: vec![],
        may_keep: true,
        may_take: false,
        may_type: false,
        why,
    }
}

/// Whether who asks may make this change on main.
fn rights<R: Mergeable>(ctx: &Ctx, draft: &mut Draft<R>) {
    if veil::hidden::<R>(&ctx.scope).next().is_some() {
        let value = |r: Option<&R>| r.map_or(Value::Null, R::value);
        let (before, after) = (value(draft.before()), value(draft.after()));
        draft.denied = veil::touched::<R>(&ctx.scope, &before, &after).map(|(_, act)| act);
    }
    if R::RIGHTS.iter().all(|act| ctx.may(*act).is_ok()) {
        return;
    }
    let wanted = ctx.may(R::WRITE).and_then(|()| match draft.after() {
        Some(after) => R::admit(ctx, draft.before(), after),
        None => Ok(()),
    });
    if let Err(Error::Forbidden(act)) = wanted {
        draft.denied = Some(act);
    }
}

fn print_of(branch: Option<&Branch>) -> Vec<u8> {
    branch.map_or_else(Vec::new, |b| [b.id.to_be_bytes(), b.head.to_be_bytes()].concat())
}

/// What all of them come to.
fn counted(job: &Job, drafts: &Drafts) -> Result<Summary> {
    let mut summary = Summary::default();
    each_kind!(R => for draft in R::of(drafts) {
        summary.conflicts += draft.open().count();
        match draft.effect_of(job) {
            Effect::Created => summary.created += 1,
            Effect::Changed => summary.changed += 1,
            Effect::Deleted => summary.deleted += 1,
            Effect::Nothing => continue,
        }
        summary.kinds.insert(R::KIND);
    });
    money(job, &drafts.orders, &mut summary)?;
    Ok(summary)
}

/// Puts into the hash what becomes of each draft of a kind.
fn print_all<R: Mergeable>(drafts: &[Draft<R>], hash: &mut Sha256) {
    for draft in drafts {
        hash.update(R::KIND.word());
        hash.update(draft.id);
        hash.update(draft.hash());
        draft.open().for_each(|c| print(hash, c));
    }
}

/// Notes the first records that who asks may not merge.
fn refuse<R: Mergeable>(ctx: &Ctx, drafts: &[Draft<R>], denied: &mut Vec<Denied>) {
    for draft in drafts.iter().filter(|d| d.effect() != Effect::Nothing) {
        let Some(act) = draft.denied.filter(|_| denied.len() < DENIED) else { continue };
        let sides = draft.before().zip(draft.after());
        let changes = sides.map(|(b, a)| diff(R::FIELDS, &b.value(), &a.value()));
        let changes = visible::<R>(&ctx.scope, changes.unwrap_or_default());
        let fields = changes.into_iter().take(NAMED).map(|c| c.label).collect();
        denied.push(Denied { kind: R::KIND, title: draft.title(), fields, act });
    }
}

fn print(hash: &mut Sha256, conflict: &Conflict) {
    hash.update(&conflict.path);
    conflict.print().iter().for_each(|h: &Hash| hash.update(h));
}

fn money(job: &Job, orders: &[Draft<Order>], summary: &mut Summary) -> Result<()> {
    for draft in orders {
        let (was, is) = (draft.was(job)?, draft.after());
        if was.as_deref().zip(is).is_some_and(|(was, is)| was.adds_up_as(is)) {
            continue;
        }
        let mut effect: BTreeMap<&str, i64> = BTreeMap::new();
        for (order, sign) in [(was.as_deref(), -1), (is, 1)] {
            let Some(order) = order else { continue };
            let gross = order.totals().map_or(0, |t| t.gross);
            *effect.entry(order.currency.code()).or_default() += sign * gross;
        }
        for (code, sum) in effect.into_iter().filter(|(_, sum)| *sum != 0) {
            *summary.money.entry(code.to_owned()).or_default() += sum;
            let moved = summary.moved.entry(code.to_owned()).or_default();
            *moved = moved.saturating_add(sum.saturating_abs());
        }
    }
    summary.money.retain(|_, sum| *sum != 0);
    Ok(())
}
