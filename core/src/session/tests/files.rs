use super::*;
use crate::limits::PATH_BYTES_MAX;
use crate::object::{Entry, Memory};

#[test]
fn a_new_session_has_no_checkpoint_and_the_first_change_makes_number_one() {
    let session = session();
    assert!(session.latest().unwrap().checkpoint().is_none());
    assert_eq!(session.log().unwrap().count(), 0);
    assert_eq!(kind(session.checkpoint("latest")), ErrorKind::NotFound);
    let info = session.write("a", "1").unwrap();
    assert_eq!((info.number, info.checkpoint_number, info.size), (1, 1, Some(1)));
    assert_eq!(session.latest().unwrap().checkpoint().unwrap().number, 1);
}

#[test]
fn writing_what_is_there_makes_neither_iteration_nor_checkpoint() {
    let session = session();
    let first = session.write("a", "1").unwrap();
    session.write("b", "2").unwrap();
    assert_eq!(session.write("a", "1").unwrap(), first);
    assert_eq!(session.log().unwrap().count(), 2);
    assert_eq!(session.restore("a", 1).unwrap(), first);
    session.batch(|_| Ok(())).unwrap();
    assert_eq!(session.log().unwrap().count(), 2);
}

#[test]
fn bytes_of_any_kind_come_back_as_they_were() {
    let session = session();
    for (path, bytes) in [
        (&b"empty"[..], &b""[..]),
        (b"\xff\xfe", b"\0\xff"),
        (b"crlf", b"a\r\nb\r\n"),
        (b"deep/er/file", b"x"),
    ] {
        session.write(path, bytes).unwrap();
        assert_eq!(session.read(path).unwrap(), bytes);
    }
}

#[test]
fn a_write_keeps_the_executable_bit_and_turns_a_link_into_a_file() {
    let session = session();
    session
        .batch(|batch| {
            batch.write_entry("run", NewEntry::file("1").executable())?;
            batch.write_entry("link", NewEntry::symlink("run"))
        })
        .unwrap();
    let run = session.write("run", "2").unwrap();
    assert!(matches!(run.entry, Entry::File { executable: true, .. }));
    let link = session.write("link", "3").unwrap();
    assert!(matches!(link.entry, Entry::File { executable: false, .. }));
    // The mode alone is a change too.
    session.batch(|batch| batch.write_entry("run", NewEntry::file("2"))).unwrap();
    assert_eq!(session.iteration("run", 3).unwrap().size, Some(1));
}

#[test]
fn an_entry_of_the_store_is_written_again_by_its_name_alone() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session
        .batch(|batch| {
            batch.write_entry("run", NewEntry::file("1").executable())?;
            batch.write_entry("link", NewEntry::symlink("run"))?;
            batch.write_entry("sub", NewEntry::submodule([7; 20]))
        })
        .unwrap();
    let before = session.latest().unwrap();
    let other = store.session("other").unwrap();
    other
        .batch(|batch| {
            for file in before.files() {
                let file = file?;
                batch.write_entry(file.path, file.entry)?;
            }
            batch.rename_entry("run", "moved", before.entry("run")?.unwrap())
        })
        .unwrap();
    let after = other.latest().unwrap();
    assert_eq!(after.entry("moved").unwrap(), before.entry("run").unwrap());
    for path in ["link", "sub"] {
        assert_eq!(after.entry(path).unwrap(), before.entry(path).unwrap(), "{path}");
    }
    let plain = Entry::File { executable: false, content: content_of(&before, "run") };
    let done = session.batch(|b| b.write_entry("x", NewEntry::from(plain).executable()));
    done.unwrap();
    assert_eq!(session.latest().unwrap().entry("x").unwrap(), before.entry("run").unwrap());
}

fn content_of(snapshot: &Snapshot, path: &str) -> crate::ContentId {
    snapshot.entry(path).unwrap().unwrap().content().unwrap()
}

