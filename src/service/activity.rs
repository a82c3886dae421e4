//! The company's commits as people read them: the log, and what one of them did.
use super::{
    context::Ctx,
    error::{Error, Result},
    history::visible,
    merge::Effect,
    references::{self, Titles},
    subjects::each_kind,
};
use crate::{
    domain::{
        field::Kind,
        history::{
            diff::{Change, diff},
            erasure::COMPACTED,
        },
        policy::Act,
        record::Record,
        scope::{Scope, World},
        veil,
    },
    store::{
        branches,
        commits::{self, Merged},
        db::Tx,
        kinds::Stored,
        versions,
    },
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

pub use crate::store::commits::{CommitRow, LogFilter, Made};

/// Records of a commit told at once.
const TOLD: usize = 50;

/// A record that a commit touched.
pub struct Touched {
    pub kind: Kind,
    pub id: Uuid,
    pub title: String,
    pub effect: Effect,
    /// What it changed of a record that was there before.
    pub changes: Vec<Change>,
    /// Whether it is still known what it changed.
    pub kept: bool,
    /// Whether a proof of it may be had.
    pub provable: bool,
}

/// Records follow each other by kind, and in it by id.
pub type Place = (Kind, Uuid);

/// One commit with some of the records that it touched.
pub struct Commit {
    pub row: CommitRow,
    pub records: Vec<Touched>,
    /// The last of these, if there are more.
    pub next: Option<Place>,
    /// What it merged, for who sees that branch.
    pub merged: Option<Merged>,
    /// What the records are called that the changes name.
    pub titles: Titles,
}

/// The latest commits by a filter.
pub async fn log(ctx: &Ctx, (filter, limit): (LogFilter, i64)) -> Result<Vec<CommitRow>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    Ok(commits::log(&mut tx, &ctx.scope, (filter, limit)).await?)
}

/// One commit with the records it touched, after one of them or from the first.
pub async fn commit(ctx: &Ctx, seq: i64, after: Option<Place>) -> Result<Commit> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    let row = commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    let before = before(ctx, &mut tx, &row).await?;
    let (mut records, mut ahead) = (vec![], after);
    each_kind!(R => {
        if ahead.is_none_or(|(kind, _)| kind == R::KIND) {
            let from = (seq, ahead.take().map_or(Uuid::nil(), |(_, id)| id));
            let most = TOLD + 1 - records.len();
            records.extend(touched::<R>(&before, &mut tx, (from, most)).await?);
        }
    });
    let more = records.len() > TOLD;
    records.truncate(TOLD);
    let next = records.last().filter(|_| more).map(|t| (t.kind, t.id));
    let merged = merged(ctx, &mut tx, seq).await?;
    drop(tx);
    let titles = references::titles_of(ctx, records.iter().flat_map(|t| &t.changes)).await?;
    Ok(Commit { row, records, next, merged, titles })
}

/// The world of a commit as it was before it.
async fn before(ctx: &Ctx, tx: &mut Tx, row: &CommitRow) -> Result<Scope> {
    let scope = ctx.scope.clone();
    let world = match scope.world().branch() {
        Some(branch) if branch.id == row.branch_id => {
            let mut branch = branch.clone();
            for at in [row.seq - 1, row.seq] {
                if let Some(base) = branches::base_at(tx, &scope, (branch.id, at)).await? {
                    branch.base = base;
                    break;
                }
            }
            World::Branch(branch)
        }
        _ => World::Main,
    };
    Ok(scope.in_world(world).as_of(row.seq - 1))
}

async fn touched<R: Stored>(
    before: &Scope,
    tx: &mut Tx,
    (from, most): ((i64, Uuid), usize),
) -> Result<Vec<Touched>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = versions::of_commit::<R>(tx, before, from, most).await?;
    let ids: Vec<Uuid> = rows.iter().map(|r| r.id).collect();
    let old = versions::many::<R>(tx, before, &ids).await?;
    let old: BTreeMap<Uuid, String> = old.into_iter().map(|(id, v)| (id, v.body)).collect();
    let was = |id: &Uuid| old.get(id).map(String::as_str);
    Ok(rows.iter().map(|row| one::<R>(before, row, was(&row.id))).collect())
}

fn one<R: Record>(scope: &Scope, row: &versions::Touched, was: Option<&str>) -> Touched {
    let effect = match was {
        _ if row.deleted => Effect::Deleted,
        Some(_) => Effect::Changed,
        None => Effect::Created,
    };
    let kept =
        effect != Effect::Changed || ![Some(row.body.as_str()), was].contains(&Some(COMPACTED));
    let value = |body: &str| serde_json::from_str::<Value>(body).unwrap_or_default();
    let changes = match was {
        Some(was) if effect == Effect::Changed && kept => {
            visible::<R>(scope, diff(R::FIELDS, &value(was), &value(&row.body)))
        }
        _ => vec![],
    };
    let provable = veil::hidden::<R>(scope).next().is_none();
    let title = match row.body.as_str() {
        COMPACTED => format!("{} of before", R::KIND.label()),
        body => serde_json::from_str::<R>(body).map(|r| r.title()).unwrap_or_default(),
    };
    Touched { kind: R::KIND, id: row.id, title, effect, changes, kept, provable }
}

/// What a commit merged, if who asks may see that branch.
async fn merged(ctx: &Ctx, tx: &mut Tx, seq: i64) -> Result<Option<Merged>> {
    let merged = commits::merged(tx, &ctx.scope, &[seq]).await?.pop();
    let Some(merged) = merged else { return Ok(None) };
    let seen = branches::by_slug(tx, &ctx.scope, &merged.slug).await?;
    Ok(seen.map(|_| merged))
}

/// Who made some commits, and when, by their numbers.
pub async fn made(ctx: &Ctx, seqs: &[i64]) -> Result<BTreeMap<i64, Made>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.glance().await?;
    let all = commits::made(&mut tx, &ctx.scope, seqs).await?;
    Ok(all.into_iter().map(|m| (m.seq, m)).collect())
}
