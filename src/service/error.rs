//! Why a use-case did not happen. What a user can expect is a value, not an error.
use crate::{
    domain::{branch::Branch, check::Problems, policy::Act},
    hashing::Failed,
    store::{
        Failure,
        db::OpenError,
        fault::{Fault, fault},
    },
};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What stops a request or a command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there, or not for you to know.
    #[error("There is no such thing here.")]
    NotFound,
    /// It is not on main, but in these branches, which who asks may see.
    #[error("It is not on main, but in {}.", names(.0))]
    OnlyIn(Vec<Branch>),
    /// Nobody is signed in.
    #[error("Sign in first.")]
    SignIn,
    #[error("Your role does not include the right to {}.", .0.label())]
    Forbidden(Act),
    /// A platform page without a platform right.
    #[error("This page is for platform admins.")]
    NotPlatform,
    #[error("{}", first(.0))]
    Invalid(Problems),
    /// The record's state, or a rule, stands against it.
    #[error("{0}")]
    Refused(String),
    /// Another record has this number, code, address or slug.
    #[error("Another record has this number or code.")]
    Taken,
    /// What a change refers to is gone, or is referred to itself.
    #[error("Another record refers to this, or one that this refers to is gone.")]
    Reference,
    #[error("This Idempotency-Key was sent before with something else. Send a new one.")]
    KeyReused,
    #[error("The database is busy. Nothing was changed; try again in a moment.")]
    Busy,
    #[error("The disk is full or cannot be written. Nothing was changed; make room and try again.")]
    Full,
    #[error("The database cannot be reached. Nothing was changed; try again in a moment.")]
    Down,
    #[error("Too much at once. Try again in a moment.")]
    TooMany,
    #[error("Something went wrong on our side. Nothing was changed.")]
    Ours(String),
}

fn names(branches: &[Branch]) -> String {
    let each = branches.iter().map(|b| format!("the branch “{}”", b.name));
    each.collect::<Vec<_>>().join(", ")
}

fn first(problems: &Problems) -> String {
    let all = problems
        .0
        .iter()
        .map(|(at, what)| if at.is_empty() { what.clone() } else { format!("{at}: {what}") });
    all.collect::<Vec<_>>().join("; ")
}

impl From<Failure> for Error {
    fn from(e: Failure) -> Self {
        match fault(&e) {
            Fault::Taken => Self::Taken,
            Fault::Reference => Self::Reference,
            Fault::Busy => Self::Busy,
            Fault::Full => Self::Full,
            Fault::Down => Self::Down,
            Fault::Input => Self::Invalid(Problems::at(
                "",
                "Something here cannot be kept: remove odd characters and impossible dates",
            )),
            Fault::Ours => Self::Ours(e.to_string()),
        }
    }
}
impl From<OpenError> for Error {
    fn from(e: OpenError) -> Self {
        Self::Refused(e.to_string())
    }
}
impl From<Failed> for Error {
    fn from(e: Failed) -> Self {
        match e {
            Failed::TooMany => Self::TooMany,
            Failed::Broken(what) => Self::Ours(what),
        }
    }
}
impl From<Problems> for Error {
    fn from(p: Problems) -> Self {
        Self::Invalid(p)
    }
}

impl Error {
    /// One problem at one field.
    pub fn at(path: &str, message: impl Into<String>) -> Self {
        Self::Invalid(Problems::at(path, message))
    }
}
