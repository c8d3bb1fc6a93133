//! Nodes: the envelope, what it holds of each kind, and how that is encoded. A store needs it, and
//! messages without a store do not.

mod bytes;
mod checkout;
mod checkpoint;
mod claim;
mod decision;
mod directory;
mod evidence;
mod finding;
mod gate;
mod horizon;
mod iteration;
mod left_out;
pub(super) mod memory;
mod merge_conflict;
mod model_call;
mod name;
mod operation;
mod path;
mod results;
mod revision;
mod run;
#[cfg(test)]
mod tests;
mod tombstone;
mod turn;
mod word;

pub use bytes::Bytes;
pub(crate) use bytes::room;
pub use checkout::{Checkout, Trace};
pub use checkpoint::Checkpoint;
pub use claim::Claim;
pub use decision::{Choice, DecidedBy, Decision, DecisionAbout};
pub use directory::Directory;
pub(crate) use evidence::OUTPUTS;
pub use evidence::{
    Environment, Evidence, EvidenceRun, Inputs, Report, Scope, Series, UnreadReport,
};
pub use finding::Finding;
pub use gate::Gate;
pub use horizon::Horizon;
pub use iteration::{Entry, Iteration};
pub use left_out::{LeftOut, LeftOutReason};
pub(crate) use memory::origin_of;
pub use merge_conflict::{ConflictTerm, MergeConflict};
pub use name::NameFault;
pub(crate) use name::is_target;
pub use operation::{Operation, OperationKind, OperationName};
pub use path::{AsPath, FilePath};
pub use results::{Direction, Results, Samples, TestOutcome, TestResult, TestSums};
pub use revision::Revision;
pub use run::{CommandLine, Exit, Run, RunOutcome, RunOutput, RunSandbox};
#[cfg(test)]
pub(crate) use tests::golden;
pub use tombstone::Tombstone;
pub use turn::{
    Asks, CallAttempt, Complexity, DriverId, Effect, EndReason, Phase, Policy, Purpose, Question,
    QuestionCall, Review, RolePolicy, Route, Rule, Severity, Stage, StepEnd, StepIntent,
    StepOutcome, StepWork, ToolPolicy, TurnLimits, TurnProgress, TurnStart,
};

use std::cell::RefCell;
use std::sync::Arc;

use super::Timestamp;
use crate::codec::{Reader, Writer, malformed};
use crate::error::{Error, ErrorKind, Result};
use crate::id::ObjectId;
use crate::limits::{NODE_BYTES_MAX, NODE_REFS_MAX};

/// The number of a node's kind. Kinds unknown to this version are kept, walked and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u16);

impl Kind {
    /// A node of a Merkle map.
    pub const MAP: Kind = Kind(1);
    /// The whole state of a session at a point.
    pub const CHECKPOINT: Kind = Kind(2);
    /// Who did what to a session, and when.
    pub const OPERATION: Kind = Kind(3);
    /// One version of one file.
    pub const ITERATION: Kind = Kind(4);
    /// One piece of the dialog.
    pub const MEMORY: Kind = Kind(5);
    /// What a checkout wrote where, as earlier versions recorded it.
    pub const CHECKOUT: Kind = Kind(6);
    /// What stands in for an object whose bytes are gone.
    pub const TOMBSTONE: Kind = Kind(7);
    /// Where the history of a trimmed session ends.
    pub const HORIZON: Kind = Kind(8);
    /// One call of a model.
    pub const MODEL_CALL: Kind = Kind(9);
    /// What a directory holds of a session.
    pub const DIRECTORY: Kind = Kind(10);
    /// A command that is to run.
    pub const RUN: Kind = Kind(11);
    /// What came of a run.
    pub const RUN_OUTCOME: Kind = Kind(12);
    /// What a run showed, and on which files.
    pub const EVIDENCE: Kind = Kind(13);
    /// What a tool reported, test by test.
    pub const RESULTS: Kind = Kind(14);
    /// A sentence that cites evidence.
    pub const CLAIM: Kind = Kind(15);
    /// What several merged lines have at one path.
    pub const MERGE_CONFLICT: Kind = Kind(16);
    /// The rules that a turn goes by.
    pub const POLICY: Kind = Kind(17);
    /// What an agent does for one request.
    pub const TURN: Kind = Kind(18);
    /// How far a turn is.
    pub const TURN_PROGRESS: Kind = Kind(19);
    /// What a host is asked to do.
    pub const STEP: Kind = Kind(20);
    /// What came of a step.
    pub const STEP_OUTCOME: Kind = Kind(21);
    /// One version of a proposal.
    pub const REVISION: Kind = Kind(22);
    /// What somebody decided.
    pub const DECISION: Kind = Kind(23);
    /// What oversight reports as wrong.
    pub const FINDING: Kind = Kind(24);
    /// A command that checks whatever was applied.
    pub const GATE: Kind = Kind(25);

