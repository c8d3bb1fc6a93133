//! The model: what every session holds and ever held, in plain maps and lists.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// What became of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its bytes, or those that stand in their place.
    pub bytes: String,
    /// Whether they were purged.
    pub purged: bool,
}

/// One version of a file.
#[derive(Debug)]
pub struct Version {
    /// Where it was.
    pub path: String,
    /// Counts along the line.
    pub number: u64,
    /// What was there; none for a removal.
    pub text: Option<usize>,
    /// The one before.
    pub before: Option<Rc<Version>>,
    /// The checkpoint that brought it.
    pub made: u64,
}

/// A state of a session.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By path the newest version; removed files have one too.
    pub files: BTreeMap<String, Rc<Version>>,
    /// By number.
    pub memories: BTreeMap<u64, usize>,
    /// By key.
    pub values: BTreeMap<String, String>,
    /// Memories that are not in view.
    pub forgotten: BTreeSet<u64>,
    /// Numbers of memories that were given, the largest.
    pub given: u64,
}

/// A session.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// By number, from 1.
    pub checkpoints: Vec<Rc<State>>,
    /// The kind of the operation that made each checkpoint, and its message where that is known; none
    /// where nobody can tell any more.
    pub made: Vec<Option<(&'static str, Option<String>)>>,
    /// The oldest checkpoint that was not trimmed.
    pub oldest: u64,
    /// Pinned checkpoints.
    pub pins: BTreeMap<u64, Rc<State>>,
    /// For what can be undone, newest last: its kind, and how many checkpoints there were before.
    pub undoable: Vec<(&'static str, u64)>,
}

/// All sessions and all texts.
#[derive(Debug, Default)]
pub struct Book {
    /// By name.
    pub lines: BTreeMap<String, Line>,
    /// Of files.
    pub texts: Vec<Kept>,
    /// Of memories.
    pub said: Vec<Kept>,
    /// Bytes that no file may hold any more.
    pub banned: BTreeSet<String>,
    /// Numbers that were given to texts and reasons.
    pub count: usize,
}

impl Line {
    /// An empty session.
    pub fn new() -> Self {
        Line { oldest: 1, ..Line::default() }
    }

    /// The number of the newest checkpoint, 0 in an empty session.
    pub fn newest(&self) -> u64 {
        self.checkpoints.len() as u64
    }

    /// The newest state.
    pub fn now(&self) -> State {
        self.checkpoints.last().map(|state| (**state).clone()).unwrap_or_default()
    }

    /// The state of a number, if it can be read.
    pub fn at(&self, number: u64) -> Option<Rc<State>> {
        if number == 0 || number > self.newest() {
            return None;
        }
        if number < self.oldest {
            return self.pins.get(&number).cloned();
        }
        Some(self.checkpoints[number as usize - 1].clone())
    }

    /// A session that begins with the checkpoint of a number, or empty.
    pub fn fork(&self, number: u64) -> Line {
        if number == 0 {
            return Line::new();
        }
        let mut fork = Line::new();
        fork.checkpoints = self.checkpoints[..number as usize].to_vec();
        fork.made = self.made[..number as usize].to_vec();
        fork.oldest = self.oldest.min(number);
        if number < self.oldest {
            // Who made a checkpoint that a pin alone kept, nobody needs to know.
            fork.checkpoints[number as usize - 1] = self.pins[&number].clone();
            fork.made[number as usize - 1] = None;
        }
        fork
    }

    /// Adds a checkpoint that an operation of a kind made.
    pub fn push(&mut self, state: State, kind: &'static str, message: Option<String>) {
        self.undoable.push((kind, self.newest()));
        self.add(state, kind, message);
    }

    /// Adds a checkpoint of an undo.
    pub fn add(&mut self, state: State, kind: &'static str, message: Option<String>) {
        self.checkpoints.push(Rc::new(state));
        self.made.push(Some((kind, message)));
    }

    /// Tells whether a version is where the history of its line ends.
    pub fn is_last(&self, version: &Version) -> bool {
        let Some(oldest) = self.at(self.oldest).filter(|_| self.oldest > 1) else { return false };
        oldest.files.get(&version.path).is_some_and(|there| version.number <= there.number)
    }

    /// The versions of a path, newest first, as far as the history goes.
    pub fn history(&self, path: &str) -> Vec<Rc<Version>> {
        let mut versions = Vec::new();
        let now = self.checkpoints.last();
        let mut at = now.and_then(|now| now.files.get(path)).cloned();
        while let Some(version) = at {
            at = if self.is_last(&version) { None } else { version.before.clone() };
            versions.push(version);
        }
        versions
    }
}

impl State {
    /// What is at a path, if there is a file.
    pub fn live(&self, path: &str) -> Option<usize> {
        self.files.get(path)?.text
    }

    /// Puts a version at a path.
    pub fn set(&mut self, path: &str, text: Option<usize>, made: u64) {
        let before = self.files.get(path).cloned();
        let number = before.as_ref().map_or(0, |before| before.number) + 1;
        let path = path.to_owned();
        let version = Version { path: path.clone(), number, text, before, made };
        self.files.insert(path, Rc::new(version));
    }

    /// Moves a file.
    pub fn rename(&mut self, from: &str, to: &str, made: u64) {
        let line = self.files[from].clone();
        let old = self.files.get(to).map_or(0, |old| old.number);
        let number = line.number.max(old) + 1;
        let text = line.text;
        let version =
            Version { path: to.to_owned(), number, text, before: Some(line.clone()), made };
        self.files.insert(to.to_owned(), Rc::new(version));
        let gone = Version {
            path: from.to_owned(),
            number: line.number + 1,
            text: None,
            before: Some(line),
            made,
        };
        self.files.insert(from.to_owned(), Rc::new(gone));
    }
}

impl Book {
    /// A text of a file, by its bytes.
    pub fn text(&mut self, bytes: String) -> usize {
        self.texts.push(Kept { purged: self.banned.contains(&bytes), bytes });
        self.texts.len() - 1
    }

    /// Tells whether two entries of files are equal.
    pub fn same(&self, one: Option<usize>, two: Option<usize>) -> bool {
        let bytes = |text: Option<usize>| text.map(|text| &self.texts[text].bytes);
        bytes(one) == bytes(two)
    }

    /// Brings files of an earlier state back; tells whether any changed.
    pub fn bring_back(&self, now: &mut State, then: &State, made: u64) -> bool {
        let paths: BTreeSet<String> = now.files.keys().chain(then.files.keys()).cloned().collect();
        let mut changed = false;
        for path in paths {
            let (is, was) = (now.live(&path), then.live(&path));
            if !self.same(is, was) {
                now.set(&path, was, made);
                changed = true;
            }
        }
        changed
    }
}
