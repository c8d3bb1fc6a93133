"""The values of tokens, the view and transcripts: equality, hashes, representations, pickling."""

from __future__ import annotations

import copy
import io
import json
import pickle

import partita
import pytest
from partita import Memory, Part

NAMES = """
    Account Budget Capacity ContextDiff ContextItem Count Horizon Item Mend Plan PlanCost PlanStep Prices Remarks Report
    SessionSizes TranscriptImport ViewFile ViewMemory ViewReport ViewRule
""".split()


def values() -> list[object]:
    """One or more of each, as the package gives them out."""
    store = partita.Store.in_memory()
    session = store.session("values")
    session.remember("What is here? " + "Please look. " * 60)
    session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
    session.remember("And now?")
    session.write("a", "1")
    before = session.latest()
    prices = partita.Prices(input=3_000, cache_read=300, cache_write=3_750)
    budget = partita.Budget(100, reserve=1, high=90, low=80, prices=prices, horizon=3)
    plan = session.plan(budget)
    capacity = session.capacity(budget)
    text = json.dumps([{"role": "user", "content": "hi"}, {"role": "critic", "content": "no"}])
    imported = session.import_transcript(io.StringIO(text))
    hidden = session.hide("b*")
    session.compact("1..1", lambda memories: "Short.")
    diff = before.context_diff(session.latest())
    view = session.view
    session.trim(keep=1)
    return [
        prices,
        budget,
        partita.Budget(100),
        capacity,
        capacity.total,
        partita.Count(tokens=3, low=2, high=5, exact=False),
        *capacity.items,
        before.account(),
        plan,
        *plan.steps,
        plan.cost,
        diff,
        *diff.added,
        imported,
        imported.report,
        imported.report.refused,
        hidden,
        *view.memories(),
        *view.files(),
        *view.rules(),
        *session.context("anthropic").mends,
        session.horizon(),
        store.session_sizes("values"),
    ]


def test_every_value_is_here() -> None:
    assert {type(value).__name__ for value in values()} == set(NAMES)


def test_values_compare_hash_pickle_and_copy() -> None:
    for value in values():
        again = pickle.loads(pickle.dumps(value))
        assert type(again) is type(value) and again == value
        assert hash(again) == hash(value) and repr(again) == repr(value)
        assert copy.deepcopy(value) == value and value != object() and value in {value}
        assert not hasattr(value, "__dict__") and type(value).__name__ in repr(value)
        public = next(part for part in dir(value) if not part.startswith("_"))
        with pytest.raises(AttributeError):
            setattr(value, public, 1)


def test_the_representation_of_a_plain_value_makes_it_again() -> None:
    namespace = {name: getattr(partita, name) for name in partita.__all__}
    for value in values():
        if type(value).__name__ in ("Account", "Budget", "Capacity", "Count", "PlanStep", "Prices", "Report"):
            assert eval(repr(value), namespace) == value


def test_a_plan_that_was_pickled_is_applied_as_it_was_made() -> None:
    session = partita.Store.in_memory().session("s")
    for number in range(9):
        session.remember(f"Question {number}. " + "More. " * 50)
    session.write("a", "1" * 900)
    session.write("a", "2" * 900)
    plan = session.plan(300)
    assert plan == session.plan(300) != session.plan(200)
    assert isinstance(plan, partita.Plan) and "Plan of" in repr(plan)
    again = pickle.loads(pickle.dumps(plan))
    assert (again, again.freed, again.loss, again.cost) == (plan, plan.freed, plan.loss, plan.cost)
    assert {step.action for step in again.steps} >= {"forget"} and any(step.files for step in again.steps)
    report = session.apply(again)
    assert report.changed and report.files_out and session.capacity(300).total == plan.after
    session.undo()
    assert session.apply(plan).changed == report.changed


def test_a_plan_by_hand_is_checked_when_it_is_made_and_does_what_can_be_done() -> None:
    session = partita.Store.in_memory().session("s")
    for number in range(3):
        session.remember(f"Question {number}.")
    nothing = partita.Count(tokens=0, low=0, high=0, exact=True)

    def step(action: str, memories: list[tuple[int, int]], files: list[tuple[str, int]] | None = None) -> partita.Plan:
        made = partita.PlanStep(
            action=action, what=[], memories=memories, about=[], files=files or [], iterations=[], index=0,
            left=nothing, freed=1, loss=1,
        )  # fmt: skip
        return partita.Plan(
            steps=[made], before=nothing, after=nothing, target=0, cached=0, rewritten=0, cost=None, optimal=False
        )

    assert session.apply(step("forget", [(1, 2)])).changed == [1, 2]
    with pytest.raises(partita.Invalid, match="refresh, hide, trim, compact, forget; got 'drop'|got \"drop\""):
        step("drop", [(1, 2)])
    with pytest.raises(partita.Invalid, match="1 files names 0 iterations"):
        step("hide", [], [("a", 1)])
    for memories in ([], [(3, 1)], [(0, 0)], [(7, 2**64 - 1)]):
        with pytest.raises(partita.Error):
            session.apply(step("forget", memories))


def test_a_request_and_an_export_are_dicts_that_keep_what_they_tell() -> None:
    session = partita.Store.in_memory().session("s")
    session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
    request, export = session.context("anthropic"), session.export()
    for document in (request, export):
        again = pickle.loads(pickle.dumps(document))
        assert type(again) is type(document) and again == document == dict(document)
        assert vars(again) == vars(document) == vars(copy.deepcopy(document))
    assert isinstance(request, partita.Request) and isinstance(export, partita.Export)
    assert request.mends and request.body == request and type(request.body) is dict
