//! Operations: plain numbers, which mean something in whatever state they meet.

use crate::random::Random;

/// The paths of files.
pub(super) const PATHS: [&str; 4] = ["a.rs", "b.log", "dir/c.log", "dir/d.rs"];

/// The patterns that files are hidden and shown by.
pub(super) const GLOBS: [&str; 4] = ["a.rs", "*.log", "dir/", "*"];

/// Kinds of memories that a dialog is made of.
pub(super) const SAYINGS: usize = 16;

/// Memories that are meant. The numbers are taken modulo what there is.
#[derive(Clone, Debug)]
pub enum Pick {
    /// One.
    Number(usize),
    /// Some in a row.
    Range(usize, usize),
    /// Those of a role.
    Role(usize),
    /// The one that says a fact.
    Fact(usize),
}

/// A mark on memories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Out of view.
    Forget,
    /// Into view.
    Recall,
    /// Results shortened.
    Trim,
    /// Not to be touched.
    Pin,
    /// To be touched again.
    Unpin,
}

/// What is done to files in view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// Out of view, and those to come.
    Hide,
    /// Into view.
    Show,
    /// Not to be touched.
    Pin,
    /// To be touched again.
    Unpin,
}

/// One edit, which a batch can do beside others.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Appends a memory of a kind.
    Say(usize, usize),
    /// Appends a turn with so many calls, some of them answered, behind a bound block or not.
    Turn(usize, usize, bool),
    /// Writes a file.
    Write(usize, usize),
    /// Removes a file.
    Remove(usize),
    /// Moves a file.
    Rename(usize, usize),
    /// Sets instructions, tools or the sandbox's state.
    Texts(usize, usize),
    /// Marks memories.
    Mark(Mark, Pick),
    /// Lays summaries over memories.
    Compact(Pick),
    /// Takes summaries off.
    Expand(Pick),
    /// Changes which files are in view.
    Files(Files, usize),
    /// Lets outdated files give way.
    Refresh,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Op {
    /// One edit, as an operation of its own.
    Edit(Edit),
    /// Edits of the view and of files in one batch.
    Batch(Vec<Edit>),
    /// An edit that begins before another handle commits one, and is committed behind it.
    Race(Edit, Edit),
    /// A plan for so many thousandths of what the prompt has, applied; with summaries, and with an
    /// edit of another handle between the two.
    Plan(usize, bool, Option<Edit>),
    /// Takes the newest operation back.
    Undo,
    /// Takes the newest undo back.
    Redo,
    /// Goes on with another handle.
    Use(usize),
    /// Opens a handle anew.
    Reopen(usize),
}

impl Pick {
    fn draw(random: &mut Random) -> Pick {
        match random.below(10) {
            0..=3 => Pick::Number(random.below(64)),
            4..=7 => Pick::Range(random.below(64), random.below(6)),
            8 => Pick::Role(random.below(4)),
            _ => Pick::Fact(random.below(64)),
        }
    }
}

impl Edit {
    /// Draws an edit of a dialog and its view.
    fn draw(random: &mut Random) -> Edit {
        match random.below(100) {
            0..=16 => Edit::Say(random.below(SAYINGS), random.below(64)),
            17..=28 => Edit::Turn(random.between(1, 3), random.below(64), random.chance(1, 3)),
            29..=31 => Edit::Texts(random.below(3), random.below(4)),
            _ => Edit::of_view(random),
        }
    }

    /// The same, but for edits of what hides files: a batch holds what it writes against the rules
    /// that are in force when it is committed, and these need not be those of its own time.
    fn without_rule(self) -> Edit {
        match self {
            Edit::Files(Files::Hide, glob) => Edit::Files(Files::Pin, glob),
            Edit::Files(Files::Show, glob) => Edit::Files(Files::Unpin, glob),
            edit => edit,
        }
    }

    /// Draws an edit of files and the view.
    fn of_view(random: &mut Random) -> Edit {
        let marks = [Mark::Forget, Mark::Forget, Mark::Recall, Mark::Trim, Mark::Pin, Mark::Unpin];
        let (path, glob) = (random.below(PATHS.len()), random.below(GLOBS.len()));
        match random.below(20) {
            0..=2 => Edit::Write(path, random.below(3)),
            3 => Edit::Remove(path),
            4 => Edit::Rename(path, random.below(PATHS.len())),
            5..=11 => Edit::Mark(*random.pick(&marks), Pick::draw(random)),
            12..=13 => Edit::Compact(Pick::draw(random)),
            14 => Edit::Expand(Pick::draw(random)),
            15 => Edit::Files(Files::Hide, glob),
            16 => Edit::Files(Files::Show, glob),
            17 => Edit::Refresh,
            18 => Edit::Files(Files::Pin, glob),
            _ => Edit::Files(Files::Unpin, glob),
        }
    }
}

impl Op {
    /// Draws an operation.
    pub fn draw(random: &mut Random) -> Op {
        match random.below(100) {
            0..=57 => Op::Edit(Edit::draw(random)),
            58..=64 => {
                let count = random.between(2, 4);
                Op::Batch((0..count).map(|_| Edit::of_view(random).without_rule()).collect())
            }
            65..=71 => Op::Race(Edit::of_view(random), Edit::draw(random)),
            72..=83 => {
                let between = random.chance(1, 4).then(|| Edit::draw(random));
                Op::Plan(random.between(20, 1_000), random.chance(1, 4), between)
            }
            84..=90 => Op::Undo,
            91..=93 => Op::Redo,
            94..=97 => Op::Use(random.below(2)),
            _ => Op::Reopen(random.below(2)),
        }
    }
}
