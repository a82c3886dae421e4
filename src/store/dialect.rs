//! The few texts that one database needs and the other does not, each with its reason.
use super::{
    db::{Engine, Tx},
    search::Index,
};
use sqlx::Result;

/// PostgreSQL plans the checks of foreign keys once in a session. Made while a table was empty, such
/// a plan may read every row of a company; after bulk growth they are made anew, on real sizes.
pub async fn replan(tx: &mut Tx) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        tx.sql("DISCARD PLANS").run().await?;
    }
    Ok(())
}

/// SQLite's index of words grows by pieces, and a search asks each of them. After bulk growth they
/// are put together, with work in proportion to what was added.
pub async fn settle_words(tx: &mut Tx, index: &Index, added: usize) -> Result<()> {
    if tx.engine() == Engine::Sqlite && added >= BULK {
        let table = index.table();
        let mut sql = tx.builder();
        sql.push("INSERT INTO ")
            .push(table)
            .push(" (")
            .push(table)
            .push(", rank) VALUES ('merge', ");
        sql.bind(-i64::try_from(added / ROWS_PER_PAGE).unwrap_or(i64::MAX)).push(")");
        tx.built(sql).run().await?;
    }
    Ok(())
}

/// From so many rows of one commit on it is worth it.
const BULK: usize = 1_000;
/// The words of at least so many rows fit a page of the index.
const ROWS_PER_PAGE: usize = 20;
