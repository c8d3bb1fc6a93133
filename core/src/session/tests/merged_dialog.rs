//! Merges of sessions: memories and what is in view, state and texts, what was observed.

use super::merge::{merge, pair};
use super::past::{exchange, summary};
use super::*;
use crate::context::Dialect;
use crate::evidence::ClaimStatus;
use crate::merge::{MergeOptions, MergeWay, MergedDialog};
use crate::object::Memory;
use crate::session::read::view::MemoryState;

fn said(session: &Session) -> Vec<String> {
    let state = session.latest().unwrap();
    let memories = state.memories().map(|memory| memory.unwrap().memory.text().into_owned());
    memories.collect()
}

fn seen(session: &Session) -> Vec<String> {
    let state = session.latest().unwrap();
    let view = state.view();
    view.memories().map(|memory| memory.unwrap().memory.text().into_owned()).collect()
}

fn say(session: &Session, text: &str) {
    session.remember(Memory::user(text)).unwrap();
}

/// A session and a fork of it that both went on from the same dialog.
fn speakers() -> (Session, Session) {
    let (session, fork) = pair();
    say(&session, "ours alone");
    (session, fork)
}

#[test]
fn each_memory_comes_once_behind_ours_and_knows_where_it_comes_from() {
    let (session, fork) = pair();
    say(&session, "before");
    let fork_of_both = session.fork("u").unwrap();
    say(&fork, "yes");
    say(&fork, "theirs");
    say(&session, "yes");
    say(&fork_of_both, "third");
    merge(&session, &[&fork]);
    assert_eq!(said(&session), ["before", "yes", "yes", "theirs"]);
    // None of it is in view by itself, and all of it can be.
    assert_eq!(seen(&session), ["before", "yes"]);
    session.recall(&Selector::Number(4)).unwrap();
    assert_eq!(seen(&session), ["before", "yes", "theirs"]);
    let branch = |number| session.latest().unwrap().memory_branch(number).unwrap();
    assert_eq!(branch(2), None);
    let from = branch(4).unwrap();
    assert_eq!((&*from.session, from.number), ("t", 2));
    // What is said there later comes alone, and what it took from here does not come back.
    say(&fork, "later");
    merge(&session, &[&fork]);
    merge(&fork, &[&session]);
    say(&fork, "last");
    merge(&session, &[&fork]);
    assert_eq!(said(&session), ["before", "yes", "yes", "theirs", "later", "last"]);
    assert_eq!(said(&fork), ["before", "yes", "yes", "theirs", "later", "last"]);
    // Through a third session everything comes once, too, with where it was said.
    merge(&fork_of_both, &[&fork]);
    assert_eq!(said(&fork_of_both), ["before", "third", "yes", "yes", "theirs", "later", "last"]);
    let from = fork_of_both.latest().unwrap().memory_branch(3).unwrap().unwrap();
    assert_eq!((&*from.session, from.number), ("s", 2));
    let found = merge(&session, &[&fork_of_both]);
    assert_eq!(found.sessions[0].memories, 1);
    assert_eq!(said(&session).last().unwrap(), "third");
}

#[test]
fn what_was_taken_back_does_not_come_again_under_another_number() {
    let (session, fork) = pair();
    say(&fork, "theirs");
    say(&session, "taken back");
    merge(&fork, &[&session]);
    assert_eq!(said(&fork), ["theirs", "taken back"]);
    session.undo().unwrap();
    merge(&session, &[&fork]);
    assert_eq!(said(&session), ["theirs"]);
}

#[test]
fn a_number_that_means_two_memories_hides_neither() {
    let (session, fork) = pair();
    say(&fork, "theirs");
    say(&session, "ours");
    merge(&fork, &[&session]);
    fork.forget(&Selector::Number(1)).unwrap();
    session.write("b", "something else\n").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(said(&session), ["ours", "theirs"]);
    assert_eq!(seen(&session), ["ours"]);
}

