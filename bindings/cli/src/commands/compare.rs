//! Comparisons: diff.

use std::path::Path;

use partita::history::CheckpointInfo;
use partita::{ContentId, Entry, Error, ErrorKind, Session};

use super::{Access, open_session};
use crate::failure::{Failure, Result};
use crate::output::patch::{Version, patch};
use crate::output::{AnsiColor, Output, Style, quote};

/// Compares two iterations of a file.
pub(super) fn iterations(
    out: &mut Output,
    dir: &Path,
    name: &str,
    path: &[u8],
    from: Option<&str>,
    to: Option<&str>,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let mut history = session.history(path).map_err(|error| meant(error, name, path))?;
    let new = match to {
        Some(to) => session.iteration(path, number(to)?)?,
        None => history.next().transpose()?.ok_or_else(|| nothing(name))?,
    };
    let old = match from {
        Some(from) => Some(session.iteration(path, number(from)?)?.entry),
        None => before(&session, path, new.number)?,
    };
    let old = old.as_ref().map(|entry| version(&session, entry)).transpose()?.flatten();
    let text = patch(&new.path, old.as_ref(), version(&session, &new.entry)?.as_ref())?;
    print(out, &text)
}

/// The iteration before one of this number, if there is one.
fn before(session: &Session, path: &[u8], number: u64) -> Result<Option<Entry>> {
    for info in session.history(path)? {
        let info = info?;
        if info.number < number {
            return Ok(Some(info.entry));
        }
    }
    Ok(None)
}

/// Compares two checkpoints.
pub(super) fn checkpoints(
    out: &mut Output,
    dir: &Path,
    name: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let new = match to {
        Some(spec) => session.at(session.checkpoint(spec)?)?,
        None => session.latest()?,
    };
    let old = match (from, new.checkpoint()) {
        (Some(spec), _) => Some(session.at(session.checkpoint(spec)?)?),
        (None, Some(CheckpointInfo { parents, .. })) => {
            parents.first().map(|parent| session.at(*parent)).transpose()?
        }
        (None, None) => return Err(nothing(name).into()),
    };
    match old {
        Some(old) => {
            for change in old.changes(&new) {
                let change = change?;
                let before = change.before.as_ref();
                let before = before.map(|entry| version(&session, entry)).transpose()?.flatten();
                let after = change.after.as_ref();
                let after = after.map(|entry| version(&session, entry)).transpose()?.flatten();
                print(out, &patch(&change.path, before.as_ref(), after.as_ref())?)?;
            }
        }
        None => {
            for file in new.files() {
                let file = file?;
                let version = version(&session, &file.entry)?;
                print(out, &patch(&file.path, None, version.as_ref())?)?;
            }
        }
    }
    Ok(())
}

fn version(session: &Session, entry: &Entry) -> Result<Option<Version>> {
    let read = |id: ContentId| session.store().read_content(id);
    Ok(Version::of(entry, read)?)
}

fn number(text: &str) -> Result<u64> {
    text.parse().map_err(|_| {
        Failure::Usage(format!(
            "iteration {text:?} is not a number; with PATH, A and B are iterations"
        ))
    })
}

/// Says of a path that is not there that it looks like a checkpoint, where it does.
fn meant(error: Error, name: &str, path: &[u8]) -> Failure {
    let spec = std::str::from_utf8(path).unwrap_or_default();
    let is_spec =
        |spec: &str| spec == "latest" || spec.parse::<u64>().is_ok() || spec.starts_with("git:");
    let instead = match spec.split_once("..") {
        Some((old, new)) if is_spec(old) && is_spec(new) => format!("--from {old} --to {new}"),
        None if is_spec(spec) => format!("--to {spec}"),
        _ => return error.into(),
    };
    let message = format!("{error}; checkpoints are compared by `partita diff {name} {instead}`");
    Error::new(error.kind(), message).into()
}

fn nothing(name: &str) -> Error {
    Error::new(ErrorKind::NotFound, format!("session {name:?} is empty: nothing to compare"))
}

/// Prints a patch: every byte as it is, unless a terminal could be fooled by it.
fn print(out: &mut Output, patch: &[u8]) -> Result<()> {
    let visible = out.is_terminal();
    for line in patch.split_inclusive(|&byte| byte == b'\n') {
        let (text, end) = match line.split_last() {
            Some((b'\n', text)) => (text, &b"\n"[..]),
            _ => (line, &b""[..]),
        };
        let style = style(text);
        if visible {
            out.styled(style, quote::line(text).as_bytes())?;
        } else {
            out.styled(style, text)?;
        }
        out.bytes(end)?;
    }
    Ok(())
}

fn style(line: &[u8]) -> Style {
    if line.starts_with(b"diff ") || line.starts_with(b"--- ") || line.starts_with(b"+++ ") {
        return Style::new().bold();
    }
    match line.first() {
        Some(b'+') => AnsiColor::Green.on_default(),
        Some(b'-') => AnsiColor::Red.on_default(),
        Some(b'@') => AnsiColor::Cyan.on_default(),
        _ => Style::new(),
    }
}
