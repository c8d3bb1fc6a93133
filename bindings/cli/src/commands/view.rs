//! Edits of the view: forget, recall, hide, show, refresh, compact, expand.

use std::cell::Cell;
use std::path::Path;

use partita::history::MemoryEntry;
use partita::view::{PairInView, ViewReport};
use partita::{Error, ErrorKind, Selector};

use super::{Access, open_session, text};
use crate::args::{Compact, Globbed, Selected};
use crate::failure::Result;
use crate::output::{Output, counted, quote};

/// Takes memories out of the view.
pub(super) fn forget(out: &mut Output, dir: &Path, args: &Selected) -> Result<()> {
    let selector = selector(&args.selector)?;
    let report = open_session(dir, Access::Write, &args.name)?.forget(&selector)?;
    told(out, &report, Some(&args.selector), args.json.json)
}

/// Brings memories back into the view.
pub(super) fn recall(out: &mut Output, dir: &Path, args: &Selected) -> Result<()> {
    let selector = selector(&args.selector)?;
    let report = open_session(dir, Access::Write, &args.name)?.recall(&selector)?;
    told(out, &report, Some(&args.selector), args.json.json)
}

/// Puts the newest iterations in place of outdated ones.
pub(super) fn refresh(out: &mut Output, dir: &Path, name: &str, as_json: bool) -> Result<()> {
    let report = open_session(dir, Access::Write, name)?.refresh()?;
    told(out, &report, None, as_json)
}

/// Takes files out of the view.
pub(super) fn hide(out: &mut Output, dir: &Path, args: &Globbed) -> Result<()> {
    let report = open_session(dir, Access::Write, &args.name)?.hide(&args.glob)?;
    told(out, &report, None, args.json.json)
}

/// Puts files into the view.
pub(super) fn show(out: &mut Output, dir: &Path, args: &Globbed) -> Result<()> {
    let report = open_session(dir, Access::Write, &args.name)?.show(&args.glob)?;
    told(out, &report, None, args.json.json)
}

/// Lets a summary stand for memories in view.
pub(super) fn compact(out: &mut Output, dir: &Path, args: &Compact) -> Result<()> {
    let selected = &args.selected;
    let selector = selector(&selected.selector)?;
    let session = open_session(dir, Access::Write, &selected.name)?;
    let summary = text(Some(&args.summary))?;
    let used = Cell::new(false);
    let once = |memories: &[MemoryEntry]| {
        if used.replace(true) {
            let first = memories.first().map_or(0, |entry| entry.number);
            return Err(Error::new(
                ErrorKind::Invalid,
                format!(
                    "{selector} is no single run: memories between stay in view, and memory {first} \
                     would need a summary of its own; compact one run at a time"
                ),
            ));
        }
        Ok(summary.clone())
    };
    let report = session.compact(&selector, &once)?;
    told(out, &report, Some(&selected.selector), selected.json.json)
}

/// Takes a summary off.
pub(super) fn expand(
    out: &mut Output,
    dir: &Path,
    name: &str,
    id: &str,
    as_json: bool,
) -> Result<()> {
    let selector = selector(id)?;
    let report = open_session(dir, Access::Write, name)?.expand(&selector)?;
    told(out, &report, Some(id), as_json)
}

/// Reads a selector.
pub(super) fn selector(text: &str) -> Result<Selector> {
    Ok(Selector::parse(text)?)
}

/// Says what an edit of the view did. One that selected nothing is a failure.
pub(super) fn told(
    out: &mut Output,
    report: &ViewReport,
    selector: Option<&str>,
    as_json: bool,
) -> Result<()> {
    if let Some(selector) = selector
        && report.named.is_empty()
        && report.summaries.is_empty()
    {
        let shown: String = selector.chars().take(80).collect();
        let message = format!("{shown:?} selects no memory");
        return Err(Error::new(ErrorKind::NotFound, message).into());
    }
    if as_json {
        return out.json(report);
    }
    if !report.changed.is_empty() {
        let mut line = format!("changed {}", numbers(&report.changed));
        if !report.widened.is_empty() {
            line += &format!("; {} added to keep exchanges whole", numbers(&report.widened));
        }
        out.line(line)?;
    }
    if !report.pinned.is_empty() {
        out.line(format_args!("left {}: pinned", numbers(&report.pinned)))?;
    }
    for (what, pairs) in [
        ("out of view", &report.files_out),
        ("into view", &report.files_in),
        ("changed", &report.files_changed),
        ("left, pinned", &report.files_pinned),
    ] {
        for PairInView { path, number, .. } in pairs {
            let path = quote::path(path.as_bytes());
            out.line(format_args!("{what}: {path}, iteration {number}"))?;
        }
    }
    match &report.checkpoint {
        Some(info) if report.rules && report.files_in.is_empty() && report.files_out.is_empty() => {
            out.line(format_args!("holds for files to come; checkpoint {}", info.number))
        }
        Some(info) => out.line(format_args!("checkpoint {}", info.number)),
        None => out.line(format_args!("nothing changed")),
    }
}

/// Numbers of memories as people write them: `memories 3..5, 7`.
fn numbers(numbers: &[u64]) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
            _ => runs.push((number, number)),
        }
    }
    let runs: Vec<String> = runs
        .iter()
        .map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}..{last}"),
        })
        .collect();
    let count = counted(numbers.len() as u64, "memory", "memories");
    format!("{count} ({})", runs.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_runs() {
        assert_eq!(numbers(&[3]), "1 memory (3)");
        assert_eq!(numbers(&[3, 4, 5, 7, 9, 10]), "6 memories (3..5, 7, 9..10)");
        assert_eq!(numbers(&[u64::MAX, 1]), format!("2 memories ({}, 1)", u64::MAX));
    }
}
