use super::*;
use crate::error::{Error, ErrorKind};
use CheckoutAction::{Create, Delete, Leave, Overwrite};

fn is(kind: ErrorKind, outcome: Result<CheckoutPlan>) -> Error {
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    error
}

#[test]
fn a_checkout_is_exactly_the_checkpoint() {
    let bench = Bench::new();
    let wanted = things([
        (&b"a/b/c"[..], text("deep")),
        (b"empty", text("")),
        (b"run", Program(b"#!/bin/sh\n".to_vec())),
        (b"crlf", text("a\r\nb")),
        (b"not \xff\xfe utf-8/\xc0", text("bytes")),
        (b"link", Link(b"a/b/c".to_vec())),
        (b"dangling", Link(b"no/\xff\xfewhere".to_vec())),
        (b"module", Submodule),
    ]);
    let plan = bench.checkout(&wanted).unwrap();
    assert_eq!(plan.create().count(), wanted.len());
    assert_eq!(bench.found(), wanted);
    assert_eq!(plan.directory(), bench.dir().canonicalize().unwrap());
    let again = bench.plan(&wanted).unwrap();
    assert!(again.is_empty());
    assert_eq!(again.leave().count(), wanted.len());
}

#[test]
fn a_plan_changes_nothing_and_is_what_is_then_done() {
    let bench = Bench::new();
    bench.write("foreign", "theirs");
    let wanted = things([("foreign", text("ours")), ("new", text("new"))]);
    let before = bench.found();
    let plan = bench.plan(&wanted).unwrap();
    assert_eq!(bench.found(), before);
    assert_eq!(bench.references(), []);
    let done = bench.checkout(&wanted).unwrap();
    assert_eq!(plan.steps(), done.steps());
    assert_eq!(listed(&plan, Create), ["new missing"]);
    assert_eq!(listed(&plan, Overwrite), ["foreign foreign"]);
}

#[test]
fn a_second_checkout_deletes_only_what_the_first_brought() {
    let bench = Bench::new();
    bench.write("dir/theirs", "theirs");
    bench.write("same", "same");
    let first = [("dir/ours", text("1")), ("gone/deep/x", text("1")), ("same", text("same"))];
    bench.checkout(&things(first)).unwrap();
    // What is as the checkpoint has it is in the store, whoever wrote it.
    let plan = bench.checkout(&Things::new()).unwrap();
    assert_eq!(listed(&plan, Delete), ["dir/ours gone", "gone/deep/x gone", "same gone"]);
    assert_eq!(bench.found(), things([("dir/theirs", text("theirs"))]));
}

#[test]
fn directories_that_others_made_stay() {
    let bench = Bench::new();
    fs::create_dir(bench.at("theirs")).unwrap();
    bench.checkout(&things([("theirs/x", text("1")), ("ours/x", text("1"))])).unwrap();
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), things([("theirs", Submodule)]));
}

#[test]
fn what_others_wrote_is_kept_before_it_is_replaced() {
    let bench = Bench::new();
    bench.checkout(&things([("changed", text("1")), ("quiet", text("1"))])).unwrap();
    bench.write("changed", "edited by hand");
    bench.write("foreign", "never seen");
    bench.link("../outside", "link");
    let wanted = things([
        ("changed", text("2")),
        ("foreign", text("2")),
        ("link", text("2")),
        ("quiet", text("2")),
    ]);
    let plan = bench.checkout(&wanted).unwrap();
    assert_eq!(
        listed(&plan, Overwrite),
        ["changed modified", "foreign foreign", "link foreign", "quiet outdated"]
    );
    let kept = bench.kept(&plan);
    let kept: Vec<_> = kept.iter().map(|(path, bytes)| (&**path, &**bytes)).collect();
    assert_eq!(
        kept,
        [("changed", &b"edited by hand"[..]), ("foreign", b"never seen"), ("link", b"../outside")]
    );
    assert_eq!(bench.found(), wanted);
    assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
}

#[test]
fn what_was_changed_and_is_gone_from_the_checkpoint_is_left() {
    let bench = Bench::new();
    bench.checkout(&things([("a", text("1")), ("run", text("1"))])).unwrap();
    bench.write("a", "edited by hand");
    fs::set_permissions(bench.at("run"), fs::Permissions::from_mode(0o755)).unwrap();
    for _ in 0..2 {
        let plan = bench.checkout(&Things::new()).unwrap();
        assert_eq!(listed(&plan, Leave), ["a modified", "run modified"]);
    }
    bench.write("a", "1");
    assert_eq!(listed(&bench.checkout(&Things::new()).unwrap(), Delete), ["a gone"]);
}

