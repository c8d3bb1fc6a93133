//! What the command does, an arm for each operation.

use std::path::{Path, PathBuf};
use std::process::Command;

use partita::{Session, Store};
use serde_json::{Value, json};

use super::place::{Ended, Place};
use super::table::{By, Op};
use super::trace::Signs;
use super::worker::{self, FORKS, PATHS, SECRET, SHARED, content, newest, shared, transcript};
use super::{copies, directory};

/// What a command says when it refuses, and rightly so.
const REFUSALS: &[&str] = &[
    "nothing left to undo",
    "nothing to redo",
    "no deleted session",
    "was trimmed",
    "no file ",
    "no iteration ",
    "no checkpoint ",
    "no session ",
    "there is a session",
    "not pinned",
    "is not the newest",
    "expected",
    "conflict",
    "has no checkpoint",
    "has no bytes",
    "maintenance",
    "another checkout",
    "there is no file",
    "the newest is",
    "holds the",
    "changed meanwhile",
    "nothing new",
    "stands in the way",
    "read it again",
];

/// A command line that is ready to run.
struct Line {
    with: Value,
    arguments: Vec<String>,
    /// What of its JSON goes into the ledger.
    gave: fn(&Value) -> Value,
}

impl Place {
    /// Does one operation by the command.
    pub(super) fn command(&mut self, op: Op, dies: bool) {
        let token = format!("{}-{}-c", self.slot, self.lives);
        match op {
            Op::Recover => return self.recover(&token, dies),
            Op::Rewrite => return self.rewrite(&token, dies),
            Op::Checkout => return self.checkout(&token, false, dies),
            Op::CheckoutShared => return self.checkout(&token, true, dies),
            Op::Stale => return self.stale(&token, dies),
            Op::Capture | Op::Run => return self.work(op, &token, dies),
            _ => {}
        }
        let store = self.look();
        let Some(line) = self.line(op, &token, &store) else { return };
        self.ledger.begin(&token, op, line.with.clone());
        let ended = self.run(op, &line.arguments, dies);
        let Some(told) = self.told(&token, &ended) else { return };
        let mut gave = (line.gave)(&told);
        match op {
            // Its name is its place's own: nobody else can have taken it away.
            Op::Fork | Op::ForkAt => {
                let name = line.with["name"].as_str().expect("a fork has a name");
                let source = line.with["source"].as_str().expect("a fork has a source");
                match self.look().open_session(name) {
                    Ok(fork) => gave["fork"] = fork.id().to_string().into(),
                    Err(error) => {
                        return self.fault(&token, &format!("a fork is not there: {error}"));
                    }
                }
                let high = self.look().open_session(source).map(|source| newest(&source));
                gave["high"] = high.unwrap_or(u64::MAX).into();
            }
            Op::Restore => {
                let name = line.with["name"].as_str().expect("it has a name");
                let after = self.look().open_session(name).map(|session| newest(&session));
                gave["after"] = after.unwrap_or(0).into();
            }
            _ => {}
        }
        self.ledger.done(&token, gave);
    }

    /// The store, opened for a look.
    pub(super) fn look(&self) -> Store {
        let options = Store::options().read_only(true).catalogue(false);
        options.open(worker::store(&self.ground.dir)).expect("the store opens")
    }

    /// Runs the command; a victim dies somewhere.
    pub(super) fn run(&mut self, op: Op, arguments: &[String], dies: bool) -> Ended {
        let plan = dies.then(|| self.ground.kills.plan(&mut self.random, op, By::Command));
        let mut command = match plan {
            Some(_) => {
                let mut command = Command::new(&self.ground.own);
                command.arg("offer").arg(&self.ground.command);
                command
            }
            None => Command::new(&self.ground.command),
        };
        let is_copy = arguments.first().is_some_and(|first| first == "--store");
        if !is_copy {
            command.arg("--store").arg(worker::store(&self.ground.dir));
        }
        command.args(arguments).env_remove("PARTITA_STORE");
        command.env("XDG_STATE_HOME", self.ground.dir.join("state"));
        let ended = self.process(command, &Signs::Output, plan);
        if let Some(plan) = plan {
            self.ground.kills.learn(op, By::Command, plan, ended.seen);
            self.killed.count(op, ended.seen);
        }
        ended
    }

    /// What the command told, if it was acknowledged: also one that was killed after it printed.
    pub(super) fn told(&mut self, token: &str, ended: &Ended) -> Option<Value> {
        let json = serde_json::from_str(&ended.output);
        match ended.code {
            Some(0) => Some(json.unwrap_or(Value::Null)),
            None if ended.seen.killed => json.ok().filter(Value::is_object),
            // A checkout that named what it cannot write, and wrote all else.
            Some(1) if ended.errors.contains("all else is there") => json.ok(),
            Some(1 | 125) if REFUSALS.iter().any(|text| ended.errors.contains(text)) => {
                self.ledger.refused(token, ended.errors.trim());
                None
            }
            code => {
                let what = format!("exit code {code:?}: {}", ended.errors.trim());
                self.fault(token, &what);
                None
            }
        }
    }

