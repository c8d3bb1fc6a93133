//! Commits: threads that commit at the same time share one write and one sync.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::encode::{Encoder, Ready};
use super::frame::FrameKind;
use super::group::Building;
use super::head::{Head, LiveSegment, Update};
use super::payload::{self, Group, Parts};
use super::queue::{GROUP_BYTES_MAX, Leading};
use super::replay::Tail;
use super::reserve::advised;
use super::segment::{FRAMES_FROM, SegmentId};
use super::sync::{Condvar, Mutex, MutexGuard};
use super::vfs::VfsLock;
use super::wait::{Since, Taken, take};
use super::zip::Level;
use super::{Expected, LOCK_FILE, Log, NewObject, Payload, RefUpdate, Transaction};
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::limits::REF_NAME_BYTES_MAX;

/// Objects of a commit's own frame, which a reader takes apart as a whole; more are a big batch.
const COMMIT_OBJECTS_MAX: usize = 16 << 10;

/// One transaction on its way.
#[derive(Debug)]
pub(super) struct Item {
    /// What was asked for. Of it what was stored already is not among `objects`, and may have to be
    /// looked for again.
    given: Vec<NewObject>,
    /// How often segments had been retired when it was looked for.
    prepared_at: u64,
    objects: Vec<Ready>,
    pub(super) attached: Vec<LiveSegment>,
    /// Objects of the attached segments.
    moved: HashSet<ObjectId>,
    pub(super) retired: Vec<SegmentId>,
    updates: Vec<RefUpdate>,
    pub(super) size: usize,
    /// Whether it is of work that frees room.
    pub(super) frees: bool,
    /// When it began to wait.
    pub(super) begun: Instant,
    /// Set where what was written ahead cannot be attached any more.
    lost: AtomicBool,
    outcome: Mutex<Option<Result<()>>>,
    /// Told when there is an outcome, or when it is this one's turn to lead; waits on the queue.
    pub(super) turn: Condvar,
}

/// The tail in the hands of whoever holds the writer lock too. Of one that ends in a panic nobody
/// knows what it wrote: then nothing more is written until the store is opened anew.
struct Writing<'a> {
    log: &'a Log,
    tail: MutexGuard<'a, Tail>,
    ended: bool,
}

impl<'a> Writing<'a> {
    fn begin(log: &'a Log, frees: bool) -> Self {
        let tail = log.tail();
        log.shared.spending.store(frees, Ordering::Release);
        Writing { log, tail, ended: false }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.tail.poisoned = Some("a thread panicked while it wrote".into());
        }
        self.log.shared.writing.store(false, Ordering::Release);
        self.log.shared.spending.store(false, Ordering::Release);
    }
}

impl Item {
    pub(super) fn updates(&self) -> &[RefUpdate] {
        &self.updates
    }

    pub(super) fn outcome(&self) -> MutexGuard<'_, Option<Result<()>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How far an item of a group came.
enum Step {
    /// No frame holds it.
    Refused(Error),
    /// It is in a frame that may have been written.
    Encoded,
    /// It is committed.
    Written,
}

fn note_written(steps: &mut [Step]) {
    for step in steps {
        if matches!(step, Step::Encoded) {
            *step = Step::Written;
        }
    }
}

/// What the members of a group are told that its leader never came to: there are none.
fn unreached() -> Error {
    Error::new(ErrorKind::Indeterminate, "the commit was not led to its end; reopen the store")
}

impl Log {
    /// Commits; `Conflict` if a ref is not what was expected, and then nothing happened.
    pub(crate) fn commit(&self, transaction: Transaction) -> Result<()> {
        self.commit_since(transaction, None)
    }

    /// Commits what rests on objects that were stored when so many segments had been retired:
    /// `Conflict` if one of them was collected since.
    pub(crate) fn commit_since(&self, transaction: Transaction, since: Option<u64>) -> Result<()> {
        self.commit_made(&|| {
            let item = self.item(transaction.clone())?;
            Ok(Item { prepared_at: since.unwrap_or(item.prepared_at), ..item })
        })
    }

