//! What each command does: open, ask the library, print.

mod bench;
mod blame;
mod budget;
mod checkout;
mod compare;
mod context;
mod count;
mod dialog;
mod evidence;
mod export;
mod files;
mod import;
mod log;
mod merge;
mod pages;
mod pins;
mod report;
mod rerun;
mod restore;
mod run;
mod sessions;
mod set;
mod store;
mod transcript;
mod turn;
mod upkeep;
mod view;
mod watch;
mod work;

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use partita::context::CounterFor;
use partita::limits::CONTENT_BYTES_MAX;
use partita::tokens::{Encoding, TokenCounter};
use partita::{CheckpointId, Error, ErrorKind, Role, Session, Snapshot, Store};

use crate::args::{
    CALIBRATED, Cli, Command, Dialog, ImportSource, Oversee, Plain, Proof, Union, Work,
};
use crate::failure::{Failure, NoSession, Result};
use crate::output::{Output, note, quote};
use crate::upward::{System, find};
use crate::wait;

pub(crate) use self::transcript::Imported;

/// Sessions among which one of a similar name is looked for.
const OTHERS_MAX: usize = 10_000;

/// Runs a command.
pub(crate) fn run(cli: &Cli) -> Result<()> {
    wait::bound(cli.wait);
    let mut output = Output::new(cli.color);
    let out = &mut output;
    let dir = &*place(cli)?;
    let done = match &cli.command {
        Command::Init(json) => store::init(out, dir, json.json),
        Command::New { name, json } => sessions::new(out, dir, name, json.json),
        Command::Rename { name, new, json } => sessions::rename(out, dir, name, new, json.json),
        Command::Delete { name, json } => sessions::delete(out, dir, name, json.json),
        Command::Undelete { id, name, json } => {
            sessions::undelete(out, dir, id, name.as_deref(), json.json)
        }
        Command::Sessions { deleted: true, json, .. } => sessions::deleted(out, dir, json.json),
        Command::Sessions { sizes, json, .. } => sessions::list(out, dir, *sizes, json.json),
        Command::Import { source } => match source {
            ImportSource::Git(git) => import::git(out, dir, git),
            ImportSource::Transcript(transcript) => transcript::import(out, dir, transcript),
        },
        Command::Log(args) => log::log(out, dir, args),
        Command::Report(args) => report::report(out, dir, args),
        Command::Files { name, at, json } => files::list(out, dir, name, at.as_deref(), json.json),
        Command::History { name, path, json } => {
            files::history(out, dir, name, bytes(path), json.json)
        }
        Command::Cat { content: Some(id), .. } => files::cat_content(out, dir, id),
        Command::Cat { name: Some(name), path: Some(path), iteration, at, .. } => {
            files::cat(out, dir, name, bytes(path), *iteration, at.as_deref())
        }
        Command::Cat { .. } => {
            Err(Error::new(ErrorKind::Invalid, "say NAME and PATH, or --content ID").into())
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
        Command::Checkout { name, dir: into, paths, at, plan, json } => {
            let what = checkout::What { name, into, paths, at: at.as_deref() };
            checkout::checkout(out, dir, &what, *plan, json.json)
        }
        Command::Kept(json) => checkout::kept(out, dir, json.json),
        Command::Fork { name, new, at, json } => {
            sessions::fork(out, dir, name, new, at.as_deref(), json.json)
        }
        Command::Undo { name, json } => log::undo(out, dir, name, json.json),
        Command::Redo { name, json } => log::redo(out, dir, name, json.json),
        Command::Check(json) => store::check(out, dir, json.json),
        Command::Stats(json) => store::stats(out, dir, json.json),
        Command::Gc(gc) => upkeep::gc(out, dir, gc),
        Command::Purge(purge) => upkeep::purge(out, dir, purge),
        Command::Trim(trim) => upkeep::trim(out, dir, trim),
        Command::Pin(pin) => pins::pin(out, dir, pin),
        Command::Unpin(pin) => pins::unpin(out, dir, pin),
        Command::Recover(json) => upkeep::recover(out, dir, json.json),
        Command::Work(command) => run_work(out, dir, command),
        Command::Proof(command) => run_proof(out, dir, command),
        Command::Union(command) => run_union(out, dir, command),
        Command::Oversee(command) => run_oversee(out, dir, command),
        Command::Dialog(command) => run_dialog(out, dir, command),
        Command::Plain(Plain::Count(count)) => count::count(out, dir, count),
        Command::Plain(Plain::Budget(budget)) => budget::budget(out, dir, budget),
        Command::Plain(Plain::Completion { shell }) => pages::completion(out, *shell),
        Command::Plain(Plain::Man(man)) => pages::man(out, man),
    };
    // What was said before a failure is worth reading too.
    let flushed = output.finish();
    done.and(flushed)
}

fn run_work(out: &mut Output, dir: &Path, command: &Work) -> Result<()> {
    match command {
        Work::Capture(capture) => work::capture(out, dir, capture),
        Work::Status(status) => work::status(out, dir, status),
        Work::Watch { name, dir: watched } => watch::watch(out, dir, name, watched),
        Work::Run(args) => run::run(out, dir, args),
        Work::Pause { name, reason, json } => work::pause(out, dir, name, reason, json.json),
        Work::Resume { name, dir: into, replay, yes, json } => {
            let how = work::How { replay: *replay, yes: *yes, json: json.json };
            work::resume(out, dir, name, into, &how)
        }
    }
}

fn run_proof(out: &mut Output, dir: &Path, command: &Proof) -> Result<()> {
    match command {
        Proof::Evidence { name, number: None, json } => evidence::list(out, dir, name, json.json),
        Proof::Evidence { name, number: Some(number), json } => {
            evidence::show(out, dir, name, *number, json.json)
        }
        Proof::Claim { name, text, by, json } => {
            evidence::claim(out, dir, name, (text, by), json.json)
        }
        Proof::Claims { name, at, check, json } => {
            evidence::claims(out, dir, name, (at.as_deref(), *check), json.json)
        }
        Proof::Rerun(args) => rerun::rerun(out, dir, args),
        Proof::Bench(args) => bench::bench(out, dir, args),
        Proof::EvidenceImport { name, file, format, json } => {
            evidence::import(out, dir, name, (file, format.as_deref()), json.json)
        }
        Proof::EvidenceExport { name, number, format } => {
            evidence::export(out, dir, name, *number, *format)
        }
        Proof::Blame { name, path, at, json } => {
            blame::blame(out, dir, name, bytes(path), (at.as_deref(), json.json))
        }
    }
}

fn run_union(out: &mut Output, dir: &Path, command: &Union) -> Result<()> {
    match command {
        Union::Merge(args) => merge::merge(out, dir, args),
        Union::Conflicts { name, json } => merge::conflicts(out, dir, name, json.json),
        Union::Resolve(args) => merge::resolve(out, dir, args),
        Union::Learned { name, others, counter, json } => {
            merge::learned(out, dir, name, (others, counter), json.json)
        }
        Union::Overlap { name, others, json } => merge::overlap(out, dir, name, others, json.json),
    }
}

fn run_oversee(out: &mut Output, dir: &Path, command: &Oversee) -> Result<()> {
    match command {
        Oversee::Proposals { name, number: None, json, .. } => {
            turn::proposals(out, dir, name, json.json)
        }
        Oversee::Proposals { name, number: Some(number), revision, json } => {
            turn::proposal(out, dir, name, (*number, *revision), json.json)
        }
        Oversee::Review(args) => turn::review(out, dir, args),
        Oversee::Findings { name, resolve: Some(number), reason, json, .. } => {
            let reason = reason.as_deref().unwrap_or_default();
            turn::resolve(out, dir, name, (*number, reason), json.json)
        }
        Oversee::Findings { name, all, json, .. } => {
            turn::findings(out, dir, name, *all, json.json)
        }
        Oversee::Calls { name, by, json } => turn::calls(out, dir, name, *by, json.json),
        Oversee::Approve(args) => turn::approve(out, dir, args),
    }
}

fn run_dialog(out: &mut Output, dir: &Path, command: &Dialog) -> Result<()> {
    match command {
        Dialog::Memories(memories) => dialog::memories(out, dir, memories),
        Dialog::Say(say) => dialog::say(out, dir, say),
        Dialog::Search(search) => dialog::search(out, dir, search),
        Dialog::View { name, json } => dialog::view(out, dir, name, json.json),
        Dialog::Forget(selected) => view::forget(out, dir, selected),
        Dialog::Recall(selected) => view::recall(out, dir, selected),
        Dialog::Refresh { name, json } => view::refresh(out, dir, name, json.json),
        Dialog::Hide(globbed) => view::hide(out, dir, globbed),
        Dialog::Show(globbed) => view::show(out, dir, globbed),
        Dialog::Compact(compact) => view::compact(out, dir, compact),
        Dialog::Expand { name, id, json } => view::expand(out, dir, name, id, json.json),
        Dialog::Set(set) => set::set(out, dir, set),
        Dialog::Export(export) => export::export(out, dir, export),
        Dialog::Capacity(args) => context::capacity(out, dir, args),
        Dialog::Plan(args) => context::plan(out, dir, args),
        Dialog::Context(args) => context::context(out, dir, args),
    }
}

/// Finds the store: the one that is named, else the nearest here or above, else the place where one
/// would be made.
fn place(cli: &Cli) -> Result<PathBuf> {
    const NAME: &str = ".partita";
    let here = || PathBuf::from(NAME);
    if let Some(named) = &cli.store {
        return Ok(named.clone());
    }
    let from = std::env::current_dir().map_err(|error| {
        Error::new(ErrorKind::Io, "find out which directory this is").with_source(error)
    })?;
    // Who makes a store makes it here; one that is not needed is not looked for.
    if matches!(cli.command, Command::Plain(_)) {
        return Ok(here());
    }
    let from_above = !matches!(cli.command, Command::Init(_));
    let found = find(&System, &from, NAME, ("the store", "name it with --store"))?;
    Ok(match found.filter(|_| from_above) {
        Some(above) if above != from => above.join(NAME),
        _ => here(),
    })
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
    let options = wait::options();
    let options = match access {
        // What it derives may be kept, where that can be had; nothing else is written.
        Access::Read => options.read_only(true).catalogue(true),
        Access::Write => options.create(false),
        Access::Create => options,
    };
    // Somebody else may make it in between; both then say that they did.
    let is_new = access == Access::Create && !dir.join("FORMAT").exists();
    let opened = options.open(dir).inspect(|_| {
        if is_new {
            let shown = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
            let shown = quote::path(shown.as_os_str().as_encoded_bytes()).into_owned();
            note(&format!("a new store: {shown}"));
        }
    });
    opened.map_err(|error| {
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
    store.open_session(name).map_err(|error| match error.kind() {
        ErrorKind::NotFound => missing(store, name),
        _ => error.into(),
    })
}

/// Says that there is no such session, and what may have been meant.
fn missing(store: &Store, name: &str) -> Failure {
    let others =
        store.sessions().take(OTHERS_MAX).filter_map(|entry| Some(entry.ok()?.name().to_owned()));
    let (name, others) = (name.to_owned(), others.collect());
    Failure::NoSession(NoSession { name, others, may_create: false, words: Vec::new() })
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

/// The state at a checkpoint, else the newest.
fn snapshot(session: &Session, spec: Option<&str>) -> Result<Snapshot> {
    Ok(match spec {
        Some(spec) => session.at(session.checkpoint(spec)?)?,
        None => session.latest()?,
    })
}

/// Reads a role by its name.
fn role(name: &str) -> Result<Role> {
    let roles = [Role::System, Role::User, Role::Assistant, Role::Tool];
    roles.into_iter().find(|role| role.name() == name).ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        let message = format!("no role {shown:?}; there are system, user, assistant and tool");
        Error::new(ErrorKind::Invalid, message).into()
    })
}

/// Finds what counts by its name: an encoding, a model of a public encoding, or `calibrated:` and a
/// model of which the store has requests; with a session those of its host.
fn counter(dir: &Path, session: Option<&Session>, name: &str) -> Result<Box<dyn TokenCounter>> {
    if let Some(model) = name.strip_prefix(CALIBRATED) {
        let base = Encoding::default();
        return Ok(match session {
            Some(session) => Box::new(session.calibrated_counter(base, model)?),
            None => Box::new(open_store(dir, Access::Read)?.calibrated_counter(base, model)?),
        });
    }
    let name: String = name.chars().take(80).collect();
    let encoding = Encoding::by_name(&name)?;
    let is_model = !encoding.id().starts_with(&name);
    let counter = CounterFor::new(encoding);
    Ok(Box::new(if is_model { counter.with_model(name) } else { counter }))
}

/// Reads a file or the standard input, as far as a content may go.
fn input(file: Option<&Path>) -> Result<Vec<u8>> {
    let (what, read) = match file {
        Some(file) if file != Path::new("-") => {
            let read = File::open(file).and_then(|open| {
                let size = open.metadata().map_or(0, |metadata| metadata.len());
                read_bounded(open, size)
            });
            (file.display().to_string(), read)
        }
        _ => ("the standard input".to_owned(), read_bounded(std::io::stdin().lock(), 0)),
    };
    match read {
        Ok(bytes) if bytes.len() > CONTENT_BYTES_MAX => {
            let message =
                format!("{what} has more than {CONTENT_BYTES_MAX} bytes, the most allowed");
            Err(Error::new(ErrorKind::Invalid, message).into())
        }
        Ok(bytes) => Ok(bytes),
        Err(error) => {
            Err(Error::new(ErrorKind::Io, format!("cannot read {what}")).with_source(error).into())
        }
    }
}

/// Reads to the end, or one byte beyond what a content may have. Of a known size the bytes are
/// allocated once; that there is no memory for them is an error.
fn read_bounded(from: impl Read, size: u64) -> std::io::Result<Vec<u8>> {
    let most = CONTENT_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    // One more, so that the end is seen without growing.
    let size = usize::try_from(size.min(most) + 1).unwrap_or(usize::MAX);
    bytes.try_reserve_exact(size).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a text that a model is to see, which must be UTF-8.
fn text(file: Option<&Path>) -> Result<String> {
    String::from_utf8(input(file)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let file = file.map_or("the standard input".into(), |file| file.display().to_string());
        let message = format!("{file} is not UTF-8, from byte {} on", at + 1);
        Error::new(ErrorKind::Invalid, message).into()
    })
}

/// A path's bytes: on Unix exactly what was typed.
fn bytes(path: &OsStr) -> &[u8] {
    path.as_encoded_bytes()
}
