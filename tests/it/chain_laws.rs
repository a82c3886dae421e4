//! L22 without a database: whatever bit of a history is turned over, its commit is found by hashes alone.
use rand::{Rng, SeedableRng, rngs::StdRng};
use tributary::domain::{
    field::Kind,
    history::chain::{GENESIS, Hash, Header, Leaf, body_hash, digest, root},
    ids::CompanyId,
    time::Ts,
};
use uuid::Uuid;

const CASES: usize = 10_000;

/// A commit as it is stored: its versions' bodies, what it says of them and of itself, and its hash.
#[derive(Clone)]
struct Commit {
    bodies: Vec<String>,
    leaves: Vec<Leaf>,
    header: Header<'static>,
    hash: Hash,
}

const AUTHORS: [&str; 3] = ["user", "token", "system"];
const CAUSES: [&str; 4] = ["request", "merge", "sync", "revert"];

fn version(r: &mut StdRng) -> (String, Leaf) {
    let body = format!("{{\"name\":\"{:x}\"}}", r.random::<u64>());
    let leaf = Leaf {
        kind: Kind::ALL[r.random_range(0..Kind::ALL.len())],
        id: Uuid::from_u128(r.random()),
        schema_rev: r.random_range(1..4),
        deleted: r.random_bool(0.2),
        body_hash: body_hash(&body),
    };
    (body, leaf)
}

fn commit(r: &mut StdRng, (seq, prev): (i64, Hash)) -> Commit {
    let mut versions: Vec<(String, Leaf)> = (0..r.random_range(0..6)).map(|_| version(r)).collect();
    versions.sort_by(|a, b| a.1.cmp(&b.1));
    let (bodies, mut leaves): (Vec<String>, Vec<Leaf>) = versions.into_iter().unzip();
    let header = Header {
        company: CompanyId(Uuid::from_u128(7)),
        seq,
        branch: r.random_range(0..3),
        parents: [(seq > 1).then_some(seq - 1), r.random_bool(0.3).then_some(1)],
        author: r.random_bool(0.8).then(|| Uuid::from_u128(r.random())),
        author_kind: AUTHORS[r.random_range(0..3)],
        at: Ts::from_micros(r.random_range(0..1 << 50)),
        cause: CAUSES[r.random_range(0..4)],
        message_hash: body_hash(&r.random::<u64>().to_string()),
        root: root(&mut leaves),
        prev,
    };
    let hash = header.hash();
    Commit { bodies, leaves, header, hash }
}

fn history(r: &mut StdRng) -> Vec<Commit> {
    let mut all: Vec<Commit> = vec![];
    for seq in 1..=r.random_range(1..7) {
        let prev = all.last().map_or(GENESIS, |c| c.hash);
        all.push(commit(r, (seq, prev)));
    }
    all
}

/// The places of the commits with which something is wrong.
fn faults(all: &[Commit]) -> Vec<usize> {
    let fault = |at: &usize| {
        let c = &all[*at];
        let prev = if *at == 0 { GENESIS } else { all[at - 1].hash };
        let bodies = c.bodies.iter().zip(&c.leaves).all(|(b, l)| body_hash(b) == l.body_hash);
        let tree = root(&mut c.leaves.clone()) == c.header.root;
        !(bodies && tree && c.header.prev == prev && c.header.hash() == c.hash)
    };
    (0..all.len()).filter(fault).collect()
}

fn bit_of(hash: &mut Hash, r: &mut StdRng) {
    hash[r.random_range(0..32)] ^= 1 << r.random_range(0..8);
}

fn bit_of_number(n: &mut i64, r: &mut StdRng) {
    *n ^= 1 << r.random_range(0..40);
}

fn bit_of_id(id: &mut Uuid, r: &mut StdRng) {
    *id = Uuid::from_u128(id.as_u128() ^ (1 << r.random_range(0..128)));
}

