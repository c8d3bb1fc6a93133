"""Undo, redo, and the way back of a deleted session."""

import pytest

import partita
from partita import Memory


@pytest.fixture
def store() -> partita.Store:
    return partita.Store.in_memory()


def test_undo_and_redo_say_what_they_did(store: partita.Store) -> None:
    session = store.session("s").with_actor("agent-7")
    session.write("a", "1")
    with session.batch(message="both at once") as batch:
        batch.write("a", "2")
        batch.remember(Memory.user("hi"))
    undone = session.undo()
    assert (undone.number, session.read("a"), len(list(session.memories()))) == (3, b"1", 0)
    told = undone.operation
    assert (told.number, told.kind, told.message, told.actor) == (3, "batch", "both at once", "agent-7")
    assert told.checkpoint == 2
    redone = session.redo()
    assert (redone.number, redone.operation) == (4, told)
    assert (session.read("a"), len(list(session.memories()))) == (b"2", 1)
    with pytest.raises(partita.NotFound, match="nothing to redo"):
        session.redo()
    assert [entry.kind for entry in session.log()] == ["redo", "undo", "batch", "write"]


def test_a_host_names_its_own_operations_and_none_of_ours(store: partita.Store) -> None:
    session = store.session("s")
    with session.batch(kind="acme/deploy") as batch:
        batch.write("a", "1")
    assert next(session.log()).kind == "acme/deploy"
    for name in ["import", "undo", "redo", "merge", "", "A/b", "a/" * 40]:
        with pytest.raises(partita.Invalid):
            session.batch(kind=name)
    session.undo()
    assert "a" not in session.files


def test_a_write_may_rest_on_an_iteration(store: partita.Store) -> None:
    session = store.session("s")
    assert session.write_expecting("a", None, "1").number == 1
    assert session.write_expecting("a", 1, "2").number == 2
    for number in (None, 1, 3):
        with pytest.raises(partita.Conflict):
            session.write_expecting("a", number, "x")
    assert [entry.kind for entry in session.log()] == ["write", "write"]


def test_a_diff_takes_a_removal_for_an_empty_file(store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "one\n")
    session.remove("a")
    session.write("a", "two\n")
    for old, new, added, removed in [(1, 2, 0, 1), (2, 1, 1, 0), (2, 3, 1, 0), (2, 2, 0, 0)]:
        diff = session.diff("a", old, new)
        assert (diff.added, diff.removed) == (added, removed)
    with pytest.raises(partita.NotFound):
        session.diff("a", 1, 4)


def test_a_plan_of_a_restore_tells_all_of_it(store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "1")
    session.remember("one")
    session.set_instructions("Be brief.")
    session.forget("1")
    plan = session.plan_restore(2, scope="dialog")
    assert (plan.from_.number, plan.scope, plan.delete) == (2, "dialog", [])
    changes = {name for name in dir(plan) if name.endswith("_changes") and getattr(plan, name)}
    assert changes == {"view_changes", "instructions_changes"}


def test_a_deleted_session_is_listed_and_comes_back(store: partita.Store) -> None:
    session = store.session("s")
    session.write("a", "1")
    store.delete_session("s")
    store.session("s")
    (row,) = store.deleted_sessions()
    assert (row.id, row.name, row.checkpoint) == (session.id, "s", 1)
    assert row.goes is not None and (row.goes - row.deleted).days == 30
    with pytest.raises(partita.AlreadyExists):
        store.undelete_session(row.id)
    assert store.undelete_session(row.id, name="again").read("a") == b"1"
    with pytest.raises(partita.NotFound):
        store.undelete_session(row.id, name="more")
    assert store.deleted_sessions() == []
