//! What is done to a store and its model. A new operation is a variant here, a row in [`ops`], and
//! an arm in `Plain::run` and in `World::run`.

use proptest::prelude::*;

/// Names of sessions: some share a beginning, for listings.
pub(super) const NAMES: [&str; 5] = ["a", "b", "team/x", "team/y", "team/x/z"];

/// Paths of files, none below another.
pub(super) const PATHS: [&str; 4] = ["a", "b", "c/d", "c/e"];

/// One change of a session.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Writes a path.
    Write(usize, u8),
    /// Removes a path.
    Remove(usize),
    /// Moves a file.
    Rename(usize, usize),
    /// Appends a memory.
    Remember(u8),
    /// Sets a key of the state.
    Put(u8, u8),
    /// Appends to a list of the state.
    Append(u8, u8),
}

/// One step. Sessions, paths and handles are indexes.
#[derive(Clone, Debug)]
pub enum Op {
    /// Creates a session.
    Create(usize),
    /// Gives a session another name.
    RenameSession(usize, usize),
    /// Deletes a session.
    Delete(usize),
    /// Forks a session.
    Fork(usize, usize),
    /// Changes a session, as one commit.
    Edit(usize, Edit),
    /// Several changes as one commit.
    Batch(usize, Vec<Edit>),
    /// Several checkpoints as one commit.
    Import(usize, Vec<Edit>),
    /// Brings an iteration back.
    Restore(usize, usize, u64),
    /// Brings a checkpoint back: files, dialog or both.
    RestoreCheckpoint(usize, usize, u8),
    /// Takes the newest change back.
    Undo(usize),
    /// Goes on with another handle, as another process would.
    Use(usize),
    /// Closes a handle in order and opens it again.
    Reopen(usize),
    /// Opens the handle anew that only reads.
    ReopenReader,
    /// Gives up the older checkpoints of a session.
    Trim(usize, u64),
    /// Collects what nothing leads to.
    Gc,
    /// Kills the process of a handle between two calls; the others live on with theirs.
    KillOne(usize),
    /// Kills the process of a handle at one of its next calls, while it does an operation.
    Die(usize, usize, Box<Op>),
    /// Kills every process.
    Kill,
    /// Takes the power away: of what no sync covers something is lost.
    PowerCut(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let path = || 0..PATHS.len();
    prop_oneof![
        6 => (path(), 0..4_u8).prop_map(|(path, byte)| Edit::Write(path, byte)),
        2 => path().prop_map(Edit::Remove),
        2 => (path(), path()).prop_map(|(from, to)| Edit::Rename(from, to)),
        2 => any::<u8>().prop_map(Edit::Remember),
        1 => (0..2_u8, 0..3_u8).prop_map(|(key, byte)| Edit::Put(key, byte)),
        1 => (0..2_u8, 0..3_u8).prop_map(|(key, byte)| Edit::Append(key, byte)),
    ]
}

/// What a process does while it dies.
fn fatal() -> impl Strategy<Value = Op> {
    let name = || 0..NAMES.len();
    prop_oneof![
        4 => (name(), edit()).prop_map(|(name, edit)| Op::Edit(name, edit)),
        4 => Just(Op::Gc),
        1 => (name(), name()).prop_map(|(from, to)| Op::Fork(from, to)),
        1 => (name(), 1..12_u64).prop_map(|(name, keep)| Op::Trim(name, keep)),
        1 => name().prop_map(Op::Undo),
        1 => name().prop_map(Op::Delete),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let name = || 0..NAMES.len();
    let some = || prop::collection::vec(edit(), 1..5);
    prop_oneof![
        6 => name().prop_map(Op::Create),
        1 => (name(), name()).prop_map(|(from, to)| Op::RenameSession(from, to)),
        1 => name().prop_map(Op::Delete),
        2 => (name(), name()).prop_map(|(from, to)| Op::Fork(from, to)),
        16 => (name(), edit()).prop_map(|(name, edit)| Op::Edit(name, edit)),
        3 => (name(), some()).prop_map(|(name, edits)| Op::Batch(name, edits)),
        2 => (name(), some()).prop_map(|(name, edits)| Op::Import(name, edits)),
        1 => (name(), 0..PATHS.len(), 0..5_u64).prop_map(|(name, path, at)| Op::Restore(name, path, at)),
        1 => (name(), any::<usize>(), 0..3_u8)
            .prop_map(|(name, at, scope)| Op::RestoreCheckpoint(name, at, scope)),
        3 => name().prop_map(Op::Undo),
        4 => (0..2_usize).prop_map(Op::Use),
        1 => (0..2_usize).prop_map(Op::Reopen),
        1 => Just(Op::ReopenReader),
        1 => Just(Op::Kill),
        1 => any::<usize>().prop_map(Op::PowerCut),
        1 => (name(), 1..12_u64).prop_map(|(name, keep)| Op::Trim(name, keep)),
        1 => Just(Op::Gc),
        1 => (0..2_usize).prop_map(Op::KillOne),
        4 => (0..2_usize, 0..40_usize, fatal()).prop_map(|(writer, call, op)| Op::Die(writer, call, Box::new(op))),
    ]
}

/// Lists of operations of so many at the most, behind two sessions that there are from the start.
pub fn ops(most: usize) -> impl Strategy<Value = Vec<Op>> {
    let created = [Op::Create(0), Op::Create(2)];
    prop::collection::vec(op(), 1..most)
        .prop_map(move |ops| created.clone().into_iter().chain(ops).collect())
}
