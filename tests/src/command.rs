//! The command `partita`, run as a stranger runs it: a process, its output, its exit code.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

use crate::source::files_below;

/// Returns a directory of this test process, below the build directory.
///
/// What earlier processes left there is removed when this one asks first.
pub fn scratch() -> &'static Path {
    static SCRATCH: OnceLock<PathBuf> = OnceLock::new();
    SCRATCH.get_or_init(|| {
        let all = build_directory().join("tmp").join("partita-tests");
        for old in std::fs::read_dir(&all).into_iter().flatten().flatten() {
            if !Path::new("/proc").join(old.file_name()).exists() {
                // Another test process may be removing it too.
                let _ = std::fs::remove_dir_all(old.path());
            }
        }
        let own = all.join(std::process::id().to_string());
        std::fs::create_dir_all(&own).expect("the build directory is writable");
        own
    })
}

/// Builds the command and returns a copy that no later build replaces.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let profile = profile_dir();
        match profile.ends_with("release") {
            // As users have it.
            true => build(&["--release", "--package", "partita-cli", "--bin", "partita"]),
            false => build_programs(),
        }
        let copy = scratch().join("partita");
        std::fs::copy(profile.join("partita"), &copy).expect("it was just built");
        copy
    })
}

/// Builds the programs of the workspace in `target/debug`, examples too: with the features of the
/// build of `make test`, knockouts that nobody asks for among them, so that nothing is compiled twice.
pub fn build_programs() {
    build(&["--workspace", "--exclude", "partita-benches", "--bins", "--examples"]);
}

fn build(what: &[&str]) {
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--target-dir"]).arg(build_directory()).args(what);
    build.current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(build.status().expect("cargo runs").success(), "{what:?} does not build");
}

/// `target/debug`, as the place of this test, or of this program, tells.
fn profile_dir() -> PathBuf {
    let own = std::env::current_exe().expect("a process knows its file");
    let dir = own.parent().expect("target/PROFILE/PROGRAM or target/PROFILE/deps/TEST");
    let is_test = dir.ends_with("deps");
    if is_test { dir.parent().expect("target/PROFILE").to_owned() } else { dir.to_owned() }
}

/// Returns the build directory.
pub fn build_directory() -> PathBuf {
    profile_dir().parent().expect("target/PROFILE").to_owned()
}

/// The command, bound to a store directory.
#[derive(Clone, Debug)]
pub struct Partita {
    store: PathBuf,
}

impl Partita {
    /// Binds the command to a directory, which need not exist.
    pub fn at(store: impl Into<PathBuf>) -> Self {
        Partita { store: store.into() }
    }

