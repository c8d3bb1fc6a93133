//! What hosts say that they must not: each is refused by its kind, and the turn goes on.

use partita::context::Dialect;
use partita::host::turn::{
    Choice, DriverId, EndReason, ModelAnswer, Policy, Step, StepEnd, StepResult, Supplied,
    ToolResult, Turn, cancel,
};
use partita::object::ModelCall;
use partita::upkeep::GcOptions;
use partita::{
    Body, ErrorKind, FilePath, Json, Memory, NewEntry, ObjectId, Part, Result, Session, Store,
};
use partita::{context::Tool, history::Trim};
use partita_tests::judge::sent;
use partita_tests::turns::{Effect, answer, call, driver, policy, tools};

pub(super) fn session() -> Session {
    let session = Store::in_memory().unwrap().session("s").unwrap();
    session.set_tools(&tools()).unwrap();
    session.write("a.txt", "one\n").unwrap();
    session.remember(Memory::user("Do it.")).unwrap();
    session
}

/// The only step that can be done now.
#[track_caller]
pub(super) fn only(turn: &mut Turn) -> Step {
    let mut steps = turn.next().unwrap().expect("the turn goes on");
    assert_eq!(steps.len(), 1, "{steps:?}");
    steps.remove(0)
}

/// Lets the model call tools.
#[track_caller]
pub(super) fn calls(turn: &mut Turn, parts: impl IntoIterator<Item = Part>) -> Vec<Step> {
    let step = only(turn);
    turn.supply(step.id(), answer("I do.", parts)).unwrap();
    turn.next().unwrap().expect("the turn goes on")
}

#[track_caller]
pub(super) fn refused<T: std::fmt::Debug>(result: Result<T>, kind: ErrorKind, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(words), "{error}");
}

/// What is sent now breaks no rule of any dialect.
#[track_caller]
pub(super) fn valid(session: &Session) {
    let (_, faults) = sent(&session.latest().unwrap().prompt().unwrap());
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(session.store().check(&mut partita::upkeep::go_on).unwrap().is_ok());
}

pub(super) fn texts(session: &Session) -> Vec<String> {
    let latest = session.latest().unwrap();
    let all = latest.memories().map(|memory| memory.unwrap().memory.text().into_owned());
    all.collect()
}

/// Ends a turn by an answer without calls.
#[track_caller]
pub(super) fn finish(turn: &mut Turn) {
    let step = only(turn);
    assert!(matches!(step, Step::CallModel(_)), "{step:?}");
    turn.supply(step.id(), answer("Done.", [])).unwrap();
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::EndTurn));
    valid(turn.session());
}

#[test]
fn a_result_of_no_step_of_another_turns_and_of_a_done_one_is_refused() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let mut other = Turn::begin(&session, &policy(), driver(2)).unwrap();
    let theirs = only(&mut other);
    let none = ObjectId::of_content(b"no step");
    for id in [none, theirs.id(), turn.id()] {
        refused(turn.supply(id, StepResult::text("x")), ErrorKind::NotFound, "no step");
    }
    let steps = calls(&mut turn, [call("1", "look", "{}"), call("2", "put", "{}")]);
    let before = texts(&session);
    refused(turn.supply(steps[0].id(), answer("x", [])), ErrorKind::Invalid, "a tool is called");
    let choice = StepResult::choice(Choice::Accept);
    refused(turn.supply(steps[0].id(), choice), ErrorKind::Invalid, "a tool is called");
    refused(turn.supply(theirs.id(), answer("x", [])), ErrorKind::NotFound, "no step");
    assert_eq!(texts(&session), before);
    assert_eq!(turn.supply(steps[0].id(), StepResult::text("one")).unwrap(), Supplied::Taken);
    assert_eq!(turn.supply(steps[0].id(), StepResult::text("one")).unwrap(), Supplied::Known);
    let again = turn.supply(steps[0].id(), StepResult::text("two"));
    refused(again, ErrorKind::Conflict, "has its result");
    // Somebody who was not asked does not know.
    let id = turn.id();
    let mut third = Turn::resume(&session, id, driver(3)).unwrap();
    let early = third.supply(steps[1].id(), StepResult::text("two"));
    refused(early, ErrorKind::Conflict, "has its result");
    let late = turn.supply(steps[1].id(), StepResult::text("two"));
    refused(late, ErrorKind::Conflict, "kept as late: driver");
    refused(turn.next(), ErrorKind::Conflict, "has taken this turn over");
    let step = only(&mut third);
    third.supply(step.id(), StepResult::text("two")).unwrap();
    finish(&mut third);
    other.supply(theirs.id(), answer("Done.", [])).unwrap();
    assert!(other.next().unwrap().is_none());
}

