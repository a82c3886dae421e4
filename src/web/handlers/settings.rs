//! The company's own page: profile, members, roles.
use crate::{
    domain::{check::Problems, company::Company, policy::Role},
    service::{companies, error::Error},
    web::{
        extract::Visit,
        form::Form,
        problem::Result,
        view::{Shell, show_as},
        views::pages::{MemberView, Settings},
    },
};
use axum::http::StatusCode;

async fn page(visit: &Visit, company: Company, (email, problems): (String, Problems)) -> Result {
    let members = companies::members(&visit.ctx).await?;
    let status =
        if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let view = Settings {
        shell: Shell::of(visit, "Company", "settings"),
        prefix: company.number_prefix.clone(),
        members: members.into_iter().map(MemberView::of).collect(),
        roles: Role::WORDS,
        company,
        email,
        problems,
    };
    Ok(show_as(status, &visit.hx, &view))
}

pub(in crate::web) async fn show(visit: Visit) -> Result {
    page(&visit, visit.ctx.company.clone(), (String::new(), Problems::default())).await
}

pub(in crate::web) async fn update(visit: Visit, form: Form) -> Result {
    let now = visit.ctx.company.clone();
    let changed = Company {
        name: form.text("name").to_owned(),
        timezone: form.text("timezone").to_owned(),
        number_prefix: form.text("number_prefix").to_owned(),
        price_mode: form.text("price_mode").parse().unwrap_or(now.price_mode),
        tax_rounding: form.text("tax_rounding").parse().unwrap_or(now.tax_rounding),
        ..now
    };
    match companies::update_company(&visit.ctx, changed.clone()).await {
        Ok(()) => Ok(visit.hx.go(&format!("{}/settings", visit.base()), "saved")),
        Err(Error::Invalid(p)) => page(&visit, changed, (String::new(), p)).await,
        Err(e) => Err(e.into()),
    }
}

pub(in crate::web) async fn put_member(visit: Visit, form: Form) -> Result {
    let email = form.text("email").to_owned();
    let role = form.text("role").parse().map_err(|_| Error::at("role", "Choose a role"));
    let active = form.text("active") == "true";
    let done = match role {
        Ok(role) => companies::put_member(&visit.ctx, &email, (role, active)).await,
        Err(e) => Err(e),
    };
    let company = visit.ctx.company.clone();
    match done {
        Ok(()) => Ok(visit.hx.go(&format!("{}/settings", visit.base()), "saved")),
        Err(Error::Invalid(p)) => page(&visit, company, (email, p)).await,
        Err(Error::Refused(text)) => page(&visit, company, (email, Problems::at("", text))).await,
        Err(e) => Err(e.into()),
    }
}
