# Generated from the Rust sources by `scripts/python-tests.sh --stubs`: do not edit.

from collections.abc import Callable, Container, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from datetime import datetime
from os import PathLike
from partita._documents import Export, Request
from partita.literals import Complexity, Dialect, Durability, Effect, ExportFormat, Format, LimitOptions, MemoryKind, MergedDialog, PartKind, PersonsChoice, ReviewOptions, Role, RoleOptions, RouteOptions, RuleOptions, Severity, ToolOptions
from partita.turns import GateResult, Step, Turn
from pathlib import Path
from typing import Any, IO, Literal, Never, SupportsFloat, SupportsIndex, TypeVar, final, overload

_T = TypeVar("_T")

__all__ = ["Account", "Applied", "Batch", "BlameLine", "BranchTokens", "Budget", "Calibration", "CallAttempt", "CallEntry", "CallTotals", "Capacity", "Capture", "CaseClash", "Change", "CheckReport", "CheckoutPlan", "CheckoutStep", "Checkpoint", "Claim", "Comparison", "ConflictEntry", "ConflictTerm", "ContextDiff", "ContextItem", "Count", "Counter", "Decision", "DeletedSession", "Diff", "Entry", "Evidence", "Fault", "FileChange", "Files", "Finding", "Gate", "GcReport", "Graph", "History", "Horizon", "Import", "Item", "Iteration", "Kept", "KeptOurs", "Learned", "LeftOut", "Log", "LogEntry", "Loss", "LostVersion", "Memories", "Memory", "MemoryBranch", "Mend", "MergeBase", "MergeReport", "MergedSession", "MessagePlan", "ModelCall", "ObjectId", "OpenCall", "Operation", "Overlap", "Part", "Paths", "Plan", "PlanCost", "PlanStep", "Policy", "Prices", "Proposal", "PurgeReport", "RecoverReport", "RecoveredSession", "Remarks", "Report", "Response", "RestorePlan", "Revision", "Run", "Session", "SessionEntry", "SessionSizes", "Sessions", "Snapshot", "State", "StateList", "StateRows", "Stats", "StepEntry", "Store", "Tombstone", "TranscriptImport", "TurnEntry", "UndoReport", "UnreadLog", "Usage", "View", "ViewFile", "ViewMemory", "ViewReport", "ViewRule", "Workspace", "_Turn", "_Work", "_after_fork_in_child", "_after_fork_in_parent", "_before_fork", "_command", "count", "diff", "error_codes", "plan", "read_response", "recover", "render"]

@final
class Account:
    """
    What the tokens of a state are spent on.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, total: Count, overhead: Count, sources: dict[str, Count], items: Sequence[Item], shape: dict[str, Any] | None = None) -> Account: ...
    def __repr__(self, /) -> str: ...
    @property
    def items(self, /) -> list[Item]:
        """
        All items, largest first.
        """
    @property
    def overhead(self, /) -> Count:
        """
        What a request costs beside its items; part of the total, of no source.
        """
    @property
    def sources(self, /) -> dict[str, Count]:
        """
        The tokens by source.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def total(self, /) -> Count:
        """
        The tokens of everything.
        """

@final
class Applied:
    """
    What applying a proposal did.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, proposal: SupportsIndex, revision: SupportsIndex, checkpoint: Checkpoint | None, paths: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], merged: Sequence[str | bytes | PathLike[str] | PathLike[bytes]]) -> Applied: ...
    def __repr__(self, /) -> str: ...
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The checkpoint that holds it.
        """
    @property
    def merged(self, /) -> list[str]:
        """
        Those of them whose files had moved on, so that both changes were merged.
        """
    @property
    def paths(self, /) -> list[str]:
        """
        The paths that it changed, in their order.
        """
    @property
    def proposal(self, /) -> int:
        """
        The number of the proposal.
        """
    @property
    def revision(self, /) -> int:
        """
        The number of the revision that was applied.
        """

@final
class Batch:
    """
    Changes on their way into one checkpoint: all or nothing when committed, nothing at all when
    dropped. It sees its own edits and holds no lock.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> with session.batch(message="two at once") as b:
    ...     _ = b.write("a", "1")
    ...     _ = b.write("b", "2")
    >>> b.checkpoint.number, list(session.files)
    (1, ['a', 'b'])
    """
    def __enter__(self, /) -> Batch: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None: ...
    def __reduce__(self, /) -> Never: ...
    @property
    def before(self, /) -> Snapshot:
        """
        The session as it was when the batch began, without the batch's edits.
        """
    def capture(self, /, workspace: Workspace) -> Capture:
        """
        Takes what changed in a directory into the batch, so that it is one checkpoint with the rest. The
        directory is held until the batch ends.

        Raises ``Invalid`` for a second capture, or a workspace of another session.
        """
    def cause(self, /, number: SupportsIndex) -> None:
        """
        Says that the memory of a number holds the call that made the files of this batch.
        """
    def cause_last_call(self, /) -> None:
        """
        Says that the newest memory with a call made the files of this batch.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The checkpoint that the commit made; none before it.
        """
    def claim(self, /, text: str, *, by: Iterable[int] = ...) -> None:
        """
        Claims something by the numbers of evidence of the session.
        """
    def commit(self, /) -> Checkpoint:
        """
        Commits all of it as one durable step, and returns the session's newest checkpoint: the one
        this makes, or the one there is where nothing changes.

        Raises ``Conflict`` if a path or key that it edits was changed meanwhile.
        """
    def compact(self, /, memories: int | str | Memory, summarizer: Callable[[list[Memory]], str | Memory]) -> ViewReport:
        """
        Lays a summary over each run of selected memories in view; as in a session. The summarizer
        must not use the batch.
        """
    def expand(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes the summaries that stand for memories off again.
        """
    def expect(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex | None) -> None:
        """
        Makes the commit a ``Conflict`` unless the newest iteration of a path is this one; none is
        for a path where nothing ever was.
        """
    def forget(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes memories out of the view, by whole exchanges; as in a session.
        """
    def hide(self, /, glob: str) -> ViewReport:
        """
        Takes files out of the view by a glob, also those to come.
        """
    def iteration(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> int | None:
        """
        Returns the number of a path's newest iteration, the batch's own edits included.
        """
    def pin_files(self, /, glob: str) -> ViewReport:
        """
        Keeps files in view as they are, whatever else is edited.
        """
    def pin_memories(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Keeps memories in view as they are, whatever else is edited.
        """
    def read(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> bytes:
        """
        Reads a file as the batch leaves it.
        """
    def recall(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Brings forgotten memories back into the view.
        """
    def refresh(self, /) -> ViewReport:
        """
        Lets outdated iterations in view give way to the current ones.
        """
    def remember(self, /, memory: Memory | str | bytes, *, role: Role | None = None, call: ModelCall | None = None) -> None:
        """
        Appends a memory, or a text of a role.
        """
    def remove(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> int:
        """
        Removes a file.
        """
    def rename(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], to: str | bytes | PathLike[str] | PathLike[bytes]) -> int:
        """
        Moves a file, with its line of iterations.
        """
    def resolve(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], *, side: SupportsIndex | None = None, base: bool = False, content: str | bytes | bytearray | memoryview | None = None, removed: bool = False) -> None:
        """
        Resolves a merge conflict, as ``Session.resolve()`` does.
        """
    def restore(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex) -> int:
        """
        Brings an iteration of a file back.
        """
    def set_instructions(self, /, text: str) -> None:
        """
        Sets the system instructions; an empty text takes them away.
        """
    def set_sandbox_state(self, /, text: str) -> None:
        """
        Sets what the model is told of its sandbox; an empty text takes it away.
        """
    def set_tools(self, /, tools: list[dict[str, Any]]) -> None:
        """
        Sets the tools that the model may call, as any provider writes them.
        """
    def show(self, /, glob: str) -> ViewReport:
        """
        Puts files into the view by a glob.
        """
    def state_append(self, /, key: str | bytes | bytearray | memoryview, item: str | bytes | bytearray | memoryview) -> None:
        """
        Appends an item to a list of the state, which begins with its first item.
        """
    def state_copy(self, /, key: str | bytes | bytearray | memoryview, to: str | bytes | bytearray | memoryview) -> None:
        """
        Sets a key of the state to what another holds, as this batch has left that one so far: bytes,
        or a list of any length. Copies nothing; from here on both go their own ways.

        Raises ``NotFound`` if the other holds nothing.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> with session.batch() as b:
        ...     b.state_extend("draft 1", ["a", "b", "c"])
        ...     b.state_copy("draft 1", "draft 2")
        ...     b.state_truncate("draft 2", 2)
        ...     b.state_append("draft 2", "d")
        >>> list(session.state["draft 1"]), list(session.state["draft 2"])
        ([b'a', b'b', b'c'], [b'a', b'b', b'd'])
        """
    def state_extend(self, /, key: str | bytes | bytearray | memoryview, items: Sequence[str | bytes | bytearray | memoryview]) -> None:
        """
        Appends items to a list of the state, which begins with them; with none, as an empty one.
        """
    def state_put(self, /, key: str | bytes | bytearray | memoryview, data: str | bytes | bytearray | memoryview) -> None:
        """
        Sets a key of the state to bytes, whatever it held.
        """
    def state_remove(self, /, key: str | bytes | bytearray | memoryview) -> None:
        """
        Removes a key of the state.
        """
    def state_truncate(self, /, key: str | bytes | bytearray | memoryview, length: SupportsIndex) -> None:
        """
        Cuts a list of the state to its first items; a shorter one stays as it is.
        """
    def trim_results(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Shows what tools returned shortened.
        """
    def unpin_files(self, /, glob: str) -> ViewReport:
        """
        Takes pins of files away.
        """
    def unpin_memories(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes pins away.
        """
    def write(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], data: str | bytes | bytearray | memoryview) -> int:
        """
        Writes a file and returns the number that its iteration will have.
        """
    def write_executable(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], data: str | bytes | bytearray | memoryview) -> int:
        """
        Writes a file that may be executed.
        """
    def write_symlink(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], target: str | bytes | PathLike[str] | PathLike[bytes]) -> int:
        """
        Writes a symbolic link.
        """

@final
class BlameLine:
    """
    Where a line of a file came from.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, text: bytes, iteration: Iteration, exchange: SupportsIndex | None, prompt: str | None, message: str) -> BlameLine: ...
    def __repr__(self, /) -> str: ...
    @property
    def exchange(self, /) -> int | None:
        """
        The memory whose call made that iteration, where that was said.
        """
    @property
    def iteration(self, /) -> Iteration:
        """
        The iteration that brought it.
        """
    @property
    def message(self, /) -> str:
        """
        What the operation was about; may be empty.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1.
        """
    @property
    def prompt(self, /) -> str | None:
        """
        What was asked before that.
        """
    @property
    def text(self, /) -> bytes:
        """
        Its bytes, with the line feed, if it has one.
        """

@final
class BranchTokens:
    """
    What the memories of one session cost in view, among those of another.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, session: str | None, memories: SupportsIndex, tokens: Count, shape: dict[str, Any] | None = None) -> BranchTokens: ...
    def __repr__(self, /) -> str: ...
    @property
    def memories(self, /) -> int:
        """
        How many of its memories are in view, summaries as one.
        """
    @property
    def session(self, /) -> str | None:
        """
        What the session was called when its memories came; none for those said here.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tokens(self, /) -> Count:
        """
        Their tokens.
        """

@final
class Budget:
    """
    A limit in tokens, of prompt and answer together, and how it is kept: what is reserved for the
    answer, above which mark a plan makes room and down to which, prices, and how many turns the
    prompt will serve. Where a budget is asked for, an int is its limit.

    Raises ``Invalid`` if the numbers do not fit together.

    >>> import partita
    >>> budget = partita.Budget(128_000, reserve=8_000, high=110_000, low=80_000)
    >>> budget.room
    120000
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, limit: SupportsIndex, *, reserve: SupportsIndex = 0, high: SupportsIndex | None = None, low: SupportsIndex | None = None, prices: Prices | None = None, horizon: SupportsIndex | None = None) -> Budget: ...
    def __repr__(self, /) -> str: ...
    @property
    def high(self, /) -> int | None:
        """
        The mark above which a plan makes room; the room unless it is set.
        """
    @property
    def horizon(self, /) -> int | None:
        """
        How many turns the prompt will serve.
        """
    @property
    def limit(self, /) -> int:
        """
        The limit in tokens.
        """
    @property
    def low(self, /) -> int | None:
        """
        The mark down to which a plan makes room; the high one unless it is set.
        """
    @property
    def prices(self, /) -> Prices | None:
        """
        What a token costs; then plans weigh losses against rewriting the prompt cache.
        """
    @property
    def reserve(self, /) -> int:
        """
        The tokens kept free for the answer.
        """
    @property
    def room(self, /) -> int:
        """
        The tokens that a prompt may have: the limit less the reserve.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """

@final
class Calibration:
    """
    What APIs reported of requests, by model, from which the tokens of models without a public
    tokenizer are estimated.

    >>> import partita
    >>> calibration = partita.Calibration()
    >>> for size in range(1, 41):
    ...     _ = calibration.observe("other-1", {"prose": 100 * size}, usage=130 * size)
    >>> calibration.models
    {'other-1': 40}
    >>> count = calibration.counter("other-1")("some words in a row. " * 100)
    >>> count.exact, count.low <= count.tokens <= count.high
    (False, True)
    >>> kept = calibration.to_json()
    >>> partita.Calibration.from_json(kept).models
    {'other-1': 40}
    """
    def __new__(cls, /, base: str = "o200k") -> Calibration:
        """
        Makes one without observations, for counts of a base encoding.
        """
    def __reduce__(self, /) -> tuple[object, tuple[object, ...]]: ...
    def __repr__(self, /) -> str: ...
    @property
    def base(self, /) -> str:
        """
        The id of the base counter.
        """
    @staticmethod
    def class_of(text: str) -> str:
        """
        Tells which class a text is of.
        """
    def counter(self, /, model: str, *, host: str = "") -> Counter:
        """
        Makes a counter for a model as it has been observed so far, if ever. Later observations are
        for the next one. With a ``host`` its constant is that of the host's newest requests.
        """
    @staticmethod
    def from_json(json: dict[str, Any]) -> Calibration:
        """
        Reads what ``to_json()`` gave. Raises ``Invalid`` for anything else.
        """
    @property
    def models(self, /) -> dict[str, int]:
        """
        The models that were observed, with how often.
        """
    def observe(self, /, model: str, parts: dict[str, SupportsIndex], *, usage: SupportsIndex, host: str = "") -> bool:
        """
        Takes the report of one request: its tokens by class (``"prose"``, ``"code"``, ``"json"``,
        ``"cjk"``, ``"other"``) as the base counts them, and all input tokens that the API counted,
        those read from and written to a cache included. Returns whether it was taken: one without
        parts or usage says nothing.

        ``host`` names who made the request: what it adds on its own (a system prompt, tools) is the same
        for all of one. ``"agent"`` means every host whose name begins with ``"agent/"``, too.
        """
    def observe_request(self, /, request: list[dict[str, Any]] | dict[str, Any], call: ModelCall, *, tools: list[dict[str, Any]] | None = None, host: str = "") -> bool:
        """
        Takes what a request cost: the body that was sent, such as ``Session.context()`` gives, or its
        messages, and the call that answered it, such as ``read_response()`` gives. Returns whether it
        was taken: a call without a model or a usage says nothing.

        ``host`` is as in ``observe()``. Raises as ``partita.count()``.

        >>> import partita
        >>> calibration = partita.Calibration()
        >>> call = partita.ModelCall("claude-x", input=19)
        >>> calibration.observe_request([{"role": "user", "content": "Why?"}], call)
        True
        >>> calibration.models
        {'claude-x': 1}
        """
    def quality(self, /, model: str) -> dict[str, float] | None:
        """
        Tells how good counts for a model are: each of the newest requests is counted by those before
        it. ``requests`` were counted, ``within`` of them cost what lies within the bounds; the number
        is off by ``median_error``, the upper bound lies ``median_margin`` above it, the bounds lie
        ``median_width`` apart, all as shares. None for fewer than eight requests.
        """
    def to_json(self, /) -> dict[str, Any]:
        """
        Returns it as JSON, for the host to keep.
        """

@final
class CallAttempt:
    """
    One try to get an answer from a model.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, provider: str, model: str, outcome: str, took_ms: SupportsIndex | None) -> CallAttempt: ...
    def __repr__(self, /) -> str: ...
    @property
    def model(self, /) -> str:
        """
        The model that was tried.
        """
    @property
    def outcome(self, /) -> str:
        """
        What came of it, such as ``"ok"``, ``"overloaded"`` or ``"timeout"``.
        """
    @property
    def provider(self, /) -> str:
        """
        Who serves the model; may be empty.
        """
    @property
    def took_ms(self, /) -> int | None:
        """
        Milliseconds; none where nobody said.
        """

@final
class CallEntry:
    """
    A call of a model, as a turn made it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, turn: ObjectId, step: ObjectId, attempt: SupportsIndex, role: str, requested: str, why: str, complexity: str, purpose: str, context: ObjectId | None, end: str | None, served: str | None, attempts: Sequence[CallAttempt], took_ms: SupportsIndex | None, cost: SupportsIndex | None, usage: Usage, memory: SupportsIndex | None) -> CallEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def attempt(self, /) -> int:
        """
        Which attempt at the step, counted from 1.
        """
    @property
    def attempts(self, /) -> list[CallAttempt]:
        """
        What was tried, in order.
        """
    @property
    def complexity(self, /) -> str:
        """
        How hard the task was held to be: ``"low"``, ``"medium"`` or ``"high"``.
        """
    @property
    def context(self, /) -> ObjectId | None:
        """
        The id of the request's bytes, in the policy's dialect.
        """
    @property
    def cost(self, /) -> int | None:
        """
        What it cost, as the host said: millionths of its currency.
        """
    @property
    def end(self, /) -> str | None:
        """
        How it ended: ``"done"``, ``"failed"``, ``"refused"``, ``"unknown"`` or ``"cancelled"``; none
        as long as nobody has said.
        """
    @property
    def memory(self, /) -> int | None:
        """
        The number of the memory that it made; none where it made none.
        """
    @property
    def purpose(self, /) -> str:
        """
        What the answer was for: ``"stage"`` or ``"review"``.
        """
    @property
    def requested(self, /) -> str:
        """
        The model that was asked for.
        """
    @property
    def role(self, /) -> str:
        """
        The role that the model had.
        """
    @property
    def served(self, /) -> str | None:
        """
        The model that answered; none where nobody said.
        """
    @property
    def step(self, /) -> ObjectId:
        """
        The step.
        """
    @property
    def took_ms(self, /) -> int | None:
        """
        Milliseconds, as the host said.
        """
    @property
    def turn(self, /) -> ObjectId:
        """
        The turn.
        """
    @property
    def usage(self, /) -> Usage:
        """
        What the provider counted.
        """
    @property
    def why(self, /) -> str:
        """
        Why this one.
        """

