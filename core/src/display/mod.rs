//! Displays: sessions, diffs, capacities and stores as HTML, SVG and text, to look at in a browser,
//! in a notebook or on a terminal.
//!
//! Each is drawn from what is there when it is asked for, and nothing of a display goes back. All of
//! them are complete in themselves: no script, and nothing that would be fetched. HTML comes as one
//! element with its own style, which follows a reader's light or dark theme; SVG is well-formed XML.
//!
//! Whatever a session holds is shown as text and never becomes markup. Control characters, marks
//! that reorder a line, and characters that nobody sees show as escapes such as `\u{202e}`. What is
//! long is cut, and the display says how much is left out; the bounds are `DISPLAY_` in
//! [`limits`](crate::limits).

mod claims;
mod data;
mod family;
mod graph;
mod html;
mod layout;
mod merges;
mod number;
mod page;
mod pairs;
mod samples;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod visible;

pub use claims::claims_table;
pub use data::{CheckpointGraph, GraphCheckpoint, GraphSession};
pub use merges::{conflicts_table, learned_table, overlap_table};
pub use number::{counted, grouped};
pub use samples::samples_svg;
pub use table::Table;
pub use text::Lines;

use self::family::Family;
use self::graph::Graph;
use crate::budget::{Budget, Capacity};
use crate::diff::FileDiff;
use crate::error::Result;
use crate::limits::DISPLAY_GRAPH_ROWS_MAX;
use crate::session::Session;
use crate::store::Store;
use crate::tokens::TokenCounter;

/// Draws a session as HTML: who it is, its key figures, and its newest checkpoints with the
/// operations that made them and the forks that began there.
///
/// # Errors
/// `NotFound` if the session is gone, `Corrupt` if it or another session cannot be read.
///
/// ```
/// let session = partita::Store::in_memory()?.session("<script>")?;
/// session.write("a", "1")?;
/// let html = partita::display::session_html(&session)?;
/// assert!(html.starts_with("<div class=\"partita\">") && html.ends_with("</div>"));
/// assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn session_html(session: &Session) -> Result<String> {
    Ok(html::session(session)?.finish())
}

/// Draws a diff as HTML: both versions side by side under their names, with line numbers, and marks
/// on the words that differ in lines that are alike.
///
/// ```
/// let diff = partita::diff::file(b"let x = one;\n", b"let x = two;\n");
/// let html = partita::display::diff_html(&diff, "a/x.rs", "b/x.rs");
/// assert!(html.contains("let x = <del>one</del>;") && html.contains("let x = <ins>two</ins>;"));
/// ```
pub fn diff_html(diff: &FileDiff, old: impl AsRef<[u8]>, new: impl AsRef<[u8]>) -> String {
    html::diff(diff, old.as_ref(), new.as_ref()).finish()
}

/// Draws a capacity as HTML: a bar of all tokens beside the limit, one for each source with its
/// share, and the largest items. A limit of
/// [`BUDGET_TOKENS_MAX`](crate::limits::BUDGET_TOKENS_MAX) stands for none.
///
/// ```
/// use partita::budget::Budget;
/// use partita::display::capacity_html;
/// use partita::tokens::Encoding;
/// let session = partita::Store::in_memory()?.session("s")?;
/// session.write("src/lib.rs", "fn parse() {}\n")?;
/// let html = capacity_html(&session.capacity(&Budget::new(1_000), &Encoding::O200k)?);
/// assert!(html.contains("of 1,000 tokens") && html.contains("src/lib.rs"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn capacity_html<K>(capacity: &Capacity<K>) -> String {
    html::capacity(capacity).finish()
}

/// Draws a store as HTML: a table of its sessions, with what they hold and when they changed.
///
/// # Errors
/// `Corrupt` if a session cannot be read.
///
/// ```
/// let store = partita::Store::in_memory()?;
/// store.session("fix-parser")?.write("a", "1")?;
/// assert!(partita::display::store_html(&store)?.contains("fix-parser"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn store_html(store: &Store) -> Result<String> {
    Ok(html::store(store)?.finish())
}

/// Draws the newest checkpoints of a session, and the forks that began from them, as a graph in
/// SVG: a lane for each session, a line from each checkpoint to those it came from, and all there is
/// to say of it where the pointer rests.
///
/// # Errors
/// As [`session_html`].
///
/// ```
/// let session = partita::Store::in_memory()?.session("fix")?;
/// session.write("a", "1")?;
/// session.fork("trial")?.write("a", "2")?;
/// let svg = partita::display::dag_svg(&session)?;
/// assert!(svg.starts_with("<svg xmlns=") && svg.contains("trial"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn dag_svg(session: &Session) -> Result<String> {
    let graph = Graph::new(session, &Family::of(session)?, DISPLAY_GRAPH_ROWS_MAX)?;
    Ok(svg::draw(&graph).finish())
}

/// Returns the same graph as data, with the newest `most` checkpoints of the session and for each
/// fork a share of as many.
///
/// # Errors
/// As [`session_html`].
pub fn graph(session: &Session, most: usize) -> Result<CheckpointGraph> {
    let family = Family::of(session)?;
    let graph = Graph::new(session, &family, most)?;
    data::data(session, family, graph)
}

/// Draws the same graph as text, one checkpoint a line, with the newest `most` of the session and
/// for each fork a share of as many. Fit for a terminal: whatever one would obey is an escape.
///
/// # Errors
/// As [`session_html`].
///
/// ```
/// use partita::display::{Lines, graph_text};
/// let session = partita::Store::in_memory()?.session("fix")?;
/// session.write("a", "1")?;
/// assert!(graph_text(&session, 10, Lines::Ascii)?.starts_with("@  1  "));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn graph_text(session: &Session, most: usize, lines: Lines) -> Result<String> {
    Ok(text::draw(&Graph::new(session, &Family::of(session)?, most)?, lines))
}

/// Writes a page that tells all of a session: header, graph, timeline, capacity, files with their
/// iterations and what changed last, and memories with how they stand in the view.
///
/// # Errors
/// As [`session_html`], and as [`Session::capacity`].
///
/// ```
/// use partita::Memory;
/// use partita::budget::Budget;
/// use partita::display::report_html;
/// use partita::tokens::Encoding;
/// let session = partita::Store::in_memory()?.session("fix")?;
/// session.remember(Memory::user("It drops the last token."))?;
/// let page = report_html(&session, &Budget::new(8_000), &Encoding::O200k)?;
/// assert!(page.starts_with("<!DOCTYPE html>") && page.contains("drops the last token"));
/// # Ok::<(), partita::Error>(())
/// ```
pub fn report_html(
    session: &Session,
    budget: &Budget,
    counter: &(impl TokenCounter + ?Sized),
) -> Result<String> {
    Ok(html::report(session, budget, counter)?.finish())
}
