//! Checks: every byte by its tag, every object by its id, every ref to its end.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::Store;
use super::graph::{Graph, GraphEvents, Presence};
use super::progress::Progress;
use super::reach::Reached;
use super::roots::Root;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::Listed;
use crate::object::Node;

/// Something that is not as it was written.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The segment's file name, where the fault has a place.
    pub segment: Option<String>,
    /// The offset in that file, in bytes.
    pub offset: Option<u64>,
    /// The object that cannot be read, where the fault concerns one.
    pub object: Option<ObjectId>,
    /// What is wrong, in a line.
    pub what: String,
}

impl Fault {
    fn of(object: &Listed, what: String) -> Self {
        Fault {
            segment: Some(object.segment.file_name()),
            offset: Some(object.frame.into()),
            object: Some(object.id),
            what,
        }
    }
}

/// What a check found.
#[non_exhaustive]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong; empty if the store is whole.
    pub faults: Vec<Fault>,
    /// Frames whose tag was verified.
    pub frames: u64,
    /// Bytes under those tags.
    pub bytes: u64,
    /// Distinct objects whose id was verified.
    pub objects: u64,
    /// Objects that no ref leads to; they wait for gc.
    pub unreachable: u64,
    /// Objects whose bytes were purged or given up for lost, each with a tombstone. No fault.
    pub tombstones: u64,
    /// Bytes behind the last commit that never were one, as a killed writer leaves them: the
    /// segment's file name and the offset. No fault.
    pub unfinished: Option<(String, u64)>,
    /// Nodes of known kinds in versions that are newer than this library: their bytes and ids were
    /// verified, and a newer library alone can judge what they say. No fault.
    pub newer: Vec<Fault>,
    /// Files among the segments that the log does not name, such as an interrupted batch's. No
    /// fault.
    pub strays: Vec<String>,
}

impl CheckReport {
    /// Tells whether nothing is wrong.
    pub fn is_ok(&self) -> bool {
        self.faults.is_empty()
    }
}

/// How far a check is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckProgress {
    /// Bytes and objects done.
    pub done: u64,
    /// Bytes and objects to do in all.
    pub total: u64,
}

impl Store {
    /// Verifies every byte by its tag, every object by its id, and that every ref leads to objects
    /// that are there. `progress` is told how far it is, and ends the check with `Break`.
    ///
    /// Reads only. Memory: about 60 bytes an object and 4 a reference from one to another.
    ///
    /// ```
    /// use partita::upkeep::go_on;
    /// let store = partita::Store::in_memory()?;
    /// store.session("s")?.write("a", "text")?;
    /// let report = store.check(&mut go_on)?;
    /// assert!(report.is_ok());
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` if the medium cannot be read, or if `progress` ended it. Damage is no error but a
    /// fault of the report.
    pub fn check(&self, progress: Progress<'_, CheckProgress>) -> Result<CheckReport> {
        loop {
            let before = self.log().retirements();
            let report = self.check_once(progress)?;
            // A collection that went on meanwhile may have taken away what was looked for.
            if report.is_ok() || self.log().retirements() == before {
                return Ok(report);
            }
        }
    }

    fn check_once(&self, progress: Progress<'_, CheckProgress>) -> Result<CheckReport> {
        let mut report = CheckReport::default();
        let (stored, _) = self.log().stored_bytes()?;
        // Before the objects: a ref that comes in between leads to what may not be listed.
        let roots = self.roots();
        let listed = self.list_objects();
        let total = stored + listed.as_ref().map_or(0, |listed| listed.len() as u64);
        let mut done = 0;
        let scan = self.log().scan(&mut |bytes| {
            done += bytes;
            progress(CheckProgress { done, total })
        });
        let scan = report.or_note(scan)?;
        report.frames = scan.frames;
        report.bytes = scan.bytes;
        report.unfinished = scan.unfinished.map(|(segment, at)| (segment.file_name(), at));
        report.strays = scan.strays;
        for damage in scan.faults {
            report.faults.push(Fault {
                segment: Some(damage.segment.file_name()),
                offset: Some(damage.from),
                object: None,
                what: damage.what,
            });
        }
        let listed = report.or_note(listed)?;
        let roots = report.or_note(roots)?;
        let chains = roots.iter().any(Root::is_trimmed);
        let mut reading = Reading { report: &mut report, progress, done: stored, total };
        let graph = Graph::read(self, &listed, chains, &mut reading)?;
        let reached = self.reach(&graph, &roots, &HashSet::new());
        match reached {
            Ok(reached) => report.judge(&graph, &reached),
            Err(error) => report.note(&error, None)?,
        }
        let _ = progress(CheckProgress { done: total, total });
        Ok(report)
    }

    pub(super) fn list_objects(&self) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        self.log().for_each_object(&mut |object| {
            listed.push(object);
            ControlFlow::Continue(())
        })?;
        Ok(listed)
    }
}

/// A reading that goes on where an object cannot be read.
struct Reading<'a> {
    report: &'a mut CheckReport,
    progress: Progress<'a, CheckProgress>,
    done: u64,
    total: u64,
}

impl GraphEvents for Reading<'_> {
    fn progress(&mut self, done: u64, _total: u64) -> ControlFlow<()> {
        (self.progress)(CheckProgress { done: self.done + done, total: self.total })
    }

    fn unreadable(&mut self, object: &Listed, error: Error) -> Result<()> {
        self.report.note(&error, Some(object))
    }

    fn read(&mut self, _store: &Store, object: &Listed, node: Option<&Node>) -> Result<()> {
        self.report.objects += 1;
        if let Some(node) = node.filter(|node| node.is_newer()) {
            let kind = node.kind.name().unwrap_or("node");
            let what = format!("{kind} version {} is newer than this partita", node.version);
            self.report.newer.push(Fault::of(object, what));
        }
        Ok(())
    }
}

impl CheckReport {
    /// Notes what refs lead to in vain, and counts the rest.
    fn judge(&mut self, graph: &Graph, reached: &Reached) {
        for (from, id) in &reached.broken {
            // What cannot be read has been noted with its place.
            if graph.find(id).is_none_or(|number| graph.presence(number) == Presence::Absent) {
                self.faults.push(Fault {
                    segment: None,
                    offset: None,
                    object: Some(*id),
                    what: format!("{from} leads to {id:.10}, which is missing"),
                });
            }
        }
        for (from, id) in &reached.lacking {
            self.faults.push(Fault {
                segment: None,
                offset: None,
                object: Some(*id),
                what: format!("{from} leads to {id:.10}, which is missing from a trimmed session"),
            });
        }
        self.tombstones = reached.tombstones.len() as u64;
        let stored = (0..graph.len()).filter(|&at| graph.presence(at as u32) != Presence::Absent);
        self.unreachable = stored.filter(|&at| !reached.live[at]).count() as u64;
    }

    /// Takes what can be had; damage in place of it is noted.
    fn or_note<T: Default>(&mut self, outcome: Result<T>) -> Result<T> {
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => self.note(&error, None).map(|()| T::default()),
        }
    }

    /// Notes damage as a fault; any other error ends the check.
    fn note(&mut self, error: &Error, object: Option<&Listed>) -> Result<()> {
        if error.kind() != ErrorKind::Corrupt {
            return Err(Error::new(error.kind(), error.to_string()));
        }
        let what = error.to_string();
        self.faults.push(match object {
            Some(object) => Fault::of(object, what),
            None => Fault { segment: None, offset: None, object: None, what },
        });
        Ok(())
    }
}
