use super::*;
use std::process::Command;

fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always"])
        .args(["-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn a_nested_repository_is_files_and_its_head_is_noted() {
    let bench = Bench::new();
    bench.write("nested/a", "1");
    let nested = bench.at("nested");
    git(&nested, &["init", "-q"]);
    let capture = bench.capture();
    assert_eq!(paths(capture.added()), ["nested/a"]);
    assert_eq!(capture.left_out()[0].why, None, "there is no commit yet");
    git(&nested, &["add", "."]);
    git(&nested, &["commit", "-q", "-m", "one"]);
    let head = git(&nested, &["rev-parse", "HEAD"]);
    let capture = bench.capture();
    assert!(capture.is_unchanged() && capture.is_new());
    let row = &capture.left_out()[0];
    assert_eq!((&*row.path.to_string(), row.reason), ("nested/.git", LeftOutReason::Repository));
    assert_eq!(row.why, Some(format!("at {head}")));
    git(&nested, &["pack-refs", "--all"]);
    assert!(!bench.capture().is_new());
    git(&nested, &["checkout", "-q", "--detach"]);
    assert!(!bench.capture().is_new());
    // The capture never touched it.
    assert_eq!(git(&nested, &["status", "--porcelain"]), "");
}

#[test]
fn a_submodule_is_the_commit_that_it_is_at() {
    let bench = Bench::new();
    let other = bench.room.path().join("other");
    fs::create_dir(&other).unwrap();
    git(&other, &["init", "-q"]);
    fs::write(other.join("x"), "1").unwrap();
    git(&other, &["add", "."]);
    git(&other, &["commit", "-q", "-m", "one"]);
    git(&bench.dir(), &["init", "-q"]);
    git(&bench.dir(), &["submodule", "--quiet", "add", other.to_str().unwrap(), "lib/module"]);
    let head = git(&bench.at("lib/module"), &["rev-parse", "HEAD"]);
    let capture = bench.capture();
    assert_eq!(paths(capture.added()), [".gitmodules", "lib/module"]);
    let commit = |session: &Session| match session.latest().unwrap().entry("lib/module").unwrap() {
        Some(Entry::Submodule { commit }) => super::super::repository::hex(&commit),
        other => panic!("{other:?}"),
    };
    assert_eq!(commit(&bench.session()), head);
    assert!(!bench.capture().is_new());
    bench.write("lib/module/y", "2");
    assert!(!bench.capture().is_new(), "what is below is its own");
    git(&bench.at("lib/module"), &["add", "."]);
    git(&bench.at("lib/module"), &["commit", "-q", "-m", "two"]);
    let capture = bench.capture();
    assert_eq!(paths(capture.changed()), ["lib/module"]);
    assert_eq!(commit(&bench.session()), git(&bench.at("lib/module"), &["rev-parse", "HEAD"]));
    git(&bench.dir(), &["submodule", "--quiet", "deinit", "-f", "lib/module"]);
    assert!(!bench.capture().is_new(), "an empty directory stands for what it was");
    fs::remove_dir_all(bench.at("lib")).unwrap();
    assert_eq!(paths(bench.capture().removed()), ["lib/module"]);
}

#[test]
fn a_checkout_of_gits_is_captured_as_it_is() {
    let bench = Bench::new();
    git(&bench.dir(), &["init", "-q"]);
    bench.write("a", "1\n");
    bench.write("b", "2\n");
    git(&bench.dir(), &["add", "."]);
    git(&bench.dir(), &["commit", "-q", "-m", "one"]);
    bench.capture();
    git(&bench.dir(), &["checkout", "-q", "-b", "side"]);
    bench.write("a", "changed\n");
    bench.write("c", "3\n");
    git(&bench.dir(), &["add", "."]);
    git(&bench.dir(), &["commit", "-q", "-m", "two"]);
    bench.capture();
    git(&bench.dir(), &["checkout", "-q", "main"]);
    let capture = bench.capture();
    assert_eq!(
        (paths(capture.changed()), paths(capture.removed())),
        (vec!["a".into()], vec!["c".into()])
    );
    git(&bench.dir(), &["stash", "-q", "--include-untracked"]);
    assert!(bench.capture().is_unchanged());
}

#[test]
fn the_exclude_file_of_a_repository_counts_and_its_ignore_files_weigh_more() {
    let bench = Bench::new();
    git(&bench.dir(), &["init", "-q"]);
    bench.write(".git/info/exclude", "*.o\n*.keep\n");
    bench.write(".gitignore", "!a.keep\n");
    bench.write("x.o", "");
    bench.write("a.keep", "");
    bench.write("b.keep", "");
    assert_eq!(paths(bench.capture().added()), [".gitignore", "a.keep"]);
}
