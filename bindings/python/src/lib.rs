//! The private module of the Python package `partita`: the core's types as Python classes.
//!
//! No logic of its own: each method takes its arguments over, lets go of the interpreter, calls the
//! core, and hands over what that returns.

mod batch;
mod checkout;
mod command;
mod convert;
mod diff;
mod display;
mod error;
mod files;
mod handle;
mod history;
mod id;
mod memory;
mod path;
mod session;
mod snapshot;
mod state;
mod store;
mod upkeep;
mod value;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
mod _partita {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::checkout::{CheckoutPlan, CheckoutStep};
    #[pymodule_export]
    use crate::command::_command;
    #[pymodule_export]
    use crate::diff::{Change, Diff, diff};
    #[pymodule_export]
    use crate::display::Graph;
    #[pymodule_export]
    use crate::error::error_codes;
    #[pymodule_export]
    use crate::files::{Entry, FileChange, Files};
    #[pymodule_export]
    use crate::history::{Checkpoint, History, Iteration, Log, LogEntry};
    #[pymodule_export]
    use crate::id::ObjectId;
    #[pymodule_export]
    use crate::memory::{Memories, Memory, ModelCall, Part, Usage};
    #[pymodule_export]
    use crate::session::{RestorePlan, Session};
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::state::{State, StateList, StateRows};
    #[pymodule_export]
    use crate::store::{SessionEntry, Sessions, Stats, Store};
    #[pymodule_export]
    use crate::upkeep::{
        CheckReport, Fault, GcReport, PurgeReport, RecoverReport, Tombstone, recover,
    };
}
