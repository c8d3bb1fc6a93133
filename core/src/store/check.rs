//! Checks: every byte by its tag, every object by its id, every ref to its end.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::Listed;
use crate::object::Objects;

/// References of one page.
const PAGE: usize = 1_000;

/// Something that is not as it was written.
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

/// What a check found.
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
    /// Bytes behind the last commit that never were one, as a killed writer leaves them: the
    /// segment's file name and the offset. No fault.
    pub unfinished: Option<(String, u64)>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckProgress {
    /// Bytes and objects done.
    pub done: u64,
    /// Bytes and objects to do in all.
    pub total: u64,
}

/// The objects of a store as numbers, and which refers to which.
#[derive(Default)]
struct Graph {
    numbers: HashMap<ObjectId, u32>,
    edges: Vec<Box<[u32]>>,
}

impl Store {
    /// Verifies every byte by its tag, every object by its id, and that every ref leads to objects
    /// that are there. `progress` is told how far it is, and ends the check with `Break`.
    ///
    /// Reads only. Memory: about 60 bytes an object and 4 a reference from one to another.
    ///
    /// ```
    /// use std::ops::ControlFlow;
    /// let store = partita::Store::in_memory()?;
    /// store.session("s")?.write("a", "text")?;
    /// let report = store.check(&mut |_| ControlFlow::Continue(()))?;
    /// assert!(report.is_ok());
    /// # Ok::<(), partita::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Io` if the medium cannot be read, or if `progress` ended it. Damage is no error but a
    /// fault of the report.
    pub fn check(
        &self,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<CheckReport> {
        let (stored, _) = self.log().stored_bytes()?;
        let listed = self.list_objects();
        let total = stored + listed.as_ref().map_or(0, |listed| listed.len() as u64);
        let mut done = 0;
        let scan = self.log().scan(&mut |bytes| {
            done += bytes;
            progress(CheckProgress { done, total })
        })?;
        let mut report = CheckReport {
            frames: scan.frames,
            bytes: scan.bytes,
            unfinished: scan.unfinished.map(|(segment, at)| (segment.file_name(), at)),
            strays: scan.strays,
            ..CheckReport::default()
        };
        for damage in scan.faults {
            report.faults.push(Fault {
                segment: Some(damage.segment.file_name()),
                offset: Some(damage.from),
                object: None,
                what: damage.what,
            });
        }
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                report.note(&error, None)?;
                Vec::new()
            }
        };
        let mut graph = Graph::default();
        for object in &listed {
            let next = graph.numbers.len() as u32;
            graph.numbers.entry(object.id).or_insert(next);
        }
        graph.edges = vec![Box::default(); graph.numbers.len()];
        let mut verified = vec![false; graph.numbers.len()];
        done = stored;
        for object in &listed {
            done += 1;
            let number = graph.numbers[&object.id] as usize;
            if std::mem::replace(&mut verified[number], true) {
                continue;
            }
            match self.check_object(object, &graph, &mut report) {
                Ok(edges) => {
                    graph.edges[number] = edges;
                    report.objects += 1;
                }
                Err(error) => report.note(&error, Some(object))?,
            }
            if done % 256 == 0 && progress(CheckProgress { done, total }).is_break() {
                return Err(Error::new(ErrorKind::Io, "the check was interrupted"));
            }
        }
        let reachable = self.reach(&graph, &mut report)?;
        report.unreachable = graph.numbers.len() as u64 - reachable;
        let _ = progress(CheckProgress { done: total, total });
        Ok(report)
    }

    fn list_objects(&self) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        self.log().for_each_object(&mut |object| {
            listed.push(object);
            ControlFlow::Continue(())
        })?;
        Ok(listed)
    }

    /// Reads and verifies one object; returns the numbers of those it refers to.
    fn check_object(
        &self,
        object: &Listed,
        graph: &Graph,
        report: &mut CheckReport,
    ) -> Result<Box<[u32]>> {
        let refs = if object.row.is_node() {
            self.read_node(&object.id)?.refs.clone()
        } else {
            let gone = || Error::corrupt(format!("object {:.10} is gone", object.id));
            self.log().get_content(&object.id)?.ok_or_else(gone)?;
            self.log().chunks(&object.id)?
        };
        let mut edges = Vec::with_capacity(refs.len());
        for id in refs {
            match graph.numbers.get(&id) {
                Some(number) => edges.push(*number),
                None => {
                    let what =
                        format!("object {:.10} refers to {id:.10}, which is missing", object.id);
                    report.faults.push(Fault {
                        segment: Some(object.segment.file_name()),
                        offset: Some(object.frame.into()),
                        object: Some(id),
                        what,
                    });
                }
            }
        }
        Ok(edges.into())
    }

    /// Walks from all refs; returns how many objects were met.
    fn reach(&self, graph: &Graph, report: &mut CheckReport) -> Result<u64> {
        let mut met: HashSet<u32> = HashSet::new();
        let mut pending = Vec::new();
        let refs_map = self.log().refs_root().and_then(|root| graph.numbers.get(&root));
        pending.extend(refs_map);
        let mut after: Option<String> = None;
        loop {
            let page = match self.references("", after.as_deref(), PAGE) {
                Ok(page) => page,
                Err(error) => {
                    report.note(&error, None)?;
                    break;
                }
            };
            for (name, id) in &page {
                match graph.numbers.get(id) {
                    Some(number) => pending.push(*number),
                    None => report.faults.push(Fault {
                        segment: None,
                        offset: None,
                        object: Some(*id),
                        what: format!("ref {name:?} names {id:.10}, which is missing"),
                    }),
                }
            }
            match page.last() {
                Some((name, _)) if page.len() == PAGE => after = Some(name.clone()),
                _ => break,
            }
        }
        while let Some(number) = pending.pop() {
            if met.insert(number) {
                pending.extend(graph.edges[number as usize].iter());
            }
        }
        Ok(met.len() as u64)
    }
}

impl CheckReport {
    /// Notes damage as a fault; any other error ends the check.
    fn note(&mut self, error: &Error, object: Option<&Listed>) -> Result<()> {
        if error.kind() != ErrorKind::Corrupt {
            return Err(Error::new(error.kind(), error.to_string()));
        }
        self.faults.push(Fault {
            segment: object.map(|object| object.segment.file_name()),
            offset: object.map(|object| object.frame.into()),
            object: object.map(|object| object.id),
            what: error.to_string(),
        });
        Ok(())
    }
}
