//! The findings of a state.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{
    Choice, Decision, DecisionAbout, Finding, Memory, MemoryKind, OperationKind, read,
};
use crate::session::batch::Batch;
use crate::session::handle::Session;
use crate::session::line::evidence::LAST;
use crate::session::line::keys::{FLOOR, memory_key, memory_number, next_number};
use crate::session::line::roots::{Root, Roots};
use crate::session::read::snapshot::Snapshot;

/// Something that oversight reported as wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FindingEntry {
    /// Counts from 1; never given twice, so an undo leaves a gap.
    pub number: u64,
    /// What the finding is called.
    pub id: ObjectId,
    /// What was found.
    pub finding: Finding,
    /// The number of the memory that says it to the model, if one does.
    pub memory: Option<u64>,
    /// What somebody decided about it; none as long as it stands.
    pub resolved: Option<Decision>,
}

impl Session {
    /// Reports something as wrong, and says it to the model. Returns the finding's number.
    ///
    /// # Errors
    /// `Invalid` for a finding without words or beyond a limit.
    ///
    /// ```
    /// use partita::host::turn::{Finding, Severity};
    /// let session = partita::Store::in_memory()?.session("s")?;
    /// let number = session.find(Finding::new("acme/style", Severity::Info, "tabs in a.rs"))?;
    /// assert!(session.findings()?[0].resolved.is_none());
    /// session.resolve_finding(number, "that is how we write it")?;
    /// assert!(session.findings()?[0].resolved.is_some());
    /// # Ok::<(), partita::Error>(())
    /// ```
    pub fn find(&self, finding: Finding) -> Result<u64> {
        let message = finding.text.clone();
        let (number, _) =
            self.in_place(OperationKind::Find, &message, |batch| batch.find(&finding))?;
        Ok(number)
    }

    /// Says that a finding needs nothing more, and why.
    ///
    /// # Errors
    /// `NotFound` if there is none of the number; `Conflict` if somebody said so already.
    pub fn resolve_finding(&self, number: u64, reason: &str) -> Result<()> {
        let message = format!("resolve finding {number}");
        self.in_place(OperationKind::Decide, &message, |batch| {
            batch.resolve_finding(number, reason)
        })?;
        Ok(())
    }

    /// Returns the findings of the newest state, oldest first.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn findings(&self) -> Result<Vec<FindingEntry>> {
        self.latest()?.findings()
    }
}

impl Batch {
    /// Appends a finding, and a memory that says it to the model. Returns its number.
    pub(crate) fn find(&mut self, finding: &Finding) -> Result<u64> {
        finding.validate()?;
        let state = Roots::of(self.head.point());
        let map = self.draft.joined.map(&mut self.batch, state, Root::Findings)?;
        let number = next_number(map, &self.batch)?;
        let is_floored = map.get(&self.batch, FLOOR)?.is_some();
        let text = format!("[{}] {}: {}", finding.severity, finding.rule, finding.text);
        let memory = Memory::user(text).with_kind(MemoryKind::Validation);
        let said = next_number(state.memories(), &self.batch)?
            + self.draft.memories.as_slice().len() as u64;
        self.remember(memory.with_actor("oversight"))?;
        let id = self.batch.put(finding, None);
        let rows = self.draft.joined.rows(Root::Findings);
        if is_floored {
            rows.insert(FLOOR.to_vec(), None);
        }
        let value = Value { refs: vec![id], bytes: memory_key(said) };
        rows.insert(memory_key(number), Some(value));
        Ok(number)
    }

    fn resolve_finding(&mut self, number: u64, reason: &str) -> Result<()> {
        let map = Roots::of(self.head.point()).map(Root::Findings);
        let row = map.get(&self.batch, &memory_key(number))?;
        let row = row.ok_or_else(|| Error::not_found(format!("no finding {number}")))?;
        let [finding] = row.refs[..] else {
            return Err(Error::conflict(format!("finding {number} was resolved")));
        };
        let about = DecisionAbout::Finding(finding);
        let decision = self.session.decision(about, Choice::Resolve, reason);
        decision.validate()?;
        let id = self.batch.put(&decision, None);
        let value = Value { refs: vec![finding, id], bytes: row.bytes };
        self.draft.joined.rows(Root::Findings).insert(memory_key(number), Some(value));
        Ok(())
    }
}

impl Snapshot {
    /// Returns the findings, oldest first.
    ///
    /// # Errors
    /// `Corrupt` if one cannot be read.
    pub fn findings(&self) -> Result<Vec<FindingEntry>> {
        let map = self.roots().map(Root::Findings);
        let rows = map.range(&self.store, Bound::Included(&[0; 8]), Bound::Included(&LAST));
        rows.map(|row| {
            let (key, value) = row?;
            let (id, decision) = match value.refs[..] {
                [id] => (id, None),
                [id, decision] => (id, Some(decision)),
                _ => return Err(malformed("a finding's row")),
            };
            let memory = match &value.bytes[..] {
                [] => None,
                bytes => Some(memory_number(bytes)?),
            };
            Ok(FindingEntry {
                number: memory_number(&key)?,
                id,
                finding: read(&self.store, id)?,
                memory,
                resolved: decision.map(|id| read(&self.store, id)).transpose()?,
            })
        })
        .collect()
    }
}
