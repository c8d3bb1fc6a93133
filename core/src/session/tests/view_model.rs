//! The view against a plain model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::view::{files, seen};
use super::*;
use crate::object::{Body, Memory, Part};

const PATHS: [&str; 3] = ["a", "b.log", "d/c.log"];
const GLOBS: [&str; 4] = ["a", "*.log", "d/", "*"];

#[derive(Clone, Debug)]
enum Op {
    Turn,
    Say,
    Write(usize, u8),
    Remove(usize),
    Forget(u64, u64),
    Recall(u64, u64),
    Trim(u64, u64),
    Pin(u64, u64),
    Unpin(u64, u64),
    Compact(u64, u64),
    Expand(u64),
    Hide(usize),
    Show(usize),
    Refresh,
    PinFiles(usize),
    UnpinFiles(usize),
}

fn an_op() -> impl Strategy<Value = Op> {
    let range = (1..14u64, 0..4u64);
    let glob = 0..GLOBS.len();
    prop_oneof![
        3 => Just(Op::Turn),
        2 => Just(Op::Say),
        3 => (0..PATHS.len(), 0..4u8).prop_map(|(path, byte)| Op::Write(path, byte)),
        1 => (0..PATHS.len()).prop_map(Op::Remove),
        3 => range.clone().prop_map(|(first, more)| Op::Forget(first, first + more)),
        2 => range.clone().prop_map(|(first, more)| Op::Recall(first, first + more)),
        1 => range.clone().prop_map(|(first, more)| Op::Trim(first, first + more)),
        1 => range.clone().prop_map(|(first, more)| Op::Pin(first, first + more)),
        1 => range.clone().prop_map(|(first, more)| Op::Unpin(first, first + more)),
        3 => range.prop_map(|(first, more)| Op::Compact(first, first + more)),
        2 => (1..14u64).prop_map(Op::Expand),
        1 => glob.clone().prop_map(Op::Hide),
        1 => glob.clone().prop_map(Op::Show),
        1 => Just(Op::Refresh),
        1 => glob.clone().prop_map(Op::PinFiles),
        1 => glob.prop_map(Op::UnpinFiles),
    ]
}

/// A summary or an exchange as the model has it: a block of numbers with its marks.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    first: u64,
    last: u64,
    /// What a summary covers; empty in an exchange.
    covers: Vec<Block>,
    forgotten: bool,
    trimmed: bool,
    pinned: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    blocks: Vec<Block>,
    files: BTreeMap<&'static str, (u64, Option<u8>)>,
    /// Path, number, pinned.
    pairs: Vec<(&'static str, u64, bool)>,
    rules: Vec<(bool, usize)>,
}

fn glob_matches(glob: usize, path: &str) -> bool {
    match GLOBS[glob] {
        "*" => true,
        "*.log" => path.ends_with(".log"),
        "d/" => path.starts_with("d/"),
        name => name == path,
    }
}

impl Model {
    fn next(&self) -> u64 {
        self.blocks.last().map_or(1, |block| block.last + 1)
    }

    fn push(&mut self, count: u64) {
        let first = self.next();
        self.blocks.push(Block {
            first,
            last: first + count - 1,
            covers: Vec::new(),
            forgotten: false,
            trimmed: false,
            pinned: false,
        });
    }

    fn hit(&mut self, first: u64, last: u64) -> impl Iterator<Item = &mut Block> {
        self.blocks.iter_mut().filter(move |block| block.first <= last && first <= block.last)
    }

    fn hidden(&self, path: &str) -> bool {
        let rule = self.rules.iter().rev().find(|(_, glob)| glob_matches(*glob, path));
        rule.is_some_and(|(hides, _)| *hides)
    }

