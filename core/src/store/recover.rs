//! Recovery of a damaged store: what is whole is copied, what is not is put aside, nothing is
//! deleted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::{self, Catalogue};
use super::check::CheckProgress;
use super::graph::{Graph, GraphEvents};
use super::refs::{DELETED, LOST, SESSION};
use super::{Inner, Store, StoreOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::log::{Copier, Disk, Listed, Salvage, Vfs, lock_out};
use crate::map::Map;
use crate::object::{Canonical, Checkpoint, Kind, Node, Objects, Operation, Tombstone, read};

/// A session whose newest operations were lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetBack {
    /// The ref that names the session, such as `session/NAME`.
    pub name: String,
    /// The number of the newest operation that is left; none where nothing is, and then the ref is
    /// gone too.
    pub operation: Option<u64>,
}

/// What a recovery did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverReport {
    /// Objects that are whole.
    pub objects: u64,
    /// A tombstone for each object that something leads to and that is lost.
    pub lost: Vec<Tombstone>,
    /// Sessions that were set back to what is left of them, and other refs that are gone.
    pub set_back: Vec<SetBack>,
    /// Files that were moved aside, as they were: their new names in the store's directory.
    pub quarantined: Vec<String>,
}

impl StoreOptions {
    /// Makes a damaged store whole again, with what is left of it: copies every object that is
    /// whole, lets each session go on from the newest operation whose state can be read, and leaves
    /// a tombstone for whatever is lost. The damaged files move to `quarantine` in the store's
    /// directory; nothing is deleted. A store without damage stays as it is. Needs room for a copy.
    ///
    /// # Errors
    /// `Corrupt` if no log segment has a whole header. `Busy` while others write. `Io` if the
    /// medium refuses, or if `progress` ended it.
    pub fn recover(
        self,
        directory: impl AsRef<Path>,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<RecoverReport> {
        let directory = directory.as_ref();
        self.recover_vfs(Arc::new(Disk::new(directory)), progress)
            .and_then(|report| {
                // It may know of what is lost.
                if !report.quarantined.is_empty() {
                    catalogue::remove(directory)?;
                }
                Ok(report)
            })
            .map_err(|error| error.context(format!("store {}", directory.display())))
    }

    /// As [`recover`](Self::recover), over a file layer of the caller's own, for tests.
    ///
    /// # Errors
    /// As [`recover`](Self::recover).
    pub fn recover_vfs(
        self,
        vfs: Arc<dyn Vfs>,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<RecoverReport> {
        match self.clone().create(false).read_only(true).open_vfs(vfs.clone()) {
            Ok(store) => {
                let report = store.check(progress)?;
                if report.is_ok() {
                    return Ok(RecoverReport {
                        objects: report.objects,
                        ..RecoverReport::default()
                    });
                }
            }
            Err(error) if error.kind() == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
        let locks = lock_out(&*vfs, &self.log)?;
        let mut report = RecoverReport::default();
        let lost = self.rebuild(&vfs, &mut report, progress)?;
        drop(locks);
        let store = self.create(false).open_vfs(vfs)?;
        report.lost = store.give_up(lost)?;
        Ok(report)
    }

    /// Begins a new log with what is whole; returns what it lacks.
    fn rebuild(
        &self,
        vfs: &Arc<dyn Vfs>,
        report: &mut RecoverReport,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<Vec<ObjectId>> {
        let mut done = 0;
        let salvage = Salvage::read(vfs.clone(), self.log.clone(), &mut |step| {
            done += step;
            progress(CheckProgress { done, total: done.next_power_of_two() })
        })?;
        let inner = Inner {
            log: salvage.log.clone(),
            clock: self.clock,
            entropy: self.log.entropy,
            directory: None,
            catalogue: Catalogue::new(None, false),
        };
        let store = Store { inner: Arc::new(inner) };
        let whole: HashSet<ObjectId> = salvage.listed.iter().map(|object| object.id).collect();
        let operations = newest_operations(&store, &salvage.listed, &whole)?;
        let mut refs = BTreeMap::new();
        for (name, values) in &salvage.refs {
            let chosen = choose(&store, name, values, &whole, &operations)?;
            let last = values.last().copied().flatten();
            if chosen != last {
                let operation = match chosen {
                    Some(id) => Some(read::<Operation>(&store, id)?.number),
                    None => None,
                };
                report.set_back.push(SetBack { name: name.clone(), operation });
            }
            if let Some(chosen) = chosen {
                refs.insert(name.clone(), Some(chosen));
            }
        }
        salvage.choose(refs);
        let purged: HashSet<ObjectId> = purged(&store, &salvage.listed)?;
        let listed: Vec<Listed> =
            salvage.listed.iter().filter(|object| !purged.contains(&object.id)).copied().collect();
        report.objects = listed.len() as u64;
        let roots = store.roots()?;
        let chains = roots.iter().any(super::reach::Root::is_trimmed);
        let graph = Graph::read(&store, &listed, chains, &mut Quiet)?;
        let reached = store.reach(&graph, &roots, &HashSet::new())?;
        let lost = reached.broken.into_iter().chain(reached.lacking).map(|(_, id)| id).collect();
        let mut copier = Copier::new(&salvage.log);
        for object in listed.iter().filter(|object| !salvage.stays(object.segment)) {
            copier.copy(object)?;
        }
        salvage.begin_anew(copier.finish()?)?;
        report.quarantined = salvage.quarantine()?;
        Ok(lost)
    }
}

impl Store {
    /// Leaves a tombstone for each object that is lost.
    fn give_up(&self, lost: Vec<ObjectId>) -> Result<Vec<Tombstone>> {
        if lost.is_empty() {
            return Ok(Vec::new());
        }
        let time = self.now();
        let tombstones: Vec<Tombstone> = lost
            .into_iter()
            .map(|target| Tombstone {
                target,
                lost: true,
                kind: None,
                size: None,
                reason: String::new(),
                actor: String::new(),
                time,
            })
            .collect();
        let transaction = self.bury(LOST, &tombstones)?;
        self.log().commit(transaction)?;
        Ok(tombstones)
    }
}

/// The readable operations of each session, newest first, whose state can be read.
type Operations = HashMap<OperationId, Vec<(u64, ObjectId)>>;

fn newest_operations(
    store: &Store,
    listed: &[Listed],
    whole: &HashSet<ObjectId>,
) -> Result<Operations> {
    let mut operations = Operations::new();
    for object in listed.iter().filter(|object| object.row.is_node()) {
        let node = store.read_node(&object.id)?;
        if node.kind != Kind::OPERATION {
            continue;
        }
        if let Ok(operation) = Operation::from_node(&node) {
            let session = operation.session.unwrap_or(OperationId::new(object.id));
            operations.entry(session).or_default().push((operation.number, object.id));
        }
    }
    for line in operations.values_mut() {
        line.sort();
        line.reverse();
        line.retain(|(_, id)| has_state(store, id, whole).unwrap_or(false));
    }
    Ok(operations)
}

/// Tells whether the state that an operation left can be read: its checkpoint and its maps.
fn has_state(store: &Store, operation: &ObjectId, whole: &HashSet<ObjectId>) -> Result<bool> {
    let operation: Operation = read(store, *operation)?;
    let Some(checkpoint) = operation.checkpoint else { return Ok(true) };
    if !whole.contains(&checkpoint.id()) {
        return Ok(false);
    }
    let checkpoint: Checkpoint = read(store, checkpoint.id())?;
    for root in checkpoint.roots.values() {
        if !whole.contains(root) {
            return Ok(false);
        }
        // Instructions, tools and the like are contents, which were read already.
        if store.log().is_node(root)? && store.read_node(root)?.kind == Kind::MAP {
            for row in Map::new(Some(crate::id::MapId::new(*root))).prefix(store, b"") {
                row?;
            }
        }
    }
    Ok(true)
}

/// Chooses a ref's value: the last known one that can be read, and for a session the newest
/// operation whose state can be.
fn choose(
    store: &Store,
    name: &str,
    values: &[Option<ObjectId>],
    whole: &HashSet<ObjectId>,
    operations: &Operations,
) -> Result<Option<ObjectId>> {
    let Some(Some(last)) = values.last() else { return Ok(None) };
    if !name.starts_with(SESSION) && !name.starts_with(DELETED) {
        let readable = values.iter().rev().flatten().find(|id| whole.contains(*id));
        return Ok(readable.copied());
    }
    // One and the same name may have been another session's before.
    let Some(value) = values.iter().rev().flatten().find(|id| whole.contains(*id)) else {
        return Ok(None);
    };
    let operation: Operation = read(store, *value)?;
    let session = operation.session.unwrap_or(OperationId::new(*value));
    let line = operations.get(&session).map_or(&[][..], |line| line);
    let usable = line.iter().any(|(_, id)| id == last);
    let best = line.first().map(|(_, id)| *id);
    Ok(if usable { Some(*last) } else { best })
}

/// The objects that were purged: copies of them may still stand in files that were to go.
fn purged(store: &Store, listed: &[Listed]) -> Result<HashSet<ObjectId>> {
    let mut purged = HashSet::new();
    for object in listed.iter().filter(|object| object.row.is_node()) {
        let node = store.read_node(&object.id)?;
        if node.kind == Kind::TOMBSTONE {
            let tombstone = Tombstone::from_node(&node)?;
            if !tombstone.lost {
                purged.insert(tombstone.target);
            }
        }
    }
    Ok(purged)
}

/// A reading of objects that were all read before.
struct Quiet;

impl GraphEvents for Quiet {
    fn progress(&mut self, _done: u64, _total: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn unreadable(&mut self, _object: &Listed, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Corrupt { Ok(()) } else { Err(error) }
    }

    fn read(&mut self, _store: &Store, _object: &Listed, _node: Option<&Node>) -> Result<()> {
        Ok(())
    }
}
