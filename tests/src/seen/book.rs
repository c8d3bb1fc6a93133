//! The model: what is in view, in plain lists, written from the documentation.

use std::collections::BTreeMap;
use std::rc::Rc;

use partita::context::{Prompt, PromptMemory, Tool, ViewedFile, trimmed};
use partita::{Body, IterationId, Memory, MemoryKind, Part, Role};

use super::exchange::exchanges;
use super::op::{Files, GLOBS, Mark, PATHS};

/// What stands at a place of the dialog.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// The number; of a summary the first that it covers.
    pub(super) first: u64,
    /// The same, or the last that it covers.
    pub(super) last: u64,
    /// The memory, or the summary.
    pub(super) memory: Rc<Memory>,
    /// What a summary covers.
    pub(super) covers: Option<Rc<Vec<Item>>>,
    pub(super) forgotten: bool,
    pub(super) trimmed: bool,
    pub(super) pinned: bool,
}

/// An iteration in view.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) path: usize,
    pub(super) number: u64,
    pub(super) text: Rc<str>,
    /// The newest memory that was ever there when it came.
    pub(super) after: u64,
    pub(super) pinned: bool,
}

/// What undo brings back.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct State {
    /// Instructions, sandbox state, and how many tools there are.
    pub(super) instructions: String,
    pub(super) sandbox: String,
    pub(super) tools: usize,
    pub(super) items: Vec<Item>,
    /// By path what is there.
    pub(super) files: BTreeMap<usize, Rc<str>>,
    pub(super) pairs: Vec<Pair>,
    /// Patterns, and whether they hide. The last that matches counts.
    pub(super) rules: Vec<(usize, bool)>,
}

/// A session.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) now: State,
    /// The number of the newest iteration of each path; undo gives none back.
    pub(super) numbers: BTreeMap<usize, u64>,
    /// The numbers of memories that were given.
    pub(super) given: u64,
    /// Facts that were given.
    pub(super) facts: usize,
    /// What was read of iterations that memories refer to.
    pub(super) referred: Vec<(IterationId, String)>,
}

/// What is meant, by the numbers that it has.
#[derive(Clone, Debug)]
pub(super) enum Meant {
    Range(u64, u64),
    Role(Role),
    Fact(String),
}

impl Item {
    pub(super) fn new(number: u64, memory: Memory) -> Self {
        Item {
            first: number,
            last: number,
            memory: Rc::new(memory),
            covers: None,
            forgotten: false,
            trimmed: false,
            pinned: false,
        }
    }

    fn holds_result(&self) -> bool {
        self.memory.parts.iter().any(|part| matches!(part, Part::Result { .. }))
    }
}

fn matches(glob: usize, path: usize) -> bool {
    match GLOBS[glob] {
        "*" => true,
        "*.log" => PATHS[path].ends_with(".log"),
        "dir/" => PATHS[path].starts_with("dir/"),
        name => PATHS[path] == name,
    }
}

impl State {
    pub(super) fn hides(&self, path: usize) -> bool {
        let rule = self.rules.iter().rev().find(|(glob, _)| matches(*glob, path));
        rule.is_some_and(|(_, hides)| *hides)
    }

    fn bring(&mut self, path: usize, number: u64, text: Rc<str>, after: u64) {
        self.pairs.push(Pair { path, number, text, after, pinned: false });
    }

    /// The exchanges of the items that a test lets in, each as the places of its items.
    pub(super) fn units(&self, of: impl Fn(&Item) -> bool) -> Vec<Vec<usize>> {
        let places: Vec<usize> = (0..self.items.len()).filter(|at| of(&self.items[*at])).collect();
        let memories: Vec<&Memory> = places.iter().map(|at| &*self.items[*at].memory).collect();
        exchanges(&memories).into_iter().map(|range| places[range].to_vec()).collect()
    }

    fn means(&self, item: &Item, meant: &Meant) -> bool {
        match meant {
            Meant::Range(first, last) => item.first <= *last && *first <= item.last,
            Meant::Role(role) => item.memory.role == *role,
            Meant::Fact(fact) => item.memory.parts.iter().any(|part| match part {
                Part::Text(Body::Inline(text)) => {
                    text.windows(fact.len()).any(|at| at == fact.as_bytes())
                }
                _ => false,
            }),
        }
    }

    /// Exchanges with something that is meant; those in view, or of all that there is.
    fn chosen(&self, meant: &Meant, all: bool) -> Vec<Vec<usize>> {
        let mut units = self.units(|item| all || !item.forgotten);
        units.retain(|unit| unit.iter().any(|at| self.means(&self.items[*at], meant)));
        units
    }

    fn is_pinned(&self, unit: &[usize]) -> bool {
        unit.iter().any(|at| self.items[*at].pinned)
    }

