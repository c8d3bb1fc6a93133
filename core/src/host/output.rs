//! Outputs of commands, of which the beginning and the end are kept.

use std::collections::VecDeque;

use crate::limits::OUTPUT_BYTES_MAX;

/// What is kept of an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// Its first bytes: all of them where there are not more.
    pub head: Vec<u8>,
    /// Its last bytes, where those in between were not kept.
    pub tail: Vec<u8>,
    /// How many bytes it had.
    pub total: u64,
}

impl Output {
    /// Makes an output of all of its bytes, of which no more is kept than may be.
    pub fn of(bytes: &[u8]) -> Self {
        let mut collector = Collector::new();
        collector.push(bytes);
        collector.finish()
    }

    /// Tells whether bytes in the middle were not kept.
    pub fn is_cut(&self) -> bool {
        self.total > (self.head.len() + self.tail.len()) as u64
    }

    /// Returns what is kept, with a line that says what is not.
    pub fn text(&self) -> String {
        let head = String::from_utf8_lossy(&self.head);
        if !self.is_cut() {
            return [&*head, &*String::from_utf8_lossy(&self.tail)].concat();
        }
        let gone = self.total - (self.head.len() + self.tail.len()) as u64;
        let tail = String::from_utf8_lossy(&self.tail);
        format!("{head}\n[{gone} bytes were not kept]\n{tail}")
    }
}

/// Keeps the first and the last MiB of what goes by.
///
/// ```
/// use partita::host::Collector;
/// let mut collector = Collector::new();
/// collector.push(b"one ");
/// collector.push(b"two");
/// assert_eq!(collector.finish().head, b"one two");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Collector {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    total: u64,
}

/// Bytes of the beginning, and of the end.
const HALF: usize = OUTPUT_BYTES_MAX / 2;

impl Collector {
    /// Begins with nothing.
    pub fn new() -> Self {
        Collector::default()
    }

    /// Takes up what comes next.
    pub fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let (head, rest) = bytes.split_at(bytes.len().min(HALF - self.head.len()));
        self.head.extend_from_slice(head);
        let rest = &rest[rest.len() - rest.len().min(HALF)..];
        let beyond = (self.tail.len() + rest.len()).saturating_sub(HALF);
        self.tail.drain(..beyond);
        self.tail.extend(rest);
    }

    /// Returns what was kept.
    pub fn finish(self) -> Output {
        Output { head: self.head, tail: self.tail.into(), total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_and_the_end_are_kept_however_they_come() {
        let all: Vec<u8> = (0..3 * HALF + 77).map(|at| (at % 251) as u8).collect();
        for len in [0, 1, HALF - 1, HALF, HALF + 1, 2 * HALF, 2 * HALF + 1, all.len()] {
            let bytes = &all[..len];
            for step in [1 + len / 7, HALF, len.max(1)] {
                let mut collector = Collector::new();
                bytes.chunks(step).for_each(|chunk| collector.push(chunk));
                let output = collector.finish();
                assert_eq!(output.total, len as u64);
                assert_eq!(output.head, &bytes[..len.min(HALF)]);
                let tail = &bytes[len.min(HALF)..];
                assert_eq!(output.tail, &tail[tail.len() - tail.len().min(HALF)..]);
                assert_eq!(output.is_cut(), len > 2 * HALF);
            }
        }
        let text = Output::of(&all).text();
        assert!(text.contains(&format!("[{} bytes were not kept]", all.len() - 2 * HALF)));
    }
}
