//! The clock of a file system, as its files show it.

use std::fs::File;

use rustix::fs::Stat;

/// The time that a file gets which is written now: what changes from now on is not older. `clock` is a
/// file that may be written.
pub(super) fn now(clock: Option<&File>) -> Option<(i64, u32)> {
    let clock = clock?;
    rustix::io::pwrite(clock, b"clock\n", 0).ok()?;
    Some(modified(&rustix::fs::fstat(clock).ok()?))
}

/// Tells whether each change of a file that was looked at gives it another time, as since Linux 6.13 on
/// the usual file systems. Else two changes within some milliseconds have the same.
pub(super) fn is_fine(clock: &File) -> bool {
    (0..3).all(|_| {
        let (before, after) = (now(Some(clock)), now(Some(clock)));
        before.is_some() && before < after
    })
}

/// The device of a file.
pub(super) fn device(file: &File) -> Option<u64> {
    #[expect(clippy::unnecessary_cast, reason = "systems disagree on the width")]
    rustix::fs::fstat(file).ok().map(|stat| stat.st_dev as u64)
}

#[expect(clippy::unnecessary_cast, reason = "systems disagree on the width of these")]
fn modified(stat: &Stat) -> (i64, u32) {
    (stat.st_mtime as i64, stat.st_mtime_nsec as u32)
}
