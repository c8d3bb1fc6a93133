"""The boundary to providers: responses in, open calls on resume, what a request cost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

import partita
from partita import Memory, Part
from partita.literals import Dialect

ANTHROPIC: dict[str, Any] = {
    "id": "msg_1",
    "role": "assistant",
    "model": "claude-x",
    "stop_reason": "tool_use",
    "content": [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "c1", "name": "ls", "input": {"at": "."}},
    ],
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 7},
}
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "model": "gpt-x",
    "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "I look."}}],
    "usage": {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 90}, "completion_tokens": 7},
}
RESPONSES: dict[str, Any] = {
    "id": "resp_1",
    "status": "completed",
    "model": "gpt-x",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I look."}]}],
    "usage": {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 90}, "output_tokens": 7},
}
GEMINI: dict[str, Any] = {
    "responseId": "g1",
    "modelVersion": "gemini-x",
    "candidates": [{"finishReason": "STOP", "content": {"role": "model", "parts": [{"text": "I look."}]}}],
    "usageMetadata": {"promptTokenCount": 100, "cachedContentTokenCount": 90, "candidatesTokenCount": 7},
}
BODIES: list[tuple[Dialect, dict[str, Any]]] = [
    ("anthropic", ANTHROPIC),
    ("openai-chat", CHAT),
    ("openai-responses", RESPONSES),
    ("gemini", GEMINI),
]


@pytest.fixture
def session() -> Iterator[partita.Session]:
    with partita.Store.in_memory() as store:
        yield store.session("s")


def test_a_response_of_each_dialect_becomes_a_memory_and_a_call(session: partita.Session) -> None:
    assert [dialect for dialect, _ in BODIES] == list(get_args(Dialect))
    for dialect, body in BODIES:
        response: partita.Response = partita.read_response(body, dialect=dialect)
        number = session.remember(response.memory, call=response.call)
        assert session.memory(number).text == "I look."
        usage = response.call.usage
        assert (usage.input, usage.cache_read, usage.output) == (10, 90, 7), dialect
        assert response.report.kept == 1 and response.report.mended.count == 0
        assert response == partita.read_response(body, dialect=dialect)
    with pytest.raises(partita.Invalid, match="Overloaded"):
        partita.read_response({"error": {"message": "Overloaded"}}, dialect="anthropic")
    with pytest.raises(partita.Invalid, match="no `choices`"):
        partita.read_response(GEMINI, dialect="openai-chat")


def test_a_session_says_which_calls_wait(session: partita.Session) -> None:
    response = partita.read_response(ANTHROPIC, dialect="anthropic")
    session.remember(response.memory, call=response.call)
    [call] = session.view.open_calls()
    assert isinstance(call, partita.OpenCall)
    assert (call.memory, call.id, call.name, call.arguments) == (1, "c1", "ls", '{"at":"."}')
    session.remember(Memory.tool_error(call.id, "no such directory"))
    assert session.view.open_calls() == []
    assert session.memory(2).parts[0] == Part.result("c1", error=True)


def test_a_request_and_its_call_calibrate_the_model(session: partita.Session) -> None:
    session.remember("What is here? " * 20)
    calibration = partita.Calibration()
    for dialect, body in BODIES:
        call = partita.read_response(body, dialect=dialect).call
        assert calibration.observe_request(session.context(dialect), call, host="mine")
    assert calibration.models == {"claude-x": 1, "gpt-x": 2, "gemini-x": 1}
    assert not calibration.observe_request(session.context("anthropic"), partita.ModelCall("claude-x"))


def test_codex_is_a_format_by_its_name(session: partita.Session) -> None:
    recording = Path(__file__).parents[3] / "tests" / "data" / "transcripts" / "codex.jsonl"
    assert session.import_transcript(recording, format="codex").new > 1
