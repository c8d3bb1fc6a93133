//! Comparing the samples of two pieces of evidence, where nothing differs but the change.

use crate::error::{Error, Result, quoted};
use crate::limits::STALE_PATHS_LOOKED_AT;
use crate::map::Map;
use crate::object::{Direction, FilePath, Samples, Scope};
use crate::session::line::listing;
use crate::session::read::evidence::{Difference, EvidenceEntry, EvidenceOutcome};
use crate::session::read::snapshot::Snapshot;
use crate::statistics::{Comparison, Options, compare_pairs, compare_unpaired};

/// Pieces of evidence that are looked through for a run of the same against the same.
const NOISE_LOOKED_AT: usize = 256;

/// Metrics that a message names.
const NAMES_SHOWN: usize = 20;

/// How a metric of one piece of evidence compares with that of another.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Compared {
    /// The numbers of the evidence before and after.
    pub evidence: (u64, u64),
    /// The metric.
    pub metric: String,
    /// The unit of its values; may be empty.
    pub unit: String,
    /// Which way it is better.
    pub direction: Direction,
    /// What the statistics say.
    pub comparison: Comparison,
    /// The samples before and after, in the order in which they were taken.
    pub samples: (Vec<f64>, Vec<f64>),
    /// What a comparison of the same with the same showed here, as a share: the margin is no smaller.
    pub noise: Option<f64>,
    /// The inputs that differ: the change. The first [`STALE_PATHS_LOOKED_AT`] in the order of paths.
    pub changed: Vec<FilePath>,
}

impl Snapshot {
    /// Compares a metric of two pieces of evidence. Without a name it is the only one that both have.
    ///
    /// Two sides of one benchmark are compared as pairs, anything else as samples that are no pairs.
    /// The margin is never below the noise that the newest comparison of the same with the same
    /// showed, of the same command in the same environment.
    ///
    /// # Errors
    /// `Invalid`, listing what differs, unless command, scope of inputs, environment, unit and
    /// direction are the same, and both ended well. `NotFound` if there is no such evidence or metric.
    pub fn compare(
        &self,
        before: u64,
        after: u64,
        metric: Option<&str>,
        options: &Options,
    ) -> Result<Compared> {
        let (before, after) = (self.evidence_at(before)?, self.evidence_at(after)?);
        let (ours, theirs) = self.metric_of(&before, &after, metric)?;
        let mut differences = harness_differences(&before, &after);
        differences.extend(before.environment_differences(&after));
        let note = |what: &str, a: String, b: String, differences: &mut Vec<Difference>| {
            if a != b {
                differences.push(Difference::new(what, a, b));
            }
        };
        note("unit", ours.unit.clone(), theirs.unit.clone(), &mut differences);
        note(
            "direction",
            ours.direction.to_string(),
            theirs.direction.to_string(),
            &mut differences,
        );
        for entry in [&before, &after] {
            let result = entry.result();
            if result != EvidenceOutcome::Passed {
                let what = format!("the outcome of evidence {}", entry.number);
                differences.push(Difference::new(what, "passed", result.name()));
            }
        }
        if !differences.is_empty() {
            let said: Vec<String> = differences.iter().map(Difference::to_string).collect();
            return Err(Error::invalid(format!(
                "evidence {} and {} are not comparable: {}",
                before.number,
                after.number,
                said.join("; ")
            )));
        }
        let noise = self.noise(&before, &ours)?;
        let margin = noise.filter(|noise| *noise > options.share() && *noise < 1.0);
        let options = match margin {
            Some(noise) => options.margin(noise)?,
            None => *options,
        };
        let comparison = match is_series(&before, &after) {
            true => compare_pairs(&ours.values, &theirs.values, ours.direction, &options)?,
            false => compare_unpaired(&ours.values, &theirs.values, ours.direction, &options)?,
        };
        Ok(Compared {
            evidence: (before.number, after.number),
            metric: ours.name,
            unit: ours.unit,
            direction: ours.direction,
            comparison,
            samples: (ours.values, theirs.values),
            noise,
            changed: self.changed_between(&before, &after)?,
        })
    }

    /// The names of the metrics that both have.
    ///
    /// # Errors
    /// As [`results`](Self::results).
    pub fn metrics_in_common(&self, before: u64, after: u64) -> Result<Vec<String>> {
        let results = |number| self.results(&self.evidence_at(number)?);
        let (before, after) = (results(before)?.samples, results(after)?.samples);
        Ok(in_common(&before, &after).into_iter().map(str::to_owned).collect())
    }

