//! Tables: the first rows of a listing and how many there are, for whoever shows one.

use super::number::counted;
use super::visible::{cells, short};
use crate::limits::DISPLAY_LABEL_CHARS_MAX;

/// Cells of a column in a text, at the most.
const CELLS_MAX: usize = 60;

/// The first rows of a listing, with what it is and how many rows there are.
///
/// ```
/// use partita::display::Table;
/// let mut table = Table::new("Log", ["checkpoint", "checkpoints"], &["number", "message"]);
/// table.row(["2".into(), "src/lib.rs".into()]);
/// table.count(2, false);
/// let text = table.text();
/// assert!(text.starts_with("<Log of 2 checkpoints>\n") && text.ends_with("\nand 1 more"));
/// assert!(table.html().contains("src/lib.rs"));
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    pub(super) name: &'static str,
    one: &'static str,
    many: &'static str,
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    total: u64,
    is_more: bool,
}

impl Table {
    /// Makes an empty table: what is listed, what one and several of its rows are called, and the
    /// columns.
    pub fn new(name: &'static str, rows: [&'static str; 2], columns: &[&'static str]) -> Self {
        let [one, many] = rows;
        let columns = columns.to_vec();
        Table { name, one, many, columns, rows: Vec::new(), total: 0, is_more: false }
    }

    /// Appends a row, with a text for each column.
    pub fn row(&mut self, texts: impl IntoIterator<Item = String>) {
        self.rows.push(texts.into_iter().collect());
        self.total = self.total.max(self.rows.len() as u64);
    }

    /// Says how many rows the listing has, or with `is_more` that it has more than that.
    pub fn count(&mut self, total: u64, is_more: bool) {
        self.total = total.max(self.rows.len() as u64);
        self.is_more = is_more;
    }

    /// Returns how many rows there are, in words.
    pub(super) fn told(&self) -> String {
        let more = if self.is_more { "more than " } else { "" };
        format!("{more}{}", counted(self.total, self.one, self.many))
    }

    /// Returns how many rows are not shown, in words; none where all are.
    pub(super) fn left(&self) -> Option<String> {
        let left = self.total - self.rows.len() as u64;
        match (left, self.is_more) {
            (0, false) => None,
            (left, false) => Some(format!("and {left} more")),
            (left, true) => Some(format!("and more than {left} more")),
        }
    }

    /// Draws it as lines of text, without columns' names. Fit for a terminal: whatever one would
    /// obey is an escape.
    pub fn text(&self) -> String {
        let cell = |text: &String| short(text, CELLS_MAX.min(DISPLAY_LABEL_CHARS_MAX));
        let rows: Vec<Vec<String>> =
            self.rows.iter().map(|row| row.iter().map(cell).collect()).collect();
        let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|it| cells(it)).max();
        let mut text = format!("<{} of {}>", self.name, self.told());
        for row in &rows {
            let mut line = String::new();
            for (at, cell) in row.iter().enumerate() {
                line.push_str(cell);
                let room = width(at).unwrap_or(0).saturating_sub(cells(cell)) + 2;
                line.push_str(&" ".repeat(room));
            }
            text.push('\n');
            text.push_str(line.trim_end());
        }
        if let Some(left) = self.left() {
            text.push('\n');
            text.push_str(&left);
        }
        text
    }
}
