//! What a reviewer should look at: tests that say less, secrets, and claims of success.
//!
//! It looks at texts alone, by rules of thumb: what it reports may be right, and what it does not
//! report may be wrong. It never fails and never panics, whatever the bytes, and takes time in
//! proportion to them.

mod assignment;
mod claim;
mod code;
mod doubt;
mod language;
mod marks;
mod own;
mod pattern;
mod phrase;
mod secret;
mod sentence;
mod weaken;

use std::fmt;

use crate::error::quoted;
use crate::object::FilePath;

pub(crate) use self::{
    claim::success_claim, pattern::SecretPattern, secret::secrets, weaken::weakened,
};

/// A file before and after a change; none where it is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChangedText<'a> {
    /// Where it is.
    pub(crate) path: &'a FilePath,
    /// Its bytes before.
    pub(crate) before: Option<&'a [u8]>,
    /// Its bytes after.
    pub(crate) after: Option<&'a [u8]>,
}

/// How a change makes tests say less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Weakening {
    /// The file is gone, and no other file of the change has its tests.
    Deleted,
    /// It has fewer tests, and no other file of the change has the rest.
    TestsFewer {
        /// How many it had.
        before: usize,
        /// How many it has.
        after: usize,
    },
    /// A test is there, and is not run.
    Skipped {
        /// The line that says so, from 1, in the text after the change.
        line: usize,
        /// The beginning of that line.
        text: String,
    },
    /// It has as many tests, and they assert less.
    AssertionsFewer {
        /// How many it had.
        before: usize,
        /// How many it has.
        after: usize,
    },
}

/// A file whose tests say less.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weakened {
    /// Where it is; for a renamed file, its new path.
    pub(crate) path: FilePath,
    /// What happened to it.
    pub(crate) how: Weakening,
}

impl fmt::Display for Weakened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.to_string_lossy();
        // A path may have line feeds, and this is one line.
        let path = match path.contains(char::is_control) {
            true => quoted(&path),
            false => path.into_owned(),
        };
        let many = |count: usize, noun: &str| match count {
            1 => format!("1 {noun}"),
            count => format!("{count} {noun}s"),
        };
        match &self.how {
            Weakening::Deleted => write!(f, "{path} is gone, and its tests are nowhere else"),
            Weakening::TestsFewer { before, after } => {
                write!(f, "{path} has {}, {before} before", many(*after, "test"))
            }
            Weakening::Skipped { line, text } => {
                write!(f, "{path} skips tests in line {line}: {}", quoted(text))
            }
            Weakening::AssertionsFewer { before, after } => {
                write!(f, "{path} has {}, {before} before", many(*after, "assertion"))
            }
        }
    }
}

/// Something in a text that looks like a secret. It never holds the secret itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Secret {
    /// Where the file is.
    pub(crate) path: FilePath,
    /// The line, from 1, in the text after the change.
    pub(crate) line: usize,
    /// The name of the pattern.
    pub(crate) pattern: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weaker_is_said_in_one_line() {
        let path = FilePath::new("tests/test_a.py").unwrap();
        for (how, text) in [
            (Weakening::Deleted, "tests/test_a.py is gone, and its tests are nowhere else"),
            (Weakening::TestsFewer { before: 2, after: 1 }, "tests/test_a.py has 1 test, 2 before"),
            (
                Weakening::AssertionsFewer { before: 5, after: 3 },
                "tests/test_a.py has 3 assertions, 5 before",
            ),
            (
                Weakening::Skipped { line: 7, text: "pytest.skip(\"x\")".into() },
                "tests/test_a.py skips tests in line 7: \"pytest.skip(\\\"x\\\")\"",
            ),
        ] {
            assert_eq!(Weakened { path: path.clone(), how }.to_string(), text);
        }
        let path = FilePath::new("tests/a\nb.py").unwrap();
        let shown = Weakened { path, how: Weakening::Deleted }.to_string();
        assert!(!shown.contains('\n'), "{shown}");
    }
}
