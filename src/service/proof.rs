//! Proofs for those who do not trust this database: that a version stands in the history.
use super::{
    context::Ctx,
    error::{Error, Result},
    subjects::{Subject, each_kind, of_kind},
};
use crate::{
    domain::{
        field::Kind,
        history::{
            chain::{Hash, Leaf, digest, hex},
            erasure::COMPACTED,
            proof::{FORMAT, Link, Proof, Proven, path},
        },
        policy::Act,
        veil,
    },
    store::{
        self, commits,
        db::Tx,
        verify::{self, StoredCommit},
    },
};
use uuid::Uuid;

/// Commits that a proof names at most: some 3 MB.
const LINKS: i64 = 10_000;

/// The proof that a commit made this version of a record, up to the digest after a later commit, or else
/// as far as [`LINKS`] and the branches that the person sees reach: what the hash of a commit is made of
/// tells of its branch.
///
/// # Errors
/// `NotFound` if the commit made no version of it, or is none that the person sees; `Invalid` at `to` if
/// the way there is too long, hidden, or not yet gone.
pub async fn of(
    ctx: &Ctx,
    (kind, id): (Kind, Uuid),
    (seq, to): (i64, Option<i64>),
) -> Result<Proof> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    let mut leaves: Vec<Leaf> = vec![];
    each_kind!(R => leaves.extend(verify::leaves::<R>(&mut tx, &ctx.scope, seq).await?));
    let version = of_kind!(kind, R => proven::<R>(ctx, &mut tx, (seq, id)).await?);
    let version = version.ok_or(Error::NotFound)?;
    leaves.sort_unstable();
    let at = leaves.iter().position(|l| (l.kind, l.id) == (kind, id)).ok_or(Error::NotFound)?;
    let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
    let until = reach(ctx, &mut tx, (seq, to)).await?;
    let links = verify::commits(&mut tx, &ctx.scope, (seq, until)).await?;
    let (Some(first), Some(last)) = (links.first(), links.last()) else {
        return Err(Error::NotFound);
    };
    Ok(Proof {
        format: FORMAT,
        company: ctx.company.id,
        version,
        path: path(&hashes, at),
        prev: hex(&first.prev),
        digest: digest(last.seq, &last.hash),
        commits: links.iter().map(link).collect(),
    })
}

/// The last commit that a proof leads to.
async fn reach(ctx: &Ctx, tx: &mut Tx, (seq, to): (i64, Option<i64>)) -> Result<i64> {
    let (head, _) = commits::heads(tx, &ctx.scope).await?;
    let hidden = store::branches::first_hidden(tx, &ctx.scope, seq).await?.unwrap_or(i64::MAX);
    let most = head.min(hidden - 1).min(seq + LINKS - 1);
    match to {
        None => Ok(most),
        Some(to) if (seq..=most).contains(&to) => Ok(to),
        Some(_) => {
            let why = format!("For you a proof of this leads to change {most} at most");
            Err(Error::at("to", why))
        }
    }
}

async fn proven<R: Subject>(
    ctx: &Ctx,
    tx: &mut Tx,
    (seq, id): (i64, Uuid),
) -> Result<Option<Proven>> {
    ctx.may(R::READ)?;
    if let Some((_, act)) = veil::hidden::<R>(&ctx.scope).next() {
        // it shows the whole record, and the hash of a part would let the rest be guessed
        return Err(Error::Forbidden(act));
    }
    let found = verify::proven::<R>(tx, &ctx.scope, (seq, id)).await?;
    Ok(found.map(|(schema_rev, deleted, body, hash, erased)| {
        let erased = erased.is_some() || body == COMPACTED;
        let (body, body_hash) = (Some(body).filter(|_| !erased), erased.then(|| hex(&hash)));
        Proven { kind: R::KIND, id, schema_rev, deleted, body, body_hash }
    }))
}

fn link(c: &StoredCommit) -> Link {
    Link {
        seq: c.seq,
        parents: [c.parent_seq, c.merged_seq],
        branch: c.branch_id,
        author: c.author_id,
        author_kind: c.author_kind.clone(),
        at: c.at.micros(),
        cause: c.cause.clone(),
        message_hash: hex(&c.message_hash()),
        root: hex(&c.root),
    }
}