#[test]
fn a_memory_that_went_round_comes_once() {
    let (session, first) = pair();
    let second = session.fork("u").unwrap();
    say(&session, "theirs");
    say(&second, "ours");
    first.write("t", "").unwrap();
    merge(&first, &[&session]);
    merge(&second, &[&first]);
    session.write("s", "").unwrap();
    merge(&session, &[&second]);
    say(&second, "more");
    // It keeps its number, and still comes from where it was said.
    assert_eq!(merge(&first, &[&session]).sessions[0].way, MergeWay::FastForward);
    let origin = first.latest().unwrap().memory_branch(1).unwrap().unwrap();
    assert_eq!((&*origin.session, origin.number), ("s", 1));
    merge(&second, &[&first]);
    assert_eq!(said(&second), ["ours", "theirs", "more"]);
}

#[test]
fn a_state_that_is_taken_over_gives_no_number_twice() {
    let (session, fork) = pair();
    fork.write("t", "").unwrap();
    say(&session, "taken back");
    session.undo().unwrap();
    say(&session, "first");
    merge(&fork, &[&session]);
    assert_eq!(merge(&session, &[&fork]).sessions[0].way, MergeWay::FastForward);
    // What was said under 2 has 1 now.
    assert_eq!(session.remember(Memory::user("second")).unwrap(), 3);
    merge(&fork, &[&session]);
    assert_eq!(said(&fork), ["first", "second"]);
}

#[test]
fn the_same_words_under_the_same_number_are_two_memories() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    say(&session, "before");
    let (fork, third) = (session.fork("t").unwrap(), session.fork("u").unwrap());
    // Lines that begin alike would have a checkpoint in common, and what was said in it.
    session.write("s", "").unwrap();
    fork.write("t", "").unwrap();
    say(&session, "yes");
    say(&fork, "yes");
    say(&fork, "more");
    merge(&third, &[&session]);
    merge(&fork, &[&third]);
    assert_eq!(said(&fork), ["before", "yes", "more", "yes"]);
    session.write("s", "more").unwrap();
    merge(&session, &[&fork]);
    assert_eq!(said(&session), ["before", "yes", "yes", "more"]);
    let branch = session.latest().unwrap().memory_branch(3).unwrap().unwrap();
    assert_eq!((&*branch.session, branch.number), ("t", 2));
}

#[test]
fn two_imports_of_one_dialog_have_its_beginning_once() {
    let store = Store::in_memory().unwrap();
    let (a, b) = (store.session("a").unwrap(), store.session("b").unwrap());
    for text in ["one", "two", "two"] {
        say(&a, text);
        say(&b, text);
    }
    say(&a, "a");
    say(&b, "b");
    say(&b, "two");
    merge(&a, &[&b]);
    assert_eq!(said(&a), ["one", "two", "two", "a", "b", "two"]);
}

#[test]
fn a_dialog_comes_whole_as_it_stands_there_or_under_a_summary() {
    for (dialog, expected) in [
        (MergedDialog::OutOfView, 1),
        (MergedDialog::Whole, 6),
        (MergedDialog::Summary(&summary), 2),
    ] {
        let (session, fork) = speakers();
        for at in 0..3 {
            fork.batch(|batch| exchange(batch, at)).unwrap();
        }
        fork.forget(&Selector::Range(1, 4)).unwrap();
        fork.compact(&Selector::Range(5, 8), &summary).unwrap();
        fork.pin_memories(&Selector::Number(9)).unwrap();
        session.merge(&[&fork], MergeOptions::new().dialog(dialog)).unwrap();
        assert_eq!(seen(&session).len(), expected, "{dialog:?}");
        let state = session.latest().unwrap();
        assert_eq!(state.memories().count(), 13);
        for dialect in Dialect::ALL {
            let request = state.context(dialect).unwrap();
            assert!(!request.body.to_string().contains("tool_use_id\":\"\""));
        }
        let stands = |number| state.view().state(number).unwrap().0;
        match dialog {
            MergedDialog::OutOfView => assert_eq!(stands(7), MemoryState::Forgotten),
            MergedDialog::Whole => {
                assert_eq!(stands(2), MemoryState::Forgotten);
                assert!(matches!(stands(7), MemoryState::Summary { .. }));
                assert_eq!(stands(10), MemoryState::Full);
            }
            MergedDialog::Summary(_) => {
                assert!(matches!(stands(2), MemoryState::Summary { .. }));
                let all = state.view().memories().map(|memory| memory.unwrap());
                let laid = all.last().unwrap();
                // It rests on the calls and results.
                assert_eq!((laid.number, laid.memory.links.len()), (2, 6));
                session.expand(&Selector::Number(2)).unwrap();
                assert_eq!(seen(&session).len(), 13);
            }
        }
    }
}

