//! The rows of a diff side by side: lines that stand beside each other, and the words in them that
//! differ.

use std::collections::BTreeMap;
use std::ops::Range;

use super::visible::is_joined;
use crate::diff::{Change, ChangeKind, FileDiff};

/// Lines are versions of one another if they share at least one in so many of their bytes.
const ALIKE: usize = 3;

/// A row: what stands on the left and on the right.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pair<'a> {
    pub(super) old: Option<Side<'a>>,
    pub(super) new: Option<Side<'a>>,
}

/// A line on one side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Side<'a> {
    pub(super) number: u64,
    /// Without its line feed.
    pub(super) text: &'a [u8],
    pub(super) changed: bool,
    /// The bytes of it that only this side has, if not nearly all of it.
    pub(super) marks: Vec<Range<usize>>,
    /// Whether it is the last of a file and ends without a line feed.
    pub(super) is_open: bool,
}

/// Goes through the rows of a diff.
pub(super) fn pairs<'a>(diff: &'a FileDiff) -> impl Iterator<Item = Pair<'a>> {
    let mut lines = diff.lines().peekable();
    let mut words = diff.words();
    let mut ready: std::vec::IntoIter<Pair<'a>> = Vec::new().into_iter();
    // Bytes of shared lines that the words have come past ahead of the lines.
    let mut ahead = 0;
    std::iter::from_fn(move || {
        if let Some(pair) = ready.next() {
            return Some(pair);
        }
        let line = lines.next()?;
        if line.kind == ChangeKind::Equal {
            // All shared lines in a row are one change of the words.
            if ahead == 0 {
                ahead = words.next().map_or(0, |change| change.text.len());
            }
            ahead = ahead.saturating_sub(line.text.len());
            let side = |number| side(line.text, number, false);
            return Some(Pair { old: line.old_line.map(side), new: line.new_line.map(side) });
        }
        let mut gap = Gap::default();
        gap.push(&line);
        while let Some(line) = lines.next_if(|line| line.kind != ChangeKind::Equal) {
            gap.push(&line);
        }
        ready = gap.rows(&mut words).into_iter();
        ready.next()
    })
}

fn side(text: &[u8], number: u64, changed: bool) -> Side<'_> {
    let (text, is_open) = match text {
        [text @ .., b'\n'] => (text, false),
        text => (text, true),
    };
    Side { number, text, changed, marks: Vec::new(), is_open }
}

/// Lines that give way to others.
#[derive(Default)]
struct Gap<'a> {
    old: Vec<Side<'a>>,
    new: Vec<Side<'a>>,
    /// Bytes of either side.
    bytes: [usize; 2],
}

impl<'a> Gap<'a> {
    fn push(&mut self, line: &Change<'a>) {
        if let Some(number) = line.old_line {
            self.old.push(side(line.text, number, true));
            self.bytes[0] += line.text.len();
        }
        if let Some(number) = line.new_line {
            self.new.push(side(line.text, number, true));
            self.bytes[1] += line.text.len();
        }
    }

