//! Rounds, medians, ratios and tables.

use std::time::{Duration, Instant};

use crate::Result;
use crate::work::Step;

/// One of those who do the same work by turns.
pub(crate) trait Contender {
    fn name(&self) -> String;
    fn step(&mut self, step: &Step) -> Result<()>;
}

/// How long each piece of work took.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(crate) fn extend(&mut self, other: &Samples) {
        self.0.extend_from_slice(&other.0);
    }

    /// The smallest sample that `share` of all do not exceed; zero where there is none.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() as f64 * share).ceil() as usize;
        sorted.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }

    pub(crate) fn p50(&self) -> Duration {
        self.quantile(0.5)
    }

    pub(crate) fn p99(&self) -> Duration {
        self.quantile(0.99)
    }
}

/// What a contender took: by round, and all together.
#[derive(Clone, Debug)]
pub(crate) struct Timed {
    pub(crate) name: String,
    pub(crate) all: Samples,
    pub(crate) medians: Vec<Duration>,
}

/// Times a piece of work.
pub(crate) fn time<T>(work: impl FnOnce() -> Result<T>) -> Result<(Duration, T)> {
    let start = Instant::now();
    let value = work()?;
    Ok((start.elapsed(), value))
}

/// Lets contenders take turns: each does the same steps, a round of them at a time. The first round
/// warms up and does not count.
pub(crate) fn interleave(
    contenders: &mut [Box<dyn Contender>],
    steps: &[Step],
    round: usize,
) -> Result<Vec<Timed>> {
    let mut timed: Vec<Timed> = contenders
        .iter()
        .map(|contender| Timed {
            name: contender.name(),
            all: Samples::default(),
            medians: Vec::new(),
        })
        .collect();
    for (number, steps) in steps.chunks(round).enumerate() {
        // Who begins changes from round to round.
        for turn in 0..contenders.len() {
            let at = (turn + number) % contenders.len();
            let mut samples = Samples::default();
            for step in steps {
                samples.push(time(|| contenders[at].step(step))?.0);
            }
            if number > 0 {
                timed[at].medians.push(samples.p50());
                timed[at].all.extend(&samples);
            }
        }
    }
    Ok(timed)
}

/// The median over rounds of what `one` took by what `other` took, and the range over rounds.
pub(crate) fn ratio(one: &Timed, other: &Timed) -> Spread {
    let ratios = one.medians.iter().zip(&other.medians);
    Spread::of(ratios.map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()))
}

/// A median and a range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |at: usize| values.get(at).copied().unwrap_or(f64::NAN);
        Spread {
            median: at(values.len() / 2),
            low: at(0),
            high: at(values.len().saturating_sub(1)),
        }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} [{:.2} to {:.2}]", self.median, self.low, self.high)
    }
}

/// A Markdown table, printed row by row.
#[derive(Debug)]
pub(crate) struct Table;

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        println!("| {} |", head.join(" | "));
        println!("|{}", "---|".repeat(head.len()));
        Table
    }

    pub(crate) fn row(&self, cells: &[&dyn std::fmt::Display]) {
        let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
        println!("| {} |", cells.join(" | "));
    }
}

/// Microseconds, in whole ones from a hundred on.
pub(crate) fn micros(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    if micros < 100.0 { format!("{micros:.1} us") } else { format!("{micros:.0} us") }
}

/// Megabytes a second.
pub(crate) fn rate(bytes: u64, duration: Duration) -> f64 {
    bytes as f64 / 1e6 / duration.as_secs_f64()
}

/// Megabytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.3} MB", bytes as f64 / 1e6)
}
