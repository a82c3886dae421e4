//! What becomes of each record when worlds come together.
use super::{Job, each_kind};
use crate::{
    domain::{
        customer::Customer,
        field::Kind,
        history::{
            chain::{Hash, body_hash},
            merge::{Choice, Conflict, Notice},
        },
        order::Order,
        policy::Act,
        product::Product,
        review::checks::Checked,
        tax::TaxCode,
    },
    service::{error::Result, subjects::Subject},
    store::{masters::read, ready::Step, sides::Sides, versions::Version},
};
use std::{
    borrow::Cow,
    sync::{Arc, OnceLock},
};
use uuid::Uuid;

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
    before: Option<Arc<R>>,
    after: Option<Arc<R>>,
    whose: Whose,
    /// Of the body that it has then; it takes a while.
    hash: OnceLock<Hash>,
    effect: Effect,
    /// What two fields, or its own rules, disagree on.
    pub conflicts: Vec<Conflict>,
    /// What it and other records disagree on.
    pub clashes: Vec<Conflict>,
    /// Conflicts that were decided, and how.
    pub decided: Vec<(Conflict, Choice)>,
    pub notices: Vec<Notice>,
    /// The right that who merges lacks for it.
    pub denied: Option<Act>,
    /// Other records brought it in, or changed what becomes of it.
    pub(super) joined: bool,
    /// It was taken out of the whole.
    pub(super) left_out: bool,
}

/// Whose body it has then, in its canonical form.
#[derive(Clone, Debug)]
enum Whose {
    Ours,
    Theirs,
    Other(Option<String>),
}

/// What is done to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Created,
    Changed,
    Deleted,
    /// It is so already.
    Nothing,
}

impl Effect {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Deleted => "deleted",
            Self::Nothing => "nothing",
        }
    }
}

impl<R: Subject> Draft<R> {
    /// Of a record that is left as main has it.
    pub(super) fn new(Sides { id, base, ours, theirs, known }: Sides) -> Result<Self> {
        let before = typed(ours.as_ref())?.map(Arc::new);
        let (after, whose, hash) = (before.clone(), Whose::Ours, OnceLock::new());
        let effect = Effect::Nothing;
        let (conflicts, clashes, decided, notices) = (vec![], vec![], vec![], vec![]);
        Ok(Self {
            id,
            known,
            base,
            ours,
            theirs,
            before,
            after,
            whose,
            hash,
            effect,
            conflicts,
            clashes,
            decided,
            notices,
            denied: None,
            joined: false,
            left_out: false,
        })
    }
    /// As main has it.
    pub fn before(&self) -> Option<&R> {
        self.before.as_deref()
    }
    /// As main would have it.
    pub fn after(&self) -> Option<&R> {
        self.after.as_deref()
    }
    /// The body of that.
    fn body(&self) -> Option<&String> {
        match &self.whose {
            Whose::Ours => body(self.ours.as_ref()),
            Whose::Theirs => body(self.theirs.as_ref()),
            Whose::Other(body) => body.as_ref(),
        }
    }
    /// What it does to main.
    pub fn effect(&self) -> Effect {
        self.effect
    }
    /// What becomes of other orders matters to it: the branch deleted what they may name, be that decided
    /// otherwise, or brings a number that one of them may get.
    pub(super) fn rests_on_orders(&self) -> bool {
        let deletes = self.theirs.is_none() && self.before.is_some();
        let claims = |r: Option<&R>| r.and_then(R::claim).filter(|_| R::KIND == Kind::Order);
        let brings = claims(self.after()).is_some_and(|n| Some(n) != claims(self.before()));
        deletes || brings
    }
    /// The hash of its body as main would have it; zeros if it would not be there.
    pub fn hash(&self) -> Hash {
        *self.hash.get_or_init(|| self.body().map_or([0; 32], |body| body_hash(body)))
    }
    fn hashed(&self) -> Option<(&String, Hash)> {
        Some((self.body()?, self.hash()))
    }
    /// Makes this of it.
    pub(super) fn becomes(&mut self, after: Option<R>) {
        let body = after.as_ref().map(R::body);
        self.settle(after.map(Arc::new), Whose::Other(body));
    }
    /// The incoming side holds.
    pub(super) fn takes_theirs(&mut self) -> Result<()> {
        let after = typed(self.theirs.as_ref())?;
        self.settle(after.map(Arc::new), Whose::Theirs);
        Ok(())
    }
    /// The same, unless its kind has a say in that. Whether it was done.
    pub(super) fn takes_theirs_unguarded(&mut self) -> Result<bool> {
        let after: Option<R> = typed(self.theirs.as_ref())?;
        let free = !self.before().is_some_and(|b| b.guards(after.as_ref()));
        if free {
            self.settle(after.map(Arc::new), Whose::Theirs);
        }
        Ok(free)
    }
    /// Takes it out of the whole: main stays as it is.
    pub(super) fn leave(&mut self) {
        self.left_out = true;
        self.settle(self.before.clone(), Whose::Ours);
    }
    fn settle(&mut self, after: Option<Arc<R>>, whose: Whose) {
        (self.after, self.whose, self.hash) = (after, whose, OnceLock::new());
        self.effect = effect(body(self.ours.as_ref()), self.body());
    }

