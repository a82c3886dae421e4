//! The company's own page: profile, members, roles.
use crate::{
    domain::{check::Problems, company::Company, policy::Role},
    service::{
        companies::{self, Changed},
        error::Error,
        references::Titles,
    },
    web::{
        extract::Visit,
        form::Form,
        problem::Result,
        view::{Shell, form_status, show_as},
        views::{
            fields::{ClashView, Showing},
            pages::{MemberView, Settings},
        },
    },
};
use serde_json::Value;

/// What the page shows beside its members.
struct Shown {
    /// The profile in the form.
    profile: Value,
    /// The one it was made from.
    base: Value,
    email: String,
    problems: Problems,
    clash: Vec<ClashView>,
}

impl Shown {
    fn of(company: &Company) -> Self {
        let (profile, base) = (company.profile(), company.profile());
        Self { profile, base, email: String::new(), problems: Problems::default(), clash: vec![] }
    }
}

async fn page(visit: &Visit, shown: Shown) -> Result {
    let members = companies::members(&visit.ctx).await?;
    let status = form_status(&shown.problems, &shown.clash);
    let view = Settings {
        shell: Shell::of(visit, "Company", "settings"),
        company: visit.ctx.company.clone(),
        profile: shown.profile,
        base: shown.base.to_string(),
        members: members.into_iter().map(MemberView::of).collect(),
        roles: Role::WORDS,
        email: shown.email,
        problems: shown.problems,
        clash: shown.clash,
    };
    Ok(show_as(status, &visit.hx, &view))
}

pub(in crate::web) async fn show(visit: Visit) -> Result {
    page(&visit, Shown::of(&visit.ctx.company)).await
}

pub(in crate::web) async fn update(visit: Visit, form: Form) -> Result {
    let shown = Shown { profile: form.given.clone(), ..Shown::of(&visit.ctx.company) };
    let base = form.about("_base").and_then(|text| serde_json::from_str(text).ok());
    let base: Value = base.unwrap_or_else(|| shown.base.clone());
    match companies::update_company(&visit.ctx, (&base, &form.given)).await {
        Ok(Changed::Done) => Ok(visit.hx.go(&format!("{}/settings", visit.base()), "saved")),
        Ok(Changed::Unchanged) => {
            Ok(visit.hx.go(&format!("{}/settings", visit.base()), "unchanged"))
        }
        Ok(Changed::Conflict(fields)) => {
            let (zone, titles) = (visit.ctx.company.zone(), Titles::new());
            let showing = Showing { zone: &zone, titles: &titles };
            let clash = fields.iter().map(|f| showing.clash(f)).collect();
            page(&visit, Shown { clash, ..shown }).await
        }
        Err(Error::Invalid(problems)) => page(&visit, Shown { base, problems, ..shown }).await,
        Err(e) => Err(e.into()),
    }
}

pub(in crate::web) async fn put_member(visit: Visit, form: Form) -> Result {
    let email = form.text("email").to_owned();
    let role = form.text("role").parse().map_err(|_| Error::at("role", "Choose a role"));
    let active = form.text("active").parse::<bool>();
    let active = active.map_err(|_| Error::at("active", "Say true or false"));
    let done = match role.and_then(|role| Ok((role, active?))) {
        Ok((role, active)) => companies::put_member(&visit.ctx, &email, (role, active)).await,
        Err(e) => Err(e),
    };
    let problems = match done {
        Ok(()) => return Ok(visit.hx.go(&format!("{}/settings", visit.base()), "saved")),
        Err(Error::Invalid(problems)) => problems,
        Err(Error::Refused(text)) => Problems::at("", text),
        Err(e) => return Err(e.into()),
    };
    page(&visit, Shown { email, problems, ..Shown::of(&visit.ctx.company) }).await
}
