"""The view of a session: forget, compact, plan, and what a model is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator

import pytest

import partita
from partita import Memory, Part

SCHEMA = {"type": "object", "properties": {"path": {"type": "string", "description": "Where."}}}
TOOL = {"name": "ls", "description": "Lists files.", "input_schema": SCHEMA}


@pytest.fixture
def session() -> Iterator[partita.Session]:
    with partita.Store.in_memory() as store:
        yield store.session("s")


@pytest.fixture
def dialog(session: partita.Session) -> partita.Session:
    """Five memories, of which 2 and 3 are an exchange."""
    session.remember("What is here? " + "Please look. " * 30)
    session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
    session.remember(Memory.tool("c1", "Cargo.toml " * 300))
    session.remember("A crate.", role="assistant")
    session.remember("And now?")
    return session


def numbers(session: partita.Session, *, forgotten: bool = False) -> list[int]:
    return [memory.number for memory in session.view.memories(forgotten=forgotten)]


def test_memories_are_forgotten_by_whole_exchanges_and_recalled(dialog: partita.Session) -> None:
    report = dialog.forget(3)
    assert (report.named, report.widened, report.changed) == ([3], [2], [2, 3])
    assert report.checkpoint is not None and report.checkpoint.number == 6
    assert numbers(dialog) == [1, 4, 5] and numbers(dialog, forgotten=True) == [1, 2, 3, 4, 5]
    assert [m.state for m in dialog.view.memories(forgotten=True)][1] == "forgotten"
    assert dialog.memory(3).text.startswith("Cargo.toml")
    dialog.recall("2..3")
    assert numbers(dialog) == [1, 2, 3, 4, 5]
    assert dialog.forget("role:tool").changed == [2, 3]
    dialog.undo()
    assert numbers(dialog) == [1, 2, 3, 4, 5]
    assert dialog.forget(dialog.memory(4)).changed == [4]


def test_selectors_that_are_none_are_refused(dialog: partita.Session) -> None:
    for bad in ("", "7..3", "role:model", "else"):
        with pytest.raises(partita.Invalid):
            dialog.forget(bad)
    with pytest.raises(partita.NotFound):
        dialog.forget(99)
    with pytest.raises(partita.Invalid, match="no number"):
        dialog.forget(Memory.user("made here"))
    with pytest.raises(TypeError, match="selected by"):
        dialog.forget([1])  # type: ignore[arg-type]


def test_pins_hold(dialog: partita.Session) -> None:
    assert dialog.pin_memories(2).changed == [2, 3]
    report = dialog.forget("1..4")
    assert (report.changed, report.pinned) == ([1, 4], [2, 3])
    dialog.unpin_memories(2)
    assert dialog.forget(2).changed == [2, 3]


def test_results_are_trimmed_and_come_back(dialog: partita.Session) -> None:
    before = dialog.capacity(100_000).total.tokens
    dialog.trim_results("role:tool")
    assert dialog.view.memories()[2].state == "trimmed"
    assert dialog.capacity(100_000).total.tokens < before
    dialog.recall(3)
    assert dialog.capacity(100_000).total.tokens == before


def test_a_summary_stands_for_what_it_covers(dialog: partita.Session) -> None:
    seen: list[list[Memory]] = []

    def summarize(memories: list[Memory]) -> Memory:
        seen.append(memories)
        return Memory.user("It is a crate.")

    dialog.compact("1..4", summarize)
    assert [[memory.number for memory in run] for run in seen] == [[1, 2, 3, 4]]
    first = dialog.view.memories()[0]
    assert (first.number, first.state, first.last) == (1, "summary", 4)
    assert first.memory.text == "It is a crate." and first.memory.kind == "summary"
    assert first.relies_on == [dialog.memory(2).id, dialog.memory(3).id]
    dialog.expand(2)
    assert numbers(dialog) == [1, 2, 3, 4, 5]


def test_what_a_summarizer_raises_is_raised_and_nothing_changes(dialog: partita.Session) -> None:
    before = dialog.latest().checkpoint

    def broken(memories: list[Memory]) -> str:
        raise LookupError("no model")

    with pytest.raises(LookupError, match="no model"):
        dialog.compact("1..4", broken)
    with pytest.raises(TypeError):
        dialog.compact("1..4", lambda memories: 7)  # type: ignore[arg-type, return-value]
    with pytest.raises(partita.Invalid, match="empty"):
        dialog.compact("1..4", lambda memories: "")
    assert dialog.latest().checkpoint == before
    with dialog.batch() as batch:
        batch.remember("one more")
        with pytest.raises(LookupError):
            batch.compact("1..4", broken)
    assert numbers(dialog) == [1, 2, 3, 4, 5, 6]


def test_a_batch_edits_the_view_with_the_rest(dialog: partita.Session) -> None:
    with dialog.batch() as batch:
        batch.write("a.txt", "a")
        assert batch.forget(1).checkpoint is None
        batch.set_instructions("Be brief.")
        batch.compact("4..4", lambda memories: "So.")
    assert batch.checkpoint is not None and batch.checkpoint.number == 6
    assert numbers(dialog) == [2, 3, 4, 5]
    assert [file.path for file in dialog.view.files()] == ["a.txt"]


def test_a_summarizer_that_uses_its_batch_is_told_and_hangs_nobody(
    dialog: partita.Session,
) -> None:
    batch = dialog.begin()

    def summarize(memories: list[Memory]) -> str:
        batch.remember("from within")
        return "never"

    def work() -> None:
        with pytest.raises(partita.Invalid):
            batch.compact("1..4", summarize)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    batch.forget(1)
    batch.commit()
    assert numbers(dialog) == [2, 3, 4, 5]


def test_files_are_hidden_shown_refreshed_and_pinned(session: partita.Session) -> None:
    session.write("src/a.rs", "1")
    session.write("src/a.rs", "2")
    session.write("note.md", "n")
    files = [(file.path, file.number) for file in session.view.files()]
    assert files == [("src/a.rs", 1), ("src/a.rs", 2), ("note.md", 1)]
    session.refresh()
    assert [(file.path, file.number) for file in session.view.files()] == [
        ("src/a.rs", 2),
        ("note.md", 1),
    ]
    session.pin_files("note.md")
    report = session.hide("*")
    assert ("src/a.rs", 2) in report.files_out and ("note.md", 1) in report.files_pinned
    assert report.rules
    assert [(rule.hides, rule.glob) for rule in session.view.rules()] == [(True, "*")]
    session.unpin_files("note.md")
    session.show("src/*")
    assert "src/a.rs" in [file.path for file in session.view.files()]


def test_a_capacity_is_what_the_request_costs(dialog: partita.Session) -> None:
    dialog.set_instructions("You mend parsers.")
    dialog.set_tools([TOOL])
    dialog.set_sandbox_state("Linux.")
    dialog.write("a.txt", "text")
    budget = partita.Budget(10_000, reserve=1_000)
    capacity = dialog.capacity(budget)
    assert capacity.total == sum(capacity.sources.values(), capacity.overhead)
    assert capacity.headroom == 9_000 - capacity.total.high
    assert set(capacity.sources) == {"instructions", "tools", "memories", "files", "sandbox"}
    sizes = [item.count.tokens for item in capacity.items]
    assert sizes == sorted(sizes, reverse=True) and capacity.items_total == len(sizes)
    assert capacity.items[0].memory == 3
    assert len(dialog.capacity(budget, largest=2).items) == 2
    account = dialog.latest().account()
    assert (account.total, account.sources) == (capacity.total, capacity.sources)
    assert {item.path for item in account.items} == {None, "a.txt"}
    chat = partita.count({**dialog.context("openai-chat")})
    assert abs(chat.tokens - capacity.total.tokens) <= 10


def test_a_counter_may_ask_the_session_that_it_counts_for(dialog: partita.Session) -> None:
    class Asking:
        id = "asking"

        def __call__(self, text: str) -> int:
            assert dialog.capacity(100).limit == 100
            return len(text.split())

    assert dialog.capacity(100, counter=Asking()).total.tokens > 0
    assert "<html" in dialog.report_html(limit=100, counter=Asking())


def test_a_summarizer_that_returns_no_text_is_told(dialog: partita.Session) -> None:
    with pytest.raises(TypeError, match="a summarizer returns a text or a Memory: .*None"):
        dialog.compact("1..2", lambda memories: None)  # type: ignore[arg-type, return-value]


def test_a_counter_of_ones_own_is_asked_and_may_fail(dialog: partita.Session) -> None:
    class Words:
        id = "words"
        broken = False

        def __call__(self, text: str) -> int:
            if self.broken:
                raise KeyError("gone")
            return len(text.split())

    words = Words()
    words.broken = True
    for call in (
        lambda: dialog.capacity(100, counter=words),
        lambda: dialog.plan(100, counter=words),
        lambda: dialog.latest().account(counter=words),
        lambda: dialog.report_html(limit=100, counter=words),
    ):
        with pytest.raises(KeyError, match="gone"):
            call()
    # Nothing that was counted while it failed was kept.
    words.broken = False
    total = dialog.capacity(10_000, counter=words).total.tokens
    assert total > 380 and dialog.latest().account(counter=words).total.tokens == total


def test_a_plan_fits_when_it_is_applied_and_undo_takes_it_back(dialog: partita.Session) -> None:
    dialog.set_tools([TOOL])
    before = dialog.capacity(10_000).total
    plan = dialog.plan(partita.Budget(300, reserve=50))
    assert plan.before == before and plan.after.high <= 250 and plan.freed > 0
    assert {step.action for step in plan.steps} <= {"trim", "forget"}
    assert all(step.what and step.memories for step in plan.steps)
    report = dialog.apply(plan)
    assert report.changed and dialog.capacity(10_000).total == plan.after
    dialog.undo()
    assert dialog.capacity(10_000).total == before
    assert len(dialog.plan(10_000)) == 0 and dialog.plan(10_000).cost is None
    with pytest.raises(partita.DoesNotFit, match="larger than"):
        dialog.plan(5)


def test_a_plan_keeps_what_is_worth_something_to_the_host(session: partita.Session) -> None:
    for number in range(1, 21):
        session.remember(f"Question {number}. " + "More. " * 50)
    assert session.plan(1_000, values=None) == session.plan(1_000)
    for kept in (1, 7, 19):
        plan = session.plan(1_000, values=lambda material, age, kept=kept: 1_000 * (age == 20 - kept))
        gone = [first for step in plan.steps for first, _ in step.memories]
        assert plan.steps and kept not in gone and 20 not in gone


def test_the_host_s_values_are_asked_of_material_age_and_action(dialog: partita.Session) -> None:
    dialog.write("a", "1" * 90)
    dialog.write("a", "2" * 90)
    asked: set[tuple[str, int | str]] = set()

    class Values:
        def __call__(self, material: str, age: int) -> int:
            asked.add((material, age))
            return 1_000

        def taken(self, material: str, action: str) -> int:
            asked.add((material, action))
            # Forgetting is free, and trimming is not.
            return 0 if action == "forget" else 1_000

    budget = partita.Budget(400)
    plan = dialog.plan(budget, values=Values())
    assert {("asked", 3), ("returned", 2), ("said", 1), ("old-file", 0), ("file", 0)} <= asked
    assert {("returned", "trim"), ("said", "forget"), ("file", "hide"), ("old-file", "refresh")} <= asked
    assert {step.action for step in plan.steps} == {"forget"}
    assert "forget" not in {step.action for step in dialog.plan(budget).steps}


def test_what_values_raise_is_raised_and_they_are_not_asked_again(dialog: partita.Session) -> None:
    asked = 0

    def broken(material: str, age: int) -> int:
        nonlocal asked
        asked += 1
        raise LookupError("no values")

    with pytest.raises(LookupError, match="no values"):
        dialog.plan(300, values=broken)
    assert asked == 1
    for wrong in (None, 0.5, "1", -1, 1 << 64):
        with pytest.raises(TypeError, match=r"a worth is an int in thousandths.*got"):
            dialog.plan(300, values=lambda material, age, wrong=wrong: wrong)
    with pytest.raises(TypeError, match="values are a callable"):
        dialog.plan(300, values=7)  # type: ignore[arg-type]


def test_a_plan_with_prices_tells_what_it_costs(dialog: partita.Session) -> None:
    prices = partita.Prices(input=3_000, cache_read=300, cache_write=3_750)
    plan = dialog.plan(partita.Budget(300, prices=prices, horizon=20))
    assert plan.cost is not None
    assert plan.cost.net == plan.cost.rewriting - plan.cost.saved
    with pytest.raises(partita.Invalid, match="high water mark"):
        partita.Budget(100, high=101)


def test_a_plan_with_summaries_needs_a_summarizer(session: partita.Session) -> None:
    for number in range(40):
        session.remember(f"Question {number}. " + "More words. " * 40)
    plan = session.plan(3_000, summaries=40)
    assert "compact" in {step.action for step in plan.steps}
    with pytest.raises(partita.Invalid, match="summarizer"):
        session.apply(plan)
    report = session.apply(plan, summarizer=lambda memories: "Many questions.")
    assert report.changed
    assert session.capacity(3_000).headroom >= 0


def test_a_context_is_valid_whatever_was_forgotten(dialog: partita.Session) -> None:
    dialog.set_instructions("You mend parsers.")
    dialog.set_tools([TOOL])
    request = dialog.context("anthropic")
    assert request["tools"][0]["name"] == "ls" and request.cache_points
    assert "cache_control" not in json.dumps(dialog.context("anthropic", cache_points=False))
    then = dialog.latest()
    dialog.forget("1..3")
    # Anthropic takes no dialog that the model begins, OpenAI does.
    for dialect, begins in [("anthropic", True), ("openai-chat", False)]:
        text = json.dumps(dialog.context(dialect))
        assert "c1" not in text and ("not in view" in text) == begins
    assert "c1" in json.dumps(then.context("openai-chat"))
    diff = then.context_diff(dialog.latest())
    assert {item.key for item in diff.removed} == {"1", "2", "3"}
    assert diff.first_changed == 2
    assert then.context_diff(then).first_changed is None
    assert (then.instructions, then.sandbox_state) == ("You mend parsers.", "")
    assert then.tools == [{"name": "ls", "description": "Lists files.", "schema": SCHEMA}]


def test_tools_are_read_as_any_provider_writes_them(session: partita.Session) -> None:
    schema = {"type": "object", "properties": {"n": {"maximum": 10**30}}}
    function = {"name": "b", "description": "", "parameters": schema}
    session.set_tools(
        [
            {"name": "a", "input_schema": schema},
            {"type": "function", "function": function},
            {"type": "function", **function, "name": "c"},
        ]
    )
    assert [(tool["name"], tool["schema"]) for tool in session.tools] == [
        ("a", schema),
        ("b", schema),
        ("c", schema),
    ]
    with pytest.raises(partita.Invalid, match="no schema"):
        session.set_tools([{"name": "a"}])
    with pytest.raises(TypeError, match=r'tools\[0\]\["schema"\]'):
        session.set_tools([{"name": "a", "schema": {"x": object()}}])
    session.set_tools([])
    assert session.tools == []
