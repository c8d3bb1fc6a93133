#!/usr/bin/env python3
"""An agent that mends a bug: it plans, changes a file, has the change reviewed, and asks a person once.

    python agent.py --store DIR [--yes] [--kill-after N]

It captures the project in ``bug/``, whose tests fail, into a session of the store in DIR. A model plans
and implements; the tests, another model and a person review; then the tests run again. Whatever kills it,
run it again with the same store: it goes on where it was.

What the models say is recorded in ``recorded.json``. With ``OPENAI_BASE_URL`` (and ``OPENAI_API_KEY``,
``PARTITA_MODEL``) set, the models of that server are asked instead.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from partita import Ask, CallModel, Choice, GateResult, ModelAnswer, Policy, RunSandbox, RunTool, Session, Store, ToolResult, Turn
from partita.clients import answer_of, request_for

HERE = Path(__file__).parent
GATE = "python3 -m unittest -q"
"""The one command that this machine's user lets gates run."""


def tool(name: str, description: str, **arguments: str) -> dict[str, Any]:
    """Returns the declaration of a tool whose arguments are all texts."""
    properties = {name: {"type": "string", "description": text} for name, text in arguments.items()}
    schema = {"type": "object", "properties": properties, "required": list(arguments)}
    return {"name": name, "description": description, "input_schema": schema}


TOOLS = [
    tool("list_files", "Lists the files of the project."),
    tool("read_file", "Reads a file.", path="Its path."),
    tool("write_file", "Writes a file whole.", path="Its path.", text="All that it is to hold."),
]
POLICY = Policy(
    stages=[("plan", "Say in a few lines what is wrong and what is to be done. Change nothing yet."), ("implement", "Mend it, as planned.")],
    roles={"plan": "You plan how a bug is mended.", "implement": "You mend bugs, and change as little as it takes."},
    tools={"list_files": "read", "read_file": "read", "write_file": "idempotent"},
    routes=[("", os.environ.get("PARTITA_MODEL", "recorded"))],
    review={"tests": True, "model": "verify", "person": True},
    rules={"unseen-edit": "error"},
    limits={"calls": 30},
)


def begin(session: Session, room: Path) -> Turn:
    """Begins the session's turn, or goes on with it."""
    for entry in session.turns():
        return session.resume_turn(entry.id)
    if not session.files:
        shutil.copytree(HERE / "bug", room, dirs_exist_ok=True)
        session.workspace(room).capture()
    session.set_gate("tests", GATE, timeout=60)
    session.set_tools(TOOLS)
    if not list(session.memories()):
        session.remember("tokens() drops the last token of `let x = y`. Mend it.")
    return session.begin_turn(POLICY)


def call_model(session: Session, step: CallModel) -> ModelAnswer:
    """Asks the model of a server; without one, takes what was recorded."""
    base = os.environ.get("OPENAI_BASE_URL")
    if not base:
        recorded = json.loads((HERE / "recorded.json").read_text())
        return answer_of(recorded[sum(call.end == "done" for call in session.calls())])
    request = urllib.request.Request(
        base.rstrip("/") + "/chat/completions",
        json.dumps(request_for(step, "openai-chat")).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}"},
    )
    with urllib.request.urlopen(request, timeout=600) as response:
        return answer_of(json.load(response))


def run_tool(turn: Turn, step: RunTool) -> str | ToolResult:
    """Does what a model asks for, on the files as the turn would leave them."""
    match step.name:
        case "list_files":
            return "\n".join(turn.session.files)
        case "read_file":
            return turn.read(step.input["path"]).decode()
        case "write_file":
            return ToolResult("written", changes={step.input["path"]: step.input["text"]})
    raise ValueError(f"there is no tool {step.name}")


def run_gate(turn: Turn, step: RunSandbox, room: Path) -> GateResult:
    """Runs the tests: on a change that is reviewed in a scratch directory, else where the project is."""
    if step.revision is None:
        return turn.run_gate(step, room, lambda command: command == GATE)
    with tempfile.TemporaryDirectory() as scratch:
        return turn.run_gate(step, scratch, lambda command: command == GATE)


def ask(session: Session, step: Ask, yes: bool) -> Choice:
    """Asks the person at the terminal."""
    print(session.proposal_patch(session.proposals()[-1].number) if step.kind == "review" else "")
    print("ask:", step.text, flush=True)
    yes_or_no = step.choices[0], step.choices[-1]
    return Choice(yes_or_no[0 if yes or input("y/n ").startswith("y") else 1])


def drive(turn: Turn, room: Path, yes: bool, kill_after: int | None) -> None:
    """Does each step, and says what came of it."""
    for supplied, step in enumerate(turn, 1):
        try:
            match step:
                case CallModel(role):
                    print("model:", role, flush=True)
                    turn.supply(step, call_model(turn.session, step))
                case RunTool(name, arguments):
                    print("tool:", step.id.short, name, arguments[:60], flush=True)
                    turn.supply(step, run_tool(turn, step))
                case RunSandbox(name):
                    print("gate:", name, flush=True)
                    turn.supply(step, run_gate(turn, step, room))
                case Ask():
                    turn.supply(step, ask(turn.session, step, yes))
        except (OSError, ValueError, KeyError) as error:
            # It was tried and nothing came of it: the policy says how often that may be.
            turn.supply(step, error)
        if supplied == kill_after:
            os._exit(9)


def main() -> None:
    parser = argparse.ArgumentParser(description="Mends the bug of a small project.")
    parser.add_argument("--store", type=Path, required=True, help="the directory of the store")
    parser.add_argument("--yes", action="store_true", help="the person says yes")
    parser.add_argument("--kill-after", type=int, metavar="N", help="exit hard after N steps")
    given = parser.parse_args()
    room = given.store.with_name(given.store.name + "-room")
    with Store.open(given.store) as store:
        session = store.session("mend-tokens")
        turn = begin(session, room)
        drive(turn, room, given.yes, given.kill_after)
        for totals in session.call_totals():
            print(f"{totals.name}: {totals.calls} calls, {totals.prompt_tokens} + {totals.output_tokens} tokens")
        print("ended:", turn.ended, turn.entry.note)


if __name__ == "__main__":
    main()
