"""LangGraph checkpoints in partita and in SQLite: one thread of many turns, in one run.

    python benches/python/langgraph_sqlite.py [--turns 400] [--bytes 1000]

A graph of one node with the ordinary ``add_messages`` channel takes a message and answers with one.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph

from partita.langgraph import PartitaSaver

CONFIG: Any = {"configurable": {"thread_id": "thread", "checkpoint_ns": ""}}
WORDS = Path(__file__).parents[2] / "docs"


def texts(size: int) -> Callable[[], str]:
    """Returns what makes texts of this many bytes: words of the project's documents at random."""
    words = sorted({word for page in WORDS.glob("**/*.md") for word in page.read_text().split()})
    chance = random.Random(7)

    def text() -> str:
        made = ""
        while len(made.encode()) < size:
            made += chance.choice(words) + " "
        return made.encode()[:size].decode(errors="ignore")

    return text


class Timed:
    """Sums up the seconds inside of a saver's methods, by the clock and of the processor: whenever
    the graph calls them, from several threads at once; or, with ``waits``, the writes one after
    another once the graph has come to rest."""

    def __init__(self, saver: BaseCheckpointSaver[Any], waits: bool) -> None:
        self.seconds = {name: [0.0, 0.0] for name in ("put", "put_writes", "get_tuple")}
        self.waiting: list[Callable[[], object]] = []
        for name in self.seconds:
            method = self._timed(name, getattr(saver, name))
            if waits and name != "get_tuple":
                method = self._later(name, method)
            setattr(saver, name, method)

    def _timed(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)  # The graph looks at the method's parameters.
        def timed(*given: Any, **named: Any) -> Any:
            began, worked = time.perf_counter(), time.thread_time()
            try:
                return method(*given, **named)
            finally:
                self.seconds[name][0] += time.perf_counter() - began
                self.seconds[name][1] += time.thread_time() - worked

        return timed

    def _later(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def later(config: Any, first: Any, *given: Any, **named: Any) -> Any:
            self.waiting.append(functools.partial(method, config, first, *given, **named))
            if name == "put":
                return {"configurable": {**CONFIG["configurable"], "checkpoint_id": first["id"]}}

        return later

    def flush(self) -> None:
        for call in self.waiting:
            call()
        self.waiting.clear()

    @property
    def written(self) -> float:
        return self.seconds["put"][0] + self.seconds["put_writes"][0]

    def __str__(self) -> str:
        return ", ".join(
            f"{name} {clock:.2f} s ({cpu:.2f})" for name, (clock, cpu) in self.seconds.items()
        )


def run(
    saver: BaseCheckpointSaver[Any], turns: int, size: int, waits: bool
) -> tuple[float, float, Timed]:
    """Runs the graph; returns the seconds of all of it by the clock and of the processor, and those
    inside of the saver."""
    text = texts(size)
    graph = StateGraph(MessagesState)
    graph.add_node("model", lambda state: {"messages": [AIMessage(text())]})
    graph.add_edge(START, "model")
    graph.add_edge("model", END)
    timed = Timed(saver, waits)
    app = graph.compile(checkpointer=saver)
    began, worked = time.perf_counter(), time.process_time()
    for _ in range(turns):
        app.invoke({"messages": [HumanMessage(text())]}, CONFIG)
        timed.flush()
    return time.perf_counter() - began, time.process_time() - worked, timed


def best(times: int, call: Callable[[], object]) -> float:
    """Returns the seconds of the fastest of some calls."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def bytes_below(directory: Path) -> int:
    return sum(file.stat().st_blocks * 512 for file in directory.rglob("*") if file.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--bytes", type=int, default=1_000)
    arguments = parser.parse_args()
    print(f"{arguments.turns} turns of {arguments.bytes} bytes in and as many out")
    print("seconds by the clock (and of the processor)")
    written: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as room:
        for name, waits in itertools.product(("partita", "sqlite"), (True, False)):
            directory = Path(room, f"{name} {waits}")
            directory.mkdir()
            saver: BaseCheckpointSaver[Any]
            if name == "partita":
                saver = PartitaSaver(directory / "store")
            else:
                path = directory / "checkpoints.sqlite"
                saver = SqliteSaver(sqlite3.connect(path, check_same_thread=False))
            seconds, cpu, timed = run(saver, arguments.turns, arguments.bytes, waits)
            written.setdefault(name, []).append(timed.written)
            if waits:
                print(f"{name}, its writes one after another: {timed}")
                continue
            stored = bytes_below(directory)
            listed = best(5 if name == "partita" else 1, lambda: list(saver.list(CONFIG)))
            began, count = time.perf_counter(), 0
            for each in saver.list(CONFIG):
                assert each.checkpoint["id"] and each.metadata and each.pending_writes is not None
                count += 1
            read = time.perf_counter() - began
            newest = best(5, lambda: saver.get_tuple(CONFIG))
            assert count == 3 * arguments.turns
            found = saver.get_tuple(CONFIG)
            assert found is not None
            assert len(found.checkpoint["channel_values"]["messages"]) == 2 * arguments.turns
            print(
                f"{name}, as the graph calls it: {timed}; the run {seconds:.2f} s ({cpu:.2f});"
                f" {stored / 1e6:.2f} MB on disk; list {listed * 1e3:.1f} ms, all of it read"
                f" {read:.2f} s; newest {newest * 1e3:.2f} ms"
            )
    ratios = [sqlite / ours for ours, sqlite in zip(*written.values(), strict=True)]
    print(f"partita writes {ratios[0]:.1f} times as fast, and as the graph calls it {ratios[1]:.1f}")


if __name__ == "__main__":
    main()
