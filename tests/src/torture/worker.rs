//! A process of the library: opens the store, does some operations, closes it.

mod acts;
mod looks;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use partita::{Error, ErrorKind, Result, Session, Snapshot, Store};
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::table::{By, Op};
use super::trace;
use crate::random::Random;

/// Sessions that all processes write to. The history of the last is trimmed now and then.
pub const SHARED: usize = 4;

/// Files that are written to in a session.
pub const PATHS: usize = 6;

/// Forks that there may be.
pub const FORKS: usize = 24;

/// The session that all merge into.
pub const MERGED: &str = "m/all";

/// The path whose contents are purged.
pub const SECRET: &str = "secret";

/// How long anybody waits for a lock: longer than a torture's slowest operation.
pub const LOCK_WAIT: Duration = Duration::from_secs(120);

/// The exit code that says that a fault was found and noted.
pub const FAULTY: u8 = 78;

/// The exit code that says that this process may not be watched here.
pub const UNWATCHED: u8 = 77;

/// What a process is told.
#[derive(Clone, Debug)]
pub struct Life {
    /// The directory of the torture: `store`, `ledgers` and more.
    pub dir: PathBuf,
    /// Which of the processes it is.
    pub slot: usize,
    /// Which one in its place.
    pub life: usize,
    /// What chance starts from.
    pub seed: u64,
    /// How many operations it does.
    pub operations: usize,
    /// How long its segments get.
    pub segment_bytes: u64,
    /// What its last operation is, at which it is watched.
    pub last: Option<Op>,
    /// Operations that it leaves alone.
    pub without: Vec<Op>,
}

impl Life {
    /// Writes it as arguments.
    pub fn to_arguments(&self) -> Vec<String> {
        let without: Vec<&str> = self.without.iter().map(|op| op.name()).collect();
        vec![
            self.dir.to_string_lossy().into_owned(),
            self.slot.to_string(),
            self.life.to_string(),
            self.seed.to_string(),
            self.operations.to_string(),
            self.segment_bytes.to_string(),
            self.last.map_or("-", Op::name).to_owned(),
            without.join(","),
        ]
    }

    /// Reads the arguments; none if they are none.
    pub fn of_arguments(arguments: &[String]) -> Option<Life> {
        let [dir, slot, life, seed, operations, segment_bytes, last, without] = arguments else {
            return None;
        };
        Some(Life {
            dir: dir.into(),
            slot: slot.parse().ok()?,
            life: life.parse().ok()?,
            seed: seed.parse().ok()?,
            operations: operations.parse().ok()?,
            segment_bytes: segment_bytes.parse().ok()?,
            last: Op::of_name(last),
            without: without.split(',').filter_map(Op::of_name).collect(),
        })
    }

    /// Returns the name of its ledger.
    pub fn ledger(&self) -> String {
        format!("library-{}-{}", self.slot, self.life)
    }

    /// Lives it.
    pub fn live(self) -> ExitCode {
        let ledger =
            Ledger::open(&ledgers(&self.dir), &self.ledger()).expect("a ledger can be made");
        let options = Store::options().lock_timeout(LOCK_WAIT).segment_bytes(self.segment_bytes);
        let store = match options.open(store(&self.dir)) {
            Ok(store) => store,
            Err(error) => {
                let mut ledger = ledger;
                ledger.fault(&format!("{}-{}-open", self.slot, self.life), &told(&error));
                return ExitCode::from(FAULTY);
            }
        };
        let random = Random::new(self.seed);
        let worker = Worker {
            life: self,
            store,
            ledger,
            random,
            sessions: HashMap::new(),
            held: None,
            done: 0,
        };
        worker.run()
    }
}

/// The store of a torture.
pub fn store(dir: &Path) -> PathBuf {
    dir.join("store")
}

/// The ledgers of a torture.
pub fn ledgers(dir: &Path) -> PathBuf {
    dir.join("ledgers")
}

/// The name of a session that all share.
pub fn shared(at: usize) -> String {
    format!("s/{at}")
}

/// Tells whether older states of a session may go while somebody looks.
pub fn may_go(name: &str) -> bool {
    name == shared(SHARED - 1) || name.starts_with("f/")
}