    /// Commits contents by themselves, in a data segment: none of them is copied on the way there.
    pub(crate) fn commit_contents(&self, contents: Vec<NewObject>) -> Result<()> {
        let transaction = Transaction { objects: contents, updates: Vec::new() };
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

    pub(super) fn item(&self, transaction: Transaction) -> Result<Item> {
        self.item_from(transaction, self.shared.options.bulk_bytes)
    }

    /// Makes an item of which contents go into a data segment from so many bytes on.
    fn item_from(&self, transaction: Transaction, bulk_from: usize) -> Result<Item> {
        if self.shared.options.read_only {
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
                && nodes.iter().map(Ready::size).sum::<usize>() <= GROUP_BYTES_MAX;
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

    /// Takes the lock, then commits what waits by then, and tells each what came of it. Where the lock
    /// cannot be had, that concerns whoever has waited for long enough, or the leader alone.
    pub(super) fn lead(&self, mut group: Leading<'_>, own: &Arc<Item>) {
        let patience = &self.shared.options.patience;
        let since = Since { begun: own.begun, first: group.queue.oldest().unwrap_or(own.begun) };
        let taken = take(&*self.medium().vfs, LOCK_FILE, patience, since);
        group.items = match &taken {
            Ok(Taken::Held(_)) => group.queue.take(),
            Ok(Taken::Late(_)) => {
                group.queue.take_those(|item| item.begun.elapsed() >= patience.timeout)
            }
            Ok(Taken::Ended(_)) | Err(_) => group.queue.take_those(|item| Arc::ptr_eq(item, own)),
        };
        let mut steps = Vec::with_capacity(group.items.len());
        let frees = group.items.first().is_some_and(|item| item.frees);
        let failed = taken.and_then(Taken::held).and_then(|lock| {
            self.writing_under(lock, frees, |tail| {
                self.lead_writing(tail, &group.items, &mut steps)
            })
        });
        let failed = failed.err();
        for (at, item) in group.items.iter().enumerate() {
            let outcome = match (steps.get(at), &failed) {
                (Some(Step::Written), _) | (Some(Step::Encoded), None) => Ok(()),
                // It may have been written all the same.
                (Some(Step::Encoded), Some(error)) => Err(error.again()),
                (Some(Step::Refused(error)), _) => Err(error.again()),
                (None, error) => Err(error.as_ref().map_or_else(unreached, Error::again)),
            };
            if !matches!(steps.get(at), Some(Step::Written | Step::Encoded)) {
                self.discard_attached(item);
            }
            *item.outcome() = Some(outcome);
        }
    }

    pub(super) fn discard_attached(&self, item: &Item) {
        for segment in &item.attached {
            // No frame names the file; if it stays, gc finds it.
            let _ = self.medium().vfs.remove(&segment.id.path());
        }
    }

    /// Does something at the tail while nobody else writes.
    pub(super) fn under_lock<T>(&self, work: impl FnOnce(&mut Tail) -> Result<T>) -> Result<T> {
        self.writing_under(self.lock()?, self.is_freeing(), work)
    }

    fn writing_under<T>(
        &self,
        _lock: Box<dyn VfsLock>,
        frees: bool,
        work: impl FnOnce(&mut Tail) -> Result<T>,
    ) -> Result<T> {
        let mut writing = Writing::begin(self, frees);
        let outcome = work(&mut writing.tail);
        writing.ended = true;
        outcome
    }

    /// Notes for each item how far it came.
    fn lead_writing(
        &self,
        tail: &mut Tail,
        items: &[Arc<Item>],
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        self.make_ready(tail)?;
        let mut group = Building::new(tail);
        for item in items {
            let room = self.shared.options.segment_bytes.saturating_sub(group.offset);
            if item.size as u64 > room && group.offset > FRAMES_FROM + (1 << 10) {
                self.write(tail, &mut group)?;
                note_written(steps);
                if tail.end > FRAMES_FROM + (1 << 10) {
                    self.rotate(tail)?;
                    self.make_ready(tail)?;
                }
                group = Building::new(tail);
            }
            let outcome = self.check_updates(&group, &item.updates);
            let outcome = outcome.and_then(|()| self.encode(tail, &mut group, item));
            steps.push(outcome.map_or_else(Step::Refused, |()| Step::Encoded));
        }
        self.write(tail, &mut group)?;
        note_written(steps);
        Ok(())
    }

    /// Prepares an item anew where segments were retired since: what counted as stored then may
    /// have been collected. Fails where an attached segment has been.
    fn prepare_again(&self, group: &Building, item: &Item) -> Result<Option<Vec<Ready>>> {
        for segment in &item.attached {
            if !self.medium().has(segment.id)? {
                item.lost.store(true, Ordering::Relaxed);
                return Err(Error::conflict(format!("data segment {} was collected", segment.id)));
            }
        }
        if self.purged()?.root().is_some() {
            for id in &item.moved {
                if self.is_purged(id)? {
                    item.lost.store(true, Ordering::Relaxed);
                    return Err(Error::conflict(format!("object {id:.10} was purged")));
                }
            }
        }
        if item.prepared_at == self.medium().retirements() {
            return Ok(None);
        }
        let mut ready = self.prepare(item.given.clone())?;
        ready.retain(|object| !item.moved.contains(&object.id));
        let given: HashSet<ObjectId> = item.given.iter().map(|object| object.id).collect();
        for object in &item.given {
            let Payload::Node(node) = &object.payload else { continue };
            for id in node.held() {
                let there = given.contains(&id)
                    || group.fresh.contains_key(&id)
                    || self.contains(&id)?
                    || self.is_purged(&id)?;
                if !there {
                    return Err(Error::conflict(format!(
                        "object {id:.10}, which this commit rests on, was collected since"
                    )));
                }
            }
        }
        for id in item.updates.iter().filter_map(|update| update.new) {
            if !given.contains(&id) && !group.fresh.contains_key(&id) && !self.contains(&id)? {
                return Err(Error::conflict(format!(
                    "object {id:.10}, which a ref is to name, was collected since"
                )));
            }
        }
        Ok(Some(ready))
    }

    pub(super) fn check_updates(&self, group: &Building, updates: &[RefUpdate]) -> Result<()> {
        for update in updates {
            let current = match group.updates.get(&update.name) {
                Some(current) => *current,
                None => self.known_reference(&update.name)?,
            };
            let holds = match update.expected {
                Expected::Any => true,
                Expected::Absent => current.is_none(),
                Expected::Id(id) => current == Some(id),
            };
            if !holds {
                return Err(Error::conflict(format!(
                    "ref {:?} has moved since it was read",
                    update.name
                )));
            }
        }
        Ok(())
    }

    /// Lays one transaction into a frame behind those of the group.
    pub(super) fn encode(&self, tail: &Tail, group: &mut Building, item: &Item) -> Result<()> {
        let offset = group.offset as u32;
        let again = self.prepare_again(group, item)?;
        let objects = again.as_ref().unwrap_or(&item.objects);
        let has_purged = self.purged()?.root().is_some();
        let mut fresh = std::mem::take(&mut group.fresh);
        let mut encoder = Encoder::new(self, tail.segment.id, offset, &mut fresh);
        let added = objects.iter().try_for_each(|object| {
            if has_purged && self.is_purged(&object.id)? {
                return Ok(());
            }
            encoder.add(object)
        });
        let (parts, follows) = (encoder.parts, encoder.follows);
        group.fresh = fresh;
        let ids = parts.ids.clone();
        let laid = added.and_then(|()| self.lay(tail, group, item, parts, follows));
        if laid.is_err() {
            // Nobody may lean on what is in no frame.
            for id in &ids {
                group.fresh.remove(id);
            }
        }
        laid
    }

    /// Lays what an item consists of into a frame.
    fn lay(
        &self,
        tail: &Tail,
        group: &mut Building,
        item: &Item,
        parts: Parts,
        follows: Option<u32>,
    ) -> Result<()> {
        let offset = group.offset as u32;
        let updates: Vec<Update> = item
            .updates
            .iter()
            .map(|update| Update { name: update.name.clone(), new: update.new })
            .collect();
        let segments = item.attached.len() + item.retired.len();
        if parts.ids.is_empty() && updates.is_empty() && segments == 0 {
            return Ok(());
        }
        let (attached, retired) = (item.attached.clone(), item.retired.clone());
        let head = Head::Commit { updates, attached, retired };
        // A group goes on with the frame of the session's operation before, so a frame rests on
        // none of another session. What is not written yet cannot be gone on with.
        let follows = follows.filter(|&frame| u64::from(frame) < tail.end);
        let before = match follows {
            Some(frame) => Some(self.medium().frame(&tail.segment, frame)?),
            None => None,
        };
        let texts = before.as_ref().and_then(|frame| {
            self.medium().texts_before(&tail.segment, frame, offset, parts.texts.len())
        });
        let before = before
            .filter(|_| parts.stream.len() <= payload::GROUP_BYTES_MAX)
            .map(|frame| Group { back: offset - frame.offset, prefix: frame.group() });
        let (texts, level) = (texts.as_ref(), Level::Quick);
        let payload = payload::encode(&head, &parts, offset, before, texts, &[], level);
        self.push_frame(tail, group, FrameKind::Commit, &payload)?;
        group.texts.push((offset, parts.texts));
        for update in &item.updates {
            group.updates.insert(update.name.clone(), update.new);
        }
        Ok(())
    }
}
