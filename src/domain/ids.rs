//! Identities: one type per kind of record, all `UUIDv7` made by the application.
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// A company: the tenant, the first column of every key.
    CompanyId,
    /// A person who signs in; may belong to several companies.
    UserId,
    /// An API token.
    TokenId,
    /// An order or a credit.
    OrderId,
    /// A line of an order; kept through every edit, so that lines merge by identity.
    LineId,
    CustomerId,
    ProductId,
    TaxCodeId,
}
