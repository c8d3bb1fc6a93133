//! JUnit's XML, written.

use std::fmt::Write as _;
use std::time::Duration;

use crate::object::{TestOutcome, TestResult, TestSums};

/// What JUnit says of a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JunitSuite {
    /// What the suite is called: a command, say.
    pub name: String,
    /// How long all of it took.
    pub took: Option<Duration>,
    /// Names and values that stand beside it.
    pub properties: Vec<(String, String)>,
}

/// Writes tests as one suite of JUnit's XML. The same tests give the same bytes.
///
/// A test that passed at a later try is written as nextest does; one that passed against
/// expectation as passed.
pub fn to_junit(suite: &JunitSuite, tests: &[TestResult]) -> String {
    let sums = TestSums::of(tests);
    let skipped = sums.skipped + sums.expected_failures;
    let counts = format!(
        r#"tests="{}" failures="{}" errors="{}" skipped="{skipped}""#,
        sums.all(),
        sums.failed,
        sums.errors
    );
    let name = escaped(&suite.name);
    let whole = suite.took.map(time).unwrap_or_default();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let mut put = |line: std::fmt::Arguments<'_>| {
        let _ = writeln!(xml, "{line}");
    };
    put(format_args!("<testsuites {counts}{whole}>"));
    put(format_args!(r#"  <testsuite name="{name}" {counts}{whole}>"#));
    if !suite.properties.is_empty() {
        put(format_args!("    <properties>"));
        for (name, value) in &suite.properties {
            let (name, value) = (escaped(name), escaped(value));
            put(format_args!(r#"      <property name="{name}" value="{value}"/>"#));
        }
        put(format_args!("    </properties>"));
    }
    for test in tests {
        let (class, name) = match test.name.rsplit_once("::") {
            Some((class, name)) => (escaped(class), escaped(name)),
            None => (String::new(), escaped(&test.name)),
        };
        let took = test.took.map(time).unwrap_or_default();
        let child = match test.outcome {
            TestOutcome::Failed => r#"<failure message="failed"/>"#,
            TestOutcome::Error => r#"<error message="error"/>"#,
            TestOutcome::Skipped => "<skipped/>",
            TestOutcome::ExpectedFailure => {
                r#"<skipped type="pytest.xfail" message="failed as expected"/>"#
            }
            TestOutcome::Flaky => r#"<flakyFailure message="passed at a later try"/>"#,
            TestOutcome::Passed | TestOutcome::UnexpectedPass => "",
        };
        let head = format!(r#"    <testcase classname="{class}" name="{name}"{took}"#);
        match child {
            "" => put(format_args!("{head}/>")),
            child => put(format_args!("{head}>{child}</testcase>")),
        }
    }
    put(format_args!("  </testsuite>\n</testsuites>"));
    xml
}

fn time(took: Duration) -> String {
    format!(r#" time="{}.{:06}""#, took.as_secs(), took.subsec_micros())
}

/// A text as an attribute's value. What XML has no form for stands as U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for at in text.chars() {
        match at {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => {
                let _ = write!(escaped, "&#{};", at as u32);
            }
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            at => escaped.push(at),
        }
    }
    escaped
}
