"""Counts, fits and requests without a store, on the providers' own messages."""

from __future__ import annotations

import copy
import json
import math
import pickle
from typing import Any

import pytest

import partita

WORDS = "word " * 200

CHAT: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is here? " + WORDS},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "ls", "arguments": "{}"}}
        ],
    },
    {"role": "tool", "tool_call_id": "c1", "content": "Cargo.toml " + WORDS},
    {"role": "user", "content": "And now?"},
]

ANTHROPIC: list[dict[str, Any]] = [
    {"role": "user", "content": "What is here? " + WORDS},
    {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "ls", "input": {"path": "."}}],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": "Cargo.toml " + WORDS},
            {"type": "text", "text": "Well?"},
        ],
    },
    {"role": "assistant", "content": [{"type": "text", "text": "A crate."}]},
    {"role": "user", "content": "And now?"},
]

RESPONSES: list[dict[str, Any]] = [
    {"role": "user", "content": "What is here? " + WORDS},
    {"type": "reasoning", "id": "r1", "summary": [], "encrypted_content": "abc"},
    {"type": "function_call", "call_id": "c1", "name": "ls", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "Cargo.toml " + WORDS},
    {"role": "user", "content": "And now?"},
]

SCHEMA = {
    "type": "object",
    "properties": {"path": {"type": "string", "description": "The directory that is listed."}},
}
TOOL = {"name": "ls", "description": "Lists files.", "input_schema": SCHEMA}


