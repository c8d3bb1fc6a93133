//! Rewriting: history made anew without an object, where even its id must go.
//!
//! Every node that leads to it gets a successor that leads to a stand-in, from the bottom up, and
//! one commit moves all refs over. The old nodes are garbage then, and the collection that follows
//! takes them away with the object itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::Store;
use super::graph::{Graph, Presence};
use super::refs::{DELETED, HORIZON, PIN, PURGED, session_in};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, OperationId};
use crate::log::{Expected, NewObject, Payload, RefUpdate, Transaction};
use crate::map::Map;
use crate::object::{Canonical, Kind, Memory, Node, Objects, Part, read};

/// The kind of a found node, none for a content, and its size in bytes.
pub(super) type Found = (Option<Kind>, u64);

/// Nodes that one commit adds.
const NODES_A_COMMIT: usize = 4_096;

impl Store {
    /// Lets all that leads to the objects lead to stand-ins instead. Returns how many nodes were
    /// made anew for that.
    pub(super) fn rewrite(
        &self,
        graph: &Graph,
        roots: &[(String, ObjectId)],
        found: &BTreeMap<ObjectId, Found>,
        reason: &str,
    ) -> Result<u64> {
        let mut rewriting = Rewriting {
            store: self,
            graph,
            renamed: HashMap::new(),
            stand_ins: Vec::new(),
            pending: Vec::new(),
            made: 0,
        };
        for (id, (kind, _)) in found {
            rewriting.stand_in(*id, *kind, reason)?;
        }
        let mut leads = vec![false; graph.len()];
        for number in found.keys().filter_map(|id| graph.find(id)) {
            leads[number as usize] = true;
        }
        self.mark_listings(graph, found, &mut leads)?;
        graph.mark_what_leads_to(&mut leads);
        for (_, id) in roots {
            if let Some(number) = graph.find(id).filter(|&number| leads[number as usize]) {
                rewriting.follow(number, &leads)?;
            }
        }
        self.refuse_newcomers(graph, roots, &leads)?;
        let mut updates = rewriting.moved(roots);
        updates.extend(self.forgotten(found)?);
        rewriting.commit(updates).map_err(|error| match error.kind() {
            ErrorKind::Conflict => error.context("somebody wrote meanwhile, nothing was purged"),
            _ => error,
        })?;
        Ok(rewriting.made)
    }

    /// Marks the nodes of listings, which name contents by their ids' bytes and lead to none.
    fn mark_listings(
        &self,
        graph: &Graph,
        found: &BTreeMap<ObjectId, Found>,
        leads: &mut [bool],
    ) -> Result<()> {
        let contents: Vec<&ObjectId> =
            found.iter().filter(|(_, (kind, _))| kind.is_none()).map(|(id, _)| id).collect();
        for (number, leads) in leads.iter_mut().enumerate() {
            let number = number as u32;
            if *leads || contents.is_empty() || graph.presence(number) != Presence::Read {
                continue;
            }
            let id = graph.id(number);
            if !self.log().is_node(&id)? {
                continue;
            }
            let Some(node) = self.get_node(&id)? else { continue };
            *leads = node.kind == Kind::MAP
                && contents.iter().any(|id| place_of(&node.body, id).is_some());
        }
        Ok(())
    }

    /// Refuses refs that came since the graph was read and lead to what is rewritten: a fork of old
    /// history, a pin of it, a checkout. No ref that moves conflicts with them.
    fn refuse_newcomers(
        &self,
        graph: &Graph,
        roots: &[(String, ObjectId)],
        leads: &[bool],
    ) -> Result<()> {
        let known: HashSet<(&str, &ObjectId)> =
            roots.iter().map(|(name, id)| (&name[..], id)).collect();
        let mut met = HashSet::new();
        for (name, id) in self.all_references()? {
            if known.contains(&(&name[..], &id)) {
                continue;
            }
            let mut pending = vec![id];
            while let Some(id) = pending.pop() {
                let number = graph.find(&id);
                if number.is_some_and(|number| leads[number as usize]) {
                    return Err(Error::conflict(format!(
                        "ref {name:?} came meanwhile and leads to what is purged; nothing was \
                         purged: do it again"
                    )));
                }
                // What the graph has leads nowhere else.
                let is_read = |number| graph.presence(number) == Presence::Read;
                if !number.is_some_and(is_read) && met.insert(id) && self.log().contains(&id)? {
                    pending.extend(self.refs_of(&id)?);
                }
            }
        }
        Ok(())
    }

