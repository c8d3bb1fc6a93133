//! The tombstones of a damaged store: what was purged stays away, what was lost stays named.

use std::collections::BTreeMap;

use super::super::Store;
use crate::error::Result;
use crate::id::ObjectId;
use crate::log::{Listed, NewObject, Payload};
use crate::map::{Map, Value};
use crate::object::{Canonical, Kind, Objects, Timestamp, Tombstone};

/// The tombstones of a store, by what they stand for.
pub(super) struct Stones {
    /// What was purged: copies of it may still stand in files that were to go.
    pub(super) purged: BTreeMap<ObjectId, Tombstone>,
    /// What earlier recoveries gave up.
    pub(super) lost: BTreeMap<ObjectId, Tombstone>,
}

impl Stones {
    pub(super) fn read(store: &Store, listed: &[Listed]) -> Result<Self> {
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

/// The tombstone of an object that is given up.
pub(super) fn lost_stone(target: ObjectId, time: Timestamp) -> Tombstone {
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
pub(super) fn bury(
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
