//! What refs lead to: the walk that check, gc and purge share.
//!
//! A ref leads to its object and to all that this refers to, and so on. In a trimmed session the
//! walk goes back along operations and checkpoints as far as its horizon says, along each path's
//! iterations as far as the oldest checkpoint has them, and follows every other ref but jumps. Of
//! the session that one was forked from, the walk takes the operations alone, as far back as they
//! made checkpoints that the fork has.

use std::collections::{HashMap, HashSet};
use std::ops::Bound;

use super::Store;
use super::graph::{Chain, Graph, Presence};
use super::kept::Record;
use super::refs::CHECKOUT;
use super::roots::{Keeps, Root};
use crate::error::Result;
use crate::id::{MapId, ObjectId};
use crate::map::Map;
use crate::object::{Checkpoint, Horizon, Kind, Operation, read};

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
    /// Links of trimmed sessions to what is not there and should be. Collections of earlier
    /// versions took such away where a fork was trimmed, so this stops no collection.
    pub(super) lacking: Vec<(String, ObjectId)>,
}

impl Store {
    /// Walks from refs through the graph. Objects in `without` count as gone, with a tombstone.
    pub(super) fn reach(
        &self,
        graph: &Graph,
        roots: &[Root],
        without: &HashSet<ObjectId>,
    ) -> Result<Reached> {
        let mut walk = Walk::new(self, graph, without);
        self.reach_refs_map(&mut walk)?;
        for root in roots.iter().filter(|root| !root.is_trimmed()) {
            walk.root(root)?;
        }
        walk.origins()?;
        for root in roots.iter().filter(|root| root.is_trimmed()) {
            walk.root(root)?;
        }
        walk.beyond()?;
        let live = walk.full.iter().zip(&walk.near).map(|(full, near)| *full || *near).collect();
        let Walk { tombstones, broken, lacking, .. } = walk;
        Ok(Reached { live, tombstones, broken, lacking })
    }

    /// Tells whether a walk from one ref meets any of these.
    pub(super) fn leads_to(
        &self,
        graph: &Graph,
        root: &Root,
        targets: &HashSet<ObjectId>,
    ) -> Result<bool> {
        let without = HashSet::new();
        let mut walk = Walk::new(self, graph, &without);
        walk.root(root)?;
        walk.origins()?;
        walk.beyond()?;
        let meets = |id: &ObjectId| {
            let number = graph.find(id).map(|number| number as usize);
            number.is_some_and(|number| walk.full[number] || walk.near[number])
                || walk.tombstones.contains(id)
        };
        Ok(targets.iter().any(meets))
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
    lacking: Vec<(String, ObjectId)>,
    noted: HashSet<ObjectId>,
    /// Operations of origins from which forks that were met in full go on.
    pending: Vec<u32>,
    /// Operations of origins that were met with all before them.
    lines: HashSet<u32>,
    /// Met in a trimmed session, and of a newer version: all that they refer to stays.
    newer: Vec<u32>,
    /// Whether what is missing may have been trimmed.
    is_lenient: bool,
}

impl<'a> Walk<'a> {
    fn new(store: &'a Store, graph: &'a Graph, without: &'a HashSet<ObjectId>) -> Self {
        Walk {
            store,
            graph,
            without,
            full: vec![false; graph.len()],
            near: vec![false; graph.len()],
            tombstones: HashSet::new(),
            broken: Vec::new(),
            lacking: Vec::new(),
            noted: HashSet::new(),
            pending: Vec::new(),
            lines: HashSet::new(),
            newer: Vec::new(),
            is_lenient: false,
        }
    }
}

impl Walk<'_> {
    fn root(&mut self, root: &Root) -> Result<()> {
        match &root.keeps {
            Keeps::Whole => self.whole(&root.name, root.id),
            Keeps::Since(horizon) => self.trimmed(&root.name, root.id, horizon),
            Keeps::State => self.state(&root.name, root.id),
            Keeps::WhatIsThere => {
                if let Some(start) = self.enter(&root.name, root.id)? {
                    self.near[start as usize] = true;
                    self.newer.push(start);
                }
                Ok(())
            }
        }
    }

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

