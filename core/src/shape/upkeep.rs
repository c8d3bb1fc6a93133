//! Upkeep: what a check found, and what a collection, a purge and a trim did.

use super::fields::object;
use crate::object::{Entry, Tombstone};
use crate::upkeep::{
    CheckProgress, CheckReport, Fault, GcProgress, GcReport, Kept, PurgeReport, Stats,
};

object!(Fault, fault => {
    segment: fault.segment,
    offset: fault.offset,
    object: fault.object,
    what: fault.what,
});

object!(CheckReport, report => {
    ok: report.is_ok(),
    faults: report.faults,
    newer: report.newer,
    frames: report.frames,
    bytes: report.bytes,
    objects: report.objects,
    unreachable: report.unreachable,
    tombstones: report.tombstones,
    unfinished: report.unfinished.as_ref().map(|(segment, offset)| Unfinished { segment, offset }),
    strays: report.strays,
});

/// A commit that was cut short, and where.
struct Unfinished<'a> {
    segment: &'a String,
    offset: &'a u64,
}

object!(Unfinished<'_>, place => {
    segment: place.segment,
    offset: place.offset,
});

object!(Stats, stats => {
    sessions: stats.sessions,
    objects: stats.objects,
    raw_bytes: stats.raw_bytes,
    stored_bytes: stats.stored_bytes,
    segments: stats.segments,
});

object!(GcReport, report => {
    sessions: report.sessions,
    objects: report.objects,
    object_bytes: report.object_bytes,
    kept: report.kept,
    segments: report.segments,
    bytes_before: report.bytes_before,
    bytes_after: report.bytes_after,
    freed: report.freed(),
    put_aside: report.put_aside,
});

object!(CheckProgress, progress => {
    done: progress.done,
    total: progress.total,
});

object!(GcProgress, progress => {
    done: progress.done,
    total: progress.total,
});

object!(Tombstone, stone => {
    object: stone.target,
    kind: kind(stone),
    size: stone.size,
    reason: stone.reason,
    actor: stone.actor,
    time: stone.time,
});

/// What the object was; none if nobody knows.
fn kind(stone: &Tombstone) -> Option<&'static str> {
    match stone.kind {
        Some(kind) => Some(kind.name().unwrap_or("node")),
        None => (!stone.lost).then_some("content"),
    }
}

object!(PurgeReport, report => {
    purged: report.tombstones,
    sessions: report.sessions,
    freed: report.freed,
    rewritten: report.rewritten,
});

object!(Kept, kept => {
    directory: kept.directory.to_string_lossy(),
    ..kept.path,
    kind: if matches!(kept.entry, Entry::Symlink { .. }) { "symlink" } else { "file" },
    content: kept.entry.content(),
    size: kept.size,
    time: kept.time,
});
