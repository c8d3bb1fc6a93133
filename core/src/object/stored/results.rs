//! Results: what a tool reported, test by test and sample by sample.

use std::time::Duration;

use super::{BodyReader, BodyWriter, Canonical, Kind, RefReader};
use crate::codec::malformed;
use crate::error::{Error, Result};
use crate::id::ObjectId;
use crate::limits::{
    LABEL_BYTES_MAX, RESULTS_NODE_BYTES, RESULTS_SAMPLES_MAX, RESULTS_TESTS_MAX, SAMPLE_VALUES_MAX,
};

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TestOutcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It could not be run to its end: its set-up failed, say.
    Error,
    /// It was not run.
    Skipped,
    /// It failed, and passed when it was tried again.
    Flaky,
    /// It failed, as it was expected to.
    ExpectedFailure,
    /// It passed, although it was expected to fail.
    UnexpectedPass,
}

/// All outcomes with their names, at their numbers.
const OUTCOMES: [(TestOutcome, &str); 7] = [
    (TestOutcome::Passed, "passed"),
    (TestOutcome::Failed, "failed"),
    (TestOutcome::Error, "error"),
    (TestOutcome::Skipped, "skipped"),
    (TestOutcome::Flaky, "flaky"),
    (TestOutcome::ExpectedFailure, "expected-failure"),
    (TestOutcome::UnexpectedPass, "unexpected-pass"),
];

impl TestOutcome {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        OUTCOMES[self as usize].1
    }

    /// Tells whether it speaks against the whole.
    pub fn is_failure(self) -> bool {
        matches!(self, TestOutcome::Failed | TestOutcome::Error)
    }
}

impl std::fmt::Display for TestOutcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// One test of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestResult {
    /// What the tool calls it.
    pub name: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// How long it took, in microseconds at the finest, where the tool says so.
    pub took: Option<Duration>,
}

impl TestResult {
    /// Makes a row. A name beyond the limit is cut.
    pub fn new(name: impl Into<String>, outcome: TestOutcome, took: Option<Duration>) -> Self {
        let took = took.map(|took| Duration::from_micros(micros(took)));
        TestResult { name: label(name.into()), outcome, took }
    }
}

/// How many tests ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestSums {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
    /// Tests that could not be run to their end.
    pub errors: u64,
    /// Tests that were not run.
    pub skipped: u64,
    /// Tests that passed at a later try.
    pub flaky: u64,
    /// Tests that failed as they were expected to.
    pub expected_failures: u64,
    /// Tests that passed although they were expected to fail.
    pub unexpected_passes: u64,
}

impl TestSums {
    /// Counts tests.
    pub fn of<'a>(tests: impl IntoIterator<Item = &'a TestResult>) -> Self {
        let mut sums = TestSums::default();
        for test in tests {
            *sums.slot(test.outcome) += 1;
        }
        sums
    }

    /// Returns how many tests there are.
    pub fn all(&self) -> u64 {
        self.row().into_iter().fold(0, u64::saturating_add)
    }

    /// Tells whether any test speaks against the whole.
    pub fn has_failures(&self) -> bool {
        self.failed > 0 || self.errors > 0
    }

    fn slot(&mut self, outcome: TestOutcome) -> &mut u64 {
        match outcome {
            TestOutcome::Passed => &mut self.passed,
            TestOutcome::Failed => &mut self.failed,
            TestOutcome::Error => &mut self.errors,
            TestOutcome::Skipped => &mut self.skipped,
            TestOutcome::Flaky => &mut self.flaky,
            TestOutcome::ExpectedFailure => &mut self.expected_failures,
            TestOutcome::UnexpectedPass => &mut self.unexpected_passes,
        }
    }

    /// The numbers, in the order of the outcomes.
    pub(crate) fn row(&self) -> [u64; 7] {
        let mut sums = *self;
        OUTCOMES.map(|(outcome, _)| *sums.slot(outcome))
    }

    /// Reads what [`row`](Self::row) gave.
    pub(crate) fn from_row(row: [u64; 7]) -> Self {
        let mut sums = TestSums::default();
        for ((outcome, _), number) in OUTCOMES.into_iter().zip(row) {
            *sums.slot(outcome) = number;
        }
        sums
    }
}

