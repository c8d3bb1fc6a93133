//! Benchmarks of two states.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use partita::evidence::Compared;
use partita::host::{BenchOptions, BenchProgress, Command, bench as run_bench};
use partita::statistics::{Options, Verdict};
use partita::{Error, ErrorKind};
use partita_sandbox::ProcessSandbox;

use super::run::Forwarded;
use super::{Access, open_session};
use crate::approvals;
use crate::args::BenchArgs;
use crate::failure::Result;
use crate::output::{Output, counted, note, quote};
use crate::progress::Progress;

/// Runs a command in two states in turns, records it, and compares.
pub(super) fn bench(out: &mut Output, dir: &Path, args: &BenchArgs) -> Result<()> {
    let session = open_session(dir, Access::Write, &args.name)?;
    let states = (session.checkpoint(&args.before)?, session.checkpoint(&args.after)?);
    let command = Command::new(&args.command);
    let mut options = BenchOptions::new().pairs(args.pairs)?;
    if let Some(setup) = &args.setup {
        options = options.setup(Command::shell(setup));
    }
    let scratch = Scratch::make()?;
    let open = |name: &str| ProcessSandbox::new(scratch.0.join(name));
    let (before, after) = (open("before")?.inherit_all(), open("after")?.inherit_all());
    let (mut before, mut after) = (before, after);
    if let Err(error) = approvals::note(dir, command.line().id()) {
        note(&format!("that you ran this cannot be noted: {error}"));
    }
    let signals = Forwarded::begin(vec![before.control(), after.control()]);
    let mut bar = None;
    let benched = run_bench(
        &session,
        states,
        [&mut before, &mut after],
        &command,
        &options,
        &mut |at: BenchProgress| {
            let bar = bar.get_or_insert_with(|| Progress::new(at.all as u64, "runs"));
            bar.set(at.done as u64, String::new());
            ControlFlow::Continue(())
        },
    )?;
    drop(signals);
    drop(scratch);
    let compared =
        session.compare(benched.before, benched.after, Some(&args.metric), &Options::new())?;
    match args.json.json {
        true => out.json(&compared),
        false => show(out, &compared),
    }
}

/// Shows a comparison.
fn show(out: &mut Output, compared: &Compared) -> Result<()> {
    let Compared { comparison, metric, unit, .. } = compared;
    let metric = quote::text(metric).into_owned();
    let unit = match &unit[..] {
        "" => String::new(),
        unit => format!(" {}", quote::text(unit)),
    };
    let (before, after) = comparison.medians;
    out.line(format_args!("{metric}: {before:.6}{unit} before, {after:.6}{unit} after (medians)"))?;
    let (low, high) = comparison.interval;
    let percent = |ratio: f64| (ratio - 1.0) * 100.0;
    let change = match high.is_finite() {
        true => format!(
            "{:+.2} % ({:+.2} to {:+.2} %), p {:.4}",
            comparison.percent(),
            percent(low),
            percent(high),
            comparison.p
        ),
        false => "no interval".to_owned(),
    };
    let count = counted(comparison.counts.0 as u64, "pair", "pairs");
    let margin = comparison.margin * 100.0;
    out.line(format_args!("{}: {change}; {count}, margin {margin:.2} %", comparison.verdict))?;
    if let (Verdict::Undecided, Some(reason)) = (comparison.verdict, &comparison.reason) {
        out.line(format_args!("undecided because {reason}"))?;
    }
    let (before, after) = compared.evidence;
    let changed = counted(compared.changed.len() as u64, "input differs", "inputs differ");
    out.line(format_args!("evidence {before} before, {after} after; {changed}"))
}

/// A directory for the checkouts, which goes when all is done.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self> {
        let failed =
            |error| Error::new(ErrorKind::Io, "make a scratch directory").with_source(error);
        for attempt in 0..100 {
            let name = format!("partita-bench-{}-{attempt}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch(path)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error).into()),
            }
        }
        Err(failed(std::io::ErrorKind::AlreadyExists.into()).into())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            note(&format!("{} is left over: {error}", self.0.display()));
        }
    }
}
