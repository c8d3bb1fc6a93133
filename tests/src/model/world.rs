//! The store under test: a medium, two handles that write, one that reads.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use partita::history::{RestoreScope, Trim};
use partita::state::StateValue;
use partita::upkeep::GcOptions;
use partita::{ErrorKind, Memory, Result, Session, Snapshot, Store, StoreOptions};

use super::op::{Edit, NAMES, Op, PATHS};
use super::plain::{Frozen, Line, Plain};
use crate::vfs::{Crash, Disk, Fate, Recorder};

/// Bytes of a segment, so that stores of some operations have several.
const SEGMENT_BYTES: u64 = 12 << 10;

/// A store and the processes that use it.
#[derive(Debug)]
pub struct World {
    base: Disk,
    medium: Recorder,
    /// The medium as each writer has it: its process.
    media: Vec<Recorder>,
    writers: Vec<Store>,
    reader: Store,
    used: usize,
}

impl World {
    /// Starts with an empty store.
    pub fn new() -> Self {
        World::on(Disk::default())
    }

    fn on(base: Disk) -> Self {
        let medium = Recorder::on(base.clone());
        let media: Vec<Recorder> = (0..2).map(|_| medium.process()).collect();
        let writers = media.iter().map(|own| open(own, options())).collect();
        let reader = open(&medium.process(), options().read_only(true));
        World { base, medium, media, writers, reader, used: 0 }
    }

    /// Lets the process of a writer be dead; another one takes its place, and the rest live on.
    fn bury(&mut self, writer: usize) {
        self.media[writer].kill();
        self.open_anew(writer);
    }

    fn open_anew(&mut self, writer: usize) {
        // What is there is closed before the next is opened.
        self.writers[writer] = self.reader.clone();
        self.media[writer] = self.medium.process();
        self.writers[writer] = open(&self.media[writer], options());
    }

    /// Tells whether a process that opens the store now finds the sessions as the model has them.
    pub fn agrees(&self, plain: &Plain) -> bool {
        let store = open(&self.medium.process(), options().read_only(true));
        let names: Vec<String> =
            store.sessions().map(|entry| entry.expect("a row").name().to_owned()).collect();
        names.iter().eq(plain.sessions.keys())
            && plain.sessions.iter().all(|(name, line)| {
                let session = store.open_session(name).expect("a session of the listing");
                let latest = session.latest().expect("a state");
                let number = latest.checkpoint().map_or(0, |info| info.number);
                let oldest = session
                    .log()
                    .expect("a log")
                    .last()
                    .map_or(1, |row| row.expect("a row").number);
                number == line.checkpoints.len() as u64
                    && (number == 0 || oldest == line.oldest())
                    && frozen(&latest) == line.now
            })
    }

