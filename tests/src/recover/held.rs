//! All that can be read of a store, by its objects: what each session holds at each checkpoint, and
//! where each object stands.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use partita::object::{Canonical, Checkpoint, Directory, Horizon, Kind, Objects, Operation};
use partita::{ContentId, ObjectId, Result, Store};

use crate::vfs::Disk;

/// Refs of one page.
const REFS_MAX: usize = 100_000;

/// A session, living or deleted, by the ref that names it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its first operation.
    pub session: ObjectId,
    /// Its newest operation, and that one's number.
    pub head: (ObjectId, u64),
    /// Its checkpoints that can be read, newest first.
    pub checkpoints: Vec<ObjectId>,
}

/// What an object is, and what it leads to apart from what came before it.
#[derive(Clone, Debug)]
pub struct Thing {
    /// The kind; none for a content.
    pub kind: Option<Kind>,
    /// Objects that belong to it.
    pub parts: Vec<ObjectId>,
}

/// All that can be read of a store.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Every ref.
    pub refs: BTreeMap<String, ObjectId>,
    /// The sessions, by the refs that name them.
    pub lines: BTreeMap<String, Line>,
    /// Every object that sessions, pins and directories' records lead to.
    pub things: HashMap<ObjectId, Thing>,
    /// Every operation that can be read, with its session and the state that it left.
    pub operations: BTreeMap<ObjectId, (ObjectId, Option<ObjectId>)>,
    /// The number of each.
    pub numbers: HashMap<ObjectId, u64>,
    /// Where objects stand: the file's name without its directory, and the offset.
    pub places: HashMap<ObjectId, Vec<(String, u64)>>,
}

impl Held {
    /// Reads all of a store.
    ///
    /// # Errors
    /// What the refs cannot be read for. Objects that cannot be read are left out.
    pub fn of(store: &Store) -> Result<Held> {
        let refs = store.references("", None, REFS_MAX)?;
        let mut held = Held { refs: refs.into_iter().collect(), ..Held::default() };
        for (name, id) in held.refs.clone() {
            if name.starts_with("session/") || name.starts_with("deleted/") {
                if let Some(line) = held.line(store, id) {
                    held.lines.insert(name, line);
                }
            } else if name.starts_with("pin/") || name.starts_with("checkout/") {
                held.take(store, id);
            }
        }
        Ok(held)
    }

    /// Notes where the objects stand on the medium.
    pub fn find_places(&mut self, image: &Disk) {
        let ids: HashSet<[u8; 32]> =
            self.things.keys().chain(self.operations.keys()).map(|id| *id.as_bytes()).collect();
        let firsts: HashSet<[u8; 4]> =
            ids.iter().map(|id| id[..4].try_into().expect("four bytes")).collect();
        for (name, bytes) in image.files() {
            let file = name.rsplit('/').next().unwrap_or(name);
            for (at, window) in bytes.windows(32).enumerate() {
                if firsts.contains(&window[..4])
                    && let Ok(id) = <[u8; 32]>::try_from(window)
                    && ids.contains(&id)
                {
                    let place = (file.to_owned(), at as u64);
                    self.places.entry(ObjectId::from_bytes(id)).or_default().push(place);
                }
            }
        }
    }

    /// Reads a session from its newest operation.
    fn line(&mut self, store: &Store, head: ObjectId) -> Option<Line> {
        let operation: Operation = read(store, head).ok()?;
        let session = operation.session.map_or(head, |id| id.id());
        let number = operation.number;
        let mut checkpoints = Vec::new();
        let mut next = operation.checkpoint.map(|id| id.id());
        let horizon = self.refs.get(&format!("horizon/{session}"));
        let horizon = horizon.and_then(|id| read::<Horizon>(store, *id).ok());
        let (oldest, oldest_operation) =
            horizon.map_or((0, 0), |horizon| (horizon.checkpoint, horizon.operation));
        while let Some(id) = next {
            let Ok(checkpoint) = read::<Checkpoint>(store, id) else { break };
            if checkpoint.number < oldest {
                break;
            }
            self.take(store, id);
            checkpoints.push(id);
            next = checkpoint.parents.first().map(|id| id.id());
        }
        let mut at = Some(head);
        while let Some(id) = at.filter(|id| !self.operations.contains_key(id)) {
            let Ok(operation) = read::<Operation>(store, id) else { break };
            if operation.number < oldest_operation {
                break;
            }
            let session = operation.session.map_or(id, |id| id.id());
            self.numbers.insert(id, operation.number);
            self.operations.insert(id, (session, operation.checkpoint.map(|id| id.id())));
            at = operation.previous.map(|id| id.id());
        }
        Some(Line { session, head: (head, number), checkpoints })
    }

    /// Takes up an object with all that belongs to it.
    fn take(&mut self, store: &Store, id: ObjectId) {
        let mut pending = vec![id];
        while let Some(id) = pending.pop() {
            if self.things.contains_key(&id) {
                continue;
            }
            let thing = match store.get_node(&id) {
                Ok(Some(node)) => {
                    let own: BTreeSet<ObjectId> = match node.kind {
                        Kind::CHECKPOINT => match Checkpoint::from_node(&node) {
                            Ok(checkpoint) => checkpoint.roots.values().copied().collect(),
                            Err(_) => continue,
                        },
                        Kind::ITERATION => match partita::object::Iteration::from_node(&node) {
                            Ok(iteration) => {
                                iteration.entry.content().map(|id| id.id()).into_iter().collect()
                            }
                            Err(_) => continue,
                        },
                        // The session's own history is the session's to keep.
                        Kind::DIRECTORY => match Directory::from_node(&node) {
                            Ok(known) => {
                                let maps = [known.exceptions, known.aside].into_iter().flatten();
                                maps.map(|id| id.id())
                                    .chain(known.checkpoint.map(|id| id.id()))
                                    .collect()
                            }
                            Err(_) => continue,
                        },
                        _ => node.refs.iter().copied().collect(),
                    };
                    Thing { kind: Some(node.kind), parts: own.into_iter().collect() }
                }
                _ if store.read_content(ContentId::new(id)).is_ok() => {
                    Thing { kind: None, parts: Vec::new() }
                }
                _ => continue,
            };
            pending.extend(&thing.parts);
            self.things.insert(id, thing);
        }
    }

    /// Returns all that belongs to an object, itself included.
    pub fn closure(&self, id: ObjectId) -> Vec<ObjectId> {
        let (mut met, mut order, mut pending) = (HashSet::new(), Vec::new(), vec![id]);
        while let Some(id) = pending.pop() {
            if !met.insert(id) {
                continue;
            }
            order.push(id);
            if let Some(thing) = self.things.get(&id) {
                pending.extend(&thing.parts);
            }
        }
        order
    }
}

fn read<T: Canonical>(store: &Store, id: ObjectId) -> Result<T> {
    T::from_node(&*store.read_node(&id)?)
}

/// Tells whether an object can be read, and is what its id says.
pub fn is_readable(store: &Store, id: &ObjectId) -> bool {
    matches!(store.get_node(id), Ok(Some(_))) || store.read_content(ContentId::new(*id)).is_ok()
}