    fn run(&mut self, op: &Op) {
        match *op {
            Op::Turn => self.push(2),
            Op::Say => self.push(1),
            Op::Write(path, byte) => {
                let path = PATHS[path];
                let file = self.files.entry(path).or_default();
                if file.1 != Some(byte) {
                    *file = (file.0 + 1, Some(byte));
                    let number = file.0;
                    if !self.hidden(path) {
                        self.pairs.push((path, number, false));
                    }
                }
            }
            Op::Remove(path) => {
                if let Some(file) = self.files.get_mut(PATHS[path]).filter(|file| file.1.is_some())
                {
                    *file = (file.0 + 1, None);
                }
            }
            Op::Forget(first, last) => {
                self.hit(first, last).filter(|at| !at.pinned).for_each(|at| at.forgotten = true);
            }
            Op::Recall(first, last) => {
                for block in self.hit(first, last).filter(|at| !at.pinned) {
                    (block.forgotten, block.trimmed) = (false, false);
                }
            }
            Op::Trim(first, last) => {
                for block in self.hit(first, last) {
                    let has_result = block.covers.is_empty() && block.last > block.first;
                    block.trimmed |= has_result && !block.pinned && !block.forgotten;
                }
            }
            Op::Pin(first, last) => {
                self.hit(first, last).filter(|at| !at.forgotten).for_each(|at| at.pinned = true);
            }
            Op::Unpin(first, last) => self.hit(first, last).for_each(|at| at.pinned = false),
            Op::Compact(first, last) => self.compact(first, last),
            Op::Expand(number) => {
                let at = self.blocks.iter().position(|block| {
                    (block.first..=block.last).contains(&number)
                        && !block.covers.is_empty()
                        && !block.pinned
                });
                if let Some(at) = at {
                    let covers = std::mem::take(&mut self.blocks[at].covers);
                    self.blocks.splice(at..=at, covers);
                }
            }
            Op::Hide(glob) => {
                self.rules.retain(|(_, other)| *other != glob);
                self.rules.push((true, glob));
                self.pairs.retain(|(path, _, pinned)| *pinned || !glob_matches(glob, path));
            }
            Op::Show(glob) => {
                self.rules.retain(|(_, other)| *other != glob);
                if self.rules.iter().any(|(hides, _)| *hides) {
                    self.rules.push((false, glob));
                }
                for path in PATHS.iter().filter(|path| glob_matches(glob, path)) {
                    let Some((number, Some(_))) = self.files.get(path) else { continue };
                    if !self.pairs.iter().any(|(at, seen, _)| at == path && seen == number) {
                        self.pairs.push((path, *number, false));
                    }
                }
            }
            Op::Refresh => {
                let before = self.pairs.clone();
                let files = self.files.clone();
                let current = |path: &str| files.get(path).filter(|file| file.1.is_some());
                self.pairs.retain(|(path, number, pinned)| {
                    *pinned || current(path).is_some_and(|file| file.0 == *number)
                });
                for (path, _, _) in before {
                    let Some((number, _)) = current(path) else { continue };
                    let there =
                        self.pairs.iter().any(|(at, seen, _)| *at == path && seen == number);
                    if !there && !self.hidden(path) {
                        self.pairs.push((path, *number, false));
                    }
                }
            }
            Op::PinFiles(glob) | Op::UnpinFiles(glob) => {
                for (path, _, pinned) in &mut self.pairs {
                    if glob_matches(glob, path) {
                        *pinned = matches!(op, Op::PinFiles(_));
                    }
                }
            }
        }
    }

    fn compact(&mut self, first: u64, last: u64) {
        let mut blocks: Vec<Block> = Vec::new();
        // The summary that goes on, and what is forgotten behind it.
        let mut run: Option<Block> = None;
        let mut behind: Vec<Block> = Vec::new();
        for block in std::mem::take(&mut self.blocks) {
            let hit = block.first <= last && first <= block.last;
            if block.forgotten {
                behind.push(block);
            } else if hit && !block.pinned {
                match &mut run {
                    Some(run) => {
                        run.last = block.last;
                        run.covers.append(&mut behind);
                        run.covers.push(block);
                    }
                    None => {
                        blocks.append(&mut behind);
                        run = Some(Block { covers: vec![block.clone()], trimmed: false, ..block });
                    }
                }
            } else {
                blocks.extend(run.take());
                blocks.append(&mut behind);
                blocks.push(block);
            }
        }
        blocks.extend(run.take());
        blocks.append(&mut behind);
        self.blocks = blocks;
    }

