//! What displays promise, on sessions as they come.

mod capacity;
mod diff;
mod graph;
mod labels;
mod merges;
mod planted;
mod report;
mod session;
mod store;
mod style;
mod table;

use super::*;
use crate::object::Memory;
use crate::tokens::Encoding;

fn session() -> Session {
    Store::in_memory().unwrap().session("fix-parser").unwrap().with_actor("tester")
}

/// A session of so many checkpoints, in one commit.
fn of_checkpoints(number: usize) -> Session {
    let session = session();
    checkpoints(&session, number);
    session
}

/// Adds so many checkpoints in one commit.
fn checkpoints(session: &Session, number: usize) {
    let mut import = session.import().unwrap();
    for at in 0..number {
        let mut step = import.checkpoint();
        step.write("count", at.to_string()).unwrap();
        step.finish().unwrap();
    }
    import.flush().unwrap();
}

/// A number just below a limit, at it, and just above it, each with what the limit leaves out.
fn around(limit: usize) -> [(usize, usize); 3] {
    [(limit - 1, 0), (limit, 0), (limit + 1, 1)]
}

fn report(session: &Session) -> String {
    report_html(session, &Budget::new(1_000), &Encoding::O200k).unwrap()
}

/// What stands below a heading of the page of a session.
fn section<'a>(report: &'a str, heading: &str) -> &'a str {
    let below = report.split(&format!("aria-level=\"2\">{heading}</div>")).nth(1).unwrap();
    below.split("<div class=\"p-h\"").next().unwrap()
}

/// The notes of a display, which say what it leaves out.
fn notes(html: &str) -> Vec<&str> {
    let notes = html.split("<p class=\"p-note\">").skip(1);
    notes.map(|rest| rest.split("</p>").next().unwrap()).collect()
}

#[test]
fn an_empty_session_and_an_empty_store_can_be_looked_at() {
    let session = session();
    assert!(session_html(&session).unwrap().contains("nothing happened yet"));
    assert!(dag_svg(&session).unwrap().ends_with("</svg>"));
    assert_eq!(graph_text(&session, 9, Lines::Ascii).unwrap(), "");
    report_html(&session, &Budget::new(10), &Encoding::O200k).unwrap();
    assert!(store_html(&Store::in_memory().unwrap()).unwrap().contains("no session yet"));
}
