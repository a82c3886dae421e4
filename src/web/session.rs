//! Sessions over tower-sessions, in a store of our own.
//!
//! A row is made at sign-in and never made again: saving is refused for an id that is gone, so a
//! request under way at sign-out cannot bring a session back. Loading answers with who is signed in,
//! read anew each time, so that a changed right holds at once.
use crate::{
    app::App,
    domain::{company::Who, ids::UserId},
    service::{error as service, sessions},
};
use async_trait::async_trait;
use serde_json::Value;
use std::collections::HashMap;
use time::OffsetDateTime;
use tower_sessions::{
    Expiry, Session, SessionManagerLayer, SessionStore,
    cookie::SameSite,
    session::{Error as SessionFailure, Id, Record},
    session_store::{Error, Result},
};

const USER: &str = "user";
const WHO: &str = "who";

/// The store.
#[derive(Clone)]
pub struct Store(App);

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

/// The cookie's name: with the prefix, no other host and no plain HTTP can set it.
pub fn cookie_name(app: &App) -> &'static str {
    if app.web.insecure_cookies { "tributary" } else { "__Host-tributary" }
}

/// The layer that hands each request its session.
pub fn layer(app: &App) -> SessionManagerLayer<Store> {
    let hours = time::Duration::hours(app.web.session_hours);
    SessionManagerLayer::new(Store(app.clone()))
        .with_name(cookie_name(app))
        .with_secure(!app.web.insecure_cookies)
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(hours))
}

/// Who is signed in.
///
/// # Errors
/// If the database cannot be asked: nobody is signed out by that.
pub async fn who(session: &Session) -> service::Result<Option<Who>> {
    session.get::<Who>(WHO).await.map_err(|e| down(&e))
}

/// Signs in: whatever session there was ends, a new one begins.
///
/// # Errors
/// If the database does not take it. It is asked here and not after the answer was made, which
/// would make a bare 500 of that.
pub async fn begin(session: &Session, user: UserId) -> service::Result<()> {
    session.flush().await.map_err(|e| down(&e))?;
    session.insert(USER, user).await.map_err(|e| down(&e))?;
    session.save().await.map_err(|e| down(&e))
}

/// Signs out.
///
/// # Errors
/// If the database does not take it.
pub async fn end(session: &Session) -> service::Result<()> {
    session.flush().await.map_err(|e| down(&e))
}

/// What the library makes of any failure is a text.
fn down(e: &SessionFailure) -> service::Error {
    tracing::error!(error = %e, "a session cannot be read or written");
    service::Error::Down
}

fn failed(e: impl std::fmt::Display) -> Error {
    Error::Backend(e.to_string())
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let user = record.data.get(USER).and_then(Value::as_str).and_then(|s| s.parse().ok());
        let user: UserId = user.ok_or_else(|| Error::Encode("a session is somebody's".into()))?;
        // a record that was signed out within this request would bring its old id along
        record.id = Id::default();
        sessions::begin(&self.0, record.id.0, user).await.map_err(failed)
    }

    async fn save(&self, _: &Record) -> Result<()> {
        Ok(())
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let Some((who, ends)) = sessions::who(&self.0, id.0).await.map_err(failed)? else {
            return Ok(None);
        };
        let user = serde_json::to_value(who.user.id).map_err(failed)?;
        let who = serde_json::to_value(who).map_err(failed)?;
        let data = HashMap::from([(USER.into(), user), (WHO.into(), who)]);
        let nanos = i128::from(ends.micros()) * 1000;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(nanos).map_err(failed)?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        sessions::end(&self.0, id.0).await.map_err(failed)
    }
}
