//! Histories from elsewhere: many checkpoints at a time, and recordings of other agents' dialogs.
//!
//! [`Session::import`](crate::Session::import) takes checkpoint after checkpoint and makes them durable
//! in groups, as one operation that one undo takes back. A recording that
//! [`interop`](crate::interop) has read goes in by
//! [`Session::import_transcript`](crate::Session::import_transcript), as often as it grows.

pub use crate::session::{Import, ImportStep, TranscriptImport, TranscriptProgress};
