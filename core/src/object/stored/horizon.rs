//! Horizons: where the history of a trimmed session ends.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader, Timestamp};
use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::LABEL_BYTES_MAX;

/// Says that a session's history was trimmed: what is older than this is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// The number of the oldest checkpoint that is kept.
    pub checkpoint: u64,
    /// The number of the oldest operation that is kept, the session's first one apart.
    pub operation: u64,
    /// Who trimmed; may be empty.
    pub actor: String,
    /// When, by the clock of whoever did it.
    pub time: Timestamp,
}

impl Canonical for Horizon {
    const KIND: Kind = Kind::HORIZON;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.uint(self.checkpoint).uint(self.operation);
        body.0.bytes(self.actor.as_bytes()).int(self.time.as_millis());
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        Ok(Horizon {
            checkpoint: body.0.uint()?,
            operation: body.0.uint()?,
            actor: body.0.text(LABEL_BYTES_MAX, "an actor")?.to_owned(),
            time: Timestamp::from_millis(body.0.int()?),
        })
    }
}
