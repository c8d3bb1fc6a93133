//! What the readers promise.

use proptest::prelude::*;

use super::*;
use crate::limits::{REPORT_BYTES_MAX, REPORT_DEPTH_MAX};
use crate::object::{Results, TestOutcome, TestSums};

fn of(text: &str, format: Format) -> Results {
    read(text.as_bytes(), Some(format), "").unwrap().results
}

fn refused(text: &str, format: Format) -> String {
    read(text.as_bytes(), Some(format), "").unwrap_err().to_string()
}

fn sums(results: &Results) -> String {
    TestSums::of(&results.tests).to_string()
}

#[test]
fn every_format_has_its_own_name() {
    for format in Format::ALL {
        assert_eq!(Format::by_name(format.name()).unwrap(), format);
    }
    let error = Format::by_name("xml").unwrap_err().to_string();
    assert!(error.contains("junit") && error.contains("pytest-benchmark"), "{error}");
}

#[test]
fn junit_is_read_in_its_dialects() {
    let pytest = r#"<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" errors="1" failures="1" skipped="2" tests="6" time="0.1">
        <testcase classname="test_a" name="test_passes" time="0.001" />
        <testcase classname="test_a" name="test_fails &lt;1&gt;" time="1,234.5"><failure message="assert &amp; more">text &amp; <![CDATA[<more>]]></failure></testcase>
        <testcase classname="test_a" name="test_skips"><skipped type="pytest.skip" message="no" /></testcase>
        <testcase classname="test_a" name="test_xfails"><skipped type="pytest.xfail" message="" /></testcase>
        <testcase classname="test_a" name="test_errs" time="NaN"><error message="failed on setup">...</error></testcase>
        <testcase name="alone" time="-1"/></testsuite></testsuites>"#;
    let results = of(pytest, Format::Junit);
    assert_eq!(sums(&results), "2 passed, 1 failed, 1 error, 1 skipped, 1 expected-failure");
    assert_eq!(results.tests[1].name, "test_a::test_fails <1>");
    assert_eq!(results.tests[1].took.unwrap().as_millis(), 1_234_500);
    assert_eq!((results.tests[4].took, results.tests[5].took), (None, None));
    assert_eq!(results.tests[5].name, "alone");
    let nextest = r#"<testsuites><testsuite name="a" tests="2"><testcase name="flaky"><flakyFailure message="try 1"/></testcase>
        <testcase name="bad"><failure/><rerunFailure/></testcase></testsuite></testsuites>"#;
    assert_eq!(sums(&of(nextest, Format::Junit)), "0 passed, 1 failed, 1 flaky");
    let suite = r#"<testsuite><error message="no class"/></testsuite>"#;
    assert_eq!(sums(&of(suite, Format::Junit)), "0 passed, 1 error");
}

#[test]
fn junit_that_is_not_whole_or_could_expand_is_refused() {
    let deep = format!("<testsuite>{}", "<properties>".repeat(REPORT_DEPTH_MAX + 1));
    for (text, why) in [
        ("", "no element"),
        ("<html></html>", "at the top"),
        ("<testsuite><testcase name='a'/>", "cut short"),
        ("<testsuite><testcase name='a'></testsuite>", "no XML"),
        ("<testsuite failures='2'><testcase name='a'/></testsuite>", "no test of it failed"),
        (
            "<!DOCTYPE t [<!ENTITY a 'b'>]><testsuite><testcase name='&a;'/></testsuite>",
            "document type",
        ),
        ("<testsuite><testcase name='&a;'/></testsuite>", "no XML"),
        ("<testsuite/><testsuite/>", "at the top"),
        (&deep, "deeper"),
    ] {
        let said = refused(text, Format::Junit);
        assert!(said.contains(why), "{text:.60}: {said}");
    }
    let long = format!("<testsuite>{}", " ".repeat(REPORT_BYTES_MAX));
    assert!(refused(&long, Format::Junit).contains("at most"));
}

