//! What a capture compares with: the directory as it was, not the session as it is.

use super::*;

#[test]
fn what_the_session_changed_is_not_undone_by_files_that_are_merely_old() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("b", "1");
    bench.write("c", "1");
    bench.capture();
    let session = bench.session();
    session.write("a", "by the session").unwrap();
    session.write("b", "by the session").unwrap();
    session.write("c", "by the session").unwrap();
    session.write("never checked out", "x").unwrap();
    bench.write("b", "by a command");
    bench.remove("c");
    let capture = bench.capture();
    assert_eq!(paths(capture.changed()), ["b"]);
    assert!(capture.removed().is_empty());
    assert_eq!(paths(capture.parted()), ["b", "c"]);
    assert_eq!(session.read("a").unwrap(), b"by the session");
    assert_eq!(session.read("b").unwrap(), b"by a command");
    assert_eq!(session.read_at("b", 2).unwrap(), b"by the session");
    assert_eq!(session.read("c").unwrap(), b"by the session");
    assert_eq!(session.read("never checked out").unwrap(), b"x");
    // Nothing more comes of it the next time.
    assert!(bench.capture().is_unchanged());
    bench.workspace().checkout(None).unwrap();
    assert_same(&on_disk(&bench.dir()), &now(&session));
    assert!(bench.capture().is_unchanged());
}

#[test]
fn a_first_capture_deletes_nothing_that_the_session_has() {
    let bench = Bench::new();
    let session = bench.session();
    session.write("a", "1").unwrap();
    session.write("b", "2").unwrap();
    bench.write("a", "other");
    let capture = bench.capture();
    assert_eq!((paths(capture.changed()), capture.removed().len()), (vec!["a".to_owned()], 0));
    assert_eq!(paths(capture.parted()), ["a"]);
    assert_eq!(session.read("b").unwrap(), b"2");
    // `b` was never there; so it still is not deleted when all of the directory goes.
    bench.remove("a");
    let capture = bench.capture();
    assert_eq!(paths(capture.removed()), ["a"]);
    assert_eq!(session.read("b").unwrap(), b"2");
}

#[test]
fn a_directory_that_was_checked_out_is_compared_with_that() {
    let bench = Bench::new();
    let session = bench.session();
    session.write("a", "1").unwrap();
    session.write("d/b", "2").unwrap();
    bench.workspace().checkout(None).unwrap();
    assert!(bench.capture().is_unchanged());
    bench.remove("a");
    fs::remove_dir_all(bench.at("d")).unwrap();
    assert_eq!(paths(bench.capture().removed()), ["a", "d/b"]);
}

#[test]
fn a_part_that_was_checked_out_says_nothing_of_the_rest() {
    let bench = Bench::new();
    let session = bench.session();
    session.write("a", "1").unwrap();
    session.write("d/b", "2").unwrap();
    session.checkout_part(None, bench.dir(), ["d"]).unwrap();
    assert!(bench.capture().is_unchanged());
    assert_eq!(now(&session).len(), 2);
    fs::remove_dir_all(bench.at("d")).unwrap();
    assert_eq!(paths(bench.capture().removed()), ["d/b"]);
    assert_eq!(now(&session).len(), 1);
}

#[test]
fn a_fork_goes_on_with_its_origins_directory() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("b", "2");
    bench.capture();
    let fork = bench.session().fork("fork").unwrap();
    bench.remove("b");
    bench.write("a", "changed");
    let capture = fork.workspace(bench.dir()).capture().unwrap();
    assert_eq!(
        (paths(capture.changed()), paths(capture.removed())),
        (vec!["a".into()], vec!["b".into()])
    );
    // The origin knows nothing of that state, so for it the directory is as if it were new.
    let capture = bench.capture();
    assert_eq!((paths(capture.changed()), capture.removed().len()), (vec!["a".to_owned()], 0));
}

