//! What each command does: open, ask the library, print.

mod checkout;
mod compare;
mod files;
mod import;
mod log;
mod restore;
mod sessions;
mod store;
mod upkeep;

use std::ffi::OsStr;
use std::path::Path;

use partita::{CheckpointId, Error, ErrorKind, Session, Store};

use crate::args::{Cli, Command, ImportSource};
use crate::failure::Result;
use crate::output::Output;

/// Runs a command.
pub(crate) fn run(cli: &Cli) -> Result<()> {
    let mut output = Output::new(cli.color);
    let out = &mut output;
    let dir = &*cli.store;
    let done = match &cli.command {
        Command::Init => store::init(out, dir),
        Command::New { name } => sessions::new(out, dir, name),
        Command::Rename { name, new } => sessions::rename(out, dir, name, new),
        Command::Delete { name } => sessions::delete(out, dir, name),
        Command::Sessions(json) => sessions::list(out, dir, json.json),
        Command::Import { source: ImportSource::Git(git) } => import::git(out, dir, git),
        Command::Log { name, limit, json } => log::log(out, dir, name, *limit, json.json),
        Command::Files { name, at, json } => files::list(out, dir, name, at.as_deref(), json.json),
        Command::History { name, path, json } => {
            files::history(out, dir, name, bytes(path), json.json)
        }
        Command::Cat { name, path, iteration, at } => {
            files::cat(out, dir, name, bytes(path), *iteration, at.as_deref())
        }
        Command::Diff { name, path, from, to } => {
            let (from, to) = (from.as_deref(), to.as_deref());
            match path {
                Some(path) => compare::iterations(out, dir, name, bytes(path), from, to),
                None => compare::checkpoints(out, dir, name, from, to),
            }
        }
        Command::Write { name, path, file, expect, json } => {
            files::write(out, dir, name, bytes(path), file.as_deref(), *expect, json.json)
        }
        Command::Remove { name, path, json } => {
            files::remove(out, dir, name, bytes(path), json.json)
        }
        Command::Restore(restore) => restore::restore(out, dir, restore),
        Command::Checkout { name, dir: into, at, plan, json } => {
            checkout::checkout(out, dir, name, into, at.as_deref(), *plan, json.json)
        }
        Command::Fork { name, new, at } => sessions::fork(out, dir, name, new, at.as_deref()),
        Command::Undo { name, json } => log::undo(out, dir, name, json.json),
        Command::Check(json) => store::check(out, dir, json.json),
        Command::Stats(json) => store::stats(out, dir, json.json),
        Command::Gc(gc) => upkeep::gc(out, dir, gc),
        Command::Purge(purge) => upkeep::purge(out, dir, purge),
        Command::Trim(trim) => upkeep::trim(out, dir, trim),
        Command::Pin { name, at } => upkeep::pin(out, dir, name, at.as_deref()),
        Command::Unpin { name, at } => upkeep::unpin(out, dir, name, at.as_deref()),
        Command::Recover(json) => upkeep::recover(out, dir, json.json),
    };
    // What was said before a failure is worth reading too.
    let flushed = output.finish();
    done.and(flushed)
}

/// What a command needs a store for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// As `Write`, and creates the store if there is none.
    Create,
}

/// Opens the store.
fn open_store(dir: &Path, access: Access) -> Result<Store> {
    let options = Store::options();
    let options = match access {
        Access::Read => options.read_only(true),
        Access::Write => options.create(false),
        Access::Create => options,
    };
    options.open(dir).map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            let message = format!("no store at {}; create one with `partita init`", dir.display());
            return Error::new(ErrorKind::NotFound, message).into();
        }
        error.into()
    })
}

/// Opens an existing session.
fn open_session(dir: &Path, access: Access, name: &str) -> Result<Session> {
    find_session(&open_store(dir, access)?, name)
}

fn find_session(store: &Store, name: &str) -> Result<Session> {
    store.open_session(name).map_err(|error| {
        if error.kind() == ErrorKind::NotFound {
            let message = format!("no session {name:?}; create it with `partita new`");
            return Error::new(ErrorKind::NotFound, message).into();
        }
        error.into()
    })
}

/// Refuses a name that no session can have, before a store is created for it.
fn check_name(name: &str) -> Result<()> {
    match Store::in_memory()?.open_session(name) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Resolves a checkpoint; none where the newest state is meant and the session has none yet.
fn checkpoint(session: &Session, spec: Option<&str>) -> Result<Option<CheckpointId>> {
    Ok(match spec {
        Some(spec) => Some(session.checkpoint(spec)?),
        None => session.latest()?.checkpoint().map(|info| info.id),
    })
}

/// A path's bytes: on Unix exactly what was typed.
fn bytes(path: &OsStr) -> &[u8] {
    path.as_encoded_bytes()
}
