//! Reports of benchmarks in JSON: hyperfine, criterion, pytest-benchmark.

use std::collections::BTreeMap;

use super::json::{number, numbers};
use super::rows::Rows;
use crate::error::{Error, Result};
use crate::json::Json;
use crate::object::{Direction, Samples, TestOutcome};

/// Reads what hyperfine exports: the times of each command, in seconds.
pub(super) fn hyperfine(text: &str, rows: &mut Rows) -> Result<()> {
    let report = Json::parse(text)?;
    let results = report.get("results").and_then(Json::as_array);
    let results = results.ok_or_else(|| Error::invalid("it has no results"))?;
    for result in results {
        let name = result.get("command").and_then(Json::as_str);
        let name = name.ok_or_else(|| Error::invalid("a result without its command"))?;
        let times = numbers(result.get("times"), "times")?;
        rows.samples(Samples::new(name, "s", Direction::Lower, times)?)?;
        let codes = result.get("exit_codes").and_then(Json::as_array).unwrap_or_default();
        if codes.iter().any(|code| code.as_u64() != Some(0)) {
            rows.test(name, TestOutcome::Failed, None)?;
        }
    }
    Ok(())
}

/// Reads what criterion keeps of a benchmark: the times of its iterations, in nanoseconds.
pub(super) fn criterion(text: &str, path: &str, rows: &mut Rows) -> Result<()> {
    let report = Json::parse(text)?;
    let name = criterion_name(path);
    let values = match report.get("mean").and_then(|mean| mean.get("point_estimate")) {
        Some(mean) => {
            let mean = number(mean).ok_or_else(|| Error::invalid("a mean that is no number"))?;
            vec![mean]
        }
        None => {
            let times = numbers(report.get("times"), "times")?;
            let iterations = numbers(report.get("iters"), "iters")?;
            if times.len() != iterations.len() || iterations.iter().any(|count| *count <= 0.0) {
                return Err(Error::invalid("times and iterations that do not go together"));
            }
            times.iter().zip(&iterations).map(|(time, count)| time / count).collect()
        }
    };
    rows.samples(Samples::new(name, "ns", Direction::Lower, values)?)
}

/// `target/criterion/parse/large/new/sample.json` is of `parse/large`.
fn criterion_name(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let from = parts.iter().rposition(|part| *part == "criterion").map_or(0, |at| at + 1);
    let to = parts.len().saturating_sub(2).max(from);
    match &parts[from.min(parts.len())..to] {
        [] => "criterion".to_owned(),
        name => name.join("/"),
    }
}

/// Reads what pytest-benchmark writes: the times of each benchmark's rounds, in seconds.
pub(super) fn pytest_benchmark(
    text: &str,
    rows: &mut Rows,
    tools: &mut BTreeMap<String, String>,
) -> Result<()> {
    let report = Json::parse(text)?;
    let benchmarks = report.get("benchmarks").and_then(Json::as_array);
    for benchmark in benchmarks.ok_or_else(|| Error::invalid("it has no benchmarks"))? {
        let name = benchmark.get("fullname").or(benchmark.get("name")).and_then(Json::as_str);
        let name = name.ok_or_else(|| Error::invalid("a benchmark without its name"))?;
        let stats = benchmark.get("stats");
        let data = stats.and_then(|stats| stats.get("data"));
        let values = match data {
            Some(data) => numbers(Some(data), "data")?,
            None => {
                let mean = stats.and_then(|stats| stats.get("mean")).and_then(number);
                vec![mean.ok_or_else(|| Error::invalid("a benchmark without its times"))?]
            }
        };
        rows.samples(Samples::new(name, "s", Direction::Lower, values)?)?;
    }
    let machine = report.get("machine_info");
    let python = machine.and_then(|machine| machine.get("python_version"));
    if let Some(version) = python.and_then(Json::as_str) {
        tools.insert("python".to_owned(), version.to_owned());
    }
    if let Some(version) = report.get("version").and_then(Json::as_str) {
        tools.insert("pytest-benchmark".to_owned(), version.to_owned());
    }
    Ok(())
}
