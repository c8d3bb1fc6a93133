//! Directories that are captured and commands that are run, each place in a session and a directory of
//! its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use partita::{ObjectId, Store};
use serde_json::{Value, json};

use super::directory;
use super::place::Place;
use super::table::Op;
use super::worker::PATHS;

/// How often it is asked whether what a killed process started is gone.
const ASKED: Duration = Duration::from_millis(5);

/// How long that may take: a command of a few calls, on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// The session of a place.
pub(super) fn session(slot: usize) -> String {
    format!("w/{slot}")
}

impl Place {
    /// Changes something in the directory, by itself or by a command that partita runs, and has it
    /// captured.
    pub(super) fn work(&mut self, op: Op, token: &str, dies: bool) {
        let dir = self.ground.dir.join("work").join(self.slot.to_string());
        let name = session(self.slot);
        let path = format!("f{}", self.random.below(PATHS));
        if let Err(error) = fs::create_dir_all(&dir).and_then(|()| self.disturb(&dir)) {
            return self.fault(token, &format!("change {}: {error}", dir.display()));
        }
        let content = ObjectId::of_content(format!("{token}\n").as_bytes()).to_string();
        self.ledger.begin(token, op, json!({"name": name, "path": path, "content": content}));
        let place = dir.to_string_lossy().into_owned();
        let command = format!("echo {token} >{path}");
        let line: Vec<&str> = match op {
            Op::Run => vec!["run", &name, "--dir", &place, "--json", "--", "sh", "-c", &command],
            _ => {
                if let Err(error) = fs::write(dir.join(&path), format!("{token}\n")) {
                    return self.fault(token, &format!("write {path}: {error}"));
                }
                vec!["capture", &name, &place, "--json"]
            }
        };
        let line: Vec<String> = line.into_iter().map(str::to_owned).collect();
        let ended = self.run(op, &line, dies);
        if ended.seen.killed && !has_ended(token) {
            return self.fault(token, "what a killed process started does not end");
        }
        let Some(told) = self.told(token, &ended) else { return };
        self.ledger.done(token, json!({"number": told["checkpoint"]["number"]}));
        let store = self.look();
        if let Err(what) = compare(&store, &name, &dir) {
            self.fault(token, &format!("{} of {}: {what}", op.name(), dir.display()));
        }
    }

    /// What somebody did there meanwhile, and nobody captured: a file goes, or one comes back.
    fn disturb(&mut self, dir: &Path) -> std::io::Result<()> {
        let path = dir.join("d").join(format!("f{}", self.random.below(PATHS)));
        if path.exists() {
            return fs::remove_file(path);
        }
        fs::create_dir_all(path.parent().expect("it is below the directory"))?;
        fs::write(path, self.random.word().to_string())
    }
}

/// After a capture the session has what the directory has, and nothing else.
fn compare(store: &Store, name: &str, dir: &Path) -> Result<(), String> {
    let session = store.open_session(name).map_err(|error| error.to_string())?;
    let state = session.latest().map_err(|error| error.to_string())?;
    directory::compare(dir, &state, 0)
}

/// Waits for every process that has the token in its command line: what a killed one started lives on.
/// Tells whether they ended in time.
fn has_ended(token: &str) -> bool {
    let has = |line: PathBuf| {
        let line = fs::read(line).unwrap_or_default();
        line.windows(token.len()).any(|words| words == token.as_bytes())
    };
    let is_alive = || {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        all.map(|entry| entry.path().join("cmdline")).any(has)
    };
    let begun = Instant::now();
    while is_alive() {
        if begun.elapsed() > PATIENCE {
            return false;
        }
        std::thread::sleep(ASKED);
    }
    true
}

/// What an acknowledged operation says that it recorded.
pub(super) fn recorded(
    store: &Store,
    name: &str,
    gave: &Value,
    path: &str,
) -> Result<String, String> {
    let number = gave["number"].as_u64().ok_or("it told no checkpoint")?;
    let read = || {
        let session = store.open_session(name)?;
        let state = session.at(session.checkpoint(&number.to_string())?)?;
        state.read(path)
    };
    let bytes = read().map_err(|error| error.to_string())?;
    Ok(ObjectId::of_content(&bytes).to_string())
}
