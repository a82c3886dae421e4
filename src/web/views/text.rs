//! Numbers and hashes as people read them.
use crate::domain::{
    history::chain::{body_hash, hex},
    page::Count,
    record::Record,
    text::grouped,
};

/// `12`, or `more than 1,000`.
pub(in crate::web) fn counted(count: Count, one: &str) -> String {
    match count {
        Count::Exactly(1) => format!("1 {one}"),
        Count::Exactly(n) => format!("{} {one}s", grouped(&n.to_string())),
        Count::MoreThan(n) => format!("more than {} {one}s", grouped(&n.to_string())),
    }
}

/// The first letters of a record's hash.
pub(in crate::web) fn short_hash<R: Record>(record: &R) -> String {
    hex(&body_hash(&record.body())).chars().take(12).collect()
}
