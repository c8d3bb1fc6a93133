//! The store under test, and what is compared with the book.

use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use partita::history::{RestoreScope, Trim};
use partita::upkeep::{GcOptions, GcProgress, PurgeOptions};
use partita::{ErrorKind, Memory, Selector, Session, Snapshot, Store};

use super::book::{Book, Kept, Line, State};
use super::op::{NAMES, Op, PATHS};
use crate::vfs::Recorder;

/// What a step did, or why it was refused.
type Done<T = ()> = Result<T, ErrorKind>;

/// Bytes of a segment, so that stores of some operations have several.
const SEGMENT_BYTES: u64 = 24 << 10;

/// A store and two handles of it.
#[derive(Debug)]
pub struct World {
    medium: Recorder,
    handles: Vec<Store>,
    used: usize,
}

fn go_on(_: GcProgress) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn open(medium: &Recorder) -> Store {
    let options = Store::options().segment_bytes(SEGMENT_BYTES);
    options.open_vfs(Arc::new(medium.process())).expect("a store opens")
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

impl World {
    /// Starts with an empty store.
    pub fn new() -> Self {
        let medium = Recorder::new();
        let handles = (0..2).map(|_| open(&medium)).collect();
        World { medium, handles, used: 0 }
    }

    /// Does an operation in the store and in the book.
    ///
    /// # Errors
    /// What the two do not agree on.
    pub fn run(&mut self, op: &Op, book: &mut Book) -> Result<(), String> {
        match op {
            Op::Use { handle } => self.used = *handle,
            Op::Reopen { handle } => self.handles[*handle] = open(&self.medium),
            Op::Gc => self.gc()?,
            _ => {
                let store = self.handles[self.used].clone();
                let mut step = Step { store, book };
                let (found, expected) = step.run(op)?;
                let found = found.map_err(|error| (error.kind(), error.to_string()));
                match (&found, &expected) {
                    (Ok(()), Ok(())) => {}
                    (Err((kind, _)), Err(due)) if kind == due => {}
                    _ => return Err(format!("came {found:?}, expected {expected:?}")),
                }
            }
        }
        Ok(())
    }

    fn gc(&self) -> Result<(), String> {
        let options = GcOptions::new().keep(Duration::ZERO);
        let store = &self.handles[self.used];
        store.gc(&options, &mut go_on).map_err(|error| format!("gc: {error}"))?;
        let again = store.gc(&options, &mut go_on).map_err(|error| format!("gc: {error}"))?;
        match again.objects {
            0 => Ok(()),
            left => Err(format!("a second gc finds {left} objects")),
        }
    }

    /// Compares everything readable, through both handles, and checks the store.
    ///
    /// # Errors
    /// What differs.
    pub fn compare(&self, book: &Book) -> Result<(), String> {
        for store in &self.handles {
            let names = store.sessions().map(|entry| entry.map(|entry| entry.name().to_owned()));
            let names: Vec<String> = names.collect::<partita::Result<_>>().map_err(said)?;
            same("sessions", &names, &book.lines.keys().cloned().collect())?;
            for (name, line) in &book.lines {
                let session = store.open_session(name).map_err(said)?;
                compare_line(&session, line, book).map_err(|what| format!("{name}: {what}"))?;
            }
            let report = store.check(&mut |_| ControlFlow::Continue(())).map_err(said)?;
            if !report.is_ok() {
                return Err(format!("check: {:?}", report.faults));
            }
        }
        Ok(())
    }
}

fn said(error: partita::Error) -> String {
    format!("{:?}: {error}", error.kind())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, came: &T, due: &T) -> Result<(), String> {
    if came == due { Ok(()) } else { Err(format!("{what}: came {came:?}, expected {due:?}")) }
}

/// One operation, in the store and in the book.
struct Step<'a> {
    store: Store,
    book: &'a mut Book,
}

