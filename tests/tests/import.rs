//! A real history goes in, and every version comes back as git has it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use partita_tests::command::{Partita, bytes_of, field, number, size_of};
use partita_tests::history::{
    History, assert_same_files, files_of_commit, files_of_directory, import,
};
use partita_tests::random::Random;
use partita_tests::repository::{Repository, Shape};

fn small(dir: &std::path::Path) -> Repository {
    let shape = Shape { seed: 3, commits: 30, files: 12, big_bytes: 0 };
    Repository::generate(&dir.join("repository"), &shape)
}

#[test]
fn a_checkout_of_50_random_commits_holds_every_file_as_git_does() {
    let history = History::shared();
    let dir = tempfile::tempdir().unwrap();
    // A checkout is remembered in the store, so it works on a copy.
    let partita = history.partita.copy_to(dir.path().join("store"));
    let out = dir.path().join("out");
    let mut random = Random::new(50);
    for _ in 0..50 {
        let commit = random.pick(&history.repository.commits);
        let args: [OsString; 5] = [
            "checkout".into(),
            "history".into(),
            out.clone().into(),
            "--at".into(),
            format!("git:{commit}").into(),
        ];
        partita.ok(args);
        let expected = files_of_commit(&history.repository.git, commit);
        assert_same_files(&files_of_directory(&out), &expected, commit);
    }
}

#[test]
fn cat_gives_the_bytes_of_git_show() {
    let history = History::shared();
    let mut random = Random::new(51);
    let mut blobs = history.repository.git.blobs();
    for _ in 0..120 {
        let commit = random.pick(&history.repository.commits);
        let tree = history.repository.git.tree(commit);
        let entry = random.pick(&tree);
        if !entry.mode.starts_with("100") {
            continue;
        }
        let args: [OsString; 5] = [
            "cat".into(),
            "history".into(),
            OsString::from_vec(entry.path.clone()),
            "--at".into(),
            format!("git:{}", &commit[..12]).into(),
        ];
        let bytes = history.partita.ok(args);
        assert!(bytes == blobs.read(&entry.id), "{commit} {:?}", entry.path);
    }
}

#[test]
fn an_import_is_one_checkpoint_a_commit_and_checks_clean() {
    let history = History::shared();
    let rows = history.partita.rows(["log", "history"]);
    assert_eq!(rows.len(), history.repository.commits.len());
    for (row, (at, commit)) in rows.iter().rev().zip(history.repository.commits.iter().enumerate())
    {
        assert_eq!(number(row, "number"), at as u64 + 1);
        assert_eq!(field(row, "source_commit"), commit);
    }
    history.partita.ok(["check"]);
}

#[test]
fn a_commits_time_and_message_come_with_it() {
    let history = History::shared();
    let mut command = history.repository.git.command();
    command.args(["log", "--first-parent", "--date=format-local:%Y-%m-%dT%H:%M:%SZ"]);
    command.args(["--format=%cd%x00%s", "main"]).env("TZ", "UTC");
    let listing = String::from_utf8_lossy(&command.output().unwrap().stdout).into_owned();
    let rows = history.partita.rows(["log", "history"]);
    assert_eq!(listing.lines().count(), rows.len());
    for (row, line) in rows.iter().zip(listing.lines()) {
        let (time, subject) = line.split_once('\0').unwrap();
        assert_eq!(field(row, "time"), time);
        let message = row["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(subject.trim_end()), "{message:?} is not {subject:?}");
    }
}

#[test]
fn a_second_import_adds_nothing_at_all() {
    let history = History::shared();
    let dir = tempfile::tempdir().unwrap();
    let partita = history.partita.copy_to(dir.path());
    let before = bytes_of(dir.path());
    partita.ok(import(&history.repository.git, "history"));
    assert!(bytes_of(dir.path()) == before, "the second import wrote");
}

#[test]
fn a_history_of_2000_commits_costs_at_most_one_and_a_half_of_gits_pack() {
    let history = History::shared();
    let dir = tempfile::tempdir().unwrap();
    let clone = dir.path().join("clone.git");
    let args = ["clone", "--quiet", "--mirror", ".", clone.to_str().unwrap()];
    history.repository.git.run(args);
    let pack = partita_tests::git::Git::at(&clone).pack_bytes();
    let own = size_of(history.partita.store());
    println!("store {own} bytes, pack {pack} bytes, {:.2}x", own as f64 / pack as f64);
    assert!(own * 2 <= pack * 3, "{own} bytes against {pack} of git");
}

#[test]
fn a_moved_file_keeps_one_line_of_history() {
    let history = History::shared();
    assert!(history.repository.renames.len() > 50);
    for rename in &history.repository.renames {
        let to = OsString::from_vec(rename.to.clone());
        let rows = history.partita.rows(["history".into(), "history".into(), to]);
        let from = std::str::from_utf8(&rename.from).unwrap();
        let found = rows.iter().any(|row| row["path"] == from);
        assert!(found, "{from} is not in the line of {:?}", String::from_utf8_lossy(&rename.to));
    }
}

#[test]
fn modes_links_and_submodules_are_listed_as_what_they_are() {
    let history = History::shared();
    let mut random = Random::new(52);
    for _ in 0..10 {
        let commit = random.pick(&history.repository.commits);
        let at = format!("git:{commit}");
        let rows = history.partita.rows(["files", "history", "--at", &at]);
        let tree = history.repository.git.tree(commit);
        assert_eq!(rows.len(), tree.len(), "{commit}");
        for entry in tree {
            let Ok(path) = std::str::from_utf8(&entry.path) else { continue };
            let row = rows.iter().find(|row| row["path"] == path);
            let row = row.unwrap_or_else(|| panic!("{path} is not listed"));
            let expected = match entry.mode.as_str() {
                "100755" => ("file", true),
                "120000" => ("symlink", false),
                "160000" => ("submodule", false),
                _ => ("file", false),
            };
            let executable = row["executable"].as_bool().unwrap_or_default();
            assert_eq!((field(row, "kind"), executable), expected, "{path} at {commit}");
        }
    }
}

#[test]
fn an_import_in_two_parts_makes_the_ids_of_one_in_a_single_run() {
    let dir = tempfile::tempdir().unwrap();
    let repository = small(dir.path());
    let whole = Partita::at(dir.path().join("whole"));
    whole.ok(import(&repository.git, "s"));
    let parts = Partita::at(dir.path().join("parts"));
    for revision in [&repository.commits[9][..], &repository.commits[20], "main"] {
        let args = import(&repository.git, "s");
        parts.ok(args.into_iter().chain(["--rev".into(), revision.into()]));
    }
    assert_eq!(parts.checkpoints("s"), whole.checkpoints("s"));
    assert_eq!(parts.checkpoints("s").len(), 30);
}

#[test]
fn a_local_edit_of_an_incoming_path_is_a_conflict_and_of_another_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let repository = small(dir.path());
    let git = &repository.git;
    let half = |store: &str| {
        let partita = Partita::at(dir.path().join(store));
        let args = import(git, "s").into_iter();
        partita.ok(args.chain(["--rev".into(), repository.commits[9].clone().into()]));
        partita
    };
    let range = format!("{}..main", repository.commits[9]);
    let names = git.run(["log", "--first-parent", "-m", "--name-only", "--format=", "-z", &range]);
    let names = String::from_utf8_lossy(&names).into_owned();
    let incoming = names.split(['\0', '\n']).find(|name| name.starts_with("src/")).unwrap();

    let apart = half("apart");
    apart.write("s", "notes/mine.txt", b"mine").success();
    apart.ok(import(git, "s"));
    assert_eq!(apart.ok(["cat", "s", "notes/mine.txt"]), b"mine");
    assert_eq!(apart.rows(["log", "s"]).len(), 31);

    let clash = half("clash");
    clash.write("s", incoming, b"mine").success();
    let error = clash.run(import(git, "s")).failure();
    assert!(error.contains(incoming), "{error}");
    assert_eq!(clash.ok(["cat", "s", incoming]), b"mine");
    clash.ok(["check"]);
}

