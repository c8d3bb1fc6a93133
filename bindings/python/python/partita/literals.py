"""The names that arguments take, for annotations of your own.

>>> from partita.literals import Dialect
>>> def render(session: "partita.Session", dialect: Dialect) -> dict[str, object]:
...     return session.context(dialect)
"""

from typing import Literal, TypeAlias, TypedDict

Dialect: TypeAlias = Literal["anthropic", "openai-chat", "openai-responses", "gemini"]
"""Whose API a request is for."""

ClientDialect: TypeAlias = Literal["anthropic", "openai-chat", "openai-responses"]
"""Whose client is called, as ``partita.clients`` has it."""

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
"""Whose words a memory holds."""

MemoryKind: TypeAlias = Literal["message", "note", "validation", "summary"]
"""What a memory is for."""

PartKind: TypeAlias = Literal["text", "thinking", "call", "result", "media", "file", "opaque"]
"""What a part of a memory is."""

Durability: TypeAlias = Literal["sync", "buffered"]
"""When a commit returns."""

Format: TypeAlias = Literal[
    "auto",
    "amp",
    "anthropic",
    "atif",
    "bedrock",
    "chatgpt",
    "claude-code",
    "codex",
    "codex-exec",
    "copilot",
    "gemini",
    "goose",
    "langchain",
    "openai-chat",
    "openai-responses",
    "opencode",
    "openhands",
    "openhands-v0",
    "pi",
    "swe-agent",
    "vercel",
]
"""How a transcript is written; ``"auto"`` is guessed, ``"codex"`` is ``"openai-responses"``."""

ExportFormat: TypeAlias = Literal["openai-chat", "atif"]
"""How a dialog is exported."""

MergedDialog: TypeAlias = Literal["none", "whole", "summary"]
"""What of the dialogs that a merge brings is in view."""

Effect: TypeAlias = Literal["read", "idempotent", "reversible", "irreversible"]
"""What it means to call a tool twice."""

Asks: TypeAlias = Literal["by-effect", "always", "never"]
"""When a person is asked before a tool is called."""

Complexity: TypeAlias = Literal["low", "medium", "high"]
"""How hard a task is."""

Severity: TypeAlias = Literal["info", "warning", "error"]
"""How much a finding matters."""

PersonsChoice: TypeAlias = Literal[
    "allow-once",
    "allow-always",
    "reject-once",
    "reject-always",
    "accept",
    "reject",
    "was-done",
    "do-again",
    "give-up",
]
"""What a person answers to a question."""


class RoleOptions(TypedDict, total=False):
    """What a role of a policy is shown."""

    instructions: str
    budget: int
    reserve: int


class _ToolEffect(TypedDict):
    effect: Effect


class ToolOptions(_ToolEffect, total=False):
    """What a policy knows of a tool."""

    asks: Asks


class _RouteModel(TypedDict):
    model: str


class RouteOptions(_RouteModel, total=False):
    """A model for a role: for tasks from a complexity on, while less than ``spent_max`` is spent."""

    role: str
    complexity: Complexity
    spent_max: int


class LimitOptions(TypedDict, total=False):
    """When a turn ends, whatever the models say; 0 is no limit."""

    calls: int
    tokens: int
    cost: int
    time: int
    rounds: int
    repeats: int
    failures: int
    parallel: int


class ReviewOptions(TypedDict, total=False):
    """Who looks at a change of files before it is applied."""

    tests: bool
    model: str | None
    person: bool


class _RuleSeverity(TypedDict):
    severity: Severity


class RuleOptions(_RuleSeverity, total=False):
    """Something that oversight looks for."""

    parameters: list[str]
