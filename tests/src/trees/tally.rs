//! How often two ways to merge trees said what.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::tree::{Merged, differing};

/// Counts of verdicts, and of the ways in which they differ.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Both made the same clean tree.
    pub clean: usize,
    /// In conflict in both.
    pub in_conflict: usize,
    /// In conflict here, and told of there as a conflict, although git calls the tree clean.
    pub settled: usize,
    /// In conflict in both, and not alike: how often, and the first case.
    pub unlike: BTreeMap<String, (usize, String)>,
    /// In conflict here alone, or there alone: how often, and the first case.
    pub kinds: BTreeMap<String, (usize, String)>,
    /// As git's where it, too, is to see no renames but those that changed no byte.
    pub edited_renames: usize,
    /// What could not be compared.
    pub left_out: BTreeMap<String, usize>,
}

impl Tally {
    /// Counts a merge. Returns how the verdicts differ, or what else does, the first time that they do
    /// so.
    pub(super) fn add(&mut self, here: &Merged, there: &Merged) -> Option<String> {
        let kind = match (here.conflicts.is_empty(), there.kinds.is_empty()) {
            (true, true) => {
                self.clean += 1;
                return None;
            }
            (false, false) => {
                self.in_conflict += 1;
                let kind = match (paths(here) != paths(there), differing(here, there).len()) {
                    (false, 0) => return None,
                    (true, 0) => "in conflict in both, at other paths",
                    (_, _) => "in conflict in both, and unlike at paths in no conflict",
                };
                let (count, _) = self.unlike.entry(kind.to_owned()).or_default();
                *count += 1;
                return (*count == 1).then(|| kind.to_owned());
            }
            (false, true) if !there.settled.is_empty() => {
                self.settled += 1;
                return None;
            }
            (false, true) => format!("in conflict here alone, {}", here.kinds.join(" and ")),
            (true, false) => format!("in conflict there alone, {}", there.kinds.join(" and ")),
        };
        self.differs(&kind).then_some(kind)
    }

    /// Counts verdicts that differ; says whether it is the first time that they do so.
    fn differs(&mut self, kind: &str) -> bool {
        let (count, _) = self.kinds.entry(kind.to_owned()).or_default();
        *count += 1;
        *count == 1
    }

    /// Keeps the case that shows how verdicts differ.
    pub(super) fn explain(&mut self, kind: String, case: String) {
        let list = if self.kinds.contains_key(&kind) { &mut self.kinds } else { &mut self.unlike };
        list.entry(kind).or_default().1 = case;
    }

    /// Counts what could not be compared.
    pub(super) fn leave_out(&mut self, why: String) {
        *self.left_out.entry(why).or_default() += 1;
    }

    /// How many verdicts are the same.
    pub fn same(&self) -> usize {
        self.clean + self.in_conflict + self.settled
    }

    /// All of them.
    pub fn all(&self) -> usize {
        self.same()
            + self.edited_renames
            + self.kinds.values().map(|(count, _)| count).sum::<usize>()
    }

    /// Tells whether the verdicts are the same often enough.
    ///
    /// # Errors
    /// How often they are.
    pub fn enough(&self, of_a_hundred: usize) -> Result<(), String> {
        match self.same() * 100 >= self.all() * of_a_hundred {
            true => Ok(()),
            false => Err(format!("{of_a_hundred} of 100 verdicts are to be git's: {self}")),
        }
    }
}

/// Paths in conflict, without what git adds where a directory has the name.
fn paths(merged: &Merged) -> BTreeSet<Vec<u8>> {
    let name = |path: &[u8]| path.split(|byte| *byte == b'~').next().unwrap_or_default().to_vec();
    merged.conflicts.iter().map(|path| name(path.as_bytes())).collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} verdicts as git's: {} clean and the same, {} in conflict",
            self.same(),
            self.all(),
            self.clean,
            self.in_conflict
        )?;
        if self.settled > 0 {
            write!(f, "\n{} in conflict here that git tells of and settles", self.settled)?;
        }
        if self.edited_renames > 0 {
            write!(f, "\n{} as git's that knows of no renames with edits", self.edited_renames)?;
        }
        for (kind, (count, case)) in self.kinds.iter().chain(&self.unlike) {
            write!(f, "\n{count} {kind}: {case}")?;
        }
        for (why, count) in &self.left_out {
            write!(f, "\n{count} left out: {why}")?;
        }
        Ok(())
    }
}
