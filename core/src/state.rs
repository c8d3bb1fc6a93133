//! Values that a host keeps beside the dialog: keys and bytes, under the same checkpoints and undo.
//!
//! A scratchpad, a todo list, a framework's own state: whatever must go back with the session when it
//! goes back. [`Session::state`](crate::Session::state) reads and writes it at once,
//! [`Batch::state_put`](crate::Batch::state_put) with other edits in one step.
//! A value is bytes, or a list of items that grows at its end. Keys are bytes, in their order.
//!
//! ```
//! let session = partita::Store::in_memory()?.session("s")?;
//! session.state().put("todo/1", "mend the parser")?;
//! session.batch(|batch| {
//!     batch.state_append("done", "read the issue")?;
//!     batch.write("parser.rs", "fn parse() {}\n")
//! })?;
//! assert_eq!(session.state().list()?.len(), 2);
//! session.undo()?; // the file and the list go back as one
//! assert_eq!(session.state().list()?.len(), 1);
//! # Ok::<(), partita::Error>(())
//! ```

pub use crate::session::{State, StateEntries, StateEntry, StateSnapshot, StateValue};
