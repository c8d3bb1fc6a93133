//! Records: what the store remembers of a directory.

use std::collections::BTreeMap;

use super::entries::{Entries, ancestors};
use crate::codec::malformed;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{CheckpointId, MapId, ObjectId, OperationId};
use crate::map::{Map, Value};
use crate::object::{Directory, Entry, FilePath, Objects, Timestamp, Trace};
use crate::session::{FileMap, entries};
#[cfg(unix)]
use crate::store::refs::PURGED;
use crate::store::refs::{LOST, checkout_ref};
use crate::store::{Batch, Expected, Record as Stored, Store, line_of};

/// What checkouts left at each path.
pub(super) type Traces = BTreeMap<FilePath, Vec<Trace>>;

/// What is known of a directory, or nothing yet.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    stored: Option<(ObjectId, Stored)>,
    /// Whether a recovery gave up some of it for lost: the next one is written whatever it says.
    is_lost: bool,
    /// Where the directory may hold something else than the checkpoint's files; of an earlier version's
    /// record all that it says.
    exceptions: Traces,
    /// The files of the checkpoint, looked at one at a time.
    files: FileMap,
    /// All of it, once it was asked for.
    traces: Traces,
    /// What was put aside: of earlier checkouts, and of this one so far.
    aside: Map,
    /// The number under which this one's stands in it.
    own: Option<u64>,
}

/// What a record is to say from now on.
#[derive(Debug)]
pub(super) struct Next<'a> {
    pub(super) directory: Vec<u8>,
    pub(super) session: OperationId,
    /// The checkpoint that the directory is said to hold, and what that means for each path.
    pub(super) checkpoint: Option<CheckpointId>,
    pub(super) implied: &'a Traces,
    /// What may be there.
    pub(super) traces: Traces,
    pub(super) unfinished: Option<[u8; 16]>,
}

impl Record {
    /// Reads what is remembered of a directory, but for the files of its checkpoint.
    ///
    /// Where exceptions are lost nobody can say which paths they were of. Then the checkpoint says
    /// nothing either, and what is there counts as somebody else's but for the exceptions left.
    pub(super) fn look(store: &Store, directory: &[u8]) -> Result<Self> {
        let mut record = Record {
            name: checkout_ref(ObjectId::of_content(directory)),
            stored: None,
            is_lost: false,
            exceptions: Traces::new(),
            files: FileMap::EMPTY,
            traces: Traces::new(),
            aside: Map::EMPTY,
            own: None,
        };
        let Some(id) = store.reference(&record.name)? else { return Ok(record) };
        let mut stored = Stored::read(store, &id)?.ok_or_else(newer)?;
        let recorded = match &mut stored {
            Stored::Checkout(checkout) => {
                let (written, is_all) = rows(store, Map::new(checkout.written))?;
                (record.exceptions, record.is_lost) = (written, !is_all);
                &checkout.directory
            }
            Stored::Directory(known) => {
                let (exceptions, is_all) = rows(store, Map::new(known.exceptions))?;
                if !is_all {
                    (known.checkpoint, record.is_lost) = (None, true);
                }
                record.exceptions = exceptions;
                record.files = match known.checkpoint.map(|id| FileMap::of(store, id)) {
                    Some(Err(error)) if error.kind().is_absence() => FileMap::EMPTY,
                    files => files.transpose()?.unwrap_or(FileMap::EMPTY),
                };
                record.aside = Map::new(known.aside);
                &known.directory
            }
        };
        if recorded != directory {
            return Err(malformed("a directory recorded under the name of another"));
        }
        record.stored = Some((id, stored));
        Ok(record)
    }

    /// Reads all else that is remembered. What one checkpoint implies may be known already.
    pub(super) fn load(
        &mut self,
        store: &Store,
        asked: Option<(CheckpointId, &Traces)>,
    ) -> Result<()> {
        let checkpoint = self.checkpoint();
        self.traces = match asked.filter(|(id, _)| checkpoint == Some(*id)) {
            Some((_, implied)) => implied.clone(),
            None => base(store, checkpoint)?.1,
        };
        for (path, traces) in &self.exceptions {
            if traces.is_empty() {
                self.traces.remove(path);
            } else {
                self.traces.insert(path.clone(), traces.clone());
            }
        }
        self.forget_lost(store)
    }

