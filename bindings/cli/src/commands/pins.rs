//! Pins: of checkpoints, and of memories and files in view.

use std::path::Path;

use partita::history::CheckpointInfo;
use partita::shape::Brief;
use partita::{Error, ErrorKind, Session};

use super::view::{selector, told};
use super::{Access, checkpoint, open_session};
use crate::args::Pin;
use crate::failure::Result;
use crate::output::Output;

/// Pins a checkpoint, or memories or files in view.
pub(super) fn pin(out: &mut Output, dir: &Path, args: &Pin) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name)?;
    if let Some(memory) = &args.memory {
        let report = session.pin_memories(&selector(memory)?)?;
        return told(out, &report, Some(memory), args.json.json);
    }
    if let Some(glob) = &args.files {
        return told(out, &session.pin_files(glob)?, None, args.json.json);
    }
    let id = checkpoint(&session, args.at.as_deref())?.ok_or_else(|| {
        let message = format!("session {:?} has no checkpoint yet", args.name);
        Error::new(ErrorKind::NotFound, message)
    })?;
    let info = session.pin(id)?;
    if args.json.json {
        return out.json(&Brief(&info));
    }
    line(out, &info, "pinned")
}

/// Takes pins away: a checkpoint's, all of a session's checkpoints, or those in view.
pub(super) fn unpin(out: &mut Output, dir: &Path, args: &Pin) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name)?;
    if let Some(memory) = &args.memory {
        let report = session.unpin_memories(&selector(memory)?)?;
        return told(out, &report, Some(memory), args.json.json);
    }
    if let Some(glob) = &args.files {
        return told(out, &session.unpin_files(glob)?, None, args.json.json);
    }
    let infos = unpin_checkpoints(&session, args)?;
    if args.json.json {
        return out.json_array(infos.iter().map(|info| Ok(Brief(info))));
    }
    infos.iter().try_for_each(|info| line(out, info, "unpinned"))
}

fn unpin_checkpoints(session: &Session, args: &Pin) -> Result<Vec<CheckpointInfo>> {
    let ids = match &args.at {
        Some(spec) => vec![session.checkpoint(spec)?],
        None => session.pins()?.into_iter().map(|info| info.id).collect(),
    };
    if ids.is_empty() {
        let message = format!("session {:?} has no pins", args.name);
        return Err(Error::new(ErrorKind::NotFound, message).into());
    }
    ids.into_iter().map(|id| Ok(session.unpin(id)?)).collect()
}

fn line(out: &mut Output, info: &CheckpointInfo, what: &str) -> Result<()> {
    out.line(format_args!("{}  {}  {what}", info.number, info.id.id().short()))
}
