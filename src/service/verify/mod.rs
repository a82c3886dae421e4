//! `verify`: recomputes the history of a company and compares it with what is stored.
//!
//! First what each commit says of its versions, commit by commit, so that it can go on where it was left
//! off; then what stands now: heads, lines, counters, and what was erased.
mod chain;
mod standing;

use super::{context::Ctx, error::Result};
use crate::{
    domain::history::chain::{GENESIS, Hash, digest as chain_digest, parse_digest},
    service::error::Error,
    store::{commits, db::Tx},
};
use serde::Serialize;

/// Faults are listed up to this many; their number is told in full.
const LISTED: usize = 100;

/// What a verification found.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    pub company: String,
    /// Commits and versions that were looked at.
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

/// What is verified.
#[derive(Clone, Debug, Default)]
pub struct Scale {
    /// `<seq>:<hash>`: what came before was verified, and this is what was found then.
    pub since: Option<String>,
    /// Only the commits, not what stands now.
    pub quick: bool,
}

/// Who is told how far it came.
pub type Told<'a> = &'a mut (dyn FnMut(&str) -> Result<()> + Send);

/// Chain, versions, heads, lines, totals and counters of one company.
pub async fn run(ctx: &Ctx) -> Result<Report> {
    scaled(ctx, &Scale::default(), &mut |_| Ok(())).await
}

/// The same of a part of it. `reached` is told a digest each time that all before it is verified: from
/// there another run can go on.
///
/// # Errors
/// `Refused` if `since` is no digest; what `reached` says.
pub async fn scaled(ctx: &Ctx, scale: &Scale, reached: Told<'_>) -> Result<Report> {
    let mut tx = ctx.read().await?;
    let mut report = Report { company: ctx.company.slug.clone(), ..Report::default() };
    let begun = begin(ctx, &mut tx, (scale, &mut report)).await?;
    chain::check(ctx, &mut tx, &mut report, (begun, reached)).await?;
    if !scale.quick {
        standing::check(ctx, &mut tx, &mut report).await?;
    }
    Ok(report)
}

/// After which commit, and with which hash, the first one is that is looked at.
async fn begin(
    ctx: &Ctx,
    tx: &mut Tx,
    (scale, report): (&Scale, &mut Report),
) -> Result<(i64, Hash)> {
    let Some(since) = &scale.since else { return Ok((0, GENESIS)) };
    let no_digest = || Error::Refused(format!("{since} is no digest: it looks like 7:0a1b2c…"));
    let (seq, hash) = parse_digest(since).ok_or_else(no_digest)?;
    let now = commits::hash_of(tx, &ctx.scope, seq).await?;
    if seq == 0 || now.as_deref() == Some(hash.as_slice()) {
        return Ok((seq, hash));
    }
    report
        .fault(format!("commit {seq} is not the one that was verified: history was written anew"));
    Ok((0, GENESIS))
}

/// The head of the chain as text: `<seq>:<hash>`. Two databases with equal digests hold equal histories.
pub async fn digest(ctx: &Ctx) -> Result<String> {
    let mut tx = ctx.read().await?;
    let (seq, hash, _) = commits::head(&mut tx, &ctx.scope).await?;
    Ok(chain_digest(seq, &hash))
}
