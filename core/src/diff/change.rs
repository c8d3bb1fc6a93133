//! Changes: what a diff consists of, line by line or word by word.

use std::ops::Range;

use super::edit::{self, Same};
use super::token::Tokens;
use super::{FileDiff, Lines};

/// What happened to a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// Both versions have it.
    Equal,
    /// Only the old version has it.
    Delete,
    /// Only the new version has it.
    Insert,
}

/// A piece of text and what happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What happened.
    pub kind: ChangeKind,
    /// The text, as it came.
    pub text: &'a [u8],
    /// The line in the old version, from 1; none for an insertion.
    pub old_line: Option<u64>,
    /// The line in the new version, from 1; none for a deletion.
    pub new_line: Option<u64>,
}

/// A stretch of lines: shared ones, or those on each side that are not.
pub(super) struct Stretch {
    pub(super) old: Range<usize>,
    pub(super) new: Range<usize>,
    pub(super) shared: bool,
}

impl Stretch {
    pub(super) fn is_no_change(&self) -> bool {
        self.shared || self.old.is_empty() && self.new.is_empty()
    }
}

/// Iterates over the stretches between which the lines of both versions divide.
pub(super) fn stretches(lines: &Lines) -> impl Iterator<Item = Stretch> {
    let end = Same { old: lines.old.len(), new: lines.new.len(), len: 0 };
    let mut at = (0, 0);
    lines.same.iter().copied().chain([end]).flat_map(move |same| {
        let gap = Stretch { old: at.0..same.old, new: at.1..same.new, shared: false };
        at = (same.old_end(), same.new_end());
        [gap, Stretch { old: same.old..at.0, new: same.new..at.1, shared: true }]
    })
}

pub(super) fn lines(diff: &FileDiff) -> impl Iterator<Item = Change<'_>> {
    diff.lines.iter().flat_map(move |lines| {
        stretches(lines).flat_map(move |stretch| {
            let deleted = if stretch.shared { 0..0 } else { stretch.old.clone() };
            let (old, new) = (stretch.old.start, stretch.new.start);
            let deleted = deleted.map(move |at| Change {
                kind: ChangeKind::Delete,
                text: &diff.old[lines.old.bytes(&(at..at + 1))],
                old_line: Some(at as u64 + 1),
                new_line: None,
            });
            deleted.chain(stretch.new.map(move |at| Change {
                kind: if stretch.shared { ChangeKind::Equal } else { ChangeKind::Insert },
                text: &diff.new[lines.new.bytes(&(at..at + 1))],
                old_line: stretch.shared.then_some((old + at - new) as u64 + 1),
                new_line: Some(at as u64 + 1),
            }))
        })
    })
}

pub(super) fn words(diff: &FileDiff) -> impl Iterator<Item = Change<'_>> {
    let mut budget = edit::budget();
    diff.lines.iter().flat_map(stretches_of).flat_map(move |(lines, stretch)| {
        let old = &diff.old[lines.old.bytes(&stretch.old)];
        let new = &diff.new[lines.new.bytes(&stretch.new)];
        let mut out = Words {
            changes: Vec::new(),
            old_line: stretch.old.start as u64 + 1,
            new_line: stretch.new.start as u64 + 1,
        };
        if stretch.shared {
            out.push(ChangeKind::Equal, new);
            return out.changes;
        }
        let (old_words, new_words) = (Tokens::words(old), Tokens::words(new));
        let same = edit::compare((old, &old_words), (new, &new_words), &mut budget);
        let end = Same { old: old_words.len(), new: new_words.len(), len: 0 };
        let mut at = (0, 0);
        for same in same.into_iter().chain([end]) {
            out.push(ChangeKind::Delete, &old[old_words.bytes(&(at.0..same.old))]);
            out.push(ChangeKind::Insert, &new[new_words.bytes(&(at.1..same.new))]);
            at = (same.old_end(), same.new_end());
            out.push(ChangeKind::Equal, &new[new_words.bytes(&(same.new..at.1))]);
        }
        out.changes
    })
}

fn stretches_of(lines: &Lines) -> impl Iterator<Item = (&Lines, Stretch)> {
    stretches(lines).map(move |stretch| (lines, stretch))
}

struct Words<'a> {
    changes: Vec<Change<'a>>,
    old_line: u64,
    new_line: u64,
}

impl<'a> Words<'a> {
    fn push(&mut self, kind: ChangeKind, text: &'a [u8]) {
        if text.is_empty() {
            return;
        }
        let old_line = (kind != ChangeKind::Insert).then_some(self.old_line);
        let new_line = (kind != ChangeKind::Delete).then_some(self.new_line);
        self.changes.push(Change { kind, text, old_line, new_line });
        let feeds = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.old_line += old_line.map_or(0, |_| feeds);
        self.new_line += new_line.map_or(0, |_| feeds);
    }
}
