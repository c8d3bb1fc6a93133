"""Turns: models in roles, tools with effects, reviews and gates, as a host drives them.

A turn says what can be done, the host does it with its own models and tools, and says what came of
it. The loop's state is the session's, so it survives a crash at every step.

>>> import partita
>>> from partita import Ask, CallModel, Memory, ModelAnswer, Part, Policy, RunTool, ToolResult
>>> session = partita.Store.in_memory().session("s")
>>> _ = session.set_tools([{"name": "write", "input_schema": {"type": "object"}}])
>>> _ = session.remember("Write a greeting.")
>>> answers = [
...     ModelAnswer(Memory.assistant(Part.call("1", "write", '{"path": "a.txt", "text": "Hello"}'))),
...     ModelAnswer(Memory.assistant("It is written.")),
... ]
>>> turn = session.begin_turn(Policy(tools={"write": "idempotent"}, review={"person": True}))
>>> for step in turn:
...     match step:
...         case CallModel():
...             _ = turn.supply(step, answers.pop(0))
...         case RunTool("write"):
...             given = step.input
...             _ = turn.supply(step, ToolResult("ok", changes={given["path"]: given["text"]}))
...         case Ask(kind, text):
...             print(kind, text)
review Is proposal 1 to be applied? Write a greeting. (1 file)
>>> turn.ended, [step.choices for step in turn.waiting()]  # it waits for a person
(None, [['accept', 'reject']])
>>> session.decide(turn.waiting()[0].id, "accept")  # whoever decides need not drive the turn
>>> list(turn), turn.ended, session.read("a.txt")
([], 'end_turn', b'Hello')
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any, Literal, Never, TypeAlias

from partita._documents import Request
from partita._partita import (
    CallAttempt,
    Memory,
    ModelCall,
    ObjectId,
    Part,
    Policy,
    Proposal,
    Response,
    Session,
    StepEntry,
    TurnEntry,
    _Turn,
    _Work,
)
from partita.literals import Complexity, Dialect, Effect, PersonsChoice

__all__ = [
    "Ask",
    "CallModel",
    "Choice",
    "GateResult",
    "ModelAnswer",
    "RunSandbox",
    "RunTool",
    "Step",
    "StepResult",
    "ToolResult",
    "Turn",
]

_Path: TypeAlias = str | bytes | PathLike[str] | PathLike[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class CallModel:
    """A model is to be called."""

    __match_args__ = ("role", "model")

    id: ObjectId
    """What the step is called, however often it is tried."""
    attempt: int
    """Which attempt it is, counted from 1."""
    role: str
    """The role that the model has."""
    model: str
    """The model, as the policy's routes say; empty where they do not."""
    why: str
    """Why this one."""
    complexity: Complexity
    """How hard the task is held to be."""
    purpose: Literal["stage", "review"]
    """What the answer is for."""
    revision: ObjectId | None
    """The revision that is reviewed; none where none is."""
    _work: _Work = field(repr=False, compare=False)

    def request(
        self, dialect: Dialect, *, cache_points: bool = True, end_with_user: bool = False
    ) -> Request:
        """Returns the request for a provider, as ``Session.context()`` does: a dict to which the
        host adds the model.
        """
        return self._work.request(dialect, cache_points, end_with_user)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTool:
    """A tool is to be called."""

    __match_args__ = ("name", "arguments")

    id: ObjectId
    """What the step is called: the key for a tool that takes one."""
    attempt: int
    """Which attempt it is, counted from 1."""
    name: str
    """The tool."""
    arguments: str
    """The arguments, as the model wrote them: a JSON text."""
    call: str
    """The call's name in the dialog."""
    effect: Effect
    """What it means to call it twice."""
    role: str
    """The role whose call it is."""

    @property
    def input(self) -> dict[str, Any]:
        """The arguments, read; what is no object is none."""
        given = json.loads(self.arguments) if self.arguments.strip() else {}
        return given if isinstance(given, dict) else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSandbox:
    """A gate is to run, in a sandbox."""

    __match_args__ = ("name", "command")

    id: ObjectId
    """What the step is called."""
    attempt: int
    """Which attempt it is, counted from 1."""
    name: str
    """The gate."""
    command: str
    """What it runs, in one line."""
    proposal: int | None
    """The number of the proposal on whose files it runs; none for the session's own files."""
    revision: ObjectId | None
    """The revision of it."""
    _work: _Work = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """A person is to be asked. The answer may take years, and come from another process."""

    __match_args__ = ("kind", "text")

    id: ObjectId
    """What the step is called."""
    kind: Literal["approve", "unknown", "review"]
    """Whether a call may be done; what came of one of which nobody knows; whether a revision is
    accepted."""
    text: str
    """The question in words."""
    choices: tuple[PersonsChoice, ...]
    """What answers it."""
    tool: str | None
    """The tool that it is about."""
    revision: ObjectId | None
    """The revision that it is about."""


