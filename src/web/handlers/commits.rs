//! The company's activity: its commits.
use crate::{
    domain::{check::Problems, policy::Act, scope::World},
    service::{
        companies,
        error::Error,
        history::{self, LogFilter, Touched},
        proof, tags,
    },
    web::{
        extract::Visit,
        form::Form,
        paths::record,
        problem::Result,
        query::Query,
        view::{Shell, form_status, show as page, show_as},
        views::{
            history::commit,
            log::{Commits, SHOWN},
            pages::{Commit, TouchedView},
        },
    },
};
use axum::{Json, extract::Path, http::header::CONTENT_DISPOSITION, response::IntoResponse};

type Seq = Path<(String, String, String)>;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let (filter, problems) = match query.log(&visit.ctx.company.zone()) {
        Ok(filter) => (filter, Problems::default()),
        Err(Error::Invalid(problems)) => (LogFilter::default(), problems),
        Err(e) => return Err(e.into()),
    };
    let rows = history::log(&visit.ctx, (filter, SHOWN)).await?;
    let members = companies::members(&visit.ctx).await?;
    let seqs: Vec<i64> = rows.iter().map(|c| c.seq).collect();
    let tags = tags::of_commits(&visit.ctx, &seqs).await?;
    let status = form_status(&problems, &[]);
    let view = Commits::of(&visit, &query, (&rows, &members, &tags), problems);
    Ok(show_as(status, &visit.hx, &view))
}

pub(in crate::web) async fn show(visit: Visit, Path((_, _, seq)): Seq) -> Result {
    let seq: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    Ok(page(&visit.hx, &shown(&visit, seq, Problems::default()).await?))
}

/// Gives the point after a commit a name.
pub(in crate::web) async fn name(visit: Visit, Path((_, _, seq)): Seq, form: Form) -> Result {
    let number: i64 = seq.parse().map_err(|_| Error::NotFound)?;
    match tags::give(&visit.ctx, number, form.text("name")).await {
        Ok(_) => Ok(visit.hx.go(&format!("{}/commits/{seq}", visit.base()), "named")),
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            let view = shown(&visit, number, problems).await?;
            let name = form.text("name").to_owned();
            Ok(show_as(status, &visit.hx, &Commit { name, ..view }))
        }
        Err(e) => Err(e.into()),
    }
}

async fn shown(visit: &Visit, seq: i64, problems: Problems) -> std::result::Result<Commit, Error> {
    let (row, touched) = history::commit(&visit.ctx, seq).await?;
    let tags = tags::of_commits(&visit.ctx, &[seq]).await?;
    Ok(Commit {
        shell: Shell::of(visit, format!("Change {seq}"), "commits"),
        of: commit(visit, &row, tags.get(&seq).map_or(&[], Vec::as_slice)),
        records: touched.into_iter().map(|t| one(&visit.base(), seq, t)).collect(),
        may_revert: row.records > 0
            && visit.ctx.scope.world() == &World::Main
            && visit.ctx.scope.may(Act::MergeBranch),
        may_name: visit.ctx.scope.world() == &World::Main && visit.ctx.scope.may(Act::OpenBranch),
        name: String::new(),
        problems,
    })
}

fn one(base: &str, seq: i64, t: Touched) -> TouchedView {
    let url = record(base, t.kind, t.id);
    // what is gone is shown as it was before
    let url = if t.deleted { format!("{url}?at={}", seq - 1) } else { url };
    let proof = format!("{base}/commits/{seq}/proof/{}/{}", t.kind, t.id);
    TouchedView { kind: t.kind.label(), title: t.title, url, deleted: t.deleted, proof }
}

/// A proof as a file, for programs and for people.
pub(in crate::web) async fn prove(
    visit: Visit,
    Path((_, _, seq, kind, id)): Path<(String, String, String, String, String)>,
) -> Result {
    let none = || Error::NotFound;
    let (seq, kind) = (seq.parse().map_err(|_| none())?, kind.parse().map_err(|_| none())?);
    let to = match Query::of(&visit.uri).get("to") {
        "" => None,
        to => Some(to.parse().map_err(|_| Error::at("to", "Write the number of a change"))?),
    };
    let id = id.parse().map_err(|_| none())?;
    let proof = proof::of(&visit.ctx, (kind, id), (seq, to)).await?;
    let name = format!("attachment; filename=\"proof-{id}-{seq}.json\"");
    Ok(([(CONTENT_DISPOSITION, name)], Json(proof)).into_response())
}
