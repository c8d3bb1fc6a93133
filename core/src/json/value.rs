//! The value itself.

use std::collections::{HashMap, HashSet};

/// A JSON value. Objects keep the order of their keys, numbers the text they were written as.
///
/// A key that stands twice keeps its first place and its last value, as in most parsers.
///
/// ```
/// use partita::Json;
/// let value = Json::parse(r#"{"b": 1.50, "a": [true, null]}"#)?;
/// assert_eq!(value.get("a").and_then(|a| a.at(0)), Some(&Json::Bool(true)));
/// assert_eq!(value.to_string(), r#"{"b":1.50,"a":[true,null]}"#);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Json {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, in the digits it was written in.
    Number(String),
    /// A text.
    String(String),
    /// Values in their order.
    Array(Vec<Json>),
    /// Keys and values in their order, no key twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Makes an object. A key that comes twice keeps its first place and its last value.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Json)>) -> Json {
        let fields = fields.into_iter().map(|(key, value)| (key.into(), value));
        Json::Object(last_of_each(fields.collect()))
    }

    /// Returns the value of a key; none if there is no such key, or this is no object.
    pub fn get(&self, key: &str) -> Option<&Json> {
        self.as_object()?.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Returns the value of a key, to be changed.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Json> {
        let Json::Object(fields) = self else { return None };
        fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Sets a key of an object, which goes to the end if it is new; leaves other values alone.
    pub fn set(&mut self, key: &str, value: Json) {
        let Json::Object(fields) = self else { return };
        match fields.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => *old = value,
            None => fields.push((key.to_owned(), value)),
        }
    }

    /// Returns the item at an index; none if there is none, or this is no array.
    pub fn at(&self, index: usize) -> Option<&Json> {
        self.as_array()?.get(index)
    }

    /// Returns the text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number, if it is one that fits.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Returns the truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the items, if it is an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Json::Array(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the fields, if it is an object.
    pub fn as_object(&self) -> Option<&[(String, Json)]> {
        match self {
            Json::Object(fields) => Some(fields),
            _ => None,
        }
    }

    /// Tells whether it is `null`.
    pub fn is_null(&self) -> bool {
        *self == Json::Null
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::String(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::String(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Json::Number(value.to_string())
    }
}

impl From<Vec<Json>> for Json {
    fn from(items: Vec<Json>) -> Self {
        Json::Array(items)
    }
}

/// Fields among which a key is looked for one by one; a set is dearer for fewer.
const FEW: usize = 16;

/// Leaves each key at its first place with its last value.
pub(super) fn last_of_each(fields: Vec<(String, Json)>) -> Vec<(String, Json)> {
    if is_distinct(&fields) {
        return fields;
    }
    let mut kept: Vec<(String, Json)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (key, value) in fields {
        match places.get(&key) {
            Some(&place) => kept[place].1 = value,
            None => {
                places.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    kept
}

fn is_distinct(fields: &[(String, Json)]) -> bool {
    if fields.len() > FEW {
        let mut seen = HashSet::with_capacity(fields.len());
        return fields.iter().all(|(key, _)| seen.insert(key));
    }
    let is_new = |(at, (key, _)): (usize, &(String, Json))| {
        fields[..at].iter().all(|(earlier, _)| earlier != key)
    };
    fields.iter().enumerate().all(is_new)
}
