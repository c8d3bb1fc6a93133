//! What oversight is shown, and who else looks.

use crate::object::{FilePath, Finding};
use crate::session::ProposalEntry;

/// Who looks for what is wrong: a host's own rules, or a model that it asks.
pub trait Overseer {
    /// Looks at something, and says what is wrong with it. The turn, the revision and the step are
    /// filled in by the caller.
    fn look(&mut self, seen: &Seen<'_>) -> Vec<Finding>;
}

/// What an overseer is shown.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Seen<'a> {
    /// What a role said when it had nothing more to do.
    Answer {
        /// The role.
        role: &'a str,
        /// What it said.
        text: &'a str,
    },
    /// A change that is put forward.
    Proposal {
        /// The proposal.
        proposal: &'a ProposalEntry,
        /// The files, before and after.
        files: &'a [SeenFile],
    },
    /// A call that had the same result as before.
    Repeated {
        /// The tool.
        tool: &'a str,
        /// The arguments, as the model wrote them.
        arguments: &'a [u8],
        /// How often.
        times: u64,
    },
}

/// A file before and after a change.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeenFile {
    /// Where it is.
    pub path: FilePath,
    /// Its bytes before; none where it was not there.
    pub before: Option<Vec<u8>>,
    /// Its bytes after; none where it goes.
    pub after: Option<Vec<u8>>,
}
