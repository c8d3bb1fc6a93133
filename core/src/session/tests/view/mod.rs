//! The view of a session.

mod files;
mod memories;
mod prompt;
mod summaries;
mod writers;

use super::*;
use crate::object::{Body, Memory, Part};

fn call(id: &str) -> Memory {
    let arguments = Body::new("{\"path\": \"a\"}");
    let call = Part::Call { id: id.into(), name: "run".into(), arguments };
    Memory::assistant("I run it.").with_part(call)
}

/// 1 user, 2 call, 3 result, 4 assistant, 5 user, 6 call, 7 result.
fn dialog() -> Session {
    let session = session();
    for memory in [
        Memory::user("Please mend the Parser."),
        call("c1"),
        Memory::tool("c1", "line 3 fails"),
        Memory::assistant("It is line 3."),
        Memory::user("Then mend it."),
        call("c2"),
        Memory::tool("c2", "done"),
    ] {
        session.remember(memory).unwrap();
    }
    session
}

pub(super) fn seen(session: &Session) -> Vec<(u64, MemoryState, bool)> {
    let latest = session.latest().unwrap();
    let memories = latest.view().memories().map(|memory| memory.unwrap());
    memories.map(|memory| (memory.number, memory.state, memory.pinned)).collect()
}

fn numbers(session: &Session) -> Vec<u64> {
    seen(session).into_iter().map(|(number, _, _)| number).collect()
}

pub(super) fn files(session: &Session) -> Vec<(String, u64)> {
    let latest = session.latest().unwrap();
    let files = latest.view().files().map(|file| file.unwrap());
    files.map(|file| (file.path.to_string(), file.number)).collect()
}

fn count(session: &Session) -> usize {
    session.log().unwrap().count()
}

fn select(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn short(_: &[MemoryEntry]) -> Result<String> {
    Ok("short".into())
}

/// What is in view of files: path, iteration, after, pinned.
fn files_told(session: &Session) -> Vec<(String, u64, u64, bool)> {
    let latest = session.latest().unwrap();
    let files = latest.view().files().map(|file| file.unwrap());
    files.map(|file| (file.path.to_string(), file.number, file.after, file.pinned)).collect()
}