    /// Takes those out that stand in for others already: an earlier purge for the same reason put
    /// them there, and what led to the others leads to them now.
    pub(super) fn leave_out_stand_ins(
        &self,
        found: &mut BTreeMap<ObjectId, Found>,
        reason: &str,
    ) -> Result<()> {
        let mut stand_ins = HashSet::new();
        for (id, (kind, _)) in &*found {
            stand_ins.insert(stand_in(self, *id, *kind, reason)?.0);
        }
        found.retain(|id, _| !stand_ins.contains(id));
        Ok(())
    }

    /// Takes tombstones of earlier purges away: they name the ids.
    fn forgotten(&self, found: &BTreeMap<ObjectId, Found>) -> Result<Option<RefUpdate>> {
        let map = self.log().purged()?;
        let mut edits = Vec::new();
        for id in found.keys() {
            if map.root().is_some() && map.get(self, id.as_bytes())?.is_some() {
                edits.push((id.as_bytes().to_vec(), None));
            }
        }
        if edits.is_empty() {
            return Ok(None);
        }
        let edited = map.edit(self, edits)?;
        let objects = edited.nodes.iter().map(|new| NewObject {
            id: new.id(),
            payload: Payload::Node(new.node().clone()),
            base: new.base(),
        });
        self.log().commit(Transaction { objects: objects.collect(), updates: Vec::new() })?;
        let new = edited.map.root().map(|root| root.id());
        let expected = map.root().map_or(Expected::Absent, |root| Expected::Id(root.id()));
        Ok(Some(RefUpdate { name: PURGED.to_owned(), expected, new }))
    }

    /// Returns an object that was purged before, as the map of tombstones has it.
    pub(super) fn buried(&self, id: &ObjectId) -> Result<Option<Found>> {
        let map: Map = self.log().purged()?;
        if map.root().is_none() {
            return Ok(None);
        }
        let Some(value) = map.get(self, id.as_bytes())? else { return Ok(None) };
        let Some(tombstone) = value.refs.first() else { return Ok(None) };
        let tombstone: crate::object::Tombstone = read(self, *tombstone)?;
        Ok(Some((tombstone.kind, tombstone.size.unwrap_or(0))))
    }
}

/// Makes what stands in the place of an object. A memory keeps whose it was and when.
fn stand_in(
    store: &Store,
    id: ObjectId,
    kind: Option<Kind>,
    reason: &str,
) -> Result<(ObjectId, Payload)> {
    let text = format!("[purged: {reason}]");
    Ok(match kind {
        None => {
            let bytes = text.into_bytes();
            (ObjectId::of_content(&bytes), Payload::Content(bytes.into()))
        }
        Some(_) => {
            let parts = vec![Part::text(text)];
            let memory = match store.get_node(&id)? {
                Some(_) => Memory { parts, links: Vec::new(), ..read(store, id)? },
                None => Memory { parts, ..Memory::system("") },
            };
            let node = memory.to_node();
            (node.id(), Payload::Node(node.into()))
        }
    })
}

/// Where the bytes of an id stand in a body.
fn place_of(body: &[u8], id: &ObjectId) -> Option<usize> {
    body.windows(ObjectId::LEN).position(|window| window == id.as_bytes())
}

