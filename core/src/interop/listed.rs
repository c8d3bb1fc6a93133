//! Lists of messages: a document of one, a request's body, several conversations, or lines of any.

use super::input::Source;
use super::report::Place;
use super::value::items;
use crate::json::Json;

/// One conversation of a source.
pub(super) struct Listed {
    /// Empty for the only one, else its number.
    pub(super) name: String,
    /// What the messages stand in; null where they stand alone.
    pub(super) whole: Json,
    /// Each message with its number, from 1.
    pub(super) messages: Vec<(u64, Json)>,
    /// What is refused before any of it is read.
    pub(super) bad: Vec<(Place, String)>,
}

impl Listed {
    fn new(name: String, whole: Json, messages: Vec<(u64, Json)>) -> Self {
        Listed { name, whole, messages, bad: Vec::new() }
    }
}

/// Takes a source apart, whose messages are told by their shape.
pub(super) fn conversations(source: Source, is_message: fn(&Json) -> bool) -> Vec<Listed> {
    let (values, bad) = match source {
        Source::Document(Json::Array(values)) => ((1..).zip(values).collect(), Vec::new()),
        Source::Document(value) => (vec![(1, value)], Vec::new()),
        Source::Lines(lines) => {
            let (mut values, mut bad) = (Vec::new(), Vec::new());
            for (at, (number, line)) in (1..).zip(lines) {
                match line {
                    Ok(value) => values.push((at, value)),
                    Err(why) => bad.push((Place::Line(number), why)),
                }
            }
            (values, bad)
        }
    };
    let mut found = if values.iter().any(|(_, value)| is_message(value)) {
        vec![Listed::new(String::new(), Json::Null, values)]
    } else {
        let several = values.len() > 1;
        let mut found = Vec::new();
        for (at, value) in values {
            let list = value.as_array().unwrap_or_else(|| items(&value, "messages"));
            if list.iter().any(is_message) {
                let messages = (1..).zip(list.iter().cloned()).collect();
                let name = if several { at.to_string() } else { String::new() };
                found.push(Listed::new(name, value, messages));
            }
        }
        found
    };
    if let Some(first) = found.first_mut() {
        first.bad = bad;
    }
    found
}
