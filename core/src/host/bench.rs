//! Benchmarks in pairs: two states, run in turns, each in a scratch checkout of its own.

use std::ops::ControlFlow;
use std::time::Duration;

use super::command::Command;
use super::observe::Observed;
use super::output::Output;
use super::run::{Ending, begin, short};
use super::sandbox::{Description, Outcome, Sandbox};
use crate::error::{Error, Result};
use crate::id::CheckpointId;
use crate::limits::{SAMPLE_VALUES_MAX, SERIES_PAIRS_MAX};
use crate::object::{Direction, Exit, OUTPUTS, Run, Samples, Series};
use crate::results::{self, Format};
use crate::session::{Held, Session};
use crate::statistics::Draw;

/// The metric of every benchmark: how long the command took.
pub const TIME: &str = "time";

/// The pairs that run unless a host says otherwise.
const PAIRS: usize = 10;
/// Characters of an output that an error shows.
const SHOWN_CHARS: usize = 300;

/// How a benchmark is made.
#[derive(Clone, Debug)]
pub struct BenchOptions {
    pairs: usize,
    warm_ups: usize,
    setup: Option<Command>,
}

impl Default for BenchOptions {
    fn default() -> Self {
        BenchOptions { pairs: PAIRS, warm_ups: 1, setup: None }
    }
}

impl BenchOptions {
    /// The usual ones: 10 pairs behind one that does not count, and nothing to set up.
    pub fn new() -> Self {
        BenchOptions::default()
    }

    /// Sets how many pairs count. It is fixed before the first runs: nobody stops where it suits.
    ///
    /// # Errors
    /// `Invalid` for none, and for more than 1,000.
    pub fn pairs(self, pairs: usize) -> Result<Self> {
        match (1..=SERIES_PAIRS_MAX).contains(&pairs) {
            true => Ok(BenchOptions { pairs, ..self }),
            false => Err(Error::invalid(format!(
                "{pairs} pairs of a benchmark, 1 to {SERIES_PAIRS_MAX} can be run"
            ))),
        }
    }

    /// Runs a command in each checkout first, such as one that builds what is measured.
    #[must_use]
    pub fn setup(self, command: Command) -> Self {
        BenchOptions { setup: Some(command), ..self }
    }
}

/// How far a benchmark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BenchProgress {
    /// Runs of the command that are done, those that do not count among them.
    pub done: usize,
    /// Runs in all.
    pub all: usize,
}

/// The evidence of a benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Benched {
    /// The number of the evidence before the change.
    pub before: u64,
    /// The number of the evidence after it.
    pub after: u64,
}

/// Runs a command in two states of a session in turns, and records what each showed as evidence:
/// [`Session::compare`](crate::Session::compare) compares them. Which of a pair runs first is drawn by
/// a seed that is recorded.
///
/// The sandboxes are two empty directories of this machine; the states are checked out into them, and
/// nothing of them is captured. Metrics are [`TIME`] and those of the reports that the command writes,
/// or of what it prints, if that is what a known benchmark prints.
///
/// # Errors
/// `Invalid` if a sandbox is no directory, if files cannot be checked out, or as soon as the command
/// does not end well: then no evidence is recorded. `Io` if `told` ends it. Else as
/// [`run`](super::run()).
pub fn bench(
    session: &Session,
    (before, after): (CheckpointId, CheckpointId),
    sandboxes: [&mut dyn Sandbox; 2],
    command: &Command,
    options: &BenchOptions,
    told: &mut dyn FnMut(BenchProgress) -> ControlFlow<()>,
) -> Result<Benched> {
    command.check()?;
    let seed =
        u64::from_le_bytes(session.store().nonce()?.first_chunk().copied().unwrap_or_default());
    let mut sides = Vec::new();
    for (sandbox, checkpoint) in sandboxes.into_iter().zip([before, after]) {
        sides.push(Side::begin(session, sandbox, checkpoint, command, options)?);
    }
    let (mut draw, mut order, mut done) = (Draw::new(seed), Vec::new(), 0);
    let all = (options.pairs + options.warm_ups) * 2;
    for pair in 0..options.pairs + options.warm_ups {
        let is_after_first = draw.is_heads();
        let turns = if is_after_first { [1, 0] } else { [0, 1] };
        let counts = pair >= options.warm_ups;
        for at in turns {
            sides[at].turn(command, counts).inspect_err(|_| give_up(session, &sides, command))?;
            done += 1;
            if told(BenchProgress { done, all }).is_break() {
                give_up(session, &sides, command);
                let ended = std::io::Error::from(std::io::ErrorKind::Interrupted);
                return Err(Error::io("run a benchmark", ended));
            }
        }
        order.extend(counts.then_some(is_after_first));
    }
    let mut numbers = Vec::new();
    for (side, is_after) in sides.into_iter().zip([false, true]) {
        let series =
            Series { seed, is_after, warm_ups: options.warm_ups as u64, order: order.clone() };
        numbers.push(side.end(session, command, series)?);
    }
    Ok(Benched { before: numbers[0], after: numbers[1] })
}

