//! What somebody planted shows as text, in every display.

use super::*;
use crate::object::{Body, Part};

/// What a writer might plant, in as many places as take a text.
const PLANTED: &str =
    "</style></td><script>x()</script><img src=x onerror=x()>\"' onload=\"x() ]]> `";

fn every_display(session: &Session) -> Vec<(&'static str, String)> {
    let budget = Budget::new(1_000);
    let capacity = session.capacity(&budget, &Encoding::O200k).unwrap();
    let diff = crate::diff::file(PLANTED.as_bytes(), format!("{PLANTED}\n{PLANTED}").as_bytes());
    vec![
        ("session", session_html(session).unwrap()),
        ("diff", diff_html(&diff, PLANTED, PLANTED)),
        ("capacity", capacity_html(&capacity)),
        ("store", store_html(session.store()).unwrap()),
        ("dag", dag_svg(session).unwrap()),
        ("report", report_html(session, &budget, &Encoding::O200k).unwrap()),
    ]
}

fn planted() -> Session {
    let store = Store::in_memory().unwrap();
    let name: String = PLANTED.replace('/', "|");
    let session = store.session(&name).unwrap().with_actor(PLANTED);
    session.set_instructions(PLANTED).unwrap();
    session.write(PLANTED.replace("</", "<|"), PLANTED).unwrap();
    session.write("a\u{202e}b", "\0\u{202e}\u{1b}[2J").unwrap();
    let call =
        Part::Call { id: PLANTED.into(), name: PLANTED.into(), arguments: Body::new(PLANTED) };
    let mut memory = Memory::assistant(PLANTED).with_part(call);
    memory.actor = PLANTED.into();
    session.remember(memory).unwrap();
    session.remember(Memory::tool(PLANTED, PLANTED)).unwrap();
    session.remember(Memory::user(b"\xed\xa0\x80 \xff")).unwrap();
    session.fork(&format!("{name} 2")).unwrap();
    session
}

#[test]
fn what_is_planted_anywhere_shows_as_text_and_never_as_markup() {
    for (what, html) in every_display(&planted()) {
        assert!(html.contains("&lt;script&gt;"), "{what} does not show it");
        for markup in ["<script", "<img", "<|", "]]>", "\0", "\u{202e}", "\u{1b}"] {
            assert!(!html.contains(markup), "{what} holds {markup:?}");
        }
        // Every quote is markup's own: attributes come in pairs, and none is an event's.
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            assert_eq!(tag.matches('"').count() % 2, 0, "{what}: {tag}");
            let bare: String = tag.split('"').step_by(2).collect();
            assert!(!bare.contains(" on"), "{what}: {tag}");
        }
    }
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    for (what, html) in every_display(&planted()) {
        let bare = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        for taboo in ["src=\"", "href=\"", "url(", "@import", "http://", "https://"] {
            assert!(!bare.contains(taboo), "{what} holds {taboo}");
        }
    }
}

#[test]
fn every_element_is_closed() {
    for (what, html) in every_display(&planted()) {
        let mut open = Vec::new();
        for rest in html.split('<').skip(1) {
            let tag = rest.split('>').next().unwrap();
            let name = tag.split(' ').next().unwrap();
            let empty = ["meta", "col", "!DOCTYPE"].contains(&name) || tag.ends_with('/');
            match name.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{what}"),
                None if empty => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "{what}: {open:?}");
    }
}
