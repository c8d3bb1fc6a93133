//! Text from outside, made visible: what a reader could not see, or what would reorder or steer
//! what he sees, shows as an escape.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use super::number::counted;

/// A piece of a text: as it came, or an escape for what cannot be shown as it came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Plain(&'a str),
    Escape(&'a str),
}

/// Which white space stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Blanks alone: line feeds and tabs are made visible.
    Line,
    /// Tabs too.
    Code,
    /// Line feeds and tabs too.
    Block,
}

/// Goes through bytes, of which nobody knows what they hold, piece by piece.
pub(super) fn pieces(bytes: &[u8], space: Space, mut put: impl FnMut(Piece<'_>)) {
    let mut escape = String::new();
    for chunk in bytes.utf8_chunks() {
        let valid = chunk.valid();
        let mut plain = 0;
        for (at, letter) in valid.char_indices() {
            if !is_hidden(letter, space) {
                continue;
            }
            if plain < at {
                put(Piece::Plain(&valid[plain..at]));
            }
            plain = at + letter.len_utf8();
            escape.clear();
            escape.extend(letter.escape_default());
            put(Piece::Escape(&escape));
        }
        if plain < valid.len() {
            put(Piece::Plain(&valid[plain..]));
        }
        for byte in chunk.invalid() {
            escape.clear();
            write!(escape, "\\x{byte:02x}").expect("a string takes all");
            put(Piece::Escape(&escape));
        }
    }
}

/// Returns a text as one line in which everything is visible.
pub(super) fn line(text: impl AsRef<[u8]>) -> String {
    let mut visible = String::new();
    pieces(text.as_ref(), Space::Line, |piece| match piece {
        Piece::Plain(text) | Piece::Escape(text) => visible.push_str(text),
    });
    visible
}

/// Cuts a text after so many characters, never inside of one; a byte that is not UTF-8 counts as
/// one. Returns what stays and the bytes that were cut off. Looks at no more than it keeps.
pub(super) fn clip(bytes: &[u8], most: usize) -> (&[u8], usize) {
    let head = &bytes[..bytes.len().min(most.saturating_mul(4))];
    let (mut left, mut kept) = (most, 0);
    let walked = head.utf8_chunks().try_for_each(|chunk| {
        for letter in chunk.valid().chars().map(char::len_utf8) {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            kept += letter;
        }
        let invalid = chunk.invalid().len().min(left);
        left -= invalid;
        kept += invalid;
        if invalid < chunk.invalid().len() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    // Nothing was cut, unless by the first look.
    if walked.is_continue() && head.len() == bytes.len() {
        kept = bytes.len();
    }
    (&bytes[..kept], bytes.len() - kept)
}

/// Returns a text as one visible line of at most so many characters, and an ellipsis where it was
/// longer.
pub(super) fn short(text: impl AsRef<[u8]>, most: usize) -> String {
    let (kept, cut) = clip(text.as_ref(), most);
    let mut short = line(kept);
    if cut > 0 {
        short.push('\u{2026}');
    }
    short
}

/// As [`short`], and says how many bytes are left out.
pub(super) fn told(text: impl AsRef<[u8]>, most: usize) -> String {
    let (kept, cut) = clip(text.as_ref(), most);
    match cut {
        0 => line(kept),
        cut => format!("{}\u{2026} {} more", line(kept), counted(cut as u64, "byte", "bytes")),
    }
}

/// Returns the cells that a text takes in a font of one width.
pub(super) fn cells(text: &str) -> usize {
    text.chars().map(|letter| if is_wide(letter) { 2 } else { 1 }).sum()
}

/// Tells whether a character is drawn upon the one before it, which may be a sign or a blank: a
/// letter and its accents are one word, whatever they are.
pub(super) fn is_joined(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}')
}

fn is_wide(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}' | '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}'
        | '\u{1f300}'..='\u{1faff}' | '\u{20000}'..='\u{3fffd}')
}

/// Tells whether a reader would not see a character, or would see others in another order.
///
/// Joiners and the variation selectors of the first plane stay: scripts and emoji need them.
fn is_hidden(letter: char, space: Space) -> bool {
    match letter {
        '\t' => space == Space::Line,
        '\n' => space != Space::Block,
        letter if letter.is_control() => true,
        // Soft hyphen, fillers, marks of direction, separators, invisible operators, byte order.
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' => true,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' => true,
        // Tags and further variation selectors, which can carry a text that nobody sees.
        '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}' => true,
        letter => u32::from(letter) & 0xfffe == 0xfffe,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_sees_or_what_reorders_is_shown() {
        assert_eq!(line("a\0b\u{1b}[31m\r\n\t"), "a\\u{0}b\\u{1b}[31m\\r\\n\\t");
        assert_eq!(line("\u{202e}gpj.exe\u{2066}"), "\\u{202e}gpj.exe\\u{2066}");
        assert_eq!(
            line("x\u{e0041}\u{feff}\u{ffff}\u{200b}"),
            "x\\u{e0041}\\u{feff}\\u{ffff}\\u{200b}"
        );
        assert_eq!(line(b"\xed\xa0\x80ok\xff"), "\\xed\\xa0\\x80ok\\xff");
        assert_eq!(
            line("\u{e4} \u{5e9} \u{1f469}\u{200d}\u{1f4bb}"),
            "\u{e4} \u{5e9} \u{1f469}\u{200d}\u{1f4bb}"
        );
    }

    #[test]
    fn a_cut_is_never_inside_of_a_character() {
        assert_eq!(clip("\u{e4}\u{e4}\u{e4}".as_bytes(), 2), ("\u{e4}\u{e4}".as_bytes(), 2));
        assert_eq!(clip("\u{1f600}x".as_bytes(), 1), ("\u{1f600}".as_bytes(), 1));
        assert_eq!(clip(b"\xff\xff\xff", 2), (&b"\xff\xff"[..], 1));
        assert_eq!(clip(b"abc", 3), (&b"abc"[..], 0));
        assert_eq!(clip(b"abc", 0), (&b""[..], 3));
        assert_eq!(short("abcd", 3), "abc\u{2026}");
        assert_eq!(
            (told("abc", 3), told("abcd", 3)),
            ("abc".into(), "abc\u{2026} 1 byte more".into())
        );
    }

    proptest! {
        #[test]
        fn a_clipped_text_has_no_more_characters_and_stays_text(text: String, most in 0usize..40) {
            let (kept, cut) = clip(text.as_bytes(), most);
            let kept = std::str::from_utf8(kept).unwrap();
            prop_assert_eq!(kept.chars().count(), text.chars().count().min(most));
            prop_assert_eq!(kept.len() + cut, text.len());
        }

        #[test]
        fn any_bytes_become_one_line_without_controls(bytes: Vec<u8>, most in 0usize..40) {
            let (kept, _) = clip(&bytes, most);
            prop_assert!(!line(kept).chars().any(|letter| is_hidden(letter, Space::Line)));
        }
    }
}
