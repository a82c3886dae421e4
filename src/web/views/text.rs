//! Numbers and hashes as people read them.
use crate::domain::{
    history::chain::{body_hash, hex},
    page::Count,
    record::Record,
};

/// `12`, or `more than 1,000`.
pub(in crate::web) fn counted(count: Count, one: &str) -> String {
    match count {
        Count::Exactly(1) => format!("1 {one}"),
        Count::Exactly(n) => format!("{} {one}s", grouped(n)),
        Count::MoreThan(n) => format!("more than {} {one}s", grouped(n)),
    }
}

/// `24,564`
pub(in crate::web) fn grouped(n: i64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) && c.is_ascii_digit() {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The first letters of a record's hash.
pub(in crate::web) fn short_hash<R: Record>(record: &R) -> String {
    hex(&body_hash(&record.body())).chars().take(12).collect()
}
