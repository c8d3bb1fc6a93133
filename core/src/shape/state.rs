//! State: a host's keys and values.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};

use super::fields::{Fields, rows, write};
use super::part::bytes_or_text;
use super::value::in_words;
use crate::state::{StateEntry, StateValue};

/// A text; an object of `base64` if it is not UTF-8, and of `items`, their number, if it is a list.
impl Serialize for StateValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            StateValue::Bytes(bytes) => bytes_or_text(bytes, to),
            StateValue::List(items) => {
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry("items", items)?;
                map.end()
            }
        }
    }
}

/// Reads the value: what fails there is the serializer's error.
impl Fields for StateEntry {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let is_text = std::str::from_utf8(&self.key).is_ok();
        rows!(map
            key: String::from_utf8_lossy(&self.key),
            key_bytes?: (!is_text).then_some(&self.key),
            value: self.read().map_err(|error| M::Error::custom(in_words(&error)))?,
        );
        Ok(())
    }
}

impl Serialize for StateEntry {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}
