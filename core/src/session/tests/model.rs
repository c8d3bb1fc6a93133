//! Sessions against plain maps.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::object::Memory;

const PATHS: [&str; 4] = ["a", "b", "c/d", "c/e"];

#[derive(Clone, Debug)]
enum Op {
    Write(usize, u8),
    Remove(usize),
    Rename(usize, usize),
    Remember(u8),
    Put(u8, u8),
    Restore(usize, u64),
    RestoreCheckpoint(usize, u8),
    Undo,
    Fork,
    ForkAt(usize),
}

fn an_op() -> impl Strategy<Value = Op> {
    let path = 0..PATHS.len();
    prop_oneof![
        6 => (path.clone(), 0..4u8).prop_map(|(path, byte)| Op::Write(path, byte)),
        2 => path.clone().prop_map(Op::Remove),
        2 => (path.clone(), path.clone()).prop_map(|(from, to)| Op::Rename(from, to)),
        2 => any::<u8>().prop_map(Op::Remember),
        1 => (0..2u8, 0..3u8).prop_map(|(key, byte)| Op::Put(key, byte)),
        1 => (path, 0..6u64).prop_map(|(path, number)| Op::Restore(path, number)),
        2 => (any::<usize>(), 0..3u8).prop_map(|(at, scope)| Op::RestoreCheckpoint(at, scope)),
        2 => Just(Op::Undo),
        1 => Just(Op::Fork),
        1 => any::<usize>().prop_map(Op::ForkAt),
    ]
}

/// What a checkpoint holds.
#[derive(Clone, Debug, Default, PartialEq)]
struct Frozen {
    files: BTreeMap<String, Vec<u8>>,
    memories: Vec<(u64, String)>,
    state: BTreeMap<Vec<u8>, Vec<u8>>,
    in_view: Vec<(String, u64)>,
}

/// The iterations of each path along its line: number and bytes.
type Lines = BTreeMap<String, Vec<(u64, Option<Vec<u8>>)>>;

#[derive(Clone, Debug, Default)]
struct Model {
    now: Frozen,
    lines: Lines,
    next_memory: u64,
    /// Each checkpoint from 1 on, with the lines and the next memory's number at it.
    checkpoints: Vec<(Frozen, Lines, u64)>,
    /// The states that undo brings back, newest last.
    undo: Vec<Frozen>,
}

impl Model {
    fn set(&mut self, path: &str, bytes: Option<Vec<u8>>) {
        if self.now.files.get(path) == bytes.as_ref() {
            return;
        }
        let line = self.lines.entry(path.into()).or_default();
        let number = line.last().map_or(0, |(number, _)| *number) + 1;
        line.push((number, bytes.clone()));
        match bytes {
            Some(bytes) => drop(self.now.files.insert(path.into(), bytes)),
            None => drop(self.now.files.remove(path)),
        }
    }

    /// Puts what a path holds into view.
    fn show(&mut self, path: &str) {
        if self.now.files.contains_key(path) {
            let number = self.lines[path].last().map_or(0, |(number, _)| *number);
            self.now.in_view.push((path.into(), number));
        }
    }

    fn set_files(&mut self, files: &BTreeMap<String, Vec<u8>>) {
        for path in PATHS {
            self.set(path, files.get(path).cloned());
        }
    }

    /// Runs an operation; says whether it can be.
    fn run(&mut self, op: &Op) -> bool {
        let before = self.now.clone();
        match op {
            Op::Write(path, byte) => {
                let path = PATHS[*path];
                let changes = before.files.get(path) != Some(&vec![*byte]);
                self.set(path, Some(vec![*byte]));
                if changes {
                    self.show(path);
                }
            }
            Op::Remove(path) if before.files.contains_key(PATHS[*path]) => {
                self.set(PATHS[*path], None);
            }
            Op::Rename(from, to) if from != to && before.files.contains_key(PATHS[*from]) => {
                let (from, to) = (PATHS[*from], PATHS[*to]);
                let mut line = self.lines[from].clone();
                let last = |line: &Vec<(u64, _)>| line.last().map_or(0, |(number, _)| *number);
                let old = self.lines.get(to).map_or(0, last);
                let bytes = before.files[from].clone();
                line.push((last(&line).max(old) + 1, Some(bytes.clone())));
                self.lines.insert(to.into(), line);
                self.now.files.insert(to.into(), bytes);
                self.set(from, None);
                self.show(to);
            }
            Op::Remember(byte) => {
                self.now.memories.push((self.next_memory + 1, byte.to_string()));
                self.next_memory += 1;
            }
            Op::Put(key, byte) => drop(self.now.state.insert(vec![*key], vec![*byte])),
            Op::Restore(path, number) => {
                let line = self.lines.get(PATHS[*path]);
                let found = line.and_then(|line| line.iter().find(|(at, _)| at == number));
                let Some((_, bytes)) = found.cloned() else { return false };
                self.set(PATHS[*path], bytes);
                if self.now.files != before.files {
                    self.show(PATHS[*path]);
                }
            }
            Op::RestoreCheckpoint(at, scope) if !self.checkpoints.is_empty() => {
                let old = self.checkpoints[at % self.checkpoints.len()].0.clone();
                if *scope != 1 {
                    self.set_files(&old.files);
                }
                if *scope == 0 {
                    for path in PATHS {
                        let changed = self.now.files.get(path) != before.files.get(path);
                        if changed && before.in_view.iter().any(|(shown, _)| shown == path) {
                            self.show(path);
                        }
                    }
                } else {
                    (self.now.memories, self.now.state) = (old.memories, old.state);
                    self.now.in_view = old.in_view;
                }
            }
            Op::Undo => {
                let Some(old) = self.undo.pop() else { return false };
                self.set_files(&old.files);
                self.now = old;
                self.checkpoint();
                return true;
            }
            Op::Fork => self.undo.clear(),
            Op::ForkAt(at) if !self.checkpoints.is_empty() => {
                self.checkpoints.truncate(at % self.checkpoints.len() + 1);
                let last = self.checkpoints.last().unwrap().clone();
                (self.now, self.lines, self.next_memory) = last;
                self.undo.clear();
                return true;
            }
            _ => return false,
        }
        if self.now != before {
            self.undo.push(before);
            self.checkpoint();
        }
        true
    }

