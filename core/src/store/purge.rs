//! Purging: bytes that must go, and the tombstones that say so.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;

use super::Store;
use super::graph::{Graph, GraphEvents, Presence};
use super::progress::{GcProgress, Progress};
use super::refs::{PURGED, SESSION};
use super::rewrite::Found;
use super::roots::Root;
use crate::error::{Error, ErrorKind, Result};
use crate::id::{ContentId, ObjectId, OperationId};
use crate::limits::{CANDIDATES_MAX, LABEL_BYTES_MAX};
use crate::log::{Expected, Listed, NewObject, Payload, RefUpdate, Transaction};
use crate::map::{Map, Value};
use crate::object::{Canonical, Kind, Node, Tombstone};

/// Why bytes are purged, and how far.
#[derive(Clone, Debug, Default)]
pub struct PurgeOptions {
    reason: String,
    actor: String,
    everywhere: bool,
    rewrite: bool,
}

impl PurgeOptions {
    /// Gives the reason, which the tombstone keeps: a line of at most
    /// [`LABEL_BYTES_MAX`] bytes.
    pub fn new(reason: impl Into<String>) -> Self {
        PurgeOptions { reason: reason.into(), ..PurgeOptions::default() }
    }

    /// Names who purges.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Purges although other sessions hold the bytes too.
    #[must_use]
    pub fn everywhere(mut self, everywhere: bool) -> Self {
        self.everywhere = everywhere;
        self
    }

    /// Makes all that leads to the bytes anew, so that not even their id stays: whoever guesses a
    /// short secret could confirm the guess against it. A text `[purged: REASON]` takes their
    /// place, and there is no tombstone. Every checkpoint, operation and iteration after them gets
    /// another id; numbers and names stay. Who holds the bytes may bring them back.
    #[must_use]
    pub fn rewrite(mut self, rewrite: bool) -> Self {
        self.rewrite = rewrite;
        self
    }
}

/// What a purge did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PurgeReport {
    /// A tombstone for each object that went; empty where all of it was purged before. Those of a
    /// rewriting purge are in this report alone.
    pub tombstones: Vec<Tombstone>,
    /// Nodes that were made anew, where history was rewritten.
    pub rewritten: u64,
    /// The sessions that held any of it, by name; deleted ones as `deleted/ID`.
    pub sessions: Vec<String>,
    /// Bytes by which the segments' files shrank.
    pub freed: u64,
}

impl Store {
    /// Purges every content and every memory that contains these bytes, wherever it is.
    ///
    /// # Errors
    /// `Invalid` for no bytes, for a reason that contains them, and where they stand in what cannot be purged alone (a path, a
    /// label, a message, a value of the state): then nothing is purged. `Conflict` where more than
    /// one session holds any of it and that was not asked for. `Conflict` also where others fork, pin
    /// or check out what is being [rewritten](PurgeOptions::rewrite): purge again. `Io` also where the
    /// catalogue cannot be removed. Else as [`gc`](Self::gc).
    pub fn purge_matching(
        &self,
        bytes: &[u8],
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        if bytes.is_empty() {
            return Err(Error::invalid("nothing to look for: everything contains no bytes"));
        }
        for (what, text) in [("reason", &options.reason), ("actor", &options.actor)] {
            if contains(text.as_bytes(), bytes) {
                return Err(Error::invalid(format!(
                    "the {what} contains the bytes, and would be kept; nothing was purged"
                )));
            }
        }
        self.purge(Sought::Matching(bytes), None, options, progress)
    }

    /// Purges objects; `own` is the session on whose behalf.
    pub(crate) fn purge_objects(
        &self,
        targets: &[ObjectId],
        own: OperationId,
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        let targets = targets.iter().copied().collect();
        self.purge(Sought::Objects(targets), Some(own), options, progress)
    }

