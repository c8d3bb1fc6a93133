//! The JSON of imports.

use partita::history::CheckpointInfo;
use partita::interop::{Report, Transcript};
use partita::{CheckpointId, FilePath};
use serde::Serialize;

use crate::commands;
use crate::import::git;

/// What `import git` did.
#[derive(Debug, Serialize)]
pub(crate) struct Imported<'a> {
    session: &'a str,
    commits: u64,
    bytes: u64,
    tip: &'a str,
    shallow: bool,
    checkpoint: Option<u64>,
    checkpoint_id: Option<CheckpointId>,
    left_out: Vec<LeftOut<'a>>,
    changed_here: u64,
    verified: Option<u64>,
}

/// A file that is too large to be recorded.
#[derive(Debug, Serialize)]
struct LeftOut<'a> {
    #[serde(flatten)]
    path: &'a FilePath,
    size: u64,
}

impl<'a> Imported<'a> {
    pub(crate) fn new(
        session: &'a str,
        imported: &'a git::Imported,
        latest: Option<&CheckpointInfo>,
        verified: Option<&git::Verified>,
    ) -> Self {
        let left_out = imported.left_out.iter();
        Imported {
            session,
            commits: imported.commits,
            bytes: imported.bytes,
            tip: &imported.tip,
            shallow: imported.shallow,
            checkpoint: latest.map(|info| info.number),
            checkpoint_id: latest.map(|info| info.id),
            left_out: left_out.map(|(path, size)| LeftOut { path, size: *size }).collect(),
            changed_here: imported.changed_here.paths,
            verified: verified.map(|verified| verified.checkpoints),
        }
    }
}

/// Another conversation of the same file.
#[derive(Debug, Serialize)]
pub(crate) struct Other<'a> {
    number: usize,
    name: &'a str,
    memories: u64,
}

impl<'a> Other<'a> {
    pub(crate) fn new(number: usize, transcript: &'a Transcript) -> Self {
        Other { number, name: &transcript.name, memories: transcript.report.kept }
    }
}

/// What `import transcript` did.
#[derive(Debug, Serialize)]
pub(crate) struct ImportedTranscript<'a> {
    session: &'a str,
    format: &'static str,
    conversation: &'a str,
    memories: u64,
    known: u64,
    given_up: u64,
    instructions: bool,
    tools: Option<u64>,
    #[serde(flatten)]
    report: &'a Report,
    others: Vec<Other<'a>>,
    checkpoint: Option<u64>,
    checkpoint_id: Option<CheckpointId>,
}

impl<'a> ImportedTranscript<'a> {
    pub(crate) fn new(
        imported: &'a commands::Imported<'_>,
        others: Vec<Other<'a>>,
        latest: Option<&CheckpointInfo>,
    ) -> Self {
        ImportedTranscript {
            session: imported.session,
            format: imported.format.name(),
            conversation: &imported.transcript.name,
            memories: imported.done.new,
            known: imported.done.known,
            given_up: imported.done.given_up,
            instructions: imported.done.instructions,
            tools: imported.done.tools,
            report: &imported.transcript.report,
            others,
            checkpoint: latest.map(|info| info.number),
            checkpoint_id: latest.map(|info| info.id),
        }
    }
}