    /// The samples of a metric on both sides.
    fn metric_of(
        &self,
        before: &EvidenceEntry,
        after: &EvidenceEntry,
        metric: Option<&str>,
    ) -> Result<(Samples, Samples)> {
        let (ours, theirs) = (self.results(before)?.samples, self.results(after)?.samples);
        let has = |all: &[Samples]| match all {
            [] => "none".to_owned(),
            all => all
                .iter()
                .take(NAMES_SHOWN)
                .map(|of| quoted(&of.name))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let find = |all: &[Samples], name: &str| {
            let mut of_name = all.iter().filter(|samples| samples.name == name);
            of_name.next().cloned()
        };
        let names = in_common(&ours, &theirs);
        let numbers = (before.number, after.number);
        let name = match (metric, &names[..]) {
            (Some(name), _) => name,
            (None, [name]) => name,
            (None, []) => {
                return Err(Error::not_found(format!(
                    "evidence {} and {} have no metric in common: {} has {}, {} has {}",
                    numbers.0,
                    numbers.1,
                    numbers.0,
                    has(&ours),
                    numbers.1,
                    has(&theirs)
                )));
            }
            (None, names) => {
                let shown: Vec<&str> = names.iter().copied().take(NAMES_SHOWN).collect();
                return Err(Error::invalid(format!(
                    "evidence {} and {} have {} metrics in common: name one of {}",
                    numbers.0,
                    numbers.1,
                    names.len(),
                    shown.join(", ")
                )));
            }
        };
        match (find(&ours, name), find(&theirs, name)) {
            (Some(ours), Some(theirs)) => Ok((ours, theirs)),
            (found, _) => {
                let (number, has) = match found {
                    None => (numbers.0, has(&ours)),
                    Some(_) => (numbers.1, has(&theirs)),
                };
                let name = quoted(name);
                Err(Error::not_found(format!(
                    "evidence {number} has no metric {name}: it has {has}"
                )))
            }
        }
    }

    /// How far the same differed from the same, as a share: of the newest such pair of the command
    /// and the environment.
    fn noise(&self, of: &EvidenceEntry, metric: &Samples) -> Result<Option<f64>> {
        let mut sides: Vec<EvidenceEntry> = Vec::new();
        for entry in self.evidence().take(NOISE_LOOKED_AT) {
            let entry = entry?;
            let is_like = entry.evidence.series.is_some()
                && entry.result() == EvidenceOutcome::Passed
                && harness_differences(&entry, of).is_empty()
                && entry.environment_differences(of).is_empty();
            if !is_like {
                continue;
            }
            let same = sides.iter().find(|other| {
                is_series(&entry, other)
                    && other.evidence.inputs.files == entry.evidence.inputs.files
            });
            if let Some(other) = same {
                let values = |entry: &EvidenceEntry| -> Result<Vec<f64>> {
                    let samples = self.results(entry)?.samples.into_iter();
                    let mut of_name = samples.filter(|samples| samples.name == metric.name);
                    Ok(of_name.next().map(|samples| samples.values).unwrap_or_default())
                };
                let (before, after) = (values(&entry)?, values(other)?);
                let plain = Options::new();
                let compared = compare_pairs(&before, &after, metric.direction, &plain)?;
                let (low, high) = compared.interval;
                if low > 0.0 && high.is_finite() {
                    return Ok(Some((1.0 / low).max(high) - 1.0));
                }
            }
            sides.push(entry);
        }
        Ok(None)
    }

    /// The inputs that differ between two pieces of evidence.
    fn changed_between(
        &self,
        before: &EvidenceEntry,
        after: &EvidenceEntry,
    ) -> Result<Vec<FilePath>> {
        let (from, to) =
            (Map::new(before.evidence.inputs.files), Map::new(after.evidence.inputs.files));
        let changes = from.diff(&to, &self.store).take(STALE_PATHS_LOOKED_AT);
        changes.map(|change| listing::path_of(&change?.key)).collect()
    }
}

/// What differs in how two were observed.
fn harness_differences(before: &EvidenceEntry, after: &EvidenceEntry) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut note = |what: &str, a: String, b: String| {
        if a != b {
            differences.push(Difference::new(what, a, b));
        }
    };
    let command = |entry: &EvidenceEntry| entry.command().unwrap_or_default();
    note("command", command(before), command(after));
    let directory = |entry: &EvidenceEntry| {
        let run = entry.run.as_ref();
        run.map(|run| String::from_utf8_lossy(&run.directory).into_owned()).unwrap_or_default()
    };
    note("directory", directory(before), directory(after));
    let scope = |entry: &EvidenceEntry| match &entry.evidence.inputs.scope {
        Scope::All => "all files".to_owned(),
        Scope::Globs(globs) => globs.join(" "),
        Scope::Reads => "what was read".to_owned(),
    };
    note("inputs", scope(before), scope(after));
    let formats = |entry: &EvidenceEntry| {
        let formats = entry.evidence.reports.iter().map(|report| &report.format[..]);
        formats.collect::<Vec<_>>().join(" ")
    };
    note("reports", formats(before), formats(after));
    differences
}

/// Tells whether two are the sides of one series of pairs.
fn is_series(before: &EvidenceEntry, after: &EvidenceEntry) -> bool {
    match (&before.evidence.series, &after.evidence.series) {
        (Some(ours), Some(theirs)) => {
            ours.seed == theirs.seed
                && ours.order == theirs.order
                && ours.is_after != theirs.is_after
        }
        _ => false,
    }
}

/// The names of the metrics that both have, in the order of the first.
fn in_common<'a>(before: &'a [Samples], after: &[Samples]) -> Vec<&'a str> {
    let is_common = |name: &&str| after.iter().any(|samples| samples.name == *name);
    before.iter().map(|samples| &samples.name[..]).filter(is_common).collect()
}
