//! History as functions: what changed, how changes come together, and the chain that shows it.
pub mod cause;
pub mod chain;
mod classes;
pub mod conflict;
pub mod diff;
pub mod erasure;
pub mod merge;
pub mod proof;
pub mod schema;
mod text;
