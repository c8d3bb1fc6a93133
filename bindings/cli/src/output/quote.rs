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

/// Returns JSON text with `\uXXXX` in place of what a terminal would obey or nobody would see: the
/// same value, for such characters stand in strings alone.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    let hidden = |c: char| c != '\n' && is_obeyed(c);
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(visible, "\\u{unit:04x}").expect("a string takes all");
            }
        } else {
            visible.push(c);
        }
    }
    Cow::Owned(visible)
}

/// Tells whether a terminal acts on a character, or a reader would not see it, or would see others
/// in another order. Joiners and the variation selectors of the first plane stay: scripts and emoji
/// need them.
fn is_obeyed(c: char) -> bool {
    match c {
        c if c.is_control() => true,
        // Soft hyphen, fillers, marks of direction, separators, invisible operators, byte order.
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' => true,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        // Tags and further variation selectors, which can carry a text that nobody sees.
        '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}' => true,
        c => u32::from(c) & 0xfffe == 0xfffe,
    }
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
        assert_eq!(path("a\u{200b}b".as_bytes()), r#""a\342\200\213b""#);
    }

    #[test]
    fn stored_text_cannot_steer_a_terminal() {
        assert_eq!(text("fix \u{1b}]0;x\u{7}"), "fix \\u{1b}]0;x\\u{7}");
        assert_eq!(text("a\nb"), "a\\nb");
        for hidden in
            ['\u{200b}', '\u{ad}', '\u{feff}', '\u{2066}', '\u{9b}', '\u{7f}', '\u{e0041}']
        {
            let shown = text(&format!("a{hidden}b")).into_owned();
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(hidden)));
        }
        assert_eq!(
            text("\u{1f468}\u{200d}\u{1f469} \u{2764}\u{fe0f}").len(),
            18,
            "emoji stay whole"
        );
        assert_eq!(line(b"\ta\rb\xff\x1b[1m"), "\ta\\rb\\xff\\u{1b}[1m");
    }

    #[test]
    fn json_on_a_terminal_is_the_same_json_and_hides_nothing() {
        let value = serde_json::json!({
            "a\u{9b}": "\u{1b}[1m \u{7f}\u{80} \u{202e}x\u{2069} \u{200b}\u{feff} \u{e0041} \u{e4}\u{1f600}",
            "b": ["\n\t\"\\"],
        });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let visible = json(&text);
            assert_eq!(serde_json::from_str::<serde_json::Value>(&visible).unwrap(), value);
            assert!(!visible.chars().any(|c| c != '\n' && is_obeyed(c)), "{visible}");
        }
        assert!(json("\"\u{e0041}\"").contains("\\udb40\\udc41"));
        assert!(matches!(json("[1]\n"), Cow::Borrowed(_)));
    }
}
