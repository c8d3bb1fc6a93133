//! Threads: from the lines of Claude Code to one dialog in order.
//!
//! Lines name their parents. After a rewind they form a tree, of which the branch that was begun
//! last is the dialog. A response stands on several lines with the results of its first calls
//! between them; results of parallel calls are side branches of a line each. The memories stand in
//! the file's order, whatever the tree: only so can a part of the file be imported before the rest.

use std::collections::HashMap;

use super::Format;
use super::recording::Recording;
use super::report::{Place, clip};
use super::transcript::{Entry, Transcript};
use crate::object::{Memory, MemoryKind, ModelCall, Part, Role, Timestamp};

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
    /// Whole memories, and the calls that they are about.
    Whole { memories: Vec<Memory>, calls: Vec<String> },
}

/// What stands at a line that was read.
struct Stand {
    at: u64,
    /// The node that it is of; of a line that says nothing of the dialog the newest by then.
    node: Option<usize>,
}

/// A response, as far as it has come.
struct Response {
    node: usize,
    /// Its memories: more than one where something else came between its pieces.
    slots: Vec<usize>,
    /// Lines of the newest of them.
    lines: u64,
    /// The output that was counted first.
    first_output: Option<u64>,
    /// Whether it calls a tool, and whether it thinks and does nothing else.
    calls: bool,
    thinks: bool,
}

/// The lines of one dialog, in the file's order.
pub(super) struct Chain {
    pub(super) transcript: Transcript,
    stands: Vec<Stand>,
    places: HashMap<String, usize>,
    recording: Recording,
    responses: HashMap<String, Response>,
    /// The response of a call.
    calls: HashMap<String, String>,
    /// The response that more may come of.
    open: Option<String>,
    /// Where responses begin that stand on several lines, and such without a last count.
    joined: Vec<Place>,
    partial: Vec<Place>,
}

impl Chain {
    pub(super) fn new(name: &str) -> Self {
        let mut transcript = Transcript::new(FORMAT);
        transcript.name = name.to_owned();
        Chain {
            transcript,
            stands: Vec::new(),
            places: HashMap::new(),
            recording: Recording::default(),
            responses: HashMap::new(),
            calls: HashMap::new(),
            open: None,
            joined: Vec::new(),
            partial: Vec::new(),
        }
    }

    pub(super) fn knows(&self, uuid: &str) -> bool {
        self.places.contains_key(uuid)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.recording.is_empty()
    }

    /// Takes the next line.
    pub(super) fn push(&mut self, line: ThreadLine) {
        let (at, uuid) = (line.at, line.uuid.clone());
        let node = match line.said {
            Said::Nothing => {
                if line.is_boundary {
                    self.parent(&line);
                }
                self.recording.tip()
            }
            Said::Whole { .. } => self.whole(line),
            Said::Piece { .. } => Some(self.piece(line)),
        };
        self.places.insert(uuid, self.stands.len());
        self.stands.push(Stand { at, node });
    }

    /// Makes the transcript of all that was read.
    pub(super) fn into_transcript(mut self) -> Transcript {
        if let Some(id) = self.open.take() {
            self.count(&id);
        }
        for (places, what) in [
            (self.joined, "responses on several lines, from here on, each joined into one memory"),
            (self.partial, "responses, from here on, without a last count of output; left absent"),
        ] {
            if let Some(&first) = places.iter().min() {
                let what = format!("{} {what}", places.len());
                self.transcript.report.mend(first, what);
            }
        }
        self.recording.finish(&mut self.transcript);
        self.transcript.finish()
    }

    /// Returns the node that a line follows, and the line that it was found at. What says nothing
    /// of the dialog stands for the newest before it: it may hang on anything.
    fn parent(&mut self, line: &ThreadLine) -> (Option<usize>, usize) {
        let newest = self.stands.len();
        let named = line.parent.as_ref().or(line.logical.as_ref().filter(|_| line.is_boundary));
        match named {
            Some(uuid) => match (self.places.get(uuid), self.stands.last()) {
                (Some(&place), _) => (self.stands[place].node, place),
                (None, before) => {
                    let uuid = clip(uuid);
                    let what = match before {
                        Some(before) => {
                            format!("its parent {uuid} is missing; put after line {}", before.at)
                        }
                        None => format!("its parent {uuid} is missing; begins here"),
                    };
                    self.transcript.report.mend(Place::Line(line.at), what);
                    (self.recording.tip(), newest)
                }
            },
            None if line.has_parent && begins(&line.said) => (None, newest),
            None => (self.recording.tip(), newest),
        }
    }

    /// Takes a line of whole memories and returns the node that it is of.
    fn whole(&mut self, line: ThreadLine) -> Option<usize> {
        let of = self.about(&line.said);
        let is_own = |id: &String| self.open.as_ref() == Some(id);
        if !of.as_ref().is_some_and(|(id, all)| *all && is_own(id)) {
            self.close();
        }
        let mut node = of.map(|(id, _)| self.responses[&id].node);
        if node.is_none() {
            let (parent, place) = self.parent(&line);
            self.recording.go_on_behind(parent, place);
        }
        let Said::Whole { memories, .. } = line.said else { return node };
        for (piece, mut memory) in memories.into_iter().enumerate() {
            let key = match piece {
                0 => line.uuid.clone(),
                _ => format!("{}.{piece}", line.uuid),
            };
            memory.time = line.time;
            let is_summary = memory.kind == MemoryKind::Summary;
            let entry = Entry::new(FORMAT, key, Place::Line(line.at), memory);
            match node {
                Some(node) => {
                    self.recording.attach(node, entry, false);
                }
                None => {
                    let (report, begins) = (&mut self.transcript.report, self.stands.len());
                    let (slot, new) = self.recording.add(report, entry, begins, false);
                    if is_summary {
                        self.recording.summarize(slot, new);
                    }
                    node = Some(new);
                }
            }
        }
        node
    }

