//! The one integration binary: stories on both databases, the command line, the laws.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::too_many_lines, reason = "a table of cases is one function")]
#![expect(unreachable_pub, reason = "nothing outside of a test binary reaches into it")]

mod activity;
mod answers;
mod api;
mod atomic_laws;
mod binary;
mod branch_laws;
mod branches;
mod chain_laws;
mod erasure;
mod harness;
mod history;
mod history_laws;
mod list_laws;
mod lists;
mod merge_cases;
mod merge_laws;
mod merges;
mod model;
mod money_oracle;
mod orders;
mod past;
mod plans;
mod references;
mod regressions;
mod routes;
mod sessions;
mod statements;
mod tampering;
mod tenancy;
mod together;
mod upgrades;
mod world_laws;

/// The fields of an order's form, some of them changed.
pub fn actor_fields(page: &harness::Answer, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    harness::changed(page.form("#order-form"), changes)
}