#[test]
fn a_failure_said_twice_is_known_whoever_failed() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    let long = "503 ".repeat(3_000);
    turn.supply(step.id(), StepResult::failed(&long)).unwrap();
    assert_eq!(turn.supply(step.id(), StepResult::failed(&long)).unwrap(), Supplied::Known);
    let steps = calls(&mut turn, [call("1", "look", "{}")]);
    turn.supply(steps[0].id(), StepResult::failed(&long)).unwrap();
    assert_eq!(turn.supply(steps[0].id(), StepResult::failed(&long)).unwrap(), Supplied::Known);
    finish(&mut turn);
}

#[test]
fn after_a_cancel_all_is_late_and_every_call_has_its_answer() {
    // Also those of an answer that nobody has looked at yet.
    for looked in [false, true] {
        let session = session();
        let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
        let step = only(&mut turn);
        let parts = [call("1", "move", "{}"), call("2", "send", "{}"), call("3", "none", "{}")];
        turn.supply(step.id(), answer("I do.", parts)).unwrap();
        let steps = if looked { turn.next().unwrap().unwrap() } else { Vec::new() };
        cancel(&session, turn.id(), "enough").unwrap();
        cancel(&session, turn.id(), "again").unwrap();
        assert!(turn.next().unwrap().is_none());
        assert!(session.latest().unwrap().view().open_calls().unwrap().is_empty());
        let before = texts(&session);
        for step in &steps {
            let result = match step {
                Step::Ask(_) => StepResult::choice(Choice::AllowOnce),
                _ => StepResult::text("moved"),
            };
            refused(turn.supply(step.id(), result), ErrorKind::Conflict, "the turn has ended");
        }
        assert_eq!(texts(&session), before);
        let kept = session.latest().unwrap();
        let late: usize = kept.steps(turn.id()).map(|step| step.unwrap().late.len()).sum();
        assert_eq!(late, steps.len());
        valid(&session);
    }
}

#[test]
fn calls_of_an_answer_that_was_cut_off_or_refused_are_told_as_not_done() {
    for (stop, reason) in [("refusal", EndReason::Refusal), ("length", EndReason::MaxTokens)] {
        let session = session();
        let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
        let step = only(&mut turn);
        let memory = Memory::assistant("I do").with_part(call("1", "send", "{\"a\":"));
        let said = ModelCall { stop: stop.into(), ..ModelCall::default() };
        turn.supply(step.id(), ModelAnswer::new(memory).with_call(said)).unwrap();
        assert!(turn.next().unwrap().is_none());
        assert_eq!(turn.ended().unwrap(), Some(reason));
        assert!(session.latest().unwrap().view().open_calls().unwrap().is_empty());
        valid(&session);
    }
}

#[test]
fn a_thousand_calls_of_one_answer_are_done_as_far_as_the_policy_says() {
    let session = session();
    let mut policy = policy();
    policy.limits.parallel = 200;
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let parts = (0..1_000).map(|at| call(format!("c{at}"), "look", "{}"));
    let steps = calls(&mut turn, parts);
    assert_eq!(steps.len(), 200);
    for step in steps.iter().rev() {
        turn.supply(step.id(), StepResult::text("seen")).unwrap();
    }
    let texts = texts(&session);
    assert_eq!(texts.iter().filter(|text| *text == "seen").count(), 200);
    assert_eq!(texts.iter().filter(|text| text.starts_with("too many calls")).count(), 800);
    finish(&mut turn);
    let step = {
        turn = Turn::begin(&session, &policy, driver(2)).unwrap();
        only(&mut turn)
    };
    // An answer with more parts than a memory has is none, and the step waits for another.
    let many = (0..1_100).map(|at| call(format!("d{at}"), "look", "{}"));
    refused(turn.supply(step.id(), answer("", many)), ErrorKind::Invalid, "parts");
    turn.supply(step.id(), answer("Done.", [])).unwrap();
    assert!(turn.next().unwrap().is_none());
}

