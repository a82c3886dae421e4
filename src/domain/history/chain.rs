//! The hash chain: versions are leaves of a Merkle tree per commit, commits follow one another.
//!
//! Every input is length-prefixed, so that no two different commits have the same bytes. Leaves and
//! nodes are hashed with different first bytes (RFC 6962), so that neither passes for the other.
use crate::domain::{field::Kind, ids::CompanyId, time::Ts};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A SHA-256.
pub type Hash = [u8; 32];

/// What precedes a company's first commit.
pub const GENESIS: Hash = [0; 32];

/// What a commit says of one version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leaf {
    pub kind: Kind,
    pub id: Uuid,
    pub schema_rev: i64,
    pub deleted: bool,
    pub body_hash: Hash,
}

/// What a commit is, beside its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    pub company: CompanyId,
    pub seq: i64,
    /// 0 is main.
    pub branch: i64,
    /// The commit before this one on its branch, and what was merged into it.
    pub parents: [Option<i64>; 2],
    pub author: Option<Uuid>,
    pub author_kind: &'a str,
    pub at: Ts,
    pub cause: &'a str,
    /// Of the message as it was written: a law may have wanted it gone since.
    pub message_hash: Hash,
    pub root: Hash,
    pub prev: Hash,
}

/// The hash of a body's canonical bytes.
pub fn body_hash(body: &str) -> Hash {
    Sha256::digest(body.as_bytes()).into()
}

struct Bytes(Sha256);

impl Bytes {
    fn new(label: &str) -> Self {
        Self(Sha256::new()).put(label.as_bytes())
    }
    fn put(mut self, bytes: &[u8]) -> Self {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
        self
    }
    fn int(self, n: i64) -> Self {
        self.put(&n.to_be_bytes())
    }
    /// Nothing is not the same as something empty.
    fn opt(self, n: Option<&[u8]>) -> Self {
        match n {
            None => self.put(b"-"),
            Some(bytes) => self.put(b"+").put(bytes),
        }
    }
    fn hash(self) -> Hash {
        self.0.finalize().into()
    }
}

impl Leaf {
    /// The leaf's own hash.
    pub fn hash(&self) -> Hash {
        let inner = Bytes::new("tributary/leaf/1")
            .put(self.kind.word().as_bytes())
            .put(self.id.as_bytes())
            .int(self.schema_rev)
            .int(i64::from(self.deleted))
            .put(&self.body_hash)
            .hash();
        node(0, &inner, &[])
    }
}

impl Header<'_> {
    /// The commit's hash.
    pub fn hash(&self) -> Hash {
        let parent = |p: Option<i64>| p.map(i64::to_be_bytes);
        Bytes::new("tributary/commit/1")
            .put(self.company.0.as_bytes())
            .int(self.seq)
            .put(&self.prev)
            .opt(parent(self.parents[0]).as_ref().map(<[u8; 8]>::as_slice))
            .opt(parent(self.parents[1]).as_ref().map(<[u8; 8]>::as_slice))
            .int(self.branch)
            .opt(self.author.as_ref().map(|a| a.as_bytes().as_slice()))
            .put(self.author_kind.as_bytes())
            .int(self.at.micros())
            .put(self.cause.as_bytes())
            .put(&self.message_hash)
            .put(&self.root)
            .hash()
    }
}

/// A step of a Merkle tree: leaves have the tag 0, what holds two of them 1.
pub(super) fn node(tag: u8, left: &[u8], right: &[u8]) -> Hash {
    let mut h = Sha256::new();
    h.update([tag]);
    h.update(left);
    h.update(right);
    h.finalize().into()
}

/// The Merkle root over leaves in any order: they are sorted first.
pub fn root(leaves: &mut [Leaf]) -> Hash {
    leaves.sort_unstable();
    let hashes: Vec<Hash> = leaves.iter().map(Leaf::hash).collect();
    tree(&hashes)
}

