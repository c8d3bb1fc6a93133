//! Forks borrow nothing: whatever becomes of the session that one was forked from, and whatever is
//! trimmed, deleted or purged of either, what may be read of the other stays as it is told, and a
//! collection changes nothing that can be read.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use partita::history::Trim;
use partita::object::OperationKind;
use partita::upkeep::{GcOptions, GcProgress, GcReport, PurgeOptions};
use partita::{Memory, Session, Store, Timestamp};
use partita_tests::random::Random;
use partita_tests::told::{self, Told, assert_read, assert_same};
use partita_tests::vfs::Recorder;

fn go_on(_: GcProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn clock() -> Timestamp {
    static NOW: AtomicI64 = AtomicI64::new(1_700_000_000_000);
    Timestamp::from_millis(NOW.fetch_add(1_000, Ordering::Relaxed))
}

fn store() -> Store {
    Store::options().clock(clock).open_vfs(Arc::new(Recorder::new())).unwrap()
}

/// Collects all that is deleted, and asks for a second time, which must find nothing.
fn gc(store: &Store, what: &str) -> GcReport {
    let options = GcOptions::new().keep(Duration::ZERO);
    let report = store.gc(&options, &mut go_on).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_whole(store, what);
    let again = store.gc(&options, &mut go_on).unwrap();
    assert_eq!((again.objects, again.sessions), (0, 0), "{what}: a second collection");
    report
}

fn assert_whole(store: &Store, what: &str) {
    let report = store.check(&mut |_| ControlFlow::Continue(())).unwrap();
    assert!(report.is_ok(), "{what}: {report:?}");
}

fn names(store: &Store) -> Vec<String> {
    store.sessions().map(|entry| entry.unwrap().name().to_owned()).collect()
}

/// What can be read of every session of a store.
fn all(store: &Store, what: &str) -> Vec<(String, Told)> {
    let told = names(store).into_iter().map(|name| {
        let session = store.open_session(&name).unwrap();
        let mut told = told::session(&session);
        told.extend(told::displays(&session));
        assert_read(&told, &format!("{what}: {name}"));
        (name, told)
    });
    told.collect()
}

/// Writes, which must be told as done, and takes it back.
fn write_and_undo(session: &Session, what: &str) {
    let newest = |session: &Session| session.latest().unwrap().checkpoint().map(|info| info.number);
    let (number, before) = (newest(session), told::state("now", &session.latest().unwrap()));
    let text = format!("own of {} after {number:?}", session.name());
    let info = session.write("own", &text).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(Some(info.checkpoint_number), number.map(|number| number + 1), "{what}");
    let info = session.undo().unwrap_or_else(|error| panic!("{what}: undo: {error}"));
    assert_eq!(Some(info.number), number.map(|number| number + 2), "{what}");
    let after = told::state("now", &session.latest().unwrap());
    for part in ["now: memories", "now: state", "now: view"] {
        assert_eq!(before[part], after[part], "{what}: {part}");
    }
}

/// Six checkpoints: files, a memory, a value of the state.
fn fill(session: &Session) {
    for step in 1..=6 {
        let text = format!("{step} of {}", session.name());
        match step {
            3 => drop(session.remember(Memory::user(&text)).unwrap()),
            5 => session.state().put("key", &text).unwrap(),
            _ => drop(session.write(["a", "b"][step % 2], &text).unwrap()),
        }
    }
}

/// What a fork is made of.
const ORIGINS: [&str; 6] = ["plain", "trimmed", "collected", "pinned", "fork", "trimmed fork"];

/// A session `a` of one of these kinds with six checkpoints, and the numbers to fork it at.
fn origin(store: &Store, kind: &str) -> (Session, Vec<u64>) {
    let begun = if kind.ends_with("fork") { "origin" } else { "a" };
    let session = store.session(begun).unwrap();
    fill(&session);
    match kind {
        "plain" => (session, (1..=6).collect()),
        "trimmed" | "collected" | "pinned" => {
            session.pin(session.checkpoint("2").unwrap()).unwrap();
            session.trim(Trim::Keep(3)).unwrap();
            if kind != "pinned" {
                session.unpin(session.checkpoint("2").unwrap()).unwrap();
            }
            if kind != "trimmed" {
                gc(store, kind);
            }
            (session, if kind == "pinned" { vec![2, 4, 6] } else { vec![4, 5, 6] })
        }
        _ => {
            let fork = session.fork_at("a", session.checkpoint("4").unwrap()).unwrap();
            for step in 5..=6 {
                fork.write("a", format!("{step} of the fork")).unwrap();
            }
            if kind == "trimmed fork" {
                fork.trim(Trim::Keep(3)).unwrap();
            }
            let first = if kind == "fork" { 2 } else { 4 };
            (fork, (first..=6).collect())
        }
    }
}

/// What becomes of one of the two.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Trim(u64),
    Delete,
    Purge,
    Rewrite,
}

