//! Proposals: changes of files that somebody put forward, and what was decided about them.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use partita::host::turn::{ChangeSet, Choice, DecisionAbout, ProposalEntry, RevisionEntry};
use partita::{FilePath, NewEntry};

use crate::convert::{Data, Whole};
use crate::error::OrRaise as _;
use crate::history::Checkpoint;
use crate::id::ObjectId;
use crate::path::SessionPath;
use crate::session::Session;
use crate::value::value;

value! {
    /// One version of a proposal. Decisions name it by its id.
    Revision {
        /// Counts from 1 within the proposal.
        number: u64,
        /// What it is called.
        id: ObjectId,
        /// What it is, in a line.
        title: String,
        /// Who proposes it: a role, or an actor's name.
        author: String,
        /// How many paths it changes.
        paths: u64,
        /// The checkpoint that it was made against.
        base: Option<ObjectId>,
        /// The turn that it came of.
        turn: Option<ObjectId>,
    }
}

impl From<&RevisionEntry> for Revision {
    fn from(entry: &RevisionEntry) -> Self {
        let revision = &entry.revision;
        Revision {
            number: revision.number,
            id: entry.id.into(),
            title: revision.title.clone(),
            author: revision.author.clone(),
            paths: revision.paths,
            base: revision.base.map(ObjectId::from),
            turn: revision.turn.map(ObjectId::from),
        }
    }
}

value! {
    /// What somebody decided, and about which very bytes.
    Decision {
        /// What it is about: ``"step"``, ``"tool"``, ``"revision"`` or ``"finding"``.
        about: String,
        /// The step, the revision or the finding; of a tool its declaration, if it has one.
        id: Option<ObjectId>,
        /// The tool that it is about.
        tool: Option<String>,
        /// What was decided.
        choice: String,
        /// Who decided: ``"person"``, ``"model"``, ``"tests"`` or ``"policy"``.
        by: String,
        /// Their name; may be empty.
        actor: String,
        /// Why; may be empty.
        reason: String,
    }
}

impl From<&partita::host::turn::Decision> for Decision {
    fn from(decision: &partita::host::turn::Decision) -> Self {
        let (about, id, tool) = match &decision.about {
            DecisionAbout::Step { step, .. } => ("step", Some(*step), None),
            DecisionAbout::Tool { name, schema } => ("tool", *schema, Some(name.clone())),
            DecisionAbout::Revision(id) => ("revision", Some(*id), None),
            DecisionAbout::Finding(id) => ("finding", Some(*id), None),
        };
        Decision {
            about: about.to_owned(),
            id: id.map(ObjectId::from),
            tool,
            choice: decision.choice.name().to_owned(),
            by: decision.by.name().to_owned(),
            actor: decision.actor.clone(),
            reason: decision.reason.clone(),
        }
    }
}

value! {
    /// A change of files that somebody put forward, in revisions. It is no change of the session yet.
    Proposal {
        /// Counts from 1; never given twice, so an undo leaves a gap.
        number: u64,
        /// How it stands: ``"draft"``, ``"open"``, ``"accepted"``, ``"rejected"`` or ``"applied"``.
        status: String,
        /// Its revisions, oldest first; one at the least.
        revisions: Vec<Revision>,
        /// What was decided, oldest first.
        decisions: Vec<Decision>,
        /// The number of the revision that was applied; none for none.
        applied: Option<u64>,
    }

    /// The newest revision.
    ///
    /// Raises ``Invalid`` for a value that was made by hand without one.
    #[getter]
    fn newest(&self) -> PyResult<Revision> {
        let newest = self.revisions.last().cloned();
        newest.ok_or_else(|| crate::error::invalid("a proposal has a revision"))
    }
}

impl From<ProposalEntry> for Proposal {
    fn from(entry: ProposalEntry) -> Self {
        Proposal {
            number: entry.number,
            status: entry.status.name().to_owned(),
            revisions: entry.revisions.iter().map(Revision::from).collect(),
            decisions: entry.decisions.iter().map(Decision::from).collect(),
            applied: entry.applied,
        }
    }
}

value! {
    /// What applying a proposal did.
    Applied {
        /// The number of the proposal.
        proposal: u64,
        /// The number of the revision that was applied.
        revision: u64,
        /// The checkpoint that holds it.
        checkpoint: Option<Checkpoint>,
        /// The paths that it changed, in their order.
        paths: Vec<SessionPath>,
        /// Those of them whose files had moved on, so that both changes were merged.
        merged: Vec<SessionPath>,
    }
}

/// Takes a change of files over: a mapping from paths to bytes, or to none where a file is to go.
pub(crate) fn changes_of(given: &Bound<'_, PyAny>) -> PyResult<ChangeSet> {
    let Some(items) = given.getattr_opt("items")? else {
        let name = given.get_type().name()?;
        return Err(PyTypeError::new_err(format!(
            "changes are a mapping from paths to bytes, text or None, got {name}"
        )));
    };
    let mut changes = ChangeSet::new();
    for pair in items.call0()?.try_iter()? {
        let (path, data): (SessionPath, Option<Data>) = pair?.extract()?;
        let path = FilePath::new(path).or_raise()?;
        changes.insert(path, data.map(|data| NewEntry::file(data.as_bytes())));
    }
    Ok(changes)
}