struct Rewriting<'a> {
    store: &'a Store,
    graph: &'a Graph,
    renamed: HashMap<ObjectId, ObjectId>,
    /// The contents that go, and what stands in for each.
    stand_ins: Vec<(ObjectId, ObjectId)>,
    pending: Vec<NewObject>,
    made: u64,
}

impl Rewriting<'_> {
    fn stand_in(&mut self, id: ObjectId, kind: Option<Kind>, reason: &str) -> Result<()> {
        let (new, payload) = stand_in(self.store, id, kind, reason)?;
        self.renamed.insert(id, new);
        if kind.is_none() {
            self.stand_ins.push((id, new));
        }
        self.push(NewObject { id: new, payload, base: None })
    }

    /// Makes successors of an object and of what it leads to, the deepest first.
    fn follow(&mut self, start: u32, leads: &[bool]) -> Result<()> {
        let graph = self.graph;
        let mut path = vec![(start, 0)];
        while let Some((number, next)) = path.pop() {
            if self.renamed.contains_key(&graph.id(number)) {
                continue;
            }
            let edges = graph.edges(number);
            let ahead = (next..edges.len()).find(|&at| {
                let to = edges[at];
                leads[to as usize] && !self.renamed.contains_key(&graph.id(to))
            });
            match ahead {
                Some(at) => path.extend([(number, at + 1), (edges[at], 0)]),
                None => self.succeed(number)?,
            }
        }
        Ok(())
    }

    fn succeed(&mut self, number: u32) -> Result<()> {
        let id = self.graph.id(number);
        if self.graph.presence(number) != Presence::Read {
            return Err(Error::corrupt(format!(
                "object {id:.10} cannot be read, so nothing was rewritten; run `check`"
            )));
        }
        let old = self.store.read_node(&id)?;
        let refs = old.refs.iter().map(|id| self.renamed.get(id).copied().unwrap_or(*id));
        let mut node = Node { refs: refs.collect(), ..(*old).clone() };
        if node.kind == Kind::MAP {
            for (id, new) in self.stand_ins.iter() {
                while let Some(at) = place_of(&node.body, id) {
                    node.body[at..at + ObjectId::LEN].copy_from_slice(new.as_bytes());
                }
            }
        }
        let new = node.id();
        self.renamed.insert(id, new);
        self.made += 1;
        self.push(NewObject { id: new, payload: Payload::Node(node.into()), base: Some(id) })
    }

    fn push(&mut self, object: NewObject) -> Result<()> {
        self.pending.push(object);
        if self.pending.len() < NODES_A_COMMIT {
            return Ok(());
        }
        self.commit(Vec::new())
    }

    fn commit(&mut self, updates: Vec<RefUpdate>) -> Result<()> {
        let objects = std::mem::take(&mut self.pending);
        self.store.log().commit(Transaction { objects, updates })
    }

    /// Returns how the refs move: to other objects, and where a session's first operation has a
    /// successor also to other names.
    fn moved(&self, roots: &[(String, ObjectId)]) -> Vec<RefUpdate> {
        let mut updates = Vec::new();
        for (name, id) in roots {
            let (new_name, new) = (self.name_of(name), self.renamed.get(id).copied());
            if new_name == *name && new.is_none() {
                continue;
            }
            let new = Some(new.unwrap_or(*id));
            let was = Expected::Id(*id);
            if new_name == *name {
                updates.push(RefUpdate { name: new_name, expected: was, new });
            } else {
                updates.push(RefUpdate { name: name.clone(), expected: was, new: None });
                updates.push(RefUpdate { name: new_name, expected: Expected::Absent, new });
            }
        }
        updates
    }

    fn name_of(&self, name: &str) -> String {
        for namespace in [PIN, HORIZON, DELETED] {
            if let Some((session, rest)) = session_in(name, namespace)
                && let Some(new) = self.renamed.get(&session.id())
            {
                return format!("{namespace}{}{rest}", OperationId::new(*new));
            }
        }
        name.to_owned()
    }
}
