//! Running the commands behind claims again.

use std::io::Write as _;
use std::path::Path;

use partita::evidence::{ClaimEntry, EvidenceEntry};
use partita::host::{Command, run_with};
use partita::object::Scope;
use partita::workspace::{CaptureOptions, check_directory};
use partita::{Error, ErrorKind, Session};
use partita_sandbox::ProcessSandbox;

use super::evidence::{rows, unsupported, what};
use super::run::Forwarded;
use super::{Access, open_session};
use crate::approvals;
use crate::args::Rerun;
use crate::failure::Result;
use crate::output::{Output, note, quote};

/// Runs the commands behind claims again, and shows how the claims stand then.
pub(super) fn rerun(out: &mut Output, dir: &Path, args: &Rerun) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name)?;
    check_directory(&args.dir, Some(dir), &CaptureOptions::new())?;
    let claims = chosen(&session, &args.claims)?;
    let mut sandbox = ProcessSandbox::new(&args.dir)?.inherit_all();
    let mut refused = 0;
    for entry in behind(&session, &claims)? {
        let Some(run) = &entry.run else {
            note(&format!("evidence {} is a report of somewhere else: not run", entry.number));
            continue;
        };
        if entry.evidence.series.is_some() {
            let number = entry.number;
            note(&format!("evidence {number} is of a benchmark: `partita bench` runs it again"));
            continue;
        }
        if !args.yes && !approvals::is_approved(dir, run.command.id()) {
            refused += 1;
            note(&format!("not run, for this user never ran it: {}", what(&entry)));
            continue;
        }
        note(&format!("running {}", what(&entry)));
        let signals = Forwarded::begin(vec![sandbox.control()]);
        let ran = run_with(
            &session,
            &mut sandbox,
            &command(&entry)?,
            &CaptureOptions::new(),
            // The standard output is for the claims.
            &mut |_, bytes| drop(std::io::stderr().write_all(bytes)),
        )?;
        drop(signals);
        ran.capture?;
        let exit = quote::text(&ran.outcome.exit.to_string()).into_owned();
        note(&format!("evidence {}: {exit}", ran.evidence));
    }
    let now = session.latest()?;
    let claims: Vec<ClaimEntry> =
        claims.iter().map(|claim| now.claim(claim.number)).collect::<partita::Result<_>>()?;
    match args.json.json {
        true => out.json(&claims)?,
        false => rows(out, &claims)?,
    }
    if refused > 0 {
        note("`--yes` runs such commands too");
    }
    unsupported(&claims)
}

/// The claims of these numbers, or those that are not supported.
fn chosen(session: &Session, numbers: &[u64]) -> Result<Vec<ClaimEntry>> {
    let now = session.latest()?;
    if !numbers.is_empty() {
        return Ok(numbers
            .iter()
            .map(|number| now.claim(*number))
            .collect::<partita::Result<_>>()?);
    }
    let claims = now.claims()?;
    if claims.is_empty() {
        let message = format!("session {:?} has no claims", session.name());
        return Err(Error::new(ErrorKind::NotFound, message).into());
    }
    Ok(claims.into_iter().filter(|claim| !claim.status.is_supported()).collect())
}

/// The evidence that claims cite, each command once.
fn behind(session: &Session, claims: &[ClaimEntry]) -> Result<Vec<EvidenceEntry>> {
    let now = session.latest()?;
    let mut entries: Vec<EvidenceEntry> = Vec::new();
    for number in claims.iter().flat_map(|claim| &claim.evidence) {
        let entry = now.evidence_at(*number)?;
        let is_same = |known: &EvidenceEntry| {
            let of = |entry: &EvidenceEntry| {
                let run = entry.run.as_ref();
                run.map(|run| (run.command.id(), run.directory.clone()))
            };
            known.number == entry.number
                || of(known).is_some()
                    && of(known) == of(&entry)
                    && known.evidence.inputs.scope == entry.evidence.inputs.scope
                    && known.evidence.report_files() == entry.evidence.report_files()
        };
        if !entries.iter().any(is_same) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The command that evidence is of, as it was asked for.
fn command(entry: &EvidenceEntry) -> Result<Command> {
    let run = entry.run.as_ref().expect("whoever asks has looked");
    let mut command = Command::of(run.command.clone());
    if !run.directory.is_empty() {
        command = command.directory(&run.directory)?;
    }
    if let Some(timeout) = run.timeout {
        command = command.timeout(timeout);
    }
    if run.is_setup {
        command = command.setup();
    }
    if let Scope::Globs(globs) = &entry.evidence.inputs.scope {
        for glob in globs {
            command = command.inputs(glob)?;
        }
    }
    for name in entry.evidence.report_files() {
        command = command.report(name);
    }
    Ok(command)
}
