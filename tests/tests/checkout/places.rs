//! Where a command finds its store and a repository, and whose it takes.

use std::process::{Command, Stdio};

use partita_tests::command::{Outcome, binary};

use super::*;

/// Runs a command in a directory, with no store named.
fn run_in(dir: &Path, home: &Path, line: &[&str]) -> Outcome {
    let mut command = Command::new(binary());
    command.env_remove("PARTITA_STORE").env("HOME", home).current_dir(dir).args(line);
    Outcome::of(command.stdin(Stdio::null()).output().unwrap())
}

struct Project {
    _room: tempfile::TempDir,
    home: PathBuf,
    top: PathBuf,
    sub: PathBuf,
}

fn project() -> Project {
    let room = tempfile::tempdir().unwrap();
    let home = room.path().canonicalize().unwrap();
    let top = home.join("project");
    let sub = top.join("src/deep");
    std::fs::create_dir_all(&sub).unwrap();
    Project { _room: room, home, top, sub }
}

#[test]
fn a_store_is_looked_for_upward_and_one_that_is_made_is_named() {
    let Project { _room, home, top, sub } = project();
    let made = run_in(&top, &home, &["write", "s", "a", "-"]);
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let place = top.join(".partita");
    assert_eq!(made.stderr.trim(), format!("note: a new store: {}", place.display()));
    let again = run_in(&sub, &home, &["write", "s", "b", "-"]);
    assert_eq!((again.code, &*again.stderr), (Some(0), ""));
    assert!(!sub.join(".partita").exists());
    let listed = String::from_utf8(run_in(&sub, &home, &["files", "s"]).success()).unwrap();
    assert_eq!(listed.lines().count(), 2);
    // Beyond home nothing is looked for, and `init` makes one where it stands.
    let error = run_in(&sub, &sub, &["files", "s"]).failure();
    assert!(error.contains("no store"), "{error}");
    run_in(&sub, &home, &["init"]).success();
    assert!(sub.join(".partita").exists());
    assert_eq!(run_in(&sub, &home, &["sessions"]).success(), b"");
}

#[test]
fn the_search_for_a_store_ends_at_a_mount_point() {
    let Project { _room, home, top, sub } = project();
    run_in(&home, &home, &["write", "s", "a", "-"]).success();
    let mount = ["-t", "tmpfs", "tmpfs", text(&top)];
    let is_mounted = Command::new("mount").args(mount).output();
    if !is_mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("not allowed to mount: not tested");
        return;
    }
    std::fs::create_dir_all(&sub).unwrap();
    let outcome = run_in(&sub, &home, &["files", "s"]);
    run_in(&top, &home, &["write", "s", "b", "-"]);
    let own = run_in(&sub, &home, &["files", "s"]);
    Command::new("umount").arg(&top).status().unwrap();
    assert!(outcome.failure().contains("no store"));
    assert_eq!(String::from_utf8(own.success()).unwrap().trim().rsplit(' ').next(), Some("b"));
}

#[test]
fn another_users_store_and_repository_are_not_taken_unless_named() {
    let Project { _room, home, top, sub } = project();
    run_in(&top, &home, &["write", "s", "a", "-"]).success();
    let store = top.join(".partita");
    if std::os::unix::fs::chown(&store, Some(65_534), None).is_err() {
        eprintln!("not allowed to give a directory away: not tested");
        return;
    }
    for line in [&["files", "s"][..], &["write", "s", "b", "-"], &["init"]] {
        let error = run_in(&sub, &home, line).failure();
        assert!(error.contains("another user") && error.contains("--store"), "{error}");
    }
    assert!(!sub.join(".partita").exists());
    run_in(&sub, &home, &["files", "s", "--store", text(&store)]).success();

    let git = Command::new("git").args(["init", "-q", text(&top)]).output();
    assert!(git.is_ok_and(|output| output.status.success()));
    let own = home.join("own");
    let line = ["import", "git", ".", "--session", "g", "--store", text(&own)];
    let error = run_in(&sub, &home, &line).failure();
    assert!(error.contains("no commits"), "it is found upward: {error}");
    std::os::unix::fs::chown(top.join(".git"), Some(65_534), None).unwrap();
    let error = run_in(&sub, &home, &line).failure();
    assert!(error.contains("another user"), "{error}");
    let line = ["import", "git", text(&top), "--session", "g", "--store", text(&own)];
    assert!(run_in(&sub, &home, &line).failure().contains("no commits"));
}

#[test]
fn a_store_that_one_may_only_read_is_checked_out_and_the_next_one_is_not_misled() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let room = Room::new();
    let files = plain([("a", "1".to_owned()), ("b/c", "2".to_owned())]);
    room.checkpoint(&files);
    let out = room.at("theirs");
    std::fs::create_dir(&out).unwrap();
    let open = |path: &Path| std::fs::set_permissions(path, PermissionsExt::from_mode(0o755));
    open(room.room.path()).unwrap();
    // What another user runs stands where that user can reach it.
    let program = room.at("partita");
    std::fs::copy(binary(), &program).unwrap();
    open(&program).unwrap();
    if std::os::unix::fs::chown(&out, Some(65_534), Some(65_534)).is_err() {
        eprintln!("not allowed to be another user: not tested");
        return;
    }
    let mut command = Command::new(&program);
    command.args(["--store", text(&room.at("store")), "checkout", "s", text(&out), "--json"]);
    command.env_remove("PARTITA_STORE").current_dir(room.room.path()).uid(65_534).gid(65_534);
    let outcome = Outcome::of(command.stdin(Stdio::null()).output().unwrap());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("does not remember"), "{}", outcome.stderr);
    let told: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(told["recorded"], false);
    assert_exact(&out, &files, "read alone");
    assert_eq!(room.store.references("checkout/", None, 9).unwrap(), []);

    let reader = Store::options().read_only(true).open(room.at("store")).unwrap();
    let done = reader.open_session("s").unwrap().checkout(None, room.at("mine")).unwrap();
    assert!(!done.is_recorded());
    assert_exact(&room.at("mine"), &files, "opened for reading");
}
