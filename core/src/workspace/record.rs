//! Records: what the store remembers of the checkouts into a directory.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::codec::malformed;
use crate::error::Result;
use crate::id::{MapId, ObjectId};
use crate::map::{Map, Value};
use crate::object::{Checkout, Entry, FilePath, Trace, read};
use crate::store::refs::checkout_ref;
use crate::store::{Batch, Expected, Store};

/// What checkouts left at each path.
pub(super) type Traces = BTreeMap<FilePath, Vec<Trace>>;

/// The newest record of a directory, or none yet.
#[derive(Debug)]
pub(super) struct Record {
    name: String,
    stored: Option<(ObjectId, Checkout)>,
    traces: Traces,
}

impl Record {
    /// Reads what is remembered of a directory.
    pub(super) fn load(store: &Store, directory: &[u8]) -> Result<Self> {
        let name = checkout_ref(ObjectId::of_content(directory));
        let mut traces = Traces::new();
        let Some(id) = store.reference(&name)? else {
            return Ok(Record { name, stored: None, traces });
        };
        let checkout: Checkout = read(store, id)?;
        if checkout.directory != directory {
            return Err(malformed("a checkout recorded under another directory"));
        }
        let written = Map::new(checkout.written);
        for row in written.range(store, Bound::Unbounded, Bound::Unbounded) {
            let (path, value) = row?;
            let path = FilePath::new(path).map_err(|error| malformed(error.to_string()))?;
            traces.insert(path, Trace::decode_all(&value.refs, &value.bytes)?);
        }
        Ok(Record { name, stored: Some((id, checkout)), traces })
    }

    pub(super) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Returns the name of the temporary files of a checkout that was cut short.
    pub(super) fn temporary(&self) -> Option<String> {
        self.stored.as_ref()?.1.unfinished.as_ref().map(temporary)
    }

    /// Returns the newest record that kept anything.
    pub(super) fn newest_kept(&self) -> Option<ObjectId> {
        let (id, checkout) = self.stored.as_ref()?;
        checkout.kept.map(|_| *id).or(checkout.previous)
    }

    /// Commits the batch together with a new record, if it says anything new. Fails with
    /// `Conflict` if another checkout into the directory has begun.
    pub(super) fn commit(
        &mut self,
        mut batch: Batch,
        mut next: Checkout,
        traces: Traces,
    ) -> Result<()> {
        let before = self.stored.as_ref().and_then(|(_, checkout)| checkout.written);
        let gone = self.traces.keys().filter(|path| !traces.contains_key(*path));
        let gone = gone.map(|path| (path.as_bytes().to_vec(), None));
        let new = traces.iter().filter(|(path, new)| self.traces.get(*path) != Some(*new));
        let new = new.map(|(path, new)| (path.as_bytes().to_vec(), Some(value(new))));
        next.written = edit(&mut batch, Map::new(before), gone.chain(new))?;
        if self.stored.as_ref().is_some_and(|(_, checkout)| *checkout == next) {
            return Ok(());
        }
        let expected = self.stored.as_ref().map(|(id, _)| *id);
        let id = batch.put(&next, expected);
        batch.set_ref(&*self.name, expected.map_or(Expected::Absent, Expected::Id), Some(id));
        batch.commit().map_err(|error| error.context("record the checkout"))?;
        self.stored = Some((id, next));
        self.traces = traces;
        Ok(())
    }
}

/// Adds a map of what is kept, path to entry.
pub(super) fn put_kept<'a>(
    batch: &mut Batch,
    kept: impl Iterator<Item = (&'a FilePath, Entry)>,
) -> Result<Option<MapId>> {
    let rows =
        kept.map(|(path, entry)| (path.as_bytes().to_vec(), Some(value(&[Trace::Entry(entry)]))));
    edit(batch, Map::EMPTY, rows)
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

fn edit(
    batch: &mut Batch,
    map: Map,
    edits: impl Iterator<Item = (Vec<u8>, Option<Value>)>,
) -> Result<Option<MapId>> {
    let edited = map.edit(batch, edits)?;
    Ok(batch.put_map(edited).root())
}