impl std::fmt::Display for TestSums {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        for ((outcome, name), number) in OUTCOMES.into_iter().zip(self.row()) {
            if number > 0 || outcome == TestOutcome::Passed {
                write!(f, "{separator}{number} {name}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// Which way a metric is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// Less is better: times, bytes.
    Lower,
    /// More is better: throughput.
    Higher,
    /// The report does not say.
    #[default]
    Unknown,
}

/// All directions with their names, at their numbers.
const DIRECTIONS: [(Direction, &str); 3] =
    [(Direction::Lower, "lower"), (Direction::Higher, "higher"), (Direction::Unknown, "unknown")];

impl Direction {
    /// Returns the name that listings show.
    pub fn name(self) -> &'static str {
        DIRECTIONS[self as usize].1
    }
}

impl std::fmt::Display for Direction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What was measured, once and again.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Samples {
    /// The metric, such as the name of a benchmark.
    pub name: String,
    /// The unit of the values, such as `s` or `ns/iter`; may be empty.
    pub unit: String,
    /// Which way it is better.
    pub direction: Direction,
    /// What was measured, in the order in which it was; all finite.
    pub values: Vec<f64>,
}

impl Samples {
    /// Makes a row.
    ///
    /// # Errors
    /// `Invalid` for a value that is no finite number, and for more values than one row holds.
    pub fn new(
        name: impl Into<String>,
        unit: impl Into<String>,
        direction: Direction,
        values: impl IntoIterator<Item = f64>,
    ) -> Result<Self> {
        let (name, unit) = (label(name.into()), label(unit.into()));
        // There is one zero.
        let values: Vec<f64> = values.into_iter().map(|value| value + 0.0).collect();
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(Error::invalid(format!("a sample of {name} is {value}, no number")));
        }
        if values.len() > SAMPLE_VALUES_MAX {
            let count = values.len();
            let message = format!("{count} samples of {name}, at most {SAMPLE_VALUES_MAX}");
            return Err(Error::invalid(message));
        }
        Ok(Samples { name, unit, direction, values })
    }
}

/// What a tool reported.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Results {
    /// Tests, in the order of the report.
    pub tests: Vec<TestResult>,
    /// Samples, in the order of the report.
    pub samples: Vec<Samples>,
}

impl Results {
    /// Makes results of tests and samples.
    pub fn new(tests: Vec<TestResult>, samples: Vec<Samples>) -> Self {
        Results { tests, samples }
    }

    /// Tells whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.tests.is_empty() && self.samples.is_empty()
    }

    /// Splits it so that each piece fits into a node.
    pub(crate) fn pieces(&self) -> Vec<Results> {
        let mut pieces = Vec::new();
        let (mut piece, mut bytes) = (Results::default(), 0);
        let mut make_room = |piece: &mut Results, bytes: &mut usize, size: usize| {
            let is_full = piece.tests.len() >= RESULTS_TESTS_MAX
                || piece.samples.len() >= RESULTS_SAMPLES_MAX
                || *bytes + size > RESULTS_NODE_BYTES;
            if is_full && !piece.is_empty() {
                pieces.push(std::mem::take(piece));
                *bytes = 0;
            }
            *bytes += size;
        };
        for test in &self.tests {
            make_room(&mut piece, &mut bytes, test.name.len() + 16);
            piece.tests.push(test.clone());
        }
        for samples in &self.samples {
            let size = samples.name.len() + samples.unit.len() + samples.values.len() * 8 + 32;
            make_room(&mut piece, &mut bytes, size);
            piece.samples.push(samples.clone());
        }
        if !piece.is_empty() {
            pieces.push(piece);
        }
        pieces
    }
}

/// A text as long as a label may be.
pub(super) fn label(mut text: String) -> String {
    if text.len() > LABEL_BYTES_MAX {
        const CUT: &str = "...";
        let mut ends = (0..=LABEL_BYTES_MAX - CUT.len()).rev();
        text.truncate(ends.find(|&at| text.is_char_boundary(at)).unwrap_or(0));
        text.push_str(CUT);
    }
    text
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX - 1).min(u64::MAX - 1)
}

impl Canonical for Results {
    const KIND: Kind = Kind::RESULTS;
    const VERSION: u16 = 1;

    fn encode(&self, _refs: &mut Vec<ObjectId>, body: &mut BodyWriter<'_>) {
        body.0.uint(self.tests.len() as u64);
        for test in &self.tests {
            body.0.bytes(test.name.as_bytes()).uint(test.outcome as u64);
            body.0.uint(test.took.map_or(0, |took| micros(took) + 1));
        }
        body.0.uint(self.samples.len() as u64);
        for samples in &self.samples {
            body.0.bytes(samples.name.as_bytes()).bytes(samples.unit.as_bytes());
            body.0.uint(samples.direction as u64);
            let bytes: Vec<u8> =
                samples.values.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
            body.0.bytes(&bytes);
        }
    }

