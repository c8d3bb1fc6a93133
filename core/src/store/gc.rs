//! Garbage collection: what no ref leads to goes, what stays is packed tightly.
//!
//! Everything but the newest log segment is copied, as far as refs lead to it, to new data
//! segments; one commit attaches those and retires the old ones; then the old files go. Readers
//! and writers go on meanwhile. What a writer made reachable again in between is copied before
//! that commit, under the writer lock.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use super::Store;
use super::graph::{Graph, GraphEvents, Presence, interrupted};
use super::groups::Groups;
use super::kept::Freed;
use super::refs::{DELETED, horizon_ref, pins_of, session_in};
use super::roots::Root;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{MapId, ObjectId};
use crate::limits::KEEP;
use crate::log::{
    Copier, Expected, Listed, LiveSegment, RefUpdate, Retirement, SegmentId, Transaction,
    Unretired, is_full,
};
use crate::map::Map;
use crate::object::{Node, Objects, Operation, Timestamp, read};

/// Bytes of segments that one commit retires: what a collection needs of free space at the most.
const GROUP_BYTES: u64 = 256 << 20;

/// How garbage is collected.
///
/// ```
/// use std::{ops::ControlFlow, time::Duration};
/// use partita::upkeep::GcOptions;
/// let store = partita::Store::in_memory()?;
/// store.session("s")?.write("a", "text")?;
/// store.delete_session("s")?;
/// let report = store.gc(&GcOptions::new().keep(Duration::ZERO), &mut |_| ControlFlow::Continue(()))?;
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
}

/// How far a collection is.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GcProgress {
    /// Objects read and objects copied.
    pub done: u64,
    /// Objects to read and to copy, as far as is known.
    pub total: u64,
}

/// A callback that is told how far it is, and ends it with `Break`.
pub(super) type OnProgress<'a> = &'a mut dyn FnMut(GcProgress) -> ControlFlow<()>;

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
    pub fn gc(&self, options: &GcOptions, progress: OnProgress<'_>) -> Result<GcReport> {
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
            collection.count(&listed, &|_| true, &mut report);
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

    /// Returns what an object refers to.
    pub(super) fn refs_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
        if !self.log().is_node(id)? {
            return self.log().chunks(id);
        }
        Ok(self.read_node(id)?.refs.clone())
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
        progress: OnProgress<'_>,
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
        progress: OnProgress<'_>,
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
        collection.count(&listed, &|object| frozen.contains(&object.segment), &mut report);
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

/// A collection under way: what is live.
struct Collection<'a> {
    store: &'a Store,
    graph: Graph,
    live: Vec<bool>,
    /// Found to be live since the marking.
    late: HashSet<ObjectId>,
    without: HashSet<ObjectId>,
}

impl<'a> Collection<'a> {
    /// Reads every object and marks what refs lead to, but those that are `gone`. Fails if any of
    /// that cannot be read.
    fn mark(
        store: &'a Store,
        gone: &HashSet<String>,
        without: HashSet<ObjectId>,
        freed: &Freed,
        progress: OnProgress<'_>,
    ) -> Result<(Self, Vec<Listed>)> {
        // Before the objects: a ref that comes in between leads to what may not be listed.
        let mut roots = store.roots_without(gone)?;
        roots.retain(|root| !freed.thinned.contains_key(&root.name));
        for (name, ids) in &freed.thinned {
            roots.extend(ids.iter().map(|id| Root::state(format!("what {name} keeps"), *id)));
        }
        let listed = store.list_objects()?;
        let chains = roots.iter().any(Root::is_trimmed);
        let graph = Graph::read(store, &listed, chains, &mut Marking { progress })?;
        let reached = store.reach(&graph, &roots, &without)?;
        if let Some((from, id)) = reached.broken.first() {
            return Err(Error::corrupt(format!(
                "{from} leads to {id:.10}, which cannot be read, so nothing was collected; run \
                 `check`"
            )));
        }
        let (live, late) = (reached.live, HashSet::new());
        Ok((Collection { store, graph, live, late, without }, listed))
    }

