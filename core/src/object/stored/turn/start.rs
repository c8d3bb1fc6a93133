//! Turns: which session one is of, and what makes it this one.

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::NONCE_BYTES_MAX;
use crate::object::stored::{BodyReader, BodyWriter, Canonical, Kind, RefReader};

/// Who does the steps of a turn: 16 bytes that the host gives, random ones. Two that run at once
/// must not have the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DriverId([u8; 16]);

impl DriverId {
    /// Takes 16 bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        DriverId(bytes)
    }

    /// Returns the 16 bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    pub(super) fn read(body: &mut BodyReader<'_>) -> Result<Self> {
        let bytes = body.0.raw(16)?;
        Ok(DriverId(bytes.try_into().expect("16 bytes were taken")))
    }
}

impl std::fmt::Display for DriverId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for DriverId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// A turn: what an agent does for one request, until it is done. Its id tells it from all others; it
/// goes on in the session of its nonce alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TurnStart {
    /// The nonce of the session that it goes on in: that of its first operation.
    pub session: Vec<u8>,
    /// What makes it this one: 16 bytes.
    pub nonce: [u8; 16],
    /// The [`Policy`](super::Policy) that it goes by.
    pub policy: ObjectId,
    /// The number of the session's newest memory when it began; 0 where there was none.
    pub memory: u64,
}

impl TurnStart {
    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid` for a nonce of a session that is too long.
    pub fn validate(&self) -> Result<()> {
        match self.session.len() > NONCE_BYTES_MAX {
            true => Err(Error::invalid("a turn's session has a nonce that is too long")),
            false => Ok(()),
        }
    }
}

impl Canonical for TurnStart {
    const KIND: Kind = Kind::TURN;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.bytes(&self.session).raw(&self.nonce).uint(self.memory);
        refs.push(self.policy);
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let session = body.0.bytes(NONCE_BYTES_MAX, "a session's nonce")?.to_vec();
        let nonce = body.0.raw(16)?.try_into().expect("16 bytes were taken");
        Ok(TurnStart { session, nonce, memory: body.0.uint()?, policy: refs.next()? })
    }
}
