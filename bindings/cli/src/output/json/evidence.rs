//! The JSON of evidence: one in full, and what was made.

use partita::evidence::{EvidenceEntry, Judgement};
use partita::object::Results;
use partita::workspace::LeftOut;
use serde::Serialize;

/// A piece of evidence in full.
#[derive(Debug, Serialize)]
pub(crate) struct Whole<'a> {
    #[serde(flatten)]
    pub(crate) entry: &'a EvidenceEntry,
    pub(crate) judged: &'a Judgement,
    /// The files that it is about.
    pub(crate) inputs: u64,
    pub(crate) left_out: &'a [LeftOut],
    pub(crate) results: &'a Results,
    /// What is kept of the outputs; none where it was purged.
    pub(crate) stdout: Option<String>,
    pub(crate) stderr: Option<String>,
}

/// Something that has a number in the session.
#[derive(Debug, Serialize)]
pub(crate) struct Numbered {
    pub(crate) number: u64,
}
