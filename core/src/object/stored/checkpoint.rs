//! Checkpoints: the whole state of a session at a point.

use std::collections::BTreeMap;

use super::{BodyReader, BodyWriter, Canonical, Kind, Node, RefReader, Timestamp};
use crate::codec::{Reader, malformed};
use crate::error::Result;
use crate::id::{CheckpointId, ObjectId};
use crate::limits::{LABEL_BYTES_MAX, LABELS_MAX, PARENTS_MAX, ROOTS_MAX};

/// The whole state of a session at a point. The same input makes the same id, on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Counts from 1 along the first parents.
    pub number: u64,
    /// What it came from: first the checkpoint before.
    pub parents: Vec<CheckpointId>,
    /// An ancestor further back, where that differs from the first parent.
    pub jump: Option<CheckpointId>,
    /// The roots of its maps by name. Unknown names are kept and walked.
    pub roots: BTreeMap<String, ObjectId>,
    /// What its source said of it, such as a commit's id; never changed later.
    pub labels: BTreeMap<String, Vec<u8>>,
    /// The source's time, where the source has one; never the clock's.
    pub time: Option<Timestamp>,
}

impl Checkpoint {
    /// The root of the files map: path to entry and iteration.
    pub const FILES: &'static str = "files";
    /// The root of the memories map: number to memory.
    pub const MEMORIES: &'static str = "memories";
    /// The root of the host's own keyed values.
    pub const STATE: &'static str = "state";
    /// The root of the view: what of memories and files is in context.
    pub const VIEW: &'static str = "view";
    /// The newest files in view, a map by itself until they are many.
    pub const RECENT: &'static str = "recent";
    /// The content that is the system instructions.
    pub const INSTRUCTIONS: &'static str = "instructions";
    /// The content that is the tools, as the canonical text of a JSON array.
    pub const TOOLS: &'static str = "tools";
    /// The content that is what the model is told of its sandbox.
    pub const SANDBOX: &'static str = "sandbox";
    /// The root of what the newest capture of a directory left out: path to
    /// [`LeftOut`](super::LeftOut).
    pub const LEFT_OUT: &'static str = "left-out";
    /// The map of runs: number, 8 bytes big-endian, to [`Run`](super::Run) and
    /// [`RunOutcome`](super::RunOutcome). It stays as it is when the state before is brought back.
    pub const RUNS: &'static str = "runs";
    /// The map of evidence: number, 8 bytes big-endian, to [`Evidence`](super::Evidence), and the
    /// newest of each command. It stays as it is when the state before is brought back.
    pub const EVIDENCE: &'static str = "evidence";
    /// The map of claims: number, 8 bytes big-endian, to [`Claim`](super::Claim).
    pub const CLAIMS: &'static str = "claims";
    /// The map of merge conflicts that nobody has resolved: path to
    /// [`MergeConflict`](super::MergeConflict) and the iteration that stands at the path.
    pub const CONFLICTS: &'static str = "conflicts";
    /// The map of what was merged: the nonce of a session's first operation to the newest checkpoint of
    /// that session which this state contains.
    pub const MERGED: &'static str = "merged";
    /// Where memories that a merge brought come from: the number of the first of a run of them, 8 bytes
    /// big-endian, to the last one's, to its number there, and to the session's nonce.
    pub const BRANCHES: &'static str = "branches";
    /// The map of turns and their steps. It stays as it is when the state before is brought back.
    pub const STEPS: &'static str = "steps";
    /// The map of proposals: number, 8 bytes big-endian, to its [`Revision`](super::Revision)s and the
    /// [`Decision`](super::Decision)s about them.
    pub const PROPOSALS: &'static str = "proposals";
    /// The map of findings: number, 8 bytes big-endian, to [`Finding`](super::Finding).
    pub const FINDINGS: &'static str = "findings";
    /// The map of gates: name to [`Gate`](super::Gate).
    pub const GATES: &'static str = "gates";
    /// What each role is not shown: its name, a NUL, and the number of a memory.
    pub const ROLES: &'static str = "roles";
    /// The label with the raw id of the git commit that this checkpoint records.
    pub const GIT_COMMIT: &'static str = "git.commit";
    /// The label with a one-line message from the source.
    pub const MESSAGE: &'static str = "message";
    /// The label with the format of the transcript whose memories this checkpoint brought.
    pub const TRANSCRIPT: &'static str = "transcript";
}

impl Checkpoint {
    /// Reads the number, the first parent and the jump of a node, and passes over the rest.
    pub(crate) fn ties_of(
        node: &Node,
    ) -> Result<(u64, Option<CheckpointId>, Option<CheckpointId>)> {
        node.check_holds::<Self>()?;
        let mut refs = RefReader(&node.refs);
        let mut body = Reader::new(&node.body);
        let mut parent = None;
        for _ in 0..body.count(PARENTS_MAX, "the number of parents")? {
            let next = CheckpointId::new(refs.next()?);
            parent = parent.or(Some(next));
        }
        let jump = match body.bounded(1, "the jump flag")? {
            0 => None,
            _ => Some(CheckpointId::new(refs.next()?)),
        };
        for _ in 0..body.count(ROOTS_MAX, "the number of roots")? {
            body.text(LABEL_BYTES_MAX, "a root's name")?;
        }
        Ok((body.uint()?, parent, jump))
    }
}

impl Canonical for Checkpoint {
    const KIND: Kind = Kind::CHECKPOINT;
    const VERSION: u16 = 1;

    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.uint(self.parents.len() as u64);
        refs.extend(self.parents.iter().map(|id| id.id()));
        body.0.uint(u64::from(self.jump.is_some()));
        refs.extend(self.jump.map(|id| id.id()));
        body.0.uint(self.roots.len() as u64);
        for (name, root) in &self.roots {
            body.0.bytes(name.as_bytes());
            refs.push(*root);
        }
        body.0.uint(self.number);
        body.0.uint(u64::from(self.time.is_some()));
        if let Some(time) = self.time {
            body.0.int(time.as_millis());
        }
        body.0.uint(self.labels.len() as u64);
        for (name, value) in &self.labels {
            body.0.bytes(name.as_bytes()).bytes(value);
        }
    }

    fn decode(_version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let parents = body.0.count(PARENTS_MAX, "the number of parents")?;
        let parents = refs.take(parents)?.into_iter().map(CheckpointId::new).collect();
        let jump = match body.0.bounded(1, "the jump flag")? {
            0 => None,
            _ => Some(CheckpointId::new(refs.next()?)),
        };
        let mut roots = BTreeMap::new();
        for _ in 0..body.0.count(ROOTS_MAX, "the number of roots")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a root's name")?;
            if roots.insert(name.to_owned(), refs.next()?).is_some() {
                return Err(malformed("a root named twice"));
            }
        }
        let number = body.0.uint()?;
        let time = match body.0.bounded(1, "the time flag")? {
            0 => None,
            _ => Some(Timestamp::from_millis(body.0.int()?)),
        };
        let mut labels = BTreeMap::new();
        for _ in 0..body.0.count(LABELS_MAX, "the number of labels")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a label's name")?;
            let value = body.0.bytes(LABEL_BYTES_MAX, "a label")?;
            if labels.insert(name.to_owned(), value.to_vec()).is_some() {
                return Err(malformed("a label named twice"));
            }
        }
        Ok(Checkpoint { number, parents, jump, roots, labels, time })
    }
}
