//! Sessions as a whole: new, rename, delete, list, fork.

use std::path::Path;

use partita::history::LogEntry;
use partita::object::Prefix;
use partita::{Error, ErrorKind, Session};

use super::{Access, check_name, find_session, open_session, open_store};
use crate::failure::Result;
use crate::output::table::Align;
use crate::output::{Output, counted, json, quote, time};

/// Creates a session, and the store if need be.
pub(super) fn new(out: &mut Output, dir: &Path, name: &str, json: bool) -> Result<()> {
    check_name(name)?;
    let session = open_store(dir, Access::Create)?.create_session(name)?;
    if json {
        return out.json(&json::Session::new(&session, None, None));
    }
    out.line(format_args!("{}  {}", session.id().id().short(), quote::text(name)))
}

/// Gives a session another name.
pub(super) fn rename(
    out: &mut Output,
    dir: &Path,
    name: &str,
    new: &str,
    json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    session.store().rename_session(name, new)?;
    if json {
        let renamed = session.store().open_session(new);
        let newest = renamed.and_then(|session| newest(&session)).or_else(gone)?;
        return out.json(&json::Session::renamed(&session, new, newest.as_ref()));
    }
    out.line(format_args!("{} is now {}", quote::text(name), quote::text(new)))
}

/// Deletes a session.
pub(super) fn delete(out: &mut Output, dir: &Path, name: &str, json: bool) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    session.store().delete_session(name)?;
    if json {
        let prefix: Prefix = session.id().to_string().parse()?;
        let deleted = session.store().find_deleted_session(&prefix);
        return match deleted.map(Some).or_else(gone)? {
            Some(deleted) => out.json(&deleted),
            None => out.json(&json::BroughtBack::new(&session)),
        };
    }
    let id = session.id().id().short();
    out.line(format_args!(
        "{} is deleted; its bytes stay for now: `partita undelete {id}` brings it back",
        quote::text(name)
    ))
}

/// Lists the deleted sessions, the newest of them first.
pub(super) fn deleted(out: &mut Output, dir: &Path, json: bool) -> Result<()> {
    let sessions = open_store(dir, Access::Read)?.deleted_sessions()?;
    if json {
        return out.json_array(sessions.iter().map(Ok));
    }
    let rows = sessions.iter().map(|row| {
        let goes = match row.goes {
            Some(goes) => format!("goes {}", time::human(Some(goes))),
            None => "stays, pinned".to_owned(),
        };
        Ok([
            row.id.id().short(),
            row.checkpoint.unwrap_or(0).to_string(),
            format!("deleted {}", time::human(Some(row.deleted))),
            goes,
            row.name.as_ref().map_or("-".into(), |name| quote::text(name)).into_owned(),
        ])
    });
    out.table([Align::Left, Align::Right, Align::Left, Align::Left, Align::Left], rows)
}

/// Brings a deleted session back.
pub(super) fn undelete(
    out: &mut Output,
    dir: &Path,
    id: &str,
    name: Option<&str>,
    json: bool,
) -> Result<()> {
    let store = open_store(dir, Access::Write)?;
    let prefix: Prefix = id.strip_prefix("id:").unwrap_or(id).parse()?;
    let found = store.find_deleted_session(&prefix)?;
    let session = store.undelete_session(found.id, name).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            error.context(format!("undelete {prefix}: give it another name"))
        }
        _ => error,
    })?;
    let newest = newest(&session);
    if json {
        let newest = newest.or_else(gone)?;
        return out.json(&json::Session::new(&session, newest.as_ref(), None));
    }
    let (id, name) = (session.id().id().short(), quote::text(session.name()));
    let at = standing(newest.map(|entry| entry.map(|entry| entry.number)))?;
    out.line(format_args!("{id}  {name}  {at}"))
}

/// The newest checkpoint of a session, as `log` has it.
fn newest(session: &Session) -> partita::Result<Option<LogEntry>> {
    session.log().and_then(|mut log| log.next().transpose())
}

/// Says where a session stands that this command has just made. Somebody else may have deleted it
/// again: what was done was done all the same.
fn standing(newest: partita::Result<Option<u64>>) -> Result<String> {
    match newest {
        Ok(Some(number)) => Ok(format!("at {number}")),
        Ok(None) => Ok("empty".to_owned()),
        Err(error) => gone(error).map(|_: Option<()>| "deleted since".to_owned()),
    }
}

/// Passes over a session that is gone by now.
fn gone<T>(error: Error) -> Result<Option<T>> {
    if error.kind() == ErrorKind::NotFound { Ok(None) } else { Err(error.into()) }
}

/// Lists the sessions, with how much each holds if that is asked for.
pub(super) fn list(out: &mut Output, dir: &Path, with_sizes: bool, json: bool) -> Result<()> {
    let store = open_store(dir, Access::Read)?;
    let sessions = store.sessions().map(|entry| -> Result<_> {
        let entry = entry?;
        let session = store.open_session(entry.name())?;
        let newest = newest(&session)?;
        let sizes = with_sizes.then(|| store.session_sizes(&entry)).transpose()?;
        Ok((session, newest, sizes))
    });
    if json {
        return out.json_array(sessions.map(|row| {
            let (session, newest, sizes) = row?;
            Ok(json::Session::new(&session, newest.as_ref(), sizes))
        }));
    }
    let align = [Align::Left, Align::Right, Align::Left, Align::Right, Align::Right, Align::Left];
    let rows = sessions.map(|row| {
        let (session, newest, sizes) = row?;
        let (id, name) = (session.id().id().short(), quote::text(session.name()).into_owned());
        let checkpoint = newest.as_ref().map_or(0, |entry| entry.number).to_string();
        let time = time::human(newest.map(|entry| entry.time));
        let [files, memories] = sizes.map_or_else(Default::default, |sizes| {
            [counted(sizes.files, "file", "files"), counted(sizes.memories, "memory", "memories")]
        });
        Ok([id, checkpoint, time, files, memories, name])
    });
    if with_sizes {
        return out.table(align, rows);
    }
    let [id, checkpoint, time, .., name] = align;
    out.table(
        [id, checkpoint, time, name],
        rows.map(|row: Result<_>| {
            row.map(|[id, checkpoint, time, .., name]| [id, checkpoint, time, name])
        }),
    )
}

/// Begins a session as a copy of another.
pub(super) fn fork(
    out: &mut Output,
    dir: &Path,
    name: &str,
    new: &str,
    at: Option<&str>,
    json: bool,
) -> Result<()> {
    let store = open_store(dir, Access::Write)?;
    let session = find_session(&store, name)?;
    let copy = match at {
        Some(spec) => session.fork_at(new, session.checkpoint(spec)?)?,
        None => session.fork(new)?,
    };
    let newest = newest(&copy);
    if json {
        let newest = newest.or_else(gone)?;
        return out.json(&json::Session::new(&copy, newest.as_ref(), None));
    }
    let at = standing(newest.map(|entry| entry.map(|entry| entry.number)))?;
    out.line(format_args!("{}  {}  {at}", copy.id().id().short(), quote::text(new)))
}
