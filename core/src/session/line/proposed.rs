//! Proposals as a session's map has them: revisions and decisions in their order, and the changes of
//! one revision.

use std::ops::Bound;

use crate::codec::{Reader, Writer, malformed};
use crate::error::Result;
use crate::id::{ContentId, ObjectId};
use crate::map::{Map, Value};
use crate::object::{
    Canonical, Choice, Decision, DecisionAbout, Entry, FilePath, Kind, Objects, Revision,
};
use crate::session::line::listing;
use crate::session::line::spilled::{gathered, spilled};
use crate::store::Batch as StoreBatch;

const REMOVED: u64 = 0;
const FILE: u64 = 1;
const EXECUTABLE: u64 = 2;
const SYMLINK: u64 = 3;
const SUBMODULE: u64 = 4;

/// A path that a proposal changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProposedChange {
    /// The path.
    pub path: FilePath,
    /// What it had when the proposal was made; none where nothing was there.
    pub before: Option<Entry>,
    /// What it is to have; [`Entry::Removed`] where nothing.
    pub after: Entry,
}

impl ProposedChange {
    /// The row of the map of changes. What the path had is named by bytes, so that a proposal keeps
    /// none of it alive.
    pub(crate) fn row(&self) -> (Vec<u8>, Option<Value>) {
        let (mut bytes, mut refs) = (Writer::new(), Vec::new());
        let before = self.before.as_ref().and_then(listing::listed);
        bytes.bytes(before.as_ref().map_or(&[], |before| &before.bytes[..]));
        match &self.after {
            Entry::Removed => drop(bytes.uint(REMOVED)),
            Entry::File { content, executable } => {
                bytes.uint(if *executable { EXECUTABLE } else { FILE });
                refs.push(content.id());
            }
            Entry::Symlink { target } => {
                bytes.uint(SYMLINK);
                refs.push(target.id());
            }
            Entry::Submodule { commit } => drop(bytes.uint(SUBMODULE).bytes(commit)),
        }
        let value = Value { refs, bytes: bytes.into_bytes() };
        (self.path.as_bytes().to_vec(), Some(value))
    }

    fn of(key: &[u8], value: &Value) -> Result<Self> {
        const COMMIT_BYTES_MAX: usize = 64;
        let mut bytes = Reader::new(&value.bytes);
        let before = bytes.bytes(COMMIT_BYTES_MAX + 16, "what a path had")?.to_vec();
        let before = match before.is_empty() {
            true => None,
            false => Some(listing::entry_of(&Value { refs: Vec::new(), bytes: before })?),
        };
        let content = || match value.refs[..] {
            [id] => Ok(ContentId::new(id)),
            _ => Err(malformed("a proposed change")),
        };
        let after = match bytes.bounded(SUBMODULE, "a proposed entry")? {
            REMOVED => Entry::Removed,
            FILE => Entry::File { content: content()?, executable: false },
            EXECUTABLE => Entry::File { content: content()?, executable: true },
            SYMLINK => Entry::Symlink { target: content()? },
            _ => Entry::Submodule {
                commit: bytes.bytes(COMMIT_BYTES_MAX, "a submodule's commit")?.to_vec(),
            },
        };
        bytes.finish()?;
        Ok(ProposedChange { path: listing::path_of(key)?, before, after })
    }
}

/// The changes of a revision, in the order of paths.
pub(crate) fn changes_of(
    objects: &impl Objects,
    revision: &Revision,
) -> Result<Vec<ProposedChange>> {
    let map = Map::new(Some(revision.changes));
    let rows = map.range(objects, Bound::Unbounded, Bound::Unbounded);
    rows.map(|row| row.and_then(|(key, value)| ProposedChange::of(&key, &value))).collect()
}

/// A proposal as its row has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ProposalRow {
    pub(crate) refs: Vec<ObjectId>,
    pub(crate) revisions: Vec<(ObjectId, Revision)>,
    pub(crate) decisions: Vec<Decision>,
    /// Whether the newest revision is still being worked on: nobody is asked about it.
    pub(crate) is_draft: bool,
    /// The number of the revision that was applied; 0 for none.
    pub(crate) applied: u64,
}

impl ProposalRow {
    pub(crate) fn of(objects: &impl Objects, value: &Value) -> Result<Self> {
        let mut bytes = Reader::new(&value.bytes);
        let flags = bytes.bounded(3, "the flags of a proposal")?;
        let applied = bytes.uint()?;
        bytes.finish()?;
        let refs = gathered(objects, &value.refs, flags & 2 != 0)?;
        let is_draft = flags & 1 != 0;
        let mut row = ProposalRow { refs, is_draft, applied, ..ProposalRow::default() };
        for id in &row.refs.clone() {
            let node = objects.read_node(id)?;
            match node.kind {
                Kind::DECISION => row.decisions.push(Decision::from_node(&node)?),
                _ => row.revisions.push((*id, Revision::from_node(&node)?)),
            }
        }
        match row.revisions.is_empty() {
            true => Err(malformed("a proposal without a revision")),
            false => Ok(row),
        }
    }

    pub(crate) fn value(&self, batch: &mut StoreBatch) -> Result<Value> {
        let (refs, is_spilled) = spilled(batch, &self.refs)?;
        let mut bytes = Writer::new();
        bytes.uint(u64::from(self.is_draft) | u64::from(is_spilled) << 1).uint(self.applied);
        Ok(Value { refs, bytes: bytes.into_bytes() })
    }

    pub(crate) fn newest(&self) -> &(ObjectId, Revision) {
        self.revisions.last().expect("a proposal has a revision")
    }

    /// What was decided about a revision, oldest first.
    pub(crate) fn decisions_on(&self, revision: ObjectId) -> impl Iterator<Item = &Decision> {
        let about = DecisionAbout::Revision(revision);
        self.decisions.iter().filter(move |decision| decision.about == about)
    }

    /// Whether the newest decisions about the newest revision, one of each judge, accept or reject it;
    /// none where nobody has decided.
    pub(crate) fn verdict(&self) -> Option<bool> {
        let mut newest = std::collections::BTreeMap::new();
        for decision in self.decisions_on(self.newest().0) {
            newest.insert(decision.by, decision.choice);
        }
        let all = newest.values().all(|choice| *choice == Choice::Accept);
        (!newest.is_empty()).then_some(all)
    }
}
