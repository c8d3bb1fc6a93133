"""The file system of fsspec, by fsspec's own suites and by what partita adds."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import partita

fsspec = pytest.importorskip("fsspec")

from fsspec.callbacks import NoOpCallback
from fsspec.tests import abstract

from partita.fs import PartitaFileSystem


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "store")


@pytest.fixture
def fs(place: str) -> PartitaFileSystem:
    return PartitaFileSystem(place, durability="buffered", skip_instance_cache=True)


def log(fs: PartitaFileSystem, session: str = "s") -> list[str]:
    return [entry.message for entry in fs.open_session(session).log()]


# fsspec's own suites.


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, tmp_path: Path) -> PartitaFileSystem:
        made = PartitaFileSystem(
            str(tmp_path / "store"), durability="buffered", skip_instance_cache=True
        )
        made.mkdir("team%2Fs")
        return made

    @pytest.fixture
    def fs_path(self) -> str:
        return "team%2Fs/base"

    @pytest.fixture
    def supports_empty_directories(self) -> bool:
        return False


def newer(name: str) -> Any:
    """One of the suites that not every fsspec has."""

    class Absent:
        def test_absent(self) -> None:
            pytest.skip(f"fsspec {fsspec.__version__} has no {name}")

    return getattr(abstract, name, Absent)


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass


class TestOpen(newer("AbstractOpenTests"), Fixtures):
    pass


class TestPipe(newer("AbstractPipeTests"), Fixtures):
    pass


# Names.


@pytest.mark.parametrize(
    "session",
    ["team/fix", "a@b", "100%", "%2F", "caf\u00e9 x", "*[?]{a}!", "id:3", "a#b?c=d", "~", ".."],
)
def test_every_session_has_a_spelling(fs: PartitaFileSystem, place: str, session: str) -> None:
    store = partita.Store.open(place)
    store.session(session).write("d/a", "1")
    store.session("other").write("d/a", "2")
    [name] = [name for name in fs.ls("", detail=False) if name != "other"]
    assert fs.find(name) == [f"{name}/d/a"] and fs.glob(f"{name}/*/a") == [f"{name}/d/a"]
    assert fs.cat(f"partita://{name}@1/d/a") == b"1"
    fs.pipe(fs.unstrip_protocol(f"{name}/b"), b"3")
    assert store.session(session).read("b") == b"3"
    assert sorted(fs.glob("*/d/a")) == sorted([f"{name}/d/a", "other/d/a"])


def test_paths_are_taken_as_they_are(fs: PartitaFileSystem) -> None:
    paths = ["s/100%", "s/%2F", "s/a@2", "s/caf\u00e9 x", "s/\udcff", "s/a\\b", "s/a\nb"]
    paths.append("s/" + "a/" * 2_047 + "ab")
    for path in paths:
        fs.pipe(path, path.encode("utf-8", "surrogateescape"))
    assert fs.find("s") == sorted(paths)
    assert fs.cat("s/a@2") == b"s/a@2"
    assert fs.cat("s/\udcff") == b"s/\xff"


def test_slashes_around_a_path_say_nothing(fs: PartitaFileSystem) -> None:
    fs.pipe("partita:///s/d/a", b"1")
    assert (
        fs.cat("/s/d/a") == b"1"
        and fs.glob("/s/*/a") == ["s/d/a"]
        and fs.ls("/s/d/") == fs.ls("s/d")
    )
    assert not fs.exists("s//d") and not fs.exists("s/d/../d/a")


def test_a_checkpoint_fixes_files_and_refuses_changes(fs: PartitaFileSystem) -> None:
    fs.pipe("s/a", b"1")
    fs.pipe("s/a", b"2")
    fs.rm("s/a")
    fs.pipe("s/b", b"3")
    ids = [str(entry.id) for entry in fs.open_session("s").log()][::-1]
    assert [fs.cat(f"s@{spec}/a") for spec in ("1", "2", f"id:{ids[0]}", f"id%3A{ids[1]}")] == [
        b"1", b"2", b"1", b"2",
    ]  # fmt: skip
    assert fs.find("s@3") == [] and fs.ls("s@4", detail=False) == ["s@4/b"]
    assert not fs.exists("s/a") and fs.exists("s@2/a") and not fs.exists("s@9/a")
    for change in (
        lambda: fs.pipe("s@1/a", b""),
        lambda: fs.rm("s@1/a"),
        lambda: fs.mv("s@1/a", "s/c"),
        lambda: fs.cp("s/b", "s@1/b"),
        lambda: fs.mkdir("t@1"),
    ):
        with pytest.raises(OSError, match="fixed checkpoint"):
            change()
    fs.cp("s@1/a", "s/a")
    assert fs.cat("s/a") == b"1" and len(log(fs)) == 5


# What is told.


def test_a_file_tells_its_iteration_and_times(fs: PartitaFileSystem) -> None:
    fs.pipe("s/d/a", b"1")
    fs.pipe("s/d/a", b"22")
    then, now = fs.info("s@1/d/a"), fs.info("s/d/a")
    assert (then["name"], then["size"], then["iteration"], then["type"]) == (
        "s@1/d/a",
        1,
        1,
        "file",
    )
    assert (now["name"], now["size"], now["iteration"], now["type"]) == ("s/d/a", 2, 2, "file")
    assert then["created"] == then["modified"] == now["created"] == fs.created("s/d/a")
    assert now["created"] <= now["modified"] == fs.modified("s/d/a")
    fs.mv("s/d/a", "s/d/b")
    assert fs.info("s/d/b")["iteration"] == 3 and fs.created("s/d/b") == now["created"]
    assert fs.info("s@2/d/a") == {**now, "name": "s@2/d/a"}, "as it was before the move"


def test_directories_are_where_files_are(fs: PartitaFileSystem) -> None:
    fs.pipe({"s/a": b"", "s/d/b": b"1", "s/d/e/c": b"22"})
    assert [(row["name"], row["type"]) for row in fs.ls("s")] == [
        ("s/a", "file"), ("s/d", "directory"),
    ]  # fmt: skip
    assert fs.ls("s/a", detail=False) == ["s/a"]
    assert fs.find("s", withdirs=True) == ["s", "s/a", "s/d", "s/d/b", "s/d/e", "s/d/e/c"]
    assert fs.find("s", maxdepth=1) == ["s/a"] and fs.find("s/d/b") == ["s/d/b"]
    assert fs.find("") == fs.find("s") and fs.find("s/absent") == [] == fs.find("absent")
    assert list(fs.walk("s")) == [("s", ["d"], ["a"]), ("s/d", ["e"], ["b"]), ("s/d/e", [], ["c"])]
    assert fs.du("s") == 3 and fs.isdir("s/d") and fs.isdir("") and not fs.isfile("s/d")
    calls: list[Any] = [fs.ls, fs.info, fs.cat, fs.rm, fs.modified]
    for call in calls:
        for absent in ("s/absent", "absent", "absent/a", "s@7", "s@7/a"):
            with pytest.raises(FileNotFoundError):
                call(absent)


def test_making_a_directory_makes_the_session_and_nothing_else(fs: PartitaFileSystem) -> None:
    fs.mkdir("s/d")
    assert fs.ls("") == [{"name": "s", "size": 0, "type": "directory"}] and fs.ls("s") == []
    assert not fs.exists("s/d")
    fs.rmdir("s/d")
    fs.makedirs("s/d/e", exist_ok=True)
    fs.pipe("s/d/a", b"1")
    for call in (lambda: fs.mkdir("s/d"), lambda: fs.makedirs("s/d/a", exist_ok=True)):
        with pytest.raises(FileExistsError):
            call()
    with pytest.raises(OSError, match="not empty"):
        fs.rmdir("s/d")
    with pytest.raises(FileNotFoundError):
        fs.mkdir("absent/d", create_parents=False)
    fs.rm("s", recursive=True)
    assert fs.ls("s") == [] and fs.isdir("s"), "the session stays, and its past"
    assert fs.cat("s@1/d/a") == b"1"


def test_a_key_names_the_bytes(fs: PartitaFileSystem) -> None:
    fs.pipe({"s/a": b"1", "t/b": b"1", "s/c": b"2"})
    assert fs.ukey("s/a") == fs.ukey("t/b") != fs.ukey("s/c")
    assert fs.checksum("s/a") == fs.checksum("t/b") != fs.checksum("s/c")
    assert fs.info("s/a")["content"] == fs.ls("s")[0]["content"] == fs.ukey("s/a")


def test_links_and_executables_are_copied_as_they_are(fs: PartitaFileSystem) -> None:
    fs.mkdir("s")
    with fs.open_session("s").batch() as batch:
        batch.write_symlink("link", "run")
        batch.write_executable("run", "#!")
    fs.cp("s/link", "t/link")
    fs.cp("s/run", "t/run")
    assert [(row["type"], row["executable"]) for row in fs.ls("t")] == [
        ("link", False),
        ("file", True),
    ]


# Writing.


def test_text_is_written_read_and_appended(fs: PartitaFileSystem) -> None:
    for mode in ("w", "a"):
        with fs.open("s/a", mode, encoding="utf-16") as file:
            file.write("caf\u00e9\n")
    with fs.open("s/a", "r", encoding="utf-16") as file:
        assert list(file) == ["caf\u00e9\n"] * 2
    assert log(fs) == ["append to a", "write a"]


def test_an_open_file_can_what_its_mode_says(fs: PartitaFileSystem) -> None:
    fs.pipe("s/a", b"abc")
    with fs.open("s/a") as file:
        assert (file.seek(1), file.read(), file.tell(), file.size) == (1, b"bc", 3, 3)
        with pytest.raises(OSError):
            file.write(b"")
    with fs.open("s/a", "ab") as file:
        assert (file.tell(), file.write(b"de"), file.tell(), file.size) == (3, 2, 5, 5)
        for call in (file.read, lambda: file.seek(0)):
            with pytest.raises(OSError):
                call()
    assert fs.cat("s/a") == b"abcde" and fs.cat_file("s/a", 1, -1) == b"bcd"
    for path, mode, error in (
        ("s/a", "r+b", ValueError),
        ("s/a", "xb", FileExistsError),
        ("s", "wb", IsADirectoryError),
        ("s", "rb", IsADirectoryError),
        ("", "wb", IsADirectoryError),
    ):
        with pytest.raises(error):
            fs.open(path, mode)


def test_who_creates_a_file_first_has_it(fs: PartitaFileSystem) -> None:
    one, two = fs.open("s/a", "xb"), fs.open("s/a", "xb")
    one.write(b"1")
    two.write(b"2")
    one.close()
    with pytest.raises(FileExistsError):
        two.close()
    assert fs.cat("s/a") == b"1"


def test_what_two_append_is_all_there(fs: PartitaFileSystem) -> None:
    one, two = fs.open("s/a", "ab"), fs.open("s/a", "ab")
    one.write(b"1")
    two.write(b"2")
    two.close()
    one.close()
    assert fs.cat("s/a") == b"21"


def test_a_file_that_is_given_up_or_never_closed_is_not_written(fs: PartitaFileSystem) -> None:
    file = fs.open("s/a", "wb")
    file.write(b"half")
    del file
    file = fs.open("s/a", "wb")
    file.write(b"half")
    file.discard()
    file.close()
    assert not fs.exists("s/a")


def test_calls_on_many_files_are_one_checkpoint(fs: PartitaFileSystem, tmp_path: Path) -> None:
    local = tmp_path / "local"
    (local / "d").mkdir(parents=True)
    for name in ("a", "d/b"):
        (local / name).write_text(name)
    fs.put(f"{local}/", "s/x/", recursive=True)
    fs.cp("s/x/", "s/y/", recursive=True)
    fs.mv("s/y", "s/z", recursive=True)
    fs.rm("s/x", recursive=True)
    fs.pipe({"s/a": b"1", "s/b": b"2"})
    assert log(fs) == [
        "write 2 files", "remove 2 files", "move to 2 files", "copy to 2 files", "write 2 files",
    ]  # fmt: skip
    assert fs.find("s") == ["s/a", "s/b", "s/z/a", "s/z/d/b"]
    with pytest.raises(FileNotFoundError):
        fs.rm(["s/a", "s/absent"])
    assert fs.exists("s/a"), "all or none"
    fs.mv("s/z", "t/z", recursive=True)
    assert fs.find("t") == ["t/z/a", "t/z/d/b"] and fs.find("s/z") == []


def test_a_transaction_is_one_checkpoint_or_none(fs: PartitaFileSystem) -> None:
    fs.pipe({"s/old": b"1", "s/gone": b"1"})
    with fs.transaction:
        with fs.open("s/a", "w") as file:
            file.write("a")
        fs.pipe("s/b", b"b")
        fs.cp("s/old", "s/copy")
        fs.mv("s/old", "s/moved")
        fs.rm("s/gone")
        assert fs.find("s") == ["s/gone", "s/old"], "seen when it is committed"
    assert fs.find("s") == ["s/a", "s/b", "s/copy", "s/moved"]
    assert log(fs) == ["change 5 files", "write 2 files"]
    with pytest.raises(RuntimeError), fs.transaction:
        fs.pipe("s/c", b"c")
        raise RuntimeError
    with pytest.raises(FileNotFoundError), fs.transaction:
        fs.pipe("s/c", b"c")
        fs.rm("s/a")
        fs.open_session("s").remove("a")
    assert not fs.exists("s/c")
    fs.pipe("s/d", b"d")
    assert fs.exists("s/d"), "no transaction goes on"


def test_a_thread_is_not_caught_in_what_another_gathers(
    fs: PartitaFileSystem, tmp_path: Path
) -> None:
    seen = []

    def other() -> None:
        fs.pipe("s/other", b"1")
        seen.append(fs.cat("s/other"))

    class Callback(NoOpCallback):
        def relative_update(self, inc: int = 1) -> None:
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

    (tmp_path / "a").write_text("a")
    fs.put([str(tmp_path / "a")], ["s/a"], callback=Callback())
    assert seen[0] == b"1" and fs.find("s") == ["s/a", "s/other"]


# Stores.


def test_reading_makes_no_store(fs: PartitaFileSystem, place: str) -> None:
    for call in (lambda: fs.ls(""), lambda: fs.cat("s/a")):
        with pytest.raises(FileNotFoundError):
            call()
    assert not fs.exists("s/a") and not os.path.exists(place)
    fs.pipe("s/a", b"1")
    fixed = PartitaFileSystem(place, read_only=True, skip_instance_cache=True)
    assert fixed.cat("s/a") == b"1"
    with pytest.raises(PermissionError):
        fixed.pipe("s/a", b"2")
    with pytest.raises(ValueError, match="which store"):
        PartitaFileSystem()


def test_it_is_found_by_its_protocol_and_pickles(place: str) -> None:
    with fsspec.open("partita://s/a.txt", "w", store=place) as file:
        file.write("1")
    fs = fsspec.filesystem("partita", store=place)
    assert pickle.loads(pickle.dumps(fs)) is fs and fs.cat("s/a.txt") == b"1"
    chained = fsspec.open("simplecache::partita://s/a.txt", "r", partita={"store": place})
    with chained as file:
        assert file.read() == "1"
    assert fsspec.get_mapper("partita://s", store=place)["a.txt"] == b"1"


def test_a_fork_of_the_process_opens_the_store_anew(place: str) -> None:
    code = """
