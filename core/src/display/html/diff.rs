//! A diff, side by side.

use std::collections::VecDeque;

use super::super::number::{counted, grouped};
use super::super::page::Page;
use super::super::pairs::{Pair, Side, pairs};
use super::super::visible::clip;
use super::{fragment, note};
use crate::diff::FileDiff;
use crate::limits::{
    DISPLAY_DIFF_ROWS_MAX, DISPLAY_LABEL_CHARS_MAX, DISPLAY_LINE_CHARS_MAX, DISPLAY_PAGE_BYTES_MAX,
};

/// Equal rows that are shown before and after a change.
const CONTEXT: usize = 3;

/// Draws a diff.
pub(in crate::display) fn diff(diff: &FileDiff, old: &[u8], new: &[u8]) -> Page {
    fragment(|page| write(page, diff, old, new)).0
}

/// The name of the new version, what came and went, and the rows.
fn write(page: &mut Page, diff: &FileDiff, old: &[u8], new: &[u8]) {
    page.markup("<div class=\"p-name\"><span>").short(new, DISPLAY_LABEL_CHARS_MAX);
    page.markup("</span><span>");
    stats(page, diff);
    page.markup("</span></div>");
    table(page, diff, old, new);
}

/// Draws a diff without the style.
pub(super) fn table(page: &mut Page, diff: &FileDiff, old: &[u8], new: &[u8]) {
    if diff.is_empty() {
        return note(page, "no difference");
    }
    if diff.is_binary() {
        return note(page, "binary, or too large to compare by lines: it differs");
    }
    page.markup("<table class=\"p-diff\"><colgroup><col style=\"width:52px\"><col>");
    page.markup("<col style=\"width:52px\"><col></colgroup><thead><tr><th colspan=\"2\">");
    page.short(old, DISPLAY_LABEL_CHARS_MAX).markup("</th><th class=\"p-half\" colspan=\"2\">");
    page.short(new, DISPLAY_LABEL_CHARS_MAX).markup("</th></tr></thead><tbody>");
    rows(page, diff);
    page.markup("</tbody></table>");
}

/// How many lines came and went.
pub(super) fn stats(page: &mut Page, diff: &FileDiff) {
    if diff.is_binary() {
        return;
    }
    let stats = diff.stats();
    page.markup("<span class=\"p-plus\">+").text(grouped(stats.added)).markup("</span> ");
    page.markup("<span class=\"p-minus\">\u{2212}").text(grouped(stats.removed)).markup("</span>");
}

fn rows(page: &mut Page, diff: &FileDiff) {
    let (mut held, mut skipped): (VecDeque<Pair<'_>>, u64) = (VecDeque::new(), 0);
    // Equal rows still to show after a change, and rows shown.
    let (mut after, mut shown) = (0, 0);
    // Rows that differ, and equal ones, for which there was no room.
    let (mut left, mut left_equal) = (0u64, 0u64);
    for pair in pairs(diff) {
        let changed = [&pair.old, &pair.new].into_iter().any(|side| match side {
            Some(side) => side.changed,
            None => true,
        });
        let due = changed || after > 0;
        let is_full = || {
            shown + held.len() >= DISPLAY_DIFF_ROWS_MAX || page.len() > DISPLAY_PAGE_BYTES_MAX / 2
        };
        if left > 0 || due && is_full() {
            left += u64::from(changed);
            left_equal += u64::from(!changed);
            continue;
        }
        if !due {
            held.push_back(pair);
            if held.len() > CONTEXT {
                held.pop_front();
                skipped += 1;
            }
            continue;
        }
        gap(page, std::mem::take(&mut skipped));
        for pair in held.drain(..).chain([pair]) {
            row(page, &pair);
            shown += 1;
        }
        after = if changed { CONTEXT } else { after - 1 };
    }
    let equal = skipped + held.len() as u64 + left_equal;
    if left == 0 {
        return gap(page, equal);
    }
    page.markup("<tr><td class=\"p-gap\" colspan=\"4\">");
    page.text(counted(left, "more row that differs", "more rows that differ"));
    if equal > 0 {
        page.markup(" and ").text(counted(equal, "equal line", "equal lines"));
    }
    page.markup(" not shown</td></tr>");
}

fn gap(page: &mut Page, equal: u64) {
    if equal > 0 {
        page.markup("<tr><td class=\"p-gap\" colspan=\"4\">");
        page.text(counted(equal, "equal line", "equal lines")).markup("</td></tr>");
    }
}

fn row(page: &mut Page, pair: &Pair<'_>) {
    page.markup("<tr>");
    side(page, pair.old.as_ref(), ["", "p-del", "<del>", "</del>"]);
    side(page, pair.new.as_ref(), [" p-half", "p-add", "<ins>", "</ins>"]);
    page.markup("</tr>");
}

/// One half of a row: its edge, its colour, and what marks words in it.
fn side(page: &mut Page, side: Option<&Side<'_>>, [edge, class, open, close]: [&'static str; 4]) {
    page.markup("<td class=\"p-ln").markup(edge);
    let Some(side) = side else {
        page.markup(" p-none\"></td><td class=\"p-tx p-none\"></td>");
        return;
    };
    let class = if side.changed { class } else { "" };
    page.markup(" ").markup(class).markup("\">").text(side.number.to_string());
    page.markup("</td><td class=\"p-tx ").markup(class).markup("\">");
    let (kept, cut) = clip(side.text, DISPLAY_LINE_CHARS_MAX);
    let mut at = 0;
    for mark in side.marks.iter().take_while(|mark| mark.start < kept.len()) {
        page.code(&kept[at..mark.start]).markup(open);
        at = mark.end.min(kept.len());
        page.code(&kept[mark.start..at]).markup(close);
    }
    page.code(&kept[at..]).cut(cut);
    if side.is_open && side.changed {
        page.markup("<span class=\"p-cut\"> no line feed at the end</span>");
    }
    page.markup("</td>");
}
