//! JUnit's XML. There is no specification: this takes what pytest, nextest, surefire and others
//! write, and refuses what could be greener than they meant it.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};

use super::rows::{Rows, seconds};
use crate::error::{Error, Result};
use crate::limits::REPORT_DEPTH_MAX;
use crate::object::TestOutcome;

/// A test case that is open.
#[derive(Debug)]
struct Case {
    name: String,
    time: Option<String>,
    outcome: TestOutcome,
    depth: usize,
}

/// Reads a report.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = true;
    config.expand_empty_elements = true;
    let mut reading = Reading { rows, open: Vec::new(), case: None, declared: 0, has_root: false };
    loop {
        match reader.read_event().map_err(fault)? {
            Event::Start(start) => reading.begin(&start)?,
            Event::End(_) => reading.end()?,
            Event::DocType(_) => {
                return Err(Error::invalid("a document type, which is not read: it may expand"));
            }
            Event::Eof => break,
            Event::Text(_)
            | Event::CData(_)
            | Event::Comment(_)
            | Event::Decl(_)
            | Event::PI(_)
            | Event::GeneralRef(_)
            | Event::Empty(_) => {}
        }
    }
    reading.finish()
}

struct Reading<'a> {
    rows: &'a mut Rows,
    /// The names of the elements that are open.
    open: Vec<String>,
    case: Option<Case>,
    /// Failures and errors that suites declare.
    declared: u64,
    has_root: bool,
}

impl Reading<'_> {
    fn begin(&mut self, start: &BytesStart<'_>) -> Result<()> {
        let name = start.local_name().as_ref().to_owned();
        if self.open.is_empty() {
            let is_root = matches!(name.as_str(), "testsuites" | "testsuite");
            if !is_root || self.has_root {
                let shown: String = name.chars().take(40).collect();
                return Err(Error::invalid(format!("an element {shown:?} at the top")));
            }
            self.has_root = true;
        }
        if self.open.len() >= REPORT_DEPTH_MAX {
            let message = format!("elements nest deeper than {REPORT_DEPTH_MAX}");
            return Err(Error::invalid(message));
        }
        let parent = self.open.last().map(String::as_str);
        match (parent, name.as_str()) {
            (_, "testsuite") => self.suite(start)?,
            (_, "testcase") if self.case.is_none() => {
                let class = attribute(start, "classname")?.filter(|class| !class.is_empty());
                let own = attribute(start, "name")?.unwrap_or_default();
                let name = match class {
                    Some(class) => format!("{class}::{own}"),
                    None => own,
                };
                let time = attribute(start, "time")?;
                let depth = self.open.len();
                self.case = Some(Case { name, time, outcome: TestOutcome::Passed, depth });
            }
            (Some("testcase"), child) => {
                let found = match child {
                    "failure" => Some(TestOutcome::Failed),
                    "error" => Some(TestOutcome::Error),
                    "skipped" => Some(match attribute(start, "type")?.as_deref() {
                        Some("pytest.xfail") => TestOutcome::ExpectedFailure,
                        _ => TestOutcome::Skipped,
                    }),
                    "flakyFailure" | "flakyError" => Some(TestOutcome::Flaky),
                    _ => None,
                };
                if let (Some(found), Some(case)) = (found, &mut self.case) {
                    case.outcome = worse(case.outcome, found);
                }
            }
            // What went wrong outside of any test.
            (Some("testsuite"), "failure") => {
                self.rows.test("(the suite)", TestOutcome::Failed, None)?;
            }
            (Some("testsuite"), "error") => {
                self.rows.test("(the suite)", TestOutcome::Error, None)?;
            }
            _ => {}
        }
        self.open.push(name);
        Ok(())
    }

    fn suite(&mut self, start: &BytesStart<'_>) -> Result<()> {
        for name in ["failures", "errors"] {
            let declared = attribute(start, name)?;
            let declared = declared.and_then(|text| text.trim().parse::<u64>().ok());
            self.declared = self.declared.saturating_add(declared.unwrap_or(0));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        self.open.pop();
        if let Some(case) = self.case.take_if(|case| case.depth == self.open.len()) {
            let took = case.time.as_deref().and_then(seconds);
            self.rows.test(case.name, case.outcome, took)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        if !self.has_root {
            return Err(Error::invalid("no element at all"));
        }
        if !self.open.is_empty() {
            return Err(Error::invalid("it ends in the middle: it was cut short"));
        }
        let declared = self.declared;
        if declared > 0 && !self.rows.sums().has_failures() {
            return Err(Error::invalid(format!(
                "its suites count {declared} failures, and no test of it failed"
            )));
        }
        Ok(())
    }
}

/// What a test case is of which two things are said.
fn worse(a: TestOutcome, b: TestOutcome) -> TestOutcome {
    let rank = |outcome| match outcome {
        TestOutcome::Failed => 5,
        TestOutcome::Error => 4,
        TestOutcome::Flaky => 3,
        TestOutcome::ExpectedFailure => 2,
        TestOutcome::Skipped => 1,
        _ => 0,
    };
    if rank(b) > rank(a) { b } else { a }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Result<Option<String>> {
    for found in start.attributes() {
        let found = found.map_err(|error| Error::invalid(format!("an attribute: {error}")))?;
        if found.key.as_ref() == name {
            let value = found.normalized_value(XmlVersion::Implicit1_0);
            return value.map(|value| Some(value.into_owned())).map_err(fault);
        }
    }
    Ok(None)
}

fn fault(error: quick_xml::Error) -> Error {
    let said: String = error.to_string().chars().take(200).collect();
    Error::invalid(format!("no XML: {said}"))
}
