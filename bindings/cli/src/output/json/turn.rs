//! Proposals and reviews as JSON.

use partita::host::turn::{Applied, ProposalEntry, ProposedChange};
use serde::Serialize;

/// A proposal with what one of its revisions changes.
#[derive(Debug, Serialize)]
pub(crate) struct ProposalWhole<'a> {
    #[serde(flatten)]
    pub(crate) proposal: &'a ProposalEntry,
    pub(crate) changes: &'a [ProposedChange],
    pub(crate) patch: &'a str,
}

/// A proposal after somebody decided.
#[derive(Debug, Serialize)]
pub(crate) struct Reviewed<'a> {
    #[serde(flatten)]
    pub(crate) proposal: &'a ProposalEntry,
    pub(crate) report: Option<&'a Applied>,
}
