//! One dies, the others live on: nothing acknowledged is lost, and nobody stays behind.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use partita::plumbing::Expected;
use partita::{CheckSite, Durability, ErrorKind, Result, Store, StoreOptions, knock_out};
use partita_tests::survivors::{Density, End, Tally, Victim, caught, product, table};
use partita_tests::vfs::{Call, Crash, Disk, Fate, Fault, Recorder};

/// Of the calls that only look, one in so many goes wrong.
const DENSITY: Density = Density::Sampled(12);

/// Runs the cells of some victims; tells how many there were, and that none was missing.
fn all_live_on(victims: &[Victim], least: usize) {
    let tallies: BTreeMap<(End, Victim), Tally> =
        product(&End::ALL, victims, DENSITY).unwrap_or_else(|what| panic!("{what}"));
    let cells: usize = tallies.values().map(|tally| tally.cells).sum();
    println!("{}{cells} cells", table(&tallies));
    assert_eq!(tallies.len(), End::ALL.len() * victims.len());
    for ((end, victim), tally) in &tallies {
        let least = if *victim == Victim::Close { 4 } else { 6 };
        assert!(tally.kills >= least, "{end:?}, {victim:?}: {tally:?}");
        // Closing is a courtesy, and tells nobody.
        assert!(*victim == Victim::Close || tally.errors >= 10, "{end:?}, {victim:?}: {tally:?}");
        let names = [Victim::Rotation, Victim::Gc, Victim::Purge, Victim::Recover];
        assert!(!names.contains(victim) || tally.rotates, "{end:?}, {victim:?}: {tally:?}");
    }
    assert!(cells >= least, "{cells} cells");
}

#[test]
fn whoever_dies_over_a_commit_or_closing_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Commit, Victim::Rotation, Victim::Close], 500);
}

#[test]
fn whoever_dies_over_a_collection_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Gc, Victim::Purge], 1_000);
}

#[test]
fn whoever_dies_over_a_recovery_the_others_lose_nothing_and_see_all() {
    all_live_on(&[Victim::Recover], 1_000);
}

/// If no cell went bad without a look, the product would prove nothing about it.
#[test]
fn without_the_look_for_a_successor_at_a_marker_somebody_loses_a_commit() {
    let what = caught(CheckSite::MarkerSuccessor, &[End::Close], &[Victim::Gc]);
    println!("{}", what.expect("a collector that is killed after naming a segment shows it"));
}

#[test]
fn without_the_look_at_the_last_frame_taken_up_somebody_stays_behind() {
    let what = caught(CheckSite::EndTag, &[End::Zeros], &[Victim::Commit]);
    println!("{}", what.expect("a commit that was taken back shows it"));
}

fn options() -> StoreOptions {
    Store::options().segment_bytes(4 << 10).bulk_bytes(16 << 10)
}

fn open(process: &Recorder) -> Store {
    options().open_vfs(Arc::new(process.clone())).unwrap()
}

fn put(store: &Store, name: &str, len: usize) -> Result<()> {
    let mut batch = store.batch();
    let bytes = partita_tests::random::Random::new(len as u64).bytes(len);
    let id = batch.put_content(bytes, None)?.id();
    batch.set_ref(name, Expected::Any, Some(id));
    batch.commit()
}

fn names(store: &Store) -> Vec<String> {
    let refs = store.references("pin/", None, 100).unwrap();
    refs.into_iter().map(|(name, _)| name).collect()
}

fn is_whole(store: &Store) -> bool {
    store.check(&mut |_| ControlFlow::Continue(())).unwrap().is_ok()
}

/// The number of the first call of that kind that something makes, on a copy of the medium.
fn first(medium: &Recorder, call: Call, does: impl Fn(&Store)) -> usize {
    let trial = Recorder::on(medium.disk()).process();
    let store = open(&trial);
    let before = trial.calls().len();
    does(&store);
    trial.calls()[before..].iter().position(|made| *made == call).expect("it makes such a call")
}

/// Two rotate at once, for the lock does not keep one of them away. Returns what came of the one
/// that comes second, and what a fresh process finds.
fn rotate_at_once() -> (Result<()>, Vec<String>) {
    let medium = Recorder::new().without_lock("rotate");
    put(&open(&medium.process()), "pin/1", 2_000).unwrap();
    let (one, two) = (medium.process(), medium.process());
    let (rotator, other) = (open(&one), open(&two));
    let create = first(&medium, Call::Create, |store| put(store, "pin/3", 3_000).unwrap());
    two.doing("rotate");
    one.meanwhile(create, move || {
        put(&other, "pin/2", 3_100).unwrap();
        std::mem::forget(other);
    });
    let outcome = put(&rotator, "pin/3", 3_000);
    (outcome, names(&open(&medium.process())))
}

