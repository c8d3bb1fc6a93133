//! What a process intends, what came of it, and what it saw: a line each, written with one write.
//!
//! A kill comes before such a write or after it. An operation that began and did not end is
//! unknown: it may be done once, or not at all.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::table::Op;

/// The file in which one process notes.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    file: File,
    has_faults: bool,
}

/// Nanoseconds since 1970, which all processes of a machine count alike.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

impl Ledger {
    /// Opens the ledger of a process.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(dir: &Path, name: &str) -> io::Result<Self> {
        let path = dir.join(name);
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Ledger { path, file, has_faults: false })
    }

    /// Returns where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether something was noted that must not be.
    pub fn has_faults(&self) -> bool {
        self.has_faults
    }

    fn note(&mut self, value: &Value) {
        let line = format!("{value}\n");
        self.file.write_all(line.as_bytes()).expect("the ledger's disk has room");
    }

    /// Notes that an operation begins.
    pub fn begin(&mut self, token: &str, op: Op, arguments: Value) {
        self.note(&json!({"begun": now(), "token": token, "op": op.name(), "with": arguments}));
    }

    /// Notes that it was done.
    pub fn done(&mut self, token: &str, result: Value) {
        self.note(&json!({"ended": now(), "token": token, "how": "done", "gave": result}));
    }

    /// Notes that it was refused, so that nothing was done.
    pub fn refused(&mut self, token: &str, why: &str) {
        self.note(&json!({"ended": now(), "token": token, "how": "refused", "gave": {"why": why}}));
    }

    /// Notes a state that a reader saw.
    pub fn saw(&mut self, session: &str, number: u64, checkpoint: &str) {
        self.note(&json!({"saw": session, "number": number, "checkpoint": checkpoint}));
    }

    /// Notes what must not be.
    pub fn fault(&mut self, token: &str, what: &str) {
        self.has_faults = true;
        self.note(&json!({"fault": what, "token": token, "at": now()}));
    }
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was acknowledged.
    Done,
    /// It was refused and did nothing.
    Refused,
    /// Its process died: nobody knows.
    Unknown,
}

/// One operation, as the ledgers tell it.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Names it, among all of a torture.
    pub token: String,
    /// What it was.
    pub op: Op,
    /// When it began.
    pub began: u64,
    /// When it ended; never, if its process died.
    pub ended: u64,
    /// How it ended.
    pub end: End,
    /// What it was done with.
    pub with: Value,
    /// What it returned.
    pub gave: Value,
}

impl Deed {
    /// Returns a text of what it was done with or, if not there, of what it returned.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.with[key].as_str().or_else(|| self.gave[key].as_str())
    }

    /// Returns a number, likewise.
    pub fn number(&self, key: &str) -> Option<u64> {
        self.with[key].as_u64().or_else(|| self.gave[key].as_u64())
    }

    /// Returns the session's id, where it is known.
    pub fn session(&self) -> Option<&str> {
        self.text("session")
    }
}

/// A state that somebody saw.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The session's id.
    pub session: String,
    /// The checkpoint's number.
    pub number: u64,
    /// The checkpoint's id.
    pub checkpoint: String,
}

/// All that the ledgers of a torture tell.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// The operations by their tokens.
    pub deeds: BTreeMap<String, Deed>,
    /// What was seen.
    pub sights: Vec<Sight>,
    /// What must not be.
    pub faults: Vec<String>,
}

impl Record {
    /// Reads every ledger of a directory.
    ///
    /// # Errors
    /// What the system says, and `InvalidData` for a line that is none.
    pub fn read(dir: &Path) -> io::Result<Self> {
        let mut record = Record::default();
        for entry in std::fs::read_dir(dir)? {
            let text = std::fs::read_to_string(entry?.path())?;
            // What was cut short ends the file of a process that died.
            for line in text.lines() {
                let line = serde_json::from_str(line).map_err(io::Error::other)?;
                record.take(&line);
            }
        }
        Ok(record)
    }

    fn take(&mut self, line: &Value) {
        let token = || line["token"].as_str().unwrap_or_default().to_owned();
        if let Some(began) = line["begun"].as_u64() {
            let op = line["op"].as_str().and_then(Op::of_name).expect("a name of the table");
            let (with, gave) = (line["with"].clone(), Value::Object(Map::new()));
            let (ended, end) = (u64::MAX, End::Unknown);
            let deed = Deed { token: token(), op, began, ended, end, with, gave };
            self.deeds.insert(token(), deed);
        } else if let Some(ended) = line["ended"].as_u64() {
            let deed = self.deeds.get_mut(&token()).expect("it was begun");
            deed.ended = ended;
            deed.end = if line["how"] == "done" { End::Done } else { End::Refused };
            deed.gave = line["gave"].clone();
        } else if let Some(what) = line["fault"].as_str() {
            self.faults.push(format!("{}: {what}", token()));
        } else if let Some(session) = line["saw"].as_str() {
            self.sights.push(Sight {
                session: session.to_owned(),
                number: line["number"].as_u64().unwrap_or_default(),
                checkpoint: line["checkpoint"].as_str().unwrap_or_default().to_owned(),
            });
        }
    }
}
