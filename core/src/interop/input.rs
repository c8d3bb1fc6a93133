//! Bounded reading of sources: lines, and whole documents.

use std::io::{BufRead, Read};

use super::report::clip;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::limits::{DOCUMENT_BYTES_MAX, LINE_BYTES_MAX, TRANSCRIPT_BYTES_MAX};

/// Lines of a source, one in memory at a time, numbered from 1.
pub(super) struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
    /// Bytes that may still come.
    left: u64,
    most: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Lines::with_limit(input, TRANSCRIPT_BYTES_MAX)
    }

    fn with_limit(input: R, most: u64) -> Self {
        Lines { input, line: Vec::new(), number: 0, left: most, most }
    }

    /// Returns the next line that is not blank.
    ///
    /// # Errors
    /// `Invalid` if it ends beyond what is read of a transcript; `Io` if it cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>> {
        let too_long = loop {
            self.line.clear();
            self.number += 1;
            let most = LINE_BYTES_MAX as u64 + 1;
            let read = (&mut self.input).take(most).read_until(b'\n', &mut self.line);
            if read.map_err(|error| self.unread(error))? == 0 {
                return Ok(None);
            }
            self.count(self.line.len() as u64)?;
            let ended = self.line.last() == Some(&b'\n');
            if self.line.len() - usize::from(ended) > LINE_BYTES_MAX {
                break true;
            }
            if !self.line.trim_ascii().is_empty() {
                break false;
            }
        };
        if too_long {
            let ended = self.pass_over()?;
            let why =
                format!("longer than {LINE_BYTES_MAX} bytes, the most that is read of a line");
            return Ok(Some(Line { number: self.number, text: Err(why), ended }));
        }
        Ok(Some(Line::of(self.number, &self.line)))
    }

    /// Passes over what is left of a line; tells whether a line feed ended it.
    fn pass_over(&mut self) -> Result<bool> {
        loop {
            let bytes = match self.input.fill_buf() {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.unread(error)),
                Ok(bytes) => bytes,
            };
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let passed = end.map_or(bytes.len(), |end| end + 1);
            self.input.consume(passed);
            self.count(passed as u64)?;
            if end.is_some() || passed == 0 {
                return Ok(end.is_some());
            }
        }
    }

    fn unread(&self, error: std::io::Error) -> Error {
        Error::io(format!("read line {}", self.number), error)
    }

    fn count(&mut self, bytes: u64) -> Result<()> {
        self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            let (number, most) = (self.number, self.most);
            Error::invalid(format!(
                "line {number}: ends beyond the {most} bytes that are read of a transcript; split \
                 the file"
            ))
        })?;
        Ok(())
    }
}

/// A line that is not blank.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    pub(super) number: u64,
    /// What it says, or why it cannot be read.
    pub(super) text: std::result::Result<&'a str, String>,
    /// Whether a line feed ended it.
    pub(super) ended: bool,
}

impl<'a> Line<'a> {
    fn of(number: u64, bytes: &'a [u8]) -> Self {
        let text = std::str::from_utf8(bytes);
        let text = text.map(|text| text.trim_start_matches('\u{feff}'));
        let text = text.map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()));
        Line { number, text, ended: bytes.last() == Some(&b'\n') }
    }

    /// Reads it as JSON, or says why it is refused: a line that cannot be read costs that line.
    pub(super) fn json(&self) -> std::result::Result<Json, String> {
        let text = self.text.as_ref().map_err(Clone::clone)?;
        Json::parse(text).map_err(|error| match self.ended {
            true => clip(&error.to_string()),
            false => "cut short; import again when the line is whole".to_owned(),
        })
    }
}

/// A source that is one JSON document, or one a line.
pub(super) enum Source {
    Document(Json),
    /// By the number of its line, each that is not blank; or why it cannot be read.
    Lines(Vec<(u64, std::result::Result<Json, String>)>),
}

/// Reads a source that is one JSON document, or one a line.
///
/// # Errors
/// `Invalid` if it is longer than a document may be, or neither; `Io` if it cannot be read.
pub(super) fn source(input: impl Read) -> Result<Source> {
    let bytes = bytes(input)?;
    let whole = match text(&bytes).and_then(Json::parse) {
        Ok(document) => return Ok(Source::Document(document)),
        Err(error) => error,
    };
    let lines = (1..).zip(bytes.split_inclusive(|&byte| byte == b'\n'));
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let lines = lines.map(|(number, line)| (number, Line::of(number, line).json()));
    let lines: Vec<_> = lines.collect();
    // A document over several lines has few that are one by themselves.
    let is_value = |line: &&(u64, std::result::Result<Json, String>)| {
        matches!(&line.1, Ok(Json::Object(_) | Json::Array(_)))
    };
    let values = lines.iter().filter(is_value).count();
    let begins = lines.first().is_some_and(|first| is_value(&first));
    match lines.len() > 1 && (begins || values > lines.len() / 2) {
        true => Ok(Source::Lines(lines)),
        false => Err(whole),
    }
}

