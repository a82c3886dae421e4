//! `verify`: recomputes the whole history of a company and compares it with what is stored.
use super::{context::Ctx, error::Result};
use crate::{
    domain::{
        customer::Customer,
        history::{
            cause::Cause,
            chain::{GENESIS, Hash, Header, Leaf, body_hash, hex, root},
            erasure::{ERASED, Stub, sentence},
            schema::Schema,
        },
        order::Order,
        product::Product,
        tax::TaxCode,
    },
    store::{
        cell, commits, counts,
        db::Tx,
        erasure,
        kinds::Stored,
        lines,
        verify::{self, StoredCommit, StoredVersion},
    },
};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Faults are listed up to this many; their number is told in full.
const LISTED: usize = 100;

/// What a verification found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub company: String,
    pub commits: usize,
    pub versions: usize,
    pub heads: usize,
    pub faults: usize,
    pub found: Vec<String>,
    /// The head of the chain, to compare with a digest kept elsewhere.
    pub digest: String,
    /// Digests kept elsewhere that the history was compared with.
    pub digests: Option<usize>,
    /// What was erased of it, in the words of the commits that say so.
    pub erasures: Vec<String>,
}

impl Report {
    /// Adds what so many digests that were kept elsewhere say against it.
    pub fn compared(&mut self, (digests, faults): (usize, Vec<String>)) {
        self.digests = Some(digests);
        for what in faults {
            self.fault(what);
        }
    }
    fn fault(&mut self, what: String) {
        self.faults += 1;
        if self.found.len() < LISTED {
            self.found.push(what);
        }
    }
}

/// What the versions of all kinds say of each commit, and of each order.
#[derive(Default)]
struct Seen {
    leaves: BTreeMap<i64, Vec<Leaf>>,
    counts: BTreeMap<(String, String, String), (i64, i64)>,
    lines: BTreeMap<Uuid, Vec<String>>,
    /// Versions that were erased, by the commit that did.
    stubs: BTreeMap<i64, Vec<Stub>>,
}

/// Chain, versions, heads, lines, totals and counters of one company.
pub async fn run(ctx: &Ctx) -> Result<Report> {
    let mut tx = ctx.read().await?;
    let mut report = Report { company: ctx.company.slug.clone(), ..Report::default() };
    let mut seen = Seen::default();
    kind::<TaxCode>(ctx, &mut tx, &mut report, (&mut seen, |_, _| ())).await?;
    kind::<Customer>(ctx, &mut tx, &mut report, (&mut seen, |_, _| ())).await?;
    kind::<Product>(ctx, &mut tx, &mut report, (&mut seen, |_, _| ())).await?;
    let zone = ctx.company.zone();
    kind::<Order>(ctx, &mut tx, &mut report, (&mut seen, |seen, order| expect(seen, order, &zone)))
        .await?;
    check_lines(ctx, &mut tx, &mut report, &seen).await?;
    check_counts(ctx, &mut tx, &mut report, &seen).await?;
    check_chain(ctx, &mut tx, &mut report, &mut seen).await?;
    check_erasures(ctx, &mut tx, &mut report, &mut seen).await?;
    Ok(report)
}

/// What the lines' rows and the counters must say of a current order.
fn expect(seen: &mut Seen, order: &Order, zone: &jiff::tz::TimeZone) {
    let sums = order.totals().unwrap_or_default();
    let rows = order.lines.iter().zip(&sums.lines).map(|(l, s)| cell::line(&lines::cells(l, *s)));
    seen.lines.insert(order.id.0, rows.collect());
    let key =
        (order.placed_at.month(zone), order.state.to_string(), order.currency.code().to_owned());
    let entry = seen.counts.entry(key).or_default();
    *entry = (entry.0 + 1, entry.1 + sums.gross);
}

