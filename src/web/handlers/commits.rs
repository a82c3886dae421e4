//! The company's activity: its commits.
use crate::{
    domain::{check::Problems, policy::Act, scope::World},
    service::{
        companies,
        error::Error,
        history::{self, LogFilter},
    },
    web::{
        extract::Visit,
        paths::record,
        problem::Result,
        query::Query,
        view::{Shell, form_status, show as page, show_as},
        views::{
            history::commit,
            log::{Commits, SHOWN},
            pages::Commit,
        },
    },
};
use axum::extract::Path;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let (filter, problems) = match query.log(&visit.ctx.company.zone()) {
        Ok(filter) => (filter, Problems::default()),
        Err(Error::Invalid(problems)) => (LogFilter::default(), problems),
        Err(e) => return Err(e.into()),
    };
    let rows = history::log(&visit.ctx, (filter, SHOWN)).await?;
    let members = companies::members(&visit.ctx).await?;
    let status = form_status(&problems, &[]);
    Ok(show_as(status, &visit.hx, &Commits::of(&visit, &query, (&rows, &members), problems)))
}

pub(in crate::web) async fn show(
    visit: Visit,
    Path((_, _, seq)): Path<(String, String, String)>,
) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    let (row, touched) = history::commit(&visit.ctx, seq).await?;
    let base = visit.base();
    let records = touched.into_iter().map(|t| {
        let url = record(&base, t.kind, t.id);
        // what is gone is shown as it was before
        let url = if t.deleted { format!("{url}?at={}", seq - 1) } else { url };
        (t.kind.label(), t.title, url, t.deleted)
    });
    let view = Commit {
        shell: Shell::of(&visit, format!("Change {seq}"), "commits"),
        of: commit(&visit, &row),
        records: records.collect(),
        may_revert: row.records > 0
            && visit.ctx.scope.world() == &World::Main
            && visit.ctx.scope.may(Act::MergeBranch),
    };
    Ok(page(&visit.hx, &view))
}
