use super::*;

#[test]
fn each_change_is_an_iteration_and_nothing_is_no_checkpoint() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("d/b", "2");
    bench.write("run.sh", "#!/bin/sh\n");
    bench.make_executable("run.sh", true);
    bench.link("../elsewhere", "d/link");
    let first = bench.capture();
    assert!(first.is_new() && first.is_whole());
    assert_eq!(paths(first.added()), ["a", "d/b", "d/link", "run.sh"]);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
    let again = bench.capture();
    assert!(!again.is_new() && again.is_unchanged());
    assert_eq!(again.checkpoint().unwrap().id, first.checkpoint().unwrap().id);

    bench.write("a", "one");
    bench.make_executable("run.sh", false);
    bench.remove("d/b");
    bench.remove("d/link");
    bench.write("d/link", "a file now");
    let second = bench.capture();
    assert_eq!(paths(second.changed()), ["a", "d/link", "run.sh"]);
    assert_eq!(paths(second.removed()), ["d/b"]);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
    let log = bench.session().log().unwrap().next().unwrap().unwrap();
    assert_eq!((log.kind.name(), &*log.message), ("capture", "3 changed, 1 removed"));
    assert_eq!(bench.session().read_at("a", 1).unwrap(), b"1");
}

#[test]
fn a_file_may_become_a_directory_and_a_directory_a_file() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("d/x/y", "2");
    bench.capture();
    bench.remove("a");
    bench.write("a/b", "3");
    fs::remove_dir_all(bench.at("d")).unwrap();
    bench.write("d", "4");
    let capture = bench.capture();
    assert_eq!(paths(capture.added()), ["a/b", "d"]);
    assert_eq!(paths(capture.removed()), ["a", "d/x/y"]);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
}

#[test]
fn what_was_moved_goes_on_at_its_new_path() {
    let bench = Bench::new();
    let text: String = (0..30).map(|at| format!("line {at}\n")).collect();
    bench.write("old.rs", &text);
    bench.write("keep", "x");
    bench.capture();
    fs::create_dir(bench.at("src")).unwrap();
    fs::rename(bench.at("old.rs"), bench.at("src/new.rs")).unwrap();
    bench.write("src/new.rs", text.replace("line 7\n", "line seven\n"));
    let status = bench.workspace().status().unwrap();
    let capture = bench.capture();
    for seen in [&status, &capture] {
        let renamed = &seen.renamed()[0];
        assert_eq!(
            (&*renamed.from.to_string(), &*renamed.to.to_string()),
            ("old.rs", "src/new.rs")
        );
        assert!(seen.added().is_empty() && seen.removed().is_empty());
    }
    let session = bench.session();
    assert_eq!(session.history("src/new.rs").unwrap().count(), 2);
    assert_eq!(session.read_at("src/new.rs", 1).unwrap(), text.as_bytes());
    session.undo().unwrap();
    bench.workspace().checkout(None).unwrap();
    assert_same(&on_disk(&bench.dir()), &now(&session));
    assert!(!bench.at("src").exists(), "a directory that nothing needs goes");
}

#[test]
fn names_are_kept_as_the_file_system_has_them() {
    let bench = Bench::new();
    let long = "n".repeat(255);
    for name in
        [&b"line\nfeed"[..], b"\xff\xfe", b" lead", b"-rf", b"a\\b", b"CON", long.as_bytes()]
    {
        let path = bench.dir().join(crate::workspace::directory::system_path(name));
        fs::write(path, name).unwrap();
    }
    let capture = bench.capture();
    assert_eq!(capture.added().len(), 7);
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
    let fresh = bench.room.path().join("fresh");
    bench.session().checkout(None, &fresh).unwrap();
    assert_eq!(on_disk(&fresh), on_disk(&bench.dir()));
}

#[test]
fn the_way_back_is_exact_and_is_not_undone_by_the_next_capture() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("b/c", "2");
    bench.capture();
    let before = on_disk(&bench.dir());
    bench.write("a", "changed");
    bench.remove("b/c");
    fs::remove_dir(bench.at("b")).unwrap();
    bench.write("new/deep/file", "3");
    bench.link("a", "link");
    bench.capture();
    let after = on_disk(&bench.dir());

    let session = bench.session();
    session.undo().unwrap();
    bench.workspace().checkout(None).unwrap();
    assert_eq!(on_disk(&bench.dir()), before);
    assert!(!bench.at("new").exists());
    let capture = bench.capture();
    assert!(capture.is_unchanged() && !capture.is_new());
    assert_eq!(now(&session), before);
    session.redo().unwrap();
    bench.workspace().checkout(None).unwrap();
    assert_eq!(on_disk(&bench.dir()), after);
    assert!(bench.capture().is_unchanged());

    // Also where the undo was not checked out yet.
    session.undo().unwrap();
    assert!(bench.capture().is_unchanged());
    assert_eq!(now(&session), before, "what is merely old on disk undoes no undo");
    bench.workspace().checkout(None).unwrap();
    assert_eq!(on_disk(&bench.dir()), before);
}

#[test]
fn a_checkout_leaves_what_no_capture_has_seen() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.capture();
    bench.write("b", "2");
    bench.capture();
    bench.write("later", "not captured");
    bench.write("b", "changed since");
    bench.session().undo().unwrap();
    let plan = bench.workspace().checkout(None).unwrap();
    assert_eq!(plan.delete().count(), 0);
    assert_eq!(fs::read(bench.at("later")).unwrap(), b"not captured");
    assert_eq!(fs::read(bench.at("b")).unwrap(), b"changed since");
    let capture = bench.capture();
    assert_eq!(paths(capture.added()), ["b", "later"]);
}

