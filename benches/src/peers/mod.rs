//! What partita is measured beside. Each peer does the same step as honestly as it can.

mod floor;
mod libgit2;
mod ours;
mod sqlite;

pub(crate) use floor::{Plain, Zeroed};
pub(crate) use libgit2::{LibGit2, memory_path};
pub(crate) use ours::{Ours, record, record_history, step_session};
pub(crate) use sqlite::Sqlite;
