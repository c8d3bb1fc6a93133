//! Promises of the catalogue: whatever happens to it, the answer is right or not known.

mod damage;
mod process;
mod purge;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::object::{Memory, Objects};
use crate::store::Store;

fn id(number: u32) -> ObjectId {
    ObjectId::of_content(&number.to_le_bytes())
}

fn exact(tokens: u64) -> KnownCount {
    KnownCount { tokens, bounds: None }
}

const LISTING: Listing = Listing { files: 3, memories: 40_000 };
const ESTIMATE: KnownCount = KnownCount { tokens: 300, bounds: Some((250, 400)) };

/// A store in a directory of its own, with a session.
fn store(directory: &Path) -> Store {
    let store = Store::open(directory.join("store")).unwrap();
    store.session("s").unwrap();
    store
}

/// Lets a catalogue know something of each sort.
fn teach(store: &Store) {
    let catalogue = store.catalogue();
    let counts: Vec<_> = (0..500).map(|number| (id(number), exact(number.into()))).collect();
    catalogue.set_counts("o200k", &counts);
    catalogue.set_counts("estimate", &[(id(1), ESTIMATE)]);
    catalogue.set_signature(MemoryId::new(id(1)), &["The Parser", "drops a token"]);
    catalogue.set_listing(OperationId::new(id(1)), LISTING);
}

/// Tells whether it knows all that it was taught, or nothing of it.
fn knows(store: &Store) -> bool {
    let known = known(store);
    assert!([0, 503].contains(&known), "it knows {known} of 503 entries");
    known > 0
}

/// Counts what it knows of what it was taught. Whatever it says must be right.
fn known(store: &Store) -> usize {
    let catalogue = store.catalogue();
    let mut known = 0;
    for number in 0..500 {
        if let Some(count) = catalogue.count("o200k", id(number)) {
            assert_eq!(count, exact(number.into()));
            known += 1;
        }
    }
    for other in [catalogue.count("o200k", id(501)), catalogue.count("cl100k", id(1))] {
        assert_eq!(other, None);
    }
    if let Some(count) = catalogue.count("estimate", id(1)) {
        assert_eq!(count, ESTIMATE);
        known += 1;
    }
    let memory = MemoryId::new(id(1));
    assert!(catalogue.may_contain(memory, "PARSER"));
    assert!(catalogue.may_contain(MemoryId::new(id(2)), "zebra"));
    if catalogue.has_signature(memory) {
        assert!(!catalogue.may_contain(memory, "zebra"));
        known += 1;
    } else {
        assert!(catalogue.may_contain(memory, "zebra"));
    }
    if let Some(listing) = catalogue.listing(OperationId::new(id(1))) {
        assert_eq!(listing, LISTING);
        known += 1;
    }
    known
}

/// The paths below a directory, with the bytes of files.
fn files(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pending = vec![directory.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.push((path, bytes));
            }
        }
    }
    found.sort();
    found
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Asserts that a catalogue works from here on: it learns, and still knows when it is reopened.
fn assert_works(directory: &Path) {
    assert!(in_the_end(|| {
        let store = store(directory);
        teach(&store);
        knows(&store)
    }));
    assert!(in_the_end(|| knows(&store(directory))));
}

/// Tells whether something holds, some time. A child that another test starts has its files open
/// until it is another program, and so holds the lock of a catalogue for which nobody waits.
fn in_the_end(holds: impl Fn() -> bool) -> bool {
    (0..100).any(|_| {
        let does = holds();
        if !does {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        does
    })
}

#[test]
fn what_it_was_told_it_knows_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..5 {
        let store = store(directory.path());
        assert_eq!(knows(&store), round > 0);
        teach(&store);
        assert!(knows(&store));
    }
    let catalogue = directory.path().join("store/catalogue");
    let names = names(&catalogue);
    assert_eq!(names.len(), 3, "{names:?}");
    assert_eq!(names[..2], ["closed", "lock"]);
}

