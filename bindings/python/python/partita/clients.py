"""Turns with the providers' own Python clients: what to call them with, and what they answered.

Nothing here needs a client or the network: the dicts are their keyword arguments, and a response is
whatever has ``model_dump()``, or a dict.

>>> import partita
>>> from partita.clients import answer_of, request_for
>>> session = partita.Store.in_memory().session("s")
>>> _ = session.remember("Say hello.")
>>> turn = session.begin_turn(partita.Policy(routes=[("", "gpt-x")]))
>>> [step] = turn.next()
>>> request_for(step, "openai-chat")  # client.chat.completions.create(**request)
{'messages': [{'role': 'user', 'content': 'Say hello.'}], 'model': 'gpt-x'}
>>> response = {"object": "chat.completion", "id": "1", "model": "gpt-x",
...             "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "Hello."}}]}
>>> turn.supply(step, answer_of(response))
'taken'
>>> turn.next(), turn.ended
(None, 'end_turn')
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from partita._errors import Invalid
from partita._partita import read_response
from partita.literals import ClientDialect, Complexity
from partita.turns import CallModel, ModelAnswer

__all__ = ["answer_of", "request_for"]

# Anthropic's API wants to be told.
_ANTHROPIC_TOKENS = 8_192


class _Dumps(Protocol):
    @property
    def model_dump(self) -> Callable[..., dict[str, Any]]: ...


def request_for(
    step: CallModel,
    dialect: ClientDialect,
    *,
    model: str | None = None,
    max_tokens: int | None = None,
) -> dict[str, Any]:
    """Returns the keyword arguments for a client's call: of Anthropic's ``messages.create``, of
    OpenAI's ``chat.completions.create`` or ``responses.create``.

    The model is the step's, unless one is given. ``max_tokens`` are those of the answer; Anthropic's
    API wants a number, which is 8192 unless one is given. Add what else the call takes.

    Raises ``Invalid`` where neither the policy nor the caller names a model, and for another dialect.
    """
    names = {
        "anthropic": "max_tokens",
        "openai-chat": "max_completion_tokens",
        "openai-responses": "max_output_tokens",
    }
    if dialect not in names:
        raise Invalid(f"a client's dialect is {', '.join(names)}; got {dialect!r}")
    model = model or step.model
    if not model:
        raise Invalid(f"no model for {step.role}: give one, or a route in the policy")
    if max_tokens is None and dialect == "anthropic":
        max_tokens = _ANTHROPIC_TOKENS
    request = {**step.request(dialect), "model": model}
    if max_tokens is not None:
        request[names[dialect]] = max_tokens
    return request


def answer_of(
    response: _Dumps | Mapping[str, Any],
    *,
    took_ms: int | None = None,
    cost: int | None = None,
    complexity: Complexity | None = None,
) -> ModelAnswer:
    """Reads what a client returned: an OpenAI ``ChatCompletion`` or ``Response``, an Anthropic
    ``Message``, or a dict of one. No stream: put the pieces together first, as the clients do.

    Raises ``Invalid`` for what is none of these.
    """
    body = response if isinstance(response, Mapping) else response.model_dump(mode="json")
    read = read_response(dict(body), dialect=_dialect_of(body))
    return ModelAnswer(
        read.memory, read.call, took_ms=took_ms, cost=cost, complexity=complexity
    )


def _dialect_of(body: Mapping[str, Any]) -> ClientDialect:
    if body.get("object") == "response":
        return "openai-responses"
    if "choices" in body:
        return "openai-chat"
    if body.get("type") == "message":
        return "anthropic"
    raise Invalid("no response of OpenAI's or Anthropic's client")
