"""Merges: what several sessions know, united in one; conflicts as values; what is known before it hurts."""

from __future__ import annotations

import json
import pickle
import threading

import partita
import pytest
from partita import Memory, Session, Store

TEXT = "1\n2\n3\n4\n5\n"


class Letters:
    """Counts letters, or raises."""

    def __init__(self, raises: Exception | None = None) -> None:
        self.raises = raises
        # What was counted once under an id is known.
        self.id = f"letters/{raises!r}"

    def __call__(self, text: str) -> int:
        if self.raises:
            raise self.raises
        return len(text)


@pytest.fixture
def pair(store: Store) -> tuple[Session, Session]:
    """A session with a past, and a fork of it."""
    session = store.session("s")
    session.write("a", TEXT)
    session.write("b", "b\n")
    session.remember("Both know this.")
    session.write("b", "bb\n")
    session.undo()
    return session, session.fork("t")


@pytest.fixture
def parted(pair: tuple[Session, Session]) -> tuple[Session, Session]:
    """The same, once both changed one line differently."""
    session, fork = pair
    session.write("a", TEXT.replace("3", "three"))
    fork.write("a", TEXT.replace("3", "3!"))
    return session, fork


def seen(session: Session) -> list[str]:
    return [memory.memory.text for memory in session.view.memories()]


def said(session: Session) -> list[str]:
    return [memory.text for memory in session.memories()]


