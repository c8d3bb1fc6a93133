"""Evidence and claims: what runs showed, on which files, and what other tools read of it."""

from __future__ import annotations

import json
import pickle
import random
import subprocess
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import pandas
import partita
import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.statement import Statement
from scipy import stats

TAP = "printf 'ok 1 - reads\\nok 2 - writes\\n1..2\\n'"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    """A directory with two files."""
    room = tmp_path / "room"
    (room / "src").mkdir(parents=True)
    (room / "src" / "lib.rs").write_text("fn parse() {}\n")
    (room / "notes.md").write_text("Look here.\n")
    return room


def go_bench(values: list[float], name: str = "Fib") -> str:
    return "".join(f"Benchmark{name}-8\t100\t{value!r} ns/op\n" for value in values)


def test_a_claim_counts_as_far_as_runs_support_it(session: partita.Session, room: Path) -> None:
    session.write("before", "a session with a past")
    run = session.run(TAP, room, inputs=["src/**"], claims=["it reads and writes"])
    assert run.evidence == 1
    evidence = session.evidence(run.evidence)
    assert (evidence.observer, evidence.outcome, evidence.globs) == ("run", "passed", ["src/**"])
    assert evidence.command is not None and "printf" in evidence.command
    assert [row["name"] for row in evidence.tests] == ["reads", "writes"]
    assert pickle.loads(pickle.dumps(evidence)) == evidence
    other = session.claim("nothing shows this", by=[])
    (claim, bare) = session.claims()
    assert (claim.status, claim.integrity, claim.outcome, claim.applicability, claim.support) == (
        "supported",
        "intact",
        "passed",
        "current",
        "supports",
    )
    assert (bare.number, bare.status, bare.outcome, bare.applicability, bare.support) == (
        other,
        "unsupported",
        None,
        None,
        "none",
    )
    assert pickle.loads(pickle.dumps(claim)) == claim and claim.to_dict()["evidence"] == [evidence.number]

    session.write("notes.md", "not among the inputs")
    assert session.claims()[0].status == "supported"
    edited = session.write("src/lib.rs", "fn parse() -> Tokens {}\n")
    stale = session.claims()[0]
    assert (stale.status, stale.stale_since, stale.support) == ("stale", ("src/lib.rs", edited.number), "none")
    shown = str(session.context("openai-chat"))
    assert "[claim 1: stale" in shown and "src/lib.rs" in shown and "it reads and writes" in shown
    assert "it reads and writes" not in str(session.context("openai-chat", without_stale=True))
    session.undo()
    assert session.claims()[0].status == "supported"
    (room / "src" / "lib.rs").write_text("broken")
    again = session.run("exit 3", room, inputs=["src/**"], claims=["it reads"])
    assert [claim.status for claim in session.claims()] == ["stale", "unsupported", "refuted"]
    assert again.code == 3
    now = session.latest()
    assert [of.number for of in now.evidence()] == [2, 1]
    assert [of.number for of in now.evidence(limit=1)] == [2]


def test_a_batch_claims_and_evidence_of_others_is_refused(session: partita.Session, store: partita.Store) -> None:
    number = session.import_evidence("out.tap", "ok 1 - it works\n1..1\n")
    with session.batch() as batch:
        batch.write("a", "1")
        batch.claim("it works", by=[number])
    (claim,) = session.claims()
    assert (claim.status, claim.stale_since) == ("stale", ("a", 1))
    with pytest.raises(partita.NotFound):
        store.session("other").claim("it works", by=[number])
    with pytest.raises(partita.NotFound):
        session.claim("it works", by=[number + 1])
    with pytest.raises(partita.NotFound):
        session.evidence(9)
    with pytest.raises(partita.Invalid):
        session.claim("", by=[number])
    with pytest.raises(TypeError):
        session.claim("it works", by="1")  # type: ignore[arg-type]
    assert len(session.claims()) == 1


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"\xff\xfe\x00",
        b"hello",
        b"<testsuite",
        b'<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>',
        b"<a>" * 10_000,
        b'{"type": "suite", "event": "started", "test_count": 2}\n',
    ],
)
def test_a_report_that_is_none_or_not_whole_is_refused(session: partita.Session, report: bytes) -> None:
    with pytest.raises(partita.Invalid) as error:
        session.import_evidence("junit.xml", report)
    assert "junit.xml" in str(error.value) and str(error.value).isprintable()
    assert list(session.latest().evidence()) == [] and len(list(session.log())) == 0


def test_an_unread_report_supports_nothing(session: partita.Session, room: Path) -> None:
    run = session.run("echo '<testsuite' > junit.xml", room, reports=["junit.xml", "none.xml"], claims=["it works"])
    assert run.evidence is not None
    evidence = session.evidence(run.evidence)
    assert evidence.outcome == "unread" and [name for name, _ in evidence.unread] == ["junit.xml", "none.xml"]
    assert all(reason for _, reason in evidence.unread)
    assert session.claims()[0].status == "unsupported"


def test_a_plan_that_was_not_met_is_no_success(session: partita.Session) -> None:
    number = session.import_evidence("out.tap", "1..3\nok 1\n")
    session.claim("all of it works", by=[number])
    assert session.evidence(number).outcome == "failed" and session.claims()[0].status == "refuted"