    fn purge(
        &self,
        sought: Sought<'_>,
        own: Option<OperationId>,
        options: &PurgeOptions,
        progress: Progress<'_, GcProgress>,
    ) -> Result<PurgeReport> {
        for (what, text) in [("a reason", &options.reason), ("an actor", &options.actor)] {
            if text.len() > LABEL_BYTES_MAX {
                let len = text.len();
                return Err(Error::invalid(format!(
                    "{what} of {len} bytes, at most {LABEL_BYTES_MAX} are allowed"
                )));
            }
        }
        let _only = self.log().maintenance_lock()?;
        let roots = self.roots()?;
        let listed = self.list_objects()?;
        let mut search =
            Search { sought: &sought, found: BTreeMap::new(), stuck: Vec::new(), progress };
        let chains = roots.iter().any(Root::is_trimmed);
        let graph = Graph::read(self, &listed, chains, &mut search)?;
        let Search { mut found, stuck, .. } = search;
        if let Some(first) = stuck.first() {
            return Err(Error::invalid(format!(
                "the bytes also stand in {first}, which cannot be purged alone; nothing was purged"
            )));
        }
        leave_out_chunks(&graph, &listed, &mut found);
        if options.rewrite
            && let Sought::Objects(targets) = &sought
        {
            for id in targets {
                if let Some(buried) = self.buried(id)? {
                    found.insert(*id, buried);
                }
            }
        }
        if options.rewrite {
            self.leave_out_stand_ins(&mut found, &options.reason)?;
        }
        if found.is_empty() {
            // One that was cut off in between left the catalogue, perhaps.
            self.clear_derived()?;
            return Ok(PurgeReport::default());
        }
        let sessions = self.holders(&graph, &roots, &found, own, options.everywhere)?;
        let time = self.now();
        let tombstones: Vec<Tombstone> = found
            .into_iter()
            .map(|(target, (kind, size))| Tombstone {
                target,
                lost: false,
                kind,
                size: Some(size),
                reason: options.reason.clone(),
                actor: options.actor.clone(),
                time,
            })
            .collect();
        // What was derived goes first, lest a purge that is cut off leaves it; and once more in the
        // end, for others may have derived it meanwhile.
        self.clear_derived()?;
        let _freeing = self.log().freeing();
        let mut rewritten = 0;
        if options.rewrite {
            let targets = tombstones
                .iter()
                .map(|stone| (stone.target, (stone.kind, stone.size.unwrap_or(0))));
            let refs: Vec<_> = roots.into_iter().map(|root| (root.name, root.id)).collect();
            rewritten = self.rewrite(&graph, &refs, &targets.collect(), &options.reason)?;
        }
        let mut without = HashSet::new();
        if !options.rewrite {
            without.extend(tombstones.iter().map(|stone| stone.target));
        }
        // After a rewrite nothing stands in for the objects, so whoever leads to them keeps them.
        let mut commit = || match options.rewrite {
            true => Ok(Transaction::default()),
            false => self.bury(PURGED, &tombstones),
        };
        let report = self.collect(&[], without, Some(&mut commit), progress)?;
        self.clear_derived()?;
        if options.rewrite {
            self.require_gone(&tombstones)?;
        }
        Ok(PurgeReport { freed: report.freed(), tombstones, sessions, rewritten })
    }

    /// Makes sure that a rewriting purge left none of what it was to take away.
    fn require_gone(&self, tombstones: &[Tombstone]) -> Result<()> {
        let mut left = 0;
        for tombstone in tombstones {
            left += usize::from(self.log().contains(&tombstone.target)?);
        }
        match left {
            0 => Ok(()),
            left => Err(Error::conflict(format!(
                "history was rewritten, but somebody wrote, forked, pinned or checked out \
                 meanwhile what leads to {left} of {} objects, which stay; purge again by the \
                 bytes, wherever they are",
                tombstones.len()
            ))),
        }
    }

    /// Puts tombstones into the map that a ref names. To be committed while nobody else commits.
    pub(super) fn bury(&self, name: &str, tombstones: &[Tombstone]) -> Result<Transaction> {
        let map = Map::new(self.reference(name)?.map(crate::id::MapId::new));
        let mut objects = Vec::new();
        let edits: Vec<_> = tombstones
            .iter()
            .map(|tombstone| {
                let node = tombstone.to_node();
                let id = node.id();
                let payload = Payload::Node(node.into());
                objects.push(NewObject { id, payload, base: None });
                let value = Value { refs: vec![id], bytes: Vec::new() };
                (tombstone.target.as_bytes().to_vec(), Some(value))
            })
            .collect();
        let edited = map.edit(self, edits)?;
        for new in &edited.nodes {
            let payload = Payload::Node(new.node().clone());
            objects.push(NewObject { id: new.id(), payload, base: new.base() });
        }
        let new = edited.map.root().map(|root| root.id());
        let update = RefUpdate { name: name.to_owned(), expected: Expected::Any, new };
        Ok(Transaction { objects, updates: vec![update] })
    }

