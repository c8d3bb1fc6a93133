//! Memories in the view: forgotten, recalled, trimmed, pinned, searched.

use super::*;
use crate::object::{Role, Timestamp};

#[test]
fn forgetting_takes_whole_exchanges_and_says_what_it_added() {
    let session = dialog();
    let report = session.forget(&select("3")).unwrap();
    assert_eq!((&report.named[..], &report.widened[..]), (&[3][..], &[2][..]));
    assert_eq!(report.changed, [2, 3]);
    assert!(report.checkpoint.is_some());
    assert_eq!(numbers(&session), [1, 4, 5, 6, 7]);
    assert_eq!(texts(&session).len(), 7);
    let log = session.log().unwrap().next().unwrap().unwrap();
    assert_eq!((log.kind.name(), log.message.as_str()), ("forget", "3"));
    assert_eq!(session.recall(&select("2")).unwrap().changed, [2, 3]);
    assert_eq!(numbers(&session).len(), 7);
}

#[test]
fn every_selector_names_what_it_says() {
    let session = dialog();
    let named = |text: &str| {
        let mut batch = session.begin().unwrap();
        batch.forget(&select(text)).unwrap().named
    };
    assert_eq!(named("2..4"), [2, 3, 4]);
    assert_eq!(named("6..900"), [6, 7]);
    assert_eq!(named("role:tool"), [3, 7]);
    assert_eq!(named("text:PARSER"), [1]);
    assert_eq!(named("text:\"path\""), [2, 6]);
    assert_eq!(named("text:nowhere"), [0; 0]);
    let id = session.memory(5).unwrap().id;
    assert_eq!(named(&format!("id:{:.12}", id.id())), [5]);
    let mut batch = session.begin().unwrap();
    for text in ["9", "8..20", "id:00000000"] {
        assert_eq!(kind(batch.forget(&select(text))), ErrorKind::NotFound, "{text}");
    }
    let times: Vec<_> = session.log().unwrap().map(|entry| entry.unwrap().time).collect();
    let before = |time| {
        let mut batch = session.begin().unwrap();
        batch.forget(&Selector::Before(time)).unwrap().named.len()
    };
    assert_eq!(before(*times.last().unwrap()), 0);
    assert_eq!(before(Timestamp::from_millis(times[0].as_millis() + 1)), 7);
    session.remember(Memory::user("old").with_time(Timestamp::from_millis(5))).unwrap();
    assert_eq!(before(Timestamp::from_millis(6)), 1);
}

#[test]
fn a_tool_loop_of_any_length_is_widened_to_wherever_the_number_points() {
    let session = session();
    let thought = Part::Thinking { text: Body::new("hm"), signature: Body::new("s") };
    session
        .batch(|batch| {
            for at in 0..30 {
                batch.remember(Memory::user(at.to_string()))?;
            }
            for at in 0..40 {
                let mut turn = call(&format!("c{at}"));
                if at == 0 {
                    turn.parts.insert(0, thought.clone());
                }
                batch.remember(turn)?;
                batch.remember(Memory::tool(format!("c{at}"), "ok"))?;
            }
            for at in 0..30 {
                batch.remember(Memory::user(at.to_string()))?;
            }
            Ok(())
        })
        .unwrap();
    for number in [31, 70, 110] {
        let mut batch = session.begin().unwrap();
        let changed = batch.forget(&Selector::Number(number)).unwrap().changed;
        assert!(changed.into_iter().eq(31..=110), "{number}");
    }
}

#[test]
fn what_changes_nothing_commits_nothing_and_says_so() {
    let session = dialog();
    session.write("a", "1").unwrap();
    session.forget(&select("1")).unwrap();
    let before = count(&session);
    for report in [
        session.forget(&select("1")),
        session.recall(&select("5")),
        session.trim_results(&select("5")),
        session.pin_memories(&select("1")),
        session.unpin_memories(&select("5")),
        session.compact(&select("1"), &short),
        session.show("a"),
        session.show("nothing"),
        session.refresh(),
        session.unpin_files("a"),
    ] {
        let report = report.unwrap();
        assert!(report.is_empty() && report.checkpoint.is_none(), "{report:?}");
    }
    assert_eq!(count(&session), before);
}

#[test]
fn results_are_trimmed_and_recalled() {
    let session = dialog();
    assert_eq!(session.trim_results(&select("1..7")).unwrap().changed, [3, 7]);
    let states: Vec<_> = seen(&session).into_iter().map(|(_, state, _)| state).collect();
    assert_eq!((states[1], states[2]), (MemoryState::Full, MemoryState::Trimmed));
    session.recall(&select("3")).unwrap();
    assert_eq!(seen(&session)[2].1, MemoryState::Full);
    assert_eq!(seen(&session)[6].1, MemoryState::Trimmed);
}

#[test]
fn a_pinned_exchange_is_left_alone_and_reported() {
    let session = dialog();
    assert_eq!(session.pin_memories(&select("3")).unwrap().changed, [2, 3]);
    let report = session.forget(&select("1..4")).unwrap();
    assert_eq!((&report.changed[..], &report.pinned[..]), (&[1, 4][..], &[2, 3][..]));
    assert_eq!(session.trim_results(&select("3")).unwrap().pinned, [3]);
    session.recall(&select("1..4")).unwrap();
    let report = session.compact(&select("1..7"), &short).unwrap();
    assert_eq!(report.pinned, [2, 3]);
    assert_eq!(
        seen(&session),
        [
            (1, MemoryState::Summary { last: 1 }, false),
            (2, MemoryState::Full, true),
            (3, MemoryState::Full, true),
            (4, MemoryState::Summary { last: 7 }, false),
        ]
    );
    session.pin_memories(&select("5")).unwrap();
    assert_eq!(session.expand(&select("6")).unwrap().pinned, [4]);
    session.unpin_memories(&select("4")).unwrap();
    assert_eq!(session.expand(&select("6")).unwrap().changed, [4]);
    session.unpin_memories(&select("2")).unwrap();
    assert_eq!(session.forget(&select("2")).unwrap().changed, [2, 3]);
}

#[test]
fn a_search_finds_long_texts_newest_first_and_pages_go_on_from_a_number() {
    let session = dialog();
    session.remember(Memory::tool("c9", format!("{} NEEDLE", "x".repeat(5_000)))).unwrap();
    let latest = session.latest().unwrap();
    let found: Vec<u64> = latest.search("mend", None).map(|entry| entry.unwrap().number).collect();
    assert_eq!(found, [5, 1]);
    assert_eq!(latest.search("needle", Some(Role::Tool)).count(), 1);
    assert_eq!(latest.search("needle", Some(Role::User)).count(), 0);
    let page: Vec<u64> =
        latest.memories_from(3).take(2).map(|entry| entry.unwrap().number).collect();
    assert_eq!(page, [3, 4]);
}
