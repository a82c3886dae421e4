//! Sessions: the table holds a hash of the id, so who reads it cannot take over a session.
//!
//! A session says who is signed in and nothing that changes: company and world stand in the URL.
use super::db::Tx;
use crate::domain::{ids::UserId, time::Ts};
use sqlx::Result;

/// A new session. Its row is made here only, and by nothing else ever again: a request that is
/// still under way when its session ends cannot bring it back.
pub async fn insert(
    tx: &mut Tx,
    id_hash: &[u8],
    user: UserId,
    (data, now, ends): (&[u8], Ts, Ts),
) -> Result<()> {
    let text = "INSERT INTO sessions (id_hash, user_id, data, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)";
    tx.sql(text)
        .bind(id_hash.to_vec())
        .bind(user)
        .bind(data.to_vec())
        .bind(now)
        .bind(ends)
        .run()
        .await?;
    Ok(())
}

/// Keeps a live session from falling asleep.
pub async fn seen(tx: &mut Tx, id_hash: &[u8], now: Ts) -> Result<u64> {
    tx.sql("UPDATE sessions SET seen_at = $2 WHERE id_hash = $1")
        .bind(id_hash.to_vec())
        .bind(now)
        .run()
        .await
}

pub async fn delete(tx: &mut Tx, id_hash: &[u8]) -> Result<u64> {
    tx.sql("DELETE FROM sessions WHERE id_hash = $1").bind(id_hash.to_vec()).run().await
}

/// Ends every session of a user: the password changed, or the user was disabled.
pub async fn delete_of(tx: &mut Tx, user: UserId) -> Result<u64> {
    tx.sql("DELETE FROM sessions WHERE user_id = $1").bind(user).run().await
}

/// Forgets what has ended.
pub async fn sweep(tx: &mut Tx, now: Ts) -> Result<u64> {
    tx.sql("DELETE FROM sessions WHERE expires_at <= $1").bind(now).run().await
}
