//! The history as people read it: a record's timeline, and points of it.
use super::{
    context::Ctx,
    elsewhere::{self, Elsewhere},
    error::{Error, Result},
    records::Current,
    references::{self, Titles},
    subjects::Subject,
};
use crate::{
    domain::{
        field::{Class, Ty, find},
        history::diff::{Change, diff},
        policy::Act,
        record::Record,
        scope::Scope,
        text::slug,
        time::{Ts, parse_day},
        veil,
    },
    store::{commits, masters::read, tags, versions},
};
use serde_json::Value;
use uuid::Uuid;

pub use crate::store::versions::Step;

/// Steps shown of one record at once.
const STEPS: usize = 10;

/// One step of a record: who did what, and which fields it changed.
pub struct Event {
    pub step: Step,
    pub changes: Vec<Change>,
    pub first: bool,
    /// Whether it is still known what it changed.
    pub kept: bool,
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
    pub elsewhere: Elsewhere,
    /// Another record of main that has the code which a branch gave this one.
    pub taken: Option<Uuid>,
    /// What the records are called that the changes name.
    pub titles: Titles,
}

/// A record, and the latest steps before a commit (or all) if its history may be read. The newest
/// step is the record as it is now, so that one statement has both.
pub async fn story<R: Subject>(ctx: &Ctx, id: Uuid, before: Option<i64>) -> Result<Story<R>> {
    ctx.may(R::READ)?;
    let told = ctx.scope.may(Act::ReadHistory);
    if before.is_some() {
        ctx.may(Act::ReadHistory)?;
    }
    let mut tx = ctx.read().await?;
    let limit = i64::try_from(STEPS + 1).unwrap_or(i64::MAX);
    let page = (before.unwrap_or(i64::MAX), limit);
    let mut steps = versions::timeline::<R>(&mut tx, &ctx.scope, id, page).await?;
    let now = match before {
        Some(_) => versions::current::<R>(&mut tx, &ctx.scope, id).await?,
        None => steps.first().filter(|s| !s.deleted).map(Step::version),
    };
    let Some(now) = now else { return Err(elsewhere::missing::<R>(ctx, id).await) };
    let bodies: Vec<Value> =
        steps.iter().map(|s| serde_json::from_str(&s.body).unwrap_or_default()).collect();
    let more = told && steps.len() > STEPS;
    steps.truncate(if told { STEPS } else { 0 });
    let earlier = steps.last().filter(|_| more).map(|s| s.from_seq);
    let tell = |(i, step)| event::<R>(&ctx.scope, step, bodies.get(i).zip(bodies.get(i + 1)));
    let events: Vec<Event> = steps.into_iter().enumerate().map(tell).collect();
    let now = Current::told(ctx, read(&now.body)?, now.seq)?;
    let elsewhere = elsewhere::of::<R>(ctx, &mut tx, id).await?;
    let taken = elsewhere::taken(ctx, &mut tx, &now.record).await?;
    drop(tx);
    let told = events.iter().flat_map(|e| &e.changes).chain(elsewhere.changes());
    let titles = references::titles_of(ctx, told).await?;
    Ok(Story { now, events, earlier, later: before.is_some(), elsewhere, taken, titles })
}

/// What a step changed, given the body it made and the one before.
fn event<R: Record>(scope: &Scope, step: Step, bodies: Option<(&Value, &Value)>) -> Event {
    let kept = !step.is_compacted() && bodies.is_none_or(|(_, old)| !old.is_null());
    let changes = bodies.map(|(new, old)| {
        let all = if kept { diff(R::FIELDS, old, new) } else { vec![] };
        visible::<R>(scope, all)
    });
    Event { step, first: changes.is_none(), changes: changes.unwrap_or_default(), kept }
}

/// Without what the system set beside what a person did, and without what is hidden from who acts.
pub(super) fn visible<R: Record>(scope: &Scope, changes: Vec<Change>) -> Vec<Change> {
    let told = |c: &Change| {
        let top = c.path.split('/').next().unwrap_or_default();
        let field = find(R::FIELDS, top);
        let system = field.is_some_and(|f| f.class == Class::System);
        let of_part = field.is_some_and(|f| matches!(f.ty, Ty::Parts(..)));
        let inner = of_part
            && (c.path.ends_with("/position")
                || c.path.ends_with("/price_source")
                || c.path.ends_with("/list_price")
                || c.path.ends_with("/product"));
        veil::may_tell::<R>(scope, c)
            && !inner
            && (!system || matches!(top, "state" | "number" | "cancel_reason"))
    };
    changes.into_iter().filter(told).collect()
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
