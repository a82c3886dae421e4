//! Bringing worlds together: a branch into main, main into a branch, a commit taken back. One plan for
//! all of them, which changes nothing, and one transaction that does what the plan said.
mod apply;
mod checks;
mod decide;
mod plan;
mod sync;

pub use apply::{Outcome, merge, revert};
pub use decide::{Decision, Which, decide};
pub use plan::plan;
pub use sync::{sync, undo_sync};

use super::{error::Error, history::visible, subjects::Subject};
use crate::{
    domain::{
        branch::Branch,
        customer::Customer,
        field::Kind,
        history::{
            chain::{Hash, hex},
            diff::{Change, diff},
            merge::{Choice, Conflict, Notice},
        },
        order::Order,
        policy::Act,
        product::Product,
        tax::TaxCode,
    },
    store::{resolutions, sides::Source, versions::Version},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What is brought together.
#[derive(Clone, Debug)]
pub enum Job {
    /// A branch into main.
    Merge(Branch),
    /// Main as it is now into a branch.
    Sync(Branch),
    /// What main was before a commit into main.
    Revert(i64),
}

impl Job {
    fn source(&self) -> Source<'_> {
        match self {
            Self::Merge(branch) | Self::Sync(branch) => Source::Branch(branch),
            Self::Revert(seq) => Source::Commit(*seq),
        }
    }
    /// Under what its decisions are kept: a sync and a merge ask the same.
    fn subject(&self) -> resolutions::Subject {
        match self {
            Self::Merge(branch) | Self::Sync(branch) => resolutions::Subject::Branch(branch.id),
            Self::Revert(seq) => resolutions::Subject::Revert(*seq),
        }
    }
    /// The branch that it is of.
    pub fn branch(&self) -> Option<&Branch> {
        match self {
            Self::Merge(branch) | Self::Sync(branch) => Some(branch),
            Self::Revert(_) => None,
        }
    }
}

/// What becomes of one record.
#[derive(Clone, Debug)]
pub struct Draft<R> {
    pub id: Uuid,
    /// Main has a version of it, be it that of its deletion.
    pub known: bool,
    pub base: Option<Version>,
    /// As main has it.
    pub ours: Option<Version>,
    /// As it is to come in.
    pub theirs: Option<Version>,
    pub before: Option<R>,
    pub after: Option<R>,
    /// What two fields, or its own rules, disagree on.
    pub conflicts: Vec<Conflict>,
    /// What it and other records disagree on.
    pub clashes: Vec<Conflict>,
    /// Conflicts that were decided, and how.
    pub decided: Vec<(Conflict, Choice)>,
    pub notices: Vec<Notice>,
    /// The right that who merges lacks for it.
    pub denied: Option<Act>,
}

/// What a step does to a record of main.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Created,
    Changed,
    Deleted,
    /// Main has it so already.
    Nothing,
}

impl<R: Subject> Draft<R> {
    /// What it does to main.
    pub fn effect(&self) -> Effect {
        match (&self.before, &self.after) {
            (None, Some(_)) => Effect::Created,
            (Some(_), None) => Effect::Deleted,
            (Some(before), Some(after)) if before.body() != after.body() => Effect::Changed,
            _ => Effect::Nothing,
        }
    }
    /// Every conflict that is open.
    pub fn open(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter().chain(&self.clashes)
    }
    /// What it is called: as it will be, or as it was.
    pub fn title(&self) -> String {
        let any = self.after.as_ref().or(self.before.as_ref());
        any.map(R::title).or_else(|| read_title::<R>(self.theirs.as_ref())).unwrap_or_default()
    }
    /// Takes it out of the whole: main stays as it is.
    fn leave(&mut self)
    where
        R: Clone,
    {
        self.after = self.before.clone();
    }
}

fn read_title<R: Subject>(version: Option<&Version>) -> Option<String> {
    serde_json::from_str::<R>(&version?.body).ok().map(|r| r.title())
}

/// What becomes of every record, by kind.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    pub orders: Vec<Draft<Order>>,
    pub customers: Vec<Draft<Customer>>,
    pub products: Vec<Draft<Product>>,
    pub tax_codes: Vec<Draft<TaxCode>>,
}

/// A kind of record that can be merged.
pub trait Mergeable: Subject {
    /// In the order of their ids.
    fn of(drafts: &Drafts) -> &Vec<Draft<Self>>;
    fn of_mut(drafts: &mut Drafts) -> &mut Vec<Draft<Self>>;

    fn find(drafts: &Drafts, id: Uuid) -> Option<&Draft<Self>> {
        let all = Self::of(drafts);
        all.binary_search_by_key(&id, |d| d.id).ok().map(|at| &all[at])
    }
    fn find_mut(drafts: &mut Drafts, id: Uuid) -> Option<&mut Draft<Self>> {
        let all = Self::of_mut(drafts);
        all.binary_search_by_key(&id, |d| d.id).ok().map(|at| &mut all[at])
    }
}

