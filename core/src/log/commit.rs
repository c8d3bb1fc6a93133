//! Commits: threads that commit at the same time share one write and one sync.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::encode::{Encoder, Fresh, Ready};
use super::frame::{FrameHeader, FrameKind};
use super::payload::{self, Group, Head, LiveSegment, Update};
use super::replay::Tail;
use super::segment::{FRAMES_FROM, SegmentId};
use super::sync::{Condvar, Mutex, MutexGuard};
use super::vfs::SyncSite;
use super::{Durability, Expected, Log, LogOptions, RefUpdate, Transaction};
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ObjectId, Tag};
use crate::limits::{FRAME_BYTES_MAX, REF_NAME_BYTES_MAX};

/// Bytes of a segment after which a commit is preceded by a snapshot, so that opening replays no
/// more than this.
const SNAPSHOT_EVERY: u64 = 256 << 10;
/// Bytes that one group of commits may take.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// Objects of a commit's own frame, which a reader takes apart as a whole; more are a big batch.
const COMMIT_OBJECTS_MAX: usize = 16 << 10;
/// How long closing waits for other processes' commits.
const CLOSE_WAIT: Duration = Duration::from_millis(500);
/// Old bytes that the first commit of a process verifies.
const VERIFY_BYTES_MAX: u64 = 64 << 20;

/// Commits waiting for the thread that leads.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    inner: Mutex<QueueInner>,
}

#[derive(Debug, Default)]
struct QueueInner {
    waiting: Vec<Arc<Item>>,
    led: bool,
}

/// One transaction on its way.
#[derive(Debug)]
struct Item {
    objects: Vec<Ready>,
    attached: Vec<LiveSegment>,
    updates: Vec<RefUpdate>,
    size: usize,
    outcome: Mutex<Option<Result<()>>>,
    /// Told when there is an outcome, or when it is this one's turn to lead; waits on the queue.
    turn: Condvar,
}

impl Queue {
    fn inner(&self) -> MutexGuard<'_, QueueInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The group that a thread leads. When it is done, or has panicked, its members learn what came of
/// it, and the next thread is woken to lead.
struct Leading<'a> {
    queue: &'a Queue,
    items: Vec<Arc<Item>>,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        for item in &self.items {
            let mut outcome = item.outcome();
            if outcome.is_none() {
                let message = "the thread that committed for others panicked; reopen the store";
                *outcome = Some(Err(Error::new(ErrorKind::Indeterminate, message)));
            }
        }
        let mut inner = self.queue.inner();
        inner.led = false;
        let next = inner.waiting.first().cloned();
        drop(inner);
        for item in next.iter().chain(&self.items) {
            item.turn.notify_one();
        }
    }
}

/// The tail in the hands of whoever holds the writer lock too. Of one that ends in a panic nobody
/// knows what it wrote: then nothing more is written until the store is opened anew.
struct Writing<'a> {
    log: &'a Log,
    tail: MutexGuard<'a, Tail>,
    ended: bool,
}

impl<'a> Writing<'a> {
    fn begin(log: &'a Log) -> Self {
        let tail = log.tail();
        log.shared.writing.store(true, Ordering::Release);
        Writing { log, tail, ended: false }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.tail.poisoned = Some("a thread panicked while it wrote".into());
        }
        self.log.shared.writing.store(false, Ordering::Release);
    }
}

