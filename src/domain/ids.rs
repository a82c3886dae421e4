//! Identities: one type per kind of record, all made by the application: `UUIDv7`, or `UUIDv8` of what
//! the record is called where it came from.
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
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

/// The identity of what came from elsewhere: the same name gives the same one, whatever world it is brought
/// into, so that what was brought in twice merges by identity. It begins with the name's first six bytes, so
/// that a file in the order of short numbers is written in the order of its keys.
///
/// It tells the name to who guesses it: not for what the name of a person may name.
pub fn of_name(company: CompanyId, place: &[&str], name: &str) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(company.0);
    for part in place.iter().chain([&name]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    let begins = name.bytes().chain([0; 6]);
    let each = begins.take(6).chain(digest);
    bytes.iter_mut().zip(each).for_each(|(to, from)| *to = from);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_one_identity_in_one_place_of_one_company() {
        let (one, other) = (CompanyId(Uuid::from_u128(1)), CompanyId(Uuid::from_u128(2)));
        let all = [
            of_name(one, &["order", "shop"], "536365"),
            of_name(other, &["order", "shop"], "536365"),
            of_name(one, &["order", "shops"], "536365"),
            of_name(one, &["product", "shop"], "536365"),
            of_name(one, &["order", "shop"], "536366"),
            of_name(one, &["order"], "shop536365"),
            of_name(one, &["order", "shop"], ""),
        ];
        assert_eq!(all[0], of_name(one, &["order", "shop"], "536365"));
        let different: std::collections::BTreeSet<Uuid> = all.into_iter().collect();
        assert_eq!(different.len(), all.len());
        assert!(all.iter().all(|id| id.get_version_num() == 8));
        assert!(all[0] < of_name(one, &["order", "shop"], "536465"));
    }
}