    /// Copies what stays of some segments.
    fn copy(
        &self,
        members: &HashSet<SegmentId>,
        listed: &[Listed],
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<Vec<LiveSegment>> {
        let mut copier = Copier::new(self.store.log());
        let mut done = 0;
        for object in listed.iter().filter(|object| members.contains(&object.segment)) {
            if self.is_live(&object.id) {
                copier.copy(object)?;
                done += 1;
                if done % 256 == 0 && progress(done).is_break() {
                    return Err(interrupted());
                }
            }
        }
        let _ = progress(done);
        copier.finish()
    }

    fn is_live(&self, id: &ObjectId) -> bool {
        let marked = self.graph.find(id).is_some_and(|number| self.live[number as usize]);
        (marked || self.late.contains(id)) && !self.without.contains(id)
    }

    fn count(&self, listed: &[Listed], of: &dyn Fn(&Listed) -> bool, report: &mut GcReport) {
        let mut seen = HashSet::new();
        for object in listed.iter().filter(|object| of(object)) {
            let first = seen.insert(object.id);
            if self.is_live(&object.id) {
                report.kept += u64::from(first);
            } else {
                report.objects += u64::from(first);
                report.object_bytes += u64::from(object.row.stored_len());
            }
        }
    }

    /// Puts the segments that give way into groups. Log segments always do; a data segment does
    /// where something in it is not needed, or where it is small and others give way too.
    fn groups(&self, listed: &[Listed], frozen: &HashSet<SegmentId>) -> Vec<Vec<SegmentId>> {
        let mut order = self.store.log().segment_lens();
        order.retain(|(id, _)| frozen.contains(id));
        let mut copies = HashSet::new();
        let (mut wanted, mut wasted) = (HashSet::new(), HashSet::new());
        for object in listed.iter().filter(|object| frozen.contains(&object.segment)) {
            let waste = !self.is_live(&object.id) || !copies.insert(object.id);
            let set = if waste { &mut wasted } else { &mut wanted };
            set.insert(object.segment);
        }
        let is_due = |id: &SegmentId| !id.role_data || wasted.contains(id);
        let any_due = order.iter().any(|(id, _)| is_due(id) && wanted.contains(id));
        let small = self.store.log().segment_bytes() / 4;
        order.retain(|(id, len)| is_due(id) || any_due && *len < small);
        // First what needs no copies: on a full disk that makes room for those of the others.
        // A log segment holds the index of the one before, and must not go before that one.
        let mut goes_first = true;
        let (empty, kept): (Vec<_>, Vec<_>) = order.into_iter().partition(|(id, _)| {
            let is_empty = !wanted.contains(id);
            goes_first &= is_empty || id.role_data;
            is_empty && (goes_first || id.role_data)
        });
        let mut groups: Vec<Vec<SegmentId>> = Vec::new();
        if !empty.is_empty() {
            groups.push(empty.into_iter().map(|(id, _)| id).collect());
        }
        let mut size = u64::MAX;
        for (id, len) in kept {
            if size.saturating_add(len) > GROUP_BYTES {
                groups.push(Vec::new());
                size = 0;
            }
            groups.last_mut().expect("pushed above").push(id);
            size += len;
        }
        groups
    }

    /// Copies what commits since the marking have made reachable again and would go with these
    /// segments. Nobody else commits meanwhile.
    fn catch_up(
        &mut self,
        members: &HashSet<SegmentId>,
        listed: &[Listed],
    ) -> Result<Vec<LiveSegment>> {
        let mut pending =
            Map::new(self.store.log().refs_root().map(MapId::new)).node_ids(self.store)?;
        let own: HashSet<ObjectId> = pending.iter().copied().collect();
        let refs = self.store.all_references()?;
        pending.extend(refs.into_iter().map(|(_, id)| id));
        let mut met = HashSet::new();
        while let Some(id) = pending.pop() {
            if self.is_live(&id) || self.without.contains(&id) || !met.insert(id) {
                continue;
            }
            if self.store.log().contains(&id)? {
                self.late.insert(id);
                if !own.contains(&id) {
                    pending.extend(self.refs_of(&id)?);
                }
            } else if self.store.tombstone(&id)?.is_none() && !self.store.is_trimmed(&id)? {
                return Err(Error::corrupt(format!("object {id:.10} is missing")));
            }
        }
        let mut copier = Copier::new(self.store.log());
        for object in listed {
            if members.contains(&object.segment) && self.late.contains(&object.id) {
                copier.copy(object)?;
            }
        }
        copier.finish()
    }

    fn refs_of(&self, id: &ObjectId) -> Result<Vec<ObjectId>> {
        if let Some(number) = self.graph.find(id)
            && self.graph.presence(number) == Presence::Read
        {
            return Ok(self.graph.edges(number).iter().map(|&to| self.graph.id(to)).collect());
        }
        self.store.refs_of(id)
    }
}

/// A reading for which every object counts that refs lead to; which those are is known later.
struct Marking<'a> {
    progress: OnProgress<'a>,
}

impl GraphEvents for Marking<'_> {
    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        (self.progress)(GcProgress { done, total })
    }

    fn unreadable(&mut self, _object: &Listed, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Corrupt { Ok(()) } else { Err(error) }
    }

    fn read(&mut self, _store: &Store, _object: &Listed, _node: Option<&Node>) -> Result<()> {
        Ok(())
    }
}
