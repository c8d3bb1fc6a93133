//! Upkeep: check, gc, purge, recover, and their progress.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use partita::upkeep::{CheckProgress, GcProgress, PurgeOptions};

use crate::convert::Time;
use crate::error::OrRaise as _;
use crate::handle::Handle;
use crate::id::ObjectId;
use crate::path::{DiskPath, SessionPath};
use crate::shape::Shape;
use crate::value::value;
use crate::wait;

/// How often signals and whoever waits for progress are attended to.
const EVERY: Duration = Duration::from_millis(100);

value! {
    /// Something that is not as it was written.
    Fault: shaped {
        /// The segment's file name, where the fault has a place.
        segment: Option<String>,
        /// The offset in that file, in bytes.
        offset: Option<u64>,
        /// The object that cannot be read, where the fault concerns one.
        object: Option<ObjectId>,
        /// What is wrong, in a line.
        what: String,
    }
}

value! {
    /// What a check found: nothing is wrong if ``faults`` is empty.
    CheckReport: shaped {
        /// What is wrong.
        faults: Vec<Fault>,
        /// Nodes of known kinds in versions that a newer partita wrote, which alone can judge them.
        /// No fault.
        newer: Vec<Fault>,
        /// Frames whose tag was verified.
        frames: u64,
        /// Bytes under those tags.
        bytes: u64,
        /// Distinct objects whose id was verified.
        objects: u64,
        /// Objects that no ref leads to; they wait for gc.
        unreachable: u64,
        /// Objects whose bytes were purged or given up for lost. No fault.
        tombstones: u64,
        /// Bytes behind the last commit that never were one: the segment's file name and the
        /// offset. No fault.
        unfinished: Option<(String, u64)>,
        /// Files among the segments that the log does not name. No fault.
        strays: Vec<String>,
    }
}

impl From<partita::upkeep::CheckReport> for CheckReport {
    fn from(report: partita::upkeep::CheckReport) -> Self {
        let shape = Shape::of(report.clone());
        let fault = |fault: partita::upkeep::Fault| Fault {
            shape: Shape::of(fault.clone()),
            segment: fault.segment,
            offset: fault.offset,
            object: fault.object.map(ObjectId),
            what: fault.what,
        };
        CheckReport {
            faults: report.faults.into_iter().map(fault).collect(),
            newer: report.newer.into_iter().map(fault).collect(),
            frames: report.frames,
            bytes: report.bytes,
            objects: report.objects,
            unreachable: report.unreachable,
            tombstones: report.tombstones,
            unfinished: report.unfinished,
            strays: report.strays,
            shape,
        }
    }
}

value! {
    /// What a collection did, or would do.
    GcReport: shaped {
        /// Deleted sessions that went for good.
        sessions: u64,
        /// Paths of what checkouts had put aside that went for good.
        put_aside: u64,
        /// Objects that went.
        objects: u64,
        /// Their bytes as stored; in a dry run what can be said to be freed at the least.
        object_bytes: u64,
        /// Objects that stay.
        kept: u64,
        /// Bytes of all segments before.
        bytes_before: u64,
        /// Bytes of all segments after; in a dry run as before.
        bytes_after: u64,
        /// Segments that gave way.
        segments: u64,
    }
}

impl From<partita::upkeep::GcReport> for GcReport {
    fn from(report: partita::upkeep::GcReport) -> Self {
        GcReport {
            sessions: report.sessions,
            put_aside: report.put_aside,
            objects: report.objects,
            object_bytes: report.object_bytes,
            kept: report.kept,
            bytes_before: report.bytes_before,
            bytes_after: report.bytes_after,
            segments: report.segments,
            shape: Shape::of(report),
        }
    }
}

value! {
    /// What stands in for an object whose bytes are gone for good.
    Tombstone: shaped {
        /// The object.
        target: ObjectId,
        /// Whether it was lost to damage; else it was purged on purpose.
        lost: bool,
        /// Bytes that it had; none where nobody knows.
        size: Option<u64>,
        /// Why; may be empty.
        reason: String,
        /// Who did it; may be empty.
        actor: String,
        /// When, by the clock of whoever did it.
        time: Time,
    }
}

impl From<partita::object::Tombstone> for Tombstone {
    fn from(tombstone: partita::object::Tombstone) -> Self {
        Tombstone {
            shape: Shape::of(tombstone.clone()),
            target: ObjectId(tombstone.target),
            lost: tombstone.lost,
            size: tombstone.size,
            reason: tombstone.reason,
            actor: tombstone.actor,
            time: Time(tombstone.time),
        }
    }
}

