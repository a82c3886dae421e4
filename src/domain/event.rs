//! What others are told of main: one event for each record that a commit changed, then one for the commit.
//!
//! Nothing but the history is asked for them, so that there is none of what was not committed, none is
//! lost, and each has the same name for ever.
use super::field::Kind;
use std::{cmp::Ordering, fmt, str::FromStr};
use uuid::Uuid;

/// The name of an event, and its place among all of them: `12-order-<id>`, or `12` for the commit itself,
/// which comes after its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    pub seq: i64,
    pub record: Option<(Kind, Uuid)>,
}

impl EventId {
    /// Before the first one.
    pub const START: Self = Self { seq: 0, record: None };

    /// The record of a kind after which its next event comes, in the commit `seq` or a later one.
    pub fn after_of(self, kind: Kind) -> (i64, Uuid) {
        let last = match self.record {
            Some((known, id)) if known == kind => id,
            Some((known, _)) if known < kind => Uuid::nil(),
            _ => Uuid::max(),
        };
        (self.seq, last)
    }
    /// The commit after which the next event of a commit comes.
    pub fn after_commit(self) -> i64 {
        if self.record.is_some() { self.seq - 1 } else { self.seq }
    }
}

impl Ord for EventId {
    fn cmp(&self, other: &Self) -> Ordering {
        let place = |e: &Self| (e.seq, e.record.is_none(), e.record);
        place(self).cmp(&place(other))
    }
}
impl PartialOrd for EventId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.record {
            Some((kind, id)) => write!(f, "{}-{kind}-{id}", self.seq),
            None => write!(f, "{}", self.seq),
        }
    }
}

impl FromStr for EventId {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "Send the `id` of an event, or the number of a change";
        let mut parts = text.splitn(3, '-');
        let seq = parts.next().and_then(|n| n.parse().ok()).filter(|n| *n >= 0).ok_or(wrong)?;
        let record = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some(kind), Some(id)) => {
                Some((kind.parse().map_err(|_| wrong)?, id.parse().map_err(|_| wrong)?))
            }
            _ => return Err(wrong),
        };
        Ok(Self { seq, record })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_comes_after_its_records_and_names_are_read_as_written() {
        let id = |n| Uuid::from_u128(n);
        let of = |seq, record| EventId { seq, record };
        let all = [
            of(3, Some((Kind::Order, id(1)))),
            of(3, Some((Kind::Order, id(2)))),
            of(3, Some((Kind::Customer, id(1)))),
            of(3, None),
            of(4, Some((Kind::Order, id(0)))),
        ];
        assert!(all.is_sorted());
        for event in all {
            assert_eq!(event.to_string().parse(), Ok(event));
        }
        for wrong in
            ["", "x", "-1", "3-order", "3-order-x", "3-thing-00000000-0000-0000-0000-000000000001"]
        {
            assert!(wrong.parse::<EventId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_comes_next_depends_on_the_kind() {
        let at = EventId { seq: 3, record: Some((Kind::Customer, Uuid::from_u128(7))) };
        assert_eq!(at.after_of(Kind::Order), (3, Uuid::max()), "orders of 3 have been told");
        assert_eq!(at.after_of(Kind::Customer), (3, Uuid::from_u128(7)));
        assert_eq!(at.after_of(Kind::Product), (3, Uuid::nil()), "products of 3 come yet");
        assert_eq!(at.after_commit(), 2);
        let whole = EventId { seq: 3, record: None };
        assert_eq!((whole.after_of(Kind::Product), whole.after_commit()), ((3, Uuid::max()), 3));
    }
}