@final
class CallTotals:
    """
    What calls of models add up to.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, calls: SupportsIndex, failed: SupportsIndex, prompt_tokens: SupportsIndex, output_tokens: SupportsIndex, took_ms: SupportsIndex, cost: SupportsIndex, unsaid: SupportsIndex) -> CallTotals: ...
    def __repr__(self, /) -> str: ...
    @property
    def calls(self, /) -> int:
        """
        How many calls there were.
        """
    @property
    def cost(self, /) -> int:
        """
        What they cost, as far as the host said: millionths of its currency.
        """
    @property
    def failed(self, /) -> int:
        """
        How many of them gave no answer.
        """
    @property
    def name(self, /) -> str:
        """
        The role, or the model.
        """
    @property
    def output_tokens(self, /) -> int:
        """
        Tokens of the answers, as far as providers said.
        """
    @property
    def prompt_tokens(self, /) -> int:
        """
        Tokens of the prompts, as far as providers said.
        """
    @property
    def took_ms(self, /) -> int:
        """
        Milliseconds, as far as the host said.
        """
    @property
    def unsaid(self, /) -> int:
        """
        How many calls said neither tokens nor costs: the sums lack them.
        """

@final
class Capacity:
    """
    How much of a limit is spent, on what, and how much is left.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, limit: SupportsIndex, reserve: SupportsIndex, total: Count, overhead: Count, headroom: SupportsIndex, sources: dict[str, Count], items: Sequence[Item], items_total: SupportsIndex, shape: dict[str, Any] | None = None) -> Capacity: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    @property
    def headroom(self, /) -> int:
        """
        The tokens that are surely left beside the reserve; negative by how much it is over.
        """
    @property
    def items(self, /) -> list[Item]:
        """
        The largest items, largest first.
        """
    @property
    def items_total(self, /) -> int:
        """
        How many items there are, also those that are not listed.
        """
    @property
    def limit(self, /) -> int:
        """
        The limit in tokens, of prompt and answer together.
        """
    @property
    def overhead(self, /) -> Count:
        """
        What a request costs beside its items; part of the total, of no source.
        """
    @property
    def reserve(self, /) -> int:
        """
        The tokens kept free for the answer.
        """
    @property
    def sources(self, /) -> dict[str, Count]:
        """
        The tokens by source.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def total(self, /) -> Count:
        """
        The tokens of everything.
        """

@final
class Capture:
    """
    What a capture took from a directory, or what ``status()`` says it would.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, directory: str | PathLike[str], checkpoint: ObjectId | None, new: bool, added: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], changed: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], removed: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], renamed: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], str | bytes | PathLike[str] | PathLike[bytes]]], parted: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], left_out: Sequence[LeftOut], partial: bool, whole: bool, shape: dict[str, Any] | None = None) -> Capture: ...
    def __repr__(self, /) -> str: ...
    @property
    def added(self, /) -> list[str]:
        """
        Files that are new.
        """
    @property
    def changed(self, /) -> list[str]:
        """
        Files with other bytes, another kind or another executable bit.
        """
    @property
    def checkpoint(self, /) -> ObjectId | None:
        """
        The session's checkpoint after it; none in a session that is still empty, and in a batch.
        """
    @property
    def directory(self, /) -> Path:
        """
        The directory: absolute, without symlinks.
        """
    @property
    def left_out(self, /) -> list[LeftOut]:
        """
        What was left out, and why.
        """
    @property
    def new(self, /) -> bool:
        """
        Whether the capture made that checkpoint. It makes none where nothing changed.
        """
    @property
    def parted(self, /) -> list[str]:
        """
        Paths that both the directory and the session changed.
        """
    @property
    def partial(self, /) -> bool:
        """
        Whether the time ran out; the next capture goes on.
        """
    @property
    def removed(self, /) -> list[str]:
        """
        Files that are gone.
        """
    @property
    def renamed(self, /) -> list[tuple[str, str]]:
        """
        Files that were moved: where from, and where to.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def whole(self, /) -> bool:
        """
        Whether all was taken that was meant to be.
        """

@final
class CaseClash:
    """
    Two paths that the sides of a merge added and that differ in the case of letters alone.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, ours: str | bytes | PathLike[str] | PathLike[bytes], theirs: str | bytes | PathLike[str] | PathLike[bytes], shape: dict[str, Any] | None = None) -> CaseClash: ...
    def __repr__(self, /) -> str: ...
    @property
    def ours(self, /) -> str:
        """
        The one that this session added.
        """
    @property
    def theirs(self, /) -> str:
        """
        The one that the other session added.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Change:
    """
    A piece of text and what happened to it: ``kind`` is ``"equal"``, ``"delete"`` or ``"insert"``.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: str, text: bytes, old_line: SupportsIndex | None, new_line: SupportsIndex | None) -> Change: ...
    def __repr__(self, /) -> str: ...
    @property
    def kind(self, /) -> str:
        """
        What happened.
        """
    @property
    def new_line(self, /) -> int | None:
        """
        The line in the new version, from 1; none for a deletion.
        """
    @property
    def old_line(self, /) -> int | None:
        """
        The line in the old version, from 1; none for an insertion.
        """
    @property
    def text(self, /) -> bytes:
        """
        The text, as it came: with its line feed, where it has one.
        """

@final
class CheckReport:
    """
    What a check found: nothing is wrong if ``faults`` is empty.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, faults: Sequence[Fault], newer: Sequence[Fault], frames: SupportsIndex, bytes: SupportsIndex, objects: SupportsIndex, unreachable: SupportsIndex, tombstones: SupportsIndex, unfinished: tuple[str, SupportsIndex] | None, strays: Sequence[str], shape: dict[str, Any] | None = None) -> CheckReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def bytes(self, /) -> int:
        """
        Bytes under those tags.
        """
    @property
    def faults(self, /) -> list[Fault]:
        """
        What is wrong.
        """
    @property
    def frames(self, /) -> int:
        """
        Frames whose tag was verified.
        """
    @property
    def newer(self, /) -> list[Fault]:
        """
        Nodes of known kinds in versions that a newer partita wrote, which alone can judge them.
        No fault.
        """
    @property
    def objects(self, /) -> int:
        """
        Distinct objects whose id was verified.
        """
    @property
    def strays(self, /) -> list[str]:
        """
        Files among the segments that the log does not name. No fault.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tombstones(self, /) -> int:
        """
        Objects whose bytes were purged or given up for lost. No fault.
        """
    @property
    def unfinished(self, /) -> tuple[str, int] | None:
        """
        Bytes behind the last commit that never were one: the segment's file name and the
        offset. No fault.
        """
    @property
    def unreachable(self, /) -> int:
        """
        Objects that no ref leads to; they wait for gc.
        """

@final
class CheckoutPlan:
    """
    What a checkout does, or has done, path by path.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, directory: str | PathLike[str], checkpoint: ObjectId | None, steps: Sequence[CheckoutStep], recorded: bool, shape: dict[str, Any] | None = None) -> CheckoutPlan: ...
    def __repr__(self, /) -> str: ...
    @property
    def checkpoint(self, /) -> ObjectId | None:
        """
        The checkpoint; none for a session that has none yet.
        """
    @property
    def directory(self, /) -> Path:
        """
        The directory: absolute, without symlinks.
        """
    @property
    def left_out(self, /) -> list[CheckoutStep]:
        """
        Those of the steps that the checkpoint has and that cannot be written. Where there is any,
        the checkout is not whole.
        """
    @property
    def recorded(self, /) -> bool:
        """
        Whether the store remembers what was written; it does not where it cannot be written.
        """
    @property
    def steps(self, /) -> list[CheckoutStep]:
        """
        All steps, in the order of their paths.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class CheckoutStep:
    """
    What happens to one path of a directory.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], action: str, reason: str, kept: ObjectId | None, why: str | None, shape: dict[str, Any] | None = None) -> CheckoutStep: ...
    def __repr__(self, /) -> str: ...
    @property
    def action(self, /) -> str:
        """
        What happens: ``"create"``, ``"overwrite"``, ``"delete"``, ``"leave"`` or
        ``"leave-out"``.
        """
    @property
    def kept(self, /) -> ObjectId | None:
        """
        The content that holds what was there and is replaced, although no checkout wrote it.
        """
    @property
    def path(self, /) -> str:
        """
        The path, relative to the directory.
        """
    @property
    def reason(self, /) -> str:
        """
        Why: ``"missing"``, ``"outdated"``, ``"foreign"``, ``"modified"``, ``"gone"`` or
        ``"unchanged"``; of what is left out ``"purged"``, ``"lost"``, ``"unreadable"``,
        ``"refused"``, ``"too-long"``, ``"blocked"`` or ``"not-kept"``.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def why(self, /) -> str | None:
        """
        Why it is left out, in words; none for all other paths.
        """

@final
class Checkpoint:
    """
    A checkpoint: the whole state of a session at a point.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: ObjectId, number: SupportsIndex, parents: Sequence[ObjectId], time: datetime | None, labels: dict[str, bytes], shape: dict[str, Any] | None = None) -> Checkpoint: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def labels(self, /) -> dict[str, bytes]:
        """
        What its source said of it.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1 along the session's line.
        """
    @property
    def parents(self, /) -> list[ObjectId]:
        """
        What it came from: first the checkpoint before.
        """
    @property
    def time(self, /) -> datetime | None:
        """
        The source's time, where the source has one.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Claim:
    """
    A claim, judged by the evidence and the files of one state.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, text: str, status: str, integrity: str, outcome: str | None, applicability: str | None, support: str, stale_since: tuple[str | bytes | PathLike[str] | PathLike[bytes], SupportsIndex | None] | None, evidence: bytes, decided_by: SupportsIndex | None, memory: SupportsIndex | None, shape: dict[str, Any] | None = None) -> Claim: ...
    def __repr__(self, /) -> str: ...
    @property
    def applicability(self, /) -> str | None:
        """
        Whether evidence is about the current files: ``"current"`` or ``"changed"``; none without any.
        """
    @property
    def decided_by(self, /) -> int | None:
        """
        The number of the evidence that decides; of a stale claim the one that supported it last.
        """
    @property
    def evidence(self, /) -> list[int]:
        """
        The numbers of the evidence that it cites.
        """
    @property
    def integrity(self, /) -> str:
        """
        Whether what the evidence kept is still there: ``"intact"`` or ``"lost"``.
        """
    @property
    def memory(self, /) -> int | None:
        """
        The number of the memory that says it to the model.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1; never given twice, so an undo leaves a gap.
        """
    @property
    def outcome(self, /) -> str | None:
        """
        How the evidence ended; none without any.
        """
    @property
    def stale_since(self, /) -> tuple[str, int | None] | None:
        """
        Since when it is stale: a path and its iteration, none if the session never had that file.
        """
    @property
    def status(self, /) -> str:
        """
        How it stands: ``"supported"``, ``"stale"``, ``"refuted"`` or ``"unsupported"``.
        """
    @property
    def support(self, /) -> str:
        """
        What the evidence says: ``"supports"``, ``"refutes"`` or ``"none"``.
        """
    @property
    def text(self, /) -> str:
        """
        What is claimed.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Comparison:
    """
    How a metric of one piece of evidence compares with that of another. Notebooks show the samples.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> def lines(ns): return "".join(f"BenchmarkFib-8 100 {ns + at} ns/op\\n" for at in range(6))
    >>> before = session.import_evidence("bench.txt", lines(200))
    >>> after = session.import_evidence("bench.txt", lines(100))
    >>> comparison = session.compare(before, after)
    >>> comparison.verdict, round(comparison.ratio, 1)
    ('faster', 0.5)
    """
    def __reduce__(self, /) -> Never: ...
    def __repr__(self, /) -> str: ...
    def _repr_svg_(self, /) -> str: ...
    @property
    def interval(self, /) -> tuple[float, float] | None:
        """
        The interval that holds the true ratio in 95 of 100 cases; none where it cannot be told.
        """
    @property
    def metric(self, /) -> str:
        """
        The metric.
        """
    @property
    def p(self, /) -> float:
        """
        How likely a difference as large is by chance alone.
        """
    @property
    def ratio(self, /) -> float:
        """
        What the metric is multiplied by: 0.9 is 10 % less.
        """
    @property
    def reason(self, /) -> str | None:
        """
        Why it is undecided; none where it is not.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what ``partita bench --json`` prints.
        """
    @property
    def verdict(self, /) -> str:
        """
        ``"faster"``, ``"slower"``, ``"equivalent"`` or ``"undecided"``.
        """

@final
class ConflictEntry:
    """
    A merge conflict that nobody has resolved.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], marked: bool, entry: Entry | None, sides: Sequence[ConflictTerm], bases: Sequence[ConflictTerm], shape: dict[str, Any] | None = None) -> ConflictEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def bases(self, /) -> list[ConflictTerm]:
        """
        What the sides come from: one less than there are sides.
        """
    @property
    def entry(self, /) -> Entry | None:
        """
        What stands there meanwhile; none where nothing does.
        """
    @property
    def marked(self, /) -> bool:
        """
        Whether the text that stands there has the conflict in lines of markers.
        """
    @property
    def path(self, /) -> str:
        """
        Where it is.
        """
    @property
    def sides(self, /) -> list[ConflictTerm]:
        """
        What the sides have, in their order.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class ConflictTerm:
    """
    What one side of a merge conflict, or a base, has at a path.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, label: str, entry: Entry | None, shape: dict[str, Any] | None = None) -> ConflictTerm: ...
    def __repr__(self, /) -> str: ...
    @property
    def entry(self, /) -> Entry | None:
        """
        What is there; none where nothing is.
        """
    @property
    def label(self, /) -> str:
        """
        Whose it is, such as a session's name and its checkpoint's number.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class ContextDiff:
    """
    What a model sees otherwise from one state to another.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, added: Sequence[ContextItem], removed: Sequence[ContextItem], changed: Sequence[tuple[ContextItem, ContextItem]], first_changed: SupportsIndex | None, shape: dict[str, Any] | None = None) -> ContextDiff: ...
    def __repr__(self, /) -> str: ...
    @property
    def added(self, /) -> list[ContextItem]:
        """
        Items that came, in the order of the request.
        """
    @property
    def changed(self, /) -> list[tuple[ContextItem, ContextItem]]:
        """
        Items that changed, old and new.
        """
    @property
    def first_changed(self, /) -> int | None:
        """
        How many items stand unchanged at the beginning; none if nothing differs. From there on a
        prompt cache has nothing to offer.
        """
    @property
    def removed(self, /) -> list[ContextItem]:
        """
        Items that went.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class ContextItem:
    """
    One thing in a prompt that tokens are spent on, and its texts.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, source: str, key: str, texts: Sequence[str], shape: dict[str, Any] | None = None) -> ContextItem: ...
    def __repr__(self, /) -> str: ...
    @property
    def key(self, /) -> str:
        """
        Which one: ``instructions``, ``sandbox``, a tool's name, a memory's number,
        ``PATH@ITERATION`` of a file.
        """
    @property
    def source(self, /) -> str:
        """
        ``"instructions"``, ``"tools"``, ``"memories"``, ``"files"`` or ``"sandbox"``.
        """
    @property
    def texts(self, /) -> list[str]:
        """
        The texts that are sent of it, in their order; of a tool its name, description and schema.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Count:
    """
    A number of tokens: exact, or an estimate with bounds. ``int(count)`` is the number, and counts
    add up, also by ``sum()``.

    Counts sort by the number, equal ones the known before the estimated and then by their bounds.
    No int stands beside them there, for it would be a limit: what fits one is decided by ``high``,
    as in ``count.high <= 8_000``.

    >>> import partita
    >>> count = partita.count("hello world")
    >>> count.tokens, count.exact, int(count), str(sum([count, count]))
    (2, True, 2, '4')
    >>> max(partita.count(text) for text in ["one", "one two", ""]).tokens
    2
    """
    def __add__(self, other: object, /) -> Count: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ge__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __gt__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __int__(self, /) -> int: ...
    def __le__(self, value: object, /) -> bool: ...
    def __lt__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, tokens: SupportsIndex, low: SupportsIndex, high: SupportsIndex, exact: bool) -> Count: ...
    def __radd__(self, other: object, /) -> Count: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @property
    def exact(self, /) -> bool:
        """
        Whether the number is known.
        """
    @property
    def high(self, /) -> int:
        """
        The upper bound, by which is decided what fits; the number itself where it is exact.
        """
    @property
    def low(self, /) -> int:
        """
        The lower bound; the number itself where it is exact.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """
    @property
    def tokens(self, /) -> int:
        """
        The number: the known one, or the median of the estimate.
        """

@final
class Counter:
    """
    A counter of the core's own, by the name of an encoding or of an OpenAI model; or of a model
    without a public tokenizer, by ``Calibration.counter()``.

    A counter may know for which ``model`` and in which ``dialect`` requests are: the model decides
    what images and documents cost, the dialect what is sent at all. Without them a count holds for
    all, in bounds where they differ.

    >>> import partita
    >>> counter = partita.Counter("gpt-4o")
    >>> counter.id, counter("hello world").tokens
    ('o200k_base', 2)
    >>> partita.Counter("o200k", model="claude-opus-4-5", dialect="anthropic").id
    'o200k_base'
    """
    def __call__(self, /, text: str) -> Count:
        """
        Counts the tokens of a text, all of it as ordinary text.
        """
    def __new__(cls, /, name: str, *, model: str | None = None, dialect: Dialect | None = None) -> Counter:
        """
        Raises ``NotFound``, listing the known names, for a model without a public tokenizer.
        """
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> str:
        """
        What its counts are kept under; another id wherever a count may be another one.
        """

@final
class Decision:
    """
    What somebody decided, and about which very bytes.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, about: str, id: ObjectId | None, tool: str | None, choice: str, by: str, actor: str, reason: str) -> Decision: ...
    def __repr__(self, /) -> str: ...
    @property
    def about(self, /) -> str:
        """
        What it is about: ``"step"``, ``"tool"``, ``"revision"`` or ``"finding"``.
        """
    @property
    def actor(self, /) -> str:
        """
        Their name; may be empty.
        """
    @property
    def by(self, /) -> str:
        """
        Who decided: ``"person"``, ``"model"``, ``"tests"`` or ``"policy"``.
        """
    @property
    def choice(self, /) -> str:
        """
        What was decided.
        """
    @property
    def id(self, /) -> ObjectId | None:
        """
        The step, the revision or the finding; of a tool its declaration, if it has one.
        """
    @property
    def reason(self, /) -> str:
        """
        Why; may be empty.
        """
    @property
    def tool(self, /) -> str | None:
        """
        The tool that it is about.
        """

@final
class DeletedSession:
    """
    A deleted session that gc has not taken yet.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: ObjectId, name: str | None, checkpoint: SupportsIndex | None, deleted: datetime, goes: datetime | None, shape: dict[str, Any] | None = None) -> DeletedSession: ...
    def __repr__(self, /) -> str: ...
    @property
    def checkpoint(self, /) -> int | None:
        """
        The number of its newest checkpoint; none for an empty session.
        """
    @property
    def deleted(self, /) -> datetime:
        """
        When it was deleted.
        """
    @property
    def goes(self, /) -> datetime | None:
        """
        From when on a gc takes it; none while one of its checkpoints is pinned.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        The id of its first operation, which is what it is called now.
        """
    @property
    def name(self, /) -> str | None:
        """
        The name that it had; none where it was deleted by a version that did not record it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Diff:
    """
    How one version of a file differs from another, line by line.

    >>> import partita
    >>> diff = partita.diff("one\\ntwo\\n", "one\\nthree\\n")
    >>> diff.added, diff.removed
    (1, 1)
    >>> print(diff.unified(old_name="a/count", new_name="b/count"), end="")
    --- a/count
    +++ b/count
    @@ -1,2 +1,2 @@
     one
    -two
    +three
    """
    def __bool__(self, /) -> bool: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs__(self, /) -> tuple[bytes, bytes]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, old: str | bytes | bytearray | memoryview, new: str | bytes | bytearray | memoryview, /) -> Diff: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    @property
    def added(self, /) -> int:
        """
        Lines that only the new version has.
        """
    def html(self, /, *, old_name: str = "a", new_name: str = "b") -> str:
        """
        Returns both versions side by side as HTML, under names.
        """
    @property
    def is_binary(self, /) -> bool:
        """
        Whether either version is binary: a NUL among its first 8,000 bytes, or above the limit.
        Binary files have no lines and no words.
        """
    def lines(self, /) -> list[Change]:
        """
        Returns the lines of both versions in order: equal, deleted, inserted.
        """
    @property
    def new(self, /) -> bytes:
        """
        The new version.
        """
    @property
    def old(self, /) -> bytes:
        """
        The old version.
        """
    @property
    def removed(self, /) -> int:
        """
        Lines that only the old version has.
        """
    def unified(self, /, *, old_name: str = "a", new_name: str = "b", context: SupportsIndex = 3) -> str:
        """
        Returns the unified patch as text, with U+FFFD for what is not UTF-8; ``/dev/null`` is the
        name of a version that does not exist.
        """
    def unified_bytes(self, /, *, old_name: str = "a", new_name: str = "b", context: SupportsIndex = 3) -> bytes:
        """
        Returns the unified patch as bytes, which ``git apply`` takes.
        """
    def words(self, /) -> list[Change]:
        """
        Returns the words of both versions: as the lines, but where lines replace lines only what
        differs is deleted and inserted.
        """

@final
class Entry:
    """
    What is at a path: ``kind`` is ``"file"``, ``"symlink"`` or ``"submodule"``.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: str, content: ObjectId | None, executable: bool, commit: bytes | None) -> Entry: ...
    def __repr__(self, /) -> str: ...
    @property
    def commit(self, /) -> bytes | None:
        """
        The commit of a submodule, as raw bytes.
        """
    @property
    def content(self, /) -> ObjectId | None:
        """
        The content that holds its bytes or its target; none for a submodule.
        """
    @property
    def executable(self, /) -> bool:
        """
        Whether it may be executed.
        """
    @property
    def kind(self, /) -> str:
        """
        What it is.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.

        Raises ``Invalid`` for a value that was made by hand and is no entry.
        """