#[test]
fn an_entry_that_the_store_cannot_name_is_refused() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    let refused = |entry: Entry| kind(session.batch(|batch| batch.write_entry("x", entry)));
    let file = |content| Entry::File { content: crate::ContentId::new(content), executable: false };
    assert_eq!(refused(Entry::Removed), ErrorKind::Invalid);
    assert_eq!(refused(file(crate::ObjectId::of_content(b"elsewhere"))), ErrorKind::NotFound);
    let node = session.latest().unwrap().checkpoint().unwrap().id.id();
    assert_eq!(refused(file(node)), ErrorKind::Invalid);
    let empty = session.write("empty", "").unwrap().entry.content().unwrap();
    assert_eq!(refused(Entry::Symlink { target: empty }), ErrorKind::Invalid);
    let options = crate::upkeep::PurgeOptions::new("it slipped in");
    let mut goes_on = |_| std::ops::ControlFlow::Continue(());
    session.purge_file("a", Some(1), &options, &mut goes_on).unwrap();
    assert_eq!(refused(file(crate::ObjectId::of_content(b"1"))), ErrorKind::Purged);
}

fn collect(store: &Store) {
    let options = crate::upkeep::GcOptions::new().keep(std::time::Duration::ZERO);
    store.gc(&options, &mut crate::upkeep::go_on).unwrap();
}

/// Another handle collects, as another process does; a fork may keep what it would take, and the
/// handle that commits may have taken the collection up.
#[test]
fn what_another_handle_collects_before_the_commit_is_never_left_dangling() {
    for (is_forked, is_seen) in [(false, false), (false, true), (true, false), (true, true)] {
        let dir = tempfile::tempdir().unwrap();
        let session = Store::open(dir.path()).unwrap().session("s").unwrap();
        session.write("mine", "1").unwrap();
        let bytes = "goes with its session\n".repeat(20);
        let theirs = Store::open(dir.path()).unwrap();
        let other = theirs.session("other").unwrap();
        other.write("a", &bytes).unwrap();
        let entry = other.latest().unwrap().entry("a").unwrap().unwrap();
        session.refresh().unwrap();
        let mut batch = session.begin().unwrap();
        batch.write_entry("x", entry).unwrap();
        if is_forked {
            other.fork("fork").unwrap();
        }
        theirs.delete_session("other").unwrap();
        collect(&theirs);
        if is_seen {
            session.refresh().unwrap();
            session.write("meanwhile", "2").unwrap();
        }
        match is_forked {
            true => drop(batch.commit().unwrap()),
            false => assert_eq!(kind(batch.commit()), ErrorKind::Conflict),
        }
        let anew = Store::open(dir.path()).unwrap();
        let found = anew.open_session("s").unwrap().get("x").unwrap();
        assert_eq!(found.as_deref(), is_forked.then_some(bytes.as_bytes()));
        assert!(anew.check(&mut crate::upkeep::go_on).unwrap().is_ok());
    }
}

#[test]
fn an_entry_whose_bytes_are_collected_before_the_commit_is_never_left_dangling() {
    for begins_first in [true, false] {
        let store = Store::in_memory().unwrap();
        let session = store.session("s").unwrap();
        session.write("mine", "1").unwrap();
        let other = store.session("other").unwrap();
        let bytes = "goes with its session\n".repeat(20);
        other.write("a", &bytes).unwrap();
        let entry = other.latest().unwrap().entry("a").unwrap().unwrap();
        let mut batch = session.begin().unwrap();
        if begins_first {
            batch.write_entry("x", entry.clone()).unwrap();
        }
        store.delete_session("other").unwrap();
        collect(&store);
        let done = match begins_first {
            true => Ok(0),
            false => batch.write_entry("x", entry),
        };
        match done.and_then(|_| batch.commit()) {
            Ok(_) => assert_eq!(session.read("x").unwrap(), bytes.as_bytes()),
            Err(error) => {
                let is_told = [ErrorKind::NotFound, ErrorKind::Conflict].contains(&error.kind());
                assert!(is_told, "{:?}: {error}", error.kind());
                assert_eq!(session.get("x").unwrap(), None);
            }
        }
        assert!(store.check(&mut crate::upkeep::go_on).unwrap().is_ok());
    }
}

