//! The values of the state map: bytes, contents and lists, by their first byte.

use crate::codec::malformed;
use crate::error::{Error, Result, quoted};
use crate::id::{ContentId, MapId};
use crate::limits::{KEY_BYTES_MAX, TEXT_INLINE_BYTES_MAX};
use crate::map::{Map, Value};
use crate::object::Objects;
use crate::store::Store;

// The first byte of a value in the state map, and of an item in a list.
const INLINE: u8 = 0;
const CONTENT: u8 = 1;
const LIST: u8 = 2;

/// Bytes as the state map holds them: small ones themselves, others as a content.
pub(crate) fn value_of(bytes: &[u8], content: impl FnOnce() -> Result<ContentId>) -> Result<Value> {
    if bytes.len() > TEXT_INLINE_BYTES_MAX {
        return Ok(Value { refs: vec![content()?.id()], bytes: vec![CONTENT] });
    }
    let mut value = Vec::with_capacity(1 + bytes.len());
    value.push(INLINE);
    value.extend_from_slice(bytes);
    Ok(Value { refs: Vec::new(), bytes: value })
}

/// A list as the state map holds it.
pub(crate) fn list_value(list: Map) -> Value {
    Value { refs: list.root().map(|root| root.id()).into_iter().collect(), bytes: vec![LIST] }
}

/// The content of a value that has one.
pub(crate) fn content_of(value: &Value) -> Option<ContentId> {
    match (&value.bytes[..], &value.refs[..]) {
        ([CONTENT], [content]) => Some(ContentId::new(*content)),
        _ => None,
    }
}

/// The list of a value that is one.
pub(crate) fn list_of(value: &Value) -> Option<Map> {
    match (&value.bytes[..], &value.refs[..]) {
        ([LIST], []) => Some(Map::EMPTY),
        ([LIST], [list]) => Some(Map::new(Some(MapId::new(*list)))),
        _ => None,
    }
}

pub(crate) fn read_bytes(store: &Store, value: &Value) -> Result<Vec<u8>> {
    if let Some(content) = content_of(value) {
        return store.read_content(content)?.into_vec();
    }
    match (value.bytes.split_first(), &value.refs[..]) {
        (Some((&INLINE, bytes)), []) => Ok(bytes.to_vec()),
        _ => Err(malformed("a state value of unknown form")),
    }
}

/// The number of items in a list: one more than the last index.
pub(crate) fn list_len(list: Map, objects: &(impl Objects + ?Sized)) -> Result<u64> {
    match list.last(objects)? {
        None => Ok(0),
        Some((key, _)) => index_of(&key)?.checked_add(1).ok_or_else(bad_index),
    }
}

/// The index that a key of a list says.
pub(crate) fn index_of(key: &[u8]) -> Result<u64> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| bad_index())
}

fn bad_index() -> Error {
    malformed("an index of a state list")
}

/// Refuses a key that a map cannot hold.
pub(crate) fn check_key(key: &[u8]) -> Result<()> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX {
        return Err(Error::invalid(format!(
            "a state key has 1 to {KEY_BYTES_MAX} bytes, got {}",
            key.len()
        )));
    }
    Ok(())
}

fn shown(key: &[u8]) -> String {
    quoted(&String::from_utf8_lossy(key))
}

pub(crate) fn absent(key: &[u8]) -> Error {
    Error::not_found(format!("no state under {}", shown(key)))
}

pub(crate) fn holds_bytes(key: &[u8]) -> Error {
    Error::invalid(format!("state under {} holds bytes, not a list; remove it first", shown(key)))
}

pub(crate) fn moved(key: &[u8]) -> Error {
    Error::conflict(format!("state under {} changed since this edit began", shown(key)))
}
