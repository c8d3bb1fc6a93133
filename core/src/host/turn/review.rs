//! The rounds in which a change is reviewed, applied and checked.

use super::handle::Turn;
use super::step::{RunSandbox, Step};
use crate::error::Result;
use crate::id::ObjectId;
use crate::object::{
    Choice, DecidedBy, Decision, DecisionAbout, FilePath, Finding, Memory, Phase, Purpose,
    Question, Severity, StepEnd, StepWork,
};
use crate::session::{GateEntry, ProposalEntry, Tried, TurnWork};

/// Places of gates, of a reviewing model and of a person in a round.
const GATE: u64 = 1 << 34;
const REVIEWER: u64 = 1 << 35;
const PERSON: u64 = 1 << 36;

/// Bytes of a patch that a reviewing model is shown.
const PATCH_BYTES_MAX: usize = 200_000;

/// The rule that says which gates failed.
const GATE_RULE: &str = "gate";

impl Turn {
    /// A change is reviewed: by the gates and a model at once, then by a person.
    pub(super) fn review_round(&mut self, work: &mut TurnWork, out: &mut Vec<Step>) -> Result<()> {
        let number = work.progress.proposal;
        let proposal = match work.state().proposal(number) {
            Err(error) if error.kind().is_absence() => {
                // An undo took it back.
                self.give_up_open(work, "its proposal was taken back")?;
                work.progress.proposal = 0;
                work.enter(Phase::Model);
                return Ok(());
            }
            proposal => proposal?,
        };
        if proposal.applied.is_some() {
            self.give_up_open(work, "its proposal was applied")?;
            work.enter(Phase::Gates);
            return Ok(());
        }
        let revision = proposal.newest().id;
        let decided = |by: DecidedBy| {
            let about = DecisionAbout::Revision(revision);
            let all = proposal.decisions.iter();
            all.rev().find(|decision| decision.about == about && decision.by == by).cloned()
        };
        if let Some(person) = decided(DecidedBy::Person) {
            // A person's word counts, whoever else has not spoken yet.
            self.give_up_open(work, "a person has decided")?;
            return self.decided(work, &proposal, &[person]);
        }
        let mut decisions = Vec::new();
        let mut is_waiting = false;
        let (mut gates, mut needs_person) = (Vec::new(), self.policy.review.person);
        if self.policy.review.tests {
            gates = self.gates(work)?;
            // Where there is nothing to run, tests say nothing, and a person has to.
            needs_person |= gates.is_empty();
        }
        if !gates.is_empty() {
            match decided(DecidedBy::Tests) {
                Some(decision) => decisions.push(decision),
                None => {
                    let of = (number, revision);
                    match self.gates_passed(work, &gates, Some(of), out)? {
                        None => is_waiting = true,
                        Some(failed) => {
                            let choice =
                                if failed.is_empty() { Choice::Accept } else { Choice::Reject };
                            let reason = failed.join("\n");
                            let decision =
                                self.decision(revision, choice, DecidedBy::Tests, &reason);
                            work.batch.decide_revision(number, &decision)?;
                            work.changed = true;
                            decisions.push(decision);
                        }
                    }
                }
            }
        }
        if let Some(role) = self.policy.review.model.clone() {
            match decided(DecidedBy::Model) {
                Some(decision) => decisions.push(decision),
                None => {
                    self.model_review(work, (&role, &proposal), out)?;
                    is_waiting = true;
                }
            }
        }
        if is_waiting || work.progress.phase == Phase::Ended {
            return Ok(());
        }
        let is_rejected = decisions.iter().any(|decision| decision.choice == Choice::Reject);
        needs_person |= self.has_errors(work, revision)?;
        if is_rejected || !needs_person {
            if decisions.is_empty() {
                let why = "the policy names nobody who reviews";
                let decision = self.decision(revision, Choice::Accept, DecidedBy::Policy, why);
                work.batch.decide_revision(number, &decision)?;
                decisions.push(decision);
            }
            return self.decided(work, &proposal, &decisions);
        }
        let title = &proposal.newest().revision.title;
        let paths = proposal.newest().revision.paths;
        let files = if paths == 1 { "file" } else { "files" };
        let text = format!("Is proposal {number} to be applied? {title} ({paths} {files})");
        self.asked(work, PERSON, (Question::Review { revision }, text), out)?;
        Ok(())
    }