def test_pandas_takes_tests_and_samples(session: partita.Session) -> None:
    number = session.import_evidence("bench.txt", go_bench([200.0, 210.0, 190.0]))
    frame = pandas.DataFrame(session.evidence(number).samples)
    assert list(frame.columns) == ["name", "unit", "direction", "index", "value"]
    assert frame["value"].tolist() == [200.0, 210.0, 190.0] and set(frame["direction"]) == {"lower"}
    number = session.import_evidence("out.tap", "ok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP\n1..3\n")
    frame = pandas.DataFrame(session.evidence(number).tests)
    assert frame.groupby("outcome").size().to_dict() == {"failed": 1, "passed": 1, "skipped": 1}
    assert session.evidence(number).outcome == "failed"


def test_small_comparisons_have_scipys_exact_values(session: partita.Session) -> None:
    draw = random.Random(20261130)
    for _ in range(40):
        m, n = draw.randint(4, 9), draw.randint(4, 9)
        whole = draw.sample(range(1_000, 9_000), m + n)
        before, after = [float(value) for value in whole[:m]], [float(value) for value in whole[m:]]
        comparison = session.compare(
            session.import_evidence("bench.txt", go_bench(before)),
            session.import_evidence("bench.txt", go_bench(after)),
        )
        expected = stats.mannwhitneyu(after, before, method="exact").pvalue
        assert comparison.p == pytest.approx(expected, abs=1e-12), (before, after)


def test_what_differs_is_said_before_anything_is_compared(session: partita.Session) -> None:
    before = session.import_evidence("bench.txt", go_bench([200.0 + at for at in range(8)]))
    after = session.import_evidence("bench.txt", go_bench([100.0 + at for at in range(8)]))
    comparison = session.compare(before, after)
    assert comparison.verdict == "faster" and comparison.reason is None and comparison.p < 0.05
    low, high = comparison.interval or (0.0, 0.0)
    assert low < comparison.ratio < high and 0.45 < comparison.ratio < 0.55
    assert comparison._repr_svg_().startswith("<svg") and "faster" in repr(comparison)
    assert comparison.to_dict()["verdict"] == "faster"
    with pytest.raises(TypeError):
        pickle.dumps(comparison)
    one = session.import_evidence("bench.txt", go_bench([100.0]))
    alone = session.compare(before, one)
    assert alone.verdict == "undecided" and alone.reason and alone.interval is None
    bytes_each = session.import_evidence("bench.txt", "BenchmarkFib-8 100 20 B/op\n" * 8)
    with pytest.raises(partita.NotFound, match="1 has .*Fib.*4 has .*Fib"):
        session.compare(before, bytes_each)
    with pytest.raises(partita.NotFound, match='"none"'):
        session.compare(before, after, "none")
    with pytest.raises(partita.Invalid):
        session.compare(before, after, margin=float("nan"))


def test_blame_tells_of_each_line_where_it_came_from(session: partita.Session) -> None:
    session.write("a", "one\ntwo\n")
    session.remember("Add a third.")
    with session.batch(message="the third") as batch:
        batch.write("a", "one\ntwo\nthree\n")
    lines = session.blame("a")
    assert [(line.number, line.text, line.iteration.number) for line in lines] == [
        (1, b"one\n", 1),
        (2, b"two\n", 1),
        (3, b"three\n", 2),
    ]
    assert lines[2].message == "the third" and pickle.loads(pickle.dumps(lines)) == lines
    first = list(session.log())[-1].id
    assert len(session.blame("a", checkpoint=first)) == 2
    with pytest.raises(partita.NotFound):
        session.blame("none")


def command(cwd: Path, *arguments: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-m", "partita", *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=True
    )
    return ran.stdout


def test_statements_are_what_verifiers_read(on_disk: partita.Store, tmp_path: Path, room: Path) -> None:
    session = on_disk.session("s")
    session.run("printf 'ok 1 - reads\\nnot ok 2 - writes\\n1..2\\n'; echo told >&2", room)
    session.import_evidence("out.tap", "ok 1 - a\n1..1\n")
    of = ["--store", str(tmp_path / "store")]

    statement = json.loads(command(room, "evidence-export", *of, "s", "1", "--format", "in-toto"))
    parsed = json_format.Parse(json.dumps(statement), statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    result = json_format.Parse(json.dumps(statement["predicate"]), test_result_pb2.TestResult())
    assert (result.result, list(result.passed_tests), list(result.failed_tests)) == ("FAILED", ["reads"], ["writes"])
    tree = subprocess.run(
        "git init -q . && git add -A && git write-tree", shell=True, cwd=room, capture_output=True, text=True, check=True
    )
    assert statement["subject"][0]["digest"]["gitTree"] == tree.stdout.strip()

    statement = json.loads(command(room, "evidence-export", *of, "s", "1", "--format", "slsa"))
    parsed = json_format.Parse(json.dumps(statement), statement_pb2.Statement())
    Statement.copy_from_pb(parsed).validate()
    made = json_format.Parse(json.dumps(statement["predicate"]), provenance_pb2.Provenance())
    assert [file.name for file in made.build_definition.resolved_dependencies] == ["notes.md", "src/lib.rs"]
    assert made.run_details.metadata.started_on.seconds > 0 and made.run_details.builder.id

    suites = xml.fromstring(command(room, "evidence-export", *of, "s", "2", "--format", "junit"))
    assert [case.get("name") for case in suites.iter("testcase")] == ["a"]