/// Tells whether a state is gone, as an error says: it was trimmed, or its session was deleted, and
/// the bytes were collected.
pub fn is_gone(name: &str, session: &Session, state: &Snapshot, error: &Error) -> bool {
    let given_up = |info: &partita::history::CheckpointInfo| {
        session.at(info.id).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    may_go(name)
        && match error.kind() {
            ErrorKind::NotFound => true,
            // A node in the middle of the state: only the state as a whole tells that it was given up.
            ErrorKind::Corrupt => state.checkpoint().is_some_and(given_up),
            _ => false,
        }
}

/// Says what failed, with the kind of error.
pub fn told(error: &Error) -> String {
    format!("{error} ({})", error.kind().code())
}

/// Returns bytes that nobody else writes, and their id.
pub fn content(random: &mut Random, token: &str) -> (Vec<u8>, String) {
    let size = match random.below(100) {
        0..60 => random.below(200),
        60..90 => random.below(4_000),
        90..99 => random.below(40_000),
        _ => random.below(300_000),
    };
    let mut bytes = format!("{token}\n").into_bytes();
    if random.chance(1, 2) {
        bytes.extend(random.bytes(size));
    } else {
        let line = format!("line {} of {token}\n", random.below(9));
        bytes.extend(line.bytes().cycle().take(size));
    }
    let id = partita::ObjectId::of_content(&bytes).to_string();
    (bytes, id)
}

/// A transcript of so many messages.
pub(super) fn transcript(slot: usize, count: usize) -> String {
    let roles = ["user", "assistant"];
    let messages = (0..count)
        .map(|at| json!({"role": roles[at % 2], "content": format!("message {at} of {slot}")}));
    Value::Array(messages.collect()).to_string()
}

/// A state that is kept for long and looked at again.
#[derive(Debug)]
struct Held {
    session: Session,
    state: Snapshot,
    files: String,
}

struct Worker {
    life: Life,
    store: Store,
    ledger: Ledger,
    random: Random,
    /// Handles that are kept, as a host keeps them.
    sessions: HashMap<String, Session>,
    held: Option<Held>,
    done: usize,
}

impl Worker {
    fn run(mut self) -> ExitCode {
        for at in 1..=self.life.operations {
            let last = self.life.last.filter(|op| at == self.life.operations && *op != Op::Close);
            if last.is_some() && trace::offer().is_err() {
                return ExitCode::from(UNWATCHED);
            }
            let op =
                last.unwrap_or_else(|| Op::draw(&mut self.random, By::Library, &self.life.without));
            self.done += 1;
            let token = format!("{}-{}-{}", self.life.slot, self.life.life, self.done);
            self.act(op, &token);
            if self.ledger.has_faults() {
                break;
            }
        }
        let token = format!("{}-{}-close", self.life.slot, self.life.life);
        if self.life.last == Some(Op::Close) {
            if trace::offer().is_err() {
                return ExitCode::from(UNWATCHED);
            }
            self.ledger.begin(&token, Op::Close, json!({}));
        }
        if self.ledger.has_faults() { ExitCode::from(FAULTY) } else { ExitCode::SUCCESS }
    }

    /// Notes how an operation ended.
    fn end(&mut self, token: &str, result: Result<Value>) {
        match result {
            Ok(value) => self.ledger.done(token, value),
            Err(error) => {
                let text = told(&error);
                let refused = matches!(
                    error.kind(),
                    ErrorKind::NotFound
                        | ErrorKind::Conflict
                        | ErrorKind::AlreadyExists
                        | ErrorKind::Purged
                        | ErrorKind::Busy
                );
                // What a store says of an object that it should have.
                if refused && !text.contains("no object") && !text.contains("no memory") {
                    self.ledger.refused(token, &text);
                } else {
                    self.ledger.fault(token, &text);
                }
            }
        }
    }

    /// Returns a session to change: one that all share, or a fork.
    fn any(&mut self) -> Session {
        if self.random.chance(2, 5)
            && let Some(fork) = self.a_fork("f/")
        {
            return fork;
        }
        let name = shared(self.random.below(SHARED));
        self.shared(&name)
    }

    fn shared(&mut self, name: &str) -> Session {
        if let Some(session) = self.sessions.get(name) {
            return session.clone();
        }
        let session = self.store.session(name).expect("a session that nobody deletes");
        self.sessions.insert(name.to_owned(), session.clone());
        session
    }

    /// Returns one of the forks whose name begins so, if there is one.
    fn a_fork(&mut self, prefix: &str) -> Option<Session> {
        let names: Vec<String> = self
            .store
            .sessions()
            .prefix(prefix)
            .flatten()
            .map(|row| row.name().to_owned())
            .collect();
        if names.is_empty() {
            return None;
        }
        let name = self.random.pick(&names).clone();
        if let Some(session) = self.sessions.get(&name)
            && session.latest().is_ok()
        {
            return Some(session.clone());
        }
        let session = self.store.open_session(&name).ok()?;
        self.sessions.insert(name, session.clone());
        Some(session)
    }

    /// Returns one of this place's own forks, which nobody else renames or deletes.
    fn own_fork(&mut self) -> Option<Session> {
        self.a_fork(&format!("f/{}.", self.life.slot))
    }
}

/// The number of a session's newest checkpoint.
pub(super) fn newest(session: &Session) -> u64 {
    session.latest().ok().and_then(|state| state.checkpoint().map(|info| info.number)).unwrap_or(0)
}