    /// Everybody has spoken: the change is applied, or goes back.
    fn decided(
        &mut self,
        work: &mut TurnWork,
        proposal: &ProposalEntry,
        decisions: &[Decision],
    ) -> Result<()> {
        let rejected = decisions.iter().filter(|decision| decision.choice == Choice::Reject);
        let reasons: Vec<String> = rejected
            .map(|decision| match &*decision.reason {
                "" => format!("{} rejected it", decision.by),
                reason => format!("{} rejected it: {reason}", decision.by),
            })
            .collect();
        let number = proposal.number;
        if !reasons.is_empty() {
            let revision = proposal.newest().revision.number;
            let why = format!(
                "Revision {revision} of proposal {number} is not applied.\n{}",
                reasons.join("\n")
            );
            return self.send_back(work, &why);
        }
        match work.batch.apply_revision(number)? {
            Tried::Applied(applied) => {
                work.applied = Some(applied);
                work.enter(Phase::Gates);
                Ok(())
            }
            Tried::Moved(paths) => {
                let paths: Vec<String> = paths.iter().map(FilePath::to_string).collect();
                let why = format!(
                    "Proposal {number} cannot be applied: {} changed meanwhile. Read them again, and \
                     propose it anew.",
                    paths.join(", ")
                );
                // What was based on other files is not mended, but made anew.
                work.progress.proposal = 0;
                self.send_back(work, &why)
            }
        }
    }

    /// The gates run on the files that were applied.
    pub(super) fn gates_round(&mut self, work: &mut TurnWork, out: &mut Vec<Step>) -> Result<()> {
        let gates = self.gates(work)?;
        let Some(failed) = self.gates_passed(work, &gates, None, out)? else { return Ok(()) };
        if failed.is_empty() {
            return self.next_stage(work);
        }
        work.progress.proposal = 0;
        for name in failed.iter().map(|text| text.lines().next().unwrap_or_default()) {
            let mut finding = Finding::new(GATE_RULE, Severity::Warning, name);
            finding.turn = Some(self.id);
            work.batch.find(&finding)?;
        }
        self.send_back(work, &failed.join("\n"))
    }

    /// Runs gates. Returns what the failed ones showed, once all have run.
    fn gates_passed(
        &mut self,
        work: &mut TurnWork,
        gates: &[GateEntry],
        revision: Option<(u64, ObjectId)>,
        out: &mut Vec<Step>,
    ) -> Result<Option<Vec<String>>> {
        let (mut failed, mut is_waiting) = (Vec::new(), false);
        for (at, entry) in gates.iter().enumerate() {
            let index = GATE | at as u64;
            let outcome = work.row(index).and_then(|row| row.outcome()).cloned();
            if let Some(outcome) = outcome {
                if outcome.end != StepEnd::Done {
                    failed.push(format!("gate {} failed\n{}", entry.name, outcome.text));
                }
                continue;
            }
            is_waiting = true;
            if work.row(index).is_some_and(|row| row.is_open()) {
                continue;
            }
            let (name, gate) = (entry.name.clone(), entry.id);
            let revision_id = revision.map(|(_, id)| id);
            let attempt = work.open(index, StepWork::Gate { name, gate, revision: revision_id })?;
            out.push(Step::RunSandbox(RunSandbox {
                id: work.id_of(index),
                attempt,
                name: entry.name.clone(),
                gate: entry.gate.clone(),
                revision,
            }));
        }
        Ok((!is_waiting).then_some(failed))
    }

