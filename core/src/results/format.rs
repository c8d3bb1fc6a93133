//! Formats of reports: their names, how they are told apart, and which reader takes which.

use std::collections::BTreeMap;

use super::rows::Rows;
use super::{go, junit, libtest, metrics, pytest, tap};
use crate::error::{Error, Result};
use crate::limits::REPORT_BYTES_MAX;
use crate::object::Results;

/// A format of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JUnit's XML, in the dialects of pytest, nextest and surefire too.
    Junit,
    /// The Test Anything Protocol, versions 13 and 14.
    Tap,
    /// What `cargo test` prints.
    Libtest,
    /// What libtest writes with `--format json`: an object a line.
    LibtestJson,
    /// What pytest prints.
    Pytest,
    /// What `go test -json` writes: an object a line.
    GoTest,
    /// What `go test -bench` prints.
    GoBench,
    /// What hyperfine exports as JSON.
    Hyperfine,
    /// criterion's `sample.json` or `estimates.json`.
    Criterion,
    /// What pytest-benchmark writes with `--benchmark-json`.
    PytestBenchmark,
}

/// All formats with their names.
const FORMATS: [(Format, &str); 10] = [
    (Format::Junit, "junit"),
    (Format::Tap, "tap"),
    (Format::Libtest, "libtest"),
    (Format::LibtestJson, "libtest-json"),
    (Format::Pytest, "pytest"),
    (Format::GoTest, "go-test"),
    (Format::GoBench, "go-bench"),
    (Format::Hyperfine, "hyperfine"),
    (Format::Criterion, "criterion"),
    (Format::PytestBenchmark, "pytest-benchmark"),
];

impl Format {
    /// All formats.
    pub const ALL: [Format; 10] = {
        let mut all = [Format::Junit; 10];
        let mut at = 0;
        while at < all.len() {
            all[at] = FORMATS[at].0;
            at += 1;
        }
        all
    };

    /// Returns the name.
    pub fn name(self) -> &'static str {
        FORMATS[self as usize].1
    }

    /// Finds a format by its name.
    ///
    /// # Errors
    /// `Invalid`, naming the formats that there are.
    pub fn by_name(name: &str) -> Result<Self> {
        let found = FORMATS.iter().find(|(_, known)| *known == name);
        found.map(|(format, _)| *format).ok_or_else(|| {
            let known = FORMATS.map(|(_, name)| name).join(", ");
            let name: String = name.chars().take(80).collect();
            Error::invalid(format!("no format of reports {name:?}; there are {known}"))
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A report that was read.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ReadReport {
    /// The format that it is in.
    pub format: Format,
    /// What it says.
    pub results: Results,
    /// The tools that it names, with their versions.
    pub tools: BTreeMap<String, String>,
}

/// Reads a report; of a format that is not named, the one that it looks like. `name` is the path that
/// it came from, which names a metric where the report does not.
///
/// # Errors
/// `Invalid` if it is no report of that format, is not whole, or is beyond a limit: it then says
/// nothing at all.
pub fn read(bytes: &[u8], format: Option<Format>, name: &str) -> Result<ReadReport> {
    if bytes.len() > REPORT_BYTES_MAX {
        let count = bytes.len();
        let message = format!("a report of {count} bytes, at most {REPORT_BYTES_MAX} are read");
        return Err(Error::invalid(message));
    }
    let format = format.or_else(|| looks_like(bytes)).ok_or_else(|| {
        Error::invalid("no report that is known here: name its format if it is one")
    })?;
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text).into(),
        // Bytes that a test printed may be anything; what a tool says of it is text.
        Err(_) if matches!(format, Format::Libtest | Format::Pytest | Format::Tap) => {
            String::from_utf8_lossy(bytes)
        }
        Err(error) => {
            let at = error.valid_up_to();
            return Err(Error::invalid(format!("bytes that are no UTF-8, from byte {at} on")));
        }
    };
    let (mut rows, mut tools) = (Rows::default(), BTreeMap::new());
    match format {
        Format::Junit => junit::read(&text, &mut rows),
        Format::Tap => tap::read(&text, &mut rows),
        Format::Libtest => libtest::read(&text, &mut rows),
        Format::LibtestJson => libtest::read_json(&text, &mut rows),
        Format::Pytest => pytest::read(&text, &mut rows, &mut tools),
        Format::GoTest => go::read(&text, &mut rows),
        Format::GoBench => go::read_bench(&text, &mut rows),
        Format::Hyperfine => metrics::hyperfine(&text, &mut rows),
        Format::Criterion => metrics::criterion(&text, name, &mut rows),
        Format::PytestBenchmark => metrics::pytest_benchmark(&text, &mut rows, &mut tools),
    }
    .map_err(|error| error.context(format!("no {format} report")))?;
    Ok(ReadReport { format, results: rows.results, tools })
}

/// Reads what a command printed, if that is what a known test runner prints; none if it is anything
/// else, or not whole.
pub fn recognize(output: &[u8]) -> Option<ReadReport> {
    let format = looks_like(output)?;
    let is_printed = matches!(
        format,
        Format::Tap
            | Format::Libtest
            | Format::LibtestJson
            | Format::Pytest
            | Format::GoTest
            | Format::GoBench
    );
    let report = read(output, Some(format), "").ok()?;
    (is_printed && !report.results.is_empty()).then_some(report)
}

/// The format that bytes look like.
fn looks_like(bytes: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return Some(Format::Junit);
    }
    if text.starts_with('{') {
        return looks_like_json(text);
    }
    let (mut tap, mut libtest, mut pytest, mut bench) = (false, false, false, false);
    for line in text.lines() {
        tap |= line.starts_with("TAP version ") || tap::is_point(line) || tap::is_plan(line);
        libtest |= line.starts_with("test result: ");
        pytest |= pytest::is_summary(line);
        bench |= go::is_bench(line);
    }
    // A runner that runs another one prints its own line last, and more of its own kind.
    match (libtest, pytest, bench, tap) {
        (true, ..) => Some(Format::Libtest),
        (_, true, ..) => Some(Format::Pytest),
        (_, _, true, _) => Some(Format::GoBench),
        (.., true) => Some(Format::Tap),
        _ => None,
    }
}

fn looks_like_json(text: &str) -> Option<Format> {
    let line = text.lines().next().unwrap_or_default();
    if line.contains("\"Action\"")
        && (line.contains("\"Package\"") || line.contains("\"ImportPath\""))
    {
        return Some(Format::GoTest);
    }
    if line.contains("\"type\"") && line.contains("\"event\"") {
        return Some(Format::LibtestJson);
    }
    let has = |key: &str| text.contains(key);
    if has("\"machine_info\"") && has("\"benchmarks\"") {
        return Some(Format::PytestBenchmark);
    }
    if has("\"results\"") && has("\"times\"") {
        return Some(Format::Hyperfine);
    }
    if has("\"sampling_mode\"") || has("\"point_estimate\"") {
        return Some(Format::Criterion);
    }
    None
}