#[test]
fn clones_and_sessions_of_a_store_share_one_that_the_last_of_them_closes() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let clone = store.clone();
    teach(&store);
    assert!(knows(&clone));
    let session = clone.open_session("s").unwrap();
    drop((store, clone));
    let marker = directory.path().join("store/catalogue/closed");
    assert!(!marker.exists());
    drop(session);
    assert!(marker.exists());
}

#[test]
fn many_threads_ask_and_tell_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let store = store.clone();
            scope.spawn(move || {
                for number in 0..300 {
                    let number = thread * 300 + number;
                    store.catalogue().set_counts("c", &[(id(number), exact(number.into()))]);
                    assert_eq!(
                        store.catalogue().count("c", id(number)),
                        Some(exact(number.into()))
                    );
                }
            });
        }
    });
    drop(store);
    let store = self::store(directory.path());
    for number in 0..1_200 {
        assert_eq!(store.catalogue().count("c", id(number)), Some(exact(number.into())));
    }
}

#[test]
fn commits_and_reads_and_care_of_the_store_do_not_open_it() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let session = store.session("s").unwrap();
    session.write("a", "text").unwrap();
    session.remember(Memory::user("hello")).unwrap();
    session.read("a").unwrap();
    store.stats().unwrap();
    store.check(&mut |_| std::ops::ControlFlow::Continue(())).unwrap();
    store
        .gc(&crate::upkeep::GcOptions::default(), &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    drop((store, session));
    assert!(!directory.path().join("store/catalogue").exists());
}

#[test]
fn care_of_the_store_gives_the_same_answers_beside_it() {
    let go_on = |_| std::ops::ControlFlow::Continue(());
    let directory = tempfile::tempdir().unwrap();
    let session = store(directory.path()).session("s").unwrap();
    for step in 0..20 {
        session.write("a", format!("text {step}")).unwrap();
        session.remember(Memory::user(format!("memory {step}"))).unwrap();
    }
    drop(session);
    let path = directory.path().join("store");
    let store = Store::open(&path).unwrap();
    let answers = (store.stats().unwrap(), store.check(&mut { go_on }).unwrap());
    teach(&store);
    assert_eq!((store.stats().unwrap(), store.check(&mut { go_on }).unwrap()), answers);
    assert!(answers.1.is_ok() && answers.1.strays.is_empty());
    drop(store);

    let store = Store::open(&path).unwrap();
    assert_eq!((store.stats().unwrap(), store.check(&mut { go_on }).unwrap()), answers);
    store
        .gc(&crate::upkeep::GcOptions::default(), &mut |_| std::ops::ControlFlow::Continue(()))
        .unwrap();
    assert!(knows(&store), "gc leaves it");
    drop(store);
    let report = Store::options().recover(&path, &mut { go_on }).unwrap();
    assert!(report.quarantined.is_empty());
    assert!(knows(&Store::open(&path).unwrap()), "a recovery that finds no damage leaves it");
}

#[test]
fn a_recovery_that_loses_something_forgets_what_was_known_of_it() {
    let go_on = |_| std::ops::ControlFlow::Continue(());
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path());
    let session = store.session("s").unwrap();
    for step in 0..20 {
        session.write("a", format!("text {step}")).unwrap();
    }
    teach(&store);
    drop((session, store));
    let path = directory.path().join("store");
    let (log, mut bytes) = files(&path.join("segments")).remove(0);
    let middle = bytes.iter().rposition(|&byte| byte != 0).unwrap() / 2;
    bytes[middle..middle + 200].fill(0x55);
    fs::write(log, bytes).unwrap();
    let report = Store::options().recover(&path, &mut { go_on }).unwrap();
    assert!(!report.quarantined.is_empty());
    assert!(!knows(&Store::open(&path).unwrap()));
    assert_works(directory.path());
}

#[test]
fn a_store_that_is_read_only_neither_makes_nor_uses_nor_changes_one() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(directory.path()));
    let path = directory.path().join("store");
    let read_only = || Store::options().read_only(true).open(&path).unwrap();
    let store = read_only();
    teach(&store);
    assert!(!knows(&store));
    drop(store);
    assert!(!path.join("catalogue").exists());

    teach(&self::store(directory.path()));
    let before = files(&path);
    let store = read_only();
    assert!(!knows(&store));
    teach(&store);
    drop(store);
    assert!(files(&path) == before);
    assert!(knows(&self::store(directory.path())));
}

