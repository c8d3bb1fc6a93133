//! The oracle: git itself, asked through its own commands.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use crate::command::Partita;

/// A git repository on disk.
#[derive(Clone, Debug)]
pub struct Git {
    dir: PathBuf,
}

/// One row of `git ls-tree -r`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// `100644`, `100755`, `120000` or `160000`.
    pub mode: String,
    /// The object's id in hexadecimal digits.
    pub id: String,
    /// The path's bytes.
    pub path: Vec<u8>,
}

impl Git {
    /// Names a repository that exists.
    pub fn at(dir: &Path) -> Self {
        Git { dir: dir.to_owned() }
    }

    /// Makes an empty repository with a branch `main`.
    pub fn init(dir: &Path) -> Self {
        std::fs::create_dir_all(dir).expect("a test directory can be made");
        let git = Git::at(dir);
        git.run(["init", "--quiet", "--initial-branch=main"]);
        git
    }

    /// Returns where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns a command that knows this repository and nothing of the user's configuration.
    pub fn command(&self) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.dir);
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
        command.env("GIT_CONFIG_COUNT", "1");
        command.env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
        command
    }

    /// Runs git and returns what it prints.
    ///
    /// # Panics
    /// If git fails: a test cannot go on without its oracle.
    pub fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Vec<u8> {
        let output = self.command().args(args).output().expect("git is installed");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git failed in {}: {errors}", self.dir.display());
        output.stdout
    }

    /// Feeds a stream to `git fast-import`.
    ///
    /// # Panics
    /// If git refuses it.
    pub fn fast_import(&self, stream: &[u8]) {
        let mut command = self.command();
        command.args(["fast-import", "--quiet", "--force", "--date-format=raw"]);
        let mut child = command.stdin(Stdio::piped()).spawn().expect("git is installed");
        let mut stdin = child.stdin.take().expect("piped above");
        stdin.write_all(stream).expect("git fast-import takes the stream");
        drop(stdin);
        assert!(child.wait().expect("it was started").success(), "git fast-import failed");
    }

    /// Returns the commits of the first-parent line of a revision, oldest first.
    pub fn first_parents(&self, revision: &str) -> Vec<String> {
        let list = self.run(["rev-list", "--first-parent", "--reverse", revision]);
        String::from_utf8(list).expect("ids are ASCII").lines().map(str::to_owned).collect()
    }

    /// Returns everything that a commit's tree holds, directories opened.
    pub fn tree(&self, commit: &str) -> Vec<TreeEntry> {
        let listing = self.run(["ls-tree", "-r", "-z", "--full-tree", commit]);
        let rows = listing.split(|&byte| byte == 0).filter(|row| !row.is_empty());
        rows.map(|row| {
            let tab = row.iter().position(|&byte| byte == b'\t').expect("ls-tree puts a tab");
            let head = std::str::from_utf8(&row[..tab]).expect("mode, type and id are ASCII");
            let mut words = head.split(' ').map(str::to_owned);
            let mode = words.next().expect("a mode");
            let id = words.nth(1).expect("a type and an id");
            TreeEntry { mode, id, path: row[tab + 1..].to_vec() }
        })
        .collect()
    }

    /// Writes an object, however malformed it is; returns its id.
    pub fn write(&self, kind: &str, bytes: &[u8]) -> String {
        let mut command = self.command();
        command.args(["hash-object", "-t", kind, "--literally", "-w", "--stdin"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
        let mut stdin = child.stdin.take().expect("piped above");
        stdin.write_all(bytes).expect("git hash-object takes bytes");
        drop(stdin);
        let output = child.wait_with_output().expect("it was started");
        assert!(output.status.success(), "git hash-object failed");
        String::from_utf8(output.stdout).expect("an id is ASCII").trim().to_owned()
    }

    /// Writes a tree of entries as they are given: mode, name, id.
    pub fn write_tree(&self, entries: &[(&str, &[u8], &str)]) -> String {
        let mut bytes = Vec::new();
        for (mode, name, id) in entries {
            bytes.extend_from_slice(mode.as_bytes());
            bytes.push(b' ');
            bytes.extend_from_slice(name);
            bytes.push(0);
            let digit = |at: usize| u8::from_str_radix(&id[at..at + 2], 16).expect("an id");
            bytes.extend((0..id.len()).step_by(2).map(digit));
        }
        self.write("tree", &bytes)
    }

    /// Writes a commit and lets `main` lead to it.
    pub fn write_commit(&self, tree: &str, parent: Option<&str>) -> String {
        let parent = parent.map(|parent| format!("parent {parent}\n")).unwrap_or_default();
        let who = "A <a@example.org> 1700000000 +0000";
        let text = format!("tree {tree}\n{parent}author {who}\ncommitter {who}\n\nm\n");
        let id = self.write("commit", text.as_bytes());
        let heads = self.dir.join(".git/refs/heads");
        std::fs::create_dir_all(&heads).expect("a repository can be written");
        std::fs::write(heads.join("main"), format!("{id}\n")).expect("a branch can be moved");
        id
    }

    /// Writes a loose object that declares a size which its bytes may not have, under any id.
    pub fn declare(&self, id: &str, kind: &str, size: u64, bytes: &[u8]) {
        let raw = [format!("{kind} {size}\0").as_bytes(), bytes].concat();
        let sum = raw.iter().fold((1_u32, 0_u32), |(a, b), &byte| {
            let a = (a + u32::from(byte)) % 65_521;
            (a, (b + a) % 65_521)
        });
        let len = u16::try_from(raw.len()).expect("a few bytes");
        // One block of zlib that is stored as it is.
        let mut file = vec![0x78, 0x01, 0x01];
        file.extend(len.to_le_bytes());
        file.extend((!len).to_le_bytes());
        file.extend(&raw);
        file.extend((sum.1 << 16 | sum.0).to_be_bytes());
        let dir = self.dir.join(".git/objects").join(&id[..2]);
        std::fs::create_dir_all(&dir).expect("a repository can be written");
        std::fs::write(dir.join(&id[2..]), file).expect("a repository can be written");
    }

    /// Returns the bytes of the pack that `git gc` makes of loose objects: all deltas sought anew.
    pub fn pack_bytes(&self) -> u64 {
        self.run(["repack", "-a", "-d", "-f", "-q"]);
        self.run(["gc", "--quiet", "--prune=now"]);
        let pack = self.run(["rev-parse", "--git-path", "objects/pack"]);
        let pack = String::from_utf8(pack).expect("a path in a test directory is UTF-8");
        let packs = std::fs::read_dir(self.dir.join(pack.trim())).expect("a repacked repository");
        let files = packs.map(|file| file.expect("a pack directory can be listed"));
        let packs = files.filter(|file| file.path().extension() == Some(OsStr::new("pack")));
        packs.map(|file| file.metadata().expect("a listed file").len()).sum()
    }

    /// Starts a reader of blobs.
    pub fn blobs(&self) -> Blobs {
        let mut command = self.command();
        command.args(["cat-file", "--batch"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("git is installed");
        let stdin = child.stdin.take().expect("piped above");
        let stdout = BufReader::new(child.stdout.take().expect("piped above"));
        Blobs { child, stdin: Some(stdin), stdout }
    }
}

/// One `git cat-file --batch`.
#[derive(Debug)]
pub struct Blobs {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Blobs {
    /// Returns the bytes of a blob.
    ///
    /// # Panics
    /// If there is no such object.
    pub fn read(&mut self, id: &str) -> Vec<u8> {
        let stdin = self.stdin.as_mut().expect("open until dropped");
        writeln!(stdin, "{id}").expect("git cat-file takes requests");
        let mut head = String::new();
        self.stdout.read_line(&mut head).expect("git cat-file answers");
        let size = head.trim().rsplit(' ').next().and_then(|size| size.parse().ok());
        let size: usize = size.unwrap_or_else(|| panic!("git cat-file said {head:?}"));
        let mut bytes = vec![0; size + 1];
        self.stdout.read_exact(&mut bytes).expect("git cat-file answers in full");
        bytes.pop();
        bytes
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        self.stdin = None;
        // The process ends with its input; what it returns then concerns nobody.
        let _ = self.child.wait();
    }
}

/// Imports a real repository, each checkpoint compared with its commit's tree, and the newest files
/// with those of `HEAD`.
///
/// # Errors
/// Says what differs, and what is wrong with the arguments.
pub fn soak(arguments: &[String]) -> Result<(), String> {
    let [repository] = arguments else {
        return Err("name one repository that was fetched by hand: ARGS=PATH".to_owned());
    };
    let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
    let partita = Partita::at(dir.path().join("store"));
    // It is built first, which is not timed.
    partita.text(["--version"]);
    let begun = Instant::now();
    let import = ["import", "git", repository, "--session", "s", "--verify", "--json"];
    let (outcome, peak) = partita.run_measured(import);
    let said: serde_json::Value =
        serde_json::from_slice(&outcome.success()).map_err(|error| error.to_string())?;
    println!("{said}");
    println!("imported and verified in {:?}, {} MiB of memory", begun.elapsed(), peak >> 20);
    let git = Git::at(Path::new(repository));
    for entry in git.tree("HEAD") {
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        if entry.mode.starts_with("100")
            && partita.ok(["cat", "s", &path]) != git.blobs().read(&entry.id)
        {
            return Err(format!("{path} is not what HEAD has"));
        }
    }
    let check = partita.json(["check"]);
    if check["ok"] == true { Ok(()) } else { Err(format!("check: {check}")) }
}
