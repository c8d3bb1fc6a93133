//! The page of a session.

use std::ops::ControlFlow;

use super::*;
use crate::limits::{
    DISPLAY_CHECKPOINTS_MAX, DISPLAY_FILES_MAX, DISPLAY_ITERATIONS_MAX, DISPLAY_LINE_CHARS_MAX,
    DISPLAY_MEMORIES_MAX, DISPLAY_PAGE_BYTES_MAX, DISPLAY_TEXT_CHARS_MAX,
};
use crate::object::{Body, Part};
use crate::session::{MemoryEntry, Selector};
use crate::store::PurgeOptions;

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

#[test]
fn characters_of_a_text_beyond_the_limit_are_counted() {
    for (chars, left) in around(DISPLAY_TEXT_CHARS_MAX) {
        let session = session();
        session.remember(Memory::user("\u{e4}".repeat(chars))).unwrap();
        let page = report(&session);
        let memories = section(&page, "Memories");
        assert_eq!(memories.matches('\u{e4}').count(), chars - left);
        assert_eq!(memories.contains("\u{2026} 2 bytes more<"), left == 1);
        assert_eq!(memories.contains("bytes more"), left == 1);
    }
}

#[test]
fn memories_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_MEMORIES_MAX) {
        let session = session();
        session
            .batch(|batch| {
                (1..=number).try_for_each(|at| batch.remember(Memory::user(at.to_string())))
            })
            .unwrap();
        let page = report(&session);
        let memories = section(&page, "Memories");
        assert_eq!(memories.matches("p-card\"").count(), number - left);
        assert!(memories.contains(&format!(">{number}</div>")), "the newest");
        let said = ["1 memory that is older, or purged, not shown"];
        assert_eq!(notes(memories), said[..left]);
    }
}

#[test]
fn files_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_FILES_MAX) {
        let session = session();
        let written = |batch: &mut crate::session::Batch, at: usize| {
            batch.write(format!("f{at:03}"), "1").map(drop)
        };
        session.batch(|batch| (1..number).try_for_each(|at| written(batch, at))).unwrap();
        session.batch(|batch| written(batch, number)).unwrap();
        let page = report(&session);
        let files = section(&page, "Files");
        assert_eq!(files.matches("p-card\"").count(), number - left);
        assert!(files.contains(&format!(">f{number:03}<")), "the one that changed last");
        assert_eq!(notes(files), ["1 file more not shown"][..left]);
    }
}

#[test]
fn iterations_beyond_the_limit_are_counted() {
    for (number, left) in around(DISPLAY_ITERATIONS_MAX) {
        let page = report(&of_checkpoints(number));
        let files = section(&page, "Files");
        let rows = files.split("<details>").next().unwrap().matches("<tr><td").count();
        assert_eq!(rows, number - left);
        assert!(files.contains(&format!(">{number} iterations<")));
        assert_eq!(notes(files), ["1 older one not shown"][..left]);
    }
}

#[test]
fn a_file_that_changed_at_one_of_the_newest_checkpoints_is_shown_though_it_was_removed() {
    for (later, is_shown) in [(98, true), (99, true), (100, false)] {
        assert_eq!(DISPLAY_CHECKPOINTS_MAX, 100);
        let session = session();
        session.write("gone", "1").unwrap();
        session.remove("gone").unwrap();
        checkpoints(&session, later);
        let page = report(&session);
        assert_eq!(section(&page, "Files").contains(">gone<"), is_shown, "{later}");
    }
}

#[test]
fn a_full_page_counts_the_files_and_memories_for_which_it_has_no_room() {
    let session = session();
    let line = format!("{}\n", "\u{202e}".repeat(DISPLAY_LINE_CHARS_MAX));
    session.write("gone", "1").unwrap();
    session
        .batch(|batch| {
            batch.remove("gone")?;
            (0..6).try_for_each(|at| batch.write(format!("f{at}"), line.repeat(20)).map(drop))?;
            let text = "\u{202e}".repeat(DISPLAY_TEXT_CHARS_MAX);
            let part = Part::Text(Body::new(&text));
            let long = |_| Memory::user(&text).with_part(part.clone()).with_part(part.clone());
            (0..40).map(long).try_for_each(|memory| batch.remember(memory))
        })
        .unwrap();
    let page = report(&session);
    let room = DISPLAY_PAGE_BYTES_MAX + DISPLAY_TEXT_CHARS_MAX * 32;
    assert!((DISPLAY_PAGE_BYTES_MAX..room).contains(&page.len()), "{}", page.len());
    let files = section(&page, "Files");
    assert_eq!(files.matches("p-card\"").count(), 4);
    let full = "not shown: the page is full";
    assert_eq!(
        notes(files),
        [format!("2 files more {full}"), format!("1 removed file more {full}")]
    );
    let memories = section(&page, "Memories");
    let shown = memories.matches("p-card\"").count();
    let said = [format!("2 parts more {full}"), format!("{} memories more {full}", 40 - shown)];
    assert_eq!(notes(memories), said);
}