@final
class Evidence:
    """
    What a run or a report showed, and on which files.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, command: str | None, observer: str, outcome: str, reports: Sequence[str], unread: Sequence[tuple[str, str]], globs: Sequence[str] | None, machine: str, shape: dict[str, Any] | None = None) -> Evidence: ...
    def __repr__(self, /) -> str: ...
    @property
    def command(self, /) -> str | None:
        """
        What ran, in one line; none of an imported report.
        """
    @property
    def globs(self, /) -> list[str] | None:
        """
        The globs that name its inputs; none for all files.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def machine(self, /) -> str:
        """
        The machine that it was observed on; may be empty.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1.
        """
    @property
    def observer(self, /) -> str:
        """
        Which lane wrote it: ``"run"``, ``"bench"`` or ``"import"``.
        """
    @property
    def outcome(self, /) -> str:
        """
        How it ended: ``"passed"``, ``"failed"``, ``"killed"``, ``"timed-out"``, ``"unknown"``,
        ``"not-run"`` or ``"unread"``.
        """
    @property
    def reports(self, /) -> list[str]:
        """
        The reports that were read, by name.
        """
    @property
    def samples(self, /) -> list[dict[str, Any]]:
        """
        The samples, a row each: ``name``, ``unit``, ``direction``, ``index``, ``value``.
        ``pandas.DataFrame(evidence.samples)`` takes them.
        """
    @property
    def tests(self, /) -> list[dict[str, Any]]:
        """
        The tests, a row each: ``name``, ``outcome``, ``took_ms``. ``pandas.DataFrame(evidence.tests)``
        takes them.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def unread(self, /) -> list[tuple[str, str]]:
        """
        Reports that were asked for and could not be read, with the reasons.
        """

@final
class Fault:
    """
    Something that is not as it was written.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, segment: str | None, offset: SupportsIndex | None, object: ObjectId | None, what: str, shape: dict[str, Any] | None = None) -> Fault: ...
    def __repr__(self, /) -> str: ...
    @property
    def object(self, /) -> ObjectId | None:
        """
        The object that cannot be read, where the fault concerns one.
        """
    @property
    def offset(self, /) -> int | None:
        """
        The offset in that file, in bytes.
        """
    @property
    def segment(self, /) -> str | None:
        """
        The segment's file name, where the fault has a place.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def what(self, /) -> str:
        """
        What is wrong, in a line.
        """

@final
class FileChange:
    """
    How a path differs between two states.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], before: Entry | None, after: Entry | None, shape: dict[str, Any] | None = None) -> FileChange: ...
    def __repr__(self, /) -> str: ...
    @property
    def after(self, /) -> Entry | None:
        """
        What is there, if anything.
        """
    @property
    def before(self, /) -> Entry | None:
        """
        What was there, if anything.
        """
    @property
    def path(self, /) -> str:
        """
        Which path.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Files(Mapping[str, bytes]):
    """
    The files of a session or of a snapshot: a mapping from path to bytes, in the order of the
    paths' bytes. Those of a session are the latest, and can be set and deleted, each time as one
    durable commit; those of a snapshot stay as they are.

    >>> import partita
    >>> session = partita.Store.in_memory().session("fix-parser")
    >>> session.files["src/lib.rs"] = "fn parse() {}"
    >>> session.files["src/lib.rs"], "src/main.rs" in session.files, len(session.files)
    (b'fn parse() {}', False, 1)
    >>> list(session.files)
    ['src/lib.rs']
    """
    def __contains__(self, path: str | bytes | PathLike[str] | PathLike[bytes], /) -> bool: ...  # type: ignore[override]
    def __delitem__(self, path: str | bytes | PathLike[str] | PathLike[bytes], /) -> None: ...
    def __getitem__(self, path: str | bytes | PathLike[str] | PathLike[bytes], /) -> bytes: ...
    def __iter__(self, /) -> Paths: ...
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    def __setitem__(self, path: str | bytes | PathLike[str] | PathLike[bytes], data: str | bytes | bytearray | memoryview, /) -> None: ...
    def entry(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> Entry | None:
        """
        Returns what is at a path, without reading its bytes; none where nothing is.
        """
    @overload
    def get(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], default: None = None) -> bytes | None: ...
    @overload
    def get(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], default: bytes | _T) -> bytes | _T:
        """
        Returns the bytes of a file, or ``default`` where there is none.
        """
    def items(self, /) -> ItemsView[str, bytes]:
        """
        Returns each path with the bytes of its file, as they are now; each is read when one comes
        to it.
        """
    def keys(self, /) -> KeysView[str]:
        """
        Returns the paths, as they are now.
        """
    def size(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> int | None:
        """
        Returns the size of a file in bytes, without reading it; none for a submodule.

        Raises ``NotFound`` if there is none.
        """
    def under(self, /, prefix: str | bytes | PathLike[str] | PathLike[bytes]) -> Paths:
        """
        Iterates over the paths that begin with these bytes, such as ``src/``. What is changed
        meanwhile is not seen.
        """
    def values(self, /) -> ValuesView[bytes]:
        """
        Returns the bytes of the files, as they are now; each is read when one comes to it.
        """

@final
class Finding:
    """
    Something that oversight reported as wrong.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, rule: str, severity: str, text: str, path: str | bytes | PathLike[str] | PathLike[bytes] | None, turn: ObjectId | None, revision: ObjectId | None, step: ObjectId | None, memory: SupportsIndex | None, resolved: Decision | None) -> Finding: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def memory(self, /) -> int | None:
        """
        The number of the memory that says it to the model.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1; never given twice, so an undo leaves a gap.
        """
    @property
    def path(self, /) -> str | None:
        """
        The path that it is about; none where it is about none.
        """
    @property
    def resolved(self, /) -> Decision | None:
        """
        What somebody decided about it; none as long as it stands.
        """
    @property
    def revision(self, /) -> ObjectId | None:
        """
        The revision that it is about.
        """
    @property
    def rule(self, /) -> str:
        """
        The rule that found it.
        """
    @property
    def severity(self, /) -> str:
        """
        How much it matters: ``"info"``, ``"warning"`` or ``"error"``.
        """
    @property
    def step(self, /) -> ObjectId | None:
        """
        The step that it is about.
        """
    @property
    def text(self, /) -> str:
        """
        What is wrong, in a line.
        """
    @property
    def turn(self, /) -> ObjectId | None:
        """
        The turn that it came of.
        """

@final
class Gate:
    """
    A command that checks the session's files whenever a change was applied.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, id: ObjectId, command: str, directory: str, timeout_ms: SupportsIndex | None, inputs: Sequence[str], reports: Sequence[str], claims: Sequence[str]) -> Gate: ...
    def __repr__(self, /) -> str: ...
    @property
    def claims(self, /) -> list[str]:
        """
        What is claimed by it.
        """
    @property
    def command(self, /) -> str:
        """
        What it runs, in one line.
        """
    @property
    def directory(self, /) -> str:
        """
        Where, relative to the root of the sandbox; empty for the root.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        The id of its very bytes.
        """
    @property
    def inputs(self, /) -> list[str]:
        """
        Globs of the files that it depends on; all files where there are none.
        """
    @property
    def name(self, /) -> str:
        """
        What it is called.
        """
    @property
    def reports(self, /) -> list[str]:
        """
        Reports that it writes.
        """
    @property
    def timeout_ms(self, /) -> int | None:
        """
        Milliseconds after which it is ended.
        """

@final
class GcReport:
    """
    What a collection did, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, sessions: SupportsIndex, put_aside: SupportsIndex, objects: SupportsIndex, object_bytes: SupportsIndex, kept: SupportsIndex, bytes_before: SupportsIndex, bytes_after: SupportsIndex, segments: SupportsIndex, shape: dict[str, Any] | None = None) -> GcReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def bytes_after(self, /) -> int:
        """
        Bytes of all segments after; in a dry run as before.
        """
    @property
    def bytes_before(self, /) -> int:
        """
        Bytes of all segments before.
        """
    @property
    def kept(self, /) -> int:
        """
        Objects that stay.
        """
    @property
    def object_bytes(self, /) -> int:
        """
        Their bytes as stored; in a dry run what can be said to be freed at the least.
        """
    @property
    def objects(self, /) -> int:
        """
        Objects that went.
        """
    @property
    def put_aside(self, /) -> int:
        """
        Paths of what checkouts had put aside that went for good.
        """
    @property
    def segments(self, /) -> int:
        """
        Segments that gave way.
        """
    @property
    def sessions(self, /) -> int:
        """
        Deleted sessions that went for good.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Graph:
    """
    The newest checkpoints of a session, and the forks that began from them, drawn: notebooks show
    it as SVG, ``print`` as text.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, svg: str, text: str) -> Graph: ...
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    def _repr_svg_(self, /) -> str: ...
    @property
    def svg(self, /) -> str:
        """
        The graph as SVG.
        """
    @property
    def text(self, /) -> str:
        """
        The graph as text, one checkpoint a line.
        """

@final
class History:
    """
    The iterations of a file, newest first.
    """
    def __iter__(self, /) -> History: ...
    def __next__(self, /) -> Iteration: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...

@final
class Horizon:
    """
    Where the history of a trimmed session ends.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, checkpoint: SupportsIndex, operation: SupportsIndex, actor: str, time: datetime) -> Horizon: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor(self, /) -> str:
        """
        Who trimmed; may be empty.
        """
    @property
    def checkpoint(self, /) -> int:
        """
        The number of the oldest checkpoint that is kept.
        """
    @property
    def operation(self, /) -> int:
        """
        The number of the oldest operation that is kept, the session's first one apart.
        """
    @property
    def time(self, /) -> datetime:
        """
        When, by the clock of whoever did it.
        """

@final
class Import:
    """
    Records another history: one ``checkpoint()`` a step of it, one durable commit a ``flush()``. As a
    context manager it flushes when the block ends; when the block raises, what was not flushed is
    dropped. The same steps make the same ids, wherever the flushes fall.

    >>> import partita
    >>> session = partita.Store.in_memory().session("recorded")
    >>> with session.import_checkpoints() as history:
    ...     for text in ["one", "two"]:
    ...         _ = history.checkpoint(write={"a": text}, labels={"source": text})
    >>> [entry.number for entry in session.log()], session.read_at("a", 1)
    ([2, 1], b'one')
    """
    def __enter__(self, /) -> Import: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None: ...
    def __reduce__(self, /) -> Never: ...
    def checkpoint(self, /, *, rename: dict[str | bytes, str | bytes] = ..., remove: Iterable[str | bytes] = ..., write: dict[str | bytes, str | bytes] = ..., executable: Container[str | bytes] = ..., remember: Iterable[Memory | str] = ..., labels: dict[str, str | bytes] | None = None, time: datetime | None = None) -> ObjectId:
        """
        Adds a checkpoint: moves, removes and writes files and appends memories, in this order, and
        returns its id. ``time`` is the source's, ``labels`` are kept with the checkpoint. Nothing is
        durable before ``flush()``.
        """
    def flush(self, /) -> None:
        """
        Commits what was added as one durable step.

        Raises ``Conflict`` if others changed a path that a step edits: begin a new import.
        """
    @property
    def latest(self, /) -> Checkpoint | None:
        """
        The newest checkpoint that was added, flushed or not.
        """
    @property
    def raw_bytes(self, /) -> int:
        """
        The bytes that wait for a flush, before compression: they are in memory until then.
        """
    def rest_on(self, /, checkpoint: Checkpoint) -> None:
        """
        Makes every path that a step edits have to be as it was in this checkpoint, so that nobody's
        own edits since are written over.
        """

@final
class Item:
    """
    One thing that tokens are spent on.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, source: str, label: str, count: Count, memory: SupportsIndex | None, tool: str | None, path: str | None, iteration: SupportsIndex | None, shape: dict[str, Any] | None = None) -> Item: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> Count:
        """
        Its tokens.
        """
    @property
    def iteration(self, /) -> int | None:
        """
        Of a file, the number of the iteration.
        """
    @property
    def label(self, /) -> str:
        """
        What people are shown.
        """
    @property
    def memory(self, /) -> int | None:
        """
        Of a memory, its number; 0 for the placeholder of a beginning that is not in view.
        """
    @property
    def path(self, /) -> str | None:
        """
        Of a file, where it is.
        """
    @property
    def source(self, /) -> str:
        """
        ``"instructions"``, ``"tools"``, ``"memories"``, ``"files"`` or ``"sandbox"``.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tool(self, /) -> str | None:
        """
        Of a tool, its name.
        """

@final
class Iteration:
    """
    An iteration: one version of the file at a path.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex, id: ObjectId, entry: Entry | None, renamed_from: str | bytes | PathLike[str] | PathLike[bytes] | None, checkpoint: ObjectId, checkpoint_number: SupportsIndex, size: SupportsIndex | None, time: datetime, cause: ObjectId | None, shape: dict[str, Any] | None = None) -> Iteration: ...
    def __repr__(self, /) -> str: ...
    @property
    def cause(self, /) -> ObjectId | None:
        """
        The memory that holds the call which made it, where that was said.
        """
    @property
    def checkpoint(self, /) -> ObjectId:
        """
        The checkpoint that brought it.
        """
    @property
    def checkpoint_number(self, /) -> int:
        """
        That checkpoint's number.
        """
    @property
    def entry(self, /) -> Entry | None:
        """
        What was there; none after a removal.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What the iteration is called.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1 along the file's line; a rename may leave a gap.
        """
    @property
    def path(self, /) -> str:
        """
        Where the file was.
        """
    @property
    def renamed_from(self, /) -> str | None:
        """
        Where the file was before, if this iteration moved it.
        """
    @property
    def size(self, /) -> int | None:
        """
        Bytes of the content; none for a removal and a submodule.
        """
    @property
    def time(self, /) -> datetime:
        """
        The source's time, else that of the operation which made the checkpoint.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Kept:
    """
    What a checkout found, replaced and keeps in the store.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, directory: str | PathLike[str], path: str | bytes | PathLike[str] | PathLike[bytes], content: ObjectId | None, symlink: bool, size: SupportsIndex | None, time: datetime | None, shape: dict[str, Any] | None = None) -> Kept: ...
    def __repr__(self, /) -> str: ...
    @property
    def content(self, /) -> ObjectId | None:
        """
        The content that holds its bytes, or the target of the symlink that it was.
        """
    @property
    def directory(self, /) -> Path:
        """
        The directory of the checkout: absolute, without symlinks.
        """
    @property
    def path(self, /) -> str:
        """
        Where it was, relative to the directory.
        """
    @property
    def size(self, /) -> int | None:
        """
        Bytes of it; none where they were purged or lost.
        """
    @property
    def symlink(self, /) -> bool:
        """
        Whether it was a symlink.
        """
    @property
    def time(self, /) -> datetime | None:
        """
        When it was replaced; none where an earlier version did it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class KeptOurs:
    """
    Something beside files that two sessions changed differently. What the session had was kept.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, what: str, theirs: str, shape: dict[str, Any] | None = None) -> KeptOurs: ...
    def __repr__(self, /) -> str: ...
    @property
    def theirs(self, /) -> str:
        """
        The session whose change was not taken.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def what(self, /) -> str:
        """
        What it is: ``"instructions"``, ``"tools"``, ``"state KEY"``, ``"pin of memory NUMBER"``.
        """

@final
class Learned:
    """
    What a session has that another one has not: everything since the newest state that both contain.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, session: str, checkpoint: Checkpoint | None, base: MergeBase, files: Sequence[FileChange], iterations: SupportsIndex, memories: SupportsIndex, tokens: Count, decisions: Sequence[Memory], claims: Sequence[Claim], shape: dict[str, Any] | None = None) -> Learned: ...
    def __repr__(self, /) -> str: ...
    @property
    def base(self, /) -> MergeBase:
        """
        What both come from.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        Its newest checkpoint; none where it has none.
        """
    @property
    def claims(self, /) -> list[Claim]:
        """
        What it claims, and how that stands there.
        """
    @property
    def decisions(self, /) -> list[Memory]:
        """
        The decisions among them: those that are pinned, and summaries. Purged ones are left out.
        """
    @property
    def files(self, /) -> list[FileChange]:
        """
        The files that it changed.
        """
    @property
    def iterations(self, /) -> int:
        """
        How many iterations these files got.
        """
    @property
    def memories(self, /) -> int:
        """
        How many memories it has that the other has not.
        """
    @property
    def session(self, /) -> str:
        """
        What the session is called.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tokens(self, /) -> Count:
        """
        What these memories would cost in view, whole.
        """

@final
class LeftOut:
    """
    A path that a capture did not take. It is never taken for deleted.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], reason: str, why: str | None, shape: dict[str, Any] | None = None) -> LeftOut: ...
    def __repr__(self, /) -> str: ...
    @property
    def path(self, /) -> str:
        """
        The path, relative to the directory; of a directory that was not entered it stands for all
        that is below.
        """
    @property
    def reason(self, /) -> str:
        """
        Why: ``"ignored"``, ``"excluded"``, ``"too-large"``, ``"too-many"``, ``"special"``,
        ``"unreadable"``, ``"unstable"``, ``"refused"``, ``"mount-point"``, ``"repository"``,
        ``"store"`` or ``"late"``.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def why(self, /) -> str | None:
        """
        Why, in more words, where there are any.
        """

@final
class Log:
    """
    The checkpoints of a session, newest first. In a fork they go on into the line that it came
    from.
    """
    def __iter__(self, /) -> Log: ...
    def __next__(self, /) -> LogEntry: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...

@final
class LogEntry:
    """
    A row of the log: a checkpoint, and the operation that made it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, time: datetime, kind: str, message: str, actor: str, operation: ObjectId, labels: dict[str, bytes], shape: dict[str, Any] | None = None) -> LogEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor(self, /) -> str:
        """
        Who did it; may be empty.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        The checkpoint.
        """
    @property
    def kind(self, /) -> str:
        """
        What the operation did, such as ``"write"``; an import makes many checkpoints.
        """
    @property
    def labels(self, /) -> dict[str, bytes]:
        """
        What the checkpoint's source said of it.
        """
    @property
    def message(self, /) -> str:
        """
        The operation's message, else the first line of the source's; may be empty.
        """
    @property
    def number(self, /) -> int:
        """
        The checkpoint's number, from 1 along the session's line.
        """
    @property
    def operation(self, /) -> ObjectId:
        """
        The operation.
        """
    @property
    def time(self, /) -> datetime:
        """
        The source's time, else that of the operation.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Loss:
    """
    What became of a session's surroundings in another directory or sandbox.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, instance: str, before: str | None, restored: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], missing: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], str]], setup: bytes, unknown_runs: bytes, text: str, shape: dict[str, Any] | None = None) -> Loss: ...
    def __repr__(self, /) -> str: ...
    @property
    def before(self, /) -> str | None:
        """
        Where it was last, if that is known.
        """
    @property
    def instance(self, /) -> str:
        """
        Where it is now.
        """
    @property
    def missing(self, /) -> list[tuple[str, str]]:
        """
        Files of the session that are not there, and why.
        """
    @property
    def restored(self, /) -> list[str]:
        """
        Files that were written.
        """
    @property
    def setup(self, /) -> list[int]:
        """
        The numbers of the runs that set the one before up, and were not run here.
        """
    @property
    def text(self, /) -> str:
        """
        All of it in a few lines, as the model is told.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def unknown_runs(self, /) -> list[int]:
        """
        The numbers of runs whose outcome nobody knows.
        """

@final
class LostVersion:
    """
    A version of a file, or a memory, that no session has any more.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, object: ObjectId, path: str | bytes | PathLike[str] | PathLike[bytes] | None, number: SupportsIndex | None, sessions: Sequence[str], is_whole: bool, shape: dict[str, Any] | None = None) -> LostVersion: ...
    def __repr__(self, /) -> str: ...
    @property
    def is_whole(self, /) -> bool:
        """
        Whether the object is whole: then it can be read by its id until the next collection.
        """
    @property
    def number(self, /) -> int | None:
        """
        The number of the iteration or of the memory, where it is known.
        """
    @property
    def object(self, /) -> ObjectId:
        """
        The object: a content, an iteration or a memory.
        """
    @property
    def path(self, /) -> str | None:
        """
        The path, where it is a version of a file and the path is known.
        """
    @property
    def sessions(self, /) -> list[str]:
        """
        The refs of the sessions that had it, as far as that is known.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Memories:
    """
    The memories of a snapshot in their order, read page by page. Purged ones are left out.
    """
    def __iter__(self, /) -> Memories: ...
    def __next__(self, /) -> Memory: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...

@final
class Memory:
    """
    One piece of the dialog: what was asked, done, returned, found.

    ``role`` is ``"system"``, ``"user"``, ``"assistant"`` or ``"tool"``; ``kind`` is ``"message"``,
    ``"note"``, ``"validation"`` or ``"summary"``.

    >>> from partita import Memory, Part
    >>> memory = Memory.assistant("I look.", Part.call("c1", "ls", "{}"))
    >>> memory.role, memory.text, len(memory.parts)
    ('assistant', 'I look.', 2)
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, role: Role, *parts: Part | str | bytes, kind: MemoryKind = "message", origin: str = "", actor: str = "", time: datetime | None = None, links: Sequence[ObjectId] = ...) -> Memory:
        """
        Makes a memory; a part may be given as text. Raises ``Invalid``, naming the limit, for one
        that no session takes.
        """
    def __reduce__(self, /) -> tuple[object, tuple[object, ...]]: ...
    def __repr__(self, /) -> str: ...
    def _at(self, number: SupportsIndex, id: ObjectId, /) -> Memory:
        """
        Gives a memory its place again, which unpickling needs.
        """
    @property
    def actor(self, /) -> str:
        """
        Who spoke, as the host names its agents; may be empty.
        """
    @staticmethod
    def assistant(*parts: Part | str | bytes) -> Memory:
        """
        Makes a message of the model.
        """
    @property
    def id(self, /) -> ObjectId | None:
        """
        What it is called; none for one made here.
        """
    @property
    def kind(self, /) -> MemoryKind:
        """
        What it is for.
        """
    @property
    def links(self, /) -> list[ObjectId]:
        """
        What it refers to, such as the memories that a summary covers.
        """
    @staticmethod
    def note(*parts: Part | str | bytes) -> Memory:
        """
        Makes a note beside the dialog.
        """
    @property
    def number(self, /) -> int | None:
        """
        Its number in the session that it was read from, from 1; none for one made here.
        """
    @property
    def origin(self, /) -> str:
        """
        Where it came from; may be empty.
        """
    @property
    def parts(self, /) -> list[Part]:
        """
        What it says.
        """
    @property
    def role(self, /) -> Role:
        """
        Whose words it holds.
        """
    @staticmethod
    def system(*parts: Part | str | bytes) -> Memory:
        """
        Makes an instruction of the host.
        """
    @property
    def text(self, /) -> str:
        """
        Its texts, a line break between them, with U+FFFD for what is not UTF-8.
        """
    @property
    def time(self, /) -> datetime | None:
        """
        The source's time, where the source has one.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it, with all its parts.
        """
    @staticmethod
    def tool(call: str, *parts: Part | str | bytes, error: bool = False) -> Memory:
        """
        Makes a tool's answer to a call.
        """
    @staticmethod
    def tool_error(call: str, *parts: Part | str | bytes) -> Memory:
        """
        Makes what stands for a tool's answer to a call where the tool failed.

        >>> from partita import Memory
        >>> Memory.tool_error("c1", "no such file").parts[0].error
        True
        """
    @staticmethod
    def user(*parts: Part | str | bytes) -> Memory:
        """
        Makes a message of whoever asks.
        """

