//! The JSON of imported transcripts.

use partita::history::CheckpointInfo;
use partita::interop::{Remarks, Report, Transcript};
use serde::Serialize;

use crate::commands::Imported;

#[derive(Debug, Serialize)]
struct Remark {
    at: String,
    what: String,
}

#[derive(Debug, Serialize)]
struct Remarked {
    count: u64,
    first: Vec<Remark>,
}

impl From<&Remarks> for Remarked {
    fn from(remarks: &Remarks) -> Remarked {
        let first = remarks.first.iter();
        let first =
            first.map(|remark| Remark { at: remark.at.to_string(), what: remark.what.clone() });
        Remarked { count: remarks.count, first: first.collect() }
    }
}

#[derive(Debug, Serialize)]
struct Skipped {
    what: String,
    why: &'static str,
    count: u64,
}

/// What became of a transcript.
#[derive(Debug, Serialize)]
struct Reported {
    kept: u64,
    mended: Remarked,
    refused: Remarked,
    skipped: Vec<Skipped>,
    waiting: Remarked,
}

impl From<&Report> for Reported {
    fn from(report: &Report) -> Reported {
        let skipped = report.skipped.iter().map(|row| Skipped {
            what: row.what.clone(),
            why: row.why,
            count: row.count,
        });
        Reported {
            kept: report.kept,
            mended: Remarked::from(&report.mended),
            refused: Remarked::from(&report.refused),
            skipped: skipped.collect(),
            waiting: Remarked::from(&report.waiting),
        }
    }
}

/// Another conversation of the same file.
#[derive(Debug, Serialize)]
pub(crate) struct Other {
    number: u64,
    name: String,
    memories: u64,
}

impl Other {
    pub(crate) fn new(number: usize, transcript: &Transcript) -> Other {
        Other {
            number: number as u64,
            name: transcript.name.clone(),
            memories: transcript.report.kept,
        }
    }
}

/// What `import transcript` did.
#[derive(Debug, Serialize)]
pub(crate) struct ImportedTranscript {
    session: String,
    format: &'static str,
    conversation: String,
    memories: u64,
    known: u64,
    given_up: u64,
    instructions: bool,
    tools: Option<u64>,
    #[serde(flatten)]
    report: Reported,
    others: Vec<Other>,
    checkpoint: Option<u64>,
    checkpoint_id: Option<String>,
}

impl ImportedTranscript {
    pub(crate) fn new(
        imported: &Imported<'_>,
        others: Vec<Other>,
        latest: Option<&CheckpointInfo>,
    ) -> ImportedTranscript {
        ImportedTranscript {
            session: imported.session.to_owned(),
            format: imported.format.name(),
            conversation: imported.transcript.name.clone(),
            memories: imported.done.new,
            known: imported.done.known,
            given_up: imported.done.given_up,
            instructions: imported.done.instructions,
            tools: imported.done.tools,
            report: Reported::from(&imported.transcript.report),
            others,
            checkpoint: latest.map(|info| info.number),
            checkpoint_id: latest.map(|info| info.id.to_string()),
        }
    }
}