    /// The newest version that is known here of a kind that is known here.
    pub(crate) fn newest_version(self) -> Option<u16> {
        match self {
            Kind::OPERATION => Some(Operation::VERSION),
            _ => self.name().map(|_| 1),
        }
    }

    /// Tells whether such nodes hold mostly what somebody said, and refer to the rest of it.
    pub(crate) fn is_text(self) -> bool {
        self == Kind::MEMORY
    }

    /// Returns the name, or none for a kind unknown to this version.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Kind::MAP => "map node",
            Kind::CHECKPOINT => "checkpoint",
            Kind::OPERATION => "operation",
            Kind::ITERATION => "iteration",
            Kind::MEMORY => "memory",
            Kind::CHECKOUT => "checkout",
            Kind::TOMBSTONE => "tombstone",
            Kind::HORIZON => "horizon",
            Kind::MODEL_CALL => "model call",
            Kind::DIRECTORY => "directory",
            Kind::RUN => "run",
            Kind::RUN_OUTCOME => "run outcome",
            Kind::EVIDENCE => "evidence",
            Kind::RESULTS => "results",
            Kind::CLAIM => "claim",
            Kind::MERGE_CONFLICT => "merge conflict",
            Kind::POLICY => "policy",
            Kind::TURN => "turn",
            Kind::TURN_PROGRESS => "turn progress",
            Kind::STEP => "step",
            Kind::STEP_OUTCOME => "step outcome",
            Kind::REVISION => "revision",
            Kind::DECISION => "decision",
            Kind::FINDING => "finding",
            Kind::GATE => "gate",
            _ => return None,
        })
    }
}

/// The one envelope of everything that is not a content.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The version of that kind's body.
    pub version: u16,
    /// The ids it refers to, in the order in which the body consumes them.
    pub refs: Vec<ObjectId>,
    /// The kind's own bytes.
    pub body: Vec<u8>,
}

