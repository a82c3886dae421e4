//! Writing over what was deleted: a database keeps it in free space until that is used again.
use super::{Db, OpenError, Pools};
use sqlx::Row;

/// SQLite's indexes of words keep deleted ones until they are put together.
const PUT_TOGETHER: &[&str] = &[
    "INSERT INTO order_search (order_search) VALUES ('optimize')",
    "INSERT INTO customer_search (customer_search) VALUES ('optimize')",
    "INSERT INTO product_search (product_search) VALUES ('optimize')",
    "INSERT INTO tax_code_search (tax_code_search) VALUES ('optimize')",
    "INSERT INTO span_search (span_search) VALUES ('optimize')",
    "VACUUM",
];

impl Db {
    /// Leaves nothing of what was deleted or erased in the database's files. SQLite needs free space of
    /// its own size meanwhile, and holds up changes.
    ///
    /// # Errors
    /// As the database, so if the disk is full; nothing is lost then. `NotCleaned` if somebody reads in the
    /// midst of it, or the role is not the owner of PostgreSQL's tables.
    pub async fn clean(&self) -> Result<(), OpenError> {
        match &self.pools {
            Pools::Sqlite { write, .. } => {
                for text in PUT_TOGETHER {
                    sqlx::raw_sql(*text).execute(write).await?;
                }
                let done =
                    sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(write).await?;
                if done.try_get::<i64, _>(0)? != 0 {
                    let why = "somebody reads from it; stop the server, then do it again";
                    return Err(OpenError::NotCleaned(why));
                }
            }
            Pools::Postgres(pool) => {
                let owns = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'order_versions'::regclass";
                if !sqlx::raw_sql(owns).fetch_one(pool).await?.try_get::<bool, _>(0)? {
                    let why = "the role does not own the tables; run this as their owner";
                    return Err(OpenError::NotCleaned(why));
                }
                sqlx::raw_sql("VACUUM FULL").execute(pool).await?;
            }
        }
        Ok(())
    }
}
