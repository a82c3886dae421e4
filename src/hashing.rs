//! Passwords: argon2id, at few places at once, in memory that those who wait share.
use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        PasswordHasher,
        phc::{Output, PasswordHash},
    },
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Semaphore;

/// How many passwords may be hashed at a time: each takes 19 MiB and 40 ms of a core.
const PLACES: usize = 2;

/// How many sign-ins may be under way: the last one is answered after less than a second, the next
/// one refused at once.
const SIGN_INS: usize = 32;

/// A hash that no password has: checking against it takes as long as against a real one, so that
/// the time of a refused sign-in does not tell whether the person exists.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$dHJpYnV0YXJ5LW5vYm9keQ$pr8RCb1uQAw6oUo0aq2HqRW7H3sc2Zp5mTzVY8FJhXo";

/// Bounds what hashing takes of the machine.
pub struct Hashing {
    places: Arc<Semaphore>,
    sign_ins: Semaphore,
    /// Of places that are free. Kept from one sign-in to the next: what is given back and asked for
    /// again a hundred times a second stays with the allocator several times over.
    memory: Mutex<Vec<Vec<Block>>>,
    /// Whether a password was checked since the last [`rest`](Self::rest).
    at_work: AtomicBool,
}

/// Why there is no answer.
pub enum Failed {
    TooMany,
    Broken(String),
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(PLACES)),
            sign_ins: Semaphore::new(SIGN_INS),
            memory: Mutex::default(),
            at_work: AtomicBool::default(),
        }
    }
}

impl Hashing {
    /// Hashes a password: argon2id, 19 MiB, two passes.
    ///
    /// # Errors
    /// `Failed::Broken` only.
    pub async fn hash(&self, password: &str) -> Result<String, Failed> {
        let password = password.to_owned();
        let hashed = self.at_a_place(move || {
            Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string())
        });
        hashed.await?.map_err(|e| Failed::Broken(e.to_string()))
    }

    /// Whether this is the password of a hash.
    ///
    /// # Errors
    /// `TooMany` if too many others wait for their answer.
    pub async fn matches(self: &Arc<Self>, password: &str, phc: &str) -> Result<bool, Failed> {
        let _under_way = self.sign_ins.try_acquire().map_err(|_| Failed::TooMany)?;
        let (password, phc) = (password.to_owned(), phc.to_owned());
        let hashing = self.clone();
        let verified = self.at_a_place(move || {
            let mut memory = hashing.take();
            let same = verify(password.as_bytes(), &phc, &mut memory);
            hashing.give_back(memory);
            same.unwrap_or(false)
        });
        verified.await
    }

    async fn at_a_place<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let place = self.places.clone().acquire_owned().await.map_err(|_| Failed::TooMany)?;
        let done = tokio::task::spawn_blocking(move || {
            let out = job();
            drop(place);
            out
        });
        done.await.map_err(|e| Failed::Broken(e.to_string()))
    }

    fn take(&self) -> Vec<Block> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give_back(&self, memory: Vec<Block>) {
        self.at_work.store(true, Ordering::Relaxed);
        self.memory.lock().unwrap_or_else(PoisonError::into_inner).push(memory);
    }

    /// Gives the memory back if no password was checked since it was last called.
    pub fn rest(&self) {
        if !self.at_work.swap(false, Ordering::Relaxed) {
            self.memory.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}

/// As the crate's own verification, in memory that is there; `None` if the hash is none.
fn verify(password: &[u8], phc: &str, memory: &mut Vec<Block>) -> Option<bool> {
    let stored = PasswordHash::new(phc).ok()?;
    let (salt, expected) = (stored.salt?, stored.hash?);
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
    let version = Version::try_from(stored.version?).ok()?;
    let params = Params::try_from(&stored).ok()?;
    memory.resize(params.block_count(), Block::default());
    let mut out = vec![0; expected.len()];
    let argon = Argon2::new(algorithm, version, params);
    argon.hash_password_into_with_memory(password, &salt, &mut out, memory).ok()?;
    // compared in constant time
    Some(Output::new(&out).ok()? == expected)
}

/// Whether a hash was made with less than today's parameters.
pub fn outdated(phc: &str) -> bool {
    !phc.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
}

#[cfg(test)]
mod tests {
    use super::{Hashing, NOBODY, PLACES};
    use std::sync::Arc;

    #[tokio::test]
    async fn memory_stays_while_passwords_are_checked_and_is_given_back_afterwards() {
        let hashing = Arc::new(Hashing::default());
        let kept = || hashing.memory.lock().unwrap().len();
        for _ in 0..=PLACES {
            assert!(!hashing.matches("wrong", NOBODY).await.is_ok_and(|right| right));
        }
        assert_eq!(kept(), 1, "one after the other takes one place");
        hashing.rest();
        assert_eq!(kept(), 1);
        hashing.rest();
        assert_eq!(kept(), 0);
    }
}
