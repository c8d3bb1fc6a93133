//! What can go wrong with a call, and which kinds of calls there are.

use std::io;

/// A kind of call. Every call counts, those that only look included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// A file is created.
    Create,
    /// A file is opened.
    Open,
    /// A directory is made.
    CreateDirectory,
    /// A directory is listed.
    List,
    /// A file gets another name.
    Rename,
    /// A file gets a second name.
    Link,
    /// A name is taken away.
    Remove,
    /// A directory is synced.
    SyncDirectory,
    /// A lock is taken.
    Lock,
    /// Bytes are read.
    Read,
    /// Bytes are written.
    Write,
    /// A file is measured.
    Len,
    /// A file is synced.
    Sync,
}

impl Call {
    /// Tells whether the call changes or syncs something.
    pub fn changes(self) -> bool {
        !matches!(self, Call::Open | Call::List | Call::Lock | Call::Read | Call::Len)
    }
}

/// What goes wrong, at the call of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The call fails and does nothing.
    Refused(io::ErrorKind),
    /// A write that stops half-way; any other call is refused.
    ShortWrite,
    /// A sync that fails after the medium lost part of what it was to keep; no later sync of the
    /// same file brings it back. Any other call is refused.
    LostSync,
    /// The process that calls is killed before the call: no later call of it does anything.
    Killed,
    /// The process that calls is killed in the middle of a write; at any other call before it.
    Torn,
}

impl Fault {
    /// Every fault that says something of its own about a call of that kind.
    pub fn of(call: Call) -> Vec<Fault> {
        let mut faults = vec![
            Fault::Refused(io::ErrorKind::Other),
            Fault::Refused(io::ErrorKind::Interrupted),
            Fault::Killed,
        ];
        if call.changes() {
            faults.push(Fault::Refused(io::ErrorKind::StorageFull));
        }
        match call {
            Call::Write => faults.extend([Fault::ShortWrite, Fault::Torn]),
            Call::Sync | Call::SyncDirectory => faults.push(Fault::LostSync),
            _ => {}
        }
        faults
    }
}
