//! The import of a git history: one checkpoint a commit, along the first parents.
//!
//! The same repository makes the same checkpoints, in one go or in many.

mod ahead;
mod base;
mod blobs;
mod changes;
mod commit;
mod guard;
mod left_out;
mod limits;
mod owner;
mod place;
mod record;
mod repository;
mod source;
mod sum;
#[cfg(test)]
mod tests;
mod tree;
mod trees;
mod value;
mod verify;

use std::path::Path;

use gix::ObjectId;
use partita::history::LogEntries;
use partita::{Error, ErrorKind, FilePath, Result, Session, Store};

use self::ahead::{Ahead, Group};
use self::base::{Base, Recorded};
use self::guard::Guard;
use self::left_out::LeftOut;
pub(crate) use self::left_out::TooLarge;
pub(crate) use self::owner::is_own;
pub(crate) use self::record::Unwritable;
use self::record::{Preparer, Recorder, Waiting};
use self::source::{Line, Source};
pub(crate) use self::verify::Verified;

/// Paths that differ here from the commit that a session rests on, of which a note names the first.
const CHANGED_HERE_SHOWN: usize = 3;

/// A history that can be imported: a repository and the newest commit to record.
pub(crate) struct History {
    source: Source,
    tip: ObjectId,
}

/// What an import did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Imported {
    /// Commits recorded by this run.
    pub(crate) commits: u64,
    /// Bytes of the files that they changed.
    pub(crate) bytes: u64,
    /// The newest commit, in hexadecimal digits.
    pub(crate) tip: String,
    /// The number of the checkpoint that records the newest commit, where it was recorded before.
    pub(crate) recorded: Option<u64>,
    /// Whether the repository is a shallow clone, whose history was recorded as far as it goes.
    pub(crate) shallow: bool,
    /// The files that are too large, which the newest commit has and the session lacks, and their
    /// bytes.
    pub(crate) left_out: Vec<(FilePath, u64)>,
    /// Paths that were recorded and that no checkout could write.
    pub(crate) unwritable: Unwritable,
    /// What was changed in the session since the last import, and stays as it is.
    pub(crate) changed_here: ChangedHere,
}

/// Paths that a session changed since the commit that it rests on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ChangedHere {
    pub(crate) paths: u64,
    /// The first of them.
    pub(crate) first: Vec<FilePath>,
    /// The commit, in hexadecimal digits.
    pub(crate) since: String,
}

/// How far an import is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) commits: u64,
    pub(crate) of_commits: u64,
    pub(crate) bytes: u64,
}

/// Where an import goes: into a session of a store, both of which may have yet to be made.
pub(crate) struct Target<'a> {
    pub(crate) store: Option<Store>,
    /// Makes the store.
    pub(crate) create: &'a dyn Fn() -> Result<Store>,
    /// Name of the session.
    pub(crate) name: &'a str,
}

impl History {
    /// Opens the repository that a path names or is in, and finds the commit that a revision names;
    /// writes nothing.
    pub(crate) fn open(repository: &Path, revision: &str) -> Result<History> {
        History::of(Source::open(&place::repository(repository)?)?, revision)
    }

    fn of(source: Source, revision: &str) -> Result<History> {
        let tip = source.tip(Some(revision).filter(|revision| *revision != "HEAD"))?;
        Ok(History { source, tip })
    }

    /// Records what a session lacks.
    ///
    /// Store and session are made only when there is something to record and the first of it was
    /// read. A session that this run made is deleted again if the run fails.
    pub(crate) fn import(
        &self,
        target: &Target<'_>,
        too_large: TooLarge,
        report: impl FnMut(Position),
    ) -> Result<Imported> {
        let existing = match &target.store {
            Some(store) => match store.open_session(target.name) {
                Ok(session) => Some(session),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            },
            None => None,
        };
        let base = existing.as_ref().map(base::newest).transpose()?.flatten();
        let line = match self.source.line(self.tip, base.as_ref().map(|base| base.commit)) {
            Err(error) if error.kind() == ErrorKind::Conflict => {
                return self.contained(existing.as_ref(), error);
            }
            line => line?,
        };
        let mut run = Run {
            history: self,
            target,
            too_large,
            left_out: LeftOut::read(
                base.as_ref().and_then(|base| base.labels.get(left_out::LABEL)),
            )?,
            existing,
            base,
            made: None,
        };
        let imported = run.record(&line, report);
        if imported.is_err() {
            run.clear_away();
        }
        imported
    }

    /// Compares all that a session recorded of the repository with what the repository has.
    pub(crate) fn verify(&self, session: &Session, report: impl FnMut(u64)) -> Result<Verified> {
        verify::verify(&self.source, session, report)
    }

