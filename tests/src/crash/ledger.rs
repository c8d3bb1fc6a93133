//! The marks of commits in a record, and what they promise.

use std::collections::BTreeSet;

use partita::Error;

use crate::vfs::Action;

/// Numbers of commits. 0 is the store itself.
pub type Commits = BTreeSet<usize>;

/// The mark that a commit begins.
pub fn begun(number: usize) -> usize {
    2 * number
}

/// The mark that a commit was acknowledged.
pub fn acknowledged(number: usize) -> usize {
    2 * number + 1
}

/// What a record promised: the commits that it began, and those that it acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Promised {
    /// The commits that may be there.
    pub begun: Commits,
    /// The commits that must be there.
    pub acknowledged: Commits,
}

impl Promised {
    /// Reads the marks of a record.
    pub fn by(actions: &[Action]) -> Self {
        let mut promised = Promised::default();
        for action in actions {
            if let Action::Mark(mark) = action {
                let commits =
                    if mark % 2 == 0 { &mut promised.begun } else { &mut promised.acknowledged };
                commits.insert(mark / 2);
            }
        }
        if !promised.acknowledged.is_empty() {
            promised.acknowledged.insert(0);
        }
        promised
    }

    /// Adds what a later record promised.
    #[must_use]
    pub fn and(&self, more: &Promised) -> Self {
        Promised {
            begun: self.begun.union(&more.begun).copied().collect(),
            acknowledged: self.acknowledged.union(&more.acknowledged).copied().collect(),
        }
    }
}

/// Says what failed, with the kind of error.
pub fn say(doing: &str, error: &Error) -> String {
    format!("{doing}: {error} ({:?})", error.kind())
}
