"""The Python side of the bench `python`: reads `WHAT COUNT` lines, does it, answers nanoseconds.

    contender.py DIRECTORY
"""

import sys
import time

import partita

BATCH = 10


def calls(what: str, count: int) -> int:
    """Calls one thing of a session in memory, and returns how long that took."""
    begun = time.perf_counter_ns()
    match what:
        case "name":
            for _ in range(count):
                session.name
        case "id":
            for _ in range(count):
                session.id
        case "get":
            for _ in range(count):
                session.get("a")
        case "memory":
            for _ in range(count):
                session.memory(1)
        case "state":
            for _ in range(count):
                state["k"]
    return time.perf_counter_ns() - begun


def writes(what: str, count: int) -> int:
    """Writes iterations of 30 files into a store on disk, one by one or in batches."""
    global written
    target = disk[what.removesuffix("-batch")]
    texts = [(f"src/{n % 30}.py", f"line {n}\n" * 40) for n in range(written, written + count)]
    written += count
    begun = time.perf_counter_ns()
    if what.endswith("-batch"):
        for at in range(0, count, BATCH):
            with target.batch() as batch:
                for path, text in texts[at : at + BATCH]:
                    batch.write(path, text)
    else:
        for path, text in texts:
            target.write(path, text)
    return time.perf_counter_ns() - begun


session = partita.Store.in_memory().session("s")
session.write("a", "x")
session.remember("hello")
session.state["k"] = "v"
state = session.state
disk = {
    durability: partita.Store.open(f"{sys.argv[1]}/{durability}", durability=durability).session("s")
    for durability in ("buffered", "sync")
}
written = 0
for line in sys.stdin:
    what, count = line.split()
    took = writes(what, int(count)) if what.startswith(("buffered", "sync")) else calls(what, int(count))
    print(took, flush=True)
