//! Diffs: rows and lines at their limits.

use super::*;
use crate::limits::{DISPLAY_DIFF_ROWS_MAX, DISPLAY_LINE_CHARS_MAX, DISPLAY_PAGE_BYTES_MAX};

fn drawn(old: &str, new: &str) -> String {
    diff_html(&crate::diff::file(old.as_bytes(), new.as_bytes()), "old", "new")
}

fn numbered(range: std::ops::RangeInclusive<usize>) -> String {
    range.map(|at| format!("line {at}\n")).collect()
}

/// The rows of a diff, and what it says of those that it does not show.
fn rows(html: &str) -> (usize, Vec<&str>) {
    let gaps = html.split("p-gap\" colspan=\"4\">").skip(1);
    let gaps: Vec<&str> = gaps.map(|rest| rest.split("</td>").next().unwrap()).collect();
    (html.matches("<tr><td").count() - gaps.len(), gaps)
}

#[test]
fn rows_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_DIFF_ROWS_MAX) {
        let html = drawn("", &numbered(1..=number));
        let said: &[&str] = if left == 1 { &["1 more row that differs not shown"] } else { &[] };
        assert_eq!(rows(&html), (number - left, said.to_vec()));
        assert!(html.contains(&format!(">+{}<", crate::display::grouped(number as u64))));
    }
}

#[test]
fn equal_rows_about_a_change_are_within_the_limit_and_counted_beyond_it() {
    let equal = numbered(1..=10);
    let last = DISPLAY_DIFF_ROWS_MAX;
    // Ten equal lines, of which the last three are shown, and what differs.
    for (added, shown, said) in [
        (last - 7, last - 1, &["7 equal lines", "7 equal lines"][..]),
        (last - 6, last, &["7 equal lines", "7 equal lines"]),
        (last - 5, last, &["7 equal lines", "8 equal lines"]),
        (last - 3, last, &["7 equal lines", "10 equal lines"]),
        (
            last - 2,
            last,
            &["7 equal lines", "1 more row that differs and 10 equal lines not shown"],
        ),
    ] {
        let new = format!("{equal}{}{equal}", numbered(11..=10 + added));
        assert_eq!(rows(&drawn(&equal.repeat(2), &new)), (shown, said.to_vec()), "{added}");
    }
    // The limit falls into what is shown before a change.
    let old = format!("{equal}{equal}");
    let new = format!("{}{old}last\n", numbered(11..=10 + last - 5));
    let said = "1 more row that differs and 17 equal lines not shown";
    assert_eq!(rows(&drawn(&old, &new)), (last - 2, vec![said]));
    let new = format!("{}{old}last\n", numbered(11..=10 + last - 7));
    assert_eq!(rows(&drawn(&old, &new)), (last, vec!["14 equal lines"]));
}

#[test]
fn characters_of_a_line_beyond_the_limit_are_counted() {
    for (chars, left) in around(DISPLAY_LINE_CHARS_MAX) {
        // Four bytes each, of which the line shows all it has room for.
        let html = drawn("", &format!("{}\n", "\u{1f600}".repeat(chars)));
        assert_eq!(html.matches('\u{1f600}').count(), chars - left);
        assert_eq!(html.contains("\u{2026} 4 bytes more<"), left == 1);
        assert_eq!(html.contains("bytes more"), left == 1);
    }
}

#[test]
fn rows_of_hidden_characters_end_when_the_page_is_full() {
    // Each character takes 34 bytes to show.
    let line = format!("{}\n", "\u{202e}".repeat(DISPLAY_LINE_CHARS_MAX));
    let html = drawn("", &line.repeat(500));
    let (shown, said) = rows(&html);
    let of_line = DISPLAY_LINE_CHARS_MAX * "<i class=\"p-esc\">\\u{202e}</i>".len();
    assert!(html.len() < DISPLAY_PAGE_BYTES_MAX / 2 + 2 * of_line, "{}", html.len());
    assert_eq!(said, [format!("{} more rows that differ not shown", 500 - shown)]);
    assert_eq!(shown, DISPLAY_PAGE_BYTES_MAX / 2 / of_line + 1);
}
