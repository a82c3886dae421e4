//! The history as people read it: a record's timeline, the company's commits.
use super::{
    context::Ctx,
    error::{Error, Result},
    subjects::Subject,
};
use crate::{
    domain::{
        customer::Customer,
        field::{Class, Kind, find},
        history::diff::{Change, diff},
        order::Order,
        policy::Act,
        product::Product,
        record::Record,
        tax::TaxCode,
    },
    store::{commits, kinds::Stored, versions},
};
use serde_json::Value;
use uuid::Uuid;

pub use crate::store::{commits::CommitRow, versions::Step};

/// Steps shown of one record at once.
const STEPS: i64 = 50;
/// Records listed of one commit.
const LISTED: i64 = 200;

/// One step of a record: who did what, and which fields it changed.
pub struct Event {
    pub step: Step,
    pub changes: Vec<Change>,
    pub first: bool,
}

/// The latest steps of a record, the newest first.
pub async fn timeline<R: Subject>(ctx: &Ctx, id: Uuid) -> Result<Vec<Event>> {
    let mut tx = ctx.read().await?;
    let steps = versions::timeline::<R>(&mut tx, &ctx.scope, id, STEPS + 1).await?;
    let bodies: Vec<Value> =
        steps.iter().map(|s| serde_json::from_str(&s.body).unwrap_or_default()).collect();
    let shown = steps.len().min(usize::try_from(STEPS).unwrap_or(usize::MAX));
    let events = steps.into_iter().enumerate().take(shown).map(|(i, step)| {
        let older = bodies.get(i + 1);
        let changes =
            older.map_or_else(Vec::new, |old| visible::<R>(diff(R::FIELDS, old, &bodies[i])));
        Event { step, changes, first: older.is_none() }
    });
    Ok(events.collect())
}

/// Without what the system set beside what a person did.
fn visible<R: Record>(changes: Vec<Change>) -> Vec<Change> {
    let told = |c: &Change| {
        let top = c.path.split('/').next().unwrap_or_default();
        let system = find(R::FIELDS, top).is_some_and(|f| f.class == Class::System);
        let inner = c.path.ends_with("/position")
            || c.path.ends_with("/price_source")
            || c.path.ends_with("/list_price")
            || c.path.ends_with("/product");
        !inner && (!system || matches!(top, "state" | "number" | "cancel_reason"))
    };
    changes.into_iter().filter(told).collect()
}

/// A record that a commit touched.
pub struct Touched {
    pub kind: Kind,
    pub id: Uuid,
    pub title: String,
    pub deleted: bool,
}

/// The latest commits before a number (or all).
pub async fn commits(ctx: &Ctx, before: Option<i64>, limit: i64) -> Result<Vec<CommitRow>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    Ok(commits::before(&mut tx, &ctx.scope, before.unwrap_or(i64::MAX), limit).await?)
}

/// One commit with the records it touched.
pub async fn commit(ctx: &Ctx, seq: i64) -> Result<(CommitRow, Vec<Touched>)> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    let row = commits::find(&mut tx, &ctx.scope, seq).await?.ok_or(Error::NotFound)?;
    let mut all = touched::<Order>(ctx, &mut tx, seq).await?;
    all.extend(touched::<Customer>(ctx, &mut tx, seq).await?);
    all.extend(touched::<Product>(ctx, &mut tx, seq).await?);
    all.extend(touched::<TaxCode>(ctx, &mut tx, seq).await?);
    Ok((row, all))
}

async fn touched<R: Stored>(
    ctx: &Ctx,
    tx: &mut crate::store::db::Tx,
    seq: i64,
) -> Result<Vec<Touched>> {
    let rows = versions::of_commit::<R>(tx, &ctx.scope, seq, LISTED).await?;
    let each = rows.into_iter().map(|r| {
        let title = serde_json::from_str::<R>(&r.body).map(|r| r.title()).unwrap_or_default();
        Touched { kind: R::KIND, id: r.id, title, deleted: r.deleted }
    });
    Ok(each.collect())
}
