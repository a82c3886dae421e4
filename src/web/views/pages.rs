//! The small pages: sign-in, first run, account, company, platform, search.
use super::fields::ClashView;
use crate::{
    domain::{
        check::Problems,
        company::{Company, User},
    },
    service::companies::Member,
    web::view::{Plain, Shell, View},
};
use askama::Template;
use serde_json::Value;

#[derive(Template)]
#[template(path = "auth/login.html", blocks = ["editor"])]
pub(in crate::web) struct Login {
    pub shell: Plain,
    pub email: String,
    pub next: String,
    pub error: String,
}
impl View for Login {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "editor").then(|| self.as_editor().render())
    }
}

#[derive(Template)]
#[template(path = "auth/setup.html")]
pub(in crate::web) struct Setup {
    pub shell: Plain,
    pub given: SetupGiven,
    pub problems: Problems,
}
impl View for Setup {}
#[derive(Default)]
pub(in crate::web) struct SetupGiven {
    pub code: String,
    pub name: String,
    pub email: String,
    pub company: String,
    pub slug: String,
    pub currency: String,
    pub timezone: String,
}

#[derive(Template)]
#[template(path = "auth/account.html")]
pub(in crate::web) struct Account {
    pub shell: Plain,
    pub user: User,
    pub name: String,
    pub home: String,
    pub problems: Problems,
}
impl View for Account {}

#[derive(Template)]
#[template(path = "auth/admin.html")]
pub(in crate::web) struct Admin {
    pub shell: Plain,
    pub home: String,
    pub companies: Vec<Company>,
    pub users: Vec<User>,
    pub given: AdminGiven,
    pub problems: Problems,
}
impl View for Admin {}
#[derive(Default)]
pub(in crate::web) struct AdminGiven {
    pub slug: String,
    pub company: String,
    pub currency: String,
    pub timezone: String,
    pub admin: String,
    pub email: String,
    pub name: String,
    pub person: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
pub(in crate::web) struct Settings {
    pub shell: Shell,
    pub company: Company,
    /// The profile in the form, and as JSON the one it was made from.
    pub profile: Value,
    pub base: String,
    pub members: Vec<MemberView>,
    pub roles: &'static [(&'static str, &'static str)],
    pub email: String,
    pub problems: Problems,
    pub clash: Vec<ClashView>,
}
impl Settings {
    /// A field of the profile as it stands in the form.
    pub(in crate::web) fn of(&self, name: &str) -> String {
        match &self.profile[name] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}
impl View for Settings {}
pub(in crate::web) struct MemberView {
    pub name: String,
    pub email: String,
    pub role: &'static str,
    pub role_label: &'static str,
    pub active: bool,
}
impl MemberView {
    pub(in crate::web) fn of(m: Member) -> Self {
        let (role, role_label) = (m.role.word(), m.role.label());
        Self { name: m.user.name, email: m.user.email, role, role_label, active: m.active }
    }
}

#[derive(Template)]
#[template(path = "search.html", blocks = ["found"])]
pub(in crate::web) struct Search {
    pub shell: Shell,
    pub q: String,
    pub groups: Vec<FoundView>,
}
/// What was found of one kind.
pub(in crate::web) struct FoundView {
    pub title: &'static str,
    pub icon: &'static str,
    /// URL, name, more.
    pub rows: Vec<(String, String, String)>,
}
impl View for Search {
    fn region(&self, target: &str) -> Option<askama::Result<String>> {
        (target == "found").then(|| self.as_found().render())
    }
}

/// Options of a list of suggestions.
#[derive(Template)]
#[template(path = "suggest.html")]
pub(in crate::web) struct Suggest {
    pub options: Vec<String>,
}
impl View for Suggest {}
