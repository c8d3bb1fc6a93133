//! Garbage collection: what no ref leads to goes, what stays is packed tightly.
//!
//! Everything but the newest log segment is copied, as far as refs lead to it, to new data
//! segments; one commit attaches those and retires the old ones; then the old files go. Readers
//! and writers go on meanwhile. What a writer made reachable again in between is copied before
//! that commit, under the writer lock.

use std::collections::HashSet;
use std::time::Duration;

use super::Store;
use super::collection::{Collection, Tally};
use super::groups::Groups;
use super::kept::Freed;
use super::progress::{GcProgress, Progress};
use super::refs::{DELETED, horizon_ref, pins_of, session_in};
use crate::error::{ErrorKind, Result};
use crate::id::ObjectId;
use crate::limits::KEEP;
use crate::log::{Expected, RefUpdate, Retirement, SegmentId, Transaction, Unretired, is_full};
use crate::object::{Operation, Timestamp, read};

/// How garbage is collected.
///
/// ```
/// use std::time::Duration;
/// use partita::upkeep::{GcOptions, go_on};
/// let store = partita::Store::in_memory()?;
/// store.session("s")?.write("a", "text")?;
/// store.delete_session("s")?;
/// let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut go_on)?;
/// assert_eq!(report.sessions, 1);
/// assert!(report.objects > 0);
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GcOptions {
    keep: Duration,
    dry_run: bool,
}

impl Default for GcOptions {
    fn default() -> Self {
        GcOptions::new()
    }
}

impl GcOptions {
    /// Keeps deleted sessions, and what checkouts put aside, for 30 days ([`KEEP`]).
    pub fn new() -> Self {
        GcOptions { keep: KEEP, dry_run: false }
    }

    /// Keeps deleted sessions for this long after they were deleted, and what checkouts
    /// [put aside](Store::kept) for this long after that; pinned sessions stay for good.
    #[must_use]
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep;
        self
    }

    /// From when on a session that was deleted at a time goes, unless told otherwise. A time in the
    /// future counts as now.
    pub(crate) fn goes(deleted: Timestamp, now: Timestamp) -> Timestamp {
        let keep = i64::try_from(KEEP.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(deleted.min(now).as_millis().saturating_add(keep))
    }

    /// Says what would go, and changes nothing.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcReport {
    /// Deleted sessions that went for good.
    pub sessions: u64,
    /// Paths of what checkouts had put aside that went for good.
    pub put_aside: u64,
    /// Objects that went.
    pub objects: u64,
    /// Their bytes as stored; in a dry run what can be said to be freed at the least.
    pub object_bytes: u64,
    /// Objects that stay.
    pub kept: u64,
    /// Bytes of all segments before.
    pub bytes_before: u64,
    /// Bytes of all segments after; in a dry run as before.
    pub bytes_after: u64,
    /// Segments that gave way.
    pub segments: u64,
}

impl GcReport {
    /// Returns the bytes by which the segments' files shrank.
    pub fn freed(&self) -> u64 {
        self.bytes_before.saturating_sub(self.bytes_after)
    }

    fn take(&mut self, tally: &Tally) {
        (self.kept, self.objects) = (tally.kept, tally.objects);
        self.object_bytes = tally.object_bytes;
    }
}

