//! Sessions as plain maps.

use std::collections::BTreeMap;

use super::op::{Edit, NAMES, Op, PATHS};

/// What a checkpoint holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frozen {
    /// Files by their paths.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Memories by their numbers.
    pub memories: Vec<(u64, String)>,
    /// Keys of the state that hold bytes.
    pub state: BTreeMap<Vec<u8>, Vec<u8>>,
    /// Keys of the state that hold lists.
    pub lists: BTreeMap<Vec<u8>, Vec<Vec<u8>>>,
    /// Files in view: paths and numbers of their iterations, as they came.
    pub in_view: Vec<(String, u64)>,
}

/// An iteration of a path's line.
#[derive(Clone, Debug, PartialEq)]
pub struct Iteration {
    /// Counts along the line.
    pub number: u64,
    /// The bytes, unless it is a removal.
    pub bytes: Option<Vec<u8>>,
    /// Where the file was: before a rename that is elsewhere.
    path: String,
}

/// A session.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The latest state.
    pub now: Frozen,
    /// The iterations of each path along its line.
    pub iterations: BTreeMap<String, Vec<Iteration>>,
    /// Each checkpoint from 1 on.
    pub checkpoints: Vec<Frozen>,
    /// The newest iterations of all paths at each checkpoint.
    newest: Vec<BTreeMap<String, u64>>,
    /// The number of the oldest checkpoint that was not trimmed, if any was.
    trimmed: Option<u64>,
    next_memory: u64,
    /// What undo brings back, newest last, with the first checkpoint that the operation made.
    undo: Vec<(u64, Frozen)>,
}

/// The sessions of a store.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    /// Sessions by their names.
    pub sessions: BTreeMap<String, Line>,
}

impl Plain {
    /// Does an operation; says whether it can be done.
    pub fn run(&mut self, op: &Op) -> bool {
        let free = |plain: &Plain, name: usize| !plain.sessions.contains_key(NAMES[name]);
        match op {
            Op::Create(name) if free(self, *name) => {
                self.sessions.insert(NAMES[*name].into(), Line::default());
                true
            }
            Op::RenameSession(from, to) if free(self, *to) => {
                let Some(line) = self.sessions.remove(NAMES[*from]) else { return false };
                self.sessions.insert(NAMES[*to].into(), line);
                true
            }
            Op::Fork(from, to) if free(self, *to) => {
                let Some(line) = self.sessions.get(NAMES[*from]) else { return false };
                let fork = Line { undo: Vec::new(), ..line.clone() };
                self.sessions.insert(NAMES[*to].into(), fork);
                true
            }
            Op::Create(_) | Op::RenameSession(..) | Op::Fork(..) => false,
            Op::Delete(name) => self.sessions.remove(NAMES[*name]).is_some(),
            Op::Edit(name, edit) => self.change(*name, |line| line.edit(edit)),
            Op::Batch(name, edits) => {
                self.change(*name, |line| edits.iter().all(|edit| line.edit(edit)))
            }
            Op::Import(name, edits) => self.line(*name).is_some_and(|line| line.import(edits)),
            Op::Restore(name, path, number) => {
                self.change(*name, |line| line.restore(PATHS[*path], *number))
            }
            Op::RestoreCheckpoint(name, at, scope) => {
                self.change(*name, |line| line.restore_checkpoint(*at, *scope))
            }
            Op::Undo(name) => self.line(*name).is_some_and(Line::undo),
            Op::Trim(name, keep) => self.line(*name).is_some_and(|line| line.trim(*keep)),
            Op::Die(_, _, inner) => self.run(inner),
            Op::Gc
            | Op::Use(_)
            | Op::Reopen(_)
            | Op::ReopenReader
            | Op::Kill
            | Op::KillOne(_)
            | Op::PowerCut(_) => true,
        }
    }

    fn line(&mut self, name: usize) -> Option<&mut Line> {
        self.sessions.get_mut(NAMES[name])
    }

    /// Changes a session all or nothing; a checkpoint is made where anything changed.
    fn change(&mut self, name: usize, change: impl FnOnce(&mut Line) -> bool) -> bool {
        let Some(line) = self.line(name) else { return false };
        let before = line.clone();
        if !change(line) {
            *line = before;
            return false;
        }
        // Two iterations that end in what there was are a change; two writes of the same are none.
        if line.now != before.now || line.iterations != before.iterations {
            line.undo.push((line.checkpoints.len() as u64 + 1, before.now));
            line.freeze();
        }
        true
    }
}

impl Line {
    /// Makes a checkpoint.
    fn freeze(&mut self) {
        let newest = self.iterations.iter();
        let newest = newest.filter_map(|(path, line)| Some((path.clone(), line.last()?.number)));
        self.newest.push(newest.collect());
        self.checkpoints.push(self.now.clone());
    }

    /// The number of the oldest checkpoint that is left.
    pub fn oldest(&self) -> u64 {
        self.trimmed.unwrap_or(1)
    }

    fn trim(&mut self, keep: u64) -> bool {
        let newest = self.checkpoints.len() as u64;
        let oldest = (newest + 1).saturating_sub(keep).max(1);
        if newest > 0 && oldest > self.oldest() {
            self.trimmed = Some(oldest);
        }
        true
    }

    /// The number of a path's newest iteration as of the oldest checkpoint of a trimmed session.
    fn end(&self, path: &str) -> Option<u64> {
        let oldest = usize::try_from(self.trimmed?).ok()?;
        self.newest.get(oldest - 1)?.get(path).copied()
    }

