//! Trimmed results: what a tool returned, shown shortened.

use std::borrow::Cow;

use super::block::result_end;
use crate::limits::{TRIMMED_HEAD_BYTES, TRIMMED_TAIL_BYTES};
use crate::object::{Body, Memory, Part};

/// Returns a memory with what its tools returned shortened: of each text the first
/// [`TRIMMED_HEAD_BYTES`] and the last [`TRIMMED_TAIL_BYTES`] bytes, and how many are left out;
/// media give way to a line that says so. Everything else stays as it is, and so does a text that
/// would hardly get shorter: what is trimmed already does not change.
///
/// ```
/// use partita::Memory;
/// use partita::context::trimmed;
/// let memory = Memory::tool("c1", "line\n".repeat(1_000));
/// let short = trimmed(&memory);
/// assert!(short.text().len() < 700 && short.text().contains("bytes left out"));
/// assert_eq!(trimmed(&Memory::user("line\n".repeat(1_000))).text().len(), 5_000);
/// ```
pub fn trimmed(memory: &Memory) -> Memory {
    into_trimmed(memory.clone())
}

/// As [`trimmed`], without copying what stays.
pub(crate) fn into_trimmed(mut memory: Memory) -> Memory {
    let mut at = 0;
    while at < memory.parts.len() {
        if !matches!(memory.parts[at], Part::Result { .. }) {
            at += 1;
            continue;
        }
        let end = result_end(&memory.parts, at);
        for part in &mut memory.parts[at + 1..end] {
            match part {
                Part::Text(Body::Inline(bytes)) => {
                    if let Some(short) = shortened(bytes) {
                        *bytes = short;
                    }
                }
                Part::Media { media_type, .. } => {
                    *part = Part::text(format!("[{media_type} left out]"));
                }
                _ => {}
            }
        }
        at = end;
    }
    memory
}

/// Bytes that are worth a cut: more than the line that stands in for them, so that what is shortened
/// is never shortened again.
const LEAST_BYTES: usize = 64;

fn shortened(bytes: &[u8]) -> Option<Vec<u8>> {
    let text: Cow<'_, str> = String::from_utf8_lossy(bytes);
    if text.len() <= TRIMMED_HEAD_BYTES + TRIMMED_TAIL_BYTES + LEAST_BYTES {
        return None;
    }
    let head = (0..=TRIMMED_HEAD_BYTES).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    let from = text.len() - TRIMMED_TAIL_BYTES;
    let tail = (from..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
    let line = format!("\n[{} bytes left out]\n", tail - head);
    let short = [&text[..head], &line, &text[tail..]].concat();
    (short.len() < bytes.len()).then(|| short.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_at_the_limit_stays_and_one_beyond_is_cut_between_letters() {
        let most = TRIMMED_HEAD_BYTES + TRIMMED_TAIL_BYTES;
        assert_eq!(shortened(&vec![b'a'; most]), None);
        assert_eq!(shortened(&vec![b'a'; most + LEAST_BYTES]), None, "it is not worth it");
        assert!(shortened(&vec![b'a'; most + LEAST_BYTES + 1]).is_some());
        let long = "\u{e9}".repeat(most);
        let short = String::from_utf8(shortened(long.as_bytes()).unwrap()).unwrap();
        assert!(short.starts_with('\u{e9}') && short.ends_with('\u{e9}'), "{short}");
        assert!(short.len() <= most + 40);
        assert!(shortened(&[0xff; 5_000]).is_some());
    }

    #[test]
    fn what_is_shortened_is_not_shortened_again() {
        for letter in ["a", "\u{e9}", "\u{20ac}", "\u{1f600}", "a line\n"] {
            for times in [300, 700, 5_000, 3_000_000] {
                if let Some(short) = shortened(letter.repeat(times).as_bytes()) {
                    assert_eq!(shortened(&short), None, "{letter:?} {times}");
                }
            }
        }
        let mut memory = Memory::tool("c", "x".repeat(5_000));
        memory.parts.push(Part::Media {
            media_type: "image/png".into(),
            content: Body::Inline(vec![0; 9]),
        });
        let Part::Result { parts, .. } = &mut memory.parts[0] else { panic!("a result") };
        *parts = 2;
        let short = trimmed(&memory);
        assert_ne!(short, memory);
        assert_eq!(trimmed(&short), short);
    }

    #[test]
    fn only_results_are_shortened() {
        let long = "x".repeat(5_000);
        let mut memory = Memory::tool("c", &long);
        memory.parts.push(Part::text(&long));
        let Part::Result { parts, .. } = &memory.parts[0] else { panic!("a result") };
        assert_eq!(*parts, 1);
        let short = trimmed(&memory);
        assert_ne!(short.parts[1], memory.parts[1]);
        assert_eq!(short.parts[2], memory.parts[2]);
    }
}