def calls_and_results(messages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    text = json.dumps(messages)
    calls = [
        *(m["call_id"] for m in messages if m.get("type") == "function_call"),
        *(c["id"] for m in messages for c in m.get("tool_calls", [])),
    ]
    results = [
        *(m["call_id"] for m in messages if m.get("type") == "function_call_output"),
        *(m["tool_call_id"] for m in messages if m.get("role") == "tool"),
    ]
    if '"tool_use"' in text:
        calls.append("c1")
    if '"tool_result"' in text:
        results.append("c1")
    return calls, results


# Counts.


def test_a_text_counts_exactly_and_a_count_is_a_number() -> None:
    count = partita.count("hello world")
    assert (count.tokens, count.low, count.high, count.exact) == (2, 2, 2, True)
    assert int(count) == 2 and str(partita.count("hello " * 1500)) == "1,501"
    assert sum([count, count, 3]) == partita.Count(tokens=7, low=7, high=7, exact=True)
    assert partita.count(b"hello \xff").exact
    assert pickle.loads(pickle.dumps(count)) == count
    assert repr(count) == "Count(tokens=2, low=2, high=2, exact=True)"


def test_counts_sort_by_the_number_and_are_not_compared_with_a_limit() -> None:
    def estimate(tokens: int, low: int, high: int) -> partita.Count:
        return partita.Count(tokens=tokens, low=low, high=high, exact=False)

    two, three = partita.count("hello world"), partita.count("hello world!")
    rough = estimate(2, 1, 9)
    assert two < rough < three and three > two and two <= partita.count("hello world") >= two
    assert sorted([three, estimate(2, 2, 2), rough, two]) == [two, rough, estimate(2, 2, 2), three]
    assert max(two, three) is three and min(rough, three) is rough
    with pytest.raises(TypeError, match="not supported"):
        two < 3  # noqa: B015
    assert two != 2 and rough.high <= 9


@pytest.mark.parametrize("messages", [CHAT, ANTHROPIC, RESPONSES])
def test_every_provider_s_messages_count_and_are_left_as_they_are(
    messages: list[dict[str, Any]],
) -> None:
    before = copy.deepcopy(messages)
    total = partita.count(messages)
    assert total.tokens > 400 and total == partita.count(messages, counter="gpt-4o")
    assert total.tokens > partita.count(messages[1:]).tokens
    assert partita.count(messages, tools=[TOOL]).tokens > total.tokens
    assert messages == before


def test_a_body_counts_with_its_instructions_and_tools() -> None:
    body = {"system": "Be brief.", "messages": ANTHROPIC, "tools": [TOOL]}
    assert partita.count(body).tokens > partita.count(ANTHROPIC, tools=[TOOL]).tokens
    assert partita.count(body, tools=[]).tokens < partita.count(body).tokens


def test_a_counter_of_ones_own_counts() -> None:
    class Words:
        id = "words"

        def __call__(self, text: str) -> int:
            return len(text.split())

    assert partita.count("one two three", counter=Words()).tokens == 3

    def rough(text: str) -> partita.Count:
        words = len(text.split())
        return partita.Count(tokens=words, low=words // 2, high=2 * words, exact=False)

    rough.id = "rough"  # type: ignore[attr-defined]
    count = partita.count("one two three four", counter=rough)
    assert (count.low, count.tokens, count.high, count.exact) == (2, 4, 8, False)
    plan = partita.plan(CHAT, limit=300, counter=rough)
    assert plan.dropped and plan.after.high <= 300


def test_what_a_counter_raises_is_raised() -> None:
    class Broken:
        id = "broken"
        asked = 0

        def __call__(self, text: str) -> int:
            self.asked += 1
            raise LookupError("no tokenizer")

    broken = Broken()
    for call in (
        lambda: partita.count("text", counter=broken),
        lambda: partita.count(CHAT, counter=broken),
        lambda: partita.plan(CHAT, limit=100, counter=broken),
    ):
        broken.asked = 0
        with pytest.raises(LookupError, match="no tokenizer"):
            call()
        assert broken.asked == 1


def test_what_is_no_counter_is_refused_with_what_one_is() -> None:
    with pytest.raises(TypeError, match="with an `id`"):
        partita.count("text", counter=lambda text: 1)
    with pytest.raises(TypeError, match="with an `id`"):
        partita.count("text", counter=7)  # type: ignore[arg-type]
    with pytest.raises(partita.NotFound, match="claude"):
        partita.count("text", counter="claude-x")
    bad = type("Bad", (), {"id": "bad", "__call__": lambda self, text: "three"})()
    with pytest.raises(TypeError, match="count is int or Count"):
        partita.count("text", counter=bad)


def test_a_calibration_learns_and_comes_back() -> None:
    calibration = partita.Calibration("cl100k")
    assert calibration.base == "cl100k_base"
    assert not calibration.observe("m", {}, usage=3)
    for size in range(1, 41):
        assert calibration.observe("m", {"prose": 100 * size, "code": 10}, usage=130 * size)
    with pytest.raises(partita.Invalid, match="prose, code, json"):
        calibration.observe("m", {"verse": 1}, usage=3)
    counter = calibration.counter("m")
    assert counter.id.startswith("m~cl100k_base~")
    count = partita.count("some words in a row. " * 100, counter=counter)
    assert not count.exact and 500 < count.tokens < 900
    back = pickle.loads(pickle.dumps(calibration))
    assert back.models == {"m": 40} and back.counter("m").id == counter.id
    assert partita.Calibration.class_of('{"a": "b"}') == "json"
    with pytest.raises(partita.Invalid):
        partita.Calibration.from_json({"format": "else"})


# Fits.


@pytest.mark.parametrize(
    ("messages", "dropped"), [(CHAT, [1, 2, 3]), (ANTHROPIC, [0, 1, 2, 3]), (RESPONSES, [0, 1, 2, 3])]
)
def test_a_fit_drops_whole_exchanges_and_leaves_the_dicts_that_were_given(
    messages: list[dict[str, Any]], dropped: list[int]
) -> None:
    whole = partita.count(messages)
    # What only the provider can count has bounds, and the upper one has to fit.
    all_of_it = partita.plan(messages, limit=whole.high)
    assert all_of_it.dropped == [] and all_of_it.messages == messages
    assert partita.plan(messages, limit=whole.high - 1).dropped != []
    for limit in range(60, whole.high + 1, 20):
        plan = partita.plan(messages, limit=limit)
        assert plan.after.high <= limit and plan.before == whole
        calls, results = calls_and_results(plan.messages)
        assert calls == results
        left = [message for at, message in enumerate(messages) if at not in plan.dropped]
        assert [message for message in plan.messages if message in messages] == left
        assert partita.count(plan.messages) == plan.after
    assert partita.plan(messages, limit=60).dropped == dropped


def test_a_result_and_the_question_in_one_message_go_together() -> None:
    # Else the question's message would have to stay with a result whose call is gone.
    # And the answer does not stay without that question.
    plan = partita.plan(ANTHROPIC, limit=60)
    assert plan.dropped == [0, 1, 2, 3]
    assert calls_and_results(plan.messages) == ([], [])


def test_a_beginning_that_went_is_said_where_the_dialog_needs_one() -> None:
    dialog = [
        {"role": "assistant", "content": WORDS},
        {"role": "assistant", "content": "Yes."},
    ]
    plan = partita.plan({"system": "Be brief.", "messages": dialog}, limit=40)
    assert plan.dropped == [0] and plan.messages[1] is dialog[1]
    assert plan.messages[0]["role"] == "user" and "not in view" in plan.messages[0]["content"]
    # OpenAI takes a dialog that the model begins.
    plan = partita.plan(dialog, limit=40)
    assert plan.dropped == [0] and plan.messages == [dialog[1]]
    assert partita.count(plan.messages) == plan.after


def test_a_fit_keeps_what_is_worth_something_to_the_host() -> None:
    dialog = [{"role": "user", "content": f"Question {number}. " + "More. " * 50} for number in range(20)]
    assert partita.plan(dialog, limit=500, values=None).dropped == partita.plan(dialog, limit=500).dropped
    for kept in (0, 7, 18):
        plan = partita.plan(dialog, limit=500, values=lambda material, age, kept=kept: 1_000 * (age == 19 - kept))
        assert plan.dropped and kept not in plan.dropped and 19 not in plan.dropped
    asked: set[str] = set()

    def values(material: str, age: int) -> int:
        asked.add(material)
        return 1

    partita.plan(CHAT, limit=300, values=values)
    assert asked == {"asked", "said", "returned"}


def test_what_values_raise_without_a_store_is_raised() -> None:
    def broken(material: str, age: int) -> int:
        raise LookupError("no values")

    with pytest.raises(LookupError, match="no values"):
        partita.plan(CHAT, limit=300, values=broken)
    with pytest.raises(TypeError, match="a worth is an int"):
        partita.plan(CHAT, limit=300, values=lambda material, age: 0.5)  # type: ignore[arg-type, return-value]


def test_a_fit_of_a_body_and_a_budget() -> None:
    body = {"system": "Be brief.", "messages": ANTHROPIC, "tools": [TOOL]}
    plan = partita.plan(body, limit=partita.Budget(400, reserve=300))
    assert plan.limit == 100 and plan.after.high <= 100
    assert plan.messages == ANTHROPIC[3:] or plan.messages[-1] is ANTHROPIC[-1]


def test_what_cannot_fit_is_refused_with_what_holds_the_most() -> None:
    with pytest.raises(partita.DoesNotFit, match="message 5|the instructions"):
        partita.plan(CHAT, limit=8)
    with pytest.raises(partita.Invalid, match="no messages"):
        partita.plan([], limit=8)
    with pytest.raises(partita.Invalid, match="reserve"):
        partita.plan(CHAT, limit=0)
    with pytest.raises(TypeError, match="int or Budget"):
        partita.plan(CHAT, limit="8")  # type: ignore[arg-type]


# Requests.


def test_messages_of_one_provider_are_a_request_of_another() -> None:
    anthropic = partita.render(CHAT, dialect="anthropic", tools=[TOOL])
    assert isinstance(anthropic, dict) and anthropic.dialect == "anthropic"
    assert set(anthropic) == {"tools", "system", "messages"}
    assert anthropic["tools"][0]["input_schema"] == SCHEMA
    assert json.loads(json.dumps(anthropic)) == anthropic
    assert "cache_control" not in json.dumps(anthropic) and anthropic.mends == []
    chat = partita.render(ANTHROPIC, dialect="openai-chat")
    assert chat["messages"][1]["tool_calls"][0]["id"] == "c1"
    responses = partita.render(ANTHROPIC, dialect="openai-responses")
    assert any(item.get("type") == "function_call" for item in responses["input"])
    assert pickle.loads(pickle.dumps(anthropic)).mends == []
    marked = partita.render(CHAT, dialect="anthropic", cache_points=True)
    assert marked.cache_points and "cache_control" in json.dumps(marked)


def test_what_is_mended_is_told() -> None:
    request = partita.render(CHAT[:3], dialect="anthropic")
    assert any("interrupted" in mend.what for mend in request.mends)
    assert calls_and_results(request["messages"]) == (["c1"], ["c1"])


def test_a_dialect_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(partita.Invalid, match="anthropic, openai-chat, openai-responses, gemini"):
        partita.render(CHAT, dialect="mistral")


GEMINI: dict[str, Any] = {
    "tools": [
        {"functionDeclarations": [{"name": "ls", "parametersJsonSchema": {"type": "object"}}]},
        {"googleSearch": {}},
    ],
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "What is here?"}]},
        {
            "role": "model",
            "parts": [
                {"functionCall": {"id": "a", "name": "ls", "args": {}}, "thoughtSignature": "c2ln"},
                {"functionCall": {"id": "b", "name": "ls", "args": {"path": ".."}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": id, "name": "ls", "response": {"output": "x"}}}
                for id in ("a", "b")
            ],
        },
    ],
}


