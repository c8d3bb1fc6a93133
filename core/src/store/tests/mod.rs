//! Promises of the store as a whole.

mod gc;
mod newer;
mod purge;
mod race;
mod recover;
mod texts;
mod trim;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::*;
use crate::log::Memory as MemoryVfs;
use crate::{Memory, NewEntry, Session};

/// Opens a store of small segments over a medium in memory.
fn open(vfs: &MemoryVfs) -> Store {
    let options = Store::options().segment_bytes(32 << 10).bulk_bytes(64 << 10);
    options.open_vfs(Arc::new(vfs.clone())).unwrap()
}

fn go_on<T>(_: T) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn text(seed: u64, lines: u64) -> String {
    let mut state = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
    let mut text = String::new();
    for line in 0..lines {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        text += &format!("line {line} says {:x} and more\n", state >> 20);
    }
    text
}

fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(len)
    .collect()
}

/// Records a history with every kind of object in it.
fn fill(store: &Store, name: &str, seed: u64) -> Session {
    let session = store.session(name).unwrap();
    for step in 0..30u64 {
        session
            .batch(|b| {
                b.remember(Memory::user(format!(
                    "step {step} of {seed}, {}",
                    text(step, step * 3)
                )))?;
                b.write("src/lib.rs", text(seed + step / 3, 40 + step))?;
                b.write(&format!("notes/{}", step % 7)[..], format!("note {seed} {step}"))
            })
            .unwrap();
    }
    session.write("big", bytes(seed, 1_300_000)).unwrap();
    session
        .batch(|b| b.write_entry("run", NewEntry::file(bytes(seed + 1, 3_000)).executable()))
        .unwrap();
    session.rename("src/lib.rs", "src/main.rs").unwrap();
    session.remove("notes/3").unwrap();
    session.undo().unwrap();
    session.restore("src/main.rs", 2).unwrap();
    session
}

/// Everything that a session says: each checkpoint's files and memories, and the history.
fn everything(session: &Session) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in session.log().unwrap() {
        let entry = entry.unwrap();
        let then = session.at(entry.id).unwrap();
        for file in then.files() {
            let file = file.unwrap();
            all.insert(format!("{} {}", entry.number, file.path), file.read().unwrap());
        }
        for memory in then.memories() {
            let memory = memory.unwrap();
            let text = memory.memory.text().into_owned().into_bytes();
            all.insert(format!("{} memory {}", entry.number, memory.number), text);
        }
    }
    for path in ["src/main.rs", "notes/3"] {
        for iteration in session.history(path).unwrap() {
            let iteration = iteration.unwrap();
            all.insert(
                format!("{path} {}", iteration.number),
                format!("{iteration:?}").into_bytes(),
            );
        }
    }
    all
}

fn assert_whole(store: &Store) -> CheckReport {
    let report = store.check(&mut go_on).unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(report.strays, Vec::<String>::new());
    report
}
