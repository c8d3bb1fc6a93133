//! The JSON lines of Claude Code: read line by line, then threaded (`thread`).
//!
//! A line is a message, a piece of one, or the tool's own bookkeeping. Which lines belong together
//! and in which order say their uuids, not their places alone.

use std::collections::HashMap;
use std::io::BufRead;

use super::input::Lines;
use super::report::Place;
use super::thread::{Chain, Said, ThreadLine};
use super::transcript::Transcript;
use super::value::{is_something, leave, owned, text};
use super::{Format, anthropic, base};
use crate::error::Result;
use crate::id::ObjectId;
use crate::json::Json;
use crate::object::{Memory, MemoryKind, Part, clock};

const FORMAT: Format = Format::ClaudeCode;

/// What is not copied from a line, for it says nothing that the memory does not.
const KNOWN: [&str; 18] = [
    "type",
    "uuid",
    "parentUuid",
    "logicalParentUuid",
    "isSidechain",
    "agentId",
    "message",
    "timestamp",
    "requestId",
    "isMeta",
    "isCompactSummary",
    "isVisibleInTranscriptOnly",
    "isApiErrorMessage",
    "sessionId",
    "userType",
    "toolUseResult",
    "sourceToolAssistantUUID",
    "sourceToolUseID",
];

/// Keys of which every line has one.
const OURS: [&str; 5] = ["uuid", "parentUuid", "sessionId", "messageId", "leafUuid"];

/// Reads a file: the main line first, then each sub-agent's.
pub(super) fn read(input: impl BufRead) -> Result<Vec<Transcript>> {
    let mut reader = Reader { chains: vec![Chain::new("")], ..Reader::default() };
    let mut lines = Lines::new(input);
    while let Some(line) = lines.next()? {
        match (line.json(), line.text) {
            (Ok(value), Ok(text)) => reader.line(line.number, text, &value)?,
            (Err(why), _) | (_, Err(why)) => {
                reader.report(0).refuse(Place::Line(line.number), why);
            }
        }
    }
    if !reader.found {
        return Err(base::foreign(FORMAT, "no line of it is one of Claude Code's"));
    }
    let mut chains = reader.chains;
    // A sub-agent's own file has no other line.
    if chains.len() > 1 && chains[0].is_empty() && chains[0].transcript.report.refused.count == 0 {
        let main = chains.remove(0);
        for row in main.transcript.report.skipped {
            chains[0].transcript.report.skip_many(&row.what, row.why, row.count);
        }
    }
    Ok(chains.into_iter().map(Chain::into_transcript).collect())
}

#[derive(Default)]
struct Reader {
    /// The main line, then those of sub-agents.
    chains: Vec<Chain>,
    /// By the name of a sub-agent, or the uuid of a line of one without a name.
    agents: HashMap<String, usize>,
    found: bool,
}

impl Reader {
    fn report(&mut self, chain: usize) -> &mut super::Report {
        &mut self.chains[chain].transcript.report
    }

    fn line(&mut self, number: u64, line: &str, value: &Json) -> Result<()> {
        let at = Place::Line(number);
        let Some(kind) = text(value, "type") else {
            if let Some(error) = base::mixed(FORMAT, number, line) {
                return Err(error);
            }
            self.report(0).refuse(at, "no object with a `type`");
            return Ok(());
        };
        let is_message = matches!(kind, "user" | "assistant") && value.get("message").is_some();
        let is_ours = OURS.iter().any(|key| value.get(key).is_some());
        if !is_ours && let Some(error) = base::mixed(FORMAT, number, line) {
            return Err(error);
        }
        self.found = true;
        let uuid = match text(value, "uuid") {
            Some(uuid) => uuid.to_owned(),
            None if is_message => format!("line-{:.16}", ObjectId::of_content(line.as_bytes())),
            None => {
                self.skip(0, kind, value);
                return Ok(());
            }
        };
        let chain = self.chain(&uuid, value);
        if self.chains[chain].knows(&uuid) {
            self.report(chain).skip("line", "repeats an earlier line's uuid");
            return Ok(());
        }
        let said = if is_message {
            self.message(chain, &uuid, at, value)
        } else {
            self.skip(chain, kind, value);
            Said::Nothing
        };
        let is_boundary = text(value, "subtype") == Some("compact_boundary");
        self.chains[chain].push(ThreadLine {
            at: number,
            uuid,
            parent: text(value, "parentUuid").map(str::to_owned),
            has_parent: value.get("parentUuid").is_some(),
            logical: text(value, "logicalParentUuid").map(str::to_owned),
            is_boundary,
            time: text(value, "timestamp").and_then(clock::parse),
            said,
        });
        Ok(())
    }

