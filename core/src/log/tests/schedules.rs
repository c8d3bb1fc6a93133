//! Group commit and the writer lock, in many schedules of threads. Run with the feature `shuttle`,
//! and nothing else: outside of these tests its locks do not work.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{io, sync};

use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::{Condvar, Mutex};
use shuttle::{Config, Runner, thread};

use super::content;
use super::*;
use crate::error::ErrorKind;

const SCHEDULES: usize = 3_000;
/// A thread's stack: shuttle's own 32 KiB are too few for code that is not optimized.
const STACK_BYTES: usize = 256 << 10;

/// A directory in memory that lets other threads run at each call, and panics at one of them.
#[derive(Debug, Default)]
struct Medium {
    files: sync::Mutex<BTreeMap<String, File>>,
    lock: sync::Arc<(Mutex<bool>, Condvar)>,
    writes: sync::Arc<AtomicUsize>,
    /// The write or sync that panics.
    panics_at: sync::Arc<AtomicUsize>,
}

#[derive(Clone, Debug)]
struct File {
    bytes: sync::Arc<sync::Mutex<Vec<u8>>>,
    writes: sync::Arc<AtomicUsize>,
    panics_at: sync::Arc<AtomicUsize>,
}

impl Medium {
    fn new() -> sync::Arc<Self> {
        let medium = Medium::default();
        medium.panic_at(usize::MAX);
        sync::Arc::new(medium)
    }

    fn panic_at(&self, call: usize) {
        self.writes.store(0, Ordering::Relaxed);
        self.panics_at.store(call, Ordering::Relaxed);
    }
}

impl File {
    fn call(&self) {
        thread::yield_now();
        let call = self.writes.fetch_add(1, Ordering::Relaxed);
        assert!(call != self.panics_at.load(Ordering::Relaxed), "the medium panics");
    }
}

impl Vfs for Medium {
    fn create_new(&self, name: &str) -> io::Result<Box<dyn VfsFile>> {
        let file = File {
            bytes: sync::Arc::default(),
            writes: self.writes.clone(),
            panics_at: self.panics_at.clone(),
        };
        self.files.lock().unwrap().insert(name.to_owned(), file.clone());
        Ok(Box::new(file))
    }

    fn open(&self, name: &str, _write: bool) -> io::Result<Box<dyn VfsFile>> {
        let file = self.files.lock().unwrap().get(name).cloned().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(file))
    }

    fn create_dir(&self, _name: &str) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, name: &str) -> io::Result<Vec<String>> {
        let files = self.files.lock().unwrap();
        let all = files.keys().map(|file| file.rsplit_once('/').unwrap_or(("", file)));
        Ok(all.filter(|(above, _)| *above == name).map(|(_, file)| file.to_owned()).collect())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.files.lock().unwrap();
        let file = files.remove(from).ok_or(io::ErrorKind::NotFound)?;
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        if self.files.lock().unwrap().contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let gone = self.files.lock().unwrap().remove(name);
        gone.map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn sync_dir(&self, _name: &str, _site: SyncSite) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _name: &str, _timeout: Duration) -> io::Result<Option<Box<dyn VfsLock>>> {
        let (held, freed) = &*self.lock;
        let mut held = held.lock().unwrap();
        while *held {
            held = freed.wait(held).unwrap();
        }
        *held = true;
        Ok(Some(Box::new(Held(self.lock.clone()))))
    }

    fn lock_holder(&self, _name: &str) -> Option<String> {
        None
    }
}

impl VfsFile for File {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let bytes = self.bytes.lock().unwrap();
        let from = (offset as usize).min(bytes.len());
        let read = buffer.len().min(bytes.len() - from);
        buffer[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    fn write_at(&self, new: &[u8], offset: u64) -> io::Result<()> {
        self.call();
        let mut bytes = self.bytes.lock().unwrap();
        let (from, to) = (offset as usize, offset as usize + new.len());
        let len = bytes.len().max(to);
        bytes.resize(len, 0);
        bytes[from..to].copy_from_slice(new);
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn sync_data(&self, _site: SyncSite) -> io::Result<()> {
        self.call();
        Ok(())
    }
}

#[derive(Debug)]
struct Held(sync::Arc<(Mutex<bool>, Condvar)>);

impl VfsLock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        let (held, freed) = &*self.0;
        *held.lock().unwrap_or_else(PoisonError::into_inner) = false;
        freed.notify_one();
    }
}

/// Takes a run through schedules by chance, and through some where few threads are interrupted, each
/// at the worst of times.
fn check(run: impl Fn() + Send + Sync + Copy + 'static) {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    Runner::new(RandomScheduler::new(SCHEDULES), config.clone()).run(run);
    Runner::new(PctScheduler::new(3, SCHEDULES / 3), config).run(run);
}

