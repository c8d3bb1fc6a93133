//! Trees: what a capture looks at. A directory of this machine is one; what can list and read below
//! a root is another.

use crate::error::Result;
use crate::object::FilePath;
use crate::workspace::stats::Stat;

/// What something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    File {
        executable: bool,
    },
    Symlink,
    Directory,
    /// A device, a socket, a pipe.
    Special,
}

/// A name in a directory.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) name: Vec<u8>,
    pub(crate) sort: Sort,
    pub(crate) size: u64,
    /// None where the tree has none that can be trusted.
    pub(crate) stat: Option<Stat>,
    /// Whether something else is mounted there.
    pub(crate) is_mount: bool,
}

/// What a look into a directory gave.
#[derive(Debug)]
pub(crate) enum Listing {
    Names(Vec<Found>),
    /// It is no directory any more.
    Gone,
    Unreadable(String),
}

/// What reading a file, or the target of a symlink, gave.
#[derive(Debug)]
pub(crate) enum Look {
    /// All of its bytes, with what it was before and after that.
    Bytes {
        bytes: Vec<u8>,
        sort: Sort,
        stat: Option<Stat>,
    },
    /// It has more bytes than may be read.
    TooLarge(u64),
    /// It changed while it was read, each time.
    Unstable,
    Gone,
    Unreadable(String),
}

/// Something to capture: it can be listed and read, and nothing in it is changed.
pub(crate) trait Tree {
    /// Lists a directory by its path; the empty one is the root. `.` and `..` are not among the
    /// names. No name is followed.
    fn list(&mut self, directory: &[u8]) -> Result<Listing>;

    /// Says which directories are listed next, in this order, if it is not done with the walk before.
    fn expect(&mut self, _next: &[&[u8]]) {}

    /// Reads a file or the target of a symlink, whatever it was when it was listed; follows nothing,
    /// and opens nothing special.
    fn read(&mut self, path: &FilePath, bytes_max: u64) -> Result<Look>;

    /// The time by the clock that files get theirs from, if they get it from one that is known: what
    /// changes from now on is not older.
    fn now(&mut self) -> Option<(i64, u32)>;
}
