//! Proofs that a version stands in a company's history, to be checked without its database: the version,
//! its way up the Merkle tree of its commit, and the commits from there to a digest kept elsewhere.
use super::chain::{Hash, hex, tree};
use crate::domain::{field::Kind, ids::CompanyId};
use serde::Serialize;
use uuid::Uuid;

/// What the proofs of this program call themselves.
pub const FORMAT: &str = "tributary/proof/1";

/// A version and the way from it to a digest. Hashes are lower-case hexadecimal.
#[derive(Clone, Debug, Serialize)]
pub struct Proof {
    pub format: &'static str,
    pub company: CompanyId,
    pub version: Proven,
    /// From the version's leaf up to the root of its commit.
    pub path: Vec<Sibling>,
    /// What the first of the commits follows.
    pub prev: String,
    /// The version's commit, and each after it up to that of the digest.
    pub commits: Vec<Link>,
    /// `<seq>:<hash>` of the last of them.
    pub digest: String,
}

/// The version that is proven.
#[derive(Clone, Debug, Serialize)]
pub struct Proven {
    pub kind: Kind,
    pub id: Uuid,
    pub schema_rev: i64,
    pub deleted: bool,
    /// Its canonical bytes; none of what was erased.
    pub body: Option<String>,
    /// In place of them the hash of what they were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<String>,
}

/// The other half at a step up the tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sibling {
    /// It is the left one.
    pub left: bool,
    pub hash: String,
}

/// All that the hash of a commit is made of, but for the one before it.
#[derive(Clone, Debug, Serialize)]
pub struct Link {
    pub seq: i64,
    pub parents: [Option<i64>; 2],
    pub branch: i64,
    pub author: Option<Uuid>,
    pub author_kind: String,
    /// Microseconds since 1970.
    pub at: i64,
    pub cause: String,
    /// Of the message, which takes no room here; a short one can be guessed from it.
    pub message_hash: String,
    pub root: String,
}

/// The way from the leaf at a place among the sorted leaves' hashes to their root.
pub fn path(leaves: &[Hash], at: usize) -> Vec<Sibling> {
    if leaves.len() < 2 {
        return vec![];
    }
    let left = leaves.len().next_power_of_two() / 2;
    let (one, other) = leaves.split_at(left);
    let (mut below, sibling) = if at < left {
        (path(one, at), Sibling { left: false, hash: hex(&tree(other)) })
    } else {
        (path(other, at - left), Sibling { left: true, hash: hex(&tree(one)) })
    };
    below.push(sibling);
    below
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::chain::{body_hash, node, unhex};

    /// The root that a path leads to.
    fn climb(leaf: Hash, path: &[(bool, Hash)]) -> Hash {
        let up = |below: Hash, (left, hash): &(bool, Hash)| {
            if *left { node(1, hash, &below) } else { node(1, &below, hash) }
        };
        path.iter().fold(leaf, up)
    }

    #[test]
    fn every_leaf_leads_to_the_root_and_no_other_does() {
        for n in 1..40_usize {
            let leaves: Vec<Hash> = (0..n).map(|i| body_hash(&i.to_string())).collect();
            let root = tree(&leaves);
            for (at, leaf) in leaves.iter().enumerate() {
                let bytes = |s: &Sibling| (s.left, unhex(&s.hash).unwrap().try_into().unwrap());
                let way: Vec<(bool, Hash)> = path(&leaves, at).iter().map(bytes).collect();
                assert_eq!(climb(*leaf, &way), root, "{at} of {n}");
                assert_ne!(climb(body_hash("other"), &way), root);
            }
        }
    }
}