    /// Says that the newest commit is recorded already, if it is; else what `error` says.
    fn contained(&self, session: Option<&Session>, error: Error) -> Result<Imported> {
        for base in session.map(Recorded::new).transpose()?.into_iter().flatten() {
            let base = base?;
            if base.commit == self.tip {
                return Ok(Imported {
                    tip: self.tip.to_string(),
                    recorded: Some(base.number),
                    left_out: LeftOut::read(base.labels.get(left_out::LABEL))?.into_rows(),
                    ..Imported::default()
                });
            }
        }
        Err(error)
    }
}

/// One run of an import.
struct Run<'a> {
    history: &'a History,
    target: &'a Target<'a>,
    too_large: TooLarge,
    left_out: LeftOut,
    existing: Option<Session>,
    base: Option<Base>,
    /// The session that this run made.
    made: Option<Session>,
}

impl Run<'_> {
    fn record(&mut self, line: &Line, mut report: impl FnMut(Position)) -> Result<Imported> {
        let source = &self.history.source;
        let changed_here = self.changed_here()?;
        let mut preparer = Preparer::new(source, self.too_large, self.left_out.clone());
        let existing = self.existing.clone();
        let mut guard = Guard::new(source, existing.as_ref())?;
        let mut waiting = Waiting::default();
        let mut recorder = None;
        let of_commits = line.commits.len() as u64;
        let mut done = 0;
        let mut ahead = Ahead::new(source, &line.commits, self.base.is_none());
        while let Some(Group { commits, failed }) = ahead.next() {
            for (commit, changes) in commits {
                let bytes = recorder.as_ref().map_or(waiting.bytes(), Recorder::bytes);
                report(Position { commits: done, of_commits, bytes });
                done += 1;
                guard.check(&commit, &changes)?;
                let ready = preparer.prepare(commit, changes)?;
                match &mut recorder {
                    Some(recorder) => recorder.record(&mut preparer, ready)?,
                    None => {
                        preparer.look_at_rest(&ready)?;
                        waiting.push(ready);
                        if waiting.is_due() {
                            recorder = Some(self.begin(&mut preparer, &mut waiting)?);
                        }
                    }
                }
            }
            failed.map_or(Ok(()), Err)?;
        }
        if recorder.is_none() && of_commits > 0 {
            recorder = Some(self.begin(&mut preparer, &mut waiting)?);
        }
        if let Some(recorder) = &mut recorder {
            recorder.flush()?;
        }
        Ok(Imported {
            commits: of_commits,
            bytes: recorder.as_ref().map_or(0, Recorder::bytes),
            tip: self.history.tip.to_string(),
            recorded: self.base.as_ref().map(|base| base.number).filter(|_| of_commits == 0),
            shallow: line.shallow,
            left_out: preparer.left_out.into_rows(),
            unwritable: preparer.unwritable,
            changed_here,
        })
    }

    /// Opens the session, or makes it, and writes what waits.
    fn begin(&mut self, preparer: &mut Preparer<'_>, waiting: &mut Waiting) -> Result<Recorder> {
        let session = match &self.existing {
            Some(session) => session.clone(),
            None => {
                let store = match &self.target.store {
                    Some(store) => store.clone(),
                    None => (self.target.create)()?,
                };
                let session = store.create_session(self.target.name)?;
                self.made.insert(session).clone()
            }
        };
        let mut recorder = Recorder::new(session.import()?);
        for ready in std::mem::take(&mut waiting.commits) {
            recorder.record(preparer, ready)?;
        }
        Ok(recorder)
    }

    /// Tells what the session changed since the commit that it rests on.
    fn changed_here(&self) -> Result<ChangedHere> {
        let (Some(session), Some(base)) = (&self.existing, &self.base) else {
            return Ok(ChangedHere::default());
        };
        let at = session.at(base.checkpoint)?;
        let now = session.latest()?;
        let mut changed = ChangedHere { since: base.commit.to_string(), ..ChangedHere::default() };
        for change in at.changes(&now) {
            let change = change?;
            changed.paths += 1;
            if changed.first.len() < CHANGED_HERE_SHOWN {
                changed.first.push(change.path);
            }
        }
        Ok(changed)
    }

    /// Deletes the session that this run made, unless somebody else wrote to it meanwhile. Why the
    /// run failed is what the caller is told, whatever comes of this.
    fn clear_away(&self) {
        let Some(session) = &self.made else { return };
        let Ok(now) = session.store().open_session(session.name()) else { return };
        let is_ours = |log: LogEntries| {
            log.into_iter().all(|entry| entry.is_ok_and(|entry| entry.git_commit().is_some()))
        };
        if now.id() == session.id() && now.log().is_ok_and(is_ours) {
            drop(session.store().delete_session(session.name()));
        }
    }
}
