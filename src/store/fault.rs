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
            (_, Some(code)) if code.len() == 5 => of_postgres(code),
            (_, Some(code)) => code.parse().map_or(Fault::Ours, of_sqlite),
            _ => Fault::Ours,
        },
        _ => Fault::Ours,
    }
}

/// SQLite's extended codes, of at most four digits: the kind is in the last byte.
fn of_sqlite(code: u32) -> Fault {
    match code & 0xff {
        5 | 6 => Fault::Busy,
        // full, read-only, input/output
        13 | 8 | 10 => Fault::Full,
        _ => Fault::Ours,
    }
}

/// PostgreSQL's codes, of five characters.
fn of_postgres(code: &str) -> Fault {
    match code {
        // serialization failure, deadlock, lock timeout
        "40001" | "40P01" | "55P03" => Fault::Busy,
        // disk full, read-only
        "53100" | "25006" => Fault::Full,
        // too many connections, shutting down, starting, connection lost
        "53300" | "57P01" | "57P02" | "57P03" | "08006" | "08003" => Fault::Down,
        // characters, dates and numbers that cannot be
        "22021" | "22008" | "22003" => Fault::Input,
        _ => Fault::Ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_are_known_by_their_kind() {
        assert_eq!([5, 261, 517, 773, 6].map(of_sqlite), [Fault::Busy; 5]);
        assert_eq!([13, 10, 778, 522, 8, 264, 1032].map(of_sqlite), [Fault::Full; 7]);
        assert_eq!([1, 19].map(of_sqlite), [Fault::Ours; 2]);
        assert_eq!(["22021", "22008"].map(of_postgres), [Fault::Input; 2]);
        assert_eq!(["53100", "25006"].map(of_postgres), [Fault::Full; 2]);
        assert_eq!(["08006", "08003", "53300"].map(of_postgres), [Fault::Down; 3]);
        assert_eq!(of_postgres("42601"), Fault::Ours);
    }
}
