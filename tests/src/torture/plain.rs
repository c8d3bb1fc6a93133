//! The plain model of a session's state: maps, and the stack that undo takes from.

use std::collections::BTreeMap;
use std::rc::Rc;

use partita::state::StateValue;
use partita::{Result, Snapshot};

use super::ledger::Deed;
use super::table::Op;

/// The memories of a state: the newest, and those before.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) number: u64,
    pub(super) text: String,
    before: Option<Rc<Said>>,
}

/// A state.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Iteration and content by path.
    pub(super) files: BTreeMap<String, (u64, String)>,
    pub(super) said: Option<Rc<Said>>,
    pub(super) keys: BTreeMap<String, String>,
}

/// A line's newest state and what it takes to go on from it.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) now: State,
    /// Newest iteration numbers, also of removed files; one that is not there is not known.
    last: BTreeMap<String, u64>,
    /// What each iteration of a path held, as far as it is known.
    held: BTreeMap<String, BTreeMap<u64, Option<String>>>,
    /// The number given last; none if it is not known.
    memories: Option<u64>,
    undo: Vec<State>,
    /// What undos since the last other operation took: the state before each, and what it brought.
    redo: Vec<(State, Option<State>)>,
}

/// What the model makes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// The state is known.
    State,
    /// What the operation rests on is before what the model knows.
    Unknown,
}

impl State {
    /// Reads a state of the store.
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self> {
        let mut state = State::default();
        for file in snapshot.files() {
            let file = file?;
            let content = file.entry.content().map(|id| id.to_string()).unwrap_or_default();
            state.files.insert(file.path.to_string(), (file.number()?, content));
        }
        for entry in snapshot.memories() {
            let entry = entry?;
            let text = entry.memory.text().into_owned();
            state.said = Some(Rc::new(Said { number: entry.number, text, before: state.said }));
        }
        state.keys = keys(snapshot)?;
        Ok(state)
    }

    fn newest(&self) -> Option<(u64, &str)> {
        self.said.as_ref().map(|said| (said.number, &said.text[..]))
    }

    /// The memories, oldest first.
    pub(super) fn memories(&self) -> Vec<(u64, &str)> {
        let mut all = Vec::new();
        let mut at = self.said.as_deref();
        while let Some(said) = at {
            all.push((said.number, &said.text[..]));
            at = said.before.as_deref();
        }
        all.reverse();
        all
    }
}

fn keys(snapshot: &Snapshot) -> Result<BTreeMap<String, String>> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let rows = snapshot.state().list()?.into_iter();
    Ok(rows
        .filter_map(|(key, value)| match value {
            StateValue::Bytes(bytes) => Some((text(key), text(bytes))),
            _ => None,
        })
        .collect())
}

impl Line {
    /// Begins with an empty session.
    pub(super) fn empty() -> Self {
        Line { memories: Some(0), ..Line::default() }
    }

    /// Begins at a state that the model knows nothing about.
    pub(super) fn at(state: State) -> Self {
        let mut line = Line::default();
        line.adopt(state);
        line
    }

    /// Takes a state as it is. It tells nothing of the numbers of paths that were removed.
    pub(super) fn adopt(&mut self, state: State) {
        self.last.retain(|path, _| state.files.contains_key(path));
        for (path, (number, content)) in &state.files {
            self.last.insert(path.clone(), *number);
            self.held.entry(path.clone()).or_default().insert(*number, Some(content.clone()));
        }
        self.now = state;
    }

    fn set(&mut self, path: &str, content: Option<&str>) {
        let now = self.now.files.get(path).map(|(_, content)| &content[..]);
        if now == content {
            return;
        }
        // 0 is a number that is not known.
        let number = self.last.get(path).map_or(0, |last| last + 1);
        if number > 0 {
            self.last.insert(path.to_owned(), number);
            let held = self.held.entry(path.to_owned()).or_default();
            held.insert(number, content.map(str::to_owned));
        }
        match content {
            Some(content) => {
                self.now.files.insert(path.to_owned(), (number, content.to_owned()));
            }
            None => drop(self.now.files.remove(path)),
        }
    }

    fn write(&mut self, path: &str, content: &str, is_first: bool) {
        if is_first && !self.now.files.contains_key(path) && !self.last.contains_key(path) {
            self.last.insert(path.to_owned(), 0);
        }
        self.set(path, Some(content));
    }

    fn say(&mut self, text: &str) {
        self.memories = self.memories.map(|last| last + 1);
        let before = self.now.said.take();
        let number = self.memories.unwrap_or(0);
        let said = Said { number, text: text.to_owned(), before };
        self.now.said = Some(Rc::new(said));
    }

