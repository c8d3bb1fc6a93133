//! What `cargo test` prints, as text and as JSON.

use std::time::Duration;

use super::json::{lines, number};
use super::rows::{Rows, seconds};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Direction, Samples, TestOutcome};

const SUMMARY: &str = "test result: ";

/// Reads the text. Each suite ends in its summary, whose totals decide: a test that printed in the
/// middle of its own line is counted, and not named.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let (mut from, mut open, mut suites) = (0, None, 0_u64);
    for line in text.lines() {
        if let Some(planned) = running(line) {
            close(rows, open.replace(planned))?;
            from = rows.results.tests.len();
        } else if let Some(summary) = line.strip_prefix(SUMMARY) {
            suites += 1;
            open = None;
            fill(rows, from, summary)?;
            from = rows.results.tests.len();
        } else if let Some(rest) = line.strip_prefix("test ") {
            test(rows, rest)?;
        }
    }
    close(rows, open)?;
    match suites {
        0 if rows.results.is_empty() => Err(Error::invalid("no line that begins \"test result:\"")),
        _ => Ok(()),
    }
}

/// The number of tests of a suite that begins.
fn running(line: &str) -> Option<u64> {
    let (count, rest) = line.strip_prefix("running ")?.split_once(' ')?;
    matches!(rest, "test" | "tests").then(|| count.parse().ok()).flatten()
}

/// Says of a suite without its summary that it never came to its end.
fn close(rows: &mut Rows, open: Option<u64>) -> Result<()> {
    match open {
        Some(planned) => {
            let name = format!("(a suite of {planned} that did not come to its end)");
            rows.test(name, TestOutcome::Error, None)
        }
        None => Ok(()),
    }
}

fn test(rows: &mut Rows, rest: &str) -> Result<()> {
    let Some((name, said)) = rest.rsplit_once(" ... ") else { return Ok(()) };
    let name = name.strip_suffix(" - should panic").unwrap_or(name).trim();
    let (word, after) = said.split_once([' ', ',']).unwrap_or((said, ""));
    let took = after.trim().strip_prefix('<').and_then(|time| time.strip_suffix("s>"));
    let took = took.and_then(seconds);
    match word {
        "ok" => rows.test(name, TestOutcome::Passed, took),
        "FAILED" => rows.test(name, TestOutcome::Failed, took),
        "ignored" => rows.test(name, TestOutcome::Skipped, None),
        "bench:" => bench(rows, name, after),
        _ => Ok(()),
    }
}

/// `1,234.56 ns/iter (+/- 78)`.
fn bench(rows: &mut Rows, name: &str, said: &str) -> Result<()> {
    let mut words = said.split_whitespace();
    let (Some(value), Some(unit)) = (words.next(), words.next()) else { return Ok(()) };
    let value: String = value.chars().filter(|at| *at != ',').collect();
    match value.parse() {
        Ok(value) => rows.samples(Samples::new(name, unit, Direction::Lower, [value])?),
        Err(_) => Ok(()),
    }
}

/// Brings the tests of a suite to the totals of its summary.
fn fill(rows: &mut Rows, from: usize, summary: &str) -> Result<()> {
    let (verdict, totals) = summary.split_once(". ").unwrap_or((summary, ""));
    let mut told = [None; 3];
    for total in totals.split(';') {
        let Some((count, word)) = total.trim().split_once(' ') else { continue };
        let slot = match word {
            "passed" => 0,
            "failed" => 1,
            "ignored" => 2,
            _ => continue,
        };
        told[slot] = count.parse::<u64>().ok();
    }
    let [Some(passed), Some(failed), Some(ignored)] = told else {
        return Err(Error::invalid("a summary without its totals"));
    };
    rows.fill(from, TestOutcome::Passed, passed)?;
    rows.fill(from, TestOutcome::Failed, failed)?;
    rows.fill(from, TestOutcome::Skipped, ignored)?;
    match (verdict, failed) {
        ("ok", 0) => Ok(()),
        ("ok", _) => Err(Error::invalid("a summary that says ok and counts failures")),
        (_, 0) => rows.test("(the suite)", TestOutcome::Error, None),
        _ => Ok(()),
    }
}

/// Reads the JSON: an object a line.
pub(super) fn read_json(text: &str, rows: &mut Rows) -> Result<()> {
    let (mut from, mut open, mut suites) = (0, None, 0_u64);
    for line in lines(text) {
        let line = line?;
        let text = |key| line.get(key).and_then(Json::as_str);
        match (text("type"), text("event")) {
            (Some("suite"), Some("started")) => {
                let planned = line.get("test_count").and_then(Json::as_u64).unwrap_or(0);
                close(rows, open.replace(planned))?;
                from = rows.results.tests.len();
            }
            (Some("suite"), Some(event)) => {
                suites += 1;
                open = None;
                let total = |key| line.get(key).and_then(Json::as_u64).unwrap_or(0);
                rows.fill(from, TestOutcome::Passed, total("passed"))?;
                rows.fill(from, TestOutcome::Failed, total("failed"))?;
                rows.fill(from, TestOutcome::Skipped, total("ignored"))?;
                if event != "ok" && total("failed") == 0 {
                    rows.test("(the suite)", TestOutcome::Error, None)?;
                }
                from = rows.results.tests.len();
            }
            (Some("test"), Some(event)) => {
                let outcome = match event {
                    "ok" => TestOutcome::Passed,
                    "failed" => TestOutcome::Failed,
                    "ignored" => TestOutcome::Skipped,
                    _ => continue,
                };
                let took = line.get("exec_time").and_then(number);
                let took = took.and_then(|time| Duration::try_from_secs_f64(time).ok());
                rows.test(text("name").unwrap_or_default(), outcome, took)?;
            }
            (Some("bench"), _) => {
                if let Some(median) = line.get("median").and_then(number) {
                    let name = text("name").unwrap_or_default();
                    rows.samples(Samples::new(name, "ns/iter", Direction::Lower, [median])?)?;
                }
            }
            _ => {}
        }
    }
    close(rows, open)?;
    match suites {
        0 => Err(Error::invalid("no suite that came to its end")),
        _ => Ok(()),
    }
}
