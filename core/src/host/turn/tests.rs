//! The loop as a host drives it.

use super::*;
use crate::context::{Dialect, Tool};
use crate::error::ErrorKind;
use crate::{Body, FilePath, Json, Memory, NewEntry, Part, Session, Store};

fn driver(byte: u8) -> DriverId {
    DriverId::new([byte; 16])
}

fn session() -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.write("src/a.txt", "one\n").unwrap();
    let schema = Json::parse(r#"{"type":"object"}"#).unwrap();
    let tool = |name: &str| Tool::new(name, "", schema.clone());
    session.set_tools(&[tool("read"), tool("edit"), tool("deploy")]).unwrap();
    session.remember(Memory::user("Change it.")).unwrap();
    session
}

fn policy() -> Policy {
    let mut policy = Policy::new();
    policy.effect("read", Effect::Read).effect("edit", Effect::Reversible);
    policy.effect("deploy", Effect::Irreversible);
    policy
}

fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call { id: id.into(), name: name.into(), arguments: Body::new(arguments) }
}

fn says(text: &str) -> StepResult {
    ModelAnswer::new(Memory::assistant(text)).into()
}

fn calls(parts: impl IntoIterator<Item = Part>) -> StepResult {
    let memory = parts.into_iter().fold(Memory::assistant("I do."), Memory::with_part);
    ModelAnswer::new(memory).into()
}

/// The only step that can be done now.
fn only(turn: &mut Turn) -> Step {
    let mut steps = turn.next().unwrap().expect("the turn goes on");
    assert_eq!(steps.len(), 1, "{steps:?}");
    steps.remove(0)
}

fn valid(session: &Session) {
    for dialect in [Dialect::Anthropic, Dialect::OpenAiChat] {
        session.context(dialect).unwrap();
    }
}

#[test]
fn a_turn_without_calls_is_one_answer() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    assert!(matches!(&step, Step::CallModel(call) if call.role == "agent"));
    assert!(turn.next().unwrap().unwrap().is_empty(), "it waits");
    assert_eq!(turn.supply(step.id(), says("Done.")).unwrap(), Supplied::Taken);
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::EndTurn));
    assert_eq!(turn.supply(step.id(), says("Done.")).unwrap(), Supplied::Known);
    let error = turn.supply(step.id(), says("Otherwise.")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(session.calls().unwrap().len(), 1);
}

#[test]
fn calls_are_handed_out_at_once_and_supplied_in_any_order() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    let parts = [call("1", "read", "{}"), call("2", "edit", "{}"), call("3", "nothing", "{}")];
    turn.supply(step.id(), calls(parts)).unwrap();
    let steps = turn.next().unwrap().unwrap();
    let names: Vec<_> = steps.iter().map(Step::name).collect();
    assert_eq!(names, ["run-tool", "run-tool"]);
    turn.supply(steps[1].id(), StepResult::text("edited")).unwrap();
    assert!(turn.next().unwrap().unwrap().is_empty());
    turn.supply(steps[0].id(), StepResult::text("one")).unwrap();
    let step = only(&mut turn);
    let Step::CallModel(asked) = &step else { panic!("{step:?}") };
    let body = asked.render(Dialect::OpenAiChat).body.to_string();
    assert_eq!(asked.body(), body);
    assert_eq!(asked.request().body, asked.prompt.render(Dialect::OpenAiChat).body);
    assert!(body.contains("there is no tool") && body.contains("edited"), "{body}");
    turn.supply(step.id(), says("Done.")).unwrap();
    assert!(turn.next().unwrap().is_none());
    valid(&session);
}

#[test]
fn a_round_that_moves_on_and_the_steps_of_the_next_are_one_commit() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let commits = || session.log().unwrap().count();
    let mut counts = Vec::new();
    for id in ["1", "2"] {
        let before = commits();
        let step = only(&mut turn);
        counts.push(commits() - before);
        turn.supply(step.id(), calls([call(id, "read", "{}")])).unwrap();
        let before = commits();
        let step = only(&mut turn);
        counts.push(commits() - before);
        turn.supply(step.id(), StepResult::text(id)).unwrap();
    }
    assert_eq!(counts, [1; 4]);
}

