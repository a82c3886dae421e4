//! Batches: begun from a list, followed, and what could not be done.
use super::records::kept;
use crate::{
    domain::{batch::Change, check::Problems},
    service::{
        batches::{self, Filter, NewBatch},
        error::Error,
        subjects::Subject,
    },
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths,
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::batches::{Index, New, Show},
    },
};
use axum::{extract::Path, http::header, response::IntoResponse};
use uuid::Uuid;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let all = batches::list(&visit.ctx).await?;
    Ok(page(&visit.hx, &Index::of(&visit, &all)))
}

pub(in crate::web) async fn new<R: Subject>(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let count = batches::count::<R>(&visit.ctx, &query.batch(&visit.ctx, R::KIND)?).await?;
    let empty = (&Form::default(), Problems::default());
    Ok(page(&visit.hx, &New::of::<R>(&visit, (&query, count), empty)))
}

pub(in crate::web) async fn create<R: Subject>(visit: Visit, mut form: Form) -> Result {
    let query = Query::of(&visit.uri);
    let filter = query.batch(&visit.ctx, R::KIND)?;
    let count = batches::count::<R>(&visit.ctx, &filter).await?;
    match begun::<R>(&visit, &form, filter).await {
        Ok(id) => Ok(visit.hx.go(&paths::batch(&visit.main(), id), "")),
        Err(e) => {
            let problems = kept(&visit, &mut form, e)?;
            let status = form_status(&problems, &[]);
            let again = New::of::<R>(&visit, (&query, count), (&form, problems));
            Ok(show_as(status, &visit.hx, &again))
        }
    }
}

async fn begun<R: Subject>(
    visit: &Visit,
    form: &Form,
    filter: Filter,
) -> std::result::Result<Uuid, Error> {
    let change = Change::parse::<R>(R::UNIQUE, |name| form.text(name))?;
    let new = NewBatch { kind: R::KIND, filter, change, key: form.about("_key") };
    batches::start(&visit.ctx, new).await
}

/// While it is at work the page comes again by itself.
pub(in crate::web) async fn show(visit: Visit, path: Path<(String, String, String)>) -> Result {
    let from = Query::of(&visit.uri).get("from").parse().unwrap_or(0);
    let shown = batches::show(&visit.ctx, id(path)?, from).await?;
    let view = Show::of(&visit, &shown);
    let again = view.running;
    let out = page(&visit.hx, &view);
    Ok(if again { ([(header::REFRESH, "1")], out).into_response() } else { out })
}
