//! What a recovery tells.

use crate::id::{ObjectId, OperationId};
use crate::object::{FilePath, Timestamp, Tombstone};

/// A session whose newest operations were lost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetBack {
    /// The ref that names the session, such as `session/NAME`.
    pub name: String,
    /// The number of the newest operation that is left; none where nothing is, and then the ref is
    /// gone too. None as well for a ref of a host's own, which may name an older object now.
    pub operation: Option<u64>,
}

/// A session that no ref led to any more, and that has one again; or a ref of a host's own of which
/// nothing but a damaged commit tells, so that its name may be another than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoveredSession {
    /// The ref that names it now: `session/NAME` where its name is known and free,
    /// `session/recovered/ID` where it is not, `deleted/ID` where it had been deleted. A name that
    /// was read from a damaged commit may have damage too.
    pub name: String,
    /// The newest operation that was found of it; none where the state was found alone.
    pub operation: Option<OperationId>,
    /// The session's first operation, where it is known.
    pub session: Option<OperationId>,
}

/// Where the log could not be read. What commits did there and nowhere else is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadLog {
    /// The segment's file name.
    pub segment: String,
    /// The offset in that file, in bytes.
    pub offset: u64,
    /// The offset at which it can be read again.
    pub end: u64,
    /// What cannot be read, in a line.
    pub what: String,
    /// The refs of the sessions that were committed to there, as far as that can be told; empty
    /// where it cannot.
    pub sessions: Vec<String>,
}

/// A version of a file, or a memory, that no session has any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LostVersion {
    /// The object: a content, an iteration or a memory.
    pub object: ObjectId,
    /// The path, where it is a version of a file and the path is known.
    pub path: Option<FilePath>,
    /// The number of the iteration or of the memory, where it is known.
    pub number: Option<u64>,
    /// The refs of the sessions that had it, as far as that is known.
    pub sessions: Vec<String>,
    /// Whether the object is whole: then it can still be read by its id, until the next gc, and
    /// only what led to it was lost.
    pub is_whole: bool,
}

/// What a recovery did.
///
/// It is kept in the store before any file is moved, so that a recovery that was cut short tells
/// the same when it is run again; and so does one that is run on a store that was recovered before,
/// with [`is_earlier`](Self::is_earlier) set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecoverReport {
    /// Objects that are whole.
    pub objects: u64,
    /// A tombstone for each object that something leads to and that is lost.
    pub lost: Vec<Tombstone>,
    /// What of files and dialogs that was, and what no session leads to any more.
    pub versions: Vec<LostVersion>,
    /// Sessions that were set back to what is left of them, and other refs that are gone.
    pub set_back: Vec<SetBack>,
    /// Sessions that no ref led to any more, and that have one again.
    pub recovered: Vec<RecoveredSession>,
    /// Where the log could not be read.
    pub unread: Vec<UnreadLog>,
    /// Files that were moved aside, as they were: their new names in the store's directory.
    pub quarantined: Vec<String>,
    /// When the store was recovered; none if it never was.
    pub time: Option<Timestamp>,
    /// Whether all of this was done by an earlier run, and nothing was left to do.
    pub is_earlier: bool,
}
