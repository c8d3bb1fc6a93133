//! What a recovery will do, and what it has to tell.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::ControlFlow;

use super::super::Store;
use super::super::graph::{Graph, GraphEvents};
use super::super::refs::RECOVERY;
use super::choose::{Chooser, Chosen, horizons, recovered_ref};
use super::fragments::{self, Led};
use super::operations::Operations;
use super::report::{RecoverReport, RecoveredSession, UnreadLog};
use super::stones::{Stones, lost_stone};
use super::versions;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::log::{Listed, NewObject, Payload, Salvage, Timeline};
use crate::object::{Canonical, Node};

/// What a recovery will do.
pub(super) struct Plan {
    pub(super) refs: BTreeMap<String, ObjectId>,
    pub(super) report: RecoverReport,
    /// New ones: the first operations of sessions that begin with a state that was cut off.
    pub(super) objects: Vec<NewObject>,
}

impl Plan {
    pub(super) fn make(
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
        let records = timeline.refs.get(RECOVERY).into_iter().flatten();
        let records = records.filter_map(|known| known.value);
        let mut led = Led::by(&graph, chosen.refs.values().copied().chain(records));
        let first = walk(store, salvage, &graph, &chosen.refs, &without)?;
        let is_cut = timeline.has_doubt() || !first.is_empty() || !chosen.set_back.is_empty();
        let mut refs = chosen.refs.clone();
        let mut objects = Vec::new();
        if is_cut {
            for fragment in fragments::find(store, &chosen, &operations, &mut led)? {
                // What the new session will lead to, to be walked before it is there.
                refs.insert(format!("fragment/{}", fragment.root()), fragment.root());
                let operation = fragment.first_operation(store)?.to_node();
                let (id, payload) = (operation.id(), Payload::Node(operation.into()));
                objects.push(NewObject { id, payload, base: None });
                let name = recovered_ref(&fragment.root(), &chosen);
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
        let time = store.now();
        let mut lost: Vec<ObjectId> = lost.into_iter().collect();
        lost.sort();
        let report = RecoverReport {
            objects: whole.len() as u64,
            lost: lost.into_iter().map(|id| lost_stone(id, time)).collect(),
            versions,
            unread: unread(timeline, &operations, &chosen),
            set_back: chosen.set_back,
            recovered: chosen.recovered,
            quarantined: Vec::new(),
            time: Some(time),
            is_earlier: false,
        };
        Ok(Plan { refs: chosen.refs, report, objects })
    }
}

/// Where the log cannot be read, with the names of the sessions that were committed to there.
fn unread(timeline: &Timeline, operations: &Operations<'_>, chosen: &Chosen) -> Vec<UnreadLog> {
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
    unread.collect()
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
