//! What a handle remembers is no answer to a question that is asked after a collection, a trim or a
//! purge: what is gone is told as gone, with the reason, and counts are right at once.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use partita::budget::Budget;
use partita::context::Source;
use partita::history::Trim;
use partita::tokens::Encoding;
use partita::upkeep::{GcOptions, GcProgress, PurgeOptions};
use partita::{ErrorKind, Memory, Session, Snapshot, Store, Timestamp};
use partita_tests::vfs::Recorder;

fn go_on(_: GcProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn gc(store: &Store) -> partita::upkeep::GcReport {
    store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on).unwrap()
}

fn two_handles() -> (Store, Store) {
    let medium = Recorder::new();
    let open = || Store::options().open_vfs(Arc::new(medium.process())).unwrap();
    (open(), open())
}

fn total(session: &Session) -> u64 {
    session.capacity(&Budget::new(8_000), &Encoding::O200k).unwrap().total().tokens()
}

fn total_anew(session: &Session) -> u64 {
    session.latest().unwrap().prompt().unwrap().count(&Encoding::O200k).tokens()
}

#[test]
fn a_capacity_after_a_trim_and_a_collection_is_counted_anew() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    for step in 0..40 {
        session.remember(Memory::user(format!("memory {step}"))).unwrap();
        session.write("a", format!("{step} words of a file")).unwrap();
    }
    assert_eq!(total(&session), total_anew(&session));
    session.refresh().unwrap();
    session.write("b", "more").unwrap();
    session.trim(Trim::Keep(1)).unwrap();
    gc(&store);
    assert_eq!(total(&session), total_anew(&session));
}

#[test]
fn a_capacity_after_a_purge_is_right_at_once_in_every_handle() {
    for rewrite in [false, true] {
        let (one, two) = two_handles();
        let session = one.session("s").unwrap();
        session.write("a", "a long secret of many words, and many more of them").unwrap();
        session.remember(Memory::user("another secret of many words")).unwrap();
        let other = two.open_session("s").unwrap();
        let before = (total(&session), total(&other));
        let options = PurgeOptions::new("why").rewrite(rewrite);
        session.purge_file("a", None, &options, &mut go_on).unwrap();
        assert_eq!(total(&session), total_anew(&session));
        assert_eq!(total(&other), total_anew(&other));
        assert!(total(&session) < before.0 && total(&other) < before.1);
        let memory = session.memory_id("1").unwrap();
        session.purge_memory(memory, &options, &mut go_on).unwrap();
        assert_eq!(total(&session), total_anew(&session));
        assert_eq!(total(&other), total_anew(&other));
        let capacity = other.capacity(&Budget::new(8_000), &Encoding::O200k).unwrap();
        assert!(rewrite || capacity.source(Source::Memories).tokens() == 0);
    }
}

fn read_all(snapshot: &Snapshot) -> Vec<partita::Error> {
    let mut errors = Vec::new();
    for file in snapshot.files() {
        errors.extend(file.and_then(|file| file.read()).err());
    }
    errors.extend(snapshot.memories().filter_map(|memory| memory.err()));
    errors.extend(snapshot.prompt().err());
    errors.extend(snapshot.view().files().filter_map(|file| file.err()));
    errors.extend(snapshot.state().list().err());
    errors
}

#[test]
fn a_snapshot_that_was_trimmed_and_collected_is_told_as_gone_and_not_as_damage() {
    let (one, two) = two_handles();
    let session = one.session("s").unwrap();
    for step in 0..60 {
        session.write(format!("dir/{step}"), "1").unwrap();
        session.remember(Memory::user(format!("{step}"))).unwrap();
        session.state().put(format!("{step}"), "1").unwrap();
    }
    let held = [session.latest().unwrap(), two.open_session("s").unwrap().latest().unwrap()];
    let began = session.begin().unwrap();
    session.write("a", "2").unwrap();
    session.remove("dir/1").unwrap();
    session.remember(Memory::user("a")).unwrap();
    session.state().put("a", "1").unwrap();
    session.trim(Trim::Keep(1)).unwrap();
    gc(&one);
    for snapshot in &held {
        let errors = read_all(snapshot);
        assert!(!errors.is_empty());
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.to_string().contains("gone"), "{error}");
        }
    }
    // What began on what is gone is told so, or goes through on what is there.
    let mut began = began;
    let wrote = began.write("z", "1").and_then(|_| began.commit().map(drop));
    if let Err(error) = wrote {
        assert!([ErrorKind::NotFound, ErrorKind::Conflict].contains(&error.kind()), "{error}");
    }
    assert!(read_all(&session.latest().unwrap()).is_empty());
}

#[test]
fn another_handles_snapshot_never_reads_what_was_purged() {
    let (one, two) = two_handles();
    let session = one.session("s").unwrap();
    session.write("a", "the secret of a file").unwrap();
    session.remember(Memory::user("the secret of a memory")).unwrap();
    let held = two.open_session("s").unwrap().latest().unwrap();
    let file = held.file("a").unwrap().unwrap();
    let text = Memory::user("x".repeat(4_000));
    session.remember(text).unwrap();
    assert!(read_all(&held).is_empty());
    let memory = session.memory_id("1").unwrap();
    session.purge_file("a", None, &PurgeOptions::new("why"), &mut go_on).unwrap();
    session.purge_memory(memory, &PurgeOptions::new("why"), &mut go_on).unwrap();
    assert_eq!(held.read("a").unwrap_err().kind(), ErrorKind::Purged);
    assert_eq!(file.read().unwrap_err().kind(), ErrorKind::Purged);
    assert_eq!(held.memory(1).unwrap_err().kind(), ErrorKind::Purged);
    let memories: Vec<_> = held.memories().collect();
    assert_eq!(memories[0].as_ref().unwrap_err().kind(), ErrorKind::Purged);
    assert_eq!(held.search("secret", None).count(), 0);
    let request =
        format!("{:?}", held.context(partita::context::Dialect::OpenAiChat).unwrap().body);
    assert!(!request.contains("secret"), "{request}");
}

