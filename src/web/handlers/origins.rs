//! Where a record's values come from, and two of its versions side by side.
use crate::{
    service::{error::Error, origins, subjects::Subject},
    web::{
        extract::{Visit, record_id as id},
        problem::Result,
        query::Query,
        view::{form_status, show as page, show_as},
        views::origins::History,
    },
};
use axum::extract::Path;

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn show<R: Subject>(visit: Visit, path: Id) -> Result {
    let id = id(path)?;
    let found = origins::of::<R>(&visit.ctx, id).await?;
    let view = History::of(&visit, id, &found);
    let chosen = match two(&Query::of(&visit.uri)) {
        Ok(None) => return Ok(page(&visit.hx, &view)),
        Ok(Some(two)) => origins::between::<R>(&visit.ctx, id, two).await,
        Err(e) => Err(e),
    };
    match chosen {
        Ok(between) => Ok(page(&visit.hx, &view.with(&visit, &between))),
        Err(Error::Invalid(problems)) => {
            let status = form_status(&problems, &[]);
            Ok(show_as(status, &visit.hx, &History { problems, ..view }))
        }
        Err(e) => Err(e.into()),
    }
}

/// The two versions that are compared, if any are.
pub(in crate::web) fn two(query: &Query) -> std::result::Result<Option<(i64, i64)>, Error> {
    if query.get("from").is_empty() && query.get("to").is_empty() {
        return Ok(None);
    }
    let number = |name: &str| {
        let wrong = |_| Error::at(name, "Choose a version, by the number of its change");
        query.get(name).parse::<i64>().map_err(wrong)
    };
    Ok(Some((number("from")?, number("to")?)))
}
