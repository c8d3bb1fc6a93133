"""A session against a model of it in plain Python, over long random lives."""

from __future__ import annotations

import copy
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import partita
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

PATHS = st.sampled_from(["a", "b", "src/a.py", "src/b.py", "h\u00e9", "b\udcff"])
DATA = st.binary(max_size=64) | st.text(max_size=8).map(str.encode)
KEYS = st.sampled_from([b"plan", b"steps", b"\xff\x00", b"z"])


@dataclass
class State:
    """What one checkpoint holds."""

    files: dict[str, bytes] = field(default_factory=dict)
    memories: list[str] = field(default_factory=list)
    values: dict[bytes, bytes | list[bytes]] = field(default_factory=dict)


@dataclass
class Model:
    """A session as lists: every state, and what each operation can be undone to."""

    states: list[State] = field(default_factory=lambda: [State()])
    undo: list[State] = field(default_factory=list)
    redo: list[State] = field(default_factory=list)
    numbered: int = 0

    @property
    def now(self) -> State:
        return self.states[-1]

    def commit(self, state: State) -> None:
        self.undo.append(self.now)
        self.redo.clear()
        self.states.append(state)

    def change(self) -> State:
        return copy.deepcopy(self.now)


class Sessions(RuleBasedStateMachine):
    """Operations on some sessions of one store."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.room = tempfile.TemporaryDirectory()
        self.store = self.open()
        self.models: dict[str, Model] = {}

    def open(self) -> partita.Store:
        return partita.Store.open(Path(self.room.name) / "store", durability="buffered")

    def teardown(self) -> None:
        assert self.store.check().faults == []
        self.store.close()
        self.room.cleanup()

    def session(self, name: str) -> partita.Session:
        return self.store.session(name)

    @initialize(target=sessions)
    def begin(self) -> str:
        self.store.create_session("first")
        self.models["first"] = Model()
        return "first"

    @rule(name=sessions, path=PATHS, data=DATA)
    def write(self, name: str, path: str, data: bytes) -> None:
        model = self.models[name]
        iteration = self.session(name).write(path, data)
        state = model.change()
        state.files[path] = data
        if state.files != model.now.files:
            model.commit(state)
        assert iteration.path == path and iteration.size == len(data)

    @rule(name=sessions, path=PATHS)
    def remove(self, name: str, path: str) -> None:
        model = self.models[name]
        if path not in model.now.files:
            with pytest.raises(partita.NotFound):
                self.session(name).remove(path)
            return
        assert self.session(name).remove(path).entry is None
        state = model.change()
        del state.files[path]
        model.commit(state)

    @rule(name=sessions, path=PATHS, to=PATHS)
    def rename(self, name: str, path: str, to: str) -> None:
        model = self.models[name]
        if path not in model.now.files or path == to:
            with pytest.raises((partita.NotFound, partita.Invalid)):
                self.session(name).rename(path, to)
            return
        iteration = self.session(name).rename(path, to)
        assert iteration.path == to and iteration.renamed_from == path
        state = model.change()
        state.files[to] = state.files.pop(path)
        model.commit(state)

    @rule(name=sessions, path=PATHS, number=st.integers(0, 3))
    def restore(self, name: str, path: str, number: int) -> None:
        model = self.models[name]
        session = self.session(name)
        written = self.line(session, path)
        if number >= len(written) or written[number].entry is None:
            return
        data = session.read_at(path, written[number].number)
        session.restore(path, written[number].number)
        state = model.change()
        state.files[path] = data
        if state.files != model.now.files:
            model.commit(state)

    @staticmethod
    def line(session: partita.Session, path: str) -> list[partita.Iteration]:
        try:
            return list(session.history(path))
        except partita.NotFound:
            return []

    @rule(name=sessions, text=st.text(min_size=1, max_size=20))
    def remember(self, name: str, text: str) -> None:
        model = self.models[name]
        number = self.session(name).remember(text)
        # A number is never used twice, also after an undo.
        assert number > model.numbered
        model.numbered = number
        state = model.change()
        state.memories.append(text)
        model.commit(state)

    @rule(name=sessions, key=KEYS, data=DATA)
    def put(self, name: str, key: bytes, data: bytes) -> None:
        model = self.models[name]
        self.session(name).state[key] = data
        state = model.change()
        state.values[key] = data
        if state != model.now:
            model.commit(state)

    @rule(name=sessions, key=KEYS, item=DATA)
    def append(self, name: str, key: bytes, item: bytes) -> None:
        model = self.models[name]
        held = model.now.values.get(key, [])
        if isinstance(held, bytes):
            with pytest.raises(partita.Invalid):
                self.session(name).state.append(key, item)
            return
        self.session(name).state.append(key, item)
        state = model.change()
        state.values[key] = [*held, item]
        model.commit(state)

    @rule(name=sessions, path=PATHS, data=DATA, text=st.text(min_size=1, max_size=9), fails=st.booleans())
    def batch(self, name: str, path: str, data: bytes, text: str, fails: bool) -> None:
        model = self.models[name]
        try:
            with self.session(name).batch(message="some") as batch:
                batch.write(path, data)
                batch.remember(text)
                batch.state_put("batch", data)
                assert batch.read(path) == data
                if fails:
                    raise RuntimeError("no")
        except RuntimeError as error:
            assert fails and str(error) == "no"
            return
        state = model.change()
        state.files[path] = data
        state.memories.append(text)
        state.values[b"batch"] = data
        model.commit(state)

    @rule(name=sessions)
    def undo(self, name: str) -> None:
        model = self.models[name]
        if not model.undo:
            with pytest.raises(partita.NotFound):
                self.session(name).undo()
            return
        self.session(name).undo()
        model.redo.append(model.now)
        model.states.append(model.undo.pop())

    @rule(name=sessions)
    def redo(self, name: str) -> None:
        model = self.models[name]
        if not model.redo:
            with pytest.raises(partita.NotFound):
                self.session(name).redo()
            return
        self.session(name).redo()
        model.undo.append(model.now)
        model.states.append(model.redo.pop())

    @precondition(lambda self: len(self.models) < 4)
    @rule(target=sessions, name=sessions, data=st.data())
    def fork(self, name: str, data: st.DataObject) -> str:
        model, new = self.models[name], f"fork {len(self.models)}"
        at = data.draw(st.none() | st.integers(1, len(model.states) - 1)) if len(model.states) > 1 else None
        fork = self.session(name).fork(new, at=at)
        assert fork.name == new
        states = model.states if at is None else model.states[: at + 1]
        self.models[new] = Model(states=list(states))
        return new

    @rule(name=sessions, data=st.data())
    def at(self, name: str, data: st.DataObject) -> None:
        model = self.models[name]
        number = data.draw(st.integers(0, len(model.states) - 1))
        if number:
            self.compare(self.session(name).at(number), model.states[number])

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = self.open()

    @rule()
    def collect(self) -> None:
        self.store.gc()

    @invariant()
    def the_sessions_are_as_the_models(self) -> None:
        assert [entry.name for entry in self.store.sessions()] == sorted(self.models)
        for name, model in self.models.items():
            session = self.session(name)
            self.compare(session.latest(), model.now)
            assert sum(1 for _ in session.log()) == len(model.states) - 1

    @staticmethod
    def compare(snapshot: partita.Snapshot, state: State) -> None:
        assert dict(snapshot.files) == state.files
        assert [memory.text for memory in snapshot.memories()] == state.memories
        held = {key: snapshot.state[key] for key in snapshot.state}
        plain = {key: value if isinstance(value, bytes) else list(value) for key, value in held.items()}
        assert plain == state.values


TestSessions = Sessions.TestCase
TestSessions.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