    /// The gates that the policy names, or all.
    fn gates(&self, work: &TurnWork) -> Result<Vec<GateEntry>> {
        let mut gates = work.state().gates()?;
        if !self.policy.gates.is_empty() {
            gates.retain(|gate| self.policy.gates.contains(&gate.name));
        }
        Ok(gates)
    }

    /// Asks a model what it thinks of a revision, until it says so clearly.
    fn model_review(
        &mut self,
        work: &mut TurnWork,
        (role, proposal): (&str, &ProposalEntry),
        out: &mut Vec<Step>,
    ) -> Result<()> {
        let revision = proposal.newest();
        let mut tries = 0;
        let index = loop {
            let index = REVIEWER | tries;
            match work.row(index) {
                Some(row) if row.is_open() => return Ok(()),
                Some(row) if row.outcome().is_some() => tries += 1,
                _ => break index,
            }
        };
        if tries >= self.policy.limits.failures.max(1) {
            let why = "it gave no clear verdict";
            let decision = self.decision(revision.id, Choice::Reject, DecidedBy::Model, why);
            work.changed = true;
            return work.batch.decide_revision(proposal.number, &decision);
        }
        let mut patch = work.state().proposed_patch(revision)?;
        if patch.len() > PATCH_BYTES_MAX {
            let mut end = PATCH_BYTES_MAX;
            while !patch.is_char_boundary(end) {
                end -= 1;
            }
            patch.truncate(end);
            patch.push_str("\n[the rest is left out]\n");
        }
        let text = format!(
            "Review proposal {}, revision {}: {}\nSay ACCEPT or REJECT in the first line, and why \
             below it. Call no tool.\n\n{patch}",
            proposal.number, revision.revision.number, revision.revision.title
        );
        let purpose = Purpose::Review(revision.id);
        self.ask(work, (index, role, purpose), Some(Memory::user(text)), out)
    }

    pub(super) fn decision(
        &self,
        revision: ObjectId,
        choice: Choice,
        by: DecidedBy,
        reason: &str,
    ) -> Decision {
        let mut reason = reason.to_owned();
        crate::session::shorten(&mut reason);
        Decision {
            session: self.session.nonce().to_vec(),
            about: DecisionAbout::Revision(revision),
            choice,
            by,
            actor: String::new(),
            reason,
        }
    }

    /// Whether oversight found something about a revision over which nothing is applied.
    fn has_errors(&self, work: &TurnWork, revision: ObjectId) -> Result<bool> {
        let findings = work.state().findings()?;
        Ok(findings.iter().any(|entry| {
            entry.finding.revision == Some(revision)
                && entry.finding.severity == Severity::Error
                && entry.resolved.is_none()
        }))
    }
}

/// What a reviewing model decided: by the first word of the first or the last line that has letters.
pub(super) fn verdict(text: &str) -> Option<Choice> {
    let lines = text.lines().filter(|line| line.chars().any(char::is_alphabetic));
    let word = |line: &str| {
        let words = line.split(|at: char| !at.is_alphabetic()).find(|word| !word.is_empty());
        match words.map(str::to_ascii_lowercase).as_deref() {
            Some("accept" | "accepted" | "approve" | "approved" | "lgtm") => Some(Choice::Accept),
            Some("reject" | "rejected") => Some(Choice::Reject),
            _ => None,
        }
    };
    let mut lines = lines.map(word);
    let first = lines.next().flatten();
    first.or_else(|| lines.next_back().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_the_first_word_of_the_first_line_or_of_the_last() {
        for (text, choice) in [
            ("ACCEPT\nIt is right.", Some(Choice::Accept)),
            ("**Reject**: it loses data.", Some(Choice::Reject)),
            ("I looked at it.\nApproved.", Some(Choice::Accept)),
            ("\n---\nreject", Some(Choice::Reject)),
            ("I would accept it.", None),
            ("Do not accept", None),
            ("", None),
        ] {
            assert_eq!(verdict(text), choice, "{text:?}");
        }
    }
}