impl Node {
    /// Returns the bytes that are hashed: kind, version, the number of refs, the refs, the body.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(self.size());
        writer.uint(u64::from(self.kind.0)).uint(u64::from(self.version));
        writer.uint(self.refs.len() as u64);
        for id in &self.refs {
            writer.raw(id.as_bytes());
        }
        writer.raw(&self.body);
        writer.into_bytes()
    }

    /// Returns the id: BLAKE3 over the canonical bytes in the context of kind and version.
    pub fn id(&self) -> ObjectId {
        ObjectId::of_node(self.kind.0, self.version, &self.canonical_bytes())
    }

    /// Returns what must be there with it: all that it refers to, but for the links back along its
    /// chain, which a trim may have given up.
    pub(crate) fn held(&self) -> Vec<ObjectId> {
        let held: Result<Vec<ObjectId>> = match self.kind {
            Kind::OPERATION => Operation::from_node(self)
                .map(|operation| operation.checkpoint.iter().map(|id| id.id()).collect()),
            Kind::CHECKPOINT => Checkpoint::from_node(self)
                .map(|checkpoint| checkpoint.roots.into_values().collect()),
            Kind::ITERATION => Iteration::from_node(self).map(|iteration| {
                let content = iteration.entry.content().map(|id| id.id());
                content.into_iter().chain(iteration.cause.map(|id| id.id())).collect()
            }),
            _ => return self.refs.clone(),
        };
        // Of a newer version nobody here can tell.
        held.unwrap_or_else(|_| self.refs.clone())
    }

    /// Reads canonical bytes; any other encoding of the same node is refused.
    ///
    /// # Errors
    /// `Corrupt` if the bytes are no canonical node or exceed a limit.
    pub fn from_canonical_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > NODE_BYTES_MAX {
            return Err(malformed(format!("a node of {} bytes", bytes.len())));
        }
        let mut reader = Reader::new(bytes);
        let kind = Kind(reader.bounded(u64::from(u16::MAX), "a kind")? as u16);
        let version = reader.bounded(u64::from(u16::MAX), "a version")? as u16;
        let count = reader.count(NODE_REFS_MAX, "the number of refs")?;
        let mut refs = Vec::with_capacity(count.min(reader.rest().len() / ObjectId::LEN));
        for _ in 0..count {
            refs.push(reader.id()?);
        }
        let node = Node { kind, version, refs, body: reader.rest().to_vec() };
        if node.canonical_bytes() != bytes {
            return Err(malformed("a node that is not in canonical form"));
        }
        Ok(node)
    }

    /// Refuses a node of this kind whose version is newer than the newest known one.
    pub(crate) fn refuse_newer(&self, kind: Kind, newest: u16) -> Result<()> {
        if self.kind == kind && self.version > newest {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "{} version {} is newer than {newest}, the newest that this partita reads: use \
                     a newer partita",
                    kind.name().unwrap_or("a node"),
                    self.version
                ),
            ));
        }
        Ok(())
    }

    /// Tells whether the kind is known here and this version of it is newer: whoever knows it may
    /// do with it what is not known here.
    pub(crate) fn is_newer(&self) -> bool {
        self.kind.newest_version().is_some_and(|newest| self.version > newest)
    }

    /// Refuses a node that holds no value of a type, or one of a version that is not known.
    fn check_holds<T: Canonical>(&self) -> Result<()> {
        self.refuse_newer(T::KIND, T::VERSION)?;
        if self.kind == T::KIND && T::knows(self.version) {
            return Ok(());
        }
        Err(malformed(format!(
            "expected {} version {}, found kind {} version {}",
            T::KIND.name().unwrap_or("a node"),
            T::VERSION,
            self.kind.0,
            self.version
        )))
    }

    /// Returns the size of the canonical bytes, at most three bytes too large.
    pub(crate) fn size(&self) -> usize {
        9 + self.refs.len() * ObjectId::LEN + self.body.len()
    }
}

#[cfg(test)]
thread_local! {
    /// How many nodes this thread has made of values.
    pub(crate) static ENCODED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// A value that has exactly one node, and a node that has at most one value.
pub trait Canonical: Sized {
    /// The kind of its node.
    const KIND: Kind;
    /// The newest version of its body.
    const VERSION: u16;

    /// Returns the version of this value's body: where several can hold it, the oldest.
    fn version(&self) -> u16 {
        Self::VERSION
    }

    /// Tells whether bodies of a version can be read.
    fn knows(version: u16) -> bool {
        version == Self::VERSION
    }

    /// Returns the one node of this value.
    fn to_node(&self) -> Node {
        encoded(self, |refs, body| Node {
            kind: Self::KIND,
            version: self.version(),
            refs: refs.to_vec(),
            body: body.to_vec(),
        })
    }

    /// Reads the value of a node.
    ///
    /// # Errors
    /// `Unsupported` if the version is newer than those known here. `Corrupt` if the kind differs,
    /// or if the node is not exactly what [`to_node`](Self::to_node) makes of the value.
    fn from_node(node: &Node) -> Result<Self> {
        node.check_holds::<Self>()?;
        let mut refs = RefReader(&node.refs);
        let mut body = BodyReader(Reader::new(&node.body));
        let value = Self::decode(node.version, &mut refs, &mut body)?;
        refs.finish()?;
        body.0.finish()?;
        let is_canonical = value.version() == node.version
            && encoded(&value, |refs, body| refs == node.refs && body == node.body);
        match is_canonical {
            true => Ok(value),
            false => Err(malformed("a body that is not in canonical form")),
        }
    }

    /// Appends the refs and the body.
    #[doc(hidden)]
    fn encode(&self, refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>);

    /// Reads what [`encode`](Self::encode) wrote, of a version that is known.
    #[doc(hidden)]
    fn decode(version: u16, refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self>;
}

thread_local! {
    /// Where values are encoded before they are copied or compared.
    static ENCODING: RefCell<(Vec<ObjectId>, Writer)> = RefCell::default();
}

/// Bytes of refs and body whose room is kept for the next value.
const ENCODING_KEPT: usize = 64 << 10;

/// Encodes a value, and shows the refs and the body.
fn encoded<T: Canonical, R>(value: &T, show: impl FnOnce(&[ObjectId], &[u8]) -> R) -> R {
    #[cfg(test)]
    ENCODED.set(ENCODED.get() + 1);
    let (mut refs, mut body) = ENCODING.take();
    refs.clear();
    body.clear();
    value.encode(&mut refs, &mut BodyWriter(&mut body));
    let shown = show(&refs, body.as_bytes());
    if refs.len() * ObjectId::LEN + body.as_bytes().len() <= ENCODING_KEPT {
        ENCODING.set((refs, body));
    }
    shown
}

/// The codec's writer, as far as a public trait may show it.
#[doc(hidden)]
#[derive(Debug)]
pub struct BodyWriter<'a>(pub(crate) &'a mut Writer);

/// The codec's reader, as far as a public trait may show it.
#[doc(hidden)]
#[derive(Debug)]
pub struct BodyReader<'a>(pub(crate) Reader<'a>);

