//! Histories from elsewhere: many checkpoints at a time, and recordings of other agents' dialogs.
//!
//! [`Session::import`](crate::Session::import) takes checkpoint after checkpoint and makes them durable
//! in groups, as one operation that one undo takes back. A recording that
//! [`interop`](crate::interop) has read goes in by
//! [`Session::import_transcript`](crate::Session::import_transcript), as often as it grows.
//!
//! ```
//! let session = partita::Store::in_memory()?.session("old-project")?;
//! let mut import = session.import()?;
//! for text in ["first\n", "second\n"] {
//!     let mut step = import.checkpoint();
//!     step.write("notes.md", text)?;
//!     step.finish()?;
//! }
//! import.flush()?; // durable from here on
//! assert_eq!(session.history("notes.md")?.count(), 2);
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::session::{Import, ImportStep, TranscriptImport, TranscriptProgress};