#[test]
fn two_sessions_in_one_directory_take_nothing_from_each_other() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.capture();
    let other = bench.store.session("other").unwrap();
    other.write("mine", "x").unwrap();
    let capture = other.workspace(bench.dir()).capture().unwrap();
    assert_eq!((paths(capture.added()), capture.removed().len()), (vec!["a".to_owned()], 0));
    other.workspace(bench.dir()).checkout(None).unwrap();
    let capture = bench.capture();
    assert_eq!(paths(capture.added()), ["mine"]);
}

#[test]
fn gone_caches_and_damaged_ones_change_no_answer() {
    let bench = Bench::new();
    for at in 0..40 {
        bench.write(&format!("d{}/f{at}", at % 3), format!("{at}"));
    }
    bench.capture();
    let caches = bench.room.path().join("store/cache/stat");
    let cache = fs::read_dir(&caches).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&cache).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 20) {
        let mut wrong = whole.clone();
        wrong[at] ^= 4;
        fs::write(&cache, wrong).unwrap();
        assert!(bench.capture().is_unchanged());
    }
    bench.write("d0/f0", "changed");
    bench.remove("d1/f1");
    fs::write(&cache, &whole).unwrap();
    let capture = bench.capture();
    assert_eq!((capture.changed().len(), capture.removed().len()), (1, 1));
    // One that says what was true earlier is believed of files alone that are as they were then.
    fs::write(&cache, &whole).unwrap();
    assert!(bench.capture().is_unchanged());
    fs::remove_dir_all(bench.room.path().join("store/cache")).unwrap();
    assert!(bench.capture().is_unchanged());
    assert_same(&now(&bench.session()), &on_disk(&bench.dir()));
}

#[test]
fn a_purge_leaves_no_names_in_a_cache() {
    let bench = Bench::new();
    bench.write("secret-name", "secret");
    bench.capture();
    let options = crate::store::PurgeOptions::new("it was a secret");
    let go_on = &mut crate::store::go_on;
    bench.session().purge_file("secret-name", None, &options, go_on).unwrap();
    let caches = bench.room.path().join("store/cache");
    assert!(!caches.exists());
}

#[test]
fn a_trimmed_or_collected_past_leaves_the_directory_known() {
    let bench = Bench::new();
    for at in 0..5 {
        bench.write("a", format!("{at}"));
        bench.write(&format!("f{at}"), "x");
        bench.capture();
    }
    let session = bench.session();
    session.trim(crate::session::Trim::Keep(1)).unwrap();
    let options = crate::store::GcOptions::new();
    bench.store.gc(&options, &mut crate::store::go_on).unwrap();
    bench.remove("f2");
    bench.write("a", "newest");
    let capture = bench.capture();
    assert_eq!(
        (paths(capture.changed()), paths(capture.removed())),
        (vec!["a".into()], vec!["f2".into()])
    );
    assert!(bench.store.check(&mut crate::store::go_on).unwrap().is_ok());
}

#[test]
fn a_checkout_that_was_cut_short_is_no_deletion() {
    let bench = Bench::new();
    let session = bench.session();
    for at in 0..6 {
        session.write(format!("f{at}"), format!("{at}")).unwrap();
    }
    // What a killed checkout leaves: its record says that all may be there, and some is.
    crate::workspace::checkout::cut_short(&session, &bench.dir(), 5);
    let there = on_disk(&bench.dir());
    assert!(there.len() < 6, "{there:?}");
    let capture = bench.capture();
    assert!(capture.removed().is_empty(), "{:?}", capture.removed());
    assert_eq!(now(&session).len(), 6);
    let left: Vec<_> =
        on_disk(&bench.dir()).into_keys().filter(|name| name.starts_with(b".")).collect();
    assert!(left.is_empty(), "its temporary file goes: {left:?}");
    // From now on it is known what is there.
    let path = String::from_utf8(there.keys().next_back().unwrap().clone()).unwrap();
    bench.remove(&path);
    assert_eq!(paths(bench.capture().removed()), [path]);
}