    pub(super) fn mark(&mut self, mark: Mark, meant: &Meant) {
        for unit in self.chosen(meant, mark == Mark::Recall) {
            let passes = matches!(mark, Mark::Pin | Mark::Unpin);
            if !passes && self.is_pinned(&unit) {
                continue;
            }
            for at in unit {
                let item = &mut self.items[at];
                match mark {
                    Mark::Forget => item.forgotten = true,
                    Mark::Recall => (item.forgotten, item.trimmed) = (false, false),
                    Mark::Trim => item.trimmed |= item.covers.is_none() && item.holds_result(),
                    Mark::Pin => item.pinned = true,
                    Mark::Unpin => item.pinned = false,
                }
            }
        }
    }

    /// Shortens the results of named memories alone.
    pub(super) fn trim_named(&mut self, unit: &[usize], first: u64, last: u64) {
        for &at in unit {
            let item = &mut self.items[at];
            let is_named = item.first <= last && first <= item.last;
            item.trimmed |= is_named && item.covers.is_none() && item.holds_result();
        }
    }

    /// The exchanges in view of some numbers, but for those that are pinned.
    pub(super) fn loose(&self, first: u64, last: u64) -> Vec<Vec<usize>> {
        let mut units = self.chosen(&Meant::Range(first, last), false);
        units.retain(|unit| !self.is_pinned(unit));
        units
    }

    pub(super) fn forget(&mut self, unit: &[usize]) {
        unit.iter().for_each(|at| self.items[*at].forgotten = true);
    }

    /// The runs that a compaction lays summaries over: exchanges with nothing in view between.
    pub(super) fn runs(&self, meant: &Meant) -> Vec<Vec<usize>> {
        let mut units = self.chosen(meant, false);
        units.retain(|unit| !self.is_pinned(unit));
        self.joined(units)
    }

    /// Joins exchanges with nothing in view between them.
    pub(super) fn joined(&self, units: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for unit in units {
            let between = |run: &Vec<usize>| {
                let last = run[run.len() - 1];
                (last + 1..unit[0]).all(|at| self.items[at].forgotten)
            };
            match runs.last_mut().filter(|run| between(run)) {
                Some(run) => run.extend(unit),
                None => runs.push(unit),
            }
        }
        runs
    }

    /// Lays summaries over runs.
    pub(super) fn lay(&mut self, runs: &[Vec<usize>], texts: &[String]) {
        for (run, text) in runs.iter().zip(texts).rev() {
            let (from, to) = (run[0], run[run.len() - 1]);
            let covers: Vec<Item> = self.items[from..=to].to_vec();
            let summary = Memory::user(text).with_kind(MemoryKind::Summary);
            let mut item = Item::new(covers[0].first, summary);
            item.last = run.iter().map(|at| self.items[*at].last).max().unwrap_or(item.last);
            item.covers = Some(Rc::new(covers));
            self.items.splice(from..=to, [item]);
        }
    }

    /// Takes summaries off; tells whether there is one.
    pub(super) fn expand(&mut self, meant: &Meant) -> bool {
        let mut found = Vec::new();
        for unit in self.chosen(meant, true) {
            let pinned = self.is_pinned(&unit);
            let of = |at: &usize| {
                let item = &self.items[*at];
                item.covers.is_some() && self.means(item, meant)
            };
            found.extend(unit.into_iter().filter(of).map(|at| (at, pinned)));
        }
        let is_any = !found.is_empty();
        for (at, _) in found.into_iter().rev().filter(|(_, pinned)| !pinned) {
            let covers = self.items[at].covers.clone().expect("it was looked for");
            self.items.splice(at..=at, covers.iter().cloned());
        }
        is_any
    }

    fn rule(&mut self, glob: usize, hides: bool) {
        self.rules.retain(|(other, _)| *other != glob);
        if hides || self.rules.iter().any(|(_, hides)| *hides) {
            self.rules.push((glob, hides));
        }
    }

    fn refresh(&mut self, numbers: &BTreeMap<usize, u64>, given: u64) {
        let before = std::mem::take(&mut self.pairs);
        // Of each path the pair that is current, else the last that says the same.
        let stays = |path: usize| -> Option<usize> {
            let text = self.files.get(&path)?;
            let same = |at: &usize| before[*at].path == path && before[*at].text == *text;
            let current = |at: &usize| same(at) && before[*at].number == numbers[&path];
            let places = 0..before.len();
            places.clone().rev().find(current).or_else(|| places.rev().find(same))
        };
        let stays: BTreeMap<usize, Option<usize>> =
            (0..PATHS.len()).map(|path| (path, stays(path))).collect();
        let goes = |at: usize, pair: &Pair| stays[&pair.path] != Some(at);
        let kept = before.iter().enumerate().filter(|(at, pair)| pair.pinned || !goes(*at, pair));
        self.pairs = kept.map(|(_, pair)| pair.clone()).collect();
        let mut done = Vec::new();
        for (at, pair) in before.iter().enumerate() {
            let path = pair.path;
            if goes(at, pair)
                && stays[&path].is_none()
                && !done.contains(&path)
                && !self.hides(path)
            {
                done.push(path);
                if let Some(text) = self.files.get(&path).cloned() {
                    self.bring(path, numbers[&path], text, given);
                }
            }
        }
    }