/// The root over leaves' hashes in their order.
pub(super) fn tree(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Sha256::digest([]).into(),
        [one] => *one,
        many => {
            let left = many.len().next_power_of_two() / 2;
            node(1, &tree(&many[..left]), &tree(&many[left..]))
        }
    }
}

/// A commit's number and hash as people keep them: `<seq>:<hash>`.
pub fn digest(seq: i64, hash: &[u8]) -> String {
    format!("{seq}:{}", hex(hash))
}

/// The same read back; none if it is no digest.
pub fn parse_digest(text: &str) -> Option<(i64, Hash)> {
    let (seq, hash) = text.trim().split_once(':')?;
    Some((seq.parse().ok()?, unhex(hash)?.try_into().ok()?))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// What such a text stands for; none if it is no such text.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf(n: u8) -> Leaf {
        let id = Uuid::from_bytes([n; 16]);
        Leaf { kind: Kind::Order, id, schema_rev: 1, deleted: false, body_hash: [n; 32] }
    }
    fn header() -> Header<'static> {
        Header {
            company: CompanyId(Uuid::from_bytes([7; 16])),
            seq: 3,
            branch: 0,
            parents: [Some(2), None],
            author: Some(Uuid::from_bytes([9; 16])),
            author_kind: "user",
            at: Ts::from_micros(1_700_000_000_000_000),
            cause: "edit",
            message_hash: body_hash("Changed order SO-1"),
            root: root(&mut [leaf(1), leaf(2), leaf(3)]),
            prev: GENESIS,
        }
    }

    /// Golden vectors: if one changes, every chain in the world breaks.
    #[test]
    fn the_encoding_never_changes() {
        assert_eq!(
            hex(&leaf(1).hash()),
            "b4d5356ee98d6e636e085f16da3dd06f5b08160f499f20782597c043e94eb9d4"
        );
        assert_eq!(
            hex(&header().root),
            "e49218fb47cb24d90e80a0df790f29e433be192702b17673aa21145071f57dae"
        );
        assert_eq!(
            hex(&header().hash()),
            "24b185f6b196a82f8cbd9f0f45acd4abbe43c45688898dfe508f06d495544636"
        );
    }

    #[test]
    fn every_part_of_a_header_counts() {
        let h = header();
        let company = CompanyId(Uuid::from_bytes([8; 16]));
        let others = [
            Header { company, ..h.clone() },
            Header { seq: 4, ..h.clone() },
            Header { branch: 1, ..h.clone() },
            Header { parents: [None, Some(2)], ..h.clone() },
            Header { author: None, ..h.clone() },
            Header { author_kind: "system", ..h.clone() },
            Header { at: Ts::from_micros(1), ..h.clone() },
            Header { cause: "edi", ..h.clone() },
            Header { message_hash: body_hash(""), ..h.clone() },
            Header { root: [0; 32], ..h.clone() },
            Header { prev: [1; 32], ..h.clone() },
        ];
        for other in others {
            assert_ne!(other.hash(), h.hash(), "{other:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn the_root_knows_the_set_not_the_order(mut n in prop::collection::vec(0_u8..255, 0..10), seed: u8) {
            n.sort_unstable();
            n.dedup();
            let mut a: Vec<Leaf> = n.iter().map(|n| leaf(*n)).collect();
            let mut b = a.clone();
            b.rotate_left(usize::from(seed).checked_rem(n.len()).unwrap_or(0));
            prop_assert_eq!(root(&mut a), root(&mut b));
            if let Some(first) = b.first_mut() {
                first.deleted = true;
                prop_assert_ne!(root(&mut a), root(&mut b));
            }
        }

        #[test]
        fn neighbouring_texts_do_not_run_together(a in "[a-c]{0,4}", b in "[a-c]{0,4}", c in "[a-c]{0,4}", d in "[a-c]{0,4}") {
            let of = |x: &str, y: &str| Bytes::new("x").put(x.as_bytes()).put(y.as_bytes()).hash();
            prop_assert_eq!(of(&a, &b) == of(&c, &d), (a, b) == (c, d));
        }
    }
}
