//! The book: what a naive reader would say of each claim.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::Files;

/// What a command showed, by the book.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    /// What is the same for all of its kind; none for a report.
    pub(super) lane: Option<(usize, usize)>,
    pub(super) scope: usize,
    pub(super) inputs: Files,
    /// Paths that it made, or that it made before.
    pub(super) outputs: BTreeSet<Vec<u8>>,
    /// Whether it passed or failed; none where it says nothing.
    pub(super) passed: Option<bool>,
}

/// A claim, by the book.
#[derive(Clone, Debug)]
pub(super) struct Claimed {
    pub(super) cited: Vec<u64>,
}

/// The files of a checkpoint, each with the number of its iteration.
pub(super) type State = BTreeMap<Vec<u8>, (String, Vec<u8>, u64)>;

/// What is said of a claim: its status, and since when it is stale.
pub(super) type Verdict = (&'static str, Option<(Vec<u8>, Option<u64>)>);

/// Tells whether a scope takes a path.
pub(super) fn takes(scope: usize, path: &[u8]) -> bool {
    match scope {
        0 => true,
        1 => path.starts_with(b"src/"),
        2 => path.starts_with(b"doc/") || path == b"b" || path.ends_with(b"/b"),
        _ => path == b"src/a" || path == b"b",
    }
}

/// The globs of a scope.
pub(super) fn globs(scope: usize) -> &'static [&'static str] {
    match scope {
        1 => &["src/**"],
        2 => &["doc/**", "b"],
        _ => &[],
    }
}

/// What differs between what was shown and what is there now.
fn differing(shown: &Shown, now: &State) -> Vec<Vec<u8>> {
    let entry = |state: &State, path: &Vec<u8>| {
        state.get(path).map(|(mode, bytes, _)| (mode.clone(), bytes.clone()))
    };
    let reads = shown.scope == 3;
    let paths: BTreeSet<&Vec<u8>> = shown.inputs.keys().chain(now.keys()).collect();
    let is_in = |path: &&Vec<u8>| match reads {
        // What was not there cannot have been read.
        true => shown.inputs.contains_key(*path),
        false => takes(shown.scope, path),
    };
    let differs = |path: &&Vec<u8>| shown.inputs.get(*path).cloned() != entry(now, path);
    let is_input = |path: &&Vec<u8>| !shown.outputs.contains(*path);
    paths.into_iter().filter(is_in).filter(is_input).filter(differs).cloned().collect()
}

/// Judges a claim by all there is.
pub(super) fn judge(claim: &Claimed, all: &BTreeMap<u64, Shown>, line: &[State]) -> Verdict {
    let now = line.last().cloned().unwrap_or_default();
    let is_candidate = |number: &u64, shown: &Shown| {
        claim.cited.iter().any(|cited| {
            let same = &all[cited];
            cited == number || number > cited && same.lane.is_some() && same.lane == shown.lane
        })
    };
    let candidates: Vec<(&u64, &Shown)> =
        all.iter().filter(|(number, shown)| is_candidate(number, shown)).collect();
    let applies = candidates
        .iter()
        .rev()
        .find(|(_, shown)| shown.passed.is_some() && differing(shown, &now).is_empty());
    if let Some((_, shown)) = applies {
        return (if shown.passed == Some(true) { "supported" } else { "refuted" }, None);
    }
    let passed = candidates.iter().rev().find(|(_, shown)| shown.passed == Some(true));
    match passed {
        Some((_, shown)) => ("stale", since(shown, &now, line)),
        None => ("unsupported", None),
    }
}

/// Since when: of what differs now, what has differed for longest.
fn since(shown: &Shown, now: &State, line: &[State]) -> Option<(Vec<u8>, Option<u64>)> {
    let mut first: Option<(usize, Vec<u8>, Option<u64>)> = None;
    for path in differing(shown, now) {
        let then = shown.inputs.get(&path);
        let differs = |state: &State| {
            state.get(&path).map(|(mode, bytes, _)| (mode.clone(), bytes.clone())).as_ref() != then
        };
        // Counted from 1; before it was there for the first time it was not otherwise, and what never
        // was there is the oldest.
        let begun = line.iter().position(|state| state.contains_key(&path));
        let begun = begun.map_or(0, |at| at + 1);
        let mut at = line.len();
        while at > begun.max(1) && begun > 0 && differs(&line[at - 2]) {
            at -= 1;
        }
        let at = if begun == 0 { 0 } else { at };
        let number = line.get(at.wrapping_sub(1)).and_then(|state| state.get(&path));
        let number = number.map(|(_, _, number)| *number);
        if first.as_ref().is_none_or(|(earliest, ..)| at < *earliest) {
            first = Some((at, path, number));
        }
    }
    first.map(|(_, path, number)| (path, number))
}
