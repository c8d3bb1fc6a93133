//! Merge conflicts, and how they are resolved.

use pyo3::prelude::*;

use partita::merge::Resolution;
use partita::{Entry as CoreEntry, NewEntry};

use crate::batch::Batch;
use crate::convert::{Data, Whole};
use crate::error::invalid;
use crate::files::Entry;
use crate::history::Checkpoint;
use crate::path::SessionPath;
use crate::session::Session;
use crate::shape::Shape;
use crate::snapshot::Snapshot;
use crate::value::value;

value! {
    /// What one side of a merge conflict, or a base, has at a path.
    ConflictTerm: shaped {
        /// Whose it is, such as a session's name and its checkpoint's number.
        label: String,
        /// What is there; none where nothing is.
        entry: Option<Entry>,
    }
}

impl From<&partita::merge::ConflictTerm> for ConflictTerm {
    fn from(term: &partita::merge::ConflictTerm) -> Self {
        ConflictTerm {
            label: term.label.clone(),
            entry: Entry::of(&term.entry),
            shape: Shape::of(term.clone()),
        }
    }
}

value! {
    /// A merge conflict that nobody has resolved.
    ConflictEntry: shaped {
        /// Where it is.
        path: SessionPath,
        /// Whether the text that stands there has the conflict in lines of markers.
        marked: bool,
        /// What stands there meanwhile; none where nothing does.
        entry: Option<Entry>,
        /// What the sides have, in their order.
        sides: Vec<ConflictTerm>,
        /// What the sides come from: one less than there are sides.
        bases: Vec<ConflictTerm>,
    }
}

impl From<partita::merge::ConflictEntry> for ConflictEntry {
    fn from(conflict: partita::merge::ConflictEntry) -> Self {
        ConflictEntry {
            path: (&conflict.path).into(),
            marked: conflict.is_marked(),
            entry: Entry::of(&conflict.entry),
            sides: conflict.conflict.sides().map(ConflictTerm::from).collect(),
            bases: conflict.conflict.bases().map(ConflictTerm::from).collect(),
            shape: Shape::of(conflict),
        }
    }
}

/// How a conflict is resolved, as arguments say it.
enum Chosen {
    Side(usize),
    Base,
    Content(Data),
    Removed,
}

impl Chosen {
    fn of(side: Option<Whole>, base: bool, content: Option<Data>, removed: bool) -> PyResult<Self> {
        match (side, base, content, removed) {
            (Some(side), false, None, false) => Ok(Chosen::Side(side.size())),
            (None, true, None, false) => Ok(Chosen::Base),
            (None, false, Some(content), false) => Ok(Chosen::Content(content)),
            (None, false, None, true) => Ok(Chosen::Removed),
            _ => Err(invalid("give exactly one of side=, base=True, content= and removed=True")),
        }
    }

    /// Says it to the core. A content keeps the executable bit of the file that stands there.
    fn resolution(
        self,
        path: &SessionPath,
        now: &partita::Snapshot,
    ) -> partita::Result<Resolution> {
        Ok(match self {
            Chosen::Side(side) => Resolution::Side(side),
            Chosen::Base => Resolution::Base,
            Chosen::Content(content) => {
                let file = now.file(path)?.map(|file| file.entry);
                let new = NewEntry::file(&content);
                Resolution::Entry(match file {
                    Some(CoreEntry::File { executable: true, .. }) => new.executable(),
                    _ => new,
                })
            }
            Chosen::Removed => Resolution::Removed,
        })
    }
}

fn conflicts(snapshot: &partita::Snapshot) -> partita::Result<Vec<ConflictEntry>> {
    snapshot.conflicts().map(|conflict| conflict.map(ConflictEntry::from)).collect()
}

#[pymethods]
impl Session {
    /// Returns the merge conflicts of the newest state that nobody has resolved, in the order of their
    /// paths.
    fn conflicts(&self, py: Python<'_>) -> PyResult<Vec<ConflictEntry>> {
        self.0.run(py, |session| conflicts(&session.latest()?))
    }

    /// Resolves a merge conflict as one durable commit, and returns the session's newest checkpoint: by
    /// what a ``side`` has, counted from 0; by the ``base`` that the sides come from; by the ``content``
    /// of a file; or by nothing, where the path is ``removed``. Exactly one of them is given. Any other
    /// change of the path resolves it too, and ``undo()`` brings it back.
    ///
    /// Raises ``NotFound`` if the path is in no conflict, ``Invalid`` if it has no such side or more than
    /// one base, ``Conflict`` if another writer changed the path meanwhile.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1\n")
    /// >>> fork = session.fork("t")
    /// >>> _ = session.write("a", "2\n"), fork.write("a", "3\n")
    /// >>> session.merge(fork).conflicts
    /// ['a']
    /// >>> [side.label for side in session.conflicts()[0].sides]
    /// ['s@2', 't@2']
    /// >>> _ = session.resolve("a", side=1)
    /// >>> session.read("a"), session.conflicts()
    /// (b'3\n', [])
    #[pyo3(signature = (path, *, side = None, base = false, content = None, removed = false))]
    fn resolve(
        &self,
        py: Python<'_>,
        path: SessionPath,
        side: Option<Whole>,
        base: bool,
        content: Option<Data>,
        removed: bool,
    ) -> PyResult<Checkpoint> {
        let chosen = Chosen::of(side, base, content, removed)?;
        let info = self.0.run(py, |session| {
            session.resolve(&path, chosen.resolution(&path, &session.latest()?)?)
        })?;
        Ok((&info).into())
    }
}

#[pymethods]
impl Batch {
    /// Resolves a merge conflict, as ``Session.resolve()`` does.
    #[pyo3(signature = (path, *, side = None, base = false, content = None, removed = false))]
    fn resolve(
        &self,
        py: Python<'_>,
        path: SessionPath,
        side: Option<Whole>,
        base: bool,
        content: Option<Data>,
        removed: bool,
    ) -> PyResult<()> {
        let chosen = Chosen::of(side, base, content, removed)?;
        self.edit(py, |batch| {
            let resolution = chosen.resolution(&path, &batch.before())?;
            batch.resolve(&path, resolution)
        })
    }
}

#[pymethods]
impl Snapshot {
    /// The merge conflicts that nobody has resolved, in the order of their paths.
    fn conflicts(&self, py: Python<'_>) -> PyResult<Vec<ConflictEntry>> {
        self.0.run(py, conflicts)
    }
}