#[test]
fn what_cannot_be_taken_back_is_asked_about_and_an_answer_may_stand() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let deploy = |turn: &mut Turn, id: &str| {
        let step = only(turn);
        turn.supply(step.id(), calls([call(id, "deploy", "{}")])).unwrap();
    };
    deploy(&mut turn, "1");
    let ask = only(&mut turn);
    assert!(matches!(&ask, Step::Ask(ask) if ask.choices.contains(&Choice::AllowOnce)));
    let error = turn.supply(ask.id(), StepResult::choice(Choice::Accept)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    // Somebody else, in another process, answers.
    assert_eq!(session.questions().unwrap().len(), 1);
    session.decide(ask.id(), Choice::RejectOnce, "not on Fridays").unwrap();
    deploy(&mut turn, "2");
    let told = session.latest().unwrap().prompt().unwrap();
    let told = told.memories.iter().any(|it| it.memory.text().contains("not on Fridays"));
    assert!(told);
    let ask = only(&mut turn);
    turn.supply(ask.id(), StepResult::choice(Choice::AllowAlways)).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), StepResult::text("deployed")).unwrap();
    deploy(&mut turn, "3");
    let step = only(&mut turn);
    assert!(matches!(step, Step::RunTool(_)), "it stands: {step:?}");
    // A fork inherits neither the steps nor the approval.
    let fork = session.fork("fork").unwrap();
    let error = Turn::resume(&fork, turn.id(), driver(2)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let mut other = Turn::begin(&fork, &policy(), driver(2)).unwrap();
    deploy(&mut other, "4");
    assert!(matches!(only(&mut other), Step::Ask(_)));
}

#[test]
fn a_takeover_makes_open_steps_unknown_and_effects_say_what_happens() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), calls([call("1", "read", "{}"), call("2", "edit", "{}")])).unwrap();
    let steps = turn.next().unwrap().unwrap();
    assert_eq!(steps.len(), 2);
    let mut second = Turn::resume(&session, turn.id(), driver(2)).unwrap();
    let again = second.next().unwrap().unwrap();
    assert_eq!(again.len(), 2);
    assert!(matches!(&again[0], Step::RunTool(tool) if tool.attempt == 2));
    assert_eq!(again[0].id(), steps[0].id());
    assert!(matches!(&again[1], Step::Ask(ask) if ask.choices.contains(&Choice::WasDone)));
    // The former driver comes too late.
    let error = turn.supply(steps[1].id(), StepResult::text("edited")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.to_string().contains("kept as late"), "{error}");
    assert_eq!(turn.next().unwrap_err().kind(), ErrorKind::Conflict);
    second.supply(again[0].id(), StepResult::text("one")).unwrap();
    second.supply(again[1].id(), StepResult::choice(Choice::WasDone)).unwrap();
    let step = only(&mut second);
    assert!(matches!(step, Step::CallModel(_)));
    let latest = session.latest().unwrap();
    let late: usize = latest.steps(turn.id()).map(|step| step.unwrap().late.len()).sum();
    assert_eq!(late, 1);
    second.supply(step.id(), says("Done.")).unwrap();
    assert!(second.next().unwrap().is_none());
    valid(&session);
}

