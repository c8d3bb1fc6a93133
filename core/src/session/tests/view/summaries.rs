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

#[test]
fn a_compaction_over_a_summary_within_an_exchange_covers_all_of_it_in_order() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    let call = Part::Call { id: "c1".into(), name: "ls".into(), arguments: Body::new("{}") };
    session.remember(Memory::assistant("I look.").with_part(call)).unwrap();
    session.remember(Memory::user("Take your time.")).unwrap();
    session.compact(&select("2"), &|_: &[MemoryEntry]| Ok("No hurry.".to_owned())).unwrap();
    session.remember(Memory::tool("c1", "Cargo.toml")).unwrap();
    session.remember(Memory::user("Well?")).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let summarizer = |memories: &[MemoryEntry]| {
        seen.borrow_mut().extend(memories.iter().map(|entry| entry.memory.text().into_owned()));
        Ok("It looked.".to_owned())
    };
    let report = session.compact(&select("1..3"), &summarizer).unwrap();
    assert_eq!(*seen.borrow(), ["I look.", "No hurry.", "Cargo.toml"]);
    assert_eq!(report.changed, [1, 2, 3]);
    let latest = session.latest().unwrap();
    let view: Vec<_> = latest.view().memories().map(|memory| memory.unwrap()).collect();
    let states: Vec<_> = view.iter().map(|memory| (memory.number, memory.state)).collect();
    assert_eq!(states, [(1, MemoryState::Summary { last: 3 }), (4, MemoryState::Full)]);
    session.expand(&select("1")).unwrap();
    let numbers = |session: &Session| -> Vec<u64> {
        session.latest().unwrap().view().memories().map(|memory| memory.unwrap().number).collect()
    };
    assert_eq!(numbers(&session), [1, 2, 3, 4]);
    // The summary goes with the exchange that it stands in.
    assert_eq!(session.forget(&select("3")).unwrap().summaries, [(2, 2)]);
    assert_eq!(numbers(&session), [4]);
    session.recall(&select("1")).unwrap();
    assert_eq!(numbers(&session), [1, 2, 3, 4]);
}

#[test]
fn a_result_whose_call_went_before_it_came_is_alone() {
    let call = || Part::Call { id: "c1".into(), name: "ls".into(), arguments: Body::new("{}") };
    for compacts in [false, true] {
        let session = Store::in_memory().unwrap().session("s").unwrap();
        session.remember(Memory::user("What is here?")).unwrap();
        session.remember(Memory::assistant("I look.").with_part(call())).unwrap();
        match compacts {
            true => session.compact(&select("2"), &|_: &[MemoryEntry]| Ok("ls".to_owned())),
            false => session.forget(&select("2")),
        }
        .unwrap();
        session.remember(Memory::user("Well?")).unwrap();
        session.remember(Memory::tool("c1", "Cargo.toml")).unwrap();
        let report = session.forget(&select("4")).unwrap();
        assert_eq!((report.changed, report.widened), (vec![4], vec![]), "{compacts}");
        // What comes back comes back whole.
        let report = session.recall(&select("4")).unwrap();
        let changed = if compacts { vec![4] } else { vec![2, 4] };
        assert_eq!(report.changed, changed, "{compacts}");
    }
}
