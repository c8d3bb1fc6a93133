"""Turns with the providers' own clients: what is sent and what comes back are of the clients' types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic.types import Message
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from openai.types.chat import ChatCompletion
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import BaseModel, TypeAdapter

import partita
from partita import CallModel, Policy, RunTool
from partita.clients import answer_of, request_for
from partita.literals import ClientDialect

CHAT = ChatCompletion.model_validate(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-x",
        "choices": [
            {
                "index": 0,
                "finish_reason": "tool_calls",
                "logprobs": None,
                "message": {
                    "role": "assistant",
                    "content": "I look.",
                    "refusal": None,
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path": "a"}'}}
                    ],
                },
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17},
    }
)
RESPONSE = Response.model_validate(
    {
        "id": "resp_1",
        "object": "response",
        "created_at": 1.0,
        "status": "completed",
        "model": "gpt-x",
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "output": [
            {
                "id": "m1",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
            },
            {"id": "f1", "type": "function_call", "call_id": "c1", "name": "read", "arguments": '{"path": "a"}'},
        ],
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 17,
        },
    }
)
MESSAGE = Message.model_validate(
    {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "content": [
            {"type": "text", "text": "I look.", "citations": None},
            {"type": "tool_use", "id": "c1", "name": "read", "input": {"path": "a"}},
        ],
        "usage": {"input_tokens": 10, "output_tokens": 7},
    }
)
CLIENTS: list[tuple[ClientDialect, BaseModel, Any, str]] = [
    ("openai-chat", CHAT, CompletionCreateParamsNonStreaming, "max_completion_tokens"),
    ("openai-responses", RESPONSE, ResponseCreateParamsNonStreaming, "max_output_tokens"),
    ("anthropic", MESSAGE, MessageCreateParamsNonStreaming, "max_tokens"),
]


@pytest.fixture
def session() -> Iterator[partita.Session]:
    with partita.Store.in_memory() as store:
        session = store.session("s")
        session.set_instructions("You read files.")
        session.set_tools([{"name": "read", "description": "Reads.", "input_schema": {"type": "object"}}])
        session.remember("What is in a?")
        yield session


@pytest.mark.parametrize(("dialect", "response", "types", "most"), CLIENTS, ids=lambda value: str(value)[:16])
def test_a_turn_goes_with_a_client(
    session: partita.Session, dialect: ClientDialect, response: BaseModel, types: Any, most: str
) -> None:
    turn = session.begin_turn(Policy(tools={"read": "read"}, routes=[("", "model-x")], dialect=dialect))
    for _ in range(2):
        [step] = turn.next() or []
        assert isinstance(step, CallModel)
        request = request_for(step, dialect, max_tokens=99)
        assert (request["model"], request[most]) == ("model-x", 99)
        checked = TypeAdapter(types).validate_python(request)
        assert set(checked) == set(request)
        assert request_for(step, dialect, model="other")["model"] == "other"
        turn.supply(step, answer_of(response, took_ms=5, cost=2))
        [tool] = turn.next() or []
        assert isinstance(tool, RunTool) and tool.input == {"path": "a"}
        turn.supply(tool, "nothing")
    calls = session.calls()
    assert [(call.usage.input, call.usage.output, call.cost) for call in calls] == [(10, 7, 2)] * 2
    assert answer_of(response.model_dump()).memory == answer_of(response).memory


def test_what_no_client_takes_or_returns_is_refused(session: partita.Session) -> None:
    [step] = session.begin_turn(Policy()).next() or []
    assert isinstance(step, CallModel)
    with pytest.raises(partita.Invalid, match="no model for agent"):
        request_for(step, "anthropic")
    assert request_for(step, "anthropic", model="m")["max_tokens"] == 8192
    assert "max_completion_tokens" not in request_for(step, "openai-chat", model="m")
    with pytest.raises(partita.Invalid, match="openai-responses; got 'gemini'"):
        request_for(step, "gemini", model="m")  # type: ignore[arg-type]
    with pytest.raises(partita.Invalid, match="no response"):
        answer_of({"candidates": []})
