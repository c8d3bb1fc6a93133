//! The session, its directory, and the book beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use partita::history::RestoreScope;
use partita::host::{self, Command, Description, Outcome, Sandbox, SandboxFile, Stream};
use partita::object::Exit;
use partita::upkeep::GcOptions;
use partita::{Entry, FilePath, Session, Snapshot, Store};

use super::Op;
use super::book::{Claimed, Shown, State, globs, judge, takes};
use super::op::PATHS;
use crate::history::{Files, files_of_directory};

type Done<T = ()> = Result<T, String>;

/// A session with its directory, and the book.
#[derive(Debug)]
pub struct World {
    room: tempfile::TempDir,
    store: Store,
    session: Session,
    dir: PathBuf,
    forks: usize,
    evidence: BTreeMap<u64, Shown>,
    /// Claims by number, of this session and of those that were taken back.
    claims: BTreeMap<u64, Claimed>,
    /// The files at each checkpoint of the line.
    line: Vec<State>,
}

/// A sandbox in a directory, whose commands do what a step says.
struct Stage<'a> {
    dir: &'a Path,
    exit: Exit,
    makes: Option<(String, u8)>,
    reads: Option<Vec<FilePath>>,
}

impl Sandbox for Stage<'_> {
    fn describe(&mut self) -> partita::Result<Description> {
        Ok(Description::new("stage", "1"))
    }

    fn run(&mut self, _: &Command, _: &mut dyn FnMut(Stream, &[u8])) -> partita::Result<Outcome> {
        if let Some((path, value)) = &self.makes {
            put(&self.dir.join(path), *value).expect("a file is written");
        }
        let outcome = Outcome::new(self.exit.clone()).with_time(Duration::from_millis(1));
        Ok(match &self.reads {
            Some(paths) => outcome.with_reads(paths.iter().cloned()),
            None => outcome,
        })
    }

    fn read(&mut self, _: &FilePath, _: u64) -> partita::Result<Vec<u8>> {
        unreachable!("its files are read as a directory's")
    }

    fn write(&mut self, _: &FilePath, _: &SandboxFile) -> partita::Result<()> {
        unreachable!("its files are written as a directory's")
    }

    fn directory(&self) -> Option<&Path> {
        Some(self.dir)
    }
}

impl World {
    /// An empty session and an empty directory.
    ///
    /// # Errors
    /// What could not be made.
    pub fn new() -> Done<Self> {
        let room = tempfile::tempdir().map_err(|error| error.to_string())?;
        let dir = room.path().join("dir");
        std::fs::create_dir(&dir).map_err(|error| error.to_string())?;
        let store = Store::in_memory().map_err(said)?;
        let session = store.session("s").map_err(said)?;
        Ok(World {
            room,
            store,
            session,
            dir,
            forks: 0,
            evidence: BTreeMap::new(),
            claims: BTreeMap::new(),
            line: Vec::new(),
        })
    }

    /// Does a step.
    ///
    /// # Errors
    /// What went wrong that may not.
    pub fn run(&mut self, op: &Op) -> Done {
        let path = |at: &usize| PATHS[*at];
        match op {
            Op::Edit(at, value) => put(&self.dir.join(path(at)), *value),
            Op::Mode(at) => {
                let path = self.dir.join(path(at));
                let Ok(found) = path.metadata() else { return Ok(()) };
                let mode = if found.permissions().mode() & 0o100 != 0 { 0o644 } else { 0o755 };
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(path, mode).map_err(|error| error.to_string())
            }
            Op::Delete(at) => {
                // There may be none.
                drop(std::fs::remove_file(self.dir.join(path(at))));
                Ok(())
            }
            Op::Move(from, to) => {
                let (from, to) = (self.dir.join(path(from)), self.dir.join(path(to)));
                std::fs::create_dir_all(to.parent().expect("it has one")).expect("made");
                drop(std::fs::rename(from, to));
                Ok(())
            }
            Op::Write(at, value) => pass(self.session.write(path(at), text(*value))),
            Op::Remove(at) => pass(self.session.remove(path(at))),
            Op::Rename(from, to) => pass(self.session.rename(path(from), path(to))),
            Op::Capture => pass(self.session.workspace(&self.dir).capture()),
            Op::Checkout => pass(self.session.checkout(None, &self.dir)),
            Op::Undo => pass(self.session.undo()),
            Op::Redo => pass(self.session.redo()),
            Op::Restore(which, all) => {
                let count = self.line.len();
                if count == 0 {
                    return Ok(());
                }
                let scope = if *all { RestoreScope::All } else { RestoreScope::Files };
                let number = (which % count + 1).to_string();
                let id = self.session.checkpoint(&number).map_err(said)?;
                pass(self.session.restore_checkpoint(id, scope))
            }
            Op::Fork => {
                self.forks += 1;
                let name = format!("fork {}", self.forks);
                self.session = self.session.fork(&name).map_err(said)?;
                self.dir = self.room.path().join(&name);
                pass(self.session.checkout(None, &self.dir))
            }
            Op::Run { command, scope, ending, makes, claims } => {
                self.command((*command, *scope), *ending, *makes, *claims)
            }
            Op::Import(passes) => self.import(*passes),
            Op::Claim(one, other) => self.claim(*one, *other),
            Op::Gc => {
                let options = GcOptions::new().keep(Duration::ZERO);
                self.store.gc(&options, &mut |_| ControlFlow::Continue(())).map(drop).map_err(said)
            }
        }
    }