#[test]
fn a_change_is_reviewed_applied_and_checked() {
    let session = session();
    session.set_gate("tests", Some(&Gate::shell("true"))).unwrap();
    let mut policy = Policy::of_stages([("implement", "Do it.")]);
    policy.effect("edit", Effect::Idempotent);
    policy.review.model = Some("verify".to_owned());
    policy.review.person = true;
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let edit = |turn: &mut Turn, id: &str, text: &str| {
        let step = only(turn);
        let arguments = format!(r#"{{"text":{text:?}}}"#);
        turn.supply(step.id(), calls([call(id, "edit", &arguments)])).unwrap();
        let step = only(turn);
        let path = FilePath::new("src/a.txt").unwrap();
        let result = ToolResult::text("ok").with_file(path, NewEntry::file(text));
        turn.supply(step.id(), result).unwrap();
        let step = only(turn);
        turn.supply(step.id(), says("It is changed.")).unwrap();
    };
    edit(&mut turn, "1", "two\n");
    assert_eq!(session.read("src/a.txt").unwrap(), b"one\n");
    assert_eq!(turn.read("src/a.txt").unwrap(), b"two\n");
    let review = only(&mut turn);
    let Step::CallModel(asked) = &review else { panic!("{review:?}") };
    assert_eq!(asked.role, "verify");
    let shown = asked.prompt.memories.last().unwrap().memory.text().into_owned();
    assert!(shown.contains("-one\n+two\n"), "{shown}");
    turn.supply(review.id(), says("REJECT\nIt must be three.")).unwrap();
    edit(&mut turn, "2", "three\n");
    let review = only(&mut turn);
    turn.supply(review.id(), says("ACCEPT")).unwrap();
    let ask = only(&mut turn);
    assert!(matches!(&ask, Step::Ask(ask) if ask.choices.contains(&Choice::Accept)));
    let proposal = turn.proposal().unwrap().unwrap();
    assert_eq!(proposal.newest().revision.number, 2);
    // What is said of revision 1 says nothing of revision 2.
    session.review(1, proposal.revisions[0].id, Choice::Accept, "").unwrap();
    assert!(turn.next().unwrap().unwrap().is_empty());
    session.review(1, proposal.newest().id, Choice::Accept, "good").unwrap();
    let gate = only(&mut turn);
    assert_eq!(session.read("src/a.txt").unwrap(), b"three\n");
    let Step::RunSandbox(run) = &gate else { panic!("{gate:?}") };
    assert_eq!((run.name.as_str(), run.revision), ("tests", None));
    turn.supply(gate.id(), GateResult::new(false, "1 failed")).unwrap();
    edit(&mut turn, "3", "four\n");
    let found = session.findings().unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    let review = only(&mut turn);
    turn.supply(review.id(), says("ACCEPT")).unwrap();
    let ask = only(&mut turn);
    turn.supply(ask.id(), StepResult::choice(Choice::Accept)).unwrap();
    let gate = only(&mut turn);
    turn.supply(gate.id(), GateResult::new(true, "")).unwrap();
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::EndTurn));
    assert_eq!(session.read("src/a.txt").unwrap(), b"four\n");
    let statuses: Vec<_> =
        session.latest().unwrap().proposals().unwrap().iter().map(|it| it.status).collect();
    assert_eq!(statuses, [ProposalStatus::Applied; 2]);
    valid(&session);
}

#[test]
fn a_budget_is_kept_by_a_handle_that_counted_before_as_by_a_fresh_one() {
    let session = session();
    let mut policy = policy();
    policy.limits.repeats = 0;
    policy.roles.entry("agent".to_owned()).or_default().budget = 1_000;
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let (mut hidden, mut jumps) = (0, 0);
    for round in 0..60_u64 {
        if round % 7 == 6 {
            turn = Turn::resume(&session, turn.id(), driver(2)).unwrap();
        }
        let step = only(&mut turn);
        let Step::CallModel(asked) = &step else { panic!("{step:?}") };
        let tokens = asked.prompt.count(&crate::tokens::Encoding::O200k).high();
        assert!(tokens <= 1_000, "round {round}: {tokens}");
        let now = session.latest().unwrap().hidden_from("agent").unwrap().len();
        jumps += u64::from(now > hidden);
        hidden = now;
        turn.supply(step.id(), calls([call(&round.to_string(), "read", "{}")])).unwrap();
        let step = only(&mut turn);
        let text = format!("{round} {}", "word ".repeat(20 + round as usize % 5 * 9));
        turn.supply(step.id(), StepResult::text(text)).unwrap();
    }
    assert!(hidden > 80 && (5..40).contains(&jumps), "{hidden} in {jumps}");
}