#[test]
fn views_of_the_shared_dialog_are_united_by_key() {
    let (session, _) = pair();
    for at in 0..4 {
        session.batch(|batch| exchange(batch, at)).unwrap();
    }
    let fork = session.fork("v").unwrap();
    session.forget(&Selector::Range(1, 4)).unwrap();
    session.pin_memories(&Selector::Range(13, 16)).unwrap();
    session.hide("*.log").unwrap();
    fork.compact(&Selector::Range(5, 8), &summary).unwrap();
    fork.forget(&Selector::Range(9, 12)).unwrap();
    fork.hide("*.tmp").unwrap();
    fork.hide("*.log").unwrap();
    merge(&session, &[&fork]);
    let state = session.latest().unwrap();
    let stands = |number| state.view().state(number).unwrap().0;
    assert_eq!((stands(1), stands(9)), (MemoryState::Forgotten, MemoryState::Forgotten));
    assert!(matches!(stands(5), MemoryState::Summary { .. }));
    assert_eq!(seen(&session).len(), 5);
    assert_eq!(state.view().rules().unwrap().len(), 2);
    // A summary that would lie over one of ours is not taken.
    let (session, _) = pair();
    for at in 0..4 {
        session.batch(|batch| exchange(batch, at)).unwrap();
    }
    let fork = session.fork("v").unwrap();
    session.compact(&Selector::Range(1, 8), &summary).unwrap();
    fork.compact(&Selector::Range(5, 12), &summary).unwrap();
    let before = seen(&session);
    merge(&session, &[&fork]);
    assert_eq!(seen(&session), before);
}

#[test]
fn state_and_texts_are_united_and_what_both_changed_is_told() {
    let (session, _) = pair();
    session.state().put("both", "0").unwrap();
    session.state().put("theirs", "0").unwrap();
    session.state().put("removed", "0").unwrap();
    session.state().append("steps", "a").unwrap();
    session.set_instructions("one\ntwo\nthree\n").unwrap();
    let fork = session.fork("v").unwrap();
    session.state().put("both", "1").unwrap();
    session.state().append("steps", "ours").unwrap();
    fork.state().put("both", "2").unwrap();
    fork.state().put("theirs", "2").unwrap();
    fork.state().remove("removed").unwrap();
    fork.state().append("steps", "theirs").unwrap();
    session.set_instructions("ONE\ntwo\nthree\n").unwrap();
    fork.set_instructions("one\ntwo\nTHREE\n").unwrap();
    session.set_tools(&[super::past::tool("ours")]).unwrap();
    fork.set_tools(&[super::past::tool("theirs")]).unwrap();
    let report = merge(&session, &[&fork]);
    let kept: Vec<&str> = report.kept.iter().map(|kept| &*kept.what).collect();
    assert_eq!(kept, ["state both", "tools"]);
    let state = session.latest().unwrap();
    let value = |key: &str| format!("{:?}", state.state().get(key).unwrap());
    assert_eq!(value("removed"), "None");
    assert!(value("both").contains("49") && value("theirs").contains("50"), "{}", value("both"));
    let steps = state.state().items("steps", 0..9).unwrap();
    assert_eq!(steps.len(), 3);
    assert_eq!(state.instructions().unwrap(), b"ONE\ntwo\nTHREE\n");
    assert_eq!(state.tools().unwrap()[0].name, "ours");
}

