//! Rows of merge conflicts.

use crate::codec::malformed;
use crate::error::Result;
use crate::id::{IterationId, ObjectId};
use crate::map::Value;

/// A row of the root `conflicts`.
pub(crate) struct ConflictRow {
    pub(crate) conflict: ObjectId,
    /// What stood at the path when the row was written.
    pub(crate) iteration: IterationId,
}

impl ConflictRow {
    pub(crate) fn of(value: &Value) -> Result<Self> {
        match (&value.refs[..], &value.bytes[..]) {
            ([conflict, iteration], []) => {
                Ok(ConflictRow { conflict: *conflict, iteration: IterationId::new(*iteration) })
            }
            _ => Err(malformed("a row of merge conflicts")),
        }
    }

    pub(crate) fn value(&self) -> Value {
        Value { refs: vec![self.conflict, self.iteration.id()], bytes: Vec::new() }
    }
}