def test_a_request_of_gemini_comes_back_to_it_and_goes_to_others() -> None:
    request = partita.render(GEMINI, dialect="gemini")
    assert request == GEMINI and request.mends == []
    chat = partita.render(GEMINI, dialect="openai-chat")
    assert "c2ln" not in json.dumps(chat)
    assert any("googleSearch" in mend.what for mend in chat.mends)
    assert [call["id"] for call in chat["messages"][2]["tool_calls"]] == ["a", "b"]


def test_a_request_that_ends_with_the_model_is_told_of_or_ended_by_a_user() -> None:
    ended = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": "Gone."}]
    for dialect, key in [("anthropic", "messages"), ("gemini", "contents")]:
        request = partita.render(ended, dialect=dialect)
        assert any("end_with_user" in mend.what for mend in request.mends)
        request = partita.render(ended, dialect=dialect, end_with_user=True)
        assert request[key][-1]["role"] == "user"


def test_what_a_provider_runs_and_what_takes_text_goes_back_to_it() -> None:
    body: dict[str, Any] = {
        "tools": [{"type": "custom", "name": "sh"}, {"type": "web_search"}],
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Go."}]},
            {"type": "custom_tool_call", "call_id": "c", "name": "sh", "input": "ls"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": "x"},
        ],
    }
    assert partita.render(body, dialect="openai-responses") == body
    other = json.dumps(partita.render(body, dialect="anthropic"))
    assert "[call of sh: ls]" in other and "web_search" not in other