fn open(medium: &sync::Arc<Medium>) -> Log {
    Log::open(medium.clone(), LogOptions::new(system_entropy)).unwrap()
}

/// A commit of one content and one ref to it.
fn transaction(name: &str, text: &str, expected: Expected) -> Transaction {
    let object = content(text.as_bytes().to_vec(), None);
    let new = Some(object.id);
    let updates = vec![RefUpdate { name: name.to_owned(), expected, new }];
    Transaction { objects: vec![object], updates }
}

fn assert_there(log: &Log, name: &str, text: &str) {
    let id = log.reference(name).unwrap().expect("an acknowledged ref");
    assert_eq!(log.get_content(&id).unwrap().unwrap()[..], *text.as_bytes());
}

#[test]
fn commits_of_threads_and_processes_are_all_there_in_every_schedule() {
    let run = || {
        let medium = Medium::new();
        let (one, two) = (open(&medium), open(&medium));
        let writers: Vec<_> = (0..4)
            .map(|at| {
                // The last one is another process.
                let log = if at == 3 { two.clone() } else { one.clone() };
                thread::spawn(move || {
                    for step in 0..2 {
                        let name = format!("ref/{at}/{step}");
                        log.commit(transaction(&name, &name, Expected::Absent)).unwrap();
                        assert_there(&log, &name, &name);
                    }
                })
            })
            .collect();
        let reader = {
            let log = two.clone();
            thread::spawn(move || {
                let mut seen = 0;
                for _ in 0..4 {
                    let rows = log.references("ref/", None, 99).unwrap();
                    assert!(rows.len() >= seen, "a ref went away");
                    seen = rows.len();
                    for (name, _) in rows {
                        assert_there(&log, &name, &name);
                    }
                    thread::yield_now();
                }
            })
        };
        for thread in writers.into_iter().chain([reader]) {
            thread.join().unwrap();
        }
        drop((one, two));
        let again = open(&medium);
        assert_eq!(again.references("ref/", None, 99).unwrap().len(), 8);
    };
    check(run);
}

#[test]
fn of_commits_that_expect_the_same_one_holds_and_the_others_conflict_in_every_schedule() {
    let run = || {
        let medium = Medium::new();
        let (one, two) = (open(&medium), open(&medium));
        let writers: Vec<_> = (0..3)
            .map(|at| {
                let log = if at == 2 { two.clone() } else { one.clone() };
                thread::spawn(move || {
                    let text = format!("by {at}");
                    let done = log.commit(transaction("shared", &text, Expected::Absent));
                    log.commit(transaction(&format!("own/{at}"), &text, Expected::Absent)).unwrap();
                    done.map_err(|error| assert_eq!(error.kind(), ErrorKind::Conflict)).is_ok()
                })
            })
            .collect();
        let won: Vec<bool> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "{won:?}");
        let at = won.iter().position(|won| *won).unwrap();
        assert_there(&one, "shared", &format!("by {at}"));
        assert_there(&two, "shared", &format!("by {at}"));
        assert_eq!(two.references("own/", None, 99).unwrap().len(), 3);
    };
    check(run);
}

#[test]
fn a_leader_that_panics_leaves_nobody_waiting_and_loses_nothing_in_any_schedule() {
    let run = || {
        let medium = Medium::new();
        let log = open(&medium);
        log.commit(transaction("before", "before", Expected::Absent)).unwrap();
        medium.panic_at(1);
        let writers: Vec<_> = (0..4)
            .map(|at| {
                let log = log.clone();
                thread::spawn(move || {
                    let name = format!("ref/{at}");
                    let commit = || log.commit(transaction(&name, &name, Expected::Absent));
                    let outcome = catch_unwind(AssertUnwindSafe(commit));
                    let read = log.references("ref/", None, 99);
                    read.expect("a handle that writes no more still reads");
                    match outcome {
                        Err(_) => "panicked",
                        Ok(Ok(())) => "done",
                        Ok(Err(error)) if error.kind() == ErrorKind::Indeterminate => "unknown",
                        Ok(Err(error)) => {
                            assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
                            "refused"
                        }
                    }
                })
            })
            .collect();
        let said: Vec<_> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
        assert_eq!(said.iter().filter(|said| **said == "panicked").count(), 1, "{said:?}");
        let error = log.commit(transaction("late", "late", Expected::Any)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned);
        medium.panic_at(usize::MAX);
        drop(log);
        let again = open(&medium);
        assert_there(&again, "before", "before");
        for (at, said) in said.iter().enumerate() {
            let name = format!("ref/{at}");
            match *said {
                "done" => assert_there(&again, &name, &name),
                "refused" => assert_eq!(again.reference(&name).unwrap(), None),
                _ => {}
            }
        }
        again.commit(transaction("after", "after", Expected::Absent)).unwrap();
        assert_there(&again, "after", "after");
    };
    check(run);
}
