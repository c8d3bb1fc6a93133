//! The operations of the torture: a new one is a row here, an arm where it is done (`worker` for
//! the library, `commands` for the command), and an arm in `plain` if it changes a state.

use super::super::random::Random;

/// Who does an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A process of the library.
    Library,
    /// The command.
    Command,
    /// Either.
    Both,
}

macro_rules! operations {
    ($($(#[$doc:meta])* $op:ident $name:literal $by:ident $weight:literal $changes:literal;)*) => {
        /// An operation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Op {
            $($(#[$doc])* $op,)*
        }

        /// A row of the table.
        #[derive(Clone, Copy, Debug)]
        pub struct Row {
            /// What it is.
            pub op: Op,
            /// Its name in ledgers and on the command line.
            pub name: &'static str,
            /// Who does it.
            pub by: By,
            /// How often, of the sum of all.
            pub weight: usize,
            /// Whether it writes into the store.
            pub changes: bool,
        }

        /// Every operation.
        pub const TABLE: &[Row] = &[
            $(Row { op: Op::$op, name: $name, by: By::$by, weight: $weight, changes: $changes },)*
        ];
    };
}

operations! {
    /// Writes a file of a session that all share, or of a fork.
    Write "write" Both 30 true;
    /// Appends a memory.
    Say "say" Both 20 true;
    /// Writes two files, appends a memory and sets a key, as one.
    Batch "batch" Library 12 true;
    /// Takes a file away.
    Remove "remove" Both 4 true;
    /// Moves a file.
    Move "move" Library 4 true;
    /// Brings an iteration back.
    Restore "restore" Both 4 true;
    /// Sets a key of the host's state.
    State "state" Library 4 true;
    /// Writes where somebody else was faster: must be refused.
    Stale "stale" Both 3 true;
    /// Takes the newest operation back.
    Undo "undo" Both 8 true;
    /// Brings back what the newest undo took.
    Redo "redo" Both 4 true;
    /// Begins a session as a copy of another.
    Fork "fork" Both 4 true;
    /// The same, as of an older checkpoint.
    ForkAt "fork-at" Both 3 true;
    /// Gives up older checkpoints of a session that all share, or of a fork.
    Trim "trim" Both 4 true;
    /// Keeps a checkpoint.
    Pin "pin" Both 3 true;
    /// Lets it go.
    Unpin "unpin" Both 1 true;
    /// Gives a fork another name.
    Rename "rename" Both 2 true;
    /// Deletes a fork.
    Delete "delete" Both 3 true;
    /// Brings a deleted fork back, under a new name.
    Undelete "undelete" Both 3 true;
    /// Frees what nothing leads to.
    Gc "gc" Both 4 true;
    /// The same, with every deleted session.
    GcAll "gc-all" Both 1 true;
    /// Writes a secret into a session.
    Secret "secret" Library 2 true;
    /// Removes the secrets of a session for good.
    Purge "purge" Both 2 true;
    /// The same, ids included, in a session of its own.
    Rewrite "rewrite" Command 2 true;
    /// Merges a fork of its own into a session that all merge into.
    Merge "merge" Library 4 true;
    /// Imports what is new of a git history.
    Git "git" Command 3 true;
    /// Imports what is new of a transcript.
    Transcript "transcript" Both 2 true;
    /// Writes a state into a directory.
    Checkout "checkout" Both 3 true;
    /// Writes a state into a directory that others check out into.
    CheckoutShared "checkout-shared" Command 4 true;
    /// Takes what changed in a directory into a session.
    Capture "capture" Command 8 true;
    /// Runs a command in a directory, and takes what it changed.
    Run "run" Command 8 true;
    /// Makes a copy of the store whole, which is whole.
    Recover "recover" Command 2 false;
    /// Verifies every byte.
    Check "check" Both 1 false;
    /// Reads: the newest state, an older one, one that was held for long.
    Read "read" Library 12 false;
    /// Moves a ref on, if nobody else did.
    Register "register" Library 10 true;
    /// Closes the store.
    Close "close" Library 0 false;
}

/// Operations that others depend on most while they run: victims do them more often.
const UPKEEP: &[Op] = &[Op::Gc, Op::GcAll, Op::Purge, Op::Trim];

impl Op {
    /// Draws what a victim does last.
    pub fn draw_fatal(random: &mut Random, by: By, without: &[Op]) -> Op {
        let upkeep = *random.pick(UPKEEP);
        if random.chance(1, 4) && !without.contains(&upkeep) {
            return upkeep;
        }
        Op::draw(random, by, without)
    }

    /// Returns its row.
    pub fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.op == self).expect("every operation has a row")
    }

    /// Returns its name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the operation of a name.
    pub fn of_name(name: &str) -> Option<Op> {
        TABLE.iter().find(|row| row.name == name).map(|row| row.op)
    }

    /// Draws one that this doer does and that is not left out.
    pub fn draw(random: &mut Random, by: By, without: &[Op]) -> Op {
        let may = |row: &&Row| {
            (row.by == by || row.by == By::Both) && row.weight > 0 && !without.contains(&row.op)
        };
        let sum: usize = TABLE.iter().filter(may).map(|row| row.weight).sum();
        let mut at = random.below(sum.max(1));
        for row in TABLE.iter().filter(may) {
            if at < row.weight {
                return row.op;
            }
            at -= row.weight;
        }
        Op::Read
    }
}
