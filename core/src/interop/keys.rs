//! The keys of a JSON text that may be cut short: enough to tell formats apart.

use std::collections::HashSet;

/// Levels of objects that are looked at; below stand the tools' own arguments.
const OBJECTS_MAX: usize = 5;
/// Levels of any kind.
const DEPTH_MAX: usize = 64;

/// The keys of a text, and the short texts that some of them have as values.
#[derive(Debug, Default)]
pub(super) struct Keys<'a> {
    keys: HashSet<(usize, &'a [u8])>,
    said: HashSet<(&'a [u8], &'a [u8])>,
}

impl<'a> Keys<'a> {
    /// Reads as far as the text is JSON. After the first value others may follow.
    pub(super) fn scan(text: &'a [u8]) -> Self {
        let mut keys = Keys::default();
        // Whether each level is an object.
        let mut levels: Vec<bool> = Vec::new();
        let (mut at, mut key): (usize, &[u8]) = (0, b"");
        if text.starts_with(b"\xef\xbb\xbf") {
            at = 3;
        }
        while let Some(&byte) = text.get(at) {
            at += 1;
            match byte {
                b'{' | b'[' if levels.len() < DEPTH_MAX => levels.push(byte == b'{'),
                b'}' | b']' => {
                    levels.pop();
                }
                b'"' => {
                    let Some(len) = string(&text[at..]) else { break };
                    let word = &text[at..at + len];
                    at += len + 1;
                    let objects = levels.iter().filter(|is_object| **is_object).count();
                    if objects > OBJECTS_MAX || levels.last() != Some(&true) {
                        continue;
                    }
                    let rest = text[at..].trim_ascii_start();
                    if rest.first() == Some(&b':') {
                        keys.keys.insert((objects, word));
                        key = word;
                    } else {
                        keys.said.insert((key, word));
                    }
                }
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'+' | b'.' | b'E' | b',' | b':'
                    if !levels.is_empty() => {}
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => break,
            }
        }
        keys
    }

    /// Tells whether a key stands in an object at that level, from 1.
    pub(super) fn has_at(&self, level: usize, key: &str) -> bool {
        self.keys.contains(&(level, key.as_bytes()))
    }

    /// Returns the keys of the outermost objects that are UTF-8, in order.
    pub(super) fn top(&self) -> Vec<&'a str> {
        let top = self.keys.iter().filter(|(level, _)| *level == 1);
        let mut top: Vec<&str> = top.filter_map(|(_, key)| std::str::from_utf8(key).ok()).collect();
        top.sort_unstable();
        top
    }

    /// Tells whether a key stands anywhere.
    pub(super) fn has(&self, key: &str) -> bool {
        (1..=OBJECTS_MAX).any(|level| self.has_at(level, key))
    }

    /// Tells whether a key has a text as its value that begins like this.
    pub(super) fn says_beginning(&self, key: &str, beginning: &str) -> bool {
        let begins = |word: &[u8]| word.starts_with(beginning.as_bytes());
        self.said.iter().any(|(found, word)| *found == key.as_bytes() && begins(word))
    }

    /// Tells whether a key has a text as its value.
    pub(super) fn says(&self, key: &str, value: &str) -> bool {
        self.said.contains(&(key.as_bytes(), value.as_bytes()))
    }
}

/// Returns the length of a string whose opening quote is past; none if it is cut short.
fn string(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_found_at_their_level_and_texts_by_their_key() {
        let keys = Keys::scan(br#"[{"a": {"b\"": ["x", 1]}, "role": "user", "c": "cut"#);
        assert!(keys.has_at(1, "a") && !keys.has_at(2, "a") && keys.has_at(2, "b\\\""));
        assert!(keys.says("role", "user") && !keys.says("a", "x") && !keys.says("c", "cut"));
        assert!(keys.has_at(1, "c"));
    }

    #[test]
    fn prose_has_no_keys() {
        assert!(Keys::scan(br#"He said "role": no."#).keys.is_empty());
    }

    #[test]
    fn levels_below_the_limit_are_no_keys_and_depth_costs_nothing() {
        let text = format!("{}{{\"deep\":1", "{\"a\":".repeat(OBJECTS_MAX));
        assert!(!Keys::scan(text.as_bytes()).has("deep"));
        let deep = "[".repeat(1 << 20);
        assert!(Keys::scan(deep.as_bytes()).keys.is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_scan_without_panic(bytes in "[\\[\\]{}\",:\\\\a ]{0,60}") {
            let _ = Keys::scan(bytes.as_bytes());
        }
    }
}