#[test]
fn a_rewritten_history_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let repository = small(dir.path());
    let partita = Partita::at(dir.path().join("store"));
    partita.ok(import(&repository.git, "s"));
    let other = Shape { seed: 4, commits: 30, files: 12, big_bytes: 0 };
    let other = Repository::generate(&dir.path().join("other"), &other);
    partita.refused(import(&other.git, "s"));
}

#[test]
fn a_bare_repository_gives_the_same_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let repository = small(dir.path());
    let bare = dir.path().join("bare.git");
    repository.git.run(["clone", "--quiet", "--bare", ".", bare.to_str().unwrap()]);
    let one = Partita::at(dir.path().join("one"));
    one.ok(import(&repository.git, "s"));
    let two = Partita::at(dir.path().join("two"));
    two.ok(import(&partita_tests::git::Git::at(&bare), "s"));
    assert_eq!(one.checkpoints("s"), two.checkpoints("s"));
}

#[test]
fn a_shallow_repository_is_imported_as_far_as_it_goes_and_that_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let repository = small(dir.path());
    let shallow = dir.path().join("shallow");
    let url = format!("file://{}", repository.git.dir().display());
    let args = ["clone", "--quiet", "--depth", "5", &url, shallow.to_str().unwrap()];
    repository.git.run(args);
    let git = partita_tests::git::Git::at(&shallow);
    let commits = git.first_parents("HEAD");
    assert!(!commits.is_empty() && commits.len() <= 5);
    let partita = Partita::at(dir.path().join("store"));
    let outcome = partita.run(import(&git, "s"));
    let said = format!("{}{}", outcome.stderr, String::from_utf8_lossy(&outcome.stdout));
    outcome.success();
    assert!(said.contains("shallow"), "{said}");
    assert_eq!(partita.rows(["log", "s"]).len(), commits.len());
    let args: [OsString; 3] = ["checkout".into(), "s".into(), dir.path().join("out").into()];
    partita.ok(args);
    let expected = files_of_commit(&git, commits.last().unwrap());
    assert_same_files(&files_of_directory(&dir.path().join("out")), &expected, "shallow");
}

#[test]
fn a_file_of_50_megabytes_comes_back_whole_from_each_of_its_versions() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 5, commits: 1, files: 2, big_bytes: 50_000_000 };
    let repository = Repository::generate(&dir.path().join("repository"), &shape);
    let partita = Partita::at(dir.path().join("store"));
    partita.ok(import(&repository.git, "s"));
    let bytes = partita.ok(["cat", "s", "special/big.bin"]);
    assert_eq!(bytes.len(), 50_000_000);
    let id = repository.git.run(["rev-parse", "main:special/big.bin"]);
    let id = String::from_utf8(id).unwrap();
    assert!(repository.git.blobs().read(id.trim()) == bytes);

    let mut edited = bytes.clone();
    edited.splice(25_000_000..25_000_000, *b"a few bytes in the middle");
    let size = size_of(partita.store());
    partita.write("s", "special/big.bin", &edited).success();
    assert!(size_of(partita.store()) < size + 8_000_000, "the whole file was stored again");
    assert!(partita.ok(["cat", "s", "special/big.bin"]) == edited);
    assert!(partita.ok(["cat", "s", "special/big.bin", "--iteration", "1"]) == bytes);
    partita.ok(["check"]);
}
