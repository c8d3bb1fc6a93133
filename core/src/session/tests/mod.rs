//! The promises of sessions.

mod capacity;
mod catalogued;
mod deleted;
mod disk;
mod exact;
mod files;
mod history;
mod imports;
mod memories;
mod merge;
mod merged_dialog;
mod model;
mod names;
mod past;
mod plan;
mod plan_model;
mod recordings;
mod restore;
mod state;
#[cfg(unix)]
mod turns;
mod undo;
mod view;
mod view_model;
mod writers;

use super::*;
use crate::error::{ErrorKind, Result};
use crate::id::CheckpointId;
use crate::session::handle::{NewOperation, Outcome};
use crate::session::line::point::Point;
use crate::session::line::roots::Root;
use crate::store::Store;

fn session() -> Session {
    Store::in_memory().unwrap().session("s").unwrap()
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().expect("an error").kind()
}

fn newest(session: &Session) -> CheckpointId {
    session.checkpoint("latest").unwrap()
}

fn texts(session: &Session) -> Vec<(u64, String)> {
    let latest = session.latest().unwrap();
    let entries = latest.memories().map(|entry| {
        let entry = entry.unwrap();
        (entry.number, entry.memory.text().into_owned())
    });
    entries.collect()
}
