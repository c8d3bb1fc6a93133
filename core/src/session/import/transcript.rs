//! Transcripts: what a session lacks of another agent's dialog, batch by batch; and its own dialog
//! for others.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use crate::context::Tool;
use crate::error::{ErrorKind, Result};
use crate::interop::{
    AtifAgent, Entry, Export, ExportFormat, Lacking, Place, Transcript, Turn, to_atif,
    to_openai_chat,
};
use crate::json::Json;
use crate::object::{
    Body, Canonical as _, Checkpoint, Kind, Memory, ModelCall, Objects as _, Part,
};
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::line::names::MESSAGE_CHARS_MAX;
use crate::session::read::snapshot::Snapshot;
use crate::store::Progress;

/// Memories that one checkpoint of an import brings.
const BATCH_MEMORIES: usize = 512;

/// Bytes of memories after which a batch ends; they are in memory until then.
const BATCH_BYTES: usize = 8 << 20;

/// Memories that are looked at between two words of progress.
const LOOK_EVERY: usize = 256;

/// How far an import of a transcript is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TranscriptProgress {
    /// Entries of the transcript that are recorded, or were.
    pub done: u64,
    /// Entries of the transcript.
    pub total: u64,
}

/// What an import of a transcript did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TranscriptImport {
    /// Memories that it added.
    pub new: u64,
    /// Memories that the session had, or that were purged from it.
    pub known: u64,
    /// Memories that it took out of the view, for the recording's writer gave them up.
    pub given_up: u64,
    /// Whether it set the instructions.
    pub instructions: bool,
    /// How many tools it set; none where it set no tools.
    pub tools: Option<u64>,
    /// Why tools were left out, one line each.
    pub tools_left_out: Vec<String>,
    /// Whether it was ended before all was recorded.
    pub interrupted: bool,
}

impl TranscriptImport {
    /// Tells whether the session had all of it.
    pub fn is_empty(&self) -> bool {
        self.new == 0 && self.given_up == 0 && !self.instructions && self.tools.is_none()
    }
}

impl Session {
    /// Records what the session lacks of a transcript, in batches: each is one durable checkpoint, so
    /// what ends an import halfway loses nothing, and another import goes on from there. One undo
    /// takes all of them back, but for those before which others did something.
    ///
    /// Instructions and tools are taken over by the first import into a session that has none.
    /// Memories that were purged here are not taken back. `name` says in the checkpoints' messages
    /// where it came from. `progress` is told how far it is, and ends the import with `Break`: then
    /// the report says that it was interrupted.
    ///
    /// # Errors
    /// `NotFound` if the session is gone; `Invalid`, with the place in the transcript, for a memory
    /// that no session takes.
    ///
    /// ```
    /// use partita::interop::read;
    /// use partita::upkeep::go_on;
    /// let text = r#"[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]"#;
    /// let source = read(text.as_bytes(), None)?;
    /// let transcript = &source.transcripts[0];
    /// let session = partita::Store::in_memory()?.session("chat")?;
    /// assert_eq!(session.import_transcript(transcript, "chat.json", &mut go_on)?.new, 2);
    /// assert!(session.import_transcript(transcript, "chat.json", &mut go_on)?.is_empty());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn import_transcript(
        &self,
        transcript: &Transcript,
        name: &str,
        progress: Progress<'_, TranscriptProgress>,
    ) -> Result<TranscriptImport> {
        let total = transcript.entries.len() as u64;
        let mut report = TranscriptImport::default();
        let latest = self.latest()?;
        let mut tell = |done| progress(TranscriptProgress { done, total });
        let Some(mut numbers) = origins(&latest, &mut || tell(0))? else {
            return Ok(TranscriptImport { interrupted: true, ..report });
        };
        let entries = transcript.lacking(|origin| numbers.contains_key(origin));
        report.known = total - entries.len() as u64;
        let late = late_turn(transcript, &entries);
        let known = |entry: &&Entry| numbers.contains_key(&entry.memory.origin);
        let known_to = transcript.entries.iter().rev().find(known);
        let known_to = known_to.map_or(Place::Line(0), |entry| entry.at);
        // Whoever took them away after an earlier run shall not get them back.
        let first = report.known == 0;
        let mut instructions = transcript.instructions.as_deref().filter(|text| !text.is_empty());
        if !first || !latest.instructions()?.is_empty() {
            instructions = None;
        }
        let mut tools = match first && latest.tools()?.is_empty() {
            true => usable(&transcript.tools, &mut report.tools_left_out),
            false => Vec::new(),
        };
        let format = transcript.format();
        let name: String = name.chars().take(MESSAGE_CHARS_MAX).collect();
        let mut rest = &entries[..];
        let mut run = None;
        while !rest.is_empty() || !late.is_empty() {
            if tell(total - rest.len() as u64).is_break() {
                report.interrupted = true;
                return Ok(report);
            }
            let (batch, after) = rest.split_at(batch_len(rest));
            let mut edit = self.begin()?;
            if let Some(text) = instructions {
                edit.set_instructions(text)?;
            }
            if !tools.is_empty() {
                edit.set_tools(&tools)?;
            }
            let mut added = Added::new(&edit, transcript, &numbers, known_to)?;
            for lacking in batch {
                added.take(&mut edit, *lacking)?;
            }
            if after.is_empty() && !late.is_empty() {
                added.turn(&mut edit, &late)?;
            }
            let Added { placed, given_up, is_bound, .. } = added;
            let added = placed.len() as u64;
            if added > 0 || is_bound || instructions.is_some() || !tools.is_empty() {
                edit.import(run);
                edit.label(Checkpoint::TRANSCRIPT, format.name())?;
                let place = |lacking: Option<&Lacking<'_>>| {
                    lacking.map_or("the end".to_owned(), |lacking| lacking.entry.at.to_string())
                };
                let (from, to) = (place(batch.first()), place(batch.last()));
                edit.message(&format!("{name} ({format}): {from} to {to}"))?;
                let done = match is_bound {
                    true => edit.finish_in_place()?,
                    false => Some(edit.finish()?),
                };
                // Where somebody else came first the numbers are others: once more.
                let Some(done) = done else { continue };
                run = done.run;
                numbers.extend(placed.into_iter().zip(done.memory..));
            }
            report.new += added;
            report.known += batch.len() as u64 - added;
            report.given_up += given_up;
            report.instructions |= instructions.take().is_some();
            let taken = std::mem::take(&mut tools);
            report.tools = report.tools.or(Some(taken.len() as u64).filter(|tools| *tools > 0));
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let _ = tell(total);
        Ok(report)
    }
}