Step: TypeAlias = CallModel | RunTool | RunSandbox | Ask
"""Something that a host is asked to do."""


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answered. Costs are in millionths of the host's currency."""

    memory: Memory
    """The memory, of the role assistant."""
    call: ModelCall | None = None
    """What the provider said of the call."""
    attempts: Sequence[CallAttempt] = ()
    """What was tried to get it, in order."""
    took_ms: int | None = None
    """Milliseconds."""
    cost: int | None = None
    """What it cost."""
    complexity: Complexity | None = None
    """How hard the model holds the task to be: a plan that says so routes what comes after it."""


@dataclass(frozen=True)
class ToolResult:
    """What a tool returned, and which files it would change."""

    parts: str | bytes | Part | Sequence[str | bytes | Part]
    """What it returned: a text, or several parts."""
    error: bool = False
    """Whether the tool says that it failed."""
    changes: Mapping[str, str | bytes | None] = field(default_factory=dict)
    """What it would change: each path with its new bytes, or ``None`` where the file is to go. It
    goes into the turn's proposal, and is no change of the session yet."""
    took_ms: int | None = None
    """Milliseconds."""
    cost: int | None = None
    """What it cost."""


@dataclass(frozen=True)
class GateResult:
    """What a gate showed."""

    passed: bool
    """Whether it passed."""
    output: str = ""
    """The end of what it wrote, or what went wrong: the model is told it."""
    run: int | None = None
    """The number of the run in the session."""
    evidence: int | None = None
    """The number of the evidence in the session."""
    took_ms: int | None = None
    """Milliseconds."""


@dataclass(frozen=True)
class Choice:
    """What a person chose."""

    choice: PersonsChoice
    """One of the ``choices`` of the question."""
    reason: str = ""
    """Why."""


StepResult: TypeAlias = (
    ModelAnswer | Response | ToolResult | GateResult | Choice | str | BaseException
)
"""What a host says of a step."""


