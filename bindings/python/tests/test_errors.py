"""Errors: one class a kind, each also a builtin, each with a message that says what to do."""

from __future__ import annotations

import pickle
from pathlib import Path

import partita
import pytest
from partita import _errors, _partita

BASES = {
    "not-found": KeyError,
    "already-exists": ValueError,
    "conflict": RuntimeError,
    "ambiguous": ValueError,
    "invalid": ValueError,
    "does-not-fit": ValueError,
    "purged": KeyError,
    "corrupt": OSError,
    "busy": TimeoutError,
    "io": OSError,
    "unsupported": NotImplementedError,
    "read-only": PermissionError,
    "indeterminate": OSError,
    "poisoned": RuntimeError,
}


def test_each_kind_of_the_core_has_one_class() -> None:
    assert set(_errors.BY_KIND) == set(_partita.error_codes())
    assert len(_partita.error_codes()) == len(set(_partita.error_codes()))
    assert len(set(_errors.BY_KIND.values())) == len(_errors.BY_KIND)


@pytest.mark.parametrize("kind", _partita.error_codes())
def test_each_class_is_also_its_builtin(kind: str) -> None:
    error = _errors.BY_KIND[kind]
    assert issubclass(error, partita.Error) and issubclass(error, BASES[kind])
    assert error.kind == kind
    assert getattr(partita, error.__name__) is error and error.__module__.startswith("partita")


def test_what_does_not_fit_tells_its_numbers_and_keeps_them_when_pickled() -> None:
    messages = [{"role": "system", "content": "Be brief. " * 40}, {"role": "user", "content": "hi"}]
    with pytest.raises(partita.DoesNotFit) as caught:
        partita.plan(messages, limit=50)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert error.limit == 50 and error.least == partita.count(messages).high
        assert [tokens for _, tokens, _ in error.items] == sorted((item[1] for item in error.items), reverse=True)
        assert not any(pinned for _, _, pinned in error.items) and "unpin" not in str(error)


@pytest.mark.parametrize("kind", _partita.error_codes())
def test_an_error_says_its_message_plainly_and_pickles(kind: str) -> None:
    error = _errors.BY_KIND[kind]('no file "a"')
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error) == 'no file "a"'


def test_a_missing_session_is_named(store: partita.Store) -> None:
    with pytest.raises(KeyError, match='^no session "absent"$') as caught:
        store.open_session("absent")
    assert isinstance(caught.value, partita.NotFound) and caught.value.kind == "not-found"


def test_a_name_that_is_taken_is_named(store: partita.Store) -> None:
    store.create_session("taken")
    with pytest.raises(partita.AlreadyExists, match="taken"):
        store.create_session("taken")
    with pytest.raises(ValueError, match="taken"):
        store.session("other").fork("taken")


def test_a_collision_is_a_conflict(session: partita.Session) -> None:
    session.write("a", "1")
    batch = session.begin()
    batch.write("a", "2")
    session.write("a", "3")
    with pytest.raises(RuntimeError) as caught:
        batch.commit()
    assert isinstance(caught.value, partita.Conflict)
    assert session.read("a") == b"3"


def test_a_store_that_is_not_there_is_not_made_unasked(tmp_path: Path) -> None:
    with pytest.raises(partita.NotFound, match="absent"):
        partita.Store.open(tmp_path / "absent", create=False)
    assert not (tmp_path / "absent").exists()


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(partita.Error) as caught:
        partita.Store.open(tmp_path / "file")
    assert caught.value.kind in ("invalid", "io")


def test_a_store_for_reading_writes_nothing(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        store.session("s").write("a", "1")
    with partita.Store.open(tmp_path / "store", read_only=True) as store:
        session = store.open_session("s")
        assert session.read("a") == b"1"
        with pytest.raises(PermissionError) as caught:
            session.write("a", "2")
    assert caught.value.kind == "read-only"  # type: ignore[attr-defined]


def test_damage_is_corrupt_and_names_the_object(tmp_path: Path) -> None:
    with partita.Store.open(tmp_path / "store") as store:
        store.session("s").write("a", bytes(range(256)) * 40)
        store.session("s").write("a", "2")
    for path in (tmp_path / "store").rglob("*"):
        if path.is_file():
            data = bytearray(path.read_bytes())
            at = bytes(data).find(bytes(range(256)))
            if at > 0:
                data[at + 7] ^= 0x10
                path.write_bytes(data)
    with partita.Store.open(tmp_path / "store", read_only=True) as store:
        report = store.check()
        assert len(report.faults) >= 1
        with pytest.raises(OSError) as caught:
            store.open_session("s").read_at("a", 1)
    assert isinstance(caught.value, partita.Corrupt)


def test_a_lone_surrogate_is_no_text(session: partita.Session) -> None:
    for call in (session.remember, lambda text: session.write("a", text)):
        with pytest.raises(UnicodeEncodeError, match="surrogates not allowed"):
            call("\ud800")
    assert list(session.log()) == []


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.write("a", 3), "expected str or bytes, got int"),
        (lambda s: s.write("a", None), "expected str or bytes, got NoneType"),
        (lambda s: s.write(3, "x"), "str, bytes or os.PathLike object, not int"),
        (lambda s: s.remember(3), "expected Memory, str or bytes, got int"),
        (lambda s: s.at(1.5), "a checkpoint is a Checkpoint, its id, its number, or a text"),
        (lambda s: s.read_at("a", "1"), "int"),
        (lambda s: s.batch(time="now"), "expected datetime, got str"),
        (lambda s: partita.ObjectId(3), "an id is made of str or bytes, got int"),
        (lambda s: s.trim(), "give either keep= or since="),
    ],
)
def test_a_wrong_type_is_a_type_error_that_says_what_is_right(
    session: partita.Session, call: object, message: str
) -> None:
    session.write("a", "1")
    with pytest.raises(TypeError) as caught:
        call(session)  # type: ignore[operator]
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.write("../a", "x"), "../a"),
        (lambda s: s.write("", "x"), "empty"),
        (lambda s: s.remember("x", role="robot"), "system, user, assistant or tool"),
        (lambda s: s.restore_checkpoint(1, scope="some"), "files, dialog or all"),
        (lambda s: partita.ObjectId(b"12"), "an id has 32 bytes, got 2"),
        (lambda s: partita.Store.open("x", durability="often"), "sync or buffered"),
        (lambda s: partita.Memory("user", kind="poem"), "message, note, validation or summary"),
    ],
)
def test_a_wrong_value_is_invalid_and_says_what_is_right(
    session: partita.Session, call: object, message: str
) -> None:
    session.write("a", "1")
    with pytest.raises(ValueError) as caught:
        call(session)  # type: ignore[operator]
    assert caught.value.kind == "invalid"  # type: ignore[attr-defined]
    assert message in str(caught.value)