#[test]
fn arguments_of_ten_million_bytes_are_refused_and_kept() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let long = format!("{{\"text\":\"{}\"}}", "a".repeat(10 << 20));
    let short = "{\"text\":\"a\"}";
    let steps = calls(&mut turn, [call("1", "put", &long), call("2", "put", short)]);
    assert_eq!(steps.len(), 1);
    let Step::RunTool(run) = &steps[0] else { panic!("{steps:?}") };
    assert_eq!((&*run.call, &*run.arguments), ("2", short));
    turn.supply(steps[0].id(), StepResult::text("put")).unwrap();
    let told = texts(&session);
    assert!(told.iter().any(|text| text.starts_with("arguments of 10485771 bytes")), "{told:?}");
    let step = only(&mut turn);
    turn.supply(step.id(), answer("Done.", [])).unwrap();
    assert!(turn.next().unwrap().is_none());
    let kept = session.latest().unwrap().prompt().unwrap();
    let calls = kept.memories.iter().flat_map(|memory| &memory.memory.parts);
    let len = calls.filter_map(|part| match part {
        Part::Call { arguments, .. } => arguments.as_inline().map(<[u8]>::len),
        _ => None,
    });
    assert_eq!(len.max(), Some(long.len()));
}

#[test]
fn calls_of_one_id_in_one_answer_are_steps_of_their_own_with_results_of_their_own() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let steps = calls(&mut turn, [call("1", "look", "{}"), call("1", "put", "{}")]);
    assert_eq!(steps.len(), 2);
    assert_ne!(steps[0].id(), steps[1].id());
    // Whichever comes first, each stands with its call.
    turn.supply(steps[0].id(), StepResult::text("looked")).unwrap();
    turn.supply(steps[1].id(), StepResult::text("was put")).unwrap();
    let step = only(&mut turn);
    let Step::CallModel(asked) = &step else { panic!("{step:?}") };
    for dialect in Dialect::ALL {
        let body = asked.render(dialect).body.to_string();
        assert!(body.contains("looked") && body.contains("was put"), "{}", dialect.name());
    }
    turn.supply(step.id(), answer("Done.", [])).unwrap();
    assert!(turn.next().unwrap().is_none());
    valid(&session);
}

#[test]
fn a_memory_that_no_model_made_and_parts_that_fit_nowhere_are_refused() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = only(&mut turn);
    for memory in [Memory::user("x"), Memory::system("x"), Memory::tool("1", "x")] {
        let role = format!("of the role {}", memory.role.name());
        refused(turn.supply(step.id(), ModelAnswer::new(memory)), ErrorKind::Invalid, &role);
    }
    let over = Part::Result { call: "1".into(), error: false, parts: 9 };
    let odd = ModelAnswer::new(Memory::assistant("x").with_part(over));
    refused(turn.supply(step.id(), odd), ErrorKind::Invalid, "runs over the end");
    let long = "n".repeat(5_000);
    refused(
        turn.supply(step.id(), answer("", [call("1", &long, "{}")])),
        ErrorKind::Invalid,
        "a name above",
    );
    assert_eq!(texts(&session), ["Do it."]);
    let names = ["a\0b", "\u{1b}[2J", "", "\u{202e}look"];
    let parts = names.iter().enumerate().map(|(at, name)| call(at.to_string(), name, "{}"));
    turn.supply(step.id(), answer("", parts)).unwrap();
    let step = only(&mut turn);
    let told = texts(&session);
    assert_eq!(told.iter().filter(|text| text.starts_with("there is no tool")).count(), 4);
    assert!(!told.concat().contains(['\0', '\u{1b}', '\u{202e}']), "{told:?}");
    // What a tool returned must fit, too.
    turn.supply(step.id(), answer("", [call("9", "look", "{}")])).unwrap();
    let step = only(&mut turn);
    let mut odd = ToolResult::text("x");
    odd.parts.push(Part::Result { call: "1".into(), error: false, parts: 0 });
    refused(turn.supply(step.id(), odd), ErrorKind::Invalid, "runs over the end");
    let mut call_in_it = ToolResult::text("x");
    call_in_it.parts.push(Part::Call {
        id: "z".into(),
        name: "look".into(),
        arguments: Body::new("{}"),
    });
    turn.supply(step.id(), call_in_it).unwrap();
    finish(&mut turn);
}

