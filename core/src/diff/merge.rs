//! Merges of texts: what two versions made of a third, by line.

use std::ops::Range;

use super::{FileDiff, Lines};
use crate::object::Bytes;

/// Bytes of a conflict marker at the least, as git's have.
const MARKER_BYTES: usize = 7;
/// What a marker line says of the part that it belongs to.
const NO_LINE_FEED: &str = " (no line feed at the end)";

/// Merges two versions of a text that both come from a third; none where one of the three is
/// [binary](FileDiff::is_binary).
///
/// Lines that one version changed and the other left alone are taken as they were changed. Where both
/// changed the same lines or lines beside each other, they must have made the same of them, else that
/// is a conflict. Line ends are part of their lines. The rule is that of `git merge-file --diff3`;
/// among equal lines the two may choose different ones.
///
/// ```
/// let merge = partita::diff::merge("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nb\nc\nD\n");
/// assert_eq!(merge.and_then(|merge| merge.text()).as_deref(), Some(&b"A\nb\nc\nD\n"[..]));
/// ```
pub fn merge(
    base: impl Into<Bytes>,
    ours: impl Into<Bytes>,
    theirs: impl Into<Bytes>,
) -> Option<TextMerge> {
    let base = base.into();
    let diffs = [ours.into(), theirs.into()].map(|side| FileDiff::new(base.clone(), side));
    let [Some(ours), Some(theirs)] = [&diffs[0].lines, &diffs[1].lines] else { return None };
    let regions = regions([ours, theirs], |region| {
        let [_, ours, theirs] = region;
        let lines = |at: usize, range| {
            let lines: &Lines = diffs[at].lines.as_ref().expect("looked at above");
            &diffs[at].new[lines.new.bytes(range)]
        };
        lines(0, ours) == lines(1, theirs)
    });
    let cut = |(outcome, [of_base, of_ours, of_theirs]): (Outcome, Region)| {
        let bytes =
            [ours.old.bytes(&of_base), ours.new.bytes(&of_ours), theirs.new.bytes(&of_theirs)];
        (outcome, bytes)
    };
    let regions = regions.into_iter().map(cut).collect();
    let [ours, theirs] = diffs.map(|diff| diff.new);
    Some(TextMerge { texts: [base, ours, theirs], regions })
}

/// A merge of texts.
#[derive(Clone, Debug)]
pub struct TextMerge {
    /// The base and the two sides.
    texts: [Bytes; 3],
    /// Stretches of bytes of all three, which follow one another.
    regions: Vec<(Outcome, Region)>,
}

/// A stretch of the base and of the two sides.
type Region = [Range<usize>; 3];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nobody changed it, or one side, or both alike: this one of the three has it.
    Taken(usize),
    Conflict,
}

/// Lines that both sides changed, each in another way.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextConflict<'a> {
    /// What both come from.
    pub base: &'a [u8],
    /// What each side made of it.
    pub sides: [&'a [u8]; 2],
}

impl TextMerge {
    /// Tells whether nothing is in conflict.
    pub fn is_clean(&self) -> bool {
        self.conflicts().next().is_none()
    }

    /// Iterates over what is in conflict, in order.
    pub fn conflicts(&self) -> impl Iterator<Item = TextConflict<'_>> {
        let conflicts = self.regions.iter().filter(|(outcome, _)| *outcome == Outcome::Conflict);
        conflicts.map(|(_, region)| {
            let [base, ours, theirs] = self.parts(region);
            TextConflict { base, sides: [ours, theirs] }
        })
    }

    /// Returns the merged text; none if anything is in conflict.
    pub fn text(&self) -> Option<Vec<u8>> {
        self.is_clean().then(|| self.marked(["", "", ""]))
    }

    /// Returns the merged text, each conflict in marker lines with a label: our lines, those of the base,
    /// and theirs. `labels` are those of the base, of ours and of theirs; line feeds in them become
    /// spaces.
    ///
    /// Markers are longer than whatever looks like one in the three texts. Where a part of a conflict
    /// ends without a line feed, its marker line says so.
    ///
    /// ```
    /// let merge = partita::diff::merge("one\n", "two\n", "three\n").expect("texts");
    /// let marked = merge.marked(["base", "ours", "theirs"]);
    /// let expected = "<<<<<<< ours\ntwo\n||||||| base\none\n=======\nthree\n>>>>>>> theirs\n";
    /// assert_eq!(marked, expected.as_bytes());
    /// ```
    pub fn marked(&self, labels: [&str; 3]) -> Vec<u8> {
        let size = self.marker_bytes();
        let mut text = Vec::new();
        for (outcome, region) in &self.regions {
            let [base, ours, theirs] = self.parts(region);
            match outcome {
                Outcome::Taken(at) => text.extend_from_slice([base, ours, theirs][*at]),
                Outcome::Conflict => {
                    let [of_base, of_ours, of_theirs] = labels;
                    end_line(&mut text);
                    mark(&mut text, b'<', size, Some((of_ours, ours)));
                    text.extend_from_slice(ours);
                    end_line(&mut text);
                    mark(&mut text, b'|', size, Some((of_base, base)));
                    text.extend_from_slice(base);
                    end_line(&mut text);
                    mark(&mut text, b'=', size, None);
                    text.extend_from_slice(theirs);
                    end_line(&mut text);
                    mark(&mut text, b'>', size, Some((of_theirs, theirs)));
                }
            }
        }
        text
    }

    fn parts(&self, region: &Region) -> [&[u8]; 3] {
        [0, 1, 2].map(|at| &self.texts[at][region[at].clone()])
    }

    /// Returns how often a marker repeats its sign: more often than any line of the three texts that
    /// could be taken for one.
    pub fn marker_bytes(&self) -> usize {
        let lines = self.texts.iter().flat_map(|text| text.split(|&byte| byte == b'\n'));
        let runs = lines.map(|line| match line.first() {
            Some(&first @ (b'<' | b'|' | b'=' | b'>')) => {
                line.iter().take_while(|&&byte| byte == first).count()
            }
            _ => 0,
        });
        MARKER_BYTES.max(runs.max().unwrap_or(0) + 1)
    }
}