impl Store {
    /// Removes what no ref leads to, and packs what stays.
    ///
    /// Sessions, deleted ones for the time that [`GcOptions::keep`] gives, pins and checkouts keep
    /// what they lead to. Needs free space for copies of at most 256 MiB of segments at a time,
    /// and about 150 bytes of memory an object. `progress` is told how far it is, and ends it with
    /// `Break`: then nothing, or a part of it, was done.
    ///
    /// # Errors
    /// `Corrupt` if anything that must stay cannot be read: then nothing goes. `Busy` while another
    /// collection runs. `Io` if the medium refuses, or if `progress` ended it.
    pub fn gc(&self, options: &GcOptions, progress: Progress<'_, GcProgress>) -> Result<GcReport> {
        let _only = if options.dry_run { None } else { Some(self.log().maintenance_lock()?) };
        let _freeing = (!options.dry_run).then(|| self.log().freeing());
        let freed = self.free_kept(self.oldest(options.keep), options.dry_run)?;
        let put_aside = freed.paths;
        if options.dry_run {
            let expired = self.expired(options.keep)?;
            let mut report =
                GcReport { put_aside, sessions: sessions(&expired), ..GcReport::default() };
            let gone = expired.into_iter().map(|(name, _)| name).collect();
            let (collection, listed) =
                Collection::mark(self, &gone, HashSet::new(), &freed, progress)?;
            report.take(&collection.count(&listed, &|_| true));
            (report.bytes_before, _) = self.log().stored_bytes()?;
            report.bytes_after = report.bytes_before;
            return Ok(report);
        }
        let expired = self.expire(options.keep)?;
        let report = self.collect(&expired, HashSet::new(), None, progress)?;
        Ok(GcReport { put_aside, ..report })
    }