#[test]
fn what_is_written_as_junit_is_read_back() {
    let outcomes = [
        TestOutcome::Passed,
        TestOutcome::Failed,
        TestOutcome::Error,
        TestOutcome::Skipped,
        TestOutcome::Flaky,
        TestOutcome::ExpectedFailure,
    ];
    let name = "a::b <&>\"'\u{1}\t\u{e9}";
    let took = Some(std::time::Duration::from_micros(1_234_567));
    let tests: Vec<_> =
        outcomes.map(|outcome| crate::object::TestResult::new(name, outcome, took)).into();
    let mut suite = JunitSuite { name: "cargo test".into(), took, ..JunitSuite::default() };
    suite.properties.push(("k".into(), "v\"".into()));
    let xml = to_junit(&suite, &tests);
    let back = of(&xml, Format::Junit).tests;
    let clean = name.replace('\u{1}', "\u{fffd}");
    for (test, back) in tests.iter().zip(&back) {
        assert_eq!((&back.name, back.outcome, back.took), (&clean, test.outcome, test.took));
    }
    assert_eq!(back.len(), tests.len());
    assert_eq!(to_junit(&suite, &tests), xml);
}

#[test]
fn tap_is_read_with_directives_subtests_and_diagnostics() {
    let text = "TAP version 14\n1..6\nok 1 - first\n# a comment\n    ok 1 - inner\n    1..1\n\
                not ok 2 second\n  ---\n  message: 'ok 3 - not a test'\n  ...\nok 3 # SKIP no net\n\
                not ok 4 - later # TODO mend\nok 5 - done # todo\nok 6 - a \\# b # not a directive\n";
    let results = of(text, Format::Tap);
    assert_eq!(
        sums(&results),
        "2 passed, 1 failed, 1 skipped, 1 expected-failure, 1 unexpected-pass"
    );
    assert_eq!(results.tests[5].name, "a # b # not a directive");
    assert_eq!(sums(&of("1..0 # skip all of it\n", Format::Tap)), "0 passed, 1 skipped");
    assert_eq!(sums(&of("1..3\nok 1\n", Format::Tap)), "1 passed, 1 error");
    assert_eq!(sums(&of("ok 1\nok 2\n1..1\n", Format::Tap)), "2 passed, 1 error");
    assert_eq!(sums(&of("1..9\nok 1\nBail out! no disk\n", Format::Tap)), "1 passed, 1 error");
    assert!(refused("ok 1 - a\n", Format::Tap).contains("no plan"));
    assert!(refused("1..1\nok 1\n  ---\n", Format::Tap).contains("cut short"));
    assert!(refused("1..1\n1..1\nok 1\n", Format::Tap).contains("two plans"));
}

#[test]
fn libtest_is_read_as_text_and_as_json() {
    let text = "running 4 tests\ntest a::one ... ok\ntest a::two - should panic ... ok\n\
                test a::three ... FAILED\ntest a::four ... ignored, slow\n\n\
                test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                running 2 tests\ntest noisy ... says something\nok\n.\n\
                test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                running 1 test\ntest fib ... bench:       1,234.50 ns/iter (+/- 56)\n\n\
                test result: ok. 0 passed; 0 failed; 0 ignored; 1 measured; 0 filtered out\n";
    let results = of(text, Format::Libtest);
    assert_eq!(sums(&results), "4 passed, 1 failed, 1 skipped");
    assert_eq!((&*results.samples[0].unit, results.samples[0].values[0]), ("ns/iter", 1_234.5));
    assert_eq!(sums(&of("running 3 tests\ntest a ... ok\n", Format::Libtest)), "1 passed, 1 error");
    let lies = "test a ... FAILED\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
    assert!(refused(lies, Format::Libtest).contains("counts 0"));
    let odd = "test result: FAILED. 1 passed; 0 failed; 0 ignored\n";
    assert_eq!(sums(&of(odd, Format::Libtest)), "1 passed, 1 error");
    let json = r#"{ "type": "suite", "event": "started", "test_count": 2 }
{ "type": "test", "event": "started", "name": "a" }
{ "type": "test", "name": "a", "event": "ok", "exec_time": 0.25 }
{ "type": "test", "name": "b", "event": "failed", "stdout": "x" }
{ "type": "suite", "event": "failed", "passed": 1, "failed": 1, "ignored": 0, "measured": 0, "filtered_out": 0 }"#;
    let results = of(json, Format::LibtestJson);
    assert_eq!(
        (sums(&results), results.tests[0].took.unwrap().as_millis()),
        ("1 passed, 1 failed".into(), 250)
    );
    let cut = json.lines().take(3).collect::<Vec<_>>().join("\n");
    assert!(refused(&cut, Format::LibtestJson).contains("no suite"));
}