#[test]
fn claims_and_evidence_come_along_and_are_judged_on_the_merged_files() {
    let (session, fork) = pair();
    let shown = fork.import_evidence("tap", b"ok 1 - it works\n1..1\n", None).unwrap();
    fork.claim("it works", [shown]).unwrap();
    session.write("b", "changed here\n").unwrap();
    let ours = session.import_evidence("tap", b"ok 1 - ours\n1..1\n", None).unwrap();
    session.claim("ours", [ours]).unwrap();
    let report = merge(&session, &[&fork]);
    assert_eq!((report.sessions[0].evidence, report.sessions[0].claims), (1, 1));
    let claims = session.claims().unwrap();
    assert_eq!(claims.len(), 2);
    assert_eq!((&*claims[1].text, claims[1].status), ("it works", ClaimStatus::Stale));
    assert_eq!(claims[1].stale_since.as_ref().unwrap().path.to_string(), "b");
    assert_eq!(claims[0].status, ClaimStatus::Supported);
    assert_eq!(session.latest().unwrap().evidence().count(), 2);
    // An undo takes the claim away, and not what was observed.
    session.undo().unwrap();
    assert_eq!(session.claims().unwrap().len(), 1);
    assert_eq!(session.latest().unwrap().evidence().count(), 2);
    // Nothing comes twice.
    let again = merge(&session, &[&fork]);
    assert_eq!((again.sessions[0].evidence, again.sessions[0].claims), (0, 1));
    merge(&fork, &[&session]);
    assert_eq!(fork.claims().unwrap().len(), 2);
    assert_eq!(fork.latest().unwrap().evidence().count(), 2);
}

#[test]
fn what_sessions_learned_and_where_they_overlap_is_told_as_text_and_as_html() {
    let (session, fork) = pair();
    session.write("a", "ours\n").unwrap();
    fork.write("a", "theirs\n").unwrap();
    say(&fork, "<b>decided</b>");
    fork.pin_memories(&Selector::Number(1)).unwrap();
    fork.claim("it works", []).unwrap();
    let learned = session.learned(&[&fork], &crate::tokens::Encoding::O200k).unwrap();
    assert_eq!((learned[0].iterations, learned[0].decisions.len()), (1, 1));
    let table = crate::display::learned_table(&learned);
    assert!(table.text().contains("1 file: a") && table.text().contains("it works (unsupported)"));
    assert!(table.html().contains("&lt;b&gt;decided"));
    let overlap = crate::display::overlap_table(&session.overlap(&[&fork]).unwrap());
    assert!(overlap.text().contains("differs"), "{}", overlap.text());
    merge(&session, &[&fork]);
    let budget = crate::budget::Budget::new(9_000);
    let page = crate::display::report_html(&session, &budget, &crate::tokens::Encoding::O200k);
    assert!(page.unwrap().contains("s@7 against t@10"));
}

#[test]
fn what_is_pinned_here_is_covered_by_no_summary_of_another_and_rules_go_as_they_come() {
    let (session, _) = pair();
    session.hide("*.log").unwrap();
    for at in 0..2 {
        session.batch(|batch| exchange(batch, at)).unwrap();
    }
    let fork = session.fork("v").unwrap();
    session.pin_memories(&Selector::Range(1, 4)).unwrap();
    fork.compact(&Selector::Range(1, 8), &summary).unwrap();
    fork.show("*.log").unwrap();
    let before = seen(&session);
    let report = merge(&session, &[&fork]);
    assert_eq!(seen(&session), before);
    assert!(report.kept.iter().any(|kept| kept.what == "pin of memory 1"), "{report:?}");
    let state = session.latest().unwrap();
    assert!(state.view().rules().unwrap().iter().all(|rule| !rule.hides));
}
