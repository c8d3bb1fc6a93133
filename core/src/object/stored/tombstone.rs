//! Tombstones: what stands in for an object whose bytes are gone for good.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader, Timestamp};
use crate::error::Result;
use crate::id::ObjectId;
use crate::limits::LABEL_BYTES_MAX;

const LOST: u64 = 1;
const IS_NODE: u64 = 2;
const SIZE_KNOWN: u64 = 4;

/// Says that an object's bytes are gone, so that whoever refers to it is still whole.
///
/// The target is no ref of the node: a walk ends here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// The object.
    pub target: ObjectId,
    /// Whether it was lost to damage; else it was purged on purpose, and is not taken back.
    pub lost: bool,
    /// The kind of the node; none for a content, and for what was lost.
    pub kind: Option<Kind>,
    /// Bytes of the content, or of the node's canonical form; none where nobody knows.
    pub size: Option<u64>,
    /// Why; may be empty.
    pub reason: String,
    /// Who did it; may be empty.
    pub actor: String,
    /// When, by the clock of whoever did it.
    pub time: Timestamp,
}

impl Canonical for Tombstone {
    const KIND: Kind = Kind::TOMBSTONE;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let flag = |is: bool, flag: u64| if is { flag } else { 0 };
        let flags = flag(self.lost, LOST)
            | flag(self.kind.is_some(), IS_NODE)
            | flag(self.size.is_some(), SIZE_KNOWN);
        body.0.uint(flags).raw(self.target.as_bytes());
        if let Some(kind) = self.kind {
            body.0.uint(u64::from(kind.0));
        }
        if let Some(size) = self.size {
            body.0.uint(size);
        }
        body.0.bytes(self.reason.as_bytes()).bytes(self.actor.as_bytes());
        body.0.int(self.time.as_millis());
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let flags = body.0.bounded(7, "tombstone flags")?;
        let target = body.0.id()?;
        let kind = if flags & IS_NODE != 0 {
            Some(Kind(body.0.bounded(u64::from(u16::MAX), "a kind")? as u16))
        } else {
            None
        };
        let size = if flags & SIZE_KNOWN != 0 { Some(body.0.uint()?) } else { None };
        Ok(Tombstone {
            target,
            lost: flags & LOST != 0,
            kind,
            size,
            reason: body.0.text(LABEL_BYTES_MAX, "a reason")?.to_owned(),
            actor: body.0.text(LABEL_BYTES_MAX, "an actor")?.to_owned(),
            time: Timestamp::from_millis(body.0.int()?),
        })
    }
}

impl std::fmt::Display for Tombstone {
    /// Tells what it was and why it is gone, in a line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = self.kind.and_then(Kind::name);
        let what = kind.unwrap_or(if self.lost { "object" } else { "content" });
        write!(f, "{what} {:.10}", self.target)?;
        if let Some(size) = self.size {
            write!(f, " of {size} bytes")?;
        }
        f.write_str(if self.lost { " was lost to damage" } else { " was purged" })?;
        if !self.actor.is_empty() {
            write!(f, " by {}", self.actor.escape_debug())?;
        }
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason.escape_debug())?;
        }
        Ok(())
    }
}
