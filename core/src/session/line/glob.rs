//! Globs: patterns of paths.

use crate::error::{Error, Result, quoted};
use crate::limits::GLOB_BYTES_MAX;
use crate::object::FilePath;

/// A pattern of paths. `*` is any bytes of one component, `?` one byte, `[a-z]` and `[!a-z]` one
/// byte of a set or not of it, `\` takes the next byte as it is; `**/` is any directories or
/// none, `/**` at the end everything below. A pattern without `/` is one of names, in whatever
/// directory; one that ends in `/` is everything below it.
///
/// ```
/// use partita::FilePath;
/// use partita::view::Glob;
/// let glob = Glob::new("src/**/*.rs")?;
/// assert!(glob.matches(&FilePath::new("src/a.rs")?));
/// assert!(glob.matches(&FilePath::new("src/b/c.rs")?));
/// assert!(!glob.matches(&FilePath::new("tests/a.rs")?));
/// assert!(Glob::new("*.log")?.matches(&FilePath::new("out/run.log")?));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    text: Vec<u8>,
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Byte(u8),
    Any,
    Set {
        ranges: Vec<(u8, u8)>,
        not: bool,
    },
    /// Any bytes but `/`.
    Star,
    /// Any directories, each with its `/`, or none.
    Directories,
    /// Everything below: at least one byte.
    Below,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// `Invalid` if it is empty, above [`GLOB_BYTES_MAX`] bytes, has a `[` without its `]`, or
    /// begins with `/`.
    pub fn new(pattern: impl AsRef<[u8]>) -> Result<Self> {
        let text = pattern.as_ref();
        let fault = |what: &str| {
            let shown = quoted(&String::from_utf8_lossy(text));
            Error::invalid(format!("glob {shown} {what}"))
        };
        if text.is_empty() || text.len() > GLOB_BYTES_MAX {
            return Err(fault(&format!("has no 1 to {GLOB_BYTES_MAX} bytes")));
        }
        if text[0] == b'/' {
            return Err(fault("begins with /; give it relative to the session"));
        }
        let mut tokens = Vec::new();
        if !text.contains(&b'/') {
            tokens.push(Token::Directories);
        }
        let mut rest = text;
        let mut begins = true;
        while let Some((&byte, after)) = rest.split_first() {
            let (token, after) = match byte {
                b'*' if begins && rest.starts_with(b"**/") => (Token::Directories, &rest[3..]),
                b'*' if begins && rest == b"**" => (Token::Below, &rest[2..]),
                b'*' => (Token::Star, after),
                b'?' => (Token::Any, after),
                b'[' => set(after).ok_or_else(|| fault("has a [ without its ]"))?,
                b'\\' => match after.split_first() {
                    Some((&byte, after)) => (Token::Byte(byte), after),
                    None => return Err(fault("ends in \\")),
                },
                byte => (Token::Byte(byte), after),
            };
            begins = matches!(token, Token::Directories | Token::Byte(b'/'));
            tokens.push(token);
            rest = after;
        }
        if text.ends_with(b"/") {
            tokens.push(Token::Below);
        }
        Ok(Glob { text: text.to_vec(), tokens })
    }

    /// Returns the pattern as it was given.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Tells whether a path matches. Takes time in proportion to pattern times path.
    pub fn matches(&self, path: &FilePath) -> bool {
        // The tokens that may come next: one pass over the path, whatever the pattern.
        let count = self.tokens.len();
        let mut now = vec![false; count + 1];
        let mut next = vec![false; count + 1];
        now[0] = true;
        let mut begins = true;
        self.skip(&mut now, begins);
        for &byte in path.as_bytes() {
            next.fill(false);
            for at in (0..count).filter(|at| now[*at]) {
                let (stays, goes) = match &self.tokens[at] {
                    Token::Byte(wanted) => (false, *wanted == byte),
                    Token::Any => (false, byte != b'/'),
                    Token::Set { ranges, not } => {
                        let inside = ranges.iter().any(|(low, high)| (low..=high).contains(&&byte));
                        (false, byte != b'/' && inside != *not)
                    }
                    Token::Star => (byte != b'/', false),
                    Token::Directories => (true, false),
                    Token::Below => (true, true),
                };
                next[at] |= stays;
                next[at + 1] |= goes;
            }
            begins = byte == b'/';
            self.skip(&mut next, begins);
            std::mem::swap(&mut now, &mut next);
        }
        now[count]
    }

    /// Goes past tokens that need no byte here.
    fn skip(&self, states: &mut [bool], begins: bool) {
        for (at, token) in self.tokens.iter().enumerate() {
            let empty = match token {
                Token::Star => true,
                Token::Directories => begins,
                _ => false,
            };
            if states[at] && empty {
                states[at + 1] = true;
            }
        }
    }

    /// The bytes that every path begins with that matches.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let bytes = self.tokens.iter().map_while(|token| match token {
            Token::Byte(byte) => Some(*byte),
            _ => None,
        });
        bytes.collect()
    }
}