    fn checkpoint(&mut self) {
        self.checkpoints.push((self.now.clone(), self.lines.clone(), self.next_memory));
    }
}

fn run(session: &mut Session, op: &Op, turn: usize) -> Result<()> {
    let nth = |session: &Session, at: usize| -> Result<crate::CheckpointId> {
        let count = session.log()?.count();
        session.checkpoint(&(if count == 0 { 1 } else { at % count + 1 }).to_string())
    };
    match op {
        Op::Write(path, byte) => session.write(PATHS[*path], [*byte]).map(drop),
        Op::Remove(path) => session.remove(PATHS[*path]).map(drop),
        Op::Rename(from, to) => session.rename(PATHS[*from], PATHS[*to]).map(drop),
        Op::Remember(byte) => session.remember(Memory::user(byte.to_string())).map(drop),
        Op::Put(key, byte) => session.state().put([*key], [*byte]),
        Op::Restore(path, number) => session.restore(PATHS[*path], *number).map(drop),
        Op::RestoreCheckpoint(at, scope) => {
            let scopes = [RestoreScope::Files, RestoreScope::Dialog, RestoreScope::All];
            let id = nth(session, *at)?;
            session.restore_checkpoint(id, scopes[*scope as usize]).map(drop)
        }
        Op::Undo => session.undo().map(drop),
        Op::Fork => {
            *session = session.fork(&format!("fork {turn}"))?;
            Ok(())
        }
        Op::ForkAt(at) => {
            *session = session.fork_at(&format!("fork {turn}"), nth(session, *at)?)?;
            Ok(())
        }
    }
}

fn frozen(snapshot: &Snapshot) -> Frozen {
    let files = snapshot.files().map(|file| file.unwrap());
    let state = snapshot.state().list().unwrap().into_iter().map(|(key, value)| match value {
        StateValue::Bytes(bytes) => (key, bytes),
        StateValue::List(_) => unreachable!("no list is made"),
    });
    let memories = snapshot.memories().map(|entry| entry.unwrap());
    Frozen {
        files: files.map(|file| (file.path.to_string(), file.read().unwrap())).collect(),
        memories: memories.map(|entry| (entry.number, entry.memory.text().into())).collect(),
        state: state.collect(),
        in_view: snapshot
            .view()
            .files()
            .map(|file| file.map(|file| (file.path.to_string(), file.number)))
            .collect::<Result<_>>()
            .unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_session_is_what_plain_maps_say(ops in proptest::collection::vec(an_op(), 1..60)) {
        let mut session = session();
        let mut model = Model::default();
        for (turn, op) in ops.iter().enumerate() {
            let expected = model.run(op);
            let done = run(&mut session, op, turn);
            prop_assert_eq!(done.is_ok(), expected, "{:?}: {:?}", op, done);
            let latest = session.latest().unwrap();
            prop_assert_eq!(frozen(&latest), model.now.clone(), "{:?}", op);
            let number = latest.checkpoint().map_or(0, |info| info.number);
            prop_assert_eq!(number, model.checkpoints.len() as u64, "{:?}", op);
        }
        for (at, (old, _, _)) in model.checkpoints.iter().enumerate() {
            let id = session.checkpoint(&(at + 1).to_string()).unwrap();
            prop_assert_eq!(&frozen(&session.at(id).unwrap()), old);
        }
        for (path, line) in &model.lines {
            let told: Vec<u64> =
                session.history(path).unwrap().map(|info| info.unwrap().number).collect();
            let numbers: Vec<u64> = line.iter().rev().map(|(number, _)| *number).collect();
            prop_assert_eq!(&told, &numbers);
            for (number, bytes) in line {
                prop_assert_eq!(session.read_at(path, *number).ok(), bytes.clone());
                let info = session.iteration(path, *number).unwrap();
                let then = session.at(info.checkpoint).unwrap();
                let file = then.file(info.path.as_bytes()).unwrap();
                prop_assert_eq!(file.map(|file| file.iteration), bytes.as_ref().map(|_| info.id));
            }
        }
        let log: Vec<u64> = session.log().unwrap().map(|entry| entry.unwrap().number).collect();
        prop_assert!(log.into_iter().eq((1..=model.checkpoints.len() as u64).rev()));
    }
}