/// One of the two states.
struct Side<'a> {
    sandbox: &'a mut dyn Sandbox,
    described: Description,
    held: Held,
    number: u64,
    took: Duration,
    last: Option<Outcome>,
    metrics: Vec<Samples>,
    /// The report of the last turn, as the tool wrote it.
    report: Option<(String, Format, Vec<u8>)>,
    tools: std::collections::BTreeMap<String, String>,
}

impl<'a> Side<'a> {
    fn begin(
        session: &Session,
        sandbox: &'a mut dyn Sandbox,
        checkpoint: CheckpointId,
        command: &Command,
        options: &BenchOptions,
    ) -> Result<Self> {
        let Some(directory) = sandbox.directory().map(std::path::Path::to_owned) else {
            return Err(Error::invalid("a benchmark runs in directories of this machine"));
        };
        let state = session.at(checkpoint)?;
        let plan = session.checkout_unrecorded(checkpoint, &directory)?;
        if let Some(missing) = plan.left_out().next() {
            let path = &missing.path;
            return Err(Error::invalid(format!("{path} cannot be checked out for the benchmark")));
        }
        if let Some(setup) = &options.setup {
            let outcome = sandbox.run(setup, &mut |_, _| {})?;
            check(&outcome, &format!("the setup `{}`", short(&setup.line().line())))?;
        }
        let described = sandbox.describe()?;
        let mut run = Run::new(command.line().clone(), session.store().now());
        run.directory = command.path().map(|path| path.as_bytes().to_vec()).unwrap_or_default();
        run.environment = command.environment().keys().cloned().collect();
        run.timeout = command.time_limit();
        run.before = Some(checkpoint);
        run.sandbox = described.recorded();
        run.validate()?;
        let number = begin(session, run)?;
        let files = state.roots().files();
        let held = Held { state: files, checkpoint: Some(checkpoint), ..Held::default() };
        Ok(Side {
            sandbox,
            described,
            held,
            number,
            took: Duration::ZERO,
            last: None,
            metrics: Vec::new(),
            report: None,
            tools: Default::default(),
        })
    }