#[test]
fn an_executable_bit_alone_is_a_change() {
    let bench = Bench::new();
    bench.checkout(&things([("run", text("x"))])).unwrap();
    let wanted = things([("run", Program(b"x".to_vec()))]);
    assert_eq!(listed(&bench.checkout(&wanted).unwrap(), Overwrite), ["run outdated"]);
    assert_eq!(bench.found(), wanted);
}

#[test]
fn kinds_replace_each_other() {
    let bench = Bench::new();
    let rounds = [
        things([("x", text("file")), ("y/z", text("deep"))]),
        things([("x/y", text("in a directory")), ("y", text("file"))]),
        things([("x", Link(b"y".to_vec())), ("y", Submodule)]),
        things([("x", Submodule), ("y", Link(b"x".to_vec()))]),
        things([("x/module", Submodule), ("y", text("file"))]),
        things([("x", text("file")), ("y", Program(b"run".to_vec()))]),
    ];
    for wanted in rounds.iter().chain(rounds.iter().rev()) {
        bench.checkout(wanted).unwrap();
        assert_eq!(&bench.found(), wanted);
    }
}

#[test]
fn a_directory_with_anything_foreign_is_never_replaced() {
    let bench = Bench::new();
    bench.checkout(&things([("x/ours", text("1"))])).unwrap();
    bench.write("x/deep/theirs", "theirs");
    let before = bench.found();
    let error =
        is(ErrorKind::Conflict, bench.checkout(&things([("a", text("new")), ("x", text("file"))])));
    assert!(error.to_string().contains("x/deep/theirs"), "{error}");
    assert_eq!(bench.found(), before);
    fs::remove_file(bench.at("x/deep/theirs")).unwrap();
    bench.checkout(&things([("x", text("file"))])).unwrap();
    assert_eq!(bench.found(), things([("x", text("file"))]));
}

#[test]
fn nothing_is_written_or_deleted_through_a_symlink() {
    let bench = Bench::new();
    let wanted = things([("a", text("1")), ("sub/secret", text("ours"))]);
    bench.link("../outside", "sub");
    let error = is(ErrorKind::Conflict, bench.checkout(&wanted));
    assert!(error.to_string().contains("sub is in the way of sub/secret"), "{error}");
    assert_eq!(bench.found(), things([("sub", Link(b"../outside".to_vec()))]));

    fs::remove_file(bench.at("sub")).unwrap();
    bench.checkout(&things([("sub/secret", text("theirs"))])).unwrap();
    fs::remove_dir_all(bench.at("sub")).unwrap();
    bench.link("../outside", "sub");
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
}

#[test]
fn a_directory_swapped_for_a_symlink_after_planning_is_not_followed() {
    for is_moved in [false, true] {
        let bench = Bench::new();
        bench.checkout(&things([("sub/secret", text("1")), ("sub/gone", text("1"))])).unwrap();
        let wanted = things([("sub/secret", text("2")), ("sub/new", text("2"))]);
        let prepared = bench.prepare(&wanted).unwrap();
        let aside = bench.room.path().join("aside");
        fs::rename(bench.at("sub"), &aside).unwrap();
        bench.link(if is_moved { &aside } else { Path::new("../outside") }, "sub");
        is(ErrorKind::Conflict, apply(prepared));
        assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
        assert_eq!(found(&aside), things([("secret", text("1")), ("gone", text("1"))]));
    }
}

#[test]
fn what_appears_or_changes_after_planning_is_not_lost() {
    let bench = Bench::new();
    bench.checkout(&things([("gone", text("1")), ("kept", text("1"))])).unwrap();
    let wanted = things([("kept", text("2")), ("new", text("2"))]);
    for late in ["gone", "kept", "new"] {
        let prepared = bench.prepare(&wanted).unwrap();
        bench.write(late, "just written by hand");
        is(ErrorKind::Conflict, apply(prepared));
        assert_eq!(bench.found()[late.as_bytes()], text("just written by hand"));
        if late == "new" {
            break;
        }
        bench.write(late, "1");
    }
}

