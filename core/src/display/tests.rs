//! What displays promise, on sessions as they come.

use std::ops::ControlFlow;

use super::*;
use crate::object::{Body, Memory, Part};
use crate::session::{MemoryEntry, Selector};
use crate::store::PurgeOptions;
use crate::token::Encoding;

/// What a writer might plant, in as many places as take a text.
const PLANTED: &str =
    "</style></td><script>x()</script><img src=x onerror=x()>\"' onload=\"x() ]]> `";

fn session() -> Session {
    Store::in_memory().unwrap().session("fix-parser").unwrap().with_actor("tester")
}

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

#[test]
fn an_empty_session_and_an_empty_store_can_be_looked_at() {
    let session = session();
    assert!(session_html(&session).unwrap().contains("nothing happened yet"));
    assert!(dag_svg(&session).unwrap().ends_with("</svg>"));
    assert_eq!(graph_text(&session, 9, Lines::Ascii).unwrap(), "");
    report_html(&session, &Budget::new(10), &Encoding::O200k).unwrap();
    assert!(store_html(&Store::in_memory().unwrap()).unwrap().contains("no session yet"));
}

#[test]
fn a_fork_is_told_at_the_checkpoint_where_it_began() {
    let session = session();
    session.write("a", "1").unwrap();
    let at = session.checkpoint("latest").unwrap();
    session.write("a", "2").unwrap();
    session.fork_at("trial", at).unwrap().write("a", "3").unwrap();
    session.fork("bare").unwrap();
    let html = session_html(&session).unwrap();
    let rows: Vec<&str> = html.split("<tr>").skip(2).collect();
    assert!(rows[0].contains("fork bare") && !rows[0].contains("fork trial"));
    assert!(rows[1].contains("fork trial"));
    let text = graph_text(&session, 9, Lines::Ascii).unwrap();
    let line = |of: &str| text.lines().find(|line| line.contains(of)).unwrap();
    assert!(
        line("[trial]").starts_with("  o  2") || line("[trial]").starts_with("| o  2"),
        "{text}"
    );
    // Which of them stands above the other depends on the clock.
    let main = line("[fix-parser] [bare]");
    assert!(main.starts_with("@    2") || main.starts_with("@ |  2"), "{text}");
    let trial = session.store().open_session("trial").unwrap();
    assert!(session_html(&trial).unwrap().contains("fork of fix-parser"));
}

#[test]
fn what_is_left_out_of_a_graph_is_counted() {
    let session = session();
    for number in 0..20 {
        session.write("a", number.to_string()).unwrap();
    }
    let trial = session.fork("trial").unwrap();
    for number in 0..5 {
        trial.write("b", number.to_string()).unwrap();
    }
    session.fork_at("early", session.checkpoint("3").unwrap()).unwrap();
    let text = graph_text(&session, 8, Lines::Ascii).unwrap();
    // A fork has an eighth of the rows and one more: two of five.
    assert!(text.contains(" :  3 checkpoints, not shown"), "{text}");
    assert!(text.contains("  12 checkpoints, not shown"), "{text}");
    assert!(text.ends_with("1 fork of older checkpoints, not shown\n"), "{text}");
    let whole = graph_text(&session, usize::MAX, Lines::Ascii).unwrap();
    assert!(!whole.contains("not shown") && whole.contains("[early]"), "{whole}");
}

#[test]
fn memories_say_how_they_stand_in_the_view() {
    let session = session();
    for text in ["one", "two", "three", "four"] {
        session.remember(Memory::user(text)).unwrap();
    }
    session.forget(&Selector::Number(1)).unwrap();
    let summary = |_: &[MemoryEntry]| Ok("both".to_owned());
    session.compact(&Selector::parse("2..3").unwrap(), &summary).unwrap();
    let page = report_html(&session, &Budget::new(1_000), &Encoding::O200k).unwrap();
    let memories = page.split("aria-level=\"2\">Memories").nth(1).unwrap();
    let states: Vec<&str> = ["forgotten", "in view", "compacted"]
        .into_iter()
        .flat_map(|state| {
            memories
                .match_indices(&format!(">{state}<")[..])
                .map(move |_| state)
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(states, ["forgotten", "in view", "in view", "compacted", "compacted"]);
    assert!(memories.contains("summary of 2 to 3"));
}

#[test]
fn a_page_tells_of_purged_bytes_and_goes_on() {
    let session = session();
    session.write("secret", "x").unwrap();
    session.hide("**").unwrap();
    session.write("secret", "hunter2 and the rest of the file\n".repeat(100)).unwrap();
    session.remember(Memory::user("password ".repeat(1_000))).unwrap();
    let options = PurgeOptions::new("a key");
    let go_on = &mut |_| ControlFlow::Continue(());
    session.purge_file("secret", Some(2), &options, go_on).unwrap();
    let memory = session.latest().unwrap().memory_id("1").unwrap();
    session.purge_memory(memory, &options, go_on).unwrap();
    let page = report_html(&session, &Budget::new(1_000), &Encoding::O200k).unwrap();
    assert!(page.contains("purged") && !page.contains("hunter2"));
}

#[test]
fn a_huge_line_is_cut_and_the_page_stays_small() {
    let session = session();
    let line = "<\u{1f600}".repeat(2 << 20);
    session.write("line", &line).unwrap();
    session.remember(Memory::user(&line)).unwrap();
    let page = report_html(&session, &Budget::new(1_000), &Encoding::Cl100k).unwrap();
    assert!(page.len() < 200_000, "{}", page.len());
    assert!(page.contains("bytes more"));
}
