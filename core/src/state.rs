//! Values that a host keeps beside the dialog: keys and bytes, under the same checkpoints and undo.
//!
//! A scratchpad, a todo list, a framework's own state: whatever must go back with the session when it
//! goes back. [`Session::state`](crate::Session::state) reads and writes it at once,
//! [`Batch::put_state`](crate::Batch::put_state) with other edits in one step.

pub use crate::session::{State, StateEntries, StateEntry, StateSnapshot, StateValue};
