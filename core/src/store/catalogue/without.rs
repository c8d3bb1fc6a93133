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
    pub(super) fn at(_place: &Place) -> Option<Self> {
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

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::id::{MemoryId, ObjectId};
    use crate::store::{PurgeOptions, Store};

    #[test]
    fn nothing_is_known_and_nothing_is_made() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let id = ObjectId::of_content(b"text");
        assert_eq!(store.catalogue().count("c", id), None);
        assert!(store.catalogue().may_contain(MemoryId::new(id), "anything"));
        assert!(!directory.path().join("catalogue").exists());
    }

    #[test]
    fn a_purge_removes_what_a_build_with_it_left() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        store.session("s").unwrap().write("a", "AKIA-5f3c").unwrap();
        let table = directory.path().join("catalogue/table-0123456789abcdef");
        std::fs::create_dir_all(&table).unwrap();
        std::fs::write(table.join("db"), "derived").unwrap();
        let mut go_on = |_| ControlFlow::Continue(());
        store.purge_matching(b"AKIA-5f3c", &PurgeOptions::new("test"), &mut go_on).unwrap();
        assert!(!table.exists());
    }
}
