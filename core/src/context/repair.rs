//! The repair: from whatever memories hold to a sequence that is valid in every dialect.
//!
//! What comes out, and why it can be rendered without a further look:
//! * A model's turn that calls is followed at once by one result a call, in the order of the
//!   calls. A call without result gets an error result that says so; the first of several counts.
//! * A result without a call becomes a quoted text of the user's.
//! * Call ids are unique and well formed, names too; arguments are objects.
//! * The first turn that is not the system's is a user's where the dialect needs that; in each of
//!   them somebody beside the system speaks.
//! * No text is blank, no turn without blocks.
//! * Every block is one that the dialect takes where it stands.

use std::collections::{HashMap, HashSet};

use super::block::{Mender, empty_schema, result_end, text_schema};
use super::dialect::Dialect;
use super::exchange::closed;
use super::fields::Target;
use super::name::{CallIds, tool_name};
use super::pair::{Fate, Pairing, Place};
use super::prompt::{Prompt, ViewedFile};
use super::request::Mend;
use super::spot::Spot;
use super::turn::{Block, Origin, SentTool, Speaker, Turn, joined_text};
use crate::json::Json;
use crate::limits::MESSAGE_NAME_BYTES_MAX;
use crate::object::{Memory, MemoryKind, Part, Role};

/// What the model is told of a call that has no result.
const INTERRUPTED: &str = "[interrupted: the call returned no result]";
/// Stands in for a result that says nothing.
const NO_OUTPUT: &str = "[no output]";
/// Goes ahead of a failed tool's words where the API has no flag for it.
const FAILED: &str = "[the tool failed]";
/// Goes ahead of a result whose call is not there.
const ORPHAN: &str = "[result of a call that is not in view";
/// The user's first turn, where the dialog in view has none.
pub(super) const BEGINNING: &str = "[earlier messages are not in view]";

/// Why it stands there.
pub(super) const BEGUN: &str =
    "a placeholder put first: the dialog in view has no user's turn there";

/// A prompt's tools and turns after the repair.
pub(super) struct Repaired<'a> {
    pub(super) tools: Vec<SentTool<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
    pub(super) mends: Vec<Mend>,
}

/// Repairs a prompt for a dialect.
pub(super) fn repair(prompt: &Prompt, dialect: Dialect) -> Repaired<'_> {
    let memories: Vec<&Memory> = prompt.memories.iter().map(|entry| &entry.memory).collect();
    let pairing = Pairing::of(memories.iter().copied());
    let mut repair = Repair {
        prompt,
        dialect,
        mender: Mender::new(dialect),
        fates: pairing.results.iter().copied().collect(),
        answers: pairing.answers,
        ids: CallIds::default(),
        turns: Vec::new(),
    };
    let leading = memories.iter().take_while(|memory| is_system(memory)).count();
    let mut places = file_places(prompt, &memories, leading).into_iter().peekable();
    for at in 0..=memories.len() {
        while let Some((_, file)) = places.next_if(|(place, _)| *place <= at) {
            repair.file(file);
        }
        if at < memories.len() {
            repair.memory(at);
        }
    }
    repair.begin_with_user();
    let tools = repair.tools();
    Repaired { tools, turns: repair.turns, mends: repair.mender.mends }
}

struct Repair<'a> {
    prompt: &'a Prompt,
    dialect: Dialect,
    mender: Mender,
    fates: HashMap<Place, Fate>,
    answers: HashMap<Place, Place>,
    ids: CallIds<'a>,
    turns: Vec<Turn<'a>>,
}

