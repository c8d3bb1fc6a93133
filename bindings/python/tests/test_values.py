"""Values: equality, hashes, representations, pickling; times, paths, bytes."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import os
import pickle
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path, PurePosixPath

import partita
import pytest
from partita import Memory, ModelCall, ObjectId, Part

ID = ObjectId.of_content(b"")


def merges(store: partita.Store) -> list[object]:
    """What sessions know of each other, and what merging them tells."""
    session = store.session("merging")
    session.write("m", "1\n")
    fork = session.fork("merged")
    for each in (session, fork):
        each.write("m", each.name)
        each.write("Readme" if each is fork else "README", each.name)
        each.remember(f"By {each.name}.")
        each.state["m"] = each.name
    known = [session.learned(fork)[0], session.overlap(fork)[0], session.common_with(fork)]
    report = session.merge(fork, dialog="whole")
    (conflict,) = session.conflicts()
    branches = session.tokens_by_branch()
    return [
        *known,
        report,
        report.sessions[0],
        report.kept[0],
        report.case_clashes[0],
        conflict,
        *conflict.sides,
        *branches,
        session.latest().memory_branch(2),
    ]


def turns(store: partita.Store) -> list[object]:
    """What a session tells of a turn, of what it proposes, and of what is wrong."""
    session = store.session("turning")
    session.set_tools([{"name": "deploy", "input_schema": {"type": "object"}}])
    session.set_gate("tests", "true", timeout=1, inputs=["src/**"])
    turn = session.begin_turn(partita.Policy())
    tried = partita.CallAttempt(provider="p", model="m", outcome="ok", took_ms=3)
    answer = Memory.assistant(Part.call("c1", "deploy", "{}"))
    for step in turn:
        if isinstance(step, partita.CallModel):
            turn.supply(step, partita.ModelAnswer(answer, ModelCall("m", input=1), [tried], took_ms=3))
    proposal = session.propose("count", {"a": "1"})
    reviewed = session.review(proposal.number, proposal.newest.id, "accept", "good")
    session.find("acme/style", "tabs", path="a")
    session.resolve_finding(1)
    return [
        turn.entry,
        *session.steps(turn.id),
        *session.calls(),
        tried,
        *session.call_totals(),
        *session.gates(),
        *session.findings(),
        reviewed,
        reviewed.newest,
        *reviewed.decisions,
        session.apply_proposal(1),
    ]


def values(store: partita.Store, room: Path) -> dict[str, object]:
    """One or more of each value, as the package gives them out."""
    session = store.session("values")
    session.remember(
        Memory.assistant("I look.", Part.call("c1", "ls", "{}"), Part.thinking("hm", b"s")),
        call=ModelCall("m", provider="p", input=1, output=2),
    )
    first_id = session.memory(1).id
    assert first_id is not None
    time = datetime(2024, 1, 2, tzinfo=UTC)
    session.remember(Memory("assistant", "x", kind="note", origin="o", actor="a", time=time, links=[first_id]))
    labels = {"git": b"8c1e"}
    with session.batch(message="m", time=datetime(2024, 5, 6, tzinfo=UTC), labels=labels) as batch:
        batch.write("a", "1")
        batch.write_executable("b", "2")
        batch.write_symlink("c", "a")
    first = session.latest()
    iteration = session.write("a", "two")
    session.rename("b", "d")
    (room / "out").mkdir()
    (room / "work").mkdir()
    (room / "work/kept").write_text("1")
    (room / "work/.gitignore").write_text("x\n")
    (room / "work/x").write_text("")
    other = store.session("work")
    capture = other.workspace(room / "work").capture()
    run = other.run(["true"], room / "work", setup=True, claims=["it works"])
    loss = other.resume(room / "elsewhere")
    change = next(iter(first.changes(session.latest())))
    diff = session.diff("a", 1, 2)
    undone = session.undo()
    session.redo()
    store.session("deleted")
    store.delete_session("deleted")
    found: list[object] = [
        ID,
        undone,
        undone.operation,
        store.deleted_sessions()[0],
        capture,
        capture.left_out[0],
        run,
        other.evidence(1),
        other.claims()[0],
        session.blame("a")[0],
        loss,
        iteration,
        session.iteration("d", 2),
        iteration.entry,
        first.checkpoint,
        next(session.log()),
        next(store.sessions()),
        change,
        diff,
        diff.lines()[0],
        session.graph(),
        *merges(store),
        *turns(store),
        session.memory(1),
        session.memory(2),
        Memory.user("hi"),
        *session.memory(1).parts,
        Part.media("image/png", b"\x89"),
        Part.file(iteration.id),
        Part.opaque("p", b"{}"),
        Part.result("c1", parts=2),
        ModelCall("m", provider="p", stop="end", parameters="{}", input=1, reasoning=3),
        ModelCall("m", input=1).usage,
        session.plan_restore(1),
        session.plan_checkout(room / "out"),
        session.plan_checkout(room / "out").steps[0],
        partita.Kept(directory=room, path="a", content=ID, symlink=False, size=1, time=None),
        store.stats(),
        store.check(),
        store.gc(dry_run=True),
        partita.Fault(segment="s", offset=1, object=ID, what="w"),
        store.purge_matching("two", reason="a key"),
        partita.LostVersion(object=ID, path="a", number=1, sessions=["session/s"], is_whole=False),
        partita.RecoveredSession(name="session/recovered/1", operation=ID, session=None),
        partita.UnreadLog(segment="s", offset=1, end=2, what="w", sessions=[]),
        partita.RecoverReport(
            objects=1,
            lost=[],
            versions=[],
            set_back=[("session/s", 3), ("t", None)],
            recovered=[],
            unread=[],
            quarantined=["q"],
            time=None,
            is_earlier=False,
        ),
    ]
    found.append(next(value for value in found if isinstance(value, partita.PurgeReport)).tombstones[0])
    return {f"{number} {type(value).__name__}": value for number, value in enumerate(found)}


def test_values_compare_hash_pickle_and_copy(store: partita.Store, tmp_path: Path) -> None:
    for name, value in values(store, tmp_path).items():
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(value, protocol))
            assert type(again) is type(value) and again == value, name
            assert hash(again) == hash(value), name
            assert repr(again) == repr(value), name
        assert copy.copy(value) == value and copy.deepcopy(value) == value, name
        assert value != object() and not value == 3, name  # noqa: SIM201
        assert value in {value} and type(value).__name__ in repr(value), name


def test_values_differ_where_a_field_does(store: partita.Store, tmp_path: Path) -> None:
    found = list(values(store, tmp_path).values())
    for at, value in enumerate(found):
        for other in found[at + 1 :]:
            assert value != other


def test_values_are_frozen(store: partita.Store, tmp_path: Path) -> None:
    for name, value in values(store, tmp_path).items():
        public = next(part for part in dir(value) if not part.startswith("_"))
        with pytest.raises(AttributeError):
            setattr(value, public, 1)
        with pytest.raises(AttributeError):
            value.of_my_own = 1  # type: ignore[attr-defined]
        assert not hasattr(value, "__dict__"), name


def test_the_representation_of_a_plain_value_makes_it_again() -> None:
    namespace = {name: getattr(partita, name) for name in partita.__all__}
    for value in (
        ID,
        Part.call("c", "n", "{}"),
        partita.Usage(input=1, output=None, cache_read=2, cache_write=None, reasoning=None),
        partita.Entry(kind="file", content=ID, executable=True, commit=None),
        partita.Fault(segment=None, offset=None, object=None, what="it's"),
    ):
        assert eval(repr(value), namespace) == value


def test_every_value_class_is_tested(store: partita.Store, tmp_path: Path) -> None:
    here = {type(value).__name__ for value in values(store, tmp_path).values()}
    elsewhere = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__))
    for name in partita.__all__:
        item = getattr(partita, name)
        if inspect.isclass(item) and item.__eq__ is not object.__eq__:
            assert name in here or re.search(rf"\b{name}\b", elsewhere), name


def test_ids_order_and_equal_only_ids() -> None:
    low, high = ObjectId(bytes(32)), ObjectId(b"\xff" * 32)
    assert low < high and sorted([high, low]) == [low, high]
    assert low != str(low) and low != bytes(low)
    assert ObjectId(str(high)) == ObjectId(high) == high and str(high) == "ff" * 32
    with pytest.raises(TypeError):
        low < "x"  # type: ignore[operator]  # noqa: B015


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (datetime(2024, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), None),
        (datetime(2024, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5, minutes=30))), None),
        (datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC), None),
        (datetime(1, 1, 2, tzinfo=UTC), None),
        (datetime(9999, 12, 30, tzinfo=UTC), None),
        # To the millisecond, downwards.
        (datetime(2024, 1, 1, 0, 0, 0, 1_999, tzinfo=UTC), datetime(2024, 1, 1, 0, 0, 0, 1_000, tzinfo=UTC)),
        (datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_come_back_in_utc_to_the_millisecond(given: datetime, kept: datetime | None) -> None:
    time = Memory("user", "x", time=given).time
    assert time == (kept or given) and time is not None and time.tzinfo is UTC


def test_a_naive_time_is_local_as_for_datetime_itself() -> None:
    naive = datetime(2024, 7, 1, 12, 30)
    assert Memory("user", "x", time=naive).time == naive.astimezone(UTC)


def test_operations_have_the_time_of_the_clock(session: partita.Session) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    time = session.write("a", "1").time
    assert before <= time <= datetime.now(UTC)


@pytest.mark.parametrize(
    "data",
    [b"\x00\xff", bytearray(b"\x00\xff"), memoryview(b"\x00\xff"), memoryview(b"\xff\x00")[::-1]],
)
def test_bytes_in_any_form_are_those_bytes(session: partita.Session, data: bytes) -> None:
    session.write("a", data)
    session.state["a"] = data
    assert session.read("a") == session.files["a"] == session.state["a"] == b"\x00\xff"


def test_text_stands_for_its_utf8(session: partita.Session) -> None:
    session.write("a", "h\u00e9")
    session.state["h\u00e9"] = "\U0001f600"
    assert session.read("a") == "h\u00e9".encode()
    assert session.state["h\u00e9".encode()] == "\U0001f600".encode()
    with pytest.raises(UnicodeEncodeError):
        session.write("a", "\ud800")


@pytest.mark.parametrize("path", ["src/a.py", b"src/a.py", PurePosixPath("src/a.py"), Path("src/a.py")])
def test_paths_are_str_bytes_or_pathlike(
    session: partita.Session, path: str | bytes | os.PathLike[str]
) -> None:
    session.write(path, "1")
    assert path in session.files and list(session.files) == ["src/a.py"]
    assert session.read(path) == b"1" and session.history(path).__next__().path == "src/a.py"


def test_a_path_that_is_not_utf8_comes_back_as_fsdecode_gives_it(session: partita.Session) -> None:
    raw = b"b\xff/\xc3\xa9"
    session.write(raw, "1")
    (path,) = session.files
    assert path == raw.decode("utf-8", "surrogateescape") and os.fsencode(path) == raw
    assert session.read(path) == session.read(raw) == b"1"
    assert session.write(path, "2").path == path
    assert list(session.files.under(b"b\xff/")) == [path]
    with pytest.raises(partita.Invalid, match="lone surrogate.*bytes, or as os.fsdecode"):
        session.write("\ud800", "1")
    with pytest.raises(partita.NotFound, match="no file"):
        session.read(b"\xfe")



def test_files_are_a_mapping(session: partita.Session) -> None:
    files = session.files
    assert isinstance(files, Mapping) and len(files) == 0 and not files
    files["b"], files["a"] = "2", b"1"
    assert list(files) == list(files.keys()) == ["a", "b"]
    assert dict(files) == dict(files.items()) == {"a": b"1", "b": b"2"}
    assert list(files.values()) == [b"1", b"2"] and {**files} == dict(files)
    assert files.get("a") == b"1" and files.get("c") is None and files.get("c", b"x") == b"x"
    assert "a" in files and "c" not in files and "a" in files.keys() and ("a", b"1") in files.items()
    del files["a"]
    with pytest.raises(KeyError):
        files["a"]
    with pytest.raises(KeyError):
        del files["a"]
    assert files.size("b") == 1 and files.entry("a") is None
    entry = files.entry("b")
    assert entry is not None and entry.kind == "file" and entry.content == ObjectId.of_content("2")


def test_views_of_files_stay_as_they_are(session: partita.Session) -> None:
    session.write("a", "1")
    items, keys = session.files.items(), session.files.keys()
    session.write("a", "2")
    session.write("b", "2")
    assert list(items) == [("a", b"1")] and list(keys) == ["a"]


def test_files_change_while_they_are_iterated_and_what_began_goes_on(session: partita.Session) -> None:
    names = [f"src/{n:04}" for n in range(300)]
    with session.batch() as batch:
        for name in ("src-", *names, "srd"):
            batch.write(name, name)
    seen = []
    for path in session.files.under("src/"):
        seen.append(path)
        del session.files[path]
        session.files["src/9999"] = path
    assert seen == names and list(session.files) == ["src-", "src/9999", "srd"]
    pairs = []
    for path, data in session.files.items():
        pairs.append((path, data))
        del session.files[path]
    assert pairs == [("src-", b"src-"), ("src/9999", b"src/0299"), ("srd", b"srd")] and not session.files
    ended = session.files.under("later")
    assert next(ended, None) is None
    session.write("later", "1")
    assert next(ended, None) is None and list(session.files) == ["later"]


def test_files_and_state_of_a_snapshot_stay_as_they_are(session: partita.Session) -> None:
    session.write("a", "1")
    session.state["k"] = "v"
    then = session.latest()
    with pytest.raises(TypeError, match="write to the session"):
        then.files["a"] = "2"
    with pytest.raises(TypeError, match="write to the session"):
        del then.state["k"]
    del session.files["a"]
    session.state["k"] = "w"
    assert dict(then.files) == {"a": b"1"} and then.state["k"] == b"v"


def test_state_is_a_mapping(session: partita.Session) -> None:
    state = session.state
    assert isinstance(state, Mapping) and len(state) == 0
    state["b"], state[b"a"] = b"2", "1"
    state.append("l", "x")
    assert list(state) == [b"a", b"b", b"l"] and len(state) == 3
    assert state["a"] == b"1" and "b" in state and "c" not in state
    assert state.get("c") is None and state.get("c", b"x") == b"x"
    assert [key for key, _ in state.under("")] == [b"a", b"b", b"l"]
    assert [key for key, _ in state.under("", reverse=True)] == [b"l", b"b", b"a"]
    del state["a"]
    for use in (lambda: state["a"], lambda: state.__delitem__("a")):
        with pytest.raises(KeyError):
            use()
    with pytest.raises(partita.Invalid):
        state.append("b", "x")


def test_lists_of_the_state_are_sequences(session: partita.Session) -> None:
    with session.batch() as batch:
        batch.state_extend("l", [str(n) for n in range(10)])
    items, plain = session.state["l"], [str(n).encode() for n in range(10)]
    assert isinstance(items, partita.StateList) and isinstance(items, Sequence)
    assert len(items) == 10 and list(items) == plain and items[-1] == b"9" and b"3" in items
    for start in (None, -12, -3, 0, 2, 9, 12):
        for stop in (None, -12, -3, 0, 2, 9, 12):
            for step in (None, -3, -1, 1, 2, 20):
                assert items[start:stop:step] == plain[start:stop:step], (start, stop, step)
    for index in (10, -11, 1 << 40):
        with pytest.raises(IndexError):
            items[index]
    session.state.append("l", "x")
    assert len(items) == 10 and len(session.state["l"]) == 11


ITERATORS: dict[str, Callable[[partita.Session, partita.Store], Iterator[object]]] = {
    "log": lambda session, store: session.log(),
    "history": lambda session, store: session.history("a"),
    "memories": lambda session, store: session.memories(),
    "newest memories": lambda session, store: session.memories(reverse=True),
    "search": lambda session, store: session.search("memory"),
    "sessions": lambda session, store: store.sessions(),
    "state": lambda session, store: iter(session.state.under("")),
    "files": lambda session, store: iter(session.files),
    "files under": lambda session, store: session.files.under("d/"),
}


@pytest.mark.parametrize("what", ITERATORS)
def test_iterators_go_on_where_they_are_and_end_once(store: partita.Store, what: str) -> None:
    session = store.session("s")
    for n in range(150):
        with session.batch() as batch:
            batch.write("a", str(n))
            batch.write(f"d/{n:04}", "")
            batch.remember(f"memory {n}")
            batch.state_put(f"{n:04}", str(n))
        store.session(f"t{n:03}")
    rows = ITERATORS[what](session, store)
    assert iter(rows) is rows
    first = [next(rows) for _ in range(3)]
    rest = list(rows)
    assert len(first) + len(rest) in (150, 151)
    assert next(rows, None) is None and next(rows, None) is None
    assert first + rest == list(ITERATORS[what](session, store))


def test_iterators_over_a_session_are_lazy(session: partita.Session) -> None:
    """What is not reached is not read: its bytes may be gone meanwhile."""
    for n in range(200):
        session.write("a", str(n))
        session.remember(f"memory {n}")
    history, memories = session.history("a"), session.memories()
    assert next(history).number == 200
    assert next(memories).number == 1
    session.purge_memory(150, reason="a key")
    session.purge_file("a", 3, reason="a key")
    assert [memory.number for memory in memories] == [n for n in range(2, 201) if n != 150]
    assert len(list(history)) == 199


def test_documentation_of_every_public_thing() -> None:
    missing = []
    for name in partita.__all__:
        thing = getattr(partita, name)
        if not inspect.getdoc(thing):
            missing.append(name)
        if inspect.isclass(thing) and not issubclass(thing, BaseException):
            # What a field of a dataclass is for stands below it in the source.
            fields = [field.name for field in dataclasses.fields(thing)] if dataclasses.is_dataclass(thing) else []
            members = ((f"{name}.{part}", getattr(thing, part)) for part in vars(thing) if part not in fields)
            missing += [path for path, part in members if path.split(".")[1][0] != "_" and not part.__doc__]
            for field in (field for field in fields if field[0] != "_"):
                if not re.search(rf'^    {field}: .*\n    """', inspect.getsource(thing), re.MULTILINE):
                    missing.append(f"{name}.{field}")
    assert missing == []
