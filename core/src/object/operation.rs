//! Operations: who did what to a session, and when.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader, Timestamp};
use crate::codec::malformed;
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::limits::LABEL_BYTES_MAX;

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OperationKind {
    /// The session began, empty.
    Create,
    /// The session began as a copy of another's checkpoint.
    Fork,
    /// A file was written.
    Write,
    /// A file was removed.
    Remove,
    /// A file was renamed.
    Rename,
    /// A memory was appended.
    Remember,
    /// A host's keyed value was changed.
    State,
    /// Several of these at once.
    Batch,
    /// A file or a checkpoint was brought back.
    Restore,
    /// The operation before was taken back.
    Undo,
    /// Checkpoints were recorded from another source.
    Import,
    /// The session got another name.
    RenameSession,
    /// The session was deleted; its bytes wait for gc.
    DeleteSession,
    /// Older history gave way to a horizon.
    Trim,
    /// Memories were taken out of the view.
    Forget,
    /// Memories came back into the view.
    Recall,
    /// Files were taken out of the view, also those to come.
    Hide,
    /// Files were put into the view.
    Show,
    /// Outdated iterations in view gave way to the newest.
    Refresh,
    /// Results of tools are shown shortened.
    TrimResults,
    /// A summary was laid over memories.
    Compact,
    /// Summaries were taken off again.
    Expand,
    /// Memories or files in view were pinned.
    Pin,
    /// Memories or files in view were unpinned.
    Unpin,
    /// The instructions were set.
    SetInstructions,
    /// The tools were set.
    SetTools,
    /// The sandbox state was set.
    SetSandbox,
    /// A plan for the view was applied.
    Plan,
}

const KINDS: [(OperationKind, &str); 28] = [
    (OperationKind::Create, "create"),
    (OperationKind::Fork, "fork"),
    (OperationKind::Write, "write"),
    (OperationKind::Remove, "remove"),
    (OperationKind::Rename, "rename"),
    (OperationKind::Remember, "remember"),
    (OperationKind::State, "state"),
    (OperationKind::Batch, "batch"),
    (OperationKind::Restore, "restore"),
    (OperationKind::Undo, "undo"),
    (OperationKind::Import, "import"),
    (OperationKind::RenameSession, "rename-session"),
    (OperationKind::DeleteSession, "delete-session"),
    (OperationKind::Trim, "trim"),
    (OperationKind::Forget, "forget"),
    (OperationKind::Recall, "recall"),
    (OperationKind::Hide, "hide"),
    (OperationKind::Show, "show"),
    (OperationKind::Refresh, "refresh"),
    (OperationKind::TrimResults, "trim-results"),
    (OperationKind::Compact, "compact"),
    (OperationKind::Expand, "expand"),
    (OperationKind::Pin, "pin"),
    (OperationKind::Unpin, "unpin"),
    (OperationKind::SetInstructions, "set-instructions"),
    (OperationKind::SetTools, "set-tools"),
    (OperationKind::SetSandbox, "set-sandbox"),
    (OperationKind::Plan, "plan"),
];

impl OperationKind {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        KINDS[self as usize].1
    }
}

/// Who did what to a session, and when by the clock. A session's ref names its newest operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Counts from 1 along `previous`.
    pub number: u64,
    /// What it did.
    pub kind: OperationKind,
    /// The session's first operation, whose id is the session's identity; absent in that one.
    pub session: Option<OperationId>,
    /// The operation before; absent in the first.
    pub previous: Option<OperationId>,
    /// An operation further back, where that differs from the previous.
    pub jump: Option<OperationId>,
    /// The state of the session after it; absent while the session is empty.
    pub checkpoint: Option<CheckpointId>,
    /// The state that undoing it brings back, where that is not the previous operation's. An
    /// import always says the state before its run, where absent means the empty one.
    pub before: Option<CheckpointId>,
    /// The operation of another session that this one was forked from.
    pub forked_from: Option<OperationId>,
    /// The operation that this one took back.
    pub undoes: Option<OperationId>,
    /// Who did it, as the host names its agents; may be empty.
    pub actor: String,
    /// When, by the clock of whoever did it.
    pub time: Timestamp,
    /// What it was about, in a line; may be empty.
    pub message: String,
    /// Random bytes of a session's first operation, which make its id its own; else empty.
    pub nonce: Vec<u8>,
}

const NONCE_BYTES_MAX: usize = 32;

impl Canonical for Operation {
    const KIND: Kind = Kind::OPERATION;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let links = [
            self.session.map(|id| id.id()),
            self.previous.map(|id| id.id()),
            self.jump.map(|id| id.id()),
            self.checkpoint.map(|id| id.id()),
            self.before.map(|id| id.id()),
            self.forked_from.map(|id| id.id()),
            self.undoes.map(|id| id.id()),
        ];
        let mut flags = 0;
        for (at, link) in links.into_iter().enumerate() {
            flags |= u64::from(link.is_some()) << at;
            refs.extend(link);
        }
        body.0.uint(flags).uint(self.kind as u64);
        body.0.bytes(self.actor.as_bytes()).bytes(self.message.as_bytes());
        body.0.bytes(&self.nonce).uint(self.number).int(self.time.as_millis());
    }

    fn decode(refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(127, "operation flags")?;
        let mut link = |at: u32| -> Result<Option<ObjectId>> {
            if flags >> at & 1 != 0 { refs.next().map(Some) } else { Ok(None) }
        };
        let session = link(0)?.map(OperationId::new);
        let previous = link(1)?.map(OperationId::new);
        let jump = link(2)?.map(OperationId::new);
        let checkpoint = link(3)?.map(CheckpointId::new);
        let before = link(4)?.map(CheckpointId::new);
        let forked_from = link(5)?.map(OperationId::new);
        let undoes = link(6)?.map(OperationId::new);
        let kind = body.0.uint()?;
        let kind = usize::try_from(kind)
            .ok()
            .and_then(|at| KINDS.get(at))
            .ok_or_else(|| malformed(format!("operation kind {kind}")))?
            .0;
        let actor = body.0.text(LABEL_BYTES_MAX, "an actor")?.to_owned();
        let message = body.0.text(LABEL_BYTES_MAX, "a message")?.to_owned();
        let nonce = body.0.bytes(NONCE_BYTES_MAX, "a nonce")?.to_vec();
        let number = body.0.uint()?;
        let time = Timestamp::from_millis(body.0.int()?);
        Ok(Operation {
            number,
            kind,
            session,
            previous,
            jump,
            checkpoint,
            before,
            forked_from,
            undoes,
            actor,
            time,
            message,
            nonce,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_numbered_in_the_order_of_their_table() {
        for (at, (kind, _)) in KINDS.iter().enumerate() {
            assert_eq!(*kind as usize, at);
        }
    }
}