/// What a batch of an import adds, and what that does to the view.
struct Added<'a> {
    transcript: &'a Transcript,
    /// The numbers of what was recorded before, by origin.
    numbers: &'a HashMap<String, u64>,
    /// Where the last of the transcript's memories stands that was recorded before this import.
    known_to: Place,
    /// The number of its first memory, unless somebody else comes first.
    first: u64,
    /// The origins of what it records, in order.
    placed: Vec<String>,
    places: HashMap<String, u64>,
    given_up: u64,
    /// Whether it edits the view of numbers, and so rests on them.
    is_bound: bool,
}

impl<'a> Added<'a> {
    fn new(
        edit: &Batch,
        transcript: &'a Transcript,
        numbers: &'a HashMap<String, u64>,
        known_to: Place,
    ) -> Result<Self> {
        Ok(Added {
            transcript,
            numbers,
            known_to,
            first: edit.first_memory()?,
            placed: Vec::new(),
            places: HashMap::new(),
            given_up: 0,
            is_bound: false,
        })
    }

    fn number(&self, origin: &String) -> Option<u64> {
        self.places.get(origin).or_else(|| self.numbers.get(origin)).copied()
    }

    /// Appends an entry, and does to the view what comes with it. A summary that comes behind what
    /// it does not stand for, as an earlier version left it out, is recorded and out of view.
    fn take(&mut self, edit: &mut Batch, lacking: Lacking<'_>) -> Result<()> {
        let entry = lacking.entry;
        if remember(edit, lacking)? {
            let number = self.first.saturating_add(self.placed.len() as u64);
            self.placed.push(entry.memory.origin.clone());
            self.places.insert(entry.memory.origin.clone(), number);
            match &entry.turn {
                Some(turn) if turn.lay.is_some() && entry.at < self.known_to => {
                    self.turn(edit, &Turn { lay: None, ..turn.clone() })?;
                    self.is_bound |= edit.set_out_of_view([number], true)? > 0;
                }
                Some(turn) => self.turn(edit, turn)?,
                None => {}
            }
        }
        Ok(())
    }

    fn turn(&mut self, edit: &mut Batch, turn: &Turn) -> Result<()> {
        let all = |origins: &[String]| -> Vec<u64> {
            origins.iter().filter_map(|origin| self.number(origin)).collect()
        };
        let (out, back) = (all(&turn.out), all(&turn.back));
        let (off, lay) = (&turn.off, &turn.lay);
        let (off, lay) = [off, lay].map(|origin| self.number(origin.as_ref()?)).into();
        if let Some(number) = off {
            self.is_bound |= edit.take_off_recorded(number)?;
        }
        let gone = edit.set_out_of_view(out, true)?;
        let returned = edit.set_out_of_view(back, false)?;
        self.given_up += gone;
        self.is_bound |= gone + returned > 0;
        if let Some(number) = lay {
            let mut entries = self.transcript.entries.iter();
            let first = entries.find_map(|entry| self.number(&entry.memory.origin));
            self.is_bound |= edit.lay_recorded(first.unwrap_or(number).min(number), number)?;
        }
        Ok(())
    }
}

