//! Writing over what was deleted: a database keeps it in free space until that is used again.
use super::{Db, Pools};
use sqlx::Result;

/// SQLite's indexes of words keep deleted ones until they are put together.
const PUT_TOGETHER: &[&str] = &[
    "INSERT INTO order_search (order_search) VALUES ('optimize')",
    "INSERT INTO customer_search (customer_search) VALUES ('optimize')",
    "INSERT INTO product_search (product_search) VALUES ('optimize')",
    "INSERT INTO tax_code_search (tax_code_search) VALUES ('optimize')",
    "INSERT INTO span_search (span_search) VALUES ('optimize')",
    "VACUUM",
    "PRAGMA wal_checkpoint(TRUNCATE)",
];

impl Db {
    /// Leaves nothing of what was deleted or erased in the database's files. SQLite needs free space of
    /// its own size meanwhile, and holds up changes.
    ///
    /// # Errors
    /// As the database, so if the disk is full; nothing is lost then. On PostgreSQL the role must own
    /// the tables.
    pub async fn clean(&self) -> Result<()> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                for text in PUT_TOGETHER {
                    sqlx::raw_sql(*text).execute(write).await?;
                }
            }
            Pools::Postgres(pool) => {
                sqlx::raw_sql("VACUUM FULL").execute(pool).await?;
            }
        }
        Ok(())
    }
}
