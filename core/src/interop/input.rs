//! Bounded reading of sources: lines, and whole documents.

use std::io::{BufRead, Read};

use crate::error::{Error, Result};
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

    /// Returns the next line that is not blank, its number, and whether a line feed ended it.
    ///
    /// # Errors
    /// `Invalid` if it is longer than a line may be, ends beyond what is read of a transcript, or is
    /// no UTF-8; `Io` if it cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<(u64, &str, bool)>> {
        loop {
            self.line.clear();
            self.number += 1;
            let number = self.number;
            let most = LINE_BYTES_MAX as u64 + 1;
            let read = (&mut self.input).take(most).read_until(b'\n', &mut self.line);
            if read.map_err(|error| Error::io(format!("read line {number}"), error))? == 0 {
                return Ok(None);
            }
            let ended = self.line.last() == Some(&b'\n');
            if self.line.len() - usize::from(ended) > LINE_BYTES_MAX {
                return Err(Error::invalid(format!(
                    "line {number}: longer than {LINE_BYTES_MAX} bytes, the most that is read; \
                     take it out or shorten it"
                )));
            }
            self.left = self.left.checked_sub(self.line.len() as u64).ok_or_else(|| {
                let most = self.most;
                Error::invalid(format!(
                    "line {number}: ends beyond the {most} bytes that are read of a transcript; \
                     split the file"
                ))
            })?;
            if !self.line.trim_ascii().is_empty() {
                break;
            }
        }
        let ended = self.line.last() == Some(&b'\n');
        let text = std::str::from_utf8(&self.line).map_err(|error| {
            let (number, at) = (self.number, error.valid_up_to());
            Error::invalid(format!("line {number}: not UTF-8 at byte {at}; convert the file"))
        })?;
        Ok(Some((self.number, text.trim_start_matches('\u{feff}'), ended)))
    }
}

/// Reads a source that is one JSON document, or a document a line.
///
/// # Errors
/// `Invalid` if it is longer than a document may be or no UTF-8; `Io` if it cannot be read.
pub(super) fn document(input: impl Read) -> Result<String> {
    let mut bytes = Vec::new();
    let read = input.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| Error::io("read the document", error))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(Error::invalid(format!(
            "document: longer than {DOCUMENT_BYTES_MAX} bytes, the most that is read; split it"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        Error::invalid(format!("line {line}: not UTF-8 at byte {at} of the file; convert it"))
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use std::io::{BufReader, repeat};

    #[test]
    fn lines_come_with_their_numbers_and_whether_they_ended() {
        let mut lines = Lines::new("\u{feff}a\r\n\n  \nb".as_bytes());
        assert_eq!(lines.next().unwrap(), Some((1, "a\r\n", true)));
        assert_eq!(lines.next().unwrap(), Some((4, "b", false)));
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_line_at_the_limit_is_read_and_beyond_it_refused_with_its_number() {
        for (len, holds) in
            [(LINE_BYTES_MAX - 1, true), (LINE_BYTES_MAX, true), (LINE_BYTES_MAX + 1, false)]
        {
            for end in ["", "\n"] {
                let body = repeat(b'x').take(len as u64);
                let input = "a\n".as_bytes().chain(body).chain(end.as_bytes());
                let mut lines = Lines::new(BufReader::new(input));
                lines.next().unwrap();
                match lines.next() {
                    Ok(line) => assert!(holds && line.unwrap().1.trim_end().len() == len),
                    Err(error) => {
                        assert!(!holds && error.to_string().starts_with("line 2:"), "{error}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_transcript_at_the_limit_is_read_and_beyond_it_refused_with_its_line() {
        for (most, holds) in [(5, false), (6, true), (7, true)] {
            let mut lines = Lines::with_limit("ab\ncd\n".as_bytes(), most);
            assert!(lines.next().is_ok());
            match lines.next() {
                Ok(line) => assert!(holds && line == Some((2, "cd\n", true))),
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
        assert!(Lines::new(BufReader::new(repeat(b'x'))).next().is_err());
    }

    #[test]
    fn what_is_not_utf8_is_refused_with_its_place() {
        let bytes = b"ab\ncd\xff\n";
        let error = document(&bytes[..]).unwrap_err();
        assert!(error.to_string().starts_with("line 2: not UTF-8 at byte 5"), "{error}");
        let mut lines = Lines::new(&bytes[..]);
        lines.next().unwrap();
        let error = lines.next().unwrap_err();
        assert!(error.to_string().starts_with("line 2: not UTF-8 at byte 2"), "{error}");
    }
}
