"""The command `partita` that the package installs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import partita
import pytest

COMMAND = Path(sys.executable).parent / "partita"


def run(*arguments: str, cwd: Path, **options: object) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PARTITA_STORE"}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [COMMAND, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, **options
    )


def test_it_says_its_version_and_so_does_the_module(tmp_path: Path) -> None:
    said = run("--version", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, f"partita {metadata.version('partita')}\n")
    module = subprocess.run(
        [sys.executable, "-m", "partita", "--version"], capture_output=True, text=True, timeout=60
    )
    assert module.stdout == said.stdout


def test_a_session_of_commands(tmp_path: Path) -> None:
    assert run("init", cwd=tmp_path).returncode == 0
    with partita.Store.open(tmp_path / ".partita") as store:
        session = store.session("fix-parser")
        session.write("src/lib.rs", "fn parse() {}\n")
        session.write("src/lib.rs", "fn parse() -> Tokens {}\n")
        session.remember("The parser drops the last token.")
    rows = json.loads(run("sessions", "--json", cwd=tmp_path).stdout)
    assert "fix-parser" in json.dumps(rows)
    assert run("cat", "fix-parser", "src/lib.rs", "--iteration", "1", cwd=tmp_path).stdout == "fn parse() {}\n"
    diff = run("diff", "fix-parser", "src/lib.rs", "--from", "1", "--to", "2", cwd=tmp_path)
    assert "+fn parse() -> Tokens {}" in diff.stdout
    assert run("restore", "fix-parser", "src/lib.rs", "--iteration", "1", cwd=tmp_path).returncode == 0
    assert run("check", cwd=tmp_path).returncode == 0
    with partita.Store.open(tmp_path / ".partita") as store:
        assert store.open_session("fix-parser").read("src/lib.rs") == b"fn parse() {}\n"


def test_its_exit_codes_are_those_of_the_native_command(tmp_path: Path) -> None:
    assert run("log", "absent", "--store", "absent", cwd=tmp_path).returncode == 1
    wrong = run("no-such-command", cwd=tmp_path)
    assert wrong.returncode == 2 and "no-such-command" in wrong.stderr and wrong.stdout == ""


def test_a_closed_pipe_is_no_failure(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / ".partita", durability="buffered") as store:
        with store.session("s").batch() as batch:
            for n in range(5_000):
                batch.write(f"{n:050}", "x")
    reader, writer = os.pipe()
    os.close(reader)
    said = subprocess.run([COMMAND, "files", "s"], cwd=tmp_path, stdout=writer, stderr=subprocess.PIPE, timeout=60)
    os.close(writer)
    assert (said.returncode, said.stderr) == (0, b"")


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    """It waits for bytes that never come; the interpreter alone would note the signal and wait on."""
    partita.Store.open(tmp_path / ".partita").session("s")
    running = subprocess.Popen([COMMAND, "write", "s", "a", "-"], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    with running:
        deadline = time.monotonic() + 60
        while not reads(running.pid) and time.monotonic() < deadline:
            assert running.poll() is None, running.stderr and running.stderr.read()
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        assert running.wait(60) == -signal.SIGINT


def reads(process: int) -> bool:
    """Tells whether a process waits for its standard input."""
    try:
        call = Path(f"/proc/{process}/syscall").read_text().split()
    except OSError:
        pytest.skip("this system does not say what a process waits for")
    return call[:2] == ["0", "0x0"]