#[test]
fn a_store_that_is_read_only_makes_and_uses_one_where_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    drop(store(directory.path()));
    let path = directory.path().join("store");
    let segments = files(&path);
    let reading = || Store::options().read_only(true).catalogue(true).open(&path).unwrap();
    teach(&reading());
    let (one, two) = (reading(), reading());
    assert!(knows(&one));
    assert!(!knows(&two), "the first has it");
    drop((one, two));
    assert!(knows(&self::store(directory.path())), "a writer shares it");
    let others = |files: Vec<(PathBuf, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(at, _)| !at.starts_with(path.join("catalogue"))).collect()
    };
    assert!(others(files(&path)) == segments, "nothing else was written");
}

#[test]
fn a_writer_that_is_told_to_do_without_still_purges_it() {
    let directory = tempfile::tempdir().unwrap();
    teach(&store(directory.path()));
    let path = directory.path().join("store");
    let store = Store::options().catalogue(false).open(&path).unwrap();
    assert!(!knows(&store));
    store.catalogue().clear().unwrap();
    assert!(!path.join("catalogue/closed").exists());
    teach(&store);
    assert!(!knows(&store));
    drop(store);
    assert!(!knows(&self::store(directory.path())));
}

#[test]
fn a_store_without_a_directory_knows_nothing_and_says_no_error() {
    let vfs = std::sync::Arc::new(crate::log::Memory::default());
    for store in [Store::in_memory().unwrap(), Store::options().open_vfs(vfs).unwrap()] {
        teach(&store);
        assert!(!knows(&store));
        store.catalogue().clear().unwrap();
    }
}

/// What a search does with it: asks, reads where it must, and tells what it read.
fn search(store: &Store, text: &str) -> (Vec<u64>, usize) {
    let latest = store.open_session("s").unwrap().latest().unwrap();
    let (mut found, mut read) = (Vec::new(), 0);
    for entry in latest.memories() {
        let entry = entry.unwrap();
        if !store.catalogue().may_contain(entry.id, text) {
            continue;
        }
        read += 1;
        assert!(store.get_node(&entry.id.id()).unwrap().is_some());
        let held = entry.memory.text();
        if !store.catalogue().has_signature(entry.id) {
            store.catalogue().set_signature(entry.id, &[&held]);
        }
        if held.to_lowercase().contains(&text.to_lowercase()) {
            found.push(entry.number);
        }
    }
    (found, read)
}

#[test]
fn a_search_finds_the_same_with_and_without_it_and_reads_less() {
    let directory = tempfile::tempdir().unwrap();
    let session = store(directory.path()).session("s").unwrap();
    session
        .batch(|batch| {
            for step in 0..200 {
                batch.remember(Memory::user(format!(
                    "Step {step}: mend the \u{39a}\u{3a3} of {}",
                    step % 13
                )))?;
            }
            Ok(())
        })
        .unwrap();
    drop(session);
    let texts =
        ["step 7", "MEND", "of 12", "\u{3ba}\u{3c3}", "\u{39a}\u{3a3}", "nothing of it", "", "7"];
    let without = Store::options().read_only(true).open(directory.path().join("store")).unwrap();
    let expected: Vec<_> = texts.iter().map(|text| search(&without, text).0).collect();
    for round in 0..3 {
        let store = store(directory.path());
        for (text, expected) in texts.iter().zip(&expected) {
            let (found, read) = search(&store, text);
            assert_eq!(&found, expected, "{text:?}");
            if *text == "nothing of it" {
                assert_eq!(read, 0, "round {round}");
            }
        }
    }
}

#[test]
fn files_above_the_limit_are_not_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("blobs")).unwrap();
    fs::write(directory.path().join("db"), [1; 60]).unwrap();
    fs::write(directory.path().join("blobs/1"), [1; 40]).unwrap();
    for (max, fits) in [(99, false), (100, true), (101, true)] {
        assert_eq!(open::digest(directory.path(), max).is_ok(), fits, "{max}");
    }
}