    /// The time at which what goes now was deleted or put aside at the latest.
    fn oldest(&self, keep: Duration) -> Timestamp {
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.now().as_millis().saturating_sub(keep))
    }

    /// Takes away the refs of deleted sessions that are not kept any longer. This comes first, so
    /// that the refs' own map, which the collection keeps, is already without them.
    fn expire(&self, keep: Duration) -> Result<Vec<(String, ObjectId)>> {
        loop {
            let expired = self.expired(keep)?;
            if expired.is_empty() {
                return Ok(expired);
            }
            let removal = |(name, id): &(String, ObjectId)| RefUpdate {
                name: name.clone(),
                expected: Expected::Id(*id),
                new: None,
            };
            match self.log().commit(Transaction {
                objects: Vec::new(),
                updates: expired.iter().map(removal).collect(),
            }) {
                // Somebody brought one back.
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                done => return done.map(|()| expired),
            }
        }
    }

    /// Puts back the refs of deleted sessions, of which nothing went.
    fn put_back(&self, expired: &[(String, ObjectId)]) -> Result<()> {
        let update = |(name, id): &(String, ObjectId)| RefUpdate {
            name: name.clone(),
            expected: Expected::Absent,
            new: Some(*id),
        };
        let updates = expired.iter().map(update).collect();
        self.log().commit(Transaction { objects: Vec::new(), updates })
    }

    /// Returns the refs of deleted sessions that are not kept any longer, and their horizons.
    fn expired(&self, keep: Duration) -> Result<Vec<(String, ObjectId)>> {
        let keep = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
        let now = self.now().as_millis();
        let mut expired = Vec::new();
        for (name, id) in self.all_references()? {
            let Some((session, _)) = session_in(&name, DELETED) else { continue };
            let operation: Operation = match read(self, id) {
                Ok(operation) => operation,
                // Whoever knows what it says may let it go.
                Err(error) if error.kind() == ErrorKind::Unsupported => continue,
                Err(error) => return Err(error),
            };
            let pinned = !self.references(&pins_of(session), None, 1)?.is_empty();
            // A clock that stood in the future then says no more than one that stands at now.
            let age = now.saturating_sub(operation.time.as_millis()).max(0);
            if !pinned && age >= keep {
                expired.push((name, id));
                let horizon = horizon_ref(session);
                expired.extend(self.reference(&horizon)?.map(|id| (horizon, id)));
            }
        }
        Ok(expired)
    }

    /// Looks for room on a full disk: in what no commit names, in the reserve, in what is derived.
    /// Tells whether there may be some.
    fn find_room(&self, strays: &mut Vec<String>) -> Result<bool> {
        let strays = std::mem::take(strays);
        if !strays.is_empty() {
            self.log().remove_strays(&strays)?;
            return Ok(true);
        }
        if self.log().spend_copies() {
            // Whatever happens to it: it costs nothing but time to derive it again.
            let _ = self.catalogue().clear();
            return Ok(true);
        }
        Ok(false)
    }

    /// Collects what nothing leads to, the objects in `without` not counted. The `expired` refs went
    /// before, and are put back if nothing goes with them. `commit` says what goes into the commit
    /// that retires the first segments; with it, all that is garbage has to go.
    pub(super) fn collect(
        &self,
        expired: &[(String, ObjectId)],
        without: HashSet<ObjectId>,
        commit: Option<&mut dyn FnMut() -> Result<Transaction>>,
        progress: Progress<'_, GcProgress>,
    ) -> Result<GcReport> {
        let mut retired = false;
        let collected = self.collect_what(expired, without, commit, &mut retired, progress);
        if collected.is_err() && !retired && !expired.is_empty() {
            // Why nothing was collected says more than why this failed too.
            let _ = self.put_back(expired);
        }
        collected
    }

    /// As [`collect`](Self::collect), but for the expired refs. `retired` says from when on segments
    /// are gone, or may be.
    fn collect_what(
        &self,
        expired: &[(String, ObjectId)],
        without: HashSet<ObjectId>,
        mut commit: Option<&mut dyn FnMut() -> Result<Transaction>>,
        retired: &mut bool,
        progress: Progress<'_, GcProgress>,
    ) -> Result<GcReport> {
        let mut report = GcReport::default();
        let _freeing = self.log().freeing();
        let mut strays = self.strays_of_nobody()?;
        (report.bytes_before, _) = self.log().stored_bytes()?;
        let (_, frozen) = self.log().freeze()?;
        let frozen: HashSet<SegmentId> = frozen.into_iter().collect();
        let freed = Freed::default();
        let (mut collection, listed) =
            Collection::mark(self, &HashSet::new(), without, &freed, progress)?;
        report.take(&collection.count(&listed, &|object| frozen.contains(&object.segment)));
        let mut groups = collection.groups(&listed, &frozen);
        report.segments = groups.iter().map(|group| group.len() as u64).sum();
        if groups.is_empty() && commit.is_some() {
            groups.push(Vec::new());
        }
        report.sessions = sessions(expired);
        let mut done = listed.len() as u64;
        let total = done + report.kept;
        let (mut waiting, mut full) = (Groups::new(groups), None);
        while let Some(group) = waiting.next() {
            let members: HashSet<SegmentId> = group.iter().copied().collect();
            let before = done;
            let copied = collection.copy(&members, &listed, &mut |copied| {
                done = before + copied;
                progress(GcProgress { done, total })
            });
            let copies = match copied {
                Err(error) if is_full(&error) => {
                    done = before;
                    match self.find_room(&mut strays)? {
                        true => waiting.again(group),
                        false => {
                            waiting.without_room(group);
                            full = Some(error);
                        }
                    }
                    continue;
                }
                copied => copied?,
            };
            let mut late = Vec::new();
            let outcome = self.log().retire(&mut || {
                late = collection.catch_up(&members, &listed)?;
                let mut transaction = Transaction::default();
                // With the first segments: no bytes are missing without the tombstone that says so.
                if !*retired && let Some(commit) = &mut commit {
                    transaction = commit()?;
                }
                let attached = copies.iter().chain(&late).cloned().collect();
                Ok(Retirement { transaction, attached, retired: group.clone() })
            });
            if let Err(why) = outcome {
                // From the commit on the copies may be all there is, whatever went wrong.
                match &why {
                    Unretired::Before(_) => {
                        self.log().discard_copies(&copies);
                        self.log().discard_copies(&late);
                    }
                    Unretired::After(_) => *retired = true,
                }
                return Err(why.into());
            }
            *retired = true;
            waiting.with_room();
        }
        // What there is no room to copy stays as it is, garbage and all; but a purge is not done.
        if let Some(error) = full.filter(|_| !waiting.is_empty() && (!*retired || commit.is_some()))
        {
            return Err(error.context("there is no room for copies of what stays"));
        }
        self.log().remove_strays(&strays)?;
        (report.bytes_after, _) = self.log().stored_bytes()?;
        let _ = progress(GcProgress { done: total, total });
        Ok(report)
    }
}

/// How many deleted sessions these refs are of.
fn sessions(expired: &[(String, ObjectId)]) -> u64 {
    expired.iter().filter(|(name, _)| name.starts_with(DELETED)).count() as u64
}
