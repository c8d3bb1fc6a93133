//! Reports of test runners and benchmarks: read into tests and samples, and tests written as JUnit.
//!
//! A report that is not whole is refused: nothing is ever greener than what a tool said. Readers are
//! pure, bounded in bytes, depth and rows, and expand nothing.
//!
//! | format | written by |
//! |---|---|
//! | [`Junit`](Format::Junit) | pytest, nextest, surefire, `node --test`, most others |
//! | [`Tap`](Format::Tap) | Perl's `Test::More`, `node --test`, bats: TAP 13 and 14 |
//! | [`Libtest`](Format::Libtest), [`LibtestJson`](Format::LibtestJson) | `cargo test` |
//! | [`Pytest`](Format::Pytest) | pytest, what it prints |
//! | [`GoTest`](Format::GoTest) | `go test -json` |
//! | [`GoBench`](Format::GoBench) | `go test -bench` |
//! | [`Hyperfine`](Format::Hyperfine) | `hyperfine --export-json` |
//! | [`Criterion`](Format::Criterion) | criterion, its `sample.json` or `estimates.json` |
//! | [`PytestBenchmark`](Format::PytestBenchmark) | pytest-benchmark, `--benchmark-json` |
//!
//! ```
//! use partita::results::{Format, read};
//! let tap = b"TAP version 14\nok 1 - parses\nnot ok 2 - prints\n1..2\n";
//! let report = read(tap, None, "")?;
//! assert_eq!((report.format, report.results.tests.len()), (Format::Tap, 2));
//! assert!(read(b"ok 1 - parses\n", Some(Format::Tap), "").is_err(), "no plan: it was cut short");
//! # Ok::<(), partita::Error>(())
//! ```

mod format;
mod go;
mod json;
mod junit;
mod junit_write;
mod libtest;
mod metrics;
mod pytest;
mod rows;
mod tap;
#[cfg(test)]
mod tests;

pub use format::{Format, ReadReport, read, recognize};
pub use junit_write::{JunitSuite, to_junit};
