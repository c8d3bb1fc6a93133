//! What happened: log, undo.

use std::path::Path;

use partita::Horizon;

use super::{Access, open_session};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, json, quote, time};

/// Lists what happened to a session, newest first.
pub(super) fn log(
    out: &mut Output,
    dir: &Path,
    name: &str,
    limit: Option<usize>,
    json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let entries = session.log()?.take(limit.unwrap_or(usize::MAX));
    if json {
        return out.json_array(entries.map(|entry| Ok(json::Log::from(&entry?))));
    }
    let align = [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left, Align::Left];
    let mut shown = 0;
    out.table(
        align,
        entries.map(|entry| {
            let entry = entry?;
            shown += 1;
            let commit = entry.git_commit().unwrap_or_default();
            Ok([
                entry.number.to_string(),
                entry.id.id().short(),
                time::human(Some(entry.time)),
                entry.kind.name().to_owned(),
                commit.chars().take(10).collect(),
                quote::text(&entry.message).into_owned(),
            ])
        }),
    )?;
    match session.horizon()? {
        Some(horizon) if limit.is_none_or(|limit| shown < limit) => {
            trimmed(out, "checkpoints", &horizon)
        }
        _ => Ok(()),
    }
}

/// Says where a listing ends before its beginning.
pub(super) fn trimmed(out: &mut Output, what: &str, horizon: &Horizon) -> Result<()> {
    let when = time::human(Some(horizon.time));
    let by = match &horizon.actor[..] {
        "" => String::new(),
        actor => format!(" by {}", quote::text(actor)),
    };
    out.line(format_args!(
        "older {what} were trimmed on {when}{by}: history begins at checkpoint {}",
        horizon.checkpoint
    ))
}

/// Takes back what was done last.
pub(super) fn undo(out: &mut Output, dir: &Path, name: &str, json: bool) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    let info = session.undo()?;
    if json {
        return out.json(&json::Checkpoint::from(&info));
    }
    out.line(format_args!("{}  {}  as before", info.number, info.id.id().short()))
}
