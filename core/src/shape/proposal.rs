//! Proposals, what was decided about them, findings and gates.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::fields::{Fields, object, rows, texts, write};
use super::row::Brief;
use crate::host::turn::{
    Applied, Choice, DecidedBy, Decision, DecisionAbout, Finding, FindingEntry, Gate, GateEntry,
    ProposalEntry, ProposalStatus, ProposedChange, Revision, RevisionEntry, Severity,
};

texts! {
    ProposalStatus, status => status.name();
    Choice, choice => choice.name();
    DecidedBy, judge => judge.name();
    Severity, severity => severity.name();
}

object!(ProposalEntry, proposal => {
    number: proposal.number,
    status: proposal.status,
    applied: proposal.applied,
    revisions: proposal.revisions,
    decisions: proposal.decisions,
});

object!(RevisionEntry, entry => {
    id: entry.id,
    ..entry.revision,
});

object!(Revision, revision => {
    number: revision.number,
    title: revision.title,
    author: revision.author,
    paths: revision.paths,
    changes: revision.changes,
    checkpoint_id: revision.base,
    supersedes: revision.supersedes,
    turn: revision.turn,
});

object!(ProposedChange, change => {
    ..change.path,
    before: change.before,
    after: change.after,
});

object!(Decision, decision => {
    choice: decision.choice,
    by: decision.by,
    actor: decision.actor,
    reason: decision.reason,
    ..decision.about,
});

impl Fields for DecisionAbout {
    fn fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            DecisionAbout::Step { step, arguments } => {
                rows!(map about: "step", step: step, arguments: arguments,);
            }
            DecisionAbout::Tool { name, schema } => {
                rows!(map about: "tool", tool: name, schema: schema,);
            }
            DecisionAbout::Revision(id) => rows!(map about: "revision", revision: id,),
            DecisionAbout::Finding(id) => rows!(map about: "finding", finding: id,),
        }
        Ok(())
    }
}

impl Serialize for DecisionAbout {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        write(self, to)
    }
}

object!(FindingEntry, entry => {
    number: entry.number,
    id: entry.id,
    ..entry.finding,
    memory: entry.memory,
    resolved: entry.resolved,
});

object!(Finding, finding => {
    rule: finding.rule,
    severity: finding.severity,
    text: finding.text,
    path: some(&finding.path).map(String::from_utf8_lossy),
    path_bytes?: some(&finding.path).filter(|path| std::str::from_utf8(path).is_err()),
    turn: finding.turn,
    revision: finding.revision,
    step: finding.step,
});

fn some(bytes: &[u8]) -> Option<&[u8]> {
    Some(bytes).filter(|bytes| !bytes.is_empty())
}

object!(GateEntry, entry => {
    name: entry.name,
    id: entry.id,
    ..entry.gate,
});

object!(Gate, gate => {
    command: gate.command.line(),
    directory: some(&gate.directory).map(String::from_utf8_lossy),
    timeout_ms: gate.timeout.map(|timeout| timeout.as_millis() as u64),
    inputs: gate.inputs,
    reports: gate.reports,
    claims: gate.claims,
});

object!(Applied, applied => {
    proposal: applied.proposal,
    revision: applied.revision,
    checkpoint: applied.checkpoint.as_ref().map(Brief),
    paths: applied.paths,
    merged: applied.merged,
});
