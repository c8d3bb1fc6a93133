//! Evidence and claims: listed, made, taken in and handed out.

use std::path::Path;

use partita::attest;
use partita::evidence::{ClaimEntry, EvidenceEntry, StaleSince};
use partita::object::{Results, RunOutput, Scope};
use partita::results::{Format, JunitSuite, to_junit};
use partita::{Error, ErrorKind, Snapshot};

use super::{Access, input, open_session, snapshot};
use crate::args::ExportFormat;
use crate::failure::{Failure, Result};
use crate::output::json::{EvidenceWhole, Numbered};
use crate::output::table::Align;
use crate::output::{Output, counted, quote, time};

/// Tests that did not pass of which one piece of evidence shows the names.
const NAMES_MAX: usize = 50;
/// Paths of inputs that changed which one piece of evidence shows.
const PATHS_MAX: usize = 10;

/// Lists the evidence, newest first.
pub(super) fn list(out: &mut Output, dir: &Path, name: &str, as_json: bool) -> Result<()> {
    let now = open_session(dir, Access::Read, name)?.latest()?;
    if as_json {
        return out.json_array(now.evidence().map(|entry| Ok(entry?)));
    }
    out.table(
        [Align::Right, Align::Left, Align::Left, Align::Left, Align::Left],
        now.evidence().map(|entry| {
            let entry = entry?;
            let began = time::human(entry.run.as_ref().map(|run| run.began));
            let number = entry.number.to_string();
            Ok([number, entry.result().name().to_owned(), began, tests(&entry), what(&entry)])
        }),
    )
}

/// What was observed, in a line.
pub(super) fn what(entry: &EvidenceEntry) -> String {
    let line = entry.command().unwrap_or_else(|| {
        let names = entry.evidence.reports.iter().map(|report| &report.name[..]);
        format!("imported: {}", names.collect::<Vec<_>>().join(", "))
    });
    quote::text(&line).into_owned()
}

fn tests(entry: &EvidenceEntry) -> String {
    match entry.evidence.sums.all() {
        0 => "-".to_owned(),
        _ => entry.evidence.sums.to_string(),
    }
}

/// Shows one piece of evidence, with its output.
pub(super) fn show(
    out: &mut Output,
    dir: &Path,
    name: &str,
    number: u64,
    as_json: bool,
) -> Result<()> {
    let now = open_session(dir, Access::Read, name)?.latest()?;
    let entry = now.evidence_at(number)?;
    let judged = now.judge(number)?;
    let results = match now.results(&entry) {
        Err(error) if error.kind() == ErrorKind::Purged => Results::default(),
        results => results?,
    };
    let left_out = now.inputs_left_out(&entry)?;
    let mut inputs = 0;
    for input in now.inputs(&entry) {
        input?;
        inputs += 1;
    }
    let outputs = entry.outcome.as_ref().map(|outcome| [&outcome.stdout, &outcome.stderr]);
    let [stdout, stderr] = match outputs {
        Some(outputs) => outputs.map(|output| text_of(&now, output)),
        None => [Ok(None), Ok(None)],
    };
    let (stdout, stderr) = (stdout?, stderr?);
    if as_json {
        return out.json(&EvidenceWhole {
            entry: &entry,
            judged: &judged,
            inputs,
            left_out: &left_out,
            results: &results,
            stdout,
            stderr,
        });
    }
    let mut row =
        |what: &str, said: String| -> Result<()> { out.line(format_args!("{what:<12}{said}")) };
    row("evidence", format!("{number}, by {}", quote::text(&entry.evidence.observer)))?;
    row("command", what(&entry))?;
    let exit = entry.outcome.as_ref().map(|outcome| format!(", {}", outcome.exit));
    row("outcome", format!("{}{}", judged.outcome, exit.unwrap_or_default()))?;
    if let Some(run) = &entry.run {
        row("began", time::human(Some(run.began)))?;
    }
    if let Some(outcome) = &entry.outcome {
        row("took", format!("{:.3} s", outcome.took.as_secs_f64()))?;
    }
    let scope = match &entry.evidence.inputs.scope {
        Scope::Globs(globs) => format!(", of {}", quote::text(&globs.join(" "))),
        Scope::Reads => ", those that were read".to_owned(),
        _ => String::new(),
    };
    row("inputs", format!("{}{scope}", counted(inputs, "file", "files")))?;
    if !left_out.is_empty() {
        row("left out", counted(left_out.len() as u64, "path", "paths"))?;
    }
    let since = judged.stale_since.as_ref().map(|since| format!(" since {}", shown_since(since)));
    row("files", format!("{}{}", judged.applicability.name(), since.unwrap_or_default()))?;
    for path in judged.changed.iter().take(PATHS_MAX) {
        row("", quote::path(path.as_bytes()).into_owned())?;
    }
    row("integrity", judged.integrity.name().to_owned())?;
    let environment = &entry.evidence.environment;
    if !environment.machine.is_empty() {
        row("machine", quote::text(&environment.machine).into_owned())?;
    }
    for (tool, version) in &environment.tools {
        row("tool", quote::text(&format!("{tool} {version}")).into_owned())?;
    }
    for report in &entry.evidence.reports {
        let name = quote::text(&report.name).into_owned();
        row("report", format!("{name}, {}", report.format))?;
    }
    for unread in &entry.evidence.unread {
        let (name, reason) = (quote::text(&unread.name), quote::text(&unread.reason));
        row("not read", format!("{name}: {reason}"))?;
    }
    if entry.evidence.sums.all() > 0 {
        row("tests", entry.evidence.sums.to_string())?;
    }
    let failed = results.tests.iter().filter(|test| test.outcome.is_failure());
    for test in failed.take(NAMES_MAX) {
        row("", format!("{} {}", test.outcome, quote::text(&test.name)))?;
    }
    for samples in &results.samples {
        let count = counted(samples.values.len() as u64, "sample", "samples");
        let name = quote::text(&samples.name).into_owned();
        row("metric", format!("{name}, {count}, {}", quote::text(&samples.unit)))?;
    }
    for (what, text) in [("standard output", stdout), ("standard error", stderr)] {
        match text {
            Some(text) if !text.is_empty() => {
                out.line(format_args!("\n{what}:"))?;
                for line in text.lines() {
                    out.line(quote::text(line))?;
                }
            }
            None if entry.outcome.is_some() => out.line(format_args!("\n{what}: purged"))?,
            _ => {}
        }
    }
    Ok(())
}

