use super::*;
use LeftOutReason::{Excluded, Ignored, MountPoint, Refused, Repository, Special, Unreadable};

#[test]
fn ignore_files_stop_new_paths_alone() {
    let bench = Bench::new();
    bench.write("kept.log", "known before it was ignored");
    bench.write("build/kept", "known too");
    bench.capture();
    bench.write(".gitignore", "*.log\nbuild/\n/secret\n");
    bench.write("sub/.partitaignore", "!wanted.log\ntmp*\n");
    bench.write("new.log", "");
    bench.write("secret", "");
    bench.write("sub/secret", "");
    bench.write("sub/wanted.log", "");
    bench.write("sub/tmp1", "");
    bench.write("build/new", "");
    bench.write("sub/build/deep/new", "");
    bench.write("kept.log", "changed");
    bench.write("build/kept", "changed");
    let capture = bench.capture();
    assert_eq!(paths(capture.changed()), ["build/kept", "kept.log"]);
    assert_eq!(
        paths(capture.added()),
        [".gitignore", "sub/.partitaignore", "sub/secret", "sub/wanted.log"]
    );
    let left_out = ["build/new", "new.log", "secret", "sub/build", "sub/tmp1"];
    assert_eq!(reasons(&capture), left_out.map(|path| (path.to_owned(), Ignored)));
    assert!(capture.is_whole());
    assert_eq!(bench.session().latest().unwrap().left_out().unwrap(), capture.left_out());
    // It stands in the checkpoint, and is no reason for another one.
    assert!(!bench.capture().is_new());
    bench.write("other.log", "");
    assert!(bench.capture().is_new(), "what is left out is part of the state");
}

#[test]
fn what_is_left_out_is_never_taken_for_deleted_and_is_of_the_directory() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.capture();
    bench.write(".gitignore", "a\nb\n");
    bench.write("b", "2");
    let second = bench.capture();
    assert!(second.removed().is_empty());
    let session = bench.session();
    let told = || session.latest().unwrap().left_out().unwrap();
    session.undo().unwrap();
    assert_eq!(told(), second.left_out());
    session.redo().unwrap();
    let first = session.checkpoint("1").unwrap();
    session.restore_checkpoint(first, crate::session::RestoreScope::All).unwrap();
    assert_eq!(told(), second.left_out());
}

/// If an undo took the listing back, the next capture would have news, and there were no redo.
#[test]
fn after_an_undo_and_a_capture_of_nothing_there_is_a_redo() {
    let bench = Bench::new();
    fs::create_dir_all(bench.at(".git")).unwrap();
    bench.write("a", "1");
    assert!(!bench.capture().left_out().is_empty());
    bench.session().undo().unwrap();
    bench.workspace().checkout(None).unwrap();
    assert!(bench.capture().checkpoint().is_none_or(|info| info.number == 2));
    bench.session().redo().unwrap();
    bench.workspace().checkout(None).unwrap();
    assert_eq!(fs::read(bench.at("a")).unwrap(), b"1");
}

#[test]
fn the_caller_includes_and_excludes() {
    let bench = Bench::new();
    bench.write(".gitignore", "dist/\n*.tmp\n");
    bench.write("dist/report.html", "");
    bench.write("dist/other", "");
    bench.write("x.tmp", "");
    bench.write("big/a", "");
    bench.write("big/b", "");
    bench.write("c.bin", "");
    let options = CaptureOptions::new()
        .include("dist/report.html")
        .and_then(|options| options.include("x.tmp"))
        .and_then(|options| options.exclude("big/"))
        .and_then(|options| options.exclude("*.bin"))
        .unwrap();
    let capture = bench.with(options).capture().unwrap();
    assert_eq!(paths(capture.added()), [".gitignore", "dist/report.html", "x.tmp"]);
    assert_eq!(
        reasons(&capture),
        [
            ("big".to_owned(), Excluded),
            ("c.bin".to_owned(), Excluded),
            ("dist/other".to_owned(), Ignored),
        ]
    );
    assert!(CaptureOptions::new().exclude("[").is_err());
}