#[pymethods]
impl Session {
    /// Puts a change of files forward, and changes none of them: each path with what it is to hold, or
    /// ``None`` where the file is to go. Returns the proposal, whose newest revision the change is.
    ///
    /// Raises ``Invalid`` for a change of nothing, of too many paths, or to what no checkout could write.
    ///
    /// >>> import partita
    /// >>> session = partita.Store.in_memory().session("s")
    /// >>> _ = session.write("a", "1")
    /// >>> proposal = session.propose("count on", {"a": "2"})
    /// >>> print(session.proposal_patch(proposal.number), end="")
    /// diff --git a/a b/a
    /// --- a/a
    /// +++ b/a
    /// @@ -1 +1 @@
    /// -1
    /// \ No newline at end of file
    /// +2
    /// \ No newline at end of file
    /// >>> session.review(proposal.number, proposal.newest.id, "accept").status
    /// 'accepted'
    /// >>> session.apply_proposal(proposal.number).paths, session.read("a")
    /// (['a'], b'2')
    #[pyo3(signature = (title, changes: "collections.abc.Mapping[str, str | bytes | None]") -> "Proposal")]
    fn propose(
        &self,
        py: Python<'_>,
        title: &str,
        changes: &Bound<'_, PyAny>,
    ) -> PyResult<Proposal> {
        let changes = changes_of(changes)?;
        Ok(self.0.run(py, |session| session.propose(title, changes))?.into())
    }

    /// Puts a proposal forward anew, changed by these paths, as its next revision. What was decided about
    /// an earlier revision says nothing of this one.
    ///
    /// Raises ``NotFound`` if there is no such proposal, ``Conflict`` if it was applied.
    #[pyo3(signature = (number, title, changes: "collections.abc.Mapping[str, str | bytes | None]") -> "Proposal")]
    fn revise(
        &self,
        py: Python<'_>,
        number: Whole,
        title: &str,
        changes: &Bound<'_, PyAny>,
    ) -> PyResult<Proposal> {
        let changes = changes_of(changes)?;
        Ok(self.0.run(py, |session| session.revise(number.0, title, changes))?.into())
    }

    /// Accepts or rejects a revision of a proposal: ``"accept"`` or ``"reject"``. Nothing is applied by
    /// it.
    ///
    /// Raises ``NotFound`` if there is no such proposal or revision.
    #[pyo3(signature = (number, revision, choice, reason = ""))]
    fn review(
        &self,
        py: Python<'_>,
        number: Whole,
        revision: ObjectId,
        choice: &str,
        reason: &str,
    ) -> PyResult<Proposal> {
        let choice = Choice::from_name(choice).or_raise()?;
        let reviewed =
            self.0.run(py, |session| session.review(number.0, revision.0, choice, reason))?;
        Ok(reviewed.into())
    }

    /// Applies the newest revision of a proposal, as one operation that one ``undo()`` takes back. Where
    /// files have moved on, both changes are merged line by line.
    ///
    /// Raises ``Invalid`` if its newest revision is not accepted; ``Conflict`` if it was applied already,
    /// or cannot be merged with what files became: the message names them.
    fn apply_proposal(&self, py: Python<'_>, number: Whole) -> PyResult<Applied> {
        let applied = self.0.run(py, |session| session.apply_proposal(number.0))?;
        let paths = |paths: &[FilePath]| paths.iter().map(SessionPath::from).collect();
        Ok(Applied {
            proposal: applied.proposal,
            revision: applied.revision,
            checkpoint: applied.checkpoint.as_ref().map(Checkpoint::from),
            paths: paths(&applied.paths),
            merged: paths(&applied.merged),
        })
    }

    /// Returns the proposals of the newest state, oldest first.
    fn proposals(&self, py: Python<'_>) -> PyResult<Vec<Proposal>> {
        let proposals = self.0.run(py, |session| session.latest()?.proposals())?;
        Ok(proposals.into_iter().map(Proposal::from).collect())
    }

    /// Returns what a revision of a proposal changes as a patch; of the newest unless one is named.
    ///
    /// Raises ``NotFound`` if there is no such proposal or revision.
    #[pyo3(signature = (number, revision = None))]
    fn proposal_patch(
        &self,
        py: Python<'_>,
        number: Whole,
        revision: Option<Whole>,
    ) -> PyResult<String> {
        self.0.run(py, |session| {
            let latest = session.latest()?;
            let proposal = latest.proposal(number.0)?;
            latest.proposed_patch(proposal.revision(revision.map(|number| number.0))?)
        })
    }
}