fn declared(name: &str, schema: &str) -> Tool {
    Tool::new(name, "", Json::parse(schema).unwrap())
}

const OTHER: &str = r#"{"type":"object","properties":{"path":{"type":"string"}}}"#;

#[test]
fn a_tool_that_is_declared_anew_is_not_tried_again_under_its_old_declaration() {
    for (name, asks) in [("look", false), ("put", false), ("move", true)] {
        let session = session();
        let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
        let steps = calls(&mut turn, [call("1", name, "{}")]);
        assert!(matches!(&steps[0], Step::RunTool(_)));
        session.set_tools(&[declared(name, OTHER)]).unwrap();
        let mut second = Turn::resume(&session, turn.id(), driver(2)).unwrap();
        if asks {
            let ask = only(&mut second);
            second.supply(ask.id(), StepResult::choice(Choice::DoAgain)).unwrap();
        }
        let step = only(&mut second);
        assert!(matches!(step, Step::CallModel(_)), "{step:?}");
        let told = texts(&session);
        assert!(told.iter().any(|text| text.contains("has changed since")), "{told:?}");
        second.supply(step.id(), answer("Done.", [])).unwrap();
        assert!(second.next().unwrap().is_none());
        valid(&session);
    }
}

#[test]
fn what_was_allowed_of_a_tool_holds_for_the_declaration_that_was_asked_about() {
    for choice in [Choice::AllowOnce, Choice::AllowAlways] {
        let session = session();
        let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
        let ask = calls(&mut turn, [call("1", "send", "{}")]).remove(0);
        session.set_tools(&[declared("send", OTHER)]).unwrap();
        turn.supply(ask.id(), StepResult::choice(choice)).unwrap();
        let again = calls(&mut turn, [call("2", "send", "{}")]);
        assert!(matches!(&again[..], [Step::Ask(_)]), "{again:?}");
        let told = texts(&session);
        assert!(told.iter().any(|text| text.contains("has changed since")), "{told:?}");
        refused(
            session.decide(ask.id(), Choice::AllowOnce, ""),
            ErrorKind::NotFound,
            "no question waits",
        );
        session.decide(again[0].id(), Choice::RejectAlways, "").unwrap();
        let told = calls(&mut turn, [call("3", "send", "{}")]);
        assert!(matches!(&told[..], [Step::CallModel(_)]), "{told:?}");
        valid(&session);
    }
}

#[test]
fn what_was_said_of_a_call_counts_before_what_was_said_of_its_tool() {
    for (tool, own, done) in [
        (Choice::AllowAlways, Some(Choice::RejectOnce), false),
        (Choice::RejectAlways, Some(Choice::AllowOnce), true),
        (Choice::AllowAlways, None, true),
        (Choice::RejectAlways, None, false),
    ] {
        let session = session();
        let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
        let asks = calls(&mut turn, [call("1", "send", "1"), call("2", "send", "2")]);
        if let Some(own) = own {
            session.decide(asks[1].id(), own, "").unwrap();
        }
        session.decide(asks[0].id(), tool, "").unwrap();
        let steps = turn.next().unwrap().unwrap();
        let of = |step: &Step| matches!(step, Step::RunTool(step) if step.call == "2");
        assert_eq!(steps.iter().any(of), done, "{tool:?} {own:?}: {steps:?}");
        // A question that the word about the tool has answered waits no more.
        assert!(session.questions().unwrap().is_empty(), "{tool:?} {own:?}");
        let late = turn.supply(asks[1].id(), StepResult::choice(Choice::AllowAlways));
        refused(late, ErrorKind::Conflict, "has its result");
    }
}

