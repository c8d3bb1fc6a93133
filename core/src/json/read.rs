//! Reads JSON as RFC 8259 has it, and nothing beside it.

use super::number;
use super::value::{Json, last_of_each};
use crate::error::{Error, Result};
use crate::limits::JSON_DEPTH_MAX;

impl Json {
    /// Reads one JSON value, which may stand between white space.
    ///
    /// # Errors
    /// `Invalid` with line and column if the text is no JSON, or nests deeper than 127 levels. A
    /// column is a count of characters.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Json> {
        let bytes = text.as_ref();
        read(bytes).map_err(|fault| {
            let before = String::from_utf8_lossy(&bytes[..fault.at]);
            let (above, line) = before.rsplit_once('\n').unwrap_or(("", &before));
            let lines = above.matches('\n').count() + usize::from(before.contains('\n'));
            let column = line.chars().count() + 1;
            Error::invalid(format!("no JSON: {} at line {} column {column}", fault.what, lines + 1))
        })
    }
}

/// What is wrong, and at which byte.
struct Fault {
    what: &'static str,
    at: usize,
}

type Read<T> = std::result::Result<T, Fault>;

const NO_VALUE: &str = "a value is expected";
const NO_ESCAPE: &str = "an escape that JSON does not have";
const LONE_SURROGATE: &str = "half of a surrogate pair";

fn read(bytes: &[u8]) -> Read<Json> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| Fault { what: "bytes that are not UTF-8", at: error.valid_up_to() })?;
    let mut reader = Reader { text, at: 0 };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(reader.fault("more than one value")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn fault(&self, what: &'static str) -> Fault {
        let what = if self.at < self.text.len() { what } else { "the text ends too early" };
        Fault { what, at: self.at }
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Reads the value that begins here, within as many others as the depth says.
    fn value(&mut self, depth: usize) -> Read<Json> {
        match self.peek() {
            Some(b'"') => Ok(Json::String(self.string()?)),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            _ => Err(self.fault(NO_VALUE)),
        }
    }

    fn word(&mut self, word: &str, value: Json) -> Read<Json> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fault(NO_VALUE));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Read<Json> {
        let begin = self.at;
        let end = number::end(self.text.as_bytes(), begin);
        self.at = end.unwrap_or_else(|stop| stop);
        end.map_err(|_| self.fault("a digit is expected"))?;
        Ok(Json::Number(self.text[begin..self.at].to_owned()))
    }

    fn array(&mut self, depth: usize) -> Read<Json> {
        let mut items = Vec::new();
        self.members(b']', depth, "`,` or `]` is expected", |reader| {
            items.push(reader.value(depth + 1)?);
            Ok(())
        })?;
        Ok(Json::Array(items))
    }

    fn object(&mut self, depth: usize) -> Read<Json> {
        let mut fields = Vec::new();
        self.members(b'}', depth, "`,` or `}` is expected", |reader| {
            let key = match reader.peek() {
                Some(b'"') => reader.string()?,
                _ => return Err(reader.fault("a key in quotes is expected")),
            };
            reader.space();
            if reader.peek() != Some(b':') {
                return Err(reader.fault("`:` is expected"));
            }
            reader.at += 1;
            reader.space();
            fields.push((key, reader.value(depth + 1)?));
            Ok(())
        })?;
        Ok(Json::Object(last_of_each(fields)))
    }

    /// Reads what stands between brackets, with commas in between.
    fn members(
        &mut self,
        end: u8,
        depth: usize,
        expected: &'static str,
        mut member: impl FnMut(&mut Self) -> Read<()>,
    ) -> Read<()> {
        if depth == JSON_DEPTH_MAX {
            return Err(self.fault("it nests too deep"));
        }
        self.at += 1;
        self.space();
        if self.peek() == Some(end) {
            self.at += 1;
            return Ok(());
        }
        loop {
            member(self)?;
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == end => break,
                _ => return Err(self.fault(expected)),
            }
            self.space();
        }
        self.at += 1;
        Ok(())
    }

    /// Reads a text, from quote to quote.
    fn string(&mut self) -> Read<String> {
        self.at += 1;
        let run = self.run();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(run.to_owned());
        }
        let mut text = run.to_owned();
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => text.push(self.escape()?),
                _ => return Err(self.fault("a control character that is not escaped")),
            }
            text.push_str(self.run());
        }
        self.at += 1;
        Ok(text)
    }

    /// Takes the characters that stand for themselves.
    fn run(&mut self) -> &'a str {
        let text = self.text;
        let begin = self.at;
        self.at += plain(&text.as_bytes()[begin..]);
        &text[begin..self.at]
    }

    /// Reads an escape, which may be two of them for one character.
    fn escape(&mut self) -> Read<char> {
        let begin = self.at;
        self.at += 1;
        let escaped = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(begin),
            _ => return Err(self.fault(NO_ESCAPE)),
        };
        self.at += 1;
        Ok(escaped)
    }

    fn unicode(&mut self, begin: usize) -> Read<char> {
        let mut units = [self.unit()?, 0];
        let is_high = (0xd800..0xdc00).contains(&units[0]);
        if is_high && self.text[self.at..].starts_with("\\u") {
            self.at += 1;
            units[1] = self.unit()?;
        }
        let units = &units[..1 + usize::from(is_high)];
        match char::decode_utf16(units.iter().copied()).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(Fault { what: LONE_SURROGATE, at: begin }),
        }
    }

    /// Reads `u` and four hexadecimal digits.
    fn unit(&mut self) -> Read<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            self.at += 1;
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else { return Err(self.fault(NO_ESCAPE)) };
            unit = unit << 4 | digit as u16;
        }
        self.at += 1;
        Ok(unit)
    }
}

/// Counts the bytes before the next quote, backslash or control character.
fn plain(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.iter().position(ends).unwrap_or(bytes.len())
}
