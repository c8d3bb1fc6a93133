//! Summaries: laid over memories and taken off again.

use std::ops::ControlFlow;

use super::*;
use crate::error::Error;
use crate::object::{MemoryKind, Role};
use crate::store::{GcOptions, PurgeOptions};

#[test]
fn a_summary_links_to_what_it_relies_on_and_expand_brings_back_what_was_there() {
    let session = dialog();
    session.forget(&select("4")).unwrap();
    session.trim_results(&select("3")).unwrap();
    let before = session.latest().unwrap().roots();
    let shown = seen(&session);
    let told = std::cell::RefCell::new(Vec::new());
    let summarizer = |memories: &[MemoryEntry]| {
        told.borrow_mut().push(memories.iter().map(|entry| entry.number).collect::<Vec<_>>());
        Ok("The parser failed.".to_owned())
    };
    session.compact(&select("1..5"), &summarizer).unwrap();
    assert_eq!(told.borrow()[0], [1, 2, 3, 5]);
    let latest = session.latest().unwrap();
    let first = latest.view().memories().next().unwrap().unwrap();
    assert_eq!((first.number, first.state), (1, MemoryState::Summary { last: 5 }));
    assert_eq!(
        (first.memory.kind, first.memory.text()),
        (MemoryKind::Summary, "The parser failed.".into())
    );
    let ids: Vec<_> = [2, 3].map(|at| session.memory(at).unwrap().id.id()).to_vec();
    assert_eq!(latest.view().relies_on(&first.memory).unwrap(), ids);

    // A later compaction covers the earlier summary, and rests on what that one did.
    session.compact(&select("1..7"), &summarizer).unwrap();
    assert_eq!(told.borrow()[1], [1, 6, 7]);
    let latest = session.latest().unwrap();
    let outer = latest.view().memories().next().unwrap().unwrap();
    assert_eq!(latest.view().relies_on(&outer.memory).unwrap().len(), 4);
    assert_eq!(numbers(&session), [1]);
    let text = format!("id:{:.12}", outer.id.id());
    assert_eq!(session.expand(&select(&text)).unwrap().changed, [1]);
    assert_eq!(numbers(&session), [1, 6, 7]);
    session.expand(&select("4")).unwrap();
    assert_eq!(seen(&session), shown);
    assert_eq!(session.latest().unwrap().roots(), before);
    assert_eq!(kind(session.expand(&select("1"))), ErrorKind::NotFound);
}

#[test]
fn a_covered_memory_is_its_summary_and_no_search_selects_it() {
    let session = dialog();
    session.compact(&select("1..4"), &short).unwrap();
    assert_eq!(session.forget(&select("role:tool")).unwrap().changed, [6, 7]);
    let report = session.forget(&select("2")).unwrap();
    assert_eq!((&report.summaries[..], &report.changed[..]), (&[(1, 4)][..], &[1][..]));
    assert_eq!(numbers(&session), [5]);
    assert_eq!(session.latest().unwrap().view().memories_and_forgotten().count(), 4);
    session.recall(&select("1")).unwrap();
    assert_eq!(numbers(&session), [1, 5]);
    assert_eq!(session.forget(&select("text:SHORT")).unwrap().changed, [1]);
}

#[test]
fn a_summarizer_that_fails_or_says_more_than_it_covers_changes_nothing() {
    let session = dialog();
    let before = newest(&session);
    let fails = |_: &[MemoryEntry]| Err(Error::new(ErrorKind::Io, "the model is away"));
    let covered: usize = "Please mend the Parser.".len();
    let says = |count: usize| move |_: &[MemoryEntry]| Ok("x".repeat(count));
    assert_eq!(kind(session.compact(&select("1"), &fails)), ErrorKind::Io);
    assert_eq!(kind(session.compact(&select("1"), &says(covered + 1))), ErrorKind::Invalid);
    assert_eq!(kind(session.compact(&select("1"), &says(0))), ErrorKind::Invalid);
    assert_eq!(newest(&session), before);
    session.compact(&select("1"), &says(covered)).unwrap();
}

#[test]
fn a_summary_of_more_calls_than_a_memory_has_links_names_them_all() {
    let session = session();
    session
        .batch(|batch| {
            (0..700).try_for_each(|at| {
                batch.remember(call(&format!("c{at}")))?;
                batch.remember(Memory::tool(format!("c{at}"), "x".repeat(2_000)))
            })
        })
        .unwrap();
    session.compact(&select("1..1400"), &|_: &[MemoryEntry]| Ok("y".repeat(3_000))).unwrap();
    let latest = session.latest().unwrap();
    let summary = latest.view().memories().next().unwrap().unwrap();
    assert_eq!(summary.memory.links.len(), 1);
    assert_eq!(latest.view().relies_on(&summary.memory).unwrap().len(), 1_400);
    let resolved = session.store().read_memory(&summary.memory).unwrap();
    assert_eq!(resolved.text().len(), 3_000);
    assert_eq!(numbers(&session), [1]);
}

#[test]
fn gc_keeps_summaries_and_forgotten_memories_and_purge_takes_one_that_is_covered() {
    let session = dialog();
    session.remember(Memory::user("secret ".repeat(400))).unwrap();
    session.forget(&select("1")).unwrap();
    session.compact(&select("2..8"), &|_: &[MemoryEntry]| Ok("z".repeat(1_500))).unwrap();
    let go = &mut |_| ControlFlow::Continue(());
    session.store().gc(&GcOptions::default(), go).unwrap();
    assert_eq!(session.memory(1).unwrap().memory.role, Role::User);
    let latest = session.latest().unwrap();
    let summary = latest.view().memories().next().unwrap().unwrap();
    assert_eq!(session.store().read_memory(&summary.memory).unwrap().text().len(), 1_500);

    for number in [8, 2] {
        let id = session.memory_id(&number.to_string()).unwrap();
        session.purge_memory(id, &PurgeOptions::new("secret"), go).unwrap();
    }
    assert!(session.store().check(&mut |_| ControlFlow::Continue(())).unwrap().faults.is_empty());
    assert_eq!(numbers(&session), [2]);
    assert_eq!(session.forget(&select("2")).unwrap().changed, [2]);
    session.recall(&select("8")).unwrap();
    session.expand(&select("5")).unwrap();
    assert_eq!(numbers(&session), [3, 4, 5, 6, 7]);
    assert_eq!(session.latest().unwrap().search("secret", None).count(), 0);
    session.purge_memory(summary.id, &PurgeOptions::new("told too"), go).unwrap();
    session.undo().unwrap();
    assert!(numbers(&session).is_empty());
    session.trim(Trim::Keep(1)).unwrap();
    session.store().gc(&GcOptions::default(), go).unwrap();
    assert!(session.store().check(&mut |_| ControlFlow::Continue(())).unwrap().faults.is_empty());
    assert_eq!(session.latest().unwrap().view().memories().count(), 0);
    session.recall(&select("1")).unwrap();
    assert_eq!(numbers(&session), [1]);
}
