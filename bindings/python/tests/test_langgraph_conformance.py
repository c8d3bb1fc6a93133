"""The conformance suite of LangGraph's checkpointers: all of it, counted, also over the sync methods."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("langgraph.checkpoint.conformance")

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.serde.base import CipherProtocol
from langgraph.checkpoint.serde.encrypted import EncryptedSerializer

from partita.langgraph import PartitaSaver

COUNTS = {
    "put": 17,
    "put_writes": 10,
    "get_tuple": 10,
    "list": 16,
    "delete_thread": 5,
    "delete_for_runs": 7,
    "copy_thread": 8,
    "prune": 8,
}


class Xor(CipherProtocol):
    """A cipher whose bytes differ each time, as those of a real one do."""

    def encrypt(self, plaintext: bytes) -> tuple[str, bytes]:
        key = os.urandom(16)
        return "xor", key + self._mask(key, plaintext)

    def decrypt(self, ciphername: str, ciphertext: bytes) -> bytes:
        assert ciphername == "xor"
        return self._mask(ciphertext[:16], ciphertext[16:])

    @staticmethod
    def _mask(key: bytes, text: bytes) -> bytes:
        return bytes(byte ^ key[at % 16] for at, byte in enumerate(text))


class SyncTwins(BaseCheckpointSaver[Any]):
    """The sync methods under the names of the async ones."""

    def __init__(self, saver: PartitaSaver) -> None:
        super().__init__(serde=saver.serde)
        self.saver = saver

    async def aget_tuple(self, config: Any) -> Any:
        return self.saver.get_tuple(config)

    async def alist(self, config: Any, **chosen: Any) -> AsyncIterator[Any]:
        for row in self.saver.list(config, **chosen):
            yield row

    async def aput(self, *given: Any) -> Any:
        return self.saver.put(*given)

    async def aput_writes(self, *given: Any, **named: Any) -> None:
        self.saver.put_writes(*given, **named)

    async def adelete_thread(self, thread_id: str) -> None:
        self.saver.delete_thread(thread_id)

    async def adelete_for_runs(self, run_ids: Any) -> None:
        self.saver.delete_for_runs(run_ids)

    async def acopy_thread(self, source: str, target: str) -> None:
        self.saver.copy_thread(source, target)

    async def aprune(self, thread_ids: Any, *, strategy: str = "keep_latest") -> None:
        self.saver.prune(thread_ids, strategy=strategy)


def counted(make: Callable[[], Any]) -> Counter[str]:
    """Runs the suite and returns how many tests of each class passed; fails if one did not."""

    @checkpointer_test(name="partita")
    async def savers() -> AsyncIterator[Any]:
        saver = make()
        yield saver
        getattr(saver, "saver", saver).close()

    results = asyncio.run(validate(savers)).to_dict()["results"]
    assert {name: row["failures"] for name, row in results.items() if row.get("failures")} == {}
    return Counter({name: row["tests_passed"] for name, row in results.items()})


@pytest.fixture(params=["memory", "directory", "encrypted"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], PartitaSaver]:
    count = iter(range(1000))
    if request.param == "memory":
        return PartitaSaver.in_memory
    if request.param == "directory":
        return lambda: PartitaSaver(tmp_path / str(next(count)))
    return lambda: PartitaSaver.in_memory(serde=EncryptedSerializer(Xor()))


def test_all_81_tests_of_the_suite_pass(make: Callable[[], PartitaSaver]) -> None:
    assert sum(COUNTS.values()) == 81
    assert counted(make) == COUNTS


def test_all_81_tests_pass_over_the_sync_methods(make: Callable[[], PartitaSaver]) -> None:
    assert counted(lambda: SyncTwins(make())) == COUNTS
