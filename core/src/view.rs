//! What the model is shown: the memories and files in view, and the edits of it.
//!
//! The **view** is a list that stands beside what is stored. Forgetting a memory, hiding a file or
//! laying a summary over a stretch of dialog changes the view alone; all of it can be taken back, one
//! edit at a time or by [`undo`](crate::Session::undo).
//!
//! | I want to | call |
//! |---|---|
//! | leave memories out, whole exchanges at a time | [`Session::forget`](crate::Session::forget), back with [`recall`](crate::Session::recall) |
//! | shorten long results of tools | [`Session::trim_results`](crate::Session::trim_results) |
//! | replace a stretch by a summary | [`Session::compact`](crate::Session::compact) and a [`Summarizer`], back with [`expand`](crate::Session::expand) |
//! | leave files out | [`Session::hide`](crate::Session::hide), back with [`show`](crate::Session::show); [`Glob`] says what a pattern matches |
//! | drop outdated iterations | [`Session::refresh`](crate::Session::refresh) |
//! | keep something whatever happens | [`Session::pin_memories`](crate::Session::pin_memories), [`pin_files`](crate::Session::pin_files) |
//! | see it | [`Snapshot::view`](crate::Snapshot::view) |
//! | go on where a call has no result yet | [`View::open_calls`] |
//! | send it | [`Snapshot::prompt`](crate::Snapshot::prompt), then [`Prompt::render`](crate::context::Prompt::render) |
//! | make it fit | [`Session::plan`](crate::Session::plan) and [`apply`](crate::Session::apply) |
//!
//! ```
//! use partita::{Memory, Selector, Store};
//! let session = Store::in_memory()?.session("s")?;
//! session.remember(Memory::user("Which parser is this?"))?;
//! session.remember(Memory::assistant("A recursive one."))?;
//! session.forget(&Selector::parse("1..2")?)?;
//! assert_eq!(session.latest()?.view().memories().count(), 0);
//! assert_eq!(session.latest()?.memories().count(), 2, "they exist as before");
//! session.undo()?;
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::session::{
    Glob, ItemKey, MemoryState, OpenCall, PairInView, PlanKey, PlanOptions, Summarizer, View,
    ViewFile, ViewFiles, ViewMemories, ViewMemory, ViewReport, ViewRule,
};