@final
class MemoryBranch:
    """
    Where a memory was said that a merge brought.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, session: str, number: SupportsIndex, shape: dict[str, Any] | None = None) -> MemoryBranch: ...
    def __repr__(self, /) -> str: ...
    @property
    def number(self, /) -> int:
        """
        The memory's number there.
        """
    @property
    def session(self, /) -> str:
        """
        What the session was called when its memories came.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Mend:
    """
    What was done to a prompt so that an API takes it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, memory: SupportsIndex, what: str, shape: dict[str, Any] | None = None) -> Mend: ...
    def __repr__(self, /) -> str: ...
    @property
    def memory(self, /) -> int:
        """
        The number of the memory that it was done to; 0 for what is no memory's.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def what(self, /) -> str:
        """
        What was done, and why.
        """

@final
class MergeBase:
    """
    What the states of two sessions both come from.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: str, checkpoint: Checkpoint | None, shape: dict[str, Any] | None = None) -> MergeBase: ...
    def __repr__(self, /) -> str: ...
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The newest checkpoint that both contain; none of the other kinds.
        """
    @property
    def kind(self, /) -> str:
        """
        ``"checkpoint"``; ``"nothing"`` where they have nothing in common, so that the base of their
        merge is empty; ``"hidden"`` where it was trimmed, or is lost.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class MergeReport:
    """
    What a merge did, or would do.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, checkpoint: Checkpoint | None, changed: bool, sessions: Sequence[MergedSession], files: SupportsIndex, conflicts: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], case_clashes: Sequence[CaseClash], kept: Sequence[KeptOurs], shape: dict[str, Any] | None = None) -> MergeReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def case_clashes(self, /) -> list[CaseClash]:
        """
        Paths that the sides added and that differ in case alone. Both are there; a file system that
        takes them for one name holds one of them.
        """
    @property
    def changed(self, /) -> bool:
        """
        Whether the session has something that it had not.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The checkpoint with all of it; of a plan, and where nothing was new, the newest that there is.
        """
    @property
    def clean(self, /) -> bool:
        """
        Whether nothing is in conflict that was not before, and nothing was kept.
        """
    @property
    def conflicts(self, /) -> list[str]:
        """
        Paths that are in conflict since this merge, in their order.
        """
    @property
    def files(self, /) -> int:
        """
        How many paths hold something else than before.
        """
    @property
    def kept(self, /) -> list[KeptOurs]:
        """
        What beside files both sides changed, and whose was kept.
        """
    @property
    def sessions(self, /) -> list[MergedSession]:
        """
        The sessions that were merged, in their order.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class MergedSession:
    """
    A session that was merged into another.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, checkpoint: Checkpoint | None, base: MergeBase, way: str, memories: SupportsIndex, evidence: SupportsIndex, claims: SupportsIndex, shape: dict[str, Any] | None = None) -> MergedSession: ...
    def __repr__(self, /) -> str: ...
    @property
    def base(self, /) -> MergeBase:
        """
        What both came from.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The checkpoint that was merged; none where it had none.
        """
    @property
    def claims(self, /) -> int:
        """
        How many claims came with it.
        """
    @property
    def evidence(self, /) -> int:
        """
        How many pieces of evidence came with it.
        """
    @property
    def memories(self, /) -> int:
        """
        How many memories came with it.
        """
    @property
    def name(self, /) -> str:
        """
        Its name.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def way(self, /) -> str:
        """
        How it came in: ``"up-to-date"``, ``"fast-forward"`` or ``"merged"``.
        """

@final
class MessagePlan:
    """
    Which messages to drop so that a request fits, and the messages that are left.
    """
    def __repr__(self, /) -> str: ...
    @property
    def after(self, /) -> Count:
        """
        The tokens of what is left.
        """
    @property
    def before(self, /) -> Count:
        """
        The tokens of the whole request.
        """
    @property
    def dropped(self, /) -> list[int]:
        """
        The indices of the messages that go, rising.
        """
    @property
    def limit(self, /) -> int:
        """
        The tokens that the prompt may have.
        """
    @property
    def messages(self, /) -> list[dict[str, Any]]:
        """
        The messages that are left, the very dicts that were given. Where the dialog's beginning went, a
        user's message that says so stands in its place.
        """

@final
class ModelCall:
    """
    One call of a model: what answered, and what it counted.

    >>> from partita import ModelCall
    >>> ModelCall("claude-x", provider="anthropic", input=10, output=3).usage.output
    3
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[str], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, model: str, *, provider: str = "", response: str = "", request: str = "", stop: str = "", parameters: str = "", input: SupportsIndex | None = None, output: SupportsIndex | None = None, cache_read: SupportsIndex | None = None, cache_write: SupportsIndex | None = None, reasoning: SupportsIndex | None = None) -> ModelCall: ...
    def __repr__(self, /) -> str: ...
    @property
    def model(self, /) -> str:
        """
        The model, as the provider named it.
        """
    @property
    def parameters(self, /) -> str:
        """
        What was asked for beside the context, as a JSON text; may be empty.
        """
    @property
    def provider(self, /) -> str:
        """
        Who serves the model; may be empty.
        """
    @property
    def request(self, /) -> str:
        """
        The provider's id of the request; may be empty.
        """
    @property
    def response(self, /) -> str:
        """
        The provider's id of the response; may be empty.
        """
    @property
    def stop(self, /) -> str:
        """
        Why the model stopped, in the provider's word; may be empty.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """
    @property
    def usage(self, /) -> Usage:
        """
        What the provider counted.
        """

@final
class ObjectId:
    """
    The id of anything that is stored: 32 bytes, written as 64 hexadecimal digits.

    A content's is the BLAKE3 hash of its bytes, what ``b3sum`` prints. Ids are ordered, hashable,
    pickle, and equal only to ids.

    >>> from partita import ObjectId
    >>> id = ObjectId.of_content(b"")
    >>> str(id)[:16], id.short
    ('af1349b9f5f9a1a6', 'af1349b9f5')
    >>> ObjectId(str(id)) == ObjectId(bytes(id)) == id
    True
    """
    def __bytes__(self, /) -> bytes: ...
    def __eq__(self, value: object, /) -> bool: ...
    def __ge__(self, value: object, /) -> bool: ...
    def __getnewargs__(self, /) -> tuple[bytes]: ...
    def __gt__(self, value: object, /) -> bool: ...
    def __hash__(self, /) -> int: ...
    def __le__(self, value: object, /) -> bool: ...
    def __lt__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, id: str | bytes | ObjectId, /) -> ObjectId:
        """
        Takes 64 hexadecimal digits or 32 bytes.
        """
    def __repr__(self, /) -> str: ...
    def __str__(self, /) -> str: ...
    @staticmethod
    def of_content(data: str | bytes | bytearray | memoryview) -> ObjectId:
        """
        Returns the id of a content: BLAKE3 of its bytes.
        """
    @property
    def short(self, /) -> str:
        """
        The first ten hexadecimal digits.
        """

@final
class OpenCall:
    """
    A call in view that waits for its result: ``Memory.tool(id, ...)`` answers it, or
    ``Memory.tool_error(id, ...)``.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, memory: SupportsIndex, id: str, name: str, arguments: str) -> OpenCall: ...
    def __repr__(self, /) -> str: ...
    @property
    def arguments(self, /) -> str:
        """
        The arguments as the model wrote them: JSON, as a rule. Of a call that only its provider
        understands it is the whole item.
        """
    @property
    def id(self, /) -> str:
        """
        The id of the call, which its result names.
        """
    @property
    def memory(self, /) -> int:
        """
        The number of the memory that calls.
        """
    @property
    def name(self, /) -> str:
        """
        The name of the tool; of a built-in tool of the provider's the type of its call.
        """

@final
class Operation:
    """
    An operation: who did what to a session, and when.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, kind: str, message: str, actor: str, time: datetime, checkpoint: SupportsIndex | None, shape: dict[str, Any] | None = None) -> Operation: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor(self, /) -> str:
        """
        Who did it; may be empty.
        """
    @property
    def checkpoint(self, /) -> int | None:
        """
        The number of the checkpoint that it left; none in a session that was still empty.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def kind(self, /) -> str:
        """
        What it did, such as ``"write"``.
        """
    @property
    def message(self, /) -> str:
        """
        What it was about, in a line; may be empty.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1 along the session's operations.
        """
    @property
    def time(self, /) -> datetime:
        """
        When, by the clock of whoever did it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Overlap:
    """
    A path that two sessions both changed since they parted.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], session: str, alike: bool, shape: dict[str, Any] | None = None) -> Overlap: ...
    def __repr__(self, /) -> str: ...
    @property
    def alike(self, /) -> bool:
        """
        Whether both hold the same there, so that nothing collides.
        """
    @property
    def path(self, /) -> str:
        """
        The path.
        """
    @property
    def session(self, /) -> str:
        """
        The other session.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Part:
    """
    A piece of a memory. What it is says ``kind``: ``"text"``, ``"thinking"``, ``"call"``,
    ``"result"``, ``"media"``, ``"file"`` or ``"opaque"``; the other attributes are set where
    that kind has them. The static methods make one of each.

    >>> from partita import Part
    >>> part = Part.call("c1", "grep", '{"pattern": "parse"}')
    >>> part.kind, part.name, part.text
    ('call', 'grep', '{"pattern": "parse"}')
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kind: PartKind, data: bytes | None, id: str | None, name: str | None, signature: bytes | None, error: bool, parts: SupportsIndex | None, media_type: str | None, iteration: ObjectId | None, provider: str | None) -> Part: ...
    def __repr__(self, /) -> str: ...
    @staticmethod
    def call(id: str, name: str, arguments: str | bytes | bytearray | memoryview) -> Part:
        """
        Makes a model's call of a tool; the arguments are JSON, as the model wrote them.
        """
    @property
    def data(self, /) -> bytes | None:
        """
        The bytes: of a text, thoughts, a call's arguments, media, an opaque block.
        """
    @property
    def error(self, /) -> bool:
        """
        Whether the tool failed.
        """
    @staticmethod
    def file(iteration: ObjectId) -> Part:
        """
        Refers to a version of a file of the session. A model is shown its text wherever the memory is
        shown, also where the file itself is hidden.
        """
    @property
    def id(self, /) -> str | None:
        """
        A call's id, which its result repeats.
        """
    @property
    def iteration(self, /) -> ObjectId | None:
        """
        An iteration of a file.
        """
    @property
    def kind(self, /) -> PartKind:
        """
        What it is.
        """
    @staticmethod
    def media(media_type: str, data: str | bytes | bytearray | memoryview) -> Part:
        """
        Makes an image, a sound, a document.
        """
    @property
    def media_type(self, /) -> str | None:
        """
        Such as ``image/png``.
        """
    @property
    def name(self, /) -> str | None:
        """
        The tool that is called.
        """
    @staticmethod
    def of_text(text: str | bytes | bytearray | memoryview) -> Part:
        """
        Makes a text.
        """
    @staticmethod
    def opaque(provider: str, data: str | bytes | bytearray | memoryview) -> Part:
        """
        Makes a block that only its provider understands, kept as it came.
        """
    @property
    def parts(self, /) -> int | None:
        """
        How many of the parts that follow are the result.
        """
    @property
    def provider(self, /) -> str | None:
        """
        Whose opaque block it is.
        """
    @staticmethod
    def result(call: str, *, error: bool = False, parts: SupportsIndex = 1) -> Part:
        """
        Makes the head of what came back from a call: the next ``parts`` parts are the result.
        """
    @property
    def signature(self, /) -> bytes | None:
        """
        The provider's signature over thoughts.
        """
    @property
    def text(self, /) -> str:
        """
        The bytes as text, with U+FFFD for what is not UTF-8; empty where there are none.
        """
    @staticmethod
    def thinking(text: str | bytes | bytearray | memoryview, signature: str | bytes | bytearray | memoryview | None = None) -> Part:
        """
        Makes what a model thought, with the provider's signature over it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """

@final
class Paths:
    """
    Paths of files, in the order of their bytes, as they were when it began.
    """
    def __iter__(self, /) -> Paths: ...
    def __next__(self, /) -> str: ...

@final
class Plan:
    """
    Steps that make a session fit a budget, and what they free, lose and cost. Nothing changes until
    ``session.apply(plan)``. A plan pickles: another process that has the store open may apply it.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> for number in range(20):
    ...     _ = session.remember(f"Question {number}. " + "More. " * 50)
    >>> plan = session.plan(1_000)
    >>> {step.action for step in plan.steps}, plan.after.tokens <= 1_000
    ({'forget'}, True)
    >>> len(session.apply(plan).changed) == len(plan)
    True
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __len__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, steps: Sequence[PlanStep], before: Count, after: Count, target: SupportsIndex, cached: SupportsIndex, rewritten: SupportsIndex, cost: PlanCost | None, optimal: bool) -> Plan:
        """
        Puts a plan together again from what it tells.

        Raises ``Invalid`` for an action that is none.
        """
    def __repr__(self, /) -> str: ...
    @property
    def after(self, /) -> Count:
        """
        The tokens of the prompt once the plan is applied.
        """
    @property
    def before(self, /) -> Count:
        """
        The tokens of the prompt as it is.
        """
    @property
    def cached(self, /) -> int:
        """
        The tokens before the first change, which a prompt cache keeps.
        """
    @property
    def cost(self, /) -> PlanCost | None:
        """
        What the plan costs, if the budget has prices.
        """
    @property
    def freed(self, /) -> int:
        """
        The tokens that all steps free together.
        """
    @property
    def in_words(self, /) -> str:
        """
        What somebody loses who applies the plan, on one line: "12 results trimmed, memories 3 to 9
        forgotten".
        """
    @property
    def loss(self, /) -> int:
        """
        The value that all steps lose together, in thousandths of a token that matters fully.
        """
    @property
    def optimal(self, /) -> bool:
        """
        Whether the plan is proved to be the cheapest one.
        """
    @property
    def rewritten(self, /) -> int:
        """
        The tokens from the first change on, which a prompt cache has to take anew.
        """
    @property
    def steps(self, /) -> list[PlanStep]:
        """
        The steps, in the order of the prompt.
        """
    @property
    def target(self, /) -> int:
        """
        The tokens that were aimed at.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command's ``plan`` prints with ``--json``.
        """

@final
class PlanCost:
    """
    What a plan costs and saves at given prices, in nano-units.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, rewriting: SupportsIndex, saved: SupportsIndex, net: SupportsIndex) -> PlanCost: ...
    def __repr__(self, /) -> str: ...
    @property
    def net(self, /) -> int:
        """
        What the plan costs more than it saves; negative if it pays for itself.
        """
    @property
    def rewriting(self, /) -> int:
        """
        Paid once: the rewritten tokens are put into the prompt cache instead of read from it.
        """
    @property
    def saved(self, /) -> int:
        """
        Not paid over the budget's horizon: what is freed is not read from the cache any more.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """

@final
class PlanStep:
    """
    One step of a plan.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, action: str, what: Sequence[str], memories: Sequence[tuple[SupportsIndex, SupportsIndex]], about: Sequence[str], files: Sequence[tuple[str, SupportsIndex]], iterations: Sequence[ObjectId], index: SupportsIndex, left: Count, freed: SupportsIndex, loss: SupportsIndex, shape: dict[str, Any] | None = None) -> PlanStep: ...
    def __repr__(self, /) -> str: ...
    @property
    def about(self, /) -> list[str]:
        """
        What the memories are: a result of which tool, how a question begins.
        """
    @property
    def action(self, /) -> str:
        """
        ``"refresh"``, ``"hide"``, ``"trim"``, ``"compact"`` or ``"forget"``.
        """
    @property
    def files(self, /) -> list[tuple[str, int]]:
        """
        The files, each a path and the number of an iteration.
        """
    @property
    def freed(self, /) -> int:
        """
        The tokens that it frees, as an upper bound.
        """
    @property
    def index(self, /) -> int:
        """
        The place of the first of them in the prompt.
        """
    @property
    def iterations(self, /) -> list[ObjectId]:
        """
        The iterations of the files.
        """
    @property
    def left(self, /) -> Count:
        """
        The tokens that are left of them.
        """
    @property
    def loss(self, /) -> int:
        """
        The value that is lost, in thousandths of a token that matters fully.
        """
    @property
    def memories(self, /) -> list[tuple[int, int]]:
        """
        The memories, by the numbers of the first and the last.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def what(self, /) -> list[str]:
        """
        To what, in words, in the order of the prompt.
        """

@final
class Policy:
    """
    The rules that a turn goes by, from its beginning to its end.

    ``stages`` are what is asked for, one after the other: each a role and what it is asked, as a message
    of the user's, or ``""`` where the dialog says so already. ``roles`` are the instructions of roles, or
    ``dict(instructions=, budget=, reserve=)`` with the tokens that a request may have. ``tools`` say what
    it means to call a tool twice: ``"read"``, ``"idempotent"``, ``"reversible"`` or ``"irreversible"``,
    or ``dict(effect=, asks=)`` with when a person is asked: ``"by-effect"``, ``"always"``, ``"never"``. A
    tool that is not named counts as irreversible. ``routes`` are models for roles: ``(role, model)``, or
    ``dict(model=, role=, complexity=, spent_max=)``; the role ``""`` is any.

    ``limits`` say when it ends: ``calls``, ``tokens``, ``cost``, ``time`` in milliseconds, ``rounds``,
    ``repeats``, ``failures``, ``parallel``; 0 is no limit. ``review`` says who looks at a change before
    it is applied: ``tests=True`` for the gates, ``model=`` for a role, ``person=True``. ``gates`` name
    those that run after a change, all unless some are named; ``files`` are globs of what the task is
    about. ``rules`` change those of oversight: a severity by a rule's name, ``dict(severity=,
    parameters=)``, or ``None`` to leave it out. ``complexity`` is ``"low"``, ``"medium"`` or ``"high"``
    where a person says so.

    Raises ``Invalid`` for a name that it does not know, and beyond a limit.

    >>> from partita import Policy
    >>> policy = Policy(stages=[("plan", "Make a plan."), ("implement", "Do it.")],
    ...                 tools={"read_file": "read", "deploy": "irreversible"},
    ...                 limits={"calls": 40}, review={"person": True})
    >>> policy.to_dict()["limits"]["calls"], policy.to_dict()["rules"]["secret"]
    (40, 'error')
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, stages: Iterable[tuple[str, str]] | None = None, roles: Mapping[str, str | RoleOptions] | None = None, tools: Mapping[str, Effect | ToolOptions] | None = None, routes: Iterable[tuple[str, str] | RouteOptions] | None = None, limits: LimitOptions | None = None, review: ReviewOptions | None = None, gates: Iterable[str] | None = None, files: Iterable[str] | None = None, rules: Mapping[str, Severity | RuleOptions | None] | None = None, complexity: Complexity | None = None, dialect: Dialect = "openai-chat") -> Policy: ...
    def __repr__(self, /) -> str: ...
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as the keyword arguments that make it, each in full.
        """

@final
class Prices:
    """
    What a provider asks for one token, in whole nano-units of any currency: three dollars for a
    million tokens are 3,000 nano-dollars for one.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, input: SupportsIndex, cache_read: SupportsIndex, cache_write: SupportsIndex) -> Prices: ...
    def __repr__(self, /) -> str: ...
    @property
    def cache_read(self, /) -> int:
        """
        A token that the prompt cache has.
        """
    @property
    def cache_write(self, /) -> int:
        """
        A token that is put into the prompt cache.
        """
    @property
    def input(self, /) -> int:
        """
        A token of a prompt, without a cache.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """

@final
class Proposal:
    """
    A change of files that somebody put forward, in revisions. It is no change of the session yet.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, status: str, revisions: Sequence[Revision], decisions: Sequence[Decision], applied: SupportsIndex | None) -> Proposal: ...
    def __repr__(self, /) -> str: ...
    @property
    def applied(self, /) -> int | None:
        """
        The number of the revision that was applied; none for none.
        """
    @property
    def decisions(self, /) -> list[Decision]:
        """
        What was decided, oldest first.
        """
    @property
    def newest(self, /) -> Revision:
        """
        The newest revision.

        Raises ``Invalid`` for a value that was made by hand without one.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1; never given twice, so an undo leaves a gap.
        """
    @property
    def revisions(self, /) -> list[Revision]:
        """
        Its revisions, oldest first; one at the least.
        """
    @property
    def status(self, /) -> str:
        """
        How it stands: ``"draft"``, ``"open"``, ``"accepted"``, ``"rejected"`` or ``"applied"``.
        """