/// Reads a set up to its `]`; a `]` that comes first is one of its bytes.
fn set(after: &[u8]) -> Option<(Token, &[u8])> {
    let (not, body) = match after.split_first() {
        Some((b'!' | b'^', rest)) => (true, rest),
        _ => (false, after),
    };
    let end = body.iter().skip(1).position(|byte| *byte == b']')? + 1;
    let mut ranges = Vec::new();
    let mut inside = &body[..end];
    while let Some((&low, rest)) = inside.split_first() {
        inside = match rest {
            [b'-', high, rest @ ..] => {
                ranges.push((low, *high));
                rest
            }
            rest => {
                ranges.push((low, low));
                rest
            }
        };
    }
    Some((Token::Set { ranges, not }, &body[end + 1..]))
}

impl std::fmt::Display for Glob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

/// Says of a pattern of files whether they are hidden. Of several that match a file, the last
/// one counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ViewRule {
    /// Whether it hides; else it shows.
    pub hides: bool,
    /// Which files.
    pub glob: Glob,
}

/// Tells whether a file is hidden.
pub(crate) fn is_hidden<'a>(
    rules: impl DoubleEndedIterator<Item = &'a ViewRule>,
    path: &FilePath,
) -> bool {
    rules.rev().find(|rule| rule.glob.matches(path)).is_some_and(|rule| rule.hides)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(glob: &str, path: &str) -> bool {
        Glob::new(glob).unwrap().matches(&FilePath::new(path).unwrap())
    }

    #[test]
    fn each_sign_means_what_it_says() {
        for (glob, path, holds) in [
            ("a/b", "a/b", true),
            ("a/b", "x/a/b", false),
            ("b", "a/b", true),
            ("b", "b", true),
            ("b", "ab", false),
            ("*", "a/b/c", true),
            ("a/*", "a/b", true),
            ("a/*", "a/b/c", false),
            ("a/**", "a/b/c", true),
            ("a/**", "a", false),
            ("a/", "a/b/c", true),
            ("a/", "a", false),
            ("a/", "b/a/c", false),
            ("**", "a/b", true),
            ("**/b", "b", true),
            ("**/b", "a/x/b", true),
            ("**/b", "ab", false),
            ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("a/**/b", "a/xb", false),
            ("?.rs", "a.rs", true),
            ("a?b/c", "a/b/c", false),
            ("[a-c]1", "b1", true),
            ("[!a-c]1", "b1", false),
            ("[!a-c]1", "d1", true),
            ("[]x]1", "]1", true),
            ("a[/]b/c", "a/b/c", false),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*.tar.*", "x.tar.gz", true),
            ("a**b", "axxb", true),
        ] {
            assert_eq!(matches(glob, path), holds, "{glob} {path}");
        }
    }

    #[test]
    fn globs_at_the_limit_are_taken_and_others_refused() {
        assert!(Glob::new("a".repeat(GLOB_BYTES_MAX - 1)).is_ok());
        assert!(Glob::new("a".repeat(GLOB_BYTES_MAX)).is_ok());
        assert!(Glob::new("a".repeat(GLOB_BYTES_MAX + 1)).is_err());
        for bad in ["", "/a", "[a", "a\\", "[", "[!"] {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn many_stars_over_a_long_path_take_no_time_beyond_their_product() {
        let glob = Glob::new(format!("x/{}b", "*a".repeat(500))).unwrap();
        assert!(!glob.matches(&FilePath::new(format!("x/{}", "a".repeat(4_000))).unwrap()));
    }

    #[test]
    fn the_prefix_ends_at_the_first_sign() {
        assert_eq!(Glob::new("src/li*").unwrap().prefix(), b"src/li");
        assert_eq!(Glob::new("name").unwrap().prefix(), b"");
        assert_eq!(Glob::new("a/").unwrap().prefix(), b"a/");
    }
}