impl Step<'_> {
    /// A text that nothing else has.
    fn fresh(&mut self, what: &str) -> String {
        self.book.count += 1;
        format!("{what} {} {}", self.book.count, "of some length ".repeat(12))
    }

    fn run(&mut self, op: &Op) -> Result<(partita::Result<()>, Done), String> {
        let store = self.store.clone();
        match *op {
            Op::Create { s } => {
                let due = match self.book.lines.contains_key(NAMES[s]) {
                    true => Err(ErrorKind::AlreadyExists),
                    false => {
                        self.book.lines.insert(NAMES[s].into(), Line::new());
                        Ok(())
                    }
                };
                return Ok((store.create_session(NAMES[s]).map(drop), due));
            }
            Op::Delete { s } => {
                let due = self.book.lines.remove(NAMES[s]).map(drop).ok_or(ErrorKind::NotFound);
                return Ok((store.delete_session(NAMES[s]), due));
            }
            Op::RenameSession { s, d } if s != d => {
                let lines = &mut self.book.lines;
                let due = match (lines.contains_key(NAMES[s]), lines.contains_key(NAMES[d])) {
                    (false, _) => Err(ErrorKind::NotFound),
                    (_, true) => Err(ErrorKind::AlreadyExists),
                    _ => {
                        let line = lines.remove(NAMES[s]).expect("it is there");
                        lines.insert(NAMES[d].into(), line);
                        Ok(())
                    }
                };
                return Ok((store.rename_session(NAMES[s], NAMES[d]), due));
            }
            Op::RenameSession { .. } => return Ok((Ok(()), Ok(()))),
            _ => {}
        }
        let name = NAMES[session_of(op)];
        let session = match (store.open_session(name), self.book.lines.get(name)) {
            (Ok(session), Some(_)) => session,
            (Err(error), None) => return Ok((Err(error), Err(ErrorKind::NotFound))),
            (found, line) => return Err(format!("{name}: {found:?}, {}", line.is_some())),
        };
        let mut line = self.book.lines[name].clone();
        let done = self.on_line(op, &session, &mut line)?;
        self.book.lines.insert(name.to_owned(), line);
        Ok(done)
    }

    fn on_line(
        &mut self,
        op: &Op,
        session: &Session,
        line: &mut Line,
    ) -> Result<(partita::Result<()>, Done), String> {
        let (mut now, made) = (line.now(), line.newest() + 1);
        let pick = |n: usize| n as u64 % line.newest().max(1) + 1;
        Ok(match *op {
            Op::Write { p, text, .. } => {
                // Some texts come again.
                let bytes = match text {
                    0..40 => format!("text {text} {}", "that comes again ".repeat(8)),
                    _ => self.fresh("text"),
                };
                let found = session.write(PATHS[p], &bytes).map(|info| info.number);
                let text = self.book.text(bytes);
                if self.book.texts[text].purged {
                    return Ok((found.map(drop), Err(ErrorKind::Purged)));
                }
                if !self.book.same(now.live(PATHS[p]), Some(text)) {
                    now.set(PATHS[p], Some(text), made);
                    line.push(now, "write", Some(PATHS[p].into()));
                }
                let number = line.now().files[PATHS[p]].number;
                if let Ok(told) = &found {
                    same("the number of a write", told, &number)?;
                }
                (found.map(drop), Ok(()))
            }
            Op::Remove { p, .. } => {
                let due = match now.live(PATHS[p]) {
                    None => Err(ErrorKind::NotFound),
                    Some(_) => {
                        now.set(PATHS[p], None, made);
                        line.push(now, "remove", Some(PATHS[p].into()));
                        Ok(())
                    }
                };
                (session.remove(PATHS[p]).map(drop), due)
            }
            Op::Rename { p, q, .. } => {
                let due = match (p == q, now.live(PATHS[p])) {
                    (true, _) => Err(ErrorKind::Invalid),
                    (_, None) => Err(ErrorKind::NotFound),
                    _ => {
                        now.rename(PATHS[p], PATHS[q], made);
                        line.push(now, "rename", Some(PATHS[q].into()));
                        Ok(())
                    }
                };
                (session.rename(PATHS[p], PATHS[q]).map(drop), due)
            }
            Op::Remember { .. } => {
                let text = self.fresh("memory");
                let found = session.remember(Memory::user(&text));
                remember(self.book, &mut now, text);
                if let Ok(told) = &found {
                    same("the number of a memory", told, &now.given)?;
                }
                line.push(now, "remember", None);
                (found.map(drop), Ok(()))
            }
            Op::Put { key, .. } => {
                let (key, value) = (format!("key {key}"), self.fresh("value"));
                let found = session.state().put(&key, &value);
                now.values.insert(key, value);
                line.push(now, "state", None);
                (found, Ok(()))
            }
            Op::Batch { p, q, .. } => {
                let texts = [self.fresh("one"), self.fresh("two"), self.fresh("memory")];
                let found = session.batch(|batch| {
                    batch.write(PATHS[p], &texts[0])?;
                    batch.write(PATHS[q], &texts[1])?;
                    batch.remember(Memory::user(&texts[2]))
                });
                let [one, two, said] = texts;
                for (path, text) in [(p, one), (q, two)] {
                    let text = self.book.text(text);
                    now.set(PATHS[path], Some(text), made);
                }
                remember(self.book, &mut now, said);
                line.push(now, "batch", None);
                (found, Ok(()))
            }
            Op::Restore { p, n, batch, .. } => {
                let newest = now.files.get(PATHS[p]).map_or(0, |version| version.number);
                let number = n as u64 % (newest + 2);
                let history = line.history(PATHS[p]);
                let version = history.iter().find(|version| version.number == number).cloned();
                let due = match version {
                    None => Err(ErrorKind::NotFound),
                    Some(version) => {
                        if !self.book.same(now.live(PATHS[p]), version.text) {
                            now.set(PATHS[p], version.text, made);
                            let kind = if batch { "batch" } else { "restore" };
                            line.push(now, kind, (!batch).then(|| PATHS[p].into()));
                        }
                        Ok(())
                    }
                };
                let found = match batch {
                    true => session.batch(|batch| batch.restore(PATHS[p], number)).map(drop),
                    false => session.restore(PATHS[p], number).map(drop),
                };
                (found, due)
            }
            Op::RestoreCheckpoint { n, scope, .. } => {
                let number = pick(n);
                self.restore(session, line, number, scope)?
            }
            Op::Undo { .. } => self.undo(session, line)?,
            Op::Fork { d, .. } => {
                let due = self.begin(d, line.fork(line.newest()));
                (session.fork(NAMES[d]).map(drop), due)
            }
            Op::ForkAt { d, n, .. } => {
                let number = pick(n);
                let due = match line.at(number) {
                    None => Err(ErrorKind::NotFound),
                    Some(_) => self.begin(d, line.fork(number)),
                };
                let id = session.checkpoint(&number.to_string());
                (id.and_then(|id| session.fork_at(NAMES[d], id)).map(drop), due)
            }
            Op::Trim { keep, .. } => {
                line.oldest = line.oldest.max((line.newest() + 1).saturating_sub(keep));
                let found = session.trim(Trim::Keep(keep));
                if let Ok(told) = &found {
                    same("the oldest", &told.oldest, &line.oldest)?;
                }
                (found.map(drop), Ok(()))
            }
            Op::Pin { n, .. } => {
                let number = pick(n);
                let due = line.at(number).ok_or(ErrorKind::NotFound);
                let due = due.map(|state| drop(line.pins.insert(number, state)));
                let id = session.checkpoint(&number.to_string());
                (id.and_then(|id| session.pin(id)).map(drop), due)
            }
            Op::Unpin { n, .. } => {
                let number = pick(n);
                let found = session.checkpoint(&number.to_string());
                let found = found.and_then(|id| session.unpin(id)).map(drop);
                (found, line.pins.remove(&number).map(drop).ok_or(ErrorKind::NotFound))
            }
            Op::Purge { p, n, rewrite, .. } => self.purge(session, line, (p, n), rewrite),
            Op::PurgeMemory { n, rewrite, .. } => {
                let Some(number) = nth(&now, n) else { return Ok((Ok(()), Ok(()))) };
                let options = self.options(rewrite);
                let found = session.memory_id(&number.to_string());
                let found =
                    found.and_then(|id| session.purge_memory(id, &options.1, &mut go_on).map(drop));
                let text = &mut self.book.said[now.memories[&number]];
                match rewrite {
                    true => *text = Kept { bytes: options.0, purged: false },
                    false => text.purged = true,
                }
                (found, Ok(()))
            }
            Op::Forget { n, .. } | Op::Recall { n, .. } => {
                let forget = matches!(op, Op::Forget { .. });
                let Some(number) = nth(&now, n) else { return Ok((Ok(()), Ok(()))) };
                let is_purged = self.book.said[now.memories[&number]].purged;
                if is_purged || now.forgotten.contains(&number) == forget {
                    return Ok((Ok(()), Ok(())));
                }
                let selector: Selector = number.to_string().parse().map_err(said)?;
                let found = match forget {
                    true => session.forget(&selector).map(drop),
                    false => session.recall(&selector).map(drop),
                };
                match forget {
                    true => drop(now.forgotten.insert(number)),
                    false => drop(now.forgotten.remove(&number)),
                }
                line.push(now, if forget { "forget" } else { "recall" }, None);
                (found, Ok(()))
            }
            _ => (Ok(()), Ok(())),
        })
    }

    fn begin(&mut self, name: usize, line: Line) -> Done {
        if self.book.lines.contains_key(NAMES[name]) {
            return Err(ErrorKind::AlreadyExists);
        }
        self.book.lines.insert(NAMES[name].into(), line);
        Ok(())
    }

    fn options(&mut self, rewrite: bool) -> (String, PurgeOptions) {
        self.book.count += 1;
        let reason = format!("reason {}", self.book.count);
        let options = PurgeOptions::new(&reason).everywhere(true).rewrite(rewrite);
        (format!("[purged: {reason}]"), options)
    }

    fn restore(
        &mut self,
        session: &Session,
        line: &mut Line,
        number: u64,
        scope: usize,
    ) -> Result<(partita::Result<()>, Done), String> {
        let scopes = [RestoreScope::Files, RestoreScope::Dialog, RestoreScope::All];
        let id = session.checkpoint(&number.to_string());
        let found = id.and_then(|id| session.restore_checkpoint(id, scopes[scope]));
        let Some(then) = line.at(number) else {
            return Ok((found.map(drop), Err(ErrorKind::NotFound)));
        };
        let info = found.map_err(said)?;
        let mut now = line.now();
        let mut changed = false;
        if scopes[scope] != RestoreScope::Dialog {
            changed |= self.book.bring_back(&mut now, &then, line.newest() + 1);
        }
        if scopes[scope] != RestoreScope::Files {
            changed |= bring_dialog_back(&mut now, &then);
        }
        let made = info.number == line.newest() + 1;
        // What of the view the book does not hold may change alone.
        if changed != made && (changed || scopes[scope] == RestoreScope::Files) {
            return Err(format!("a restore made {}, expected a change {changed}", info.number));
        }
        if made {
            line.push(now, "restore", Some(format!("checkpoint {number}")));
        }
        Ok((Ok(()), Ok(())))
    }

    fn undo(
        &mut self,
        session: &Session,
        line: &mut Line,
    ) -> Result<(partita::Result<()>, Done), String> {
        let found = session.undo().map(|info| info.number);
        let target = line.undoable.last().copied();
        let Some((kind, before)) =
            target.filter(|(_, before)| line.oldest == 1 || *before >= line.oldest)
        else {
            return Ok((found.map(drop), Err(ErrorKind::NotFound)));
        };
        line.undoable.pop();
        let then = match before {
            0 => Rc::new(State::default()),
            before => line.checkpoints[before as usize - 1].clone(),
        };
        let mut now = line.now();
        self.book.bring_back(&mut now, &then, line.newest() + 1);
        bring_dialog_back(&mut now, &then);
        line.add(now, "undo", Some(kind.into()));
        if let Ok(told) = &found {
            same("the number of an undo", told, &line.newest())?;
        }
        Ok((found.map(drop), Ok(())))
    }

    fn purge(
        &mut self,
        session: &Session,
        line: &Line,
        (path, n): (usize, usize),
        rewrite: bool,
    ) -> (partita::Result<()>, Done) {
        let history = line.history(PATHS[path]);
        let version = (!history.is_empty()).then(|| history[n % history.len()].clone());
        let number = version.as_ref().map_or(1, |version| version.number);
        let (stand_in, options) = self.options(rewrite);
        let found = session.purge_file(PATHS[path], Some(number), &options, &mut go_on).map(drop);
        let Some(text) = version.and_then(|version| version.text) else {
            return (found, Err(ErrorKind::NotFound));
        };
        let bytes = self.book.texts[text].bytes.clone();
        for kept in self.book.texts.iter_mut().filter(|kept| kept.bytes == bytes) {
            match rewrite {
                true => *kept = Kept { bytes: stand_in.clone(), purged: false },
                false => kept.purged = true,
            }
        }
        match rewrite {
            true => drop(self.book.banned.remove(&bytes)),
            false => drop(self.book.banned.insert(bytes)),
        }
        (found, Ok(()))
    }
}

