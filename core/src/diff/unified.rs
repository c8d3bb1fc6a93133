//! Unified patches, as `diff -u`, git and `patch` write and read them.

use std::fmt;
use std::ops::Range;

use super::change::{Stretch, stretches};
use super::{FileDiff, Lines};

const NO_FEED: &[u8] = b"\n\\ No newline at end of file\n";

/// A unified patch: three lines of context, unless told otherwise.
///
/// Equal files make an empty patch, binary ones that differ a single line that says so. Prints as
/// text, with U+FFFD for what is not UTF-8; [`to_bytes`](Self::to_bytes) keeps every byte. Names
/// with control characters, quotes, backslashes or bytes that are not UTF-8 are quoted as git does.
///
/// ```
/// let diff = partita::diff::file(b"", b"new\n");
/// let patch = diff.unified_with("/dev/null", "b/file").to_bytes();
/// assert_eq!(patch, b"--- /dev/null\n+++ b/file\n@@ -0,0 +1 @@\n+new\n");
/// ```
#[derive(Clone, Debug)]
pub struct Unified<'a> {
    diff: &'a FileDiff,
    old_name: Vec<u8>,
    new_name: Vec<u8>,
    context: usize,
}

impl<'a> Unified<'a> {
    pub(super) fn new(diff: &'a FileDiff, old_name: &[u8], new_name: &[u8]) -> Self {
        let (old_name, new_name) = (quoted(old_name), quoted(new_name));
        Unified { diff, old_name, new_name, context: 3 }
    }

    /// Sets the number of equal lines around each change.
    #[must_use]
    pub fn context(mut self, lines: usize) -> Self {
        self.context = lines;
        self
    }

    /// Returns the patch, every byte of the lines as it came.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.diff.is_empty() {
            return out;
        }
        let Some(lines) = &self.diff.lines else {
            let names =
                [b"Binary files ", &self.old_name[..], b" and ", &self.new_name, b" differ\n"];
            return names.concat();
        };
        for (mark, name) in [(b"--- ", &self.old_name), (b"+++ ", &self.new_name)] {
            out.extend_from_slice(mark);
            out.extend_from_slice(name);
            // Without the tab, readers take what follows a space for a time stamp.
            out.extend_from_slice(if name.contains(&b' ') { b"\t\n" } else { b"\n" });
        }
        let mut hunk: Vec<Stretch> = Vec::new();
        for stretch in stretches(lines) {
            if !stretch.shared {
                hunk.push(stretch);
            } else if hunk.iter().all(Stretch::is_no_change) {
                hunk = vec![last(stretch, self.context)];
            } else if stretch.old.len() > self.context.saturating_mul(2)
                || stretch.old.end == lines.old.len() && stretch.new.end == lines.new.len()
            {
                hunk.push(first(&stretch, self.context));
                self.write_hunk(&mut out, lines, &hunk);
                hunk = vec![last(stretch, self.context)];
            } else {
                hunk.push(stretch);
            }
        }
        out
    }

    fn write_hunk(&self, out: &mut Vec<u8>, lines: &Lines, hunk: &[Stretch]) {
        let (Some(head), Some(tail)) = (hunk.first(), hunk.last()) else { return };
        let old = side(head.old.start..tail.old.end);
        let new = side(head.new.start..tail.new.end);
        out.extend_from_slice(format!("@@ -{old} +{new} @@\n").as_bytes());
        for part in hunk {
            if !part.shared {
                for at in part.old.clone() {
                    write_line(out, b'-', &self.diff.old[lines.old.bytes(&(at..at + 1))]);
                }
            }
            let mark = if part.shared { b' ' } else { b'+' };
            for at in part.new.clone() {
                write_line(out, mark, &self.diff.new[lines.new.bytes(&(at..at + 1))]);
            }
        }
    }
}

impl fmt::Display for Unified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

/// Returns the first lines of a shared stretch.
fn first(stretch: &Stretch, count: usize) -> Stretch {
    let count = count.min(stretch.old.len());
    let (old, new) = (stretch.old.start, stretch.new.start);
    Stretch { old: old..old + count, new: new..new + count, shared: true }
}

/// Returns the last lines of a shared stretch.
fn last(stretch: Stretch, count: usize) -> Stretch {
    let count = count.min(stretch.old.len());
    let (old, new) = (stretch.old.end, stretch.new.end);
    Stretch { old: old - count..old, new: new - count..new, shared: true }
}

/// Writes one side of a hunk's header: the first line, from 1, and the number of lines unless it
/// is 1. An empty side names the line before it.
fn side(lines: Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

fn write_line(out: &mut Vec<u8>, mark: u8, line: &[u8]) {
    out.push(mark);
    out.extend_from_slice(line);
    if line.last() != Some(&b'\n') {
        out.extend_from_slice(NO_FEED);
    }
}

fn quoted(name: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| !matches!(byte, 0..32 | 127 | b'"' | b'\\');
    let is_text = std::str::from_utf8(name).is_ok();
    if is_text && name.iter().all(plain) {
        return name.to_vec();
    }
    let mut out = vec![b'"'];
    for byte in name {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\t' => out.extend(b"\\t"),
            byte if plain(byte) && (byte.is_ascii() || is_text) => out.push(*byte),
            byte => out.extend(format!("\\{byte:03o}").bytes()),
        }
    }
    out.push(b'"');
    out
}
