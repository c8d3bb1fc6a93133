//! Revisions: what a proposal would change, each time that it was put forward.

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::error::{Error, Result};
use crate::id::{CheckpointId, MapId, ObjectId};
use crate::limits::LABEL_BYTES_MAX;

/// One version of a proposal: a change of files against a base. Its id names its very bytes, so a
/// decision about it says nothing of any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// Counts from 1 within the proposal.
    pub number: u64,
    /// The revision before it. It is no ref.
    pub supersedes: Option<ObjectId>,
    /// The checkpoint that it was made against. It is no ref: a trim may give it up.
    pub base: Option<CheckpointId>,
    /// The map of changes: path to the entry that the path had, and the one that it is to have.
    pub changes: MapId,
    /// How many paths it changes.
    pub paths: u64,
    /// What it is, in a line.
    pub title: String,
    /// Who proposes it: a role, or an actor's name.
    pub author: String,
    /// The turn that it came of. It is no ref.
    pub turn: Option<ObjectId>,
}

impl Revision {
    /// Checks every limit.
    ///
    /// # Errors
    /// `Invalid` for a title or an author that is too long.
    pub fn validate(&self) -> Result<()> {
        match [&self.title, &self.author].iter().any(|text| text.len() > LABEL_BYTES_MAX) {
            true => Err(Error::invalid(format!(
                "the title and the author of a proposal have at most {LABEL_BYTES_MAX} bytes"
            ))),
            false => Ok(()),
        }
    }
}

impl Canonical for Revision {
    const KIND: Kind = Kind::REVISION;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        let body = &mut *body.0;
        body.uint(self.number).uint(self.paths);
        for id in [self.supersedes, self.base.map(|id| id.id()), self.turn] {
            body.optional(id);
        }
        body.bytes(self.title.as_bytes()).bytes(self.author.as_bytes());
        refs.push(self.changes.id());
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let body = &mut body.0;
        let (number, paths) = (body.uint()?, body.uint()?);
        let (supersedes, base, turn) = (body.optional()?, body.optional()?, body.optional()?);
        let mut text = |what| body.text(LABEL_BYTES_MAX, what).map(str::to_owned);
        let (title, author) = (text("a title")?, text("an author")?);
        let (base, changes) = (base.map(CheckpointId::new), MapId::new(refs.next()?));
        Ok(Revision { number, supersedes, base, changes, paths, title, author, turn })
    }
}
