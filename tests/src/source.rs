//! Reads Rust sources as far as the law tests need it: what is code, what is not.

use std::path::{Path, PathBuf};

/// Blanks comments, string literals and character literals, keeping every line where it is.
pub fn code_of(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = skip_non_code(bytes, at);
        if end > at {
            blank(&mut out[at..end]);
            at = end;
        } else {
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Blanks every item under `#[cfg(test)]`; takes what [`code_of`] gave.
pub fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        let end = item_end(code.as_bytes(), start + MARK.len());
        blank(&mut out[start..end]);
        from = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns where an item that begins at `at` ends: after its `;`, or after its closing brace.
pub fn item_end(code: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < code.len() {
        match code[at] {
            b'{' | b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            b';' if depth == 0 => return at + 1,
            _ => {}
        }
        at += 1;
    }
    code.len()
}

/// Returns the places at which `name` stands as a word of its own.
pub fn words<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    let bytes = code.as_bytes();
    code.match_indices(name).map(|(at, _)| at).filter(move |&at| {
        let before = at.checked_sub(1).map(|before| bytes[before]);
        let after = bytes.get(at + name.len()).copied();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Returns the identifier at `at`, which may be empty.
pub fn word_at(code: &str, at: usize) -> &str {
    let rest = &code[at..];
    let end = rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len());
    &rest[..end]
}

/// Returns the number of the line, from 1, of a byte.
pub fn line_of(code: &str, at: usize) -> usize {
    1 + code.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count()
}

/// Lists the files below a directory in order, without build products; none if it is absent.
pub fn files_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![dir.to_path_buf()];
    while let Some(dir) = pending.pop() {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries {
            let entry = entry.expect("a directory of the project can be listed");
            let kind = entry.file_type().expect("an entry of the project has a type");
            let skipped = entry.file_name() == "target" || entry.file_name() == ".git";
            if kind.is_dir() && !skipped {
                pending.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn blank(bytes: &mut [u8]) {
    for byte in bytes {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
}

/// Returns the end of the comment or literal that begins at `at`, or `at` where none does.
fn skip_non_code(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    let in_word = at > 0 && is_word(bytes[at - 1]);
    if rest.starts_with(b"//") {
        at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
    } else if rest.starts_with(b"/*") {
        block_comment_end(bytes, at)
    } else if rest[0] == b'"' {
        string_end(bytes, at + 1)
    } else if rest[0] == b'r' && !in_word {
        raw_string_end(bytes, at + 1).unwrap_or(at)
    } else if rest.starts_with(b"br") && !in_word {
        raw_string_end(bytes, at + 2).unwrap_or(at)
    } else if rest[0] == b'\'' {
        char_end(bytes, at).unwrap_or(at)
    } else {
        at
    }
}

fn block_comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string_end(bytes: &[u8], at: usize) -> Option<usize> {
    let hashes = bytes[at..].iter().take_while(|&&byte| byte == b'#').count();
    if bytes.get(at + hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let body = at + hashes + 1;
    let found = bytes[body..].windows(close.len()).position(|window| window == close);
    Some(found.map_or(bytes.len(), |found| body + found + close.len()))
}

/// A character literal, as far as it is told apart from a lifetime.
fn char_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) == Some(&b'\\') {
        let close = bytes[at + 3..].iter().position(|&byte| byte == b'\'')?;
        return Some(at + 3 + close + 1);
    }
    (2..=5).find(|&len| bytes.get(at + len) == Some(&b'\'')).and_then(|len| {
        let inside = std::str::from_utf8(&bytes[at + 1..at + len]).ok()?;
        (inside.chars().count() == 1).then_some(at + len + 1)
    })
}