/// The versions of one kind, and its heads against the last of them.
async fn kind<R: Stored>(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    (seen, each): (&mut Seen, impl Fn(&mut Seen, &R) + Send),
) -> Result<()> {
    let schema = ctx.app.db.bodies();
    let mut current: BTreeMap<Uuid, (i64, String)> = BTreeMap::new();
    let mut last: Option<(i64, Uuid, i64, Option<i64>)> = None;
    verify::versions::<R>(tx, &ctx.scope, |v| {
        report.versions += 1;
        let name = || format!("{} {} at {}", R::KIND, v.id, v.from_seq);
        order_of_versions(report, &name(), &mut last, &v);
        match check_version::<R>(schema, &v) {
            Err(what) => report.fault(format!("{}: {what}", name())),
            Ok(record) if v.to_seq.is_none() && v.branch == 0 && !v.deleted => {
                current.insert(v.id, (v.from_seq, v.columns.clone()));
                each(seen, &record);
            }
            Ok(_) => {}
        }
        note::<R>(seen, &v);
    })
    .await?;
    if let Some((0, id, _, Some(_))) = last {
        report.fault(format!("{} {id}: it has no open version", R::KIND));
    }
    verify::heads::<R>(tx, &ctx.scope, |id, seq, columns| {
        report.heads += 1;
        if current.remove(&id) != Some((seq, columns)) {
            report.fault(format!("{} {id}: the head is not the last version", R::KIND));
        }
    })
    .await?;
    for id in current.keys() {
        report.fault(format!("{} {id}: the head is missing", R::KIND));
    }
    Ok(())
}

/// Keeps what its commit, and the one that erased it, say of a version.
fn note<R: Stored>(seen: &mut Seen, v: &StoredVersion) {
    let (kind, id) = (R::KIND, v.id);
    if let Some((seq, hash)) = &v.erased {
        let (hash, branch, from_seq) = (known(hash), v.branch, v.from_seq);
        seen.stubs.entry(*seq).or_default().push(Stub { kind, branch, id, from_seq, hash });
    }
    let (schema_rev, deleted, body_hash) = (v.leaf_rev, v.deleted, known(&v.body_hash));
    let leaf = Leaf { kind, id, schema_rev, deleted, body_hash };
    seen.leaves.entry(v.from_seq).or_default().push(leaf);
}

