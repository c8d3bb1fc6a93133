//! One transaction on its way: prepared, waiting, and what came of it.

use std::collections::HashSet;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use crate::error::Result;
use crate::id::ObjectId;
use crate::log::format::head::LiveSegment;
use crate::log::format::segment::SegmentId;
use crate::log::transaction::{NewObject, RefUpdate};
use crate::log::vfs::sync::{Condvar, Mutex, MutexGuard};
use crate::log::write::prepare::Ready;

/// One transaction on its way.
#[derive(Debug)]
pub(crate) struct Item {
    /// What was asked for. Of it what was stored already is not among `objects`, and may have to be
    /// looked for again.
    pub(crate) given: Vec<NewObject>,
    /// How often segments had been retired when it was looked for.
    pub(crate) prepared_at: u64,
    pub(crate) objects: Vec<Ready>,
    pub(crate) attached: Vec<LiveSegment>,
    /// Objects of the attached segments.
    pub(crate) moved: HashSet<ObjectId>,
    pub(crate) retired: Vec<SegmentId>,
    pub(crate) updates: Vec<RefUpdate>,
    pub(crate) size: usize,
    /// Whether it is of work that frees room.
    pub(crate) frees: bool,
    /// When it began to wait.
    pub(crate) begun: Instant,
    /// Set where what was written ahead cannot be attached any more.
    pub(crate) lost: AtomicBool,
    pub(crate) outcome: Mutex<Option<Result<()>>>,
    /// Told when there is an outcome, or when it is this one's turn to lead; waits on the queue.
    pub(crate) turn: Condvar,
}

impl Item {
    pub(crate) fn updates(&self) -> &[RefUpdate] {
        &self.updates
    }

    pub(crate) fn outcome(&self) -> MutexGuard<'_, Option<Result<()>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