    /// Returns the names of the sessions that hold any of the objects; refuses if some do that
    /// were not asked for.
    fn holders(
        &self,
        graph: &Graph,
        roots: &[Root],
        found: &BTreeMap<ObjectId, Found>,
        own: Option<OperationId>,
        everywhere: bool,
    ) -> Result<Vec<String>> {
        let mut leads = vec![false; graph.len()];
        for number in found.keys().filter_map(|id| graph.find(id)) {
            leads[number as usize] = true;
        }
        graph.mark_what_leads_to(&mut leads);
        let targets: HashSet<ObjectId> = found.keys().copied().collect();
        let mut names: HashMap<OperationId, String> = HashMap::new();
        let sessions = roots.iter().filter(|root| root.name.starts_with(SESSION));
        for Root { name, id, .. } in sessions {
            if let Some(session) = self.session_if_known(name, id)? {
                names.insert(session, name[SESSION.len()..].to_owned());
            }
        }
        let (mut holders, mut others) = (HashSet::new(), HashSet::new());
        for root in roots {
            let Root { name, id, .. } = root;
            if !graph.find(id).is_some_and(|number| leads[number as usize]) {
                continue;
            }
            let session = self.session_if_known(name, id)?;
            // What a session gave up by a trim it does not hold, nor what its origin did meanwhile.
            let first = session.and_then(|session| graph.find(&session.id()));
            let is_fork = first.is_some_and(|first| graph.origin(first).is_some());
            if (root.is_trimmed() || is_fork) && !self.leads_to(graph, root, &targets)? {
                continue;
            }
            let shown = match session {
                Some(session) => match names.get(&session) {
                    Some(name) => name.clone(),
                    None => format!("deleted/{session:.10}"),
                },
                None => format!("ref {name}"),
            };
            if own.is_some() && session != own {
                others.insert(shown.clone());
            }
            holders.insert(shown);
        }
        let mut holders: Vec<String> = holders.into_iter().collect();
        holders.sort();
        let too_many = if own.is_some() { !others.is_empty() } else { holders.len() > 1 };
        if too_many && !everywhere {
            let mut listed: Vec<&str> =
                holders.iter().take(CANDIDATES_MAX).map(|name| &name[..]).collect();
            if holders.len() > CANDIDATES_MAX {
                listed.push("...");
            }
            return Err(Error::conflict(format!(
                "{} sessions hold these bytes ({}); purge them everywhere, or not at all",
                holders.len(),
                listed.join(", ")
            )));
        }
        Ok(holders)
    }
}

enum Sought<'a> {
    Objects(HashSet<ObjectId>),
    Matching(&'a [u8]),
}

/// A reading of all objects that notes those to purge.
struct Search<'a, 'b> {
    sought: &'a Sought<'a>,
    found: BTreeMap<ObjectId, Found>,
    /// Where the bytes stand and cannot be taken away.
    stuck: Vec<String>,
    progress: Progress<'b, GcProgress>,
}

impl GraphEvents for Search<'_, '_> {
    fn progress(&mut self, done: u64, total: u64) -> ControlFlow<()> {
        (self.progress)(GcProgress { done, total })
    }

    fn unreadable(&mut self, _object: &Listed, error: Error) -> Result<()> {
        if error.kind() == ErrorKind::Corrupt { Ok(()) } else { Err(error) }
    }

    fn read(&mut self, store: &Store, object: &Listed, node: Option<&Node>) -> Result<()> {
        let is_sought = match self.sought {
            Sought::Objects(targets) => targets.contains(&object.id),
            Sought::Matching(bytes) => match node {
                Some(node) => contains(&node.body, bytes),
                None => contains(&store.read_content(ContentId::new(object.id))?, bytes),
            },
        };
        if !is_sought {
            return Ok(());
        }
        match node {
            Some(node) if node.kind != Kind::MEMORY => {
                let kind = node.kind.name().unwrap_or("node");
                self.stuck.push(format!("{kind} {:.10}", object.id));
            }
            Some(node) => {
                let size = node.canonical_bytes().len() as u64;
                self.found.insert(object.id, (Some(node.kind), size));
            }
            None => {
                let size = object.row.content_len().unwrap_or(0);
                self.found.insert(object.id, (None, size));
            }
        }
        Ok(())
    }
}

fn contains(bytes: &[u8], sought: &[u8]) -> bool {
    let Some((&first, rest)) = sought.split_first() else { return true };
    let mut at = 0;
    while let Some(step) = bytes[at..].iter().position(|&byte| byte == first) {
        at += step + 1;
        if bytes[at..].starts_with(rest) {
            return true;
        }
    }
    false
}

/// A chunk is no content of its own: it goes with the last content that is placed in it, and may
/// be part of others that come.
fn leave_out_chunks(graph: &Graph, listed: &[Listed], found: &mut BTreeMap<ObjectId, Found>) {
    let mut chunks = HashSet::new();
    let mut referred = HashSet::new();
    let mut seen = HashSet::new();
    for object in listed {
        let Some(number) = graph.find(&object.id) else { continue };
        if graph.presence(number) != Presence::Read || !seen.insert(number) {
            continue;
        }
        let set = if object.row.is_chunked() { &mut chunks } else { &mut referred };
        set.extend(graph.edges(number).iter().map(|&to| graph.id(to)));
    }
    found.retain(|id, _| referred.contains(id) || !chunks.contains(id));
}