    /// The response whose calls a line is about, and whether it is about nothing else.
    fn about(&self, said: &Said) -> Option<(String, bool)> {
        let Said::Whole { memories, calls } = said else { return None };
        let id = self.calls.get(calls.first()?)?;
        let all_of_it = calls.iter().all(|call| self.calls.get(call) == Some(id));
        let are_results = memories.iter().all(|memory| memory.role == Role::Tool);
        let only =
            all_of_it && (are_results || memories.iter().all(|memory| !holds_result(memory)));
        Some((id.clone(), only))
    }

    /// Takes a piece of a response and returns the response's node.
    fn piece(&mut self, line: ThreadLine) -> usize {
        let at = Place::Line(line.at);
        let is_open = match &line.said {
            Said::Piece { id, .. } => self.open.as_ref() == Some(id),
            _ => false,
        };
        if !is_open {
            self.close();
        }
        let parent = match &line.said {
            Said::Piece { id, .. } if self.responses.contains_key(id) => None,
            _ => Some(self.parent(&line)),
        };
        let ThreadLine { uuid, time, said: Said::Piece { id, parts, call }, .. } = line else {
            unreachable!("only pieces come here");
        };
        for part in &parts {
            if let Part::Call { id: call, .. } = part {
                self.calls.insert(call.clone(), id.clone());
            }
        }
        let calls = parts.iter().any(|part| matches!(part, Part::Call { .. }));
        let thinks =
            !parts.is_empty() && parts.iter().all(|part| matches!(part, Part::Thinking { .. }));
        let stop = call.stop.clone();
        let fresh = |parts| {
            let memory = Memory { parts, ..Memory::message(Role::Assistant, "") };
            let memory = Memory { time, ..memory.with_actor(&self.transcript.name) };
            Entry::new(FORMAT, uuid.clone(), at, memory)
        };
        let node = match self.responses.get_mut(&id) {
            Some(response) if is_open => {
                let newest = response.slots.last().copied().unwrap_or_default();
                response.lines += 1;
                response.calls |= calls;
                response.thinks &= thinks;
                let entry = self.recording.entry(newest);
                entry.grow(FORMAT, uuid, at, parts);
                entry.call = Some(later(entry.call.take().unwrap_or_default(), *call));
                response.node
            }
            // Something came between: what was settled stays, the rest is a memory of its own.
            Some(response) => {
                let what = "a piece of a response that had ended; kept as a memory of its own";
                self.transcript.report.mend(at, what);
                let mut entry = fresh(parts);
                for slot in &response.slots {
                    let earlier = self.recording.entry(*slot);
                    earlier.also.push(uuid.clone());
                    entry.call = earlier.call.clone();
                }
                let first_output = call.usage.output;
                entry.call = Some(later(entry.call.take().unwrap_or_default(), *call));
                response.slots.push(self.recording.attach(response.node, entry, true));
                (response.lines, response.first_output) = (1, first_output);
                response.calls |= calls;
                response.thinks &= thinks;
                response.node
            }
            None => {
                let (parent, place) = parent.unwrap_or((self.recording.tip(), self.stands.len()));
                self.recording.go_on_behind(parent, place);
                let first_output = call.usage.output;
                let mut entry = fresh(parts);
                entry.call = Some(*call);
                let (report, begins) = (&mut self.transcript.report, self.stands.len());
                let (slot, node) = self.recording.add(report, entry, begins, true);
                let slots = vec![slot];
                let response = Response { node, slots, lines: 1, first_output, calls, thinks };
                self.responses.insert(id.clone(), response);
                node
            }
        };
        // Each piece may bear the reason: one that speaks of calls is not that of what comes before
        // them, and no response ends in thoughts.
        let response = &self.responses[&id];
        let is_early = match stop.as_str() {
            "tool_use" => !response.calls,
            _ => response.thinks,
        };
        let ends = !stop.is_empty() && !is_early;
        self.open = Some(id);
        if ends {
            self.close();
        }
        node
    }

    /// Settles the response that was still coming.
    fn close(&mut self) {
        if let Some(id) = self.open.take() {
            self.count(&id);
            if let Some(slot) = self.responses[&id].slots.last() {
                self.recording.close(*slot);
            }
        }
    }

    /// Settles what a response cost. The first lines of a stream count the output so far; a last
    /// count is one that comes with the reason to stop, or has risen since.
    fn count(&mut self, id: &str) {
        let response = &self.responses[id];
        let Some(&slot) = response.slots.last() else { return };
        let at = self.recording.at(slot);
        if response.lines > 1 {
            self.joined.push(at);
        }
        if let Some(call) = &mut self.recording.entry(slot).call
            && call.stop.is_empty()
            && call.usage.output.is_some()
            && call.usage.output == response.first_output
        {
            call.usage.output = None;
            self.partial.push(at);
        }
    }
}

/// Tells whether a line without a parent begins the dialog anew: what a user says does, for it can
/// replace the first message. All else follows what is there.
fn begins(said: &Said) -> bool {
    match said {
        Said::Whole { memories, .. } => memories
            .iter()
            .all(|memory| memory.role == Role::User && memory.kind == MemoryKind::Message),
        _ => false,
    }
}

fn holds_result(memory: &Memory) -> bool {
    memory.parts.iter().any(|part| matches!(part, Part::Result { .. }))
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
