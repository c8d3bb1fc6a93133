//! Recovery of a damaged store: what is whole is copied, what is not is put aside, nothing is
//! deleted, and whatever could be read before can be read after or is named as lost.

mod choose;
mod fragments;
mod operations;
mod record;
mod report;
mod versions;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::{self, Catalogue};
use super::check::CheckProgress;
use super::graph::{Graph, GraphEvents};
use super::refs::{LOST, PURGED, RECOVERY};
use super::{Inner, Store, StoreOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::log::{Copier, Disk, Listed, NewObject, Payload, Salvage, Vfs, lock_out};
use crate::map::{Map, Value};
use crate::object::{Canonical, Kind, Node, Objects, Timestamp, Tombstone};
use choose::{Chooser, horizons, recovered_ref};
use fragments::Led;
use operations::Operations;
pub use report::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};

impl StoreOptions {
    /// Makes a damaged store whole again, with what is left of it: copies every object that is
    /// whole, lets each session go on from the newest operation whose state can be read, gives a
    /// session to every state that nothing leads to any more, and leaves a tombstone for whatever
    /// is lost. The damaged files move to `quarantine` in the store's directory; nothing is
    /// deleted but the files of segments that a commit had given up already. A store without damage
    /// stays as it is. Needs room for a copy.
    ///
    /// What could be read before can be read afterwards, or the report names it. The report is
    /// stored before any file is moved: one that was cut short, at whatever moment, goes on when it
    /// is run again, and tells the same.
    ///
    /// # Errors
    /// `Corrupt` if no segment has a whole header. `Busy` while others write. `Io` if the medium
    /// refuses, or if `progress` ended it.
    pub fn recover(
        self,
        directory: impl AsRef<Path>,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<RecoverReport> {
        let directory = directory.as_ref();
        self.recover_vfs(Arc::new(Disk::new(directory)), progress)
            .and_then(|report| {
                // It may know of what is lost.
                if report.time.is_some() {
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
            Ok(store) => match store.check(progress) {
                Ok(report) if report.is_ok() => return self.finish(&vfs, &store, report.objects),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Corrupt => {}
                Err(error) => return Err(error),
            },
            Err(error) if error.kind() == ErrorKind::Corrupt => {}
            Err(error) => return Err(error),
        }
        let locks = lock_out(&*vfs, &self.log)?;
        self.rebuild(&vfs, progress)?;
        drop(locks);
        // What it told is read back from the store: what cannot be read there was not told.
        let store = self.clone().create(false).read_only(true).open_vfs(vfs.clone())?;
        let report = self.finish(&vfs, &store, 0)?;
        Ok(RecoverReport { is_earlier: false, ..report })
    }

    /// Ends what a recovery began, if one did, and tells what it found.
    fn finish(&self, vfs: &Arc<dyn Vfs>, store: &Store, objects: u64) -> Result<RecoverReport> {
        let Some((report, moves)) = record::of(store)? else {
            return Ok(RecoverReport { objects, ..RecoverReport::default() });
        };
        if !store.log().has_left(&moves)? {
            return Ok(RecoverReport { is_earlier: true, ..report });
        }
        let _locks = lock_out(&**vfs, &self.log)?;
        store.log().refresh()?;
        store.log().clear_away(&moves)?;
        Ok(report)
    }

    /// Begins a new log with what is whole, and with what there is to tell.
    fn rebuild(
        &self,
        vfs: &Arc<dyn Vfs>,
        progress: &mut dyn FnMut(CheckProgress) -> ControlFlow<()>,
    ) -> Result<()> {
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
        let stones = Stones::read(&store, &salvage.listed)?;
        let listed: Vec<Listed> = salvage
            .listed
            .iter()
            .filter(|object| !stones.purged.contains_key(&object.id))
            .copied()
            .collect();
        let whole: HashSet<ObjectId> = listed.iter().map(|object| object.id).collect();
        let plan = Plan::make(&store, &salvage, &listed, &whole, &stones)?;
        let Plan { mut refs, report, mut objects } = plan;
        let moves = salvage.moves()?;
        let Stones { purged, mut lost } = stones;
        lost.extend(report.lost.iter().map(|stone| (stone.target, stone.clone())));
        for (name, stones) in [(PURGED, purged), (LOST, lost)] {
            let map = bury(&store, &stones, &mut objects)?;
            refs.extend(map.map(|id| (name.to_owned(), id)));
        }
        let record = record::encode(&report, &moves);
        let id = ObjectId::of_content(&record);
        objects.push(NewObject { id, payload: Payload::Content(record.into()), base: None });
        refs.insert(RECOVERY.to_owned(), id);
        let mut copier = Copier::new(&salvage.log);
        for object in listed.iter().filter(|object| !salvage.stays(object.segment)) {
            copier.copy(object)?;
        }
        copier.add(objects)?;
        let copies = copier.finish()?;
        salvage.choose(refs.into_iter().map(|(name, id)| (name, Some(id))).collect());
        salvage.begin_anew(copies)
    }
}

/// What a recovery will do.
struct Plan {
    refs: BTreeMap<String, ObjectId>,
    report: RecoverReport,
    /// New ones: the first operations of sessions that were cut off.
    objects: Vec<NewObject>,
}

impl Plan {
    fn make(
        store: &Store,
        salvage: &Salvage,
        listed: &[Listed],
        whole: &HashSet<ObjectId>,
        stones: &Stones,
    ) -> Result<Self> {
        let operations = Operations::read(store, listed, whole)?;
        let horizons = horizons(store, listed)?;
        let timeline = &salvage.timeline;
        let chooser = Chooser { store, timeline, operations: &operations, horizons: &horizons };
        let mut chosen = chooser.choose()?;
        let graph = Graph::read(store, listed, true, &mut Quiet)?;
        let mut without: HashSet<ObjectId> = stones.purged.keys().copied().collect();
        without.extend(stones.lost.keys().filter(|id| !whole.contains(*id)));
        let mut led = Led::by(&graph, chosen.refs.values().copied());
        let first = walk(store, salvage, &graph, &chosen.refs, &without)?;
        let mut objects = Vec::new();
        let mut refs = chosen.refs.clone();
        let is_cut = timeline.has_doubt() || !first.is_empty() || !chosen.set_back.is_empty();
        if is_cut {
            for fragment in fragments::find(store, &chosen, &operations, &mut led)? {
                let operation = fragment.first_operation(store)?.to_node();
                let name = recovered_ref(&fragment.root(), &chosen);
                refs.insert(format!("fragment/{}", fragment.root()), fragment.root());
                let id = operation.id();
                objects.push(NewObject {
                    id,
                    payload: Payload::Node(operation.into()),
                    base: None,
                });
                chosen.refs.insert(name.clone(), id);
                chosen.recovered.push(RecoveredSession {
                    name,
                    operation: fragment.operation.map(OperationId::new),
                    session: fragment.operation.and_then(|id| operations.session_of(&id)),
                });
            }
        }
        let lost = walk(store, salvage, &graph, &refs, &without)?;
        let led = is_cut.then_some(&led);
        let versions = versions::name(store, listed, &graph, &chosen, &operations, (&lost, led))?;
        let unread = timeline.unread.iter().map(|unread| {
            let sessions = unread.near.iter().filter_map(|id| operations.get(id));
            let names = sessions.filter_map(|op| chosen.sessions.get(&op.session)).cloned();
            UnreadLog {
                segment: unread.segment.file_name(),
                offset: unread.offset,
                end: unread.end,
                what: unread.what.clone(),
                sessions: names.collect::<BTreeSet<_>>().into_iter().collect(),
            }
        });
        let time = store.now();
        let mut lost: Vec<ObjectId> = lost.into_iter().collect();
        lost.sort();
        let report = RecoverReport {
            objects: whole.len() as u64,
            lost: lost.into_iter().map(|id| lost_stone(id, time)).collect(),
            versions,
            unread: unread.collect(),
            set_back: chosen.set_back,
            recovered: chosen.recovered,
            quarantined: Vec::new(),
            time: Some(time),
            is_earlier: false,
        };
        Ok(Plan { refs: chosen.refs, report, objects })
    }
}

/// Walks from refs; returns what they lead to and what is not there.
fn walk(
    store: &Store,
    salvage: &Salvage,
    graph: &Graph,
    refs: &BTreeMap<String, ObjectId>,
    without: &HashSet<ObjectId>,
) -> Result<HashSet<ObjectId>> {
    salvage.choose(refs.iter().map(|(name, id)| (name.clone(), Some(*id))).collect());
    let roots = store.roots()?;
    let reached = store.reach(graph, &roots, without)?;
    let missing = reached.broken.into_iter().chain(reached.lacking).map(|(_, id)| id);
    Ok(missing.filter(|id| !without.contains(id)).collect())
}

/// The tombstones of a store, by what they stand for.
struct Stones {
    /// What was purged: copies of it may still stand in files that were to go.
    purged: BTreeMap<ObjectId, Tombstone>,
    /// What earlier recoveries gave up.
    lost: BTreeMap<ObjectId, Tombstone>,
}

impl Stones {
    fn read(store: &Store, listed: &[Listed]) -> Result<Self> {
        let mut stones = Stones { purged: BTreeMap::new(), lost: BTreeMap::new() };
        for object in listed.iter().filter(|object| object.row.is_node()) {
            let node = store.read_node(&object.id)?;
            if node.kind == Kind::TOMBSTONE
                && let Ok(stone) = Tombstone::from_node(&node)
            {
                let map = if stone.lost { &mut stones.lost } else { &mut stones.purged };
                let newer = |known: &Tombstone| known.time > stone.time;
                if !map.get(&stone.target).is_some_and(newer) {
                    map.insert(stone.target, stone);
                }
            }
        }
        Ok(stones)
    }
}

fn lost_stone(target: ObjectId, time: Timestamp) -> Tombstone {
    Tombstone {
        target,
        lost: true,
        kind: None,
        size: None,
        reason: String::new(),
        actor: String::new(),
        time,
    }
}

/// Makes the map of tombstones, and its nodes; returns its root.
fn bury(
    store: &Store,
    stones: &BTreeMap<ObjectId, Tombstone>,
    objects: &mut Vec<NewObject>,
) -> Result<Option<ObjectId>> {
    let edits: Vec<_> = stones
        .values()
        .map(|stone| {
            let node = stone.to_node();
            let id = node.id();
            objects.push(NewObject { id, payload: Payload::Node(node.into()), base: None });
            let value = Value { refs: vec![id], bytes: Vec::new() };
            (stone.target.as_bytes().to_vec(), Some(value))
        })
        .collect();
    let edited = Map::EMPTY.edit(store, edits)?;
    for new in &edited.nodes {
        let payload = Payload::Node(new.node().clone());
        objects.push(NewObject { id: new.id(), payload, base: new.base() });
    }
    Ok(edited.map.root().map(|root| root.id()))
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
