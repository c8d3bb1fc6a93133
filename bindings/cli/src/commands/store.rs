//! The store as a whole: init, check, stats.

use std::ops::ControlFlow;
use std::path::Path;

use partita::upkeep::{CheckReport, Fault};
use partita::{Error, ErrorKind, Store};

use super::{Access, open_store};
use crate::failure::Result;
use crate::output::json::Initialized;
use crate::output::{Output, counted, quote};
use crate::progress::{Progress, size};

/// Creates a store.
pub(super) fn init(out: &mut Output, dir: &Path, as_json: bool) -> Result<()> {
    let existed = open_store(dir, Access::Read).is_ok();
    Store::open(dir)?;
    if as_json {
        let directory = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        return out.json(&Initialized::new(&directory, !existed));
    }
    let what = if existed { "already a store" } else { "a new store" };
    out.line(format_args!("{}: {what}", quote::path(dir.as_os_str().as_encoded_bytes())))
}

/// Verifies every byte and every object; a fault is a failure.
pub(super) fn check(out: &mut Output, dir: &Path, as_json: bool) -> Result<()> {
    let store = open_store(dir, Access::Read)?;
    let mut progress = None;
    let report = store.check(&mut |at| {
        progress
            .get_or_insert_with(|| Progress::new(at.total, "checked"))
            .set(at.done, String::new());
        ControlFlow::Continue(())
    })?;
    drop(progress);
    if as_json {
        out.json(&report)?;
    } else {
        show(out, &report)?;
    }
    match (report.faults.first(), report.newer.first()) {
        (None, None) => Ok(()),
        (None, Some(first)) => {
            let count = counted(report.newer.len() as u64, "object was", "objects were");
            let message = format!(
                "{count} written by a newer partita, which alone can judge them; nothing is \
                 damaged; the first: {}",
                line(first)
            );
            Err(Error::new(ErrorKind::Unsupported, message).into())
        }
        (Some(first), _) => {
            let count = counted(report.faults.len() as u64, "fault", "faults");
            let message = format!("the store has {count}; the first: {}", line(first));
            Err(Error::new(ErrorKind::Corrupt, message).into())
        }
    }
}

fn show(out: &mut Output, report: &CheckReport) -> Result<()> {
    for fault in &report.faults {
        out.line(format_args!("fault  {}", line(fault)))?;
    }
    for newer in &report.newer {
        out.line(format_args!("newer  {}", line(newer)))?;
    }
    if let Some((segment, offset)) = &report.unfinished {
        out.line(format_args!(
            "note   segment {segment}, offset {offset}: an unfinished commit, never acknowledged"
        ))?;
    }
    for stray in &report.strays {
        out.line(format_args!("note   file {} belongs to no commit", quote::text(stray)))?;
    }
    let objects = counted(report.objects, "object", "objects");
    let frames = counted(report.frames, "frame", "frames");
    let found = if report.is_ok() {
        "whole".to_owned()
    } else {
        counted(report.faults.len() as u64, "fault", "faults")
    };
    out.line(format_args!(
        "{found}: {frames}, {}, {objects} verified, {} unreachable, {} purged or lost",
        size(report.bytes),
        report.unreachable,
        report.tombstones
    ))
}

fn line(fault: &Fault) -> String {
    let mut parts = Vec::new();
    match (&fault.segment, fault.offset) {
        (Some(segment), Some(offset)) => parts.push(format!("segment {segment}, offset {offset}")),
        (Some(segment), None) => parts.push(format!("segment {segment}")),
        _ => {}
    }
    parts.extend(fault.object.map(|id| format!("object {id:.10}")));
    parts.push(fault.what.clone());
    parts.join(": ")
}

/// Counts what the store holds.
pub(super) fn stats(out: &mut Output, dir: &Path, as_json: bool) -> Result<()> {
    let stats = open_store(dir, Access::Read)?.stats()?;
    if as_json {
        return out.json(&stats);
    }
    for (name, value) in [("sessions", stats.sessions), ("objects", stats.objects)] {
        out.line(format_args!("{name:<13} {value}"))?;
    }
    for (name, bytes) in [("raw bytes", stats.raw_bytes), ("stored bytes", stats.stored_bytes)] {
        out.line(format_args!("{name:<13} {bytes} ({})", size(bytes)))?;
    }
    out.line(format_args!("{:<13} {}", "segments", stats.segments))
}
