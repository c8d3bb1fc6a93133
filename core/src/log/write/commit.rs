//! Commits: a transaction is made ready, and waits for the thread that leads.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::REF_NAME_BYTES_MAX;
use crate::log::transaction::{NewObject, Transaction};
use crate::log::vfs::sync::{Condvar, Mutex};
use crate::log::write::handle::Log;
use crate::log::write::item::Item;
use crate::log::write::prepare::Ready;
use crate::log::write::queue::COMMIT_GROUP_BYTES_MAX;
use crate::log::write::room::advised;

/// Objects of a commit's own frame, which a reader takes apart as a whole; more are a big batch.
const COMMIT_OBJECTS_MAX: usize = 16 << 10;

impl Log {
    /// Commits; `Conflict` if a ref is not what was expected, and then nothing happened.
    pub(crate) fn commit(&self, transaction: Transaction) -> Result<()> {
        self.commit_made(&|| self.item(transaction.clone()))
    }

    /// Commits what was made ready when so many segments had been retired: `Conflict` if a
    /// collection has taken since what it rests on.
    pub(crate) fn commit_since(&self, transaction: Transaction, since: u64) -> Result<()> {
        self.commit_made(&|| Ok(Item { prepared_at: since, ..self.item(transaction.clone())? }))
    }

    /// Commits objects that nothing refers to yet, contents in a data segment: none of them is copied
    /// on the way there.
    pub(crate) fn commit_ahead(&self, objects: Vec<NewObject>) -> Result<()> {
        let transaction = Transaction { objects, updates: Vec::new() };
        self.commit_made(&|| self.item_from(transaction.clone(), 0))
    }

    fn commit_made(&self, make: &dyn Fn() -> Result<Item>) -> Result<()> {
        loop {
            let item = self.with_reserve(self.is_freeing(), make);
            let item = Arc::new(item.map_err(advised)?);
            let outcome = self.queue_up(item.clone());
            if !item.lost.load(Ordering::Relaxed) {
                if self.shared.grown.swap(false, Ordering::AcqRel) {
                    self.keep_reserve();
                }
                return outcome;
            }
        }
    }

    pub(crate) fn item(&self, transaction: Transaction) -> Result<Item> {
        self.item_from(transaction, self.options.bulk_bytes)
    }

    /// Makes an item of which contents go into a data segment from so many bytes on.
    fn item_from(&self, transaction: Transaction, bulk_from: usize) -> Result<Item> {
        if self.options.read_only {
            return Err(Error::new(ErrorKind::ReadOnly, "the store was opened for reading only"));
        }
        for update in &transaction.updates {
            if update.name.is_empty() || update.name.len() > REF_NAME_BYTES_MAX {
                return Err(Error::invalid(format!(
                    "a ref's name has 1 to {REF_NAME_BYTES_MAX} bytes, got {}",
                    update.name.len()
                )));
            }
        }
        let prepared_at = self.medium().retirements();
        let given = transaction.objects.clone();
        let mut objects = self.prepare_from(transaction.objects, bulk_from)?;
        let mut size: usize = objects.iter().map(Ready::size).sum();
        let (mut attached, mut in_bulk) = (Vec::new(), HashSet::new());
        if size >= bulk_from || objects.len() > COMMIT_OBJECTS_MAX {
            // Nodes stay with the log, where their next versions lean on them, unless they
            // themselves are many.
            let (nodes, contents): (Vec<_>, Vec<_>) =
                objects.into_iter().partition(|object| object.is_node());
            let few = nodes.len() <= COMMIT_OBJECTS_MAX
                && nodes.iter().map(Ready::size).sum::<usize>() <= COMMIT_GROUP_BYTES_MAX;
            let (kept, moved) = match few {
                true => (nodes, contents),
                false => (Vec::new(), contents.into_iter().chain(nodes).collect()),
            };
            attached.extend(self.write_bulk(&moved)?);
            in_bulk = moved.iter().map(|object| object.id).collect();
            size = kept.iter().map(Ready::size).sum();
            objects = kept;
        }
        let updates = transaction.updates;
        Ok(Item {
            given,
            prepared_at,
            objects,
            attached,
            moved: in_bulk,
            retired: Vec::new(),
            updates,
            size,
            frees: self.is_freeing(),
            begun: Instant::now(),
            lost: AtomicBool::new(false),
            outcome: Mutex::new(None),
            turn: Condvar::new(),
        })
    }
}