#[test]
fn a_trimmed_iteration_is_restored_by_no_way() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    for step in 1..=6 {
        session.write("a", format!("{step}")).unwrap();
    }
    session.rename("a", "b").unwrap();
    session.trim(Trim::Keep(3)).unwrap();
    for next in [8, 10] {
        for number in [1, 4] {
            let one = session.restore("b", number).unwrap_err();
            let two = session.batch(|batch| batch.restore("b", number)).unwrap_err();
            let three = session.read_at("b", number).unwrap_err();
            let four = session.iteration("b", number).unwrap_err();
            for error in [&one, &two, &three, &four] {
                let said = format!("iteration {number} of b was trimmed: the oldest is 5");
                assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, said));
            }
        }
        assert_eq!(session.batch(|batch| batch.restore("b", 5)).unwrap(), next);
        session.undo().unwrap();
        gc(&store);
    }
}

#[test]
fn which_checkpoint_brought_an_iteration_does_not_depend_on_a_collection() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("old", "1").unwrap();
    for step in 1..=6 {
        session.write("a", format!("{step}")).unwrap();
    }
    session.trim(Trim::Keep(3)).unwrap();
    let told = |session: &Session| {
        let info = session.iteration("old", 1).unwrap();
        let rows = session.history("old").unwrap().map(|info| info.unwrap().checkpoint_number);
        (info.checkpoint_number, info.time, rows.collect::<Vec<_>>())
    };
    let before = told(&session);
    assert_eq!((before.0, &before.2[..]), (5, &[5][..]));
    gc(&store);
    assert_eq!(told(&session), before);
}

#[test]
fn a_handle_of_a_fork_that_a_purge_rewrote_is_told_so() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "the secret").unwrap();
    let fork = session.fork("f").unwrap();
    let options = PurgeOptions::new("why").everywhere(true).rewrite(true);
    session.purge_file("a", None, &options, &mut go_on).unwrap();
    let error = fork.read("a").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "the history of session \"f\" was rewritten by a purge; open it anew"
    );
    assert_eq!(store.open_session("f").unwrap().read("a").unwrap(), b"[purged: why]");
    store.delete_session("f").unwrap();
    store.session("f").unwrap();
    assert!(fork.read("a").unwrap_err().to_string().contains("renamed or deleted"));
}

#[test]
fn a_second_rewriting_purge_leaves_what_stands_in_place_of_the_first() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "the secret").unwrap();
    session.remember(Memory::user("the secret")).unwrap();
    let options = PurgeOptions::new("why").rewrite(true);
    for _ in 0..2 {
        session.purge_file("a", None, &options, &mut go_on).unwrap();
        let memory = session.memory_id("1").unwrap();
        session.purge_memory(memory, &options, &mut go_on).unwrap();
        assert_eq!(session.read("a").unwrap(), b"[purged: why]");
        assert_eq!(session.memory(1).unwrap().memory.text(), "[purged: why]");
        assert!(store.check(&mut |_| ControlFlow::Continue(())).unwrap().is_ok());
    }
    for options in [PurgeOptions::new("a secret"), PurgeOptions::new("").actor("the secret")] {
        let error = store.purge_matching(b"secret", &options, &mut go_on).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
}

#[test]
fn a_dry_run_counts_the_sessions_that_would_go_and_one_deleted_in_the_future_goes_too() {
    fn future() -> Timestamp {
        Timestamp::from_millis(19_880_000_000_000)
    }
    let medium = Recorder::new();
    let store = Store::options().clock(future).open_vfs(Arc::new(medium.process())).unwrap();
    for name in ["a", "b", "c"] {
        store.session(name).unwrap().write("f", name).unwrap();
        store.delete_session(name).unwrap();
    }
    let store = Store::options().open_vfs(Arc::new(medium.process())).unwrap();
    let options = GcOptions::new().keep(Duration::ZERO);
    let told = store.gc(&options.clone().dry_run(true), &mut go_on).unwrap();
    let later = GcOptions::new().keep(Duration::from_secs(60));
    assert_eq!(store.gc(&later, &mut go_on).unwrap().sessions, 0);
    let told_again = store.gc(&options.clone().dry_run(true), &mut go_on).unwrap();
    let done = store.gc(&options, &mut go_on).unwrap();
    assert_eq!((told.sessions, told_again.sessions, done.sessions), (3, 3, 3));
    assert_eq!(store.gc(&options, &mut go_on).unwrap().objects, 0);
}

#[test]
fn a_checkout_of_a_session_that_is_gone_stops_no_collection() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path().join("store")).unwrap();
    let session = store.session("s").unwrap();
    for step in 1..=4 {
        session.write("a", format!("{step}")).unwrap();
    }
    session.trim(Trim::Keep(1)).unwrap();
    let to = directory.path().join("to");
    store.open_session("s").unwrap().latest().unwrap();
    checkout(&session, &to);
    store.delete_session("s").unwrap();
    for _ in 0..3 {
        gc(&store);
        assert!(store.check(&mut |_| ControlFlow::Continue(())).unwrap().is_ok());
    }
}

fn checkout(session: &Session, to: &std::path::Path) {
    session.checkout(None, to).unwrap();
}