/// What is kept of an output; none where it was purged.
fn text_of(now: &Snapshot, output: &RunOutput) -> Result<Option<String>> {
    let mut text = String::new();
    for (content, is_tail) in [(output.head, false), (output.tail, true)] {
        let Some(content) = content else { continue };
        match now.store().read_content(content) {
            Ok(bytes) => {
                if is_tail && output.is_cut() {
                    text.push_str("\n[bytes in between were not kept]\n");
                }
                text.push_str(&String::from_utf8_lossy(&bytes));
            }
            Err(error) if error.kind() == ErrorKind::Purged => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(text))
}

/// Claims something.
pub(super) fn claim(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (text, by): (&str, &[u64]),
    as_json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Write, name)?;
    let number = session.claim(text, by.iter().copied())?;
    let claim = session.latest()?.claim(number)?;
    match as_json {
        true => out.json(&claim),
        false => rows(out, &[claim]),
    }
}

/// Lists the claims and how they stand.
pub(super) fn claims(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (at, check): (Option<&str>, bool),
    as_json: bool,
) -> Result<()> {
    let session = open_session(dir, Access::Read, name)?;
    let claims = snapshot(&session, at)?.claims()?;
    match as_json {
        true => out.json(&claims)?,
        false => rows(out, &claims)?,
    }
    if check { unsupported(&claims) } else { Ok(()) }
}

/// Fails where a claim is not supported.
pub(super) fn unsupported(claims: &[ClaimEntry]) -> Result<()> {
    let others = claims.iter().filter(|claim| !claim.status.is_supported());
    let numbers: Vec<String> = others.map(|claim| claim.number.to_string()).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    let count = counted(numbers.len() as u64, "claim is", "claims are");
    let message = format!("{count} not supported: {}", numbers.join(", "));
    Err(Error::new(ErrorKind::Invalid, message).into())
}

/// Shows claims: number, status, since, text.
pub(super) fn rows(out: &mut Output, claims: &[ClaimEntry]) -> Result<()> {
    out.table(
        [Align::Right, Align::Left, Align::Left, Align::Left],
        claims.iter().map(|claim| {
            let since = claim.stale_since.as_ref().map_or("-".to_owned(), shown_since);
            let lost = match claim.integrity {
                partita::evidence::Integrity::Lost => " (its evidence is not whole any more)",
                _ => "",
            };
            let text = format!("{}{lost}", quote::text(&claim.text));
            Ok([claim.number.to_string(), claim.status.name().to_owned(), since, text])
        }),
    )
}

fn shown_since(since: &StaleSince) -> String {
    let path = quote::path(since.path.as_bytes());
    match since.iteration {
        Some(number) => format!("{path} iteration {number}"),
        None => path.into_owned(),
    }
}

/// Takes in a report.
pub(super) fn import(
    out: &mut Output,
    dir: &Path,
    name: &str,
    (file, format): (&Path, Option<&str>),
    as_json: bool,
) -> Result<()> {
    let format = format.map(Format::by_name).transpose();
    let format = format.map_err(|error| Failure::Usage(error.to_string()))?;
    let bytes = input(Some(file))?;
    let session = open_session(dir, Access::Write, name)?;
    let number = session.import_evidence(&file.to_string_lossy(), &bytes, format)?;
    if as_json {
        return out.json(&Numbered { number });
    }
    let entry = session.evidence(number)?;
    out.line(format_args!("evidence {number}: {}, {}", entry.result(), tests(&entry)))
}

/// Prints evidence for other tools.
pub(super) fn export(
    out: &mut Output,
    dir: &Path,
    name: &str,
    number: Option<u64>,
    format: ExportFormat,
) -> Result<()> {
    let now = open_session(dir, Access::Read, name)?.latest()?;
    let entry = match number {
        Some(number) => now.evidence_at(number)?,
        None => now.evidence().next().ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("session {name:?} has no evidence yet"))
        })??,
    };
    let statement = match format {
        ExportFormat::InToto => attest::test_result(&now, &entry)?,
        ExportFormat::Slsa => attest::provenance(&now, &entry)?,
        ExportFormat::Junit => {
            let mut suite = JunitSuite::default();
            suite.name = entry.command().unwrap_or_else(|| "imported".to_owned());
            suite.took = entry.outcome.as_ref().map(|outcome| outcome.took);
            let evidence = ("partita.evidence".to_owned(), entry.id.to_string());
            suite.properties.push(evidence);
            return out.bytes(to_junit(&suite, &now.results(&entry)?.tests).as_bytes());
        }
    };
    out.json_text(&statement.to_pretty_string())
}
