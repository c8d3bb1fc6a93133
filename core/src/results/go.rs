//! Go's tests as `go test -json` writes them, and its benchmarks as they are printed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::json::{lines, number};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Direction, Samples, TestOutcome};

/// Reads the objects of `go test -json`, one a line.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let mut open: BTreeSet<String> = BTreeSet::new();
    let mut failed: BTreeSet<String> = BTreeSet::new();
    let mut printed = String::new();
    let mut ended = 0_u64;
    for line in lines(text) {
        let line = line?;
        let said = |key| line.get(key).and_then(Json::as_str);
        let Some(action) = said("Action") else { continue };
        let package = said("Package").or(said("ImportPath")).unwrap_or_default().to_owned();
        let test = said("Test");
        let outcome = match action {
            "pass" | "bench" => TestOutcome::Passed,
            "fail" | "build-fail" => TestOutcome::Failed,
            "skip" => TestOutcome::Skipped,
            "output" => {
                printed.push_str(said("Output").unwrap_or_default());
                continue;
            }
            "start" | "run" => {
                if test.is_none() {
                    open.insert(package);
                }
                continue;
            }
            _ => continue,
        };
        let took = line.get("Elapsed").and_then(number);
        let took = took.and_then(|time| Duration::try_from_secs_f64(time).ok());
        match test {
            Some(test) if action != "bench" => {
                if outcome == TestOutcome::Failed {
                    failed.insert(package.clone());
                }
                rows.test(format!("{package}::{test}"), outcome, took)?;
            }
            Some(_) => {}
            None => {
                ended += 1;
                open.remove(&package);
                // It was not built, say, or its main function failed.
                if outcome == TestOutcome::Failed && failed.insert(package.clone()) {
                    rows.test(package, TestOutcome::Error, took)?;
                }
            }
        }
    }
    for package in open {
        rows.test(format!("{package} (did not come to its end)"), TestOutcome::Error, None)?;
    }
    if ended == 0 {
        return Err(Error::invalid("no package that came to its end"));
    }
    bench(&printed, rows)
}

/// Reads what `go test -bench` prints.
pub(super) fn read_bench(text: &str, rows: &mut Rows) -> Result<()> {
    bench(text, rows)?;
    let is_failure = |line: &&str| line.starts_with("FAIL") || line.starts_with("--- FAIL");
    if let Some(line) = text.lines().find(is_failure) {
        rows.test(line.trim(), TestOutcome::Failed, None)?;
    }
    match rows.results.is_empty() {
        true => Err(Error::invalid("no line of a benchmark")),
        false => Ok(()),
    }
}

/// Tells whether a line is one of a benchmark.
pub(super) fn is_bench(line: &str) -> bool {
    read_line(line).is_some()
}

fn bench(text: &str, rows: &mut Rows) -> Result<()> {
    let mut values: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
    let mut order = Vec::new();
    for line in text.lines() {
        let Some((name, metrics)) = read_line(line) else { continue };
        for (value, unit) in metrics {
            let key = (name.to_owned(), unit.to_owned());
            if !values.contains_key(&key) {
                order.push(key.clone());
            }
            values.entry(key).or_default().push(value);
        }
    }
    for key in order {
        let values = values.remove(&key).unwrap_or_default();
        let (name, unit) = key;
        let direction = match unit.as_str() {
            "ns/op" | "B/op" | "allocs/op" => Direction::Lower,
            "MB/s" => Direction::Higher,
            _ => Direction::Unknown,
        };
        let name = match unit.as_str() {
            "ns/op" => name,
            unit => format!("{name} {unit}"),
        };
        rows.samples(Samples::new(name, unit, direction, values)?)?;
    }
    Ok(())
}

/// `BenchmarkFib-8  5000000  325 ns/op  0 B/op`.
fn read_line(line: &str) -> Option<(&str, Vec<(f64, &str)>)> {
    let mut words = line.split_whitespace();
    let name = words.next().filter(|name| name.starts_with("Benchmark"))?;
    words.next()?.parse::<u64>().ok()?;
    let mut metrics = Vec::new();
    while let (Some(value), Some(unit)) = (words.next(), words.next()) {
        metrics.push((value.parse().ok().filter(|value: &f64| value.is_finite())?, unit));
    }
    (!metrics.is_empty()).then_some((name, metrics))
}
