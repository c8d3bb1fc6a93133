//! What is put aside: listed with its time, freed after it; and what a record keeps and costs.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::*;
use crate::limits::KEEP;
use crate::object::{Canonical, Checkout, Directory, Entry, Objects, Timestamp, Trace, read};
use crate::session::entries;
use crate::store::{Expected, GcOptions, Kept};

const DAY: i64 = 24 * 60 * 60 * 1_000;

/// One clock for the tests of this file, which each set it: they hold `TIME`.
static NOW: AtomicI64 = AtomicI64::new(0);
static TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn timed() -> Bench {
    let clock = || Timestamp::from_millis(NOW.load(Ordering::Relaxed));
    let store = Store::options().clock(clock).in_memory().unwrap();
    Bench { store, ..Bench::new() }
}

fn gc(bench: &Bench, options: &GcOptions) -> u64 {
    bench.store.gc(options, &mut |_| ControlFlow::Continue(())).unwrap().put_aside
}

fn assert_whole(bench: &Bench) {
    let report = bench.store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{:?}", report.faults);
}

fn content(kept: &Kept) -> ContentId {
    kept.entry.content().unwrap()
}

#[test]
fn what_was_put_aside_is_listed_and_freed_after_its_time() {
    let _only = TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    NOW.store(100 * DAY, Ordering::Relaxed);
    let bench = timed();
    bench.write("a", "theirs 1");
    bench.link("theirs", "link");
    bench.checkout(&things([("a", text("1")), ("link", text("1"))])).unwrap();
    NOW.store(110 * DAY, Ordering::Relaxed);
    bench.write("a", "theirs 2");
    bench.checkout(&things([("a", text("2"))])).unwrap();
    let kept = bench.store.kept().unwrap();
    let rows: Vec<_> = kept
        .iter()
        .map(|kept| {
            let bytes = bench.store.read_content(content(kept)).unwrap().to_vec();
            let day = kept.time.unwrap().as_millis() / DAY;
            assert_eq!(kept.size, Some(bytes.len() as u64));
            assert_eq!(kept.directory, bench.dir().canonicalize().unwrap());
            (kept.path.to_string(), String::from_utf8(bytes).unwrap(), day)
        })
        .collect();
    let row = |path: &str, bytes: &str, day| (path.to_owned(), bytes.to_owned(), day);
    assert_eq!(
        rows,
        [row("a", "theirs 1", 100), row("link", "theirs", 100), row("a", "theirs 2", 110)]
    );

    let options = GcOptions::new();
    assert_eq!(KEEP, Duration::from_secs(30 * 86_400));
    for (day, freed) in [(129, 0), (130, 2), (139, 0), (140, 1), (200, 0)] {
        NOW.store(day * DAY, Ordering::Relaxed);
        let go_on = &mut |_: crate::store::GcProgress| ControlFlow::Continue(());
        let foretold = bench.store.gc(&options.clone().dry_run(true), go_on).unwrap();
        let done = bench.store.gc(&options, go_on).unwrap();
        assert_eq!((foretold.put_aside, done.put_aside), (freed, freed), "{day}");
        // Beside them a node of the refs' own map may go.
        assert!((0..=1).contains(&(done.objects - foretold.objects)), "{day}");
        assert_whole(&bench);
    }
    assert_eq!(bench.store.kept().unwrap(), []);
    for kept in kept {
        assert!(bench.store.read_content(content(&kept)).is_err());
    }
    // The record is as good as before.
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn a_time_in_the_future_counts_as_now_and_keep_zero_frees_at_once() {
    let _only = TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    NOW.store(200_000 * DAY, Ordering::Relaxed);
    let bench = timed();
    bench.write("a", "theirs");
    bench.checkout(&things([("a", text("1"))])).unwrap();
    NOW.store(20_000 * DAY, Ordering::Relaxed);
    assert_eq!(gc(&bench, &GcOptions::new()), 0);
    assert_eq!(gc(&bench, &GcOptions::new().keep(Duration::ZERO)), 1);
}

#[test]
fn a_record_costs_what_differs_and_no_row_for_each_file() {
    let bench = Bench::new();
    let many = |version: &str| {
        let paths = (0..500).map(|at| format!("d{}/{at}", at % 7));
        things(paths.map(|path| (path, text(version))))
    };
    let record = || -> Directory { read(&bench.store, bench.references()[0].1).unwrap() };
    let id = bench.checkpoint(&many("1"));
    bench.session().checkout(Some(id), bench.dir()).unwrap();
    assert_eq!((record().checkpoint, record().exceptions), (Some(id), None));
    let id = bench.checkpoint(&many("2"));
    bench.session().checkout(Some(id), bench.dir()).unwrap();
    assert_eq!((record().checkpoint, record().exceptions), (Some(id), None));
    assert_eq!((record().aside, record().unfinished), (None, None));
    bench
        .session()
        .checkout_part(Some(bench.checkpoint(&many("3"))), bench.dir(), ["d1/1"])
        .unwrap();
    assert_eq!(record().checkpoint, Some(id));
    let exceptions = crate::map::Map::new(record().exceptions);
    assert_eq!(exceptions.prefix(&bench.store, b"").count(), 1);
}

#[test]
fn a_record_outlives_the_session_and_its_history_through_any_collection() {
    for trims in [false, true] {
        for deletes in [false, true] {
            let bench = Bench::new();
            let session = bench.session();
            for version in ["1", "2", "3"] {
                bench.checkpoint(&things([("a", text(version)), ("gone", text(version))]));
            }
            session.checkout(None, bench.dir()).unwrap();
            bench.write("a", "theirs");
            session.write("a", "4").unwrap();
            session.write("a", "5").unwrap();
            if trims {
                session.trim(crate::session::Trim::Keep(1)).unwrap();
            }
            if deletes {
                bench.store.delete_session("s").unwrap();
            }
            let options = GcOptions::new().keep(Duration::ZERO);
            for _ in 0..3 {
                gc(&bench, &options);
                assert_whole(&bench);
            }
            // Another session's checkout deletes what is as it was, and keeps what is not.
            let other = bench.store.session("other").unwrap();
            other.write("a", "other").unwrap();
            let plan = other.checkout(None, bench.dir()).unwrap();
            assert_eq!(listed(&plan, CheckoutAction::Delete), ["gone gone"]);
            assert_eq!(bench.kept(&plan), [("a".to_owned(), b"theirs".to_vec())]);
            assert_eq!(bench.found(), things([("a", text("other"))]));
            gc(&bench, &options);
            assert_whole(&bench);
        }
    }
}

/// Puts the record of an earlier version in the place of the one that is there.
fn set_back(bench: &Bench, kept: &[(&str, &str)], unfinished: Option<[u8; 16]>) {
    let (name, id) = bench.references().remove(0);
    let known: Directory = read(&bench.store, id).unwrap();
    let entries = entries(&bench.store, known.checkpoint.unwrap()).unwrap();
    let mut batch = bench.store.batch();
    let value = |trace: Trace| {
        let (refs, bytes) = Trace::encode_all(&[trace]);
        Some(crate::map::Value { refs, bytes })
    };
    let rows = entries
        .into_iter()
        .map(|(path, entry)| (path.as_bytes().to_vec(), value(Trace::Entry(entry))))
        .chain([(b"d".to_vec(), value(Trace::Directory))]);
    let written = crate::map::Map::EMPTY.edit(&batch, rows).unwrap();
    let written = batch.put_map(written).root();
    let mut previous = None;
    for (path, bytes) in kept {
        let content = batch.put_content(bytes.as_bytes(), None).unwrap();
        let entry = Entry::File { content, executable: false };
        let row = (path.as_bytes().to_vec(), value(Trace::Entry(entry)));
        let map = crate::map::Map::EMPTY.edit(&batch, [row]).unwrap();
        let checkout = Checkout {
            directory: known.directory.clone(),
            session: known.session,
            checkpoint: known.checkpoint,
            written,
            kept: batch.put_map(map).root(),
            previous,
            unfinished,
        };
        previous = Some(batch.put(&checkout, None));
    }
    batch.set_ref(name, Expected::Id(id), previous);
    batch.commit().unwrap();
}

#[test]
fn a_directory_recorded_by_an_earlier_version_goes_on() {
    let _only = TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    NOW.store(100 * DAY, Ordering::Relaxed);
    let bench = timed();
    bench.checkout(&things([("a", text("1")), ("gone", text("1")), ("d/x", text("1"))])).unwrap();
    let nonce = [7; 16];
    set_back(&bench, &[("a", "old 1"), ("a", "old 2"), ("b", "old 3")], Some(nonce));
    bench.write(&format!("d/{}", crate::workspace::record::temporary(&nonce)), "half");
    assert_eq!(gc(&bench, &GcOptions::new().keep(Duration::ZERO)), 0);
    let kept = bench.store.kept().unwrap();
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().all(|kept| kept.time.is_none()));

    NOW.store(200 * DAY, Ordering::Relaxed);
    let wanted = things([("a", text("2")), ("d/x", text("1"))]);
    bench.checkout(&wanted).unwrap();
    assert_eq!(bench.found(), wanted);
    let node = bench.store.read_node(&bench.references()[0].1).unwrap();
    assert_eq!(node.kind, Directory::KIND);
    let taken_over = bench.store.kept().unwrap();
    assert_eq!(taken_over.len(), 3);
    for (old, new) in kept.iter().zip(&taken_over) {
        assert_eq!((&old.path, &old.entry), (&new.path, &new.entry));
        assert_eq!(new.time.unwrap().as_millis(), 200 * DAY);
    }
    NOW.store(231 * DAY, Ordering::Relaxed);
    assert_eq!(gc(&bench, &GcOptions::new()), 3);
    assert_whole(&bench);
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn a_record_whose_checkpoint_is_lost_says_nothing_and_nothing_is_deleted_by_it() {
    let bench = Bench::new();
    bench.checkout(&things([("a", text("1")), ("b", text("1"))])).unwrap();
    let (name, id) = bench.references().remove(0);
    let known: Directory = read(&bench.store, id).unwrap();
    let mut batch = bench.store.batch();
    let lost = Some(CheckpointId::new(ObjectId::from_bytes([7; 32])));
    let new = batch.put(&Directory { checkpoint: lost, ..known }, None);
    batch.set_ref(name, Expected::Id(id), Some(new));
    batch.commit().unwrap();
    let plan = bench.checkout(&things([("a", text("2"))])).unwrap();
    assert_eq!(bench.kept(&plan), [("a".to_owned(), b"1".to_vec())]);
    assert_eq!(bench.found(), things([("a", text("2")), ("b", text("1"))]));
}
