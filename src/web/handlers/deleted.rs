//! Lists of what was deleted.
use crate::{
    service::{companies, deleted, subjects::Subject},
    web::{
        extract::Visit, problem::Result, query::Query, view::show as page, views::deleted::Deleted,
    },
};

pub(in crate::web) async fn index<R: Subject>(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let filter = query.log(&visit.ctx.company.zone())?;
    let found = deleted::list::<R>(&visit.ctx, filter, query.place()?).await?;
    let members = companies::members(&visit.ctx).await?;
    Ok(page(&visit.hx, &Deleted::of::<R>(&visit, &query, (&found, &members))))
}