    fn decode(_version: u16, _refs: &mut RefReader<'_>, body: &mut BodyReader<'_>) -> Result<Self> {
        let mut results = Results::default();
        for _ in 0..body.0.count(RESULTS_TESTS_MAX, "the number of tests")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a test's name")?.to_owned();
            let outcome = OUTCOMES[body.0.count(OUTCOMES.len() - 1, "how a test ended")?].0;
            let took = body.0.uint()?.checked_sub(1).map(Duration::from_micros);
            results.tests.push(TestResult { name, outcome, took });
        }
        for _ in 0..body.0.count(RESULTS_SAMPLES_MAX, "the number of metrics")? {
            let name = body.0.text(LABEL_BYTES_MAX, "a metric's name")?.to_owned();
            let unit = body.0.text(LABEL_BYTES_MAX, "a unit")?.to_owned();
            let direction = DIRECTIONS[body.0.count(DIRECTIONS.len() - 1, "a direction")?].0;
            let bytes = body.0.bytes(SAMPLE_VALUES_MAX * 8, "samples")?;
            let (chunks, rest) = bytes.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(malformed("samples that are not 8 bytes each"));
            }
            let values: Vec<f64> =
                chunks.iter().map(|chunk| f64::from_bits(u64::from_le_bytes(*chunk))).collect();
            let is_one =
                |value: &f64| value.is_finite() && !(*value == 0.0 && value.is_sign_negative());
            if !values.iter().all(is_one) {
                return Err(malformed("a sample that is no finite number, or a negative zero"));
            }
            results.samples.push(Samples { name, unit, direction, values });
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_and_directions_stand_at_their_numbers() {
        for (at, (outcome, _)) in OUTCOMES.into_iter().enumerate() {
            assert_eq!(outcome as usize, at);
        }
        for (at, (direction, _)) in DIRECTIONS.into_iter().enumerate() {
            assert_eq!(direction as usize, at);
        }
    }

    #[test]
    fn sums_count_every_outcome_and_come_back() {
        let tests: Vec<TestResult> = OUTCOMES
            .into_iter()
            .enumerate()
            .flat_map(|(at, (outcome, name))| {
                std::iter::repeat_n(TestResult::new(name, outcome, None), at + 1)
            })
            .collect();
        let sums = TestSums::of(&tests);
        assert_eq!(sums.row(), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!((TestSums::from_row(sums.row()), sums.all()), (sums, 28));
        assert!(sums.has_failures());
        let text = "1 passed, 2 failed, 3 error, 4 skipped, 5 flaky, 6 expected-failure, \
                    7 unexpected-pass";
        assert_eq!(sums.to_string(), text);
        assert_eq!(TestSums::default().to_string(), "0 passed");
    }

    #[test]
    fn a_sample_that_is_no_number_is_refused_and_there_is_one_zero() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Samples::new("m", "s", Direction::Lower, [1.0, value]).is_err());
        }
        let zero = Samples::new("m", "s", Direction::Lower, [-0.0]).unwrap();
        assert!(zero.values[0].is_sign_positive());
        let most = vec![1.0; SAMPLE_VALUES_MAX];
        assert!(Samples::new("m", "s", Direction::Lower, most.clone()).is_ok());
        assert!(Samples::new("m", "s", Direction::Lower, most.into_iter().chain([1.0])).is_err());
    }

    #[test]
    fn what_no_node_holds_is_split_and_nothing_is_lost() {
        let name = "n".repeat(LABEL_BYTES_MAX + 7);
        let tests: Vec<TestResult> = (0..RESULTS_TESTS_MAX + 5)
            .map(|at| TestResult::new(format!("{at}{name}"), TestOutcome::Passed, None))
            .collect();
        let values = vec![0.5; SAMPLE_VALUES_MAX];
        let samples: Vec<Samples> = (0..5)
            .map(|at| {
                Samples::new(format!("m{at}"), "s", Direction::Lower, values.clone()).unwrap()
            })
            .collect();
        let all = Results::new(tests, samples);
        let pieces = all.pieces();
        assert!(pieces.len() > 2);
        let mut whole = Results::default();
        for piece in pieces {
            let node = piece.to_node();
            assert!(node.size() <= crate::limits::NODE_BYTES_MAX);
            assert_eq!(Results::from_node(&node).unwrap(), piece);
            whole.tests.extend(piece.tests);
            whole.samples.extend(piece.samples);
        }
        assert_eq!(whole, all);
    }
}