    fn seen(&self) -> Vec<(u64, MemoryState, bool)> {
        let mut seen = Vec::new();
        for block in self.blocks.iter().filter(|block| !block.forgotten) {
            if !block.covers.is_empty() {
                let state = MemoryState::Summary { last: block.last };
                seen.push((block.first, state, block.pinned));
                continue;
            }
            for number in block.first..=block.last {
                let state = match block.trimmed && number == block.last {
                    true => MemoryState::Trimmed,
                    false => MemoryState::Full,
                };
                seen.push((number, state, block.pinned));
            }
        }
        seen
    }
}

fn run(session: &Session, op: &Op, turn: usize) {
    let short = |_: &[MemoryEntry]| Ok("s".to_owned());
    let range = |first, last| Selector::Range(first, last);
    let done = match *op {
        Op::Turn => {
            let call = Part::Call {
                id: format!("c{turn}"),
                name: "run".into(),
                arguments: Body::new("{}"),
            };
            session.batch(|batch| {
                batch.remember(Memory::assistant("I run.").with_part(call))?;
                batch.remember(Memory::tool(format!("c{turn}"), "done"))
            })
        }
        Op::Say => session.remember(Memory::user("said")).map(drop),
        Op::Write(path, byte) => session.write(PATHS[path], [byte]).map(drop),
        Op::Remove(path) => session.remove(PATHS[path]).map(drop),
        Op::Forget(first, last) => session.forget(&range(first, last)).map(drop),
        Op::Recall(first, last) => session.recall(&range(first, last)).map(drop),
        Op::Trim(first, last) => session.trim_results(&range(first, last)).map(drop),
        Op::Pin(first, last) => session.pin_memories(&range(first, last)).map(drop),
        Op::Unpin(first, last) => session.unpin_memories(&range(first, last)).map(drop),
        Op::Compact(first, last) => session.compact(&range(first, last), &short).map(drop),
        Op::Expand(number) => session.expand(&Selector::Number(number)).map(drop),
        Op::Hide(glob) => session.hide(GLOBS[glob]).map(drop),
        Op::Show(glob) => session.show(GLOBS[glob]).map(drop),
        Op::Refresh => session.refresh().map(drop),
        Op::PinFiles(glob) => session.pin_files(GLOBS[glob]).map(drop),
        Op::UnpinFiles(glob) => session.unpin_files(GLOBS[glob]).map(drop),
    };
    if let Err(error) = done {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{op:?}: {error}");
    }
}

fn agree(session: &Session, model: &Model) {
    assert_eq!(seen(session), model.seen());
    let pairs = model.pairs.iter().map(|(path, number, _)| ((*path).to_owned(), *number));
    assert_eq!(files(session), pairs.collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_view_is_what_a_plain_model_says_and_undo_gives_each_view_back(
        ops in proptest::collection::vec(an_op(), 1..40),
    ) {
        let session = session();
        let mut model = Model::default();
        let mut roots = Vec::new();
        let mut fork = None;
        for (turn, op) in ops.iter().enumerate() {
            roots.push((session.log().unwrap().count(), session.latest().unwrap().roots().view()));
            model.run(op);
            run(&session, op, turn);
            agree(&session, &model);
            if turn == ops.len() / 2 {
                fork = Some((session.fork("fork").unwrap(), model.clone()));
            }
        }
        let (fork, forked) = fork.unwrap();
        agree(&fork, &forked);
        // Undone one by one, each view comes back: the first one last, to the byte.
        let mut undone = session.log().unwrap().count();
        for (made, view) in roots.into_iter().rev() {
            while undone > made {
                session.undo().unwrap();
                undone -= 1;
            }
            prop_assert_eq!(session.latest().unwrap().roots().view(), view);
        }
        prop_assert!(session.latest().unwrap().view().memories().next().is_none());
        agree(&fork, &forked);
    }
}
