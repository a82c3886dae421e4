//! Sessions: begun at sign-in, read on every request, ended at sign-out or by time.
use super::error::Result;
use crate::{
    app::App,
    domain::{company::Who, ids::UserId, time::Ts},
    store::{accounts, sessions},
};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// How long a page waits for that.
const SEEN_WAIT: Duration = Duration::from_millis(200);
/// How often a session's last use is written down, in seconds.
const SEEN_EVERY: i64 = 60;

/// What the table keeps of an id: who reads it cannot sign in with it.
fn key(id: i128) -> Vec<u8> {
    Sha256::digest(id.to_le_bytes()).to_vec()
}

/// A new session of a user.
pub async fn begin(app: &App, id: i128, user: UserId) -> Result<()> {
    let mut tx = app.db.write_accounts().await?;
    let ends = app.now().plus_seconds(app.web.session_hours * 3600);
    sessions::insert(&mut tx, &key(id), user, (b"{}", app.now(), ends)).await?;
    Ok(tx.commit().await?)
}

/// Who a session belongs to, as of now, and when it ends at the latest.
pub async fn who(app: &App, id: i128) -> Result<Option<(Who, Ts)>> {
    let idle = app.now().plus_seconds(-app.web.session_idle_minutes * 60);
    let mut tx = app.db.read_accounts().await?;
    let found = accounts::who_of_session(&mut tx, &key(id), app.now(), idle).await?;
    drop(tx);
    let Some((who, seen, ends)) = found else { return Ok(None) };
    if app.now().micros() - seen.micros() > SEEN_EVERY * 1_000_000 {
        // a busy database must neither sign people out nor hold them up: the next request does it
        let written = tokio::time::timeout(SEEN_WAIT, seen_now(app, id)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!("the last use of a session was not written down");
        }
    }
    Ok(Some((who, ends)))
}

async fn seen_now(app: &App, id: i128) -> Result<()> {
    let mut tx = app.db.write_accounts().await?;
    sessions::seen(&mut tx, &key(id), app.now()).await?;
    Ok(tx.commit().await?)
}

/// The end of a session.
pub async fn end(app: &App, id: i128) -> Result<()> {
    let mut tx = app.db.write_accounts().await?;
    sessions::delete(&mut tx, &key(id)).await?;
    Ok(tx.commit().await?)
}

/// Forgets sessions that ended by time.
pub async fn sweep(app: &App) -> Result<u64> {
    let mut tx = app.db.write_accounts().await?;
    let n = sessions::sweep(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(n)
}
