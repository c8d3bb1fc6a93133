"""JSON documents with more to say: requests and exports are dicts with attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from partita._partita import Mend, Report

__all__ = ["Export", "Request"]


class Request(dict[str, Any]):
    """What a provider is sent: the part of the request's body that is of messages, instructions and
    tools. Model, lengths and all else are the host's to add.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> _ = session.remember("Hello.")
    >>> request = session.context("anthropic")
    >>> [message["role"] for message in request["messages"]], request.mends
    (['user'], [])
    """

    def __init__(
        self, body: dict[str, Any], dialect: str, mends: list[Mend], cache_points: list[str]
    ) -> None:
        super().__init__(body)
        self.dialect = dialect
        """Whose words it is in: ``"anthropic"``, ``"openai-chat"``, ``"openai-responses"`` or
        ``"gemini"``."""
        self.mends = mends
        """What was mended so that the API takes it, in the order of the prompt."""
        self.cache_points = cache_points
        """Where a cache may keep the prefix, as paths into the body such as
        ``messages/4/content/0``; marked in the body too, where that was asked for."""

    @property
    def body(self) -> dict[str, Any]:
        """The body: a plain dict."""
        return dict(self)

    def __reduce__(self) -> tuple[type[Request], tuple[Any, ...]]:
        return (type(self), (dict(self), self.dialect, self.mends, self.cache_points))


class Export(dict[str, Any]):
    """A dialog as another tool reads it.

    >>> import partita
    >>> session = partita.Store.in_memory().session("s")
    >>> _ = session.remember("Hello.")
    >>> session.export("atif").report.kept
    1
    """

    def __init__(self, document: dict[str, Any], report: Report, purged: int) -> None:
        super().__init__(document)
        self.report = report
        """What was mended, and what had no place."""
        self.purged = purged
        """How many memories are left out because they were purged."""

    def __reduce__(self) -> tuple[type[Export], tuple[Any, ...]]:
        return (type(self), (dict(self), self.report, self.purged))
