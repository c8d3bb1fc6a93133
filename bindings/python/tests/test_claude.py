"""The session store of the Claude Agent SDK, by its conformance suite and its own helpers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

import pytest

import partita

sdk = pytest.importorskip("claude_agent_sdk")

from claude_agent_sdk.testing import run_session_store_conformance

from partita.claude import PartitaSessionStore

KEY: Any = {"project_key": "-home-me", "session_id": "s1"}
SUB: Any = {**KEY, "subpath": "subagents/agent-1"}


def run(work: Any) -> Any:
    return asyncio.run(work)


def entries(*uuids: str, **more: Any) -> list[Any]:
    return [{"type": "user", "uuid": uuid, **more} for uuid in uuids]


def uuids(transcripts: PartitaSessionStore, key: Any = KEY) -> list[str]:
    return [entry["uuid"] for entry in run(transcripts.load(key)) or []]


@pytest.fixture
def store(tmp_path: Path) -> partita.Store:
    return partita.Store.open(tmp_path / "store", durability="buffered")


@pytest.fixture
def transcripts(store: partita.Store) -> PartitaSessionStore:
    return PartitaSessionStore(store)


# What the SDK asks for.


def test_all_contracts_hold_the_optional_ones_too(tmp_path: Path) -> None:
    made: list[PartitaSessionStore] = []

    def make() -> PartitaSessionStore:
        store = partita.Store.open(tmp_path / f"{len(made)}", durability="buffered")
        made.append(PartitaSessionStore(store))
        return made[-1]

    run(run_session_store_conformance(make))
    # One for each contract, and one that the suite asks what it can.
    assert len(made) == 14 + 1


def test_the_contracts_hold_under_trio() -> None:
    trio = pytest.importorskip("trio")
    trio.run(run_session_store_conformance, lambda: PartitaSessionStore(partita.Store.in_memory()))


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "x", "text": "caf\u00e9 \U0001f600 \x00\u2028"},
        {"type": "x", "text": "\ud83d\ude00", "\udc80": ["\ud800"]},
        {"type": "x", "big": 2**100, "float": 0.1, "none": None, "nested": [[{}], []], "no": False},
        {"type": "x", "message": {"content": "y" * 5_000}},
    ],
)
def test_every_entry_comes_back_equal(transcripts: PartitaSessionStore, entry: Any) -> None:
    run(transcripts.append(KEY, [entry]))
    assert repr(run(transcripts.load(KEY))) == repr([entry])


def test_a_uuid_is_kept_once_for_each_transcript(transcripts: PartitaSessionStore) -> None:
    run(transcripts.append(KEY, entries("a", "b", "a")))
    run(transcripts.append(KEY, entries("b", "c", n=2)))
    run(transcripts.append(SUB, entries("b")))
    assert uuids(transcripts) == ["a", "b", "c"]
    assert uuids(transcripts, SUB) == ["b"]
    before = len(list(transcripts.session(KEY).log()))
    run(transcripts.append(KEY, entries("a", "c")))
    assert len(list(transcripts.session(KEY).log())) == before, "nothing new is no checkpoint"


def test_entries_without_a_uuid_are_all_kept(transcripts: PartitaSessionStore) -> None:
    for _ in range(2):
        run(transcripts.append(KEY, [{"type": "tag"}, {"type": "tag", "uuid": ""}]))
    assert len(run(transcripts.load(KEY))) == 4


def test_a_deleted_subpath_takes_its_uuids_again(transcripts: PartitaSessionStore) -> None:
    run(transcripts.append(KEY, entries("a")))
    run(transcripts.append(SUB, entries("a", "b")))
    run(transcripts.delete(SUB))
    assert run(transcripts.load(SUB)) is None and uuids(transcripts) == ["a"]
    run(transcripts.append(SUB, entries("b")))
    assert uuids(transcripts, SUB) == ["b"]


def test_a_deleted_session_begins_anew(transcripts: PartitaSessionStore) -> None:
    for _ in range(2):
        run(transcripts.append(KEY, entries("a")))
        run(transcripts.append(SUB, entries("a")))
        assert uuids(transcripts) == ["a"]
        run(transcripts.delete(KEY))
        assert run(transcripts.load(KEY)) is None and run(transcripts.list_subkeys(KEY)) == []
        run(transcripts.delete(KEY))
        run(transcripts.delete(SUB))


@pytest.mark.parametrize(
    "key",
    [
        {"project_key": "a/b", "session_id": "c"},
        {"project_key": "a", "session_id": "b/c"},
        {"project_key": "", "session_id": ""},
        {"project_key": " ", "session_id": "%"},
        {"project_key": "\ud800\x00", "session_id": "caf\u00e9 \U0001f600"},
        {"project_key": "p" * 5_000, "session_id": "s" * 5_000},
        {"project_key": "p" * 5_000, "session_id": "s" * 4_999},
        {"project_key": "p" * 180, "session_id": "s" * 47},
    ],
)
def test_every_key_has_a_session_of_its_own(transcripts: PartitaSessionStore, key: Any) -> None:
    run(transcripts.append(KEY, entries("other")))
    run(transcripts.append({**key, "session_id": key["session_id"] + "x"}, entries("near")))
    run(transcripts.append(key, entries("a")))
    run(transcripts.append({**key, "subpath": "\ud800/.."}, entries("b")))
    assert uuids(transcripts, key) == ["a"]
    assert run(transcripts.list_subkeys(key)) == ["\ud800/.."]
    listed = run(transcripts.list_sessions(key["project_key"]))
    assert key["session_id"] in [session["session_id"] for session in listed] and len(listed) == 2
    run(transcripts.delete(key))
    assert uuids(transcripts) == ["other"]


def test_times_grow_with_each_append_and_are_those_of_the_summary(
    transcripts: PartitaSessionStore,
) -> None:
    seen = []
    for at in range(5):
        run(transcripts.append(KEY, entries(str(at))))
        [listed] = run(transcripts.list_sessions("-home-me"))
        [summary] = run(transcripts.list_session_summaries("-home-me"))
        assert listed["mtime"] == summary["mtime"]
        seen.append(listed["mtime"])
    assert seen == sorted(set(seen)) and all(type(time) is int for time in seen)


def test_a_fork_is_listed_as_no_session(transcripts: PartitaSessionStore) -> None:
    run(transcripts.append(KEY, entries("a")))
    session = transcripts.session(KEY)
    for name in ("claude/-home-me/trial", "claude/-home-me/s1/trial"):
        session.fork(name)
    assert len(run(transcripts.list_sessions("-home-me"))) == 1
    session.undo()
    assert run(transcripts.load(KEY)) is None


# Several at once.


def test_appends_land_in_the_order_of_their_calls(transcripts: PartitaSessionStore) -> None:
    async def main() -> None:
        await asyncio.gather(*(transcripts.append(KEY, entries(str(at))) for at in range(30)))

    run(main())
    assert uuids(transcripts) == [str(at) for at in range(30)]


def test_an_append_survives_its_cancellation(transcripts: PartitaSessionStore) -> None:
    go = threading.Event()

    async def main() -> None:
        transcripts._writer.submit(go.wait, 30)
        task = asyncio.create_task(transcripts.append(KEY, entries("a")))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()

    run(main())
    run(transcripts.append(KEY, entries("b")))
    assert uuids(transcripts) == ["a", "b"]


def test_a_closed_store_is_refused(store: partita.Store, transcripts: PartitaSessionStore) -> None:
    store.close()
    with pytest.raises(partita.Invalid, match="closed"):
        run(transcripts.append(KEY, entries("a")))


PROCESS = """
import asyncio, sys, partita
from partita.claude import PartitaSessionStore
transcripts = PartitaSessionStore(partita.Store.open(sys.argv[1], durability="buffered"))
key = {"project_key": "p", "session_id": "s"}
async def main():
    for at in range(15):
        await transcripts.append(key, [
            {"type": "user", "uuid": f"shared-{at}"},
            {"type": "user", "uuid": f"{sys.argv[2]}-{at}", "timestamp": "2026-01-01T00:00:00Z"},
            {"type": "tag", "tag": f"{sys.argv[2]}-{at}"},
        ])