#[test]
fn a_link_to_what_is_collected_before_the_commit_is_never_left_dangling() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("mine", "1").unwrap();
    let other = store.session("other").unwrap();
    let number = other.remember(Memory::user("goes with its session")).unwrap();
    let id = other.memory(number).unwrap().id;
    let mut batch = session.begin().unwrap();
    batch.remember(Memory::note("see there").with_link(id)).unwrap();
    store.delete_session("other").unwrap();
    collect(&store);
    assert_eq!(kind(batch.commit()), ErrorKind::Conflict);
    assert_eq!(session.latest().unwrap().memories().count(), 0);
    assert!(store.check(&mut crate::upkeep::go_on).unwrap().is_ok());
}

#[test]
fn an_iteration_that_is_trimmed_and_collected_before_the_commit_is_not_restored_in_name_alone() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    let bytes = "the first iteration\n".repeat(20);
    session.write("a", &bytes).unwrap();
    for number in 2..6 {
        session.write("a", format!("{number}")).unwrap();
    }
    session.refresh().unwrap();
    let mut batch = session.begin().unwrap();
    batch.restore("a", 1).unwrap();
    session.trim(crate::history::Trim::Keep(1)).unwrap();
    collect(&store);
    assert_eq!(kind(batch.commit()), ErrorKind::Conflict);
    assert_eq!(session.read("a").unwrap(), b"5");
    assert!(store.check(&mut crate::upkeep::go_on).unwrap().is_ok());
}

#[test]
fn a_file_of_a_batch_is_written_again_before_the_commit() {
    let session = session();
    session
        .batch(|batch| {
            batch.write("a", "1")?;
            let content = crate::ContentId::new(crate::ObjectId::of_content(b"1"));
            batch.write_entry("b", Entry::File { content, executable: false })
        })
        .unwrap();
    assert_eq!(session.read("b").unwrap(), b"1");
}

#[test]
fn a_path_of_the_system_names_the_file_that_its_text_names() {
    use std::path::{Path, PathBuf};
    let session = session();
    session.write(Path::new("src").join("lib.rs"), "1").unwrap();
    session.write_bytes(Path::new("b"), vec![2]).unwrap();
    assert_eq!(session.read("src/lib.rs").unwrap(), b"1");
    assert_eq!(session.read(PathBuf::from("src/lib.rs")).unwrap(), b"1");
    assert_eq!(session.get(std::ffi::OsStr::new("src/lib.rs")).unwrap().unwrap(), b"1");
    session.rename(Path::new("b"), PathBuf::from("c")).unwrap();
    assert_eq!(session.latest().unwrap().read(Path::new("c")).unwrap(), [2]);
    session.remove(PathBuf::from("c")).unwrap();
    assert_eq!(session.history(Path::new("c")).unwrap().count(), 3);
    assert_eq!(kind(session.write(Path::new("../up"), "1")), ErrorKind::Invalid);
}

#[test]
fn a_host_s_own_error_ends_a_batch_and_comes_back() {
    #[derive(Debug, PartialEq)]
    enum Own {
        Refused(u8),
        Store(ErrorKind),
    }
    impl From<crate::Error> for Own {
        fn from(error: crate::Error) -> Self {
            Own::Store(error.kind())
        }
    }
    let session = session();
    let done = session.try_batch(|batch| {
        batch.write("a", "1")?;
        Err::<(), _>(Own::Refused(7))
    });
    assert_eq!(done, Err(Own::Refused(7)));
    let done: Result<u64, Own> = session.try_batch(|batch| Ok(batch.remove("a")?));
    assert_eq!(done, Err(Own::Store(ErrorKind::NotFound)));
    assert_eq!(session.log().unwrap().count(), 0);
    let done: Result<u64, Own> = session.try_batch(|batch| Ok(batch.write("a", "1")?));
    assert_eq!(done, Ok(1));
}

#[test]
fn a_submodule_is_recorded_and_has_no_bytes() {
    let session = session();
    session.batch(|batch| batch.write_entry("sub", NewEntry::submodule([7; 20]))).unwrap();
    assert_eq!(kind(session.read("sub")), ErrorKind::Invalid);
    assert_eq!(session.history("sub").unwrap().next().unwrap().unwrap().size, None);
    for commit in [&[][..], &[0; 65]] {
        let refused = session.batch(|batch| batch.write_entry("x", NewEntry::submodule(commit)));
        assert_eq!(kind(refused), ErrorKind::Invalid);
    }
}

