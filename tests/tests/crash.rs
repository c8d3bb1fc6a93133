//! Every state that a crash can leave: what was acknowledged is there, whole, and nothing is half.

use std::collections::BTreeSet;
use std::io::ErrorKind as IoError;
use std::sync::Arc;
use std::thread;

use partita::{
    ContentId, Error, ErrorKind, Expected, Kind, Node, ObjectId, Objects, Result, Store, SyncSite,
};
use partita_tests::random::Random;
use partita_tests::vfs::{Action, Disk, Fault, Recorder, images};

/// Commits of the workload. The sixth goes into a data segment; several segments fill up.
const COMMITS: usize = 12;

fn open(vfs: &Recorder) -> Result<Store> {
    let options = Store::options().segment_bytes(8 << 10).bulk_bytes(16 << 10);
    options.open_vfs(Arc::new(vfs.clone()))
}

/// The content of a commit: text that resembles the one before, now and then bytes that do not.
fn content(commit: usize) -> Vec<u8> {
    match commit {
        6 => Random::new(6).bytes(20_000),
        4 | 9 => Random::new(commit as u64).bytes(3_000),
        _ => format!("{}commit {commit}\n", "the same line\n".repeat(commit * 9)).into_bytes(),
    }
}

fn node(commit: usize) -> Node {
    let refs = vec![ObjectId::of_content(&content(commit))];
    Node { kind: Kind(999), version: 1, refs, body: format!("commit {commit}").into_bytes() }
}

/// Two objects under two names, and a name that every commit moves on from the one before.
fn commit(store: &Store, number: usize) -> Result<()> {
    let id = |number| ContentId::new(ObjectId::of_content(&content(number)));
    let mut batch = store.batch();
    let base = (number > 1).then(|| id(number - 1));
    batch.put_content(content(number), base)?;
    let of_node = batch.put_node(node(number), None);
    batch.set_ref(format!("pin/{number}/content"), Expected::Absent, Some(id(number).id()));
    batch.set_ref(format!("pin/{number}/node"), Expected::Absent, Some(of_node));
    let before = if number > 1 { Expected::Id(id(number - 1).id()) } else { Expected::Absent };
    batch.set_ref("pin/head", before, Some(id(number).id()));
    batch.commit()
}

const fn begun(number: usize) -> usize {
    2 * number
}

const fn acknowledged(number: usize) -> usize {
    2 * number + 1
}

/// Two processes take turns; the first closes in the middle and comes back.
fn workload(vfs: &Recorder) -> Result<()> {
    let (first, second) = (vfs.process(), vfs.process());
    let mut one = Some(open(&first)?);
    let two = open(&second)?;
    for number in 1..=COMMITS {
        if number == 8 {
            one = None;
        } else if number == 10 {
            one = Some(open(&first)?);
        }
        let store = one.as_ref().filter(|_| number % 3 != 0).unwrap_or(&two);
        vfs.mark(begun(number));
        commit(store, number)?;
        vfs.mark(acknowledged(number));
    }
    Ok(())
}

/// The commits that a record began, and those that it acknowledged.
fn promised(actions: &[Action]) -> (BTreeSet<usize>, BTreeSet<usize>) {
    let marks: Vec<usize> = actions
        .iter()
        .filter_map(|action| if let Action::Mark(mark) = action { Some(*mark) } else { None })
        .collect();
    let of = |odd| marks.iter().filter(move |mark| **mark % 2 == odd).map(|mark| mark / 2);
    (of(0).collect(), of(1).collect())
}

/// The commits that a store holds, if each of them is whole and none came before its predecessor.
fn held(store: &Store) -> Result<BTreeSet<usize>, String> {
    let say = |error: Error| format!("{error} {:?}", error.kind());
    let refs = store.references("pin/", None, 1_000).map_err(say)?;
    let mut found = BTreeSet::new();
    for number in 1..=2 * COMMITS {
        let named = |what: &str| {
            let name = format!("pin/{number}/{what}");
            refs.iter().find(|(found, _)| *found == name).map(|(_, id)| *id)
        };
        match (named("content"), named("node")) {
            (None, None) => continue,
            (Some(content), Some(node)) => {
                let bytes = store.read_content(ContentId::new(content)).map_err(say)?;
                if *bytes != *self::content(number) {
                    return Err(format!("commit {number} has other bytes"));
                }
                let stored = store.read_node(&node).map_err(say)?;
                if *stored != self::node(number) {
                    return Err(format!("commit {number} has another node"));
                }
            }
            _ => return Err(format!("half of commit {number}")),
        }
        if number != found.len() + 1 {
            return Err(format!("commit {number} without the one before"));
        }
        found.insert(number);
    }
    let head = store.reference("pin/head").map_err(say)?;
    let expected = found.last().map(|&number| ObjectId::of_content(&content(number)));
    if head != expected {
        return Err("the head is not the newest commit's".to_owned());
    }
    Ok(found)
}