#[test]
fn cancelling_answers_all_that_is_open() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), calls([call("1", "read", "{}"), call("2", "deploy", "{}")])).unwrap();
    let steps = turn.next().unwrap().unwrap();
    assert_eq!(steps.len(), 2);
    turn.cancel("enough").unwrap();
    assert!(turn.next().unwrap().is_none());
    assert!(session.questions().unwrap().is_empty());
    let error = session.decide(steps[1].id(), Choice::AllowOnce, "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    for step in &steps {
        let result = match step {
            Step::Ask(_) => StepResult::choice(Choice::AllowOnce),
            _ => StepResult::text("late"),
        };
        let error = turn.supply(step.id(), result).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
    assert!(session.latest().unwrap().view().open_calls().unwrap().is_empty());
    valid(&session);
}

#[test]
fn the_same_call_for_ever_is_found_and_ends_the_turn() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    for round in 0.. {
        let Some(steps) = turn.next().unwrap() else { break };
        assert!(round < 20);
        for step in steps {
            let result = match &step {
                Step::CallModel(_) => calls([call(&round.to_string(), "read", "{}")]),
                _ => StepResult::text("one"),
            };
            turn.supply(step.id(), result).unwrap();
        }
    }
    assert_eq!(turn.ended().unwrap(), Some(EndReason::Stuck));
    let findings = session.findings().unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].finding.rule, Policy::REPEATED);
}

#[test]
fn answers_that_are_none_and_limits_end_a_turn_with_a_reason() {
    for (result, reason) in [
        (ModelAnswer::new(Memory::assistant("")).into(), EndReason::Failed),
        (StepResult::failed("503"), EndReason::Failed),
    ] {
        let mut turn = Turn::begin(&session(), &policy(), driver(1)).unwrap();
        while let Some(steps) = turn.next().unwrap() {
            turn.supply(steps[0].id(), result.clone()).unwrap();
        }
        assert_eq!(turn.ended().unwrap(), Some(reason));
        assert_eq!(turn.entry().unwrap().progress.calls, 3);
    }
    let refused = crate::object::ModelCall { stop: "refusal".into(), ..Default::default() };
    let mut turn = Turn::begin(&session(), &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    let answer = ModelAnswer::new(Memory::assistant("I cannot.")).with_call(refused);
    turn.supply(step.id(), answer).unwrap();
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::Refusal));
    let mut limited = policy();
    limited.limits.calls = 1;
    let mut turn = Turn::begin(&session(), &limited, driver(1)).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), calls([call("1", "read", "{}")])).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), StepResult::text("one")).unwrap();
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::MaxTurnRequests));
}

#[test]
fn an_undo_under_a_turn_makes_it_ask_again() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), calls([call("1", "read", "{}")])).unwrap();
    let tool = only(&mut turn);
    session.undo().unwrap();
    turn.supply(tool.id(), StepResult::text("one")).unwrap();
    let step = only(&mut turn);
    assert!(matches!(step, Step::CallModel(_)));
    assert_eq!(session.latest().unwrap().memories().count(), 1);
    turn.supply(step.id(), says("Done.")).unwrap();
    assert!(turn.next().unwrap().is_none());
    valid(&session);
}

#[test]
fn what_is_said_of_a_call_counts_before_what_is_said_of_its_tool() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    let parts = ["1", "2", "3"].map(|id| call(id, "deploy", "{}"));
    turn.supply(step.id(), calls(parts)).unwrap();
    let asked = turn.next().unwrap().unwrap();
    assert_eq!(asked.len(), 3);
    turn.supply(asked[0].id(), StepResult::choice(Choice::RejectOnce)).unwrap();
    turn.supply(asked[1].id(), StepResult::choice(Choice::AllowAlways)).unwrap();
    let steps = turn.next().unwrap().unwrap();
    let names: Vec<_> = steps.iter().map(Step::name).collect();
    assert_eq!(names, ["run-tool", "run-tool"], "the first was rejected");
    assert!(session.questions().unwrap().is_empty(), "the third is answered by the tool's");
    for step in steps {
        turn.supply(step.id(), StepResult::text("deployed")).unwrap();
    }
    assert!(matches!(only(&mut turn), Step::CallModel(_)));
    valid(&session);
}
