//! One's own account: name, password, theme.
use crate::{
    domain::{check::Problems, company::Who},
    service::{accounts, error::Error},
    web::{
        cookies,
        extract::Guest,
        form::Form,
        paths::home,
        problem::Result,
        view::{Plain, show_as},
        views::pages::Account,
    },
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

fn signed_in(guest: &Guest) -> Result<Who> {
    guest.who.clone().ok_or_else(|| Error::SignIn.into())
}

fn page(guest: &Guest, who: Who, (name, problems): (String, Problems)) -> Response {
    let status =
        if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let home = accounts::home(&who).map_or("/".into(), |p| home(&p.company.slug));
    let shell = Plain::of(guest, "Account");
    show_as(status, &guest.hx, &Account { shell, user: who.user, name, home, problems })
}

pub(in crate::web) async fn show(guest: Guest) -> Result {
    let who = signed_in(&guest)?;
    let name = who.user.name.clone();
    Ok(page(&guest, who, (name, Problems::default())))
}

pub(in crate::web) async fn update(guest: Guest, form: Form) -> Result {
    let who = signed_in(&guest)?;
    match accounts::rename(&guest.app, &who, form.text("name")).await {
        Ok(()) => Ok(guest.hx.go("/account", "saved")),
        Err(Error::Invalid(p)) => Ok(page(&guest, who, (form.text("name").to_owned(), p))),
        Err(e) => Err(e.into()),
    }
}

pub(in crate::web) async fn password(guest: Guest, form: Form) -> Result {
    let who = signed_in(&guest)?;
    let both = (form.text("old"), form.text("new"));
    match accounts::change_password(&guest.app, &who, both).await {
        Ok(()) => Ok(guest.hx.go("/login", "password")),
        Err(Error::Invalid(p)) => {
            let name = who.user.name.clone();
            Ok(page(&guest, who, (name, p)))
        }
        Err(e) => Err(e.into()),
    }
}

/// Kept in a cookie, so that the first byte of a page has the right theme.
pub(in crate::web) async fn theme(guest: Guest, form: Form) -> Response {
    let referer = guest.headers.get(header::REFERER).and_then(|v| v.to_str().ok()).unwrap_or("/");
    let path = referer.splitn(4, '/').nth(3).map_or("/".into(), |p| format!("/{p}"));
    let back = crate::web::paths::safe_next(&path).unwrap_or("/").to_owned();
    let mut response = Redirect::to(&back).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::keep_theme(form.text("theme")));
    response
}
