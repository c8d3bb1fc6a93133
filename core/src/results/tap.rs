//! The Test Anything Protocol, versions 13 and 14. A subtest is one point of the test around it.

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::object::TestOutcome;

/// Reads a report.
pub(super) fn read(text: &str, rows: &mut Rows) -> Result<()> {
    let (mut plan, mut points, mut in_yaml) = (None, 0_u64, false);
    for line in text.lines() {
        let line = line.trim_end();
        if in_yaml {
            in_yaml = line != "  ...";
            continue;
        }
        if line == "  ---" {
            in_yaml = true;
            continue;
        }
        // Subtests, and what is no TAP: a harness ignores it.
        if line.starts_with([' ', '\t']) || line.is_empty() {
            continue;
        }
        if let Some(why) = line.strip_prefix("Bail out!") {
            let why = why.trim();
            return rows.test(format!("Bail out! {why}").trim_end(), TestOutcome::Error, None);
        }
        if let Some((planned, why)) = read_plan(line) {
            if plan.is_some() {
                return Err(Error::invalid("two plans"));
            }
            plan = Some(planned);
            if planned == 0 {
                let name = if why.is_empty() { "(all)" } else { why };
                rows.test(name, TestOutcome::Skipped, None)?;
            }
            continue;
        }
        if let Some((is_ok, rest)) = read_point(line) {
            points += 1;
            let (name, outcome) = described(rest, is_ok);
            let name = if name.is_empty() { format!("test {points}") } else { name };
            rows.test(name, outcome, None)?;
        }
    }
    if in_yaml {
        return Err(Error::invalid("it ends in the middle of a diagnostic: it was cut short"));
    }
    match plan {
        None => Err(Error::invalid("it has no plan: it was cut short, or is no TAP")),
        Some(planned) if planned > points => {
            let missing = planned - points;
            rows.test(
                format!("{missing} of {planned} planned tests did not run"),
                TestOutcome::Error,
                None,
            )
        }
        Some(planned) if planned < points => rows.test(
            format!("{points} tests ran where {planned} were planned"),
            TestOutcome::Error,
            None,
        ),
        Some(_) => Ok(()),
    }
}

/// Tells whether a line is a test point.
pub(super) fn is_point(line: &str) -> bool {
    // Without a number it may be anybody's words.
    read_point(line.trim_end())
        .is_some_and(|(_, rest)| rest.starts_with(|at: char| at.is_ascii_digit()))
}

/// Tells whether a line is a plan.
pub(super) fn is_plan(line: &str) -> bool {
    read_plan(line.trim_end()).is_some()
}

fn read_plan(line: &str) -> Option<(u64, &str)> {
    let rest = line.strip_prefix("1..")?;
    let end = rest.find(|at: char| !at.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, rest) = rest.split_at(end);
    let planned = digits.parse().ok()?;
    let rest = rest.trim_start();
    match rest.strip_prefix('#') {
        Some(why) => Some((planned, why.trim())),
        None => rest.is_empty().then_some((planned, "")),
    }
}

fn read_point(line: &str) -> Option<(bool, &str)> {
    let (is_ok, rest) = match line.strip_prefix("not ok") {
        Some(rest) => (false, rest),
        None => (true, line.strip_prefix("ok")?),
    };
    match rest.strip_prefix(' ') {
        Some(rest) => Some((is_ok, rest.trim_start())),
        None => rest.is_empty().then_some((is_ok, "")),
    }
}

/// The description of a point, and what it says with its directive.
fn described(rest: &str, is_ok: bool) -> (String, TestOutcome) {
    let rest = rest.trim_start_matches(|at: char| at.is_ascii_digit()).trim_start();
    let rest = rest.strip_prefix('-').map_or(rest, str::trim_start);
    let mut name = String::new();
    let mut directive = "";
    let mut chars = rest.char_indices();
    while let Some((at, found)) = chars.next() {
        match found {
            '\\' => name.extend(chars.next().map(|(_, escaped)| escaped)),
            '#' => {
                let after = rest[at + 1..].trim_start();
                let is_directive = |word: &str| {
                    after.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
                };
                if is_directive("skip") || is_directive("todo") {
                    directive = after;
                    break;
                }
                name.push('#');
            }
            other => name.push(other),
        }
    }
    let is = |word: &str| directive.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let outcome = match (is_ok, is("skip"), is("todo")) {
        (true, true, _) => TestOutcome::Skipped,
        (true, _, true) => TestOutcome::UnexpectedPass,
        (false, _, true) => TestOutcome::ExpectedFailure,
        (true, ..) => TestOutcome::Passed,
        (false, ..) => TestOutcome::Failed,
    };
    (name.trim_end().to_owned(), outcome)
}