fn session_of(op: &Op) -> usize {
    match *op {
        Op::Create { s }
        | Op::Write { s, .. }
        | Op::Remove { s, .. }
        | Op::Rename { s, .. }
        | Op::Remember { s }
        | Op::Put { s, .. }
        | Op::Batch { s, .. }
        | Op::Restore { s, .. }
        | Op::RestoreCheckpoint { s, .. }
        | Op::Undo { s }
        | Op::Fork { s, .. }
        | Op::ForkAt { s, .. }
        | Op::Trim { s, .. }
        | Op::Pin { s, .. }
        | Op::Unpin { s, .. }
        | Op::Delete { s }
        | Op::RenameSession { s, .. }
        | Op::Purge { s, .. }
        | Op::PurgeMemory { s, .. }
        | Op::Forget { s, .. }
        | Op::Recall { s, .. } => s,
        Op::Gc | Op::Use { .. } | Op::Reopen { .. } => 0,
    }
}

fn nth(now: &State, n: usize) -> Option<u64> {
    let count = now.memories.len();
    (count > 0).then(|| *now.memories.keys().nth(n % count).expect("below the count"))
}

fn remember(book: &mut Book, now: &mut State, text: String) {
    book.said.push(Kept { bytes: text, purged: false });
    now.given += 1;
    now.memories.insert(now.given, book.said.len() - 1);
}