asyncio.run(main())
"""


def test_processes_share_a_transcript_and_its_summary(tmp_path: Path) -> None:
    path = str(tmp_path / "store")
    command = [sys.executable, "-c", PROCESS, path]
    working = [subprocess.Popen([*command, str(who)]) for who in range(2)]
    assert [one.wait(120) for one in working] == [0, 0]
    transcripts = PartitaSessionStore(partita.Store.open(path))
    kept = run(transcripts.load({"project_key": "p", "session_id": "s"}))
    once = [entry["uuid"] for entry in kept if "uuid" in entry]
    assert len(once) == len(set(once)) == 15 * 3
    assert len(kept) == 15 * 5
    [summary] = run(transcripts.list_session_summaries("p"))
    tags = [entry["tag"] for entry in kept if "tag" in entry]
    assert summary["data"]["tag"] == tags[-1], "the fold follows the order of the entries"


# The helpers of the SDK.


def talk(session: str) -> list[Any]:
    """A transcript of two turns, as the command line writes it."""
    made, parent = [], None
    for at, (role, text) in enumerate(
        [("user", "Why?"), ("assistant", "Because."), ("user", "I see")]
    ):
        made.append(
            {
                "type": role,
                "uuid": str(uuid.uuid4()),
                "parentUuid": parent,
                "sessionId": session,
                "timestamp": f"2026-01-01T00:00:0{at}.000Z",
                "isSidechain": False,
                "message": {"role": role, "content": text},
            }
        )
        parent = made[-1]["uuid"]
    return made


def test_the_sdk_lists_renames_forks_and_deletes(
    transcripts: PartitaSessionStore, tmp_path: Path
) -> None:
    session, place = str(uuid.uuid4()), str(tmp_path)
    key: Any = {"project_key": sdk.project_key_for_directory(place), "session_id": session}
    run(transcripts.append(key, talk(session)))

    async def listed() -> list[tuple[str, str]]:
        found = await sdk.list_sessions_from_store(transcripts, directory=place)
        return [(info.session_id, info.summary) for info in found]

    assert run(listed()) == [(session, "Why?")]
    run(sdk.rename_session_via_store(transcripts, session, "Reasons", directory=place))
    assert run(listed()) == [(session, "Reasons")]
    fork = run(sdk.fork_session_via_store(transcripts, session, directory=place)).session_id
    assert run(listed()) == [(fork, "Reasons (fork)"), (session, "Reasons")]
    said = run(sdk.get_session_messages_from_store(transcripts, fork, directory=place))
    assert [message.message["content"] for message in said] == ["Why?", "Because.", "I see"]
    run(sdk.delete_session_via_store(transcripts, session, directory=place))
    assert run(listed()) == [(fork, "Reasons (fork)")]


def test_the_sdk_imports_a_transcript_twice_and_it_is_there_once(
    transcripts: PartitaSessionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, place = str(uuid.uuid4()), str(tmp_path)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "config"))
    key: Any = {"project_key": sdk.project_key_for_directory(place), "session_id": session}
    project = tmp_path / "config" / "projects" / key["project_key"]
    agent = project / session / "subagents" / "agent-7.jsonl"
    agent.parent.mkdir(parents=True)
    main, sub = talk(session), [{**entry, "agentId": "7"} for entry in talk(session)]
    for path, lines in ((project / f"{session}.jsonl", main), (agent, sub)):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))

    for _ in range(2):
        run(sdk.import_session_to_store(session, transcripts, directory=place, batch_size=2))
    assert run(transcripts.load(key)) == main
    assert run(transcripts.load({**key, "subpath": "subagents/agent-7"})) == sub
    assert run(sdk.list_subagents_from_store(transcripts, session, directory=place)) == ["7"]


def test_without_the_framework_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['claude_agent_sdk'] = None; import partita.claude"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (
        "partita.claude needs the Claude Agent SDK: install partita with the extra `claude`"
        in run.stderr
    )


def test_a_directory_is_no_store() -> None:
    with pytest.raises(TypeError, match="expected a store that is open, .* got str"):
        PartitaSessionStore("directory")  # type: ignore[arg-type]
