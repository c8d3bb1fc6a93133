"""Judges request bodies by the types of the providers' own clients.

Reads JSON lines {"dialect", "source", "body"} from the files named, or from standard input, and holds each body against
the client's type of a request. Prints counts, each violation, and how many broken bodies were refused: a judge that lets
one of them pass proves nothing. Exits with 1 if a body is refused or a broken one is not.
"""

import copy
import fileinput
import json
import sys
from collections import Counter

from anthropic.types.beta.message_create_params import (
    MessageCreateParamsNonStreaming as BetaMessageCreateParamsNonStreaming,
)
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from google.genai.types import Content, Tool
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import SchemaValidator

# The types, and what a host adds to a body. Blocks that a provider takes only in its beta are in the second type alone.
DIALECTS = {
    "anthropic": ((MessageCreateParamsNonStreaming, BetaMessageCreateParamsNonStreaming), {"model": "m", "max_tokens": 1}),
    "openai-chat": ((CompletionCreateParamsNonStreaming,), {"model": "m"}),
    "openai-responses": ((ResponseCreateParamsNonStreaming,), {"model": "m"}),
}


class GeminiBody(BaseModel):
    """A body of generateContent: the client has a type of each field, and none of the whole."""

    model_config = ConfigDict(extra="forbid")
    tools: list[Tool] | None = None
    systemInstruction: Content | None = None
    contents: list[Content]


SHOWN_MAX = 20
CONTROLS_MIN = 20


def references(schema, found):
    if isinstance(schema, dict):
        if "ref" in schema:
            found[schema["ref"]] = schema
        for value in schema.values():
            references(value, found)
    elif isinstance(schema, (list, tuple)):
        for value in schema:
            references(value, found)
    return found


def stern(schema, known):
    """Makes a schema that looks at everything.

    pydantic checks an Iterable only when somebody iterates, ignores keys that a TypedDict has not, and takes a response's
    model where a request's dict is meant: so iterables become lists, unknown keys errors, and models no choice.
    """
    if isinstance(schema, (list, tuple)):
        return type(schema)(stern(value, known) for value in schema)
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    kind = schema.get("type")
    if kind == "generator":
        schema["type"] = "list"
    elif kind == "typed-dict" and "extras_schema" not in schema:
        schema["extra_behavior"] = "forbid"
    elif kind == "union":
        dicts = [choice for choice in schema["choices"] if not is_model(choice, known)]
        schema["choices"] = dicts or schema["choices"]
    return {key: value if key == "metadata" else stern(value, known) for key, value in schema.items()}


def is_model(choice, known):
    choice = choice[0] if isinstance(choice, tuple) else choice
    if choice.get("type") == "definition-ref":
        choice = known[choice["schema_ref"]]
    if choice.get("type") == "union":
        return all(is_model(inner, known) for inner in choice["choices"])
    return choice.get("type") == "model"


def judges():
    made = {}
    for dialect, (kinds, added) in DIALECTS.items():
        schemas = [TypeAdapter(kind).core_schema for kind in kinds]
        made[dialect] = ([SchemaValidator(stern(schema, references(schema, {}))) for schema in schemas], added)
    return made | {"gemini": GeminiBody}


def faults(judge, body):
    """Returns what is wrong with a body; nothing if one of the types takes it."""
    if judge is GeminiBody:
        try:
            # Bytes are base64 in JSON alone.
            GeminiBody.model_validate_json(json.dumps(body))
            return []
        except ValidationError as error:
            return telling(error.errors(include_url=False, include_context=False))
    validators, added = judge
    first = []
    for validator in validators:
        try:
            validator.validate_python({**added, **body}, strict=True)
            return []
        except ValidationError as error:
            first = first or telling(error.errors(include_url=False, include_context=False))
    return first


def telling(errors):
    """Returns the errors of those choices of a union that were meant: whose `type` and `role` are right."""
    wrong = {one["loc"][:-1] for one in errors if one["type"] == "literal_error" and one["loc"][-1] in ("type", "role")}
    meant = [one for one in errors if not any(one["loc"][: len(place)] == place for place in wrong)]
    meant = sorted(meant or errors, key=lambda one: -len(one["loc"]))
    lines = []
    for one in meant:
        place = ".".join(str(key) for key in one["loc"] if "[" not in str(key))
        lines.append(f"{place}: {one['msg']}: {str(one['input'])[:160]}")
    return lines


def put(body, place, value):
    """Returns a copy of a body with a value at a place, or without what is there if the value is None."""
    body = copy.deepcopy(body)
    *parents, last = place
    target = body
    for key in parents:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return body


