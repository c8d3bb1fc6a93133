//! Stored text on a terminal: what it would obey is made visible.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Returns a path as it is or, where a reader could mistake it, in double quotes with C escapes.
pub(crate) fn path(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes)
        && !text.chars().any(|c| c == '"' || c == '\\' || is_obeyed(c))
    {
        return Cow::Borrowed(text);
    }
    let mut quoted = String::from('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => quoted.push_str("\\\""),
                '\\' => quoted.push_str("\\\\"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                '\t' => quoted.push_str("\\t"),
                c if is_obeyed(c) => octal(&mut quoted, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => quoted.push(c),
            }
        }
        octal(&mut quoted, chunk.invalid());
    }
    quoted.push('"');
    Cow::Owned(quoted)
}

/// Returns a path for the head of a patch, where every byte counts: quoted as git does.
pub(crate) fn name(bytes: &[u8]) -> Vec<u8> {
    path(bytes).into_owned().into_bytes()
}

fn octal(out: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(out, "\\{byte:03o}").expect("a string takes all");
    }
}

/// Returns a text with escapes in place of what a terminal would obey, line ends included.
pub(crate) fn text(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) {
            visible.extend(c.escape_default());
        } else {
            visible.push(c);
        }
    }
    Cow::Owned(visible)
}

/// Returns a line of a stored file for a terminal: tabs stay, all else that it would obey, and
/// what is not UTF-8, is made visible.
pub(crate) fn line(bytes: &[u8]) -> String {
    let mut visible = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c != '\t' && is_obeyed(c) {
                visible.extend(c.escape_default());
            } else {
                visible.push(c);
            }
        }
        for byte in chunk.invalid() {
            write!(visible, "\\x{byte:02x}").expect("a string takes all");
        }
    }
    visible
}

/// Tells whether a terminal acts on a character: controls, and marks that reorder a line.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_stay_and_odd_ones_are_quoted() {
        assert_eq!(path(b"src/lib.rs"), "src/lib.rs");
        assert_eq!(path("a b/\u{e4}".as_bytes()), "a b/\u{e4}");
        assert_eq!(path(b"a\nb\t\"\\"), r#""a\nb\t\"\\""#);
        assert_eq!(path(b"\xffx\x1b[2J"), r#""\377x\033[2J""#);
        assert_eq!(path("\u{202e}gpj.exe".as_bytes()), r#""\342\200\256gpj.exe""#);
    }

    #[test]
    fn stored_text_cannot_steer_a_terminal() {
        assert_eq!(text("fix \u{1b}]0;x\u{7}"), "fix \\u{1b}]0;x\\u{7}");
        assert_eq!(text("a\nb"), "a\\nb");
        assert_eq!(line(b"\ta\rb\xff\x1b[1m"), "\ta\\rb\\xff\\u{1b}[1m");
    }
}
