//! Reports of upkeep: what was collected, purged, trimmed, recovered.

use partita::history::TrimReport;
use partita::object::Tombstone;
use partita::upkeep::{GcReport, PurgeReport, RecoverReport};
use serde::Serialize;

use crate::output::time;

/// What `gc` did or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Collected {
    applied: bool,
    sessions: u64,
    objects: u64,
    object_bytes: u64,
    kept: u64,
    segments: u64,
    bytes_before: u64,
    bytes_after: u64,
    freed: u64,
    put_aside: u64,
}

impl Collected {
    pub(crate) fn new(report: &GcReport, applied: bool) -> Collected {
        Collected {
            applied,
            sessions: report.sessions,
            objects: report.objects,
            object_bytes: report.object_bytes,
            kept: report.kept,
            segments: report.segments,
            bytes_before: report.bytes_before,
            bytes_after: report.bytes_after,
            freed: report.freed(),
            put_aside: report.put_aside,
        }
    }
}

#[derive(Debug, Serialize)]
struct Stone {
    object: String,
    kind: Option<&'static str>,
    size: Option<u64>,
    reason: String,
    actor: String,
    time: Option<String>,
}

impl Stone {
    fn new(tombstone: &Tombstone) -> Stone {
        let content = if tombstone.lost { None } else { Some("content") };
        Stone {
            object: tombstone.target.to_string(),
            kind: tombstone.kind.map_or(content, |kind| Some(kind.name().unwrap_or("node"))),
            size: tombstone.size,
            reason: tombstone.reason.clone(),
            actor: tombstone.actor.clone(),
            time: time::rfc3339(Some(tombstone.time)),
        }
    }
}

/// What `purge` did.
#[derive(Debug, Serialize)]
pub(crate) struct Purged {
    purged: Vec<Stone>,
    sessions: Vec<String>,
    freed: u64,
    rewritten: u64,
}

impl Purged {
    pub(crate) fn new(report: &PurgeReport) -> Purged {
        Purged {
            purged: report.tombstones.iter().map(Stone::new).collect(),
            sessions: report.sessions.clone(),
            freed: report.freed,
            rewritten: report.rewritten,
        }
    }
}

/// What `trim` did.
#[derive(Debug, Serialize)]
pub(crate) struct Trimmed {
    oldest: u64,
    trimmed: u64,
}

impl Trimmed {
    pub(crate) fn new(report: &TrimReport) -> Trimmed {
        Trimmed { oldest: report.oldest, trimmed: report.trimmed }
    }
}

#[derive(Debug, Serialize)]
struct Back {
    name: String,
    operation: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Version {
    object: String,
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<Vec<u8>>,
    number: Option<u64>,
    sessions: Vec<String>,
    whole: bool,
}

#[derive(Debug, Serialize)]
struct Found {
    name: String,
    operation: Option<String>,
    session: Option<String>,
}

#[derive(Debug, Serialize)]
struct Stretch {
    segment: String,
    offset: u64,
    end: u64,
    what: String,
    sessions: Vec<String>,
}

/// What `recover` did.
#[derive(Debug, Serialize)]
pub(crate) struct Recovered {
    objects: u64,
    lost: Vec<Stone>,
    versions: Vec<Version>,
    set_back: Vec<Back>,
    recovered: Vec<Found>,
    unread: Vec<Stretch>,
    quarantined: Vec<String>,
    time: Option<String>,
    earlier: bool,
}

impl Recovered {
    pub(crate) fn new(report: &RecoverReport) -> Recovered {
        let back = report.set_back.iter();
        let versions = report.versions.iter().map(|version| Version {
            object: version.object.to_string(),
            path: version.path.as_ref().map(|path| path.to_string_lossy().into_owned()),
            path_bytes: version
                .path
                .as_ref()
                .filter(|path| path.as_str().is_none())
                .map(|path| path.as_bytes().to_vec()),
            number: version.number,
            sessions: version.sessions.clone(),
            whole: version.is_whole,
        });
        let found = report.recovered.iter().map(|session| Found {
            name: session.name.clone(),
            operation: session.operation.map(|id| id.to_string()),
            session: session.session.map(|id| id.to_string()),
        });
        let unread = report.unread.iter().map(|unread| Stretch {
            segment: unread.segment.clone(),
            offset: unread.offset,
            end: unread.end,
            what: unread.what.clone(),
            sessions: unread.sessions.clone(),
        });
        Recovered {
            objects: report.objects,
            lost: report.lost.iter().map(Stone::new).collect(),
            versions: versions.collect(),
            set_back: back
                .map(|back| Back { name: back.name.clone(), operation: back.operation })
                .collect(),
            recovered: found.collect(),
            unread: unread.collect(),
            quarantined: report.quarantined.clone(),
            time: time::rfc3339(report.time),
            earlier: report.is_earlier,
        }
    }
}
