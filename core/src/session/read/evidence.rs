//! Evidence of a state, as it was recorded.

use std::ops::Bound;

use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Map;
use crate::object::{
    Evidence, Exit, FilePath, LeftOut, Objects, Results, Run, RunOutcome, TestSums, read,
};
use crate::session::line::chain::there;
use crate::session::line::evidence::{LAST, evidence_id, next_evidence, read_evidence};
use crate::session::line::keys::{memory_number, next_number};
use crate::session::line::listing;
use crate::session::line::roots::Root;
use crate::session::read::snapshot::Snapshot;

/// How what was observed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EvidenceOutcome {
    /// The command said that all went well, and so did every report; of evidence without a run the
    /// reports alone.
    Passed,
    /// The command or a report says that something went wrong.
    Failed,
    /// It ended by a signal.
    Killed,
    /// It was ended because its time was up.
    TimedOut,
    /// Nobody knows how it ended.
    Unknown,
    /// There was no such program, or it could not be executed.
    NotRun,
    /// It went well by its exit code, and a report that was asked for could not be read.
    Unread,
}

impl EvidenceOutcome {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            EvidenceOutcome::Passed => "passed",
            EvidenceOutcome::Failed => "failed",
            EvidenceOutcome::Killed => "killed",
            EvidenceOutcome::TimedOut => "timed-out",
            EvidenceOutcome::Unknown => "unknown",
            EvidenceOutcome::NotRun => "not-run",
            EvidenceOutcome::Unread => "unread",
        }
    }

    /// Says how evidence ended, by how its command did, if there was one.
    pub(crate) fn of(evidence: &Evidence, exit: Option<&Exit>) -> Self {
        let has_failures = evidence.sums.has_failures();
        let is_read = evidence.unread.is_empty();
        match exit {
            Some(Exit::Signal(_)) => EvidenceOutcome::Killed,
            Some(Exit::Timeout) => EvidenceOutcome::TimedOut,
            Some(Exit::Lost) => EvidenceOutcome::Unknown,
            Some(Exit::NotFound | Exit::NotExecutable) => EvidenceOutcome::NotRun,
            Some(Exit::Code(code)) if *code != 0 => EvidenceOutcome::Failed,
            // What was run is gone.
            None if evidence.run.is_some() => EvidenceOutcome::Unknown,
            Some(Exit::Code(_)) | None if has_failures => EvidenceOutcome::Failed,
            Some(Exit::Code(_)) | None if !is_read => EvidenceOutcome::Unread,
            Some(Exit::Code(_)) | None => EvidenceOutcome::Passed,
        }
    }
}

impl std::fmt::Display for EvidenceOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A piece of evidence of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvidenceEntry {
    /// Counts from 1.
    pub number: u64,
    /// What it is called.
    pub id: ObjectId,
    /// What was observed.
    pub evidence: Evidence,
    /// The command, if one ran and its record is still there.
    pub run: Option<Run>,
    /// What came of the command.
    pub outcome: Option<RunOutcome>,
}

impl EvidenceEntry {
    /// Tells how it ended.
    pub fn result(&self) -> EvidenceOutcome {
        let exit = self.outcome.as_ref().map(|outcome| &outcome.exit);
        EvidenceOutcome::of(&self.evidence, exit)
    }

    /// Returns the command in one line; none where no command ran.
    pub fn command(&self) -> Option<String> {
        self.run.as_ref().map(|run| run.command.line())
    }

    /// Lists what differs between the environments of two: a machine, an image, a tool, a setup step.
    pub fn environment_differences(&self, other: &EvidenceEntry) -> Vec<Difference> {
        let mut differences = Vec::new();
        let mut note = |what: String, before: Option<&str>, after: Option<&str>| {
            let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
            if before != after {
                let (before, after) = (before.to_owned(), after.to_owned());
                differences.push(Difference { what, before, after });
            }
        };
        let sandbox = |entry: &EvidenceEntry| {
            let run = entry.run.as_ref();
            run.map(|run| run.sandbox.clone()).unwrap_or_default()
        };
        let (ours, theirs) = (sandbox(self), sandbox(other));
        note("provider".into(), Some(&ours.provider), Some(&theirs.provider));
        note("image".into(), Some(&ours.image), Some(&theirs.image));
        note("system".into(), Some(&ours.system), Some(&theirs.system));
        let (ours, theirs) = (&self.evidence.environment, &other.evidence.environment);
        note("machine".into(), Some(&ours.machine), Some(&theirs.machine));
        let tools: std::collections::BTreeSet<&String> =
            ours.tools.keys().chain(theirs.tools.keys()).collect();
        for tool in tools {
            let version = |of: &crate::object::Environment| of.tools.get(tool).cloned();
            note(tool.clone(), version(ours).as_deref(), version(theirs).as_deref());
        }
        let steps = |steps: &[ObjectId]| {
            steps.iter().map(|step| step.short().to_string()).collect::<Vec<_>>().join(" ")
        };
        note("setup".into(), Some(&steps(&ours.setup)), Some(&steps(&theirs.setup)));
        differences
    }
}

