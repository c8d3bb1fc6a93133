use std::ops::ControlFlow;

use super::*;
use crate::error::Error;
use crate::limits::RECENT_MAX;
use crate::object::{Body, Memory, MemoryKind, Part, Role, Timestamp};
use crate::session::view::ViewMaps;
use crate::store::{GcOptions, PurgeOptions};
use crate::{Json, Tool};

fn call(id: &str) -> Memory {
    let arguments = Body::new("{\"path\": \"a\"}");
    let call = Part::Call { id: id.into(), name: "run".into(), arguments };
    Memory::assistant("I run it.").with_part(call)
}

/// 1 user, 2 call, 3 result, 4 assistant, 5 user, 6 call, 7 result.
fn dialog() -> Session {
    let session = session();
    for memory in [
        Memory::user("Please mend the Parser."),
        call("c1"),
        Memory::tool("c1", "line 3 fails"),
        Memory::assistant("It is line 3."),
        Memory::user("Then mend it."),
        call("c2"),
        Memory::tool("c2", "done"),
    ] {
        session.remember(memory).unwrap();
    }
    session
}

pub(super) fn seen(session: &Session) -> Vec<(u64, MemoryState, bool)> {
    let latest = session.latest().unwrap();
    let memories = latest.view().memories().map(|memory| memory.unwrap());
    memories.map(|memory| (memory.number, memory.state, memory.pinned)).collect()
}

fn numbers(session: &Session) -> Vec<u64> {
    seen(session).into_iter().map(|(number, _, _)| number).collect()
}

pub(super) fn files(session: &Session) -> Vec<(String, u64)> {
    let latest = session.latest().unwrap();
    let files = latest.view().files().map(|file| file.unwrap());
    files.map(|file| (file.path.to_string(), file.number)).collect()
}

fn count(session: &Session) -> usize {
    session.log().unwrap().count()
}

