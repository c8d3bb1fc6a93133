//! What the members of a group are told, where it fails on the way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{io, sync};

use super::watched::{Call, Watched};
use super::*;
use super::{content, options, prose};
use crate::log::write::item::Item;

/// A directory in memory that takes no new files while it is full, and lets none go while it is
/// stuck.
#[derive(Debug, Default)]
struct Full {
    inner: Memory,
    is_full: AtomicBool,
    is_stuck: AtomicBool,
}

impl Vfs for Full {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        if self.is_full.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.create_new(name)
    }
    fn open(&self, name: &str, write: bool) -> io::Result<Box<dyn VfsFile>> {
        self.inner.open(name, write)
    }
    fn create_dir(&self, name: &str) -> io::Result<()> {
        self.inner.create_dir(name)
    }
    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        self.inner.list(name)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename_new(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        if self.is_stuck.load(Ordering::Relaxed) && name.ends_with(".log") {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.inner.remove(name)
    }
    fn sync_dir(&self, name: &str, site: SyncSite) -> io::Result<()> {
        self.inner.sync_dir(name, site)
    }
    fn lock(&self, name: &str, timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        self.inner.lock(name, timeout)
    }
    fn lock_holder(&self, name: &str) -> Option<String> {
        self.inner.lock_holder(name)
    }
}

fn transaction(name: &str, len: usize) -> Transaction {
    let content = content(prose(len as u64, len), None);
    let (name, new) = (name.to_owned(), Some(content.id));
    let update = RefUpdate { name, expected: Expected::Any, new };
    Transaction { objects: vec![content], updates: vec![update] }
}

/// The first of a group is written and synced before the next segment cannot be made, which the
/// second needs. The first is acknowledged; of the second nothing is there, and what it wrote ahead
/// is gone.
#[test]
fn what_of_a_group_was_committed_is_acknowledged_although_the_rest_failed() {
    let medium = sync::Arc::new(Full::default());
    let options = LogOptions { segment_bytes: 8 << 10, bulk_bytes: 1 << 20, ..options() };
    let log = Log::open(medium.clone(), options.clone()).unwrap();
    log.commit(transaction("pin/0", 6_000)).unwrap();
    let mut noise = vec![0; 6_000];
    super::entropy(&mut noise).unwrap();
    let noise = content(noise, None);
    let update = RefUpdate { name: "pin/2".into(), expected: Expected::Any, new: Some(noise.id) };
    let large = Transaction { objects: vec![noise], updates: vec![update] };
    let items = [transaction("pin/1", 100), large]
        .map(|transaction| sync::Arc::new(log.item(transaction).unwrap()));
    medium.is_full.store(true, Ordering::Relaxed);
    log.lead_group(&items);
    let outcomes = items.each_ref().map(|item| item.outcome().take().unwrap());
    assert_eq!(outcomes[0].as_ref().map_err(Error::kind), Ok(&()));
    assert_eq!(outcomes[1].as_ref().map_err(Error::kind), Err(ErrorKind::Io));
    medium.is_full.store(false, Ordering::Relaxed);
    for log in [&log, &Log::open(medium.clone(), options).unwrap()] {
        assert!(log.reference("pin/1").unwrap().is_some());
        assert!(log.reference("pin/2").unwrap().is_none());
    }
    log.commit(transaction("pin/3", 3_000)).unwrap();
    assert!(log.reference("pin/3").unwrap().is_some());
}

/// A batch that wrote a data segment ahead finds the lock held: nothing names its file any more.
#[test]
fn what_a_commit_wrote_ahead_goes_where_it_never_was_written() {
    let memory = Memory::default();
    let options = LogOptions { bulk_bytes: 1 << 10, ..options() };
    let impatient = LogOptions { patience: Patience::new(Duration::ZERO), ..options };
    let log = Log::open(sync::Arc::new(memory.clone()), impatient).unwrap();
    let held = memory.lock(LOCK_FILE, Duration::ZERO).unwrap().unwrap();
    let refused = log.commit(transaction("pin/0", 60_000));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Busy);
    assert_eq!(log.strays().unwrap(), Vec::<String>::new());
    drop(held);
    log.commit(transaction("pin/0", 60_000)).unwrap();
    assert_eq!(log.strays().unwrap(), Vec::<String>::new());
}

/// Before its commit a retirement attached nothing, whatever kind of error comes out; from then on
/// the copies may be all there is, whatever kind of error comes out.
#[test]
fn a_retirement_says_whether_its_commit_may_have_happened() {
    let medium = sync::Arc::new(Full::default());
    let log = Log::open(medium.clone(), options()).unwrap();
    log.commit(transaction("pin/0", 100)).unwrap();
    let (_, frozen) = log.freeze().unwrap();
    let refused = log.retire(&mut || Err(Error::new(ErrorKind::Io, "the medium, before")));
    assert!(matches!(refused, Err(Unretired::Before(_))), "{refused:?}");
    let stale = RefUpdate { name: "pin/0".into(), expected: Expected::Absent, new: None };
    let refused = log.retire(&mut || {
        let transaction = Transaction { objects: Vec::new(), updates: vec![stale.clone()] };
        Ok(Retirement { transaction, ..Retirement::default() })
    });
    assert!(matches!(refused, Err(Unretired::Before(_))), "{refused:?}");
    assert_eq!(log.segment_lens().len(), 2);
    medium.is_stuck.store(true, Ordering::Relaxed);
    let failed =
        log.retire(&mut || Ok(Retirement { retired: frozen.clone(), ..Retirement::default() }));
    assert!(matches!(failed, Err(Unretired::After(_))), "{failed:?}");
    assert_eq!(log.segment_lens().len(), 1);
}