    /// What is to be written of it on main.
    pub(super) fn step(&self) -> Option<Step<R>> {
        if self.effect == Effect::Nothing {
            return None;
        }
        let step = Step::shared(self.before.clone(), self.after.clone(), self.known);
        // a deletion tells of what
        let is = self.hashed().or_else(|| hashed(self.ours.as_ref()));
        let sides = [&self.theirs, &self.ours, &self.base].into_iter().flatten();
        let same = |v: &&Version| is.is_some_and(|(body, _)| *body == v.body);
        let stands = sides.filter(same).find_map(|v| v.body_seq);
        Some(writes(step, (is, stands)))
    }
    /// The step from the incoming side to the base, if main becomes as the incoming side is.
    ///
    /// # Errors
    /// If the base cannot be read.
    pub(super) fn theirs_to_base(&self) -> Result<Option<Step<R>>> {
        let (base, theirs) = (self.base.as_ref(), self.theirs.as_ref());
        if self.body() != body(theirs) || body(base) == body(theirs) {
            return Ok(None);
        }
        let is_ours = body(base) == body(self.ours.as_ref());
        let is = if is_ours { self.before.clone() } else { typed(base)?.map(Arc::new) };
        let step = Step::shared(self.after.clone(), is, false);
        // a deletion tells of what
        let Some(written) = base.or(theirs) else { return Ok(None) };
        Ok(Some(step.as_in(written)))
    }
    /// What is to be written of it on its branch, so that this shows what main would have.
    ///
    /// # Errors
    /// If the branch's side cannot be read.
    pub(super) fn on_branch(&self) -> Result<Option<Step<R>>> {
        let theirs = self.theirs.as_ref();
        if self.body() == body(theirs) {
            return Ok(None);
        }
        Ok(Some(Step::shared(typed(theirs)?.map(Arc::new), self.after.clone(), true)))
    }

    /// What is to be written of it on a branch that showed it as main had it, and shows it still though main
    /// deleted it.
    pub(super) fn stays_on_branch(&self) -> Option<Step<R>> {
        let step = Step::shared(None, Some(self.after.clone()?), false);
        Some(writes(step, (self.hashed(), self.theirs.as_ref().and_then(|v| v.body_seq))))
    }

    /// How it is where the job ends, before: on main, or for a sync on the branch.
    ///
    /// # Errors
    /// If the branch's side cannot be read.
    pub(super) fn was(&self, job: &Job) -> Result<Option<Cow<'_, R>>> {
        match job {
            Job::Sync(_) => Ok(typed(self.theirs.as_ref())?.map(Cow::Owned)),
            Job::Merge(..) | Job::Revert(_) => Ok(self.before().map(Cow::Borrowed)),
        }
    }
    /// What the job does to it there.
    pub(super) fn effect_of(&self, job: &Job) -> Effect {
        match job {
            Job::Sync(_) => effect(body(self.theirs.as_ref()), self.body()),
            Job::Merge(..) | Job::Revert(_) => self.effect,
        }
    }

    /// Every conflict that is open.
    pub fn open(&self) -> impl Iterator<Item = &Conflict> {
        self.conflicts.iter().chain(&self.clashes)
    }
    /// What it is called: as it will be, or as it was.
    pub fn title(&self) -> String {
        let theirs = || typed::<R>(self.theirs.as_ref()).ok().flatten().map(|r| r.title());
        let any = self.after().or(self.before());
        any.map(R::title).or_else(theirs).unwrap_or_default()
    }
}

fn effect(before: Option<&String>, after: Option<&String>) -> Effect {
    match (before, after) {
        (None, Some(_)) => Effect::Created,
        (Some(_), None) => Effect::Deleted,
        (before, after) if before != after => Effect::Changed,
        _ => Effect::Nothing,
    }
}

/// A step with its body and the hash of that; the body stands already if a commit is named that wrote it.
fn writes<R>(step: Step<R>, (is, stands): (Option<(&String, Hash)>, Option<i64>)) -> Step<R> {
    match (is, stands) {
        (Some((_, hash)), Some(seq)) => step.standing_at(seq, hash),
        (Some((body, hash)), None) => step.with_body(body.clone(), hash),
        (None, _) => step,
    }
}

fn hashed(version: Option<&Version>) -> Option<(&String, Hash)> {
    body(version).map(|body| (body, body_hash(body)))
}

fn body(version: Option<&Version>) -> Option<&String> {
    version.map(|v| &v.body)
}

fn typed<R: Subject>(version: Option<&Version>) -> Result<Option<R>> {
    Ok(version.map(|v| read(&v.body)).transpose()?)
}

/// What becomes of every record, by kind.
#[derive(Clone, Debug, Default)]
pub struct Drafts {
    pub orders: Vec<Draft<Order>>,
    pub customers: Vec<Draft<Customer>>,
    pub products: Vec<Draft<Product>>,
    pub tax_codes: Vec<Draft<TaxCode>>,
}

impl Drafts {
    pub(super) fn count(&self) -> usize {
        let mut all = 0;
        each_kind!(R => all += R::of(self).len());
        all
    }
}

/// A kind of record that can be merged.
pub trait Mergeable: Subject + Checked {
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