    /// Tells whether an iteration was not trimmed.
    pub fn keeps(&self, iteration: &Iteration) -> bool {
        self.end(&iteration.path).is_none_or(|end| iteration.number >= end)
    }

    /// The numbers that the history of a path tells, newest first.
    pub fn history(&self, path: &str) -> Vec<u64> {
        let mut told = Vec::new();
        for iteration in self.iterations.get(path).into_iter().flatten().rev() {
            told.push(iteration.number);
            if self.end(&iteration.path).is_some_and(|end| iteration.number <= end) {
                break;
            }
        }
        told
    }

    fn set(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        if self.now.files.get(path) == bytes.as_ref() {
            return;
        }
        let line = self.iterations.entry(path.into()).or_default();
        let number = line.last().map_or(0, |last| last.number) + 1;
        line.push(Iteration { number, bytes: bytes.clone(), path: path.into() });
        match bytes {
            Some(bytes) => drop(self.now.files.insert(path.into(), bytes)),
            None => drop(self.now.files.remove(path)),
        }
    }

    /// Puts what a path holds into view.
    fn show(&mut self, path: &str) {
        if self.now.files.contains_key(path) {
            let number = self.iterations[path].last().map_or(0, |last| last.number);
            self.now.in_view.push((path.into(), number));
        }
    }

    fn set_files(&mut self, files: &BTreeMap<String, Vec<u8>>) {
        for path in PATHS {
            self.set(path, files.get(path).cloned());
        }
    }

    fn edit(&mut self, edit: &Edit) -> bool {
        match edit {
            Edit::Write(path, byte) => {
                let path = PATHS[*path];
                let changes = self.now.files.get(path) != Some(&vec![*byte]);
                self.set(path, Some(vec![*byte]));
                if changes {
                    self.show(path);
                }
            }
            Edit::Remove(path) => {
                if !self.now.files.contains_key(PATHS[*path]) {
                    return false;
                }
                self.set(PATHS[*path], None);
            }
            Edit::Rename(from, to) => {
                let (from, to) = (PATHS[*from], PATHS[*to]);
                let Some(bytes) = self.now.files.get(from).cloned() else { return false };
                if from == to {
                    return false;
                }
                let last = |line: &Vec<Iteration>| line.last().map_or(0, |last| last.number);
                let mut line = self.iterations[from].clone();
                let number = last(&line).max(self.iterations.get(to).map_or(0, last)) + 1;
                line.push(Iteration { number, bytes: Some(bytes.clone()), path: to.into() });
                self.iterations.insert(to.into(), line);
                self.now.files.insert(to.into(), bytes);
                self.set(from, None);
                self.show(to);
            }
            Edit::Remember(byte) => {
                self.next_memory += 1;
                self.now.memories.push((self.next_memory, byte.to_string()));
            }
            Edit::Put(key, byte) => drop(self.now.state.insert(vec![b'k', *key], vec![*byte])),
            Edit::Append(key, byte) => {
                self.now.lists.entry(vec![b'l', *key]).or_default().push(vec![*byte]);
            }
        }
        true
    }

    /// Each edit of an import is a checkpoint; only files and memories can be imported. One edit
    /// that cannot be done ends it, with nothing done.
    fn import(&mut self, edits: &[Edit]) -> bool {
        let before = self.clone();
        for edit in edits {
            let is_state = matches!(edit, Edit::Put(..) | Edit::Append(..));
            if !is_state && !self.edit(edit) {
                *self = before;
                return false;
            }
            self.now.in_view.clone_from(&before.now.in_view);
            self.freeze();
        }
        self.undo.push((before.checkpoints.len() as u64 + 1, before.now));
        true
    }

    fn restore(&mut self, path: &str, number: u64) -> bool {
        let line = self.iterations.get(path);
        let found = line.and_then(|line| line.iter().find(|one| one.number == number)).cloned();
        let Some(found) = found.filter(|found| self.keeps(found)) else { return false };
        let before = self.now.files.get(path).cloned();
        self.set(path, found.bytes);
        if self.now.files.get(path) != before.as_ref() {
            self.show(path);
        }
        true
    }

    fn restore_checkpoint(&mut self, at: usize, scope: u8) -> bool {
        if self.checkpoints.is_empty() {
            return false;
        }
        let at = at % self.checkpoints.len();
        if at as u64 + 1 < self.oldest() {
            return false;
        }
        let old = self.checkpoints[at].clone();
        let before = self.now.clone();
        if scope != 1 {
            self.set_files(&old.files);
        }
        if scope == 0 {
            for path in PATHS {
                let changed = self.now.files.get(path) != before.files.get(path);
                if changed && before.in_view.iter().any(|(shown, _)| shown == path) {
                    self.show(path);
                }
            }
        }
        if scope != 0 {
            let files = std::mem::take(&mut self.now.files);
            self.now = Frozen { files, ..old };
        }
        true
    }

    fn undo(&mut self) -> bool {
        // Of what made a checkpoint that was trimmed, or the oldest that is left, nothing is undone.
        let oldest = self.trimmed.unwrap_or(0);
        let Some((_, old)) = self.undo.pop_if(|(first, _)| *first > oldest) else { return false };
        self.set_files(&old.files);
        self.now = old;
        self.freeze();
        true
    }
}