# JSON.


def test_what_is_no_json_is_refused_with_its_place() -> None:
    def with_input(value: object) -> list[dict[str, Any]]:
        block = {"type": "tool_use", "id": "c", "name": "ls", "input": {"deep": [1, value]}}
        return [{"role": "assistant", "content": [block]}]

    place = r'messages\[0\]\["content"\]\[0\]\["input"\]\["deep"\]\[1\]'
    for value in (object(), {1, 2}, b"bytes", 1j):
        with pytest.raises(TypeError, match=place + f".*{type(value).__name__}"):
            partita.count(with_input(value))
    with pytest.raises(TypeError, match=place + ".*key is str, got int"):
        partita.count(with_input({1: 2}))
    for number in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match=place):
            partita.count(with_input(number))
    with pytest.raises(ValueError, match=place):
        partita.count(with_input("\ud800"))
    with pytest.raises(TypeError, match=r"tools\[0\]"):
        partita.count(CHAT, tools=[object()])  # type: ignore[list-item]


def test_nesting_is_bounded() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="deeper than 127 levels"):
        partita.count([{"role": "user", "content": value}])
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(ValueError, match="deeper than"):
        partita.render([{"role": "user", "content": loop}], dialect="anthropic")
    del value  # A list that deep takes its own time to go.


def test_every_json_value_comes_back_as_it_was() -> None:
    values: dict[str, Any] = {
        "text": "\u00e9\U0001f600\x00",
        "numbers": [0, -1, 2**63 - 1, -(2**63), 2**63, 10**400, 1.5, -0.0, 1e-7, 1e300],
        "bools": [True, False, None],
        "empty": [{}, []],
        "tuple": (1, 2),
    }
    call = {"type": "tool_use", "id": "c", "name": "ls", "input": values}
    result = {"type": "tool_result", "tool_use_id": "c", "content": "done"}
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    request = partita.render(messages, dialect="anthropic")
    back = request["messages"][1]["content"][0]["input"]
    assert back == values | {"tuple": [1, 2]}
    assert [type(number) for number in back["numbers"]] == [int] * 6 + [float] * 4
    assert back["bools"] == [True, False, None] and back["bools"][0] is True