    /// Does an operation; errors are the library's.
    ///
    /// # Errors
    /// What the library says.
    pub fn run(&mut self, op: &Op) -> Result<()> {
        let store = self.writers[self.used].clone();
        let session = |name: &usize| store.open_session(NAMES[*name]);
        match op {
            Op::Create(name) => store.create_session(NAMES[*name]).map(drop),
            Op::RenameSession(from, to) => store.rename_session(NAMES[*from], NAMES[*to]),
            Op::Delete(name) => store.delete_session(NAMES[*name]),
            Op::Fork(from, to) => session(from)?.fork(NAMES[*to]).map(drop),
            Op::Edit(name, edit) => one(&session(name)?, edit),
            Op::Batch(name, edits) => session(name)?.batch(|batch| {
                edits.iter().try_for_each(|edit| match edit {
                    Edit::Write(path, byte) => batch.write(PATHS[*path], [*byte]).map(drop),
                    Edit::Remove(path) => batch.remove(PATHS[*path]).map(drop),
                    Edit::Rename(from, to) => batch.rename(PATHS[*from], PATHS[*to]).map(drop),
                    Edit::Remember(byte) => batch.remember(Memory::user(byte.to_string())),
                    Edit::Put(key, byte) => batch.state_put([b'k', *key], [*byte]),
                    Edit::Append(key, byte) => batch.state_append([b'l', *key], [*byte]),
                })
            }),
            Op::Import(name, edits) => import(&session(name)?, edits),
            Op::Restore(name, path, number) => {
                session(name)?.restore(PATHS[*path], *number).map(drop)
            }
            Op::RestoreCheckpoint(name, at, scope) => {
                let session = session(name)?;
                let scopes = [RestoreScope::Files, RestoreScope::Dialog, RestoreScope::All];
                let count = session.latest()?.checkpoint().map_or(0, |info| info.number).max(1);
                let number = *at as u64 % count + 1;
                let id = session.checkpoint(&number.to_string())?;
                session.restore_checkpoint(id, scopes[usize::from(*scope)]).map(drop)
            }
            Op::Undo(name) => session(name)?.undo().map(drop),
            Op::Use(writer) => {
                self.used = *writer;
                Ok(())
            }
            Op::Reopen(writer) => {
                drop(store);
                self.open_anew(*writer);
                Ok(())
            }
            Op::ReopenReader => {
                self.reader = open(&self.medium.process(), options().read_only(true));
                Ok(())
            }
            Op::Trim(name, keep) => session(name)?.trim(Trim::Keep(*keep)).map(drop),
            Op::Gc => store.gc(&GcOptions::new(), &mut |_| ControlFlow::Continue(())).map(drop),
            Op::KillOne(writer) => {
                drop(store);
                self.bury(*writer);
                Ok(())
            }
            Op::Die(writer, call, op) => {
                drop(store);
                let used = std::mem::replace(&mut self.used, *writer);
                self.media[*writer].die_at(*call);
                let done = self.run(op);
                self.bury(*writer);
                self.used = used;
                // Nobody acknowledged what it left: a power cut may take away what others have seen
                // of it by then. The model has decided by what is seen, so that is made to stay.
                self.writers[used].sync().expect("others go on");
                done
            }
            Op::Kill => {
                *self = World { used: self.used, ..World::on(self.medium.disk()) };
                Ok(())
            }
            Op::PowerCut(at) => {
                let actions = self.medium.actions();
                let crash = Crash::after(&self.base, &actions);
                let fate = crash.fate(at % 12, *at as u64).unwrap_or(Fate::Dropped);
                let image = crash.image(fate);
                *self = World { used: self.used, ..World::on(image) };
                Ok(())
            }
        }
    }

    /// Compares what every handle tells of the latest state with the model.
    pub fn assert_latest(&self, plain: &Plain) {
        for store in self.writers.iter().chain([&self.reader]) {
            assert_listings(store, plain);
            for (name, line) in &plain.sessions {
                let session = store.open_session(name).expect("a session of the model");
                let latest = session.latest().expect("a state");
                assert_eq!(frozen(&latest), line.now, "{name}");
                let number = latest.checkpoint().map_or(0, |info| info.number);
                assert_eq!(number, line.checkpoints.len() as u64, "{name}");
            }
        }
    }

    /// Compares everything that ever was with the model, and checks the store.
    pub fn assert_all(&self, plain: &Plain) {
        self.assert_latest(plain);
        for (name, line) in &plain.sessions {
            let session = self.reader.open_session(name).expect("a session of the model");
            assert_line(&session, line);
        }
        let report = self.reader.check(&mut |_| ControlFlow::Continue(())).expect("a check");
        assert!(report.is_ok(), "{report:?}");
    }
}

impl Default for World {
    fn default() -> Self {
        World::new()
    }
}

fn options() -> StoreOptions {
    Store::options().segment_bytes(SEGMENT_BYTES).lock_timeout(Duration::from_secs(5))
}

fn open(medium: &Recorder, options: StoreOptions) -> Store {
    options.open_vfs(Arc::new(medium.clone())).expect("a store that was only ever killed opens")
}

fn one(session: &Session, edit: &Edit) -> Result<()> {
    match edit {
        Edit::Write(path, byte) => session.write(PATHS[*path], [*byte]).map(drop),
        Edit::Remove(path) => session.remove(PATHS[*path]).map(drop),
        Edit::Rename(from, to) => session.rename(PATHS[*from], PATHS[*to]).map(drop),
        Edit::Remember(byte) => session.remember(Memory::user(byte.to_string())).map(drop),
        Edit::Put(key, byte) => session.state().put([b'k', *key], [*byte]),
        Edit::Append(key, byte) => session.state().append([b'l', *key], [*byte]),
    }
}

