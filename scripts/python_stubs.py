"""Says in generated stubs what their generator cannot: `python_stubs.py GENERATED >COMMITTED`.

pyo3 writes annotations that are given as text in quotes and without their imports, has protocols of the
type checker where a class has a plain name, and knows neither overloads nor virtual base classes.
"""

import re
import sys
from pathlib import Path

HEADER = "# Generated from the Rust sources by `scripts/python-tests.sh --stubs`: do not edit.\n\n"

# What a class is registered as at run time.
BASES = {"Files": "Mapping[str, bytes]"}

PATH = "str | bytes | PathLike[str] | PathLike[bytes]"
DATA = "str | bytes | bytearray | memoryview"
OVERLOADS = {
    ("Files", "get"): [
        f"(self, /, path: {PATH}, default: None = None) -> bytes | None",
        f"(self, /, path: {PATH}, default: bytes | _T) -> bytes | _T",
    ],
    ("State", "get"): [
        f"(self, /, key: {DATA}, default: None = None) -> bytes | StateList | None",
        f"(self, /, key: {DATA}, default: _T) -> bytes | StateList | _T",
    ],
    ("StateList", "__getitem__"): [
        "(self, at: SupportsIndex, /) -> bytes",
        "(self, at: slice, /) -> list[bytes]",
    ],
}

# What an iterator yields.
YIELDS = {"State": "bytes", "StateList": "bytes"}

# Arguments and attributes that take one of a few names, as `partita.literals` lists them.
LITERALS = {"dialect": "Dialect", "dialog": "MergedDialog", "durability": "Durability", "role": "Role"}
# The same where the name is one of a few in these methods alone.
METHODS = {
    "find": {"severity": "Severity"},
    "decide": {"choice": "PersonsChoice"},
    "chose": {"choice": "PersonsChoice"},
    "review": {"choice": "Literal['accept', 'reject']"},
    "answer": {"complexity": "Complexity"},
}
# Whose roles are those that a policy names.
OWN_ROLES = {"CallEntry", "_Turn"}
KINDS = {"Memory": "MemoryKind", "Part": "PartKind"}
FORMATS = {"export": "ExportFormat", "import_transcript": "Format"}

LISTED = {alias for types in METHODS.values() for alias in types.values() if alias.isidentifier()}

EXTRA_IMPORTS = {
    "collections.abc": {"Mapping", "Sequence"},
    "partita._documents": {"Export", "Request"},
    "partita.literals": {*LITERALS.values(), *KINDS.values(), *FORMATS.values(), *LISTED},
    "typing": {"Literal", "Never", "TypeVar", "overload"},
}


def literals(line: str, owner: str) -> str:
    """Gives arguments and attributes that take one of a few names their types."""
    method = re.match(r" *def (\w+)", line)
    name = method[1] if method else ""
    types = dict(LITERALS)
    if owner in KINDS:
        types["kind"] = KINDS[owner]
    if owner in OWN_ROLES:
        del types["role"]
    types.update(METHODS.get(name, {}))
    if name in FORMATS:
        types["format"] = FORMATS[name]
    for argument, alias in types.items():
        line = re.sub(rf"\b{argument}: str\b", f"{argument}: {alias}", line)
    if owner in KINDS and name in ("kind", "role"):
        line = line.replace("-> str:", f"-> {types[name]}:")
    return line


def main(text: str) -> str:
    """Returns the stubs as they are committed."""
    imports: dict[str, set[str]] = {}
    body: list[str] = []
    owner = ""
    for line in text.splitlines():
        if found := re.fullmatch(r"from (\S+) import (.*)", line):
            imports.setdefault(found[1], set()).update(found[2].split(", "))
            continue
        if found := re.fullmatch(r"class (\w+):", line):
            owner = found[1]
            if owner in BASES:
                line = f"class {owner}({BASES[owner]}):"
        elif line.startswith("def "):
            owner = ""
        if re.match(r" *def ", line):
            line = literals(annotations(line, imports), owner)
            # What always raises.
            line = line.replace("def __reduce__(self, /) -> None:", "def __reduce__(self, /) -> Never:")
            # Lists without an item type hold messages, as JSON.
            line = line.replace("-> list:", "-> list[dict[str, Any]]:")
            line = line.replace("-> Iterator:", f"-> Iterator[{YIELDS.get(owner, '')}]:")
            if owner in BASES and "def __contains__" in line:
                line += "  # type: ignore[override]"
        if (found := re.match(r" *def (\w+)", line)) and (owner, found[1]) in OVERLOADS:
            *first, last = OVERLOADS[owner, found[1]]
            for signature in first:
                body += ["    @overload", f"    def {found[1]}{signature}: ..."]
            end = ": ..." if line.endswith(": ...") else ":"
            body += ["    @overload", f"    def {found[1]}{last}{end}"]
            continue
        body.append(line)
    for module, names in EXTRA_IMPORTS.items():
        imports.setdefault(module, set()).update(names)
    rest = "\n".join(body)
    head = []
    for module in sorted(imports):
        names = sorted(name for name in imports[module] if re.search(rf"\b{name}\b", rest) or name == "TypeVar")
        if names:
            head.append(f"from {module} import {', '.join(names)}")
    head += ["", '_T = TypeVar("_T")']
    return HEADER + "\n".join(head) + "\n" + rest.rstrip("\n") + "\n"


def annotations(line: str, imports: dict[str, set[str]]) -> str:
    """Takes annotations out of their quotes, and names classes plainly."""

    def plain(found: re.Match[str]) -> str:
        text = re.sub(r"([a-z_.]+)\.([A-Z]\w+|datetime)\b", name, found[2])
        return found[1] + text

    def name(found: re.Match[str]) -> str:
        imports.setdefault(found[1], set()).add(found[2])
        return found[2]

    line = re.sub(r'((?<=\w): |-> )"([^"]*)"', plain, line)
    # A vector of bytes and one of other integers look alike there.
    numbers = r"\b(named|widened|changed|pinned): SupportsGetItem\[int, SupportsIndex\]"
    line = re.sub(numbers, r"\1: Sequence[SupportsIndex]", line)
    line = line.replace("SupportsGetItem[int, SupportsIndex]", "bytes")
    return line.replace("SupportsGetItem[int, ", "Sequence[")


if __name__ == "__main__":
    sys.stdout.write(main(Path(sys.argv[1]).read_text()))
