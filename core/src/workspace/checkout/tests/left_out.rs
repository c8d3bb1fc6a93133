//! What cannot be written is left out and named; all the rest is written.

use super::*;
use crate::error::ErrorKind;
use crate::store::PurgeOptions;
use CheckoutAction::{Create, Delete, LeaveOut, Overwrite};

fn all_but(wanted: &Things, left_out: &[&str]) -> Things {
    let mut rest = wanted.clone();
    rest.retain(|path, _| !left_out.iter().any(|out| out.as_bytes() == path));
    rest
}

fn purge(bench: &Bench, path: &str) {
    let options = PurgeOptions::new("a key").everywhere(true);
    let mut go_on = |_| std::ops::ControlFlow::Continue(());
    bench.session().purge_file(path, None, &options, &mut go_on).unwrap();
}

#[test]
fn whatever_cannot_be_written_is_named_with_its_reason_and_the_rest_is_written() {
    let bench = Bench::new();
    let long = "x".repeat(256);
    let wanted = things([
        ("fine", text("1")),
        ("dir/fine", text("2")),
        (".git/hooks/post-checkout", text("3")),
        ("a/GIT~1", text("4")),
        (&*long, text("5")),
        ("secret", text("a key")),
        ("dir/secret/key", text("a key")),
        ("b", text("6")),
        ("no target", Link(b"".to_vec())),
        ("odd target", Link(b"a\0b".to_vec())),
        ("long target", Link(vec![b'a'; 4_096])),
    ]);
    let checkpoint = bench.checkpoint(&wanted);
    purge(&bench, "secret");
    let session = bench.session();
    let expected = [
        (".git/hooks/post-checkout", "refused"),
        ("a/GIT~1", "refused"),
        ("dir/secret/key", "purged"),
        ("long target", "refused"),
        ("no target", "refused"),
        ("odd target", "refused"),
        ("secret", "purged"),
        (&*long, "too-long"),
    ];
    let paths = expected.map(|(path, _)| path);
    for round in 0..2 {
        let plan = session.plan_checkout(Some(checkpoint), bench.dir()).unwrap();
        let done = session.checkout(Some(checkpoint), bench.dir()).unwrap();
        assert_eq!(plan.steps(), done.steps(), "{round}");
        let listed = listed(&done, LeaveOut);
        assert_eq!(listed, expected.map(|(path, why)| format!("{path} {why}")), "{round}");
        assert!(done.left_out().all(|step| step.why.is_some()));
        assert_eq!(bench.found(), all_but(&wanted, &paths), "{round}");
    }
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn a_path_below_a_file_is_left_out() {
    let bench = Bench::new();
    let wanted = things([("b", text("6")), ("b-c", text("7")), ("b/c/d", text("8"))]);
    let asked = bench.asked_loosely(&wanted);
    let done = apply(Prepared::new(&bench.store, &asked, &bench.dir()).unwrap()).unwrap();
    assert_eq!(listed(&done, LeaveOut), ["b/c/d blocked"]);
    assert_eq!(bench.found(), all_but(&wanted, &["b/c/d"]));
}

#[test]
fn where_a_path_is_left_out_what_is_there_stays_and_is_still_known() {
    let bench = Bench::new();
    let old = things([("a", text("old")), ("b", text("old b"))]);
    bench.checkout(&old).unwrap();
    let wanted = things([("a", text("a key")), ("b", text("new b"))]);
    let checkpoint = bench.checkpoint(&wanted);
    purge(&bench, "a");
    let done = bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
    assert_eq!(listed(&done, LeaveOut), ["a purged"]);
    assert_eq!(bench.found(), things([("a", text("old")), ("b", text("new b"))]));
    let done = bench.checkout(&Things::new()).unwrap();
    assert_eq!(listed(&done, Delete), ["a gone", "b gone"]);
    assert_eq!(bench.found(), Things::new());
}

#[test]
fn what_others_wrote_where_a_path_is_left_out_is_not_touched() {
    let bench = Bench::new();
    bench.write("a", "theirs");
    let checkpoint = bench.checkpoint(&things([("a", text("a key"))]));
    purge(&bench, "a");
    for _ in 0..2 {
        bench.session().checkout(Some(checkpoint), bench.dir()).unwrap();
        assert_eq!(bench.found(), things([("a", text("theirs"))]));
    }
    assert!(bench.checkout(&Things::new()).unwrap().is_empty());
    assert_eq!(bench.found(), things([("a", text("theirs"))]));
}

#[test]
fn a_name_that_the_file_system_refuses_is_left_out_when_that_shows() {
    let kinds = [std::io::ErrorKind::InvalidFilename, std::io::ErrorKind::InvalidInput];
    for (kind, path) in kinds.into_iter().flat_map(|kind| [(kind, "b:c"), (kind, "old")]) {
        let bench = Bench::new();
        bench.checkout(&things([("old", text("1")), ("same", text("1"))])).unwrap();
        let wanted = things([("a", text("2")), ("b:c", text("2")), ("old", text("2"))]);
        let mut prepared = bench.prepare(&wanted).unwrap();
        prepared.disk.as_mut().unwrap().refuses = Some((path, kind));
        let done = apply(prepared).unwrap();
        assert_eq!(listed(&done, LeaveOut), [format!("{path} refused")]);
        assert!(done.left_out().all(|step| step.why.as_deref().unwrap().contains("file system")));
        let mut rest = all_but(&wanted, &[path]);
        if path == "old" {
            rest.insert(b"old".to_vec(), text("1"));
        }
        assert_eq!(bench.found(), rest);
        bench.checkout(&wanted).unwrap();
        assert_eq!(bench.found(), wanted);
        bench.checkout(&Things::new()).unwrap();
        assert_eq!(bench.found(), Things::new());
    }
}

#[test]
fn a_content_that_is_missing_is_left_out() {
    let bench = Bench::new();
    let mut asked = bench.asked(&things([("a", text("1"))]));
    let content = ContentId::new(ObjectId::from_bytes([7; 32]));
    let entry = crate::object::Entry::File { content, executable: false };
    asked.loose.insert(FilePath::new("b").unwrap(), entry);
    let done = apply(Prepared::new(&bench.store, &asked, &bench.dir()).unwrap()).unwrap();
    assert_eq!(listed(&done, LeaveOut), ["b unreadable"]);
    assert_eq!(bench.found(), things([("a", text("1"))]));
}

#[test]
fn a_store_that_cannot_be_written_is_checked_out_without_a_record() {
    let bench = Bench::new();
    let (old, new) = (
        things([("a", text("1")), ("gone", text("1"))]),
        things([("a", text("2")), ("b", text("2")), ("c", text("2"))]),
    );
    bench.checkout(&old).unwrap();
    bench.write("b", "1");
    bench.write("c", "nowhere else");
    let mut asked = bench.asked(&new);
    asked.recorded = false;
    let refs = bench.references();
    let done = apply(Prepared::new(&bench.store, &asked, &bench.dir()).unwrap()).unwrap();
    assert!(!done.is_recorded());
    assert_eq!(bench.references(), refs);
    // What the store has already may be replaced; what it has not stays.
    assert_eq!(listed(&done, LeaveOut), ["c not-kept"]);
    assert_eq!(listed(&done, Overwrite), ["a outdated", "b foreign"]);
    let left = things([("a", text("2")), ("b", text("2")), ("c", text("nowhere else"))]);
    assert_eq!(bench.found(), left);
    // The next one that is recorded makes it exact again, and keeps what it cannot know.
    let done = bench.checkout(&new).unwrap();
    assert_eq!(bench.kept(&done), [("c".to_owned(), b"nowhere else".to_vec())]);
    assert_eq!(bench.found(), new);
}

#[test]
fn sessions_refuse_to_write_what_no_checkout_writes_but_keep_what_they_hold() {
    let bench = Bench::new();
    let long = "x".repeat(256);
    let session = bench.session();
    session.write("fine", "1").unwrap();
    for path in [".git/config", "sub/.GIT", "git~1", ".partita/x", &long] {
        let error = session.write(path, "1").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("no checkout"), "{error}");
        let error = session.rename("fine", path).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let link = session.batch(|batch| batch.write_entry(path, NewEntry::symlink("fine")));
        assert_eq!(link.unwrap_err().kind(), ErrorKind::Invalid);
    }
    for (path, target) in [(".gitmodules", "x"), ("a", ""), ("a", "b\0"), ("a", &"x".repeat(4_096))]
    {
        let link = session.batch(|batch| batch.write_entry(path, NewEntry::symlink(target)));
        assert_eq!(link.unwrap_err().kind(), ErrorKind::Invalid, "{path}");
    }
    session.batch(|b| b.write_entry("link", NewEntry::symlink("x".repeat(4_095)))).unwrap();
    session.batch(|b| b.rename("link", ".gitmodules")).unwrap_err();
    session.write("x".repeat(255), "1").unwrap();
    session.write(".gitmodules", "a file").unwrap();

    // What an import brought may go, come back and move elsewhere.
    bench.checkpoint(&things([(".git/config", text("theirs")), ("keep", text("1"))]));
    session.write(".git/config", "mine").unwrap_err();
    session.remove(".git/config").unwrap();
    session.restore(".git/config", 1).unwrap();
    assert_eq!(session.read(".git/config").unwrap(), b"theirs");
    session.rename(".git/config", "config").unwrap();
    session.undo().unwrap();
    assert_eq!(session.read(".git/config").unwrap(), b"theirs");
}

#[test]
fn nothing_is_made_where_nothing_can_be_checked_out() {
    let bench = Bench::new();
    let session = bench.session();
    let checkpoint = bench.checkpoint(&things([("a", text("1"))]));
    let place = bench.at("new/er");
    let error = session.checkout_part(Some(checkpoint), &place, ["nothing"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!bench.at("new").exists());
    let plan = session.checkout_part(Some(checkpoint), &place, ["a"]).unwrap();
    assert_eq!(listed(&plan, Create), ["a missing"]);
}
