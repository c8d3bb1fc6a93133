//! Readers under whose eyes the log changes.

use std::io;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::watched::{Call, Watched, bytes, copy};
use super::*;
use super::{content, open, options};

/// Calls of one look at the log, and more.
const CALLS: usize = 40;

fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    super::entropy(&mut bytes).unwrap();
    bytes
}

fn commit(log: &Log, name: &str, bytes: Vec<u8>) -> ObjectId {
    let content = content(bytes, None);
    let id = content.id;
    let update = RefUpdate { name: name.to_owned(), expected: Expected::Any, new: Some(id) };
    log.commit(Transaction { objects: vec![content], updates: vec![update] }).unwrap();
    id
}

/// A handle that leaves no marker of closing.
fn open_forgotten(memory: &Memory) -> ManuallyDrop<Log> {
    ManuallyDrop::new(open(memory, options()))
}

/// Puts other files in the place of all right before one of the calls that look at segments.
fn swap_before(medium: &Watched, at: usize, after: &Memory) -> Arc<AtomicUsize> {
    let calls = Arc::new(AtomicUsize::new(0));
    let (counted, after) = (calls.clone(), after.clone());
    medium.watch(move |medium, call| {
        if matches!(call, Call::Open(_) | Call::Read(_) | Call::Len(_))
            && counted.fetch_add(1, Ordering::Relaxed) == at
        {
            medium.swap(after.clone());
        }
        Ok(())
    });
    calls
}

/// A reader has taken up a short commit. Its writer takes it back, with the longer one behind it,
/// and another writer puts two longer ones in their place. So the end that the reader knows is in
/// the middle of a frame, behind which there is a whole one.
fn taken_back(rotates: bool) {
    let memory = Memory::default();
    let kept = commit(&open_forgotten(&memory), "kept", noise(100));
    let after = copy(&memory);
    commit(&open_forgotten(&memory), "short", noise(100));
    let known = copy(&memory);
    commit(&open_forgotten(&memory), "behind", noise(5_000));
    let writer = open_forgotten(&after);
    let ids = [commit(&writer, "first", noise(300)), commit(&writer, "second", noise(400))];
    if rotates {
        writer.freeze().unwrap();
    }
    let mut unswapped = 0;
    for at in 0..CALLS {
        let medium = Watched::new(known.clone());
        let log = ManuallyDrop::new(Log::open(Arc::new(medium.clone()), options()).unwrap());
        assert!(log.reference("short").unwrap().is_some());
        medium.swap(memory.clone());
        let calls = swap_before(&medium, at, &after);
        log.refresh().unwrap();
        assert_eq!(log.state().damage, vec![], "before call {at}");
        if calls.load(Ordering::Relaxed) <= at {
            unswapped += 1;
            medium.swap(after.clone());
        }
        assert_eq!(log.reference("kept").unwrap(), Some(kept), "before call {at}");
        assert_eq!(log.reference("first").unwrap(), Some(ids[0]), "before call {at}");
        assert_eq!(log.reference("second").unwrap(), Some(ids[1]), "before call {at}");
        assert_eq!(log.reference("short").unwrap(), None, "before call {at}");
        assert_eq!(log.state().damage, vec![], "before call {at}");
    }
    assert!((1..CALLS).contains(&unswapped), "the last calls come after the look");
}

#[test]
fn a_reader_between_a_taken_back_frame_and_two_longer_ones_notes_no_damage() {
    taken_back(false);
}

#[test]
fn a_reader_between_a_taken_back_frame_and_a_segment_that_was_succeeded_notes_no_damage() {
    taken_back(true);
}

/// What is damaged stays so at a second look, and is noted.
#[test]
fn damage_is_noted_where_nothing_changes() {
    let memory = Memory::default();
    let log = open_forgotten(&memory);
    let end = {
        commit(&log, "first", noise(100));
        log.state().current_segment().end()
    };
    commit(&log, "second", noise(100));
    commit(&log, "third", noise(100));
    let reader = open(&copy(&memory), options());
    assert_eq!(reader.state().damage, vec![]);
    let file = memory.open(&segment::SegmentId::log(1).path(), true).unwrap();
    file.write_at(&[0xff; 8], end + 60).unwrap();
    let reader = open_forgotten(&memory);
    assert_eq!(reader.state().damage.len(), 1);
    assert_eq!(reader.reference("third").unwrap(), log.reference("third").unwrap());
}

