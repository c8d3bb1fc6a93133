//! What pytest prints. Its last line has the totals; names stand in the lines of `-v` and of the
//! short summary.

use std::collections::BTreeMap;

use super::rows::Rows;
use crate::error::{Error, Result};
use crate::object::TestOutcome;

/// The words of the totals, and of the lines that name a test.
const WORDS: [(&str, &str, TestOutcome); 6] = [
    ("passed", "PASSED", TestOutcome::Passed),
    ("failed", "FAILED", TestOutcome::Failed),
    ("error", "ERROR", TestOutcome::Error),
    ("skipped", "SKIPPED", TestOutcome::Skipped),
    ("xfailed", "XFAIL", TestOutcome::ExpectedFailure),
    ("xpassed", "XPASS", TestOutcome::UnexpectedPass),
];

/// Reads what was printed.
pub(super) fn read(
    text: &str,
    rows: &mut Rows,
    tools: &mut BTreeMap<String, String>,
) -> Result<()> {
    let mut totals = None;
    let mut named: BTreeMap<String, TestOutcome> = BTreeMap::new();
    for line in text.lines() {
        if let Some(summary) = summary(line) {
            totals = Some(summary);
        } else if let Some(platform) = line.strip_prefix("platform ") {
            note_tools(platform, tools);
        } else if let Some((name, outcome)) = test(line) {
            named.insert(name.to_owned(), outcome);
        }
    }
    let Some(totals) = totals else {
        return Err(Error::invalid("no line with its totals: it was cut short"));
    };
    for (outcome, total) in &totals {
        let mut left = *total;
        for (name, found) in &named {
            if found == outcome && left > 0 {
                rows.test(name.clone(), *outcome, None)?;
                left -= 1;
            }
        }
        rows.fill(0, *outcome, *total)?;
    }
    Ok(())
}

/// Tells whether a line has the totals.
pub(super) fn is_summary(line: &str) -> bool {
    summary(line).is_some()
}

/// `===== 3 passed, 1 failed in 0.12s =====`, without the bars if it is quiet.
fn summary(line: &str) -> Option<Vec<(TestOutcome, u64)>> {
    let line = line.trim().trim_matches('=').trim();
    let (counts, took) = line.rsplit_once(" in ")?;
    let took = took.split_whitespace().next()?;
    let seconds = took.strip_suffix('s')?;
    seconds.parse::<f64>().ok()?;
    if counts == "no tests ran" {
        return Some(Vec::new());
    }
    let mut totals = Vec::new();
    for count in counts.split(", ") {
        let (number, word) = count.split_once(' ')?;
        let number: u64 = number.parse().ok()?;
        let singular = word.strip_suffix('s').unwrap_or(word);
        match WORDS.iter().find(|(known, ..)| *known == word || *known == singular) {
            Some((_, _, outcome)) => totals.push((*outcome, number)),
            // These count no tests.
            None if matches!(singular, "warning" | "deselected" | "rerun" | "subtests passed") => {}
            None => return None,
        }
    }
    Some(totals)
}

/// `tests/a.py::test_b PASSED [ 10%]`, or `FAILED tests/a.py::test_b - why`.
fn test(line: &str) -> Option<(&str, TestOutcome)> {
    let line = line.trim();
    let (first, rest) = line.split_once(' ')?;
    let by_word = |word: &str| WORDS.iter().find(|(_, known, _)| *known == word);
    if let Some((.., outcome)) = by_word(first) {
        let name = rest.split(" - ").next()?.trim();
        return name.contains("::").then_some((name, *outcome));
    }
    WORDS.iter().find_map(|(_, word, outcome)| {
        let at = line.find(&format!(" {word}"))?;
        let (name, after) = (line[..at].trim(), &line[at + 1 + word.len()..]);
        let ends = after.is_empty() || after.starts_with([' ', '\t']);
        (ends && name.contains("::")).then_some((name, *outcome))
    })
}

/// `linux -- Python 3.12.3, pytest-8.2.0, pluggy-1.5.0`.
fn note_tools(platform: &str, tools: &mut BTreeMap<String, String>) {
    let Some((_, said)) = platform.split_once(" -- ") else { return };
    for tool in said.split(", ") {
        let found = tool.split_once(' ').filter(|(name, _)| *name == "Python");
        if let Some((name, version)) = found.or_else(|| tool.rsplit_once('-'))
            && tools.len() < crate::limits::EVIDENCE_TOOLS_MAX
        {
            tools.insert(name.to_lowercase(), version.to_owned());
        }
    }
}
