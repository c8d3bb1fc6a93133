//! What sessions know that another does not, which paths they both changed, and where memories were said.

use pyo3::prelude::*;

use crate::convert::Whole;
use crate::counter::{AnyCounter, Count, counting_in};
use crate::evidence::Claim;
use crate::files::FileChange;
use crate::history::Checkpoint;
use crate::memory::Memory;
use crate::merge::{MergeBase, inner};
use crate::path::SessionPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::value::value;

value! {
    /// What a session has that another one has not: everything since the newest state that both contain.
    Learned: shaped {
        /// What the session is called.
        session: String,
        /// Its newest checkpoint; none where it has none.
        checkpoint: Option<Checkpoint>,
        /// What both come from.
        base: MergeBase,
        /// The files that it changed.
        files: Vec<FileChange>,
        /// How many iterations these files got.
        iterations: u64,
        /// How many memories it has that the other has not.
        memories: u64,
        /// What these memories would cost in view, whole.
        tokens: Count,
        /// The decisions among them: those that are pinned, and summaries. Purged ones are left out.
        decisions: Vec<Memory>,
        /// What it claims, and how that stands there.
        claims: Vec<Claim>,
    }
}

impl Learned {
    fn of(store: &partita::Store, learned: partita::merge::Learned) -> partita::Result<Self> {
        let mut decisions = Vec::with_capacity(learned.decisions.len());
        for entry in &learned.decisions {
            match entry.clone().resolve(store) {
                Err(error) if error.kind() == partita::ErrorKind::Purged => continue,
                entry => decisions.push(Memory::placed(entry?)),
            }
        }
        Ok(Learned {
            session: learned.session.clone(),
            checkpoint: learned.checkpoint.as_ref().map(Checkpoint::from),
            base: (&learned.base).into(),
            files: learned.files.iter().cloned().map(FileChange::from).collect(),
            iterations: learned.iterations,
            memories: learned.memories,
            tokens: learned.tokens.into(),
            decisions,
            claims: learned.claims.iter().cloned().map(Claim::from).collect(),
            shape: Shape::of(learned),
        })
    }
}

value! {
    /// A path that two sessions both changed since they parted.
    Overlap: shaped {
        /// The path.
        path: SessionPath,
        /// The other session.
        session: String,
        /// Whether both hold the same there, so that nothing collides.
        alike: bool,
    }
}

impl From<partita::merge::Overlap> for Overlap {
    fn from(overlap: partita::merge::Overlap) -> Self {
        Overlap {
            path: (&overlap.path).into(),
            session: overlap.session.clone(),
            alike: overlap.is_alike,
            shape: Shape::of(overlap),
        }
    }
}

value! {
    /// What the memories of one session cost in view, among those of another.
    BranchTokens: shaped {
        /// What the session was called when its memories came; none for those said here.
        session: Option<String>,
        /// How many of its memories are in view, summaries as one.
        memories: u64,
        /// Their tokens.
        tokens: Count,
    }
}

impl From<partita::merge::BranchTokens> for BranchTokens {
    fn from(branch: partita::merge::BranchTokens) -> Self {
        BranchTokens {
            session: branch.session.clone(),
            memories: branch.memories,
            tokens: branch.tokens.into(),
            shape: Shape::of(branch),
        }
    }
}

value! {
    /// Where a memory was said that a merge brought.
    MemoryBranch: shaped {
        /// What the session was called when its memories came.
        session: String,
        /// The memory's number there.
        number: u64,
    }
}

impl From<partita::merge::MemoryBranch> for MemoryBranch {
    fn from(branch: partita::merge::MemoryBranch) -> Self {
        MemoryBranch {
            session: branch.session.clone(),
            number: branch.number,
            shape: Shape::of(branch),
        }
    }
}

#[pymethods]
impl Session {
    /// Tells what each of several sessions has that this one has not: files, memories with the decisions
    /// among them, claims, and what its dialog would cost.
    ///
    /// Raises ``Invalid`` for a session of another store, ``NotFound`` for one that is gone.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1")
    /// >>> fork = session.fork("t")
    /// >>> _ = fork.write("a", "2"), fork.remember("Two is right.")
    /// >>> [learned] = session.learned(fork)
    /// >>> [change.path for change in learned.files], learned.memories
    /// (['a'], 1)
    #[pyo3(signature = (*others: "Session", counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default()),
        text_signature = "($self, *others, counter='o200k')")]
    fn learned(
        &self,
        py: Python<'_>,
        others: Vec<Bound<'_, Session>>,
        counter: AnyCounter,
    ) -> PyResult<Vec<Learned>> {
        let others = inner(&others)?;
        counting_in(py, &self.0, &counter, |session, counter| {
            let learned = session.learned(&others, counter)?;
            learned.into_iter().map(|learned| Learned::of(session.store(), learned)).collect()
        })
    }

    /// Lists the paths that this session and others both changed since they parted, before they are
    /// merged: where both hold something else, a merge may find a conflict.
    ///
    /// Raises ``Invalid`` for a session of another store, ``NotFound`` for one that is gone.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1")
    /// >>> fork = session.fork("t")
    /// >>> _ = fork.write("a", "2")
    /// >>> session.overlap(fork)
    /// []
    /// >>> _ = session.write("a", "3")
    /// >>> [(overlap.path, overlap.alike) for overlap in session.overlap(fork)]
    /// [('a', False)]
    #[pyo3(signature = (*others: "Session"))]
    fn overlap(&self, py: Python<'_>, others: Vec<Bound<'_, Session>>) -> PyResult<Vec<Overlap>> {
        let others = inner(&others)?;
        let overlaps = self.0.run(py, |session| session.overlap(&others))?;
        Ok(overlaps.into_iter().map(Overlap::from).collect())
    }

    /// Tells what the memories in view cost by the sessions that they were said in: this one's first,
    /// then those that merges brought, by name.
    #[pyo3(signature = (*, counter: "str | Counter | collections.abc.Callable[[str], int | Count]" = AnyCounter::default()), text_signature = "($self, *, counter='o200k')")]
    fn tokens_by_branch(&self, py: Python<'_>, counter: AnyCounter) -> PyResult<Vec<BranchTokens>> {
        let branches = counting_in(py, &self.0, &counter, |session, counter| {
            session.tokens_by_branch(counter)
        })?;
        Ok(branches.into_iter().map(BranchTokens::from).collect())
    }
}

#[pymethods]
impl Snapshot {
    /// Returns where the memory of a number was said; none where that was in this session, or in one that
    /// it was forked from.
    fn memory_branch(&self, py: Python<'_>, number: Whole) -> PyResult<Option<MemoryBranch>> {
        let branch = self.0.run(py, |snapshot| snapshot.memory_branch(number.0))?;
        Ok(branch.map(MemoryBranch::from))
    }
}
