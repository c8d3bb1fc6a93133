//! Work on a store and a directory together that a crash cuts short: at every call of the store the
//! machine stops, the medium keeps what a crash may leave of it, and the directory is as far as the
//! work had come.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use partita::{Result, Session, Store};

use super::entropy::Source;
use super::lanes::in_lanes;
use super::ledger::say;
use crate::history::{Files, files_of_directory};
use crate::vfs::{Crash, Disk, Fault, Recorder};

/// What is done, and what must hold whatever is left of it.
pub(super) struct Work {
    /// What errors call it.
    pub(super) name: &'static str,
    /// What comes before, and is there for good.
    pub(super) prepare: fn(&Session, &Path) -> Result<()>,
    /// Does it, and tells whether it is acknowledged.
    pub(super) act: fn(&Session, &Path) -> Result<bool>,
    /// What another process must find.
    pub(super) look: fn(&Left<'_>) -> Result<(), String>,
}

/// What a crash left.
pub(super) struct Left<'a> {
    pub(super) dir: &'a Path,
    /// What was in the directory.
    pub(super) files: &'a Files,
    pub(super) is_acknowledged: bool,
    image: Disk,
}

impl Left<'_> {
    /// Opens the store as another process does.
    pub(super) fn open(&self) -> Result<(Store, Session), String> {
        let store = Store::options().open_vfs(Arc::new(Recorder::on(self.image.clone())));
        let store = store.map_err(|error| say("open", &error))?;
        let session = store.open_session("s").map_err(|error| say("open the session", &error))?;
        Ok((store, session))
    }

    /// Makes the directory what the crash left.
    pub(super) fn put_back(&self) -> Result<(), String> {
        put_back(self.dir, self.files).map_err(|error| error.to_string())
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Calls at which the machine stopped.
    pub calls: usize,
    /// Different states of the medium, each with its directory.
    pub states: usize,
}

impl Work {
    /// Stops at every call of the work on a medium that holds nothing yet, and looks at so many fates of
    /// each at the most.
    pub(super) fn cut_short(
        &self,
        medium: impl Fn() -> Recorder + Sync,
        fates: usize,
        seed: u64,
    ) -> Result<Seen, String> {
        let name = self.name;
        let whole = self.run(medium(), None).map_err(|error| say(name, &error))?;
        // The last one is none: there all of it is done.
        let calls: Vec<usize> = (whole.begin..=whole.medium.calls().len()).collect();
        let states = in_lanes(&calls, |&at| {
            let bad = |what| format!("{name} that ended at call {at}: {what}");
            self.one(medium(), at, fates, seed).map(Some).map_err(bad)
        })?;
        Ok(Seen { calls: calls.len(), states: states.iter().sum() })
    }

    fn one(&self, medium: Recorder, at: usize, fates: usize, seed: u64) -> Result<usize, String> {
        let run = self.run(medium, Some(at)).map_err(|error| say("what comes before", &error))?;
        let files = files_of_directory(&run.dir());
        let actions = run.medium.actions().split_off(run.before.1);
        let crash = Crash::after(&run.before.0, &actions);
        let mut seen = HashSet::new();
        for number in 0..fates {
            let Some(fate) = crash.fate(number, seed ^ (at as u64) << 16) else { break };
            let image = crash.image(fate);
            if !seen.insert(image.hash()) {
                continue;
            }
            let (dir, is_acknowledged) = (&run.dir(), run.is_acknowledged);
            let left = Left { dir, files: &files, is_acknowledged, image };
            // The first one meets the files themselves, with the times that were seen.
            let is_there = if seen.len() > 1 { left.put_back() } else { Ok(()) };
            let held = is_there.and_then(|()| (self.look)(&left));
            held.map_err(|what| format!("{fate}: {what}"))?;
        }
        Ok(seen.len())
    }

    /// Does it, and dies at a call.
    fn run(&self, medium: Recorder, dies_at: Option<usize>) -> Result<Run> {
        let room = tempfile::tempdir().expect("a directory can be made");
        let dir = room.path().join("dir");
        // What fills ids is the same in every run, so that calls are too.
        let (begin, before, done) = Source::new(1).supply(|| -> Result<_> {
            let store = Store::options().open_vfs(Arc::new(medium.clone()))?;
            let session = store.session("s")?;
            (self.prepare)(&session, &dir)?;
            let begin = medium.calls().len();
            let before = (medium.disk(), medium.actions().len());
            if let Some(at) = dies_at {
                medium.fail(at, Fault::Killed);
            }
            Ok((begin, before, (self.act)(&session, &dir)))
        })?;
        let is_acknowledged = match done {
            Ok(is_acknowledged) => is_acknowledged,
            Err(error) if dies_at.is_none() => return Err(error),
            Err(_) => false,
        };
        Ok(Run { room, medium, begin, before, is_acknowledged })
    }
}

/// Work that was done, or cut short.
struct Run {
    room: tempfile::TempDir,
    medium: Recorder,
    /// The first call of the work.
    begin: usize,
    /// What the medium held before, for good, and how many actions had made it.
    before: (Disk, usize),
    is_acknowledged: bool,
}

impl Run {
    fn dir(&self) -> PathBuf {
        self.room.path().join("dir")
    }
}

/// Plain files with these texts.
pub(super) fn plain(rows: &[(&str, &str)]) -> Files {
    let row = |(path, text): &(&str, &str)| {
        (path.as_bytes().to_vec(), ("100644".to_owned(), text.as_bytes().to_vec()))
    };
    rows.iter().map(row).collect()
}

pub(super) fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

/// Makes a directory hold these files and nothing else.
pub(super) fn put_back(dir: &Path, files: &Files) -> std::io::Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir(dir)?;
    for (path, (_, bytes)) in files {
        let path = dir.join(shown(path));
        fs::create_dir_all(path.parent().expect("it is below the directory"))?;
        fs::write(path, bytes)?;
    }
    Ok(())
}
