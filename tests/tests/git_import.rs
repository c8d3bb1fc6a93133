//! Git repositories that lie, lack something, or are large: what the import says of them, what it
//! leaves, and what it takes.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use partita::{Entry, Store};
use partita_tests::command::{Partita, bytes_of, number};
use partita_tests::git::Git;
use partita_tests::history::import;
use partita_tests::random::Random;
use partita_tests::repository::{Repository, Shape};

/// An empty repository and a store that is not there.
fn empty(dir: &Path) -> (Git, Partita) {
    (Git::init(&dir.join("repository")), Partita::at(dir.join("store")))
}

fn with<const N: usize>(git: &Git, more: [&str; N]) -> Vec<OsString> {
    import(git, "s").into_iter().chain(more.map(OsString::from)).collect()
}

/// Compares every recorded checkpoint with a walk of its commit's tree by git, byte for byte.
fn assert_equal_to_git(git: &Git, store: &Path) -> usize {
    let session = Store::open(store).unwrap().open_session("s").unwrap();
    let mut blobs = git.blobs();
    let mut read: HashMap<String, Vec<u8>> = HashMap::new();
    let mut compared = 0;
    for entry in session.log().unwrap() {
        let entry = entry.unwrap();
        let commit = entry.git_commit().expect("every checkpoint is a commit's");
        let snapshot = session.at(entry.id).unwrap();
        let mut rows = git.tree(&commit).into_iter();
        let mut expected: HashMap<_, _> =
            rows.by_ref().map(|row| (row.path.clone(), row)).collect();
        for file in snapshot.files() {
            let file = file.unwrap();
            let row = expected.remove(file.path.as_bytes()).expect("git has it too");
            let mode = match &file.entry {
                Entry::File { executable: true, .. } => "100755",
                Entry::File { .. } => "100644",
                Entry::Symlink { .. } => "120000",
                _ => "160000",
            };
            assert_eq!(mode, row.mode, "{commit} {}", file.path);
            if mode != "160000" {
                let bytes = read.entry(row.id.clone()).or_insert_with(|| blobs.read(&row.id));
                assert!(file.read().unwrap() == *bytes, "{commit} {}", file.path);
            }
            compared += 1;
        }
        assert!(expected.is_empty(), "{commit} lacks {:?}", expected.keys().next());
    }
    compared
}

#[test]
fn each_recorded_checkpoint_equals_its_commits_tree() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 77, commits: 120, files: 40, big_bytes: 0 };
    let repository = Repository::generate(&dir.path().join("repository"), &shape);
    let partita = Partita::at(dir.path().join("store"));
    let imported = partita.json(with(&repository.git, ["--verify"]));
    assert_eq!((number(&imported, "commits"), number(&imported, "verified")), (120, 120));
    assert!(assert_equal_to_git(&repository.git, partita.store()) > 4_000);
    let said = partita.text(with(&repository.git, ["--verify"]));
    assert!(said.ends_with("120 checkpoints equal their commits, byte for byte\n"), "{said}");
}

#[test]
fn a_name_with_a_slash_is_an_error_and_nothing_is_left_of_the_import() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let x = git.write("blob", b"x\n");
    let sound = git.write_tree(&[("100644", b"ok", &x)]);
    let first = git.write_commit(&sound, None);
    let bad = git.write_tree(&[("100644", b"a/b", &x), ("100644", b"ok", &x)]);
    let second = git.write_commit(&bad, Some(&first));
    git.write_commit(&sound, Some(&second));
    let error = partita.run(import(&git, "s")).failure();
    let expected = format!("git commit {second}: tree {bad}: entry \"a/b\": its name has a slash");
    assert!(error.contains(&expected), "{error}");
    assert!(!partita.store().exists(), "a store is left");

    partita.write("other", "f", b"1").success();
    let error = partita.refused(import(&git, "s"));
    assert!(error.contains(&second), "{error}");
    assert_eq!(partita.rows(["sessions"]).len(), 1);
    // What is sound before it imports, and equals git's.
    let fresh = Partita::at(dir.path().join("fresh"));
    fresh.ok(with(&git, ["--rev", &first, "--verify"]));
    assert_eq!(assert_equal_to_git(&git, fresh.store()), 1);
}