/// Opens an image and asks for every promise; returns the record of what opening and one more
/// commit did to it.
fn recover(
    image: &Disk,
    begun: &BTreeSet<usize>,
    acked: &BTreeSet<usize>,
) -> Result<Recorder, String> {
    let say = |doing: &str, error: Error| format!("{doing}: {error} {:?}", error.kind());
    let vfs = Recorder::on(image.clone());
    let store = open(&vfs).map_err(|error| say("open", error))?;
    let first = held(&store)?;
    if !acked.is_subset(&first) {
        return Err(format!("acknowledged {acked:?}, found {first:?}"));
    }
    if !first.is_subset(begun) {
        return Err(format!("begun {begun:?}, found {first:?}"));
    }
    drop(store);
    // Before the first acknowledged commit there may be no whole store, and opening creates it.
    if !acked.is_empty() && vfs.disk() != *image {
        return Err("opening and reading wrote".to_owned());
    }
    let store = open(&vfs).map_err(|error| say("open again", error))?;
    if held(&store)? != first {
        return Err("the second opening found something else".to_owned());
    }
    let next = first.len() + 1;
    vfs.mark(self::begun(next));
    commit(&store, next).map_err(|error| say("commit", error))?;
    vfs.mark(acknowledged(next));
    if held(&store)?.len() != next {
        return Err("the new commit is not there".to_owned());
    }
    drop(store);
    let store = open(&vfs).map_err(|error| say("open a third time", error))?;
    if held(&store)?.len() != next {
        return Err("the new commit is gone after closing".to_owned());
    }
    Ok(vfs)
}

/// Walks through all crash states of a record; returns their number, or the first that is bad.
fn walk(base: &Disk, actions: &[Action], chances: u64, nested: bool) -> Result<usize, String> {
    let ends: Vec<usize> = (0..=actions.len())
        .filter(|&end| !matches!(actions.get(end), Some(Action::Mark(_))))
        .collect();
    let lanes = thread::available_parallelism().map_or(1, usize::from).min(4);
    let results: Vec<Result<usize, String>> = thread::scope(|scope| {
        let walkers: Vec<_> = (0..lanes)
            .map(|lane| {
                let mine = ends.iter().copied().skip(lane).step_by(lanes);
                scope.spawn(move || {
                    mine.map(|end| walk_from(base, &actions[..end], chances, nested)).sum()
                })
            })
            .collect();
        walkers.into_iter().map(|walker| walker.join().expect("no walker panics")).collect()
    });
    results.into_iter().sum()
}

fn walk_from(base: &Disk, actions: &[Action], chances: u64, nested: bool) -> Result<usize, String> {
    let (begun, acked) = promised(actions);
    let mut states = 0;
    for (fate, image) in images(base, actions, chances) {
        let bad = |what| format!("after {} actions, {fate:?}: {what}", actions.len());
        let vfs = recover(&image, &begun, &acked).map_err(bad)?;
        states += 1;
        if nested {
            let again = vfs.actions();
            for end in 0..=again.len() {
                let (more_begun, more_acked) = promised(&again[..end]);
                let begun = begun.union(&more_begun).copied().collect();
                let acked = acked.union(&more_acked).copied().collect();
                for (fate, image) in images(&image, &again[..end], 0) {
                    let inner = |what| format!("then after {end} more, {fate:?}: {what}");
                    recover(&image, &begun, &acked).map_err(inner).map_err(bad)?;
                    states += 1;
                }
            }
        }
    }
    Ok(states)
}

fn recorded(vfs: Recorder) -> Vec<Action> {
    workload(&vfs).expect("the workload runs on a medium that works");
    vfs.actions()
}

#[test]
fn every_crash_state_of_a_workload_keeps_what_was_acknowledged() {
    let actions = recorded(Recorder::new());
    let created = |action: &&Action| matches!(action, Action::Create { .. });
    assert!(actions.iter().filter(created).count() >= 4, "no segment gave way to the next");
    let states = walk(&Disk::default(), &actions, 6, false).unwrap();
    println!("{} actions, {states} states", actions.len());
}

