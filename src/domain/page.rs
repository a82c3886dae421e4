//! What a list may be asked for, and its keyset cursor.
use super::{order::State, time::Ts};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Rows of a page: 50 unless asked otherwise.
pub const SIZES: [i64; 3] = [25, 50, 100];
/// Counts stop here: `1,000+` says as much as a person needs, at no cost.
pub const COUNT_CAP: i64 = 1000;

/// A place in a sorted list: the sort column's value and the id of the row, as opaque text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub key: String,
    pub id: Uuid,
    /// Towards the start of the list instead of its end.
    pub back: bool,
}

impl Cursor {
    /// As it stands in a URL.
    pub fn text(&self) -> String {
        format!("{}{}~{}", if self.back { "-" } else { "+" }, self.id.simple(), self.key)
    }

    /// Reads it back; anything else is no cursor.
    pub fn parse(text: &str) -> Option<Self> {
        let back = match text.get(..1)? {
            "-" => true,
            "+" | " " => false,
            _ => return None,
        };
        let (id, key) = text[1..].split_once('~')?;
        let id = Uuid::try_parse(id).ok()?;
        (key.len() <= 4000).then(|| Self { key: key.to_owned(), id, back })
    }
}

/// A page of a list with the cursors to its neighbours.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub prev: Option<Cursor>,
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// How many there are, if this page holds them all.
    pub fn whole(&self) -> Option<Count> {
        let alone = self.prev.is_none() && self.next.is_none();
        alone.then(|| Count::Exactly(i64::try_from(self.rows.len()).unwrap_or(i64::MAX)))
    }
}

/// How many there are; beyond [`COUNT_CAP`] only that there are more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Exactly(i64),
    MoreThan(i64),
}

/// By what orders are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderSort {
    Placed,
    Number,
    Customer,
    Total,
}

impl OrderSort {
    /// The word in the URL.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("placed", Self::Placed),
        ("number", Self::Number),
        ("customer", Self::Customer),
        ("total", Self::Total),
    ];
}

/// What a list of orders is asked for. Everything in it came from the URL.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderFilter {
    pub states: Vec<State>,
    pub customer: Option<Uuid>,
    /// Half-open: placed at or after, placed before.
    pub placed: (Option<Ts>, Option<Ts>),
    /// Inclusive, minor units.
    pub gross: (Option<i64>, Option<i64>),
    pub country: Option<String>,
    pub search: Vec<String>,
    pub sort: OrderSort,
    pub descending: bool,
    pub cursor: Option<Cursor>,
    pub size: i64,
}

impl OrderFilter {
    /// All orders, the newest first.
    pub fn all() -> Self {
        Self {
            states: vec![],
            customer: None,
            placed: (None, None),
            gross: (None, None),
            country: None,
            search: vec![],
            sort: OrderSort::Placed,
            descending: true,
            cursor: None,
            size: 50,
        }
    }
    /// Whether anything narrows the list down besides the state.
    pub fn only_states(&self) -> bool {
        self.is_wide() && self.search.is_empty()
    }
    /// Whether a search alone narrows the list down.
    pub fn only_words(&self) -> bool {
        self.is_wide() && self.states.is_empty() && !self.search.is_empty()
    }
    fn is_wide(&self) -> bool {
        self.customer.is_none()
            && self.placed == (None, None)
            && self.gross == (None, None)
            && self.country.is_none()
    }
}

/// What a list of master records is asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MasterFilter {
    pub search: Vec<String>,
    pub only_active: bool,
    pub cursor: Option<Cursor>,
    pub size: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_from_its_text() {
        let c = Cursor { key: "a~b c".into(), id: Uuid::from_bytes([3; 16]), back: true };
        assert_eq!(Cursor::parse(&c.text()).unwrap(), c);
        for bad in ["", "x", "+", "+abc", "+00~", "é~"] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
