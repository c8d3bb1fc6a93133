//! Watching a directory: a capture whenever something changed and is quiet again.
//!
//! What the system tells of changes is a hint. Each capture looks at the whole directory, and one is
//! made every half minute whatever was told, so nothing rests on no event being lost.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{Config, Event, EventKind, PollWatcher, RecommendedWatcher, RecursiveMode, Watcher};
use partita::ErrorKind;
use partita::workspace::{CaptureOptions, Workspace, check_directory};

use super::work::{show, summary};
use super::{Access, open_session};
use crate::failure::Result;
use crate::output::{Output, note, quote};

/// How long nothing must happen before there is a capture, and for how long something may.
const QUIET: Duration = Duration::from_millis(200);
const BUSY_MAX: Duration = Duration::from_secs(5);
/// How often there is a capture whatever was told.
const LOOK: Duration = Duration::from_secs(30);
/// How often a directory that is gone is looked for.
const GONE: Duration = Duration::from_secs(1);
/// How often files are looked at where the system tells of no changes.
const POLL: Duration = Duration::from_secs(2);

/// Captures a directory until it is interrupted.
pub(super) fn watch(out: &mut Output, dir: &Path, name: &str, watched: &Path) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    let options = CaptureOptions::new();
    let root = check_directory(watched, Some(dir), &options)?;
    let workspace = session.workspace(&root);
    let store = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let mut seen = Seen::begin(&root, &store);
    take(out, &workspace)?;
    loop {
        if !root.is_dir() {
            // Moved away, or removed: another one may come in its place.
            std::thread::sleep(GONE);
            if root.is_dir() {
                seen = Seen::begin(&root, &store);
                take(out, &workspace)?;
            }
            continue;
        }
        if !seen.is_of(&root) {
            seen = Seen::begin(&root, &store);
        }
        seen.wait();
        take(out, &workspace)?;
    }
}

/// Captures, and says what came of it if anything did. What passes by is tried again.
fn take(out: &mut Output, workspace: &Workspace) -> Result<()> {
    match workspace.capture() {
        Ok(capture) if capture.is_new() => {
            show(out, &capture)?;
            let made = capture.checkpoint().map(|made| made.number.to_string());
            out.line(format_args!("{}  {}", made.unwrap_or_default(), summary(&capture)))?;
            out.flush()
        }
        Ok(_) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Busy | ErrorKind::Conflict | ErrorKind::NotFound | ErrorKind::Io
            ) && workspace.session().latest().is_ok() =>
        {
            note(&format!("tried again later: {}", quote::text(&error.to_string())));
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// What the system tells of a directory.
struct Seen {
    events: Receiver<()>,
    identity: Option<(u64, u64)>,
    _watcher: Option<Box<dyn Watcher>>,
}

impl Seen {
    fn begin(root: &Path, store: &Path) -> Seen {
        let (sender, events) = channel();
        let store = store.to_owned();
        let told = move |event: notify::Result<Event>| {
            let concerns = match &event {
                Ok(event) => {
                    event.need_rescan() || is_change(event) && !is_within(&event.paths, &store)
                }
                Err(_) => true,
            };
            if concerns {
                // Who has ended listens no more.
                let _ = sender.send(());
            }
        };
        Seen { events, identity: identity_of(root), _watcher: watcher(root, told) }
    }

    /// Tells whether the directory is still the one that is watched.
    fn is_of(&self, root: &Path) -> bool {
        self.identity == identity_of(root)
    }

    /// Waits for a change, and for the quiet after it; or for long enough.
    fn wait(&self) {
        match self.events.recv_timeout(LOOK) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => return,
            Err(RecvTimeoutError::Disconnected) => return std::thread::sleep(POLL),
        }
        let begun = Instant::now();
        while begun.elapsed() < BUSY_MAX && self.events.recv_timeout(QUIET).is_ok() {}
    }
}

/// Watches by what the system tells; where that cannot be had, by looking again and again.
fn watcher(
    root: &Path,
    told: impl FnMut(notify::Result<Event>) + Send + Clone + 'static,
) -> Option<Box<dyn Watcher>> {
    let mut failed = String::new();
    match RecommendedWatcher::new(told.clone(), Config::default()) {
        Ok(mut watcher) => match watcher.watch(root, RecursiveMode::Recursive) {
            Ok(()) => return Some(Box::new(watcher)),
            Err(error) => failed = error.to_string(),
        },
        Err(error) => failed.push_str(&error.to_string()),
    }
    note(&format!(
        "the system does not tell of changes: {}; looking every 2 s",
        quote::text(&failed)
    ));
    let config = Config::default().with_poll_interval(POLL);
    let mut watcher = PollWatcher::new(told, config).ok()?;
    watcher.watch(root, RecursiveMode::Recursive).ok()?;
    Some(Box::new(watcher))
}

fn is_change(event: &Event) -> bool {
    !matches!(event.kind, EventKind::Access(_))
}

/// Tells whether all that an event concerns is in the store, which each capture writes.
fn is_within(paths: &[PathBuf], store: &Path) -> bool {
    !paths.is_empty() && paths.iter().all(|path| path.starts_with(store))
}

#[cfg(unix)]
fn identity_of(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let found = path.metadata().ok()?;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity_of(_path: &Path) -> Option<(u64, u64)> {
    None
}