impl<'a> Repair<'a> {
    fn memory(&mut self, at: usize) {
        let (prompt, number) = (self.prompt, self.prompt.memories[at].number);
        let memory = &prompt.memories[at].memory;
        self.mender.memory = number;
        let speaks = is_model(memory);
        let spot = if speaks { Spot::Assistant } else { Spot::User };
        let (mut blocks, mut quoted, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        let mut part_at = 0;
        while let Some(part) = memory.parts.get(part_at) {
            match part {
                Part::Result { call, .. } => {
                    let end = result_end(&memory.parts, part_at);
                    match self.fates.get(&(at, part_at)) {
                        Some(Fate::Answers(_)) => {}
                        Some(Fate::Duplicate(_)) => self.mender.mend(format!(
                            "a further result of call {call:?} left out: the first counts"
                        )),
                        Some(Fate::Orphan) | None => {
                            let what = format!("result of call {call:?} quoted: no such call");
                            self.mender.mend(what);
                            self.mender.leave_fields(&memory.parts, part_at);
                            let text = format!("{ORPHAN}: {call}]");
                            let body = &memory.parts[part_at + 1..end];
                            let held = if speaks { &mut quoted } else { &mut blocks };
                            held.push(Block::Text(text));
                            held.extend(self.mender.blocks(body, Spot::User, speaks));
                        }
                    }
                    // A model's calls are its calls, even where another part claims them.
                    for (place, part) in memory.parts[..end].iter().enumerate().skip(part_at + 1) {
                        if let (true, Part::Call { .. }) = (speaks, part) {
                            self.call(&memory.parts, (at, place), &mut blocks, &mut calls);
                        }
                    }
                    part_at = end;
                    continue;
                }
                Part::Call { .. } if speaks => {
                    self.call(&memory.parts, (at, part_at), &mut blocks, &mut calls);
                }
                _ => self.mender.extend(&mut blocks, &memory.parts, part_at, spot),
            }
            part_at += 1;
        }
        if !speaks {
            introduce(memory, &mut blocks);
        }
        let speaker = match memory.role {
            _ if speaks => Speaker::Assistant,
            Role::System if is_system(memory) => Speaker::System,
            _ => Speaker::User,
        };
        if speaker == Speaker::System {
            self.only_text(&mut blocks);
        }
        let name = self.name(memory, &speaker, &mut blocks);
        self.push_named(Origin::Memory(number), speaker, name, blocks);
        self.results(number, &calls);
        self.push(Origin::Memory(number), Speaker::User, quoted);
    }

    /// Takes a call: its id and name become what every API takes.
    fn call(
        &mut self,
        parts: &'a [Part],
        place: Place,
        blocks: &mut Vec<Block<'a>>,
        calls: &mut Vec<(Place, String)>,
    ) {
        let Part::Call { id, name, arguments } = &parts[place.1] else { return };
        let sent = self.ids.assign(id);
        if sent != *id {
            self.mender.mend(format!("call id {id:?} sent as {sent:?}: malformed or used before"));
        }
        let sent_name = tool_name(self.dialect, name);
        if sent_name != *name {
            self.mender.mend(format!("tool name {name:?} sent as {sent_name:?}: not allowed"));
        }
        let fields = self.mender.fields(parts, place.1, Target::Call, Spot::Assistant);
        // A custom tool takes any text.
        let custom = fields.as_ref().is_some_and(|fields| fields.get("custom").is_some());
        let (arguments, written) = match custom {
            true => (Json::Null, self.mender.text(arguments)),
            false => self.mender.arguments(arguments),
        };
        calls.push((place, sent.clone()));
        blocks.extend(fields.map(Block::Fields));
        blocks.push(Block::Call { id: sent, name: sent_name, arguments, written });
    }

    /// Answers the calls of the turn that was just put in.
    fn results(&mut self, number: u64, calls: &[(Place, String)]) {
        let prompt = self.prompt;
        let mut shown = Vec::new();
        for (place, call) in calls {
            let Some(&(memory_at, part_at)) = self.answers.get(place) else {
                self.mender.memory = number;
                let what = format!("call {call:?} answered as interrupted: it has no result");
                self.mender.mend(what);
                let speaker = Speaker::Result { call: call.clone(), error: true, fields: None };
                self.push_result(number, speaker, vec![Block::Text(INTERRUPTED.to_owned())]);
                continue;
            };
            let entry = &prompt.memories[memory_at];
            let parts = &entry.memory.parts;
            let Part::Result { error, .. } = &parts[part_at] else { continue };
            self.mender.memory = entry.number;
            let body = &parts[part_at + 1..result_end(parts, part_at)];
            let mut blocks = self.mender.blocks(body, Spot::Result, is_model(&entry.memory));
            let fields = self.mender.fields(parts, part_at, Target::Result, Spot::Result);
            let inside = fields.as_ref().is_some_and(|fields| fields.get("parts").is_some());
            if matches!(self.dialect, Dialect::OpenAiChat | Dialect::Gemini) {
                let apart = self.apart(&mut blocks, inside);
                if !apart.is_empty() {
                    blocks.push(Block::Text("[media below]".to_owned()));
                    let what =
                        "media of a result moved behind it: not every model takes them there";
                    self.mender.mend(what);
                    shown.push((entry.number, apart));
                }
            }
            if blocks.is_empty() {
                self.mender.mend(format!("result of call {call:?} was empty: filled in"));
                blocks.push(Block::Text(NO_OUTPUT.to_owned()));
            }
            let speaker = Speaker::Result { call: call.clone(), error: *error, fields };
            self.push_result(entry.number, speaker, blocks);
        }
        for (number, media) in shown {
            self.push(Origin::Memory(number), Speaker::User, media);
        }
        self.mender.memory = number;
    }

    /// Takes the media out of a result whose API has text alone there, each with its fields; none where
    /// they came inside of it.
    fn apart(&mut self, blocks: &mut Vec<Block<'a>>, inside: bool) -> Vec<Block<'a>> {
        let (mut kept, mut apart, mut fields) = (Vec::new(), Vec::new(), None);
        for block in blocks.drain(..) {
            match block {
                Block::Fields(_) => {
                    fields = Some(block);
                    continue;
                }
                Block::Media { .. } | Block::Opaque(_) if !inside => {
                    apart.extend(fields.take());
                    apart.push(block);
                }
                _ => kept.push(block),
            }
            if fields.take().is_some() {
                self.mender.mend("fields of a part left out: a result takes none of them");
            }
        }
        *blocks = kept;
        apart
    }

    fn push_result(&mut self, number: u64, speaker: Speaker, mut blocks: Vec<Block<'a>>) {
        let failed = matches!(speaker, Speaker::Result { error: true, .. });
        if failed && !matches!(self.dialect, Dialect::Anthropic | Dialect::Gemini) {
            blocks.insert(0, Block::Text(FAILED.to_owned()));
        }
        self.push(Origin::Memory(number), speaker, blocks);
    }

    fn push(&mut self, origin: Origin, speaker: Speaker, blocks: Vec<Block<'a>>) {
        self.push_named(origin, speaker, None, blocks);
    }

    fn push_named(
        &mut self,
        origin: Origin,
        speaker: Speaker,
        name: Option<String>,
        blocks: Vec<Block<'a>>,
    ) {
        if !blocks.is_empty() {
            self.turns.push(Turn { origin, speaker, name, blocks });
        }
    }

    /// The name of who speaks: a field of the message where the API has names, else ahead of the text.
    fn name(
        &mut self,
        memory: &Memory,
        speaker: &Speaker,
        blocks: &mut Vec<Block<'a>>,
    ) -> Option<String> {
        let name = name_of(memory)?;
        if blocks.is_empty() {
            self.mender.mend(format!("name {name:?} left out: nothing of the message is sent"));
            return None;
        }
        if self.dialect.has_names() && is_message_name(name) {
            return Some(name.to_owned());
        }
        let said = format!("[from {name}]\n");
        let text = blocks.iter_mut().find_map(|block| match block {
            Block::Text(text) => Some(text),
            _ => None,
        });
        match text {
            Some(text) => text.insert_str(0, &said),
            None if *speaker == Speaker::User => {
                blocks.insert(0, Block::Text(said.trim().to_owned()))
            }
            None => {
                self.mender.mend(format!("name {name:?} left out: the turn has no text"));
                return None;
            }
        }
        self.mender.mend(format!("name {name:?} put ahead of the text: the API takes none there"));
        None
    }

    /// A file, which looks the same in every dialect.
    fn file(&mut self, at: usize) {
        let ViewedFile { path, iteration, text, .. } = &self.prompt.files[at];
        let text = format!("[file {path}, iteration {iteration}]\n{text}");
        self.push(Origin::File(at), Speaker::User, vec![Block::Text(text)]);
    }

    /// The system says text alone.
    fn only_text(&mut self, blocks: &mut Vec<Block<'a>>) {
        blocks.retain(|block| !matches!(block, Block::Fields(_)));
        let text = joined_text(blocks);
        for block in blocks.iter().filter(|block| !matches!(block, Block::Text(_))) {
            let what = match block {
                Block::Media { media_type, .. } => media_type,
                Block::Opaque(block) => block.get("type").and_then(Json::as_str).unwrap_or(""),
                _ => "",
            };
            let what = format!("a part {what:.64?} left out of a system message: it is no text");
            self.mender.mend(what);
        }
        *blocks = if text.is_empty() { Vec::new() } else { vec![Block::Text(text)] };
    }

    fn begin_with_user(&mut self) {
        let first = self.turns.iter().position(|turn| turn.speaker != Speaker::System);
        let at = first.unwrap_or(self.turns.len());
        let is_begun = self
            .turns
            .get(at)
            .is_some_and(|turn| turn.speaker == Speaker::User || !self.dialect.begins_with_user());
        if is_begun {
            return;
        }
        self.mender.memory = 0;
        self.mender.mend(BEGUN);
        let blocks = vec![Block::Text(BEGINNING.to_owned())];
        self.turns.insert(
            at,
            Turn { origin: Origin::Placeholder, speaker: Speaker::User, name: None, blocks },
        );
    }

    /// The tools; where there are none, those that the dialog calls, for Anthropic refuses a
    /// dialog with calls but no tools.
    fn tools(&mut self) -> Vec<SentTool<'a>> {
        let mut names = HashSet::new();
        let mut tools = Vec::new();
        self.mender.memory = 0;
        for tool in &self.prompt.tools {
            let own = tool.own_dialect();
            if own.is_some() && own != Some(self.dialect) && !tool.is_custom() {
                let what = "its provider runs it, which is another";
                self.mender.mend(format!("tool {:?} left out: {what}", tool.name));
                continue;
            }
            let name = match own == Some(self.dialect) {
                true => tool.name.clone(),
                false => tool_name(self.dialect, &tool.name),
            };
            if name != tool.name {
                self.mender.mend(format!("tool {:?} sent as {name:?}: not allowed", tool.name));
            }
            if !names.insert(name.clone()) {
                self.mender.mend(format!("tool {name:?} left out: the first of a name counts"));
                continue;
            }
            if own == Some(self.dialect) {
                let (description, schema) = (tool.description.as_str(), empty_schema());
                let own = Some(tool.schema.clone());
                tools.push(SentTool { name, description, schema, beside: None, own });
                continue;
            }
            let schema = match own {
                Some(_) => {
                    let what = "its provider's custom tools take text, those of this API an object";
                    self.mender.mend(format!("tool {name:?} sent as a function: {what}"));
                    text_schema()
                }
                None => self.mender.schema(&name, &tool.schema),
            };
            let (description, beside) = (tool.description.as_str(), self.mender.beside(tool));
            tools.push(SentTool { name, description, schema, beside, own: None });
        }
        if !tools.is_empty() {
            return tools;
        }
        for block in self.turns.iter().flat_map(|turn| &turn.blocks) {
            if let Block::Call { name, .. } = block
                && names.insert(name.clone())
            {
                let what = format!("tool {name:?} declared: it is called, and there are no tools");
                self.mender.mend(what);
                let description = "Not available any more.";
                let schema = empty_schema();
                let (name, beside) = (name.clone(), None);
                tools.push(SentTool { name, description, schema, beside, own: None });
            }
        }
        tools
    }
}

/// Returns where each file stands, as the number of memories before it, by rising place.
fn file_places(prompt: &Prompt, memories: &[&Memory], leading: usize) -> Vec<(usize, usize)> {
    if prompt.files.is_empty() {
        return Vec::new();
    }
    let mut ends = vec![0; memories.len()];
    for range in closed(memories) {
        ends[range.clone()].fill(range.end);
    }
    let place = |file: &ViewedFile| {
        let before = prompt.memories.partition_point(|entry| entry.number <= file.after);
        before.checked_sub(1).map_or(0, |newest| ends[newest]).max(leading)
    };
    let mut places: Vec<_> =
        prompt.files.iter().enumerate().map(|(at, file)| (place(file), at)).collect();
    places.sort();
    places
}

/// Tells whether a memory is a turn of the model's: its calls are, whatever its kind.
fn is_model(memory: &Memory) -> bool {
    memory.role == Role::Assistant
        && (memory.kind == MemoryKind::Message
            || memory.parts.iter().any(|part| matches!(part, Part::Call { .. })))
}

/// The name that a message came with: only of messages of an API that has names is the actor one.
fn name_of(memory: &Memory) -> Option<&str> {
    let (format, _) = memory.origin.split_once(':')?;
    let has_names = Dialect::from_name(format).is_some_and(Dialect::has_names);
    let is_message = memory.kind == MemoryKind::Message && memory.role != Role::Tool;
    Some(memory.actor.trim()).filter(|name| has_names && is_message && !name.is_empty())
}

/// Tells whether `OpenAI` Chat takes a name.
fn is_message_name(name: &str) -> bool {
    let is_foreign = |letter: char| letter.is_whitespace() || "<|\\/>".contains(letter);
    name.len() <= MESSAGE_NAME_BYTES_MAX && !name.contains(is_foreign)
}

fn is_system(memory: &Memory) -> bool {
    memory.role == Role::System && memory.kind == MemoryKind::Message
}

/// Puts ahead of a user's text what it is, if it is no message of whoever asks.
fn introduce(memory: &Memory, blocks: &mut Vec<Block<'_>>) {
    let mark = match (memory.kind, memory.role) {
        (MemoryKind::Summary, _) => "[summary of earlier messages]",
        (MemoryKind::Note, _) => "[note]",
        (MemoryKind::Validation, _) => "[validation]",
        (MemoryKind::Message, Role::Tool) => "[tool output]",
        (MemoryKind::Message, _) => return,
    };
    match blocks.first_mut() {
        Some(Block::Text(text)) if memory.role == Role::Tool && text.starts_with(ORPHAN) => {}
        // The output of a call that only the provider understands: nothing stands between the two.
        Some(Block::Opaque(item)) if memory.role == Role::Tool && is_output(item) => {}
        Some(Block::Text(text)) => text.insert_str(0, &format!("{mark}\n")),
        Some(_) => blocks.insert(0, Block::Text(mark.to_owned())),
        None => {}
    }
}

fn is_output(item: &Json) -> bool {
    item.get("type").and_then(Json::as_str).is_some_and(|kind| kind.ends_with("_output"))
}