const FATES: [Fate; 5] = [Fate::Trim(1), Fate::Trim(3), Fate::Delete, Fate::Purge, Fate::Rewrite];

impl Fate {
    fn befall(self, store: &Store, name: &str, what: &str) {
        let Ok(session) = store.open_session(name) else { return };
        match self {
            Fate::Trim(keep) => drop(session.trim(Trim::Keep(keep)).unwrap()),
            Fate::Delete => store.delete_session(name).unwrap(),
            Fate::Purge | Fate::Rewrite => {
                let options = PurgeOptions::new("why").everywhere(true);
                let options = options.rewrite(self == Fate::Rewrite);
                // Only what is its own: the newest write, if that is not the origin's.
                let last = session.history("own").ok().and_then(|mut rows| rows.next());
                let Some(Ok(last)) = last else { return };
                let purge = session.purge_file("own", Some(last.number), &options, &mut go_on);
                purge.unwrap_or_else(|error| panic!("{what}: {error}"));
            }
        }
    }
}

/// What one session tells of itself alone; after a rewrite ids are others.
fn own(told: &[(String, Told)], name: &str) -> Option<Told> {
    let mut own = told.iter().find(|(other, _)| other == name)?.1.clone();
    for shown in ["graph", "report"] {
        own.remove(shown);
    }
    Some(own)
}

/// One cell of the product.
fn cell(kind: &str, at: usize, writes: u64, fates: [(Fate, &str); 2]) {
    let what = format!("{kind}, fork {at}, {writes} writes, {fates:?}");
    let store = store();
    let (origin, numbers) = origin(&store, kind);
    let Some(number) = numbers.get(at) else { return };
    let fork = origin.fork_at("f", origin.checkpoint(&number.to_string()).unwrap()).unwrap();
    for step in 0..writes {
        fork.write("own", format!("own {step} of f")).unwrap();
        origin.write("own", format!("own {step} of a")).unwrap();
    }
    for (fate, name) in fates {
        let before = all(&store, &what);
        fate.befall(&store, name, &what);
        let between = all(&store, &what);
        for other in names(&store).iter().filter(|other| *other != name) {
            assert_same(&own(&before, other).unwrap(), &own(&between, other).unwrap(), &what);
        }
        gc(&store, &what);
        for ((name, before), (_, after)) in between.iter().zip(&all(&store, &what)) {
            assert_same(before, after, &format!("{what}: gc: {name}"));
        }
    }
    for name in names(&store) {
        write_and_undo(&store.open_session(&name).unwrap(), &format!("{what}: {name}"));
    }
    all(&store, &what);
    gc(&store, &what);
}

/// Cells of an ordinary run of the product of two fates; all of them with `PARTITA_FORKS_ALL=1`.
const CELLS: usize = 240;

#[test]
fn whatever_becomes_of_a_fork_or_its_origin_the_other_is_as_it_was() {
    let mut cells = Vec::new();
    let sides = ["a", "f"];
    for kind in ORIGINS {
        for (at, writes) in (0..6).flat_map(|at| [0, 1, 3].map(|writes| (at, writes))) {
            for (first, second) in (0..10).flat_map(|one| (0..10).map(move |two| (one, two))) {
                let fate = |at: usize| (FATES[at / 2], sides[at % 2]);
                cells.push((kind, at, writes, [fate(first), fate(second)]));
            }
        }
    }
    if std::env::var_os("PARTITA_FORKS_ALL").is_none() {
        let mut random = Random::new(20);
        while cells.len() > CELLS {
            let at = random.below(cells.len());
            cells.swap_remove(at);
        }
    }
    for (kind, at, writes, fates) in cells {
        cell(kind, at, writes, fates);
    }
}

#[test]
fn a_trimmed_fork_keeps_the_operations_of_what_it_keeps() {
    for (writes, at) in (0..=4).flat_map(|writes| (1..=6).map(move |at| (writes, at))) {
        for keep in 1..=at + writes {
            let what = format!("{writes} own writes, fork at {at}, keep {keep}");
            let store = store();
            let origin = store.session("a").unwrap();
            for step in 1..=6 {
                origin.write("f", format!("{step}")).unwrap();
            }
            let fork = origin.fork_at("b", origin.checkpoint(&at.to_string()).unwrap()).unwrap();
            for step in 0..writes {
                fork.write("own", format!("{step}")).unwrap();
            }
            let first = at + writes + 1 - keep;
            let log = |session: &Session| {
                let log = session.log().unwrap().map(Result::unwrap);
                log.filter(|entry| entry.number >= first).collect::<Vec<_>>()
            };
            let before = log(&fork);
            assert_eq!(before.len() as u64, keep);
            fork.trim(Trim::Keep(keep)).unwrap();
            for _ in 0..2 {
                assert_eq!(fork.log().unwrap().map(Result::unwrap).collect::<Vec<_>>(), before);
                gc(&store, &what);
                all(&store, &what);
            }
            assert_eq!(fork.log().unwrap().map(Result::unwrap).collect::<Vec<_>>(), before);
            write_and_undo(&fork, &what);
            gc(&store, &what);
            all(&store, &what);
        }
    }
}

