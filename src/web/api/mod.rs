//! The JSON API: the same use-cases as the pages, bodies are the domain's own.
pub(super) mod batches;
pub(super) mod body;
pub(super) mod branches;
pub(super) mod commits;
pub(super) mod deleted;
pub(super) mod erasure;
pub(super) mod events;
pub(super) mod masters;
pub(super) mod openapi;
pub(super) mod orders;
pub(super) mod origins;
pub(super) mod records;