class Turn:
    """What an agent does for one request, in rounds, until it is done.

    ``Session.begin_turn()`` and ``Session.resume_turn()`` make it. Each step is durable before the
    host hears of it, and so is each result when ``supply()`` returns. A turn has one driver at a
    time; one that was taken over raises ``Conflict``.

    ``for step in turn`` yields each step that can be done. It ends when the turn has ended, and
    also when nothing can be done before something comes that was not supplied, such as a person's
    answer: ``waiting()`` lists that, and ``ended`` is none then. Begin the loop again afterwards.
    ``async for`` does the same with the store's work in a thread.
    """

    def __init__(self, session: Session, turn: _Turn) -> None:
        self._session = session
        self._turn = turn
        self._ahead: deque[Step] = deque()

    @property
    def id(self) -> ObjectId:
        """What the turn is called."""
        return self._turn.id

    @property
    def session(self) -> Session:
        """The session that it goes on in."""
        return self._session

    @property
    def policy(self) -> Policy:
        """The policy that it goes by."""
        return self._turn.policy()

    @property
    def entry(self) -> TurnEntry:
        """The turn as it is in the newest state."""
        return self._turn.entry()

    @property
    def ended(self) -> str | None:
        """Why it ended, such as ``"end_turn"``; none while it goes on."""
        return self._turn.entry().ended

    def next(self) -> list[Step] | None:
        """Returns all steps that can be done now and were not handed out: they may be done at the
        same time and supplied in any order.

        An empty list says that the turn waits for what was handed out, or for a person; ``None``
        that it has ended. Raises ``Conflict`` if another driver has taken the turn over.
        """
        if self._ahead:
            steps = list(self._ahead)
            self._ahead.clear()
            return steps
        return self._turn.next()

    def __iter__(self) -> Iterator[Step]:
        while self._ahead or self._look():
            yield self._ahead.popleft()

    async def __aiter__(self) -> AsyncIterator[Step]:
        while True:
            if not self._ahead and not await asyncio.to_thread(self._look):
                return
            yield self._ahead.popleft()

    def _look(self) -> bool:
        self._ahead.extend(self._turn.next() or ())
        return bool(self._ahead)

    def supply(self, step: Step | ObjectId, result: StepResult) -> Literal["taken", "known"]:
        """Says what came of a step: of a model a ``ModelAnswer`` or what ``read_response()``
        returned, of a tool a ``ToolResult`` or a text, of a gate a ``GateResult``, of a question a
        ``Choice``. An exception says that it was tried and nothing came of it. The same result said
        twice is taken once, and ``"known"`` then.

        Raises ``NotFound`` for a step that is none of this turn; ``Conflict`` for a result that came
        too late, which is kept, and for another one of a step that has one; ``Invalid`` for one that
        is none of such a step: the step then waits for another.
        """
        taken = self._supply(step if isinstance(step, ObjectId) else step.id, result)
        return "taken" if taken else "known"

    def _supply(self, id: ObjectId, result: StepResult) -> bool:
        match result:
            case ModelAnswer(memory, call, attempts, took, cost, complexity):
                return self._turn.answer(id, memory, call, list(attempts), took, cost, complexity)
            case Response():
                return self._turn.answer(id, result.memory, result.call, [], None, None, None)
            case str():
                return self._turn.returned(id, [result], False, {}, None, None)
            case ToolResult(parts, error, changes, took, cost):
                several = [parts] if isinstance(parts, (str, bytes, Part)) else list(parts)
                return self._turn.returned(id, several, error, changes, took, cost)
            case GateResult(passed, output, run, evidence, took):
                return self._turn.showed(id, passed, output, run, evidence, took)
            case Choice(choice, reason):
                return self._turn.chose(id, choice, reason)
            case BaseException():
                return self._turn.failed(id, f"{type(result).__name__}: {result}")
        raise TypeError(f"no result of a step: {type(result).__name__}")

    def run_gate(
        self, step: RunSandbox, directory: _Path, approve: Callable[[str], bool]
    ) -> GateResult:
        """Runs a gate in a directory, in a sandbox of processes.

        A gate is text out of a store, and so somebody else's words: ``approve`` is asked about the
        command, and says yes only to what this machine's user has approved. One that is not
        approved fails.

        On the session's own files it is a run of the session, and evidence. For a revision the
        directory must be an empty one that nobody captures from.
        """
        return step._work.run(self._session, directory, approve)

    def waiting(self) -> list[StepEntry]:
        """Returns the steps that wait for a result: those that were handed out, and questions."""
        return self._turn.waiting()

    def proposal(self) -> Proposal | None:
        """Returns the proposal that the turn's changes go into; none where it has none."""
        return self._turn.proposal()

    def read(self, path: _Path) -> bytes:
        """Reads a file as the turn would leave it: as its proposal has it, else as the session has
        it.

        Raises ``NotFound`` if there is none.
        """
        return self._turn.read(path)

    def sees(self, role: str, path: _Path) -> str:
        """Tells whether what a role is shown holds a file's current text, as ``Session.sees()``
        does.
        """
        return self._turn.sees(role, path)

    def cancel(self, why: str = "") -> None:
        """Cancels the turn: nothing of it is waited for any more. What comes later is kept as late."""
        self._turn.cancel(why)

    def __repr__(self) -> str:
        return f"<Turn {self.id.short}>"

    def __reduce__(self) -> Never:
        raise TypeError(
            "a Turn is an open handle and does not pickle: pickle its id, and take it over with "
            "Session.resume_turn(id)"
        )