/// Items of one group: of them some have waited for all of the time there is, others have just come.
fn items(log: &Log, late: [bool; 3]) -> [sync::Arc<Item>; 3] {
    let old = std::time::Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    let mut number = 0;
    late.map(|is_late| {
        number += 1;
        let mut item = log.item(transaction(&format!("pin/{number}"), 100)).unwrap();
        // Of one that has just come no time passes: its wait begins in an hour.
        item.begun = if is_late { old } else { old + Duration::from_secs(3_600) };
        sync::Arc::new(item)
    })
}

fn told(items: &[sync::Arc<Item>]) -> Vec<Option<ErrorKind>> {
    let outcome = |item: &sync::Arc<Item>| {
        item.outcome().as_ref().map(|done| done.as_ref().unwrap_err().kind())
    };
    items.iter().map(outcome).collect()
}

/// Whoever leads, those fail who have waited for long enough, and nobody else.
#[test]
fn a_lock_that_is_not_free_in_time_fails_those_alone_whose_own_time_is_over() {
    let memory = Memory::default();
    let patience = Patience::new(Duration::from_millis(10));
    let log = Log::open(sync::Arc::new(memory.clone()), LogOptions { patience, ..options() });
    let log = log.unwrap();
    for (leader, late) in [
        (0, [true, false, false]),
        (0, [true, false, true]),
        (1, [true, false, false]),
        (2, [false, true, false]),
    ] {
        let mut items = items(&log, late);
        let held = memory.lock(LOCK_FILE, Duration::ZERO).unwrap().unwrap();
        items.swap(0, leader);
        log.lead_group(&items);
        items.swap(0, leader);
        let busy = late.map(|is_late| is_late.then_some(ErrorKind::Busy));
        assert_eq!(told(&items), busy, "led by {leader} of {late:?}");
        drop(held);
        let next = items.iter().find(|item| item.outcome().is_none()).unwrap();
        log.lead_as(next);
        for (item, is_late) in items.iter().zip(late) {
            assert_eq!(item.outcome().take().unwrap().is_ok(), !is_late);
        }
        assert_eq!(log.queued(), 0);
    }
}

/// A thread that came a moment before the other's time is over has all of its own.
#[test]
fn a_late_comer_has_its_own_time_for_the_lock() {
    let memory = Memory::default();
    let patience = Patience::new(Duration::from_secs(3));
    let log = Log::open(sync::Arc::new(memory.clone()), LogOptions { patience, ..options() });
    let log = log.unwrap();
    let held = memory.lock(LOCK_FILE, Duration::ZERO).unwrap().unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| log.commit(transaction("pin/1", 100)));
        std::thread::sleep(Duration::from_secs(2));
        let second = scope.spawn(|| log.commit(transaction("pin/2", 100)));
        let first = first.join().unwrap();
        assert_eq!(first.unwrap_err().kind(), ErrorKind::Busy);
        drop(held);
        second.join().unwrap().unwrap();
    });
    assert!(log.reference("pin/1").unwrap().is_none());
    assert!(log.reference("pin/2").unwrap().is_some());
}

/// The medium fails one thread's call for the lock: the others try for themselves.
#[test]
fn a_lock_that_fails_concerns_the_thread_that_asked_for_it() {
    let medium = Watched::new(Memory::default());
    let log = Log::open(sync::Arc::new(medium.clone()), options()).unwrap();
    let items = items(&log, [false; 3]);
    medium.watch(|_, call| match call {
        Call::Lock(_) => Err(io::ErrorKind::Other.into()),
        _ => Ok(()),
    });
    log.lead_group(&items);
    assert_eq!(told(&items), [Some(ErrorKind::Io), None, None]);
    medium.watch(|_, _| Ok(()));
    log.lead_as(&items[1]);
    for item in &items[1..] {
        item.outcome().take().unwrap().unwrap();
    }
}

/// The thread that leads panics while it waits for the lock, or in what it calls of the host. Its
/// own commit goes with it, and whoever waits behind it is woken.
#[test]
fn a_thread_that_panics_over_the_lock_takes_its_commit_along_and_wakes_the_next() {
    let medium = Watched::new(Memory::default());
    let log = Log::open(sync::Arc::new(medium.clone()), options()).unwrap();
    let (begun, has_begun) = sync::mpsc::channel();
    let (goes_on, go_on) = sync::mpsc::channel::<()>();
    let (begun, go_on) = (sync::Mutex::new(Some(begun)), sync::Mutex::new(go_on));
    medium.watch(move |_, call| {
        let begun = match call {
            Call::Lock(_) => begun.lock().unwrap().take(),
            _ => None,
        };
        if let Some(begun) = begun {
            begun.send(()).unwrap();
            go_on.lock().unwrap().recv().unwrap();
            panic!("the medium panics");
        }
        Ok(())
    });
    let first = {
        let log = log.clone();
        std::thread::spawn(move || log.commit(transaction("pin/1", 100)))
    };
    has_begun.recv().unwrap();
    let (done, is_done) = sync::mpsc::channel();
    let second = log.clone();
    std::thread::spawn(move || done.send(second.commit(transaction("pin/2", 100))));
    while log.queued() < 2 {
        std::thread::yield_now();
    }
    // It is in the queue, and may still be about to wait.
    std::thread::sleep(Duration::from_millis(50));
    goes_on.send(()).unwrap();
    first.join().unwrap_err();
    let second = is_done.recv_timeout(Duration::from_secs(10)).expect("nobody woke it");
    second.unwrap();
    assert_eq!(log.reference("pin/1").unwrap(), None);
    assert!(log.reference("pin/2").unwrap().is_some());
    assert_eq!(log.queued(), 0);
}