    /// Tells whether the directory holds exactly these files, all of which the store has, as far as
    /// the record knows.
    #[cfg(unix)]
    pub(super) fn is_exactly(&self, store: &Store, files: FileMap) -> Result<bool> {
        // The files of a checkpoint that is gone are said to be none.
        let is_exact = self.checkpoint().is_some()
            && self.files == files
            && files != FileMap::EMPTY
            && self.exceptions.is_empty()
            && !self.is_lost
            && self.temporary().is_none();
        Ok(is_exact && store.reference(LOST)?.is_none() && store.reference(PURGED)?.is_none())
    }

    /// The node of the record, if there is one.
    pub(super) fn id(&self) -> Option<ObjectId> {
        self.stored.as_ref().map(|(id, _)| *id)
    }

    /// The first operation of the session that the directory was last in step with.
    pub(super) fn session(&self) -> Option<OperationId> {
        match &self.stored {
            None => None,
            Some((_, Stored::Checkout(checkout))) => Some(checkout.session),
            Some((_, Stored::Directory(known))) => Some(known.session),
        }
    }

    /// The checkpoint that the directory holds, but for exceptions.
    pub(super) fn checkpoint(&self) -> Option<CheckpointId> {
        match &self.stored {
            Some((_, Stored::Directory(known))) => known.checkpoint,
            _ => None,
        }
    }

    /// The files of that checkpoint.
    pub(super) fn files(&self) -> FileMap {
        self.files
    }

    /// The paths where the directory may hold something else.
    pub(super) fn exceptions(&self) -> &Traces {
        &self.exceptions
    }

    /// What may be at a path of ours.
    pub(super) fn at(&self, store: &Store, path: &FilePath) -> Result<Vec<Trace>> {
        let traces = match self.exceptions.get(path) {
            Some(traces) => traces.clone(),
            None => implied_at(self.files, store, path)?,
        };
        if traces.is_empty() || store.reference(LOST)?.is_none() {
            return Ok(traces);
        }
        let mut left = Vec::with_capacity(traces.len());
        for trace in traces {
            if !is_lost(store, &trace)? {
                left.push(trace);
            }
        }
        Ok(left)
    }

    /// Lets files count as somebody else's whose bytes were given up for lost: the directory is the
    /// one place that has them, and they are put aside before they are replaced.
    fn forget_lost(&mut self, store: &Store) -> Result<()> {
        if store.reference(LOST)?.is_none() {
            return Ok(());
        }
        for (path, traces) in std::mem::take(&mut self.traces) {
            let mut left = Vec::with_capacity(traces.len());
            for trace in traces {
                if !is_lost(store, &trace)? {
                    left.push(trace);
                }
            }
            if !left.is_empty() {
                self.traces.insert(path, left);
            }
        }
        Ok(())
    }

    pub(super) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Returns the checkpoint that the directory holds, but for exceptions, and what that means.
    pub(super) fn base(&self, store: &Store) -> Result<(Option<CheckpointId>, Traces)> {
        base(store, self.checkpoint())
    }

    /// Returns the name of the temporary files of a checkout that was cut short.
    pub(super) fn temporary(&self) -> Option<String> {
        let nonce = match &self.stored {
            None => None,
            Some((_, Stored::Checkout(checkout))) => checkout.unfinished,
            Some((_, Stored::Directory(known))) => known.unfinished,
        };
        nonce.as_ref().map(temporary)
    }

