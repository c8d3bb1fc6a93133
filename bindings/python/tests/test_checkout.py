"""Checkouts of a part, what is left out, and what is put aside."""

from pathlib import Path

import pytest

import partita


@pytest.fixture
def session(store: partita.Store) -> partita.Session:
    session = store.session("s")
    with session.batch() as b:
        b.write("a", "1")
        b.write("src/b", "2")
        b.write("src/deep/c", "3")
    return session


def test_a_part_is_written_and_the_rest_is_not(session: partita.Session, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert [step.path for step in session.plan_checkout(out, paths=["src"]).steps] == ["src/b", "src/deep/c"]
    plan = session.checkout(out, paths=["src/deep", b"a"])
    assert plan.recorded and plan.left_out == []
    assert sorted(path.name for path in out.rglob("*") if path.is_file()) == ["a", "c"]
    session.checkout(out)
    assert (out / "src/b").read_text() == "2"
    with pytest.raises(partita.NotFound):
        session.checkout(out, paths=["nothing"])


def test_what_cannot_be_written_is_left_out_and_named(session: partita.Session, tmp_path: Path) -> None:
    session.purge_file("src/b", reason="a key")
    plan = session.checkout(tmp_path / "out")
    [step] = plan.left_out
    assert (step.path, step.action, step.reason) == ("src/b", "leave-out", "purged")
    assert step.why and "a key" in step.why
    assert (tmp_path / "out/a").read_text() == "1"


def test_names_that_no_checkout_writes_are_refused(session: partita.Session) -> None:
    for path in [".git/config", "x" * 256]:
        with pytest.raises(partita.Invalid, match="no checkout"):
            session.write(path, "1")


def test_what_is_put_aside_is_listed_and_freed(
    store: partita.Store, session: partita.Session, tmp_path: Path
) -> None:
    (tmp_path / "a").write_text("by hand")
    session.checkout(tmp_path)
    [kept] = store.kept()
    assert (kept.path, kept.size, kept.symlink) == ("a", 7, False)
    assert kept.directory == tmp_path.resolve()
    assert kept.time is not None and kept.content is not None
    assert store.read_content(kept.content) == b"by hand"
    assert store.gc().put_aside == 0
    assert store.gc(keep_days=0).put_aside == 1
    assert store.kept() == []