/// Takes the refs of a node in their order.
#[doc(hidden)]
#[derive(Debug)]
pub struct RefReader<'a>(pub(crate) &'a [ObjectId]);

impl RefReader<'_> {
    pub(crate) fn next(&mut self) -> Result<ObjectId> {
        let (first, rest) = self.0.split_first().ok_or_else(|| malformed("a ref is missing"))?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<Vec<ObjectId>> {
        (0..count).map(|_| self.next()).collect()
    }

    fn finish(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(malformed("a ref too many")) }
    }
}

/// Where nodes and contents are read from: the log, a batch over it, or a test's own map.
pub trait Objects {
    /// Returns the node, or none where there is no such object.
    ///
    /// # Errors
    /// `Corrupt` if it is there and damaged, `Io` if it cannot be read.
    fn get_node(&self, id: &ObjectId) -> Result<Option<Arc<Node>>>;

    /// Returns the node, which must be there.
    ///
    /// # Errors
    /// `NotFound` if there is no such object, else as [`get_node`](Self::get_node).
    fn read_node(&self, id: &ObjectId) -> Result<Arc<Node>> {
        self.get_node(id)?.map_or_else(|| Err(self.absence(id)?), Ok)
    }

    /// Returns why there is no such object: an error for whoever needs it.
    ///
    /// # Errors
    /// As [`get_node`](Self::get_node).
    fn absence(&self, id: &ObjectId) -> Result<Error> {
        Ok(Error::not_found(format!("no object {id:.10}")))
    }

    /// Returns why a node of a map is not there: an error for whoever reads the map.
    ///
    /// # Errors
    /// As [`get_node`](Self::get_node).
    fn missing_map(&self, id: &ObjectId) -> Result<Error> {
        Ok(Error::corrupt(format!("map node {id:.10} is missing")))
    }

    /// Tells whether the history of a session was trimmed here: what refers to this object does
    /// without it.
    ///
    /// # Errors
    /// As [`get_node`](Self::get_node).
    fn is_trimmed(&self, id: &ObjectId) -> Result<bool> {
        let _ = id;
        Ok(false)
    }
}

/// Reads a node as the value it holds.
pub(crate) fn read<T: Canonical>(objects: &(impl Objects + ?Sized), id: ObjectId) -> Result<T> {
    T::from_node(&*objects.read_node(&id)?)
        .map_err(|error| error.context(format!("object {id:.10}")))
}

/// Tells whether `number` jumps to where its parent's jump goes, or to its parent: the skew-binary
/// rule, by the numbers of the parent, of the parent's jump and of that one's jump.
pub(crate) fn jumps_far(parent: u64, jump: u64, jump_of_jump: u64) -> bool {
    parent - jump == jump - jump_of_jump
}
