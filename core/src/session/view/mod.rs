//! The view: what of memories and files is in context, apart from what exists.
//!
//! It is a map of its own under a root of its own, so an edit of it costs O(log n), and it is
//! undone, restored and forked with all else. Nothing in it takes anything away: what is
//! forgotten, hidden or covered by a summary exists as before.

mod compact;
mod draft;
mod entry;
mod files;
mod glob;
mod mark;
mod read;
mod recorded;
mod report;
mod select;
mod selector;

pub use compact::Summarizer;
pub(super) use draft::ViewDraft;
pub(super) use entry::ViewMaps;
pub use glob::{Glob, ViewRule};
pub use read::{MemoryState, View, ViewFile, ViewFiles, ViewMemories, ViewMemory};
pub(super) use read::{ViewChange, view_change};
pub use report::{PairInView, ViewReport};
pub use selector::Selector;