@final
class PurgeReport:
    """
    What a purge did.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, tombstones: Sequence[Tombstone], rewritten: SupportsIndex, sessions: Sequence[str], freed: SupportsIndex, shape: dict[str, Any] | None = None) -> PurgeReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def freed(self, /) -> int:
        """
        Bytes by which the segments' files shrank.
        """
    @property
    def rewritten(self, /) -> int:
        """
        Nodes that were made anew, where history was rewritten.
        """
    @property
    def sessions(self, /) -> list[str]:
        """
        The sessions that held any of it, by name; deleted ones as ``deleted/ID``.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tombstones(self, /) -> list[Tombstone]:
        """
        One for each object that went; empty where all of it was purged before.
        """

@final
class RecoverReport:
    """
    What a recovery did. It is kept in the store, so that one that was cut short tells the same
    when it is run again.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, objects: SupportsIndex, lost: Sequence[Tombstone], versions: Sequence[LostVersion], set_back: Sequence[tuple[str, SupportsIndex | None]], recovered: Sequence[RecoveredSession], unread: Sequence[UnreadLog], quarantined: Sequence[str], time: datetime | None, is_earlier: bool, shape: dict[str, Any] | None = None) -> RecoverReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def is_earlier(self, /) -> bool:
        """
        Whether all of this was done by an earlier run, and nothing was left to do.
        """
    @property
    def lost(self, /) -> list[Tombstone]:
        """
        One for each object that something leads to and that is lost.
        """
    @property
    def objects(self, /) -> int:
        """
        Objects that are whole.
        """
    @property
    def quarantined(self, /) -> list[str]:
        """
        Files that were moved aside, as they were: their new names in the store's directory.
        """
    @property
    def recovered(self, /) -> list[RecoveredSession]:
        """
        Sessions that no ref led to any more, and that have one again.
        """
    @property
    def set_back(self, /) -> list[tuple[str, int | None]]:
        """
        Refs of sessions that were set back, each with the number of the newest operation that is
        left; none where nothing is.
        """
    @property
    def time(self, /) -> datetime | None:
        """
        When the store was recovered; none if it never was.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def unread(self, /) -> list[UnreadLog]:
        """
        Where the log could not be read.
        """
    @property
    def versions(self, /) -> list[LostVersion]:
        """
        Versions of files, and memories, that no session leads to any more.
        """

@final
class RecoveredSession:
    """
    A session that no ref led to any more, and that has one again.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, operation: ObjectId | None, session: ObjectId | None, shape: dict[str, Any] | None = None) -> RecoveredSession: ...
    def __repr__(self, /) -> str: ...
    @property
    def name(self, /) -> str:
        """
        The ref that names it now: ``session/NAME``, ``session/recovered/ID`` or ``deleted/ID``.
        """
    @property
    def operation(self, /) -> ObjectId | None:
        """
        The newest operation that was found of it; none where the state was found alone.
        """
    @property
    def session(self, /) -> ObjectId | None:
        """
        The session's first operation, where it is known.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Remarks:
    """
    What was mended or refused of a source.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, count: SupportsIndex, first: Sequence[tuple[str, str]], shape: dict[str, Any] | None = None) -> Remarks: ...
    def __repr__(self, /) -> str: ...
    @property
    def count(self, /) -> int:
        """
        How many there are in all.
        """
    @property
    def first(self, /) -> list[tuple[str, str]]:
        """
        The first of them: where, and what was done or why it was not taken.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Report:
    """
    What became of everything in a source: nothing is dropped in silence.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, kept: SupportsIndex, mended: Remarks, refused: Remarks, skipped: Sequence[tuple[str, str, SupportsIndex]], waiting: Remarks, shape: dict[str, Any] | None = None) -> Report: ...
    def __repr__(self, /) -> str: ...
    @property
    def kept(self, /) -> int:
        """
        Memories that were made.
        """
    @property
    def mended(self, /) -> Remarks:
        """
        What was kept otherwise than it stood, or stands oddly.
        """
    @property
    def refused(self, /) -> Remarks:
        """
        What was not taken though it should have been.
        """
    @property
    def skipped(self, /) -> list[tuple[str, str, int]]:
        """
        What was left out on purpose, by kind: what, why, how many.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def waiting(self, /) -> Remarks:
        """
        Memories that wait for a response to end, which is the one that is named.
        """

@final
class Response:
    """
    What a provider answered, as ``Session.remember(memory, call=call)`` takes it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, memory: Memory, call: ModelCall, report: Report) -> Response: ...
    def __repr__(self, /) -> str: ...
    @property
    def call(self, /) -> ModelCall:
        """
        The model, the tokens that the provider counted, and why the model stopped.
        """
    @property
    def memory(self, /) -> Memory:
        """
        What the model said, thought and called, in its order.
        """
    @property
    def report(self, /) -> Report:
        """
        What was mended, and what the response holds that a dialog has no place for.
        """

@final
class RestorePlan:
    """
    What a restore does to a session.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, from_: Checkpoint, scope: str, create: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], overwrite: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], delete: Sequence[str | bytes | PathLike[str] | PathLike[bytes]], untouched: SupportsIndex, memories_back: SupportsIndex, memories_dropped: SupportsIndex, state_changes: bool, view_changes: bool, instructions_changes: bool, tools_changes: bool, sandbox_changes: bool, others_changes: bool, shape: dict[str, Any] | None = None) -> RestorePlan: ...
    def __repr__(self, /) -> str: ...
    @property
    def create(self, /) -> list[str]:
        """
        Files that are not there and come back.
        """
    @property
    def delete(self, /) -> list[str]:
        """
        Files that are there and go.
        """
    @property
    def from_(self, /) -> Checkpoint:
        """
        The checkpoint to restore.
        """
    @property
    def instructions_changes(self, /) -> bool:
        """
        Whether the instructions change.
        """
    @property
    def memories_back(self, /) -> int:
        """
        How many memories come back.
        """
    @property
    def memories_dropped(self, /) -> int:
        """
        How many memories leave the dialog; the checkpoints before keep them.
        """
    @property
    def others_changes(self, /) -> bool:
        """
        Whether anything changes of which a later version alone knows what it is.
        """
    @property
    def overwrite(self, /) -> list[str]:
        """
        Files that are there and get another content, mode or kind.
        """
    @property
    def sandbox_changes(self, /) -> bool:
        """
        Whether the sandbox state changes.
        """
    @property
    def scope(self, /) -> str:
        """
        What of it: ``"files"``, ``"dialog"`` or ``"all"``.
        """
    @property
    def state_changes(self, /) -> bool:
        """
        Whether the state changes.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tools_changes(self, /) -> bool:
        """
        Whether the tools change.
        """
    @property
    def untouched(self, /) -> int:
        """
        How many files stay as they are.
        """
    @property
    def view_changes(self, /) -> bool:
        """
        Whether the view changes.
        """

@final
class Revision:
    """
    One version of a proposal. Decisions name it by its id.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, title: str, author: str, paths: SupportsIndex, base: ObjectId | None, turn: ObjectId | None) -> Revision: ...
    def __repr__(self, /) -> str: ...
    @property
    def author(self, /) -> str:
        """
        Who proposes it: a role, or an actor's name.
        """
    @property
    def base(self, /) -> ObjectId | None:
        """
        The checkpoint that it was made against.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1 within the proposal.
        """
    @property
    def paths(self, /) -> int:
        """
        How many paths it changes.
        """
    @property
    def title(self, /) -> str:
        """
        What it is, in a line.
        """
    @property
    def turn(self, /) -> ObjectId | None:
        """
        The turn that it came of.
        """

