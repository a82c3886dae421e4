//! The company's activity: its commits.
use crate::{
    domain::{branch::Branch, check::Problems, policy::Act, scope::World},
    service::{
        activity::{self, LogFilter},
        branches, companies,
        error::Error,
        proof, tags,
    },
    web::{
        extract::Visit,
        form::Form,
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::log::{Commit, Commits, SHOWN},
    },
};
use axum::{Json, extract::Path, http::header::CONTENT_DISPOSITION, response::IntoResponse};

type Seq = Path<(String, String, String)>;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let branches = branches::all(&visit.ctx).await?;
    if let Some(url) = of_another_world(&visit, &query, &branches) {
        return Ok(visit.hx.lead(&url));
    }
    let (filter, problems) = match query.log(&visit.ctx.company.zone()) {
        Ok(filter) => (filter, Problems::default()),
        Err(Error::Invalid(problems)) => (LogFilter::default(), problems),
        Err(e) => return Err(e.into()),
    };
    let rows = activity::log(&visit.ctx, (filter, SHOWN)).await?;
    let seqs: Vec<i64> = rows.iter().map(|c| c.seq).collect();
    let tags = tags::of_commits(&visit.ctx, &seqs).await?;
    let members = companies::members(&visit.ctx).await?;
    let status = form_status(&problems, &[]);
    let view = Commits::of(&visit, &query, (&rows, &tags), (&members, &branches), problems);
    Ok(show_as(status, &visit.hx, &view))
}

/// The activity of a branch is a page of that branch.
fn of_another_world(visit: &Visit, query: &Query, branches: &[Branch]) -> Option<String> {
    let here = visit.ctx.scope.world().slug();
    let mut all = branches.iter().map(|b| b.slug.as_str()).chain(["main"]);
    let slug = all.find(|slug| *slug == query.get("branch") && *slug != here)?;
    let url = format!("/{}/{slug}/commits", visit.ctx.company.slug);
    Some(query.url(&url, &[("branch", ""), ("before", "")]))
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
    let after = Query::of(&visit.uri).place()?;
    let found = activity::commit(&visit.ctx, seq, after).await?;
    let tags = tags::of_commits(&visit.ctx, &[seq]).await?.remove(&seq).unwrap_or_default();
    let on_main = |act| visit.ctx.scope.world() == &World::Main && visit.ctx.scope.may(act);
    let may = (on_main(Act::MergeBranch), on_main(Act::OpenBranch));
    Ok(Commit { problems, ..Commit::of(visit, (&found, &tags), may) })
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
