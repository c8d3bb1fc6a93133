//! Fragments of HTML: each with its style, without a script, and without anything from elsewhere.

mod capacity;
mod diff;
mod files;
mod memories;
mod report;
mod session;
mod store;
mod table;

pub(super) use capacity::capacity;
pub(super) use diff::diff;
pub(super) use report::report;
pub(super) use session::session;
pub(super) use store::store;

use super::number::grouped;
use super::page::Page;

/// A fragment with the style that all of them share, and what its writer returned.
fn fragment<T>(write: impl FnOnce(&mut Page) -> T) -> (Page, T) {
    let mut page = Page::html();
    page.markup("<div class=\"partita\"><style>").markup(include_str!("style.css"));
    page.markup("</style>");
    let written = write(&mut page);
    page.markup("</div>");
    (page, written)
}

/// A number and what it counts.
fn figure(page: &mut Page, number: u64, what: &'static str) {
    page.markup("<div class=\"p-figure\"><b>").text(grouped(number)).markup("</b><span>");
    page.markup(what).markup("</span></div>");
}

/// Says what is not shown.
fn note(page: &mut Page, note: impl AsRef<[u8]>) {
    page.markup("<p class=\"p-note\">").text(note).markup("</p>");
}

/// A word in a frame.
fn chip(page: &mut Page, class: &'static str, text: impl AsRef<[u8]>) {
    let text = super::visible::told(text, crate::limits::DISPLAY_LABEL_CHARS_MAX);
    page.markup("<span class=\"p-chip").markup(class).markup("\"");
    page.attribute("title", &text).markup(">").text(&text).markup("</span>");
}
