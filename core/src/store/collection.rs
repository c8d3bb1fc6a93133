//! A collection under way: what stays, in which segments it stands, and the copies of it.

use std::collections::HashSet;
use std::ops::ControlFlow;

use super::Store;
use super::graph::{Graph, GraphEvents, Presence, interrupted};
use super::kept::Freed;
use super::progress::{GcProgress, Progress};
use super::roots::Root;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{MapId, ObjectId};
use crate::log::{Copier, Listed, LiveSegment, SegmentId};
use crate::map::Map;
use crate::object::{Node, Objects};

/// Bytes of segments that one commit retires: what a collection needs of free space at the most.
const GROUP_BYTES: u64 = 256 << 20;

impl Store {
    /// Returns what an object refers to.
    pub(super) fn refs_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
        if !self.log().is_node(id)? {
            return self.log().chunks(id);
        }
        Ok(self.read_node(id)?.refs.clone())
    }
}

/// How much of what is listed stays, and how much goes.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) kept: u64,
    /// Objects that go, and the bytes of all their copies as stored.
    pub(super) objects: u64,
    pub(super) object_bytes: u64,
}

/// A collection under way: what is live.
pub(super) struct Collection<'a> {
    store: &'a Store,
    graph: Graph,
    live: Vec<bool>,
    /// Found to be live since the marking.
    late: HashSet<ObjectId>,
    without: HashSet<ObjectId>,
}

impl<'a> Collection<'a> {
    /// Reads every object and marks what refs lead to, but those that are `gone`. Fails if any of
    /// that cannot be read.
    pub(super) fn mark(
        store: &'a Store,
        gone: &HashSet<String>,
        without: HashSet<ObjectId>,
        freed: &Freed,
        progress: Progress<'_, GcProgress>,
    ) -> Result<(Self, Vec<Listed>)> {
        // Before the objects: a ref that comes in between leads to what may not be listed.
        let mut roots = store.roots_without(gone)?;
        roots.retain(|root| !freed.thinned.contains_key(&root.name));
        for (name, ids) in &freed.thinned {
            roots.extend(ids.iter().map(|id| Root::state(format!("what {name} keeps"), *id)));
        }
        let listed = store.list_objects()?;
        let chains = roots.iter().any(Root::is_trimmed);
        let graph = Graph::read(store, &listed, chains, &mut Marking { progress })?;
        let reached = store.reach(&graph, &roots, &without)?;
        if let Some((from, id)) = reached.broken.first() {
            return Err(Error::corrupt(format!(
                "{from} leads to {id:.10}, which cannot be read, so nothing was collected; run \
                 `check`"
            )));
        }
        let (live, late) = (reached.live, HashSet::new());
        Ok((Collection { store, graph, live, late, without }, listed))
    }