#[test]
fn a_decision_about_an_earlier_revision_says_nothing_of_the_newest() {
    let session = session();
    let mut policy = policy();
    policy.review.person = true;
    policy.limits.rounds = 0;
    policy.limits.repeats = 0;
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    // More revisions and decisions than a row has room for.
    for number in 1..=24_u64 {
        let step = calls(&mut turn, [call(number.to_string(), "put", "{}")]).remove(0);
        let path = FilePath::new("a.txt").unwrap();
        let text = NewEntry::file(format!("{number}\n"));
        turn.supply(step.id(), ToolResult::text("ok").with_file(path, text)).unwrap();
        let step = only(&mut turn);
        turn.supply(step.id(), answer("It is changed.", [])).unwrap();
        let ask = only(&mut turn);
        let proposal = turn.proposal().unwrap().unwrap();
        assert_eq!(proposal.newest().revision.number, number);
        if number > 1 {
            let old = proposal.revisions[proposal.revisions.len() - 2].id;
            session.review(proposal.number, old, Choice::Accept, "").unwrap();
            assert!(turn.next().unwrap().unwrap().is_empty());
            assert_eq!(session.read("a.txt").unwrap(), b"one\n");
            refused(
                session.apply_proposal(proposal.number),
                ErrorKind::Invalid,
                "nobody has accepted",
            );
        }
        let none = ObjectId::of_content(b"no revision");
        refused(
            session.review(proposal.number, none, Choice::Accept, ""),
            ErrorKind::NotFound,
            "has no revision",
        );
        let choice = if number < 24 { Choice::Reject } else { Choice::Accept };
        turn.supply(ask.id(), StepResult::choice(choice)).unwrap();
    }
    assert!(turn.next().unwrap().is_none());
    assert_eq!(session.read("a.txt").unwrap(), b"24\n");
    let proposal = session.latest().unwrap().proposal(1).unwrap();
    assert_eq!((proposal.revisions.len(), proposal.applied), (24, Some(24)));
    valid(&session);
}

#[test]
fn a_fork_has_an_open_turn_to_look_at_alone() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let steps = calls(&mut turn, [call("1", "move", "{}"), call("2", "send", "{}")]);
    let fork = session.fork("fork").unwrap();
    assert!(!fork.turns().unwrap()[0].is_open());
    assert!(fork.questions().unwrap().is_empty());
    let here = "goes on in the session";
    refused(Turn::resume(&fork, turn.id(), driver(2)), ErrorKind::Invalid, here);
    refused(cancel(&fork, turn.id(), ""), ErrorKind::Invalid, here);
    refused(fork.decide(steps[1].id(), Choice::AllowOnce, ""), ErrorKind::NotFound, "no question");
    // Its own turn answers nothing of the origin's, and is sent all the same.
    let mut own = Turn::begin(&fork, &policy(), driver(2)).unwrap();
    refused(own.supply(steps[0].id(), StepResult::text("x")), ErrorKind::NotFound, "no step");
    let step = only(&mut own);
    let Step::CallModel(asked) = &step else { panic!("{step:?}") };
    let (_, faults) = sent(&asked.prompt);
    assert!(faults.is_empty(), "{faults:#?}");
    own.supply(step.id(), answer("Done.", [])).unwrap();
    assert!(own.next().unwrap().is_none());
    valid(&fork);
    turn.supply(steps[0].id(), StepResult::text("moved")).unwrap();
    session.decide(steps[1].id(), Choice::RejectOnce, "").unwrap();
    finish(&mut turn);
}

#[test]
fn trim_gc_and_undo_under_an_open_turn_take_nothing_that_it_needs() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let steps = calls(&mut turn, [call("1", "put", "{}"), call("2", "send", "{}")]);
    let upkeep = || {
        session.trim(Trim::Keep(1)).unwrap();
        let options = GcOptions::new().keep(std::time::Duration::ZERO);
        session.store().gc(&options, &mut partita::upkeep::go_on).unwrap();
        valid(&session);
    };
    upkeep();
    let path = FilePath::new("a.txt").unwrap();
    let change = ToolResult::text("put").with_file(path, NewEntry::file("two\n"));
    turn.supply(steps[0].id(), change).unwrap();
    upkeep();
    session.decide(steps[1].id(), Choice::AllowOnce, "").unwrap();
    upkeep();
    let mut second = Turn::resume(&session, turn.id(), driver(2)).unwrap();
    let step = only(&mut second);
    upkeep();
    second.supply(step.id(), StepResult::text("sent")).unwrap();
    let step = only(&mut second);
    // The result of the sending is taken back; that it was sent is not.
    session.undo().unwrap();
    second.supply(step.id(), answer("Done.", [])).unwrap();
    upkeep();
    assert!(second.next().unwrap().is_none());
    assert_eq!(session.read("a.txt").unwrap(), b"two\n");
    let latest = session.latest().unwrap();
    let done = latest.steps(turn.id()).map(|step| step.unwrap());
    let done = done.filter(|step| step.outcome().is_some_and(|it| it.end == StepEnd::Done));
    assert_eq!(done.count(), 5);
    assert_eq!(session.calls().unwrap().len(), 2);
    upkeep();
}

