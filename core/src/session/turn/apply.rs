//! Applying proposals: as they are, or merged where the files have moved on.

use std::collections::BTreeMap;

use crate::diff;
use crate::error::{Error, Result};
use crate::object::{Bytes, Choice, Entry, FilePath, OperationKind};
use crate::session::batch::Batch;
use crate::session::draft::entry::NewEntry;
use crate::session::handle::Session;
use crate::session::line::info::CheckpointInfo;
use crate::session::line::place::Place;
use crate::session::line::proposed::{ProposedChange, changes_of};
use crate::session::line::roots::{Root, Roots};
use crate::session::turn::proposals::is_gone;

/// What applying a proposal did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The number of the proposal.
    pub proposal: u64,
    /// The number of the revision that was applied.
    pub revision: u64,
    /// The checkpoint that holds it.
    pub checkpoint: Option<CheckpointInfo>,
    /// The paths that it changed, in their order.
    pub paths: Vec<FilePath>,
    /// Those of them whose files had moved on: what both sides changed was merged, line by line.
    pub merged: Vec<FilePath>,
}

/// What became of applying a revision in a batch.
pub(crate) enum Tried {
    /// It is part of the batch.
    Applied(Applied),
    /// These paths have moved on, and what both sides changed cannot be merged.
    Moved(Vec<FilePath>),
}

impl Session {
    /// Applies the newest revision of a proposal, as one operation that one undo takes back. No file
    /// comes into view by it; one that is in view goes on there.
    ///
    /// Where files have moved on since it was put forward, both changes are merged, line by line.
    ///
    /// # Errors
    /// `NotFound` if there is no such proposal; `Invalid` if its newest revision is not accepted;
    /// `Conflict` if it was applied already, or if files have moved on and cannot be merged: the
    /// message names them, and nothing is changed. Propose it anew then.
    pub fn apply_proposal(&self, number: u64) -> Result<Applied> {
        let message = format!("proposal {number}");
        let (mut applied, done) = self.in_place(OperationKind::Apply, &message, |batch| {
            let state = Roots::of(batch.head.point());
            let map = state.map(Root::Proposals);
            let row = batch.proposal_row(map, number)?;
            match row.verdict() {
                _ if row.applied > 0 => {
                    let applied = row.applied;
                    let message = format!("revision {applied} of proposal {number} was applied");
                    return Err(Error::conflict(message));
                }
                Some(true) => {}
                Some(false) => {
                    let message = format!("the newest revision of proposal {number} was rejected");
                    return Err(Error::invalid(message));
                }
                None => {
                    return Err(Error::invalid(format!(
                        "nobody has accepted the newest revision of proposal {number}"
                    )));
                }
            }
            match batch.apply_revision(number)? {
                Tried::Applied(applied) => Ok(applied),
                Tried::Moved(paths) => {
                    let paths: Vec<String> = paths.iter().map(FilePath::to_string).collect();
                    Err(Error::conflict(format!(
                        "proposal {number} cannot be merged with what {} became since: propose it \
                         anew",
                        paths.join(", ")
                    )))
                }
            }
        })?;
        applied.checkpoint = done.head.point().map(CheckpointInfo::of);
        Ok(applied)
    }
}

impl Batch {
    /// Applies the newest revision of a proposal, whoever has decided what about it.
    pub(crate) fn apply_revision(&mut self, number: u64) -> Result<Tried> {
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Proposals)?;
        let mut row = self.proposal_row(map, number)?;
        let (_, revision) = row.newest().clone();
        let (mut moved, mut merged, mut paths) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes_of(&self.batch, &revision)? {
            let path = change.path.clone();
            match self.apply_change(&change, state)? {
                Some(is_merged) => {
                    merged.extend(is_merged.then(|| path.clone()));
                    paths.push(path);
                }
                None => moved.push(path),
            }
        }
        if !moved.is_empty() {
            return Ok(Tried::Moved(moved));
        }
        self.draft.show_changes(&self.batch, &BTreeMap::new())?;
        row.applied = revision.number;
        self.set_proposal(map, number, &row)?;
        let revision = revision.number;
        Ok(Tried::Applied(Applied { proposal: number, revision, checkpoint: None, paths, merged }))
    }

    /// Applies one path. Returns whether it was merged; none where it cannot be.
    fn apply_change(&mut self, change: &ProposedChange, state: Roots) -> Result<Option<bool>> {
        let ProposedChange { path, before, after } = change;
        let now = Place::find(state.files(), &self.batch, path)?.filter(Place::is_live);
        let now = now.map(|place| place.entry);
        if now.as_ref() == Some(after) || now.is_none() && after.is_removed() {
            return Ok(Some(false));
        }
        if now == *before {
            return self.put_applied(path, after.clone()).map(|()| Some(false));
        }
        let (Some(before), Some(now)) = (before, &now) else { return Ok(None) };
        let (
            Entry::File { content: base, executable: was },
            Entry::File { content: ours, executable: is },
            Entry::File { content: theirs, executable: to_be },
        ) = (before, now, after)
        else {
            return Ok(None);
        };
        let executable = if is == was { *to_be } else { *is };
        let mut texts = Vec::with_capacity(3);
        for content in [base, ours, theirs] {
            match self.batch.read_content(*content) {
                Err(error) if is_gone(&error) => return Ok(None),
                bytes => texts.push(bytes?),
            }
        }
        let [base, ours, theirs] = [0, 1, 2].map(|at| texts[at].clone());
        let text = diff::merge(base, ours, theirs).and_then(|merge| merge.text());
        let Some(text) = text else { return Ok(None) };
        let new = NewEntry::File { bytes: Bytes::from(text), executable };
        self.draft.write(&mut self.batch, path.clone(), new)?;
        Ok(Some(true))
    }

    fn put_applied(&mut self, path: &FilePath, after: Entry) -> Result<()> {
        match after {
            Entry::Removed => self.draft.remove(&mut self.batch, path.clone())?,
            entry => self.draft.write(&mut self.batch, path.clone(), NewEntry::Stored(entry))?,
        };
        Ok(())
    }

    /// Records a decision about a revision of a proposal.
    pub(crate) fn decide_revision(
        &mut self,
        number: u64,
        decision: &crate::object::Decision,
    ) -> Result<()> {
        decision.validate()?;
        if !matches!(decision.choice, Choice::Accept | Choice::Reject) {
            return Err(Error::invalid(format!(
                "a revision is decided by accept or reject, not by {}",
                decision.choice
            )));
        }
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Proposals)?;
        let mut row = self.proposal_row(map, number)?;
        let revision = match &decision.about {
            crate::object::DecisionAbout::Revision(id) => *id,
            _ => return Err(Error::invalid("a decision about something else than a revision")),
        };
        if !row.revisions.iter().any(|(id, _)| *id == revision) {
            let message = format!("proposal {number} has no revision {revision:.10}");
            return Err(Error::not_found(message));
        }
        if row.is_draft {
            let message = format!("proposal {number} is still being worked on");
            return Err(Error::conflict(message));
        }
        let id = self.batch.put(decision, None);
        row.refs.retain(|known| *known != id);
        row.refs.push(id);
        self.set_proposal(map, number, &row)
    }
}