#[test]
fn a_fork_of_a_pinned_checkpoint_keeps_its_own_work() {
    let store = store();
    let origin = store.session("a").unwrap();
    for step in 1..=6 {
        origin.write("f", format!("{step}")).unwrap();
    }
    let second = origin.checkpoint("2").unwrap();
    origin.pin(second).unwrap();
    origin.trim(Trim::Keep(2)).unwrap();
    let fork = origin.fork_at("f", second).unwrap();
    for step in 1..=3 {
        fork.write("own", format!("{step}")).unwrap();
    }
    for _ in 0..2 {
        let log: Vec<u64> = fork.log().unwrap().map(|entry| entry.unwrap().number).collect();
        assert_eq!(log, [5, 4, 3, 2]);
        assert_eq!(fork.read_at("own", 1).unwrap(), b"1");
        assert_eq!(fork.history("own").unwrap().count(), 3);
        gc(&store, "pinned");
    }
    assert_eq!(fork.undo().unwrap().number, 6);
    assert_eq!(fork.read("own").unwrap(), b"2");
}

#[test]
fn a_write_that_is_there_is_told_as_done_though_the_origin_is_gone() {
    for keep in 1..=3 {
        let store = store();
        let origin = store.session("s").unwrap();
        origin.write("a", "1").unwrap();
        let fork = origin.fork("f").unwrap();
        fork.write("b", "1").unwrap();
        store.delete_session("s").unwrap();
        fork.trim(Trim::Keep(keep)).unwrap();
        gc(&store, "the origin");
        assert_eq!(fork.write("c", "1").unwrap().checkpoint_number, 3);
        all(&store, "the fork");
        gc(&store, "the fork");
    }
}

#[test]
fn a_fork_holds_nothing_of_what_its_origin_did_after_it() {
    let store = store();
    let origin = store.session("a").unwrap();
    origin.write("f", "shared").unwrap();
    let then = origin.checkpoint("latest").unwrap();
    let secret = Random::new(1).bytes(60_001);
    origin.write("f", &secret).unwrap();
    origin.write("g", "a secret of the origin").unwrap();
    let fork = origin.fork_at("f", then).unwrap();
    let options = PurgeOptions::new("it slipped in");
    let report = origin.purge_file("g", None, &options, &mut go_on).unwrap();
    assert_eq!(report.sessions, ["a"]);
    store.delete_session("a").unwrap();
    let freed = gc(&store, "the origin");
    assert!(freed.freed() > 60_000, "{freed:?}");
    let entry = fork.log().unwrap().next().unwrap().unwrap();
    assert_eq!((entry.kind, entry.message.as_str()), (OperationKind::Write, "f"));
    all(&store, "the fork");
}

#[test]
fn a_fork_within_an_import_holds_nothing_of_the_rest_of_it() {
    let store = store();
    let origin = store.session("a").unwrap();
    let mut import = origin.import().unwrap();
    for step in 1..=4u64 {
        let mut checkpoint = import.checkpoint();
        checkpoint.write("f", Random::new(step).bytes(40_000)).unwrap();
        checkpoint.finish().unwrap();
    }
    import.flush().unwrap();
    let fork = origin.fork_at("f", origin.checkpoint("2").unwrap()).unwrap();
    let before = all(&store, "both");
    store.delete_session("a").unwrap();
    assert!(gc(&store, "the origin").freed() > 75_000);
    let after = all(&store, "the fork");
    assert_same(&own(&before, "f").unwrap(), &own(&after, "f").unwrap(), "the fork");
    let kinds = fork.log().unwrap().map(|entry| entry.unwrap().kind).collect::<Vec<_>>();
    assert_eq!(kinds, [OperationKind::Import; 2]);
    fork.trim(Trim::Keep(1)).unwrap();
    gc(&store, "the fork");
    all(&store, "the fork");
}

