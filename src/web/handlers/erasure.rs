//! Erasing a customer's personal data: the page that asks, and the act.
use crate::{
    domain::{check::Problems, field::Kind},
    service::{
        erasure::{erase, subject},
        error::Error,
    },
    web::{
        extract::{Visit, record_id as id},
        form::Form,
        paths::list,
        problem::Result,
        view::{form_status, show as page, show_as},
        views::erasure::view,
    },
};
use axum::extract::Path;

type Id = Path<(String, String, String)>;

pub(in crate::web) async fn new(visit: Visit, path: Id) -> Result {
    let customer = subject(&visit.ctx, id(path)?).await?;
    Ok(page(&visit.hx, &view(&visit, &customer, ("", &Problems::default()))))
}

pub(in crate::web) async fn create(visit: Visit, path: Id, form: Form) -> Result {
    let id = id(path)?;
    match erase(&visit.ctx, id, form.text("basis")).await {
        Ok(_) => Ok(visit.hx.go(&list(&visit.base(), Kind::Customer), "erased")),
        Err(Error::Invalid(problems)) => {
            let customer = subject(&visit.ctx, id).await?;
            let page = view(&visit, &customer, (form.text("basis"), &problems));
            Ok(show_as(form_status(&problems, &[]), &visit.hx, &page))
        }
        Err(e) => Err(e.into()),
    }
}