impl Item {
    fn outcome(&self) -> MutexGuard<'_, Option<Result<()>>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a group of commits has put together so far.
struct Building {
    offset: u64,
    sequence: u32,
    tag: Tag,
    buffer: Vec<u8>,
    frames: Vec<FrameHeader>,
    fresh: HashMap<ObjectId, Fresh>,
    updates: HashMap<String, Option<ObjectId>>,
}

impl Building {
    fn new(tail: &Tail) -> Self {
        Building {
            offset: tail.end,
            sequence: tail.sequence,
            tag: tail.tag,
            buffer: Vec::new(),
            frames: Vec::new(),
            fresh: HashMap::new(),
            updates: HashMap::new(),
        }
    }
}

impl Log {
    /// Commits; `Conflict` if a ref is not what was expected, and then nothing happened.
    pub(crate) fn commit(&self, transaction: Transaction) -> Result<()> {
        let item = Arc::new(self.item(transaction)?);
        let queue = &self.shared.queue;
        let mut inner = queue.inner();
        inner.waiting.push(item.clone());
        loop {
            if let Some(outcome) = item.outcome().take() {
                return outcome;
            }
            if inner.led {
                inner = item.turn.wait(inner).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            inner.led = true;
            let mut taken = 0;
            let mut size = 0;
            for waiting in &inner.waiting {
                size += waiting.size;
                if taken > 0 && size > GROUP_BYTES_MAX {
                    break;
                }
                taken += 1;
            }
            let group = Leading { queue, items: inner.waiting.drain(..taken).collect() };
            drop(inner);
            self.lead(&group.items);
            drop(group);
            inner = queue.inner();
        }
    }

    fn item(&self, transaction: Transaction) -> Result<Item> {
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
        let mut objects = self.prepare(transaction.objects)?;
        let mut size: usize = objects.iter().map(Ready::size).sum();
        let mut attached = Vec::new();
        if size >= self.shared.options.bulk_bytes || objects.len() > COMMIT_OBJECTS_MAX {
            // Nodes stay with the log, where their next versions lean on them, unless they
            // themselves are many.
            let (nodes, contents): (Vec<_>, Vec<_>) =
                objects.into_iter().partition(|object| object.is_node());
            let few = nodes.len() <= COMMIT_OBJECTS_MAX
                && nodes.iter().map(Ready::size).sum::<usize>() <= GROUP_BYTES_MAX;
            let (kept, moved) =
                if few { (nodes, contents) } else { (Vec::new(), [contents, nodes].concat()) };
            attached.push(self.write_bulk(&moved)?);
            size = kept.iter().map(Ready::size).sum();
            objects = kept;
        }
        let updates = transaction.updates;
        Ok(Item {
            objects,
            attached,
            updates,
            size,
            outcome: Mutex::new(None),
            turn: Condvar::new(),
        })
    }

    /// Commits a group and tells each of its members what came of it.
    fn lead(&self, items: &[Arc<Item>]) {
        let outcomes = self.lead_locked(items);
        for (at, item) in items.iter().enumerate() {
            let outcome = match &outcomes {
                Ok(outcomes) => outcomes[at].as_ref().copied().map_err(again),
                Err(error) => Err(again(error)),
            };
            if outcome.is_err() {
                for segment in &item.attached {
                    // Nothing names the file; if it stays, gc finds it.
                    let _ = self.medium().vfs.remove(&segment.id.path());
                }
            }
            *item.outcome() = Some(outcome);
        }
    }

    fn lead_locked(&self, items: &[Arc<Item>]) -> Result<Vec<Result<()>>> {
        let _lock = self.lock()?;
        let mut writing = Writing::begin(self);
        let outcome = self.lead_writing(&mut writing.tail, items);
        writing.ended = true;
        outcome
    }

    fn lead_writing(&self, tail: &mut Tail, items: &[Arc<Item>]) -> Result<Vec<Result<()>>> {
        self.make_ready(tail)?;
        let mut outcomes: Vec<Result<()>> = Vec::with_capacity(items.len());
        let mut group = Building::new(tail);
        for item in items {
            let room = self.shared.options.segment_bytes.saturating_sub(group.offset);
            if item.size as u64 > room && group.offset > FRAMES_FROM + (1 << 10) {
                self.write(tail, &mut group)?;
                if tail.end > FRAMES_FROM + (1 << 10) {
                    self.rotate(tail)?;
                    self.make_ready(tail)?;
                }
                group = Building::new(tail);
            }
            let outcome = self.check_updates(&group, &item.updates);
            let outcome = outcome.and_then(|()| self.encode(tail, &mut group, item));
            outcomes.push(outcome);
        }
        self.write(tail, &mut group)?;
        Ok(outcomes)
    }

    fn check_updates(&self, group: &Building, updates: &[RefUpdate]) -> Result<()> {
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
    fn encode(&self, tail: &Tail, group: &mut Building, item: &Item) -> Result<()> {
        let offset = group.offset as u32;
        let mut fresh = std::mem::take(&mut group.fresh);
        let mut encoder = Encoder::new(self, tail.segment.id, offset, &mut fresh);
        let added = item.objects.iter().try_for_each(|object| encoder.add(object));
        let (parts, follows) = (encoder.parts, encoder.follows);
        if let Err(error) = added {
            for id in &parts.ids {
                fresh.remove(id);
            }
            group.fresh = fresh;
            return Err(error);
        }
        group.fresh = fresh;
        let updates: Vec<Update> = item
            .updates
            .iter()
            .map(|update| Update { name: update.name.clone(), new: update.new })
            .collect();
        let nothing = parts.ids.is_empty() && updates.is_empty() && item.attached.is_empty();
        if nothing {
            return Ok(());
        }
        for update in &updates {
            group.updates.insert(update.name.clone(), update.new);
        }
        let head = Head::Commit { updates, attached: item.attached.clone() };
        // A group goes on with the frame of the session's operation before, so a frame rests on
        // none of another session. What is not written yet cannot be gone on with.
        let follows =
            follows.filter(|&frame| u64::from(frame) < tail.end && parts.size() < 32 << 10);
        let before = match follows {
            Some(frame) => Some(self.medium().frame(&tail.segment, frame)?),
            None => None,
        };
        let before =
            before.map(|frame| Group { back: offset - frame.offset, prefix: frame.group() });
        let payload = payload::encode(&head, &parts, offset, before, &[]);
        self.push_frame(tail, group, FrameKind::Commit, &payload)
    }

    fn push_frame(
        &self,
        tail: &Tail,
        group: &mut Building,
        kind: FrameKind,
        payload: &[u8],
    ) -> Result<()> {
        if payload.len() > FRAME_BYTES_MAX || group.offset + payload.len() as u64 > u32::MAX.into()
        {
            return Err(Error::invalid(format!(
                "a commit of {} bytes, at most {FRAME_BYTES_MAX} are allowed; commit in smaller \
                 steps",
                payload.len()
            )));
        }
        let header = FrameHeader {
            kind,
            payload: payload.len() as u32,
            snapshot: tail.snapshot,
            durable: tail.durable as u32,
            sequence: group.sequence + 1,
        };
        let frame = tail.segment.keys.frame(&header, group.offset, &group.tag, payload);
        group.tag = frame[frame.len() - 16..].try_into().expect("a tag is 16 bytes");
        group.offset += frame.len() as u64;
        group.sequence += 1;
        group.buffer.extend_from_slice(&frame);
        group.frames.push(header);
        Ok(())
    }

    /// Writes what the group has, syncs, and makes it known.
    fn write(&self, tail: &mut Tail, group: &mut Building) -> Result<()> {
        if group.frames.is_empty() {
            return Ok(());
        }
        let frames = std::mem::take(&mut group.frames);
        self.write_synced(tail, &group.buffer)?;
        let mut at = 0;
        let mut state = self.state_mut();
        for header in frames {
            let len = header.frame_len() as usize;
            self.apply(tail, &mut state, header, &group.buffer[at..at + len])?;
            at += len;
        }
        drop(state);
        for (id, fresh) in group.fresh.drain() {
            self.medium().keep_object(id, fresh.object);
        }
        if self.shared.options.durability == Durability::Sync {
            tail.durable = tail.end;
        }
        tail.wrote = true;
        tail.ready = true;
        Ok(())
    }

    /// Writes frames at the end of the segment, zeros ahead of them where the file must grow, and
    /// syncs once.
    fn write_synced(&self, tail: &mut Tail, frames: &[u8]) -> Result<()> {
        let end = tail.end + frames.len() as u64;
        let file = tail.segment.writing(&*self.medium().vfs)?;
        let grown;
        let mut bytes = frames;
        let mut zeroed = tail.zeroed;
        if end > tail.zeroed {
            let step = (tail.end / 32).clamp(16 << 10, 256 << 10);
            zeroed = (end + step).next_multiple_of(4 << 10);
            grown = [frames, &vec![0; (zeroed - end) as usize]].concat();
            bytes = &grown;
        }
        let written =
            file.write_at(bytes, tail.end).and_then(|()| match self.shared.options.durability {
                Durability::Sync => file.sync_data(SyncSite::Commit),
                Durability::Buffered => Ok(()),
            });
        match written {
            Ok(()) => {
                tail.zeroed = zeroed;
                Ok(())
            }
            Err(error) => {
                // Best effort, so that whoever opens the store next can go on in place.
                let _ = file.write_at(&vec![0; frames.len().min(4 << 10)], tail.end);
                Err(self.poison(tail, error))
            }
        }
    }

    pub(crate) fn poison(&self, tail: &mut Tail, error: std::io::Error) -> Error {
        tail.poisoned = Some(error.to_string());
        let message = format!(
            "the commit was not confirmed by the medium, so whether it lasts is not known; \
             reopen the store and look (segment {}, offset {})",
            tail.segment.id, tail.end
        );
        Error::new(ErrorKind::Indeterminate, message).with_source(error)
    }

    /// Brings the tail to where a commit can be written: nothing of others is missing, nothing is
    /// damaged, what nobody vouches for is written again, a snapshot is near.
    fn make_ready(&self, tail: &mut Tail) -> Result<()> {
        if let Some(why) = &tail.poisoned {
            let message =
                "an earlier write failed, so this handle writes no more; reopen the store";
            return Err(Error::new(ErrorKind::Poisoned, message).with_source(why.clone()));
        }
        self.advance(tail)?;
        self.refuse_damage()?;
        if !tail.verified {
            self.verify_recent(VERIFY_BYTES_MAX)?;
            self.refuse_damage()?;
            tail.verified = true;
        }
        if !tail.ready {
            tail.zeroed = tail.segment.file_len()?;
            if tail.garbage || !self.is_zero_behind(tail)? {
                self.rotate(tail)?;
            }
            self.vouch(tail)?;
            tail.ready = true;
        }
        if tail.end - u64::from(tail.snapshot).max(FRAMES_FROM) >= SNAPSHOT_EVERY {
            let mut group = Building::new(tail);
            let payload = self.snapshot_payload(tail, &mut group.fresh, group.offset as u32)?;
            self.push_frame(tail, &mut group, FrameKind::Snapshot, &payload)?;
            self.write(tail, &mut group)?;
        }
        Ok(())
    }

    fn refuse_damage(&self) -> Result<()> {
        match self.state().damage.first() {
            Some(damage) => Err(damage.error().context("nothing is written")),
            None => Ok(()),
        }
    }

    /// Tells whether behind the last frame, and the marker of closing if there is one, stand
    /// zeros alone.
    fn is_zero_behind(&self, tail: &Tail) -> Result<bool> {
        let marker = self.close_marker(tail);
        let len = usize::try_from(tail.zeroed.saturating_sub(tail.end)).unwrap_or(usize::MAX);
        let bytes = tail.segment.read_some(tail.end, len)?;
        let rest = bytes.strip_prefix(&marker[..]).unwrap_or(&bytes);
        Ok(rest.iter().all(|&byte| byte == 0))
    }

    /// Makes sure of frames that another process may have written without a sync: they are
    /// written again in place, and the sync of the commit that follows covers them.
    fn vouch(&self, tail: &mut Tail) -> Result<()> {
        let vfs = &*self.medium().vfs;
        if tail.sequence <= 1 {
            // Nothing but the base frame: the segment's name may not be durable yet.
            vfs.sync_dir(super::segment::DIRECTORY, SyncSite::SegmentName)
                .map_err(|error| Error::io("sync the directory of the segments", error))?;
        }
        let from = tail.durable.max(FRAMES_FROM);
        if from < tail.end {
            let len = usize::try_from(tail.end - from).expect("a segment fits into memory");
            let bytes = tail.segment.read(from, len)?;
            let file = tail.segment.writing(vfs)?;
            file.write_at(&bytes, from).map_err(|error| self.poison(tail, error))?;
        }
        Ok(())
    }

    /// Leaves the marker that says that all is durable.
    pub(crate) fn close(&self) {
        if self.shared.options.durability != Durability::Sync {
            return;
        }
        let wrote = {
            let tail = self.tail();
            tail.wrote && tail.poisoned.is_none()
        };
        if !wrote {
            return;
        }
        // The marker is worth no long wait.
        let options = LogOptions { lock_timeout: CLOSE_WAIT, ..self.shared.options.clone() };
        let Ok(_lock) = super::lock(&*self.medium().vfs, &options) else { return };
        let mut tail = self.tail();
        // Others may have gone on, and then it is theirs to say.
        let ours = tail.durable == tail.end;
        if ours && self.advance(&mut tail).is_ok() && tail.durable == tail.end && !tail.garbage {
            let marker = self.close_marker(&tail);
            if let Ok(file) = tail.segment.writing(&*self.medium().vfs)
                && tail.end + marker.len() as u64 <= tail.zeroed
            {
                let _ = file.write_at(&marker, tail.end);
            }
            super::mark::write(&*self.medium().vfs, &tail);
        }
    }

    /// Makes everything committed so far durable.
    pub(crate) fn sync(&self) -> Result<()> {
        if self.shared.options.read_only {
            return Ok(());
        }
        let _lock = self.lock()?;
        let mut tail = self.tail();
        self.advance(&mut tail)?;
        let segment = tail.segment.clone();
        let file = segment.writing(&*self.medium().vfs)?;
        file.sync_data(SyncSite::Commit).map_err(|error| self.poison(&mut tail, error))?;
        tail.durable = tail.end;
        Ok(())
    }

    /// Begins the next segment; what comes after goes there.
    fn rotate(&self, tail: &mut Tail) -> Result<()> {
        if tail.durable < tail.end {
            self.vouch(tail)?;
            let segment = tail.segment.clone();
            let file = segment.writing(&*self.medium().vfs)?;
            file.sync_data(SyncSite::Commit).map_err(|error| self.poison(tail, error))?;
            tail.durable = tail.end;
        }
        let next = SegmentId::log(tail.segment.id.number + 1);
        self.create_segment(tail, next)?;
        self.advance(tail)
    }
}

/// Returns an error again, for each of those whom it concerns.
fn again(error: &Error) -> Error {
    let copy = Error::new(error.kind(), error.to_string());
    match std::error::Error::source(error) {
        Some(source) => copy.with_source(source.to_string()),
        None => copy,
    }
}