#[test]
fn special_files_are_never_opened_and_what_they_replace_is_not_deleted() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("b", "2");
    bench.capture();
    let fifo = |path: &str| {
        let made = std::process::Command::new("mkfifo").arg(bench.at(path)).status();
        assert!(made.unwrap().success());
    };
    bench.remove("a");
    fifo("a");
    fifo("pipe");
    let socket = std::os::unix::net::UnixListener::bind(bench.at("socket")).unwrap();
    let capture = bench.capture();
    assert!(capture.is_unchanged() && capture.is_whole());
    let special = ["a", "pipe", "socket"];
    assert_eq!(reasons(&capture), special.map(|path| (path.to_owned(), Special)));
    assert_eq!(bench.session().read("a").unwrap(), b"1");
    drop(socket);
    bench.remove("a");
    assert_eq!(paths(bench.capture().removed()), ["a"]);
}

#[test]
fn what_cannot_be_read_is_said_and_is_not_deleted() {
    let bench = Bench::new();
    bench.write("a", "1");
    bench.write("d/b", "2");
    bench.capture();
    let mode = |path: &str, mode| {
        fs::set_permissions(bench.at(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    bench.write("a", "changed");
    mode("a", 0o000);
    mode("d", 0o000);
    if fs::read(bench.at("a")).is_ok() {
        // Nothing is unreadable for this user.
        mode("d", 0o755);
        return;
    }
    let capture = bench.capture();
    mode("d", 0o755);
    assert!(!capture.is_whole());
    assert_eq!(reasons(&capture), [("a".to_owned(), Unreadable), ("d".to_owned(), Unreadable)]);
    assert_eq!(now(&bench.session()).len(), 2);
    mode("a", 0o644);
    assert_eq!(paths(bench.capture().changed()), ["a"]);
}

#[test]
fn a_store_and_a_repository_within_are_left_out() {
    let room = tempfile::tempdir().unwrap();
    let store = Store::open(room.path().join(".partita")).unwrap();
    let session = store.session("s").unwrap();
    fs::create_dir_all(room.path().join(".git/objects")).unwrap();
    fs::create_dir_all(room.path().join(".GIT ")).unwrap();
    fs::write(room.path().join("a"), "1").unwrap();
    let other = Store::open(room.path().join("sub/hidden")).unwrap();
    let workspace = session.workspace(room.path());
    let capture = workspace.capture().unwrap();
    let mut added = paths(capture.added());
    added.retain(|path| !path.starts_with("sub/hidden/"));
    assert_eq!(added, ["a"]);
    assert_eq!(
        reasons(&capture),
        [
            (".GIT ".to_owned(), Refused),
            (".git".to_owned(), Repository),
            (".partita".to_owned(), LeftOutReason::Store),
        ]
    );
    assert!(!capture.is_whole(), "a name that looks like git's was somebody's");
    // Whatever name the store's own directory has, it is known.
    drop(other);
    let own = Store::open(room.path().join("sub/hidden")).unwrap();
    let capture = own.session("t").unwrap().workspace(room.path()).capture().unwrap();
    assert!(reasons(&capture).contains(&("sub/hidden".to_owned(), LeftOutReason::Store)));
}

#[test]
fn a_directory_that_is_mounted_is_not_entered() {
    let bench = Bench::new();
    bench.write("a", "1");
    fs::create_dir_all(bench.at("mounted")).unwrap();
    let mount = std::process::Command::new("mount")
        .args(["--bind", bench.at("").to_str().unwrap(), bench.at("mounted").to_str().unwrap()])
        .stderr(std::process::Stdio::null())
        .status();
    if !mount.is_ok_and(|status| status.success()) {
        return; // Only the system's administrator may do that.
    }
    let capture = bench.workspace().capture();
    let entered = bench.with(CaptureOptions::new().enter_mounts()).capture();
    let unmounted = std::process::Command::new("umount").arg(bench.at("mounted")).status();
    assert!(unmounted.unwrap().success());
    let capture = capture.unwrap();
    assert_eq!(paths(capture.added()), ["a"]);
    assert_eq!(reasons(&capture), [("mounted".to_owned(), MountPoint)]);
    assert_eq!(reasons(&entered.unwrap()), [("mounted".to_owned(), MountPoint)], "a loop");
}
