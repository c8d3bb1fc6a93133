//! The merges of a repository, made again.

use std::path::Path;

use crate::git::Git;
use crate::random::Random;
use crate::shrink;

use super::beside::{Beside, commit};
use super::draw;
use super::here;
use super::tally::Tally;
use super::tree::agree;

/// Makes the merges of a repository again, the newest first, here and in git: at most so many, those of
/// two commits that come from a third. Sessions are given whole trees and know nothing of renames, so
/// they see those alone that changed no byte.
///
/// # Errors
/// The first of which both make a clean tree, and not the same.
pub fn compare_past(repository: &Path, most: usize) -> Result<Tally, String> {
    let git = Git::at(repository);
    let mut beside = Beside::borrowing(repository)?;
    let mut tally = Tally::default();
    let list = git.run(["rev-list", "--min-parents=2", "--max-parents=2", "--parents", "HEAD"]);
    let list = String::from_utf8(list).expect("ids are ASCII");
    for row in list.lines().take(most) {
        let ids: Vec<&str> = row.split(' ').collect();
        let [merge, ours, theirs] = ids[..] else { return Err(format!("no merge: {row}")) };
        let bases = git.command().args(["merge-base", ours, theirs]).output();
        let bases = bases.map_err(|error| error.to_string())?.stdout;
        let bases = String::from_utf8_lossy(&bases).into_owned();
        let Some(base) = bases.lines().next() else {
            tally.leave_out("nothing in common".to_owned());
            continue;
        };
        let said = |what: String| format!("merge {merge}: {what}");
        let trees = [base, ours, theirs].map(|id| beside.tree(id));
        let [Ok(base_tree), Ok(our_tree), Ok(their_tree)] = trees else {
            tally.leave_out("a path or a mode that partita has not".to_owned());
            continue;
        };
        let there = beside.merge(base, [ours, theirs], &[]).map_err(said)?;
        let here = shrink::guarded(|| here::merge_whole(&base_tree, [&our_tree, &their_tree]));
        let here = here.map_err(said)?;
        agree(&here, &there).map_err(said)?;
        let is_as_there = here.conflicts.is_empty() == there.kinds.is_empty();
        if !is_as_there {
            let alike = ["-X", "find-renames=100%"];
            let there = beside.merge(base, [ours, theirs], &alike).map_err(said)?;
            if here.conflicts.is_empty() == there.kinds.is_empty() {
                agree(&here, &there).map_err(said)?;
                tally.edited_renames += 1;
                continue;
            }
        }
        if let Some(kind) = tally.add(&here, &there) {
            tally.explain(kind, format!("merge {merge}: {:?}", here.conflicts));
        }
    }
    Ok(tally)
}

/// Makes a repository with so many merges, random ones, and merges again.
///
/// # Errors
/// As [`compare_past`].
pub fn compare_made(merges: usize, seed: u64) -> Result<Tally, String> {
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut random = Random::new(seed);
    let mut tree = draw::tree(&mut random);
    let mut stream = Vec::new();
    commit(&mut stream, "main", 1, &[], &tree);
    for number in 0..merges {
        let mut sides = [tree.clone(), tree.clone()];
        for (side, change) in draw::steps(&mut random, &tree) {
            change.apply(&mut sides[side]);
        }
        let base = 3 * number + 1;
        commit(&mut stream, "other", base + 1, &[base], &sides[1]);
        commit(&mut stream, "main", base + 2, &[base], &sides[0]);
        [tree, _] = sides;
        // What somebody made of it is of no account.
        commit(&mut stream, "main", base + 3, &[base + 2, base + 1], &tree);
    }
    let git = Git::init(room.path());
    git.fast_import(&stream);
    compare_past(room.path(), merges).map_err(|what| format!("seed {seed}: {what}"))
}
