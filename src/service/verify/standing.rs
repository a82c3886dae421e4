//! What stands now: that each version begins where the one before it ends, heads, lines, counters, and
//! that nothing was erased but what a commit says.
use super::Report;
use crate::{
    domain::{
        customer::Customer,
        history::{
            cause::Cause,
            chain::{GENESIS, Hash, body_hash, hex},
            erasure::{Stub, sentence},
        },
        order::Order,
        product::Product,
        tax::TaxCode,
    },
    service::{context::Ctx, error::Result, subjects::each_kind},
    store::{
        cell, compaction, counts,
        db::Tx,
        erasure,
        kinds::Stored,
        lines,
        verify::{self, Standing},
    },
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What current orders, and versions that were erased, ask of the rest.
#[derive(Default)]
struct Seen {
    counts: BTreeMap<(String, String, String), (i64, i64)>,
    /// The hash of the rows of each order's lines.
    lines: BTreeMap<Uuid, Hash>,
    /// Versions that were erased, by the commit that did.
    stubs: BTreeMap<i64, Vec<Stub>>,
}

/// Everything that stands.
pub(super) async fn check(ctx: &Ctx, tx: &mut Tx, report: &mut Report) -> Result<()> {
    let mut seen = Seen::default();
    kind::<TaxCode>(ctx, tx, report, (&mut seen, |_, _| ())).await?;
    kind::<Customer>(ctx, tx, report, (&mut seen, |_, _| ())).await?;
    kind::<Product>(ctx, tx, report, (&mut seen, |_, _| ())).await?;
    let zone = ctx.company.zone();
    kind::<Order>(ctx, tx, report, (&mut seen, |seen, order| expect(seen, order, &zone))).await?;
    each_kind!(R => check_bodies::<R>(ctx, tx, report).await?);
    check_lines(ctx, tx, report, &seen).await?;
    check_counts(ctx, tx, report, &seen).await?;
    check_erasures(ctx, tx, report, &mut seen).await
}

/// What the lines' rows and the counters must say of a current order.
fn expect(seen: &mut Seen, order: &Order, zone: &jiff::tz::TimeZone) {
    let sums = order.totals().unwrap_or_default();
    let rows = order.lines.iter().zip(&sums.lines).map(|(l, s)| cell::line(&lines::cells(l, *s)));
    seen.lines.insert(order.id.0, rows.fold(GENESIS, |hash, row| next(hash, &row)));
    let key =
        (order.placed_at.month(zone), order.state.to_string(), order.currency.code().to_owned());
    let entry = seen.counts.entry(key).or_default();
    *entry = (entry.0 + 1, entry.1 + sums.gross);
}

/// Whether every body that is gone is one that a compaction takes.
async fn check_bodies<R: Stored>(ctx: &Ctx, tx: &mut Tx, report: &mut Report) -> Result<()> {
    for (id, seq) in compaction::unsound::<R>(tx, &ctx.scope).await? {
        let what = "its body is gone, and no compaction took it";
        report.fault(format!("{} {id} at {seq}: {what}", R::KIND));
    }
    Ok(())
}

/// The versions of one kind, and its heads against the last of them.
async fn kind<R: Stored>(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    (seen, each): (&mut Seen, impl Fn(&mut Seen, &R) + Send),
) -> Result<()> {
    let schema = ctx.app.db.bodies();
    let mut current: BTreeMap<Uuid, (i64, Hash)> = BTreeMap::new();
    let mut last: Option<(i64, Uuid, Option<i64>)> = None;
    verify::standing::<R>(tx, &ctx.scope, |v| {
        let name = || format!("{} {} at {}", R::KIND, v.id, v.from_seq);
        order_of_versions(report, &name(), &mut last, &v);
        if let Some((seq, hash)) = &v.erased {
            let hash = hash.as_slice().try_into().unwrap_or(GENESIS);
            let (kind, branch, id, from_seq) = (R::KIND, v.branch, v.id, v.from_seq);
            let stub = Stub { kind, branch, id, from_seq, rev: v.schema_rev, hash };
            seen.stubs.entry(*seq).or_default().push(stub);
        }
        if v.to_seq.is_some() || v.branch != 0 || v.deleted {
            return;
        }
        // a body that does not parse was told with its commit
        if let Some(record) = v.record::<R>(schema) {
            each(seen, &record);
        }
        current.insert(v.id, (v.from_seq, body_hash(&v.columns)));
    })
    .await?;
    if let Some((0, id, Some(_))) = last {
        report.fault(format!("{} {id}: it has no open version", R::KIND));
    }
    verify::heads::<R>(tx, &ctx.scope, |id, seq, columns| {
        report.heads += 1;
        if current.remove(&id) != Some((seq, body_hash(&columns))) {
            report.fault(format!("{} {id}: the head is not the last version", R::KIND));
        }
    })
    .await?;
    for id in current.keys() {
        report.fault(format!("{} {id}: the head is missing", R::KIND));
    }
    Ok(())
}

/// Each version begins where the one before it ends; only the last is open.
fn order_of_versions(
    report: &mut Report,
    name: &str,
    last: &mut Option<(i64, Uuid, Option<i64>)>,
    v: &Standing,
) {
    if let Some((branch, id, to)) = *last {
        let same = (branch, id) == (v.branch, v.id);
        // a branch may let go of a record, which then is main's again
        let ends = if branch == 0 {
            to == Some(v.from_seq)
        } else {
            to.is_some_and(|to| to <= v.from_seq)
        };
        if same && !ends {
            report.fault(format!("{name}: the version before it does not end where it begins"));
        }
        if !same && branch == 0 && to.is_some() {
            report.fault(format!("{name}: the record before it ({id}) has no open version"));
        }
    }
    *last = Some((v.branch, v.id, v.to_seq));
}

async fn check_lines(ctx: &Ctx, tx: &mut Tx, report: &mut Report, seen: &Seen) -> Result<()> {
    let mut found: BTreeMap<Uuid, Hash> = BTreeMap::new();
    verify::lines(tx, &ctx.scope, |order, row| {
        let hash = found.entry(order).or_insert(GENESIS);
        *hash = next(*hash, &row);
    })
    .await?;
    for (order, rows) in &seen.lines {
        if found.remove(order).unwrap_or(GENESIS) != *rows {
            report
                .fault(format!("order {order}: its lines' rows are not those of the last version"));
        }
    }
    for order in found.keys() {
        report.fault(format!("order {order}: lines without an order"));
    }
    Ok(())
}

/// The hash of rows so far and one more: the rows themselves would take much room.
fn next(so_far: Hash, row: &str) -> Hash {
    body_hash(&format!("{}{row}", hex(&so_far)))
}

async fn check_counts(ctx: &Ctx, tx: &mut Tx, report: &mut Report, seen: &Seen) -> Result<()> {
    let mut stored = BTreeMap::new();
    for t in counts::counters(tx, &ctx.scope).await? {
        stored.insert((t.month, t.state.to_string(), t.currency), (t.orders, t.gross));
    }
    stored.retain(|_, n| *n != (0, 0));
    let steps = counts::last_steps(tx, &ctx.scope, &ctx.company.zone()).await?.into_iter();
    let steps = steps.filter(|(_, n)| *n != (0, 0));
    let steps: BTreeMap<_, _> = steps.map(|((m, s, c), n)| ((m, s.to_owned(), c), n)).collect();
    if steps != stored {
        report.fault("the counters' steps do not lead to the counters".into());
    }
    if stored != seen.counts {
        report.fault("the counters of orders are not the sums of the orders".into());
    }
    Ok(())
}

/// Every stub is one that a commit says it made, and nothing that a commit erased is back.
async fn check_erasures(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    seen: &mut Seen,
) -> Result<()> {
    let mut messages: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for (seq, by) in verify::messages(tx, &ctx.scope).await? {
        messages.entry(by).or_default().push(seq);
    }
    for e in erasure::all(tx, &ctx.scope).await? {
        let mut stubs = seen.stubs.remove(&e.seq).unwrap_or_default();
        let messages = messages.remove(&e.seq).unwrap_or_default();
        let said = verify::commits(tx, &ctx.scope, (e.seq, e.seq)).await?.pop();
        let said = said.filter(|c| c.cause == Cause::Erasure.word()).map(|c| c.message);
        let is = sentence((&e.number, &e.basis), &mut stubs, &messages);
        if said.as_ref() != Some(&is) {
            report.fault(format!("commit {}: what is erased is not what it says", e.seq));
        }
        report.erasures.push(format!("commit {}: {is}", e.seq));
    }
    for seq in seen.stubs.keys().chain(messages.keys()) {
        report.fault(format!("something is erased by commit {seq}, which says nothing of it"));
    }
    Ok(())
}
