//! The platform: companies and people. None of a company's records can be seen from here.
use crate::{
    domain::{check::Problems, company::Who, ids::UserId},
    service::{
        accounts::{self, NewUser},
        companies::{self, NewCompany},
        error::Error,
    },
    web::{
        extract::Guest,
        form::Form,
        paths::home,
        problem::Result,
        view::{Plain, show_as},
        views::pages::{Admin, AdminGiven},
    },
};
use axum::{extract::Path, http::StatusCode};

fn signed_in(guest: &Guest) -> Result<Who> {
    guest.who.clone().ok_or_else(|| Error::SignIn.into())
}

async fn page(guest: &Guest, (given, problems): (AdminGiven, Problems)) -> Result {
    let who = signed_in(guest)?;
    let (companies, users) = companies::platform(&guest.app, &who).await?;
    let status =
        if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let home = accounts::home(&who).map_or("/account".into(), |p| home(&p.company.slug));
    let shell = Plain::of(guest, "Platform");
    Ok(show_as(status, &guest.hx, &Admin { shell, home, companies, users, given, problems }))
}

/// What was typed comes back with what is wrong.
async fn answer(guest: &Guest, given: AdminGiven, done: Result<(), Error>) -> Result {
    match done {
        Ok(()) => Ok(guest.hx.go("/admin", "saved")),
        Err(Error::Invalid(problems)) => page(guest, (given, problems)).await,
        Err(Error::Refused(text)) => page(guest, (given, Problems::at("", text))).await,
        Err(e) => Err(e.into()),
    }
}

fn blank() -> AdminGiven {
    AdminGiven { currency: "GBP".into(), timezone: "Europe/London".into(), ..AdminGiven::default() }
}

pub(in crate::web) async fn show(guest: Guest) -> Result {
    page(&guest, (blank(), Problems::default())).await
}

pub(in crate::web) async fn create_company(guest: Guest, form: Form) -> Result {
    let text = |name: &str| form.text(name).to_owned();
    let (slug, company, currency, timezone) =
        (text("slug"), text("company"), text("currency"), text("timezone"));
    let new = NewCompany {
        slug: slug.clone(),
        name: company.clone(),
        currency: currency.clone(),
        timezone: timezone.clone(),
    };
    let admin = accounts::user_of(&guest.app, form.text("admin")).await;
    let done = match admin {
        Ok(user) => companies::create_company(&guest.app, &new, user.id).await.map(|_| ()),
        Err(_) => Err(Error::at("admin", "Nobody has this address; make the account first")),
    };
    let given = AdminGiven { slug, company, currency, timezone, admin: text("admin"), ..blank() };
    answer(&guest, given, done).await
}

pub(in crate::web) async fn create_user(guest: Guest, form: Form) -> Result {
    let text = |name: &str| form.text(name).to_owned();
    let new = NewUser {
        email: text("email"),
        name: text("name"),
        password: text("password"),
        platform_admin: false,
    };
    let done = accounts::create_user(&guest.app, new).await.map(|_| ());
    answer(&guest, AdminGiven { email: text("email"), name: text("name"), ..blank() }, done).await
}

pub(in crate::web) async fn password(guest: Guest, form: Form) -> Result {
    accounts::platform_only(&signed_in(&guest)?)?;
    let (email, new) = (form.text("person"), form.text("new_password"));
    let done = accounts::reset_password(&guest.app, email, new).await;
    answer(&guest, AdminGiven { person: email.to_owned(), ..blank() }, done).await
}

pub(in crate::web) async fn company_active(
    guest: Guest,
    Path(slug): Path<String>,
    form: Form,
) -> Result {
    let who = signed_in(&guest)?;
    let active = form.text("active") == "true";
    let done = companies::set_company_active(&guest.app, &who, (&slug, active)).await;
    answer(&guest, blank(), done).await
}

pub(in crate::web) async fn user_active(
    guest: Guest,
    Path(id): Path<String>,
    form: Form,
) -> Result {
    let who = signed_in(&guest)?;
    let id: UserId = id.parse().map_err(|_| Error::NotFound)?;
    let active = form.text("active") == "true";
    let done = accounts::set_user_active(&guest.app, &who, (id, active)).await;
    answer(&guest, blank(), done).await
}