@final
class Run:
    """
    A run of a command, as the session knows it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, command: str, setup: bool, exit: str | None, code: SupportsIndex | None, stdout: Sequence[ObjectId], stderr: Sequence[ObjectId], evidence: SupportsIndex | None, shape: dict[str, Any] | None = None) -> Run: ...
    def __repr__(self, /) -> str: ...
    @property
    def code(self, /) -> int | None:
        """
        The exit code that a shell would give.
        """
    @property
    def command(self, /) -> str:
        """
        What ran, in one line.
        """
    @property
    def evidence(self, /) -> int | None:
        """
        The number of the evidence that it is, as ``Session.run()`` returns it; none in a listing.
        """
    @property
    def exit(self, /) -> str | None:
        """
        How it ended: ``"exit 0"``, ``"signal 9"``, ``"timeout"``, ``"lost"``, ``"not found"``,
        ``"not executable"``; none while it runs, or if nobody knows.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1.
        """
    @property
    def setup(self, /) -> bool:
        """
        Whether it is a step that sets a sandbox up.
        """
    @property
    def stderr(self, /) -> list[ObjectId]:
        """
        The same of its standard error.
        """
    @property
    def stdout(self, /) -> list[ObjectId]:
        """
        The contents of its standard output that are kept: its beginning, and its end where bytes in
        between are not.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Session:
    """
    A persistent workspace: files with every iteration, the dialog, and the host's own state.

    Each change is one durable commit, unless it runs in a ``batch()``, which is all or nothing. Reads
    see the latest committed state, whoever committed it; ``at()`` gives a fixed one. A handle may
    be used from many threads.

    >>> import partita
    >>> session = partita.Store.in_memory().session("fix-parser")
    >>> session.write("src/lib.rs", "fn parse() {}").number
    1
    >>> with session.batch() as b:
    ...     b.remember("The parser drops the last token.")
    ...     b.write("src/lib.rs", "fn parse() -> Tokens {}")
    2
    >>> session.read_at("src/lib.rs", 1)
    b'fn parse() {}'
    >>> session.restore("src/lib.rs", 1).number
    3
    >>> session.undo().number
    4
    >>> session.read("src/lib.rs")
    b'fn parse() -> Tokens {}'
    """
    def __iter__(self, /) -> Log: ...
    def __reduce__(self, /) -> Never: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    def _repr_svg_(self, /) -> str: ...
    @property
    def activity(self, /) -> str:
        """
        What the session is doing: ``"idle"``, ``"running"`` or ``"paused"``.
        """
    def apply(self, /, plan: Plan, *, summarizer: Callable[[list[Memory]], str | Memory] | None = None) -> ViewReport:
        """
        Does what a plan says, as one operation, which ``undo()`` takes back as one. What is no longer
        in view, or was pinned meanwhile, is left as it is, and the report says so.

        A plan with compactions needs ``summarizer``, as in ``compact()``.
        """
    def apply_proposal(self, /, number: SupportsIndex) -> Applied:
        """
        Applies the newest revision of a proposal, as one operation that one ``undo()`` takes back. Where
        files have moved on, both changes are merged line by line.

        Raises ``Invalid`` if its newest revision is not accepted; ``Conflict`` if it was applied already,
        or cannot be merged with what files became: the message names them.
        """
    def at(self, /, checkpoint: ObjectId | Checkpoint | LogEntry | int | str) -> Snapshot:
        """
        Returns the state at a checkpoint: a ``Checkpoint``, its id, its number, or a text such as
        ``"latest"``, ``"id:3fa9"`` or ``"git:8c1e"``.

        Raises ``NotFound`` if it is not on the session's line.
        """
    def batch(self, /, *, message: str | None = None, time: datetime | None = None, labels: dict[str, str | bytes] | None = None, kind: str | None = None) -> Batch:
        """
        Begins a batch: all or nothing, one durable commit. As a context manager it commits when the
        block ends, and drops all of it when the block raises.

        ``message`` says in a line what it is about, ``time`` is the source's, ``labels`` are kept
        with the checkpoint. ``kind`` says what it does, by a name of the host's own in two parts or
        more, such as ``"acme/deploy"``; names of one part are partita's own.
        """
    def begin(self, /) -> Batch:
        """
        Begins a batch that ``commit()`` commits.
        """
    def begin_turn(self, /, policy: Policy, driver: bytes | None = None) -> Turn:
        """
        Begins a turn on the newest state: what is asked stands in the dialog already. ``driver`` are 16
        bytes that nobody else has who drives it; random ones unless they are given.

        Raises ``Invalid`` for a role without a name.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.remember("Say hello.")
        >>> turn = session.begin_turn(partita.Policy())
        >>> for step in turn:
        ...     turn.supply(step, partita.ModelAnswer(partita.Memory.assistant("Hello.")))
        'taken'
        >>> turn.ended, session.memory(2).text
        ('end_turn', 'Hello.')
        """
    def blame(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], *, checkpoint: ObjectId | Checkpoint | LogEntry | int | str | None = None) -> list[BlameLine]:
        """
        Tells of each line of a file where it came from.
        """
    def calibrated_counter(self, /, model: str) -> Counter:
        """
        Makes a counter for a model from what all sessions of the store recorded of their requests, with
        the constant of this session's newest ones. ``model`` may be the beginning of the only name.

        Raises ``NotFound``, naming the models, where no request of it is recorded with what it cost.
        """
    def call_totals(self, /, *, by: Literal['role', 'model'] = "role") -> list[CallTotals]:
        """
        Adds the calls of models up, by ``"role"`` or by ``"model"``, in the order of names.
        """
    def calls(self, /) -> list[CallEntry]:
        """
        Returns the calls of models that the session's turns made, in their order, failed attempts
        included. An undo takes none of them away.
        """
    def cancel_turn(self, /, id: ObjectId, why: str = "") -> None:
        """
        Cancels a turn, whoever drives it: nothing of it is waited for any more. One that has ended stays
        as it ended.

        Raises ``NotFound`` if the session has no such turn.
        """
    def capacity(self, /, budget: int | Budget, *, counter: str | Counter | Callable[[str], int | Count] = ..., largest: SupportsIndex | None = None) -> Capacity:
        """
        Tells what the tokens of the newest state are spent on, by source and item, largest first, and
        what is left of a budget. ``largest`` bounds the items that are listed, 1,000 unless told
        otherwise; all are counted.

        The session keeps the account: after a change only what changed is counted.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.remember("The parser drops the last token.")
        >>> capacity = session.capacity(128_000)
        >>> capacity.headroom == 128_000 - capacity.total.tokens
        True
        """
    def changes(self, /, after: SupportsIndex) -> list[LogEntry]:
        """
        Returns the checkpoints that came after the one of a number, oldest first.
        """
    def checkout(self, /, directory: str | bytes | PathLike[str] | PathLike[bytes], *, checkpoint: ObjectId | Checkpoint | LogEntry | int | str | None = None, paths: Sequence[str | bytes | PathLike[str] | PathLike[bytes]] | None = None) -> CheckoutPlan:
        """
        Writes the files of a checkpoint, or of the latest state, into a directory, and returns what
        was done; with ``paths`` only those at these paths and below them.

        A path is deleted only where what is there is what an earlier checkout brought; what others
        wrote where the checkpoint has a file is kept in the store before it is replaced, and listed
        by ``Store.kept()``. What cannot be written is among the plan's ``left_out``.

        Raises ``Conflict`` if something stands in the way, and nothing has been written then;
        ``Busy`` if another checkout into the directory runs for too long.
        """
    def checkpoint(self, checkpoint: ObjectId | Checkpoint | LogEntry | int | str, /) -> Checkpoint | None:
        """
        Returns the checkpoint that a text or a number names.
        """
    def claim(self, /, text: str, *, by: Iterable[int] = ...) -> int:
        """
        Claims something by the numbers of evidence, and returns the claim's number. A memory of the kind
        ``"validation"`` says it to the model, and how it stands each time that the context is rendered.

        Raises ``NotFound`` if the session has no such evidence.

        >>> import partita, tempfile
        >>> session = partita.Store.in_memory().session("s")
        >>> run = session.run("exit 0", tempfile.mkdtemp(), claims=["it works"])
        >>> [claim.status for claim in session.claims()]
        ['supported']
        >>> _ = session.write("a", "1")
        >>> session.claims()[0].stale_since
        ('a', 1)
        """
    def claims(self, /) -> list[Claim]:
        """
        Returns the claims of the newest state, oldest first.
        """
    def common_with(self, /, *others: Session) -> MergeBase:
        """
        Finds the newest checkpoint that this session and others of its store all contain: where one was
        forked from another or several from one, or what was merged since.

        Raises ``Invalid`` for no other session and for one of another store, ``NotFound`` for one that is
        gone.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1")
        >>> fork = session.fork("t")
        >>> _ = session.write("a", "2")
        >>> session.common_with(fork).checkpoint.number
        1
        """
    def compact(self, /, memories: int | str | Memory, summarizer: Callable[[list[Memory]], str | Memory]) -> ViewReport:
        """
        Lays a summary over each run of selected memories in view, by whole exchanges. What they say
        stays, and ``expand()`` brings it back.

        ``summarizer`` is given a run's memories and returns the text, or a memory with it, which must
        not be longer than what it covers. What it raises is raised, and nothing is changed.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.remember("Please look at the parser.")
        >>> _ = session.remember("It drops the last token, I think.", role="assistant")
        >>> session.compact("1..2", lambda memories: f"{len(memories)} memories").changed
        [1, 2]
        >>> [memory.memory.text for memory in session.view.memories()]
        ['2 memories']
        """
    def compare(self, /, before: SupportsIndex, after: SupportsIndex, metric: str | None = None, *, margin: SupportsFloat | SupportsIndex = 0.01) -> Comparison:
        """
        Compares a metric of two pieces of evidence; without a name the only one that both have.
        ``margin`` is a share within which two are equivalent.

        Raises ``Invalid`` with what differs unless command, environment, unit and direction are the same.
        """
    def conflicts(self, /) -> list[ConflictEntry]:
        """
        Returns the merge conflicts of the newest state that nobody has resolved, in the order of their
        paths.
        """
    def context(self, /, dialect: Dialect, *, cache_points: bool = True, end_with_user: bool = False, without_stale: bool = False) -> Request:
        """
        Renders the request for a provider's model from the newest state: valid by construction,
        whatever was forgotten, hidden or compacted, and whatever a crash left open.

        ``dialect`` is ``"anthropic"``, ``"openai-chat"``, ``"openai-responses"`` or ``"gemini"``. What is
        returned is the part of the body that is of messages, instructions and tools, as a dict to
        which the host adds the model; ``cache_points`` marks Anthropic's with ``cache_control``.
        ``end_with_user`` puts a user's text behind a last turn of the model's, which newer models of
        Anthropic's and Gemini refuse; without it ``mends`` tells of such a turn.
        ``without_stale`` leaves out the claims whose evidence is stale.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.remember("Hello.")
        >>> session.context("openai-chat")
        {'messages': [{'role': 'user', 'content': 'Hello.'}]}
        """
    def decide(self, /, step: ObjectId, choice: PersonsChoice, reason: str = "") -> None:
        """
        Answers a question by the id of its step, with one of its ``choices``. ``*-once`` holds for this
        step, ``*-always`` for the tool in this session as long as its declaration is the same.

        Raises ``NotFound`` if no such question waits, ``Invalid`` for a choice that is no answer to it.
        """
    def diff(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], old: SupportsIndex, new: SupportsIndex) -> Diff:
        """
        Compares two iterations of a file. A removal counts as an empty file.
        """
    def evidence(self, /, number: SupportsIndex) -> Evidence:
        """
        Returns a piece of evidence.
        """
    def expand(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes the summaries that stand for memories off again.
        """
    def export(self, /, format: ExportFormat = "openai-chat") -> Export:
        """
        Writes the latest dialog as another tool reads it, as a dict: ``"openai-chat"`` messages, or
        ``"atif"``, harbor's trajectories. A record, not a request: calls and results stand as they
        were. ``report`` tells what had no place, ``purged`` how many memories are left out for that.

        >>> import partita
        >>> session = partita.Store.in_memory().session("chat")
        >>> _ = session.remember("hi")
        >>> session.export()
        {'messages': [{'role': 'user', 'content': 'hi'}]}
        """
    @property
    def files(self, /) -> Files:
        """
        The latest files, as a mapping from path to bytes.
        """
    def find(self, /, rule: str, text: str, *, severity: Severity = "warning", path: str | bytes | PathLike[str] | PathLike[bytes] | None = None) -> int:
        """
        Reports something as wrong, and says it to the model. Returns the finding's number.

        Raises ``Invalid`` for a finding without words or beyond a limit.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> number = session.find("acme/style", "tabs in a.rs", severity="info", path="a.rs")
        >>> session.resolve_finding(number, "that is how we write it")
        >>> session.findings()[0].resolved.reason
        'that is how we write it'
        """
    def findings(self, /) -> list[Finding]:
        """
        Returns the findings of the newest state, oldest first.
        """
    def forget(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes memories out of the view, by whole exchanges; ``recall()`` and ``undo()`` bring them
        back. What is pinned stays, and the report says so.

        Memories are selected by a number, a ``Memory``, or a text: ``"3..7"``, ``"id:PREFIX"``,
        ``"role:tool"``, ``"text:WORDS"``, ``"before:2026-11-25"``. Raises ``Invalid`` for any other,
        ``NotFound`` for a number or an id that is not there.
        """
    def fork(self, /, name: str, *, at: ObjectId | Checkpoint | LogEntry | int | str | None = None) -> Session:
        """
        Begins another session from this one's newest state, or from a checkpoint. Takes the same
        time whatever the session's size.

        Raises ``AlreadyExists`` if the name is taken.
        """
    def gates(self, /) -> list[Gate]:
        """
        Returns the gates of the newest state, in the order of their names.
        """
    def get(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> bytes | None:
        """
        Reads the latest bytes of a file; none if there is none.
        """
    def graph(self, /) -> Graph:
        """
        Draws the newest checkpoints and the forks that began from them.

        >>> import partita
        >>> session = partita.Store.in_memory().session("fix")
        >>> _ = session.write("a", "1")
        >>> str(session.graph()).split()[:2]
        ['@', '1']
        """
    def hide(self, /, glob: str) -> ViewReport:
        """
        Takes files out of the view by a glob, also those to come.
        """
    def history(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> History:
        """
        Iterates over the iterations of a file, newest first; also of one that is removed by now.
        """
    def horizon(self, /) -> Horizon | None:
        """
        Tells where the history ends, if it was trimmed.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called for ever, whatever its name.
        """
    def import_checkpoints(self, /) -> Import:
        """
        Begins an import of another history on the latest state.
        """
    def import_evidence(self, /, name: str | PathLike[str], report: str | bytes | bytearray | memoryview, *, format: str | None = None) -> int:
        """
        Takes in a report that a tool wrote somewhere else, as evidence about the files as they are now,
        and returns its number. ``format`` is found out unless it is given.

        Raises ``Invalid`` if it is no report or is not whole: nothing is recorded then.
        """
    def import_transcript(self, /, source: str | PathLike[str] | IO[bytes] | IO[str], *, format: Format = "auto", conversation: SupportsIndex | None = None, final: bool = False, partial: bool = False, name: str | None = None, progress: Callable[[int, int], object] | None = None) -> TranscriptImport:
        """
        Records what the session lacks of another agent's dialog, in batches: each is one durable
        checkpoint, so what ends an import halfway, a ``KeyboardInterrupt`` or what ``progress``
        raises, loses nothing, and another import goes on from there. The first import also takes
        over instructions and tools, into a session that has none.

        ``source`` is a path, or what is open for reading bytes or text: its ``read(size)`` is called
        from here, piece by piece, and what it raises is raised. Nothing is recorded before the source
        is read to its end. ``format`` is ``"amp"``, ``"anthropic"``, ``"atif"``, ``"bedrock"``,
        ``"chatgpt"``, ``"claude-code"``, ``"codex"`` (which is ``"openai-responses"``), ``"codex-exec"``,
        ``"copilot"``, ``"gemini"``, ``"goose"``, ``"langchain"``, ``"openai-chat"``, ``"openai-responses"``,
        ``"opencode"``, ``"openhands"``, ``"openhands-v0"``, ``"pi"``, ``"swe-agent"`` or ``"vercel"``; guessed
        unless given. ``conversation`` says which one of several, from 1. ``final`` says that nothing more
        comes: without it a response whose end the source does not show waits, with all behind it, for the
        next import. ``partial`` also takes a conversation of which more messages are refused than can be
        kept. ``name`` is what the checkpoints' messages call the source.
        ``progress(done, total)``, in memories, is called a few times a second.

        Raises ``Invalid``, with the place, for what is no transcript, and where several
        conversations are there to choose from.

        >>> import io, partita
        >>> session = partita.Store.in_memory().session("chat")
        >>> text = '[{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello."}]'
        >>> session.import_transcript(io.StringIO(text)).new
        2
        >>> session.import_transcript(io.StringIO(text)).known
        2
        """
    @property
    def instructions(self, /) -> str:
        """
        The latest system instructions; empty where none are set.
        """
    def iteration(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex) -> Iteration:
        """
        Returns one iteration of a file, by its number on the line that leads to the path.
        """
    def latest(self, /) -> Snapshot:
        """
        Returns the state after the newest operation.
        """
    def learned(self, /, *others: Session, counter: str | Counter | Callable[[str], int | Count] = ...) -> list[Learned]:
        """
        Tells what each of several sessions has that this one has not: files, memories with the decisions
        among them, claims, and what its dialog would cost.

        Raises ``Invalid`` for a session of another store, ``NotFound`` for one that is gone.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1")
        >>> fork = session.fork("t")
        >>> _ = fork.write("a", "2"), fork.remember("Two is right.")
        >>> [learned] = session.learned(fork)
        >>> [change.path for change in learned.files], learned.memories
        (['a'], 1)
        """
    def log(self, /) -> Log:
        """
        Iterates over the checkpoints, newest first.
        """
    def memories(self, /, *, start: SupportsIndex = 1, reverse: bool = False) -> Memories:
        """
        Iterates over the latest memories from a number on, or newest first. Purged ones are left
        out.
        """
    def memory(self, /, number: SupportsIndex) -> Memory:
        """
        Returns the memory of a number.

        Raises ``NotFound`` if there is none, ``Purged`` if it is gone on purpose.
        """
    def merge(self, /, *others: Session, dialog: MergedDialog | None = None, summarizer: Callable[[list[Memory]], str | Memory] | None = None) -> MergeReport:
        """
        Unites the states of other sessions with this one's, as one durable commit that ``undo()`` takes
        back. Nothing happens to the others.

        Files come as one side changed them since both had one state. What both changed differently is
        joined line by line, or is a merge conflict, which ``conflicts()`` lists and ``resolve()`` takes
        away. Memories come behind this session's and know where they come from. ``dialog`` says what of
        them is in view: ``"none"``; ``"whole"``, as it was there; or ``"summary"``, one for each
        session's, which ``summarizer`` writes as in ``compact()``. Unless it is said, nothing of them is;
        but where nothing happened here since the other was forked, its state comes as it is. State,
        instructions, tools, pins and rules come as one side changed them. Where both did and it cannot
        be joined, this session's stays, and the report says so. Runs, evidence and claims come along.

        Merging again brings what is new. A summarizer may be asked again where another writer came first.

        Raises ``Invalid`` for no session, for more than 63, for this one, for the same one twice and for
        one of another store; ``NotFound`` for one that is gone. Nothing happened then.

        >>> import partita
        >>> session = partita.Store.in_memory().session("parser")
        >>> _ = session.write("src/lib.rs", "mod lexer;\\n")
        >>> lexer = session.fork("lexer")
        >>> _ = lexer.write("src/lexer.rs", "struct Lexer;\\n")
        >>> _ = session.write("README.md", "A parser.\\n")
        >>> session.merge(lexer).clean
        True
        >>> session.read("src/lexer.rs")
        b'struct Lexer;\\n'
        """
    @property
    def name(self, /) -> str:
        """
        The name that it was opened by.
        """
    def overlap(self, /, *others: Session) -> list[Overlap]:
        """
        Lists the paths that this session and others both changed since they parted, before they are
        merged: where both hold something else, a merge may find a conflict.

        Raises ``Invalid`` for a session of another store, ``NotFound`` for one that is gone.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1")
        >>> fork = session.fork("t")
        >>> _ = fork.write("a", "2")
        >>> session.overlap(fork)
        []
        >>> _ = session.write("a", "3")
        >>> [(overlap.path, overlap.alike) for overlap in session.overlap(fork)]
        [('a', False)]
        """
    def pause(self, /, reason: str = "") -> Checkpoint | None:
        """
        Says that the session is paused, and why in a line. Whatever is done to it next resumes it.
        """
    def pin(self, /, checkpoint: ObjectId | Checkpoint | LogEntry | int | str) -> Checkpoint:
        """
        Keeps a checkpoint whatever is trimmed.
        """
    def pin_files(self, /, glob: str) -> ViewReport:
        """
        Keeps files in view as they are, whatever else is edited.
        """
    def pin_memories(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Keeps memories in view as they are, whatever else is edited.
        """
    def pins(self, /) -> list[Checkpoint]:
        """
        Returns the pinned checkpoints, oldest first.
        """
    def plan(self, /, budget: int | Budget, *, counter: str | Counter | Callable[[str], int | Count] = ..., summaries: SupportsIndex | None = None, values: Callable[[str, int], int] | None = None) -> Plan:
        """
        Plans how the newest state is made to fit a budget, by whole exchanges, without what is
        pinned and what is asked last. Changes nothing. ``summaries`` lets it compact runs of
        exchanges into summaries of about so many tokens each; then ``apply()`` needs a summarizer.

        ``values`` says what is worth keeping: given a material and an age, what a token of it is
        worth, as an int in thousandths of a token that matters fully. The material is ``"asked"``,
        ``"said"``, ``"called"``, ``"thought"``, ``"returned"``, ``"summary"``, ``"file"`` or
        ``"old-file"``; the age is how many newer exchanges stand behind it. If it has a method
        ``taken``, that is given a material and an action, and says how much of the worth the action
        takes, in thousandths too. What it raises is raised.

        Raises ``DoesNotFit`` if it cannot fit: by how much, and what holds the most of it.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> for number in range(1, 21):
        ...     _ = session.remember(f"Question {number}. " + "More. " * 50)
        >>> plan = session.plan(1_000, values=lambda material, age: 1_000 if age == 19 else 1)
        >>> (1, 1) in [memory for step in plan.steps for memory in step.memories]
        False
        """
    def plan_checkout(self, /, directory: str | bytes | PathLike[str] | PathLike[bytes], *, checkpoint: ObjectId | Checkpoint | LogEntry | int | str | None = None, paths: Sequence[str | bytes | PathLike[str] | PathLike[bytes]] | None = None) -> CheckoutPlan:
        """
        Returns what ``checkout()`` would do to a directory, and does nothing.
        """
    def plan_merge(self, /, *others: Session, dialog: MergedDialog | None = None, summarizer: Callable[[list[Memory]], str | Memory] | None = None) -> MergeReport:
        """
        Tells what ``merge()`` would do, and does nothing. A summarizer is asked all the same.
        """
    def plan_restore(self, /, checkpoint: ObjectId | Checkpoint | LogEntry | int | str, *, scope: str = "files") -> RestorePlan:
        """
        Tells what restoring a checkpoint would do, and does nothing.
        """
    def proposal_patch(self, /, number: SupportsIndex, revision: SupportsIndex | None = None) -> str:
        """
        Returns what a revision of a proposal changes as a patch; of the newest unless one is named.

        Raises ``NotFound`` if there is no such proposal or revision.
        """
    def proposals(self, /) -> list[Proposal]:
        """
        Returns the proposals of the newest state, oldest first.
        """
    def propose(self, /, title: str, changes: Mapping[str, str | bytes | None]) -> Proposal:
        """
        Puts a change of files forward, and changes none of them: each path with what it is to hold, or
        ``None`` where the file is to go. Returns the proposal, whose newest revision the change is.

        Raises ``Invalid`` for a change of nothing, of too many paths, or to what no checkout could write.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1")
        >>> proposal = session.propose("count on", {"a": "2"})
        >>> print(session.proposal_patch(proposal.number), end="")
        diff --git a/a b/a
        --- a/a
        +++ b/a
        @@ -1 +1 @@
        -1
        \\ No newline at end of file
        +2
        \\ No newline at end of file
        >>> session.review(proposal.number, proposal.newest.id, "accept").status
        'accepted'
        >>> session.apply_proposal(proposal.number).paths, session.read("a")
        (['a'], b'2')
        """
    def purge_file(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex | None = None, *, reason: str, actor: str = "", everywhere: bool = False, rewrite: bool = False) -> PurgeReport:
        """
        Removes the bytes of a file for good: those of one iteration, or of all. Ids stay, and
        whoever reads is told that the bytes were purged. This cannot be undone.

        Raises ``Conflict`` if other sessions hold the bytes and ``everywhere`` is not set.
        """
    def purge_memory(self, /, number: SupportsIndex, *, reason: str, actor: str = "", everywhere: bool = False, rewrite: bool = False) -> PurgeReport:
        """
        Removes a memory for good, with the long texts that it holds; as ``purge_file()``.
        """
    def questions(self, /) -> list[StepEntry]:
        """
        Returns the questions that wait for a person, of all open turns.
        """
    def read(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> bytes:
        """
        Reads the latest bytes of a file.

        Raises ``NotFound`` if there is none.
        """
    def read_at(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex) -> bytes:
        """
        Reads an iteration of a file by its number, from 1.
        """
    def recall(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Brings forgotten memories back into the view, and shortened results back whole.
        """
    def redo(self, /) -> UndoReport:
        """
        Takes the newest undo back that was not taken back yet, as a new checkpoint, and says which
        operation came back.

        Raises ``NotFound`` if there is no undo, or if anything else was done since.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1")
        >>> session.undo().operation.kind
        'write'
        >>> session.redo().operation.message
        'a'
        >>> session.read("a")
        b'1'
        """
    def refresh(self, /) -> ViewReport:
        """
        Lets outdated iterations in view give way to the current ones.
        """
    def remember(self, /, memory: Memory | str | bytes, *, role: Role | None = None, call: ModelCall | None = None) -> int:
        """
        Appends a memory, or a text of a role, and returns its number. A model call says which
        model made it and what the provider counted.
        """
    def remove(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> Iteration:
        """
        Removes a file; its iterations stay.
        """
    def rename(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], to: str | bytes | PathLike[str] | PathLike[bytes]) -> Iteration:
        """
        Moves a file, with its line of iterations.
        """
    def report_html(self, /, *, limit: SupportsIndex | None = None, counter: str | Counter | Callable[[str], int | Count] = ...) -> str:
        """
        Returns one page, complete in itself, that tells all of the session: graph, timeline, capacity
        beside a limit of tokens, files with their iterations, memories.
        """
    def resolve(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], *, side: SupportsIndex | None = None, base: bool = False, content: str | bytes | bytearray | memoryview | None = None, removed: bool = False) -> Checkpoint:
        """
        Resolves a merge conflict as one durable commit, and returns the session's newest checkpoint: by
        what a ``side`` has, counted from 0; by the ``base`` that the sides come from; by the ``content``
        of a file; or by nothing, where the path is ``removed``. Exactly one of them is given. Any other
        change of the path resolves it too, and ``undo()`` brings it back.

        Raises ``NotFound`` if the path is in no conflict, ``Invalid`` if it has no such side or more than
        one base, ``Conflict`` if another writer changed the path meanwhile.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.write("a", "1\\n")
        >>> fork = session.fork("t")
        >>> _ = session.write("a", "2\\n"), fork.write("a", "3\\n")
        >>> session.merge(fork).conflicts
        ['a']
        >>> [side.label for side in session.conflicts()[0].sides]
        ['s@2', 't@2']
        >>> _ = session.resolve("a", side=1)
        >>> session.read("a"), session.conflicts()
        (b'3\\n', [])
        """
    def resolve_finding(self, /, number: SupportsIndex, reason: str = "") -> None:
        """
        Says that a finding needs nothing more, and why.

        Raises ``NotFound`` if there is none of the number, ``Conflict`` if somebody said so already.
        """
    def restore(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex) -> Iteration:
        """
        Brings an iteration of a file back, as a new iteration.
        """
    def restore_checkpoint(self, /, checkpoint: ObjectId | Checkpoint | LogEntry | int | str, *, scope: str = "files") -> Checkpoint:
        """
        Restores files (``scope="files"``), the dialog (``"dialog"``) or ``"all"`` of a checkpoint, as a
        new checkpoint that ``undo()`` takes back, and returns that one.
        """
    def resume(self, /, directory: str | bytes | PathLike[str] | PathLike[bytes]) -> Loss:
        """
        Brings the files into a directory, and says what did not come along. No command is run.
        """
    def resume_turn(self, /, id: ObjectId, driver: bytes | None = None) -> Turn:
        """
        Takes a turn over, also from a driver that is gone. Of what that one was asked to do and has not
        said nobody knows whether it was done: the effect of each tool says what happens then. Questions
        to people stay open.

        Raises ``NotFound`` if the session has no such turn; ``Invalid`` in a fork or a copy of its
        session.
        """
    def review(self, /, number: SupportsIndex, revision: ObjectId, choice: Literal['accept', 'reject'], reason: str = "") -> Proposal:
        """
        Accepts or rejects a revision of a proposal: ``"accept"`` or ``"reject"``. Nothing is applied by
        it.

        Raises ``NotFound`` if there is no such proposal or revision.
        """
    def revise(self, /, number: SupportsIndex, title: str, changes: Mapping[str, str | bytes | None]) -> Proposal:
        """
        Puts a proposal forward anew, changed by these paths, as its next revision. What was decided about
        an earlier revision says nothing of this one.

        Raises ``NotFound`` if there is no such proposal, ``Conflict`` if it was applied.
        """
    def run(self, /, command: Sequence[str] | str, directory: str | bytes | PathLike[str] | PathLike[bytes], *, timeout: float | None = None, setup: bool = False, inputs: Iterable[str] = ..., reports: Iterable[str] = ..., claims: Iterable[str] = ...) -> Run:
        """
        Runs a command in a directory, and records how it ended together with what it changed. A list is
        a program and its arguments, a text a line for the shell. One ``undo()`` takes back what it
        changed; that it ran stays known.

        The command has the environment of this process and no input. It is killed whole, with all that
        it started, when it ends or after ``timeout`` seconds.

        >>> import partita, tempfile
        >>> session = partita.Store.in_memory().session("fix-parser")
        >>> run = session.run("echo made > by-it; exit 3", tempfile.mkdtemp())
        >>> run.exit, session.read("by-it")
        ('exit 3', b'made\\n')

        What it shows is evidence, whose number is the run's ``evidence``. ``inputs`` are globs of the files
        that it depends on, ``reports`` files that it writes, ``claims`` what is claimed by it.
        """
    @property
    def sandbox_state(self, /) -> str:
        """
        What the model is told of its sandbox; empty where nothing is set.
        """
    def search(self, /, text: str, *, role: Role | None = None) -> Memories:
        """
        Iterates over the memories that hold a text, whatever the case of its letters, newest first.
        """
    def sees(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> str:
        """
        Tells whether what the model is shown holds a file's current text: ``"current"``, ``"outdated"``,
        ``"none"`` or ``"no-file"``.
        """
    def set_gate(self, /, name: str, command: Sequence[str] | str | None, *, directory: str = "", timeout: float | None = None, inputs: Iterable[str] = ..., reports: Iterable[str] = ..., claims: Iterable[str] = ...) -> None:
        """
        Sets a gate: a command that checks the files whenever a change was applied. A list is a program
        and its arguments, a text a line for the shell; ``None`` takes the gate away. ``timeout`` is in
        seconds; the rest is as in ``run()``. A host runs it only where its user has approved the command.

        Raises ``Invalid`` for a name or a gate beyond a limit, ``NotFound`` where there is none to take
        away.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> session.set_gate("tests", ["python3", "-m", "unittest", "-q"], timeout=60)
        >>> [(gate.name, gate.command) for gate in session.gates()]
        [('tests', 'python3 -m unittest -q')]
        """
    def set_instructions(self, /, text: str) -> Checkpoint | None:
        """
        Sets the system instructions; an empty text takes them away. Returns the newest checkpoint.
        """
    def set_sandbox_state(self, /, text: str) -> Checkpoint | None:
        """
        Sets what the model is told of its sandbox; an empty text takes it away.
        """
    def set_tools(self, /, tools: list[dict[str, Any]]) -> Checkpoint | None:
        """
        Sets the tools that the model may call, as any provider writes them; none take them away.

        Raises ``Invalid``, saying which tool and why.

        >>> import partita
        >>> session = partita.Store.in_memory().session("s")
        >>> tool = {"name": "ls", "description": "Lists files.", "input_schema": {"type": "object"}}
        >>> session.set_tools([tool]).number
        1
        >>> session.tools
        [{'name': 'ls', 'description': 'Lists files.', 'schema': {'type': 'object'}}]
        """
    def show(self, /, glob: str) -> ViewReport:
        """
        Puts files into the view by a glob.
        """
    @property
    def state(self, /) -> State:
        """
        The host's own keyed values, as a mapping from key to bytes or to a list of bytes.
        """
    def steps(self, /, turn: ObjectId) -> list[StepEntry]:
        """
        Returns the steps of a turn, in the order of rounds.
        """
    def tokens_by_branch(self, /, *, counter: str | Counter | Callable[[str], int | Count] = ...) -> list[BranchTokens]:
        """
        Tells what the memories in view cost by the sessions that they were said in: this one's first,
        then those that merges brought, by name.
        """
    @property
    def tools(self, /) -> list[dict[str, Any]]:
        """
        The latest tools that the model may call, each ``{name, description, schema}``.
        """
    def trim(self, /, *, keep: SupportsIndex | None = None, since: datetime | None = None) -> int:
        """
        Gives up history: keeps the newest ``keep`` checkpoints, or those ``since`` a time. Returns
        how many went. The next gc frees their bytes. This cannot be undone.
        """
    def trim_results(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Shows what tools returned shortened.
        """
    def turns(self, /) -> list[TurnEntry]:
        """
        Returns the turns of the newest state, oldest first.
        """
    def undo(self, /) -> UndoReport:
        """
        Takes the newest operation back that was not taken back yet, as a new checkpoint, and says
        which. ``redo()`` takes the undo back.

        Raises ``NotFound`` if nothing is left to undo.
        """
    def unpin(self, /, checkpoint: ObjectId | Checkpoint | LogEntry | int | str) -> Checkpoint:
        """
        Takes a pin away.
        """
    def unpin_files(self, /, glob: str) -> ViewReport:
        """
        Takes pins of files away.
        """
    def unpin_memories(self, /, memories: int | str | Memory) -> ViewReport:
        """
        Takes pins away.
        """
    @property
    def view(self, /) -> View:
        """
        What of the latest memories and files is in context.
        """
    def with_actor(self, /, actor: str) -> Session:
        """
        Returns a handle whose operations name who did them.
        """
    def workspace(self, /, directory: str | bytes | PathLike[str] | PathLike[bytes], *, include: Iterable[str] = ..., exclude: Iterable[str] = ..., show: Iterable[str] = ..., file_bytes_max: int | None = None, new_paths_max: int | None = None, new_bytes_max: int | None = None, within: float | None = None, message: str | None = None, anywhere: bool = False) -> Workspace:
        """
        Binds the session to a directory; nothing is looked at yet.

        ``include`` takes what ignore files name, ``exclude`` leaves new paths out, ``show`` brings what
        matches into the view: globs each. ``file_bytes_max``, ``new_paths_max`` and ``new_bytes_max``
        limit what is new in one capture, ``within`` its seconds.
        """
    def write(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], data: str | bytes | bytearray | memoryview) -> Iteration:
        """
        Writes a file as a new iteration, durable when it returns.

        Raises ``Invalid`` for a path that cannot be, ``Conflict`` if another writer changed the file
        meanwhile.
        """
    def write_expecting(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex | None, data: str | bytes | bytearray | memoryview) -> Iteration:
        """
        Writes a file as ``write()`` does, if its newest iteration has this number, or with ``None``
        if there is no file.

        Raises ``Conflict`` if it is not so.
        """

@final
class SessionEntry:
    """
    A row of the list of sessions.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, name: str, operation: ObjectId, shape: dict[str, Any] | None = None) -> SessionEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def name(self, /) -> str:
        """
        The session's name.
        """
    @property
    def operation(self, /) -> ObjectId:
        """
        The id of its newest operation.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class SessionSizes:
    """
    How much a session holds in its newest state.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, files: SupportsIndex, memories: SupportsIndex, shape: dict[str, Any] | None = None) -> SessionSizes: ...
    def __repr__(self, /) -> str: ...
    @property
    def files(self, /) -> int:
        """
        Files that are there.
        """
    @property
    def memories(self, /) -> int:
        """
        Memories.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Sessions:
    """
    The sessions of a store in the order of their names. One that comes or goes meanwhile may or
    may not be seen.
    """
    def __iter__(self, /) -> Sessions: ...
    def __next__(self, /) -> SessionEntry: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...

@final
class Snapshot:
    """
    A fixed state of a session: what is committed later does not change it.

    >>> import partita
    >>> session = partita.Store.in_memory().session("fix-parser")
    >>> _ = session.write("a", "1")
    >>> then = session.latest()
    >>> _ = session.write("a", "2")
    >>> then.read("a"), session.read("a")
    (b'1', b'2')
    >>> [change.path for change in then.changes(session.latest())]
    ['a']
    """
    def __reduce__(self, /) -> Never: ...
    def __repr__(self, /) -> str: ...
    def account(self, /, *, counter: str | Counter | Callable[[str], int | Count] = ...) -> Account:
        """
        Counts what a model is sent of this state, item by item.
        """
    def changes(self, /, other: Snapshot) -> list[FileChange]:
        """
        Returns how the files differ from this state to another, in the order of their paths.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The checkpoint; none where the session is still empty.
        """
    def claims(self, /) -> list[Claim]:
        """
        The claims, oldest first, judged by the evidence and the files of this state.
        """
    def conflicts(self, /) -> list[ConflictEntry]:
        """
        The merge conflicts that nobody has resolved, in the order of their paths.
        """
    def context(self, /, dialect: Dialect, *, cache_points: bool = True, end_with_user: bool = False, without_stale: bool = False) -> Request:
        """
        Renders the request for a provider's model, as ``Session.context()``.
        """
    def context_diff(self, /, other: Snapshot) -> ContextDiff:
        """
        Tells what a model sees otherwise in another state than in this one.
        """
    def evidence(self, /, *, limit: SupportsIndex | None = None) -> list[Evidence]:
        """
        The evidence, newest first. An undo takes none of it away.
        """
    def export(self, /, format: ExportFormat = "openai-chat", *, name: str = "") -> Export:
        """
        Writes the dialog as another tool reads it, as ``Session.export()``; ``name`` is what an
        ``"atif"`` calls the session.
        """
    @property
    def files(self, /) -> Files:
        """
        The files, as a mapping from path to bytes.
        """
    @property
    def instructions(self, /) -> str:
        """
        The system instructions; empty where none are set.
        """
    def left_out(self, /) -> list[LeftOut]:
        """
        What the newest capture of a directory left out of this state.
        """
    def memories(self, /, *, start: SupportsIndex = 1, reverse: bool = False) -> Memories:
        """
        Iterates over the memories from a number on, or newest first. Purged ones are left out.
        """
    def memory(self, /, number: SupportsIndex) -> Memory:
        """
        Returns the memory of a number.

        Raises ``NotFound`` if there is none, ``Purged`` if it is gone on purpose.
        """
    def memory_branch(self, /, number: SupportsIndex) -> MemoryBranch | None:
        """
        Returns where the memory of a number was said; none where that was in this session, or in one that
        it was forked from.
        """
    def read(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> bytes:
        """
        Reads the bytes of a file or the target of a link.

        Raises ``NotFound`` if there is none, saying since when.
        """
    def runs(self, /, *, limit: SupportsIndex | None = None) -> list[Run]:
        """
        The runs of commands, newest first. An undo takes none of them away.
        """
    @property
    def sandbox_state(self, /) -> str:
        """
        What the model is told of its sandbox; empty where nothing is set.
        """
    def search(self, /, text: str, *, role: Role | None = None) -> Memories:
        """
        Iterates over the memories that hold a text, whatever the case of its letters, newest first.
        """
    @property
    def state(self, /) -> State:
        """
        The host's keyed values.
        """
    @property
    def tools(self, /) -> list[dict[str, Any]]:
        """
        The tools that the model may call, each ``{name, description, schema}``.
        """
    @property
    def view(self, /) -> View:
        """
        What of memories and files is in context.
        """

@final
class State:
    """
    The host's own keyed values in a session or a snapshot: a mapping from key to bytes, or to a
    list of bytes that shares what it has in common with its other versions. Keys are bytes, 1 to
    4,096 of them; a ``str`` stands for its UTF-8. In a session each write is one durable commit.

    >>> import partita
    >>> state = partita.Store.in_memory().session("planner").state
    >>> state["plan"] = "look first"
    >>> state.append("steps", "read"); state.append("steps", "edit")
    >>> state["plan"], len(state["steps"]), state["steps"][1], list(state)
    (b'look first', 2, b'edit', [b'plan', b'steps'])
    """
    def __contains__(self, key: str | bytes | bytearray | memoryview, /) -> bool: ...
    def __delitem__(self, key: str | bytes | bytearray | memoryview, /) -> None: ...
    def __getitem__(self, key: str | bytes | bytearray | memoryview, /) -> bytes | StateList: ...
    def __iter__(self, /) -> Iterator[bytes]: ...
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    def __setitem__(self, key: str | bytes | bytearray | memoryview, value: str | bytes | bytearray | memoryview, /) -> None: ...
    def _repr_html_(self, /) -> str: ...
    def append(self, /, key: str | bytes | bytearray | memoryview, item: str | bytes | bytearray | memoryview) -> None:
        """
        Appends an item to a list, which begins with its first item.

        Raises ``Invalid`` if the key holds bytes.
        """
    @overload
    def get(self, /, key: str | bytes | bytearray | memoryview, default: None = None) -> bytes | StateList | None: ...
    @overload
    def get(self, /, key: str | bytes | bytearray | memoryview, default: _T) -> bytes | StateList | _T:
        """
        Returns what a key holds, or ``default``.
        """
    def keys(self, /, prefix: str | bytes | bytearray | memoryview | None = None) -> list[bytes]:
        """
        Returns the keys that begin with these bytes, in the order of their bytes. Reads no value.
        """
    def under(self, /, prefix: str | bytes | bytearray | memoryview, *, reverse: bool = False, after: str | bytes | bytearray | memoryview | None = None) -> StateRows:
        """
        Iterates over the keys that begin with these bytes, each with what it holds: in their order, or
        against it, and with ``after`` from the next one on. What is changed meanwhile is not seen.
        """

@final
class StateList:
    """
    A list of the state, as it was when it was read: its items are bytes.
    """
    @overload
    def __getitem__(self, at: SupportsIndex, /) -> bytes: ...
    @overload
    def __getitem__(self, at: slice, /) -> list[bytes]: ...
    def __iter__(self, /) -> Iterator[bytes]: ...
    def __len__(self, /) -> int: ...
    def __repr__(self, /) -> str: ...
    def shared(self, /, other: StateList) -> int:
        """
        Tells how many first items it has in common with another list of the same store. Reads only
        where the two differ.
        """

@final
class StateRows:
    """
    The keys of a state that begin alike, each with what it holds.
    """
    def __iter__(self, /) -> StateRows: ...
    def __next__(self, /) -> tuple[bytes, bytes | StateList]: ...

@final
class Stats:
    """
    What a store holds.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, sessions: SupportsIndex, objects: SupportsIndex, raw_bytes: SupportsIndex, stored_bytes: SupportsIndex, segments: SupportsIndex, shape: dict[str, Any] | None = None) -> Stats: ...
    def __repr__(self, /) -> str: ...
    @property
    def objects(self, /) -> int:
        """
        Distinct objects: contents and nodes.
        """
    @property
    def raw_bytes(self, /) -> int:
        """
        Bytes of distinct contents as they were written.
        """
    @property
    def segments(self, /) -> int:
        """
        Those files.
        """
    @property
    def sessions(self, /) -> int:
        """
        Sessions, deleted ones not counted.
        """
    @property
    def stored_bytes(self, /) -> int:
        """
        Bytes of the files that hold all of it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class StepEntry:
    """
    A step of a turn, as the session knows it.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: ObjectId, turn: ObjectId, round: SupportsIndex, kind: str, name: str, text: str, choices: Sequence[str], tool: str | None, revision: ObjectId | None, attempts: SupportsIndex, end: str | None, said: str, memory: SupportsIndex | None, late: SupportsIndex) -> StepEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def attempts(self, /) -> int:
        """
        How often it was tried.
        """
    @property
    def choices(self, /) -> list[str]:
        """
        What answers the question; else empty.
        """
    @property
    def end(self, /) -> str | None:
        """
        How the newest attempt ended: ``"done"``, ``"failed"``, ``"refused"``, ``"unknown"`` or
        ``"cancelled"``; none as long as nobody has said.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called, however often it is tried.
        """
    @property
    def kind(self, /) -> str:
        """
        ``"call-model"``, ``"run-tool"``, ``"run-sandbox"`` or ``"ask"``.
        """
    @property
    def late(self, /) -> int:
        """
        How many results came when nobody waited for them any more.
        """
    @property
    def memory(self, /) -> int | None:
        """
        The number of the memory that it made.
        """
    @property
    def name(self, /) -> str:
        """
        The role, the tool or the gate; of a question ``"approve"``, ``"unknown"`` or ``"review"``.
        """
    @property
    def revision(self, /) -> ObjectId | None:
        """
        The revision that a model, a gate or a question is about.
        """
    @property
    def round(self, /) -> int:
        """
        The round of the turn.
        """
    @property
    def said(self, /) -> str:
        """
        More of that, in a line; may be empty.
        """
    @property
    def text(self, /) -> str:
        """
        The question in words; else empty.
        """
    @property
    def tool(self, /) -> str | None:
        """
        The tool of a call or of a question about one.
        """
    @property
    def turn(self, /) -> ObjectId:
        """
        The turn.
        """

@final
class Store:
    """
    A store of sessions, in a directory or in memory.

    Many threads and many processes may use one store. After ``close()``, and in a fork of the
    process, it and all that came of it refuse to work and say so.

    >>> import partita, tempfile
    >>> with tempfile.TemporaryDirectory() as room:
    ...     with partita.Store.open(room + "/store") as store:
    ...         _ = store.session("fix-parser").write("src/lib.rs", "fn parse() {}")
    ...         [entry.name for entry in store.sessions()]
    ['fix-parser']
    """
    def __bool__(self, /) -> bool:
        """
        Stores nothing: returns whether there is a store, even one without sessions.
        """
    def __contains__(self, name: str, /) -> bool: ...
    def __enter__(self, /) -> Store: ...
    def __exit__(self, /, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None: ...
    def __iter__(self, /) -> Sessions: ...
    def __len__(self, /) -> int: ...
    def __reduce__(self, /) -> Never: ...
    def __repr__(self, /) -> str: ...
    def _repr_html_(self, /) -> str: ...
    def check(self, /, *, progress: Callable[[int, int], object] | None = None) -> CheckReport:
        """
        Verifies every byte and every reference. Damage is no error but a fault of the report.

        ``progress(done, total)`` is called a few times a second; what it raises ends the check.
        """
    def close(self, /) -> None:
        """
        Closes the store: it, its sessions and all that came of them work no more. Closing twice is
        no error.
        """
    @property
    def closed(self, /) -> bool:
        """
        Whether it was closed.
        """
    def content_size(self, /, id: ObjectId) -> int:
        """
        Returns the bytes of a content, without reading it.
        """
    def create_session(self, /, name: str) -> Session:
        """
        Creates a session.

        Raises ``AlreadyExists`` if the name is taken.
        """
    def delete_session(self, /, name: str) -> None:
        """
        Deletes a session. Its bytes stay for 30 days, until a gc; ``undelete_session()`` brings it
        back.
        """
    def deleted_sessions(self, /) -> list[DeletedSession]:
        """
        Lists the deleted sessions that gc has not taken, the one that was deleted last first.
        """
    @property
    def directory(self, /) -> Path | None:
        """
        The directory; none for a store in memory.
        """
    def gc(self, /, *, keep_days: SupportsFloat | SupportsIndex | None = None, dry_run: bool = False, progress: Callable[[int, int], object] | None = None) -> GcReport:
        """
        Removes what nothing leads to, and packs what stays. Deleted sessions, and what checkouts put
        aside, stay for ``keep_days`` days; a dry run says what would go.

        ``progress(done, total)`` is called a few times a second; what it raises ends the work, of
        which nothing or a part was done then.
        """
    @staticmethod
    def in_memory() -> Store:
        """
        Makes an empty store that lives in memory and vanishes with its last handle.
        """
    def integrate(self, /, name: str, *sessions: Session, dialog: MergedDialog | None = None, summarizer: Callable[[list[Memory]], str | Memory] | None = None) -> tuple[Session, MergeReport]:
        """
        Begins a session that has everything several have, in one durable commit: a fork of the first into
        which the others are merged, as ``Session.merge()`` does. Returns it, and what the merge did.

        Raises ``AlreadyExists`` if the name is taken, ``Invalid`` for a name that cannot be, else as
        ``Session.merge()``.

        >>> import partita
        >>> store = partita.Store.in_memory()
        >>> parser = store.session("parser")
        >>> _ = parser.write("README.md", "A parser.\\n")
        >>> lexer, printer = parser.fork("lexer"), parser.fork("printer")
        >>> _ = lexer.write("lexer.rs", "struct Lexer;\\n")
        >>> _ = printer.write("printer.rs", "struct Printer;\\n")
        >>> both, report = store.integrate("both", lexer, printer)
        >>> report.clean, list(both.files)
        (True, ['README.md', 'lexer.rs', 'printer.rs'])
        """
    def kept(self, /) -> list[Kept]:
        """
        Returns what checkouts found, replaced and put aside, by directory, oldest first.

        ``gc()`` frees it after the time that it is told, 30 days unless told otherwise.
        """
    @staticmethod
    def open(directory: str | bytes | PathLike[str] | PathLike[bytes], *, create: bool = True, read_only: bool = False, durability: Durability = "sync", lock_timeout: SupportsFloat | SupportsIndex = 30.0, on_wait: Callable[[float, str | None], object] | None = None) -> Store:
        """
        Opens the store in a directory; creates both unless told otherwise.

        ``durability`` says when a commit returns: ``"sync"``, when it survives a power cut, or
        ``"buffered"``, when it survives a crash of the process. ``lock_timeout`` is how many seconds a
        commit waits for another process's; then it raises ``Busy``.

        ``on_wait(waited, holder)`` is called once a second while a call waits for another process, with
        the seconds so far and the process that holds the lock, such as ``process 7 (python3)``, if the
        system tells. What it raises ends the wait and comes out of the call. Without it the logger
        ``partita`` gets one warning a wait, after a second. A signal ends a wait of the main thread.

        Raises ``NotFound`` if there is none and it is not to be created, ``Invalid`` if the path is
        something else, ``Unsupported`` if it is newer than this library, ``Corrupt`` if what is needed
        to begin is damaged.
        """
    def open_session(self, /, name: str) -> Session:
        """
        Opens a session.

        Raises ``NotFound`` if there is none.
        """
    def purge_matching(self, /, data: str | bytes | bytearray | memoryview, *, reason: str, actor: str = "", everywhere: bool = False, rewrite: bool = False) -> PurgeReport:
        """
        Removes every content and every memory that contains these bytes, wherever it is. This
        cannot be undone.

        Raises ``Conflict`` where more than one session holds any of it and ``everywhere`` is not set.
        """
    def read_content(self, /, id: ObjectId) -> bytes:
        """
        Reads a content by its id.
        """
    def rename_session(self, /, name: str, to: str) -> None:
        """
        Gives a session another name.
        """
    def resolve(self, /, prefix: str) -> ObjectId:
        """
        Returns the one object that a short id names: 4 to 64 hexadecimal digits.

        Raises ``NotFound`` if none matches, ``Ambiguous`` with the candidates if several do.
        """
    def session(self, /, name: str) -> Session:
        """
        Creates a session or resumes the one of this name.

        Raises ``Invalid`` for a name that cannot be.
        """
    def session_sizes(self, /, name: str) -> SessionSizes:
        """
        Tells how much a session holds in its newest state; known without reading it where it was
        asked for before.

        Raises ``NotFound`` if there is no such session.
        """
    def sessions(self, /, *, prefix: str = "", after: str | None = None, limit: SupportsIndex | None = None) -> Sessions:
        """
        Iterates over the sessions in the order of their names: those that begin with ``prefix`` and
        come after ``after``, at most ``limit``.
        """
    def stats(self, /) -> Stats:
        """
        Counts what the store holds: about a second for a million objects.
        """
    def sync(self, /) -> None:
        """
        Makes all that was committed durable; of use with ``durability="buffered"``.
        """
    def undelete_session(self, /, id: ObjectId, *, name: str | None = None) -> Session:
        """
        Brings a deleted session back, with all its past, under a name or under the one that it had.

        Raises ``NotFound`` if gc took it or somebody brought it back, ``AlreadyExists`` if the name is
        taken, ``Invalid`` without a name where none was recorded.

        >>> import partita
        >>> store = partita.Store.in_memory()
        >>> session = store.session("s")
        >>> store.delete_session("s")
        >>> store.undelete_session(store.deleted_sessions()[0].id, name="t").name
        't'
        """

@final
class Tombstone:
    """
    What stands in for an object whose bytes are gone for good.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, target: ObjectId, lost: bool, size: SupportsIndex | None, reason: str, actor: str, time: datetime, shape: dict[str, Any] | None = None) -> Tombstone: ...
    def __repr__(self, /) -> str: ...
    @property
    def actor(self, /) -> str:
        """
        Who did it; may be empty.
        """
    @property
    def lost(self, /) -> bool:
        """
        Whether it was lost to damage; else it was purged on purpose.
        """
    @property
    def reason(self, /) -> str:
        """
        Why; may be empty.
        """
    @property
    def size(self, /) -> int | None:
        """
        Bytes that it had; none where nobody knows.
        """
    @property
    def target(self, /) -> ObjectId:
        """
        The object.
        """
    @property
    def time(self, /) -> datetime:
        """
        When, by the clock of whoever did it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class TranscriptImport:
    """
    What an import of a transcript did.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, format: str, conversation: str, new: SupportsIndex, known: SupportsIndex, given_up: SupportsIndex, instructions: bool, tools: SupportsIndex | None, tools_left_out: Sequence[str], report: Report, others: Sequence[tuple[SupportsIndex, str, SupportsIndex]], shape: dict[str, Any] | None = None) -> TranscriptImport: ...
    def __repr__(self, /) -> str: ...
    @property
    def conversation(self, /) -> str:
        """
        Which of its conversations it was: empty for the only or main one.
        """
    @property
    def format(self, /) -> str:
        """
        How the source is written.
        """
    @property
    def given_up(self, /) -> int:
        """
        Memories that it took out of the view, for the recording's writer gave them up.
        """
    @property
    def instructions(self, /) -> bool:
        """
        Whether it set the instructions.
        """
    @property
    def known(self, /) -> int:
        """
        Memories that the session had, or that were purged from it.
        """
    @property
    def new(self, /) -> int:
        """
        Memories that it added.
        """
    @property
    def others(self, /) -> list[tuple[int, str, int]]:
        """
        The other conversations of the source: number, name, memories.
        """
    @property
    def report(self, /) -> Report:
        """
        What became of everything in the conversation.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def tools(self, /) -> int | None:
        """
        How many tools it set; none where it set no tools.
        """
    @property
    def tools_left_out(self, /) -> list[str]:
        """
        Why tools were left out, one line each.
        """

@final
class TurnEntry:
    """
    A turn of a session.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, id: ObjectId, number: SupportsIndex, open: bool, ended: str | None, note: str, phase: str, round: SupportsIndex, stage: SupportsIndex, takeovers: SupportsIndex, proposal: SupportsIndex | None, calls: SupportsIndex, tokens: SupportsIndex, cost: SupportsIndex, took_ms: SupportsIndex) -> TurnEntry: ...
    def __repr__(self, /) -> str: ...
    @property
    def calls(self, /) -> int:
        """
        Calls of models.
        """
    @property
    def cost(self, /) -> int:
        """
        What was spent, as the host said: millionths of its currency.
        """
    @property
    def ended(self, /) -> str | None:
        """
        Why it ended; none while it goes on.
        """
    @property
    def id(self, /) -> ObjectId:
        """
        What it is called.
        """
    @property
    def note(self, /) -> str:
        """
        More of why, in a line; may be empty.
        """
    @property
    def number(self, /) -> int:
        """
        Counts from 1 in the session.
        """
    @property
    def open(self, /) -> bool:
        """
        Whether it has not ended, and goes on here. A fork has its origin's turns, to look at alone.
        """
    @property
    def phase(self, /) -> str:
        """
        What the round is for: ``"model"``, ``"tools"``, ``"review"``, ``"gates"`` or ``"ended"``.
        """
    @property
    def proposal(self, /) -> int | None:
        """
        The number of the proposal that its changes go into; none where it has none.
        """
    @property
    def round(self, /) -> int:
        """
        The round, counted from 1.
        """
    @property
    def stage(self, /) -> int:
        """
        The stage of the policy, counted from 0.
        """
    @property
    def takeovers(self, /) -> int:
        """
        How often it was taken over.
        """
    @property
    def tokens(self, /) -> int:
        """
        Tokens that they had, as far as providers said.
        """
    @property
    def took_ms(self, /) -> int:
        """
        Milliseconds, as the host said.
        """

@final
class UndoReport:
    """
    What an undo or a redo did.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, id: ObjectId, operation: Operation, shape: dict[str, Any] | None = None) -> UndoReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def id(self, /) -> ObjectId:
        """
        The new checkpoint.
        """
    @property
    def number(self, /) -> int:
        """
        The number of the new checkpoint, which holds the state that came back.
        """
    @property
    def operation(self, /) -> Operation:
        """
        The operation that was taken back, or that a redo brought back.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class UnreadLog:
    """
    Where the log could not be read. What commits did there and nowhere else is not known.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, segment: str, offset: SupportsIndex, end: SupportsIndex, what: str, sessions: Sequence[str], shape: dict[str, Any] | None = None) -> UnreadLog: ...
    def __repr__(self, /) -> str: ...
    @property
    def end(self, /) -> int:
        """
        The offset at which it can be read again.
        """
    @property
    def offset(self, /) -> int:
        """
        The offset in that file, in bytes.
        """
    @property
    def segment(self, /) -> str:
        """
        The segment's file name.
        """
    @property
    def sessions(self, /) -> list[str]:
        """
        The refs of the sessions that were committed to there, as far as that can be told.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def what(self, /) -> str:
        """
        What cannot be read.
        """

@final
class Usage:
    """
    Tokens that a provider says it counted; none is what it did not say, which is not zero.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, input: SupportsIndex | None, output: SupportsIndex | None, cache_read: SupportsIndex | None, cache_write: SupportsIndex | None, reasoning: SupportsIndex | None) -> Usage: ...
    def __repr__(self, /) -> str: ...
    @property
    def cache_read(self, /) -> int | None:
        """
        Tokens of the prompt that came from a cache.
        """
    @property
    def cache_write(self, /) -> int | None:
        """
        Tokens of the prompt that were written to a cache.
        """
    @property
    def input(self, /) -> int | None:
        """
        Tokens of the prompt that were neither read from a cache nor written to one.
        """
    @property
    def output(self, /) -> int | None:
        """
        Tokens that the model wrote, its thoughts included.
        """
    @property
    def reasoning(self, /) -> int | None:
        """
        How many of the output's tokens were thoughts.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it.
        """

