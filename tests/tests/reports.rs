//! Reports that real tools wrote once: `tests/data/reports/tools.txt` has versions and commands.

use std::collections::BTreeSet;

use partita::results::Format;
use partita_tests::reports::{ALL, compare, directory};

#[test]
fn reports_of_real_tools_say_what_the_tools_print() {
    for expected in ALL {
        let bytes = std::fs::read(directory().join(expected.name)).unwrap();
        if let Err(what) = compare(expected, &bytes) {
            panic!("{what}");
        }
    }
}

#[test]
fn each_report_is_told_of_with_its_tool_and_none_is_left_over() {
    let tools = std::fs::read_to_string(directory().join("tools.txt")).unwrap();
    let told: BTreeSet<&str> = tools.lines().filter_map(|line| line.split(':').next()).collect();
    let known: BTreeSet<&str> = ALL.iter().map(|expected| expected.name).collect();
    assert_eq!(told, known);
}

#[test]
fn no_report_that_is_cut_short_says_that_all_is_well() {
    for expected in ALL {
        let bytes = std::fs::read(directory().join(expected.name)).unwrap();
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 97) {
            let cut = &bytes[..end];
            let Ok(report) = partita::results::read(cut, Some(expected.format), expected.name)
            else {
                continue;
            };
            let tests = &report.results.tests;
            let has_failures = tests.iter().any(|test| test.outcome.is_failure());
            let is_benchmark = expected.tests == "0 passed";
            // Suites that stand one behind the other: nobody can tell that one more was to come, but
            // the exit code.
            let is_of_suites = matches!(expected.format, Format::Libtest | Format::LibtestJson);
            assert!(
                has_failures || is_benchmark || is_of_suites,
                "{} at {end}: {tests:?}",
                expected.name
            );
        }
    }
}
