//! What happened in a session: its checkpoints, operations and files' iterations, and the way back.
//!
//! A **checkpoint** is the whole state of a session at one moment; each is numbered from 1 within its
//! session. An **operation** says what made it. A file's **iterations** are what it held, numbered
//! from 1 at its path. Nothing here is ever changed: [`undo`](crate::Session::undo),
//! [`redo`](crate::Session::redo) and [`restore`](crate::Session::restore) add a checkpoint that
//! equals an earlier one.
//!
//! | I want to | call |
//! |---|---|
//! | list checkpoints and what made them | [`Session::log`](crate::Session::log) |
//! | list a file's iterations | [`Session::history`](crate::Session::history) |
//! | read a file as it was | [`Session::read_at`](crate::Session::read_at), or [`Session::at`](crate::Session::at) and then [`Snapshot::read`](crate::Snapshot::read) |
//! | see what changed between two checkpoints | [`Snapshot::changes_since`](crate::Snapshot::changes_since) |
//! | see what a restore would do, before it does it | [`Session::plan_restore`](crate::Session::plan_restore) |
//! | let go of old checkpoints | [`Session::trim`](crate::Session::trim) |
//!
//! ```
//! let session = partita::Store::in_memory()?.session("s")?;
//! session.write("notes.md", "first\n")?;
//! session.write("notes.md", "second\n")?;
//! assert_eq!(session.read_at("notes.md", 1)?, b"first\n");
//! session.undo()?;
//! assert_eq!(session.read("notes.md")?, b"first\n");
//! // The undo is an iteration, too: the third. Nothing was lost.
//! assert_eq!(session.history("notes.md")?.count(), 3);
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::session::{
    CheckpointInfo, DeletedSession, FileChange, FileChanges, FileEntry, Files, FoundMemories,
    History, IterationInfo, LogEntries, LogEntry, Memories, MemoryEntry, OperationInfo, Remembered,
    RestorePlan, RestoreScope, SessionEntry, SessionSizes, Sessions, Trim, TrimReport, UndoReport,
};
