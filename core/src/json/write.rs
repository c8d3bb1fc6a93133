//! Writes JSON, as compact as it can be or to be read by people.

use std::fmt::{self, Write};

use super::number;
use super::value::Json;

impl Json {
    /// Writes it with line breaks and two spaces per level.
    pub fn to_pretty_string(&self) -> String {
        let mut text = String::new();
        write(self, Some(0), &mut text).expect("a text takes all that is written");
        text
    }
}

/// One line, without spaces.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self, None, f)
    }
}

/// Writes a value. The level is how far its lines are set in; none writes one line.
fn write(json: &Json, level: Option<usize>, out: &mut impl Write) -> fmt::Result {
    match json {
        Json::Null => out.write_str("null"),
        Json::Bool(true) => out.write_str("true"),
        Json::Bool(false) => out.write_str("false"),
        Json::Number(digits) if number::is_number(digits) => out.write_str(digits),
        Json::Number(text) | Json::String(text) => quoted(text, out),
        Json::Array(items) => {
            between(['[', ']'], items, level, out, |item, level, out| write(item, level, out))
        }
        Json::Object(fields) => between(['{', '}'], fields, level, out, |field, level, out| {
            quoted(&field.0, out)?;
            out.write_str(if level.is_some() { ": " } else { ":" })?;
            write(&field.1, level, out)
        }),
    }
}

/// Writes members between brackets, each on a line of its own if there are levels.
fn between<T, W: Write>(
    [open, close]: [char; 2],
    members: &[T],
    level: Option<usize>,
    out: &mut W,
    mut member: impl FnMut(&T, Option<usize>, &mut W) -> fmt::Result,
) -> fmt::Result {
    let inner = level.map(|level| level + 1);
    out.write_char(open)?;
    for (at, each) in members.iter().enumerate() {
        if at > 0 {
            out.write_char(',')?;
        }
        new_line(inner, out)?;
        member(each, inner, out)?;
    }
    if !members.is_empty() {
        new_line(level, out)?;
    }
    out.write_char(close)
}

fn new_line(level: Option<usize>, out: &mut impl Write) -> fmt::Result {
    let Some(level) = level else { return Ok(()) };
    out.write_char('\n')?;
    (0..level).try_for_each(|_| out.write_str("  "))
}

/// Writes a text in quotes, and escapes what JSON demands and nothing else.
fn quoted(text: &str, out: &mut impl Write) -> fmt::Result {
    out.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        out.write_str(&rest[..at])?;
        match rest.as_bytes()[at] {
            b'\n' => out.write_str("\\n")?,
            b'\t' => out.write_str("\\t")?,
            b'\r' => out.write_str("\\r")?,
            0x08 => out.write_str("\\b")?,
            0x0c => out.write_str("\\f")?,
            byte @ 0..0x20 => write!(out, "\\u{byte:04x}")?,
            byte => out.write_str(if byte == b'"' { "\\\"" } else { "\\\\" })?,
        }
        rest = &rest[at + 1..];
    }
    out.write_str(rest)?;
    out.write_char('"')
}
