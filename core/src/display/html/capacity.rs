//! Capacity: a bar for each source, beside the limit.

use super::super::number::{counted, grouped, percent, permille};
use super::super::page::Page;
use super::{fragment, note};
use crate::budget::Capacity;
use crate::context::Source;
use crate::limits::{BUDGET_TOKENS_MAX, DISPLAY_ITEMS_MAX, DISPLAY_LABEL_CHARS_MAX};
use crate::tokens::Count;

/// The colours of the sources in their order, and of the overhead.
const COLOURS: [&str; 6] = ["p-s0", "p-s1", "p-s2", "p-s3", "p-s4", "p-s5"];

/// Draws a capacity.
pub(in crate::display) fn capacity<K>(capacity: &Capacity<K>) -> Page {
    fragment(|page| write(page, capacity)).0
}

/// Draws a capacity without the style.
pub(super) fn write<K>(page: &mut Page, capacity: &Capacity<K>) {
    // The largest limit there is stands for none.
    let limit = Some(capacity.limit()).filter(|limit| *limit < BUDGET_TOKENS_MAX);
    let total = capacity.total();
    let needed = total.tokens().saturating_add(limit.map_or(0, |_| capacity.reserve()));
    let whole = limit.unwrap_or(0).max(needed).max(1);

    page.markup("<div class=\"p-name\"><span>").text(total.to_string());
    if let Some(limit) = limit {
        page.markup(" of ").text(grouped(limit));
    }
    page.markup(" tokens</span>");
    if limit.is_some() {
        match capacity.headroom() {
            left @ 0.. => {
                page.markup("<span>").text(grouped(left.unsigned_abs())).markup(" left</span>");
            }
            over => {
                page.markup("<span class=\"p-over\">over by ");
                page.text(grouped(over.unsigned_abs())).markup("</span>");
            }
        }
    }
    page.markup("</div><div class=\"p-gauge\"><div class=\"p-bar\">");
    let parts = || parts(capacity).zip(COLOURS);
    for ((name, count), colour) in parts() {
        segment(page, colour, count.tokens(), whole, &format!("{name}: {count}"));
    }
    let reserve = limit.map_or(0, |_| capacity.reserve());
    let kept = format!("reserved for the answer: {}", grouped(reserve));
    segment(page, "p-free", reserve, whole, &kept);
    page.markup("</div>");
    if let Some(limit) = limit {
        page.markup("<div class=\"p-mark\"");
        page.attribute("style", format!("left:{}", percent(permille(limit, whole))));
        page.markup("><span>limit ").text(grouped(limit)).markup("</span></div>");
    }
    page.markup("</div><table><thead><tr><th>source</th><th class=\"p-n\">tokens</th>");
    page.markup("<th class=\"p-n\">share</th><th class=\"p-w\"></th></tr></thead><tbody>");
    for ((name, count), colour) in parts() {
        let share = permille(count.tokens(), total.tokens());
        page.markup("<tr><td class=\"p-nw\"><i class=\"p-dot ").markup(colour);
        page.markup("\"></i>").text(name).markup("</td><td class=\"p-n\">");
        page.text(count.to_string()).markup("</td><td class=\"p-n\">").text(percent(share));
        page.markup("</td><td class=\"p-w\"><div class=\"p-bar\">");
        segment(page, colour, count.tokens(), total.tokens().max(1), "");
        page.markup("</div></td></tr>");
    }
    if reserve > 0 {
        page.markup("<tr><td class=\"p-nw\"><i class=\"p-dot p-free\"></i>");
        page.markup("reserved for the answer</td><td class=\"p-n\">").text(grouped(reserve));
        page.markup("</td><td></td><td></td></tr>");
    }
    page.markup("</tbody></table>");
    items(page, capacity);
    if !total.is_exact() {
        note(
            page,
            "a count with \"about\" is an estimate, with its bounds; what is left goes by the \
                    upper one",
        );
    }
}

fn items<K>(page: &mut Page, capacity: &Capacity<K>) {
    let shown = capacity.items().iter().take(DISPLAY_ITEMS_MAX);
    let more = capacity.items_total().saturating_sub(shown.len()) as u64;
    if shown.len() > 0 {
        page.markup("<table style=\"margin-top:14px\"><thead><tr><th>largest items</th>");
        page.markup("<th>source</th><th class=\"p-n\">tokens</th></tr></thead><tbody>");
        for item in shown {
            page.markup("<tr><td class=\"p-w\">").short(&item.label, DISPLAY_LABEL_CHARS_MAX);
            page.markup("</td><td class=\"p-nw\"><i class=\"p-dot ")
                .markup(COLOURS[item.source as usize]);
            page.markup("\"></i>").text(item.source.name()).markup("</td><td class=\"p-n\">");
            page.text(item.count.to_string()).markup("</td></tr>");
        }
        page.markup("</tbody></table>");
    }
    if more > 0 {
        note(page, format!("and {}", counted(more, "smaller item", "smaller items")));
    }
}

fn parts<K>(capacity: &Capacity<K>) -> impl Iterator<Item = (&'static str, Count)> {
    let sources = Source::ALL.map(|source| (source.name(), capacity.source(source)));
    sources.into_iter().chain([("the request itself", capacity.overhead())])
}

fn segment(page: &mut Page, class: &'static str, tokens: u64, whole: u64, title: &str) {
    if tokens == 0 {
        return;
    }
    page.markup("<i class=\"").markup(class).markup("\"");
    page.attribute("style", format!("width:{}", percent(permille(tokens, whole))));
    if !title.is_empty() {
        page.attribute("title", title);
    }
    page.markup("></i>");
}
