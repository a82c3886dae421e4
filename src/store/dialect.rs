//! The few texts that one database needs and the other does not, each with its reason.
use super::db::{Engine, Tx};
use sqlx::Result;

/// PostgreSQL plans the checks of foreign keys once in a session. Made while a table was empty, such
/// a plan may read every row of a company; after bulk growth they are made anew, on real sizes.
pub async fn replan(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        tx.sql("DISCARD PLANS").run().await?;
    }
    Ok(())
}