#[test]
fn what_a_session_trimmed_it_does_not_hold_against_a_purge() {
    let store = store();
    let origin = store.session("a").unwrap();
    origin.write("f", "the secret").unwrap();
    origin.write("f", "harmless").unwrap();
    origin.refresh().unwrap();
    let fork = origin.fork("f").unwrap();
    origin.trim(Trim::Keep(1)).unwrap();
    let report = fork.purge_file("f", Some(1), &PurgeOptions::new("why"), &mut go_on).unwrap();
    assert_eq!(report.sessions, ["f"]);
    all_but_purged(&store);
}

fn all_but_purged(store: &Store) {
    gc(store, "purged");
    for name in names(store) {
        assert!(store.open_session(&name).unwrap().log().unwrap().all(|entry| entry.is_ok()));
    }
}

/// A store that an earlier version made.
fn old(name: &str) -> Store {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/stores").join(name);
    // The directories of one that was just begun.
    let medium = Recorder::new();
    drop(Store::options().open_vfs(Arc::new(medium.clone())).unwrap());
    let mut disk = medium.disk();
    let begun: Vec<String> = disk.files().map(|(name, _)| name.to_owned()).collect();
    begun.iter().for_each(|name| disk.take(name));
    for file in partita_tests::source::files_below(&from) {
        let below = file.strip_prefix(&from).unwrap().to_str().unwrap();
        disk.put(&format!("store/{below}"), std::fs::read(&file).unwrap());
    }
    let medium = Recorder::on(disk);
    Store::options().clock(clock).create(false).open_vfs(Arc::new(medium)).unwrap()
}

fn log_of(store: &Store, name: &str) -> Vec<(u64, String)> {
    let log = store.open_session(name).unwrap().log().unwrap();
    log.map(|entry| entry.unwrap())
        .map(|entry| (entry.number, entry.kind.name().to_owned()))
        .collect()
}

#[test]
fn a_fork_that_an_earlier_version_trimmed_keeps_all_of_its_operations() {
    let store = old("trimmed-fork");
    assert_eq!(log_of(&store, "b"), [4, 3].map(|number| (number, "write".to_owned())));
    let before = all(&store, "old");
    gc(&store, "old");
    for ((name, before), (_, after)) in before.iter().zip(&all(&store, "old")) {
        assert_same(before, after, name);
    }
    write_and_undo(&store.open_session("b").unwrap(), "old");
    gc(&store, "old");
    all(&store, "old");
}

#[test]
fn a_fork_whose_first_operation_an_earlier_version_took_away_stops_no_collection() {
    let store = old("trimmed-fork-collected");
    let options = GcOptions::new().keep(Duration::ZERO);
    for _ in 0..2 {
        // What is lost is told, and goes on being told.
        let report = store.check(&mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(report.faults.len(), 1, "{report:?}");
        store.gc(&options, &mut go_on).unwrap();
        for name in ["a", "b"] {
            let session = store.open_session(name).unwrap();
            session.write("new", "1").unwrap();
            let told = told::session(&session);
            assert_read(&told, name);
            assert_read(&told::displays(&session), name);
            session.undo().unwrap();
        }
    }
    assert_eq!(log_of(&store, "a").len(), 10);
    let fork = store.open_session("b").unwrap();
    fork.trim(Trim::Keep(1)).unwrap();
    store.gc(&options, &mut go_on).unwrap();
    assert_read(&told::session(&fork), "b");
    store.delete_session("b").unwrap();
    gc(&store, "without it");
}

#[test]
fn a_fork_that_took_over_a_later_horizon_has_all_of_its_own() {
    let store = old("late-horizon");
    assert_eq!(log_of(&store, "f"), [5, 4, 3, 2].map(|number| (number, "write".to_owned())));
    let before = all(&store, "old");
    gc(&store, "old");
    for ((name, before), (_, after)) in before.iter().zip(&all(&store, "old")) {
        assert_same(before, after, name);
    }
    let fork = store.open_session("f").unwrap();
    assert_eq!(fork.history("own").unwrap().count(), 3);
    write_and_undo(&fork, "old");
}

#[test]
fn a_fork_of_which_checkpoints_are_gone_is_read_as_far_as_it_goes() {
    for name in ["late-horizon-collected", "lost-fork-point"] {
        let store = old(name);
        let options = GcOptions::new().keep(Duration::ZERO);
        for keep in [4, 3, 2, 1] {
            let fork = store.open_session("f").unwrap();
            assert_read(&told::session(&fork), name);
            fork.write("new", format!("{keep}")).unwrap();
            store.gc(&options, &mut go_on).unwrap();
            assert_read(&told::session(&fork), name);
            fork.trim(Trim::Keep(keep)).unwrap();
            store.gc(&options, &mut go_on).unwrap();
        }
        gc(&store, name);
        all(&store, name);
    }
}
