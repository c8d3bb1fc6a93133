//! What the steps of a plan change.

use std::fmt;

use crate::id::IterationId;

/// What a step of a session's plan is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlanKey {
    /// What a plan leaves alone: instructions, tools, sandbox state, what a request costs once.
    Fixed(String),
    /// Memories, by the numbers of the first and the last; a summary by those that it covers.
    Memories {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
        /// What they are, in words: a result of which tool, the beginning of a question.
        what: String,
    },
    /// An iteration of a file in view.
    File {
        /// Where it is.
        path: String,
        /// Which one.
        number: u64,
        /// The iteration.
        iteration: IterationId,
    },
}

impl fmt::Display for PlanKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanKey::Fixed(what) => f.pad(what),
            PlanKey::Memories { first, last, what } => {
                let ahead = if what.is_empty() { "" } else { ", " };
                f.pad(&match first == last {
                    true => format!("memory {first}{ahead}{what}"),
                    false => format!("memories {first} to {last}{ahead}{what}"),
                })
            }
            PlanKey::File { path, number, .. } => f.pad(&format!("{path}, iteration {number}")),
        }
    }
}