/// Brings the dialog of an earlier state back; tells whether anything changed.
fn bring_dialog_back(now: &mut State, then: &State) -> bool {
    let before = now.clone();
    now.memories = then.memories.clone();
    now.values = then.values.clone();
    now.forgotten = then.forgotten.clone();
    before.memories != now.memories
        || before.values != now.values
        || before.forgotten != now.forgotten
}

fn compare_line(session: &Session, line: &Line, book: &Book) -> Result<(), String> {
    let log: Vec<_> =
        session.log().and_then(Iterator::collect::<partita::Result<_>>).map_err(said)?;
    let numbers: Vec<u64> = log.iter().map(|entry| entry.number).collect();
    let due = (line.oldest..=line.newest()).rev();
    same("log", &numbers, &if line.newest() == 0 { Vec::new() } else { due.collect() })?;
    for entry in &log {
        if let Some((kind, message)) = &line.made[entry.number as usize - 1] {
            same(&format!("kind of {}", entry.number), &entry.kind.name(), kind)?;
            if let Some(message) = message {
                same(&format!("message of {}", entry.number), &entry.message, message)?;
            }
        }
    }
    let horizon = session.horizon().map_err(said)?.map_or(1, |horizon| horizon.checkpoint);
    same("horizon", &horizon, &line.oldest)?;
    let pins: Vec<u64> = session.pins().map_err(said)?.iter().map(|pin| pin.number).collect();
    same("pins", &pins, &line.pins.keys().copied().collect())?;
    for number in 1..=line.newest() {
        let then = session.checkpoint(&number.to_string()).and_then(|id| session.at(id));
        match (then, line.at(number)) {
            (Ok(then), Some(state)) => compare_state(&then, &state, book)
                .map_err(|what| format!("checkpoint {number}: {what}"))?,
            (Err(error), None) if error.kind() == ErrorKind::NotFound => {}
            (then, _) => return Err(format!("checkpoint {number}: {then:?}")),
        }
    }
    for path in PATHS {
        let due = line.history(path);
        let rows = match session.history(path) {
            Ok(rows) => rows.collect::<partita::Result<Vec<_>>>().map_err(said)?,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(said(error)),
        };
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.path.to_string(), row.number, row.checkpoint_number))
            .collect();
        let due_rows: Vec<_> = due
            .iter()
            .map(|version| (version.path.clone(), version.number, version.made.max(line.oldest)))
            .collect();
        same(&format!("history of {path}"), &told, &due_rows)?;
        for (row, version) in rows.iter().zip(&due) {
            let name = format!("{path} {}", version.number);
            let alone = session.iteration(path, version.number).map_err(said)?;
            same(&format!("{name} alone"), &alone, row)?;
            let due = match version.text.map(|text| &book.texts[text]) {
                None => Err(ErrorKind::NotFound),
                Some(kept) if kept.purged => Err(ErrorKind::Purged),
                Some(kept) => Ok(kept.bytes.clone().into_bytes()),
            };
            let read = session.read_at(path, version.number).map_err(|error| error.kind());
            same(&name, &read, &due)?;
        }
        if let Some(last) = due.last().filter(|last| last.number > 1) {
            let beyond = session.read_at(path, last.number - 1).map_err(|error| error.kind());
            same(&format!("{path} beyond its end"), &beyond, &Err(ErrorKind::NotFound))?;
        }
    }
    Ok(())
}