    fn file(&self, bytes: &[u8]) -> String {
        let path = self.ground.dir.join("io").join(format!("{}.in", self.slot));
        std::fs::write(&path, bytes).expect("the torture's disk has room");
        path.to_string_lossy().into_owned()
    }

    /// A session to change: one that all share, or a fork of this place's own, for `write` would
    /// create again what another place deleted.
    fn any(&mut self, store: &Store) -> Session {
        if self.random.chance(2, 5)
            && let Some(fork) = self.own_fork(store)
        {
            return fork;
        }
        let name = shared(self.random.below(SHARED));
        store.open_session(&name).expect("a session that nobody deletes")
    }

    fn own_fork(&mut self, store: &Store) -> Option<Session> {
        let prefix = format!("f/{}.", self.slot);
        let rows: Vec<_> = store.sessions().prefix(&prefix).flatten().collect();
        if rows.is_empty() {
            return None;
        }
        store.open_session(self.random.pick(&rows).name()).ok()
    }

    fn line(&mut self, op: Op, token: &str, store: &Store) -> Option<Line> {
        match op {
            Op::Write | Op::Say | Op::Undo | Op::Redo | Op::Remove | Op::Restore => {
                Some(self.change(op, token, store))
            }
            Op::Fork | Op::ForkAt => self.fork(op, token, store),
            Op::Trim | Op::Pin | Op::Unpin => self.history(op, store),
            Op::Rename | Op::Delete => self.of_fork(op, token, store),
            Op::Undelete => self.undelete(token, store),
            Op::Gc => Some(plain(&["gc", "--json"])),
            Op::GcAll => Some(plain(&["gc", "--keep", "0", "--json"])),
            Op::Check => Some(plain(&["check", "--json"])),
            Op::Purge => {
                let name = shared(SHARED - 2);
                let session = store.open_session(&name).expect("a session that nobody deletes");
                let arguments = ["purge", &name, SECRET, "--everywhere", "--reason", "x", "--json"];
                let with = json!({"session": session.id().to_string()});
                Some(Line { with, ..plain(&arguments) })
            }
            Op::Git => self.git(),
            Op::Transcript => Some(self.transcript(store)),
            _ => unreachable!("the library does it, or an arm of its own"),
        }
    }

    fn change(&mut self, op: Op, token: &str, store: &Store) -> Line {
        let session = self.any(store);
        let (id, name) = (session.id().to_string(), session.name().to_owned());
        let path = format!("f{}", self.random.below(PATHS));
        let mut with = json!({"session": id, "name": name, "path": path});
        match op {
            Op::Write => {
                let (bytes, content) = content(&mut self.random, token);
                with["content"] = content.into();
                let file = self.file(&bytes);
                Line {
                    with,
                    arguments: words(&["write", &name, &path, &file, "--json"]),
                    gave: of_file,
                }
            }
            Op::Say => {
                let file = self.file(token.as_bytes());
                let line = ["say", &name, "--role", "user", &file, "--json"];
                let gave = |told: &Value| {
                    json!({
                        "memory": told["number"],
                        "number": told["checkpoint"]["number"],
                        "checkpoint": told["checkpoint"]["id"],
                    })
                };
                Line { with, arguments: words(&line), gave }
            }
            Op::Undo | Op::Redo => {
                let gave =
                    |told: &Value| json!({"number": told["number"], "checkpoint": told["id"]});
                Line { with, arguments: words(&[op.name(), &name, "--json"]), gave }
            }
            Op::Remove => {
                Line { with, arguments: words(&["remove", &name, &path, "--json"]), gave: of_file }
            }
            _ => {
                let last = session.history(&path).ok().and_then(|mut history| history.next());
                let last = last.and_then(Result::ok).map_or(1, |info| info.number.max(1));
                let number = 1 + self.random.below(usize::try_from(last).unwrap_or(1));
                with["iteration"] = number.into();
                let number = number.to_string();
                let line = ["restore", &name, &path, "--iteration", &number, "--json"];
                let gave = |told: &Value| json!({"brought": told["checkpoint"], "by": told["checkpoint_id"]});
                Line { with, arguments: words(&line), gave }
            }
        }
    }

