//! What was deleted: by whom, when, and the way back.
use super::history::author;
use crate::{
    domain::field::Kind,
    service::{
        companies::Member,
        deleted::{self, Gone},
        subjects::Subject,
    },
    web::{
        extract::Visit,
        paths,
        query::{Query, placed},
        view::{Shell, View},
    },
};
use askama::Template;

/// The list of one kind.
#[derive(Template)]
#[template(path = "commits/deleted.html")]
pub(in crate::web) struct Deleted {
    pub shell: Shell,
    pub url: String,
    /// Every kind: name, address, whether it is this one.
    pub kinds: Vec<(&'static str, String, bool)>,
    pub rows: Vec<Row>,
    pub older: Option<String>,
    /// Each with its id, and whether it is chosen.
    pub members: Vec<(String, String, bool)>,
    pub to: String,
    /// Some are not listed.
    pub narrowed: bool,
}
impl View for Deleted {}

/// A deleted record.
pub(in crate::web) struct Row {
    pub title: String,
    pub who: String,
    pub when: String,
    pub full: String,
    /// The change that deleted it.
    pub change: String,
    /// Where it is restored, for who may.
    pub restore: Option<String>,
}

fn url(visit: &Visit, kind: Kind) -> String {
    format!("{}/deleted", paths::list(&visit.base(), kind))
}

impl Deleted {
    pub(in crate::web) fn of<R: Subject>(
        visit: &Visit,
        query: &Query,
        (found, members): (&deleted::Deleted, &[Member]),
    ) -> Self {
        let (who, to) = (query.get("who"), query.get("to").to_owned());
        let own = url(visit, R::KIND);
        let kind = |k: &Kind| (k.plural(), url(visit, *k), *k == R::KIND);
        let member = |m: &Member| {
            let id = m.user.id.to_string();
            (id.clone(), m.user.name.clone(), id == who)
        };
        let older = found.next.map(|at| query.url(&own, &[("after", &placed(at))]));
        Self {
            shell: Shell::of(visit, "Deleted", "commits"),
            kinds: Kind::ALL.iter().map(kind).collect(),
            rows: found.rows.iter().map(|(g, title)| row::<R>(visit, g, title)).collect(),
            older,
            members: members.iter().map(member).collect(),
            narrowed: !(who.is_empty() && to.is_empty()),
            url: own,
            to,
        }
    }
}

fn row<R: Subject>(visit: &Visit, g: &Gone, title: &str) -> Row {
    let zone = visit.ctx.company.zone();
    let page = paths::record(&visit.base(), R::KIND, g.id);
    let may = visit.ctx.may_change(R::KIND, R::WRITE) && visit.ctx.scope.at().is_none();
    Row {
        title: title.to_owned(),
        who: author(g.name.as_deref(), &g.author_kind),
        when: g.at.spoken(visit.ctx.now(), &zone),
        full: g.at.full_text(&zone),
        change: format!("{}/commits/{}", visit.base(), g.seq),
        restore: may.then(|| format!("{page}/restoration?as_of={}", g.seq - 1)),
    }
}
