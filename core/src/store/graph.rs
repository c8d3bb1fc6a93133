//! The objects of a store as numbers, and which refers to which: what check, gc and purge walk.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::Store;
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::Listed;
use crate::object::{Canonical, Checkpoint, Iteration, Kind, Node, Objects, Operation};

/// What is known of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// It is stored, and was read.
    Read,
    /// It is stored, and cannot be read.
    Unreadable,
    /// Something refers to it, and it is not stored.
    Absent,
}

/// How an object links to the ones before it on its chain, for those that have one.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) kind: Kind,
    pub(super) number: u64,
    /// The first parent.
    pub(super) parent: Option<u32>,
    /// The checkpoint that an operation left.
    pub(super) left: Option<u32>,
    /// The first operation of an operation's session; none in that one.
    pub(super) session: Option<u32>,
    /// Every ref that leads back along chains, the first parent's among them, and to the session.
    pub(super) links: Box<[u32]>,
    /// Those of an iteration that lead to its parents.
    pub(super) parents: Box<[u32]>,
    /// The path of an iteration, as a hash.
    pub(super) line: Option<ObjectId>,
}

/// Every object of a store, those that are referred to and absent included.
///
/// About 70 bytes an object, and 4 a ref.
#[derive(Debug, Default)]
pub(super) struct Graph {
    numbers: HashMap<ObjectId, u32>,
    ids: Vec<ObjectId>,
    presence: Vec<Presence>,
    edges: Vec<Box<[u32]>>,
    /// Of checkpoints, operations and iterations; kept where asked for.
    chains: HashMap<u32, Chain>,
    /// For the first operation of a fork the operation of its origin that it names.
    forks: HashMap<u32, u32>,
    /// Those of a version that is newer than the known ones: what of them leads back nobody can say.
    newer: HashSet<u32>,
}

/// What a reading of all objects tells while it goes on.
pub(super) trait GraphEvents {
    /// So many of so many objects are read; ends the reading with `Break`.
    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()>;
    /// An object cannot be read. Returns the error again where that ends the reading.
    fn unreadable(&mut self, object: &Listed, error: Error) -> Result<()>;
    /// An object was read; `node` is none for a content.
    fn read(&mut self, store: &Store, object: &Listed, node: Option<&Node>) -> Result<()>;
}

impl Graph {
    /// Reads every object that is listed, once, and verifies its id. `chains` asks for links along
    /// chains to be told from other refs.
    pub(super) fn read(
        store: &Store,
        listed: &[Listed],
        chains: bool,
        events: &mut dyn GraphEvents,
    ) -> Result<Self> {
        let mut graph = Graph::default();
        for object in listed {
            graph.number(object.id);
        }
        graph.presence.fill(Presence::Unreadable);
        let mut seen = vec![false; graph.ids.len()];
        for (done, object) in listed.iter().enumerate() {
            let number = graph.numbers[&object.id];
            if !std::mem::replace(&mut seen[number as usize], true) {
                match graph.take_in(store, object, number, chains, events) {
                    Ok(()) => graph.presence[number as usize] = Presence::Read,
                    Err(error) => events.unreadable(object, error)?,
                }
            }
            if done % 256 == 0 && events.progress(done as u64, listed.len() as u64).is_break() {
                return Err(interrupted());
            }
        }
        Ok(graph)
    }

    /// Returns an object's number, and gives it one if it has none.
    fn number(&mut self, id: ObjectId) -> u32 {
        let next = self.ids.len() as u32;
        *self.numbers.entry(id).or_insert_with(|| {
            self.ids.push(id);
            self.presence.push(Presence::Absent);
            self.edges.push(Box::default());
            next
        })
    }

    fn take_in(
        &mut self,
        store: &Store,
        object: &Listed,
        number: u32,
        chains: bool,
        events: &mut dyn GraphEvents,
    ) -> Result<()> {
        // It is listed: that it cannot be found by its id is damage, of the id or of an index.
        let gone = || Error::corrupt(format!("object {:.10} is gone", object.id));
        let refs = if object.row.is_node() {
            let node = store.get_node(&object.id)?.ok_or_else(gone)?;
            events.read(store, object, Some(&node))?;
            self.take_chain(number, &node, chains)?;
            node.refs.clone()
        } else {
            store.log().get_content(&object.id)?.ok_or_else(gone)?;
            events.read(store, object, None)?;
            store.log().chunks(&object.id)?
        };
        let edges = refs.into_iter().map(|id| self.number(id)).collect();
        self.edges[number as usize] = edges;
        Ok(())
    }