/// Reads a source that is one JSON document.
///
/// # Errors
/// `Invalid` if it is longer than a document may be or no UTF-8; `Io` if it cannot be read.
pub(super) fn document(input: impl Read) -> Result<String> {
    let bytes = bytes(input)?;
    text(&bytes).map(str::to_owned)
}

fn bytes(input: impl Read) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = input.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::io("read the document", error))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(Error::invalid(format!(
            "document: longer than {DOCUMENT_BYTES_MAX} bytes, the most that is read; split it"
        )));
    }
    Ok(bytes)
}

fn text(bytes: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        Error::invalid(format!("line {line}: not UTF-8 at byte {at} of the file; convert it"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::io::{BufReader, repeat};

    #[test]
    fn lines_come_with_their_numbers_and_whether_they_ended() {
        let mut lines = Lines::new("\u{feff}a\r\n\n  \nb".as_bytes());
        let line = |number, text, ended| Some(Line { number, text: Ok(text), ended });
        assert_eq!(lines.next().unwrap(), line(1, "a\r\n", true));
        assert_eq!(lines.next().unwrap(), line(4, "b", false));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_at_the_limit_is_read_and_beyond_it_costs_itself_alone() {
        for (len, holds) in
            [(LINE_BYTES_MAX - 1, true), (LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)]
        {
            for end in ["", "\n"] {
                let body = repeat(b'x').take(len as u64);
                let input = "a\n".as_bytes().chain(body).chain(end.as_bytes());
                let mut lines = Lines::new(BufReader::new(input.chain("\nb".as_bytes())));
                lines.next().unwrap();
                let line = lines.next().unwrap().unwrap();
                assert_eq!(line.number, 2);
                match line.text {
                    Ok(text) => assert!(holds && text.trim_end().len() == len),
                    Err(why) => assert!(!holds && why.starts_with("longer than"), "{why}"),
                }
                assert_eq!(lines.next().unwrap().unwrap().text, Ok("b"));
            }
        }
    }

    #[test]
    fn a_transcript_at_the_limit_is_read_and_beyond_it_refused_with_its_line() {
        for (most, holds) in [(5, false), (6, true), (7, true)] {
            let mut lines = Lines::with_limit("ab\ncd\n".as_bytes(), most);
            assert!(lines.next().is_ok());
            match lines.next() {
                Ok(line) => {
                    assert!(holds);
                    assert_eq!(line, Some(Line { number: 2, text: Ok("cd\n"), ended: true }));
                }
                Err(error) => assert!(!holds && error.to_string().starts_with("line 2: ends")),
            }
        }
        assert_eq!(Lines::new("".as_bytes()).left, TRANSCRIPT_BYTES_MAX);
    }

    #[test]
    fn a_document_at_the_limit_is_read_and_an_endless_one_refused() {
        let body = |len: usize| repeat(b'x').take(len as u64);
        assert!(document(body(DOCUMENT_BYTES_MAX - 1)).is_ok());
        assert!(document(body(DOCUMENT_BYTES_MAX)).is_ok());
        assert!(document(body(DOCUMENT_BYTES_MAX + 1)).is_err());
        assert_eq!(document(repeat(b'x')).unwrap_err().kind(), ErrorKind::Invalid);
        let most = LINE_BYTES_MAX as u64 * 2;
        assert!(Lines::with_limit(BufReader::new(repeat(b'x')), most).next().is_err());
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place() {
        let bytes = b"ab\ncd\xff\n";
        let error = document(&bytes[..]).unwrap_err();
        assert!(error.to_string().starts_with("line 2: not UTF-8 at byte 5"), "{error}");
        let mut lines = Lines::new(&bytes[..]);
        lines.next().unwrap();
        let line = lines.next().unwrap().unwrap();
        assert_eq!(line.text, Err("not UTF-8 at byte 2".to_owned()));
        assert_eq!(line.number, 2);
    }
}