#[test]
fn a_partial_clone_is_called_one_and_imports_after_what_the_error_says() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 8, commits: 6, files: 5, big_bytes: 0 };
    let whole = Repository::generate(&dir.path().join("whole"), &shape);
    whole.git.run(["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", whole.git.dir().display());
    for (name, filter) in [("blobless", "--filter=blob:none"), ("treeless", "--filter=tree:0")] {
        let clone = dir.path().join(name);
        whole.git.run(["clone", "-q", "--no-checkout", filter, &url, clone.to_str().unwrap()]);
        let (git, partita) =
            (Git::at(&clone), Partita::at(dir.path().join(format!("{name}-store"))));
        let error = partita.run(import(&git, "s")).failure();
        assert!(error.contains("partial clone") && error.contains("--refetch"), "{error}");
        assert!(!partita.store().exists(), "a store is left");
        git.run(["-c", "protocol.file.allow=always", "fetch", "-q", "--refetch", "--no-filter"]);
        partita.ok(with(&git, ["--verify"]));
        assert_eq!(partita.rows(["log", "s"]).len(), 6);
    }
}

#[test]
fn what_a_wrong_file_holds_is_not_in_the_error() {
    let dir = tempfile::tempdir().unwrap();
    let partita = Partita::at(dir.path().join("store"));
    let secret = dir.path().join(".env");
    for text in ["TOKEN=hunter2\nOTHER=hunter2\n", "gitdir: hunter2\nhunter2\nhunter2\n"] {
        std::fs::write(&secret, text).unwrap();
        let error = partita.run(import(&Git::at(&secret), "s")).failure();
        assert!(error.matches("hunter2").count() <= 1 && error.len() < 600, "{error}");
    }
    std::fs::write(&secret, "x".repeat(100_000)).unwrap();
    let file = secret.to_str().unwrap();
    for args in
        [&["import", "transcript", file, "--session", "s"][..], &["budget", file, "--limit", "9"]]
    {
        let error = partita.run(args).failure();
        assert!(error.len() < 1_500, "{error}");
    }
    let nosuch = dir.path().join("nosuch");
    let error = partita.run(import(&Git::at(&nosuch), "s")).failure();
    assert_eq!(error, format!("error: {} does not exist", nosuch.display()));
    assert!(!partita.store().exists());
}

#[test]
fn a_file_above_the_limit_is_left_out_and_said_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let big = "1234567890123456789012345678901234567890";
    git.declare(big, "blob", 5 << 30, b"never read");
    let x = git.write("blob", b"x\n");
    let tree = git.write_tree(&[("100644", b"big.bin", big), ("100644", b"ok", &x)]);
    let commit = git.write_commit(&tree, None);
    let error = partita.run(with(&git, ["--too-large", "refuse"])).failure();
    assert!(error.contains(&commit) && error.contains("entry \"big.bin\""), "{error}");
    assert!(!partita.store().exists());
    for commits in [1, 0] {
        let (outcome, peak) = partita.run_measured(with(&git, ["--json", "--verify"]));
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert!(outcome.stderr.contains("big.bin (5.00 GiB)"), "{}", outcome.stderr);
        let said: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
        assert_eq!((number(&said, "commits"), number(&said, "verified")), (commits, 1));
        assert_eq!(said["left_out"][0]["path"], "big.bin");
        assert_eq!(number(&said["left_out"][0], "size"), 5 << 30);
        assert!(peak < 200 << 20, "{peak} bytes of memory");
    }
    assert_eq!(partita.ok(["cat", "s", "ok"]), b"x\n");
}

/// Ten entries that are all one tree, so many levels high, above one file.
fn bomb(git: &Git, levels: usize) -> String {
    let x = git.write("blob", b"x\n");
    let mut tree = git.write_tree(&[("100644", b"f", &x)]);
    for _ in 0..levels {
        let names: Vec<String> = (0..10).map(|at| at.to_string()).collect();
        let entries: Vec<_> =
            names.iter().map(|name| ("40000", name.as_bytes(), &tree[..])).collect();
        tree = git.write_tree(&entries);
    }
    tree
}

#[test]
fn a_dozen_objects_take_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let commit = git.write_commit(&bomb(&git, 10), None);
    let (outcome, peak) = partita.run_measured(import(&git, "s"));
    let error = outcome.failure();
    assert!(error.contains(&commit) && error.contains("files and directories"), "{error}");
    assert!(peak < 100 << 20, "{peak} bytes of memory");
    assert!(!partita.store().exists());
}

