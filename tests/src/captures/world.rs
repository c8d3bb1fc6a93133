//! The directory, the session, and copies of what was.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use partita::history::RestoreScope;
use partita::upkeep::GcOptions;
use partita::workspace::Capture;
use partita::{CheckpointId, Entry, Memory, Session, Snapshot, Store};

use crate::git::Git;
use crate::history::{Files, files_of_directory};

type Done<T = ()> = Result<T, String>;

/// A directory and its session.
#[derive(Debug)]
pub struct World {
    room: tempfile::TempDir,
    git: Git,
    stores: [Store; 2],
    /// The handle of which store is used.
    used: usize,
    name: String,
    forks: usize,
    /// What the session has.
    current: Files,
    /// What it had before each operation that undo can take back.
    undone: Vec<Files>,
    redone: Vec<Files>,
    /// What was captured, by the checkpoint.
    captured: Vec<(CheckpointId, Files)>,
}

impl World {
    /// A directory with a git repository and a file.
    ///
    /// # Errors
    /// What could not be made.
    pub fn new() -> Done<Self> {
        let room = tempfile::tempdir().map_err(|error| error.to_string())?;
        let git = Git::init(&room.path().join("dir"));
        std::fs::write(git.dir().join("a"), "a file\n").map_err(|error| error.to_string())?;
        let open = || Store::open(room.path().join("store")).map_err(said);
        let stores = [open()?, open()?];
        stores[0].session("s").map_err(said)?;
        Ok(World {
            room,
            git,
            stores,
            used: 0,
            name: "s".to_owned(),
            forks: 0,
            current: Files::new(),
            undone: Vec::new(),
            redone: Vec::new(),
            captured: Vec::new(),
        })
    }

    /// Does a round.
    ///
    /// # Errors
    /// What differs.
    pub fn run(&mut self, round: &super::Op) -> Done {
        use super::Op;
        match round {
            Op::Shell(commands) => self.shell(commands)?.wait().map(drop).map_err(told),
            Op::Capture => self.capture(),
            Op::Batch => self.batch(),
            Op::Beside(commands) => {
                let mut running = self.shell(commands)?;
                self.session()?.workspace(self.git.dir()).capture().map_err(said)?;
                running.wait().map_err(told)?;
                self.resume_after_one()?;
                self.capture()
            }
            Op::Undo => self.undo(true),
            Op::Redo => self.undo(false),
            Op::Restore(which) => self.restore(*which),
            Op::Fork => self.fork(),
            Op::Fresh => self.fresh(),
            Op::Over(commands) => {
                self.shell(commands)?.wait().map_err(told)?;
                self.over()
            }
            Op::Gc => {
                let options = GcOptions::new().keep(Duration::ZERO);
                let gc = self.stores[self.used].gc(&options, &mut |_| ControlFlow::Continue(()));
                gc.map(drop).map_err(said)
            }
            Op::Other => {
                self.used = 1 - self.used;
                Ok(())
            }
        }
    }

    /// Looks at everything that was captured.
    ///
    /// # Errors
    /// What differs.
    pub fn end(&self) -> Done {
        let session = self.session()?;
        for (id, files) in &self.captured {
            let state = session.at(*id).map_err(said)?;
            same(&format!("the state of {id}"), &files_of_state(&state)?, files)?;
        }
        let report = self.stores[0].check(&mut |_| ControlFlow::Continue(()));
        match report.map_err(said)? {
            report if report.is_ok() => Ok(()),
            report => Err(format!("check: {:?}", report.faults)),
        }
    }

    fn session(&self) -> Done<Session> {
        self.stores[self.used].open_session(&self.name).map_err(said)
    }

    /// Starts commands; what they cannot do they leave undone.
    fn shell(&self, commands: &str) -> Done<Child> {
        // It has the variables of the repository's git.
        let git = self.git.command();
        let mut shell = std::process::Command::new("sh");
        for (name, value) in git.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        for name in
            ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"]
        {
            shell.env(name, "tester");
        }
        shell.args(["-c", commands]).current_dir(self.git.dir());
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map_err(told)
    }

