//! Evidence, claims, and where lines came from.

use super::fields::{object, texts};
use crate::evidence::{
    Applicability, Blame, BlameLine, BlameOrigin, BlamePrompt, ClaimEntry, ClaimStatus, Compared,
    Difference, EvidenceEntry, EvidenceOutcome, Integrity, Judgement, StaleSince, Support,
};
use crate::object::{
    Direction, Report, Results, Samples, Scope, TestOutcome, TestResult, TestSums, UnreadReport,
};
use crate::statistics::{Comparison, Verdict};

texts! {
    EvidenceOutcome, outcome => outcome.name();
    ClaimStatus, status => status.name();
    Integrity, integrity => integrity.name();
    Applicability, applicability => applicability.name();
    Support, support => support.name();
    TestOutcome, outcome => outcome.name();
    Direction, direction => direction.name();
    Verdict, verdict => verdict.name();
}

object!(EvidenceEntry, entry => {
    number: entry.number,
    id: entry.id,
    command: entry.command(),
    observer: entry.evidence.observer,
    outcome: entry.result(),
    exit: entry.outcome.as_ref().map(|outcome| &outcome.exit),
    code: entry.outcome.as_ref().and_then(|outcome| outcome.exit.code()),
    began: entry.run.as_ref().map(|run| run.began),
    took_ms: entry.outcome.as_ref().map(|outcome| outcome.took.as_millis() as u64),
    run: entry.evidence.run.map(|run| run.number),
    tests: entry.evidence.sums,
    reports: entry.evidence.reports,
    unread: entry.evidence.unread,
    globs: globs(entry),
    reads: entry.evidence.inputs.scope == Scope::Reads,
    checkpoint_id: entry.evidence.inputs.checkpoint,
    machine: entry.evidence.environment.machine,
    tools: entry.evidence.environment.tools,
});

fn globs(entry: &EvidenceEntry) -> Option<&[String]> {
    match &entry.evidence.inputs.scope {
        Scope::Globs(globs) => Some(globs),
        Scope::All | Scope::Reads => None,
    }
}

object!(Report, report => {
    name: report.name,
    format: report.format,
    content: report.content,
});

object!(UnreadReport, report => {
    name: report.name,
    reason: report.reason,
});

object!(TestSums, sums => {
    passed: sums.passed,
    failed: sums.failed,
    errors: sums.errors,
    skipped: sums.skipped,
    flaky: sums.flaky,
    expected_failures: sums.expected_failures,
    unexpected_passes: sums.unexpected_passes,
});

object!(TestResult, test => {
    name: test.name,
    outcome: test.outcome,
    took_ms: test.took.map(|took| took.as_micros() as f64 / 1_000.0),
});

object!(Samples, samples => {
    name: samples.name,
    unit: samples.unit,
    direction: samples.direction,
    values: samples.values,
});

object!(Results, results => {
    tests: results.tests,
    samples: results.samples,
});

object!(Judgement, judged => {
    integrity: judged.integrity,
    outcome: judged.outcome,
    applicability: judged.applicability,
    stale_since: judged.stale_since,
    changed: judged.changed,
});

object!(StaleSince, since => {
    ..since.path,
    iteration: since.iteration,
});

object!(ClaimEntry, claim => {
    number: claim.number,
    text: claim.text,
    status: claim.status,
    integrity: claim.integrity,
    outcome: claim.outcome,
    applicability: claim.applicability,
    support: claim.status.support(),
    stale_since: claim.stale_since,
    evidence: claim.evidence,
    decided_by: claim.decided_by,
    environment: claim.environment,
    actor: claim.actor,
    memory: claim.memory,
    id: claim.id,
});

object!(Difference, difference => {
    what: difference.what,
    before: difference.before,
    after: difference.after,
});

object!(Comparison, comparison => {
    verdict: comparison.verdict,
    reason: comparison.reason,
    ratio: comparison.ratio,
    percent: comparison.percent(),
    interval: interval(comparison.interval),
    p: comparison.p,
    margin: comparison.margin,
    paired: comparison.is_paired,
    medians: comparison.medians,
    counts: comparison.counts,
});

/// The interval, where there is one: JSON has no infinity.
fn interval((low, high): (f64, f64)) -> Option<(f64, f64)> {
    high.is_finite().then_some((low, high))
}

object!(Compared, compared => {
    before: compared.evidence.0,
    after: compared.evidence.1,
    metric: compared.metric,
    unit: compared.unit,
    direction: compared.direction,
    ..compared.comparison,
    noise: compared.noise,
    samples_before: compared.samples.0,
    samples_after: compared.samples.1,
    changed: compared.changed,
});

object!(Blame, blame => {
    ..blame.path,
    lines: blame.lines,
    origins: blame.origins,
    evidence: blame.evidence,
    claims: blame.claims,
});

object!(BlameLine, line => {
    number: line.number,
    text: String::from_utf8_lossy(&line.text),
    origin: line.origin,
    original: line.original,
});

object!(BlameOrigin, origin => {
    iteration: origin.iteration,
    kind: origin.kind,
    message: origin.message,
    actor: origin.actor,
    source_commit: origin.git_commit,
    exchange: origin.exchange,
    prompt: origin.prompt,
    oldest: origin.is_oldest,
});

object!(BlamePrompt, prompt => {
    memory: prompt.memory,
    text: prompt.text,
});
