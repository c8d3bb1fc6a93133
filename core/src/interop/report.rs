//! Reports: what became of everything that a source holds.

use std::fmt;

use crate::limits::REPORT_ITEMS_MAX;

/// Where in a source something stands, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// A line of a file.
    Line(u64),
    /// A message of a list, or a memory that is exported.
    Message(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Line(line) => write!(f, "line {line}"),
            Place::Message(message) => write!(f, "message {message}"),
        }
    }
}

/// A place and what is to be said of it, in a line.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Remark {
    /// Where.
    pub at: Place,
    /// What was done there, or why it was not taken.
    pub what: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.what)
    }
}

/// How many there are, and the first of them: at most [`REPORT_ITEMS_MAX`].
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Remarks {
    /// How many there are in all.
    pub count: u64,
    /// The first of them.
    pub first: Vec<Remark>,
}

impl Remarks {
    fn add(&mut self, at: Place, what: impl Into<String>) {
        self.count += 1;
        if self.first.len() < REPORT_ITEMS_MAX {
            self.first.push(Remark { at, what: what.into() });
        }
    }
}

/// Something that a source holds and a dialog has no place for.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Skipped {
    /// What it is, as the source calls it.
    pub what: String,
    /// Why it is left out.
    pub why: &'static str,
    /// How many there are.
    pub count: u64,
}

/// What was kept of a source, what was mended, refused and skipped: nothing is dropped in silence.
///
/// ```
/// use partita::interop::{Format, read};
/// let text = r#"[{"role": "user", "content": "hi"}, {"role": "critic", "content": "no"}]"#;
/// let source = read(text.as_bytes(), Some(Format::OpenAiChat))?;
/// let report = &source.transcripts[0].report;
/// assert_eq!((report.kept, report.refused.count), (1, 1));
/// assert_eq!(report.refused.first[0].to_string(), "message 2: unknown role \"critic\"");
/// # Ok::<(), partita::Error>(())
/// ```
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Report {
    /// Memories that were made.
    pub kept: u64,
    /// What was kept otherwise than it stood, or stands oddly: how.
    pub mended: Remarks,
    /// What was not taken though it should have been: why.
    pub refused: Remarks,
    /// What was left out on purpose, by kind; at most [`REPORT_ITEMS_MAX`] kinds and one for the
    /// rest.
    pub skipped: Vec<Skipped>,
    /// Memories that wait: a response whose end the source does not show yet, and all behind it.
    /// The response is the one remark.
    pub waiting: Remarks,
}

const REST: &str = "other";

impl Report {
    pub(super) fn mend(&mut self, at: Place, what: impl Into<String>) {
        self.mended.add(at, what);
    }

    pub(super) fn refuse(&mut self, at: Place, why: impl Into<String>) {
        self.refused.add(at, why);
    }

    /// Counts memories that wait, the first of which has not ended.
    pub(super) fn wait(&mut self, places: impl Iterator<Item = Place>) {
        let mut places = places.peekable();
        if let Some(&first) = places.peek() {
            self.waiting.add(first, "a response that may still grow; import again, or as final");
            self.waiting.count = places.count() as u64;
        }
    }

    /// Counts anew, after some were refused.
    pub(super) fn rewait(&mut self, places: impl Iterator<Item = Place>) {
        self.waiting = Remarks::default();
        self.wait(places);
    }

    pub(super) fn skip(&mut self, what: &str, why: &'static str) {
        self.skip_many(what, why, 1);
    }

    pub(super) fn skip_many(&mut self, what: &str, why: &'static str, count: u64) {
        let what = clip(what);
        let known = |row: &&mut Skipped| row.what == what && row.why == why;
        if let Some(row) = self.skipped.iter_mut().find(known) {
            row.count += count;
        } else if self.skipped.len() < REPORT_ITEMS_MAX {
            self.skipped.push(Skipped { what, why, count });
        } else if let Some(row) = self.skipped.get_mut(REPORT_ITEMS_MAX) {
            row.count += count;
        } else {
            let why = "more kinds than a report lists";
            self.skipped.push(Skipped { what: REST.to_owned(), why, count });
        }
    }
}

/// Several lines: the counts, then each remark.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped: u64 = self.skipped.iter().map(|row| row.count).sum();
        let (mended, refused) = (self.mended.count, self.refused.count);
        write!(f, "kept {}, mended {mended}, refused {refused}, skipped {skipped}", self.kept)?;
        if self.waiting.count > 0 {
            write!(f, ", waiting {}", self.waiting.count)?;
        }
        for remark in &self.waiting.first {
            write!(f, "\nwaiting {remark}")?;
        }
        for (verb, remarks) in [("mended", &self.mended), ("refused", &self.refused)] {
            for remark in &remarks.first {
                write!(f, "\n{verb} {remark}")?;
            }
            let more = remarks.count - remarks.first.len() as u64;
            if more > 0 {
                write!(f, "\n{verb} {more} more")?;
            }
        }
        for row in &self.skipped {
            write!(f, "\nskipped {} {}: {}", row.count, row.what, row.why)?;
        }
        Ok(())
    }
}

/// Shortens a source's own words, so that a report stays a report.
pub(super) fn clip(text: &str) -> String {
    const LETTERS_MAX: usize = 64;
    let mut clipped: String = text.chars().take(LETTERS_MAX).collect();
    if clipped.len() < text.len() {
        clipped.push_str("...");
    }
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_and_kinds_are_counted_beyond_the_limit_and_listed_up_to_it() {
        for count in [REPORT_ITEMS_MAX - 1, REPORT_ITEMS_MAX, REPORT_ITEMS_MAX + 1] {
            let mut report = Report::default();
            for at in 0..count {
                report.refuse(Place::Line(at as u64), "no");
                report.skip(&format!("kind {at}"), "unknown");
                report.skip(&format!("kind {at}"), "unknown");
            }
            assert_eq!(report.refused.count, count as u64);
            assert_eq!(report.refused.first.len(), count.min(REPORT_ITEMS_MAX));
            assert_eq!(report.skipped.len(), count);
            let last = &report.skipped[count - 1];
            assert_eq!((last.what == REST, last.count), (count > REPORT_ITEMS_MAX, 2));
        }
        let mut report = Report::default();
        for at in 0..10 * REPORT_ITEMS_MAX {
            report.skip(&at.to_string(), "unknown");
        }
        assert_eq!(report.skipped.len(), REPORT_ITEMS_MAX + 1);
        assert_eq!(report.skipped[REPORT_ITEMS_MAX].count as usize, 9 * REPORT_ITEMS_MAX);
    }

    #[test]
    fn a_report_reads_line_by_line() {
        let mut report = Report { kept: 3, ..Report::default() };
        report.mend(Place::Line(7), "joined");
        report.skip(&"x".repeat(70), "why");
        let text = report.to_string();
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "kept 3, mended 1, refused 0, skipped 1");
        assert_eq!(lines[1], "mended line 7: joined");
        assert_eq!(lines[2], format!("skipped 1 {}...: why", "x".repeat(64)));
    }
}