    fn take_chain(&mut self, number: u32, node: &Node, chains: bool) -> Result<()> {
        let is_operation = node.kind == Kind::OPERATION;
        if !chains && !is_operation {
            return Ok(());
        }
        let mut session = None;
        let (at, parents, left, others, line) = match node.kind {
            Kind::CHECKPOINT if Checkpoint::knows(node.version) => {
                let value = Checkpoint::from_node(node)?;
                let parents: Vec<_> = value.parents.iter().map(|id| id.id()).collect();
                (value.number, parents, None, vec![value.jump.map(|id| id.id())], None)
            }
            Kind::OPERATION if Operation::knows(node.version) => {
                let value = Operation::from_node(node)?;
                if let Some(origin) = value.forked_from {
                    let origin = self.number(origin.id());
                    self.forks.insert(number, origin);
                }
                if !chains {
                    return Ok(());
                }
                session = value.session.map(|id| self.number(id.id()));
                let previous = value.previous.iter().map(|id| id.id()).collect();
                let left = value.checkpoint.map(|id| id.id());
                let others = vec![
                    value.session.map(|id| id.id()),
                    value.jump.map(|id| id.id()),
                    left,
                    value.before.map(|id| id.id()),
                    value.forked_from.map(|id| id.id()),
                    value.undoes.map(|id| id.id()),
                ];
                (value.number, previous, left, others, None)
            }
            Kind::ITERATION if Iteration::knows(node.version) => {
                let value = Iteration::from_node(node)?;
                let parents: Vec<_> = value.parents.iter().map(|id| id.id()).collect();
                let line = ObjectId::of_content(value.path.as_bytes());
                (value.number, parents, None, vec![value.jump.map(|id| id.id())], Some(line))
            }
            Kind::CHECKPOINT | Kind::OPERATION | Kind::ITERATION if node.is_newer() => {
                self.newer.insert(number);
                return Ok(());
            }
            _ => return Ok(()),
        };
        let parents: Box<[u32]> = parents.into_iter().map(|id| self.number(id)).collect();
        let others = others.into_iter().flatten().map(|id| self.number(id));
        let links = parents.iter().copied().chain(others).collect();
        let chain = Chain {
            kind: node.kind,
            number: at,
            parent: parents.first().copied(),
            left: left.map(|id| self.number(id)),
            session,
            links,
            parents,
            line,
        };
        self.chains.insert(number, chain);
        Ok(())
    }

    /// Returns how many objects there are, absent ones included.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn find(&self, id: &ObjectId) -> Option<u32> {
        self.numbers.get(id).copied()
    }

    pub(super) fn id(&self, number: u32) -> ObjectId {
        self.ids[number as usize]
    }

    pub(super) fn presence(&self, number: u32) -> Presence {
        self.presence[number as usize]
    }

    pub(super) fn edges(&self, number: u32) -> &[u32] {
        &self.edges[number as usize]
    }

    pub(super) fn chain(&self, number: u32) -> Option<&Chain> {
        self.chains.get(&number)
    }

    /// Tells whether it stands in a chain by a version that is not known here.
    pub(super) fn is_newer(&self, number: u32) -> bool {
        self.newer.contains(&number)
    }

    /// Returns the operation of its origin that a fork's first operation names.
    pub(super) fn origin(&self, number: u32) -> Option<u32> {
        self.forks.get(&number).copied()
    }

    /// Marks what leads to any of the marked objects, by whatever way.
    pub(super) fn mark_what_leads_to(&self, marked: &mut [bool]) {
        let mut starts = vec![0u32; self.ids.len() + 1];
        for edges in &self.edges {
            for &to in edges {
                starts[to as usize + 1] += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut sources = vec![0u32; starts[self.ids.len()] as usize];
        for (from, edges) in self.edges.iter().enumerate() {
            for &to in edges {
                sources[next[to as usize] as usize] = from as u32;
                next[to as usize] += 1;
            }
        }
        let mut pending: Vec<u32> =
            (0..self.ids.len() as u32).filter(|&number| marked[number as usize]).collect();
        while let Some(number) = pending.pop() {
            let number = number as usize;
            for &from in &sources[starts[number] as usize..starts[number + 1] as usize] {
                if !std::mem::replace(&mut marked[from as usize], true) {
                    pending.push(from);
                }
            }
        }
    }
}

/// What a caller who said `Break` gets.
pub(super) fn interrupted() -> Error {
    Error::new(ErrorKind::Io, "interrupted; nothing was changed")
}
