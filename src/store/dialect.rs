//! The few texts that one database needs and the other does not, each with its reason.
use super::{
    db::{Db, Engine, Tx},
    search::Index,
};
use crate::domain::scope::Scope;
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
/// are put together, with work in proportion to what was added: a little at once, for others to write
/// in between.
pub async fn settle_words(db: &Db, scope: &Scope, (index, added): (Index, usize)) -> Result<()> {
    if db.engine() != Engine::Sqlite || added < BULK {
        return Ok(());
    }
    let table = index.table();
    for step in 0..(added / ROWS_PER_PAGE).div_ceil(PAGES) {
        let mut tx = db.write(scope).await?;
        let mut sql = tx.builder();
        sql.push("INSERT INTO ").push(table).push(" (").push(table);
        // a negative number begins with all pieces, a positive one goes on
        let pages = i64::try_from(PAGES).unwrap_or_default() * if step == 0 { -1 } else { 1 };
        sql.push(", rank) VALUES ('merge', ").bind(pages).push(")");
        tx.built(sql).run().await?;
        tx.commit().await?;
    }
    Ok(())
}

/// From so many rows of one commit on it is worth it.
const BULK: usize = 1_000;
/// The words of at least so many rows fit a page of the index.
const ROWS_PER_PAGE: usize = 20;
/// Pages at once: some 20 ms.
const PAGES: usize = 64;
