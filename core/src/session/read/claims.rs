//! The claims of a state, each with what its evidence says of it now.

use std::ops::Bound;

use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::map::Value;
use crate::object::{Claim, FilePath, Objects, read};
use crate::session::line::evidence::{LAST, next_evidence};
use crate::session::line::keys::{memory_key, memory_number};
use crate::session::line::listing;
use crate::session::line::roots::Root;
use crate::session::read::evidence::{Difference, EvidenceOutcome};
use crate::session::read::judge::{Decision, Judge, StaleSince};
use crate::session::read::snapshot::Snapshot;

/// What the evidence says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimStatus {
    /// Evidence about the current files supports it.
    Supported,
    /// Evidence supported it, and the files that it was about have changed since.
    Stale,
    /// Evidence about the current files speaks against it.
    Refuted,
    /// No evidence ever supported it, or none that says anything.
    Unsupported,
}

impl ClaimStatus {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            ClaimStatus::Supported => "supported",
            ClaimStatus::Stale => "stale",
            ClaimStatus::Refuted => "refuted",
            ClaimStatus::Unsupported => "unsupported",
        }
    }

    /// Tells whether it is [`Stale`](ClaimStatus::Stale).
    pub fn is_stale(self) -> bool {
        self == ClaimStatus::Stale
    }

    /// Tells whether it is [`Supported`](ClaimStatus::Supported).
    pub fn is_supported(self) -> bool {
        self == ClaimStatus::Supported
    }

    /// What the evidence that decides says of the claim.
    pub fn support(self) -> Support {
        match self {
            ClaimStatus::Supported => Support::Supports,
            ClaimStatus::Refuted => Support::Refutes,
            ClaimStatus::Stale | ClaimStatus::Unsupported => Support::None,
        }
    }
}

impl std::fmt::Display for ClaimStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether the bytes that evidence kept are still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Integrity {
    /// All of them.
    Intact,
    /// Some were purged or lost.
    Lost,
}

impl Integrity {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Integrity::Intact => "intact",
            Integrity::Lost => "lost",
        }
    }

    fn of(is_lost: bool) -> Self {
        if is_lost { Integrity::Lost } else { Integrity::Intact }
    }
}

/// Whether evidence is about the current files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Applicability {
    /// It is.
    Current,
    /// Its inputs have changed since.
    Changed,
}

impl Applicability {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Applicability::Current => "current",
            Applicability::Changed => "changed",
        }
    }
}

/// What evidence about the current files says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Support {
    /// It speaks for it.
    Supports,
    /// It speaks against it.
    Refutes,
    /// Nothing.
    None,
}

impl Support {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        match self {
            Support::Supports => "supports",
            Support::Refutes => "refutes",
            Support::None => "none",
        }
    }
}

/// A claim of a session, judged by the evidence and the files of one state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimEntry {
    /// Counts from 1; never given twice, so an undo leaves a gap.
    pub number: u64,
    /// What the claim is called.
    pub id: ObjectId,
    /// What is claimed.
    pub text: String,
    /// Who claims it; may be empty.
    pub actor: String,
    /// The numbers of the evidence that it cites.
    pub evidence: Vec<u64>,
    /// The number of the memory that says it to the model, if one does.
    pub memory: Option<u64>,
    /// What the evidence says of it.
    pub status: ClaimStatus,
    /// Whether what the evidence kept is still there: of the one that decides, else of those cited.
    pub integrity: Integrity,
    /// How the evidence ended: the one that decides, else the newest; none if no evidence is there.
    pub outcome: Option<EvidenceOutcome>,
    /// Whether any of the evidence is about the current files; none if no evidence is there.
    pub applicability: Option<Applicability>,
    /// Since when it is stale; none unless it is.
    pub stale_since: Option<StaleSince>,
    /// The number of the evidence that decides; of a stale claim the one that supported it last.
    pub decided_by: Option<u64>,
    /// How the environment of that evidence differs from that of the session's newest. It changes
    /// nothing in the status.
    pub environment: Vec<Difference>,
}

/// What evidence shows now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// Whether what it kept is still there.
    pub integrity: Integrity,
    /// How what was observed ended.
    pub outcome: EvidenceOutcome,
    /// Whether it is about the current files.
    pub applicability: Applicability,
    /// Since when it is not; none if it is.
    pub stale_since: Option<StaleSince>,
    /// Its inputs that are not what they were: the first
    /// [`STALE_PATHS_LOOKED_AT`](crate::limits::STALE_PATHS_LOOKED_AT) in the order of paths.
    pub changed: Vec<FilePath>,
}

impl Snapshot {
    /// Returns the claims, oldest first, each judged by the evidence and the files of this state.
    ///
    /// A claim is judged by the evidence that it cites, and by later evidence of the same command,
    /// directory, globs and report files. Of those whose inputs are what they were the newest decides.
    ///
    /// # Errors
    /// `Corrupt` if a claim or its evidence cannot be read.
    pub fn claims(&self) -> Result<Vec<ClaimEntry>> {
        let map = self.roots().map(Root::Claims);
        let mut judging = Judging::new(self)?;
        let mut claims = Vec::new();
        for row in map.range(&self.store, Bound::Included(&[0; 8]), Bound::Included(&LAST)) {
            let (key, value) = row?;
            claims.push(judging.claim(memory_number(&key)?, &value)?);
        }
        Ok(claims)
    }

    /// Returns the claim of a number.
    ///
    /// # Errors
    /// `NotFound` if there is none, else as [`claims`](Self::claims).
    pub fn claim(&self, number: u64) -> Result<ClaimEntry> {
        let map = self.roots().map(Root::Claims);
        match map.get(&self.store, &memory_key(number))? {
            Some(value) => Judging::new(self)?.claim(number, &value),
            None => Err(Error::not_found(format!("no claim {number}"))),
        }
    }

