//! Reports of real tools: what they must say, whether they were written once or just now.

use std::path::{Path, PathBuf};
use std::process::Command;

use partita::object::TestSums;
use partita::results::{Format, ReadReport, read, recognize};

/// What a report must say.
#[derive(Debug)]
pub struct Expected {
    /// The file.
    pub name: &'static str,
    /// Its format.
    pub format: Format,
    /// Its totals, as the tool prints them.
    pub tests: &'static str,
    /// Its metrics, and the samples of each.
    pub metrics: (usize, usize),
    /// Whether it is what the tool prints, and recognized without being asked for.
    pub is_printed: bool,
}

const fn of(name: &'static str, format: Format, tests: &'static str) -> Expected {
    Expected { name, format, tests, metrics: (0, 0), is_printed: false }
}

/// All reports that `scripts/reports.sh` writes. Each tool ran the same: two tests that pass, one that
/// fails, and what else it knows.
pub const ALL: &[Expected] = &[
    // JUnit has no word for a test that passed against expectation.
    of("pytest.xml", Format::Junit, "3 passed, 1 failed, 1 error, 1 skipped, 1 expected-failure"),
    Expected {
        is_printed: true,
        ..of(
            "pytest.txt",
            Format::Pytest,
            "2 passed, 1 failed, 1 error, 1 skipped, 1 expected-failure, 1 unexpected-pass",
        )
    },
    Expected {
        is_printed: true,
        ..of("perl.tap", Format::Tap, "2 passed, 1 failed, 1 skipped, 1 expected-failure")
    },
    Expected { is_printed: true, ..of("node.tap", Format::Tap, "2 passed, 1 failed, 1 skipped") },
    of("node.xml", Format::Junit, "2 passed, 1 failed, 1 skipped"),
    Expected {
        is_printed: true,
        ..of("go-test.json", Format::GoTest, "2 passed, 1 failed, 1 skipped")
    },
    Expected {
        metrics: (4, 3),
        is_printed: true,
        ..of("go-bench.txt", Format::GoBench, "0 passed")
    },
    Expected {
        is_printed: true,
        ..of("libtest.txt", Format::Libtest, "2 passed, 1 failed, 1 skipped")
    },
    Expected {
        is_printed: true,
        ..of("libtest.json", Format::LibtestJson, "2 passed, 1 failed, 1 skipped")
    },
    // nextest lists no test that it does not run.
    of("nextest.xml", Format::Junit, "2 passed, 1 failed"),
    Expected { metrics: (2, 5), ..of("hyperfine.json", Format::Hyperfine, "0 passed") },
    Expected {
        metrics: (2, 8),
        ..of("pytest-benchmark.json", Format::PytestBenchmark, "0 passed")
    },
    of("surefire.xml", Format::Junit, "2 passed, 1 failed, 1 error, 1 skipped"),
    Expected { metrics: (1, 10), ..of("criterion-sample.json", Format::Criterion, "0 passed") },
    // The mean alone.
    Expected { metrics: (1, 1), ..of("criterion-estimates.json", Format::Criterion, "0 passed") },
];

/// Where those are that were written once.
pub fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/reports")
}

/// Compares a report with what it must say.
///
/// # Errors
/// What differs.
pub fn compare(expected: &Expected, bytes: &[u8]) -> Result<(), String> {
    let name = expected.name;
    let read = |format| read(bytes, format, name).map_err(|error| format!("{name}: {error}"));
    for report in [read(None)?, read(Some(expected.format))?] {
        says(expected, &report)?;
    }
    match (recognize(bytes), expected.is_printed) {
        (Some(report), true) => says(expected, &report),
        (None, false) => Ok(()),
        (found, _) => Err(format!("{name}: recognized as {:?}", found.map(|it| it.format))),
    }
}

fn says(expected: &Expected, report: &ReadReport) -> Result<(), String> {
    let (tests, samples) = (&report.results.tests, &report.results.samples);
    let found = (report.format, TestSums::of(tests).to_string(), samples.len());
    let wanted = (expected.format, expected.tests.to_owned(), expected.metrics.0);
    if found != wanted {
        return Err(format!("{}: {found:?}, expected {wanted:?}", expected.name));
    }
    match samples.iter().find(|samples| samples.values.len() != expected.metrics.1) {
        Some(odd) => {
            Err(format!("{}: {} samples of {}", expected.name, odd.values.len(), odd.name))
        }
        None => Ok(()),
    }
}

/// Runs the tools that are there, and compares what they write.
///
/// # Errors
/// What differs; that no tool was there.
pub fn soak(_: &[String]) -> Result<(), String> {
    let room = tempfile::tempdir().map_err(|error| error.to_string())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/reports.sh");
    let status =
        Command::new(script).arg(room.path()).status().map_err(|error| error.to_string())?;
    if !status.success() {
        return Err(format!("scripts/reports.sh: {status}"));
    }
    let mut done = 0;
    for expected in ALL {
        match std::fs::read(room.path().join(expected.name)) {
            Ok(bytes) => compare(expected, &bytes)?,
            Err(_) => {
                println!("left out: {}", expected.name);
                continue;
            }
        }
        done += 1;
    }
    println!("reports: {done} of {} tools' reports say what the tools print", ALL.len());
    if done > 0 { Ok(()) } else { Err("no tool is there".to_owned()) }
}
