//! What others are told of main. The history is where it is read from: an event is there from the moment
//! its change is committed, and what was not committed, or happens on a branch, has none.
use super::{
    activity::CommitRow,
    context::Ctx,
    error::{Error, Result},
    records::parsed,
    subjects::{Subject, each_kind},
};
use crate::{
    domain::{
        event::EventId,
        field::Kind,
        history::diff::diff,
        policy::Act,
        time::Ts,
        veil::{may_tell, veil},
    },
    store::{commits, db::Tx, events},
};
use serde_json::Value;
use std::collections::BTreeMap;

/// An event.
pub struct Event {
    pub id: EventId,
    pub at: Ts,
    pub what: What,
}

/// What happened.
pub enum What {
    /// A record was made, changed or deleted.
    Record {
        kind: Kind,
        before: Option<Value>,
        after: Option<Value>,
        /// The paths of what differs between the two.
        changed: Vec<String>,
    },
    /// A commit, all of whose records have been told.
    Commit(CommitRow),
}

/// The events after one of them, the oldest first, at most `limit`.
pub async fn after(ctx: &Ctx, (id, limit): (EventId, usize)) -> Result<Vec<Event>> {
    ctx.may(Act::ReadHistory)?;
    let mut tx = ctx.read().await?;
    let most = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = vec![];
    each_kind!(R => found.extend(records::<R>(ctx, &mut tx, (id, most)).await?));
    let rows = commits::after(&mut tx, &ctx.scope, (id.after_commit(), most)).await?;
    let of_commit = |c: CommitRow| (EventId { seq: c.seq, record: None }, What::Commit(c));
    found.extend(rows.into_iter().map(of_commit));
    found.sort_unstable_by_key(|(id, _)| *id);
    found.truncate(limit);
    let seqs: Vec<i64> = found.iter().map(|(id, _)| id.seq).collect();
    let made = commits::made(&mut tx, &ctx.scope, &seqs).await?;
    let times: BTreeMap<i64, Ts> = made.into_iter().map(|m| (m.seq, m.at)).collect();
    let dated = |(id, what): (EventId, What)| {
        let at = times.get(&id.seq).copied();
        let at = at.ok_or_else(|| Error::Ours(format!("there is no commit {}", id.seq)))?;
        Ok(Event { id, at, what })
    };
    found.into_iter().map(dated).collect()
}

async fn records<R: Subject>(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, most): (EventId, i64),
) -> Result<Vec<(EventId, What)>> {
    ctx.may(R::READ)?;
    let rows = events::after::<R>(tx, &ctx.scope, (id.after_of(R::KIND), most)).await?;
    rows.into_iter().map(|made| record::<R>(ctx, made)).collect()
}

fn record<R: Subject>(ctx: &Ctx, made: events::Made) -> Result<(EventId, What)> {
    let body = |text: Option<String>| {
        let mut value = text.as_deref().map(parsed).transpose()?;
        if let Some(value) = &mut value {
            veil::<R>(&ctx.scope, value);
        }
        Ok::<_, Error>(value)
    };
    let (before, after) = (body(made.before)?, body(made.after)?);
    let changes = before.as_ref().zip(after.as_ref()).map(|(b, a)| diff(R::FIELDS, b, a));
    let told = changes.into_iter().flatten().filter(|c| may_tell::<R>(&ctx.scope, c));
    let paths = told.map(|c| c.path).collect();
    let id = EventId { seq: made.seq, record: Some((R::KIND, made.id)) };
    Ok((id, What::Record { kind: R::KIND, before, after, changed: paths }))
}
