//! Numbers and hashes as people read them.
use crate::domain::{
    history::chain::{body_hash, hex},
    page::{COUNT_CAP, Count},
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

/// `12`, or `1,000+` of what was counted no further.
pub(in crate::web) fn up_to_cap(n: i64) -> String {
    if n > COUNT_CAP { format!("{}+", grouped(&COUNT_CAP.to_string())) } else { n.to_string() }
}

/// `1 change`, `12 changes`, `1,000+ changes`.
pub(in crate::web) fn changes(n: i64) -> String {
    if n == 1 { "1 change".into() } else { format!("{} changes", up_to_cap(n)) }
}

/// The first letters of a record's hash.
pub(in crate::web) fn short_hash<R: Record>(record: &R) -> String {
    hex(&body_hash(&record.body())).chars().take(12).collect()
}
