//! What a failed statement means for the one who asked.
use sqlx::{Error, error::ErrorKind};

/// Why the database did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A key is taken.
    Taken,
    /// A record is referred to, or a reference names nothing.
    Reference,
    /// Another writer was not done in time.
    Busy,
    /// No room on the disk, or a read-only one.
    Full,
    /// The database cannot be reached.
    Down,
    /// A mistake of ours.
    Ours,
}

/// Reads an error of either database.
pub fn fault(error: &Error) -> Fault {
    match error {
        Error::PoolTimedOut
        | Error::PoolClosed
        | Error::Io(_)
        | Error::Tls(_)
        | Error::WorkerCrashed => Fault::Down,
        Error::Database(db) => match (db.kind(), db.code().as_deref()) {
            (ErrorKind::UniqueViolation, _) => Fault::Taken,
            (ErrorKind::ForeignKeyViolation, _) => Fault::Reference,
            // SQLite: busy, locked; PostgreSQL: serialisation, deadlock, lock timeout
            (_, Some("5" | "6" | "261" | "517" | "40001" | "40P01" | "55P03")) => Fault::Busy,
            // SQLite: full, read-only, input/output; PostgreSQL: disk full, read-only
            (_, Some("13" | "8" | "10" | "53100" | "25006")) => Fault::Full,
            // PostgreSQL: shutting down, starting, too many connections, connection lost
            (_, Some("57P01" | "57P02" | "57P03" | "53300" | "08006" | "08003")) => Fault::Down,
            _ => Fault::Ours,
        },
        _ => Fault::Ours,
    }
}
