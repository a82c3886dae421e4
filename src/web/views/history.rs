//! Timelines and commits as people read them.
use super::fields::Showing;
use crate::{
    domain::{
        history::{cause::Cause, diff::Change},
        text::initials,
        time::Ts,
    },
    service::{
        activity::CommitRow,
        history::{Event, Story},
        tags::Tag,
    },
    web::{extract::Visit, query::Query},
};

/// A record's history, or a part of it.
pub(in crate::web) struct HistoryView {
    pub events: Vec<EventView>,
    /// Where the earlier steps are.
    pub earlier: Option<String>,
    /// Where the latest steps are, if these are not.
    pub latest: Option<String>,
    /// Who made each value, and versions side by side.
    pub whole: String,
}

/// One step of a record's history.
pub(in crate::web) struct EventView {
    pub who: String,
    pub initials: String,
    pub what: String,
    pub changes: Vec<ChangeView>,
    pub when: String,
    pub full: String,
    pub iso: String,
    pub seq: i64,
    pub href: String,
    /// The record as it was after this step.
    pub then: String,
}

/// One field that changed.
pub(in crate::web) struct ChangeView {
    pub label: String,
    pub before: String,
    pub after: String,
}

/// Who did it: a person by name, an integration as one.
pub(in crate::web) fn author(name: Option<&str>, kind: &str) -> String {
    match (name, kind) {
        (Some(name), "token") => format!("{name} (API)"),
        (Some(name), _) => name.to_owned(),
        (None, _) => "The operator".to_owned(),
    }
}

/// A record's history; `url` is the record's page.
pub(in crate::web) fn history<R>(visit: &Visit, story: &Story<R>, url: &str) -> HistoryView {
    let zone = visit.ctx.company.zone();
    let part = |before: &str| {
        Query::default().url(url, &[("before", before), ("at", &visit.at())]) + "#history"
    };
    HistoryView {
        events: events(
            (visit, url),
            &story.events,
            &Showing { zone: &zone, titles: &story.titles },
        ),
        earlier: story.earlier.map(|seq| part(&seq.to_string())),
        latest: story.later.then(|| part("")),
        whole: Query::default().url(&format!("{url}/history"), &[("at", &visit.at())]),
    }
}

fn events((visit, url): (&Visit, &str), events: &[Event], showing: &Showing<'_>) -> Vec<EventView> {
    let can = visit.ctx.scope.may(crate::domain::policy::Act::ReadHistory);
    let now = visit.ctx.now();
    let kept = |seq| visit.ctx.scope.world().branch().is_none_or(|b| b.keeps(seq));
    // what a branch has of main was there before the branch
    let on_main = url.strip_prefix(&visit.base()).map(|path| visit.main() + path);
    let on_main = on_main.unwrap_or_else(|| url.to_owned());
    let place = |e: &Event| if e.step.branch_id == 0 { on_main.as_str() } else { url };
    let each = events.iter().map(|e| {
        let who = author(e.step.name.as_deref(), &e.step.author_kind);
        let href = if can {
            format!("{}/commits/{}", visit.base(), e.step.from_seq)
        } else {
            String::new()
        };
        EventView {
            initials: initials(&who),
            what: what(e),
            changes: e.changes.iter().map(|c| change(c, showing)).collect(),
            when: e.step.at.spoken(now, showing.zone),
            full: e.step.at.full_text(showing.zone),
            iso: e.step.at.to_string(),
            seq: e.step.from_seq,
            then: if can && !e.step.deleted && kept(e.step.from_seq) {
                format!("{}?at={}", place(e), e.step.from_seq)
            } else {
                String::new()
            },
            who,
            href,
        }
    });
    each.collect()
}

fn what(e: &Event) -> String {
    let cause = e.step.cause.parse::<Cause>().unwrap_or(Cause::Edit);
    let again = cause == Cause::Import && !e.first;
    match (cause, e.changes.len()) {
        _ if !e.kept => format!("{}; what exactly was compacted", cause.label()),
        (cause, _) if cause != Cause::Edit && !again => cause.label().into(),
        (_, 1) => "changed 1 field".into(),
        (_, n) => format!("changed {n} fields"),
    }
}

pub(in crate::web) fn change(c: &Change, showing: &Showing<'_>) -> ChangeView {
    let label = c.label.clone();
    ChangeView {
        label,
        before: showing.value(c.ty, &c.before),
        after: showing.value(c.ty, &c.after),
    }
}

/// A commit as a row.
pub(in crate::web) struct CommitView {
    pub seq: i64,
    pub who: String,
    pub initials: String,
    pub message: String,
    pub records: i64,
    pub when: String,
    pub full: String,
    pub iso: String,
    pub hash: String,
    pub prev: String,
    /// What the point after it is called, with its list of orders.
    pub names: Vec<(String, String)>,
}

/// A commit as people read it, with the names of the point after it.
pub(in crate::web) fn commit(visit: &Visit, c: &CommitRow, tags: &[Tag]) -> CommitView {
    let orders = |t: &Tag| format!("{}/orders?at={}", visit.base(), t.slug);
    let (zone, now) = (visit.ctx.company.zone(), visit.ctx.now());
    let who = author(c.name.as_deref(), &c.author_kind);
    let at: Ts = c.at;
    CommitView {
        seq: c.seq,
        initials: initials(&who),
        who,
        message: c.message.clone(),
        records: c.records,
        when: at.spoken(now, &zone),
        full: at.full_text(&zone),
        iso: at.to_string(),
        hash: crate::domain::history::chain::hex(&c.hash),
        prev: crate::domain::history::chain::hex(&c.prev),
        names: tags.iter().map(|t| (t.name.clone(), orders(t))).collect(),
    }
}
