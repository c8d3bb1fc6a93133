//! Reading back: a value out of JSON.

use crate::error::{Error, Result};
use crate::json::Json;

/// Lets a type be read from JSON, by an expression that may fail.
macro_rules! from_json {
    ($type:ty, $json:ident => $value:expr) => {
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                fn read($json: &$crate::json::Json) -> $crate::error::Result<$type> {
                    $value
                }
                let json = <$crate::json::Json as serde::Deserialize>::deserialize(from)?;
                read(&json).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(super) use from_json;

/// The value of a key that has to be there.
pub(super) fn field<'a>(json: &'a Json, key: &str) -> Result<&'a Json> {
    json.get(key).ok_or_else(|| Error::invalid(format!("no key {key:?}")))
}

/// The value of a key; none if there is none, or it is `null`.
pub(super) fn given<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    json.get(key).filter(|value| !value.is_null())
}

pub(super) fn text_of<'a>(json: &'a Json, what: &str) -> Result<&'a str> {
    json.as_str().ok_or_else(|| Error::invalid(format!("{what} is a text")))
}

pub(super) fn number_of(json: &Json, what: &str) -> Result<u64> {
    json.as_u64().ok_or_else(|| Error::invalid(format!("{what} is a whole number")))
}

/// The text of a key; empty if there is none.
pub(super) fn text_or_empty(json: &Json, key: &str) -> Result<String> {
    given(json, key).map_or(Ok(String::new()), |value| Ok(text_of(value, key)?.to_owned()))
}

/// The items of a key; none if there is no such key.
pub(super) fn items_of<'a>(json: &'a Json, key: &str) -> Result<&'a [Json]> {
    let Some(value) = given(json, key) else { return Ok(&[]) };
    value.as_array().ok_or_else(|| Error::invalid(format!("{key:?} is an array")))
}

/// Bytes that are written as an array of numbers.
pub(super) fn bytes_of(json: &Json) -> Result<Vec<u8>> {
    let byte = |item: &Json| item.as_u64().and_then(|number| u8::try_from(number).ok());
    let bytes = json.as_array().map(|items| items.iter().map(byte).collect::<Option<Vec<u8>>>());
    bytes.flatten().ok_or_else(|| Error::invalid("bytes are an array of numbers from 0 to 255"))
}
