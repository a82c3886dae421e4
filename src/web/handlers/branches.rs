//! Branches: the list of them, opening one, and a branch's own page.
use crate::{
    domain::branch::Visibility,
    service::{
        branches::{self, NewBranch},
        comments,
        error::Error,
        reviewers, viewers,
    },
    web::{
        extract::Visit,
        form::Form,
        paths::branch,
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::branches::{Index, New, Said, Show, Worlds},
        views::reviews::ReviewersView,
    },
};
use axum::extract::Path;

type Slug = Path<(String, String, String)>;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let which = query.which_branches();
    let (all, next) = branches::list(&visit.ctx, (which, query.place()?)).await?;
    if visit.hx.target() == Some("worlds") {
        return Ok(page(&visit.hx, &Worlds::of(&visit, &all)));
    }
    let to_review = branches::to_review(&visit.ctx).await?;
    Ok(page(&visit.hx, &Index::of(&visit, (which, to_review), (&all, next))))
}

pub(in crate::web) async fn new(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let copied = match query.get("copy_of") {
        "" => None,
        slug => Some(branches::named(&visit.ctx, slug).await?),
    };
    Ok(page(&visit.hx, &New::empty(&visit, query.get("to").to_owned(), copied)))
}

pub(in crate::web) async fn create(visit: Visit, form: Form) -> Result {
    let visibility = form.text("visibility").parse().unwrap_or(Visibility::Private);
    let [name, note, copy_of] = ["name", "note", "copy_of"].map(|f| form.text(f));
    let new = NewBranch { name, note, visibility, copy_of };
    match branches::open(&visit.ctx, new).await {
        Ok(branch) => {
            let url = format!("/{}/{}{}", visit.ctx.company.slug, branch.slug, within(&form));
            Ok(visit.hx.go(&url, "branch-opened"))
        }
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            Ok(show_as(status, &visit.hx, &New::again(&visit, &form, problems)))
        }
        Err(e) => Err(e.into()),
    }
}

/// The page of the new branch to go to: a place within a company, its list of orders unless told.
fn within(form: &Form) -> &str {
    let to = form.text("to");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_".contains(&b);
    if to.starts_with('/') && !to.starts_with("//") && to.bytes().all(plain) {
        to
    } else {
        "/orders"
    }
}

pub(in crate::web) async fn show(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    Ok(page(&visit.hx, &shown(&visit, &slug).await?))
}

async fn shown(visit: &Visit, slug: &str) -> std::result::Result<Show, Error> {
    let found = branches::find(&visit.ctx, slug).await?;
    let viewers = viewers::of(&visit.ctx, &found.branch).await?;
    let from = Query::of(&visit.uri).get("from").parse().unwrap_or(0);
    let said = comments::of(&visit.ctx, found.branch.id, from).await?;
    let reviewers = reviewers::of(&visit.ctx, &found.branch).await?;
    let standing = branches::standing(&visit.ctx, &found.branch).await?;
    let said = Said::of(visit, (slug, from), said);
    let reviewers = ReviewersView::of(visit, reviewers);
    Ok(Show { reviewers, said, ..Show::of(visit, &found, (standing, viewers)) })
}

/// Says something about it.
pub(in crate::web) async fn comment(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    match comments::say(&visit.ctx, &slug, form.text("text")).await {
        Ok(_) => Ok(visit.hx.go(&format!("{}#said", branch(&visit.main(), &slug)), "")),
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            let saying = form.text("text").to_owned();
            let again = Show { saying, problems, ..shown(&visit, &slug).await? };
            Ok(show_as(status, &visit.hx, &again))
        }
        Err(e) => Err(e.into()),
    }
}

pub(in crate::web) async fn take_back(
    visit: Visit,
    Path((_, _, slug, id)): Path<(String, String, String, String)>,
) -> Result {
    comments::take_back(&visit.ctx, &slug, &id).await?;
    Ok(visit.hx.go(&format!("{}#said", branch(&visit.main(), &slug)), "taken-back"))
}

/// Who sees it.
pub(in crate::web) async fn people(visit: Visit, Path((_, _, slug)): Slug, form: Form) -> Result {
    let outcome = match viewers::change(|name| form.text(name)) {
        Ok(change) => viewers::set(&visit.ctx, &slug, change).await,
        Err(e) => Err(e),
    };
    changed(&visit, &slug, (outcome, "branch-seen")).await
}

/// Who is asked to review it.
pub(in crate::web) async fn reviewers(
    visit: Visit,
    Path((_, _, slug)): Slug,
    form: Form,
) -> Result {
    let outcome = match reviewers::change(|name| form.text(name)) {
        Ok(change) => reviewers::set(&visit.ctx, &slug, change).await,
        Err(e) => Err(e),
    };
    changed(&visit, &slug, (outcome, "branch-reviewers")).await
}

/// Back to its page, or the page with what is wrong.
async fn changed(
    visit: &Visit,
    slug: &str,
    (outcome, done): (std::result::Result<(), Error>, &'static str),
) -> Result {
    match outcome {
        Ok(()) => Ok(visit.hx.go(&branch(&visit.main(), slug), done)),
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            Ok(show_as(status, &visit.hx, &Show { problems, ..shown(visit, slug).await? }))
        }
        Err(e) => Err(e.into()),
    }
}

pub(in crate::web) async fn discard(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    branches::discard(&visit.ctx, &slug).await?;
    Ok(visit.hx.go(&branch(&visit.main(), &slug), "branch-discarded"))
}

pub(in crate::web) async fn reopen(visit: Visit, Path((_, _, slug)): Slug) -> Result {
    branches::reopen(&visit.ctx, &slug).await?;
    Ok(visit.hx.go(&branch(&visit.main(), &slug), "branch-opened"))
}
