//! One file for each resource. A handler parses, asks a service and shows; at most 20 lines.
pub(super) mod account;
pub(super) mod admin;
pub(super) mod auth;
pub(super) mod branches;
pub(super) mod commits;
pub(super) mod dashboard;
pub(super) mod deleted;
pub(super) mod deletion;
pub(super) mod health;
pub(super) mod order_form;
pub(super) mod orders;
pub(super) mod origins;
pub(super) mod plans;
pub(super) mod records;
pub(super) mod restoration;
pub(super) mod search;
pub(super) mod settings;
