//! All SQL, and nothing else that is not SQL.
pub mod accounts;
pub mod approvals;
pub mod branches;
pub mod cell;
pub mod chain;
pub mod codec;
pub mod commits;
pub mod counts;
pub mod db;
pub mod dialect;
pub mod fault;
pub mod kinds;
pub mod lines;
pub mod masters;
pub mod orders;
pub mod paging;
pub mod ready;
pub mod resolutions;
pub mod search;
pub mod sessions;
pub mod sides;
pub mod verify;
pub mod versions;
pub mod words;
pub mod worlds;
pub mod write;

pub use sqlx::Error as Failure;