#[test]
fn a_crash_inside_recovery_keeps_what_was_acknowledged() {
    let actions = recorded(Recorder::new());
    // The last third has several segments, a closed one, and one that bulk was attached to.
    for end in (0..=actions.len()).step_by(9) {
        walk_from(&Disk::default(), &actions[..end], 1, true).unwrap();
    }
}

/// If no state went bad without a sync, the walk above would prove nothing about it.
#[test]
fn without_any_one_sync_some_crash_state_loses_what_was_acknowledged() {
    for site in SyncSite::ALL {
        if matches!(site, SyncSite::ParentName | SyncSite::Removal) {
            // The directory above the store's is not on this medium, and nothing is removed here.
            continue;
        }
        let actions = recorded(Recorder::new().without(site));
        let outcome = walk(&Disk::default(), &actions, 2, false);
        assert!(outcome.is_err(), "nothing needs the sync {site:?}");
    }
}

/// Runs the workload with one fault, then walks through the states at its end.
fn with_fault(call: usize, fault: Fault) -> Result<(), String> {
    let vfs = Recorder::new();
    vfs.fail(call, fault);
    if let Err(error) = workload(&vfs) {
        let kinds = [ErrorKind::Io, ErrorKind::Indeterminate];
        if !kinds.contains(&error.kind()) {
            return Err(format!("call {call}, {fault:?}: {error} {:?}", error.kind()));
        }
    }
    let actions = vfs.actions();
    let (begun, acked) = promised(&actions);
    for (fate, image) in images(&Disk::default(), &actions, 2) {
        recover(&image, &begun, &acked)
            .map_err(|what| format!("call {call}, {fault:?}, {fate:?}: {what}"))?;
    }
    Ok(())
}

#[test]
fn any_failing_call_keeps_what_was_acknowledged() {
    let vfs = Recorder::new();
    workload(&vfs).unwrap();
    let calls = vfs.calls();
    let faults =
        [Fault::Refused(IoError::StorageFull), Fault::ShortWrite, Fault::LostSync, Fault::Killed];
    thread::scope(|scope| {
        for fault in faults {
            scope.spawn(move || {
                for call in 0..calls {
                    with_fault(call, fault).unwrap();
                }
            });
        }
    });
}

/// A writer is killed at each of its calls; the other process goes on with the same store.
#[test]
fn another_process_goes_on_where_one_was_killed() {
    let mut call = 0;
    loop {
        let vfs = Recorder::new();
        let (first, second) = (vfs.process(), vfs.process());
        commit(&open(&second).unwrap(), 1).unwrap();
        let one = open(&first).unwrap();
        let two = open(&second).unwrap();
        commit(&two, 2).unwrap();
        let before = vfs.calls();
        vfs.fail(before + call, Fault::Killed);
        let outcomes: Vec<_> = (3..=6).map(|number| commit(&one, number).is_ok()).collect();
        if outcomes.iter().all(|&ok| ok) {
            assert!(call > 0, "no call of a commit can be the last");
            return;
        }
        let acked = 2 + outcomes.iter().filter(|&&ok| ok).count();
        let found = held(&two).unwrap();
        assert!(found.len() >= acked, "killed at {call}: {acked} were acknowledged, {found:?}");
        commit(&two, found.len() + 1).unwrap();
        commit(&two, found.len() + 2).unwrap();
        let actions = vfs.actions();
        let all = (1..=found.len() + 2).collect();
        for (fate, image) in images(&Disk::default(), &actions, 3) {
            recover(&image, &all, &all).unwrap_or_else(|what| panic!("{call}, {fate:?}: {what}"));
        }
        call += 1;
    }
}

#[test]
fn a_handle_whose_write_or_sync_failed_writes_no_more_and_a_new_one_does() {
    for fault in [Fault::Refused(IoError::StorageFull), Fault::ShortWrite, Fault::LostSync] {
        let mut call = 0;
        loop {
            let vfs = Recorder::new();
            let store = open(&vfs).unwrap();
            commit(&store, 1).unwrap();
            vfs.fail(vfs.calls() + call, fault);
            let Err(error) = commit(&store, 2) else { break };
            assert!(matches!(error.kind(), ErrorKind::Io | ErrorKind::Indeterminate), "{error}");
            let error = commit(&store, 3).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Poisoned, "{fault:?} at {call}: {error}");
            let new = open(&vfs).unwrap();
            let next = held(&new).unwrap().len() + 1;
            commit(&new, next).unwrap();
            assert_eq!(held(&new).unwrap().len(), next);
            call += 1;
        }
        assert!(call > 0, "no call of a commit can fail");
    }
}