#[test]
fn a_result_whose_call_was_taken_back_changes_no_file() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(1)).unwrap();
    let step = calls(&mut turn, [call("1", "put", "{}")]).remove(0);
    session.undo().unwrap();
    let path = FilePath::new("a.txt").unwrap();
    let change = ToolResult::text("put").with_file(path, NewEntry::file("two\n"));
    turn.supply(step.id(), change).unwrap();
    assert!(turn.proposal().unwrap().is_none());
    finish(&mut turn);
    assert_eq!(session.read("a.txt").unwrap(), b"one\n");
}

#[test]
fn two_threads_that_begin_at_once_begin_two_turns() {
    let session = session();
    for round in 0..8 {
        let ids: Vec<ObjectId> = std::thread::scope(|scope| {
            let begin = || Turn::begin(&session, &policy(), DriverId::new([7; 16])).unwrap().id();
            let threads: Vec<_> = (0..2).map(|_| scope.spawn(begin)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_ne!(ids[0], ids[1]);
        assert_eq!(session.turns().unwrap().len(), (round + 1) * 2);
    }
    let numbers: Vec<u64> = session.turns().unwrap().iter().map(|turn| turn.number).collect();
    assert_eq!(numbers, (1..=16).collect::<Vec<_>>());
    // They go on beside one another, each with its own calls.
    let ids: Vec<ObjectId> = session.turns().unwrap().iter().map(|turn| turn.id).take(2).collect();
    let mut turns: Vec<Turn> =
        ids.iter().map(|id| Turn::resume(&session, *id, driver(9)).unwrap()).collect();
    let first = calls(&mut turns[0], [call("1", "look", "{}")]);
    let second = calls(&mut turns[1], [call("1", "look", "{}")]);
    valid(&session);
    turns[0].supply(first[0].id(), StepResult::text("one")).unwrap();
    turns[1].supply(second[0].id(), StepResult::text("two")).unwrap();
    finish(&mut turns[0]);
    finish(&mut turns[1]);
}

#[test]
fn a_policy_that_cannot_be_kept_begins_no_turn() {
    let session = session();
    let refuse = |change: &dyn Fn(&mut Policy), words: &str| {
        let mut policy = policy();
        change(&mut policy);
        let before = session.turns().unwrap().len();
        refused(Turn::begin(&session, &policy, driver(1)), ErrorKind::Invalid, words);
        assert_eq!(session.turns().unwrap().len(), before);
    };
    let long = "x".repeat(5_000);
    refuse(&|it| it.stages.clear(), "without stages");
    refuse(&|it| it.limits.parallel = 0, "calls of one answer");
    refuse(&|it| it.limits.parallel = 1_025, "calls of one answer");
    refuse(&|it| it.dialect = "morse".into(), "not known");
    refuse(&|it| it.stages[0].role = "a\0b".into(), "without NUL");
    refuse(&|it| it.stages[0].role = String::new(), "names no role");
    refuse(&|it| it.review.model = Some(String::new()), "a role has a name");
    refuse(&|it| it.stages[0].role.clone_from(&long), "has more than");
    refuse(
        &|it| {
            it.role("agent", "x".repeat(300 << 10));
        },
        "at most",
    );
    refuse(&|it| it.files = vec!["[".into()], "without its ]");
    refuse(&|it| it.files = vec!["/a".into()], "begins with /");
    refuse(
        &|it| {
            (0..2_000).for_each(|at| {
                it.effect(at.to_string(), Effect::Read);
            })
        },
        "rows of a kind",
    );
    refuse(&|it| it.roles.extend([(long.clone(), Default::default())]), "has more than");
    refuse(&|it| it.roles.extend([("r".repeat(4_090), Default::default())]), "a role");
}