@final
class View:
    """
    What of a state's memories and files is in context, apart from what exists.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> for text in ["one", "two", "three"]:
    ...     _ = session.remember(text)
    >>> session.forget("1..2").changed
    [1, 2]
    >>> [memory.number for memory in session.view.memories()]
    [3]
    """
    def __repr__(self, /) -> str: ...
    def files(self, /) -> list[ViewFile]:
        """
        Returns the files in view, in the order in which they came into it.
        """
    def memories(self, /, *, forgotten: bool = False) -> list[ViewMemory]:
        """
        Returns the memories in view in their order, summaries in place of what they cover; on wish
        also those that are forgotten. Purged ones are left out.
        """
    def open_calls(self, /) -> list[OpenCall]:
        """
        Returns the calls in view that wait for a result, in their order: what is to be done first
        when a session is resumed. A call that is forgotten or covered by a summary waits no more.

        >>> import partita
        >>> from partita import Memory, Part
        >>> session = partita.Store.in_memory().session("s")
        >>> _ = session.remember(Memory.assistant("I look.", Part.call("c1", "ls", "{}")))
        >>> [(call.memory, call.id, call.name) for call in session.view.open_calls()]
        [(1, 'c1', 'ls')]
        >>> _ = session.remember(Memory.tool_error("c1", "interrupted"))
        >>> session.view.open_calls()
        []
        """
    def rules(self, /) -> list[ViewRule]:
        """
        Returns the patterns that hide and show files, oldest first.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command's ``view`` prints with ``--json``.
        """

