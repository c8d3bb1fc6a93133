//! JSON values, in which nothing of a provider's block or a schema is lost: keys keep their order
//! and numbers their digits. The only module that knows the parser.

use std::fmt;

use serde_json::Value;

use crate::error::{Error, Result};

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
    /// Reads one JSON value, which may stand between white space.
    ///
    /// # Errors
    /// `Invalid` with line and column if the text is no JSON, or nests deeper than 128 levels.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Json> {
        let value: Value = serde_json::from_slice(text.as_ref())
            .map_err(|error| Error::invalid(format!("no JSON: {error}")))?;
        Ok(of_value(value))
    }

    /// Makes an object.
    pub fn object<K: Into<String>>(fields: impl IntoIterator<Item = (K, Json)>) -> Json {
        Json::Object(fields.into_iter().map(|(key, value)| (key.into(), value)).collect())
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

    /// Writes it with line breaks and two spaces a level.
    pub fn to_pretty_string(&self) -> String {
        serde_json::to_string_pretty(&to_value(self)).expect("a value has a text")
    }
}

fn of_value(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Number(number) => Json::Number(number.to_string()),
        Value::String(text) => Json::String(text),
        Value::Array(items) => Json::Array(items.into_iter().map(of_value).collect()),
        Value::Object(fields) => {
            Json::Object(fields.into_iter().map(|(key, value)| (key, of_value(value))).collect())
        }
    }
}

fn to_value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(digits) => digits
            .parse::<serde_json::Number>()
            .map_or_else(|_| Value::String(digits.clone()), Value::Number),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(to_value).collect()),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, value)| (key.clone(), to_value(value)));
            Value::Object(fields.collect())
        }
    }
}

/// One line, without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_value(self).to_string())
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

#[cfg(test)]
mod tests {
    use super::Json;
    use crate::error::ErrorKind;

    #[test]
    fn order_digits_and_letters_come_back_as_they_were() {
        for text in [
            r#"{"z":1,"a":{"y":[],"b":{}}}"#,
            "12345678901234567890123",
            "1.50",
            "1e+400",
            "-0",
            r#""\u0000 \" \\ \n""#,
            "[null,true,false]",
        ] {
            assert_eq!(Json::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Json::parse("\"\u{e9}\u{1f600}\"").unwrap().as_str(), Some("\u{e9}\u{1f600}"));
    }

    #[test]
    fn what_is_no_json_or_too_deep_is_refused_with_its_place() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "[1,]", "nul", "\"\\ud800\"", "1 2", "{\"a\" 1}", &deep] {
            let error = Json::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{text:.20}");
            assert!(error.to_string().contains("line 1"), "{error}");
        }
        assert_eq!(Json::parse([0xff]).unwrap_err().kind(), ErrorKind::Invalid);
    }

    #[test]
    fn a_key_is_found_set_and_replaced_in_its_place() {
        let mut value = Json::parse(r#"{"a":1,"b":2}"#).unwrap();
        value.set("a", Json::from("x"));
        value.set("c", Json::Null);
        assert_eq!(value.to_string(), r#"{"a":"x","b":2,"c":null}"#);
        assert_eq!((value.get("b").and_then(Json::as_u64), value.get("d")), (Some(2), None));
    }
}
