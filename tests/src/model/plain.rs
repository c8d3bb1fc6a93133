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

/// An iteration: its number, and the bytes unless it is a removal.
pub type Iteration = (u64, Option<Vec<u8>>);

/// A session.
#[derive(Clone, Debug, Default)]
pub struct Line {
    /// The latest state.
    pub now: Frozen,
    /// The iterations of each path along its line: number and bytes.
    pub iterations: BTreeMap<String, Vec<Iteration>>,
    /// Each checkpoint from 1 on.
    pub checkpoints: Vec<Frozen>,
    next_memory: u64,
    /// What undo brings back, newest last.
    undo: Vec<Frozen>,
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
            Op::Use(_) | Op::Reopen(_) | Op::ReopenReader | Op::Kill | Op::PowerCut(_) => true,
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
            line.undo.push(before.now);
            line.checkpoints.push(line.now.clone());
        }
        true
    }
}

impl Line {
    fn set(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        if self.now.files.get(path) == bytes.as_ref() {
            return;
        }
        let line = self.iterations.entry(path.into()).or_default();
        line.push((line.last().map_or(0, |(number, _)| *number) + 1, bytes.clone()));
        match bytes {
            Some(bytes) => drop(self.now.files.insert(path.into(), bytes)),
            None => drop(self.now.files.remove(path)),
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
                    let number = self.iterations[path].last().map_or(0, |(number, _)| *number);
                    self.now.in_view.push((path.into(), number));
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
                let last = |line: &Vec<Iteration>| line.last().map_or(0, |(number, _)| *number);
                let mut line = self.iterations[from].clone();
                let number = last(&line).max(self.iterations.get(to).map_or(0, last)) + 1;
                line.push((number, Some(bytes.clone())));
                self.iterations.insert(to.into(), line);
                self.now.files.insert(to.into(), bytes);
                self.set(from, None);
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
            self.checkpoints.push(self.now.clone());
        }
        self.undo.push(before.now);
        true
    }

    fn restore(&mut self, path: &str, number: u64) -> bool {
        let line = self.iterations.get(path);
        let found = line.and_then(|line| line.iter().find(|(at, _)| *at == number)).cloned();
        let Some((_, bytes)) = found else { return false };
        self.set(path, bytes);
        true
    }

    fn restore_checkpoint(&mut self, at: usize, scope: u8) -> bool {
        if self.checkpoints.is_empty() {
            return false;
        }
        let old = self.checkpoints[at % self.checkpoints.len()].clone();
        if scope != 1 {
            self.set_files(&old.files);
        }
        if scope != 0 {
            let files = std::mem::take(&mut self.now.files);
            self.now = Frozen { files, ..old };
        }
        true
    }

    fn undo(&mut self) -> bool {
        let Some(old) = self.undo.pop() else { return false };
        self.set_files(&old.files);
        self.now = old;
        self.checkpoints.push(self.now.clone());
        true
    }
}