    /// Tells what evidence shows now.
    ///
    /// # Errors
    /// `NotFound` if there is none of the number.
    pub fn judge(&self, number: u64) -> Result<Judgement> {
        let mut judge = Judge::new(self)?;
        let known = judge.known(number)?;
        let known = known.ok_or_else(|| Error::not_found(format!("no evidence {number}")))?;
        let changed = judge.changed(&known)?;
        Ok(Judgement {
            integrity: Integrity::of(known.is_lost),
            outcome: known.outcome,
            applicability: match changed.is_empty() {
                true => Applicability::Current,
                false => Applicability::Changed,
            },
            stale_since: judge.since(&known)?,
            changed: changed.iter().map(|key| listing::path_of(key)).collect::<Result<_>>()?,
        })
    }
}

/// Claims on their way through a judge.
pub(crate) struct Judging<'a> {
    state: &'a Snapshot,
    judge: Judge<'a>,
    numbers: std::collections::HashMap<ObjectId, u64>,
    /// The number of the newest evidence.
    newest: Option<u64>,
}

impl<'a> Judging<'a> {
    pub(crate) fn new(state: &'a Snapshot) -> Result<Self> {
        let mut judge = Judge::new(state)?;
        let numbers = judge.numbers()?;
        let evidence = state.roots().map(Root::Evidence);
        let newest = next_evidence(evidence, &state.store)?.checked_sub(1).filter(|at| *at > 0);
        Ok(Judging { state, judge, numbers, newest })
    }

    pub(crate) fn claim(&mut self, number: u64, value: &Value) -> Result<ClaimEntry> {
        let [id] = value.refs[..] else { return Err(malformed("a claim's value")) };
        let memory = match &value.bytes[..] {
            [] => None,
            bytes => Some(memory_number(bytes)?),
        };
        let store: &dyn Objects = &self.state.store;
        let claim: Claim = read(store, id)?;
        let cited: Vec<u64> =
            claim.evidence.iter().filter_map(|id| self.numbers.get(id).copied()).collect();
        let is_all_there = cited.len() == claim.evidence.len();
        let (status, decision) = self.status(&cited)?;
        let (mut decided_by, mut stale_since) = (decision.decided, None);
        if status.is_stale()
            && let Some(passed) = decision.passed
            && let Some(known) = self.judge.known(passed)?
        {
            decided_by = Some(passed);
            stale_since = self.judge.since(&known)?;
        }
        let told = decision.decided.or(decision.passed).or(decision.newest);
        let outcome = match told {
            Some(number) => self.judge.known(number)?.map(|known| known.outcome),
            None => None,
        };
        let looked_at = match decision.decided {
            Some(decided) => vec![decided],
            None => cited.clone(),
        };
        let mut is_lost = !is_all_there && decision.decided.is_none();
        for number in looked_at {
            is_lost |= self.judge.known(number)?.is_none_or(|known| known.is_lost);
        }
        let applicability = match (decision.newest, self.applies(&cited, &decision)?) {
            (None, _) => None,
            (Some(_), true) => Some(Applicability::Current),
            (Some(_), false) => Some(Applicability::Changed),
        };
        Ok(ClaimEntry {
            number,
            id,
            text: claim.text,
            actor: claim.actor,
            memory,
            status,
            integrity: Integrity::of(is_lost),
            outcome,
            applicability,
            stale_since,
            decided_by,
            environment: self.environment(decided_by)?,
            evidence: cited,
        })
    }

    /// What evidence of these numbers, and later one of the same lanes, says.
    pub(crate) fn status(&mut self, cited: &[u64]) -> Result<(ClaimStatus, Decision)> {
        let mut decision = Decision::default();
        for number in cited {
            decision = decision.newer_of(self.judge.decide(*number)?);
        }
        let status = match decision.decided {
            Some(decided) => match self.judge.known(decided)?.map(|known| known.outcome) {
                Some(EvidenceOutcome::Passed) => ClaimStatus::Supported,
                _ => ClaimStatus::Refuted,
            },
            None if decision.passed.is_some() => ClaimStatus::Stale,
            None => ClaimStatus::Unsupported,
        };
        Ok((status, decision))
    }

    /// Tells whether what decides, or else any that is cited, is about the current files.
    fn applies(&mut self, cited: &[u64], decision: &Decision) -> Result<bool> {
        if decision.decided.is_some() {
            return Ok(true);
        }
        for number in cited.iter().copied().chain(decision.newest) {
            if let Some(known) = self.judge.known(number)?
                && self.judge.changed(&known)?.is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How the environment of evidence differs from that of the newest.
    fn environment(&mut self, number: Option<u64>) -> Result<Vec<Difference>> {
        let (Some(number), Some(newest)) = (number, self.newest) else { return Ok(Vec::new()) };
        if number == newest {
            return Ok(Vec::new());
        }
        let (Some(of), Some(now)) = (self.judge.known(number)?, self.judge.known(newest)?) else {
            return Ok(Vec::new());
        };
        if of.is_of_place(&now) {
            return Ok(Vec::new());
        }
        let of = self.state.evidence_at(number)?;
        Ok(of.environment_differences(&self.state.evidence_at(newest)?))
    }

    /// Who judges.
    pub(crate) fn judge(&mut self) -> &mut Judge<'a> {
        &mut self.judge
    }

    /// The number of evidence, if it is the session's.
    pub(crate) fn number(&self, id: &ObjectId) -> Option<u64> {
        self.numbers.get(id).copied()
    }
}
