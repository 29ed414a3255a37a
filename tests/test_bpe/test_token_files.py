"""Token files come back as they were written, and say so when they do not belong here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bpe.errors import FormatError, OutputExistsError
from bpe.token_files import HEADER_BYTES, is_token_file, read_header, read_tokens, write_tokens


@dataclass
class Vocabulary:
    """All that a token file wants to know of a tokenizer."""

    n_vocab: int
    content_hash: str = "ab" * 32


SMALL, LARGEST_SMALL, LARGE = Vocabulary(300), Vocabulary(2**16), Vocabulary(2**16 + 1)


def write(path: Path, chunks: Any, vocabulary: Vocabulary = SMALL, **options: bool) -> Any:
    return write_tokens(path, chunks, vocabulary, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("vocabulary", [SMALL, LARGEST_SMALL, LARGE])
def test_ids_come_back_in_the_width_that_the_vocabulary_needs(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    last = vocabulary.n_vocab - 1
    chunks = [[0, last], [], np.array([7], np.uint16), np.array([last], np.int64)]
    header = write(tmp_path / "a.bin", chunks, vocabulary)
    ids = read_tokens(tmp_path / "a.bin", vocabulary.content_hash)
    assert [0, last, 7, last] == ids.tolist()
    assert ("uint32" if vocabulary is LARGE else "uint16") == header.dtype == str(ids.dtype)
    assert isinstance(ids, np.memmap)
    assert not ids.flags.writeable
    assert header == read_header(tmp_path / "a.bin")
    assert 4 == header.count


@given(ids=st.lists(st.integers(0, 299)), sizes=st.lists(st.integers(1, 9)))
def test_the_file_does_not_depend_on_the_chunks(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int], sizes: list[int]
) -> None:
    def cut() -> Iterator[list[int]]:
        rest = ids
        for size in sizes:
            yield rest[:size]
            rest = rest[size:]
        yield rest

    folder = tmp_path_factory.mktemp("chunks")
    write(folder / "whole.bin", [ids])
    write(folder / "parts.bin", cut())
    assert (folder / "whole.bin").read_bytes() == (folder / "parts.bin").read_bytes()
    assert ids == read_tokens(folder / "parts.bin").tolist()


def test_no_ids_at_all_are_a_file_too(tmp_path: Path) -> None:
    write(tmp_path / "a.bin", [])
    assert (0,) == read_tokens(tmp_path / "a.bin").shape


@pytest.mark.parametrize(
    ("vocabulary", "magic", "version", "dtype"),
    [(SMALL, 20240520, 1, "<u2"), (LARGE, 20240801, 7, "<u4")],
)
def test_readers_of_llm_c_find_their_header(
    tmp_path: Path, vocabulary: Vocabulary, magic: int, version: int, dtype: str
) -> None:
    write(tmp_path / "a.bin", [[1, 2, 3]], vocabulary)
    data = (tmp_path / "a.bin").read_bytes()
    assert [magic, version, 3] == np.frombuffer(data[: 256 * 4], "<i4")[:3].tolist()
    assert [1, 2, 3] == np.frombuffer(data[256 * 4 :], dtype).tolist()


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([[1, 2], [3, 300]], "id 300 at index 3 is not below n_vocab 300"),
        ([[-1]], "id -1 at index 0"),
        ([[1.5]], "ids must be integers in one dimension, not float64"),
        ([[[1], [2]]], r"ids must be integers in one dimension, not int64 \(2, 1\)"),
    ],
)
def test_an_id_outside_the_vocabulary_leaves_no_file(
    tmp_path: Path, chunks: Any, message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        write(tmp_path / "a.bin", chunks)
    assert [] == list(tmp_path.iterdir())


def test_a_file_is_replaced_only_when_that_is_allowed(tmp_path: Path) -> None:
    write(tmp_path / "a.bin", [[1]])
    with pytest.raises(OutputExistsError):
        write(tmp_path / "a.bin", [[2]])
    assert [1] == read_tokens(tmp_path / "a.bin").tolist()
    write(tmp_path / "a.bin", [[2]], overwrite=True)
    assert [2] == read_tokens(tmp_path / "a.bin").tolist()


def test_the_ids_of_another_tokenizer_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.bin", [[1]])
    with pytest.raises(FormatError, match=r"a\.bin' holds the ids of another tokenizer \(abab"):
        read_tokens(tmp_path / "a.bin", "cd" * 32)


def test_a_file_cut_or_grown_by_any_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write(path, [[1, 2, 3]])
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match=r"a\.bin' (is not a token file|has \d+ bytes)"):
            read_tokens(path)
    path.write_bytes(whole + b"\0")
    with pytest.raises(FormatError, match="which makes 1030; it is cut short or was appended to"):
        read_tokens(path)


@pytest.mark.parametrize(
    "change",
    [
        {"count": 4},
        {"count": -3},
        {"count": True},
        {"count": 2**70},
        {"count": "3"},
        {"dtype": "uint32"},
        {"dtype": "int64"},
        {"content_hash": None},
        {"n_vocab": 1.5},
        {"another": 1},
    ],
)
def test_a_header_that_contradicts_itself_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "a.bin"
    write(path, [[1, 2, 3]])
    data = path.read_bytes()
    fields = json.loads(data[16:HEADER_BYTES].rstrip(b"\0")) | change
    text = json.dumps(fields).encode().ljust(HEADER_BYTES - 16, b"\0")
    path.write_bytes(data[:16] + text + data[HEADER_BYTES:])
    with pytest.raises(FormatError, match=r"header of '.*a\.bin' is damaged"):
        read_tokens(path)


@pytest.mark.parametrize("data", [b"", b"text", b"\0" * 2000, b"<html>" * 500])
def test_another_file_is_not_taken_for_a_token_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.bin").write_bytes(data)
    assert not is_token_file(tmp_path / "a.bin")
    with pytest.raises(FormatError, match="is not a token file"):
        read_tokens(tmp_path / "a.bin")


def test_damaged_json_in_the_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    write(path, [[1]])
    assert is_token_file(path)
    data = path.read_bytes()
    for junk in (b"[]", b"{", b"\xff", b"[" * 900, b""):
        path.write_bytes(data[:16] + junk.ljust(HEADER_BYTES - 16, b"\0") + data[HEADER_BYTES:])
        with pytest.raises(FormatError, match="is damaged"):
            read_tokens(path)
