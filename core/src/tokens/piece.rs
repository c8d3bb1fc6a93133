//! The pieces of texts that the tokenizer's crate cannot be trusted with: megabytes without a safe
//! cut.

use std::sync::LazyLock;

use regex::Regex;

// The patterns of tiktoken's `o200k_base` and `cl100k_base` without their alternatives for white
// space, the only ones that look ahead. What is left is regular: it takes linear time.
static O200K: LazyLock<Regex> = LazyLock::new(|| {
    let upper = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    let lower = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    let before = r"[^\r\n\p{L}\p{N}]?";
    let after = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
    pattern(&[
        &format!("{before}{upper}*{lower}+{after}"),
        &format!("{before}{upper}+{lower}*{after}"),
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
    ])
});

static CL100K: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&[
        "'(?i:[sdmt]|ll|ve|re)",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
    ])
});

fn pattern(alternatives: &[&str]) -> Regex {
    Regex::new(&format!(r"\A(?:{})", alternatives.join("|"))).expect("a constant pattern")
}

/// Which encoding's pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    O200k,
    Cl100k,
}

/// Iterates over the pieces into which an encoding splits a text, in linear time.
pub(super) struct Pieces<'a> {
    pattern: Pattern,
    regex: &'static Regex,
    rest: &'a str,
}

impl<'a> Pieces<'a> {
    pub(super) fn of(pattern: Pattern, text: &'a str) -> Self {
        let regex = match pattern {
            Pattern::O200k => &*O200K,
            Pattern::Cl100k => &*CL100K,
        };
        Pieces { pattern, regex, rest: text }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let end = match self.regex.find(self.rest) {
            Some(found) => found.end(),
            None => white_space(self.pattern, self.rest),
        };
        let (piece, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(piece)
    }
}

/// The length of the piece of white space at the start of a text: `\s*[\r\n]+`, then
/// `\s+(?!\S)`, then `\s+`; for cl100k with `\s+$` before them.
fn white_space(pattern: Pattern, text: &str) -> usize {
    let run = text.len() - text.trim_start().len();
    let is_last = run == text.len();
    let lines = text[..run].rfind(['\r', '\n']).map(|at| at + 1);
    match lines {
        Some(end) if pattern == Pattern::O200k || !is_last => end,
        _ if is_last => run,
        // All but the last character, which goes with what follows; unless it is the only one.
        _ => match text[..run].char_indices().next_back() {
            Some((at, _)) if at > 0 => at,
            _ => run,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern::{Cl100k, O200k};
    use super::Pieces;

    #[test]
    fn white_space_is_split_as_the_patterns_say() {
        for (text, o200k, cl100k) in [
            ("   ", &["   "][..], &["   "][..]),
            ("   x", &["  ", " x"], &["  ", " x"]),
            ("  1", &[" ", " ", "1"], &[" ", " ", "1"]),
            ("\n\n  ", &["\n\n", "  "], &["\n\n  "]),
            (" \n \n  x", &[" \n \n", " ", " x"], &[" \n \n", " ", " x"]),
            ("!\n\n \t.", &["!\n\n", " ", "\t", "."], &["!\n\n", " ", "\t", "."]),
            ("\u{3000}\u{3000}.", &["\u{3000}", "\u{3000}", "."], &["\u{3000}", "\u{3000}", "."]),
            ("x//\n/y", &["x", "//\n/", "y"], &["x", "//\n", "/y"]),
            ("DON'T1234", &["DON'T", "123", "4"], &["DON", "'T", "123", "4"]),
        ] {
            assert_eq!(Pieces::of(O200k, text).collect::<Vec<_>>(), o200k, "{text:?}");
            assert_eq!(Pieces::of(Cl100k, text).collect::<Vec<_>>(), cl100k, "{text:?}");
        }
    }
}