#[test]
fn a_rotator_that_finds_the_name_taken_goes_on_there() {
    let (outcome, found) = rotate_at_once();
    outcome.unwrap();
    assert_eq!(found, ["pin/1", "pin/2", "pin/3"]);
}

#[test]
fn without_the_look_for_a_free_name_a_segment_is_replaced_with_all_that_is_in_it() {
    knock_out(Some(CheckSite::FreeName));
    let (_, found) = rotate_at_once();
    knock_out(None);
    assert!(!found.contains(&"pin/2".to_owned()), "{found:?}");
}

/// The directory's sync fails right after the next segment got its name. The same handle goes on
/// there, and so does everybody.
#[test]
fn a_handle_whose_segment_may_not_keep_its_name_goes_on_where_all_others_do() {
    for call in [Call::SyncDirectory, Call::Remove, Call::Link] {
        let medium = Recorder::new();
        put(&open(&medium.process()), "pin/1", 2_000).unwrap();
        let process = medium.process();
        let (handle, other) = (open(&process), open(&medium.process()));
        assert_eq!(names(&other), ["pin/1"]);
        let at = first(&medium, Call::Link, |store| put(store, "pin/2", 3_000).unwrap());
        let steps = [Call::Link, Call::Remove, Call::SyncDirectory];
        let step = steps.iter().position(|step| *step == call).unwrap();
        process.fail_own(at + step, Fault::Refused(io::ErrorKind::Other));
        let outcome = put(&handle, "pin/2", 3_000);
        // The old name of a segment that has its own is no matter.
        assert_eq!(outcome.is_ok(), call == Call::Remove, "{call:?}");
        put(&handle, "pin/3", 20).unwrap();
        put(&other, "pin/4", 30).unwrap();
        for store in [&handle, &other, &open(&medium.process())] {
            let found = names(store);
            assert!(found.ends_with(&["pin/3".into(), "pin/4".into()]), "{call:?}: {found:?}");
            assert!(is_whole(store), "{call:?}");
        }
    }
}

/// A sync that failed may have lost what it was to keep; one that succeeds after it says nothing
/// about that.
#[test]
fn a_handle_whose_sync_failed_never_says_that_it_synced() {
    let medium = Recorder::new();
    let process = medium.process();
    let buffered = options().durability(Durability::Buffered);
    let store = buffered.open_vfs(Arc::new(process.clone())).unwrap();
    put(&store, "pin/1", 10).unwrap();
    let calls = {
        let trial = Recorder::on(medium.disk()).process();
        let store =
            options().durability(Durability::Buffered).open_vfs(Arc::new(trial.clone())).unwrap();
        let before = trial.calls().len();
        store.sync().unwrap();
        trial.calls().len() - before
    };
    let mut failed = 0;
    for at in 0..calls {
        process.fail_own(at, Fault::LostSync);
        if store.sync().is_err_and(|error| error.kind() == ErrorKind::Indeterminate) {
            failed += 1;
            assert_eq!(store.sync().unwrap_err().kind(), ErrorKind::Poisoned);
            break;
        }
    }
    assert_eq!(failed, 1);
}

/// The commit of one handle is lost by its sync, which says so to nobody else. Another handle that has
/// read the commit syncs, and then it lasts.
#[test]
fn what_a_sync_covers_lasts_although_a_sync_of_another_handle_lost_it() {
    let medium = Recorder::new();
    let buffered = || options().durability(Durability::Buffered);
    let open = |process: &Recorder| buffered().open_vfs(Arc::new(process.clone())).unwrap();
    let fails = medium.process();
    let store = open(&fails);
    let other = open(&medium.process());
    put(&store, "pin/1", 10).unwrap();
    store.sync().unwrap();
    put(&store, "pin/2", 20).unwrap();
    assert!(other.reference("pin/2").unwrap().is_some());
    let failed = (0..20).any(|at| {
        fails.fail_own(at, Fault::LostSync);
        store.sync().is_err_and(|error| error.kind() == ErrorKind::Indeterminate)
    });
    assert!(failed);
    other.sync().unwrap();
    let actions = medium.actions();
    for fate in Fate::FIXED {
        let image = Crash::after(&Disk::default(), &actions).image(fate);
        let again = open(&Recorder::on(image).process());
        for name in ["pin/1", "pin/2"] {
            assert!(again.reference(name).unwrap().is_some(), "{name}, {fate}");
        }
    }
}
