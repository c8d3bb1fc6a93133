//! Deleted sessions whose time is over: a collection that fails takes none of their names away unless
//! their objects may go too.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use partita::object::Objects as _;
use partita::upkeep::GcOptions;
use partita::{Memory, Result, Store, StoreOptions, Timestamp};
use partita_tests::crash::entropy::{Source, fill};
use partita_tests::vfs::{Fault, Recorder};

fn open(medium: &Recorder) -> Result<Store> {
    let options: StoreOptions = Store::options().segment_bytes(16 << 10).bulk_bytes(8 << 10);
    let options = options.entropy(fill).clock(|| Timestamp::from_millis(1_700_000_000_000));
    options.open_vfs(Arc::new(medium.clone()))
}

fn go_on<T>(_: T) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn work(store: &Store, name: &str, steps: u8) -> Result<()> {
    let session = store.session(name)?;
    for step in 0..steps {
        session.write("a", vec![step; 3_000])?;
        session.remember(Memory::user(format!("{name} {step}")))?;
    }
    Ok(())
}

/// What a collection met that fails at one of its calls.
#[derive(Debug, Default)]
struct Met {
    failed: usize,
    put_back: usize,
    collected: usize,
}

#[test]
fn a_collection_that_fails_before_anything_went_leaves_expired_sessions_under_their_names() {
    let medium = Recorder::new();
    let session = Source::new(1).supply(|| {
        let store = open(&medium).unwrap();
        work(&store, "kept", 8).unwrap();
        work(&store, "gone", 8).unwrap();
        let id = store.open_session("gone").unwrap().id();
        store.delete_session("gone").unwrap();
        id
    });
    let image = medium.disk();
    let options = GcOptions::new().keep(Duration::ZERO);
    let mut met = Met::default();
    for call in 0.. {
        let medium = Recorder::on(image.clone());
        let store = Source::new(2).supply(|| open(&medium)).unwrap();
        let before = medium.calls().len();
        medium.fail(before + call, Fault::Refused(io::ErrorKind::Other));
        let outcome = Source::new(3).supply(|| store.gc(&options, &mut go_on));
        let made = medium.calls().get(before + call).copied();
        medium.forget_fault();
        drop(store);
        let store = Source::new(4).supply(|| open(&medium.process())).unwrap();
        let report = store.check(&mut go_on).unwrap();
        assert!(report.is_ok(), "call {call} ({made:?}): {:?}", report.faults);
        let is_named = store.deleted_sessions().unwrap().iter().any(|row| row.id == session);
        let is_there = store.get_node(&session.id()).unwrap().is_some();
        match &outcome {
            Ok(_) => met.collected += usize::from(!is_there),
            Err(_) => met.failed += 1,
        }
        // A handle that failed to write writes no more: it cannot put anything back.
        let is_poisoned = made.is_some_and(|made| made.changes());
        if outcome.is_err() && is_there && !is_poisoned {
            assert!(is_named, "call {call} ({made:?}): {outcome:?}");
            met.put_back += 1;
        }
        Source::new(5).supply(|| store.gc(&options, &mut go_on)).unwrap();
        assert!(store.deleted_sessions().unwrap().is_empty());
        if made.is_none() {
            break;
        }
    }
    println!("{met:?}");
    assert!(met.put_back > 10 && met.failed > met.put_back && met.collected > 0, "{met:?}");
}
