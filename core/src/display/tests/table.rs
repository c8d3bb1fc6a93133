//! Listings: their first rows and how many there are.

use crate::display::Table;

fn table(rows: usize, total: u64, is_more: bool) -> Table {
    let mut table = Table::new("Log", ["checkpoint", "checkpoints"], &["number", "message"]);
    for number in (0..rows).rev() {
        table.row([(number * 7).to_string(), format!("message {number}")]);
    }
    table.count(total, is_more);
    table
}

#[test]
fn a_listing_shows_its_first_rows_and_how_many_there_are() {
    let text = table(3, 3, false).text();
    assert_eq!(text, "<Log of 3 checkpoints>\n14  message 2\n7   message 1\n0   message 0");
    assert_eq!(table(0, 0, false).text(), "<Log of 0 checkpoints>");
    assert_eq!(table(1, 1, false).text(), "<Log of 1 checkpoint>\n0  message 0");
    assert!(table(2, 12, false).text().ends_with("\nand 10 more"));
    let many = table(2, 1_000, true);
    assert!(many.text().starts_with("<Log of more than 1,000 checkpoints>\n"));
    assert!(many.html().contains("and more than 998 more"));
    assert_eq!(table(3, 12, false).html().matches("<tr><td").count(), 3);
}

#[test]
fn what_a_listing_shows_is_text_and_one_line_a_row() {
    let mut table = Table::new("State", ["key", "keys"], &["key", "value"]);
    table.row(["<script>\u{202e}".into(), format!("a\nb\u{1b}{}", "x".repeat(1_000))]);
    let (text, html) = (table.text(), table.html());
    assert_eq!(text.lines().count(), 2);
    assert!(!text.contains(['\u{1b}', '\u{202e}']) && text.len() < 300, "{text}");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;"), "{html}");
}
