//! Putting changes of files forward.

use std::collections::BTreeMap;

use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::limits::PROPOSAL_PATHS_MAX;
use crate::map::{Map, Value};
use crate::object::{Entry, FilePath, Memory, MemoryKind, OperationKind, Revision, Role};
use crate::session::batch::Batch;
use crate::session::draft::entry::NewEntry;
use crate::session::handle::Session;
use crate::session::line::keys::{FLOOR, memory_key, next_number};
use crate::session::line::names::first_line;
use crate::session::line::place::Place;
use crate::session::line::proposed::{ProposalRow, ProposedChange, changes_of};
use crate::session::line::roots::{Root, Roots};
use crate::session::read::snapshot::Snapshot;
use crate::session::turn::proposals::ProposalEntry;

/// A change of files that is to be proposed: each path with what it is to hold, or nothing where the
/// file is to go.
pub type ChangeSet = BTreeMap<FilePath, Option<NewEntry>>;

/// What a revision says of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Put<'a> {
    pub(crate) title: &'a str,
    pub(crate) author: &'a str,
    pub(crate) turn: Option<ObjectId>,
    /// Whether it is still being worked on.
    pub(crate) is_draft: bool,
}

impl Session {
    /// Puts a change of files forward, and changes none of them. It costs no view: a model is shown it
    /// where a host says so. Returns the proposal, whose newest revision the change is.
    ///
    /// # Errors
    /// `Invalid` for a change of nothing, of too many paths, or to what no checkout could write.
    ///
    /// ```
    /// use partita::host::turn::{ChangeSet, Choice};
    /// use partita::{FilePath, NewEntry};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// session.write("a", "1")?;
    /// let change = ChangeSet::from([(FilePath::new("a")?, Some(NewEntry::file("2")))]);
    /// let proposal = session.propose("count on", change)?;
    /// assert_eq!(session.read("a")?, b"1");
    /// session.review(proposal.number, proposal.newest().id, Choice::Accept, "")?;
    /// session.apply_proposal(proposal.number)?;
    /// assert_eq!(session.read("a")?, b"2");
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn propose(&self, title: &str, change: ChangeSet) -> Result<ProposalEntry> {
        self.put_forward(None, title, change)
    }

    /// Puts a proposal forward anew, changed by these paths, as its next revision. What was decided
    /// about an earlier revision says nothing of this one.
    ///
    /// # Errors
    /// `NotFound` if there is no such proposal, `Conflict` if it was applied, else as
    /// [`propose`](Self::propose).
    pub fn revise(&self, number: u64, title: &str, change: ChangeSet) -> Result<ProposalEntry> {
        self.put_forward(Some(number), title, change)
    }

    fn put_forward(
        &self,
        number: Option<u64>,
        title: &str,
        change: ChangeSet,
    ) -> Result<ProposalEntry> {
        let actor = self.actor.clone();
        let put = Put { title, author: &actor, ..Put::default() };
        let ((number, _), done) = self.in_place(OperationKind::Propose, title, |batch| {
            let put = batch.put_proposal(number, &put, change.clone())?;
            put.ok_or_else(|| Error::invalid("a proposal that changes nothing"))
        })?;
        Snapshot::new(&self.store, done.head.point.clone()).proposal(number)
    }
}

