//! Sign-in, sign-out and the first run.
use crate::{
    app::App,
    domain::check::Problems,
    service::{
        accounts::{self, NewUser},
        companies::{self, NewCompany},
        error::Error,
    },
    web::{
        cookies,
        extract::Guest,
        form::Form,
        paths::{home, login_and_back, safe_next},
        problem::Result,
        query::Query,
        session,
        view::{Plain, show, show_as},
        views::pages::{Login, Setup, SetupGiven},
    },
};
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use tower_sessions::Session;

/// `/` leads to where work is: the first company, the sign-in, or the first run.
pub(in crate::web) async fn start(State(app): State<App>, guest: Guest) -> Result {
    if let Some(who) = &guest.who {
        let place = accounts::home(who).map(|p| home(&p.company.slug));
        let admin = if who.user.platform_admin { "/admin" } else { "/account" };
        return Ok(Redirect::to(place.as_deref().unwrap_or(admin)).into_response());
    }
    let to =
        if companies::is_first_run(&app).await? { "/setup".into() } else { login_and_back("/") };
    Ok(Redirect::to(&to).into_response())
}

pub(in crate::web) async fn new(guest: Guest, uri: Uri) -> Response {
    let next = Query::of(&uri).get("next").to_owned();
    let shell = Plain::of(&guest, "Sign in");
    show(&guest.hx, &Login { shell, email: String::new(), next, error: String::new() })
}

pub(in crate::web) async fn create(
    State(app): State<App>,
    guest: Guest,
    session: Session,
    form: Form,
) -> Result {
    let (email, next) = (form.text("email").to_owned(), form.text("next").to_owned());
    let Some(user) = accounts::check_password(&app, &email, form.text("password")).await? else {
        let error = "The e-mail or the password is not right.".to_owned();
        let view = Login { shell: Plain::of(&guest, "Sign in"), email, next, error };
        return Ok(show_as(StatusCode::UNPROCESSABLE_ENTITY, &guest.hx, &view));
    };
    session::begin(&session, user.id).await?;
    Ok(Redirect::to(safe_next(&next).unwrap_or("/")).into_response())
}

/// The cookie is taken back by a header of our own: browsers ignore the removal of a `__Host-`
/// cookie that is not marked as secure.
pub(in crate::web) async fn destroy(State(app): State<App>, session: Session) -> Result {
    session::end(&session).await?;
    tracing::info!(target: "tributary::security", event = "signed_out", "signed out");
    let secure = if app.web.insecure_cookies { "" } else { "; Secure" };
    let gone = format!(
        "{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}",
        session::cookie_name(&app)
    );
    let mut response = Redirect::to("/login").into_response();
    let headers = response.headers_mut();
    headers.extend(HeaderValue::from_str(&gone).ok().map(|v| (header::SET_COOKIE, v)));
    headers.append(header::SET_COOKIE, cookies::say("signed-out"));
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

pub(in crate::web) async fn setup(State(app): State<App>, guest: Guest, uri: Uri) -> Result {
    if !companies::is_first_run(&app).await? {
        return Err(Error::NotFound.into());
    }
    let given = SetupGiven {
        code: Query::of(&uri).get("code").to_owned(),
        currency: "GBP".into(),
        timezone: "Europe/London".into(),
        ..SetupGiven::default()
    };
    Ok(show(
        &guest.hx,
        &Setup { shell: Plain::of(&guest, "Welcome"), given, problems: Problems::default() },
    ))
}

pub(in crate::web) async fn set_up(
    State(app): State<App>,
    guest: Guest,
    session: Session,
    form: Form,
) -> Result {
    let given = SetupGiven::of(&form);
    let user = given.user(form.text("password"));
    match companies::set_up(&app, &given.code, user, &given.first_company()).await {
        Ok(user) => {
            // it is done: without a session, one signs in
            let begun = session::begin(&session, user.id).await.is_ok();
            let to = if begun { home(&given.slug) } else { "/login".into() };
            Ok(Redirect::to(&to).into_response())
        }
        Err(Error::Invalid(problems)) => {
            let view = Setup { shell: Plain::of(&guest, "Welcome"), given, problems };
            Ok(show_as(StatusCode::UNPROCESSABLE_ENTITY, &guest.hx, &view))
        }
        Err(e) => Err(e.into()),
    }
}

impl SetupGiven {
    fn of(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let (name, email, company) = (text("name"), text("email"), text("company"));
        Self {
            code: text("code"),
            name,
            email,
            company,
            slug: text("slug"),
            currency: text("currency"),
            timezone: text("timezone"),
        }
    }
    fn user(&self, password: &str) -> NewUser {
        let (email, name) = (self.email.clone(), self.name.clone());
        NewUser { email, name, password: password.to_owned(), platform_admin: true }
    }
    fn first_company(&self) -> NewCompany {
        let (slug, name) = (self.slug.clone(), self.company.clone());
        NewCompany { slug, name, currency: self.currency.clone(), timezone: self.timezone.clone() }
    }
}
