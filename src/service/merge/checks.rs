//! What a single record cannot tell: codes that two would have, names of records that are gone, orders
//! that may not be confirmed. Checked on main as it would be, with every draft in its place.
use super::{
    Draft, Drafts, Effect, Job, Mergeable, dangling, each_kind, fuse, inputs, only,
    plan::{self, Decisions, whole},
};
use crate::{
    domain::{
        customer::{Blocked, Customer},
        field::{Class, Kind, Ty},
        history::merge::{Choice, Clashing, Conflict, ConflictKind, Notice, Resolution},
        order::Order,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    service::{
        admission,
        context::Ctx,
        error::{Error, Result},
        references,
        referrers::{self, Except},
    },
    store::{db::Tx, masters::read, sides, versions},
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A decision may bring up what another one has to settle: so many times at most.
const ROUNDS: usize = 8;

/// Finds what is wrong with the whole, and does what was decided on it.
pub(super) async fn run(
    ctx: &Ctx,
    tx: &mut Tx,
    (job, decisions): (&Job, &Decisions),
    drafts: &mut Drafts,
) -> Result<()> {
    let since = match job {
        Job::Merge(branch, _) | Job::Sync(branch) => branch.base,
        Job::Revert(seq) => seq - 1,
    };
    for _ in 0..ROUNDS {
        each_kind!(R => for draft in R::of_mut(drafts) {
            draft.clashes.clear();
        });
        unique::<TaxCode>(ctx, tx, job, drafts).await?;
        unique::<Customer>(ctx, tx, job, drafts).await?;
        unique::<Product>(ctx, tx, job, drafts).await?;
        unique::<Order>(ctx, tx, job, drafts).await?;
        dangling::find(ctx, tx, since, drafts).await?;
        only::unseen(ctx, tx, job, drafts).await?;
        still_named(ctx, tx, drafts).await?;
        confirmed(ctx, tx, drafts).await?;
        inputs::moved(ctx, tx, job, drafts).await?;
        let mut wanted: Option<Wanted> = None;
        each_kind!(R => settle::<R>(ctx, decisions, drafts, &mut wanted));
        let Some(wanted) = wanted else { return Ok(()) };
        each_kind!(R => for (_, id) in wanted.back.iter().filter(|w| w.0 == R::KIND) {
            dangling::bring_back::<R>(ctx, tx, (since, *id), drafts).await?;
        });
        each_kind!(R => for (_, id, other) in wanted.other.iter().filter(|w| w.0 == R::KIND) {
            dangling::repoint::<R>(ctx, tx, (*id, other), (decisions, &mut *drafts)).await?;
        });
        each_kind!(R => for (_, from, into) in wanted.one.iter().filter(|w| w.0 == R::KIND) {
            fuse::fuse::<R>(ctx, tx, (decisions, &mut *drafts), (*from, *into)).await?;
        });
    }
    Err(Error::Refused(
        "Some decisions bring up one another without end. Change one of them.".into(),
    ))
}

/// What decisions on clashes want of other records.
#[derive(Default)]
struct Wanted {
    /// To be brought back.
    back: Vec<(Kind, Uuid)>,
    /// Records that are to name others than those that are gone: the fields that name them.
    other: Vec<(Kind, Uuid, Value)>,
    /// To become one with another: the branch's, and main's.
    one: Vec<(Kind, Uuid, Uuid)>,
}

/// Does what was decided on clashes. If that was anything, `wanted` is what it wants of others.
fn settle<R: Mergeable>(
    ctx: &Ctx,
    decisions: &Decisions,
    drafts: &mut Drafts,
    wanted: &mut Option<Wanted>,
) {
    for draft in R::of_mut(drafts) {
        let decided = plan::on::<R>(decisions, draft.id);
        for conflict in std::mem::take(&mut draft.clashes) {
            let by_itself = || by_itself(ctx, draft, &conflict);
            let Some(choice) = conflict.decided(decided).cloned().or_else(by_itself) else {
                draft.clashes.push(conflict);
                continue;
            };
            let wanted = wanted.get_or_insert_default();
            match (conflict.kind, &choice) {
                (ConflictKind::Dangling, Choice::Theirs) => {
                    wanted.back.extend(dangling::gone(&conflict));
                }
                (ConflictKind::Dangling, Choice::Value(other)) => {
                    wanted.other.push((R::KIND, draft.id, other.clone()));
                }
                (ConflictKind::Unique, Choice::Theirs) => {
                    wanted.one.extend(holder(&conflict).map(|h| (R::KIND, draft.id, h)));
                }
                _ => decide(draft, (&conflict, &choice), decided),
            }
            draft.decided.push((conflict, choice));
        }
    }
}

/// What holds where nobody decided: a price stays, unless the company wants that somebody chooses.
fn by_itself<R: Mergeable>(ctx: &Ctx, draft: &mut Draft<R>, conflict: &Conflict) -> Option<Choice> {
    if conflict.kind != ConflictKind::InputMoved || ctx.company.review.strict_prices {
        return None;
    }
    if !draft.notices.iter().any(|n| matches!(n, Notice::InputMoved { .. })) {
        draft.notices.push(Notice::InputMoved { path: conflict.path.clone() });
    }
    Some(Choice::Ours)
}

/// The record that has the code that a conflict is about.
fn holder(conflict: &Conflict) -> Option<Uuid> {
    conflict.ours["holder"].as_str()?.parse().ok()
}

fn decide<R: Mergeable>(
    draft: &mut Draft<R>,
    (conflict, choice): (&Conflict, &Choice),
    decided: &[Resolution],
) {
    let Some(after) = draft.after() else { return draft.leave() };
    let mut value = after.value();
    match (choice, conflict.kind) {
        (Choice::Value(typed), _) => {
            let (name, _) = conflict.path.split_once('#').unwrap_or_default();
            value[name] = typed[name].clone();
        }
        (Choice::Ours, ConflictKind::InputMoved) => return,
        (_, ConflictKind::InputMoved) => inputs::reprice(&mut value, conflict),
        (_, ConflictKind::Guard) => {
            let before = draft.before().map(R::value);
            value["state"] = before.map_or_else(|| json!("draft"), |b| b["state"].clone());
        }
        _ => return draft.leave(),
    }
    plan::make(draft, Some(value), decided);
}

/// No two records of a kind have one code, no two orders one number.
async fn unique<R: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    job: &Job,
    drafts: &mut Drafts,
) -> Result<()> {
    let key = |r: Option<&R>| r.and_then(R::claim);
    let mut claims: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for draft in R::of(drafts).iter().filter(|d| key(d.after()) != key(d.before())) {
        if let Some(key) = key(draft.after()) {
            claims.entry(key).or_default().push(draft.id);
        }
    }
    let keys: Vec<String> = claims.keys().cloned().collect();
    for (held, id) in sides::holders::<R>(tx, &ctx.scope, &keys).await? {
        let draft = R::find(drafts, id);
        let stays = draft.is_none_or(|d| key(d.after()).as_ref() == Some(&held));
        let holders = claims.entry(held).or_default();
        if stays && !holders.contains(&id) {
            holders.push(id);
        }
    }
    for (key, holders) in claims.into_iter().filter(|(_, holders)| holders.len() > 1) {
        for id in &holders {
            let other = holders.iter().find(|h| *h != id).copied().unwrap_or_default();
            let called = called::<R>(ctx, tx, (drafts, other)).await?;
            let may_take = R::find(drafts, *id).is_some_and(|d| fuse::may(job, d, drafts, other));
            if let Some(draft) = R::find_mut(drafts, *id) {
                let clash = Conflict { may_take, ..taken(draft, (&key, other, called)) };
                draft.clashes.push(clash);
            }
        }
    }
    Ok(())
}

async fn called<R: Mergeable>(
    ctx: &Ctx,
    tx: &mut Tx,
    (drafts, id): (&Drafts, Uuid),
) -> Result<String> {
    match R::find(drafts, id).and_then(|d| d.after()) {
        Some(drafted) => Ok(drafted.named()),
        None => Ok(references::title(ctx, tx, (R::KIND, id)).await?.unwrap_or_default()),
    }
}

fn taken<R: Mergeable>(draft: &Draft<R>, (key, other, called): (&str, Uuid, String)) -> Conflict {
    let code = draft.after().map_or(Value::Null, |r| r.value()[R::UNIQUE].take());
    let field = crate::domain::field::find(R::FIELDS, R::UNIQUE);
    let one = Clashing {
        path: R::UNIQUE.to_owned(),
        label: field.map_or("Code", |f| f.label).to_owned(),
        base: Value::Null,
        ours: json!(called),
        theirs: code.clone(),
        ty: Ty::Text(200),
    };
    Conflict {
        path: format!("{}#unique", R::UNIQUE),
        ours: json!({"key": key, "holder": other}),
        theirs: json!({ R::UNIQUE: code }),
        // nobody gives an order its number
        may_type: field.is_none_or(|f| f.class != Class::System),
        why: format!("{called} has this too."),
        ..Conflict::of(ConflictKind::Unique, one)
    }
}

/// What is to be deleted may not be named by what stays.
async fn still_named(ctx: &Ctx, tx: &mut Tx, drafts: &mut Drafts) -> Result<()> {
    let mut deleted: BTreeSet<(Kind, Uuid)> = BTreeSet::new();
    each_kind!(R => {
        let gone = R::of(drafts).iter().filter(|d| d.effect() == Effect::Deleted);
        deleted.extend(gone.map(|d| (R::KIND, d.id)));
    });
    if deleted.is_empty() {
        return Ok(());
    }
    let mut found: BTreeSet<(Kind, Uuid)> = BTreeSet::new();
    let orders = drafts.orders.iter().map(|d| d.id).collect();
    let products = drafts.products.iter().map(|d| d.id).collect();
    let except = Except { orders, products, since: None };
    for key in &deleted {
        if referrers::of_main(tx, &ctx.scope, *key, &except).await?.is_some() {
            found.insert(*key);
        }
    }
    each_kind!(R => for after in R::of(drafts).iter().filter_map(|d| d.after()) {
        let named = references::named_in::<R>(&after.value()).into_iter();
        found.extend(named.map(|(kind, id, _)| (kind, id)).filter(|key| deleted.contains(key)));
    });
    each_kind!(R => for draft in R::of_mut(drafts) {
        if found.contains(&(R::KIND, draft.id)) {
            let why = "Other records on main name it. Keep it, or put it out of use instead.";
            let conflict = whole(draft, ConflictKind::StillReferenced, why.into());
            draft.clashes.push(conflict);
        }
    });
    Ok(())
}

/// An order that main would have confirmed must be one that can be.
async fn confirmed(ctx: &Ctx, tx: &mut Tx, drafts: &mut Drafts) -> Result<()> {
    let mut blocked: BTreeMap<Uuid, bool> = BTreeMap::new();
    let moved = |d: &&Draft<Order>| d.after().is_some_and(|o| o.is_confirmed_since(d.before()));
    let each = drafts.orders.iter().filter(moved);
    let each: Vec<(Uuid, Uuid)> =
        each.filter_map(|d| Some((d.id, d.after()?.customer.0))).collect();
    for (order, customer) in each {
        let is_blocked = match blocked.get(&customer) {
            Some(known) => *known,
            None => is_blocked(ctx, tx, (drafts, customer)).await?,
        };
        blocked.insert(customer, is_blocked);
        let Some(draft) = Order::find_mut(drafts, order) else { continue };
        let why = draft.after().map(|o| admission::confirmable(o, is_blocked));
        if let Some(Err(why)) = why {
            let conflict = whole(draft, ConflictKind::Guard, why.to_string());
            draft.clashes.push(Conflict { label: "State".into(), ..conflict });
        }
    }
    Ok(())
}

async fn is_blocked(ctx: &Ctx, tx: &mut Tx, (drafts, id): (&Drafts, Uuid)) -> Result<bool> {
    let stops = |c: &Customer| c.blocked == Blocked::Block;
    if let Some(draft) = Customer::find(drafts, id) {
        return Ok(draft.after().is_some_and(stops));
    }
    let found = versions::current::<Customer>(tx, &ctx.scope, id).await?;
    Ok(found.map(|v| read::<Customer>(&v.body)).transpose()?.is_some_and(|c| stops(&c)))
}
