//! Observing a run: what it showed, on which files, and where.

use std::collections::{BTreeMap, BTreeSet};

use super::command::Command;
use super::ground::held;
use super::output::Output;
use super::reports::{self, Before};
use super::sandbox::{Description, Outcome, Sandbox};
use crate::error::{Error, Result};
use crate::limits::{EVIDENCE_READS_MAX, EVIDENCE_TOOLS_MAX, LABEL_BYTES_MAX};
use crate::object::{
    Evidence, Exit, FilePath, LeftOut, OUTPUTS, Report, Results, Samples, Scope, Series,
    UnreadReport,
};
use crate::results::{self, Format};
use crate::session::{Batch, Held, NewEvidence, Session};
use crate::workspace::Capture;

/// The observer of what was run here.
const RUN: &str = "run";
/// The observer of benchmarks.
const BENCH: &str = "bench";

/// What is known before a command runs.
#[derive(Debug)]
pub(super) struct Observing {
    held: Held,
    left_out: Vec<LeftOut>,
    reports: Vec<Before>,
    scope: Scope,
}

/// What is known after it ran.
#[derive(Debug)]
pub(super) struct Observed {
    evidence: Evidence,
    held: Held,
    left_out: Vec<LeftOut>,
    reads: BTreeSet<FilePath>,
    results: Results,
    /// The reports that were read, with their bytes.
    reports: Vec<(String, Format, Vec<u8>)>,
}

impl Observing {
    /// Looks at what the command will see: what was just captured.
    pub(super) fn begin(
        session: &Session,
        sandbox: &mut dyn Sandbox,
        command: &Command,
        captured: &Capture,
    ) -> Result<Self> {
        let reports = command.reports().iter().map(|path| reports::before(sandbox, path)).collect();
        let left_out = captured.left_out().to_vec();
        let held = held(session, sandbox)?;
        Ok(Observing { held, left_out, reports, scope: scope_of(command) })
    }

    /// Says what is known of a run without looking for reports.
    pub(super) fn observed(self, described: &Description, outcome: &Outcome) -> Observed {
        let mut evidence = Evidence::new(RUN);
        evidence.inputs.scope = self.scope;
        evidence.environment.machine = cut(&described.machine);
        let tools = described.tools.iter().take(EVIDENCE_TOOLS_MAX);
        evidence.environment.tools =
            tools.map(|(name, version)| (cut(name), cut(version))).collect();
        let mut reads = BTreeSet::new();
        if let Some(paths) = &outcome.reads {
            evidence.inputs.scope = Scope::Reads;
            reads.extend(paths.iter().cloned());
        }
        Observed {
            evidence,
            held: self.held,
            left_out: self.left_out,
            reads,
            results: Results::default(),
            reports: Vec::new(),
        }
    }

    /// Reads the reports that the command wrote; where none was asked for, what it printed, if that is
    /// what a known test runner prints.
    pub(super) fn read(
        mut self,
        sandbox: &mut dyn Sandbox,
        command: &Command,
        described: &Description,
        outcome: &Outcome,
    ) -> Observed {
        let before = std::mem::take(&mut self.reports);
        let mut observed = self.observed(described, outcome);
        for (path, before) in command.reports().iter().zip(&before) {
            let name = cut(&path.to_string_lossy());
            let read = reports::after(sandbox, path, before).and_then(|bytes| {
                let read = results::read(&bytes, None, &name).map_err(|error| error.to_string())?;
                match read.results.is_empty() {
                    true => Err("it has neither tests nor samples".to_owned()),
                    false => Ok((bytes, read)),
                }
            });
            match read {
                Ok((bytes, read)) => observed.take(name, bytes, read),
                Err(reason) => {
                    let reason = cut(&reason);
                    observed.evidence.unread.push(UnreadReport { name, reason });
                }
            }
        }
        if command.reports().is_empty() {
            for (output, name) in [(&outcome.stdout, OUTPUTS[0]), (&outcome.stderr, OUTPUTS[1])] {
                if let Some((bytes, read)) = recognized(output) {
                    observed.take(name.to_owned(), bytes, read);
                    break;
                }
            }
        }
        observed
    }
}