fn compare_state(then: &Snapshot, state: &State, book: &Book) -> Result<(), String> {
    let mut files = Vec::new();
    for file in then.files() {
        let file = file.map_err(said)?;
        let number = file.number().map_err(said)?;
        files.push((file.path.to_string(), number, file.read().map_err(|error| error.kind())));
    }
    let live = state.files.iter().filter_map(|(path, version)| {
        let kept = &book.texts[version.text?];
        let bytes =
            if kept.purged { Err(ErrorKind::Purged) } else { Ok(kept.bytes.clone().into()) };
        Some((path.clone(), version.number, bytes))
    });
    same("files", &files, &live.collect())?;
    let memories = then.memories().map(|entry| match entry {
        Ok(entry) => Ok((entry.number, entry.memory.text().into_owned())),
        Err(error) => Err(error.kind()),
    });
    let due = state.memories.iter().map(|(number, text)| match &book.said[*text] {
        kept if kept.purged => Err(ErrorKind::Purged),
        kept => Ok((*number, kept.bytes.clone())),
    });
    same("memories", &memories.collect::<Vec<_>>(), &due.collect())?;
    let shown = then.view().memories().map(|entry| entry.map(|entry| entry.number));
    let shown: Vec<u64> = shown.collect::<partita::Result<_>>().map_err(said)?;
    let due = state
        .memories
        .iter()
        .filter(|(number, text)| !state.forgotten.contains(number) && !book.said[**text].purged);
    same("view", &shown, &due.map(|(number, _)| *number).collect())?;
    let mut values = Vec::new();
    for (key, value) in then.state().list().map_err(said)? {
        values.push((format!("{key:?}"), format!("{value:?}")));
    }
    same("state", &values.len(), &state.values.len())?;
    for (key, value) in &state.values {
        let read = then.state().get(key).map_err(said)?;
        let due = Some(partita::state::StateValue::Bytes(value.clone().into_bytes()));
        same(&format!("state {key}"), &read, &due)?;
    }
    Ok(())
}
