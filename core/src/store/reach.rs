//! What refs lead to: the walk that check, gc and purge share.
//!
//! A ref leads to its object and to all that this refers to, and so on. In a trimmed session the
//! walk goes back along operations and checkpoints as far as its horizon says, along each path's
//! iterations as far as the oldest checkpoint has them, and follows every other ref but jumps.

use std::collections::{HashMap, HashSet};
use std::ops::Bound;

use super::Store;
use super::graph::{Chain, Graph, Presence};
use super::refs::{CHECKOUT, DELETED, HORIZON, LOST, PIN, PURGED, SESSION, session_in};
use crate::error::{ErrorKind, Result};
use crate::id::{MapId, ObjectId, OperationId};
use crate::map::Map;
use crate::object::{Checkout, Checkpoint, Horizon, Kind, Operation, Tombstone, read};

/// References of one page.
const PAGE: usize = 1_000;

/// A ref and what a walk needs to know of it.
#[derive(Clone, Debug)]
pub(super) struct Root {
    pub(super) name: String,
    pub(super) id: ObjectId,
    /// The horizon of the session that it belongs to, where that was trimmed.
    horizon: Option<Horizon>,
    /// Whether a newer version alone knows which session it belongs to, so that what is missing may
    /// have been trimmed.
    is_newer: bool,
}

impl Root {
    /// Tells whether the session that it belongs to was trimmed.
    pub(super) fn is_trimmed(&self) -> bool {
        self.horizon.is_some()
    }
}

/// What a walk met.
#[derive(Debug)]
pub(super) struct Reached {
    /// By number: whether a ref leads there, and the object is stored.
    pub(super) live: Vec<bool>,
    /// Objects that are gone, each with a tombstone.
    pub(super) tombstones: HashSet<ObjectId>,
    /// Refs and objects that lead to what is not there and has no tombstone, and to what cannot be
    /// read: what leads there, and the object.
    pub(super) broken: Vec<(String, ObjectId)>,
}

