//! Threads: from the lines of Claude Code to one dialog in order.
//!
//! Lines name their parents. After a rewind they form a tree, of which the branch that ends newest
//! is the dialog. A response stands on several lines with the results of its first calls between
//! them; results of parallel calls are side branches of a line each.

use std::collections::{HashMap, HashSet};

use super::Format;
use super::report::{Place, clip};
use super::transcript::{Entry, Transcript};
use crate::object::{Memory, ModelCall, Part, Role, Timestamp};

const FORMAT: Format = Format::ClaudeCode;

/// One line, as far as it matters.
pub(super) struct ThreadLine {
    pub(super) at: u64,
    pub(super) uuid: String,
    pub(super) parent: Option<String>,
    /// Whether the line says what its parent is, be it that it has none.
    pub(super) has_parent: bool,
    pub(super) logical: Option<String>,
    pub(super) is_boundary: bool,
    pub(super) time: Option<Timestamp>,
    pub(super) said: Said,
}

/// What a line says.
pub(super) enum Said {
    /// Nothing of the dialog.
    Nothing,
    /// A piece of a model's response.
    Piece { id: String, parts: Vec<Part>, call: Box<ModelCall> },
    /// Whole memories, and the calls whose results they hold.
    Whole { memories: Vec<Memory>, results: Vec<String> },
}

/// The lines of one dialog, in the file's order.
pub(super) struct Chain {
    pub(super) transcript: Transcript,
    lines: Vec<ThreadLine>,
    places: HashMap<String, usize>,
}

impl Chain {
    pub(super) fn new(name: &str) -> Self {
        let mut transcript = Transcript::new(FORMAT);
        transcript.name = name.to_owned();
        Chain { transcript, lines: Vec::new(), places: HashMap::new() }
    }

    pub(super) fn knows(&self, uuid: &str) -> bool {
        self.places.contains_key(uuid)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| matches!(line.said, Said::Nothing))
    }

    pub(super) fn push(&mut self, line: ThreadLine) {
        self.places.insert(line.uuid.clone(), self.lines.len());
        self.lines.push(line);
    }

    /// Makes the transcript of the branch that ends newest.
    pub(super) fn into_transcript(mut self) -> Transcript {
        let mut taken = self.trunk();
        self.rejoin(&mut taken);
        self.report_branches(&taken);
        let mut build = Build { actor: self.transcript.name.clone(), ..Build::default() };
        for (line, _) in self.lines.into_iter().zip(taken).filter(|(_, taken)| *taken) {
            build.line(line);
        }
        build.finish(&mut self.transcript);
        self.transcript.finish()
    }

    /// Returns the line that a line follows, and what had to be mended to know it.
    fn parent(&self, at: usize) -> (Option<usize>, Option<String>) {
        let line = &self.lines[at];
        let before = at.checked_sub(1);
        let named = line.parent.as_ref().or(line.logical.as_ref().filter(|_| line.is_boundary));
        match named {
            Some(uuid) => match (self.places.get(uuid), before) {
                (Some(&parent), _) => (Some(parent), None),
                (None, Some(before)) => {
                    let (uuid, before_line) = (clip(uuid), self.lines[before].at);
                    let what =
                        format!("its parent {uuid} is missing; put after line {before_line}");
                    (Some(before), Some(what))
                }
                (None, None) => {
                    let what = format!("its parent {} is missing; begins here", clip(uuid));
                    (None, Some(what))
                }
            },
            None if line.is_boundary || !line.has_parent => (before, None),
            None => (None, None),
        }
    }

    /// Marks the lines from the newest message up to its root.
    fn trunk(&mut self) -> Vec<bool> {
        let mut taken = vec![false; self.lines.len()];
        let speaks = |line: &ThreadLine| !matches!(line.said, Said::Nothing);
        let messages = self.lines.iter().enumerate().filter(|(_, line)| speaks(line));
        let mut next = messages.max_by_key(|(at, line)| (line.time, *at)).map(|(at, _)| at);
        while let Some(at) = next {
            // A ring of parents ends where it began.
            if std::mem::replace(&mut taken[at], true) {
                let what = "its parents form a ring; cut here";
                self.transcript.report.mend(Place::Line(self.lines[at].at), what);
                break;
            }
            let (parent, mended) = self.parent(at);
            if let Some(what) = mended {
                self.transcript.report.mend(Place::Line(self.lines[at].at), what);
            }
            next = parent;
        }
        taken
    }

    /// Marks what belongs to the trunk without being an ancestor of its end: the other pieces of its
    /// responses, and the results of their calls.
    fn rejoin(&self, taken: &mut [bool]) {
        let mut responses = HashSet::new();
        for (line, _) in self.lines.iter().zip(&*taken).filter(|(_, taken)| **taken) {
            if let Said::Piece { id, .. } = &line.said {
                responses.insert(id.as_str());
            }
        }
        let mut calls = HashSet::new();
        for (at, line) in self.lines.iter().enumerate() {
            if let Said::Piece { id, parts, .. } = &line.said
                && responses.contains(id.as_str())
            {
                taken[at] = true;
                for part in parts {
                    if let Part::Call { id, .. } = part {
                        calls.insert(id.as_str());
                    }
                }
            }
        }
        for (at, line) in self.lines.iter().enumerate() {
            if let Said::Whole { results, .. } = &line.said
                && !results.is_empty()
                && results.iter().all(|call| calls.contains(call.as_str()))
                && self.parent(at).0.is_some_and(|parent| taken[parent])
            {
                taken[at] = true;
            }
        }
    }

    /// Says where other branches left, and how much they hold.
    fn report_branches(&mut self, taken: &[bool]) {
        let mut roots: Vec<usize> = Vec::with_capacity(self.lines.len());
        let mut sizes: HashMap<usize, u64> = HashMap::new();
        let mut order = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let parent = self.parent(at).0.filter(|&parent| parent < at && !taken[parent]);
            let root = parent.map_or(at, |parent| roots[parent]);
            roots.push(root);
            if !taken[at] && !matches!(line.said, Said::Nothing) {
                let size = sizes.entry(root).or_insert_with(|| {
                    order.push(root);
                    0
                });
                *size += 1;
            }
        }
        for root in order {
            let (at, count) = (Place::Line(self.lines[root].at), sizes[&root]);
            let report = &mut self.transcript.report;
            report.skip_many(
                "line of another branch",
                "the branch that ends newest is kept",
                count,
            );
            report.mend(at, format!("a branch of {count} lines begins here, which was given up"));
        }
    }
}

