//! A person's side of turns: proposals, reviews, findings, calls, answers.

use std::path::Path;

use partita::host::turn::{
    CallEntry, CallTotals, Choice, FindingEntry, ProposalEntry, StepEntry, StepWork,
};
use partita::{Error, ErrorKind, Session};

use super::{Access, open_session};
use crate::args::{Answer, ApproveArgs, CallsBy, ReviewArgs};
use crate::failure::Result;
use crate::output::json::{ProposalWhole, Reviewed};
use crate::output::table::Align;
use crate::output::{Output, counted, quote};

/// Lists the proposals, oldest first.
pub(super) fn proposals(out: &mut Output, dir: &Path, name: &str, as_json: bool) -> Result<()> {
    let proposals = open_session(dir, Access::Read, name)?.latest()?.proposals()?;
    if as_json {
        return out.json(&proposals);
    }
    out.table(
        [Align::Right, Align::Left, Align::Right, Align::Left, Align::Left, Align::Left],
        proposals.iter().map(|proposal| Ok(row_of(proposal))),
    )
}

/// A proposal in a line: number, status, revision, files, author, title.
fn row_of(proposal: &ProposalEntry) -> [String; 6] {
    let revision = &proposal.newest().revision;
    [
        proposal.number.to_string(),
        proposal.status.name().to_owned(),
        revision.number.to_string(),
        counted(revision.paths, "file", "files"),
        word(&revision.author),
        quote::text(&revision.title).into_owned(),
    ]
}

/// A name, or a dash where there is none.
fn word(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { quote::text(text).into_owned() }
}

/// Shows a proposal with what was decided and its patch.
pub(super) fn proposal(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (number, revision): (u64, Option<u64>),
    as_json: bool,
) -> Result<()> {
    let now = open_session(dir, Access::Read, name)?.latest()?;
    let proposal = now.proposal(number)?;
    let entry = proposal.revision(revision)?;
    let changes = now.proposed(entry)?;
    let patch = now.proposed_patch(entry)?;
    if as_json {
        return out.json(&ProposalWhole { proposal: &proposal, changes: &changes, patch: &patch });
    }
    let mut row =
        |what: &str, said: String| -> Result<()> { out.line(format_args!("{what:<12}{said}")) };
    row("proposal", format!("{number}, {}", proposal.status))?;
    row("title", quote::text(&entry.revision.title).into_owned())?;
    let newest = proposal.newest().revision.number;
    row("revision", format!("{} of {newest}  {}", entry.revision.number, entry.id.short()))?;
    row("by", word(&entry.revision.author))?;
    for decision in proposal.decisions.iter() {
        let about = proposal.revisions.iter().find(|revision| {
            decision.about == partita::host::turn::DecisionAbout::Revision(revision.id)
        });
        let about = about.map_or(0, |revision| revision.revision.number);
        let who = match &*decision.actor {
            "" => decision.by.name().to_owned(),
            actor => format!("{} {}", decision.by, quote::text(actor)),
        };
        let reason = match decision.reason.lines().next() {
            Some(reason) if !reason.is_empty() => format!(": {}", quote::text(reason)),
            _ => String::new(),
        };
        row("decision", format!("{} revision {about}, by {who}{reason}", decision.choice))?;
    }
    out.line("")?;
    for line in patch.lines() {
        out.line(quote::text(line))?;
    }
    Ok(())
}

/// Accepts or rejects a proposal, and applies an accepted one that no turn waits for.
pub(super) fn review(out: &mut Output, dir: &Path, args: &ReviewArgs) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name)?;
    let proposal = session.latest()?.proposal(args.proposal)?;
    let newest = proposal.newest();
    if let Some(read) = args.revision.filter(|read| *read != newest.revision.number) {
        proposal.revision(Some(read))?;
        let (number, newest) = (args.proposal, newest.revision.number);
        let message = format!(
            "proposal {number} has revision {newest} by now: what is decided about revision {read} \
             says nothing of it"
        );
        return Err(Error::new(ErrorKind::Conflict, message).into());
    }
    let choice = if args.accept { Choice::Accept } else { Choice::Reject };
    let decided = session.review(args.proposal, newest.id, choice, &args.reason)?;
    let waits = is_waited_for(&session, args.proposal)?;
    let applied = match args.accept && !waits && decided.applied.is_none() {
        true => Some(session.apply_proposal(args.proposal)?),
        false => None,
    };
    let decided = session.latest()?.proposal(args.proposal)?;
    if args.json.json {
        return out.json(&Reviewed { proposal: &decided, report: applied.as_ref() });
    }
    let number = args.proposal;
    match applied {
        Some(applied) => {
            let files = counted(applied.paths.len() as u64, "file", "files");
            let merged = match applied.merged.len() {
                0 => String::new(),
                merged => format!(", {merged} of them merged with what came since"),
            };
            out.line(format_args!("proposal {number}: applied, {files}{merged}"))
        }
        None if waits => out.line(format_args!(
            "proposal {number}: {}; its turn goes on with that",
            decided.status
        )),
        None => out.line(format_args!("proposal {number}: {}", decided.status)),
    }
}

/// Tells whether an open turn waits for what is decided about a proposal.
fn is_waited_for(session: &Session, proposal: u64) -> Result<bool> {
    let turns = session.turns()?;
    Ok(turns.iter().any(|turn| turn.is_open() && turn.progress.proposal == proposal))
}

/// Lists the findings, oldest first.
pub(super) fn findings(
    out: &mut Output,
    dir: &Path,
    name: &str,
    all: bool,
    as_json: bool,
) -> Result<()> {
    let mut findings = open_session(dir, Access::Read, name)?.findings()?;
    findings.retain(|finding| all || finding.resolved.is_none());
    if as_json {
        return out.json(&findings);
    }
    finding_rows(out, &findings)
}