def test_what_one_side_changed_is_taken_and_texts_are_joined(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    session.write("a", TEXT.replace("1", "one"))
    fork.write("a", TEXT.replace("5", "five"))
    fork.write("theirs", "t")
    fork.remember("Theirs.")
    before = session.latest().checkpoint
    plan = session.plan_merge(fork)
    assert (plan.files, plan.clean, plan.changed, plan.checkpoint) == (2, True, True, before)
    assert session.latest().checkpoint == before and "theirs" not in session.files
    report = session.merge(fork)
    assert report.sessions == plan.sessions and report.checkpoint == session.latest().checkpoint
    assert report.checkpoint is not None and len(report.checkpoint.parents) == 2
    assert session.read("a") == b"one\n2\n3\n4\nfive\n" and session.read("theirs") == b"t"
    (merged,) = report.sessions
    assert (merged.name, merged.way, merged.memories) == ("t", "merged", 1)
    assert merged.checkpoint == fork.latest().checkpoint
    assert merged.base.kind == "checkpoint" and merged.base.checkpoint is not None
    assert merged.base.checkpoint.number == 5
    assert next(session.log()).kind == "merge" and next(session.log()).message == "t"
    again = session.merge(fork)
    assert (again.changed, again.sessions[0].way, again.checkpoint) == (False, "up-to-date", report.checkpoint)
    assert session.undo().operation.kind == "merge"
    assert session.read("a") == b"one\n2\n3\n4\n5\n" and "theirs" not in session.files
    assert session.merge(fork).changed and session.read("theirs") == b"t"
    assert fork.merge(session).sessions[0].way == "fast-forward" and fork.read("a") == session.read("a")


def test_what_two_sessions_have_in_common_is_a_value(pair: tuple[Session, Session], store: Store) -> None:
    session, fork = pair
    base = session.common_with(fork)
    assert (base.kind, base.checkpoint) == ("checkpoint", fork.latest().checkpoint)
    fork.write("c", "1")
    assert session.common_with(fork) == fork.common_with(session) == base
    assert base.to_dict()["is"] == "checkpoint"
    session.merge(fork)
    assert session.common_with(fork).checkpoint == fork.latest().checkpoint
    other = store.session("other")
    other.write("x", "1")
    assert session.common_with(other) == partita.MergeBase(kind="nothing", checkpoint=None)


def test_what_was_trimmed_is_hidden_and_what_is_alike_merges_all_the_same(pair: tuple[Session, Session], store: Store) -> None:
    session, fork = pair
    for each in pair:
        each.write(each.name, "1")
        each.write(each.name, "2")
        each.trim(keep=1)
    store.gc(keep_days=0)
    assert session.common_with(fork).kind == "hidden" and session.common_with(fork).checkpoint is None
    report = session.merge(fork)
    assert report.clean and report.sessions[0].base.kind == "hidden" and session.read("t") == b"2"
    assert session.common_with(fork).checkpoint == fork.latest().checkpoint


def test_a_conflict_is_a_value_until_it_is_resolved(parted: tuple[Session, Session]) -> None:
    session, fork = parted
    report = session.merge(fork)
    assert (report.conflicts, report.clean, report.kept) == (["a"], False, [])
    marked = "1\n2\n<<<<<<< s@6\nthree\n||||||| base@5\n3\n=======\n3!\n>>>>>>> t@6\n4\n5\n"
    assert session.read("a").decode() == marked
    (conflict,) = session.conflicts()
    assert session.latest().conflicts() == [conflict]
    assert (conflict.path, conflict.marked, conflict.entry) == ("a", True, session.files.entry("a"))
    assert [side.label for side in conflict.sides] == ["s@6", "t@6"]
    assert [base.label for base in conflict.bases] == ["base@5"]
    assert conflict.sides[1].entry == fork.files.entry("a")
    assert json.loads(json.dumps(conflict.to_dict()))["sides"][0]["label"] == "s@6"
    # What is told of it is in the context.
    assert "a: s@6 against t@6" in str(session.context("openai-chat"))
    # A part that is mended leaves it in conflict, and so does another path.
    session.write("a", "0\n" + marked)
    session.write("b", "other\n")
    assert [each.path for each in session.conflicts()] == ["a"]
    # A past state keeps it, whatever is resolved later.
    then = session.latest()
    session.write("a", "mended\n")
    assert session.conflicts() == [] and [each.path for each in then.conflicts()] == ["a"]


def test_each_way_resolves_a_conflict_and_undo_brings_it_back(parted: tuple[Session, Session]) -> None:
    session, fork = parted
    session.merge(fork)
    marked, before = session.read("a"), session.conflicts()
    for side, text in ((0, "three"), (1, "3!")):
        resolved = session.resolve("a", side=side)
        assert resolved == session.latest().checkpoint
        assert session.read("a") == TEXT.replace("3", text).encode() and session.conflicts() == []
        assert next(session.log()).kind == "resolve"
        session.undo()
        assert (session.read("a"), session.conflicts()) == (marked, before)
    session.resolve("a", base=True)
    assert session.read("a") == TEXT.encode() and session.conflicts() == []
    session.undo()
    session.resolve("a", content=bytearray(b"mine\n"))
    assert session.read("a") == b"mine\n" and session.conflicts() == []
    session.undo()
    session.resolve("a", removed=True)
    assert "a" not in session.files and session.conflicts() == []
    session.undo()
    assert (session.read("a"), session.conflicts()) == (marked, before)
    with session.batch(message="both at once") as batch:
        batch.resolve("a", side=1)
        batch.write("b", "in one\n")
    assert session.read("a") == TEXT.replace("3", "3!").encode() and session.conflicts() == []
    session.undo()
    assert (session.read("a"), session.conflicts()) == (marked, before)
    with session.batch() as batch:
        batch.resolve("a", content="")
    assert session.read("a") == b"" and session.conflicts() == []


def test_what_is_removed_or_may_be_executed_is_resolved_as_it_is(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    with session.batch() as batch:
        batch.write_executable("a", "ours\n")
    fork.remove("a")
    session.merge(fork)
    (conflict,) = session.conflicts()
    assert conflict.sides[1].entry is None and not conflict.marked
    session.resolve("a", content="mine\n")
    entry = session.files.entry("a")
    assert entry is not None and entry.executable
    session.undo()
    session.resolve("a", side=1)
    assert "a" not in session.files


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"side": 0, "base": True},
        {"side": 0, "content": "x"},
        {"base": True, "removed": True},
        {"content": "x", "removed": True},
        {"side": 0, "base": True, "content": b"", "removed": True},
        {"side": 2},
        {"side": -1},
        {"side": 2**64},
        {"side": 2**64 - 1},
    ],
)
def test_a_resolution_that_is_none_is_refused(parted: tuple[Session, Session], given: dict[str, object]) -> None:
    session, fork = parted
    session.merge(fork)
    before = session.latest().checkpoint
    with pytest.raises(partita.Invalid) as raised:
        session.resolve("a", **given)  # type: ignore[arg-type]
    assert isinstance(raised.value, ValueError)
    if "side" not in given or len(given) > 1:
        assert "exactly one of side=, base=True, content= and removed=True" in str(raised.value)
    with session.batch() as batch:
        with pytest.raises(partita.Invalid):
            batch.resolve("a", **given)  # type: ignore[arg-type]
    with pytest.raises(partita.NotFound, match="b is in no merge conflict"):
        session.resolve("b", side=0)
    with pytest.raises(TypeError):
        session.resolve("a", content=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        session.resolve("a", 0)  # type: ignore[misc]
    assert session.latest().checkpoint == before and len(session.conflicts()) == 1


def test_sessions_that_cannot_be_merged_are_refused(pair: tuple[Session, Session], store: Store) -> None:
    session, fork = pair
    fork.write("c", "1")
    foreign = partita.Store.in_memory().session("t")
    foreign.write("x", "1")
    gone = session.fork("gone")
    store.delete_session("gone")
    before = session.latest().checkpoint
    for call in (session.merge, session.plan_merge):
        with pytest.raises(partita.Invalid, match="no session to merge"):
            call()
        with pytest.raises(partita.Invalid, match='"s" cannot be merged into itself'):
            call(fork, session)
        with pytest.raises(partita.Invalid, match='"t" is to be merged twice'):
            call(fork, store.session("t"))
        with pytest.raises(partita.Invalid, match="another store"):
            call(foreign)
        with pytest.raises(partita.NotFound):
            call(gone)
        with pytest.raises(TypeError):
            call("t")  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            call([fork])  # type: ignore[arg-type]
        with pytest.raises(partita.Invalid, match="a dialog is none, whole or summary, got \"all\""):
            call(fork, dialog="all")  # type: ignore[arg-type]
        with pytest.raises(partita.Invalid, match="needs summarizer="):
            call(fork, dialog="summary")
        with pytest.raises(TypeError, match="a summarizer is a callable .* got int"):
            call(fork, dialog="summary", summarizer=3)  # type: ignore[arg-type]
        for dialog in (None, "none", "whole"):
            with pytest.raises(partita.Invalid, match='summarizer= is for dialog="summary" alone'):
                call(fork, dialog=dialog, summarizer=lambda memories: "")  # type: ignore[arg-type]
    for ask in (session.learned, session.overlap, session.common_with):
        with pytest.raises(partita.Invalid, match="another store"):
            ask(foreign)
        with pytest.raises(partita.NotFound):
            ask(gone)
    assert session.learned() == [] and session.overlap() == []
    assert session.latest().checkpoint == before
    foreign_store = partita.Store.in_memory()
    closed = foreign_store.session("t")
    foreign_store.close()
    with pytest.raises(partita.Invalid, match="the store is closed"):
        session.merge(closed)


def test_a_dialog_comes_as_it_is_asked_for(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    session.remember("Ours.")
    fork.remember("One.")
    fork.remember("Two, with a few words more.", role="assistant")
    everything = ["Both know this.", "Ours.", "One.", "Two, with a few words more."]
    asked: list[list[str]] = []

    def summarize(memories: list[Memory]) -> str:
        asked.append([memory.text for memory in memories])
        assert session.name == "s" and "Ours." in said(session)
        return "They count."

    for dialog, expected in (
        (None, everything[:2]),
        ("none", everything[:2]),
        ("whole", everything),
        ("summary", [*everything[:2], "They count."]),
    ):
        summarizer = summarize if dialog == "summary" else None
        report = session.merge(fork, dialog=dialog, summarizer=summarizer)  # type: ignore[arg-type]
        assert report.sessions[0].memories == 2
        assert (seen(session), said(session)) == (expected, everything), dialog
        session.undo()
        assert seen(session) == everything[:2]
    assert asked == [everything[2:]]
    plan = session.plan_merge(fork, dialog="summary", summarizer=lambda memories: Memory.user("Short."))
    assert plan.changed and said(session) == everything[:2]
    # Where nothing happened here, the state comes as it is, unless it is said otherwise.
    third = session.fork("u")
    third.remember("Third.")
    assert session.merge(third).sessions[0].way == "fast-forward" and seen(session)[-1] == "Third."
    session.undo()
    assert session.merge(third, dialog="none").sessions[0].way == "merged" and seen(session)[-1] == "Ours."


def test_what_a_summarizer_raises_is_raised_and_nothing_is_merged(pair: tuple[Session, Session], store: Store) -> None:
    session, fork = pair
    session.remember("Ours.")
    fork.remember("Theirs, at some length.")
    before = session.latest().checkpoint

    def broken(memories: list[Memory]) -> str:
        raise LookupError("no model")

    for summarizer, error in ((broken, LookupError), (lambda memories: 7, TypeError), (lambda memories: "", ValueError)):
        with pytest.raises(error):
            session.merge(fork, dialog="summary", summarizer=summarizer)  # type: ignore[arg-type]
        with pytest.raises(error):
            store.integrate("u", session, fork, dialog="summary", summarizer=summarizer)  # type: ignore[arg-type]
    assert session.latest().checkpoint == before and "u" not in store


def test_memories_know_where_they_were_said_and_what_they_cost(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    session.remember("Ours.")
    fork.remember("Theirs.")
    session.merge(fork, dialog="whole")
    now = session.latest()
    assert [now.memory_branch(number) for number in (1, 2, 4)] == [None, None, None]
    branch = now.memory_branch(3)
    assert branch == partita.MemoryBranch(session="t", number=2)
    assert branch is not None and branch.to_dict() == {"session": "t", "number": 2}
    branches = session.tokens_by_branch()
    assert [(branch.session, branch.memories) for branch in branches] == [(None, 2), ("t", 1)]
    assert sum(branch.tokens for branch in branches) == session.latest().account().sources["memories"]
    assert [branch.tokens.tokens for branch in session.tokens_by_branch(counter=Letters())] > [0, 0]
    with pytest.raises(ZeroDivisionError):
        session.tokens_by_branch(counter=Letters(ZeroDivisionError()))
    with pytest.raises(TypeError):
        session.tokens_by_branch("o200k")  # type: ignore[misc]
    with pytest.raises(partita.Invalid):
        now.memory_branch(-1)


def test_what_is_learned_and_what_overlaps_is_known_before_a_merge(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    assert [learned.memories for learned in session.learned(fork)] == [0]
    fork.write("a", "their a\n")
    fork.write("a", "their a, again\n")
    fork.write("c", "alike\n")
    fork.remember("Two is right.")
    fork.remember("And three.")
    fork.pin_memories(2)
    fork.claim("it works", by=[fork.import_evidence("out.tap", "ok 1 - it works\n1..1\n")])
    third = session.fork("u")
    third.write("d", "d\n")
    assert session.overlap(fork, third) == []
    learned, other = session.learned(fork, third)
    assert (learned.session, other.session) == ("t", "u")
    assert [change.path for change in learned.files] == ["a", "c"] and learned.iterations == 3
    assert learned.base == session.common_with(fork) and learned.checkpoint == fork.latest().checkpoint
    assert [memory.text for memory in learned.decisions] == ["Two is right."]
    assert [(claim.text, claim.status) for claim in learned.claims] == [("it works", "supported")]
    assert learned.memories == 3 and learned.tokens.tokens > 0
    assert learned.to_dict()["session"] == "t" and pickle.loads(pickle.dumps(learned)) == learned
    (longer,) = session.learned(fork, counter=Letters())
    assert longer.tokens > learned.tokens
    assert (other.memories, other.tokens.tokens, [change.path for change in other.files]) == (0, 0, ["d"])
    session.write("a", "our a\n")
    session.write("c", "alike\n")
    session.write("d", "ours\n")
    overlaps = [(each.path, each.session, each.alike) for each in session.overlap(fork, third)]
    assert overlaps == [("a", "t", False), ("c", "t", True), ("d", "u", False)]
    assert session.merge(fork, third).conflicts == ["a", "d"]
    with pytest.raises(ZeroDivisionError):
        third.learned(fork, counter=Letters(ZeroDivisionError()))


def test_what_both_changed_beside_files_is_kept_and_told(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    session.state["key"], fork.state["key"] = "ours", "theirs"
    fork.state["other"] = "theirs"
    session.set_instructions("Ours.\n")
    fork.set_instructions("Theirs.\n")
    report = session.merge(fork)
    assert [(kept.what, kept.theirs) for kept in report.kept] == [("state key", "t"), ("instructions", "t")]
    assert not report.clean and report.conflicts == []
    assert session.state["key"] == b"ours" and session.state["other"] == b"theirs"


def test_claims_and_evidence_come_along(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    fork.claim("it works", by=[fork.import_evidence("out.tap", "ok 1 - it works\n1..1\n")])
    session.write("b", "changed here\n")
    (merged,) = session.merge(fork).sessions
    assert (merged.evidence, merged.claims) == (1, 1)
    assert [(claim.text, claim.status) for claim in session.claims()] == [("it works", "stale")]


def test_a_session_is_begun_that_unites_several(pair: tuple[Session, Session], store: Store) -> None:
    session, fork = pair
    third = session.fork("u")
    session.write("a", "ours\n")
    fork.write("b", "theirs\n")
    fork.remember("Theirs.")
    third.write("c", "third\n")
    third.remember("Third.")
    heads = [each.latest().checkpoint for each in (session, fork, third)]
    both, report = store.integrate("all", session, fork, third)
    assert both.name == "all" and "all" in store and report.changed and report.clean
    assert dict(both.files) == {"a": b"ours\n", "b": b"theirs\n", "c": b"third\n"}
    assert [merged.name for merged in report.sessions] == ["t", "u"]
    assert report.checkpoint == both.latest().checkpoint and report.checkpoint is not None
    assert report.checkpoint.parents == [head.id for head in heads if head]
    assert seen(both) == ["Both know this."] and said(both) == ["Both know this.", "Theirs.", "Third."]
    assert [each.latest().checkpoint for each in (session, fork, third)] == heads
    with pytest.raises(partita.AlreadyExists):
        store.integrate("all", session, fork)
    for bad in ([], [session, session], [session, partita.Store.in_memory().session("t")]):
        with pytest.raises(partita.Invalid):
            store.integrate("bad", *bad)
    with pytest.raises(partita.Invalid):
        store.integrate("", session, fork)
    with pytest.raises(partita.Invalid, match="needs summarizer="):
        store.integrate("bad", session, fork, dialog="summary")
    assert "bad" not in store
    short, _ = store.integrate("short", session, fork, third, dialog="summary", summarizer=lambda memories: "Short.")
    assert seen(short) == ["Both know this.", "Short.", "Short."]
    whole, _ = store.integrate("whole", session, fork, third, dialog="whole")
    assert seen(whole) == said(whole) == said(both)
    alone, report = store.integrate("alone", fork)
    assert dict(alone.files) == dict(fork.files) and report.sessions == []


def test_many_sides_are_one_conflict(parted: tuple[Session, Session]) -> None:
    session, fork = parted
    third = fork.fork("u", at=5)
    third.write("a", TEXT.replace("3", "III"))
    report = session.merge(fork, third)
    (conflict,) = session.conflicts()
    assert report.conflicts == ["a"] and [side.label for side in conflict.sides] == ["s@6", "t@6", "u@6"]
    assert len(conflict.bases) == 2
    with pytest.raises(partita.Invalid, match="a has 2 bases: choose a side"):
        session.resolve("a", base=True)
    session.resolve("a", side=2)
    assert session.read("a") == TEXT.replace("3", "III").encode()


def test_a_merge_lets_others_run_and_unites_what_came_meanwhile(pair: tuple[Session, Session]) -> None:
    session, fork = pair
    session.remember("Ours.")
    fork.remember("Theirs, at some length.")
    calls = 0

    def summarize(memories: list[Memory]) -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            writer = threading.Thread(target=lambda: session.write("meanwhile", "1"))
            writer.start()
            writer.join(60)
        return "Short."

    report = session.merge(fork, dialog="summary", summarizer=summarize)
    assert calls == 2 and report.changed and session.read("meanwhile") == b"1" and seen(session)[-1] == "Short."
