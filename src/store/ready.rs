//! Steps made ready for writing: all that can be worked out without the database, so that a large
//! import can do it on another core while the database writes what came before.
use super::{
    cell::Cell,
    db::{Builder, Engine},
    kinds::Stored,
    lines,
};
use crate::domain::{
    history::chain::{Hash, body_hash},
    ids::CompanyId,
    order::Order,
};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record's step: `before` is `None` for a new one and for one that comes back, `after` for one
/// that is deleted.
#[derive(Clone, Debug)]
pub struct Step<R> {
    pub before: Option<R>,
    pub after: Option<R>,
    /// The record has versions already; its last may say that it was deleted.
    known: bool,
    /// The body of what is written, where it is known already.
    body: Option<String>,
}

impl<R> Step<R> {
    pub fn new(after: R) -> Self {
        Self::of(None, Some(after), false)
    }
    pub fn from(before: R, after: R) -> Self {
        Self::of(Some(before), Some(after), true)
    }
    pub fn deletion(before: R) -> Self {
        Self::of(Some(before), None, true)
    }
    /// Of a record that was deleted.
    pub fn back(after: R) -> Self {
        Self::of(None, Some(after), true)
    }
    /// From what may be there to what may be there; `known` if it has versions in this world already.
    pub fn of(before: Option<R>, after: Option<R>, known: bool) -> Self {
        Self { before, after, known, body: None }
    }
    /// The same with what [`crate::domain::record::Record::body`] gives for what it writes.
    #[must_use]
    pub fn with_body(self, body: Option<String>) -> Self {
        Self { body, ..self }
    }
}

/// What a step does to the row of main's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// It was not there before: no words lead to it yet.
    New,
    /// Its list columns are what they were.
    Stays,
    Changes,
}

/// What a step writes of its record.
pub struct Ready {
    pub id: Uuid,
    /// The record has a version already.
    pub known: bool,
    pub head: Head,
    pub deleted: bool,
    pub body: String,
    pub hash: Hash,
    pub columns: Vec<Cell>,
    /// The words to be found by, and those of before if they are others or it is deleted.
    pub words: String,
    pub old_words: Option<String>,
}

impl Ready {
    /// `None` for a step from nothing to nothing.
    pub fn of<R: Stored>(company: CompanyId, step: &Step<R>) -> Option<Self> {
        let (known, deleted) = (step.known, step.after.is_none());
        let record = step.after.as_ref().or(step.before.as_ref())?;
        let body = step.body.clone().unwrap_or_else(|| record.body());
        let (hash, columns) = (body_hash(&body), record.columns());
        let words = record.search_words(company);
        let old_words = step.before.as_ref().map(|b| b.search_words(company));
        let old_words = old_words.filter(|old| deleted || *old != words);
        let id = record.id();
        let head = match &step.before {
            None => Head::New,
            Some(before) if before.columns() == columns => Head::Stays,
            Some(_) => Head::Changes,
        };
        Some(Self { id, known, head, deleted, body, hash, columns, words, old_words })
    }
}

/// (month, state, currency) → (orders, gross)
pub type Counts = BTreeMap<(String, &'static str, String), (i64, i64)>;

/// Where steps are to be written.
#[derive(Clone)]
pub struct Place {
    pub engine: Engine,
    pub company: CompanyId,
    /// Decides to which month an order counts.
    pub zone: TimeZone,
    /// Lines as rows and counters are kept of main alone.
    pub is_main: bool,
}

/// Steps of a kind made ready, with what the kind keeps beside its records.
#[derive(Default)]
pub struct Batch {
    pub each: Vec<Ready>,
    /// Orders whose lines are written anew.
    pub cleared: Vec<Uuid>,
    /// The statements that write the lines.
    pub lines: Vec<Builder>,
    pub counts: Counts,
}

impl Batch {
    pub fn of<R: Stored>(place: &Place, steps: &[Step<R>]) -> Self {
        let mut beside = Beside::default();
        if place.is_main {
            for step in steps {
                R::beside(step, &place.zone, &mut beside);
            }
        }
        let Beside { cleared, rows, counts } = beside;
        let each = steps.iter().filter_map(|step| Ready::of(place.company, step)).collect();
        let lines = lines::inserts(place.engine, place.company, &rows);
        Self { each, cleared, lines, counts }
    }
}

/// What main keeps of records beside them: an order's lines as rows, and the counters of its month.
#[derive(Default)]
pub struct Beside {
    cleared: Vec<Uuid>,
    rows: Vec<lines::Row>,
    counts: Counts,
}

impl Beside {
    pub fn order(&mut self, step: &Step<Order>, zone: &TimeZone) {
        let touched = lines::touched(step);
        if let (Some(before), Some(after), false) = (&step.before, &step.after, touched) {
            let gross = after.totals().map_or(0, |t| t.gross);
            self.count(before, zone, (-1, -gross));
            return self.count(after, zone, (1, gross));
        }
        if let Some(before) = &step.before {
            let gross = before.totals().map_or(0, |t| t.gross);
            self.count(before, zone, (-1, -gross));
            self.cleared.extend(touched.then_some(before.id.0));
        }
        if let Some(after) = &step.after {
            let sums = after.totals().unwrap_or_default();
            self.count(after, zone, (1, sums.gross));
            self.rows.extend(lines::rows(after, &sums).filter(|_| touched));
        }
    }

    fn count(&mut self, order: &Order, zone: &TimeZone, (orders, gross): (i64, i64)) {
        let key =
            (order.placed_at.month(zone), order.state.word(), order.currency.code().to_owned());
        let entry = self.counts.entry(key).or_default();
        *entry = (entry.0 + orders, entry.1 + gross);
    }
}