#[test]
fn a_removed_path_keeps_its_line_and_numbers_go_on() {
    let session = session();
    session.write("a", "1").unwrap();
    assert_eq!(session.remove("a").unwrap().number, 2);
    assert_eq!(session.get("a").unwrap(), None);
    let error = session.read("a").unwrap_err();
    assert_eq!(error.to_string(), "a was removed in iteration 2");
    assert_eq!(kind(session.remove("a")), ErrorKind::NotFound);
    assert_eq!(kind(session.read_at("a", 2)), ErrorKind::NotFound);
    assert_eq!(session.write("a", "3").unwrap().number, 3);
    assert_eq!(session.read_at("a", 1).unwrap(), b"1");
    assert_eq!(session.history("a").unwrap().count(), 3);
}

#[test]
fn what_is_not_there_is_said_to_be_not_there() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("a", "2").unwrap();
    for (result, says) in [
        (session.read("b"), "no file b"),
        (session.read_at("a", 3), "no iteration 3 of a: the newest is 2"),
        (session.read_at("a", 0), "no iteration 0 of a: the newest is 2"),
        (session.read_at("b", 1), "no file b, and there never was one"),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, says));
    }
    assert_eq!(kind(session.history("b")), ErrorKind::NotFound);
    assert_eq!(kind(session.rename("b", "c")), ErrorKind::NotFound);
    assert_eq!(kind(session.restore("a", 9)), ErrorKind::NotFound);
    assert_eq!(session.log().unwrap().count(), 2);
}

#[test]
fn paths_that_cannot_be_are_refused_and_leave_the_session_as_it_was() {
    let session = session();
    for path in ["", "/a", "a/../b", "a//b", "a\0b", &"a".repeat(PATH_BYTES_MAX + 1)] {
        assert_eq!(kind(session.write(path, "x")), ErrorKind::Invalid, "{path:?}");
        assert_eq!(kind(session.get(path)), ErrorKind::Invalid, "{path:?}");
    }
    assert_eq!(session.log().unwrap().count(), 0);
    // As long as a path may be, of components that a file system takes.
    let longest = format!("{}/{}/b", vec!["a".repeat(255); 15].join("/"), "a".repeat(254));
    assert_eq!(longest.len(), PATH_BYTES_MAX);
    session.write(longest, "x").unwrap();
}

#[test]
fn no_path_is_both_a_file_and_a_directory() {
    let session = session();
    session.write("a/b/c", "1").unwrap();
    session.write("a.b", "1").unwrap();
    for path in ["a", "a/b", "a/b/c/d", "a/b/c/d/e"] {
        assert_eq!(kind(session.write(path, "2")), ErrorKind::Invalid, "{path}");
    }
    let both = session.batch(|batch| {
        batch.write("x", "1")?;
        batch.write("x/y", "1")
    });
    assert_eq!(kind(both), ErrorKind::Invalid);
    // A file may move below its own name: then that is a directory alone.
    session.rename("a/b/c", "a/b/c/d").unwrap();
    session.remove("a/b/c/d").unwrap();
    session.write("a", "now a file").unwrap();
    assert_eq!(kind(session.restore("a/b/c", 1)), ErrorKind::Invalid);
}

#[test]
fn one_batch_may_turn_a_file_into_a_directory_and_back() {
    let session = session();
    session.write("a", "1").unwrap();
    session
        .batch(|batch| {
            batch.write("a/b", "2")?;
            batch.write("a/c", "3")?;
            batch.remove("a")
        })
        .unwrap();
    assert_eq!(session.read("a/c").unwrap(), b"3");
    session
        .batch(|batch| {
            batch.rename("a/b", "a")?;
            batch.remove("a/c")
        })
        .unwrap();
    assert_eq!(session.read("a").unwrap(), b"2");
}

