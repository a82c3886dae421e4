//! What a merge, a sync or a revert would do: looked at, decided conflict by conflict, and done.
use crate::{
    domain::check::Problems,
    service::{
        error::Error,
        merge::{self, Acting, Job, Only, Outcome},
    },
    web::{
        extract::Visit,
        form::Form,
        paths::branch,
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::plans::{PlanView, Typed, Waiting},
    },
};
use axum::{
    extract::Path,
    http::header,
    response::{IntoResponse, Response},
};

type Slug = Path<(String, String, String)>;

pub(in crate::web) async fn show(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    let query = Query::of(&visit.uri);
    let only = Only::parse(query.all("only"))?;
    let job = Job::asked(&visit.ctx, &slug, (query.get("for"), only)).await?;
    looked_at(&visit, &job).await
}

pub(in crate::web) async fn show_revert(visit: Visit, Path((_, _, seq)): Slug) -> Result {
    looked_at(&visit, &Job::of_commit(&seq)?).await
}

/// The plan, or for a while a page that it takes the place of by itself.
async fn looked_at(visit: &Visit, job: &Job) -> Result {
    let waits = |acting| {
        let waits = page(&visit.hx, &Waiting::of(visit, job, acting));
        Ok(([(header::REFRESH, "1")], waits).into_response())
    };
    let began = Query::of(&visit.uri).get("acting") == "true";
    match merge::acting(&visit.ctx, job) {
        Acting::GoesOn => return waits(true),
        Acting::Ended(Ok(done)) if began => return Ok(went(visit, job, done)),
        Acting::Ended(Err(why)) if began => return Err(Error::Refused(why).into()),
        Acting::Nothing if began => return Ok(visit.hx.go(&PlanView::url(visit, job), "")),
        _ => {}
    }
    let Some(plan) = merge::glimpse(&visit.ctx, job).await? else { return waits(false) };
    Ok(page(&visit.hx, &PlanView::of(visit, &plan, Typed::default()).await?))
}

pub(in crate::web) async fn decide(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    let job = Job::asked(&visit.ctx, &slug, (form.text("for"), only(&form)?)).await?;
    decided(&visit, job, &form).await
}

pub(in crate::web) async fn decide_revert(
    visit: Visit,
    Path((_, _, seq)): Slug,
    form: Form,
) -> Result {
    decided(&visit, Job::of_commit(&seq)?, &form).await
}

/// The records of the branch that are meant.
fn only(form: &Form) -> std::result::Result<Only, Error> {
    Only::parse([form.text("only")])
}

/// The page comes back with the decision taken; what was typed and is no value stays in its field.
async fn decided(visit: &Visit, job: Job, form: &Form) -> Result<Response> {
    let outcome = match merge::decision(|name| form.text(name)) {
        Ok(decision) => merge::decide(&visit.ctx, job.clone(), decision).await,
        Err(e) => Err(e),
    };
    let problems = match outcome {
        Ok(_) if !visit.hx.is_request() => {
            return Ok(visit.hx.go(&PlanView::url(visit, &job), "decided"));
        }
        Ok(_) => Problems::default(),
        Err(Error::Invalid(problems)) => problems,
        Err(e) => return Err(e.into()),
    };
    let status = form_status(&problems, &[]);
    let typed = Typed::again(form, &problems);
    let plan = merge::look(&visit.ctx, job).await?;
    Ok(show_as(status, &visit.hx, &PlanView::of(visit, &plan, typed).await?))
}

pub(in crate::web) async fn merge(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    let job = Job::merge(&visit.ctx, &slug, only(&form)?).await?;
    carried_out(&visit, job, &form).await
}

pub(in crate::web) async fn approve(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    let job = Job::merge(&visit.ctx, &slug, only(&form)?).await?;
    merge::approve(&visit.ctx, &job, form.text("plan")).await?;
    Ok(visit.hx.go(&PlanView::url(&visit, &job), "branch-approved"))
}

pub(in crate::web) async fn withdraw(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    merge::withdraw(&visit.ctx, &slug).await?;
    Ok(visit.hx.go(&format!("{}/plan", branch(&visit.main(), &slug)), "approval-withdrawn"))
}

pub(in crate::web) async fn sync(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    let job = Job::sync(&visit.ctx, &slug).await?;
    carried_out(&visit, job, &form).await
}

pub(in crate::web) async fn undo_sync(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    merge::undo_sync(&visit.ctx, &slug).await?;
    Ok(visit.hx.go(&branch(&visit.main(), &slug), "sync-undone"))
}

pub(in crate::web) async fn revert(visit: Visit, Path((_, _, seq)): Slug, form: Form) -> Result {
    carried_out(&visit, Job::of_commit(&seq)?, &form).await
}

/// What a plan said is done; if it takes long, the page says so until it is.
async fn carried_out(visit: &Visit, job: Job, form: &Form) -> Result {
    let agreed = (form.text("plan").to_owned(), form.text("keep_open") == "true");
    let done = merge::carry_out(&visit.ctx, job.clone(), agreed).await?;
    let waits = || visit.hx.go(&PlanView::acting(visit, &job), "");
    Ok(done.map_or_else(waits, |done| went(visit, &job, done)))
}

/// Where a job leads once it is done, and what is said there.
fn went(visit: &Visit, job: &Job, done: Outcome) -> Response {
    let commit = |seq: i64| format!("{}/commits/{seq}", visit.main());
    let (page, word) = match (job, done) {
        (Job::Merge(b, only), _) if only.is_all() => {
            (branch(&visit.main(), &b.slug), "branch-merged")
        }
        (Job::Merge(b, _), _) => (branch(&visit.main(), &b.slug), "part-merged"),
        (Job::Sync(b), _) => (branch(&visit.main(), &b.slug), "branch-synced"),
        (Job::Revert(_), Outcome::Done(new)) => (commit(new), "reverted"),
        (Job::Revert(seq), Outcome::Nothing) => (commit(*seq), "reverted"),
    };
    visit.hx.go(&page, if done == Outcome::Nothing { "nothing-to-do" } else { word })
}
