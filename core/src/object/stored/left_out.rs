//! What a capture left out of a checkpoint, and why.

use super::path::FilePath;
use crate::codec::{Reader, Writer};
use crate::error::Result;
use crate::limits::LEFT_OUT_WHY_BYTES_MAX;

/// A path of a directory that its capture did not take: "not captured" is never "deleted".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The path, relative to the directory. Of a directory that was not entered, it stands for all
    /// that is below.
    pub path: FilePath,
    /// Why, in a word.
    pub reason: LeftOutReason,
    /// Why, in more words, where there are any: a size and its limit, what the system said.
    pub why: Option<String>,
}

/// Why a capture leaves a path out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// An ignore file of the directory says so.
    Ignored,
    /// The caller said so.
    Excluded,
    /// A new file above the size that the caller allows, or any file above the limit of a content.
    TooLarge,
    /// A new path beyond the number, or the bytes, that one capture takes.
    TooMany,
    /// A device, a socket, a pipe: it is never opened.
    Special,
    /// The system refuses to let it be read.
    Unreadable,
    /// It changed while it was read, each time.
    Unstable,
    /// No checkout could write such a name.
    Refused,
    /// Another file system, or the same directory once more.
    MountPoint,
    /// A repository's own directory, `.git`.
    Repository,
    /// A store of partita's, or what a checkout that was cut short left.
    Store,
    /// The time ran out before it was looked at.
    Late,
}

/// All reasons with their names, at their numbers.
const REASONS: [(LeftOutReason, &str); 12] = [
    (LeftOutReason::Ignored, "ignored"),
    (LeftOutReason::Excluded, "excluded"),
    (LeftOutReason::TooLarge, "too-large"),
    (LeftOutReason::TooMany, "too-many"),
    (LeftOutReason::Special, "special"),
    (LeftOutReason::Unreadable, "unreadable"),
    (LeftOutReason::Unstable, "unstable"),
    (LeftOutReason::Refused, "refused"),
    (LeftOutReason::MountPoint, "mount-point"),
    (LeftOutReason::Repository, "repository"),
    (LeftOutReason::Store, "store"),
    (LeftOutReason::Late, "late"),
];

impl LeftOutReason {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        let found = REASONS.iter().find(|(reason, _)| *reason == self);
        found.expect("the table has every reason").1
    }

    /// Tells whether the path was meant to be taken: a capture that missed some is not whole. What an
    /// ignore file or the caller excludes was not meant to be.
    pub fn is_missed(self) -> bool {
        matches!(
            self,
            LeftOutReason::TooLarge
                | LeftOutReason::TooMany
                | LeftOutReason::Unreadable
                | LeftOutReason::Unstable
                | LeftOutReason::Refused
                | LeftOutReason::Late
        )
    }

    /// Tells whether it says something of one moment only, and makes no checkpoint by itself.
    pub(crate) fn is_passing(self) -> bool {
        matches!(self, LeftOutReason::Unstable | LeftOutReason::Late)
    }
}

impl std::fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl LeftOut {
    pub(crate) fn new(path: FilePath, reason: LeftOutReason) -> Self {
        LeftOut { path, reason, why: None }
    }

    /// Adds words, cut at the limit.
    #[must_use]
    pub(crate) fn because(mut self, why: impl Into<String>) -> Self {
        let mut why: String = why.into();
        let ends = (0..=why.len().min(LEFT_OUT_WHY_BYTES_MAX)).rev();
        why.truncate(ends.into_iter().find(|&at| why.is_char_boundary(at)).unwrap_or(0));
        self.why = Some(why);
        self
    }

    /// Returns the bytes of a row of the root `left-out`: the reason's number and the words.
    pub(crate) fn row(&self) -> Vec<u8> {
        let number = REASONS.iter().position(|(reason, _)| *reason == self.reason);
        let mut body = Writer::new();
        body.uint(number.expect("the table has every reason") as u64);
        body.bytes(self.why.as_deref().unwrap_or_default().as_bytes());
        body.into_bytes()
    }

    /// Reads what [`row`](Self::row) wrote.
    pub(crate) fn from_row(path: FilePath, row: &[u8]) -> Result<Self> {
        let mut body = Reader::new(row);
        let number = body.count(REASONS.len() - 1, "the reason why a path was left out")?;
        let why = body.text(LEFT_OUT_WHY_BYTES_MAX, "why a path was left out")?;
        let why = (!why.is_empty()).then(|| why.to_owned());
        body.finish()?;
        Ok(LeftOut { path, reason: REASONS[number].0, why })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_come_back_and_every_reason_has_its_own_name_and_number() {
        let path = FilePath::new("a/b").unwrap();
        let mut rows = std::collections::BTreeSet::new();
        for (reason, name) in REASONS {
            assert_eq!(reason.name(), name);
            for left_out in [
                LeftOut::new(path.clone(), reason),
                LeftOut::new(path.clone(), reason).because("\u{e9}".repeat(300)),
            ] {
                let row = left_out.row();
                assert_eq!(LeftOut::from_row(path.clone(), &row).unwrap(), left_out);
                assert!(rows.insert(row));
            }
        }
    }

    proptest! {
        #[test]
        fn any_row_is_read_or_refused_without_panic(row: Vec<u8>) {
            let _ = LeftOut::from_row(FilePath::new("a").unwrap(), &row);
        }
    }
}