value! {
    /// What a purge did.
    PurgeReport: shaped {
        /// One for each object that went; empty where all of it was purged before.
        tombstones: Vec<Tombstone>,
        /// Nodes that were made anew, where history was rewritten.
        rewritten: u64,
        /// The sessions that held any of it, by name; deleted ones as ``deleted/ID``.
        sessions: Vec<String>,
        /// Bytes by which the segments' files shrank.
        freed: u64,
    }
}

impl From<partita::upkeep::PurgeReport> for PurgeReport {
    fn from(report: partita::upkeep::PurgeReport) -> Self {
        PurgeReport {
            shape: Shape::of(report.clone()),
            tombstones: report.tombstones.into_iter().map(Tombstone::from).collect(),
            rewritten: report.rewritten,
            sessions: report.sessions,
            freed: report.freed,
        }
    }
}

value! {
    /// A version of a file, or a memory, that no session has any more.
    LostVersion: shaped {
        /// The object: a content, an iteration or a memory.
        object: ObjectId,
        /// The path, where it is a version of a file and the path is known.
        path: Option<SessionPath>,
        /// The number of the iteration or of the memory, where it is known.
        number: Option<u64>,
        /// The refs of the sessions that had it, as far as that is known.
        sessions: Vec<String>,
        /// Whether the object is whole: then it can be read by its id until the next collection.
        is_whole: bool,
    }
}

value! {
    /// A session that no ref led to any more, and that has one again.
    RecoveredSession: shaped {
        /// The ref that names it now: ``session/NAME``, ``session/recovered/ID`` or ``deleted/ID``.
        name: String,
        /// The newest operation that was found of it; none where the state was found alone.
        operation: Option<ObjectId>,
        /// The session's first operation, where it is known.
        session: Option<ObjectId>,
    }
}

value! {
    /// Where the log could not be read. What commits did there and nowhere else is not known.
    UnreadLog: shaped {
        /// The segment's file name.
        segment: String,
        /// The offset in that file, in bytes.
        offset: u64,
        /// The offset at which it can be read again.
        end: u64,
        /// What cannot be read.
        what: String,
        /// The refs of the sessions that were committed to there, as far as that can be told.
        sessions: Vec<String>,
    }
}

value! {
    /// What a recovery did. It is kept in the store, so that one that was cut short tells the same
    /// when it is run again.
    RecoverReport: shaped {
        /// Objects that are whole.
        objects: u64,
        /// One for each object that something leads to and that is lost.
        lost: Vec<Tombstone>,
        /// Versions of files, and memories, that no session leads to any more.
        versions: Vec<LostVersion>,
        /// Refs of sessions that were set back, each with the number of the newest operation that is
        /// left; none where nothing is.
        set_back: Vec<(String, Option<u64>)>,
        /// Sessions that no ref led to any more, and that have one again.
        recovered: Vec<RecoveredSession>,
        /// Where the log could not be read.
        unread: Vec<UnreadLog>,
        /// Files that were moved aside, as they were: their new names in the store's directory.
        quarantined: Vec<String>,
        /// When the store was recovered; none if it never was.
        time: Option<Time>,
        /// Whether all of this was done by an earlier run, and nothing was left to do.
        is_earlier: bool,
    }
}

impl From<partita::upkeep::RecoverReport> for RecoverReport {
    fn from(report: partita::upkeep::RecoverReport) -> Self {
        let shape = Shape::of(report.clone());
        let versions = report.versions.into_iter().map(|version| LostVersion {
            shape: Shape::of(version.clone()),
            object: ObjectId(version.object),
            path: version.path.as_ref().map(SessionPath::from),
            number: version.number,
            sessions: version.sessions,
            is_whole: version.is_whole,
        });
        let recovered = report.recovered.into_iter().map(|session| RecoveredSession {
            shape: Shape::of(session.clone()),
            name: session.name,
            operation: session.operation.map(|id| ObjectId(id.id())),
            session: session.session.map(|id| ObjectId(id.id())),
        });
        let unread = report.unread.into_iter().map(|unread| UnreadLog {
            shape: Shape::of(unread.clone()),
            segment: unread.segment,
            offset: unread.offset,
            end: unread.end,
            what: unread.what,
            sessions: unread.sessions,
        });
        RecoverReport {
            shape,
            objects: report.objects,
            lost: report.lost.into_iter().map(Tombstone::from).collect(),
            versions: versions.collect(),
            set_back: report.set_back.into_iter().map(|back| (back.name, back.operation)).collect(),
            recovered: recovered.collect(),
            unread: unread.collect(),
            quarantined: report.quarantined,
            time: report.time.map(Time),
            is_earlier: report.is_earlier,
        }
    }
}

