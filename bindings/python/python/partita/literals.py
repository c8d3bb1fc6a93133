"""The names that arguments take, for annotations of your own.

>>> from partita.literals import Dialect
>>> def render(session: "partita.Session", dialect: Dialect) -> dict[str, object]:
...     return session.context(dialect)
"""

from typing import Literal, TypeAlias

Dialect: TypeAlias = Literal["anthropic", "openai-chat", "openai-responses", "gemini"]
"""Whose API a request is for."""

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