fn select(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn short(_: &[MemoryEntry]) -> Result<String> {
    Ok("short".into())
}

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
fn writes_come_into_view_and_older_iterations_stay_until_refresh() {
    let session = session();
    session.write("a", "1").unwrap();
    session.write("b", "1").unwrap();
    session.write("a", "2").unwrap();
    session.write("a", "2").unwrap();
    let pair = |path: &str, number| (path.to_owned(), number);
    assert_eq!(files(&session), [pair("a", 1), pair("b", 1), pair("a", 2)]);
    session.remove("b").unwrap();
    let report = session.refresh().unwrap();
    assert_eq!((report.files_out.len(), report.files_in.len()), (2, 0));
    assert_eq!(files(&session), [pair("a", 2)]);
    session.rename("a", "c").unwrap();
    session.restore("a", 1).unwrap();
    assert_eq!(files(&session), [pair("a", 2)]);
    session.refresh().unwrap();
    assert_eq!(files(&session), [pair("a", 4)]);
}

#[test]
fn an_import_puts_nothing_in_view_and_show_puts_the_current_iteration_in() {
    let session = session();
    let mut import = session.import().unwrap();
    for text in ["1", "2"] {
        let mut step = import.checkpoint();
        step.write("src/a", text).unwrap();
        step.write("src/b", text).unwrap();
        step.finish().unwrap();
    }
    import.flush().unwrap();
    assert_eq!(files(&session), []);
    assert_eq!(session.show("src/*").unwrap().files_in.len(), 2);
    assert_eq!(files(&session), [("src/a".to_owned(), 2), ("src/b".to_owned(), 2)]);
    session.undo().unwrap();
    assert_eq!(files(&session), []);
}

#[test]
fn a_hidden_pattern_holds_for_files_to_come_until_it_is_shown() {
    let session = session();
    session.write("run.log", "1").unwrap();
    session.write("a", "1").unwrap();
    assert_eq!(session.hide("*.log").unwrap().files_out.len(), 1);
    session.write("out/other.log", "1").unwrap();
    session.batch(|b| b.write("b.log", "1")).unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    assert!(session.hide("*.log").unwrap().is_empty());
    session.show("run.log").unwrap();
    session.write("run.log", "2").unwrap();
    session.write("b.log", "2").unwrap();
    assert_eq!(files(&session).len(), 3);
    assert_eq!(session.latest().unwrap().view().rules().unwrap().len(), 2);
    session.show("*.log").unwrap();
    session.write("c.log", "1").unwrap();
    assert!(files(&session).contains(&("c.log".to_owned(), 1)));
    assert!(files(&session).contains(&("b.log".to_owned(), 2)));
    assert_eq!(kind(session.hide("[")), ErrorKind::Invalid);
}

#[test]
fn pinned_files_stay_whatever_is_hidden_or_refreshed() {
    let session = session();
    session.write("a", "1").unwrap();
    assert_eq!(session.pin_files("a").unwrap().files_changed.len(), 1);
    session.write("a", "2").unwrap();
    assert_eq!(session.refresh().unwrap().files_pinned.len(), 1);
    let report = session.hide("a").unwrap();
    assert_eq!((report.files_out.len(), report.files_pinned.len()), (1, 1));
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    session.unpin_files("*").unwrap();
    assert_eq!(session.refresh().unwrap().files_out.len(), 1);
    assert_eq!(files(&session), []);
}

#[test]
fn a_batch_sees_its_own_files_and_memories_marks() {
    let session = dialog();
    session
        .batch(|batch| {
            batch.write("a", "1")?;
            batch.write("b.log", "1")?;
            batch.write("a", "2")?;
            assert_eq!(batch.refresh()?.files_out.len(), 1);
            assert_eq!(batch.hide("*.log")?.files_out.len(), 1);
            assert_eq!(batch.pin_files("a")?.files_changed.len(), 1);
            batch.forget(&select("1"))?;
            assert!(batch.forget(&select("1"))?.is_empty());
            batch.compact(&select("4..5"), &short)?;
            batch.expand(&select("4"))?;
            batch.pin_memories(&select("4"))?;
            assert_eq!(batch.forget(&select("4"))?.pinned, [4]);
            Ok(())
        })
        .unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 2)]);
    assert_eq!(numbers(&session), [2, 3, 4, 5, 6, 7]);
    assert!(seen(&session)[2].2);
}

