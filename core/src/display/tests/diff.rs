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
    // Style and markup of the rows take room too.
    let most = DISPLAY_PAGE_BYTES_MAX / 2 / of_line + 1;
    assert!((most - 1..=most).contains(&shown), "{shown} of {most}");
}

/// The halves of a diff's rows that differ, marks and all.
fn changed(html: &str) -> Vec<&str> {
    let cells = ["p-tx p-del\">", "p-tx p-add\">"].map(|class| html.split(class).nth(1));
    cells.into_iter().flatten().map(|rest| rest.split("</td>").next().unwrap()).collect()
}

#[test]
fn marked_words_are_escaped_wherever_a_tag_is_cut_in_two() {
    // The words part within each tag, so that marks fall into it.
    let old = "let x = <script>x()</script> + <img src=a onerror=x()> &amp; 'a';\n";
    let new = "let x = <scrapt>x()</scrapt> + <img src=b onerror=y()> &lt; \"a\";\n";
    let html = drawn(old, new);
    assert_eq!(
        changed(&html),
        [
            "let x = &lt;<del>script</del>&gt;x()&lt;/<del>script</del>&gt; + &lt;img \
             src=<del>a</del> onerror=<del>x</del>()&gt; &amp;<del>amp</del>; \
             <del>&#39;</del>a<del>&#39;</del>;",
            "let x = &lt;<ins>scrapt</ins>&gt;x()&lt;/<ins>scrapt</ins>&gt; + &lt;img \
             src=<ins>b</ins> onerror=<ins>y</ins>()&gt; &amp;<ins>lt</ins>; \
             <ins>&quot;</ins>a<ins>&quot;</ins>;",
        ]
    );
    let signs = drawn("same words a < b\n", "same words a </del><ins> b\n");
    let added = "same words a &lt;<ins>/del&gt;&lt;ins&gt;</ins> b";
    assert_eq!(changed(&signs), ["same words a &lt; b", added]);
}

#[test]
fn what_nobody_sees_shows_in_a_mark_as_an_escape() {
    let html = drawn("if is_admin { // end\n", "if is_admin { // end\u{202e}\u{2066}\n");
    let escape = |code: &str| format!("<i class=\"p-esc\">\\u{{{code}}}</i>");
    assert_eq!(changed(&html)[0], "if is_admin { // <del>end</del>");
    let added = format!("if is_admin {{ // <ins>end{}{}</ins>", escape("202e"), escape("2066"));
    assert_eq!(changed(&html)[1], added);
    let html = drawn("one two three\n", "one two three\r\n");
    assert_eq!(changed(&html)[1], "one two three<ins><i class=\"p-esc\">\\r</i></ins>");
    let diff = crate::diff::file(b"one two \xff\xc3 three\n", b"one two \xc3\xff three\n");
    let html = diff_html(&diff, "old", "new");
    let byte = |code: &str| format!("<i class=\"p-esc\">\\x{code}</i>");
    assert_eq!(changed(&html)[0], format!("one two <del>{}{}</del> three", byte("ff"), byte("c3")));
}

#[test]
fn marks_end_where_a_long_line_is_cut_and_few_tokens_are_compared() {
    let line = |word: &str| format!("{}\n", format!("same {word} ").repeat(1_000));
    let html = drawn(&line("old"), &line("new"));
    let halves = changed(&html);
    assert_eq!(halves[0].matches("<del>old</del>").count(), DISPLAY_LINE_CHARS_MAX / 9);
    assert_eq!(halves[1].matches("<ins>").count(), halves[1].matches("</ins>").count());
    assert!(halves[1].ends_with("\u{2026} 7,000 bytes more</span>"), "{}", halves[1]);
}

#[test]
fn lines_that_are_not_alike_bear_no_marks() {
    let html = drawn("alpha beta gamma\n", "x = 1\n");
    assert_eq!(changed(&html), ["alpha beta gamma", "x = 1"]);
}
