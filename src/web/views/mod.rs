//! What the templates are given: views made of domain values, every text ready to be shown.
pub(super) mod branches;
pub(super) mod conflicts;
pub(super) mod dashboard;
pub(super) mod fields;
pub(super) mod history;
pub(super) mod log;
pub(super) mod order;
pub(super) mod order_form;
pub(super) mod order_page;
pub(super) mod orders;
pub(super) mod origins;
pub(super) mod pages;
pub(super) mod plans;
pub(super) mod records;
pub(super) mod restoration;
pub(super) mod reviews;
pub(super) mod text;
