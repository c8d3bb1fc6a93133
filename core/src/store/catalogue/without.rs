//! What stands for an open catalogue where there can be none: built without the feature, or with
//! panics that abort, from which a damaged table could not be told apart.

use super::place::Place;
use super::signature::Signature;
use super::{KnownCount, Listing};
use crate::id::{MemoryId, ObjectId, OperationId};

/// There is none.
#[derive(Debug)]
pub(super) enum Open {}

impl Open {
    pub(super) fn open(_place: &Place) -> Option<Self> {
        None
    }

    pub(super) fn discard(self) {}

    pub(super) fn count(&self, _counter: &str, _id: ObjectId) -> Option<KnownCount> {
        match *self {}
    }

    pub(super) fn set_counts(
        &self,
        _counter: &str,
        _counts: &[(ObjectId, KnownCount)],
    ) -> Option<()> {
        match *self {}
    }

    pub(super) fn signature(&self, _memory: MemoryId) -> Option<Signature> {
        match *self {}
    }

    pub(super) fn set_signature(&self, _memory: MemoryId, _signature: &Signature) -> Option<()> {
        match *self {}
    }

    pub(super) fn listing(&self, _operation: OperationId) -> Option<Listing> {
        match *self {}
    }

    pub(super) fn set_listing(&self, _operation: OperationId, _listing: Listing) -> Option<()> {
        match *self {}
    }
}
