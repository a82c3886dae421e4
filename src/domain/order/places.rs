//! The positions of lines that a person put into an order.

/// Between the positions of lines that are added at the end.
const GAP: i64 = 1024;

/// Positions for lines in the order given, of each of which the position and id that it had are told, or
/// that it is new. Only what moved gets another position: so of two people who each move a line both are
/// heard, and a line that nobody moved is no change. Where no room is left between two lines that stay,
/// all are placed anew.
pub fn places(known: &[Option<(i64, &str)>]) -> Vec<i64> {
    let stays = longest_rise(known);
    let (mut out, mut last) = (Vec::with_capacity(known.len()), 0);
    while out.len() < known.len() {
        let moved = stays[out.len()..].iter().take_while(|stays| !**stays).count();
        let next = known.get(out.len() + moved).and_then(|k| k.map(|(position, _)| position));
        let (moved, step) = match (as_number(moved), next) {
            (0, _) => (0, GAP),
            (moved, Some(next)) => (moved, (next - last) / (moved + 1)),
            (moved, None) => (moved, GAP),
        };
        if step == 0 {
            return (1..=as_number(known.len())).map(|n| n * GAP).collect();
        }
        out.extend((1..=moved).map(|n| last + n * step));
        out.extend(next);
        last = out.last().copied().unwrap_or_default();
    }
    out
}

fn as_number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Which lines can stay where they are: the most that stand in their order already.
fn longest_rise(known: &[Option<(i64, &str)>]) -> Vec<bool> {
    // the last line of the best rise of each length so far, and which one comes before each line in its own
    let (mut ends, mut before) = (Vec::<usize>::new(), vec![None; known.len()]);
    for (at, one) in known.iter().enumerate().filter(|(_, one)| one.is_some()) {
        let length = ends.partition_point(|end| known[*end] < *one);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        match ends.get_mut(length) {
            Some(end) => *end = at,
            None => ends.push(at),
        }
    }
    let mut out = vec![false; known.len()];
    let mut at = ends.last().copied();
    while let Some(line) = at {
        out[line] = true;
        at = before[line];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

    const IDS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

    #[test]
    fn only_what_moved_gets_another_position() {
        let [a, b, c] = [(1024, "a"), (2048, "b"), (3072, "c")].map(Some);
        assert_eq!(places(&[a, b, c]), [1024, 2048, 3072]);
        assert_eq!(places(&[c, a, b]), [512, 1024, 2048]);
        assert_eq!(places(&[a, c, b]), [1024, 1536, 2048]);
        assert_eq!(places(&[b, c, a]), [2048, 3072, 4096]);
        assert_eq!(places(&[a, None, b, None, None]), [1024, 1536, 2048, 3072, 4096]);
        assert_eq!(places(&[None, None]), [1024, 2048]);
        assert_eq!(places(&[]), [0; 0]);
        // two that were added at one place on two branches stand by their ids
        assert_eq!(places(&[Some((1024, "a")), Some((1024, "b"))]), [1024, 1024]);
        assert_eq!(places(&[Some((1024, "a")), None, Some((1024, "b"))]), [1024, 2048, 3072]);
    }

    /// How many lines can stay, by trying all.
    fn most(known: &[Option<(i64, &str)>]) -> usize {
        let some = |mask: usize| {
            let kept = known.iter().enumerate().filter(|(n, _)| mask & (1 << n) != 0);
            let kept: Vec<_> = kept.map(|(_, one)| *one).collect();
            (kept.iter().all(Option::is_some) && kept.is_sorted()).then_some(kept.len())
        };
        (0..1 << known.len()).filter_map(some).max().unwrap_or_default()
    }

    #[test]
    fn lines_stand_as_given_and_as_few_as_possible_move() {
        let mut r = StdRng::seed_from_u64(30);
        for _ in 0..10_000 {
            let mut ids = IDS;
            ids.shuffle(&mut r);
            let given = ids[..r.random_range(0..=ids.len())].iter();
            let known: Vec<_> = given
                .map(|id| r.random_bool(0.8).then(|| (1000 * r.random_range(1..9), *id)))
                .collect();
            let placed = places(&known);
            // a new line's id is not known yet: it comes after whatever shares its place
            let shown: Vec<_> =
                placed.iter().zip(&known).map(|(p, k)| (*p, k.map_or("~", |k| k.1))).collect();
            assert!(shown.is_sorted() && placed.iter().all(|p| *p > 0), "{known:?}: {placed:?}");
            let stayed = placed.iter().zip(&known).filter(|(p, k)| k.is_some_and(|k| k.0 == **p));
            // only where two share a place can a third have none
            let mut had: Vec<i64> = known.iter().flatten().map(|k| k.0).collect();
            had.sort_unstable();
            let shared = had.windows(2).any(|two| two[0] == two[1]);
            assert!(shared || stayed.count() >= most(&known), "{known:?}: {placed:?}");
        }
    }
}