fn mark(text: &mut Vec<u8>, marker: u8, size: usize, label: Option<(&str, &[u8])>) {
    text.extend(std::iter::repeat_n(marker, size));
    if let Some((label, part)) = label {
        if !label.is_empty() {
            text.push(b' ');
            text.extend(
                label.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }),
            );
        }
        if part.last().is_some_and(|&byte| byte != b'\n') {
            text.extend_from_slice(NO_LINE_FEED.as_bytes());
        }
    }
    text.push(b'\n');
}

fn end_line(text: &mut Vec<u8>) {
    if text.last().is_some_and(|&byte| byte != b'\n') {
        text.push(b'\n');
    }
}

/// Lines of the base, and what a side has in their place.
#[derive(Clone, Debug)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

fn hunks(lines: &Lines) -> Vec<Hunk> {
    let (mut hunks, mut base, mut side) = (Vec::new(), 0, 0);
    let ends = (lines.old.len(), lines.new.len(), 0);
    let shared = lines.same.iter().map(|same| (same.old, same.new, same.len));
    for (old, new, len) in shared.chain([ends]) {
        if old > base || new > side {
            hunks.push(Hunk { base: base..old, side: side..new });
        }
        (base, side) = (old + len, new + len);
    }
    hunks
}

/// Cuts the base and both sides into regions. Changes that overlap or touch make one.
fn regions(sides: [&Lines; 2], is_alike: impl Fn(&Region) -> bool) -> Vec<(Outcome, Region)> {
    let hunks = sides.map(hunks);
    let mut rest = hunks.each_ref().map(|hunks| &hunks[..]);
    let mut at = [0; 3];
    let mut regions = Vec::new();
    loop {
        let starts = rest.iter().filter_map(|rest| rest.first()).map(|hunk| hunk.base.start);
        let start = starts.min().unwrap_or(sides[0].old.len());
        let kept = start - at[0];
        if kept > 0 {
            regions.push((Outcome::Taken(0), at.map(|at| at..at + kept)));
            at = at.map(|at| at + kept);
        }
        let mut end = start;
        let mut taken: [&[Hunk]; 2] = [&[]; 2];
        loop {
            let before = (taken[0].len(), taken[1].len());
            for side in 0..2 {
                let all = &hunks[side][hunks[side].len() - rest[side].len() - taken[side].len()..];
                while let Some((hunk, left)) = rest[side].split_first()
                    && hunk.base.start <= end
                {
                    end = end.max(hunk.base.end);
                    rest[side] = left;
                    taken[side] = &all[..taken[side].len() + 1];
                }
            }
            if (taken[0].len(), taken[1].len()) == before {
                break;
            }
        }
        if taken.iter().all(|taken| taken.is_empty()) {
            return regions;
        }
        let lens = taken.map(|taken| {
            let removed: usize = taken.iter().map(|hunk| hunk.base.len()).sum();
            let added: usize = taken.iter().map(|hunk| hunk.side.len()).sum();
            end - start - removed + added
        });
        let region = [start..end, at[1]..at[1] + lens[0], at[2]..at[2] + lens[1]];
        let outcome = match taken.map(|taken| !taken.is_empty()) {
            [true, false] => Outcome::Taken(1),
            [false, true] => Outcome::Taken(2),
            _ if is_alike(&region) => Outcome::Taken(1),
            _ => Outcome::Conflict,
        };
        at = [region[0].end, region[1].end, region[2].end];
        regions.push((outcome, region));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn clean(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let text = merge(base, ours, theirs).unwrap().text();
        text.map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn changes_apart_are_both_taken_and_changes_that_touch_conflict() {
        let base = "1\n2\n3\n4\n5\n";
        for (ours, theirs, expected) in [
            ("1\n2\n3\n4\n5\n", "1\n2\n3\n4\n5\n", Some(base)),
            ("one\n2\n3\n4\n5\n", base, Some("one\n2\n3\n4\n5\n")),
            (base, "1\n2\n3\n4\n", Some("1\n2\n3\n4\n")),
            ("one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n", Some("one\n2\n3\n4\nfive\n")),
            ("1\ntwo\n3\n4\n5\n", "1\n2\n3\nfour\n5\n", Some("1\ntwo\n3\nfour\n5\n")),
            ("1\ntwo\n3\n4\n5\n", "1\n2\nthree\n4\n5\n", None),
            ("1\ntwo\n3\n4\n5\n", "1\ntwo\n3\n4\n5\n", Some("1\ntwo\n3\n4\n5\n")),
            ("1\nnew\n2\n3\n4\n5\n", "1\nnew\n2\n3\n4\n5\n", Some("1\nnew\n2\n3\n4\n5\n")),
            ("1\nnew\n2\n3\n4\n5\n", "1\nother\n2\n3\n4\n5\n", None),
            ("1\n3\n4\n5\n", "1\nchanged\n3\n4\n5\n", None),
            ("1\n3\n4\n5\n", "1\n3\n4\n5\n", Some("1\n3\n4\n5\n")),
            ("", "1\n2\n3\n4\nfive\n", None),
            ("", "", Some("")),
            ("1\r\n2\n3\n4\n5\n", "1\n2\n3\n4\n5", Some("1\r\n2\n3\n4\n5")),
        ] {
            assert_eq!(clean(base, ours, theirs).as_deref(), expected, "{ours:?} {theirs:?}");
            assert_eq!(clean(base, theirs, ours).as_deref(), expected, "{theirs:?} {ours:?}");
        }
        assert_eq!(clean("", "a\n", "a\n").as_deref(), Some("a\n"));
        assert_eq!(clean("", "a\n", "b\n"), None);
        assert!(merge("a\n", &b"a\0\n"[..], "b\n").is_none());
    }

    #[test]
    fn markers_are_longer_than_the_texts_and_say_where_a_line_feed_is_missing() {
        let merged = merge("x\n", "=======\n<<<<<<<<\nours", "theirs").unwrap();
        let marked = String::from_utf8(merged.marked(["b\na", "o", ""])).unwrap();
        let expected = "<<<<<<<<< o (no line feed at the end)\n=======\n<<<<<<<<\nours\n\
                        ||||||||| b a\nx\n=========\ntheirs\n\
                        >>>>>>>>> (no line feed at the end)\n";
        assert_eq!(marked, expected);
        let conflict = merged.conflicts().next().unwrap();
        assert_eq!((conflict.base, conflict.sides[1]), (&b"x\n"[..], &b"theirs"[..]));
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let line =
            prop::sample::select(vec!["a\n", "b\n", "c\n", "d\r\n", "\n", "e", "{\n", "}\n"]);
        prop::collection::vec(line, 0..14).prop_map(|lines| lines.concat().into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn a_merge_is_the_same_from_either_side(base in text(), ours in text(), theirs in text()) {
            let one = merge(base.clone(), ours.clone(), theirs.clone()).unwrap();
            let other = merge(base.clone(), theirs.clone(), ours.clone()).unwrap();
            prop_assert_eq!(one.text(), other.text());
            prop_assert_eq!(one.conflicts().count(), other.conflicts().count());
            // With the base it changes nothing, and with itself.
            prop_assert_eq!(merge(base.clone(), ours.clone(), base.clone()).unwrap().text(), Some(ours.clone()));
            prop_assert_eq!(merge(base, ours.clone(), ours.clone()).unwrap().text(), Some(ours));
        }

        #[test]
        fn the_regions_are_all_of_the_three_texts(base in text(), ours in text(), theirs in text()) {
            let merged = merge(base.clone(), ours.clone(), theirs.clone()).unwrap();
            for (at, text) in [base, ours, theirs].iter().enumerate() {
                let all: Vec<u8> = merged
                    .regions
                    .iter()
                    .flat_map(|(_, region)| merged.parts(region)[at].to_vec())
                    .collect();
                prop_assert_eq!(&all, text);
            }
            for (outcome, region) in &merged.regions {
                let [base, ours, theirs] = merged.parts(region);
                match outcome {
                    Outcome::Taken(0) => prop_assert!(base == ours && base == theirs),
                    Outcome::Taken(1) => prop_assert!(base == theirs || ours == theirs),
                    Outcome::Taken(_) => prop_assert!(base == ours),
                    Outcome::Conflict => prop_assert!(ours != theirs),
                }
            }
        }
    }
}