    /// Notes a link of a trimmed session to what is not there and should be.
    fn lack(&mut self, id: ObjectId, from: &dyn Fn() -> String) -> Result<()> {
        if self.store.tombstone(&id)?.is_some() {
            self.tombstones.insert(id);
        } else if self.noted.insert(id) {
            self.lacking.push((from(), id));
        }
        Ok(())
    }

    fn whole(&mut self, name: &str, id: ObjectId) -> Result<()> {
        match self.enter(name, id)? {
            Some(start) => self.whole_from(start),
            None => Ok(()),
        }
    }

    /// Keeps all that is there behind what is of a newer version: what of that was trimmed, that
    /// version alone can tell.
    fn beyond(&mut self) -> Result<()> {
        self.is_lenient = true;
        while let Some(start) = self.newer.pop() {
            self.whole_from(start)?;
            self.origins()?;
        }
        Ok(())
    }

    fn whole_from(&mut self, start: u32) -> Result<()> {
        let mut pending = Vec::new();
        if !std::mem::replace(&mut self.full[start as usize], true) {
            pending.push(start);
        }
        let graph = self.graph;
        while let Some(number) = pending.pop() {
            let origin = graph.origin(number);
            self.pending.extend(origin);
            for &to in graph.edges(number) {
                if Some(to) != origin
                    && !self.full[to as usize]
                    && self.can_go_on(to, &|| format!("object {:.10}", graph.id(number)))?
                {
                    self.full[to as usize] = true;
                    pending.push(to);
                }
            }
        }
        Ok(())
    }

    /// Goes on along the lines from which forks came that were met in full: these have all
    /// checkpoints of them, up to their own.
    fn origins(&mut self) -> Result<()> {
        while let Some(at) = self.pending.pop() {
            self.origin(at, 1, u64::MAX)?;
        }
        Ok(())
    }

    /// Keeps the operations of a line that a fork came from, which made what the fork has of it
    /// since its oldest checkpoint: what a listing tells of those. What they made is the fork's own
    /// to keep. Where they are gone, the listing names the fork.
    ///
    /// `oldest` is the number of the fork's oldest checkpoint, `last` that of the one it began with.
    fn origin(&mut self, mut at: u32, oldest: u64, mut last: u64) -> Result<()> {
        let graph = self.graph;
        let mut has_come = false;
        loop {
            let is_met = self.full[at as usize] || oldest <= 1 && !self.lines.insert(at);
            if is_met || graph.presence(at) == Presence::Absent {
                return Ok(());
            }
            if !self.can_go_on(at, &|| "a fork".to_owned())? {
                return Ok(());
            }
            self.near[at as usize] = true;
            if graph.is_newer(at) {
                self.newer.push(at);
                return Ok(());
            }
            let operation: Operation = read(self.store, graph.id(at))?;
            let before = operation.previous.or(operation.forked_from);
            let Some(before) = before.and_then(|id| graph.find(&id.id())) else { return Ok(()) };
            if operation.previous.is_none() {
                (last, has_come) = (self.left_by(at).unwrap_or(last), false);
            }
            // States behind the fork's last one may be gone, and states before its oldest one too.
            match self.left_by(before) {
                Some(number) if number < oldest => return Ok(()),
                None if oldest > 1 && has_come => return Ok(()),
                known => has_come |= known.is_some_and(|number| number <= last),
            }
            at = before;
        }
    }

    /// The number of the checkpoint that an operation left, where both are there; 0 for none.
    fn left_by(&self, operation: u32) -> Option<u64> {
        let chain = self.graph.chain(operation)?;
        match chain.left {
            Some(left) => Some(self.graph.chain(left)?.number),
            None => Some(0),
        }
    }