/// A response whose pieces are still coming.
struct Response {
    entry: usize,
    lines: u64,
    first_output: Option<u64>,
}

#[derive(Default)]
struct Build {
    /// The sub-agent's name; empty on the main line.
    actor: String,
    entries: Vec<Entry>,
    responses: HashMap<String, Response>,
}

impl Build {
    fn line(&mut self, line: ThreadLine) {
        let at = Place::Line(line.at);
        match line.said {
            Said::Nothing => {}
            Said::Whole { memories, .. } => {
                for (piece, mut memory) in memories.into_iter().enumerate() {
                    let key = match piece {
                        0 => line.uuid.clone(),
                        _ => format!("{}.{piece}", line.uuid),
                    };
                    memory.time = line.time;
                    self.entries.push(Entry::new(FORMAT, key, at, memory));
                }
            }
            Said::Piece { id, parts, call } => {
                if let Some(response) = self.responses.get_mut(&id) {
                    let entry = &mut self.entries[response.entry];
                    response.lines += 1;
                    entry.grow(FORMAT, line.uuid, at, parts);
                    entry.call = Some(later(entry.call.take().unwrap_or_default(), *call));
                    return;
                }
                let memory = Memory { parts, ..Memory::message(Role::Assistant, "") };
                let memory = Memory { time: line.time, ..memory.with_actor(&self.actor) };
                let first_output = call.usage.output;
                let response = Response { entry: self.entries.len(), lines: 1, first_output };
                self.responses.insert(id, response);
                let mut entry = Entry::new(FORMAT, line.uuid, at, memory);
                entry.call = Some(*call);
                self.entries.push(entry);
            }
        }
    }

    fn finish(mut self, to: &mut Transcript) {
        let (mut joined, mut partial) = (Vec::new(), Vec::new());
        for response in self.responses.values() {
            let entry = &mut self.entries[response.entry];
            if response.lines > 1 {
                joined.push(entry.at);
            }
            // The first lines of a stream count the output so far; a last count is one that comes
            // with the reason to stop, or has risen since.
            if let Some(call) = &mut entry.call
                && call.stop.is_empty()
                && call.usage.output.is_some()
                && call.usage.output == response.first_output
            {
                call.usage.output = None;
                partial.push(entry.at);
            }
        }
        for (places, what) in [
            (joined, "responses on several lines, from here on, each joined into one memory"),
            (partial, "responses, from here on, without a last count of output; left absent"),
        ] {
            if let Some(&first) = places.iter().min() {
                to.report.mend(first, format!("{} {what}", places.len()));
            }
        }
        for entry in self.entries {
            to.push(entry);
        }
    }
}

/// Takes the later of two accounts of one call, and from the earlier what the later lacks.
fn later(earlier: ModelCall, later: ModelCall) -> ModelCall {
    let or = |later: String, earlier: String| if later.is_empty() { earlier } else { later };
    let (old, new) = (earlier.usage, later.usage);
    ModelCall {
        request: or(later.request, earlier.request),
        stop: or(later.stop, earlier.stop),
        usage: crate::object::Usage {
            input: new.input.or(old.input),
            output: new.output.max(old.output),
            cache_read: new.cache_read.or(old.cache_read),
            cache_write: new.cache_write.or(old.cache_write),
            reasoning: new.reasoning.or(old.reasoning),
        },
        ..later
    }
}