#[test]
fn a_link_that_points_outside_is_made_and_never_followed() {
    let bench = Bench::new();
    let wanted = things([
        ("abs", Link(b"/etc/passwd".to_vec())),
        ("up", Link(b"../outside/secret".to_vec())),
    ]);
    bench.checkout(&wanted).unwrap();
    assert_eq!(bench.found(), wanted);
    bench.checkout(&things([("abs", text("now a file")), ("up", text("now a file"))])).unwrap();
    assert_eq!(found(&bench.outside()), things([("secret", text("theirs"))]));
}

#[test]
fn the_directory_is_made_and_may_be_reached_through_a_symlink() {
    let bench = Bench::new();
    let wanted = things([("a/b", text("1"))]);
    bench.link("real/deep", "way");
    let missing = bench.at("way");
    is(ErrorKind::Invalid, bench.prepare_in(&wanted, &missing).map(Prepared::into_plan));
    fs::create_dir_all(bench.at("real/deep")).unwrap();
    let plan = apply(bench.prepare_in(&wanted, &bench.at("way/new/er")).unwrap()).unwrap();
    assert_eq!(plan.directory(), bench.at("real/deep/new/er").canonicalize().unwrap());
    assert_eq!(found(&bench.at("real/deep/new/er")), wanted);
    let same = bench.prepare_in(&wanted, &bench.at("real/deep/new/er")).unwrap();
    assert!(same.into_plan().is_empty());
}

#[test]
fn a_place_that_is_no_directory_is_refused() {
    let bench = Bench::new();
    bench.write("file", "1");
    for place in ["file", "file/below", "file/below/more", "none/../up"] {
        let outcome = bench.prepare_in(&Things::new(), &bench.at(place));
        assert!(outcome.is_err(), "{place}");
    }
    is(
        ErrorKind::Invalid,
        bench.prepare_in(&Things::new(), &bench.at("file")).map(Prepared::into_plan),
    );
    assert_eq!(bench.found(), things([("file", text("1"))]));
}

#[test]
fn the_store_is_neither_entered_nor_replaced() {
    use crate::workspace::site::Site;
    let bench = Bench::new();
    let store = bench.at("in/store");
    fs::create_dir_all(store.join("log")).unwrap();
    for inside in ["in/store", "in/store/log", "in/store/new"] {
        let error = Site::new(&bench.at(inside), Some(&store)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{inside}");
    }
    let site = Site::new(&bench.dir(), Some(&store)).unwrap();
    let touches = |path: &str| site.touches_store(&FilePath::new(path).unwrap());
    for path in ["in", "in/store", "in/store/log", "IN/Store/x"] {
        assert!(touches(path), "{path}");
    }
    for path in ["i", "in/stor", "in/store2", "in/x", "other"] {
        assert!(!touches(path), "{path}");
    }
}

#[test]
fn pipes_are_neither_read_nor_replaced() {
    let bench = Bench::new();
    let made = std::process::Command::new("mkfifo").arg(bench.at("pipe")).status();
    if made.is_ok_and(|status| status.success()) {
        is(ErrorKind::Conflict, bench.checkout(&things([("pipe", text("1"))])));
        is(ErrorKind::Conflict, bench.checkout(&things([("pipe/x", text("1"))])));
    }
}

#[test]
fn the_same_checkout_again_writes_nothing() {
    let bench = Bench::new();
    let wanted = things([("a", text("1")), ("b/c", text("2"))]);
    let checkpoint = Some(bench.checkpoint(&wanted));
    bench.session().checkout(checkpoint, bench.dir()).unwrap();
    let refs = bench.references();
    assert_eq!(refs.len(), 1);
    bench.session().checkout(checkpoint, bench.dir()).unwrap();
    assert_eq!(bench.references(), refs);
}

#[test]
fn of_two_checkouts_at_once_one_conflicts() {
    let bench = Bench::new();
    let one = bench.prepare(&things([("a", text("1"))])).unwrap();
    let two = bench.prepare(&things([("a", text("2"))])).unwrap();
    apply(one).unwrap();
    is(ErrorKind::Conflict, apply(two));
    assert_eq!(bench.found(), things([("a", text("1"))]));
}

#[test]
fn names_at_the_limit_of_the_file_system_are_written() {
    let bench = Bench::new();
    let deep = vec!["d".repeat(255); 15].join("/");
    let wanted = things([(deep, text("deep")), ("x".repeat(255), text("long"))]);
    bench.checkout(&wanted).unwrap();
    assert!(bench.plan(&wanted).unwrap().is_empty());
    bench.checkout(&Things::new()).unwrap();
    assert_eq!(bench.found(), Things::new());
}