def controls():
    """Yields a sound body of each dialect and what breaks it."""
    schema = {"type": "object"}
    text = {"type": "text", "text": "t"}
    sound = {
        "tools": [{"name": "t", "input_schema": schema}],
        "system": [text],
        "messages": [
            {"role": "user", "content": [text]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "t", "signature": "s"},
                    {"type": "tool_use", "id": "c", "name": "t", "input": {}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": [text]}]},
        ],
    }
    yield "anthropic", sound, [
        (("system", 0, "type"), "txt"),
        (("messages", 0, "role"), "critic"),
        (("messages", 0, "content", 0, "text"), None),
        (("messages", 0, "content", 0, "words"), "unknown key"),
        (("messages", 1, "content", 0, "signature"), None),
        (("messages", 1, "content", 1, "id"), 7),
        (("messages", 2, "content", 0, "tool_use_id"), None),
        (("messages", 2, "content", 0, "content", 0, "type"), "refusal"),
        (("tools", 0, "input_schema"), None),
    ]
    call = {"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}
    sound = {
        "tools": [{"type": "function", "function": {"name": "t", "parameters": schema}}],
        "messages": [
            {"role": "user", "content": [text]},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c", "content": "r"},
        ],
    }
    yield "openai-chat", sound, [
        (("messages", 0, "role"), "critic"),
        (("messages", 0, "content", 0, "type"), "input_text"),
        (("messages", 1, "tool_calls", 0, "function", "arguments"), {}),
        (("messages", 1, "tool_calls", 0, "id"), None),
        (("messages", 2, "tool_call_id"), None),
        (("messages", 2, "content"), 7),
        (("messages", 2, "is_error"), True),
        (("tools", 0, "function", "name"), None),
    ]
    sound = {
        "tools": [{"type": "function", "name": "t", "parameters": schema, "strict": False}],
        "instructions": "i",
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "t"}]},
            {"type": "reasoning", "id": "r", "summary": [], "encrypted_content": "e"},
            {"type": "function_call", "call_id": "c", "name": "t", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "r"},
            {"type": "message", "role": "assistant", "content": "t"},
        ],
    }
    yield "openai-responses", sound, [
        (("instructions",), 7),
        (("input", 0, "role"), "tool"),
        (("input", 0, "content", 0, "type"), "text"),
        (("input", 1, "summary"), "s"),
        (("input", 2, "call_id"), None),
        (("input", 2, "arguments"), {}),
        (("input", 3, "output"), None),
        (("input", 4, "type"), "refusal"),
        (("tools", 0, "parameters"), "none"),
    ]
    call = {"id": "c", "name": "t", "args": {}}
    answer = {"id": "c", "name": "t", "response": {"output": "r"}}
    sound = {
        "tools": [{"functionDeclarations": [{"name": "t", "parametersJsonSchema": schema}]}],
        "systemInstruction": {"parts": [{"text": "i"}]},
        "contents": [
            {"role": "user", "parts": [{"text": "t"}, {"inlineData": {"mimeType": "image/png", "data": "Zm9v"}}]},
            {"role": "model", "parts": [{"functionCall": call, "thoughtSignature": "c2ln"}]},
            {"role": "user", "parts": [{"functionResponse": answer}]},
        ],
    }
    yield "gemini", sound, [
        (("messages",), []),
        (("contents", 0, "parts", 0, "text"), 7),
        (("contents", 0, "parts", 0, "words"), "unknown key"),
        (("contents", 0, "parts", 1, "inlineData", "data"), "*"),
        (("contents", 1, "parts", 0, "functionCall", "args"), "{}"),
        (("contents", 1, "parts", 0, "thoughtSignature"), 7),
        (("contents", 2, "parts", 0, "functionResponse", "response"), "r"),
        (("tools", 0, "functionDeclarations", 0, "name"), 7),
        (("systemInstruction", "parts"), "i"),
    ]


def main():
    judge_of = judges()
    caught, passed = 0, []
    for dialect, sound, broken in controls():
        refused = faults(judge_of[dialect], sound)
        if refused:
            passed.append(f"{dialect}: a sound body was refused: {refused[0]}")
        for place, value in broken:
            if faults(judge_of[dialect], put(sound, place, value)):
                caught += 1
            else:
                passed.append(f"{dialect}: {'.'.join(map(str, place))} = {value!r} was not found")

    counts, violations = Counter(), []
    for line in fileinput.input(encoding="utf-8"):
        request = json.loads(line)
        dialect = request["dialect"]
        counts[dialect] += 1
        found = faults(judge_of[dialect], request["body"])
        if found:
            violations.append(f"{dialect}, {request['source']}:\n    " + "\n    ".join(found[:4]))
    for line in violations[:SHOWN_MAX]:
        print(f"violation in {line}")
    for line in passed:
        print(f"broken control in {line}")
    of = ", ".join(f"{count} of {dialect}" for dialect, count in sorted(counts.items()))
    print(f"bodies judged by the clients' types: {counts.total()} ({of}); refused: {len(violations)}")
    print(f"broken controls refused: {caught} of {caught + len(passed)}")
    sound = set(counts) == set(judge_of) and caught >= CONTROLS_MIN
    if not sound:
        print("error: too little was judged to say anything")
    return 1 if violations or passed or not sound else 0


if __name__ == "__main__":
    sys.exit(main())
