use super::*;

/// A long dialog that says the same things again and again, as a tool does that reads a file.
fn talk(store: &Store, name: &str, steps: u64) -> Session {
    let session = store.session(name).unwrap();
    for step in 0..steps {
        let said = Memory::user(format!("{name} reads {step}"));
        session.remember(said).unwrap();
        session.remember(Memory::tool("call", read_file(step))).unwrap();
    }
    session
}

fn read_file(step: u64) -> String {
    format!("{step}\n{}{}", text(step % 5, 60), text(step, 4))
}

fn said(session: &Session, memory: crate::history::MemoryEntry) -> String {
    memory.resolve(session.store()).unwrap().memory.text().into_owned()
}

fn assert_said(session: &Session, steps: u64) {
    let latest = session.latest().unwrap();
    let said: Vec<_> = latest.memories().map(|memory| said(session, memory.unwrap())).collect();
    assert_eq!(said.len() as u64, 2 * steps);
    for step in 0..steps {
        assert_eq!(said[2 * step as usize + 1], read_file(step));
    }
}

#[test]
fn what_a_session_says_again_costs_a_small_part_of_it() {
    let vfs = MemoryVfs::default();
    let store = Store::options().open_vfs(Arc::new(vfs.clone())).unwrap();
    let session = talk(&store, "s", 200);
    let raw: usize = (0..200).map(|step| read_file(step).len()).sum();
    drop((store, session));
    let store = Store::options().open_vfs(Arc::new(vfs.clone())).unwrap();
    let stored = store.stats().unwrap().stored_bytes;
    assert!(stored < raw as u64 / 2, "{stored} of {raw}");
    assert_said(&store.open_session("s").unwrap(), 200);
    assert_whole(&store);
}

/// Small segments, several groups, two sessions whose commits alternate, then a collection.
#[test]
fn texts_come_back_one_by_one_in_any_order_before_and_after_a_collection() {
    let vfs = MemoryVfs::default();
    let store = Store::options().open_vfs(Arc::new(vfs.clone())).unwrap();
    let sessions = ["a", "b"].map(|name| store.session(name).unwrap());
    for step in 0..250 {
        for session in &sessions {
            session.remember(Memory::tool("call", text(step, 100))).unwrap();
        }
    }
    drop((store, sessions));
    for collect in [false, true] {
        if collect {
            let store = open(&vfs);
            for _ in 0..2 {
                store.gc(&GcOptions::new(), &mut go_on).unwrap();
            }
        }
        for step in [249, 0, 120, 7] {
            // Each with nothing in memory.
            let session = open(&vfs).open_session("b").unwrap();
            let memory = session.memory(step + 1).unwrap();
            assert_eq!(said(&session, memory), text(step, 100));
        }
        assert_whole(&open(&vfs));
    }
}

#[test]
fn closing_in_order_leaves_no_zeros_and_both_handles_go_on() {
    let vfs = MemoryVfs::default();
    let one = Store::options().open_vfs(Arc::new(vfs.clone())).unwrap();
    let two = Store::options().open_vfs(Arc::new(vfs.clone())).unwrap();
    one.session("s").unwrap().remember(Memory::user("one")).unwrap();
    two.session("s").unwrap().remember(Memory::user("two")).unwrap();
    drop(two);
    let after = one.stats().unwrap().stored_bytes;
    assert!(after <= 8 << 10, "{after}");
    let session = one.session("s").unwrap();
    for step in 0..40 {
        session.remember(Memory::user(text(step, 20))).unwrap();
    }
    drop((one, session));
    let store = open(&vfs);
    assert_eq!(store.open_session("s").unwrap().latest().unwrap().memories().count(), 42);
    assert_whole(&store);
}
