//! A directory that is as it was left: told at once, and never where anything differs.

use std::time::Duration;

use super::*;
use crate::store::Durability;

fn wanted() -> Things {
    things([
        ("a", text("1")),
        ("b-c", text("2")),
        ("b.c/d", text("3")),
        ("b/c", Program(b"4".to_vec())),
        ("b/d/e", Link(b"../c".to_vec())),
        ("b/d/f", text("5")),
        ("b0", text("6")),
        ("module", Submodule),
    ])
}

/// A store on disk, which has stat caches, with its files checked out and looked at once more.
fn settled() -> (Bench, CheckpointId) {
    let mut bench = Bench::new();
    let options = Store::options().durability(Durability::Buffered);
    bench.store = options.open(bench.room.path().join("store")).unwrap();
    let checkpoint = bench.checkpoint(&wanted());
    settle(&bench, checkpoint);
    (bench, checkpoint)
}

/// Checks out until no file is too young to be known by its times.
fn settle(bench: &Bench, checkpoint: CheckpointId) {
    bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
    std::thread::sleep(Duration::from_millis(30));
    bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
}

fn prepared(bench: &Bench, checkpoint: CheckpointId) -> Prepared {
    let asked = bench.session().asked(Some(checkpoint), Part::Whole, true).unwrap();
    Prepared::new(&bench.store, &asked, &bench.dir()).unwrap()
}

/// The steps that are decided file by file: there is no cache.
fn decided(bench: &Bench, checkpoint: CheckpointId) -> Vec<super::super::CheckoutStep> {
    let (cache, aside) = (bench.room.path().join("store/cache"), bench.room.path().join("aside"));
    fs::rename(&cache, &aside).unwrap();
    let prepared = prepared(bench, checkpoint);
    assert!(!prepared.is_again);
    fs::remove_dir_all(&cache).unwrap();
    fs::rename(&aside, &cache).unwrap();
    prepared.into_plan().steps
}

#[test]
fn what_is_told_at_once_is_what_would_be_decided() {
    let (bench, checkpoint) = settled();
    let again = prepared(&bench, checkpoint);
    assert!(again.is_again);
    let steps = again.into_plan().steps;
    assert_eq!(steps.len(), wanted().len());
    assert_eq!(steps, decided(&bench, checkpoint));
    let refs = bench.references();
    let plan = bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
    assert_eq!((plan.steps, plan.checkpoint), (steps, Some(checkpoint)));
    assert_eq!(bench.references(), refs);
    assert!(prepared(&bench, checkpoint).is_again);
}

#[test]
fn the_same_files_of_a_later_checkpoint_are_told_at_once_and_recorded() {
    let (bench, _) = settled();
    bench.session().remember(crate::Memory::user("go on")).unwrap();
    let later = bench.session().latest().unwrap().checkpoint().unwrap().id;
    assert!(prepared(&bench, later).is_again);
    let refs = bench.references();
    bench.session().checkout(None, bench.dir()).unwrap();
    assert_ne!(bench.references(), refs, "the record names the later checkpoint");
    assert!(prepared(&bench, later).is_again);
    // The record and the cache hold for a capture too.
    assert!(bench.session().workspace(bench.dir()).capture().unwrap().is_unchanged());
    assert!(prepared(&bench, later).is_again);
}

#[test]
fn whatever_differs_in_the_directory_is_decided_file_by_file() {
    type Change = fn(&Bench);
    let changes: [(&str, Change); 10] = [
        ("another text", |bench| bench.write("b.c/d", "other")),
        ("as many bytes", |bench| bench.write("b.c/d", "x")),
        ("the same bytes anew", |bench| bench.write("b.c/d", "3")),
        ("a file is gone", |bench| fs::remove_file(bench.at("b0")).unwrap()),
        ("a bit", |bench| {
            fs::set_permissions(bench.at("a"), fs::Permissions::from_mode(0o755)).unwrap();
        }),
        ("a link in a file's place", |bench| {
            fs::remove_file(bench.at("a")).unwrap();
            bench.link("b0", "a");
        }),
        ("a directory in a file's place", |bench| {
            fs::remove_file(bench.at("a")).unwrap();
            fs::create_dir(bench.at("a")).unwrap();
        }),
        ("a link in a directory's place", |bench| {
            fs::rename(bench.at("b"), bench.room.path().join("moved")).unwrap();
            bench.link("../moved", "b");
        }),
        ("a submodule's place is a file", |bench| {
            fs::remove_dir(bench.at("module")).unwrap();
            bench.write("module", "theirs");
        }),
        ("a submodule is gone", |bench| fs::remove_dir(bench.at("module")).unwrap()),
    ];
    for (what, change) in changes {
        let (bench, checkpoint) = settled();
        change(&bench);
        let asked = bench.session().asked(Some(checkpoint), Part::Whole, true).unwrap();
        let Ok(prepared) = Prepared::new(&bench.store, &asked, &bench.dir()) else {
            // Something is in the way; another plan would say the same.
            continue;
        };
        assert!(!prepared.is_again, "{what}");
        assert_eq!(prepared.into_plan().steps, decided(&bench, checkpoint), "{what}");
        settle(&bench, checkpoint);
        assert!(self::prepared(&bench, checkpoint).is_again, "{what}");
    }
}

#[test]
fn another_state_or_session_or_what_was_purged_is_decided_file_by_file() {
    let (bench, checkpoint) = settled();
    let mut other = wanted();
    other.insert(b"a".to_vec(), text("other"));
    let other = bench.checkpoint(&other);
    assert!(!prepared(&bench, other).is_again);
    let fork = bench.session().fork("fork").unwrap();
    let asked = fork.asked(None, Part::Whole, true).unwrap();
    assert!(!Prepared::new(&bench.store, &asked, &bench.dir()).unwrap().is_again);
    assert!(prepared(&bench, checkpoint).is_again);
    let options = crate::store::PurgeOptions::new("a key").everywhere(true);
    let mut go_on = |_| std::ops::ControlFlow::Continue(());
    bench.session().purge_file("b/d/f", None, &options, &mut go_on).unwrap();
    let left_out = bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
    assert_eq!(listed(&left_out, CheckoutAction::LeaveOut), ["b/d/f purged"]);
}