    /// Returns the chain that a line belongs to: the main one, or its sub-agent's.
    fn chain(&mut self, uuid: &str, value: &Json) -> usize {
        if value.get("isSidechain").and_then(Json::as_bool) != Some(true) {
            return 0;
        }
        let agent = text(value, "agentId");
        let name = agent.unwrap_or(uuid).to_owned();
        let by = agent.or_else(|| text(value, "parentUuid")).unwrap_or(uuid);
        let chain = match self.agents.get(by) {
            Some(&chain) => chain,
            None => {
                self.chains.push(Chain::new(&name));
                self.chains.len() - 1
            }
        };
        self.agents.insert(agent.unwrap_or(uuid).to_owned(), chain);
        chain
    }

    fn skip(&mut self, chain: usize, kind: &str, value: &Json) {
        let inner = |key: &str| value.get(key).and_then(|data| text(data, "type"));
        let detail =
            text(value, "subtype").or_else(|| inner("data")).or_else(|| inner("attachment"));
        let what = detail.map_or_else(|| kind.to_owned(), |detail| format!("{kind}/{detail}"));
        let why = match kind {
            "progress" => "tells how a tool was getting on",
            "file-history-snapshot" => "the tool's own backup of files",
            "system" if detail == Some("compact_boundary") => "the summary stands behind it",
            "system" => "the tool's own note",
            "summary" | "custom-title" | "ai-title" => "a title for listings",
            "queue-operation" => "input on its way; the message follows",
            "attachment" => "what the tool puts beside a message",
            _ => "of a type that this version does not know",
        };
        self.report(chain).skip(&what, why);
    }

    fn message(&mut self, chain: usize, uuid: &str, at: Place, value: &Json) -> Said {
        let report = &mut self.chains[chain].transcript.report;
        leave(report, "line", value, &KNOWN);
        if value.get("toolUseResult").is_some_and(is_something) {
            report.skip("toolUseResult", "a second copy of the result");
        }
        let Some(message) = value.get("message") else { return Said::Nothing };
        let flag = |key: &str| value.get(key).and_then(Json::as_bool) == Some(true);
        let is_response = text(value, "type") == Some("assistant");
        let memories = anthropic::memories(report, message, at);
        let mut memories = match memories {
            Ok(memories) => memories,
            Err(error) => {
                report.refuse(at, error.to_string());
                return Said::Nothing;
            }
        };
        let kind = if flag("isCompactSummary") {
            MemoryKind::Summary
        } else if flag("isVisibleInTranscriptOnly") {
            MemoryKind::Note
        } else {
            MemoryKind::Message
        };
        let call = anthropic::call(message);
        if !is_response || call.is_none() || flag("isApiErrorMessage") {
            if is_response {
                report.mend(at, "no model wrote this reply; kept as a note");
            }
            let kind = if is_response { MemoryKind::Note } else { kind };
            memories.iter_mut().for_each(|memory| memory.kind = kind);
            let mut calls: Vec<String> = memories.iter().flat_map(results).collect();
            // What a tool puts in beside its result belongs to its call as the result does.
            calls.extend(text(value, "sourceToolUseID").map(str::to_owned));
            return Said::Whole { memories, calls };
        }
        if let Some(usage) = message.get("usage") {
            let known = [
                "input_tokens",
                "output_tokens",
                "cache_read_input_tokens",
                "cache_creation_input_tokens",
            ];
            leave(report, "usage", usage, &known);
        }
        let call = call.map(|call| super::ModelCall { request: owned(value, "requestId"), ..call });
        let id = text(message, "id").unwrap_or(uuid).to_owned();
        let parts = memories.into_iter().flat_map(|memory| memory.parts).collect();
        Said::Piece { id, parts, call: Box::new(call.unwrap_or_default()) }
    }
}

fn results(memory: &Memory) -> Vec<String> {
    let results = memory.parts.iter().filter_map(|part| match part {
        Part::Result { call, .. } => Some(call.clone()),
        _ => None,
    });
    results.collect()
}