    /// What is in the directory, but for the repository itself.
    fn on_disk(&self) -> Files {
        let mut files = files_of_directory(self.git.dir());
        files.retain(|path, _| !path.starts_with(b".git/"));
        files
    }

    fn capture(&mut self) -> Done {
        let session = self.session()?;
        let workspace = session.workspace(self.git.dir());
        let before = self.on_disk();
        let looked = workspace.status().map_err(said)?;
        let taken = workspace.capture().map_err(said)?;
        same("what status and capture say", &rows(&looked), &rows(&taken))?;
        self.took(&session, &taken, before)
    }

    fn batch(&mut self) -> Done {
        let session = self.session()?;
        let before = self.on_disk();
        let mut batch = session.begin().map_err(said)?;
        batch.remember(Memory::tool("call", "done")).map_err(said)?;
        batch.capture(&session.workspace(self.git.dir())).map_err(said)?;
        let taken = batch.commit().map_err(said)?;
        self.noted(taken.id, before.clone());
        self.equal(&session, &before)
    }

    /// A capture is done, of a directory that was so before it.
    fn took(&mut self, session: &Session, taken: &Capture, before: Files) -> Done {
        if taken.is_unchanged() != (before == self.current) {
            return Err(format!("it says {:?}", rows(taken)));
        }
        if let Some(checkpoint) = taken.checkpoint()
            && !taken.is_unchanged()
        {
            self.noted(checkpoint.id, before.clone());
        }
        self.equal(session, &before)
    }

    fn noted(&mut self, id: CheckpointId, files: Files) {
        self.undone.push(std::mem::replace(&mut self.current, files.clone()));
        self.redone.clear();
        self.captured.push((id, files));
    }

    /// Directory, session and copy are equal, and a capture finds nothing.
    fn equal(&self, session: &Session, copy: &Files) -> Done {
        same("the directory", &self.on_disk(), copy)?;
        same("the session", &files_of_state(&session.latest().map_err(said)?)?, copy)?;
        let again = session.workspace(self.git.dir()).capture().map_err(said)?;
        match again.is_unchanged() {
            true => Ok(()),
            false => Err(format!("a second capture takes {:?}", rows(&again))),
        }
    }

    /// After a capture of a moment that nobody saw, the session says itself what it took.
    fn resume_after_one(&mut self) -> Done {
        let session = self.session()?;
        let latest = session.latest().map_err(said)?;
        let files = files_of_state(&latest)?;
        if files != self.current {
            let newest = latest.checkpoint().ok_or("it took something and has no checkpoint")?;
            self.noted(newest.id, files);
        }
        Ok(())
    }

    fn undo(&mut self, back: bool) -> Done {
        self.capture()?;
        let from = if back { &mut self.undone } else { &mut self.redone };
        let Some(wanted) = from.pop() else { return Ok(()) };
        let session = self.session()?;
        let done = if back { session.undo() } else { session.redo() };
        done.map_err(said)?;
        let was = std::mem::replace(&mut self.current, wanted);
        if back { &mut self.redone } else { &mut self.undone }.push(was);
        self.brought()
    }

    /// Writes the session into the directory, which then is what the copy says.
    fn brought(&self) -> Done {
        let session = self.session()?;
        session.workspace(self.git.dir()).checkout(None).map_err(said)?;
        self.equal(&session, &self.current)
    }

    fn restore(&mut self, which: usize) -> Done {
        self.capture()?;
        if self.captured.is_empty() {
            return Ok(());
        }
        let (id, files) = self.captured[which % self.captured.len()].clone();
        if files == self.current {
            return Ok(());
        }
        self.session()?.restore_checkpoint(id, RestoreScope::Files).map_err(said)?;
        self.undone.push(std::mem::replace(&mut self.current, files));
        self.redone.clear();
        self.brought()
    }

    fn fork(&mut self) -> Done {
        self.capture()?;
        self.forks += 1;
        let name = format!("fork-{}", self.forks);
        self.session()?.fork(&name).map_err(said)?;
        self.name = name;
        // A fork takes back what is its own.
        self.undone.clear();
        self.redone.clear();
        self.brought()
    }