impl Batch {
    /// Adds a proposal, or a revision of one. Returns its number and the revision's id; none, and
    /// nothing is added, where it would change nothing.
    pub(crate) fn put_proposal(
        &mut self,
        number: Option<u64>,
        put: &Put<'_>,
        change: ChangeSet,
    ) -> Result<Option<(u64, ObjectId)>> {
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Proposals)?;
        let (number, mut row) = match number {
            None => (next_number(map, &self.batch)?, ProposalRow::default()),
            Some(number) => (number, self.proposal_row(map, number)?),
        };
        if row.applied > 0 {
            let message = format!("proposal {number} was applied; propose something new");
            return Err(Error::conflict(message));
        }
        let before = row.revisions.last().cloned();
        let known = match &before {
            Some((_, revision)) => changes_of(&self.batch, revision)?,
            None => Vec::new(),
        };
        let mut known: BTreeMap<FilePath, ProposedChange> =
            known.into_iter().map(|change| (change.path.clone(), change)).collect();
        let mut edits = Vec::with_capacity(change.len());
        for (path, new) in change {
            let changed = self.proposed_change(&path, new, known.get(&path))?;
            if changed.before.as_ref().unwrap_or(&Entry::Removed) == &changed.after {
                known.remove(&path);
                edits.push((path.as_bytes().to_vec(), None));
            } else {
                edits.push(changed.row());
                known.insert(path, changed);
            }
        }
        if known.is_empty() {
            return Ok(None);
        }
        if known.len() > PROPOSAL_PATHS_MAX {
            let (paths, most) = (known.len(), PROPOSAL_PATHS_MAX);
            let message = format!("a proposal of {paths} paths, at most {most} are taken");
            return Err(Error::invalid(message));
        }
        let base = before.as_ref().map_or(Map::EMPTY, |(_, before)| Map::new(Some(before.changes)));
        let changes = self.batch.edit_map(base, edits)?;
        let replaces = row.is_draft;
        let revision = Revision {
            number: before.as_ref().map_or(1, |(_, it)| it.number + u64::from(!replaces)),
            supersedes: match &before {
                Some((_, it)) if replaces => it.supersedes,
                before => before.as_ref().map(|(id, _)| *id),
            },
            base: self.head.point().map(crate::session::line::point::Point::checkpoint_id),
            changes: changes.root().expect("it has a row at the least"),
            paths: known.len() as u64,
            title: put.title.to_owned(),
            author: put.author.to_owned(),
            turn: put.turn,
        };
        revision.validate()?;
        let id = self.batch.put(&revision, before.as_ref().map(|(id, _)| *id));
        if replaces && let Some((old, _)) = &before {
            row.refs.retain(|id| id != old);
        }
        row.refs.push(id);
        row.is_draft = put.is_draft;
        self.set_proposal(map, number, &row)?;
        Ok(Some((number, id)))
    }

    /// Puts changes into a draft of a proposal. Returns its number; none where nothing is left of it.
    pub(crate) fn put_draft(
        &mut self,
        number: Option<u64>,
        put: &Put<'_>,
        change: ChangeSet,
    ) -> Result<Option<u64>> {
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Proposals)?;
        // One that was applied, or that an undo took back, is no draft.
        let number = match number {
            Some(number) => match map.get(&self.batch, &memory_key(number))? {
                Some(value) if ProposalRow::of(&self.batch, &value)?.applied == 0 => Some(number),
                _ => None,
            },
            None => None,
        };
        if let Some((number, _)) = self.put_proposal(number, put, change)? {
            return Ok(Some(number));
        }
        let Some(number) = number else { return Ok(None) };
        // All of it was taken back: what was put forward before stands, if anything was.
        let mut row = self.proposal_row(map, number)?;
        let (newest, _) = row.newest().clone();
        if row.is_draft {
            row.refs.retain(|id| *id != newest);
        }
        if row.revisions.len() == 1 && row.is_draft {
            // Its number is not given again.
            let next = next_number(map, &self.batch)?.to_be_bytes().to_vec();
            let floor = Value { refs: Vec::new(), bytes: next };
            let rows = self.draft.joined.rows(Root::Proposals);
            rows.insert(memory_key(number), None);
            rows.insert(FLOOR.to_vec(), Some(floor));
            return Ok(None);
        }
        row.is_draft = false;
        self.set_proposal(map, number, &row)?;
        Ok(Some(number))
    }

    /// Puts a draft forward. Returns whether it was one.
    pub(crate) fn submit_proposal(&mut self, number: u64) -> Result<bool> {
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Proposals)?;
        let mut row = self.proposal_row(map, number)?;
        let was_draft = std::mem::take(&mut row.is_draft);
        if was_draft {
            self.set_proposal(map, number, &row)?;
        }
        Ok(was_draft)
    }

    /// What a turn's proposal is called: the first line of what the user asked last, up to a memory.
    pub(crate) fn title_of_turn(&self, newest: u64) -> Result<String> {
        const MEMORIES_LOOKED_AT: usize = 64;
        let state = self.before();
        // Where nothing was asked before the turn, its own prompt says what is to be done.
        let (asked, all) = (state.memories_up_to(newest), state.memories_back());
        let entries = asked.take(MEMORIES_LOOKED_AT).chain(all.take(MEMORIES_LOOKED_AT));
        for entry in entries {
            match entry {
                Ok(entry) if is_question(&entry.memory) => {
                    return Ok(first_line(&entry.memory.text()));
                }
                Err(error) if error.kind() != ErrorKind::Purged => return Err(error),
                _ => {}
            }
        }
        Ok(String::new())
    }

    pub(crate) fn proposal_row(&self, map: Map, number: u64) -> Result<ProposalRow> {
        match map.get(&self.batch, &memory_key(number))? {
            Some(value) => ProposalRow::of(&self.batch, &value),
            None => Err(Error::not_found(format!("no proposal {number}"))),
        }
    }

    pub(crate) fn set_proposal(&mut self, map: Map, number: u64, row: &ProposalRow) -> Result<()> {
        let is_floored = map.get(&self.batch, FLOOR)?.is_some();
        let value: Value = row.value(&mut self.batch)?;
        let rows = self.draft.joined.rows(Root::Proposals);
        if is_floored {
            rows.insert(FLOOR.to_vec(), None);
        }
        rows.insert(memory_key(number), Some(value));
        Ok(())
    }

    /// A path with what it has and what it is to have.
    fn proposed_change(
        &mut self,
        path: &FilePath,
        new: Option<NewEntry>,
        known: Option<&ProposedChange>,
    ) -> Result<ProposedChange> {
        let files = Roots::of(self.head.point()).files();
        let before = match known {
            Some(known) => known.before.clone(),
            None => {
                let place = Place::find(files, &self.batch, path)?.filter(Place::is_live);
                place.map(|place| place.entry)
            }
        };
        let after = match new {
            None => Entry::Removed,
            Some(new) => {
                let base = before.as_ref().and_then(Entry::content);
                self.draft.put_checked(&mut self.batch, path, new, base)?
            }
        };
        Ok(ProposedChange { path: path.clone(), before, after })
    }
}

/// Tells whether a memory is what a user asked.
fn is_question(memory: &Memory) -> bool {
    memory.role == Role::User && memory.kind == MemoryKind::Message
}
