//! A page that tells all of a session, within bounds.

use super::super::claims::claims_table;
use super::super::family::Family;
use super::super::graph::Graph;
use super::super::merges::conflicts_table;
use super::super::page::Page;
use super::super::{svg, visible};
use super::{capacity, files, memories, note, session, table};
use crate::budget::Budget;
use crate::error::Result;
use crate::limits::{DISPLAY_GRAPH_ROWS_MAX, DISPLAY_ITEMS_MAX, DISPLAY_LABEL_CHARS_MAX};
use crate::session::Session;
use crate::tokens::TokenCounter;

/// Writes the page of a session.
pub(in crate::display) fn report(
    of: &Session,
    budget: &Budget,
    counter: &(impl TokenCounter + ?Sized),
) -> Result<Page> {
    let family = Family::of(of)?;
    let capacity = of.capacity_of_largest(budget, counter, DISPLAY_ITEMS_MAX)?;
    let graph = Graph::new(of, &family, DISPLAY_GRAPH_ROWS_MAX)?;
    let mut page = Page::html();
    // No script, no picture, nothing from elsewhere: also if something should slip through.
    page.markup(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta http-equiv=\"",
    );
    page.markup(
        "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
    );
    page.markup("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    page.markup("<meta name=\"color-scheme\" content=\"light dark\"><title>");
    page.text(visible::told(of.name(), DISPLAY_LABEL_CHARS_MAX)).markup("</title><style>");
    page.markup("body{margin:0}.partita.p-page{border:0;border-radius:0;margin:0 auto;");
    page.markup("padding:24px;min-height:100vh}html{background:#fff}");
    page.markup("@media(prefers-color-scheme:dark){html{background:#0d1117}}");
    page.markup(include_str!("style.css")).markup("</style></head><body>");
    page.markup("<div class=\"partita p-page\">");
    let total = session::header(&mut page, of, &family)?;
    heading(&mut page, "Checkpoints");
    page.markup("<div class=\"p-scroll\">").join(&svg::draw(&graph)).markup("</div>");
    heading(&mut page, "Timeline");
    session::timeline(&mut page, of, &family)?;
    heading(&mut page, "Capacity");
    capacity::write(&mut page, &capacity);
    note(&mut page, format!("counted by {}", counter.id()));
    let claims = claims_table(&of.latest()?)?;
    if !claims.rows.is_empty() {
        heading(&mut page, "Claims");
        table::rows(&mut page, &claims);
    }
    let conflicts = conflicts_table(&of.latest()?)?;
    if !conflicts.rows.is_empty() {
        heading(&mut page, "Conflicts");
        table::rows(&mut page, &conflicts);
    }
    heading(&mut page, "Files");
    files::files(&mut page, of, total.files)?;
    heading(&mut page, "Memories");
    memories::memories(&mut page, &of.latest()?, total.memories)?;
    page.markup("</div></body></html>\n");
    Ok(page)
}

fn heading(page: &mut Page, heading: &'static str) {
    page.markup("<div class=\"p-h\" role=\"heading\" aria-level=\"2\">").markup(heading);
    page.markup("</div>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::DISPLAY_PAGE_BYTES_MAX;
    use crate::object::Memory;
    use crate::store::Store;

    /// A page of so many bytes.
    fn of_bytes(bytes: usize) -> Page {
        let mut page = Page::html();
        page.text("x".repeat(bytes));
        page
    }

    #[test]
    fn a_page_takes_one_more_at_its_limit_and_counts_all_beyond_it() {
        let session = Store::in_memory().unwrap().session("s").unwrap();
        for at in ["1", "2"] {
            session.write(at, at).unwrap();
            session.remember(Memory::user(at)).unwrap();
        }
        for (more, shown) in [(-1, 1), (0, 1), (1, 0)] {
            let at = |limit: usize| of_bytes(limit.saturating_add_signed(more));
            let mut page = at(DISPLAY_PAGE_BYTES_MAX);
            memories::memories(&mut page, &session.latest().unwrap(), 2).unwrap();
            let page = page.finish();
            assert_eq!(page.matches("p-card\"").count(), shown);
            assert!(page.contains(&format!(
                ">{} more not shown: the page is full<",
                ["2 memories", "1 memory"][shown]
            )));

            let mut page = at(DISPLAY_PAGE_BYTES_MAX / 2);
            files::files(&mut page, &session, 2).unwrap();
            let page = page.finish();
            assert_eq!(page.matches("p-card\"").count(), shown);
            assert!(page.contains(&format!(
                ">{} more not shown: the page is full<",
                ["2 files", "1 file"][shown]
            )));
        }
    }
}
