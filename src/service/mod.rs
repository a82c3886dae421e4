//! Use-cases: may I, one transaction, what happened. Pages, the API and the command line call these.
pub mod accounts;
pub mod admission;
pub mod batches;
pub mod branches;
pub mod comments;
pub mod companies;
pub mod context;
pub mod dashboard;
pub mod deleted;
pub mod deletion;
pub mod digests;
pub mod erasure;
pub mod error;
pub mod export;
pub mod generate;
pub mod history;
pub mod import;
pub mod merge;
pub mod orders;
pub mod origins;
pub mod pricing;
pub mod proof;
pub mod records;
pub mod references;
pub mod referrers;
pub mod restore;
pub mod sessions;
pub mod subjects;
pub mod tags;
pub mod verify;
pub mod viewers;

/// What customers, products and tax codes have in common.
pub use crate::store::kinds::Master;