#[test]
fn a_batch_sees_its_own_edits_and_commits_all_or_nothing() {
    let session = session();
    session.write("a", "1").unwrap();
    let failed = session.batch(|batch| {
        batch.write("a", "2")?;
        assert_eq!(batch.read("a")?, b"2");
        assert_eq!(batch.iteration("a")?, Some(2));
        batch.rename("a", "b")?;
        assert_eq!(batch.read("b")?, b"2");
        batch.remove("absent")
    });
    assert_eq!(kind(failed), ErrorKind::NotFound);
    assert_eq!(session.read("a").unwrap(), b"1");
    assert_eq!(session.log().unwrap().count(), 1);
}

#[test]
fn an_expected_iteration_must_hold_now_and_at_the_commit() {
    let session = session();
    session.write("a", "1").unwrap();
    assert_eq!(kind(session.batch(|batch| batch.expect("a", Some(2)))), ErrorKind::Conflict);
    assert_eq!(kind(session.batch(|batch| batch.expect("a", None))), ErrorKind::Conflict);
    assert_eq!(kind(session.batch(|batch| batch.expect("b", Some(1)))), ErrorKind::Conflict);
    session.batch(|batch| batch.expect("b", None)).unwrap();

    let mut batch = session.begin().unwrap();
    batch.expect("a", Some(1)).unwrap();
    batch.write("elsewhere", "x").unwrap();
    session.write("a", "2").unwrap();
    assert_eq!(kind(batch.commit()), ErrorKind::Conflict);
    assert_eq!(session.get("elsewhere").unwrap(), None);
    session.remove("a").unwrap();
    session.batch(|batch| batch.expect("a", None)).unwrap();
}

#[test]
fn a_snapshot_stays_and_tells_what_changed() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("b", "1").unwrap();
    let then = session.latest().unwrap();
    session.write("a", "2").unwrap();
    session.remove("b").unwrap();
    session.write("c", "1").unwrap();
    session.write("d", "1").unwrap();
    session.remove("d").unwrap();
    let now = session.latest().unwrap();
    assert_eq!(then.read("a").unwrap(), b"1");
    let paths = |snapshot: &Snapshot| -> Vec<String> {
        snapshot.files().map(|file| file.unwrap().path.to_string()).collect()
    };
    assert_eq!(
        (paths(&then), paths(&now)),
        (vec!["a".into(), "b".into()], vec!["a".into(), "c".into()])
    );
    let changes: Vec<_> = then.changes(&now).map(|change| change.unwrap()).collect();
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.path.as_bytes(), change.before.is_some(), change.after.is_some()))
        .collect();
    assert_eq!(told, [(&b"a"[..], true, true), (b"b", true, false), (b"c", false, true)]);
    session.restore("a", 1).unwrap();
    let back = session.latest().unwrap();
    assert!(then.changes(&back).all(|change| change.unwrap().path.as_bytes() != b"a"));
}

#[test]
fn files_go_on_after_any_path_within_any_prefix() {
    let session = session();
    let paths = ["a", "b-", "b/1", "b/2", "b/22", "b0", "c/1"];
    session
        .batch(|batch| {
            paths.iter().try_for_each(|path| batch.write(format!("d/{path}"), "").map(drop))
        })
        .unwrap();
    session.write("d/gone", "").unwrap();
    session.remove("d/gone").unwrap();
    let now = session.latest().unwrap();
    let all: Vec<Vec<u8>> = paths.iter().map(|path| format!("d/{path}").into_bytes()).collect();
    let places =
        ["", "c", "d/", "d/b", "d/b/", "d/b/1", "d/b/10", "d/gone", "d/zz", "e", "\u{10ffff}"];
    for prefix in places {
        for after in places {
            let expected: Vec<_> = all
                .iter()
                .filter(|path| path.starts_with(prefix.as_bytes()) && &path[..] > after.as_bytes())
                .collect();
            let found: Vec<_> =
                now.files_under(prefix).after(after).map(|row| row.unwrap().path).collect();
            assert!(found.iter().map(|path| path.as_bytes()).eq(expected), "{prefix:?} {after:?}");
        }
    }
}
