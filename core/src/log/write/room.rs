//! Room on the medium: whether there is any, and files that keep some.

use std::error::Error as StdError;
use std::io;
use std::thread::ThreadId;
use std::time::Instant;

use crate::error::Error;
use crate::log::vfs::Vfs;

/// Bytes written at once, and the least of either file.
pub(crate) const STEP: u64 = 64 << 10;

/// What a full disk leaves to do, as errors say it.
const ADVICE: &str = "the disk is full: free room with `gc`, after `trim` where old checkpoints \
                      may go; `refresh` lets go of what the view alone still holds";

/// The work of a handle that frees room.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// The threads that do it, each as often as it began some.
    pub(crate) threads: Vec<ThreadId>,
    /// Whether the reserve is to be looked at when all of it is done.
    pub(crate) is_due: bool,
}

/// Tells whether a medium has no room left.
pub(crate) fn is_full(error: &Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(has_no_room) {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(crate) fn has_no_room(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Says what to do where the medium has no room left.
pub(crate) fn advised(error: Error) -> Error {
    if is_full(&error) { error.advise(ADVICE) } else { error }
}

/// Brings a file to a size, unless it has more than half of it. Without room for that one that was
/// there stays as it was, and a new one takes half of the room. Without time for it, half of what
/// was added stays: how much room is left then is not known.
pub(crate) fn fill(vfs: &dyn Vfs, name: &str, size: u64, end: Instant) -> io::Result<()> {
    let (file, len) = match vfs.open(name, true) {
        Ok(file) => {
            let len = file.len()?;
            (file, len)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (vfs.create_new(name)?, 0),
        Err(error) => return Err(error),
    };
    if len > 2 * size {
        return file.cut(size);
    }
    if len > size / 2 {
        return Ok(());
    }
    let mut at = len;
    while at < size {
        if Instant::now() >= end {
            return file.cut(len + half(at - len));
        }
        let Err(error) = file.write_at(&noise(at), at) else {
            at += STEP;
            continue;
        };
        if len > 0 {
            file.cut(len)?;
        } else {
            drop(file);
            vfs.remove(name)?;
            let half = half(at);
            if half > 0 && has_no_room(&error) {
                let file = vfs.create_new(name)?;
                for at in (0..half).step_by(STEP as usize) {
                    file.write_at(&noise(at), at)?;
                }
            }
        }
        return Err(error);
    }
    Ok(())
}

/// Half of so many bytes, in whole steps.
fn half(bytes: u64) -> u64 {
    bytes / 2 / STEP * STEP
}

/// Bytes that no file system can keep in less room.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    let mut bytes = Vec::with_capacity(STEP as usize);
    while (bytes.len() as u64) < STEP {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes
}