#[test]
fn instructions_tools_and_sandbox_are_set_undone_restored_and_forked() {
    let session = session();
    let read = |session: &Session| {
        let latest = session.latest().unwrap();
        let tools = latest.tools().unwrap().len();
        (latest.instructions().unwrap(), tools, latest.sandbox_state().unwrap())
    };
    let tool = |name: &str, schema: &str| Tool {
        name: name.into(),
        description: String::new(),
        schema: Json::parse(schema).unwrap(),
    };
    session.set_instructions("Be brief.").unwrap();
    let first = newest(&session);
    session.set_tools(&[tool("ls", "{}"), tool("cat", "{\"type\":\"object\"}")]).unwrap();
    session.set_sandbox_state("cwd /").unwrap();
    let fork = session.fork("fork").unwrap();
    let before = count(&session);
    session.set_instructions("Be brief.").unwrap();
    assert_eq!(count(&session), before);
    session.set_instructions("").unwrap();
    assert_eq!(read(&session), (Vec::new(), 2, b"cwd /".to_vec()));
    session.undo().unwrap();
    assert_eq!(read(&session), (b"Be brief.".to_vec(), 2, b"cwd /".to_vec()));
    assert!(session.plan_restore(first, RestoreScope::Dialog).unwrap().texts);
    session.restore_checkpoint(first, RestoreScope::Dialog).unwrap();
    assert_eq!(read(&session), (b"Be brief.".to_vec(), 0, Vec::new()));
    assert_eq!(read(&fork).1, 2);
    let error = session.set_tools(&[tool("ls", "{}"), tool("bad", "[]")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("\"bad\""), "{error}");
    assert_eq!(kind(session.set_tools(&[tool("a", "{}"), tool("a", "{}")])), ErrorKind::Invalid);
    let (mut one, mut two) = (session.begin().unwrap(), session.begin().unwrap());
    one.set_instructions("one").unwrap();
    two.set_instructions("two").unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
}

#[test]
fn two_writers_conflict_on_the_same_memories_alone() {
    let session = dialog();
    let begin = || session.begin().unwrap();
    let (mut one, mut two, mut three, mut four) = (begin(), begin(), begin(), begin());
    one.forget(&select("1")).unwrap();
    one.hide("*.log").unwrap();
    two.forget(&select("4")).unwrap();
    two.write("a.log", "1").unwrap();
    two.write("a", "1").unwrap();
    three.pin_memories(&select("1")).unwrap();
    four.forget(&select("1")).unwrap();
    one.commit().unwrap();
    two.commit().unwrap();
    assert_eq!(kind(three.commit()), ErrorKind::Conflict);
    four.commit().unwrap();
    assert_eq!(numbers(&session), [2, 3, 5, 6, 7]);
    assert_eq!(files(&session), [("a".to_owned(), 1)]);

    let (mut one, mut two, mut three) = (begin(), begin(), begin());
    one.compact(&select("2..5"), &short).unwrap();
    two.forget(&select("3")).unwrap();
    three.forget(&select("6")).unwrap();
    three.commit().unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
    let (mut one, mut two) = (begin(), begin());
    one.expand(&select("2")).unwrap();
    two.compact(&select("2..5"), &short).unwrap();
    one.commit().unwrap();
    assert_eq!(kind(two.commit()), ErrorKind::Conflict);
    let mut one = begin();
    one.compact(&select("2..5"), &short).unwrap();
    session.forget(&select("5")).unwrap();
    let error = one.commit().unwrap_err();
    assert_eq!(error.to_string(), "memories 2..5 changed in the view since this edit began");
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
fn an_iteration_says_which_call_made_it() {
    let session = dialog();
    session
        .batch(|batch| {
            batch.cause(2)?;
            batch.write("a", "1")?;
            batch.cause_last_call()?;
            batch.write("b", "1")?;
            batch.remember(call("c3"))?;
            batch.cause_last_call()?;
            batch.write("c", "1")
        })
        .unwrap();
    for (path, number) in [("a", 2), ("b", 6), ("c", 8)] {
        let cause = session.iteration(path, 1).unwrap().cause;
        assert_eq!(cause, Some(session.memory(number).unwrap().id), "{path}");
    }
    session.write("a", "2").unwrap();
    assert_eq!(session.iteration("a", 2).unwrap().cause, None);
    assert_eq!(kind(session.begin().unwrap().cause(99)), ErrorKind::NotFound);
    let other = session.store().session("other").unwrap();
    assert_eq!(kind(other.begin().unwrap().cause_last_call()), ErrorKind::NotFound);
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

#[test]
fn one_write_makes_few_nodes_however_much_is_in_view() {
    let session = session();
    session
        .batch(|batch| (0..3_000).try_for_each(|at| batch.write(format!("d/{at}"), "1").map(drop)))
        .unwrap();
    let view = || session.latest().unwrap().roots().view();
    let nodes = || {
        let ViewMaps { all, recent } = view();
        let [all, recent] = [all, recent].map(|map| map.node_ids(session.store()).unwrap());
        (all, recent)
    };
    for at in 0..40 {
        let (all, recent) = nodes();
        session.write(format!("d/{at}"), "2").unwrap();
        let (now, then) = (nodes(), [all, recent].concat());
        let new = [&now.0[..], &now.1].concat();
        let new = new.iter().filter(|id| !then.contains(id)).count();
        assert!(new <= if now.1.is_empty() { 4 } else { 2 }, "{new} at {at}");
    }
    session.remember(Memory::user("u")).unwrap();
    let before = view();
    session.remember(Memory::user("v")).unwrap();
    assert_eq!(view(), before);
}

/// What is in view of files: path, iteration, after, pinned.
fn files_told(session: &Session) -> Vec<(String, u64, u64, bool)> {
    let latest = session.latest().unwrap();
    let files = latest.view().files().map(|file| file.unwrap());
    files.map(|file| (file.path.to_string(), file.number, file.after, file.pinned)).collect()
}

#[test]
fn files_keep_their_place_when_others_come_and_whatever_else_is_edited() {
    let session = session();
    let mut due = Vec::new();
    for at in 1..=3 * RECENT_MAX + 5 {
        session
            .batch(|batch| {
                batch.write("a", at.to_string())?;
                batch.remember(Memory::user("Go on."))
            })
            .unwrap();
        due.push(("a".to_owned(), at, at, false));
        assert_eq!(files_told(&session), due);
        assert_eq!(session.latest().unwrap().view().file_count().unwrap(), at);
        let recent = session.latest().unwrap().roots().view().recent;
        assert!(recent.prefix(session.store(), b"").count() as u64 <= RECENT_MAX);
    }
    let before = session.latest().unwrap().roots();
    assert_ne!(before.view().recent, crate::Map::EMPTY);
    session.forget(&select("1")).unwrap();
    assert_eq!(session.latest().unwrap().roots().view().recent, crate::Map::EMPTY);
    assert_eq!(files_told(&session), due);
    session.undo().unwrap();
    assert_eq!(session.latest().unwrap().roots(), before);
    session.pin_files("a").unwrap();
    due.iter_mut().for_each(|file| file.3 = true);
    assert_eq!(files_told(&session), due);
    session.unpin_files("a").unwrap();
    session.refresh().unwrap();
    let (path, number, after, _) = due.pop().unwrap();
    assert_eq!(files_told(&session), [(path, number, after, false)]);
}

#[test]
fn an_edit_of_the_view_that_changes_nothing_leaves_recent_files_where_they_are() {
    let session = session();
    session.write("a", "1").unwrap();
    let before = session.latest().unwrap();
    session.remember(Memory::user("u")).unwrap();
    session.batch(|batch| batch.unpin_files("*").map(drop)).unwrap();
    session.batch(|batch| batch.refresh().map(drop)).unwrap();
    session
        .batch(|batch| {
            batch.forget(&select("1"))?;
            batch.recall(&select("1")).map(drop)
        })
        .unwrap();
    assert_eq!(session.latest().unwrap().roots().view(), before.roots().view());
}

#[test]
fn a_file_that_others_wrote_meanwhile_is_no_conflict_for_one_who_pins_a_recent_one() {
    for others in [1, RECENT_MAX + 3] {
        let session = session();
        session.write("a", "1").unwrap();
        session.write("b", "1").unwrap();
        let mut batch = session.begin().unwrap();
        batch.pin_files("a").unwrap();
        batch.write("c", "1").unwrap();
        for at in 0..others {
            session.write(format!("d{at}"), "1").unwrap();
        }
        batch.commit().unwrap();
        let told = files_told(&session);
        assert_eq!(told.len() as u64, others + 3);
        assert_eq!((&told[0].0[..], told[0].3), ("a", true));
        assert_eq!(told[told.len() - 1].0, "c");
        let mut batch = session.begin().unwrap();
        batch.unpin_files("a").unwrap();
        session.batch(|batch| batch.unpin_files("a").map(drop)).unwrap();
        session.pin_files("b").unwrap();
        batch.commit().unwrap();
    }
}

#[test]
fn rules_at_the_limit_are_taken_and_one_more_refused() {
    let session = session();
    session.write("a", "1").unwrap();
    session
        .batch(|batch| {
            (1..crate::limits::VIEW_RULES_MAX)
                .try_for_each(|at| batch.hide(&at.to_string()).map(drop))
        })
        .unwrap();
    session.hide("last").unwrap();
    assert_eq!(kind(session.hide("a")), ErrorKind::Invalid);
    session.hide("7").unwrap();
    assert_eq!(files(&session), [("a".to_owned(), 1)]);
    session.write("b", "1").unwrap();
    assert_eq!(files(&session).len(), 2);
}
