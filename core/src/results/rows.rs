//! Rows on their way out of a report, as many as evidence has room for.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits::REPORT_ROWS_MAX;
use crate::object::{Results, Samples, TestOutcome, TestResult, TestSums};

/// What a test is called that a report counts and does not name.
pub(super) const UNNAMED: &str = "(not named)";

/// Tests and samples, counted as they come.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) results: Results,
    values: usize,
}

impl Rows {
    pub(super) fn test(
        &mut self,
        name: impl Into<String>,
        outcome: TestOutcome,
        took: Option<Duration>,
    ) -> Result<()> {
        self.room(1)?;
        self.results.tests.push(TestResult::new(name, outcome, took));
        Ok(())
    }

    pub(super) fn samples(&mut self, samples: Samples) -> Result<()> {
        self.room(samples.values.len().max(1))?;
        self.results.samples.push(samples);
        Ok(())
    }

    fn room(&mut self, rows: usize) -> Result<()> {
        self.values = self.values.saturating_add(rows);
        match self.values > REPORT_ROWS_MAX {
            true => Err(Error::invalid(format!(
                "more than {REPORT_ROWS_MAX} tests and samples in one report"
            ))),
            false => Ok(()),
        }
    }

    /// Adds tests without a name until there are as many of an outcome, from a place on, as a total
    /// says. Fails where the report names more.
    pub(super) fn fill(&mut self, from: usize, outcome: TestOutcome, total: u64) -> Result<()> {
        let named = self.results.tests[from..].iter().filter(|test| test.outcome == outcome);
        let named = named.count() as u64;
        let Some(missing) = total.checked_sub(named) else {
            let message = format!("it names {named} {outcome} tests, and counts {total}");
            return Err(Error::invalid(message));
        };
        self.room(usize::try_from(missing).unwrap_or(usize::MAX))?;
        let unnamed = TestResult::new(UNNAMED, outcome, None);
        self.results.tests.extend(std::iter::repeat_n(unnamed, missing as usize));
        Ok(())
    }

    pub(super) fn sums(&self) -> TestSums {
        TestSums::of(&self.results.tests)
    }
}

/// Seconds as a report writes them; none for what is no time.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let plain: String = text.trim().chars().filter(|at| *at != ',').collect();
    let seconds: f64 = plain.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}
