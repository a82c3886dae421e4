//! The history as people read it: a record's timeline, the company's commits.
use super::{
    context::Ctx,
    error::{Error, Result},
    records::Current,
    references::{self, Titles},
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
        text::slug,
        time::{Ts, parse_day},
    },
    store::{commits, kinds::Stored, masters::read, tags, versions},
};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

pub use crate::store::{
    commits::{CommitRow, LogFilter, Made},
    versions::Step,
};

/// Steps shown of one record at once.
const STEPS: usize = 10;
/// Records listed of one commit.
const LISTED: i64 = 200;

/// One step of a record: who did what, and which fields it changed.
pub struct Event {
    pub step: Step,
    pub changes: Vec<Change>,
    pub first: bool,
}

/// A record as it is now, and some of the steps that made it so.
pub struct Story<R> {
    pub now: Current<R>,
    /// The newest first.
    pub events: Vec<Event>,
    /// There are steps before these: before this commit.
    pub earlier: Option<i64>,
    /// There are steps after these.
    pub later: bool,
    /// What the records are called that the changes name.
    pub titles: Titles,
}

/// A record, and the latest steps before a commit (or all) if its history may be read. The newest
/// step is the record as it is now, so that the usual page needs one statement.
pub async fn story<R: Subject>(ctx: &Ctx, id: Uuid, before: Option<i64>) -> Result<Story<R>> {
    ctx.may(R::READ)?;
    let told = ctx.scope.may(Act::ReadHistory);
    if before.is_some() {
        ctx.may(Act::ReadHistory)?;
    }
    let mut tx = if before.is_some() { ctx.read().await? } else { ctx.glance().await? };
    let limit = i64::try_from(STEPS + 1).unwrap_or(i64::MAX);
    let page = (before.unwrap_or(i64::MAX), limit);
    let mut steps = versions::timeline::<R>(&mut tx, &ctx.scope, id, page).await?;
    let now = match before {
        Some(_) => versions::current::<R>(&mut tx, &ctx.scope, id).await?,
        None => steps.first().filter(|s| !s.deleted).map(Step::version),
    };
    let now = now.ok_or(Error::NotFound)?;
    let bodies: Vec<Value> =
        steps.iter().map(|s| serde_json::from_str(&s.body).unwrap_or_default()).collect();
    let more = told && steps.len() > STEPS;
    steps.truncate(if told { STEPS } else { 0 });
    let earlier = steps.last().filter(|_| more).map(|s| s.from_seq);
    let tell = |(i, step)| event::<R>(step, bodies.get(i).zip(bodies.get(i + 1)));
    let events: Vec<Event> = steps.into_iter().enumerate().map(tell).collect();
    let now = Current { record: read(&now.body)?, seq: now.seq };
    drop(tx);
    let titles = references::titles_of(ctx, events.iter().flat_map(|e| &e.changes)).await?;
    Ok(Story { now, events, earlier, later: before.is_some(), titles })
}

/// What a step changed, given the body it made and the one before.
fn event<R: Record>(step: Step, bodies: Option<(&Value, &Value)>) -> Event {
    let changes = bodies.map(|(new, old)| visible::<R>(diff(R::FIELDS, old, new)));
    Event { step, first: changes.is_none(), changes: changes.unwrap_or_default() }
}

/// Without what the system set beside what a person did.
pub(super) fn visible<R: Record>(changes: Vec<Change>) -> Vec<Change> {
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

/// The latest commits by a filter.
pub async fn log(ctx: &Ctx, (filter, limit): (LogFilter, i64)) -> Result<Vec<CommitRow>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    Ok(commits::log(&mut tx, &ctx.scope, (filter, limit)).await?)
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

/// Who made some commits, and when, by their numbers.
pub async fn made(ctx: &Ctx, seqs: &[i64]) -> Result<BTreeMap<i64, Made>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.glance().await?;
    let all = commits::made(&mut tx, &ctx.scope, seqs).await?;
    Ok(all.into_iter().map(|m| (m.seq, m)).collect())
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

/// A point in the past: the last commit that counts, and when it was made.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    pub seq: i64,
    pub at: Ts,
}

/// The point that a text names: a commit's number, a moment, a day, which is its end, or a name that was
/// given to a point.
///
/// # Errors
/// `Invalid` if it names none, or one before the company's first commit.
pub async fn point(ctx: &Ctx, text: &str) -> Result<Point> {
    ctx.may(Act::ReadHistory)?;
    let scope = &ctx.scope;
    let found = match (text.parse::<i64>(), moment(ctx, text)) {
        (Ok(seq), _) => commits::time_of(&mut ctx.glance().await?, scope, seq).await?,
        (_, Ok(moment)) => commits::before_time(&mut ctx.glance().await?, scope, moment).await?,
        (_, Err(e)) => {
            let tag = tags::find(&mut ctx.glance().await?, scope, &slug(text, "point")).await?;
            commits::time_of(&mut ctx.glance().await?, scope, tag.ok_or(e)?.seq).await?
        }
    };
    let none = || Error::at("at", "Nothing was here at that time yet, or no such change was made");
    found.map(|(seq, at)| Point { seq, at }).ok_or_else(none)
}

fn moment(ctx: &Ctx, text: &str) -> Result<Ts> {
    let wrong =
        || Error::at("at", "Write a day, a moment, the number of a change or the name of a point");
    if let Some(next) = parse_day(text).and_then(|day| day.tomorrow().ok()) {
        return Ok(Ts::from_micros(Ts::start_of(next, &ctx.company.zone()).micros() - 1));
    }
    text.parse().map(Ts::of).map_err(|_| wrong())
}
