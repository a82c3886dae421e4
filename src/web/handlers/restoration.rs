//! A record as it was, made to hold again: what would change, and the act.
use crate::{
    service::{error::Error, restore, subjects::Subject},
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::record,
        problem::Result,
        query::Query,
        view::show as page,
        views::restoration,
    },
};
use axum::extract::Path;

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn new<R: Subject>(visit: Visit, path: Id) -> Result {
    let (id, seq) = (id(path)?, change(Query::of(&visit.uri).get("as_of"))?);
    let plan = restore::plan::<R>(&visit.ctx, id, seq).await?;
    Ok(page(&visit.hx, &restoration::view::<R>(&visit, (id, seq), &plan)))
}

pub(in crate::web) async fn create<R: Subject>(visit: Visit, path: Id, form: Form) -> Result {
    let (id, seq) = (id(path)?, change(form.text("as_of"))?);
    let done = restore::restore::<R>(&visit.ctx, id, (seq, form.based_on()?)).await?;
    Ok(visit.hx.go(&record(&visit.base(), R::KIND, id), done.word()))
}

fn change(text: &str) -> std::result::Result<i64, Error> {
    text.parse().map_err(|_| Error::at("as_of", "Write the number of a change"))
}
