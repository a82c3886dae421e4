//! A world as whole maps in memory, and what its lists are by looking at every record.
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tributary::{
    domain::{
        order::{Order, State},
        page::{MasterFilter, OrderFilter, OrderSort},
        record::Record,
        text::{fold, words},
        time::Ts,
    },
    store::kinds::Master,
};
use uuid::Uuid;

/// What may be asked of an order.
pub struct OrderFacts {
    pub title: String,
    pub state: State,
    pub customer: Uuid,
    pub customer_name: String,
    pub placed: Ts,
    pub country: Option<String>,
    pub currency: &'static str,
    pub gross: i64,
    pub words: Vec<String>,
}

/// What may be asked of a customer or a product.
pub struct MasterFacts {
    pub code: String,
    pub name: String,
    pub active: bool,
    pub words: Vec<String>,
}

/// Records of one kind, by their ids; the ones that are gone, too.
pub struct All<F> {
    pub here: BTreeMap<Uuid, Arc<F>>,
    pub ever: BTreeSet<Uuid>,
}

/// Every record of a world.
#[derive(Clone, Default)]
pub struct Model {
    pub orders: All<OrderFacts>,
    pub customers: All<MasterFacts>,
    pub products: All<MasterFacts>,
}

impl<F> Clone for All<F> {
    fn clone(&self) -> Self {
        Self { here: self.here.clone(), ever: self.ever.clone() }
    }
}

impl<F> Default for All<F> {
    fn default() -> Self {
        Self { here: BTreeMap::new(), ever: BTreeSet::new() }
    }
}

impl<F> All<F> {
    /// The record is now so, or is not there.
    pub fn set(&mut self, id: Uuid, facts: Option<F>) {
        match facts {
            Some(facts) => {
                self.here.insert(id, Arc::new(facts));
                self.ever.insert(id);
            }
            None => drop(self.here.remove(&id)),
        }
    }
    fn differing(&self, other: &Self) -> BTreeSet<Uuid> {
        let shared = |id: &Uuid| match (self.here.get(id), other.here.get(id)) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        };
        self.ever.union(&other.ever).filter(|id| !shared(id)).copied().collect()
    }
    fn keep_of(&mut self, other: &Self) {
        let here = &self.here;
        self.ever.retain(|id| here.contains_key(id) || other.ever.contains(id));
    }
    pub fn gone(&self) -> BTreeSet<Uuid> {
        self.ever.iter().filter(|id| !self.here.contains_key(*id)).copied().collect()
    }
}

/// Every word is there, the last one as the beginning of one.
fn has(words: &[String], wanted: &[String]) -> bool {
    let Some((last, whole)) = wanted.split_last() else { return true };
    whole.iter().all(|w| words.contains(w)) && words.iter().any(|w| w.starts_with(last.as_str()))
}

impl OrderFacts {
    pub fn of(order: &Order) -> Self {
        Self {
            title: order.title(),
            state: order.state,
            customer: order.customer.0,
            customer_name: fold(&order.customer_name),
            placed: order.placed_at,
            country: order.country().map(str::to_owned),
            currency: order.currency.code(),
            gross: order.totals().unwrap().gross,
            words: words(&order.search_text()),
        }
    }

    fn passes(&self, f: &OrderFilter) -> bool {
        (f.states.is_empty() || f.states.contains(&self.state))
            && f.customer.is_none_or(|c| c == self.customer)
            && f.placed.0.is_none_or(|from| self.placed >= from)
            && f.placed.1.is_none_or(|to| self.placed < to)
            && f.gross.0.is_none_or(|least| self.gross >= least)
            && f.gross.1.is_none_or(|most| self.gross <= most)
            && (f.country.is_none() || f.country == self.country)
            && has(&self.words, &f.search)
    }

    fn compare(&self, other: &Self, sort: OrderSort) -> Ordering {
        match sort {
            OrderSort::Placed => self.placed.cmp(&other.placed),
            OrderSort::Number => self.title.cmp(&other.title),
            OrderSort::Customer => self.customer_name.cmp(&other.customer_name),
            OrderSort::Total => self.gross.cmp(&other.gross),
        }
    }
}

impl MasterFacts {
    pub fn of<M: Master>(record: &M) -> Self {
        let texts = [vec![record.code(), record.name()], record.more()].concat();
        Self {
            code: record.code().to_owned(),
            name: fold(record.name()),
            active: record.active(),
            words: words(&texts.join(" ")),
        }
    }
}

impl Model {
    /// The ids of the orders that a filter lets through, in its order.
    pub fn orders(&self, f: &OrderFilter) -> Vec<Uuid> {
        let mut found: Vec<_> = self.orders.here.iter().filter(|(_, o)| o.passes(f)).collect();
        found.sort_by(|a, b| a.1.compare(b.1, f.sort).then(a.0.cmp(b.0)));
        if f.descending {
            found.reverse();
        }
        found.into_iter().map(|(id, _)| *id).collect()
    }

    /// How many orders there are of each state and currency, and what they come to.
    pub fn tallies(&self) -> BTreeMap<(&'static str, &'static str), (i64, i64)> {
        let mut out = BTreeMap::new();
        for o in self.orders.here.values() {
            let (n, sum) = out.entry((o.state.word(), o.currency)).or_insert((0, 0));
            (*n, *sum) = (*n + 1, *sum + o.gross);
        }
        out
    }

    /// What was ordered in each month, the newest first.
    pub fn months(&self, currency: &str, zone: &jiff::tz::TimeZone) -> Vec<(String, i64)> {
        let mut out: BTreeMap<String, i64> = BTreeMap::new();
        let counted = |o: &&Arc<OrderFacts>| o.currency == currency && o.state != State::Cancelled;
        for o in self.orders.here.values().filter(counted) {
            *out.entry(o.placed.month(zone)).or_default() += o.gross;
        }
        out.into_iter().rev().collect()
    }
}

impl Model {
    /// The records that two worlds do not have in common, untouched.
    pub fn differing(&self, other: &Self) -> BTreeSet<Uuid> {
        let mut out = self.orders.differing(&other.orders);
        out.extend(self.customers.differing(&other.customers));
        out.extend(self.products.differing(&other.products));
        out
    }

    /// Has seen what another world has seen.
    pub fn met(&mut self, other: &Self) {
        self.orders.ever.extend(&other.orders.ever);
        self.customers.ever.extend(&other.customers.ever);
        self.products.ever.extend(&other.products.ever);
    }
    /// Knows of what is gone only what another world has seen.
    pub fn keep_of(&mut self, other: &Self) {
        self.orders.keep_of(&other.orders);
        self.customers.keep_of(&other.customers);
        self.products.keep_of(&other.products);
    }
}

impl All<MasterFacts> {
    /// Those that the law made.
    pub fn own(&self) -> Vec<Uuid> {
        let own = self.here.iter().filter(|(_, m)| m.code.starts_with("L-"));
        own.map(|(id, _)| *id).collect()
    }
    pub fn has_code(&self, code: &str) -> bool {
        self.here.values().any(|m| m.code == code)
    }
    /// The ids of the records that a filter lets through, by name.
    pub fn listed(&self, f: &MasterFilter) -> Vec<Uuid> {
        let passes = |m: &MasterFacts| (!f.only_active || m.active) && has(&m.words, &f.search);
        let found = self.here.iter().filter(|(_, m)| passes(m));
        let mut found: Vec<(&str, Uuid)> = found.map(|(id, m)| (m.name.as_str(), *id)).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}
