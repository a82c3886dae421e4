//! History as functions: what changed, how changes come together, and the chain that shows it.
pub mod chain;
pub mod diff;
pub mod merge;