#[test]
fn pytest_is_read_by_its_totals() {
    let text = "===== test session starts =====\nplatform linux -- Python 3.12.3, pytest-8.2.0, pluggy-1.5.0\n\
                test_a.py::test_one PASSED [ 50%]\ntest_a.py::test_two FAILED [100%]\n\
                FAILED test_a.py::test_two - assert 0\n\
                === 1 failed, 3 passed, 1 skipped, 2 xfailed, 1 xpassed, 4 warnings, 1 error in 0.12s (0:00:00) ===\n";
    let report = read(text.as_bytes(), None, "").unwrap();
    assert_eq!(report.format, Format::Pytest);
    assert_eq!(
        sums(&report.results),
        "3 passed, 1 failed, 1 error, 1 skipped, 2 expected-failure, 1 unexpected-pass"
    );
    assert_eq!(report.tools["python"], "3.12.3");
    assert_eq!(report.tools["pytest"], "8.2.0");
    let failed = report.results.tests.iter().find(|test| test.outcome.is_failure()).unwrap();
    assert_eq!(failed.name, "test_a.py::test_two");
    assert!(of("no tests ran in 0.00s\n", Format::Pytest).is_empty());
    assert!(refused("test_a.py::test_one PASSED\n", Format::Pytest).contains("cut short"));
}

#[test]
fn go_is_read_with_its_benchmarks() {
    let text = r#"{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.5}
{"Action":"skip","Package":"p","Test":"TestB","Elapsed":0}
{"Action":"output","Package":"p","Output":"BenchmarkFib-8   \t 100\t 325.5 ns/op\t 16 B/op\n"}
{"Action":"fail","Package":"q","Elapsed":0}
{"Action":"pass","Package":"p","Elapsed":0.6}
"#;
    let results = of(text, Format::GoTest);
    assert_eq!(sums(&results), "1 passed, 1 error, 1 skipped");
    assert_eq!(results.samples.len(), 2);
    let open = "{\"Action\":\"start\",\"Package\":\"p\"}\n{\"Action\":\"start\",\"Package\":\"q\"}\n{\"Action\":\"pass\",\"Package\":\"q\"}\n";
    assert_eq!(sums(&of(open, Format::GoTest)), "0 passed, 1 error");
    let bench =
        "goos: linux\nBenchmarkFib-8 100 1 ns/op\nBenchmarkFib-8 100 3 ns/op 5 MB/s\nPASS\n";
    let results = of(bench, Format::GoBench);
    assert_eq!(results.samples[0].values, [1.0, 3.0]);
    assert_eq!(results.samples[1].direction, crate::object::Direction::Higher);
    assert_eq!(
        sums(&of("BenchmarkFib-8 1 1 ns/op\nFAIL\n", Format::GoBench)),
        "0 passed, 1 failed"
    );
}