#[test]
fn as_many_files_as_a_commit_may_have_fit_into_a_gigabyte() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let mut peaks = Vec::new();
    for (levels, session) in [(3, "few"), (5, "many")] {
        git.write_commit(&bomb(&git, levels), None);
        let (outcome, peak) = partita.run_measured(import(&git, session));
        outcome.success();
        peaks.push(peak);
    }
    // From a thousand files to a hundred thousand, and their directories.
    let each = (peaks[1] - peaks[0]) / (99_000 + 11_000);
    println!("{} MiB for 111,110 entries, {each} bytes each", peaks[1] >> 20);
    assert!(peaks[0] + each * (1 << 19) < 1 << 30, "{each} bytes of memory for each");
}

/// Bytes that an import may take beside twice the largest file: caches of what git and the store
/// hold, and what waits to be written.
const BASE: u64 = 96 << 20;

/// Lines that compress to a tenth or so, no two alike.
fn lines(bytes: usize, random: &mut Random) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes + 100);
    while text.len() < bytes {
        let (at, word) = (text.len(), random.below(1_000));
        text.extend(format!("line at {at} says {word} and goes on as others do\n").bytes());
    }
    text.truncate(bytes);
    text
}

/// Makes a commit of these files in a new repository, which are in a pack then.
fn committed(git: &Git, files: impl IntoIterator<Item = Vec<u8>>) {
    let mut stream =
        b"commit refs/heads/main\ncommitter C <c@x> 1600000000 +0000\ndata 0\n".to_vec();
    for (at, file) in files.into_iter().enumerate() {
        stream.extend(format!("M 644 inline f{at}\ndata {}\n", file.len()).into_bytes());
        stream.extend(file);
        stream.push(b'\n');
    }
    git.fast_import(&stream);
}

#[test]
fn a_large_file_imports_in_less_than_twice_its_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = 120 << 20;
    let mut random = Random::new(9);
    for (name, file) in
        [("noise", random.bytes(bytes)), ("text", lines(bytes, &mut Random::new(9)))]
    {
        let git = Git::init(&dir.path().join(name));
        committed(&git, [file]);
        let partita = Partita::at(dir.path().join(format!("{name}-store")));
        let (outcome, peak) = partita.run_measured(import(&git, "s"));
        outcome.success();
        println!("a file of 120 MiB of {name}: {} MiB of memory", peak >> 20);
        // What is mapped of git's own file counts too: of noise it is as much as the file. One file
        // fills no cache.
        assert!(peak < 2 * bytes as u64 + BASE / 2, "{name}: {peak} bytes of memory");
    }
}

#[test]
fn a_commit_of_many_files_takes_the_memory_of_its_largest() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let mut random = Random::new(20);
    let sizes = [1, 8, 3].into_iter().cycle().take(40).map(|size| size << 20);
    committed(
        &git,
        sizes.enumerate().map(|(at, size)| match at % 4 {
            0 => lines(size, &mut random),
            _ => random.bytes(size),
        }),
    );
    let (outcome, peak) = partita.run_measured(import(&git, "s"));
    outcome.success();
    println!("158 MiB in 40 files of 8 at most: {} MiB of memory", peak >> 20);
    assert!(peak < 2 * (8 << 20) + BASE, "{peak} bytes of memory");
    assert_eq!(number(&partita.json(with(&git, ["--verify"])), "verified"), 1);
    assert_eq!(partita.rows(["files", "s"]).len(), 40);
}

#[test]
fn nothing_is_made_of_a_large_commit_that_lacks_something() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    let mut random = Random::new(21);
    let large = git.write("blob", &random.bytes(9 << 20));
    let missing = "7".repeat(40);
    let tree = git.write_tree(&[("100644", b"a", &large), ("100644", b"b", &missing)]);
    git.write_commit(&tree, None);
    let error = partita.run(import(&git, "s")).failure();
    assert!(error.contains("entry \"b\"") && error.contains("is missing"), "{error}");
    assert!(!partita.store().exists(), "a store is left");

    // What looks well until it is read: its bytes are stored by then, and no session leads to them.
    let larger = git.write("blob", &random.bytes(17 << 20));
    git.declare(&missing, "blob", 100, b"not so many");
    let rows = [("100644", &b"a"[..], &large[..]), ("100644", b"b", &larger)];
    let tree = git.write_tree(&[rows[0], rows[1], ("100644", b"c", &missing)]);
    let commit = git.write_commit(&tree, None);
    let outcome = partita.run(import(&git, "s"));
    let expected = format!("git commit {commit}: tree {tree}: entry \"c\"");
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    assert!(outcome.stderr.contains(&expected), "{}", outcome.stderr);
    assert!(partita.rows(["sessions"]).is_empty());
    let size = || -> u64 { bytes_of(partita.store()).values().map(|file| file.len() as u64).sum() };
    assert!(size() > 20 << 20, "{} bytes", size());
    partita.ok(["gc", "--keep", "0d"]);
    assert!(size() < 2 << 20, "{} bytes are left", size());
}

