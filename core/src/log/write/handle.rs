//! The handle: what reads, and what writes beside it.

use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, atomic};
use std::time::Duration;

use crate::error::Result;
use crate::id::ObjectId;
use crate::log::read::reader::Reader;
use crate::log::vfs::sync::AtomicBool;
use crate::log::vfs::wait::{LOCK_FILE, Since, lock};
use crate::log::vfs::{VfsLock, holder};
use crate::log::write::queue::Queue;
use crate::log::write::room::Work;
use crate::object::{Node, Objects};

/// An open log. Clones are one log; the last one leaves the marker of closing. It reads as the
/// [`Reader`] within it does.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    reader: Reader,
    pub(crate) queue: Queue,
    /// Whether the tail's holder writes commits that free room, and may take of the reserve.
    pub(crate) spending: AtomicBool,
    /// The work under way that frees room.
    pub(crate) freeing: Mutex<Work>,
    /// Whether the log has grown since the reserve was looked at.
    pub(crate) grown: atomic::AtomicBool,
}

impl Log {
    pub(crate) fn new(reader: Reader) -> Self {
        Log {
            shared: Arc::new(Shared {
                reader,
                queue: Queue::default(),
                spending: AtomicBool::new(false),
                freeing: Default::default(),
                grown: Default::default(),
            }),
        }
    }

    /// Waits for a lock beside the log's own, on a file or directory.
    pub(crate) fn wait_for<T>(
        &self,
        doing: &str,
        path: &Path,
        take: &mut dyn FnMut(Duration) -> Result<Option<T>>,
    ) -> Result<T> {
        let holder = || holder::of(path);
        self.options.patience.wait_for(Since::now(), doing, &holder, take)?.held()
    }

    pub(crate) fn lock(&self) -> Result<Box<dyn VfsLock>> {
        lock(&*self.medium.vfs, LOCK_FILE, &self.options.patience)
    }
}

impl Deref for Log {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.shared.reader
    }
}

impl Objects for Log {
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>> {
        self.shared.reader.get_node(id)
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if Arc::strong_count(&self.shared) == 1 {
            self.close();
        }
    }
}
