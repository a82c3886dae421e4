//! Two changes of one long text, line by line (Khanna, Kunal, Pierce: A formal investigation of
//! diff3): both hold where at least one line that nobody touched lies between them.
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Lines of the base that one side replaced.
#[derive(Debug, PartialEq, Eq)]
struct Hunk<'a> {
    from: usize,
    to: usize,
    lines: Vec<&'a str>,
}

/// Both sides' changes of a text in one; `None` where they touch each other, as they do where a side
/// left nothing of it.
pub(super) fn merge_lines(base: &str, ours: &str, theirs: &str) -> Option<String> {
    let old: Vec<&str> = base.split('\n').collect();
    let (mine, yours) = (hunks(&old, ours), hunks(&old, theirs));
    let (mut mine, mut yours) = (mine.into_iter().peekable(), yours.into_iter().peekable());
    let (mut out, mut at) = (Vec::<&str>::new(), 0);
    loop {
        let next = match (mine.peek(), yours.peek()) {
            (Some(a), Some(b)) if a == b => {
                yours.next();
                mine.next()
            }
            (Some(a), Some(b)) if a.to < b.from => mine.next(),
            (Some(a), Some(b)) if b.to < a.from => yours.next(),
            (Some(_), Some(_)) => return None,
            (Some(_), None) => mine.next(),
            (None, _) => yours.next(),
        };
        let Some(hunk) = next else { break };
        out.extend(&old[at..hunk.from]);
        out.extend(&hunk.lines);
        at = hunk.to;
    }
    out.extend(&old[at..]);
    Some(out.join("\n"))
}

fn hunks<'a>(old: &[&str], text: &'a str) -> Vec<Hunk<'a>> {
    let new: Vec<&str> = text.split('\n').collect();
    let ops = capture_diff_slices(Algorithm::Myers, old, &new);
    let changed = ops.iter().filter(|op| !matches!(op, DiffOp::Equal { .. }));
    let hunk = |op: &DiffOp| {
        let (old, lines) = (op.old_range(), new[op.new_range()].to_vec());
        Hunk { from: old.start, to: old.end, lines }
    };
    changed.map(hunk).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_with_an_untouched_line_between_both_hold() {
        let base = "a\nb\nc\nd";
        let cases = [
            ("A\nb\nc\nd", "a\nb\nC\nd", Some("A\nb\nC\nd")),
            ("A\nb\nc\nd", "a\nB\nc\nd", None),
            ("A\nb\nc\nd", "B\nb\nc\nd", None),
            ("x\na\nb\nc\nd", "a\nb\nc\nd\ny", Some("x\na\nb\nc\nd\ny")),
            ("a\nb\nd", "a\nX\nb\nc\nd", Some("a\nX\nb\nd")),
            ("a\nX\nb\nc\nd", "a\nX\nb\nc\nD", Some("a\nX\nb\nc\nD")),
            ("a\nX\nb\nc\nd", "a\nY\nb\nc\nd", None),
            ("", "a\nb\nc\nD", None),
        ];
        for (ours, theirs, wanted) in cases {
            assert_eq!(merge_lines(base, ours, theirs).as_deref(), wanted, "{ours:?} {theirs:?}");
            assert_eq!(merge_lines(base, theirs, ours).as_deref(), wanted, "{theirs:?} {ours:?}");
        }
        assert_eq!(merge_lines("a", "b", "c"), None);
        assert_eq!(merge_lines(base, base, "q\nb\nc\nd").as_deref(), Some("q\nb\nc\nd"));
    }
}
