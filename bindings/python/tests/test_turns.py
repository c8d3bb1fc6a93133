"""Turns: what is asked for, what is said of it, who decides, and what it adds up to."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any, get_args

import pytest

import partita
from partita import (
    Ask,
    CallModel,
    Choice,
    GateResult,
    Memory,
    ModelAnswer,
    ModelCall,
    Part,
    Policy,
    RunSandbox,
    RunTool,
    Step,
    ToolResult,
    literals,
)

TOOLS = [{"name": name, "input_schema": {"type": "object"}} for name in ("read", "edit", "deploy")]
EFFECTS: dict[str, literals.Effect] = {"read": "read", "edit": "idempotent"}


@pytest.fixture
def asked(session: partita.Session) -> partita.Session:
    """A session with a file, tools and a request."""
    session.write("a.txt", "one\n")
    session.set_tools(TOOLS)
    session.remember("Change it.")
    return session


def says(text: str) -> ModelAnswer:
    return ModelAnswer(Memory.assistant(text))


def calls(*names: str) -> ModelAnswer:
    return ModelAnswer(Memory.assistant("I do.", *(Part.call(f"c-{name}", name, "{}") for name in names)))


def only(steps: Sequence[Step] | None) -> Step:
    assert steps is not None
    [step] = steps
    return step


def test_a_turn_is_driven_by_a_loop_and_steps_match(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(tools=EFFECTS, routes=[("agent", "model-x")]))
    answers = [calls("read", "edit"), says("Done.")]
    seen: list[Any] = []
    for step in turn:
        match step:
            case CallModel("agent", model):
                seen.append(model)
                assert "Change it." in str(step.request("openai-chat")["messages"])
                assert turn.supply(step, answers.pop(0)) == "taken"
            case RunTool("read", arguments):
                seen.append(arguments)
                turn.supply(step.id, turn.read("a.txt").decode())
            case RunTool(name):
                seen.append((name, step.effect, step.input, step.attempt))
                turn.supply(step, ToolResult(["ok", Part.media("image/png", b"x")]))
    assert seen == ["model-x", "{}", ("edit", "idempotent", {}, 1), "model-x"]
    assert turn.ended == "end_turn" and turn.next() is None and turn.waiting() == []
    assert [entry.ended for entry in asked.turns()] == ["end_turn"] and not turn.entry.open
    assert [step.kind for step in asked.steps(turn.id)] == ["call-model", "run-tool", "run-tool", "call-model"]
    assert turn.policy == Policy(tools=EFFECTS, routes=[("agent", "model-x")])


async def test_a_turn_is_driven_by_a_task(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(tools=EFFECTS))
    answers = [calls("read"), says("Done.")]
    async for step in turn:
        turn.supply(step, answers.pop(0) if isinstance(step, CallModel) else "one")
    assert turn.ended == "end_turn" and answers == []


def test_a_loop_that_ends_in_the_middle_loses_no_step(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(tools=EFFECTS))
    turn.supply(only(turn.next()), calls("read", "edit"))
    first = next(iter(turn))
    [second] = turn.next() or []
    assert [first.id, second.id] == [step.id for step in turn.waiting()]
    assert turn.next() == [] and list(turn) == []


def test_results_are_taken_once_and_only_where_they_belong(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy())
    step = only(turn.next())
    for wrong in ("text", Choice("accept"), GateResult(True)):
        with pytest.raises(partita.Invalid, match="say what it answered"):
            turn.supply(step, wrong)
    with pytest.raises(TypeError, match="no result of a step: int"):
        turn.supply(step, 3)  # type: ignore[arg-type]
    answer = ModelAnswer(Memory.assistant("Done."), ModelCall("x", input=2, output=3), took_ms=7, cost=11)
    assert turn.supply(step, answer) == "taken"
    assert turn.next() is None
    assert turn.supply(step, answer) == "known"
    with pytest.raises(partita.Conflict, match="kept as late"):
        turn.supply(step, says("Otherwise."))
    with pytest.raises(partita.NotFound):
        turn.supply(asked.id, "x")
    [call] = asked.calls()
    assert (call.served, call.usage.output, call.took_ms, call.cost, call.end) == ("x", 3, 7, 11, "done")
    [totals] = asked.call_totals(by="model")
    assert (totals.name, totals.calls, totals.prompt_tokens, totals.cost) == ("x", 1, 2, 11)
    assert [totals.name for totals in asked.call_totals()] == ["agent"]
    with pytest.raises(partita.Invalid):
        asked.call_totals(by="x")  # type: ignore[arg-type]


def test_what_fails_is_said_by_an_exception(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(limits={"failures": 2}))
    tried = partita.CallAttempt(provider="p", model="m", outcome="timeout", took_ms=9)
    assert pickle.loads(pickle.dumps(tried)) == tried
    for step in turn:
        turn.supply(step, TimeoutError("no answer"))
    assert (turn.ended, turn.entry.note) == ("failed", "TimeoutError: no answer")
    assert [call.end for call in asked.calls()] == ["failed", "failed"]
    assert asked.call_totals()[0].failed == 2


def test_a_person_is_asked_and_answers_from_elsewhere(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy())
    turn.supply(only(turn.next()), calls("deploy"))
    ask = only(turn.next())
    assert isinstance(ask, Ask)
    assert (ask.kind, ask.tool, ask.choices[0]) == ("approve", "deploy", "allow-once")
    [waiting] = asked.questions()
    assert (waiting.id, waiting.text, tuple(waiting.choices)) == (ask.id, ask.text, ask.choices)
    assert turn.waiting() == [waiting] and list(turn) == []
    with pytest.raises(partita.Invalid, match="is no answer"):
        asked.decide(ask.id, "accept")
    asked.decide(ask.id, "reject-once", "not on Fridays")
    step = only(turn.next())
    assert isinstance(step, CallModel) and "not on Fridays" in str(step.request("anthropic"))
    turn.cancel("enough")
    assert (turn.ended, turn.entry.note) == ("cancelled", "enough")
    for choice in get_args(literals.PersonsChoice):
        with pytest.raises(partita.NotFound):
            asked.decide(ask.id, choice)


def test_a_turn_is_taken_over_and_cancelled_by_its_id(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(tools={"edit": "reversible"}), b"1" * 16)
    turn.supply(only(turn.next()), calls("edit"))
    step = only(turn.next())
    second = asked.resume_turn(turn.id)
    ask = only(second.next())
    assert isinstance(ask, Ask) and ask.kind == "unknown"
    with pytest.raises(partita.Conflict, match="taken this turn over"):
        turn.next()
    with pytest.raises(partita.Conflict, match="kept as late"):
        turn.supply(step, "edited")
    second.supply(ask, Choice("was-done", "I saw it"))
    assert isinstance(only(second.next()), CallModel) and second.entry.takeovers == 1
    with pytest.raises(partita.Invalid, match="16 bytes"):
        asked.resume_turn(turn.id, b"short")
    with pytest.raises(partita.NotFound):
        asked.resume_turn(asked.id)
    with pytest.raises(partita.Invalid, match="forked"):
        asked.fork("fork").resume_turn(turn.id)
    asked.cancel_turn(turn.id)
    assert second.next() is None and second.ended == "cancelled"
    with pytest.raises(TypeError, match="resume_turn"):
        pickle.dumps(turn)


def test_a_change_is_reviewed_applied_and_checked(asked: partita.Session, tmp_path: Path) -> None:
    asked.set_gate("tests", "grep -q three a.txt", timeout=30)
    policy = Policy(stages=[("implement", "Do it.")], tools=EFFECTS, review={"tests": True, "model": "verify"})
    turn = asked.begin_turn(policy)
    texts, verdicts, gates = ["two\n", "three\n"], ["REJECT\nIt must be three.", "ACCEPT"], 0
    approved: list[str] = []

    def approve(command: str) -> bool:
        approved.append(command)
        return True

    for step in turn:
        match step:
            case CallModel("verify"):
                assert step.purpose == "review" and "+++ b/a.txt" in str(step.request("openai-chat"))
                turn.supply(step, says(verdicts.pop(0)))
            case CallModel():
                edited = (proposal := turn.proposal()) and proposal.status == "draft"
                turn.supply(step, says("It is changed.") if edited else calls("edit"))
            case RunTool():
                turn.supply(step, ToolResult("ok", changes={"a.txt": texts.pop(0)}))
                assert asked.read("a.txt") == b"one\n" != turn.read("a.txt")
            case RunSandbox("tests", command):
                gates += 1
                assert command == "grep -q three a.txt" and (step.proposal is None) == (gates == 3)
                turn.supply(step, turn.run_gate(step, tmp_path / str(gates), approve))
    assert turn.ended == "end_turn" and asked.read("a.txt") == b"three\n"
    assert approved == ["grep -q three a.txt"] * 3 and len(asked.latest().runs()) == 1
    [proposal] = asked.proposals()
    assert (proposal.status, proposal.applied, proposal.newest.author) == ("applied", 2, "implement")
    assert sorted({(row.by, row.choice) for row in proposal.decisions}) == [
        ("model", "accept"), ("model", "reject"), ("tests", "accept"), ("tests", "reject"),
    ]
    assert pickle.loads(pickle.dumps(proposal)) == proposal
    assert asked.sees("a.txt") in ("current", "outdated", "none") and turn.sees("implement", "b.txt") == "no-file"


def test_a_gate_that_is_not_approved_fails_and_what_approval_raises_is_raised(asked: partita.Session, tmp_path: Path) -> None:
    asked.set_gate("tests", ["touch", "made"])
    turn = asked.begin_turn(Policy(tools=EFFECTS, limits={"rounds": 1}))
    turn.supply(only(turn.next()), calls("edit"))
    turn.supply(only(turn.next()), ToolResult("ok", changes={"a.txt": None, "b.txt": b"b"}))
    turn.supply(only(turn.next()), says("Done."))
    gate = only(turn.next())
    assert isinstance(gate, RunSandbox)

    def raises(command: str) -> bool:
        raise KeyError(command)

    with pytest.raises(KeyError, match="touch made"):
        turn.run_gate(gate, tmp_path, raises)
    result = turn.run_gate(gate, tmp_path, lambda command: False)
    assert not result.passed and "not approved" in result.output and not (tmp_path / "made").exists()
    assert list(asked.files) == ["b.txt"]
    asked.set_gate("tests", None)
    assert asked.gates() == []


def test_proposals_are_made_revised_and_applied_without_a_turn(asked: partita.Session) -> None:
    proposal = asked.with_actor("ada").propose("count on", {"a.txt": "two\n"})
    assert (proposal.status, proposal.newest.author, proposal.newest.title) == ("open", "ada", "count on")
    with pytest.raises(partita.Invalid, match="nobody has accepted"):
        asked.apply_proposal(proposal.number)
    revised = asked.revise(proposal.number, "count on further", {"a.txt": b"three\n", "b.txt": "b"})
    assert [row.number for row in revised.revisions] == [1, 2]
    assert "+two" in asked.proposal_patch(1, 1) and "+three" in asked.proposal_patch(1)
    asked.review(1, proposal.newest.id, "accept")
    assert asked.proposals()[0].status == "open"
    assert asked.review(1, revised.newest.id, "reject", "no").status == "rejected"
    accepted = asked.review(1, revised.newest.id, "accept")
    assert [(row.about, row.choice, row.reason) for row in accepted.decisions][-1] == ("revision", "accept", "")
    applied = asked.apply_proposal(1)
    assert applied.paths == ["a.txt", "b.txt"] and applied.merged == [] and applied.checkpoint is not None
    with pytest.raises(partita.Conflict):
        asked.apply_proposal(1)
    asked.undo()
    assert asked.read("a.txt") == b"one\n" and asked.proposals()[0].status == "accepted"
    with pytest.raises(TypeError, match="mapping"):
        asked.propose("x", ["a.txt"])  # type: ignore[arg-type]


def test_findings_are_said_and_resolved(asked: partita.Session) -> None:
    for severity in get_args(literals.Severity):
        asked.find("acme/style", f"tabs: {severity}", severity=severity, path="a.txt")
    first, *others = asked.findings()
    assert (first.number, first.severity, first.path, first.resolved) == (1, "info", "a.txt", None)
    assert first.memory is not None and "tabs: info" in asked.memory(first.memory).text
    asked.resolve_finding(2, "so be it")
    resolved = asked.findings()[1].resolved
    assert resolved is not None and (resolved.choice, resolved.by, resolved.reason) == ("resolve", "person", "so be it")
    with pytest.raises(partita.Conflict):
        asked.resolve_finding(2)
    assert pickle.loads(pickle.dumps(others)) == others


def test_policies_are_made_of_words_that_are_known() -> None:
    policy = Policy(
        stages=[("plan", "Make a plan."), ("implement", "")],
        roles={"plan": "You plan.", "implement": {"budget": 9_000, "reserve": 1_000}},
        tools={"read": "read", "deploy": {"effect": "irreversible", "asks": "always"}},
        routes=[("plan", "large"), {"model": "small", "complexity": "medium", "spent_max": 5}],
        limits={"calls": 4, "parallel": 2},
        review={"tests": True, "model": "verify", "person": True},
        gates=["tests"],
        files=["src/**"],
        rules={"secret": None, "unseen-edit": "error", "cost-over-plan": {"severity": "info", "parameters": ["9"]}},
        complexity="high",
        dialect="anthropic",
    )
    assert pickle.loads(pickle.dumps(policy)) == policy != Policy()
    assert eval(repr(policy), {"Policy": Policy}) == policy
    assert policy.to_dict()["rules"]["secret"] is None and policy.to_dict()["limits"]["rounds"] == 3
    for effect in get_args(literals.Effect):
        for asks in get_args(literals.Asks):
            for complexity in get_args(literals.Complexity):
                Policy(tools={"x": {"effect": effect, "asks": asks}}, complexity=complexity)
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"stages": []}, "without stages"),
        ({"tools": {"x": "writes"}}, "irreversible"),
        ({"tools": {"x": {"effects": "read"}}}, "there is no \"effects\""),
        ({"tools": {"x": {"asks": "never"}}}, "needs \"effect\""),
        ({"limits": {"call": 1}}, "there is no \"call\""),
        ({"limits": {"calls": -1}}, "expected a number"),
        ({"limits": {"parallel": 0}}, "calls of one answer"),
        ({"review": {"by": "me"}}, "tests, model, person"),
        ({"rules": {"secret": "bad"}}, "no severity"),
        ({"complexity": "hard"}, "low, medium, high"),
        ({"dialect": "x"}, "openai-chat"),
    ]
    for given, message in wrong:
        with pytest.raises(partita.Invalid, match=message):
            Policy(**given)
    with pytest.raises(TypeError):
        Policy(gates="tests")
    with pytest.raises(TypeError):
        Policy(stages="plan")  # type: ignore[arg-type]


def test_a_turn_is_shared_by_threads(asked: partita.Session) -> None:
    turn = asked.begin_turn(Policy(tools=EFFECTS))
    turn.supply(only(turn.next()), calls("read", "edit"))
    steps = turn.next() or []
    threads = [threading.Thread(target=turn.supply, args=(step, "one")) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert isinstance(only(turn.next()), CallModel)
