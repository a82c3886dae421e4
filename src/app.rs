//! What the program runs on: the database, the clock and randomness, all handed in.
use crate::{config::Web, domain::time::Ts, hashing::Hashing, store::db::Db};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use std::{
    any::{Any, TypeId},
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};
use uuid::Uuid;

/// Everything a request or a command needs.
#[derive(Clone)]
pub struct App {
    pub db: Db,
    pub clock: Clock,
    pub rng: Rng,
    pub web: Arc<Web>,
    pub hashing: Arc<Hashing>,
    /// Printed by the server while nobody has an account, and asked of who makes the first one.
    pub setup_code: Arc<str>,
    pub kept: Kept,
    /// Set when the server is asked to stop: `/readyz` says so first.
    pub stopping: Arc<AtomicBool>,
}

impl App {
    /// For the server.
    pub fn new(db: Db, web: Web) -> Self {
        Self::with(db, web, Clock::system(), Rng::system())
    }

    /// With a clock and a randomness of one's own: for tests and for seeded companies.
    pub fn with(db: Db, web: Web, clock: Clock, rng: Rng) -> Self {
        let hashing = Arc::default();
        let stopping = Arc::new(AtomicBool::new(false));
        let setup_code = rng.word(10).into();
        let (web, kept) = (Arc::new(web), Kept::default());
        Self { db, clock, rng, web, hashing, setup_code, kept, stopping }
    }

    pub fn now(&self) -> Ts {
        self.clock.now()
    }

    /// A new `UUIDv7`: ids made later sort later.
    pub fn next_id(&self) -> Uuid {
        let mut random = [0; 10];
        self.rng.fill(&mut random);
        let millis = u64::try_from(self.now().micros() / 1000).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// What services keep in memory between requests: one thing of a type, which they share.
#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<BTreeMap<TypeId, Box<dyn Any + Send>>>>);

impl Kept {
    /// The thing of this type; at first an empty one.
    pub fn of<T: Clone + Default + Send + 'static>(&self) -> T {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(TypeId::of::<T>()).or_insert_with(|| Box::new(T::default()));
        known.downcast_ref::<T>().cloned().unwrap_or_default()
    }
    /// Takes this one instead.
    pub fn set<T: Send + 'static>(&self, thing: T) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(TypeId::of::<T>(), Box::new(thing));
    }
}

/// Tells the time: the machine's, or one that a test sets.
#[derive(Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn system() -> Self {
        Self(None)
    }
    /// Stands at a moment until it is moved.
    pub fn fixed(at: Ts) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.micros()))))
    }
    pub fn now(&self) -> Ts {
        match &self.0 {
            Some(us) => Ts::from_micros(us.load(Ordering::SeqCst)),
            #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
            None => Ts::of(jiff::Timestamp::now()),
        }
    }
    /// Moves a fixed clock on; the machine's clock stays as it is.
    pub fn advance(&self, seconds: i64) {
        if let Some(us) = &self.0 {
            us.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        }
    }
}

/// Randomness: the machine's, or a seeded one.
#[derive(Clone)]
pub struct Rng(Arc<Mutex<StdRng>>);

impl Rng {
    pub fn system() -> Self {
        Self(Arc::new(Mutex::new(StdRng::from_os_rng())))
    }
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }
    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
    /// A number below `n`.
    pub fn below(&self, n: u64) -> u64 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        u64::from_le_bytes(bytes) % n.max(1)
    }
    /// An index into something of a length.
    pub fn index(&self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }
    /// Text of letters and digits that cannot be mistaken for one another.
    pub fn word(&self, length: usize) -> String {
        const LETTERS: &[u8] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
        let letter = || LETTERS[self.index(LETTERS.len())];
        (0..length).map(|_| char::from(letter())).collect()
    }
}