#[test]
fn a_restore_by_the_workspace_is_one_in_both() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.capture();
    bench.write("a", "2");
    bench.capture();
    assert_eq!(bench.workspace().restore("a", 1).unwrap().number, 3);
    assert_eq!(fs::read(bench.at("a")).unwrap(), b"1");
    assert!(bench.capture().is_unchanged());
}

#[test]
fn a_store_in_memory_captures_too() {
    let room = tempfile::tempdir().unwrap();
    fs::write(room.path().join("a"), "1").unwrap();
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let workspace = session.workspace(room.path());
    assert!(workspace.capture().unwrap().is_new());
    assert!(!workspace.capture().unwrap().is_new());
    fs::remove_file(room.path().join("a")).unwrap();
    assert_eq!(paths(workspace.capture().unwrap().removed()), ["a"]);
}

#[test]
fn a_batch_takes_a_capture_along_and_all_of_it_is_one_operation() {
    use crate::object::{Body, Memory, Part};
    let bench = Bench::new();
    let session = bench.session();
    bench.write("a", "1");
    let call = Part::Call { id: "c".into(), name: "sh".into(), arguments: Body::new("{}") };
    session.remember(Memory::assistant("I run it.").with_part(call)).unwrap();
    let capture = session
        .batch(|batch| {
            batch.remember(Memory::tool("c", "done"))?;
            batch.cause_last_call()?;
            batch.write("by hand", "2")?;
            batch.capture(&bench.workspace())
        })
        .unwrap();
    assert_eq!(paths(capture.added()), ["a"]);
    assert_eq!(session.log().unwrap().count(), 2);
    assert_eq!(session.iteration("a", 1).unwrap().cause, Some(session.memory(1).unwrap().id));
    assert!(bench.capture().is_unchanged());
    assert!(!bench.at("by hand").exists());
    session.undo().unwrap();
    assert!(now(&session).is_empty());
    assert_eq!(session.latest().unwrap().memories().count(), 1);
    bench.workspace().checkout(None).unwrap();
    assert!(!bench.at("a").exists());
}

#[test]
fn a_batch_captures_once_and_for_its_own_session() {
    let bench = Bench::new();
    bench.write("a", "1");
    let mut batch = bench.session().begin().unwrap();
    batch.capture(&bench.workspace()).unwrap();
    assert_eq!(kind(batch.capture(&bench.workspace())), ErrorKind::Invalid);
    drop(batch);
    let other = bench.store.session("other").unwrap();
    let mut batch = other.begin().unwrap();
    assert_eq!(kind(batch.capture(&bench.workspace())), ErrorKind::Invalid);
    drop(batch);
    // What was dropped did nothing, and holds nothing.
    assert!(now(&bench.session()).is_empty());
    assert!(bench.capture().is_new());
}

#[test]
fn a_status_says_what_a_capture_would_take_and_takes_nothing() {
    let bench = Bench::new();
    let workspace = bench.workspace();
    assert!(!workspace.is_known().unwrap());
    bench.write("a", "1");
    let status = workspace.status().unwrap();
    assert_eq!(paths(status.added()), ["a"]);
    assert_eq!((bench.session().log().unwrap().count(), workspace.is_known().unwrap()), (0, false));
    bench.capture();
    assert!(workspace.is_known().unwrap());
    bench.write("b", "2");
    bench.write("a", "other");
    let status = workspace.status().unwrap();
    assert_eq!(
        (paths(status.added()), paths(status.changed())),
        (vec!["b".into()], vec!["a".into()])
    );
    assert_eq!(bench.session().log().unwrap().count(), 1);
    let reader = Store::options().read_only(true).open(bench.room.path().join("store")).unwrap();
    let seen = reader.open_session("s").unwrap().workspace(bench.dir()).status().unwrap();
    assert_eq!(paths(seen.changed()), ["a"]);
}

#[test]
fn directories_that_nobody_means_are_refused() {
    let bench = Bench::new();
    let session = bench.session();
    let refused = |path: &Path| kind(session.workspace(path).capture());
    assert_eq!(refused(Path::new("/")), ErrorKind::Invalid);
    assert_eq!(refused(&bench.room.path().join("store")), ErrorKind::Invalid);
    assert_eq!(refused(&bench.room.path().join("store/segments")), ErrorKind::Invalid);
    assert_eq!(refused(&bench.at("none")), ErrorKind::NotFound);
    bench.write("file", "1");
    assert_eq!(refused(&bench.at("file")), ErrorKind::Invalid);
    if let Some(home) = std::env::var_os("HOME").filter(|home| Path::new(home).is_dir()) {
        assert_eq!(refused(Path::new(&home)), ErrorKind::Invalid);
    }
    assert_eq!(session.log().unwrap().count(), 0, "nothing was recorded");
}

#[test]
fn a_capture_can_be_ended_and_then_nothing_was_captured() {
    let bench = Bench::new();
    for at in 0..20 {
        bench.write(&format!("f{at}"), "1");
    }
    let mut calls = 0;
    let ended = bench.workspace().capture_with(&mut |progress| {
        calls += 1;
        match progress.read < 10 {
            true => std::ops::ControlFlow::Continue(()),
            false => std::ops::ControlFlow::Break(()),
        }
    });
    assert_eq!(kind(ended), ErrorKind::Io);
    assert!(calls > 10 && now(&bench.session()).is_empty());
    assert_eq!(bench.capture().added().len(), 20);
}