    fn fresh(&self) -> Done {
        let fresh = self.room.path().join("fresh");
        self.session()?.checkout(None, &fresh).map_err(said)?;
        same("a fresh directory", &files_of_directory(&fresh), &self.current)?;
        std::fs::remove_dir_all(&fresh).map_err(told)
    }

    /// A checkout over what nobody captured: that is in place, or kept, or was captured once.
    fn over(&self) -> Done {
        let before = self.on_disk();
        let session = self.session()?;
        let done = session.workspace(self.git.dir()).checkout(None);
        let after = self.on_disk();
        if done.as_ref().is_err_and(|error| error.kind() == partita::ErrorKind::Conflict) {
            return same("a directory that was refused", &after, &before);
        }
        done.map_err(said)?;
        for (path, (mode, bytes)) in before {
            let is = |files: &Files| files.get(&path).is_some_and(|(_, found)| *found == bytes);
            if is(&after) || self.captured.iter().any(|(_, files)| is(files)) {
                continue;
            }
            if !self.is_kept(&path, &bytes)? {
                let path = path.escape_ascii();
                return Err(format!("{path} of mode {mode} is gone, {} bytes", bytes.len()));
            }
        }
        match self.current.keys().find(|path| !after.contains_key(*path)) {
            Some(path) if !self.is_in_the_way(path, &after) => {
                Err(format!("{} is not there", path.escape_ascii()))
            }
            _ => Ok(()),
        }
    }

    /// Whether something of others stands where the path, or what is above it, is to be.
    fn is_in_the_way(&self, path: &[u8], files: &Files) -> bool {
        let path: PathBuf = String::from_utf8_lossy(path).into_owned().into();
        let is = |above: &Path| files.contains_key(above.as_os_str().as_encoded_bytes());
        self.git.dir().join(&path).is_dir() || path.ancestors().skip(1).any(is)
    }

    fn is_kept(&self, path: &[u8], bytes: &[u8]) -> Done<bool> {
        let store = &self.stores[self.used];
        for kept in store.kept().map_err(said)? {
            let Some(id) = kept.entry.content() else { continue };
            let found = store.read_content(id).map_err(said)?;
            if kept.path.as_bytes() == path && *found == *bytes {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What a capture says of each path.
fn rows(capture: &Capture) -> Vec<String> {
    let with = |sign, paths: &[partita::FilePath]| -> Vec<String> {
        paths.iter().map(|path| format!("{sign} {path}")).collect()
    };
    let renamed = capture.renamed().iter().map(|row| format!("{row:?}"));
    let sides = [with("+", capture.added()), with("~", capture.changed())];
    sides.into_iter().flatten().chain(with("-", capture.removed())).chain(renamed).collect()
}

fn files_of_state(state: &Snapshot) -> Done<Files> {
    let mut files = Files::new();
    for file in state.files() {
        let file = file.map_err(said)?;
        let mode = match file.entry {
            Entry::File { executable: true, .. } => "100755",
            Entry::File { .. } => "100644",
            _ => "120000",
        };
        let bytes = file.read().map_err(said)?;
        files.insert(file.path.as_bytes().to_vec(), (mode.to_owned(), bytes));
    }
    Ok(files)
}

/// Says which paths differ.
fn same<T: PartialEq + Told>(what: &str, came: &T, due: &T) -> Done {
    if came == due {
        return Ok(());
    }
    Err(format!("{what}: came {}, expected {}", came.told(), due.told()))
}

/// What is short enough to be told.
trait Told {
    fn told(&self) -> String;
}

impl Told for Files {
    fn told(&self) -> String {
        let file = |(path, (mode, bytes)): (&Vec<u8>, &(String, Vec<u8>))| {
            format!("{} {mode} {}", path.escape_ascii(), bytes.escape_ascii())
        };
        self.iter().map(file).collect::<Vec<_>>().join("; ")
    }
}

impl Told for Vec<String> {
    fn told(&self) -> String {
        self.join("; ")
    }
}

fn said(error: partita::Error) -> String {
    format!("{:?}: {error}", error.kind())
}

fn told(error: std::io::Error) -> String {
    error.to_string()
}