impl Observed {
    /// Says what is known of one side of a benchmark.
    pub(super) fn of_bench(
        described: &Description,
        held: Held,
        command: &Command,
        series: Series,
    ) -> Self {
        let (left_out, reports) = (Vec::new(), Vec::new());
        let observing = Observing { held, left_out, reports, scope: scope_of(command) };
        let mut observed = observing.observed(described, &Outcome::new(Exit::Code(0)));
        BENCH.clone_into(&mut observed.evidence.observer);
        observed.evidence.series = Some(series);
        observed
    }

    /// Adds tools that a report names.
    pub(super) fn add_tools(&mut self, named: BTreeMap<String, String>) {
        let tools = &mut self.evidence.environment.tools;
        for (name, version) in named {
            if tools.len() < EVIDENCE_TOOLS_MAX {
                tools.entry(cut(&name)).or_insert(cut(&version));
            }
        }
    }

    /// Adds samples, and a report that they come from.
    pub(super) fn take_samples(
        &mut self,
        samples: Vec<Samples>,
        report: Option<(String, Format, Vec<u8>)>,
    ) {
        self.results.samples.extend(samples);
        self.reports.extend(report.map(|(name, format, bytes)| (cut(&name), format, bytes)));
    }

    fn take(&mut self, name: String, bytes: Vec<u8>, read: results::ReadReport) {
        self.add_tools(read.tools);
        self.results.tests.extend(read.results.tests);
        self.results.samples.extend(read.results.samples);
        self.reports.push((name, read.format, bytes));
    }

    /// Adds the evidence of a run to a batch, with the claims that are made by it.
    pub(super) fn add(
        &self,
        batch: &mut Batch,
        number: u64,
        command: &Command,
        captured: Option<&Capture>,
    ) -> Result<()> {
        if self.reads.len() > EVIDENCE_READS_MAX {
            let most = EVIDENCE_READS_MAX;
            return Err(Error::invalid(format!("a run that read more than {most} files")));
        }
        let mut evidence = self.evidence.clone();
        for (name, format, bytes) in &self.reports {
            let content = batch.put_content(bytes.clone().into())?;
            let (name, format) = (name.clone(), format.name().to_owned());
            evidence.reports.push(Report { name, format, content });
        }
        let made = captured.iter().flat_map(|capture| {
            let moved = capture.renamed().iter().map(|moved| moved.to.clone());
            capture.added().iter().cloned().chain(moved)
        });
        // A report is an output, whether or not it was there before.
        let reports = command.reports().iter().filter(|path| path.is_relative());
        let reports = reports.filter_map(|path| {
            let path: std::path::PathBuf = path.components().collect();
            FilePath::new(path.as_os_str().as_encoded_bytes()).ok()
        });
        let by = batch.add_evidence(NewEvidence {
            evidence,
            run: Some(number),
            held: self.held.clone(),
            reads: self.reads.clone(),
            left_out: self.left_out.clone(),
            made: made.collect(),
            reports: reports.collect(),
            results: self.results.clone(),
        });
        for text in command.claims() {
            batch.claim_by(text, vec![by])?;
        }
        Ok(())
    }
}

fn scope_of(command: &Command) -> Scope {
    match command.input_globs() {
        [] => Scope::All,
        globs => Scope::Globs(globs.to_vec()),
    }
}

/// What a command printed, if that is what a known test runner prints, and all of it was kept.
fn recognized(output: &Output) -> Option<(Vec<u8>, results::ReadReport)> {
    if output.is_cut() {
        return None;
    }
    let bytes = [&output.head[..], &output.tail[..]].concat();
    let read = results::recognize(&bytes)?;
    Some((bytes, read))
}

/// A text as long as a label may be.
fn cut(text: &str) -> String {
    let mut ends = (0..=text.len().min(LABEL_BYTES_MAX)).rev();
    let end = ends.find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    text[..end].to_owned()
}
