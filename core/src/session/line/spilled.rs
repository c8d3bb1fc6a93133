//! The ids of a row that may be more than a value has room for: then they stand in a map of their own.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::id::{MapId, ObjectId};
use crate::limits::VALUE_REFS_MAX;
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::store::Batch as StoreBatch;

/// The ids as a value has them, and whether they stand in a map.
pub(crate) fn spilled(batch: &mut StoreBatch, ids: &[ObjectId]) -> Result<(Vec<ObjectId>, bool)> {
    if ids.len() <= VALUE_REFS_MAX {
        return Ok((ids.to_vec(), false));
    }
    let rows = ids.iter().zip(0u32..).map(|(id, at)| {
        let value = Value { refs: vec![*id], bytes: Vec::new() };
        (at.to_be_bytes().to_vec(), Some(value))
    });
    let map = batch.edit_map(Map::EMPTY, rows.collect())?;
    Ok((map.root().map(|root| root.id()).into_iter().collect(), true))
}

/// The ids of a value, in their order.
pub(crate) fn gathered(
    objects: &impl Objects,
    refs: &[ObjectId],
    is_spilled: bool,
) -> Result<Vec<ObjectId>> {
    let (true, &[root]) = (is_spilled, refs) else {
        return match is_spilled {
            true => Err(malformed("ids that stand in no map")),
            false => Ok(refs.to_vec()),
        };
    };
    let rows = Map::new(Some(MapId::new(root))).range(objects, Bound::Unbounded, Bound::Unbounded);
    let ids = rows.map(|row| match row?.1.refs[..] {
        [id] => Ok(id),
        _ => Err(malformed("a spilled id")),
    });
    ids.collect()
}