@final
class ViewFile:
    """
    A file in view.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex, iteration: ObjectId, after: SupportsIndex, pinned: bool, shape: dict[str, Any] | None = None) -> ViewFile: ...
    def __repr__(self, /) -> str: ...
    @property
    def after(self, /) -> int:
        """
        The number of the newest memory when it came into view; 0 before the first.
        """
    @property
    def iteration(self, /) -> ObjectId:
        """
        The iteration.
        """
    @property
    def number(self, /) -> int:
        """
        The number of the iteration.
        """
    @property
    def path(self, /) -> str:
        """
        Where it is.
        """
    @property
    def pinned(self, /) -> bool:
        """
        Whether nothing else may touch it.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class ViewMemory:
    """
    A memory in view.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, number: SupportsIndex, memory: Memory, state: str, last: SupportsIndex | None, pinned: bool, relies_on: Sequence[ObjectId]) -> ViewMemory: ...
    def __repr__(self, /) -> str: ...
    @property
    def last(self, /) -> int | None:
        """
        Of a summary, the last number that it covers.
        """
    @property
    def memory(self, /) -> Memory:
        """
        The memory.
        """
    @property
    def number(self, /) -> int:
        """
        Its number; of a summary the first number that it covers.
        """
    @property
    def pinned(self, /) -> bool:
        """
        Whether nothing else may touch it.
        """
    @property
    def relies_on(self, /) -> list[ObjectId]:
        """
        Of a summary, what it relies on: calls, results and checks that it covers.
        """
    @property
    def state(self, /) -> str:
        """
        How it stands in the view: ``"full"``, ``"trimmed"`` with what tools returned shortened,
        ``"summary"`` of a range of memories, or ``"forgotten"``.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: a row of what the command's ``view`` prints with ``--json``.

        Raises ``Invalid`` if its memory is of no session.
        """

@final
class ViewReport:
    """
    What an edit of the view did, and what it left alone. Files are paths with the number of an
    iteration; a summary is known by the first number that it covers.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, named: Sequence[SupportsIndex], widened: Sequence[SupportsIndex], summaries: Sequence[tuple[SupportsIndex, SupportsIndex]], changed: Sequence[SupportsIndex], pinned: Sequence[SupportsIndex], files_out: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], SupportsIndex]], files_in: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], SupportsIndex]], files_changed: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], SupportsIndex]], files_pinned: Sequence[tuple[str | bytes | PathLike[str] | PathLike[bytes], SupportsIndex]], rules: bool, checkpoint: Checkpoint | None, shape: dict[str, Any] | None = None) -> ViewReport: ...
    def __repr__(self, /) -> str: ...
    @property
    def changed(self, /) -> list[int]:
        """
        The memories whose part in the view changed.
        """
    @property
    def checkpoint(self, /) -> Checkpoint | None:
        """
        The session's newest checkpoint after it; none where nothing changed, and in a batch.
        """
    @property
    def files_changed(self, /) -> list[tuple[str, int]]:
        """
        The files in view that were pinned or unpinned.
        """
    @property
    def files_in(self, /) -> list[tuple[str, int]]:
        """
        The files that came into view.
        """
    @property
    def files_out(self, /) -> list[tuple[str, int]]:
        """
        The files that went out of view.
        """
    @property
    def files_pinned(self, /) -> list[tuple[str, int]]:
        """
        The files that would have gone out of view but for their pin.
        """
    @property
    def named(self, /) -> list[int]:
        """
        The memories that were named.
        """
    @property
    def pinned(self, /) -> list[int]:
        """
        The memories that would have changed but for a pin in their exchange.
        """
    @property
    def rules(self, /) -> bool:
        """
        Whether what hides files to come changed.
        """
    @property
    def summaries(self, /) -> list[tuple[int, int]]:
        """
        The summaries that stand for named memories, each taken whole: first and last number.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """
    @property
    def widened(self, /) -> list[int]:
        """
        The memories that were added, so that no exchange is torn.
        """

@final
class ViewRule:
    """
    A pattern that hides or shows files, also those to come; the last that matches counts.
    """
    def __eq__(self, value: object, /) -> bool: ...
    def __getnewargs_ex__(self, /) -> tuple[tuple[()], dict[str, object]]: ...
    def __hash__(self, /) -> int: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __new__(cls, /, *, hides: bool, glob: str | bytes | PathLike[str] | PathLike[bytes], shape: dict[str, Any] | None = None) -> ViewRule: ...
    def __repr__(self, /) -> str: ...
    @property
    def glob(self, /) -> str:
        """
        Which files.
        """
    @property
    def hides(self, /) -> bool:
        """
        Whether it hides; else it shows.
        """
    def to_dict(self, /) -> dict[str, Any]:
        """
        Returns it as JSON has it: what the command prints with ``--json``.

        Raises ``Invalid`` for a value that was made by hand.
        """

@final
class Workspace:
    """
    A session bound to a directory: what is changed there is captured, what is in the session is
    checked out.

    >>> import partita, pathlib, tempfile
    >>> room = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (room / "lib.rs").write_text("fn parse() {}")
    >>> session = partita.Store.in_memory().session("fix-parser")
    >>> workspace = session.workspace(room)
    >>> workspace.capture().added
    ['lib.rs']
    >>> _ = (room / "lib.rs").rename(room / "parser.rs")
    >>> workspace.capture().renamed
    [('lib.rs', 'parser.rs')]
    >>> _ = session.undo(), workspace.checkout()
    >>> [path.name for path in room.iterdir()]
    ['lib.rs']
    """
    def __repr__(self, /) -> str: ...
    def capture(self, /, *, progress: Callable[[int, int], object] | None = None) -> Capture:
        """
        Takes what changed in the directory into the session, as one durable checkpoint: each changed
        file a new iteration. Where nothing changed there is no checkpoint. No file comes into view by
        it; one that is in view goes on there.

        ``progress(read, looked)`` is called a few times a second, with the files that were read and the
        names that were looked at; what it raises ends the work, and nothing was captured.

        Raises ``Invalid`` if the directory is none, is the store's, or is ``/`` or the home directory
        without ``anywhere``; ``Busy`` if a checkout or another capture works in it for too long.
        """
    def checkout(self, /, *, checkpoint: ObjectId | Checkpoint | LogEntry | int | str | None = None) -> CheckoutPlan:
        """
        Writes the files of a checkpoint, or of the latest state, into the directory, as
        ``Session.checkout()`` does.
        """
    @property
    def directory(self, /) -> Path:
        """
        The directory as it was given.
        """
    @property
    def known(self, /) -> bool:
        """
        Whether the session's line knows the directory: whether it was captured or checked out into.
        """
    def restore(self, /, path: str | bytes | PathLike[str] | PathLike[bytes], number: SupportsIndex) -> Iteration:
        """
        Brings back what an earlier iteration of a path held, in the session and in the directory.
        """
    def status(self, /, *, progress: Callable[[int, int], object] | None = None) -> Capture:
        """
        Returns what ``capture()`` would take, and takes nothing.
        """

@final
class _Turn:
    """
    The turn behind a `partita.Turn`: what it asks for, and what it is told.
    """
    def answer(self, /, id: ObjectId, memory: Memory, call: ModelCall | None, attempts: Sequence[CallAttempt], took_ms: SupportsIndex | None, cost: SupportsIndex | None, complexity: Complexity | None) -> bool: ...
    def cancel(self, /, why: str) -> None: ...
    def chose(self, /, id: ObjectId, choice: PersonsChoice, reason: str) -> bool: ...
    def entry(self, /) -> TurnEntry: ...
    def failed(self, /, id: ObjectId, why: str) -> bool: ...
    @property
    def id(self, /) -> ObjectId: ...
    def next(self, /) -> list[Step] | None: ...
    def policy(self, /) -> Policy: ...
    def proposal(self, /) -> Proposal | None: ...
    def read(self, /, path: str | bytes | PathLike[str] | PathLike[bytes]) -> bytes: ...
    def returned(self, /, id: ObjectId, parts: list[Part | str | bytes], error: bool, changes: Mapping[str, str | bytes | None], took_ms: SupportsIndex | None, cost: SupportsIndex | None) -> bool: ...
    def sees(self, /, role: str, path: str | bytes | PathLike[str] | PathLike[bytes]) -> str: ...
    def showed(self, /, id: ObjectId, passed: bool, output: str, run: SupportsIndex | None, evidence: SupportsIndex | None, took_ms: SupportsIndex | None) -> bool: ...
    def waiting(self, /) -> list[StepEntry]: ...

@final
class _Work:
    """
    What a step has beside its fields: the prompt of a model, or the command of a gate.
    """
    def __reduce__(self, /) -> Never: ...
    def request(self, /, dialect: Dialect, cache_points: bool, end_with_user: bool) -> Request:
        """
        Renders the request of a step that calls a model.
        """
    def run(self, /, session: Session, directory: str | bytes | PathLike[str] | PathLike[bytes], approve: Callable[[str], bool]) -> GateResult:
        """
        Runs the gate of a step in a directory.
        """

def _after_fork_in_child() -> None:
    """
    Called after a fork, in the child.
    """

def _after_fork_in_parent() -> None:
    """
    Called after a fork, in the parent.
    """

def _before_fork() -> None:
    """
    Called before a fork.
    """

def _command(arguments: list[str], /) -> int:
    """
    Runs the command with its arguments, the program's name first, and returns its exit code.
    """

def count(given: str | bytes | list[dict[str, Any]] | dict[str, Any], /, *, counter: str | Counter | Callable[[str], int | Count] = ..., tools: list[dict[str, Any]] | None = None) -> Count:
    """
    Counts the tokens of a text, or of messages as a request: the provider's own dicts, of Anthropic,
    OpenAI Chat, OpenAI Responses or Gemini, or a whole request's body. ``tools`` take the place of
    the body's.

    Messages count by OpenAI's published rule. ``counter`` is the name of an encoding or of an OpenAI
    model, a ``Counter``, or a callable from str to int (or ``Count``) with an ``id``.

    Raises ``Invalid`` for messages that cannot be read, ``TypeError`` with the place for what is no
    JSON.

    >>> import partita
    >>> partita.count("hello world").tokens
    2
    >>> messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    >>> partita.count(messages, counter="gpt-4o").tokens
    15
    """

def diff(old: str | bytes | bytearray | memoryview, new: str | bytes | bytearray | memoryview, /) -> Diff:
    """
    Compares two versions of a file.

    The work is bounded, whatever the bytes. Raises nothing but ``TypeError``.
    """

def error_codes() -> list[str]:
    """
    Returns the stable code of every kind of error, in the core's order.
    """

def plan(messages: list[dict[str, Any]] | dict[str, Any], tools: list[dict[str, Any]] | None = None, *, limit: int | Budget, counter: str | Counter | Callable[[str], int | Count] = ..., values: Callable[[str, int], int] | None = None) -> MessagePlan:
    """
    Says which messages to drop so that a request fits a limit: whole exchanges, so that no call loses
    its result; never instructions nor what is asked last. The messages are the provider's own
    dicts, of Anthropic, OpenAI Chat, OpenAI Responses or Gemini, or a whole request's body. What is
    left is valid if what was given is.

    ``limit`` is in tokens, or a ``Budget``. ``values`` says what is worth keeping, as in
    ``Session.plan()``: the materials are ``"asked"``, ``"said"`` and ``"returned"``.

    Raises ``DoesNotFit`` if it cannot fit: by how much, and what holds the most of it; else as
    ``count()``, and what ``values`` raises.

    >>> import partita
    >>> messages = [{"role": "user", "content": f"Question {n}. " + "More. " * 50} for n in range(20)]
    >>> plan = partita.plan(messages, limit=500)
    >>> plan.before.tokens > 500 >= plan.after.tokens
    True
    >>> plan.messages == [m for at, m in enumerate(messages) if at not in plan.dropped]
    True
    >>> values = lambda material, age: 1_000 if age == 19 else 1
    >>> 0 in partita.plan(messages, limit=500, values=values).dropped
    False
    """

def read_response(body: dict[str, Any], *, dialect: Dialect) -> Response:
    """
    Reads the whole body of a response, of Anthropic's Messages API, OpenAI's Chat Completions or its
    Responses API, or the Gemini API: the dict that is sent, or a client's ``model_dump()`` of it.

    Of several choices or candidates it takes the first. Blocks that only their provider understands
    stay as they came. It reads no streams: put the pieces together first, as the providers' clients
    do.

    Raises ``Invalid`` for what is no response of the dialect, with the provider's own words where it
    is an error of the API's.

    >>> import partita
    >>> body = {"id": "chatcmpl-1", "model": "gpt-x", "usage": {"prompt_tokens": 9},
    ...         "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hi."}}]}
    >>> response = partita.read_response(body, dialect="openai-chat")
    >>> response.memory.text, response.call.model, response.call.stop, response.call.usage.input
    ('Hi.', 'gpt-x', 'stop', 9)
    >>> session = partita.Store.in_memory().session("s")
    >>> session.remember(response.memory, call=response.call)
    1
    """

def recover(directory: str | bytes | PathLike[str] | PathLike[bytes], *, progress: Callable[[int, int], object] | None = None) -> RecoverReport:
    """
    Makes a damaged store whole again, with what is left of it: copies every object that is whole,
    lets each session go on from the newest operation whose state can be read, gives a session to
    every state that nothing leads to any more, and leaves a tombstone for whatever is lost. The
    damaged files move to ``quarantine``; nothing is deleted but what a collection or a purge had
    given up already.

    What could be read before can be read afterwards, or the report names it. One that was cut short
    goes on when it is run again, and tells the same.

    ``progress(done, total)`` is called a few times a second; what it raises ends the work.
    """

def render(messages: list[dict[str, Any]] | dict[str, Any], *, dialect: Dialect, tools: list[dict[str, Any]] | None = None, cache_points: bool = False, end_with_user: bool = False) -> Request:
    """
    Renders messages of any provider's as the request of another's: the part of its body that is of
    messages, instructions and tools. What no API takes is mended, and ``mends`` tells of it.

    ``dialect`` is ``"anthropic"``, ``"openai-chat"``, ``"openai-responses"`` or ``"gemini"``.
    ``cache_points`` marks Anthropic's requests with ``cache_control``; ``end_with_user`` puts a user's
    text behind a last turn of the model's, as ``Session.context()`` does. Raises as ``count()``.

    >>> import partita
    >>> messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    >>> partita.render(messages, dialect="anthropic")
    {'system': [{'type': 'text', 'text': 'Be brief.'}], 'messages': [{'role': 'user', 'content': [{'type': 'text', 'text': 'hi'}]}]}
    """
