//! How far turns go: attempts, repeats, rounds, and what each costs.

use partita::host::turn::{
    EndReason, Gate, GateResult, Phase, RolePolicy, Step, StepResult, ToolResult, Turn,
};
use partita::{ErrorKind, FilePath, NewEntry};
use partita_tests::turns::{answer, call, driver, policy};

use super::inputs::{calls, finish, only, refused, session, valid};

#[test]
fn a_step_that_twenty_drivers_died_at_is_done_by_the_next_one() {
    let session = session();
    let mut turn = Turn::begin(&session, &policy(), driver(0)).unwrap();
    let id = turn.id();
    only(&mut turn);
    for number in 1..=20 {
        turn = Turn::resume(&session, id, driver(number)).unwrap();
        let Step::CallModel(step) = only(&mut turn) else { panic!("a model is asked") };
        assert_eq!(step.attempt, number + 1);
    }
    let mut turn = Turn::resume(&session, id, driver(99)).unwrap();
    let steps = calls(&mut turn, [call("1", "put", "{}")]);
    let mut former = turn;
    let mut turn = Turn::resume(&session, id, driver(100)).unwrap();
    // A former driver that says something else each time takes no attempt away.
    for number in 0..70 {
        let late = former.supply(steps[0].id(), StepResult::text(number.to_string()));
        let words = if number < 64 { "is kept as late" } else { "not kept: there are too many" };
        refused(late, ErrorKind::Conflict, words);
    }
    let Step::RunTool(step) = only(&mut turn) else { panic!("a tool is called") };
    assert_eq!(step.attempt, 2);
    turn.supply(step.id, StepResult::text("put")).unwrap();
    finish(&mut turn);
    let latest = session.latest().unwrap();
    let steps: Vec<_> = latest.steps(id).map(|step| step.unwrap()).collect();
    let tries: Vec<_> = steps.iter().map(|step| (step.attempts.len(), step.late.len())).collect();
    assert_eq!(tries, [(22, 0), (2, 64), (1, 0)]);
    assert_eq!(session.calls().unwrap().len(), 23);
}

#[test]
fn a_call_that_repeats_itself_ends_a_turn_at_twice_the_limit_whatever_it_is() {
    for repeats in [1, 3, 40] {
        let session = session();
        let mut policy = policy();
        policy.limits.repeats = repeats;
        let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
        let mut done = 0;
        while let Some(steps) = turn.next().unwrap() {
            for step in steps {
                let result = match &step {
                    Step::CallModel(_) => answer("", [call(done.to_string(), "look", "{}")]),
                    _ => {
                        done += 1;
                        StepResult::text("the same")
                    }
                };
                turn.supply(step.id(), result).unwrap();
            }
            assert!(done <= repeats * 2, "no end after {done}");
        }
        assert_eq!((turn.ended().unwrap(), done), (Some(EndReason::Stuck), repeats * 2));
    }
}

#[test]
fn a_turn_that_ends_in_a_review_hands_out_nothing_more() {
    let session = session();
    session.set_gate("tests", Some(&Gate::shell("true"))).unwrap();
    let mut policy = policy();
    policy.limits.calls = 2;
    policy.review.tests = true;
    policy.review.model = Some("review".into());
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let step = calls(&mut turn, [call("1", "put", "{}")]).remove(0);
    let path = FilePath::new("a.txt").unwrap();
    turn.supply(step.id(), ToolResult::text("ok").with_file(path, NewEntry::file("2"))).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), answer("It is changed.", [])).unwrap();
    assert!(turn.next().unwrap().is_none());
    assert_eq!(turn.ended().unwrap(), Some(EndReason::MaxTurnRequests));
    assert!(turn.waiting().unwrap().is_empty());
    assert_eq!(turn.entry().unwrap().progress.phase, Phase::Ended);
    valid(&session);
}

#[test]
fn a_gate_that_a_driver_died_at_runs_again() {
    let session = session();
    session.set_gate("tests", Some(&Gate::shell("true"))).unwrap();
    let mut policy = policy();
    policy.review.tests = true;
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let step = calls(&mut turn, [call("1", "put", "{}")]).remove(0);
    let path = FilePath::new("a.txt").unwrap();
    turn.supply(step.id(), ToolResult::text("ok").with_file(path, NewEntry::file("2"))).unwrap();
    let step = only(&mut turn);
    turn.supply(step.id(), answer("It is changed.", [])).unwrap();
    for number in 2..4 {
        assert!(matches!(only(&mut turn), Step::RunSandbox(_)));
        turn = Turn::resume(&session, turn.id(), driver(number)).unwrap();
    }
    let gate = only(&mut turn);
    turn.supply(gate.id(), GateResult::new(true, "")).unwrap();
    let gate = only(&mut turn);
    assert_eq!(session.read("a.txt").unwrap(), b"2");
    turn.supply(gate.id(), GateResult::new(true, "")).unwrap();
    assert!(turn.next().unwrap().is_none());
}

/// Each round is a node or two more, however many there were.
#[test]
fn rounds_of_a_long_turn_write_as_much_as_the_first() {
    const ROUNDS: u64 = 240;
    let session = session();
    let mut policy = policy();
    policy.limits.calls = 0;
    policy.limits.repeats = 0;
    let known = RolePolicy { budget: 900, reserve: 0, ..RolePolicy::default() };
    policy.roles.insert("agent".into(), known);
    let mut turn = Turn::begin(&session, &policy, driver(1)).unwrap();
    let objects = || session.store().stats().unwrap().objects;
    let mut written = Vec::new();
    for _ in 0..4 {
        let before = objects();
        for _ in 0..ROUNDS / 4 {
            let steps = calls(&mut turn, [call("1", "look", "{}")]);
            turn.supply(steps[0].id(), StepResult::text("seen")).unwrap();
        }
        written.push(objects() - before);
    }
    println!("{written:?}");
    assert!(written[3] < written[1] * 5 / 4, "{written:?}");
}
