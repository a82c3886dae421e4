//! The one integration binary: stories on both databases, the command line, the laws.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod money_oracle;