    /// Copies what stays of some segments.
    pub(super) fn copy(
        &self,
        members: &HashSet<SegmentId>,
        listed: &[Listed],
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Vec<LiveSegment>> {
        let mut copier = Copier::new(self.store.log());
        let mut done = 0;
        for object in listed.iter().filter(|object| members.contains(&object.segment)) {
            if self.is_live(&object.id) {
                copier.copy(object)?;
                done += 1;
                if done % 256 == 0 && progress(done).is_break() {
                    return Err(interrupted());
                }
            }
        }
        let _ = progress(done);
        copier.finish()
    }

    fn is_live(&self, id: &ObjectId) -> bool {
        let marked = self.graph.find(id).is_some_and(|number| self.live[number as usize]);
        (marked || self.late.contains(id)) && !self.without.contains(id)
    }

    pub(super) fn count(&self, listed: &[Listed], of: &dyn Fn(&Listed) -> bool) -> Tally {
        let mut tally = Tally::default();
        let mut seen = HashSet::new();
        for object in listed.iter().filter(|object| of(object)) {
            let first = seen.insert(object.id);
            if self.is_live(&object.id) {
                tally.kept += u64::from(first);
            } else {
                tally.objects += u64::from(first);
                tally.object_bytes += u64::from(object.row.stored_len());
            }
        }
        tally
    }

    /// Puts the segments that give way into groups. Log segments always do; a data segment does
    /// where something in it is not needed, or where it is small and others give way too.
    pub(super) fn groups(
        &self,
        listed: &[Listed],
        frozen: &HashSet<SegmentId>,
    ) -> Vec<Vec<SegmentId>> {
        let mut order = self.store.log().segment_lens();
        order.retain(|(id, _)| frozen.contains(id));
        let mut copies = HashSet::new();
        let (mut wanted, mut wasted) = (HashSet::new(), HashSet::new());
        for object in listed.iter().filter(|object| frozen.contains(&object.segment)) {
            let waste = !self.is_live(&object.id) || !copies.insert(object.id);
            let set = if waste { &mut wasted } else { &mut wanted };
            set.insert(object.segment);
        }
        let is_due = |id: &SegmentId| !id.role_data || wasted.contains(id);
        let any_due = order.iter().any(|(id, _)| is_due(id) && wanted.contains(id));
        let small = self.store.log().segment_bytes() / 4;
        order.retain(|(id, len)| is_due(id) || any_due && *len < small);
        // First what needs no copies: on a full disk that makes room for those of the others.
        // A log segment holds the index of the one before, and must not go before that one.
        let mut goes_first = true;
        let (empty, kept): (Vec<_>, Vec<_>) = order.into_iter().partition(|(id, _)| {
            let is_empty = !wanted.contains(id);
            goes_first &= is_empty || id.role_data;
            is_empty && (goes_first || id.role_data)
        });
        let mut groups: Vec<Vec<SegmentId>> = Vec::new();
        if !empty.is_empty() {
            groups.push(empty.into_iter().map(|(id, _)| id).collect());
        }
        let mut size = u64::MAX;
        for (id, len) in kept {
            if size.saturating_add(len) > GROUP_BYTES {
                groups.push(Vec::new());
                size = 0;
            }
            groups.last_mut().expect("pushed above").push(id);
            size += len;
        }
        groups
    }

    /// Copies what commits since the marking have made reachable again and would go with these
    /// segments. Nobody else commits meanwhile.
    pub(super) fn catch_up(
        &mut self,
        members: &HashSet<SegmentId>,
        listed: &[Listed],
    ) -> Result<Vec<LiveSegment>> {
        let mut pending =
            Map::new(self.store.log().refs_root().map(MapId::new)).node_ids(self.store)?;
        let own: HashSet<ObjectId> = pending.iter().copied().collect();
        let refs = self.store.all_references()?;
        pending.extend(refs.into_iter().map(|(_, id)| id));
        let mut met = HashSet::new();
        while let Some(id) = pending.pop() {
            if self.is_live(&id) || self.without.contains(&id) || !met.insert(id) {
                continue;
            }
            if self.store.log().contains(&id)? {
                self.late.insert(id);
                if !own.contains(&id) {
                    pending.extend(self.refs_of(&id)?);
                }
            } else if self.store.tombstone(&id)?.is_none() && !self.store.is_trimmed(&id)? {
                return Err(Error::corrupt(format!("object {id:.10} is missing")));
            }
        }
        let mut copier = Copier::new(self.store.log());
        for object in listed {
            if members.contains(&object.segment) && self.late.contains(&object.id) {
                copier.copy(object)?;
            }
        }
        copier.finish()
    }

    fn refs_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
        if let Some(number) = self.graph.find(id)
            && self.graph.presence(number) == Presence::Read
        {
            return Ok(self.graph.edges(number).iter().map(|&to| self.graph.id(to)).collect());
        }
        self.store.refs_of(id)
    }
}

/// A reading for which every object counts that refs lead to; which those are is known later.
struct Marking<'a> {
    progress: Progress<'a, GcProgress>,
}

impl GraphEvents for Marking<'_> {
    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        (self.progress)(GcProgress { done, total })
    }

    fn unreadable(&mut self, _object: &Listed, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Corrupt { Ok(()) } else { Err(error) }
    }

    fn read(&mut self, _store: &Store, _object: &Listed, _node: Option<&Node>) -> Result<()> {
        Ok(())
    }
}