/// What is to become of the view when all is recorded: of new memories that were given up before
/// what is known already, as after an import by a version that left them out; and at the end of a
/// recording that is complete.
fn late_turn(transcript: &Transcript, new: &[Lacking<'_>]) -> Turn {
    let entries = new.iter().map(|lacking| lacking.entry);
    let new: HashSet<&str> = entries.map(|entry| entry.memory.origin.as_str()).collect();
    let mut late = Turn::default();
    for entry in &transcript.entries {
        if new.contains(entry.memory.origin.as_str()) {
            continue;
        }
        let Some(turn) = &entry.turn else { continue };
        let is_new = |origin: &&String| new.contains(origin.as_str());
        late.out.extend(turn.out.iter().filter(is_new).cloned());
        late.out.retain(|origin| !turn.back.contains(origin));
    }
    if let Some(turn) = transcript.last_turn.as_ref().filter(|_| transcript.is_ended) {
        late.then(turn.clone());
    }
    late
}

/// Appends an entry; false if it was purged here and is not taken back.
fn remember(edit: &mut Batch, lacking: Lacking<'_>) -> Result<bool> {
    let memory = lacking.to_memory();
    let done = match &lacking.entry.call {
        Some(call) => edit.remember_with_call(memory, call.clone()),
        None => edit.remember(memory),
    };
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::Purged => Ok(false),
        Err(error) => Err(error.context(lacking.entry.at)),
    }
}

