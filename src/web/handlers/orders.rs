//! Orders: the list, its export, one order, and the commands of its life.
use crate::{
    domain::{
        field::Kind,
        ids::OrderId,
        order::{Command, Order},
    },
    service::{
        error::Error,
        export::{self, Pages},
        history, orders,
    },
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::record,
        problem::Result,
        query::Query,
        view::{show as page, show_as},
        views::{order_page, orders::Index},
    },
};
use axum::{
    body::{Body, Bytes},
    extract::Path,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn index(visit: Visit) -> Result {
    let query = Query::of(&visit.uri);
    let (filter, problems) = query.readable_orders(&visit.ctx);
    let status =
        if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let listing = orders::list(&visit.ctx, &filter).await?;
    let view = Index::of(&visit, (&query, &problems), &filter, &listing);
    Ok(show_as(status, &visit.hx, &view))
}

/// What the list shows, whole, as it comes from the database.
pub(in crate::web) async fn export(visit: Visit) -> Result {
    let filter = Query::of(&visit.uri).orders(&visit.ctx)?;
    let start = (Pages::new(&visit.ctx, filter)?, visit.ctx.clone(), true);
    let pieces = futures_util::stream::try_unfold(start, |(mut pages, ctx, first)| async move {
        let Some(rows) = pages.next().await? else { return Ok::<_, Error>(None) };
        let piece = Bytes::from(export::csv(&ctx, &rows, first));
        Ok(Some((piece, (pages, ctx, false))))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"orders.csv\""),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

pub(in crate::web) async fn show(visit: Visit, path: Id) -> Result {
    let before = Query::of(&visit.uri).before()?;
    let story = history::story::<Order>(&visit.ctx, id(path)?, before).await?;
    Ok(page(&visit.hx, &order_page::view(&visit, &story)))
}

/// A command is decided on what the person saw: the version is in the form.
pub(in crate::web) async fn command(
    visit: Visit,
    path: Id,
    (command, form): (Command, Form),
) -> Result<Response> {
    let id = OrderId(id(path)?);
    let based_on = form.based_on()?;
    orders::command(&visit.ctx, id, command, (based_on, Some(form.text("reason")))).await?;
    Ok(visit.hx.go(&record(&visit.base(), Kind::Order, id), command.word()))
}