    fn fork(&mut self, op: Op, token: &str, store: &Store) -> Option<Line> {
        if store.sessions().prefix("f/").count() >= FORKS {
            return None;
        }
        let session = self.any(store);
        let (source, low) = (session.name().to_owned(), newest(&session));
        let name = format!("f/{}.{token}", self.slot);
        let mut with = json!({
            "session": session.id().to_string(), "source": source, "name": name, "low": low,
        });
        let mut arguments = words(&["fork", &source, &name]);
        if op == Op::ForkAt {
            let number = low.saturating_sub(self.random.below(20) as u64).max(1);
            with["at"] = number.into();
            arguments.extend(words(&["--at", &number.to_string()]));
        }
        Some(Line { with, arguments, gave: |_| json!({}) })
    }

    fn history(&mut self, op: Op, store: &Store) -> Option<Line> {
        let fork = match self.random.chance(1, 2) {
            true => self.own_fork(store),
            false => None,
        };
        let session = fork.or_else(|| store.open_session(&shared(SHARED - 1)).ok())?;
        let (id, name) = (session.id().to_string(), session.name().to_owned());
        if op == Op::Trim {
            let keep = self.random.between(1, 40);
            let line = ["trim", &name, "--keep", &keep.to_string(), "--json"];
            let with = json!({"session": id, "keep": keep});
            let gave = |told: &Value| json!({"oldest": told["oldest"]});
            return Some(Line { with, arguments: words(&line), gave });
        }
        let back = self.random.below(10) as u64;
        let mut number = newest(&session).saturating_sub(back).max(1);
        if op == Op::Unpin {
            let pins = session.pins().ok()?;
            number = if pins.is_empty() { return None } else { self.random.pick(&pins).number };
        }
        let checkpoint = session.checkpoint(&number.to_string()).ok()?;
        let with = json!({"session": id, "pinned": checkpoint.to_string()});
        let word = if op == Op::Pin { "pin" } else { "unpin" };
        let line = [word, &name, "--at", &number.to_string(), "--json"];
        Some(Line { with, arguments: words(&line), gave: |_| json!({}) })
    }

    fn of_fork(&mut self, op: Op, token: &str, store: &Store) -> Option<Line> {
        let session = self.own_fork(store)?;
        let (id, name) = (session.id().to_string(), session.name().to_owned());
        let new = format!("f/{}.{token}", self.slot);
        let with = json!({"session": id, "name": name, "new": new});
        let arguments = match op {
            Op::Rename => words(&["rename", &name, &new]),
            _ => words(&["delete", &name]),
        };
        Some(Line { with, arguments, gave: |_| json!({}) })
    }

    fn undelete(&mut self, token: &str, store: &Store) -> Option<Line> {
        let mut deleted = store.deleted_sessions().ok()?;
        deleted
            .retain(|deleted| deleted.name.as_deref().is_some_and(|name| name.starts_with("f/")));
        if deleted.is_empty() || store.sessions().prefix("f/").count() >= FORKS {
            return None;
        }
        let id = self.random.pick(&deleted).id.to_string();
        let name = format!("f/{}.{token}", self.slot);
        let with = json!({"session": id, "new": name});
        let line = ["undelete", &id, &name, "--json"];
        Some(Line { with, arguments: words(&line), gave: |_| json!({}) })
    }

    fn git(&mut self) -> Option<Line> {
        let last = self.ground.commits.len().checked_sub(1)?;
        let at = (self.commits + self.random.between(0, 3)).min(last);
        self.commits = at;
        let rev = self.ground.commits[at].clone();
        let name = format!("g/{}", self.slot);
        let repository = self.ground.dir.join("repository").to_string_lossy().into_owned();
        let with = json!({"name": name, "commits": at + 1});
        let line = ["import", "git", &repository, "--session", &name, "--rev", &rev, "--json"];
        Some(Line { with, ..plain(&line) })
    }

    fn transcript(&mut self, store: &Store) -> Line {
        let name = format!("tc/{}", self.slot);
        let session = store.open_session(&name);
        let has =
            session.and_then(|session| session.latest()).map(|state| state.memories().count());
        let count = has.unwrap_or(0) + self.random.between(1, 4);
        let file = self.file(transcript(self.slot, count).as_bytes());
        let with = json!({"name": name, "count": count});
        let line = ["import", "transcript", &file, "--session", &name, "--json"];
        Line { with, ..plain(&line) }
    }

    fn stale(&mut self, token: &str, dies: bool) {
        let store = self.look();
        let session = self.any(&store);
        let name = session.name().to_owned();
        let file = self.file(token.as_bytes());
        let with = json!({"session": session.id().to_string(), "name": name, "path": "f0",
            "content": partita::ObjectId::of_content(token.as_bytes()).to_string()});
        self.ledger.begin(token, Op::Stale, with);
        let line = words(&["write", &name, "f0", &file, "--expect", "1000000", "--json"]);
        let ended = self.run(Op::Stale, &line, dies);
        if self.told(token, &ended).is_some() {
            self.fault(token, "a stale write was taken");
        }
    }