/// Each version begins where the one before it ends; only the last is open.
fn order_of_versions(
    report: &mut Report,
    name: &str,
    last: &mut Option<(i64, Uuid, i64, Option<i64>)>,
    v: &StoredVersion,
) {
    if let Some((branch, id, _, to)) = *last {
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
    *last = Some((v.branch, v.id, v.from_seq, v.to_seq));
}

fn check_version<R: Stored>(schema: &Schema, v: &StoredVersion) -> Result<R, String> {
    // what was erased is in another body's place, which the commit that erased it seals
    let hash = v.erased.as_ref().map_or(&v.body_hash, |(_, stub)| stub);
    if body_hash(&v.body).as_slice() != hash {
        return Err("the body is not what was hashed".into());
    }
    let found = v.record::<R>(schema);
    let (record, body) = found.map_err(|e| format!("the body does not parse: {e}"))?;
    if record.id() != v.id {
        return Err("the body is of another record".into());
    }
    if record.body() != body {
        return Err("the body is not canonical".into());
    }
    if cell::line(&record.columns()) != v.columns {
        return Err("the list columns are not those of the body".into());
    }
    Ok(record)
}

fn known(hash: &[u8]) -> Hash {
    hash.try_into().unwrap_or(GENESIS)
}

async fn check_lines(ctx: &Ctx, tx: &mut Tx, report: &mut Report, seen: &Seen) -> Result<()> {
    let mut found: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    verify::lines(tx, &ctx.scope, |order, text| found.entry(order).or_default().push(text)).await?;
    for (order, rows) in &seen.lines {
        if found.remove(order).unwrap_or_default() != *rows {
            report
                .fault(format!("order {order}: its lines' rows are not those of the last version"));
        }
    }
    for order in found.keys() {
        report.fault(format!("order {order}: lines without an order"));
    }
    Ok(())
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

async fn check_chain(ctx: &Ctx, tx: &mut Tx, report: &mut Report, seen: &mut Seen) -> Result<()> {
    let (head_seq, head_hash, head_at) = commits::head(tx, &ctx.scope).await?;
    let (mut prev, mut seq, mut at) = (GENESIS, 0, None);
    for c in verify::commits(tx, &ctx.scope, (1, i64::MAX)).await? {
        report.commits += 1;
        seq += 1;
        if c.seq != seq {
            report.fault(format!("commit {seq} is missing"));
            seq = c.seq;
        }
        if at.is_some_and(|at| at >= c.at) {
            report.fault(format!("commit {}: its time is not after the one before", c.seq));
        }
        let mut leaves = seen.leaves.remove(&c.seq).unwrap_or_default();
        if let Err(what) = check_commit(ctx, &c, &mut leaves, prev) {
            report.fault(format!("commit {}: {what}", c.seq));
        }
        prev = c.hash.clone().try_into().unwrap_or(GENESIS);
        at = Some(c.at);
    }
    for seq in seen.leaves.keys() {
        report.fault(format!("versions of commit {seq}, which is not there"));
    }
    let empty = seq == 0 && head_hash == GENESIS;
    if head_seq != seq || head_hash != prev || (!empty && Some(head_at) != at) {
        report.fault(format!("the chain's head is {head_seq}, the last commit {seq}"));
    }
    report.digest = format!("{head_seq}:{}", hex(&head_hash));
    Ok(())
}

/// Every stub is one that a commit says it made, and nothing that a commit erased is back.
async fn check_erasures(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    seen: &mut Seen,
) -> Result<()> {
    for e in erasure::all(tx, &ctx.scope).await? {
        let mut stubs = seen.stubs.remove(&e.seq).unwrap_or_default();
        let said = verify::commits(tx, &ctx.scope, (e.seq, e.seq)).await?.pop();
        let said = said.filter(|c| c.cause == Cause::Erasure.word()).map(|c| c.message);
        let is = sentence((&e.number, &e.basis), &mut stubs);
        if said.as_ref() != Some(&is) {
            report.fault(format!("commit {}: what is erased is not what it says", e.seq));
        }
        report.erasures.push(format!("commit {}: {is}", e.seq));
    }
    for seq in seen.stubs.keys() {
        report.fault(format!("versions erased by commit {seq}, which says nothing of it"));
    }
    Ok(())
}

fn check_commit(
    ctx: &Ctx,
    c: &StoredCommit,
    leaves: &mut [Leaf],
    prev: Hash,
) -> Result<(), String> {
    if i64::try_from(leaves.len()) != Ok(c.records) {
        return Err(format!("says {} records, there are {}", c.records, leaves.len()));
    }
    if c.message_hash.is_some() && c.message != ERASED {
        return Err("its message was erased, and says something".into());
    }
    let root = root(leaves);
    if root.as_slice() != c.root {
        return Err("its versions are not those that were hashed".into());
    }
    if prev.as_slice() != c.prev {
        return Err("it does not follow the commit before it".into());
    }
    let header = Header {
        company: ctx.company.id,
        seq: c.seq,
        branch: c.branch_id,
        parents: [c.parent_seq, c.merged_seq],
        author: c.author_id,
        author_kind: &c.author_kind,
        at: c.at,
        cause: &c.cause,
        message_hash: c.message_hash(),
        root,
        prev,
    };
    if header.hash().as_slice() == c.hash {
        Ok(())
    } else {
        Err("its hash is not that of its contents".into())
    }
}

/// The head of the chain as text: `<seq>:<hash>`. Two databases with equal digests hold equal histories.
pub async fn digest(ctx: &Ctx) -> Result<String> {
    let mut tx = ctx.read().await?;
    let (seq, hash, _) = commits::head(&mut tx, &ctx.scope).await?;
    Ok(format!("{seq}:{}", hex(&hash)))
}
