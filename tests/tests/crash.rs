//! Every state that a crash can leave: what was acknowledged is there, whole, and nothing is half.

use partita::vfs::SyncSite;
use std::io::ErrorKind;

use partita_tests::crash::knockout::{LOCKED, without_lock, without_sync};
use partita_tests::crash::ledger::Promised;
use partita_tests::crash::recovery::recover;
use partita_tests::crash::walk::{Limits, record, walk_all};
use partita_tests::crash::{ALL, Stage, capture, checkout, merge, report, sweep};
use partita_tests::vfs::{Crash, Disk, Fate, Fault, Recorder};

/// Different states in all that `make test` walks through.
const STATES: usize = 20_000;

#[test]
fn every_crash_state_of_every_workload_keeps_what_was_acknowledged() {
    let (tours, losses) = walk_all(STATES, 1);
    assert!(losses.is_empty(), "{losses:#?}");
    println!("{}\n{}", report::states(&tours), report::syncs(&tours));
    for site in SyncSite::ALL {
        let by = report::reached_by(&tours, site);
        assert!(by.len() >= 3, "{site:?} is reached by {by:?} alone");
    }
    let states: usize = tours.iter().map(|tour| tour.states).sum();
    assert!(states >= STATES, "{states} states");
}

#[test]
fn a_workload_leaves_the_same_record_on_every_run() {
    for workload in ALL {
        let records = [(), ()].map(|()| record(workload, Recorder::new).unwrap());
        let differs = records[0].iter().zip(&records[1]).position(|(one, other)| one != other);
        assert_eq!(differs, None, "{}", workload.name());
        assert_eq!(records[0].len(), records[1].len(), "{}", workload.name());
    }
}

/// If no state went bad without a sync, the walk above would prove nothing about it.
#[test]
fn without_any_one_sync_some_crash_state_loses_what_was_acknowledged() {
    for site in SyncSite::ALL {
        let verdict = without_sync(site, Limits { states: 300, seed: 1 });
        println!("{}", report::verdict(&verdict));
        assert!(!verdict.caught.is_empty(), "nothing needs the sync {site:?}");
    }
}

#[test]
fn without_the_lock_two_writers_lose_what_was_acknowledged() {
    for doing in LOCKED {
        let verdict = without_lock(doing, Limits { states: 100, seed: 1 });
        println!("{}", report::verdict(&verdict));
        assert!(!verdict.caught.is_empty(), "nothing needs the lock to {doing}");
    }
}

#[test]
fn any_call_that_goes_wrong_is_told_and_loses_nothing() {
    for workload in ALL {
        let swept = sweep::faults(workload, 4).unwrap();
        println!("{:<10} {swept:?}", workload.name());
        assert!(swept.errors > swept.courtesies, "{}: {swept:?}", workload.name());
    }
}

#[test]
fn a_full_medium_is_told_and_loses_nothing_and_room_lets_the_store_go_on() {
    for workload in ALL {
        let swept = sweep::capacities(workload, 40).unwrap();
        println!("{:<10} {swept:?}", workload.name());
        // Where zeros ahead of the log find no room, a commit does without; so few sizes are too few.
        assert!(swept.errors >= 5, "{}: {swept:?}", workload.name());
    }
}

#[test]
fn a_handle_whose_write_or_sync_failed_writes_no_more_and_a_new_one_does() {
    let workload = ALL.into_iter().find(|workload| workload.name() == "plain").unwrap();
    for fault in [Fault::Refused(ErrorKind::StorageFull), Fault::ShortWrite, Fault::LostSync] {
        let mut failed = 0;
        loop {
            let stage = Stage::new(workload, Recorder::new(), 1);
            let is_over = stage.source.supply(|| {
                let store = stage.open(&stage.vfs).unwrap();
                stage.commit(&store, 1).unwrap();
                let calls = stage.vfs.calls().len();
                stage.vfs.fail(calls + failed, fault);
                let Err(error) = stage.commit(&store, 2) else { return true };
                // A call before the write may be refused, and then nothing has happened.
                let kind = error.kind();
                assert!(
                    [partita::ErrorKind::Io, partita::ErrorKind::Indeterminate].contains(&kind)
                );
                assert_eq!(stage.violations(), Vec::<String>::new(), "{fault:?} at {failed}");
                let new = stage.open(&stage.vfs).unwrap();
                let held = workload.held(&new).unwrap();
                workload.go_on(&stage, &new, &held).unwrap();
                false
            });
            if is_over {
                break;
            }
            failed += 1;
        }
        assert!(failed > 0, "no call of a commit can fail");
    }
}

/// A writer is killed at each of its calls; another, which has the store open, goes on.
#[test]
fn another_process_goes_on_where_one_was_killed() {
    let workload = ALL.into_iter().find(|workload| workload.name() == "writers").unwrap();
    for call in 0.. {
        let stage = Stage::new(workload, Recorder::new(), 1);
        let is_over = stage.source.supply(|| {
            let (first, second) = (stage.vfs.process(), stage.vfs.process());
            let two = stage.open(&second).unwrap();
            stage.commit(&two, 1).unwrap();
            let one = stage.open(&first).unwrap();
            stage.commit(&two, 2).unwrap();
            stage.vfs.fail(stage.vfs.calls().len() + call, Fault::Killed);
            if (3..=6).all(|number| stage.commit(&one, number).is_ok()) {
                return true;
            }
            let mut held = workload.held(&two).unwrap();
            for _ in 0..2 {
                held = workload.go_on(&stage, &two, &held).unwrap();
            }
            false
        });
        if is_over {
            assert!(call > 0, "no call of a commit can be the last");
            return;
        }
        let actions = stage.vfs.actions();
        let crash = Crash::after(&Disk::default(), &actions);
        for fate in [Fate::Dropped, Fate::Kept, Fate::Heads, Fate::Chance(1)] {
            recover(workload, &crash.image(fate), &Promised::by(&actions))
                .unwrap_or_else(|what| panic!("killed at {call}, {fate}: {what}"));
        }
    }
}

/// Fates of the medium at each call; `make crash` looks at 400.
const DIRECTORY_FATES: usize = 6;

#[test]
fn a_checkout_and_a_run_that_are_cut_short_leave_all_or_nothing_and_what_comes_after_is_exact() {
    checkout::cut_short(Recorder::new, DIRECTORY_FATES, 1).unwrap();
    let seen = capture::cut_short(Recorder::new, DIRECTORY_FATES, 1).unwrap();
    assert!(seen.calls > 20 && seen.states > seen.calls, "{seen:?}");
    let without = || Recorder::new().without(SyncSite::Commit);
    checkout::cut_short(without, DIRECTORY_FATES, 1).unwrap_err();
    capture::cut_short(without, DIRECTORY_FATES, 1).unwrap_err();
}

#[test]
fn a_merge_that_is_cut_short_leaves_all_or_nothing_and_one_more_ends_where_it_would_have() {
    let seen = merge::cut_short(Recorder::new, DIRECTORY_FATES, 1).unwrap();
    assert!(seen.calls >= 4 && seen.states > seen.calls, "{seen:?}");
    let without = || Recorder::new().without(SyncSite::Commit);
    merge::cut_short(without, DIRECTORY_FATES, 1).unwrap_err();
}
