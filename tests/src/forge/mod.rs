//! Stores made by hand from `docs/format.md` alone: any payload, true or hostile, behind checks
//! that hold. Nothing of this is taken from the library, so that it also tells whether the page
//! says enough to write what the library reads.

mod payload;
mod segment;

use std::collections::BTreeMap;
use std::sync::Arc;

use partita::vfs::Vfs;

use crate::vfs::Recorder;

pub use payload::{
    IdCode, Live, Payload, Row, TableHead, commit, record, retiring, snapshot, table,
};
pub use segment::{Bytes, FRAMES_FROM, Segment, key, kind};

/// The files of a store.
#[derive(Clone, Debug)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Makes a store's directory without segments.
    pub fn new() -> Self {
        Files([("FORMAT".to_owned(), b"partita store, format 1\n".to_vec())].into())
    }

    /// Makes a store of segments.
    pub fn of<'a>(segments: impl IntoIterator<Item = &'a Segment>) -> Self {
        let mut files = Files::new();
        for segment in segments {
            files.add(segment);
        }
        files
    }

    /// Adds a segment, in place of one of its name.
    pub fn add(&mut self, segment: &Segment) {
        self.put(&segment.path(), segment.bytes().to_vec());
    }

    /// Adds a file of any name.
    pub fn put(&mut self, name: &str, bytes: Vec<u8>) {
        self.0.insert(name.to_owned(), bytes);
    }

    /// Returns the bytes of all files together.
    pub fn size(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }

    /// Puts the files on a medium of their own.
    pub fn medium(&self) -> Recorder {
        let medium = Recorder::new();
        medium.create_dir("segments").expect("an empty medium takes a directory");
        for (name, bytes) in &self.0 {
            let file = medium.create_new(name).expect("each name is there once");
            file.write_at(bytes, 0).expect("a medium in memory takes all");
        }
        medium
    }

    /// Puts the files on a medium, as a store is opened over one.
    pub fn vfs(&self) -> Arc<dyn Vfs> {
        Arc::new(self.medium())
    }
}

impl Default for Files {
    fn default() -> Self {
        Files::new()
    }
}
