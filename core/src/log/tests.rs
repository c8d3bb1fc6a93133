//! Promises of the log as a whole.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::log::format::segment;
use crate::log::read::scan;
use crate::log::vfs::wait::Patience;
use crate::object::{Kind, Node, Objects};

#[cfg(not(feature = "shuttle"))]
mod groups;
#[cfg(not(feature = "shuttle"))]
mod looks;
#[cfg(not(feature = "shuttle"))]
mod room;
#[cfg(feature = "shuttle")]
mod schedules;
#[cfg(not(feature = "shuttle"))]
mod watched;

fn entropy(buffer: &mut [u8]) -> Result<()> {
    system_entropy(buffer)
}

fn options() -> LogOptions {
    LogOptions { patience: Patience::new(Duration::from_secs(5)), ..LogOptions::new(entropy) }
}

fn open(memory: &Memory, options: LogOptions) -> Log {
    Log::open(Arc::new(memory.clone()), options).unwrap()
}

/// Text that compresses as text does: words drawn by a generator.
fn prose(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(len + 16);
    while out.len() < len {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (state >> 40) % 2_000;
        out.extend_from_slice(format!("w{word:x} ").as_bytes());
        if state >> 60 == 0 {
            out.push(b'\n');
        }
    }
    out.truncate(len);
    out
}

fn content(bytes: Vec<u8>, base: Option<ObjectId>) -> NewObject {
    let id = ObjectId::of_content(&bytes);
    NewObject { id, payload: Payload::Content(bytes.into()), base }
}

fn node(refs: Vec<ObjectId>, body: Vec<u8>, base: Option<ObjectId>) -> NewObject {
    let node = Node { kind: Kind(900), version: 1, refs, body };
    NewObject { id: node.id(), payload: Payload::Node(Arc::new(node)), base }
}

/// A line of commits on one ref, each with an edited content and a node over it.
struct Line {
    name: String,
    text: Vec<u8>,
    content: Option<ObjectId>,
    node: Option<ObjectId>,
    step: u64,
    all: BTreeMap<ObjectId, Vec<u8>>,
    nodes: Vec<ObjectId>,
}

impl Line {
    fn new(name: &str, size: usize) -> Self {
        let seed = name.bytes().map(u64::from).sum();
        Line {
            name: name.into(),
            text: prose(seed, size),
            content: None,
            node: None,
            step: 0,
            all: BTreeMap::new(),
            nodes: Vec::new(),
        }
    }

    fn next(&mut self) -> Transaction {
        self.step += 1;
        let at = (self.step * 7_919) as usize % self.text.len().max(1);
        let line = prose(self.step, 60);
        self.text.splice(at..at, line);
        let content = content(self.text.clone(), self.content);
        let refs = self.node.into_iter().chain([content.id]).collect();
        let mut body = b"a body that stays ".to_vec();
        body.extend_from_slice(&self.step.to_le_bytes());
        let node = node(refs, body, self.node);
        let update = RefUpdate {
            name: self.name.clone(),
            expected: self.node.map_or(Expected::Absent, Expected::Id),
            new: Some(node.id),
        };
        self.all.insert(content.id, self.text.clone());
        self.nodes.push(node.id);
        self.content = Some(content.id);
        self.node = Some(node.id);
        Transaction { objects: vec![content, node], updates: vec![update] }
    }

    fn verify(&self, log: &Log) {
        assert_eq!(log.reference(&self.name).unwrap(), self.node, "{}", self.name);
        for (id, bytes) in &self.all {
            assert_eq!(&log.get_content(id).unwrap().expect("stored")[..], &bytes[..]);
        }
        for id in &self.nodes {
            assert_eq!(log.get_node(id).unwrap().expect("stored").id(), *id);
        }
    }
}