import os, sys
from partita.fs import PartitaFileSystem
fs = PartitaFileSystem(sys.argv[1])
fs.pipe("s/parent", b"1")
child = os.fork()
if not child:
    fs.pipe("s/child", fs.cat("s/parent"))
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert fs.find("s") == ["s/child", "s/parent"], fs.find("s")
"""
    subprocess.run([sys.executable, "-c", code, place], check=True)


def test_processes_append_to_one_file(fs: PartitaFileSystem, place: str) -> None:
    code = """
import sys
from partita.fs import PartitaFileSystem
fs = PartitaFileSystem(sys.argv[1], durability="buffered")
for at in range(20):
    with fs.open("s/log", "a") as file:
        file.write(f"{sys.argv[2]} {at}\\n")
"""
    command = [sys.executable, "-c", code, place]
    working = [subprocess.Popen([*command, str(who)]) for who in range(3)]
    assert [one.wait(120) for one in working] == [0, 0, 0]
    lines = fs.cat("s/log").decode().split("\n")[:-1]
    for who in range(3):
        mine = [line for line in lines if line.startswith(f"{who} ")]
        assert mine == [f"{who} {at}" for at in range(20)]


# Frameworks on top.


def test_pandas_reads_and_writes(place: str) -> None:
    pandas = pytest.importorskip("pandas")
    options: dict[str, Any] = {"store": place}
    frame = pandas.DataFrame({"x": [1, 2], "y": ["a", "caf\u00e9"]})
    frame.to_csv("partita://team%2Fs/d/a.csv", index=False, storage_options=options)
    frame.iloc[:1].to_csv(
        "partita://team%2Fs/d/a.csv", index=False, mode="a", header=False, storage_options=options
    )
    assert len(pandas.read_csv("partita://team%2Fs/d/a.csv", storage_options=options)) == 3
    first = pandas.read_csv("partita://team%2Fs@1/d/a.csv", storage_options=options)
    assert first.equals(frame)
    frame.to_json("partita://team%2Fs/a.json.gz", storage_options=options)
    again = pandas.read_json("partita://team%2Fs/a.json.gz", storage_options=options)
    assert again.equals(frame)


def test_arrow_reads_and_writes_data_sets(fs: PartitaFileSystem) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    dataset, parquet = (
        pytest.importorskip("pyarrow.dataset"),
        pytest.importorskip("pyarrow.parquet"),
    )
    table = pyarrow.table({"x": list(range(10)), "part": ["a", "b"] * 5})
    for _ in range(2):
        dataset.write_dataset(
            table, "s/data", filesystem=fs, format="parquet", partitioning=["part"],
            existing_data_behavior="delete_matching",
        )  # fmt: skip
    read = dataset.dataset("s/data", filesystem=fs, format="parquet", partitioning=["part"])
    assert sorted(read.to_table()["x"].to_pylist()) == list(range(10))
    assert fs.find("s") == ["s/data/a/part-0.parquet", "s/data/b/part-0.parquet"]
    with fs.open("s/one.parquet", "wb") as file:
        parquet.write_table(table, file)
    assert parquet.read_table("s/one.parquet", filesystem=fs).equals(table)


def test_without_the_framework_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['fsspec'] = None; import partita.fs"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ImportError: partita.fs needs fsspec: install partita with the extra `fs`" in run.stderr
