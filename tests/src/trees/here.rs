//! Merges of trees by partita.

use std::collections::BTreeSet;

use partita::merge::{MergeOptions, MergeReport};
use partita::{Batch, Entry, FilePath, Session, Store};

use super::tree::{Change, Kind, Merged, Node, Tree, is_free};

/// Merges what two sides made of a tree, each change by a call of its own.
///
/// # Errors
/// What partita says that it should not.
pub(super) fn merge(base: &Tree, sides: [&[Change]; 2]) -> Result<Merged, String> {
    let [ours, theirs] = forks(base)?;
    for (session, changes) in [&ours, &theirs].into_iter().zip(sides) {
        for change in changes {
            let done = match change {
                // A write of bytes leaves a file as executable as it is.
                Change::Write(path, node) if keeps_kind(session, path, node)? => {
                    session.write(path, &node.bytes).map(drop)
                }
                Change::Write(path, node) => {
                    session.batch(|batch| batch.write_entry(path, node.entry()).map(drop))
                }
                Change::Remove(path) => session.remove(path).map(drop),
                Change::Rename(from, to) => session.rename(from, to).map(drop),
            };
            done.map_err(|error| format!("{change:?}: {error}"))?;
        }
    }
    merged(&ours, &theirs)
}

fn keeps_kind(session: &Session, path: &FilePath, node: &Node) -> Result<bool, String> {
    let now = session.latest().and_then(|state| state.entry(path));
    Ok(match now.map_err(|error| error.to_string())? {
        Some(Entry::File { executable, .. }) => executable == (node.kind == Kind::Executable),
        Some(_) => false,
        None => node.kind == Kind::File,
    } && node.kind != Kind::Link)
}

/// Merges two trees that come from a third, each set as a whole: nothing is known of renames.
///
/// # Errors
/// As [`merge`].
pub(super) fn merge_whole(base: &Tree, sides: [&Tree; 2]) -> Result<Merged, String> {
    let [ours, theirs] = forks(base)?;
    for (session, side) in [&ours, &theirs].into_iter().zip(sides) {
        session.batch(|batch| set(batch, base, side)).map_err(|error| error.to_string())?;
    }
    merged(&ours, &theirs)
}

fn set(batch: &mut Batch, base: &Tree, side: &Tree) -> partita::Result<()> {
    for path in base.keys().filter(|path| !side.contains_key(*path)) {
        batch.remove(path)?;
    }
    for (path, node) in side.iter().filter(|(path, node)| base.get(*path) != Some(*node)) {
        batch.write_entry(path, node.entry())?;
    }
    Ok(())
}

fn forks(base: &Tree) -> Result<[Session; 2], String> {
    let forks = || -> partita::Result<[Session; 2]> {
        let session = Store::in_memory()?.session("base")?;
        session.batch(|batch| {
            base.iter().try_for_each(|(path, node)| batch.write_entry(path, node.entry()).map(drop))
        })?;
        // Sides that begin with the same change would have a checkpoint in common: it has one id.
        let fork = |name: &str| -> partita::Result<Session> {
            let fork = session.fork(name)?;
            fork.state().put(name, name)?;
            Ok(fork)
        };
        Ok([fork("ours")?, fork("theirs")?])
    };
    forks().map_err(|error| error.to_string())
}

fn merged(ours: &Session, theirs: &Session) -> Result<Merged, String> {
    let told = |error: partita::Error| error.to_string();
    let back = theirs.plan_merge(&[ours], MergeOptions::new()).map_err(told)?;
    let plan = ours.plan_merge(&[theirs], MergeOptions::new()).map_err(told)?;
    let report = ours.merge(&[theirs], MergeOptions::new()).map_err(told)?;
    let merged = state(ours).map_err(told)?;
    let same = |a: &MergeReport, b: &MergeReport| a.conflicts == b.conflicts && a.files == b.files;
    if !same(&plan, &report) || report.conflicts != merged.conflicts {
        let listed = &merged.conflicts;
        return Err(format!("planned {plan:?}, reported {report:?}, in conflict {listed:?}"));
    }
    if back.conflicts.is_empty() != report.conflicts.is_empty() {
        let (one, other) = (&report.conflicts, &back.conflicts);
        return Err(format!("one way {one:?} are in conflict, the other way {other:?}"));
    }
    if let Some(path) = merged.tree.keys().find(|path| !is_free(&merged.tree, path)) {
        return Err(format!("{path} is a file and a directory"));
    }
    Ok(merged)
}

fn state(session: &Session) -> partita::Result<Merged> {
    let state = session.latest()?;
    let mut merged = Merged::default();
    for file in state.files() {
        let file = file?;
        let node = match &file.entry {
            Entry::File { executable: false, .. } => Node::new(Kind::File, file.read()?),
            Entry::File { executable: true, .. } => Node::new(Kind::Executable, file.read()?),
            Entry::Symlink { .. } => Node::new(Kind::Link, file.read()?),
            Entry::Submodule { commit } => Node::new(Kind::Commit, commit.clone()),
            Entry::Removed => unreachable!("a removal is no file"),
        };
        merged.tree.insert(file.path, node);
    }
    let mut kinds = BTreeSet::new();
    for conflict in state.conflicts() {
        let conflict = conflict?;
        let terms = conflict.conflict.terms.iter().map(|term| name(&term.entry));
        kinds.insert(terms.collect::<Vec<_>>().join("/"));
        merged.conflicts.push(conflict.path);
    }
    merged.kinds = kinds.into_iter().collect();
    Ok(merged)
}

fn name(entry: &Entry) -> &'static str {
    match entry {
        Entry::File { .. } => "file",
        Entry::Symlink { .. } => "link",
        Entry::Submodule { .. } => "commit",
        Entry::Removed => "nothing",
    }
}
