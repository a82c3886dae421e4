//! The company's activity: its commits, by who made them, why and when.
use super::history::{CommitView, commit};
use crate::{
    domain::{check::Problems, history::cause::Cause},
    service::{companies::Member, history::CommitRow, tags::Tag},
    web::{
        extract::Visit,
        query::Query,
        view::{Shell, View},
    },
};
use askama::Template;
use std::collections::BTreeMap;

/// Changes on a page.
pub(in crate::web) const SHOWN: i64 = 50;

/// The list.
#[derive(Template)]
#[template(path = "commits/index.html", blocks = ["log"])]
pub(in crate::web) struct Commits {
    pub shell: Shell,
    pub url: String,
    pub rows: Vec<CommitView>,
    pub older: Option<String>,
    /// Each with its id, and whether it is chosen.
    pub members: Vec<(String, String, bool)>,
    pub causes: Vec<(&'static str, &'static str, bool)>,
    pub to: String,
    /// Some are not listed.
    pub narrowed: bool,
    pub problems: Problems,
}
impl View for Commits {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "log").then(|| self.as_log().render())
    }
}

/// What people look for in the log.
const CAUSES: [(Cause, &str); 9] = [
    (Cause::Create, "Created"),
    (Cause::Edit, "Changed"),
    (Cause::Deletion, "Deleted"),
    (Cause::Restoration, "Restored"),
    (Cause::Import, "Imported"),
    (Cause::Cancellation, "Cancelled"),
    (Cause::Merge, "Merged"),
    (Cause::Revert, "Taken back"),
    (Cause::Settings, "Settings"),
];

impl Commits {
    pub(in crate::web) fn of(
        visit: &Visit,
        query: &Query,
        (rows, members, tags): (&[CommitRow], &[Member], &BTreeMap<i64, Vec<Tag>>),
        problems: Problems,
    ) -> Self {
        let url = format!("{}/commits", visit.base());
        let (who, what, to) = (query.get("who"), query.get("what"), query.get("to").to_owned());
        let member = |m: &Member| {
            let id = m.user.id.to_string();
            (id.clone(), m.user.name.clone(), id == who)
        };
        let last = rows.last().map(|c| c.seq.to_string()).filter(|seq| seq != "1");
        let whole = i64::try_from(rows.len()).unwrap_or(i64::MAX) < SHOWN;
        Self {
            shell: Shell::of(visit, "Activity", "commits"),
            older: last.filter(|_| !whole).map(|seq| query.url(&url, &[("before", &seq)])),
            rows: rows
                .iter()
                .map(|c| commit(visit, c, tags.get(&c.seq).map_or(&[], Vec::as_slice)))
                .collect(),
            members: members.iter().map(member).collect(),
            causes: CAUSES.iter().map(|(c, label)| (c.word(), *label, c.word() == what)).collect(),
            narrowed: !(who.is_empty() && what.is_empty() && to.is_empty()),
            url,
            to,
            problems,
        }
    }
}
