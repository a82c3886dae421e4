//! What a restoration would change.
use super::{
    fields::Showing,
    history::{ChangeView, change},
};
use crate::{
    domain::field::Kind,
    service::{restore::Plan, subjects::Subject},
    web::{
        extract::Visit,
        paths::{list, record},
        view::{Shell, View},
    },
};
use askama::Template;
use uuid::Uuid;

/// The page that asks before it is done.
#[derive(Template)]
#[template(path = "records/restoration.html")]
pub(in crate::web) struct Restoration {
    pub shell: Shell,
    pub url: String,
    pub list: String,
    pub kinds: &'static str,
    pub title: String,
    pub as_of: i64,
    pub then: String,
    /// The version it is decided on; 0 if the record was deleted.
    pub version: i64,
    pub changes: Vec<ChangeView>,
    /// It has a state and a number that are not restored.
    pub stays: bool,
}
impl View for Restoration {}

pub(in crate::web) fn view<R: Subject>(
    visit: &Visit,
    (id, as_of): (Uuid, i64),
    plan: &Plan<R>,
) -> Restoration {
    let (zone, url) = (visit.ctx.company.zone(), record(&visit.base(), R::KIND, id));
    let showing = Showing { zone: &zone, titles: &plan.titles };
    Restoration {
        shell: Shell::of(visit, "Restore", R::KIND.slug()),
        list: list(&visit.base(), R::KIND),
        kinds: R::KIND.plural(),
        title: plan.now.as_ref().unwrap_or(&plan.then).record.title(),
        then: format!("{url}?at={as_of}"),
        version: plan.now.as_ref().map_or(0, |n| n.seq),
        changes: plan.changes.iter().map(|c| change(c, &showing)).collect(),
        stays: R::KIND == Kind::Order,
        url,
        as_of,
    }
}
