//! The truth about validations: what a model is told of claims, beside what they say.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use crate::error::Result;
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{Memory, MemoryKind};
use crate::session::line::evidence::LAST;
use crate::session::line::keys::memory_number;
use crate::session::line::roots::Root;
use crate::session::read::claims::{ClaimStatus, Judging};
use crate::session::read::judge::{Decision, StaleSince};
use crate::session::read::snapshot::Snapshot;

/// What is said of a memory that validates something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) text: String,
    pub(crate) is_stale: bool,
}

/// What a state's evidence says of its validations.
pub(crate) struct Truth<'a> {
    judging: Judging<'a>,
    /// The rows of claims by number.
    rows: BTreeMap<u64, Value>,
    /// The claims by the numbers of the memories that say them.
    by_memory: BTreeMap<u64, u64>,
    by_id: HashMap<ObjectId, u64>,
}

impl<'a> Truth<'a> {
    /// Takes up the claims of a state; none where it has neither claims nor evidence.
    pub(crate) fn of(state: &'a Snapshot) -> Result<Option<Self>> {
        let roots = state.roots();
        if roots.get(Root::Claims).is_none() && roots.get(Root::Evidence).is_none() {
            return Ok(None);
        }
        let (mut rows, mut by_memory, mut by_id) =
            (BTreeMap::new(), BTreeMap::new(), HashMap::new());
        let map = roots.map(Root::Claims);
        for row in map.range(&state.store, Bound::Included(&[0; 8]), Bound::Included(&LAST)) {
            let (key, value) = row?;
            let number = memory_number(&key)?;
            if !value.bytes.is_empty() {
                by_memory.insert(memory_number(&value.bytes)?, number);
            }
            by_id.extend(value.refs.first().map(|id| (*id, number)));
            rows.insert(number, value);
        }
        Ok(Some(Truth { judging: Judging::new(state)?, rows, by_memory, by_id }))
    }

    /// Tells whether a memory may have anything said of it.
    pub(crate) fn concerns(&self, number: u64, memory: &Memory) -> bool {
        memory.kind == MemoryKind::Validation
            && (self.by_memory.contains_key(&number) || !memory.links.is_empty())
    }

    /// What is said of a memory of the dialog.
    pub(crate) fn said(&mut self, number: u64, memory: &Memory) -> Result<Option<Said>> {
        if !self.concerns(number, memory) {
            return Ok(None);
        }
        let linked = || memory.links.iter().find_map(|id| self.by_id.get(id).copied());
        if let Some(claim) = self.by_memory.get(&number).copied().or_else(linked)
            && let Some(row) = self.rows.get(&claim)
        {
            let judged = self.judging.claim(claim, row)?;
            let said = words(judged.status, judged.decided_by, judged.stale_since.as_ref());
            let is_stale = judged.status.is_stale();
            return Ok(Some(Said { text: format!("[claim {claim}: {said}]"), is_stale }));
        }
        let cited = memory.links.iter().filter_map(|id| self.judging.number(id));
        let cited: Vec<u64> = cited.collect();
        if cited.is_empty() {
            return Ok(None);
        }
        let (status, Decision { decided, passed, .. }) = self.judging.status(&cited)?;
        let mut since = None;
        if status.is_stale()
            && let Some(passed) = passed
            && let Some(known) = self.judging.judge().known(passed)?
        {
            since = self.judging.judge().since(&known)?;
        }
        let said = words(status, decided.or(passed), since.as_ref());
        Ok(Some(Said { text: format!("[{said}]"), is_stale: status.is_stale() }))
    }
}

fn words(status: ClaimStatus, by: Option<u64>, since: Option<&StaleSince>) -> String {
    let by = |how: &str| by.map(|number| format!("{how} evidence {number}")).unwrap_or_default();
    match (status, since) {
        (ClaimStatus::Supported, _) => format!("supported{}", by(" by")),
        (ClaimStatus::Refuted, _) => format!("refuted{}", by(" by")),
        (ClaimStatus::Unsupported, _) => "unsupported: no evidence shows it".to_owned(),
        (ClaimStatus::Stale, since) => {
            let what = match since {
                Some(StaleSince { path, iteration: Some(number) }) => {
                    format!("{path} has changed since, iteration {number}")
                }
                Some(StaleSince { path, iteration: None }) => format!("{path} has changed since"),
                None => "its files have changed since".to_owned(),
            };
            format!("stale{}: {what}", by(", last supported by"))
        }
    }
}
