//! Steps made ready for writing: all that can be worked out without the database, so that a large
//! import can do it on another core while the database writes what came before.
use super::{
    cell::Cell,
    db::{Builder, Engine},
    kinds::{Stored, Texts},
    lines,
    versions::Version,
};
use crate::domain::{
    history::chain::{Hash, body_hash},
    ids::CompanyId,
    order::Order,
};
use jiff::tz::TimeZone;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// Rows of one INSERT: enough to spread its cost, few enough to stay cached.
pub const CHUNK: usize = 100;

/// A record's step: `before` is `None` for a new one and for one that comes back, `after` for one
/// that is deleted.
#[derive(Clone, Debug)]
pub struct Step<R> {
    pub before: Option<Arc<R>>,
    pub after: Option<Arc<R>>,
    /// The record has versions already; its last may say that it was deleted.
    known: bool,
    body: Body,
}

/// The body of what a step writes.
#[derive(Clone, Debug)]
enum Body {
    /// To be made of the record.
    Unknown,
    Known(String, Hash),
    /// It stands already, by the commit that wrote it: it is not written again.
    Stands(i64, Hash),
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
        Self::shared(before.map(Arc::new), after.map(Arc::new), known)
    }
    /// The same of what others look at too.
    pub fn shared(before: Option<Arc<R>>, after: Option<Arc<R>>, known: bool) -> Self {
        Self { before, after, known, body: Body::Unknown }
    }
    /// The same with what [`crate::domain::record::Record::body`] gives for what it writes, and its hash.
    #[must_use]
    pub fn with_body(self, body: String, hash: Hash) -> Self {
        Self { body: Body::Known(body, hash), ..self }
    }
    /// The same where that body, of this hash, stands already by the commit that wrote it.
    #[must_use]
    pub fn standing_at(self, seq: i64, hash: Hash) -> Self {
        Self { body: Body::Stands(seq, hash), ..self }
    }
    /// The same where that body is a version's.
    #[must_use]
    pub fn as_in(self, version: &Version) -> Self {
        let hash = body_hash(&version.body);
        match version.body_seq {
            Some(seq) => self.standing_at(seq, hash),
            None => self.with_body(version.body.clone(), hash),
        }
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
    /// The commit by which its body stands.
    body_seq: i64,
    pub hash: Hash,
    pub columns: Vec<Cell>,
    /// The words to be found by, and those of before if they are others or it is deleted.
    pub words: String,
    pub old_words: Option<String>,
}

impl Ready {
    /// With its body, unless that stands already. `None` for a step from nothing to nothing.
    fn of<R: Stored>(place: &Place, step: Step<R>) -> Option<(Self, Option<String>)> {
        let (known, deleted, company) = (step.known, step.after.is_none(), place.company);
        let record = step.after.as_ref().or(step.before.as_ref())?;
        let (body, body_seq, hash) = match step.body {
            Body::Stands(seq, hash) => (None, seq, hash),
            Body::Known(body, hash) => (Some(body), place.seq, hash),
            Body::Unknown => {
                let body = record.body();
                let hash = body_hash(&body);
                (Some(body), place.seq, hash)
            }
        };
        let columns = record.columns();
        let words = record.search_words(company);
        let old_words = step.before.as_ref().map(|b| b.search_words(company));
        let old_words = old_words.filter(|old| deleted || *old != words);
        let id = record.id();
        let head = match &step.before {
            None => Head::New,
            Some(before) if before.columns() == columns => Head::Stays,
            Some(_) => Head::Changes,
        };
        let ready = Self { id, known, head, deleted, body_seq, hash, columns, words, old_words };
        Some((ready, body))
    }
}

/// (month, state, currency) → (orders, gross)
pub type Counts = BTreeMap<(String, &'static str, String), (i64, i64)>;

/// Where steps are to be written.
#[derive(Clone)]
pub struct Place {
    pub engine: Engine,
    pub company: CompanyId,
    /// The number of the world: 0 for main. Lines as rows and counters are kept of main alone.
    pub branch: i64,
    /// The commit, and the revision of its bodies.
    pub seq: i64,
    pub rev: i64,
    /// Decides to which month an order counts.
    pub zone: TimeZone,
}

impl Place {
    /// The statement that ends the versions of some records.
    pub fn ends(&self, texts: &Texts, ids: &[Uuid]) -> Builder {
        let mut sql = Builder::new(self.engine);
        sql.push(texts.close).bind(self.seq);
        sql.push(" WHERE company_id = ").bind(self.company);
        sql.push(" AND branch_id = ").bind(self.branch);
        sql.push(" AND to_seq IS NULL AND id IN ").list(ids);
        sql
    }
}

/// Steps that are written at once.
pub struct Chunk {
    pub each: Vec<Ready>,
    /// The statements that end versions and write others with their bodies, in their order.
    pub statements: Vec<Builder>,
}

impl Chunk {
    fn of<R: Stored>(place: &Place, all: Vec<(Ready, Option<String>)>) -> Self {
        let (texts, mut statements) = (&R::TEXTS, vec![]);
        let (each, bodies): (Vec<Ready>, Vec<Option<String>>) = all.into_iter().unzip();
        let known: Vec<Uuid> = each.iter().filter(|r| r.known).map(|r| r.id).collect();
        if !known.is_empty() {
            statements.push(place.ends(texts, &known));
        }
        let bodies = each.iter().zip(bodies).filter_map(|(r, body)| Some((r.id, body?)));
        let mut bodies = bodies.peekable();
        if bodies.peek().is_some() {
            let mut sql = Builder::new(place.engine);
            sql.push(texts.insert_bodies).values(bodies, |row, (id, body)| {
                row.bind(place.company).bind(id).bind(place.seq).bind(body);
            });
            statements.push(sql);
        }
        let mut sql = Builder::new(place.engine);
        sql.push(texts.insert).values(&each, |row, r| {
            row.bind(place.company).bind(place.branch).bind(r.id).bind(place.seq);
            row.bind(r.deleted).bind(place.rev).bind(r.body_seq).bind(r.hash.to_vec());
            r.columns.iter().cloned().for_each(|c| c.bind(row));
        });
        statements.push(sql);
        Self { each, statements }
    }
}

/// Steps of a kind made ready, with what the kind keeps beside its records.
#[derive(Default)]
pub struct Batch {
    pub chunks: Vec<Chunk>,
    /// Orders whose lines are written anew.
    pub cleared: Vec<Uuid>,
    /// The statements that write the lines.
    pub lines: Vec<Builder>,
    pub counts: Counts,
}

impl Batch {
    pub fn of<R: Stored>(place: &Place, steps: Vec<Step<R>>) -> Self {
        let mut beside = Beside::default();
        if place.branch == 0 {
            for step in &steps {
                R::beside(step, &place.zone, &mut beside);
            }
        }
        let Beside { cleared, rows, counts } = beside;
        let mut each = steps.into_iter().filter_map(|step| Ready::of(place, step)).peekable();
        let mut chunks = vec![];
        while each.peek().is_some() {
            chunks.push(Chunk::of::<R>(place, each.by_ref().take(CHUNK).collect()));
        }
        let lines = lines::inserts(place.engine, place.company, &rows);
        Self { chunks, cleared, lines, counts }
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