fn other(words: &[&'static str], word: &mut &'static str) {
    *word = words.iter().find(|w| *w != word).unwrap();
}

/// Something of a version, if the commit has one.
fn turn_version(c: &mut Commit, r: &mut StdRng) -> bool {
    if c.leaves.is_empty() {
        return false;
    }
    let at = r.random_range(0..c.leaves.len());
    let leaf = &mut c.leaves[at];
    match r.random_range(0..6) {
        0 => {
            let mut bytes = c.bodies[at].clone().into_bytes();
            // the lowest bit of a letter leaves it one
            let n = r.random_range(0..bytes.len());
            bytes[n] ^= 1;
            c.bodies[at] = String::from_utf8(bytes).unwrap();
        }
        1 => leaf.kind = *Kind::ALL.iter().find(|k| **k != leaf.kind).unwrap(),
        2 => bit_of_id(&mut leaf.id, r),
        3 => bit_of_number(&mut leaf.schema_rev, r),
        4 => leaf.deleted = !leaf.deleted,
        _ => bit_of(&mut leaf.body_hash, r),
    }
    true
}

/// Something that the commit says of itself.
fn turn_header(c: &mut Commit, r: &mut StdRng) {
    let h = &mut c.header;
    match r.random_range(0..13) {
        0 => bit_of_id(&mut h.company.0, r),
        1 => bit_of_number(&mut h.seq, r),
        2 => bit_of_number(&mut h.branch, r),
        n @ (3 | 4) => match &mut h.parents[n - 3] {
            Some(seq) if r.random_bool(0.5) => bit_of_number(seq, r),
            parent => *parent = if parent.is_some() { None } else { Some(0) },
        },
        5 => match &mut h.author {
            Some(id) if r.random_bool(0.5) => bit_of_id(id, r),
            author => *author = if author.is_some() { None } else { Some(Uuid::nil()) },
        },
        6 => other(&AUTHORS, &mut h.author_kind),
        7 => {
            let mut micros = h.at.micros();
            bit_of_number(&mut micros, r);
            h.at = Ts::from_micros(micros);
        }
        8 => other(&CAUSES, &mut h.cause),
        9 => bit_of(&mut h.message_hash, r),
        10 => bit_of(&mut h.root, r),
        11 => bit_of(&mut h.prev, r),
        _ => bit_of(&mut c.hash, r),
    }
}

#[test]
fn l22_any_bit_that_is_turned_is_found_at_its_commit() {
    let mut r = StdRng::seed_from_u64(22);
    for _ in 0..CASES {
        let mut all = history(&mut r);
        assert!(faults(&all).is_empty());
        let at = r.random_range(0..all.len());
        if r.random_bool(0.5) || !turn_version(&mut all[at], &mut r) {
            turn_header(&mut all[at], &mut r);
        }
        let found = faults(&all);
        assert!(found.contains(&at), "commit {at}: {found:?}");
        // the next one tells of a hash that it does not follow; nothing else is blamed
        assert!(found.iter().all(|n| *n == at || *n == at + 1), "commit {at}: {found:?}");
    }
}

#[test]
fn l22_a_tail_that_was_cut_is_missed_by_a_digest_kept_elsewhere() {
    let mut r = StdRng::seed_from_u64(95);
    let told = |all: &[Commit]| all.last().map(|c| digest(c.header.seq, &c.hash));
    for _ in 0..CASES {
        let all = history(&mut r);
        let left = &all[..r.random_range(0..all.len())];
        assert!(faults(left).is_empty(), "the rest holds by itself");
        assert_ne!(told(left), told(&all));
        // and who makes another tail makes another digest
        let mut made = left.to_vec();
        while made.len() < all.len() {
            let prev = made.last().map_or(GENESIS, |c| c.hash);
            let seq = i64::try_from(made.len()).unwrap() + 1;
            made.push(commit(&mut r, (seq, prev)));
        }
        assert!(faults(&made).is_empty());
        assert_ne!(told(&made), told(&all));
    }
}
