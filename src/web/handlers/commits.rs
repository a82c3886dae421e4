//! The company's activity: its commits.
use crate::{
    domain::{policy::Act, scope::World},
    service::{error::Error, history},
    web::{
        extract::Visit,
        paths::record,
        problem::Result,
        query::Query,
        view::{Shell, show as page},
        views::{
            history::commit,
            pages::{Commit, Commits},
        },
    },
};
use axum::extract::Path;

const SHOWN: i64 = 50;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let before = Query::of(&visit.uri).before()?;
    let rows = history::commits(&visit.ctx, before, SHOWN).await?;
    let last = rows.last().map(|c| c.seq).filter(|seq| *seq > 1);
    let view = Commits {
        shell: Shell::of(&visit, "Activity", "commits"),
        older: last.map(|seq| format!("{}/commits?before={seq}", visit.base())),
        rows: rows.iter().map(|c| commit(&visit, c)).collect(),
    };
    Ok(page(&visit.hx, &view))
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
