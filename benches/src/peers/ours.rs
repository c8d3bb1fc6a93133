//! partita itself.

use std::path::Path;

use partita::object::Checkpoint;
use partita::{Durability, Memory, Session, Store};

use crate::Result;
use crate::history::History;
use crate::measure::Contender;
use crate::work::{File, Step};

/// A session in a store of its own.
pub(crate) struct Ours {
    session: Session,
    name: &'static str,
}

impl Ours {
    pub(crate) fn new(dir: &Path, files: &[File]) -> Result<Self> {
        let store = Store::open(dir.join("partita"))?;
        Ok(Ours { session: step_session(&store, "bench", files)?, name: "partita" })
    }

    /// The same without the flush: what a step costs beside it.
    pub(crate) fn buffered(dir: &Path, files: &[File]) -> Result<Self> {
        let options = Store::options().durability(Durability::Buffered);
        let store = options.open(dir.join("partita-buffered"))?;
        let session = step_session(&store, "bench", files)?;
        Ok(Ours { session, name: "partita, without the flush" })
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }
}

impl Contender for Ours {
    fn name(&self) -> String {
        self.name.into()
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        record(&self.session, step)
    }
}

/// Makes a session that holds the files, in one checkpoint.
pub(crate) fn step_session(store: &Store, name: &str, files: &[File]) -> Result<Session> {
    let session = store.session(name)?;
    session.batch(|batch| {
        for file in files {
            batch.write(&file.path, &file.bytes)?;
        }
        Ok(())
    })?;
    Ok(session)
}

/// Records one agent step, durably: an iteration, two memories, a checkpoint.
pub(crate) fn record(session: &Session, step: &Step) -> Result<()> {
    session.batch(|batch| {
        batch.remember(Memory::user(&step.said[0]))?;
        batch.write(&step.path, &step.bytes)?;
        batch.remember(Memory::assistant(&step.said[1]))
    })?;
    Ok(())
}

/// Records a history, a checkpoint a release, as an import does. Returns its session.
pub(crate) fn record_history(store: &Store, history: &History) -> Result<Session> {
    let session = store.session("history")?;
    let mut import = session.import()?;
    for release in &history.releases {
        let mut step = import.checkpoint();
        for (path, content) in &release.changes {
            match content {
                Some(at) => step.write(path, &history.contents[*at])?,
                None => step.remove(path)?,
            };
        }
        step.label(Checkpoint::MESSAGE, &release.message)?;
        step.finish()?;
        if import.raw_bytes() > FLUSH_BYTES {
            import.flush()?;
        }
    }
    import.flush()?;
    Ok(session)
}

/// Raw bytes after which an import commits, as the command's does.
const FLUSH_BYTES: usize = 64 << 20;