    /// Writes a secret into a session of this place's own and takes it out with its id.
    fn rewrite(&mut self, token: &str, dies: bool) {
        let name = format!("rw/{}", self.slot);
        let secret = copies::secret(&mut self.random);
        let (keep, content) = content(&mut self.random, token);
        let with = json!({"name": name, "secret": secret, "content": content});
        self.ledger.begin(token, Op::Rewrite, with);
        for (path, bytes) in [("keep", &keep[..]), (SECRET, secret.as_bytes())] {
            let file = self.file(bytes);
            let ended =
                self.run(Op::Rewrite, &words(&["write", &name, path, &file, "--json"]), false);
            if self.told(token, &ended).is_none() {
                return;
            }
        }
        let line = ["purge", &name, SECRET, "--rewrite", "--reason", "x", "--json"];
        let ended = self.run(Op::Rewrite, &words(&line), dies);
        if self.told(token, &ended).is_some() {
            self.ledger.done(token, json!({}));
        }
    }

    fn checkout(&mut self, token: &str, is_shared: bool, dies: bool) {
        let store = self.look();
        let name = shared(self.random.below(SHARED - 2));
        let session = store.open_session(&name).expect("a session that nobody deletes");
        let Ok(state) = session.latest() else { return };
        let Some(info) = state.checkpoint() else { return };
        let number = info.number.to_string();
        let ground = self.ground.clone();
        let dir = match is_shared {
            true => directory::shared(&ground.dir),
            false => directory::own(&ground.dir, self.slot),
        };
        // Now and then one has the shared directory for itself: then it must be exact.
        let alone = is_shared && self.random.chance(1, 4);
        let _one = alone.then(|| ground.shared.write().expect("nobody panics with it"));
        let _many =
            (is_shared && !alone).then(|| ground.shared.read().expect("nobody panics with it"));
        let op = if is_shared { Op::CheckoutShared } else { Op::Checkout };
        self.ledger.begin(token, op, json!({"session": session.id().to_string()}));
        let dir_text = dir.to_string_lossy().into_owned();
        let line = words(&["checkout", &name, &dir_text, "--at", &number, "--json"]);
        let ended = self.run(op, &line, dies && !alone);
        let Some(told) = self.told(token, &ended) else { return };
        self.ledger.done(token, json!({"at": info.number}));
        if is_shared && !alone {
            return;
        }
        let left = told["leave"].as_array().map_or(0, Vec::len);
        if let Err(what) = directory::compare(&dir, &state, left) {
            self.fault(token, &format!("checkout of {name} at {number}: {what}"));
        }
    }

    /// Makes a copy whole that is whole: nothing may change but the names of files.
    fn recover(&mut self, token: &str, dies: bool) {
        let copy: PathBuf = self.ground.dir.join("copies").join(self.slot.to_string());
        let from = worker::store(&self.ground.dir);
        if let Err(error) = copies::copy(&from, &copy) {
            return self.fault(token, &format!("copy the store: {error}"));
        }
        let before = match copies::survey(&copy) {
            Ok(before) => before,
            Err(error) => return self.fault(token, &format!("read a copy: {error}")),
        };
        self.ledger.begin(token, Op::Recover, json!({}));
        let line = words(&["--store", &copy.to_string_lossy(), "recover", "--json"]);
        let first = self.run(Op::Recover, &line, dies);
        if first.seen.killed || first.code == Some(0) {
            let second = self.run(Op::Recover, &line, false);
            if second.code != Some(0) {
                let what = format!("a second recovery: {}", second.errors.trim());
                return self.fault(token, &what);
            }
        } else if self.told(token, &first).is_none() {
            return;
        }
        match compare_copy(&copy, &before) {
            Ok(()) => {
                self.ledger.done(token, json!({}));
                let _ = std::fs::remove_dir_all(&copy);
            }
            Err(what) => self.fault(token, &format!("recovery of a whole copy: {what}")),
        }
    }
}

fn compare_copy(copy: &Path, before: &[String]) -> Result<(), String> {
    let after = copies::survey(copy).map_err(|error| error.to_string())?;
    if let Some(lost) = before.iter().find(|row| !after.contains(row)) {
        return Err(format!(
            "{lost} is gone; {} of {} sessions are left",
            after.len(),
            before.len()
        ));
    }
    if after.len() > before.len() {
        return Err(format!("{} sessions became {}", before.len(), after.len()));
    }
    Ok(())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn plain(line: &[&str]) -> Line {
    Line { with: json!({}), arguments: words(line), gave: |_| json!({}) }
}

fn of_file(told: &Value) -> Value {
    json!({
        "number": told["checkpoint"],
        "checkpoint": told["checkpoint_id"],
        "iteration": told["number"],
    })
}