/// A commit takes the place of the marker that closing left while a reader looks at it.
#[test]
fn a_marker_that_a_commit_replaces_is_no_damage() {
    let memory = Memory::default();
    commit(&open(&memory, options()), "first", noise(100));
    let medium = Watched::new(memory.clone());
    let (path, end, mut torn) = {
        let log = ManuallyDrop::new(Log::open(Arc::new(medium.clone()), options()).unwrap());
        let end = log.state().current_segment().end();
        (segment::SegmentId::log(1).path(), end, log.close_marker(&log.tail()))
    };
    let whole = copy(&memory);
    commit(&open_forgotten(&whole), "second", noise(100));
    // Of the commit only the first bytes are there, of which one bit is otherwise.
    torn[2] ^= 1;
    let begun = copy(&memory);
    begun.open(&path, true).unwrap().write_at(&torn, end).unwrap();
    let mut damaged = 0;
    for at in 0..CALLS {
        medium.watch(|_, _| Ok(()));
        medium.swap(memory.clone());
        let log = ManuallyDrop::new(Log::open(Arc::new(medium.clone()), options()).unwrap());
        medium.swap(begun.clone());
        let calls = swap_before(&medium, at, &whole);
        log.advance(&mut log.tail()).unwrap();
        let is_swapped = calls.load(Ordering::Relaxed) > at;
        assert_eq!(log.state().damage.is_empty(), is_swapped, "before call {at}");
        damaged += usize::from(!is_swapped);
    }
    assert!((1..CALLS).contains(&damaged), "the last calls come after the look");
}

/// The log went on in a segment before the reader looks, and the one that it stands in is not sealed.
/// While it looks a collection seals that, and retires both.
#[test]
fn a_reader_sees_what_was_committed_before_it_looked_whatever_is_retired_meanwhile() {
    for closes in [false, true] {
        let known = Memory::default();
        let writer = open_forgotten(&known);
        commit(&writer, "first", noise(100));
        if closes {
            writer.close();
        }
        let path = segment::SegmentId::log(1).path();
        let medium = Watched::new(copy(&known));
        let log = ManuallyDrop::new(Log::open(Arc::new(medium.clone()), options()).unwrap());
        let sealed = Arc::new(Mutex::new(None));
        {
            let (path, end) = (path.clone(), log.state().current_segment().end());
            medium.watch(move |_, call| match call {
                // The seal alone.
                Call::Write(name, to) if name == path && to > end => {
                    Err(io::ErrorKind::Other.into())
                }
                _ => Ok(()),
            });
        }
        log.freeze().unwrap();
        let second = commit(&log, "second", noise(100));
        let before = copy(&medium.memory());
        {
            let (path, sealed) = (path.clone(), sealed.clone());
            medium.watch(move |medium, call| {
                if call == Call::Remove(&path) {
                    *sealed.lock().unwrap() = Some(copy(&medium.memory()));
                }
                Ok(())
            });
        }
        let (_, retired) = log.freeze().unwrap();
        assert_eq!(retired.len(), 2);
        log.retire(&mut || Ok(Retirement { retired: retired.clone(), ..Retirement::default() }))
            .unwrap();
        // Whoever has the file open still reads it.
        let after = copy(&medium.memory());
        let sealed = bytes(&sealed.lock().unwrap().take().unwrap(), &path);
        after.create_new(&path).unwrap().write_at(&sealed, 0).unwrap();
        let mut unswapped = 0;
        for at in 0..CALLS {
            let medium = Watched::new(known.clone());
            let log = ManuallyDrop::new(Log::open(Arc::new(medium.clone()), options()).unwrap());
            medium.swap(before.clone());
            let calls = swap_before(&medium, at, &after);
            assert_eq!(log.reference("second").unwrap(), Some(second), "before call {at}");
            unswapped += usize::from(calls.load(Ordering::Relaxed) <= at);
        }
        assert!((1..CALLS).contains(&unswapped), "the last calls come after the look");
    }
}