pub(crate) fn purge_options(
    reason: &str,
    actor: &str,
    everywhere: bool,
    rewrite: bool,
) -> PurgeOptions {
    PurgeOptions::new(reason).actor(actor).everywhere(everywhere).rewrite(rewrite)
}

/// How far something is: steps done, and steps in all.
pub(crate) trait Told: Send {
    fn steps(&self) -> (u64, u64);
}

impl Told for GcProgress {
    fn steps(&self) -> (u64, u64) {
        (self.done, self.total)
    }
}

impl Told for CheckProgress {
    fn steps(&self) -> (u64, u64) {
        (self.done, self.total)
    }
}

/// Attends to signals, and to whoever waits for progress, a few times a second. What is raised
/// there ends the work, and is raised in the end.
pub(crate) struct Attention<'a> {
    callback: Option<&'a Py<PyAny>>,
    /// When signals, and who waits for progress, were attended to last.
    last: Mutex<(Option<Instant>, Option<Instant>)>,
    raised: Mutex<Option<PyErr>>,
}

impl<'a> Attention<'a> {
    pub(crate) fn new(callback: Option<&'a Py<PyAny>>) -> Self {
        Attention { callback, last: Mutex::new((None, None)), raised: Mutex::new(None) }
    }

    /// Tells whoever waits how far the work is.
    pub(crate) fn tell(&self, done: u64, total: u64) -> ControlFlow<()> {
        self.attend(Some((done, total)))
    }

    /// Attends to signals alone.
    pub(crate) fn look(&self) -> ControlFlow<()> {
        self.attend(None)
    }

    /// Keeps what was raised, to be raised in the end.
    pub(crate) fn raise(&self, error: PyErr) {
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        raised.get_or_insert(error);
    }

    pub(crate) fn has_raised(&self) -> bool {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn attend(&self, steps: Option<(u64, u64)>) -> ControlFlow<()> {
        let mut lasts = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = if steps.is_some() { &mut lasts.1 } else { &mut lasts.0 };
        if last.is_some_and(|last| last.elapsed() < EVERY) {
            return ControlFlow::Continue(());
        }
        *last = Some(Instant::now());
        drop(lasts);
        let said = Python::attach(|py| {
            py.check_signals()?;
            match (self.callback, steps) {
                (Some(callback), Some(steps)) => callback.call1(py, steps).map(drop),
                _ => Ok(()),
            }
        });
        match said {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raise(error);
                ControlFlow::Break(())
            }
        }
    }

    /// Gives what was raised meanwhile, else the result.
    pub(crate) fn end<R>(self, result: partita::Result<R>) -> PyResult<R> {
        match self.raised.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => result.or_raise(),
        }
    }
}

/// Calls something of the core that tells its progress, with the interpreter let go.
pub(crate) fn progress<T: Sync, P: Told, R: Send>(
    py: Python<'_>,
    handle: &Handle<T>,
    callback: Option<&Py<PyAny>>,
    call: impl FnOnce(&T, &mut dyn FnMut(P) -> ControlFlow<()>) -> partita::Result<R> + Send,
) -> PyResult<R> {
    let value = handle.get()?;
    let attention = Attention::new(callback);
    let result = py.detach(|| {
        call(value, &mut |told: P| {
            let (done, total) = told.steps();
            attention.tell(done, total)
        })
    });
    attention.end(result)
}

/// Makes a damaged store whole again, with what is left of it: copies every object that is whole,
/// lets each session go on from the newest operation whose state can be read, gives a session to
/// every state that nothing leads to any more, and leaves a tombstone for whatever is lost. The
/// damaged files move to ``quarantine``; nothing is deleted but what a collection or a purge had
/// given up already.
///
/// What could be read before can be read afterwards, or the report names it. One that was cut short
/// goes on when it is run again, and tells the same.
///
/// ``progress(done, total)`` is called a few times a second; what it raises ends the work.
#[pyfunction]
#[pyo3(signature = (directory, *, progress: "collections.abc.Callable[[int, int], object] | None" = None))]
pub(crate) fn recover(
    py: Python<'_>,
    directory: DiskPath,
    progress: Option<Py<PyAny>>,
) -> PyResult<RecoverReport> {
    let attention = Attention::new(progress.as_ref());
    let result = py.detach(|| {
        partita::Store::options().on_wait(wait::told(None)).recover(
            &directory,
            &mut |told: CheckProgress| {
                let (done, total) = told.steps();
                attention.tell(done, total)
            },
        )
    });
    Ok(attention.end(result)?.into())
}
