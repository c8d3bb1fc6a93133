//! Keys and values of maps by number: memories, runs, evidence, claims.

use crate::codec::malformed;
use crate::error::Result;
use crate::id::{MemoryId, ObjectId};
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::session::line::chain::number_after;

/// The key of a map of memories or claims that holds the number which the next one must have at the
/// least. They themselves are under 8-byte keys, so this one sorts before them all.
pub(crate) const FLOOR: &[u8] = b"";

/// The number that the next memory or claim gets.
pub(crate) fn next_number(map: Map, objects: &(impl Objects + ?Sized)) -> Result<u64> {
    let Some((first, (last, _))) = map.ends(objects)? else { return Ok(1) };
    let mut floor = 1;
    if first == FLOOR
        && let Some(value) = map.get(objects, FLOOR)?
    {
        floor = memory_number(&value.bytes)?;
    }
    if last == FLOOR {
        return Ok(floor);
    }
    Ok(number_after(memory_number(&last)?)?.max(floor))
}

pub(crate) fn memory_key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

pub(crate) fn memory_number(key: &[u8]) -> Result<u64> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| malformed("a memory's number"))
}

pub(crate) fn memory_value(id: ObjectId) -> Value {
    Value { refs: vec![id], bytes: Vec::new() }
}

pub(crate) fn memory_id(value: &Value) -> Result<MemoryId> {
    match (&value.refs[..], &value.bytes[..]) {
        ([id], []) => Ok(MemoryId::new(*id)),
        _ => Err(malformed("a memory's value")),
    }
}