fn import(session: &Session, edits: &[Edit]) -> Result<()> {
    let mut import = session.import()?;
    for edit in edits {
        let mut step = import.checkpoint();
        match edit {
            Edit::Write(path, byte) => drop(step.write(PATHS[*path], [*byte])?),
            Edit::Remove(path) => drop(step.remove(PATHS[*path])?),
            Edit::Rename(from, to) => drop(step.rename(PATHS[*from], PATHS[*to])?),
            Edit::Remember(byte) => step.remember(Memory::user(byte.to_string()))?,
            Edit::Put(..) | Edit::Append(..) => {}
        }
        step.finish()?;
    }
    import.flush()
}

fn frozen(snapshot: &Snapshot) -> Frozen {
    let mut frozen = Frozen::default();
    for file in snapshot.files() {
        let file = file.expect("a file");
        frozen.files.insert(file.path.to_string(), file.read().expect("its bytes"));
    }
    for entry in snapshot.memories() {
        let entry = entry.expect("a memory");
        frozen.memories.push((entry.number, entry.memory.text().into()));
    }
    for (key, value) in snapshot.state().list().expect("a state") {
        match value {
            StateValue::Bytes(bytes) => drop(frozen.state.insert(key, bytes)),
            _ => {
                let items = snapshot.state().items(&key, 0..u64::MAX).expect("a list");
                frozen.lists.insert(key, items);
            }
        }
    }
    for file in snapshot.view().files() {
        let file = file.expect("a file in view");
        frozen.in_view.push((file.path.to_string(), file.number));
    }
    frozen
}

fn assert_listings(store: &Store, plain: &Plain) {
    let names = |prefix: &str| {
        let all = plain.sessions.keys().filter(|name| name.starts_with(prefix));
        all.cloned().collect::<Vec<_>>()
    };
    for prefix in ["", "t", "team/", "team/x", "zz"] {
        let rows = store.sessions().prefix(prefix).map(|entry| entry.expect("a row"));
        assert_eq!(rows.map(|entry| entry.name().to_owned()).collect::<Vec<_>>(), names(prefix));
        let mut paged: Vec<String> = Vec::new();
        loop {
            let page = store.sessions().prefix(prefix).limit(2);
            let page = match paged.last() {
                Some(last) => page.after(last),
                None => page,
            };
            let before = paged.len();
            paged.extend(page.map(|entry| entry.expect("a row").name().to_owned()));
            if paged.len() == before {
                break;
            }
        }
        assert_eq!(paged, names(prefix), "pages of {prefix:?}");
    }
    for name in NAMES.iter().filter(|name| !plain.sessions.contains_key(**name)) {
        let error = store.open_session(name).expect_err("a session that is not in the model");
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
}

fn assert_line(session: &Session, line: &Line) {
    let mut snapshots = BTreeMap::new();
    for (at, old) in line.checkpoints.iter().enumerate() {
        let id = session.checkpoint(&(at + 1).to_string());
        if (at as u64) + 1 < line.oldest() {
            assert!(id.is_err(), "checkpoint {} was trimmed", at + 1);
            continue;
        }
        let then = session.at(id.expect("a checkpoint")).expect("its state");
        assert_eq!(&frozen(&then), old, "checkpoint {}", at + 1);
        snapshots.insert(at, then);
    }
    for (path, iterations) in &line.iterations {
        let history = session.history(path).expect("a history");
        let told: Vec<u64> = history.map(|info| info.expect("an iteration").number).collect();
        assert_eq!(told, line.history(path), "{path}");
        let kept: Vec<_> = iterations.iter().filter(|one| line.keeps(one)).collect();
        for iteration in &kept {
            let (number, bytes) = (iteration.number, &iteration.bytes);
            assert_eq!(&session.read_at(path, number).ok(), bytes, "{path} {number}");
        }
        for pair in kept.windows(2) {
            let diff = session.diff(path, pair[0].number, pair[1].number).expect("a diff");
            let side = |at: usize| pair[at].bytes.clone().unwrap_or_default();
            assert_eq!(diff.is_empty(), side(0) == side(1), "{path} {}", pair[1].number);
        }
    }
    let log: Vec<u64> =
        session.log().expect("a log").map(|entry| entry.expect("a row").number).collect();
    assert!(log.into_iter().eq((line.oldest()..=line.checkpoints.len() as u64).rev()));
}
