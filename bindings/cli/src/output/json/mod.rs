//! The JSON of the command: shapes of the core, and what joins several of them in one object. Field
//! names and their meaning are a promise: `docs/cli.md` has the schemas.

mod budget;
mod evidence;
mod import;
mod made;
mod report;
mod session;
mod turn;
mod work;

use serde::Serialize;

pub(crate) use self::budget::{Budgeted, ContextChanged, Counted, CountedItem, Planned, Spent};
pub(crate) use self::evidence::{Numbered, Whole as EvidenceWhole};
pub(crate) use self::import::{Imported, ImportedTranscript, Other};
pub(crate) use self::made::{BroughtBack, Graph, Initialized, Pages, Resolved, Written};
pub(crate) use self::report::{FilePlan, KeptRow, Restored};
pub(crate) use self::session::{Session, SetText, View};
pub(crate) use self::turn::{ProposalWhole, Reviewed};
pub(crate) use self::work::{Ran, Status, StatusSession};

/// What a command did or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Done<'a, T: Serialize> {
    pub(crate) applied: bool,
    #[serde(flatten)]
    pub(crate) report: &'a T,
}
