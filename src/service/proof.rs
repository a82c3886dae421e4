//! Proofs for those who do not trust this database: that a version stands in the history.
use super::{
    context::Ctx,
    error::{Error, Result},
    merge::each_kind,
    subjects::Subject,
};
use crate::{
    domain::{
        field::Kind,
        history::{
            chain::{GENESIS, Hash, Leaf, body_hash, hex},
            proof::{FORMAT, Link, Proof, Proven, path},
        },
        policy::Act,
        record::Record,
    },
    store::{
        commits,
        db::Tx,
        verify::{self, StoredCommit},
    },
};
use uuid::Uuid;

/// The proof that a commit made this version of a record, up to the digest after a later commit, or to
/// the company's last one.
///
/// # Errors
/// `NotFound` if the commit made no version of it, or is none that the person sees.
pub async fn of(
    ctx: &Ctx,
    (kind, id): (Kind, Uuid),
    (seq, to): (i64, Option<i64>),
) -> Result<Proof> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    let mut version = None;
    let mut leaves: Vec<Leaf> = vec![];
    each_kind!(R => {
        leaves.extend(verify::leaves::<R>(&mut tx, &ctx.scope, seq).await?);
        if R::KIND == kind {
            version = proven::<R>(ctx, &mut tx, (seq, id)).await?;
        }
    });
    let version = version.ok_or(Error::NotFound)?;
    leaves.sort_unstable();
    let at = leaves.iter().position(|l| (l.kind, l.id) == (kind, id)).ok_or(Error::NotFound)?;
    let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
    let links = verify::commits(&mut tx, &ctx.scope, (seq, to.unwrap_or(i64::MAX))).await?;
    let (Some(first), Some(last)) = (links.first(), links.last()) else {
        return Err(Error::at("to", "Name a change that came after it"));
    };
    Ok(Proof {
        format: FORMAT,
        company: ctx.company.id,
        version,
        path: path(&hashes, at),
        prev: hex(&first.prev),
        digest: format!("{}:{}", last.seq, hex(&last.hash)),
        commits: links.iter().map(link).collect(),
    })
}

async fn proven<R: Subject>(
    ctx: &Ctx,
    tx: &mut Tx,
    (seq, id): (i64, Uuid),
) -> Result<Option<Proven>> {
    ctx.may(R::READ)?;
    let found = verify::proven::<R>(tx, &ctx.scope, (seq, id)).await?;
    let of = |(schema_rev, deleted, body)| Proven { kind: R::KIND, id, schema_rev, deleted, body };
    Ok(found.map(of))
}

fn link(c: &StoredCommit) -> Link {
    let root: Hash = c.root.clone().try_into().unwrap_or(GENESIS);
    Link {
        seq: c.seq,
        parents: [c.parent_seq, c.merged_seq],
        branch: c.branch_id,
        author: c.author_id,
        author_kind: c.author_kind.clone(),
        at: c.at.micros(),
        cause: c.cause.clone(),
        message_hash: hex(&body_hash(&c.message)),
        root: hex(&root),
    }
}