    /// Takes an iteration out of view, unless it is pinned.
    pub(super) fn take_out(&mut self, path: &str, number: u64) {
        self.pairs.retain(|pair| pair.pinned || PATHS[pair.path] != path || pair.number != number);
    }

    fn change_files(
        &mut self,
        what: Files,
        glob: usize,
        numbers: &BTreeMap<usize, u64>,
        given: u64,
    ) {
        match what {
            Files::Hide => {
                self.rule(glob, true);
                self.pairs.retain(|pair| pair.pinned || !matches(glob, pair.path));
            }
            Files::Show => {
                self.rule(glob, false);
                let mut shown: Vec<usize> =
                    (0..PATHS.len()).filter(|path| matches(glob, *path)).collect();
                shown.sort_by_key(|path| PATHS[*path]);
                for path in shown {
                    let Some(text) = self.files.get(&path).cloned() else { continue };
                    let of_path = || self.pairs.iter().filter(|pair| pair.path == path);
                    let is_there = of_path().any(|pair| pair.number == numbers[&path])
                        || of_path().next_back().is_some_and(|pair| pair.text == text);
                    if !is_there {
                        self.bring(path, numbers[&path], text, given);
                    }
                }
            }
            Files::Pin | Files::Unpin => {
                for pair in self.pairs.iter_mut().filter(|pair| matches(glob, pair.path)) {
                    pair.pinned = what == Files::Pin;
                }
            }
        }
    }
}

impl Book {
    pub(super) fn fact(&mut self) -> usize {
        self.facts += 1;
        self.facts
    }

    pub(super) fn remember(&mut self, memory: Memory) {
        self.given += 1;
        self.now.items.push(Item::new(self.given, memory));
    }

    fn next(&mut self, path: usize) -> u64 {
        let number = self.numbers.entry(path).or_default();
        *number += 1;
        *number
    }

    /// Writes a file; tells whether anything changes.
    pub(super) fn write(&mut self, path: usize, text: &str) {
        if self.now.files.get(&path).is_some_and(|there| &**there == text) {
            return;
        }
        let number = self.next(path);
        self.now.files.insert(path, text.into());
        if !self.now.hides(path) {
            self.now.bring(path, number, text.into(), self.given);
        }
    }

    /// Removes a file; tells whether there is one.
    pub(super) fn remove(&mut self, path: usize) -> bool {
        let is_there = self.now.files.remove(&path).is_some();
        if is_there {
            self.next(path);
        }
        is_there
    }

    /// Moves a file; tells whether it can be.
    pub(super) fn rename(&mut self, from: usize, to: usize) -> bool {
        if from == to {
            return false;
        }
        let Some(text) = self.now.files.remove(&from) else { return false };
        let of = |path: usize| self.numbers.get(&path).copied().unwrap_or(0);
        let number = of(from).max(of(to)) + 1;
        self.numbers.insert(to, number);
        self.next(from);
        self.now.files.insert(to, text.clone());
        if !self.now.hides(to) {
            self.now.bring(to, number, text, self.given);
        }
        true
    }

    pub(super) fn refresh(&mut self) {
        self.now.refresh(&self.numbers, self.given);
    }

    pub(super) fn change_files(&mut self, what: Files, glob: usize) {
        self.now.change_files(what, glob, &self.numbers, self.given);
    }

    /// Brings a state back: each file that was otherwise gets an iteration more.
    pub(super) fn bring_back(&mut self, then: &State) {
        for path in 0..PATHS.len() {
            if self.now.files.get(&path) != then.files.get(&path) {
                self.next(path);
            }
        }
        self.now = then.clone();
    }

    /// A memory as a model is shown it.
    fn shown(&self, item: &Item) -> Memory {
        let mut memory = (*item.memory).clone();
        for part in &mut memory.parts {
            if let Part::File { iteration } = part {
                let found = self.referred.iter().find(|(known, _)| known == iteration);
                *part = Part::text(found.map_or("", |(_, text)| text));
            }
        }
        if item.trimmed { trimmed(&memory) } else { memory }
    }

    /// The prompt that the model stands for.
    pub(super) fn prompt(&self) -> Prompt {
        let now = &self.now;
        let mut prompt =
            Prompt::new(&now.instructions).with_tools(tools(now.tools)).with_sandbox(&now.sandbox);
        for pair in &now.pairs {
            let file = ViewedFile::new(PATHS[pair.path], pair.number, &*pair.text);
            prompt.files.push(file.with_after(pair.after));
        }
        for item in now.items.iter().filter(|item| !item.forgotten) {
            let (number, memory) = (item.first, self.shown(item));
            prompt.memories.push(PromptMemory { number, memory });
        }
        prompt
    }
}

/// The first of some tools.
pub(super) fn tools(count: usize) -> Vec<Tool> {
    let schema = partita::Json::parse(r#"{"type":"object","properties":{}}"#).expect("it is JSON");
    let names = ["ls", "cat", "grep"];
    names.iter().take(count).map(|name| Tool::new(*name, "Looks.", schema.clone())).collect()
}
