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
    /// A value that no column holds: NUL in a text, a day beyond the calendar.
    Input,
    /// A mistake of ours.
    Ours,
}

/// Reads an error of either database.
pub fn fault(error: &Error) -> Fault {
    match error {
        Error::PoolTimedOut => Fault::Busy,
        Error::PoolClosed | Error::Io(_) | Error::Tls(_) | Error::WorkerCrashed => Fault::Down,
        Error::Database(db) => match (db.kind(), db.code().as_deref()) {
            (ErrorKind::UniqueViolation, _) => Fault::Taken,
            (ErrorKind::ForeignKeyViolation, _) => Fault::Reference,
            (_, Some(code)) => code.parse().map_or_else(|_| of_postgres(code), of_either),
            _ => Fault::Ours,
        },
        _ => Fault::Ours,
    }
}

/// SQLite's codes are small numbers, the kind in the last byte; PostgreSQL's have five characters,
/// some of them digits alone.
fn of_either(code: u32) -> Fault {
    match (code, code & 0xff) {
        (40001, _) => Fault::Busy,
        (53100, _) => Fault::Full,
        (53300, _) => Fault::Down,
        (22021 | 22008 | 22003, _) => Fault::Input,
        (10_000.., _) => Fault::Ours,
        (_, 5 | 6) => Fault::Busy,
        // full, read-only, input/output
        (_, 13 | 8 | 10) => Fault::Full,
        _ => Fault::Ours,
    }
}

fn of_postgres(code: &str) -> Fault {
    match code {
        // deadlock, lock timeout
        "40P01" | "55P03" => Fault::Busy,
        // shutting down, starting, connection lost
        "57P01" | "57P02" | "57P03" | "08006" | "08003" => Fault::Down,
        // read-only
        "25006" => Fault::Full,
        _ => Fault::Ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_are_known_by_their_kind() {
        assert_eq!([5, 261, 517, 773, 6].map(of_either), [Fault::Busy; 5]);
        assert_eq!([13, 10, 778, 522, 8, 264, 1032, 53100].map(of_either), [Fault::Full; 8]);
        assert_eq!([22021, 22008].map(of_either), [Fault::Input; 2]);
        assert_eq!([1, 19, 42601].map(of_either), [Fault::Ours; 3]);
    }
}