    /// Does what an operation does. `is_whole` says that the model knows the line from its
    /// beginning, so that what it has not seen never was.
    pub(super) fn apply(&mut self, deed: &Deed, is_whole: bool) -> Made {
        let before = self.now.clone();
        let path = deed.text("path").unwrap_or_default();
        match deed.op {
            Op::Write | Op::Secret => {
                self.write(path, deed.text("content").unwrap_or_default(), is_whole);
            }
            Op::Say => self.say(&deed.token),
            Op::Batch => {
                for file in deed.with["files"].as_array().into_iter().flatten() {
                    let text = |at: usize| file[at].as_str().unwrap_or_default();
                    self.write(text(0), text(1), is_whole);
                }
                self.say(&deed.token);
                self.put(deed);
            }
            Op::State => self.put(deed),
            Op::Remove => self.set(path, None),
            Op::Move => {
                let to = deed.text("to").unwrap_or_default();
                if !self.rename(path, to, is_whole) {
                    self.redo.clear();
                    self.undo.push(before);
                    return Made::Unknown;
                }
            }
            Op::Restore => {
                let number = deed.number("iteration").unwrap_or_default();
                let held = self.held.get(path).and_then(|held| held.get(&number)).cloned();
                let Some(content) = held else {
                    self.redo.clear();
                    self.undo.push(before);
                    return Made::Unknown;
                };
                self.set(path, content.as_deref());
            }
            Op::Undo => {
                let old = self.undo.pop();
                self.redo.push((before, old.clone()));
                let Some(old) = old else { return Made::Unknown };
                self.set_back(&old);
                return Made::State;
            }
            Op::Redo => {
                let Some((state, old)) = self.redo.pop() else { return Made::Unknown };
                self.set_back(&state);
                self.undo.extend(old);
                return Made::State;
            }
            _ => return Made::Unknown,
        }
        self.redo.clear();
        self.undo.push(before);
        Made::State
    }

    fn set_back(&mut self, old: &State) {
        let paths: Vec<String> = self.now.files.keys().chain(old.files.keys()).cloned().collect();
        for path in paths {
            self.set(&path, old.files.get(&path).map(|(_, content)| &content[..]));
        }
        (self.now.said, self.now.keys) = (old.said.clone(), old.keys.clone());
    }

    fn put(&mut self, deed: &Deed) {
        let text = |key: &str| deed.text(key).unwrap_or_default().to_owned();
        self.now.keys.insert(text("key"), text("value"));
    }

    fn rename(&mut self, from: &str, to: &str, is_whole: bool) -> bool {
        let Some((_, content)) = self.now.files.get(from).cloned() else { return false };
        let last = |path: &str| self.last.get(path).copied().or(is_whole.then_some(0));
        let number = match (last(from), last(to)) {
            (Some(from), Some(to)) => from.max(to) + 1,
            _ => 0,
        };
        let mut line = self.held.get(from).cloned().unwrap_or_default();
        line.insert(number, Some(content.clone()));
        self.held.insert(to.to_owned(), line);
        match number {
            0 => drop(self.last.remove(to)),
            number => drop(self.last.insert(to.to_owned(), number)),
        }
        self.now.files.insert(to.to_owned(), (number, content));
        self.set(from, None);
        true
    }

    /// Compares the state with the store's, and takes from it what the model does not know.
    pub(super) fn compare(&mut self, snapshot: &Snapshot) -> Result<Result<(), String>> {
        let mut files = BTreeMap::new();
        for file in snapshot.files() {
            let file = file?;
            let content = file.entry.content().map(|id| id.to_string()).unwrap_or_default();
            let path = file.path.to_string();
            let mut number = self.now.files.get(&path).map_or(0, |(number, _)| *number);
            let stored = file.number()?;
            if number == 0 {
                self.last.insert(path.clone(), stored);
                self.held.entry(path.clone()).or_default().insert(stored, Some(content.clone()));
                number = stored;
                if let Some(known) = self.now.files.get_mut(&path) {
                    known.0 = stored;
                }
            }
            if number != stored {
                return Ok(Err(format!("{path} is at iteration {stored}, not {number}")));
            }
            files.insert(path, (stored, content));
        }
        if files != self.now.files {
            return Ok(Err(format!("files are {files:?}, not {:?}", self.now.files)));
        }
        let newest = snapshot.memories_back().next().transpose()?;
        let newest = newest.map(|entry| (entry.number, entry.memory.text().into_owned()));
        let mut known = self.now.newest().map(|(number, text)| (number, text.to_owned()));
        if let (Some((0, text)), Some((number, _))) = (&known, &newest)
            && let Some(said) = self.now.said.take()
        {
            // The first after a state that was taken as it is.
            let (text, before) = (text.clone(), said.before.clone());
            self.memories = Some(*number);
            self.now.said = Some(Rc::new(Said { number: *number, text: text.clone(), before }));
            known = Some((*number, text));
        }
        if newest != known {
            return Ok(Err(format!("the newest memory is {newest:?}, not {known:?}")));
        }
        let stored = keys(snapshot)?;
        if stored != self.now.keys {
            return Ok(Err(format!("the state is {stored:?}, not {:?}", self.now.keys)));
        }
        Ok(Ok(()))
    }
}