impl Store {
    /// Returns all refs, with the horizons that bind them.
    pub(super) fn roots(&self) -> Result<Vec<Root>> {
        let mut roots = Vec::new();
        let mut horizons: HashMap<OperationId, Horizon> = HashMap::new();
        for (name, id) in self.all_references()? {
            if let Some((session, _)) = session_in(&name, HORIZON) {
                horizons.insert(session, read(self, id)?);
            }
            roots.push(Root { name, id, horizon: None, is_newer: false });
        }
        if !horizons.is_empty() {
            for root in &mut roots {
                match self.session_of(&root.name, &root.id) {
                    Ok(Some(session)) => root.horizon = horizons.get(&session).cloned(),
                    Ok(None) => {}
                    Err(error) if error.kind() == ErrorKind::Unsupported => root.is_newer = true,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(roots)
    }

    /// Returns all refs in the order of their names.
    pub(super) fn all_references(&self) -> Result<Vec<(String, ObjectId)>> {
        let mut all: Vec<(String, ObjectId)> = Vec::new();
        loop {
            let page = self.references("", all.last().map(|(name, _)| &name[..]), PAGE)?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Returns the session that a ref belongs to, if it is of a kind that belongs to one.
    pub(super) fn session_of(&self, name: &str, id: &ObjectId) -> Result<Option<OperationId>> {
        if name.starts_with(SESSION) {
            let operation: Operation = read(self, *id)?;
            return Ok(Some(operation.session.unwrap_or(OperationId::new(*id))));
        }
        if name.starts_with(CHECKOUT) {
            return Ok(Some(read::<Checkout>(self, *id)?.session));
        }
        let named = session_in(name, DELETED).or_else(|| session_in(name, PIN));
        Ok(named.map(|(session, _)| session))
    }

    /// Returns why an object's bytes are gone, if they were purged or given up for lost.
    pub(crate) fn tombstone(&self, id: &ObjectId) -> Result<Option<Tombstone>> {
        for name in [PURGED, LOST] {
            let map = if name == PURGED {
                self.log().purged()?
            } else {
                Map::new(self.log().reference(LOST)?.map(MapId::new))
            };
            if map.root().is_none() {
                continue;
            }
            if let Some(value) = map.get(self, id.as_bytes())?
                && let Some(tombstone) = value.refs.first()
            {
                return read(self, *tombstone).map(Some);
            }
        }
        Ok(None)
    }

    /// Walks from refs through the graph. Objects in `without` count as gone, with a tombstone.
    pub(super) fn reach(
        &self,
        graph: &Graph,
        roots: &[Root],
        without: &HashSet<ObjectId>,
    ) -> Result<Reached> {
        let mut walk = Walk {
            store: self,
            graph,
            without,
            full: vec![false; graph.len()],
            near: vec![false; graph.len()],
            tombstones: HashSet::new(),
            broken: Vec::new(),
            noted: HashSet::new(),
            beyond: Vec::new(),
            is_lenient: false,
        };
        self.reach_refs_map(&mut walk)?;
        for root in roots.iter().filter(|root| root.horizon.is_none() && !root.is_newer) {
            walk.whole(&root.name, root.id)?;
        }
        for root in roots {
            if let Some(horizon) = &root.horizon {
                walk.trimmed(&root.name, root.id, horizon)?;
            }
        }
        walk.is_lenient = true;
        for root in roots.iter().filter(|root| root.is_newer) {
            walk.whole(&root.name, root.id)?;
        }
        while let Some(number) = walk.beyond.pop() {
            walk.whole_from(number)?;
        }
        let live = walk.full.iter().zip(&walk.near).map(|(full, near)| *full || *near).collect();
        Ok(Reached { live, tombstones: walk.tombstones, broken: walk.broken })
    }

    /// The nodes of the refs' own map are needed; what they lead to is for the refs to say.
    fn reach_refs_map(&self, walk: &mut Walk<'_>) -> Result<()> {
        let nodes = Map::new(self.log().refs_root().map(MapId::new)).node_ids(self)?;
        for id in nodes {
            if let Some(number) = walk.graph.find(&id) {
                walk.near[number as usize] = true;
            }
        }
        Ok(())
    }
}

struct Walk<'a> {
    store: &'a Store,
    graph: &'a Graph,
    without: &'a HashSet<ObjectId>,
    /// Met with all that they refer to.
    full: Vec<bool>,
    /// Met in a trimmed session, without what lies beyond its horizon.
    near: Vec<bool>,
    tombstones: HashSet<ObjectId>,
    broken: Vec<(String, ObjectId)>,
    noted: HashSet<ObjectId>,
    /// Met in a trimmed session, and of a newer version: all that they refer to stays.
    beyond: Vec<u32>,
    /// Whether what is missing may have been trimmed.
    is_lenient: bool,
}

impl Walk<'_> {
    /// Returns the number of a ref's object, unless that is not there.
    fn enter(&mut self, name: &str, id: ObjectId) -> Result<Option<u32>> {
        match self.graph.find(&id) {
            Some(number) if self.can_go_on(number, &|| format!("ref {name:?}"))? => {
                Ok(Some(number))
            }
            Some(_) => Ok(None),
            None => {
                self.miss(id, &|| format!("ref {name:?}"))?;
                Ok(None)
            }
        }
    }

    /// Tells whether an object is there and can be read; notes it where it cannot.
    fn can_go_on(&mut self, number: u32, from: &dyn Fn() -> String) -> Result<bool> {
        let id = self.graph.id(number);
        if self.without.contains(&id) {
            self.tombstones.insert(id);
            return Ok(false);
        }
        match self.graph.presence(number) {
            Presence::Read => Ok(true),
            Presence::Unreadable => {
                self.note(id, from);
                Ok(false)
            }
            Presence::Absent => {
                self.miss(id, from)?;
                Ok(false)
            }
        }
    }

    fn miss(&mut self, id: ObjectId, from: &dyn Fn() -> String) -> Result<()> {
        if self.tombstones.contains(&id) {
            return Ok(());
        }
        if self.store.tombstone(&id)?.is_some() {
            self.tombstones.insert(id);
        } else if !self.is_lenient {
            self.note(id, from);
        }
        Ok(())
    }

    fn note(&mut self, id: ObjectId, from: &dyn Fn() -> String) {
        if self.noted.insert(id) {
            self.broken.push((from(), id));
        }
    }

    fn whole(&mut self, name: &str, id: ObjectId) -> Result<()> {
        match self.enter(name, id)? {
            Some(start) => self.whole_from(start),
            None => Ok(()),
        }
    }

    fn whole_from(&mut self, start: u32) -> Result<()> {
        let mut pending = Vec::new();
        if !std::mem::replace(&mut self.full[start as usize], true) {
            pending.push(start);
        }
        let graph = self.graph;
        while let Some(number) = pending.pop() {
            for &to in graph.edges(number) {
                if !self.full[to as usize]
                    && self.can_go_on(to, &|| format!("object {:.10}", graph.id(number)))?
                {
                    self.full[to as usize] = true;
                    pending.push(to);
                }
            }
        }
        Ok(())
    }

    fn trimmed(&mut self, name: &str, id: ObjectId, horizon: &Horizon) -> Result<()> {
        let Some(start) = self.enter(name, id)? else { return Ok(()) };
        let graph = self.graph;
        let mut kept = vec![start];
        let mut operation = Some(start);
        while let Some(number) = operation
            && let Some(chain) = graph.chain(number)
            && chain.kind == Kind::OPERATION
        {
            kept.push(number);
            kept.extend(chain.left);
            operation = chain.parent.filter(|_| chain.number > horizon.operation);
        }
        kept.extend(operation.filter(|number| graph.is_newer(*number)));
        // What the newest operation left, with the checkpoints before it.
        let mut checkpoint = graph.chain(start).and_then(|chain| chain.left);
        let mut oldest = None;
        while let Some(number) = checkpoint
            && let Some(chain) = graph.chain(number)
            && chain.kind == Kind::CHECKPOINT
        {
            kept.push(number);
            oldest = Some(number);
            checkpoint = chain.parent.filter(|_| chain.number > horizon.checkpoint);
        }
        kept.extend(checkpoint.filter(|number| graph.is_newer(*number)));
        // A pin or a checkout keeps a state; the history behind it is the session's own to keep.
        let ends = oldest.map(|oldest| self.ends_of_lines(oldest)).transpose()?;
        let mut met = HashSet::new();
        for number in kept {
            self.near(number, name, ends.as_ref(), &mut met)?;
        }
        for number in met {
            self.near[number as usize] = true;
        }
        Ok(())
    }

    /// Returns where each path's line of iterations ends, in a session whose oldest checkpoint
    /// this is: by the hash of the path, the number that is there in that checkpoint.
    fn ends_of_lines(&self, oldest: u32) -> Result<HashMap<ObjectId, u64>> {
        let mut ends = HashMap::new();
        let checkpoint: Checkpoint = read(self.store, self.graph.id(oldest))?;
        let files = checkpoint.roots.get(Checkpoint::FILES).copied();
        let files = Map::new(files.map(MapId::new));
        for row in files.range(self.store, Bound::Unbounded, Bound::Unbounded) {
            let (_, value) = row?;
            let iteration = value.refs.last().and_then(|id| self.graph.find(id));
            if let Some(chain) = iteration.and_then(|number| self.graph.chain(number))
                && let Some(line) = chain.line
            {
                ends.insert(line, chain.number);
            }
        }
        Ok(ends)
    }

    /// Walks from an object along every ref that does not lead back along a chain, and along lines
    /// of iterations down to their ends.
    fn near(
        &mut self,
        start: u32,
        name: &str,
        ends: Option<&HashMap<ObjectId, u64>>,
        met: &mut HashSet<u32>,
    ) -> Result<()> {
        if !self.can_go_on(start, &|| format!("ref {name:?}"))? {
            return Ok(());
        }
        let graph = self.graph;
        let mut pending = Vec::new();
        if met.insert(start) {
            pending.push(start);
        }
        while let Some(number) = pending.pop() {
            if graph.is_newer(number) {
                self.beyond.push(number);
                continue;
            }
            let chain = graph.chain(number);
            let links: &[u32] = chain.map_or(&[], |chain| &chain.links);
            let is_after_the_end = |chain: &&Chain| {
                let line = chain.line.zip(ends);
                line.is_some_and(|(line, ends)| {
                    ends.get(&line).is_none_or(|end| chain.number > *end)
                })
            };
            let parents: &[u32] =
                chain.filter(is_after_the_end).map_or(&[], |chain| &chain.parents);
            for &to in graph.edges(number) {
                let follows = !links.contains(&to) || parents.contains(&to);
                // What was met in full needs no second walk.
                if !follows || self.full[to as usize] || met.contains(&to) {
                    continue;
                }
                if self.can_go_on(to, &|| format!("object {:.10}", graph.id(number)))? {
                    met.insert(to);
                    pending.push(to);
                }
            }
        }
        Ok(())
    }
}
