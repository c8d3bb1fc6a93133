//! Operations: who did what to a session, and when.

mod kind;

pub use kind::{OperationKind, OperationName};

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader, Timestamp};
use crate::codec::malformed;
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId, OperationId};
use crate::limits::{LABEL_BYTES_MAX, NONCE_BYTES_MAX, OPERATION_NAME_BYTES_MAX};

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
    /// import says the state before its run; absent is the empty one, where its run began there.
    pub before: Option<CheckpointId>,
    /// The operation of another session that this one was forked from.
    pub forked_from: Option<OperationId>,
    /// The operation that an undo or a redo took back.
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

impl Operation {
    /// Returns the first operation of a session that is empty. The nonce makes its id its own: random
    /// bytes, at most 32.
    ///
    /// ```
    /// use partita::object::{Operation, OperationKind, Timestamp};
    /// let first = Operation::first(OperationKind::Create, Timestamp::from_millis(0), [7; 16]);
    /// assert_eq!((first.number, first.previous, first.nonce.len()), (1, None, 16));
    /// ```
    pub fn first(kind: OperationKind, time: Timestamp, nonce: impl Into<Vec<u8>>) -> Self {
        Operation {
            number: 1,
            kind,
            session: None,
            previous: None,
            jump: None,
            checkpoint: None,
            before: None,
            forked_from: None,
            undoes: None,
            actor: String::new(),
            time,
            message: String::new(),
            nonce: nonce.into(),
        }
    }
}

impl Canonical for Operation {
    const KIND: Kind = Kind::OPERATION;
    const VERSION: u16 = 2;

    /// A kind that has a number goes on being written as one.
    fn version(&self) -> u16 {
        if self.kind.number().is_some() { 1 } else { 2 }
    }

    fn knows(version: u16) -> bool {
        matches!(version, 1 | 2)
    }

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
        body.0.uint(flags);
        match self.kind.number() {
            Some(number) => body.0.uint(number as u64),
            None => body.0.bytes(self.kind.name().as_bytes()),
        };
        body.0.bytes(self.actor.as_bytes()).bytes(self.message.as_bytes());
        body.0.bytes(&self.nonce).uint(self.number).int(self.time.as_millis());
    }

    fn decode(version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
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
        let kind = kind_of(version, body)?;
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

/// Reads a kind: a number in version 1, else a name. That a name with a number stands in version 1
/// alone, the comparison with what would be written tells.
fn kind_of(version: u16, body: &mut BodyReader<'_>) -> Result<OperationKind> {
    if version == 1 {
        let number = body.0.uint()?;
        return OperationKind::from_number(number)
            .ok_or_else(|| malformed(format!("operation kind {number}")));
    }
    let name = body.0.text(OPERATION_NAME_BYTES_MAX, "the name of an operation")?;
    OperationKind::from_name(name).map_err(|error| malformed(error.to_string()))
}