/// Something that differs between two pieces of evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// What differs, such as `machine` or the name of a tool.
    pub what: String,
    /// What it is in the first; may be empty.
    pub before: String,
    /// What it is in the second; may be empty.
    pub after: String,
}

impl Difference {
    pub(crate) fn new(
        what: impl Into<String>,
        before: impl Into<String>,
        after: impl Into<String>,
    ) -> Self {
        Difference { what: what.into(), before: before.into(), after: after.into() }
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |text: &str| match text {
            "" => "nothing".to_owned(),
            text => text.to_owned(),
        };
        write!(f, "{}: {} and {}", self.what, shown(&self.before), shown(&self.after))
    }
}

impl Snapshot {
    /// Returns the evidence, newest first. An undo takes none of it away: what was observed was.
    pub fn evidence(&self) -> impl Iterator<Item = Result<EvidenceEntry>> + '_ {
        let map = self.roots().map(Root::Evidence);
        let rows = map.range_back(&self.store, Bound::Unbounded, Bound::Included(&LAST));
        rows.map(|row| {
            let (key, value) = row?;
            match value.refs[..] {
                [id] => self.evidence_entry(memory_number(&key)?, id),
                _ => Err(crate::codec::malformed("a row of evidence")),
            }
        })
    }

    /// The number of the newest evidence; 0 if there is none.
    pub(crate) fn newest_evidence(&self) -> Result<u64> {
        Ok(next_evidence(self.roots().map(Root::Evidence), &self.store)? - 1)
    }

    /// The number of the newest claim that was ever made; 0 if there is none.
    pub(crate) fn newest_claim(&self) -> Result<u64> {
        Ok(next_number(self.roots().map(Root::Claims), &self.store)? - 1)
    }

    /// Returns the evidence of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn evidence_at(&self, number: u64) -> Result<EvidenceEntry> {
        let map = self.roots().map(Root::Evidence);
        match evidence_id(&self.store, map, number)? {
            Some(id) => self.evidence_entry(number, id),
            None => Err(Error::not_found(format!("no evidence {number}"))),
        }
    }

    pub(crate) fn evidence_entry(&self, number: u64, id: ObjectId) -> Result<EvidenceEntry> {
        let store: &dyn Objects = &self.store;
        let map = self.roots().map(Root::Evidence);
        let evidence = read_evidence(&self.store, map, number, id)?;
        let run = evidence.run.map(|of| there(read::<Run>(store, of.run))).transpose()?.flatten();
        let outcome = evidence.run.map(|of| there(read::<RunOutcome>(store, of.outcome)));
        Ok(EvidenceEntry { number, id, evidence, run, outcome: outcome.transpose()?.flatten() })
    }

    /// Returns what tools reported, test by test and sample by sample.
    ///
    /// # Errors
    /// `Purged` if it is gone, `Corrupt` if its sums are other than what the evidence says.
    pub fn results(&self, entry: &EvidenceEntry) -> Result<Results> {
        let mut all = Results::default();
        for id in &entry.evidence.results {
            let piece: Results = read(&self.store, *id)?;
            all.tests.extend(piece.tests);
            all.samples.extend(piece.samples);
        }
        if TestSums::of(&all.tests) != entry.evidence.sums {
            let number = entry.number;
            let what = format!("evidence {number}: its tests are not what its sums say");
            return Err(crate::codec::malformed(what));
        }
        Ok(all)
    }

    /// Returns the files that evidence is about, by path, as they were.
    ///
    /// # Errors
    /// `Corrupt` if the listing cannot be read.
    pub fn inputs(
        &self,
        entry: &EvidenceEntry,
    ) -> impl Iterator<Item = Result<(FilePath, crate::object::Entry)>> + '_ {
        let listing = Map::new(entry.evidence.inputs.files);
        let rows = listing.range(&self.store, Bound::Unbounded, Bound::Unbounded);
        rows.map(|row| {
            let (key, value) = row?;
            Ok((listing::path_of(&key)?, listing::entry_of(&value)?))
        })
    }

    /// Returns what was not captured when evidence was observed.
    ///
    /// # Errors
    /// `Corrupt` if it cannot be read.
    pub fn inputs_left_out(&self, entry: &EvidenceEntry) -> Result<Vec<LeftOut>> {
        let map = Map::new(entry.evidence.inputs.left_out);
        let rows = map.range(&self.store, Bound::Unbounded, Bound::Unbounded);
        rows.map(|row| {
            let (key, value) = row?;
            LeftOut::from_row(listing::path_of(&key)?, &value.bytes)
        })
        .collect()
    }
}