#[test]
fn an_import_after_an_undo_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let shape = Shape { seed: 10, commits: 12, files: 6, big_bytes: 0 };
    let repository = Repository::generate(&dir.path().join("repository"), &shape);
    let git = &repository.git;
    let partita = Partita::at(dir.path().join("store"));
    partita.ok(import(git, "s"));
    let before = bytes_of(partita.store());
    let said = partita.text(with(git, ["--rev", "HEAD~2"]));
    assert!(said.contains("nothing new") && said.contains("as checkpoint 10"), "{said}");
    assert!(bytes_of(partita.store()) == before, "what is contained wrote");

    partita.ok(["undo", "s"]);
    assert!(partita.rows(["files", "s"]).is_empty());
    let said = partita.json(with(git, ["--verify"]));
    assert_eq!(number(&said, "commits"), 12);
    let tip = repository.commits.last().unwrap();
    let at = format!("git:{tip}");
    assert_eq!(partita.rows(["files", "s"]).len(), git.tree(tip).len());
    assert_eq!(partita.rows(["files", "s", "--at", &at]).len(), git.tree(tip).len());

    partita.ok(["restore", "s", "--at", "1"]);
    let outcome = partita.run(import(git, "s"));
    assert!(outcome.stderr.contains("changed here since git commit"), "{}", outcome.stderr);
    assert!(String::from_utf8(outcome.success()).unwrap().contains("nothing new"));
}

/// A history of so many commits, each of which changes a line of one file; some move it.
fn long(commits: usize) -> Vec<u8> {
    let mut random = Random::new(10_000);
    let mut files: Vec<(String, Vec<String>)> = (0..200)
        .map(|at| {
            let lines = (0..25).map(|line| format!("file {at} line {line}")).collect();
            (format!("d{}/e{}/f{at}", at % 10, at % 4), lines)
        })
        .collect();
    let mut stream = Vec::new();
    for commit in 0..commits {
        let time = 1_600_000_000 + commit;
        let head = "commit refs/heads/main\ncommitter C <c@example.org>";
        stream.extend(format!("{head} {time} +0000\ndata 0\n").into_bytes());
        let first = commit == 0;
        for at in if first { 0..files.len() } else { commit % 200..commit % 200 + 1 } {
            let (path, lines) = &mut files[at];
            if commit % 47 == 46 {
                let to = format!("d{}/m{commit}", commit % 10);
                stream.extend(format!("R {path} {to}\n").into_bytes());
                *path = to;
            }
            lines[random.below(25)] = format!("commit {commit}");
            let text = lines.join("\n");
            let head = format!("M 644 inline {path}\ndata {}\n", text.len());
            stream.extend([head.as_bytes(), text.as_bytes(), b"\n"].concat());
        }
    }
    stream
}

#[test]
fn a_history_of_10000_commits_imports_and_its_newest_equals_gits() {
    let dir = tempfile::tempdir().unwrap();
    let (git, partita) = empty(dir.path());
    git.fast_import(&long(10_000));
    let begun = std::time::Instant::now();
    let (outcome, peak) = partita.run_measured(with(&git, ["--json"]));
    let said: serde_json::Value = serde_json::from_slice(&outcome.success()).unwrap();
    assert_eq!(number(&said, "commits"), 10_000);
    println!("10,000 commits: {:?}, {} MiB of memory", begun.elapsed(), peak >> 20);
    assert!(peak < 500 << 20, "{peak} bytes of memory");
    let files = partita.rows(["files", "s"]);
    assert_eq!(files.len(), git.tree("main").len());
    for commit in git.first_parents("main").iter().step_by(1_999) {
        let at = format!("git:{commit}");
        for entry in git.tree(commit).iter().step_by(67) {
            let path = String::from_utf8(entry.path.clone()).unwrap();
            let bytes = partita.ok(["cat", "s", &path, "--at", &at]);
            assert!(bytes == git.blobs().read(&entry.id), "{commit} {path}");
        }
    }
}