    fn command(
        &mut self,
        (command, scope): (usize, usize),
        ending: usize,
        makes: Option<(usize, u8)>,
        claims: bool,
    ) -> Done {
        self.session.workspace(&self.dir).capture().map_err(said)?;
        let before = files_of_directory(&self.dir);
        let has = files_of(&self.session.latest().map_err(said)?)?;
        let (exit, passed) = match ending {
            0..=3 => (Exit::Code(0), Some(true)),
            4 => (Exit::Code(1), Some(false)),
            5 => (Exit::Signal(9), None),
            6 => (Exit::Timeout, None),
            _ => (Exit::Lost, None),
        };
        let name = |at: usize| match PATHS.get(at) {
            Some(path) => (*path).to_owned(),
            None => format!("out/{at}"),
        };
        let makes = makes.map(|(at, value)| (name(at), value));
        let reads = ["src/a", "b"].map(|path| FilePath::new(path).expect("a path"));
        let mut stage = Stage {
            dir: &self.dir,
            exit,
            makes: makes.clone(),
            reads: (scope == 3).then(|| reads.to_vec()),
        };
        let mut line = Command::shell(format!("command {command}"));
        for glob in globs(scope) {
            line = line.inputs(*glob).map_err(said)?;
        }
        if claims {
            line = line.claim("it works");
        }
        let ran = host::run(&self.session, &mut stage, &line).map_err(said)?;
        ran.capture.map_err(said)?;
        let mut inputs = before.clone();
        inputs.retain(|path, _| takes(scope, path));
        let lane = Some((command, scope));
        let earlier = self.evidence.values().rev().find(|shown| shown.lane == lane);
        let mut outputs = earlier.map(|shown| shown.outputs.clone()).unwrap_or_default();
        // What was captured before it ran was there before it ran.
        if let Some((path, _)) = makes {
            let path = path.into_bytes();
            if !before.contains_key(&path) && !has.contains_key(&path) {
                outputs.insert(path);
            }
        }
        let shown = Shown { lane, scope, inputs, outputs, passed };
        self.evidence.insert(ran.evidence, shown);
        for claim in ran.claims {
            self.claims.insert(claim, Claimed { cited: vec![ran.evidence] });
        }
        Ok(())
    }

    fn import(&mut self, passes: bool) -> Done {
        let tap = if passes { &b"ok 1 - a\n1..1\n"[..] } else { b"not ok 1 - a\n1..1\n" };
        let inputs = files_of(&self.session.latest().map_err(said)?)?;
        let inputs = inputs.into_iter().map(|(path, (mode, bytes, _))| (path, (mode, bytes)));
        let number = self.session.import_evidence("tap", tap, None).map_err(said)?;
        let (lane, outputs) = (None, BTreeSet::new());
        let inputs: Files = inputs.collect();
        self.evidence
            .insert(number, Shown { lane, scope: 0, inputs, outputs, passed: Some(passes) });
        Ok(())
    }

