//! Safe cuts: where a text can be taken apart without a token being changed.

/// Which places of a text are safe cuts for a counter: `count(a + b) = count(a) + count(b)`.
///
/// Byte-pair tokenizers first split a text by a pattern, then merge bytes within the pieces. A
/// place is safe if the pattern splits there whatever else the text holds, and splits the left
/// part the same way if nothing follows. That can be seen from the two bytes around it, because
/// the patterns never look back, and look ahead inside white space alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SafeCuts {
    /// Nowhere. Right for counters that know no pieces, as SentencePiece.
    #[default]
    None,
    /// Between an ASCII letter and an ASCII byte that is neither letter nor apostrophe; between an
    /// ASCII digit and an ASCII byte that is no digit. Letter pieces go on with letters, marks and
    /// contractions alone, digit pieces with digits alone.
    Words,
    /// Also between a line feed and a visible character other than `/`: the pieces that end in line
    /// feeds go on with line feeds, carriage returns, other white space and, in o200k, slashes.
    /// Not so in the patterns of GPT-2, `r50k` and `p50k`.
    WordsAndLines,
}

impl SafeCuts {
    /// Tells whether a position of a text is a safe cut; its start and end are.
    pub fn is_cut(self, text: &str, at: usize) -> bool {
        let bytes = text.as_bytes();
        if at == 0 || at == bytes.len() {
            return true;
        }
        at < bytes.len() && self.is_between(bytes[at - 1], bytes[at])
    }

    /// Whether a place between these two bytes is one.
    fn is_between(self, left: u8, right: u8) -> bool {
        if self == SafeCuts::None {
            return false;
        }
        if right.is_ascii() {
            let after_word = left.is_ascii_alphabetic() && !right.is_ascii_alphabetic();
            if after_word && right != b'\'' || left.is_ascii_digit() && !right.is_ascii_digit() {
                return true;
            }
        }
        // From E4 to ED: U+4000 to U+DFFF, in which there is no white space.
        let visible = right.is_ascii_graphic() && right != b'/' || matches!(right, 0xe4..=0xed);
        self == SafeCuts::WordsAndLines && left == b'\n' && visible
    }

    /// The first safe cut at a position or after it; the end of the text is one.
    pub(super) fn next(self, text: &str, from: usize) -> usize {
        if self == SafeCuts::None {
            return if from == 0 { 0 } else { text.len() };
        }
        (from..text.len()).find(|&at| self.is_cut(text, at)).unwrap_or(text.len())
    }

    /// The last safe cut at a position or before it; the start of the text is one.
    pub(super) fn last(self, text: &str, from: usize) -> usize {
        if self == SafeCuts::None {
            return 0;
        }
        (1..=from).rev().find(|&at| self.is_cut(text, at)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::SafeCuts::{None, Words, WordsAndLines};

    #[test]
    fn cuts_are_where_the_rules_have_them() {
        for (text, at, words, lines) in [
            ("a b", 1, true, true),
            ("a b", 2, false, false),
            ("a'b", 1, false, false),
            ("a\u{301}", 1, false, false),
            ("1a", 1, true, true),
            ("1'", 1, true, true),
            ("12", 1, false, false),
            ("\nx", 1, false, true),
            ("\n/", 1, false, false),
            ("\n ", 1, false, false),
            ("\n\u{4e2d}", 1, false, true),
            ("\n\u{3000}", 1, false, false),
            ("\n\u{e9}", 1, false, false),
            ("\r\n", 1, false, false),
            ("(a", 1, false, false),
        ] {
            assert_eq!(Words.is_cut(text, at), words, "{text:?}");
            assert_eq!(WordsAndLines.is_cut(text, at), lines, "{text:?}");
            assert!(!None.is_cut(text, at), "{text:?}");
            assert!(None.is_cut(text, 0) && None.is_cut(text, text.len()));
        }
        assert!(!WordsAndLines.is_cut("a b", 4));
    }

    #[test]
    fn the_nearest_cut_is_found_both_ways() {
        let text = "  ab  cd  ";
        assert_eq!((Words.next(text, 0), Words.next(text, 1)), (0, 4));
        assert_eq!((Words.next(text, 5), Words.next(text, 9)), (8, 10));
        assert_eq!((Words.last(text, 10), Words.last(text, 7), Words.last(text, 3)), (10, 4, 0));
        assert_eq!((None.next(text, 1), None.last(text, 9)), (10, 0));
    }
}
