//! The steps for a directory that is as it was left: nothing is read, and there is nothing to decide.

use super::plan::{CheckoutAction, CheckoutReason, CheckoutStep};
use crate::object::{Entry, FilePath};
use crate::workspace::directory::Directory;
use crate::workspace::stats::StatCache;

/// Returns the steps if every file is as the system said when it was read last, which the rows of a
/// cache tell that are exactly the files wanted.
pub(super) fn steps(cache: &StatCache, disk: &mut Directory) -> Option<Vec<CheckoutStep>> {
    let mut directories: Vec<_> = cache.directories().collect();
    directories.sort_unstable_by_key(|(path, _)| *path);
    let mut steps = Vec::with_capacity(directories.iter().map(|(_, rows)| rows.len()).sum());
    for (directory, rows) in directories {
        let look = disk.look_in(directory)?;
        let mut path = directory.to_vec();
        if !directory.is_empty() {
            path.push(b'/');
        }
        for row in rows {
            let stat = look(&row.name)?;
            let is_same = match row.entry {
                Entry::Submodule { .. } => stat.is_directory(),
                _ => row.stat == Some(stat),
            };
            if !is_same {
                return None;
            }
            let len = path.len();
            path.extend_from_slice(&row.name);
            steps.push(CheckoutStep {
                path: FilePath::new(&path[..]).ok()?,
                action: CheckoutAction::Leave,
                reason: CheckoutReason::Unchanged,
                kept: None,
                why: None,
            });
            path.truncate(len);
        }
    }
    // In order but for directories, whose paths stand among the files'.
    steps.sort_by(|a, b| a.path.cmp(&b.path));
    Some(steps)
}
