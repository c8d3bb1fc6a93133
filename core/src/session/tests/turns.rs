//! Proposals, findings, gates and steps beside merges, forks and undo.

use super::*;
use crate::FilePath;
use crate::host::turn::{Gate, ModelAnswer, Turn};
use crate::object::{Choice, DriverId, Finding, Memory, Policy, Severity};

fn change(path: &str, text: &str) -> ChangeSet {
    ChangeSet::from([(FilePath::new(path).unwrap(), Some(NewEntry::file(text)))])
}

fn turn(session: &Session, byte: u8) -> Turn {
    Turn::begin(session, &Policy::new(), DriverId::new([byte; 16])).unwrap()
}

fn answer(turn: &mut Turn) {
    let step = turn.next().unwrap().expect("it goes on").remove(0);
    turn.supply(step.id(), ModelAnswer::new(Memory::assistant("Done."))).unwrap();
}

#[test]
fn a_merge_unites_steps_proposals_findings_and_gates_and_brings_them_once() {
    let store = Store::in_memory().unwrap();
    let session = store.session("s").unwrap();
    session.write("a", "1").unwrap();
    session.propose("before the fork", change("a", "2")).unwrap();
    session.set_gate("both", Some(&Gate::shell("make"))).unwrap();
    let mut begun = turn(&session, 1);
    let fork = session.fork("fork").unwrap();
    answer(&mut begun);
    session.propose("here", change("b", "1")).unwrap();
    session.set_gate("both", Some(&Gate::shell("make here"))).unwrap();
    fork.propose("there", change("c", "1")).unwrap();
    let first = fork.latest().unwrap().proposal(1).unwrap();
    fork.review(1, first.newest().id, Choice::Reject, "no").unwrap();
    fork.find(Finding::new("acme/rule", Severity::Info, "said there")).unwrap();
    fork.set_gate("both", Some(&Gate::shell("make there"))).unwrap();
    fork.set_gate("theirs", Some(&Gate::shell("true"))).unwrap();
    answer(&mut turn(&fork, 2));
    let report = session.merge(&[&fork], MergeOptions::new()).unwrap();
    let kept: Vec<&str> = report.kept.iter().map(|kept| &*kept.what).collect();
    assert_eq!(kept, ["gate both"]);
    let now = session.latest().unwrap();
    let titles: Vec<(String, &str)> = now
        .proposals()
        .unwrap()
        .iter()
        .map(|it| (it.newest().revision.title.clone(), it.status.name()))
        .collect();
    let expected = [("before the fork", "rejected"), ("here", "open"), ("there", "open")];
    assert_eq!(titles, expected.map(|(title, status)| (title.to_owned(), status)));
    let findings = now.findings().unwrap();
    let said = now.memory(findings[0].memory.unwrap()).unwrap();
    assert!(said.memory.text().contains("said there"));
    let lines: Vec<_> = now.gates().unwrap().iter().map(|it| it.gate.command.line()).collect();
    assert_eq!(lines, ["make here", "true"]);
    let turns = session.turns().unwrap();
    let told: Vec<_> = turns.iter().map(|turn| (turn.number, turn.is_here)).collect();
    assert_eq!(told, [(1, true), (2, false)]);
    // What happened here since the fork stands.
    assert_eq!(now.steps(begun.id()).count(), 1);
    assert!(now.steps(begun.id()).all(|step| step.unwrap().outcome().is_some()));
    assert_eq!(session.calls().unwrap().len(), 2);
    assert!(!session.merge(&[&fork], MergeOptions::new()).unwrap().changed);
    session.undo().unwrap();
    assert_eq!(session.latest().unwrap().proposals().unwrap().len(), 2);
    assert_eq!(session.calls().unwrap().len(), 2, "what was done was done");
    // And what happens there later comes along.
    let other = session.fork("other").unwrap();
    answer(&mut turn(&session, 3));
    other.merge(&[&session], MergeOptions::new()).unwrap();
    assert_eq!(other.calls().unwrap().len(), session.calls().unwrap().len());
}

#[test]
fn a_proposal_whose_files_moved_on_is_merged_or_refused_and_nothing_else_changes() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("a", "one\ntwo\nthree\n").unwrap();
    let accept = |number: u64| {
        let proposal = session.latest().unwrap().proposal(number).unwrap();
        session.review(number, proposal.newest().id, Choice::Accept, "").unwrap();
    };
    session.propose("the last line", change("a", "one\ntwo\n3\n")).unwrap();
    assert_eq!(kind(session.apply_proposal(1)), ErrorKind::Invalid);
    accept(1);
    session.write("a", "1\ntwo\nthree\n").unwrap();
    let applied = session.apply_proposal(1).unwrap();
    assert_eq!(session.read("a").unwrap(), b"1\ntwo\n3\n");
    assert_eq!((applied.paths.len(), applied.merged.len()), (1, 1));
    assert_eq!(kind(session.apply_proposal(1)), ErrorKind::Conflict);
    session.undo().unwrap();
    assert_eq!(session.read("a").unwrap(), b"1\ntwo\nthree\n");
    session.apply_proposal(1).unwrap();
    session.propose("again", change("a", "1\ntwo\nTHREE\n")).unwrap();
    accept(2);
    session.write("a", "1\ntwo\nthird\n").unwrap();
    let checkpoint = session.latest().unwrap().checkpoint().cloned();
    let error = session.apply_proposal(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains('a'), "{error}");
    assert_eq!(session.latest().unwrap().checkpoint().cloned(), checkpoint);
    // A decision about a revision says nothing of the next.
    session.revise(2, "again", change("a", "1\ntwo\n3rd\n")).unwrap();
    assert_eq!(kind(session.apply_proposal(2)), ErrorKind::Invalid);
    let proposal = session.latest().unwrap().proposal(2).unwrap();
    assert_eq!(proposal.newest().revision.number, 2);
    let patch = session.latest().unwrap().proposed_patch(proposal.newest()).unwrap();
    assert!(patch.starts_with("diff --git a/a b/a\n--- a/a\n+++ b/a\n"), "{patch}");
    assert_eq!(
        kind(session.propose("nothing", change("a", "1\ntwo\nthird\n"))),
        ErrorKind::Invalid
    );
}

#[test]
fn a_rejected_proposal_stays_readable_and_costs_no_view() {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("a", "1").unwrap();
    let before = session.latest().unwrap().prompt().unwrap();
    let proposal = session.propose("two", change("b", "2")).unwrap();
    session.review(1, proposal.newest().id, Choice::Reject, "no").unwrap();
    assert_eq!(session.latest().unwrap().prompt().unwrap(), before);
    session.write("a", "2").unwrap();
    let now = session.latest().unwrap();
    let proposal = now.proposal(1).unwrap();
    assert!(now.proposed_patch(proposal.newest()).unwrap().contains("+2"));
    assert_eq!(
        kind(session.review(1, proposal.newest().id, Choice::Resolve, "")),
        ErrorKind::Invalid
    );
    let other = session.propose("another", change("c", "3")).unwrap();
    assert_eq!(kind(session.review(1, other.newest().id, Choice::Accept, "")), ErrorKind::NotFound);
}