macro_rules! mergeable {
    ($($t:ty: $field:ident;)+) => {$(
        impl Mergeable for $t {
            fn of(drafts: &Drafts) -> &Vec<Draft<Self>> {
                &drafts.$field
            }
            fn of_mut(drafts: &mut Drafts) -> &mut Vec<Draft<Self>> {
                &mut drafts.$field
            }
        }
    )+};
}
mergeable! {
    Order: orders;
    Customer: customers;
    Product: products;
    TaxCode: tax_codes;
}

/// Does the same for every kind of record, those that others name first.
macro_rules! each_kind {
    ($r:ident => $body:expr) => {{
        {
            type $r = $crate::domain::tax::TaxCode;
            $body;
        }
        {
            type $r = $crate::domain::customer::Customer;
            $body;
        }
        {
            type $r = $crate::domain::product::Product;
            $body;
        }
        {
            type $r = $crate::domain::order::Order;
            $body;
        }
    }};
}
pub(crate) use each_kind;

/// How many records of what effect, and what that is in money.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub created: usize,
    pub changed: usize,
    pub deleted: usize,
    /// Records with an open conflict, and the conflicts.
    pub clashing: usize,
    pub conflicts: usize,
    /// By how much the totals of orders go up, by currency, in minor units.
    pub money: BTreeMap<String, i64>,
}

impl Summary {
    /// Records that it changes on main.
    pub fn records(&self) -> usize {
        self.created + self.changed + self.deleted
    }
}

/// Everything that would happen. Nothing happens that is not in it.
#[derive(Clone, Debug)]
pub struct Plan {
    pub job: Job,
    /// The company's last commit when it was made, and main's.
    pub seen: i64,
    pub main: i64,
    pub drafts: Drafts,
    pub summary: Summary,
    /// The kinds and titles of records that who asks may not merge, with the right that is missing.
    pub denied: Vec<(Kind, String, Act)>,
    pub hash: Hash,
}

impl Plan {
    /// What an agreement to it names.
    pub fn name(&self) -> String {
        hex(&self.hash)
    }

    /// Some of its records as people look at them, and how many there are: those with conflicts, or
    /// all that it changes.
    pub fn told(&self, which: Told, (from, limit): (usize, usize)) -> (Vec<Record>, usize) {
        let (mut out, mut n) = (vec![], 0);
        each_kind!(R => for draft in R::of(&self.drafts).iter().filter(|d| which.wants(d)) {
            if (from..from + limit).contains(&n) {
                out.push(record(draft));
            }
            n += 1;
        });
        (out, n)
    }

    /// Refuses to go on while something is open.
    fn check(&self) -> Result<(), Error> {
        if let Some((kind, title, act)) = self.denied.first() {
            let kind = kind.label().to_lowercase();
            let why = format!("Your role does not include the right to {}", act.label());
            return Err(Error::Refused(format!("{why}, which {kind} {title} needs.")));
        }
        match self.summary.conflicts {
            0 => Ok(()),
            1 => Err(Error::Refused("One conflict is open. Decide it first.".into())),
            n => Err(Error::Refused(format!("{n} conflicts are open. Decide them first."))),
        }
    }
}

/// Which records of a plan are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// With a conflict, open or decided.
    Conflicts,
    /// That become different on main.
    Changes,
}

impl Told {
    fn wants<R: Subject>(self, draft: &Draft<R>) -> bool {
        match self {
            Self::Conflicts => draft.open().next().is_some() || !draft.decided.is_empty(),
            Self::Changes => draft.effect() != Effect::Nothing,
        }
    }
}

/// What a plan does with a record, as people look at it.
#[derive(Clone, Debug)]
pub struct Record {
    pub kind: Kind,
    pub id: Uuid,
    pub title: String,
    pub effect: Effect,
    /// From main as it is to main as it would be.
    pub changes: Vec<Change>,
    /// With the decision, where there is one.
    pub conflicts: Vec<(Conflict, Option<Choice>)>,
    pub notices: Vec<Notice>,
    /// The commits that made main's side and the incoming one.
    pub sides: [Option<i64>; 2],
}

fn record<R: Subject>(draft: &Draft<R>) -> Record {
    let changes = match (&draft.before, &draft.after) {
        (Some(before), Some(after)) => diff(R::FIELDS, &before.value(), &after.value()),
        _ => vec![],
    };
    let decided = draft.decided.iter().map(|(c, choice)| (c.clone(), Some(choice.clone())));
    Record {
        kind: R::KIND,
        id: draft.id,
        title: draft.title(),
        effect: draft.effect(),
        changes: visible::<R>(changes),
        conflicts: draft.open().map(|c| (c.clone(), None)).chain(decided).collect(),
        notices: draft.notices.clone(),
        sides: [&draft.ours, &draft.theirs].map(|v| v.as_ref().map(|v| v.seq)),
    }
}
