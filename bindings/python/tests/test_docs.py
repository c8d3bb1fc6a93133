"""Documentation: whatever it shows runs."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import partita
import pytest
from partita import _partita

ROOT = Path(__file__).parents[3]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def documented() -> Iterator[tuple[str, str]]:
    """The compiled things with examples, and the modules."""
    for name, thing in vars(_partita).items():
        if inspect.isclass(thing):
            for part, member in vars(thing).items():
                yield f"{name}.{part}", getattr(member, "__doc__", None) or ""
        yield name, getattr(thing, "__doc__", None) or ""


EXAMPLES = {name: doc for name, doc in documented() if ">>>" in doc}
MODULES = sorted(module.name for module in pkgutil.walk_packages(partita.__path__, "partita."))
PAGES = [page for page in sorted(ROOT.glob("docs/**/*.md")) if ">>> " in page.read_text()]
READMES = [ROOT / "bindings/python/README.md", *sorted(ROOT.glob("docs/**/*.md"))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_of_compiled_classes_run(name: str) -> None:
    examples = doctest.DocTestParser().get_doctest(EXAMPLES[name], {}, name, None, None)
    assert doctest.DocTestRunner(optionflags=OPTIONS).run(examples).failed == 0


@pytest.mark.parametrize("name", ["partita", *MODULES])
def test_examples_of_modules_run(name: str) -> None:
    if name == "partita.__main__":
        return
    assert doctest.testmod(importlib.import_module(name), optionflags=OPTIONS).failed == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.name))
def test_examples_of_pages_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed, run = doctest.testfile(str(page), module_relative=False, optionflags=OPTIONS)
    assert failed == 0 and run > 0


@pytest.mark.parametrize("readme", ["README.md", "bindings/python/README.md"])
def test_programs_of_the_readmes_run(
    readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / readme).read_text()
    programs = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert programs
    for program in programs:
        exec(compile(program, "README.md", "exec"), {"__name__": "readme"})
