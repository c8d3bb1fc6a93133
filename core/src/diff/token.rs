//! Tokens: a text cut into lines or words.

use std::ops::Range;

/// Where the tokens of a text end; each begins where the one before ends.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// Offsets fit: a text that is compared has less than 2^32 bytes.
    ends: Vec<u32>,
}

impl Tokens {
    /// Cuts after every line feed. A carriage return before it belongs to the line.
    pub(super) fn lines(text: &[u8]) -> Self {
        Self::cut(text, |at| text[at - 1] == b'\n')
    }

    /// Cuts between words, runs of spaces, line feeds and single other bytes.
    pub(super) fn words(text: &[u8]) -> Self {
        Self::cut(text, |at| {
            let (before, after) = (Class::of(text[at - 1]), Class::of(text[at]));
            before != after || before == Class::Other
        })
    }

    fn cut(text: &[u8], is_end: impl Fn(usize) -> bool) -> Self {
        let mut ends: Vec<u32> =
            (1..text.len()).filter(|&at| is_end(at)).map(|at| at as u32).collect();
        if !text.is_empty() {
            ends.push(text.len() as u32);
        }
        Tokens { ends }
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the bytes that a range of tokens covers.
    pub(super) fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        self.start(tokens.start)..self.start(tokens.end)
    }

    fn start(&self, token: usize) -> usize {
        if token == 0 { 0 } else { self.ends[token - 1] as usize }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    Other,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b'_' | 128.. => Class::Word,
            byte if byte.is_ascii_alphanumeric() => Class::Word,
            b' ' | b'\t' | b'\r' => Class::Space,
            _ => Class::Other,
        }
    }
}