    fn rows(mut self, words: &mut impl Iterator<Item = Change<'a>>) -> Vec<Pair<'a>> {
        let shared = self.mark(words);
        let mut partners = BTreeMap::new();
        // The strongest ties first; a tie that would cross one is given up.
        let alike = |&((old, new), bytes): &((usize, usize), usize)| {
            let ends = (self.old.get(old), self.new.get(new));
            matches!(ends, (Some(old), Some(new)) if bytes * ALIKE >= inked(old.text).max(inked(new.text)))
        };
        let mut ties: Vec<((usize, usize), usize)> = shared.into_iter().filter(alike).collect();
        ties.sort_by_key(|&(at, bytes)| (std::cmp::Reverse(bytes), at));
        for ((old, new), _) in ties {
            let before =
                partners.range(..=old).next_back().is_none_or(|(&o, &n)| o < old && n < new);
            let after = partners.range(old..).next().is_none_or(|(&o, &n)| o > old && n > new);
            if before && after {
                partners.insert(old, new);
            }
        }
        let ends = (self.old.len(), self.new.len());
        let (mut old, mut new) = (self.old.into_iter(), self.new.into_iter());
        let (mut rows, mut at) = (Vec::new(), (0, 0));
        for to in partners.into_iter().chain([ends]) {
            // Lines between two pairs have no partner: they stand beside each other as they come.
            for _ in 0..(to.0 - at.0).max(to.1 - at.1) {
                let left = if at.0 < to.0 { old.next() } else { None };
                let right = if at.1 < to.1 { new.next() } else { None };
                at = (at.0 + usize::from(left.is_some()), at.1 + usize::from(right.is_some()));
                rows.push(Pair { old: left.map(unmarked), new: right.map(unmarked) });
            }
            if to != ends {
                rows.push(Pair { old: old.next(), new: new.next() });
                at = (to.0 + 1, to.1 + 1);
            }
        }
        rows
    }

    /// Marks the words that differ; returns how many bytes each two lines share, white space apart.
    fn mark(
        &mut self,
        words: &mut impl Iterator<Item = Change<'a>>,
    ) -> BTreeMap<(usize, usize), usize> {
        let mut shared = BTreeMap::new();
        // The line and the byte in it that each side has come to.
        let (mut old, mut new) = ((0, 0), (0, 0));
        let mut left = self.bytes;
        while left != [0, 0] {
            let Some(change) = words.next() else { break };
            for piece in change.text.split_inclusive(|&byte| byte == b'\n') {
                let len = piece.len();
                match change.kind {
                    ChangeKind::Equal => {
                        let inked = inked(piece);
                        if inked > 0 {
                            *shared.entry((old.0, new.0)).or_default() += inked;
                        }
                    }
                    ChangeKind::Delete => mark(&mut self.old, old, len),
                    ChangeKind::Insert => mark(&mut self.new, new, len),
                }
                if change.kind != ChangeKind::Insert {
                    old = after(old, piece);
                    left[0] = left[0].saturating_sub(len);
                }
                if change.kind != ChangeKind::Delete {
                    new = after(new, piece);
                    left[1] = left[1].saturating_sub(len);
                }
            }
        }
        for side in self.old.iter_mut().chain(&mut self.new) {
            side.marks = whole(side.text, std::mem::take(&mut side.marks));
        }
        shared
    }
}

/// Widens marks until none begins or ends between a sign and what is drawn upon it.
fn whole(text: &[u8], marks: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut whole: Vec<Range<usize>> = Vec::with_capacity(marks.len());
    for Range { mut start, mut end } in marks {
        while start > 0 && joined(&text[start..]) > 0 {
            start -= 1;
        }
        loop {
            match joined(&text[end..]) {
                0 => break,
                len => end += len,
            }
        }
        match whole.last_mut() {
            Some(last) if start <= last.end => last.end = end.max(last.end),
            _ => whole.push(start..end),
        }
    }
    whole
}

/// The bytes of the character that a text begins with, if it is drawn upon the one before.
fn joined(text: &[u8]) -> usize {
    let first = text[..text.len().min(4)].utf8_chunks().next();
    let first = first.and_then(|chunk| chunk.valid().chars().next());
    first.filter(|letter| is_joined(*letter)).map_or(0, char::len_utf8)
}

/// Bytes that are no white space.
fn inked(text: &[u8]) -> usize {
    text.iter().filter(|byte| !byte.is_ascii_whitespace()).count()
}

fn mark(lines: &mut [Side<'_>], (line, from): (usize, usize), len: usize) {
    if let Some(side) = lines.get_mut(line) {
        let range = from..(from + len).min(side.text.len());
        if !range.is_empty() {
            side.marks.push(range);
        }
    }
}

fn after((line, byte): (usize, usize), piece: &[u8]) -> (usize, usize) {
    if piece.ends_with(b"\n") { (line + 1, 0) } else { (line, byte + piece.len()) }
}

/// A line without a partner differs as a whole.
fn unmarked(mut side: Side<'_>) -> Side<'_> {
    side.marks.clear();
    side
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(old: &str, new: &str) -> Vec<(String, String)> {
        let diff = crate::diff::file(old.as_bytes(), new.as_bytes());
        let side = |side: &Option<Side<'_>>| {
            let Some(side) = side else { return String::new() };
            let mut text = format!("{} ", side.number);
            let mut at = 0;
            for mark in &side.marks {
                text += std::str::from_utf8(&side.text[at..mark.start]).unwrap();
                text += &format!("[{}]", std::str::from_utf8(&side.text[mark.clone()]).unwrap());
                at = mark.end;
            }
            text + std::str::from_utf8(&side.text[at..]).unwrap()
        };
        pairs(&diff).map(|pair| (side(&pair.old), side(&pair.new))).collect()
    }

    fn pair(old: &str, new: &str) -> (String, String) {
        (old.to_owned(), new.to_owned())
    }

    #[test]
    fn changed_lines_stand_beside_each_other_with_the_words_that_differ() {
        assert_eq!(
            shown("a\nlet x = one;\nz\n", "a\nlet x = two;\nz\n"),
            [pair("1 a", "1 a"), pair("2 let x = [one];", "2 let x = [two];"), pair("3 z", "3 z")]
        );
    }

    #[test]
    fn a_mark_takes_in_what_is_drawn_upon_a_sign() {
        // U+338 strikes a sign through: the words part from it, the marks do not.
        for (old, new, marked) in [
            ("let a = b", "let a =\u{338} b", ("1 let a = b", "1 let a [=\u{338}] b")),
            (
                "say +\u{301} now",
                "say -\u{301} now",
                ("1 say [+\u{301}] now", "1 say [-\u{301}] now"),
            ),
            (
                "aa (x) bb",
                "aa (\u{20dd}\u{338}x) bb",
                ("1 aa ([x]) bb", "1 aa [(\u{20dd}\u{338}x]) bb"),
            ),
            ("same e\u{301} x", "same e\u{300} x", ("1 same [e\u{301}] x", "1 same [e\u{300}] x")),
            (
                "a #\u{fe0f}\u{20e3} b",
                "a *\u{fe0f}\u{20e3} b",
                ("1 a [#\u{fe0f}\u{20e3}] b", "1 a [*\u{fe0f}\u{20e3}] b"),
            ),
            ("same ; x", "same -; x", ("1 same ; x", "1 same [-]; x")),
        ] {
            assert_eq!(shown(old, new), [pair(marked.0, marked.1)]);
        }
    }

    #[test]
    fn an_inserted_line_does_not_shift_the_pairs_below_it() {
        assert_eq!(
            shown("fn one(a) {}\nfn two(b) {}\n", "// said\nfn one(x) {}\nfn two(y) {}\n"),
            [
                pair("", "1 // said"),
                pair("1 fn one([a]) {}", "2 fn one([x]) {}"),
                pair("2 fn two([b]) {}", "3 fn two([y]) {}"),
            ]
        );
    }

    #[test]
    fn files_that_begin_or_end_are_one_sided() {
        assert_eq!(shown("", "a\nb"), [pair("", "1 a"), pair("", "2 b")]);
        assert_eq!(shown("a\n", ""), [pair("1 a", "")]);
        assert_eq!(shown("", ""), []);
    }

    const ACUTE: &str = "\u{301}";

    proptest! {
        #[test]
        fn both_sides_come_back_whole_and_in_order(
            old in prop::collection::vec("[ab \u{301}=]{0,4}", 0..12),
            new in prop::collection::vec("[ab \u{301}=]{0,4}", 0..12),
        ) {
            let (old, new) = (old.join("\n"), new.join("\n"));
            let diff = crate::diff::file(old.as_bytes(), new.as_bytes());
            let (mut left, mut right) = (Vec::new(), Vec::new());
            let mut numbers = (0, 0);
            for pair in pairs(&diff) {
                prop_assert!(pair.old.is_some() || pair.new.is_some());
                for (side, text, last) in
                    [(pair.old, &mut left, &mut numbers.0), (pair.new, &mut right, &mut numbers.1)]
                {
                    let Some(side) = side else { continue };
                    prop_assert_eq!(side.number, *last + 1);
                    *last = side.number;
                    prop_assert!(side.marks.windows(2).all(|two| two[0].end < two[1].start));
                    for mark in &side.marks {
                        let within = std::str::from_utf8(&side.text[mark.clone()]).unwrap();
                        prop_assert!(!within.is_empty());
                        prop_assert!(mark.start == 0 || !within.starts_with(ACUTE));
                        prop_assert!(!side.text[mark.end..].starts_with(ACUTE.as_bytes()));
                    }
                    text.extend_from_slice(side.text);
                    text.extend((!side.is_open).then_some(b'\n'));
                }
            }
            prop_assert_eq!(left, old.into_bytes());
            prop_assert_eq!(right, new.into_bytes());
        }
    }
}
