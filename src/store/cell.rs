//! A typed value of a list column: written by one path, compared by `verify`.
use super::db::Tuple;
use crate::domain::time::Ts;
use uuid::Uuid;

/// One column of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    Text(Option<String>),
    Int(i64),
    Bool(bool),
    Id(Option<Uuid>),
    At(Ts),
}

impl Cell {
    pub fn text(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
    pub fn bind(self, row: &mut Tuple<'_>) {
        match self {
            Self::Text(v) => row.bind(v),
            Self::Int(v) => row.bind(v),
            Self::Bool(v) => row.bind(v),
            Self::Id(v) => row.bind(v),
            Self::At(v) => row.bind(v),
        };
    }
    /// As text, the same whichever database it came from.
    pub fn print(&self) -> String {
        match self {
            Self::Text(v) => v.clone().unwrap_or_else(|| "-".into()),
            Self::Int(v) => v.to_string(),
            Self::Bool(v) => i64::from(*v).to_string(),
            Self::Id(v) => v.map_or_else(|| "-".into(), |v| v.to_string()),
            Self::At(v) => v.micros().to_string(),
        }
    }
}

/// A row's cells as one text.
pub fn line(cells: &[Cell]) -> String {
    cells.iter().map(|c| c.print() + "\u{1f}").collect()
}
