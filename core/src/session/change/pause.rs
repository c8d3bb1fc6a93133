//! Pausing, and what was done last.

use crate::error::Result;
use crate::object::{Objects, OperationKind};
use crate::session::handle::{NewOperation, Outcome, Session};
use crate::session::line::info::CheckpointInfo;

/// Operations that are no work on a session: they leave it paused.
const UPKEEP: [OperationKind; 4] = [
    OperationKind::RenameSession,
    OperationKind::Trim,
    OperationKind::DeleteSession,
    OperationKind::UndeleteSession,
];

impl Session {
    /// Says that the session is paused, and why in a line. Whatever is done to it next resumes it.
    /// What its sandbox holds is captured by [`host::pause`](crate::host::pause).
    ///
    /// # Errors
    /// `Invalid` for a reason beyond the limit of a message.
    pub fn pause(&self, reason: &str) -> Result<Option<CheckpointInfo>> {
        let mut head = self.head()?;
        loop {
            let mut new = NewOperation::new(OperationKind::Pause);
            reason.clone_into(&mut new.message);
            let point = head.point.clone();
            let info = point.as_ref().map(CheckpointInfo::of);
            match self.commit_on(&head, self.store.batch(), point, new)? {
                Outcome::Committed(_) => return Ok(info),
                Outcome::Moved(now) => head = now,
            }
        }
    }

    /// The kind and the message of the newest operation that is work.
    pub(crate) fn newest_act(&self) -> Result<(OperationKind, String)> {
        let head = self.head()?;
        let mut at = Some(head.operation.clone());
        while let Some(operation) = at {
            if !UPKEEP.contains(&operation.value.kind) {
                return Ok((operation.value.kind, operation.value.message.clone()));
            }
            at = match self.store.is_trimmed(&operation.id)? {
                true => None,
                false => operation.parent(&self.store)?,
            };
        }
        Ok((OperationKind::Create, String::new()))
    }
}