    /// Takes over what records of an earlier version kept, which bear no time: it counts from now.
    pub(super) fn take_over(
        &mut self,
        store: &Store,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Result<()> {
        let Some((_, Stored::Checkout(newest))) = &self.stored else { return Ok(()) };
        let line = line_of(store, newest.clone())?;
        let kept = line.iter().rev().filter_map(|checkout| checkout.kept);
        let rows = kept.zip(1..).map(|(kept, at): (_, u64)| (key(at), Some(aside(kept, now))));
        self.aside = batch.put_map(Map::EMPTY.edit(batch, rows)?);
        Ok(())
    }

    /// Puts what others wrote and this checkout replaces aside: all of it so far.
    pub(super) fn put_aside<'a>(
        &mut self,
        batch: &mut Batch,
        kept: impl Iterator<Item = (&'a FilePath, Entry)>,
        now: Timestamp,
    ) -> Result<()> {
        let rows = kept
            .map(|(path, entry)| (path.as_bytes().to_vec(), Some(value(&[Trace::Entry(entry)]))));
        let edited = Map::EMPTY.edit(batch, rows)?;
        let Some(kept) = batch.put_map(edited).root() else { return Ok(()) };
        let own = match self.own {
            Some(own) => own,
            None => self.begin_aside(batch)?,
        };
        self.own = Some(own);
        let edited = self.aside.edit(batch, [(key(own), Some(aside(kept, now)))])?;
        self.aside = batch.put_map(edited);
        Ok(())
    }

    /// Returns the number under which this checkout's stands. Where some of what earlier ones put
    /// aside is lost, the map begins anew with what is left.
    fn begin_aside(&mut self, batch: &mut Batch) -> Result<u64> {
        let (rows, is_all) = self.aside.left(batch)?;
        let last = rows.last().map_or(Ok(0), |(key, _)| number(key))?;
        if !is_all {
            let rows = rows.into_iter().map(|(key, value)| (key, Some(value)));
            let edited = Map::EMPTY.edit(batch, rows)?;
            self.aside = batch.put_map(edited);
        }
        Ok(last + 1)
    }

    /// Commits the batch together with a new record, if it says anything new. Fails with
    /// `Conflict` if somebody else has changed the record.
    pub(super) fn commit(&mut self, mut batch: Batch, next: Next<'_>) -> Result<()> {
        let exceptions = put_exceptions(&mut batch, next.implied, &next.traces)?;
        let node = Directory {
            directory: next.directory,
            session: next.session,
            checkpoint: next.checkpoint,
            exceptions,
            aside: self.aside.root(),
            unfinished: next.unfinished,
        };
        if let Some(id) = self.put(&mut batch, &node) {
            batch.commit().map_err(|error| error.context("record the checkout"))?;
            (self.stored, self.is_lost) = (Some((id, Stored::Directory(node))), false);
            self.traces = next.traces;
        }
        Ok(())
    }

    /// Adds a record to a batch, if it says anything new, and returns its id.
    fn put(&self, batch: &mut Batch, node: &Directory) -> Option<ObjectId> {
        let is_known = matches!(&self.stored, Some((_, Stored::Directory(known))) if known == node);
        if is_known && !self.is_lost {
            return None;
        }
        let expected = self.id();
        let id = batch.put(node, expected);
        batch.set_ref(&*self.name, expected.map_or(Expected::Absent, Expected::Id), Some(id));
        Some(id)
    }

    /// Adds a record of a capture to a batch, if it says anything new, and returns its id: that the
    /// directory holds the files of a checkpoint, but for exceptions.
    pub(super) fn put_captured(
        &self,
        batch: &mut Batch,
        directory: &[u8],
        session: OperationId,
        checkpoint: Option<CheckpointId>,
        exceptions: &Traces,
    ) -> Result<Option<ObjectId>> {
        let rows = exceptions.iter().map(|(path, traces)| row(path, traces)).collect();
        let exceptions = batch.edit_map(Map::EMPTY, rows)?.root();
        let node = Directory {
            directory: directory.to_vec(),
            session,
            checkpoint,
            exceptions,
            aside: self.aside.root(),
            unfinished: None,
        };
        Ok(self.put(batch, &node))
    }
}

/// What a directory holds of ours at a path, if it holds exactly these files.
pub(super) fn implied_at(
    files: FileMap,
    objects: &impl Objects,
    path: &FilePath,
) -> Result<Vec<Trace>> {
    let entry = match files.entry(objects, path) {
        Err(error) if error.kind().is_absence() => return Ok(Vec::new()),
        entry => entry?,
    };
    let mut traces: Vec<Trace> = entry.map(Trace::Entry).into_iter().collect();
    match files.has_below(objects, path) {
        Err(error) if error.kind().is_absence() => {}
        has_below => {
            if has_below? {
                traces.push(Trace::Directory);
            }
        }
    }
    Ok(traces)
}

/// Returns what a directory holds that holds a checkpoint's files. One that was lost says nothing:
/// what is there then counts as somebody else's, and is kept.
fn base(store: &Store, checkpoint: Option<CheckpointId>) -> Result<(Option<CheckpointId>, Traces)> {
    let Some(id) = checkpoint else { return Ok((None, Traces::new())) };
    match entries(store, id) {
        Ok(entries) => Ok((checkpoint, implied(&entries))),
        Err(error) if error.kind().is_absence() => Ok((None, Traces::new())),
        Err(error) => Err(error),
    }
}

/// Returns what a directory holds that holds exactly these entries.
pub(super) fn implied(entries: &Entries) -> Traces {
    let mut rows: Vec<(FilePath, Vec<Trace>)> = Vec::with_capacity(entries.len());
    let mut before: &[u8] = &[];
    for (path, entry) in entries {
        let bytes = path.as_bytes();
        let common = before.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        // What is above the path before too was noted there.
        for above in ancestors(path).take_while(|above| above.as_bytes().len() >= common) {
            rows.push((above, vec![Trace::Directory]));
        }
        rows.push((path.clone(), vec![Trace::Entry(entry.clone())]));
        before = bytes;
    }
    // Nearly in order. A file and what is below it may be in a session of an earlier version: the
    // entry comes first.
    rows.sort_by(|(a, _), (b, _)| a.cmp(b));
    rows.dedup_by(|(path, traces), (kept, all)| {
        let is_same = path == kept;
        if is_same {
            all.append(traces);
        }
        is_same
    });
    rows.into_iter().collect()
}

/// Adds the map of where traces are other than what is implied.
fn put_exceptions(batch: &mut Batch, implied: &Traces, traces: &Traces) -> Result<Option<MapId>> {
    let mut exceptions = Vec::new();
    let (mut implied, mut traces) = (implied.iter().peekable(), traces.iter().peekable());
    loop {
        match (implied.peek(), traces.peek()) {
            (None, None) => break,
            (Some((path, _)), other) if other.is_none_or(|(other, _)| path < other) => {
                exceptions.push(row(path, &[]));
                implied.next();
            }
            (Some((path, a)), Some((other, b))) if path == other => {
                if a != b {
                    exceptions.push(row(path, b));
                }
                implied.next();
                traces.next();
            }
            (_, Some((path, found))) => {
                exceptions.push(row(path, found));
                traces.next();
            }
            (Some(_), None) => unreachable!("without another one it comes before it"),
        }
    }
    let edited = Map::EMPTY.edit(batch, exceptions)?;
    Ok(batch.put_map(edited).root())
}

fn row(path: &FilePath, traces: &[Trace]) -> (Vec<u8>, Option<Value>) {
    (path.as_bytes().to_vec(), Some(value(traces)))
}

/// Reads the rows of a map of traces that are left, and tells whether these are all.
fn rows(store: &Store, map: Map) -> Result<(Traces, bool)> {
    let (rows, is_all) = map.left(store)?;
    let mut traces = Traces::new();
    for (path, value) in rows {
        let path = FilePath::new(path).map_err(|error| malformed(error.to_string()))?;
        traces.insert(path, Trace::decode_all(&value.refs, &value.bytes)?);
    }
    Ok((traces, is_all))
}

/// Tells whether the bytes of what was written were given up for lost.
fn is_lost(store: &Store, trace: &Trace) -> Result<bool> {
    let Trace::Entry(entry) = trace else { return Ok(false) };
    let Some(content) = entry.content() else { return Ok(false) };
    Ok(!store.holds(content)? && store.tombstone(&content.id())?.is_some_and(|stone| stone.lost))
}

/// Why a record of a form that is not known here stops a checkout: what it may delete the newer
/// version knows alone.
fn newer() -> Error {
    let what = "this directory was checked out into by a newer partita: use that one, or another \
                directory";
    Error::new(ErrorKind::Unsupported, what)
}

/// Returns the name of a checkout's temporary files, which says whose they are.
pub(super) fn temporary(nonce: &[u8; 16]) -> String {
    let digits: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(".partita-{digits}.tmp")
}

fn value(traces: &[Trace]) -> Value {
    let (refs, bytes) = Trace::encode_all(traces);
    Value { refs, bytes }
}

/// A row of the map of what was put aside.
fn aside(kept: MapId, time: Timestamp) -> Value {
    Value { refs: vec![kept.id()], bytes: time.as_millis().to_be_bytes().to_vec() }
}

fn key(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

fn number(key: &[u8]) -> Result<u64> {
    let key = key.try_into().map_err(|_| malformed("a number of what was put aside"))?;
    Ok(u64::from_be_bytes(key))
}