    /// A directory's record and a pin of a trimmed session keep a state, and not the history behind
    /// it.
    fn state(&mut self, name: &str, id: ObjectId) -> Result<()> {
        let Some(start) = self.enter(name, id)? else { return Ok(()) };
        if name.starts_with(CHECKOUT)
            && let Some(record) = Record::read(self.store, &id)?
        {
            let session = record.session().id();
            let number = self.graph.find(&session);
            if number.is_none_or(|number| self.graph.presence(number) == Presence::Absent) {
                self.lack(session, &|| format!("ref {name:?}"))?;
            }
        }
        let mut met = HashSet::new();
        self.near(start, name, None, &mut met)?;
        for number in met {
            self.near[number as usize] = true;
        }
        Ok(())
    }

    fn trimmed(&mut self, name: &str, id: ObjectId, horizon: &Horizon) -> Result<()> {
        let Some(start) = self.enter(name, id)? else { return Ok(()) };
        let graph = self.graph;
        let first = graph.chain(start).and_then(|chain| chain.session).unwrap_or(start);
        let oldest_kept = self.oldest_kept(first, horizon);
        let from = |number: u32| format!("object {:.10}", graph.id(number));
        let mut kept = vec![start];
        if graph.presence(first) == Presence::Absent {
            self.lack(graph.id(first), &|| from(start))?;
        } else {
            kept.push(first);
            // It says which session this one came from.
            if let Some(origin) = graph.origin(first)
                && graph.presence(origin) != Presence::Absent
                && self.can_go_on(origin, &|| from(first))?
            {
                self.near[origin as usize] = true;
            }
        }
        let mut operation = Some(start);
        while let Some(number) = operation
            && let Some(chain) = graph.chain(number)
            && chain.kind == Kind::OPERATION
        {
            kept.push(number);
            kept.extend(chain.left);
            let Some(before) = chain.parent else {
                if let Some(fork) = self.left_by(number).filter(|fork| *fork >= oldest_kept)
                    && let Some(origin) = graph.origin(number)
                {
                    self.origin(origin, oldest_kept, fork)?;
                }
                break;
            };
            // What left an earlier checkpoint did not make the oldest one.
            let is_kept = match self.left_by(before) {
                Some(left) => left >= oldest_kept,
                None => chain.number > horizon.operation,
            };
            operation = if is_kept { self.link(number, before)? } else { None };
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
            let before = chain.parent.filter(|_| chain.number > oldest_kept);
            checkpoint = match before {
                Some(before) => self.link(number, before)?,
                None => None,
            };
        }
        kept.extend(checkpoint.filter(|number| graph.is_newer(*number)));
        // Where the files cannot be read, the walk below meets what is in the way.
        let ends = oldest.and_then(|oldest| self.ends_of_lines(oldest).ok());
        let mut met = HashSet::new();
        for number in kept {
            self.near(number, name, ends.as_ref(), &mut met)?;
        }
        for number in met {
            self.near[number as usize] = true;
        }
        Ok(())
    }

    /// Returns what comes before on the chain of a trimmed session, unless it is not there.
    fn link(&mut self, number: u32, before: u32) -> Result<Option<u32>> {
        let graph = self.graph;
        let from = || format!("object {:.10}", graph.id(number));
        if graph.presence(before) == Presence::Absent {
            self.lack(graph.id(before), &from)?;
            return Ok(None);
        }
        Ok(self.can_go_on(before, &from)?.then_some(before))
    }

    /// The number of the oldest checkpoint that a trimmed session keeps. Earlier versions let a fork
    /// take over the horizon of its origin, also where that was later than the fork: such a fork
    /// keeps all of its own.
    fn oldest_kept(&self, first: u32, horizon: &Horizon) -> u64 {
        let fork = self.graph.origin(first).and_then(|_| self.left_by(first));
        match fork {
            Some(fork) if horizon.operation == 1 => horizon.checkpoint.min(fork),
            _ => horizon.checkpoint,
        }
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
                self.newer.push(number);
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
