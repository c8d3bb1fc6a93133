//! What a recovery found and did.

use super::fields::object;
use crate::object::FilePath;
use crate::upkeep::{LostVersion, RecoverReport, RecoveredSession, SetBack, UnreadLog};

object!(RecoverReport, report => {
    objects: report.objects,
    lost: report.lost,
    versions: report.versions,
    set_back: report.set_back,
    recovered: report.recovered,
    unread: report.unread,
    quarantined: report.quarantined,
    time: report.time,
    earlier: report.is_earlier,
});

object!(LostVersion, version => {
    object: version.object,
    path: version.path.as_ref().map(|path| path.to_string_lossy()),
    path_bytes?: version.path.as_ref().and_then(bytes),
    number: version.number,
    sessions: version.sessions,
    whole: version.is_whole,
});

/// The bytes of a path that is not UTF-8.
fn bytes(path: &FilePath) -> Option<&[u8]> {
    path.as_str().is_none().then(|| path.as_bytes())
}

object!(SetBack, back => {
    name: back.name,
    operation: back.operation,
});

object!(RecoveredSession, session => {
    name: session.name,
    operation: session.operation,
    session: session.session,
});

object!(UnreadLog, unread => {
    segment: unread.segment,
    offset: unread.offset,
    end: unread.end,
    what: unread.what,
    sessions: unread.sessions,
});
