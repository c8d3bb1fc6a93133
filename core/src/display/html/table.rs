//! A listing: a table of its first rows.

use super::super::page::Page;
use super::super::table::Table;
use super::{fragment, note};
use crate::limits::DISPLAY_LABEL_CHARS_MAX;

impl Table {
    /// Draws it as HTML.
    pub fn html(&self) -> String {
        table(self).finish()
    }
}

fn table(table: &Table) -> Page {
    fragment(|page| {
        page.markup("<div class=\"p-h\">").text(table.name).markup(": ").text(table.told());
        page.markup("</div>");
        rows(page, table);
    })
    .0
}

/// Writes the rows of a table, and how many are not shown.
pub(super) fn rows(page: &mut Page, table: &Table) {
    if !table.rows.is_empty() {
        page.markup("<div class=\"p-scroll\"><table><thead><tr>");
        for column in &table.columns {
            page.markup("<th>").text(column).markup("</th>");
        }
        page.markup("</tr></thead><tbody>");
        table.rows.iter().for_each(|row| write(page, row));
        page.markup("</tbody></table></div>");
    }
    if let Some(left) = table.left() {
        note(page, left);
    }
}

fn write(page: &mut Page, row: &[String]) {
    page.markup("<tr>");
    for (at, cell) in row.iter().enumerate() {
        let is_last = at + 1 == row.len();
        page.markup(if is_last { "<td class=\"p-w\">" } else { "<td class=\"p-nw\">" });
        page.short(cell, DISPLAY_LABEL_CHARS_MAX).markup("</td>");
    }
    page.markup("</tr>");
}
