//! A record's origins, and two of its versions side by side.
use super::{
    fields::Showing,
    history::{ChangeView, author, change},
};
use crate::{
    domain::{check::Problems, history::diff::Change},
    service::{
        history::Step,
        origins::{Origin, Origins},
        references::Titles,
        subjects::Subject,
    },
    web::{
        extract::Visit,
        paths::{list, record},
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;
use jiff::tz::TimeZone;
use uuid::Uuid;

#[derive(Template)]
#[template(path = "records/history.html")]
pub(in crate::web) struct History {
    pub shell: Shell,
    pub url: String,
    pub list: String,
    pub kinds: &'static str,
    pub title: String,
    pub origins: Vec<OriginView>,
    /// Number and description of each version, the newest first.
    pub versions: Vec<(String, String)>,
    pub from: String,
    pub to: String,
    pub problems: Problems,
    /// What lies between the two that were chosen.
    pub changes: Option<Vec<ChangeView>>,
}
impl View for History {}

/// A value and who made it so.
pub(in crate::web) struct OriginView {
    pub label: String,
    pub value: String,
    pub by: By,
    /// The branch that it was made on, and who merged it.
    pub merged: Option<(String, By)>,
}

/// Who did it, and when.
pub(in crate::web) struct By {
    pub who: String,
    pub when: String,
    pub full: String,
    pub href: String,
}

impl History {
    pub(in crate::web) fn of<R: Subject>(visit: &Visit, id: Uuid, origins: &Origins<R>) -> Self {
        let (zone, query) = (visit.ctx.company.zone(), Query::of(&visit.uri));
        let showing = Showing { zone: &zone, titles: &origins.titles };
        let title = origins.now.record.title();
        let seq = |n: usize| origins.steps.get(n).map_or(String::new(), |s| s.from_seq.to_string());
        let chosen = |name: &str, or: String| match query.get(name) {
            "" => or,
            text => text.to_owned(),
        };
        Self {
            shell: Shell::of(visit, format!("History of {title}"), R::KIND.slug()),
            url: record(&visit.base(), R::KIND, id),
            list: list(&visit.base(), R::KIND),
            kinds: R::KIND.plural(),
            title,
            origins: origins.each.iter().map(|o| origin(visit, o, &showing)).collect(),
            versions: origins
                .steps
                .iter()
                .filter(|s| !s.deleted)
                .map(|s| version(s, &zone))
                .collect(),
            from: chosen("from", seq(1)),
            to: chosen("to", seq(0)),
            problems: Problems::default(),
            changes: None,
        }
    }
    /// With what lies between the two versions that were chosen.
    pub(in crate::web) fn with(
        self,
        visit: &Visit,
        (changes, titles): &(Vec<Change>, Titles),
    ) -> Self {
        let zone = visit.ctx.company.zone();
        let showing = Showing { zone: &zone, titles };
        Self { changes: Some(changes.iter().map(|c| change(c, &showing)).collect()), ..self }
    }
}

fn version(step: &Step, zone: &TimeZone) -> (String, String) {
    let who = author(step.name.as_deref(), &step.author_kind);
    let text = format!("Change {}: {}, {who}", step.from_seq, step.at.full_text(zone));
    (step.from_seq.to_string(), text)
}

fn origin(visit: &Visit, o: &Origin, showing: &Showing<'_>) -> OriginView {
    let ChangeView { label, after, .. } = change(&o.change, showing);
    let (by, merged) = match &o.on_branch {
        None => (by(visit, &o.step, showing.zone), None),
        Some((branch, step)) => {
            let merger = by(visit, &o.step, showing.zone);
            (by(visit, step, showing.zone), Some((branch.name.clone(), merger)))
        }
    };
    OriginView { label, value: after, by, merged }
}

fn by(visit: &Visit, step: &Step, zone: &TimeZone) -> By {
    By {
        who: author(step.name.as_deref(), &step.author_kind),
        when: step.at.spoken(visit.ctx.now(), zone),
        full: step.at.full_text(zone),
        // a commit of a branch is told by that branch alone
        href: match step.branch_id {
            0 => format!("{}/commits/{}", visit.main(), step.from_seq),
            _ => String::new(),
        },
    }
}