fn scan(log: &Log) -> scan::Scan {
    log.scan(&mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn what_was_committed_is_there_after_reopening() {
    let memory = Memory::default();
    let mut line = Line::new("session/a", 4_000);
    let log = open(&memory, options());
    for _ in 0..300 {
        log.commit(line.next()).unwrap();
    }
    line.verify(&log);
    drop(log);
    let log = open(&memory, options());
    line.verify(&log);
    let found = scan(&log);
    assert_eq!(found.faults, vec![]);
    assert_eq!(found.unfinished, None);
    for _ in 0..300 {
        log.commit(line.next()).unwrap();
    }
    line.verify(&log);
    line.verify(&open(&memory, options()));
}

#[test]
fn a_process_per_commit_keeps_its_delta_bases() {
    let memory = Memory::default();
    let mut line = Line::new("session/a", 8_000);
    for _ in 0..200 {
        open(&memory, options()).commit(line.next()).unwrap();
    }
    let log = open(&memory, options());
    line.verify(&log);
    let (bytes, segments) = log.stored_bytes().unwrap();
    assert_eq!(segments, 1);
    assert!(bytes < 200 * 600 + 40_000, "{bytes}");
}

#[test]
fn rotation_loses_nothing_and_every_segment_serves() {
    let memory = Memory::default();
    let options = LogOptions { segment_bytes: 64 << 10, ..options() };
    let mut lines = [Line::new("session/a", 3_000), Line::new("session/b", 9_000)];
    for step in 0..400 {
        let log = open(&memory, options.clone());
        for line in &mut lines {
            log.commit(line.next()).unwrap();
        }
        if step % 100 == 0 {
            lines.iter().for_each(|line| line.verify(&log));
        }
    }
    let log = open(&memory, options);
    lines.iter().for_each(|line| line.verify(&log));
    assert!(log.stored_bytes().unwrap().1 > 3);
    assert_eq!(scan(&log).faults, vec![]);
    let names: Vec<String> =
        log.references("session/", None, 10).unwrap().into_iter().map(|row| row.0).collect();
    assert_eq!(names, ["session/a", "session/b"]);
}

#[test]
fn big_batches_go_into_a_segment_of_their_own() {
    let memory = Memory::default();
    let options = LogOptions { bulk_bytes: 100 << 10, ..options() };
    let log = open(&memory, options.clone());
    let mut noise = vec![0; 3 << 20];
    entropy(&mut noise).unwrap();
    let big = content(noise.clone(), None);
    let id = big.id;
    let update = RefUpdate { name: "pin/x".into(), expected: Expected::Absent, new: Some(id) };
    log.commit(Transaction { objects: vec![big], updates: vec![update.clone()] }).unwrap();
    assert_eq!(&log.get_content(&id).unwrap().unwrap()[..], &noise[..]);
    // A second try fails alone and leaves no file behind.
    let mut other = vec![0; 1 << 20];
    entropy(&mut other).unwrap();
    let objects = vec![content(other, None)];
    let failed = log.commit(Transaction { objects, updates: vec![update] });
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Conflict);
    let log = open(&memory, options);
    assert_eq!(&log.get_content(&id).unwrap().unwrap()[..], &noise[..]);
    let found = scan(&log);
    assert_eq!((found.faults, found.strays), (vec![], vec![]));
    // An edit in the middle stores a few chunks, not the whole.
    let (before, _) = log.stored_bytes().unwrap();
    noise[1 << 20] ^= 1;
    let edited = content(noise.clone(), Some(id));
    let edited_id = edited.id;
    log.commit(Transaction { objects: vec![edited], updates: vec![] }).unwrap();
    assert_eq!(&log.get_content(&edited_id).unwrap().unwrap()[..], &noise[..]);
    let (after, _) = log.stored_bytes().unwrap();
    assert!(after - before < 600 << 10, "{}", after - before);
}

#[test]
fn threads_share_syncs_and_a_failed_compare_fails_alone() {
    let memory = Memory::default();
    let log = open(&memory, options());
    let lines: Vec<Line> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let log = log.clone();
                scope.spawn(move || {
                    let mut line = Line::new(&format!("session/{thread}"), 2_000);
                    for _ in 0..50 {
                        log.commit(line.next()).unwrap();
                        let stale = RefUpdate {
                            name: line.name.clone(),
                            expected: Expected::Absent,
                            new: None,
                        };
                        let failed =
                            log.commit(Transaction { objects: vec![], updates: vec![stale] });
                        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Conflict);
                    }
                    line
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    lines.iter().for_each(|line| line.verify(&log));
    let log = open(&memory, options());
    lines.iter().for_each(|line| line.verify(&log));
}

#[test]
fn two_handles_see_each_others_commits_through_rotations() {
    let memory = Memory::default();
    let options = LogOptions { segment_bytes: 32 << 10, ..options() };
    let logs = [open(&memory, options.clone()), open(&memory, options)];
    let mut line = Line::new("session/shared", 2_000);
    for step in 0..300 {
        logs[step % 2].commit(line.next()).unwrap();
        assert_eq!(logs[(step + 1) % 2].reference("session/shared").unwrap(), line.node);
    }
    logs.iter().for_each(|log| line.verify(log));
}

fn only_segment(memory: &Memory) -> Box<dyn VfsFile> {
    memory.open(&segment::SegmentId::log(1).path(), true).unwrap()
}

#[test]
fn a_torn_tail_is_ignored_and_the_next_commit_goes_on_elsewhere() {
    let memory = Memory::default();
    let mut line = Line::new("session/a", 2_000);
    let log = open(&memory, options());
    for _ in 0..20 {
        log.commit(line.next()).unwrap();
    }
    let end = log.state().current_segment().end();
    std::mem::forget(log);
    only_segment(&memory).write_at(&[0x55; 300], end).unwrap();
    let log = open(&memory, options());
    line.verify(&log);
    assert_eq!(scan(&log).faults, vec![]);
    assert!(scan(&log).unfinished.is_some());
    log.commit(line.next()).unwrap();
    line.verify(&log);
    drop(log);
    let log = open(&memory, options());
    line.verify(&log);
    assert_eq!(log.stored_bytes().unwrap().1, 2);
    assert_eq!(scan(&log).unfinished, None);
}

#[test]
fn every_flipped_byte_is_found_by_check_and_write_and_never_returned() {
    let memory = Memory::default();
    let mut lines = [Line::new("session/a", 600), Line::new("session/b", 600)];
    for _ in 0..6 {
        let log = open(&memory, options());
        for line in &mut lines {
            log.commit(line.next()).unwrap();
        }
    }
    let file = only_segment(&memory);
    let end = {
        let log = open(&memory, options());
        log.state().current_segment().end()
    };
    let mut served = 0;
    // Of a marker across two sectors, the first few bytes may be those of a commit that was to come.
    let in_sector = end.next_multiple_of(512) - end;
    let is_told = |at: u64| at < end || in_sector > 24 || at >= end + in_sector;
    for at in (0..end + 48).filter(|at| is_told(*at)) {
        let mut byte = [0];
        file.read_at(&mut byte, at).unwrap();
        file.write_at(&[byte[0] ^ 0x10], at).unwrap();
        match Log::open(Arc::new(memory.clone()), options()) {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{at}"),
            Ok(log) => {
                assert!(!scan(&log).faults.is_empty(), "{at} of {end}");
                let update =
                    RefUpdate { name: "x".into(), expected: Expected::Any, new: lines[0].node };
                let written = log.commit(Transaction { objects: vec![], updates: vec![update] });
                assert_eq!(written.unwrap_err().kind(), ErrorKind::Corrupt, "{at}");
                for line in &lines {
                    match log.reference(&line.name) {
                        Ok(id) => assert_eq!(id, line.node, "{at}"),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt),
                    }
                    for (id, bytes) in &line.all {
                        match log.get_content(id) {
                            Ok(found) => {
                                assert_eq!(&found.expect("not lost in silence")[..], &bytes[..]);
                                served += 1;
                            }
                            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt),
                        }
                    }
                }
            }
        }
        file.write_at(&byte, at).unwrap();
    }
    assert!(served as u64 > end * 4, "{served} of {}", end * 12);
    lines.iter().for_each(|line| line.verify(&open(&memory, options())));
}