#[test]
fn benchmarks_in_json_give_their_samples() {
    let hyperfine = r#"{"results":[{"command":"true","times":[0.1,0.2],"exit_codes":[0,0]},{"command":"false","times":[0.1],"exit_codes":[1]}]}"#;
    let results = of(hyperfine, Format::Hyperfine);
    assert_eq!((results.samples.len(), sums(&results)), (2, "0 passed, 1 failed".into()));
    let sample = br#"{"sampling_mode":"Linear","iters":[2.0,4.0],"times":[10.0,16.0]}"#;
    let path = "target/criterion/parse/large/new/sample.json";
    let report = read(sample, None, path).unwrap();
    assert_eq!(
        (&*report.results.samples[0].name, &report.results.samples[0].values[..]),
        ("parse/large", &[5.0, 4.0][..])
    );
    let estimates = br#"{"mean":{"point_estimate":7.5},"median":{"point_estimate":7.0}}"#;
    assert_eq!(read(estimates, None, "estimates.json").unwrap().results.samples[0].values, [7.5]);
    let benchmark = r#"{"machine_info":{"python_version":"3.12.3"},"version":"4.0.0","benchmarks":[{"fullname":"t.py::t","stats":{"data":[0.5,0.25]}}]}"#;
    let report = read(benchmark.as_bytes(), None, "").unwrap();
    assert_eq!((report.format, &*report.tools["python"]), (Format::PytestBenchmark, "3.12.3"));
    for (text, format) in [
        (r#"{"results":[{"command":"a","times":["x"]}]}"#, Format::Hyperfine),
        (r#"{"results":[{"command":"a","times":[1e999]}]}"#, Format::Hyperfine),
        (r#"{"iters":[0.0],"times":[1.0]}"#, Format::Criterion),
        (r#"{"iters":[1.0],"times":[]}"#, Format::Criterion),
        (r#"{"benchmarks":[{}]}"#, Format::PytestBenchmark),
        ("{", Format::Hyperfine),
    ] {
        assert!(read(text.as_bytes(), Some(format), "").is_err(), "{text}");
    }
}

#[test]
fn what_is_printed_is_recognized_only_if_it_is_whole() {
    let printed = b"   Compiling a\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
    assert_eq!(recognize(printed).unwrap().format, Format::Libtest);
    for other in
        [&b"hello\n"[..], b"ok\n", b"", b"<testsuite/>", b"{}", b"1..2\nok 1 - a", b"\xff\xfe"]
    {
        assert!(
            recognize(other).is_none_or(|report| report
                .results
                .tests
                .iter()
                .any(|test| test.outcome.is_failure())),
            "{other:?}"
        );
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_reader_panic(bytes: Vec<u8>, format in prop::sample::select(Format::ALL.to_vec())) {
        let _ = read(&bytes, Some(format), "a/b");
        let _ = read(&bytes, None, "");
        let _ = recognize(&bytes);
    }

    #[test]
    fn no_text_of_the_right_words_does_either(
        words in prop::collection::vec(prop::sample::select(vec![
            "ok", "not ok", " 1", " - a", "\n", "1..", "2", " # SKIP", "  ---", "  ...", "Bail out!",
            "running ", " tests", "test a ... ", "FAILED", "test result: ok. ", "1 passed; ",
            "0 failed; ", "0 ignored", "=== ", "1 passed", " in 0.1s", "a::b PASSED", "<testsuite>",
            "<testcase name='a'>", "</testcase>", "</testsuite>", "<failure/>", "<", ">", "&amp;", "&x;",
            "{\"Action\":\"pass\",\"Package\":\"p\"}", "{\"type\":\"suite\",\"event\":\"ok\"}",
            "BenchmarkA-8 1 2 ns/op", "99999999999999999999", "-", "\u{0}", "\r\n",
        ]), 0..40),
        format in prop::sample::select(Format::ALL.to_vec()),
    ) {
        let text = words.concat();
        let _ = read(text.as_bytes(), Some(format), "x");
        let _ = recognize(text.as_bytes());
    }
}
