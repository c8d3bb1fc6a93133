//! Who may take of the reserve, and when it is made.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::watched::{Call, Watched, len, used};
use super::*;
use super::{content, options};

const NAMES: [&str; 2] = ["reserve", "reserve-commits"];

fn transaction(name: &str, len: usize) -> Transaction {
    let mut bytes = vec![0; len];
    super::entropy(&mut bytes).unwrap();
    let content = content(bytes, None);
    let (name, new) = (name.to_owned(), Some(content.id));
    let update = RefUpdate { name, expected: Expected::Any, new };
    Transaction { objects: vec![content], updates: vec![update] }
}

fn open(medium: &Watched) -> Log {
    let options =
        LogOptions { reserve: true, patience: Patience::new(Duration::ZERO), ..options() };
    Log::open(Arc::new(medium.clone()), options).unwrap()
}

fn reserve(medium: &Watched) -> [Option<u64>; 2] {
    NAMES.map(|name| len(&medium.memory(), name))
}

/// Lets the files take no more bytes together than they take now.
fn fill(medium: &Watched) {
    let capacity = used(&medium.memory());
    medium.watch(move |medium, call| {
        if let Call::Write(name, end) = call {
            let memory = medium.memory();
            let grows = end.saturating_sub(len(&memory, name).unwrap_or(0));
            if used(&memory) + grows > capacity {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        Ok(())
    });
}

fn store() -> Watched {
    let medium = Watched::new(Memory::default());
    let log = open(&medium);
    log.commit(transaction("first", 100_000)).unwrap();
    drop(log);
    assert!(reserve(&medium).iter().all(|len| len.is_some_and(|len| len > 0)));
    medium
}

#[test]
fn only_the_thread_that_frees_room_takes_of_the_reserve() {
    let medium = store();
    let before = reserve(&medium);
    let log = open(&medium);
    fill(&medium);
    let freeing = log.freeing();
    let other = std::thread::scope(|scope| {
        scope.spawn(|| log.commit(transaction("other", 50_000))).join().unwrap()
    });
    let other = other.unwrap_err();
    assert!(is_full(&other), "{other:?}");
    assert_eq!(reserve(&medium), before, "another thread's commit took of it");
    drop(freeing);
    // Of the handle whose write failed nothing more is written.
    let log = open(&medium);
    let freeing = log.freeing();
    log.commit(transaction("own", 50_000)).unwrap();
    assert_ne!(reserve(&medium), before);
    drop(freeing);
}

/// The thread that leads frees no room: what it takes along has its permission all the same, and
/// what frees no room has none, whoever leads.
#[test]
fn a_commit_takes_the_permission_along_to_whichever_thread_writes_it() {
    for leads in [0, 1] {
        let medium = store();
        let before = reserve(&medium);
        let log = open(&medium);
        let freeing = log.freeing();
        let frees = Arc::new(log.item(transaction("frees", 50_000)).unwrap());
        drop(freeing);
        let plain = Arc::new(log.item(transaction("plain", 50_000)).unwrap());
        fill(&medium);
        let items = [frees.clone(), plain.clone()];
        let freeing = (leads == 0).then(|| log.freeing());
        log.lead_group(&items);
        assert_eq!(frees.outcome().take().map(|done| done.is_ok()), Some(true));
        assert!(plain.outcome().is_none(), "it is no part of the group");
        let left = reserve(&medium);
        assert_ne!(left, before);
        fill(&medium);
        log.lead_as(&items[leads]);
        let refused = plain.outcome().take().unwrap().unwrap_err();
        assert!(is_full(&refused), "{refused:?}");
        assert_eq!(reserve(&medium), left);
        drop(freeing);
    }
}

#[test]
fn the_reserve_is_made_under_the_writer_lock_and_left_alone_while_another_process_writes() {
    let medium = store();
    let log = open(&medium);
    for name in NAMES {
        medium.memory().remove(name).unwrap();
    }
    let lock = medium.memory().lock(LOCK_FILE, Duration::ZERO).unwrap().unwrap();
    log.keep_reserve();
    assert_eq!(reserve(&medium), [None, None], "somebody writes");
    drop(lock);
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = writes.clone();
    medium.watch(move |medium, call| {
        if matches!(call, Call::Write(name, _) if NAMES.contains(&name)) {
            counted.fetch_add(1, Ordering::Relaxed);
            let others = medium.memory().lock(LOCK_FILE, Duration::ZERO).unwrap();
            assert!(others.is_none(), "another process can commit meanwhile");
        }
        Ok(())
    });
    // What was left undone is made up for by the next commit.
    log.commit(transaction("second", 100)).unwrap();
    assert!(writes.load(Ordering::Relaxed) > 0);
    assert!(reserve(&medium).iter().all(Option::is_some));
    assert!(medium.memory().lock(LOCK_FILE, Duration::ZERO).unwrap().is_some());
}

#[test]
fn a_slow_medium_lets_the_reserve_grow_by_and_by_and_other_writers_in_between() {
    let medium = store();
    let log = open(&medium);
    log.commit(transaction("large", 2 << 20)).unwrap();
    for name in NAMES {
        medium.memory().remove(name).unwrap();
    }
    medium.watch(|_, call| {
        if matches!(call, Call::Write(name, _) if NAMES.contains(&name)) {
            std::thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    });
    let mut before = 0;
    let mut looks = 0;
    while before < 2 << 20 {
        let begun = Instant::now();
        log.keep_reserve();
        assert!(begun.elapsed() < Duration::from_millis(900), "{:?}", begun.elapsed());
        let now = reserve(&medium).into_iter().flatten().sum();
        assert!(now > before, "{now} bytes after {looks} looks");
        (before, looks) = (now, looks + 1);
    }
    assert!(looks > 3, "{looks}");
}

/// While room is freed, another thread's commit makes no reserve of the room that the work needs.
#[test]
fn the_reserve_is_made_again_when_all_work_that_frees_room_is_done() {
    let medium = store();
    let log = open(&medium);
    let (one, two) = (log.freeing(), log.freeing());
    for name in NAMES {
        medium.memory().remove(name).unwrap();
    }
    log.keep_reserve();
    drop(one);
    log.keep_reserve();
    assert_eq!(reserve(&medium), [None, None]);
    drop(two);
    assert!(reserve(&medium).iter().all(Option::is_some));
}

/// A segment that was never sealed ends where its file does: a seal needs room too.
#[test]
fn a_collection_seals_a_segment_with_what_is_kept_for_it() {
    let medium = store();
    let log = open(&medium);
    let (old, end) = {
        let segment = log.state().current_segment();
        (segment.id, segment.end())
    };
    let path = old.path();
    {
        let path = path.clone();
        medium.watch(move |_, call| match call {
            Call::Write(name, _) if name == path => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        });
    }
    log.freeze().unwrap();
    medium.watch(|_, _| Ok(()));
    medium.memory().open(&path, true).unwrap().cut(end).unwrap();
    let freeing = log.freeing();
    fill(&medium);
    log.retire(&mut || Ok(Retirement { retired: vec![old], ..Retirement::default() })).unwrap();
    assert_eq!(len(&medium.memory(), &path), None);
    drop(freeing);
}
