//! What each commit says of its versions: chain, roots, bodies, list columns.
use super::{Report, Told};
use crate::{
    domain::{
        customer::Customer,
        history::{
            chain::{GENESIS, Hash, Header, Leaf, body_hash, digest, root},
            erasure::COMPACTED,
            schema::Schema,
        },
        order::Order,
        product::Product,
        tax::TaxCode,
        time::Ts,
    },
    service::{context::Ctx, error::Result},
    store::{
        cell, commits,
        db::Tx,
        kinds::Stored,
        verify::{self, StoredCommit, StoredVersion},
    },
};
use std::collections::BTreeMap;

/// Commits at once: their versions' hashes are held in memory.
const STEP: i64 = 100;

type Leaves = BTreeMap<i64, Vec<Leaf>>;

/// What has been verified so far.
struct Reached {
    seq: i64,
    hash: Hash,
    at: Option<Ts>,
}

/// Every commit after one with this hash, up to the chain's head.
pub(super) async fn check(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    ((seq, hash), told): ((i64, Hash), Told<'_>),
) -> Result<()> {
    let (head_seq, head_hash, head_at) = commits::head(tx, &ctx.scope).await?;
    let at = commits::time_of(tx, &ctx.scope, seq).await?.map(|(_, at)| at);
    let mut reached = Reached { seq, hash, at };
    loop {
        // the last step takes whatever else there is
        let last = reached.seq.saturating_add(STEP);
        let to = if last >= head_seq { i64::MAX } else { last };
        step(ctx, tx, report, (&mut reached, to)).await?;
        if report.faults == 0 {
            told(&digest(reached.seq, &reached.hash))?;
        }
        if to == i64::MAX {
            break;
        }
    }
    let Reached { seq, hash, at } = reached;
    let empty = seq == 0 && head_hash == GENESIS;
    if head_seq != seq || head_hash != hash || (!empty && Some(head_at) != at) {
        report.fault(format!("the chain's head is {head_seq}, the last commit {seq}"));
    }
    report.digest = digest(head_seq, &head_hash);
    Ok(())
}

/// The commits after what was reached up to one, and their versions.
async fn step(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    (reached, to): (&mut Reached, i64),
) -> Result<()> {
    // before the first commit there can be nothing
    let from = if reached.seq == 0 { i64::MIN } else { reached.seq + 1 };
    let mut leaves = Leaves::new();
    versions::<TaxCode>(ctx, tx, report, (&mut leaves, (from, to))).await?;
    versions::<Customer>(ctx, tx, report, (&mut leaves, (from, to))).await?;
    versions::<Product>(ctx, tx, report, (&mut leaves, (from, to))).await?;
    versions::<Order>(ctx, tx, report, (&mut leaves, (from, to))).await?;
    for c in verify::commits(tx, &ctx.scope, (from, to)).await? {
        report.commits += 1;
        reached.seq += 1;
        if c.seq != reached.seq {
            report.fault(format!("commit {} is missing", reached.seq));
            reached.seq = c.seq;
        }
        if reached.at.is_some_and(|at| at >= c.at) {
            report.fault(format!("commit {}: its time is not after the one before", c.seq));
        }
        let mut own = leaves.remove(&c.seq).unwrap_or_default();
        if let Err(what) = check_commit(ctx, &c, &mut own, reached.hash) {
            report.fault(format!("commit {}: {what}", c.seq));
        }
        reached.hash = c.hash.clone().try_into().unwrap_or(GENESIS);
        reached.at = Some(c.at);
    }
    for seq in leaves.keys() {
        report.fault(format!("versions of commit {seq}, which is not there"));
    }
    Ok(())
}

async fn versions<R: Stored>(
    ctx: &Ctx,
    tx: &mut Tx,
    report: &mut Report,
    (leaves, range): (&mut Leaves, (i64, i64)),
) -> Result<()> {
    let schema = ctx.app.db.bodies();
    verify::versions::<R>(tx, &ctx.scope, range, |v| {
        report.versions += 1;
        if let Err(what) = check_version::<R>(schema, &v) {
            report.fault(format!("{} {} at {}: {what}", R::KIND, v.id, v.from_seq));
        }
        let (kind, id, schema_rev, deleted) = (R::KIND, v.id, v.leaf_rev, v.deleted);
        let body_hash = v.body_hash.try_into().unwrap_or(GENESIS);
        let leaf = Leaf { kind, id, schema_rev, deleted, body_hash };
        leaves.entry(v.from_seq).or_default().push(leaf);
    })
    .await?;
    Ok(())
}

fn check_version<R: Stored>(schema: &Schema, v: &StoredVersion) -> std::result::Result<(), String> {
    if !v.is_sound {
        return Err("it was erased, and nothing says by what".into());
    }
    // of which branches a compaction may take what was in between is looked at where versions stand
    if v.body == COMPACTED && !v.stays {
        return Ok(());
    }
    // what was erased is in another body's place, which the commit that erased it seals
    let hash = v.stub.as_ref().unwrap_or(&v.body_hash);
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
    Ok(())
}

fn check_commit(
    ctx: &Ctx,
    c: &StoredCommit,
    leaves: &mut [Leaf],
    prev: Hash,
) -> std::result::Result<(), String> {
    if i64::try_from(leaves.len()) != Ok(c.records) {
        return Err(format!("says {} records, there are {}", c.records, leaves.len()));
    }
    if !c.says_its_own() {
        return Err("its message was erased, and that is not all".into());
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
