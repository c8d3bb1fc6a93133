"""Directories and commands: captures, runs, pauses, and what is lost in between."""

import pickle
from pathlib import Path

import pytest

import partita


@pytest.fixture
def session(store: partita.Store) -> partita.Session:
    return store.session("s")


def test_a_capture_takes_what_changed_and_the_way_back_is_exact(session: partita.Session, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "a").write_text("1")
    (room / ".gitignore").write_text("*.log\n")
    (room / "x.log").write_text("")
    workspace = session.workspace(room)
    assert not workspace.known
    assert workspace.status().added == [".gitignore", "a"] and len(list(session.log())) == 0
    first = workspace.capture()
    assert first.new and first.whole and not first.partial and first.directory == room
    assert [(row.path, row.reason) for row in first.left_out] == [("x.log", "ignored")]
    assert session.latest().left_out() == first.left_out
    assert not workspace.capture().new
    (room / "a").rename(room / "b")
    (room / "c").symlink_to("b")
    second = workspace.capture()
    assert (second.renamed, second.added) == ([("a", "b")], ["c"])
    assert second.to_dict()["renamed"] == [{"path": "b", "renamed_from": {"path": "a"}}]
    assert pickle.loads(pickle.dumps(second)) == second
    session.undo()
    workspace.checkout()
    assert sorted(path.name for path in room.iterdir()) == [".gitignore", "a", "x.log"]
    assert workspace.capture().checkpoint == session.latest().checkpoint.id
    assert [entry.kind for entry in session.changes(1)] == ["capture", "undo"]
    (room / "a").write_text("2")
    workspace.capture()
    assert workspace.restore("a", 1).number > 1 and (room / "a").read_text() == "1"


def test_limits_globs_and_progress(session: partita.Session, tmp_path: Path) -> None:
    for at in range(5):
        (tmp_path / f"f{at}").write_text("x" * at)
    workspace = session.workspace(tmp_path, exclude=["f0"], show=["f1"], file_bytes_max=3, message="a few")
    told: list[tuple[int, int]] = []
    capture = workspace.capture(progress=lambda read, looked: told.append((read, looked)))
    assert capture.added == ["f1", "f2", "f3"] and not capture.whole
    assert [(row.path, row.reason) for row in capture.left_out] == [("f0", "excluded"), ("f4", "too-large")]
    assert [file.path for file in session.view.files()] == ["f1"]
    assert next(iter(session.log())).message == "a few"

    def ends(read: int, looked: int) -> None:
        raise KeyError("enough")

    (tmp_path / "f1").write_text("other")
    with pytest.raises(partita.Invalid):
        session.workspace(tmp_path, include=["["])
    with pytest.raises(partita.Invalid):
        session.workspace("/").capture()
    with pytest.raises(partita.NotFound):
        session.workspace(tmp_path / "none").capture()
    late = session.workspace(tmp_path, within=0.0).capture()
    assert late.partial and not late.new and late.removed == [] and len(session.files) == 3


def test_a_batch_takes_a_capture_along(session: partita.Session, tmp_path: Path) -> None:
    (tmp_path / "made").write_text("by a command")
    with session.batch() as b:
        b.remember("It is made.")
        capture = b.capture(session.workspace(tmp_path))
        with pytest.raises(partita.Invalid):
            b.capture(session.workspace(tmp_path))
    assert capture.added == ["made"] and len(list(session.log())) == 1
    assert session.read("made") == b"by a command"


def test_runs_are_recorded_and_an_undo_takes_their_changes_back(session: partita.Session, tmp_path: Path) -> None:
    run = session.run(["sh", "-c", "echo out; echo err >&2; touch made; exit 3"], tmp_path)
    assert (run.number, run.exit, run.code, run.setup) == (1, "exit 3", 3, False)
    assert len(run.stdout) == len(run.stderr) == 1
    assert session.files["made"] == b""
    session.undo()
    assert "made" not in session.files
    assert [run.number for run in session.latest().runs()] == [1]
    assert session.run("sleep 60", tmp_path, timeout=0.2).exit == "timeout"
    assert session.run(["no-such-program"], tmp_path).exit == "not found"
    assert [run.number for run in session.latest().runs(limit=2)] == [3, 2]
    assert session.latest().runs()[0].to_dict()["command"] == "no-such-program"


def test_a_session_is_paused_and_resumed_elsewhere(session: partita.Session, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    session.run("echo 1 > a; echo 2 > requirements.txt", tmp_path / "one", setup=True)
    assert session.activity == "idle"
    session.pause("until Monday")
    assert session.activity == "paused"
    loss = session.resume(tmp_path / "two")
    assert session.activity == "idle"
    assert loss.restored == ["a", "requirements.txt"] and loss.missing == [] and loss.setup == [1]
    assert loss.before and loss.before != loss.instance and "not run again" in loss.text
    assert (tmp_path / "two/a").read_text() == "1\n"
    again = session.resume(tmp_path / "two")
    assert again.restored == []