    fn claim(&mut self, one: usize, other: usize) -> Done {
        let numbers: Vec<u64> = self.evidence.keys().copied().collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let mut cited = vec![numbers[one % numbers.len()]];
        if other.is_multiple_of(3) {
            cited.push(numbers[other % numbers.len()]);
        }
        let claim = self.session.claim("so it is", cited.iter().copied()).map_err(said)?;
        self.claims.insert(claim, Claimed { cited });
        Ok(())
    }

    /// Compares every claim with the book.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&mut self) -> Done {
        for entry in self.session.changes(self.line.len() as u64).map_err(said)? {
            let state = self.session.at(entry.id).map_err(said)?;
            self.line.push(files_of(&state)?);
        }
        for claim in self.session.claims().map_err(said)? {
            let book = self.claims.get(&claim.number);
            let book = book.ok_or_else(|| format!("claim {} is new", claim.number))?;
            let (status, since) = judge(book, &self.evidence, &self.line);
            let found = claim.stale_since.as_ref();
            let found = found.map(|since| (since.path.as_bytes().to_vec(), since.iteration));
            // A removal has a number too, which the book does not know.
            let is_told = match (&found, &since) {
                (Some((path, _)), Some((expected, None))) => path == expected,
                _ => found == since,
            };
            if claim.status.name() != status || !is_told {
                let shown = |since: Option<(Vec<u8>, Option<u64>)>| {
                    since
                        .map(|(path, number)| (String::from_utf8_lossy(&path).into_owned(), number))
                };
                return Err(format!(
                    "claim {} is {} since {:?}, by the book {status} since {:?}",
                    claim.number,
                    claim.status,
                    shown(found),
                    shown(since)
                ));
            }
        }
        Ok(())
    }

    /// Looks at all evidence, and at the whole store.
    ///
    /// # Errors
    /// What differs.
    pub fn end(&self) -> Done {
        let now = self.session.latest().map_err(said)?;
        for (number, shown) in &self.evidence {
            let entry = now.evidence_at(*number).map_err(said)?;
            let mut inputs = Files::new();
            for input in now.inputs(&entry) {
                let (path, entry) = input.map_err(said)?;
                let (mode, bytes) = self.file(&entry)?;
                inputs.insert(path.as_bytes().to_vec(), (mode, bytes));
            }
            if inputs != shown.inputs {
                return Err(format!("evidence {number} is of other files"));
            }
        }
        match self.store.check(&mut |_| ControlFlow::Continue(())).map_err(said)? {
            report if report.is_ok() => Ok(()),
            report => Err(format!("check: {:?}", report.faults)),
        }
    }

    /// The mode and the bytes of an entry. A listing keeps no content alive: of one that was
    /// collected the book's own bytes are hashed.
    fn file(&self, entry: &Entry) -> Done<(String, Vec<u8>)> {
        let content = entry.content().ok_or("an entry without bytes")?;
        let mode = match entry {
            Entry::File { executable: true, .. } => "100755",
            _ => "100644",
        };
        for value in 0..3 {
            let bytes = text(value);
            if partita::ObjectId::of_content(bytes.as_bytes()) == content.id() {
                return Ok((mode.to_owned(), bytes.into_bytes()));
            }
        }
        Err(format!("nobody wrote {content}"))
    }
}

fn files_of(state: &Snapshot) -> Done<State> {
    let mut files = State::new();
    for file in state.files() {
        let file = file.map_err(said)?;
        let mode = match &file.entry {
            Entry::File { executable: true, .. } => "100755",
            _ => "100644",
        };
        let (bytes, number) = (file.read().map_err(said)?, file.number().map_err(said)?);
        files.insert(file.path.as_bytes().to_vec(), (mode.to_owned(), bytes, number));
    }
    Ok(files)
}

fn text(value: u8) -> String {
    format!("value {value}\n")
}

fn put(path: &Path, value: u8) -> Done {
    std::fs::create_dir_all(path.parent().expect("it has one")).expect("made");
    std::fs::write(path, text(value)).map_err(|error| error.to_string())
}

/// What may fail for lack of something to do it to.
fn pass<T>(done: partita::Result<T>) -> Done {
    use partita::ErrorKind::{Conflict, Invalid, NotFound};
    match done {
        Err(error) if matches!(error.kind(), NotFound | Invalid | Conflict) => Ok(()),
        done => done.map(drop).map_err(said),
    }
}

fn said(error: partita::Error) -> String {
    error.to_string()
}