/// How many of the entries go into the next checkpoint: one at the least.
fn batch_len(entries: &[Lacking<'_>]) -> usize {
    let mut bytes = 0;
    let fits = entries.iter().take(BATCH_MEMORIES).take_while(|entry| {
        let before = bytes;
        bytes += size(entry.parts());
        before < BATCH_BYTES
    });
    fits.count()
}

/// The bytes of parts, about.
fn size(parts: &[Part]) -> usize {
    let bodies = parts.iter().flat_map(Part::bodies);
    bodies.filter_map(Body::as_inline).map(<[u8]>::len).sum()
}

/// The numbers of a session's memories by where they came from; none if `look` ends the search.
fn origins(
    latest: &Snapshot,
    look: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<Option<HashMap<String, u64>>> {
    let mut origins = HashMap::new();
    for (at, row) in latest.memories().origins().enumerate() {
        if at.is_multiple_of(LOOK_EVERY) && look().is_break() {
            return Ok(None);
        }
        match row {
            Ok((origin, number)) if !origin.is_empty() => {
                origins.insert(origin, number);
            }
            Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
            _ => {}
        }
    }
    Ok(Some(origins))
}

/// The tools of a transcript that a session can hold; says of the others why not.
fn usable(tools: &[Json], left_out: &mut Vec<String>) -> Vec<Tool> {
    let mut seen = HashSet::new();
    let mut usable = Vec::new();
    for tool in tools {
        match Tool::parse_list(&Json::Array(vec![tool.clone()])) {
            Ok(parsed) => {
                usable.extend(parsed.into_iter().filter(|tool| seen.insert(tool.name.clone())));
            }
            Err(error) => left_out.push(error.to_string()),
        }
    }
    usable
}

impl Snapshot {
    /// Writes the dialog as another tool reads it, and tells how many memories are left out because
    /// they were purged.
    ///
    /// # Errors
    /// `Corrupt` if something of it cannot be read.
    ///
    /// ```
    /// use partita::{Memory, interop::ExportFormat};
    /// let session = partita::Store::in_memory()?.session("chat")?;
    /// session.remember(Memory::user("hi"))?;
    /// let (export, purged) = session.latest()?.export("chat", ExportFormat::OpenAiChat)?;
    /// let text = r#"{"messages":[{"role":"user","content":"hi"}]}"#;
    /// assert_eq!((export.document.to_string().as_str(), purged), (text, 0));
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn export(&self, name: &str, format: ExportFormat) -> Result<(Export, u64)> {
        let (mut memories, mut purged) = (Vec::new(), 0);
        for entry in self.memories() {
            match entry.and_then(|entry| self.store().read_memory(&entry.memory)) {
                Ok(memory) => memories.push(memory),
                Err(error) if error.kind() == ErrorKind::Purged => purged += 1,
                Err(error) => return Err(error),
            }
        }
        let instructions = self.instructions()?;
        let instructions = String::from_utf8_lossy(&instructions);
        let instructions = Some(&*instructions).filter(|text| !text.is_empty());
        let tools: Vec<Json> = self.tools()?.iter().map(function).collect();
        let export = match format {
            ExportFormat::OpenAiChat => to_openai_chat(&memories, instructions, &tools)?,
            ExportFormat::Atif => {
                let calls = memories
                    .iter()
                    .map(|memory| self.call_of(memory))
                    .collect::<Result<Vec<_>>>()?;
                let call = |at: usize| calls.get(at).and_then(Option::as_ref);
                to_atif(&agent(name, &memories), &memories, call, instructions, &tools)?
            }
        };
        Ok((export, purged))
    }

    /// Returns the call of a model that made a memory, where it links to one.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn call_of(&self, memory: &Memory) -> Result<Option<ModelCall>> {
        for link in &memory.links {
            match self.store().get_node(link) {
                Ok(Some(node)) if node.kind == Kind::MODEL_CALL => {
                    return ModelCall::from_node(&node).map(Some);
                }
                Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// A tool as `OpenAI` writes it.
fn function(tool: &Tool) -> Json {
    let function = Json::object([
        ("name", Json::from(tool.name.as_str())),
        ("description", Json::from(tool.description.as_str())),
        ("parameters", tool.schema.clone()),
    ]);
    Json::object([("type", Json::from("function")), ("function", function)])
}

/// Who wrote the dialog: the agent whose transcript it came from, else nobody known.
fn agent(session: &str, memories: &[Memory]) -> AtifAgent {
    let origins = memories.iter().filter_map(|memory| memory.origin.split_once(':'));
    let name = origins.map(|(format, _)| format).next().unwrap_or("unknown");
    AtifAgent { name: name.to_owned(), version: "unknown".to_owned(), session: session.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::{Format, read};
    use crate::object::ENCODED;
    use crate::store::Store;

    fn transcript(bytes: impl Iterator<Item = usize>) -> Transcript {
        let lines: Vec<String> = bytes
            .map(|bytes| format!(r#"{{"role": "user", "content": "{}"}}"#, "x".repeat(bytes)))
            .collect();
        let text = format!("[{}]", lines.join(","));
        let source = read(text.as_bytes(), Some(Format::OpenAiChat)).unwrap();
        source.transcripts.into_iter().next().unwrap()
    }

    #[test]
    fn a_batch_is_bounded_in_memories_and_in_bytes() {
        let len = |bytes: &[usize]| {
            let transcript = transcript(bytes.iter().copied());
            batch_len(&transcript.lacking(|_| false))
        };
        for (count, taken) in [(1, 1), (BATCH_MEMORIES, BATCH_MEMORIES)] {
            assert_eq!(len(&vec![1; count]), taken);
        }
        assert_eq!(len(&vec![1; BATCH_MEMORIES + 1]), BATCH_MEMORIES);
        assert_eq!(len(&[BATCH_BYTES + 1, 1]), 1);
        assert_eq!(len(&[BATCH_BYTES - 1, 1, 1]), 2);
    }

    #[test]
    fn an_import_of_what_is_known_reads_no_memory_whole() {
        let decoded = |count: usize| {
            let transcript = transcript((0..count).map(|_| 1));
            let session = Store::in_memory().unwrap().session("s").unwrap();
            let go_on = &mut |_| ControlFlow::Continue(());
            session.import_transcript(&transcript, "t", go_on).unwrap();
            let before = ENCODED.get();
            assert!(session.import_transcript(&transcript, "t", go_on).unwrap().is_empty());
            ENCODED.get() - before
        };
        assert_eq!(decoded(1_000), decoded(1));
    }

    #[test]
    fn an_import_that_is_ended_keeps_what_was_committed_and_another_goes_on() {
        let transcript = transcript((0..2 * BATCH_MEMORIES + 10).map(|at| at % 7 + 1));
        let session = Store::in_memory().unwrap().session("s").unwrap();
        let end_at = |done: u64| {
            move |told: TranscriptProgress| match told.done >= done {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        };
        let batch = BATCH_MEMORIES as u64;
        let mut imported = 0;
        for (end, new, interrupted) in
            [(0, 0, true), (batch, batch, true), (2 * batch, batch, true), (9 * batch, 10, false)]
        {
            let report = session.import_transcript(&transcript, "t", &mut end_at(end)).unwrap();
            assert_eq!((report.new, report.interrupted), (new, interrupted), "{end}");
            imported += new;
            assert_eq!(session.latest().unwrap().memories().count() as u64, imported);
        }
        let log: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap().message).collect();
        assert_eq!(log[0], "t (openai-chat): message 1025 to message 1034");
        let report = session.import_transcript(&transcript, "t", &mut end_at(u64::MAX)).unwrap();
        assert!(report.is_empty() && report.known == imported, "{report:?}");
    }
}