    /// Returns the store's directory.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// Returns a command line that is ready to run.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(binary());
        command.env_remove("PARTITA_STORE").env("NO_PROXY", "*").stdin(Stdio::null());
        command.arg("--store").arg(&self.store).args(args);
        command
    }

    /// Runs a command line to its end.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Outcome {
        Outcome::of(self.command(args).output().expect("the command starts"))
    }

    /// Runs a command line that must succeed; returns what it printed.
    #[track_caller]
    pub fn ok<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Vec<u8> {
        self.run(args).success()
    }

    /// Runs a command line that must succeed and print text.
    #[track_caller]
    pub fn text<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        String::from_utf8(self.ok(args)).expect("it prints UTF-8")
    }

    /// Runs a command line with `--json`; returns the one document that it prints.
    #[track_caller]
    pub fn json<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Value {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned());
        let text = self.text(args.chain([OsString::from("--json")]));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// Runs a listing with `--json`; returns its rows.
    #[track_caller]
    pub fn rows<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Vec<Value> {
        match self.json(args) {
            Value::Array(rows) => rows,
            other => panic!("a listing is an array, got {other}"),
        }
    }

    /// Writes bytes to a path of a session through the command's standard input.
    pub fn write(&self, session: &str, path: &str, bytes: &[u8]) -> Outcome {
        let mut command = self.command(["write", session, path, "-"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command starts");
        let mut stdin = child.stdin.take().expect("piped above");
        // A refused write may close its input early; its exit code then says why.
        let _ = stdin.write_all(bytes);
        drop(stdin);
        Outcome::of(child.wait_with_output().expect("it was started"))
    }

    /// Runs a command line that must be refused and leave every byte of the store as it was.
    ///
    /// Returns the one line on standard error.
    #[track_caller]
    pub fn refused<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let before = bytes_of(&self.store);
        let line = self.run(args).failure();
        let after = bytes_of(&self.store);
        assert!(before.keys().eq(after.keys()), "files came or went: {line}");
        assert!(before == after, "the store changed: {line}");
        line
    }

    /// Runs a command line that must be called wrong, with exit code 2, and leave every byte of the
    /// store as it was.
    ///
    /// Returns what it said on standard error.
    #[track_caller]
    pub fn misused<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        let before = bytes_of(&self.store);
        let outcome = self.run(args);
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
        assert!(outcome.stdout.is_empty(), "{outcome:?}");
        assert!(before == bytes_of(&self.store), "the store changed: {}", outcome.stderr);
        outcome.stderr
    }

    /// Runs a command line to its end; returns also the bytes of memory that it had at the most.
    pub fn run_measured<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
    ) -> (Outcome, u64) {
        let mut command = self.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().expect("the command starts");
        let status = format!("/proc/{}/status", child.id());
        let ended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let watch = {
            let ended = ended.clone();
            std::thread::spawn(move || {
                let mut peak = 0;
                while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                    let text = std::fs::read_to_string(&status).unwrap_or_default();
                    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
                    let kib =
                        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
                    peak = peak.max(kib.unwrap_or(0_u64) << 10);
                    std::thread::sleep(std::time::Duration::from_millis(2));
                }
                peak
            })
        };
        let outcome = Outcome::of(child.wait_with_output().expect("it was started"));
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        (outcome, watch.join().expect("it only reads"))
    }

    /// Returns the ids of a session's checkpoints, newest first.
    #[track_caller]
    pub fn checkpoints(&self, session: &str) -> Vec<String> {
        let rows = self.rows(["log", session]);
        rows.iter().map(|row| field(row, "id").to_owned()).collect()
    }

    /// Copies the store.
    pub fn copy_to(&self, dir: impl Into<PathBuf>) -> Partita {
        let dir = dir.into();
        copy_dir(&self.store, &dir);
        Partita::at(dir)
    }
}

/// How a run of the command ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The exit code, or none if a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Takes what a process left.
    pub fn of(output: Output) -> Self {
        Outcome {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).expect("messages are UTF-8"),
        }
    }

    /// Asserts exit code 0; returns standard output.
    #[track_caller]
    pub fn success(self) -> Vec<u8> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self.stdout
    }

    /// Asserts exit code 1 and nothing but one line `error: ...`; returns that line.
    #[track_caller]
    pub fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        assert!(self.stderr.starts_with("error: "), "{}", self.stderr);
        assert!(!self.stderr.contains('\x1b'), "colour without a terminal: {:?}", self.stderr);
        assert!(self.stdout.is_empty(), "{:?}", String::from_utf8_lossy(&self.stdout));
        self.stderr.trim_end().to_owned()
    }
}

/// Returns a text field of a JSON row.
#[track_caller]
pub fn field<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or_else(|| panic!("no text `{key}` in {row}"))
}

/// Returns a number field of a JSON row.
#[track_caller]
pub fn number(row: &Value, key: &str) -> u64 {
    row[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {row}"))
}

/// Returns every file below a directory with its bytes; a file in the directory's place too.
///
/// The file that writers lock is left out, for its bytes only say who locked it last; and the
/// catalogue, which may come and go.
pub fn bytes_of(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    if dir.is_file() {
        return [(PathBuf::new(), std::fs::read(dir).expect("it is there"))].into();
    }
    let files = files_below(dir).into_iter();
    let files = files.filter(|file| !file.iter().any(|name| name == "lock" || name == "catalogue"));
    files
        .map(|file| {
            let bytes = std::fs::read(&file).expect("a listed file can be read");
            (file.strip_prefix(dir).expect("listed below it").to_owned(), bytes)
        })
        .collect()
}

/// Returns the sum of the sizes of all files below a directory.
///
/// The reserve is left out, which holds nothing.
pub fn size_of(dir: &Path) -> u64 {
    let is_reserve = |file: &PathBuf| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("reserve"))
    };
    let sizes = files_below(dir).into_iter().filter(|file| !is_reserve(file));
    sizes.map(|file| file.metadata().expect("a listed file").len()).sum()
}

/// Copies a directory of files and directories.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a test directory can be made");
    for entry in std::fs::read_dir(from).expect("the store exists") {
        let entry = entry.expect("a store can be listed");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a listed entry").is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a store's file can be copied");
        }
    }
}