/// Findings as rows: number, severity, rule, resolved or not, text.
fn finding_rows(out: &mut Output, findings: &[FindingEntry]) -> Result<()> {
    out.table(
        [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left],
        findings.iter().map(|entry| {
            let resolved = if entry.resolved.is_some() { "resolved" } else { "open" };
            Ok([
                entry.number.to_string(),
                entry.finding.severity.name().to_owned(),
                quote::text(&entry.finding.rule).into_owned(),
                resolved.to_owned(),
                quote::text(&entry.finding.text).into_owned(),
            ])
        }),
    )
}

/// Says that a finding needs nothing more.
pub(super) fn resolve(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (number, reason): (u64, &str),
    as_json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    session.resolve_finding(number, reason)?;
    let found = session.findings()?.into_iter().filter(|entry| entry.number == number);
    let found: Vec<FindingEntry> = found.collect();
    if as_json {
        return out.json(&found);
    }
    finding_rows(out, &found)
}

/// Lists the calls of models, or what they add up to.
pub(super) fn calls(
    out: &mut Output,
    dir: &Path,
    name: &str,
    by: Option<CallsBy>,
    as_json: bool,
) -> Result<()> {
    let calls = open_session(dir, Access::Read, name)?.calls()?;
    let totals = match by {
        None if as_json => return out.json(&calls),
        None => return call_rows(out, &calls),
        Some(CallsBy::Role) => CallTotals::by_role(&calls),
        Some(CallsBy::Model) => CallTotals::by_model(&calls),
    };
    if as_json {
        return out.json(&totals);
    }
    out.table(
        [Align::Left, Align::Right, Align::Right, Align::Right, Align::Right, Align::Right],
        totals.iter().map(|total| {
            Ok([
                word(&total.name),
                counted(total.calls, "call", "calls"),
                format!("{} failed", total.failed),
                format!("{} prompt", total.prompt_tokens),
                format!("{} output", total.output_tokens),
                format!("cost {}", total.cost),
            ])
        }),
    )
}

/// Calls as rows: role, asked for, served, how it ended, tokens of prompt and output, why.
fn call_rows(out: &mut Output, calls: &[CallEntry]) -> Result<()> {
    let said = |tokens: Option<u64>| tokens.map_or("-".to_owned(), |tokens| tokens.to_string());
    out.table(
        [
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Left,
            Align::Right,
            Align::Right,
            Align::Left,
        ],
        calls.iter().map(|call| {
            Ok([
                quote::text(&call.role).into_owned(),
                word(&call.requested),
                word(call.served.as_deref().unwrap_or_default()),
                call.end.map_or("waiting", |end| end.name()).to_owned(),
                said(call.usage.prompt()),
                said(call.usage.output),
                word(&call.why),
            ])
        }),
    )
}

/// Answers a question, or lists what is asked.
pub(super) fn approve(out: &mut Output, dir: &Path, args: &ApproveArgs) -> Result<()> {
    let (Some(step), Some(choice)) = (&args.step, choice_of(&args.answer)) else {
        let asked = open_session(dir, Access::Read, &args.name)?.questions()?;
        if args.json.json {
            return out.json(&asked);
        }
        return out.table(
            [Align::Left, Align::Left, Align::Left],
            asked.iter().map(|step| Ok([step.id.short(), flags(step), text_of(step)])),
        );
    };
    let session = open_session(dir, Access::Write, &args.name)?;
    let prefix: partita::object::Prefix = step.parse()?;
    let asked = session.questions()?;
    let mut found = asked.iter().filter(|step| prefix.matches(&step.id));
    let asked = match (found.next(), found.next()) {
        (Some(only), None) => only,
        (None, _) => {
            let message = format!(
                "no question waits about step {step}: `partita approve {}` lists \
                                   those that do",
                args.name
            );
            return Err(Error::new(ErrorKind::NotFound, message).into());
        }
        (Some(_), Some(_)) => {
            let message = format!("{step} is the beginning of several steps");
            return Err(Error::new(ErrorKind::Invalid, message).into());
        }
    };
    session.decide(asked.id, choice, &args.reason)?;
    let now = session.latest()?.steps(asked.turn).find(|step| match step {
        Ok(step) => step.id == asked.id,
        Err(_) => true,
    });
    let now = now.transpose()?;
    if args.json.json {
        return out.json(&now);
    }
    out.line(format_args!("step {}: {choice}", asked.id.short()))
}

/// What a question asks.
fn text_of(step: &StepEntry) -> String {
    match step.work() {
        StepWork::Ask { text, .. } => quote::text(text).into_owned(),
        _ => String::new(),
    }
}

/// What answers a question, as it is typed.
fn flags(step: &StepEntry) -> String {
    let choices = step.choices().iter().map(|choice| format!("--{choice}"));
    choices.collect::<Vec<_>>().join("|")
}

fn choice_of(answer: &Answer) -> Option<Choice> {
    let given = [
        (answer.allow_once, Choice::AllowOnce),
        (answer.allow_always, Choice::AllowAlways),
        (answer.reject_once, Choice::RejectOnce),
        (answer.reject_always, Choice::RejectAlways),
        (answer.was_done, Choice::WasDone),
        (answer.do_again, Choice::DoAgain),
        (answer.give_up, Choice::GiveUp),
        (answer.accept, Choice::Accept),
        (answer.reject, Choice::Reject),
    ];
    given.into_iter().find(|(is_given, _)| *is_given).map(|(_, choice)| choice)
}
