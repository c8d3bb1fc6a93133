//! The torture: eight places on one store, in each process after process, some of the library and
//! some of the command, with every operation there is, and some killed at a system call.
//!
//! What is acknowledged is noted in ledgers. Afterwards a model of plain maps goes through every
//! session's line and compares bytes, numbers and order.

mod commands;
mod copies;
mod directory;
mod kills;
pub mod ledger;
mod place;
mod plain;
mod round;
pub mod table;
pub mod trace;
mod verify;
mod watch;
mod work;
pub mod worker;

pub use kills::Killed;
pub use round::{Outcome, Round};
pub use verify::{Verdict, verify};
pub use watch::watch;