    /// Runs the command once.
    fn turn(&mut self, command: &Command, counts: bool) -> Result<()> {
        let begun = std::time::Instant::now();
        let looks = command.reports().iter();
        let looks: Vec<_> = looks.map(|path| super::reports::before(self.sandbox, path)).collect();
        let outcome = self.sandbox.run(command, &mut |_, _| {})?;
        check(&outcome, "the command")?;
        let took = if outcome.took.is_zero() { begun.elapsed() } else { outcome.took };
        self.took += took;
        let mut found = vec![Samples::new(TIME, "s", Direction::Lower, [took.as_secs_f64()])?];
        for (path, before) in command.reports().iter().zip(&looks) {
            let name = path.to_string_lossy().into_owned();
            let refused =
                |reason: String| Error::invalid(format!("report {name} of a benchmark: {reason}"));
            let bytes = super::reports::after(self.sandbox, path, before).map_err(refused)?;
            let read = results::read(&bytes, None, &name)?;
            self.take(&mut found, name, bytes, read)?;
        }
        if command.reports().is_empty() {
            let bytes = [&outcome.stdout.head[..], &outcome.stdout.tail[..]].concat();
            let whole = (!outcome.stdout.is_cut()).then_some(bytes);
            if let Some((bytes, read)) = whole.and_then(|bytes| {
                let read = results::recognize(&bytes)?;
                Some((bytes, read))
            }) {
                self.take(&mut found, OUTPUTS[0].to_owned(), bytes, read)?;
            }
        }
        self.last = Some(outcome);
        if !counts {
            return Ok(());
        }
        if self.metrics.is_empty() {
            self.metrics = found;
            return Ok(());
        }
        // A metric that is not there each time is none of pairs.
        self.metrics.retain_mut(|metric| {
            let new = found.iter().find(|new| new.name == metric.name && new.unit == metric.unit);
            metric.values.extend(new.iter().flat_map(|new| &new.values));
            new.is_some() && metric.values.len() <= SAMPLE_VALUES_MAX
        });
        Ok(())
    }

    /// Takes up what a report says: of each metric the median of what was measured in this turn.
    fn take(
        &mut self,
        found: &mut Vec<Samples>,
        name: String,
        bytes: Vec<u8>,
        read: results::ReadReport,
    ) -> Result<()> {
        if results_failed(&read) {
            return Err(Error::invalid(format!("a test failed in a benchmark's report {name}")));
        }
        for samples in read.results.samples {
            let mut values = samples.values.clone();
            values.sort_by(f64::total_cmp);
            if let Some(median) = values.get(values.len() / 2) {
                let (name, unit) = (samples.name, samples.unit);
                found.push(Samples::new(name, unit, samples.direction, [*median])?);
            }
        }
        self.tools.extend(read.tools);
        self.report = Some((name, read.format, bytes));
        Ok(())
    }

    /// Records what it showed, and returns the evidence's number.
    fn end(self, session: &Session, command: &Command, series: Series) -> Result<u64> {
        let last = self.last.unwrap_or_else(|| Outcome::new(Exit::Lost));
        let outcome = Outcome { took: self.took, ..last };
        let mut observed = Observed::of_bench(&self.described, self.held, command, series);
        observed.add_tools(self.tools);
        observed.take_samples(self.metrics, self.report);
        let instance = self.described.instance;
        let ending =
            Ending { number: self.number, command, outcome: &outcome, instance: &instance };
        let ended =
            ending.commit(session, |batch| observed.add(batch, self.number, command, None))?;
        ended.now.newest_evidence()
    }
}

fn results_failed(read: &results::ReadReport) -> bool {
    read.results.tests.iter().any(|test| test.outcome.is_failure())
}

/// Closes the runs of a benchmark that came to nothing.
fn give_up(session: &Session, sides: &[Side<'_>], command: &Command) {
    for side in sides {
        let outcome = match &side.last {
            Some(last) => {
                Outcome { stdout: Output::default(), stderr: Output::default(), ..last.clone() }
            }
            None => Outcome::new(Exit::Lost),
        };
        let instance = &side.described.instance;
        let ending = Ending { number: side.number, command, outcome: &outcome, instance };
        // That it failed is the error that matters.
        drop(ending.commit(session, |_| Ok(())));
    }
}

fn check(outcome: &Outcome, what: &str) -> Result<()> {
    if outcome.exit.is_success() {
        return Ok(());
    }
    let said = [outcome.stderr.text(), outcome.stdout.text()].concat();
    let chars = said.trim().chars().count();
    let said: String = said.trim().chars().skip(chars.saturating_sub(SHOWN_CHARS)).collect();
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let exit = &outcome.exit;
    Err(Error::invalid(format!("{what} of a benchmark did not end well: {exit}; {said}")))
}
