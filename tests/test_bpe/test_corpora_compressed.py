"""Compressed files give what was compressed, or an error: nothing in between."""

from __future__ import annotations

import bz2
import gzip
import lzma
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bpe.corpora import read_documents
from bpe.corpora.compressed import read_blocks
from bpe.corpora.report import ReadingReport
from bpe.corpora.sources import find_files
from bpe.errors import CorpusError, MissingDependencyError

TEXT = random.Random(0).randbytes(100_000).hex().encode()


def compress_zstd(data: bytes) -> bytes:
    module = "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"
    compressed: bytes = pytest.importorskip(module).compress(data)
    return compressed


FORMATS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": compress_zstd,
}


@pytest.fixture(params=list(FORMATS))
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def read(path: Path) -> bytes:
    return b"".join(read_documents(path))


def test_the_text_comes_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(FORMATS[suffix](TEXT))
    assert TEXT == read(path)


def test_all_streams_of_a_file_are_read_and_padding_is_allowed(tmp_path: Path, suffix: str) -> None:
    compress = FORMATS[suffix]
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(compress(TEXT) + compress(b"") + bytes(8) + compress(b"end") + bytes(4))
    assert TEXT + b"end" == read(path)


def test_the_format_inside_the_compression_is_known(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"A.JSONL{suffix.upper()}"
    path.write_bytes(FORMATS[suffix](b'{"text": "one"}\n{"text": "two"}'))
    assert [b"one", b"two"] == list(read_documents(path))
    assert [b"one", b"two"] == list(read_documents(tmp_path))


def test_a_file_cut_anywhere_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    whole = FORMATS[suffix](b"some text, some text")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(CorpusError, match=rf"a\.txt{suffix}' is cut short.* byte {length}$"):
            read(path)


def test_something_else_after_the_last_stream_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    whole = FORMATS[suffix](TEXT)
    path.write_bytes(whole + b"something else entirely")
    with pytest.raises(CorpusError, match=rf"a\.txt{suffix}' is damaged.*at byte {len(whole)}\)"):
        read(path)


def test_a_damaged_file_is_an_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.txt{suffix}"
    whole = bytearray(FORMATS[suffix](TEXT))
    middle = len(whole) // 2
    if suffix == ".zst":  # writes no checksum by default: damage the header instead
        middle = 0
    whole[middle : middle + 8] = b"damaged!"
    path.write_bytes(whole)
    with pytest.raises(CorpusError, match="is damaged"):
        read(path)


def test_a_small_file_that_expands_enormously_comes_in_small_blocks(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a.txt{suffix}"
    path.write_bytes(FORMATS[suffix](bytes(20_000_000)))
    sizes = [len(block) for block in read_blocks(find_files(path)[0], ReadingReport())]
    assert 20_000_000 == sum(sizes)
    assert max(sizes) <= 1 << 22


def test_without_the_optional_package_zstandard_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("compression.zstd", "backports.zstd", "compression", "backports"):
        monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "a.txt.zst").write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[zstd\]"):
        read(tmp_path / "a.txt.zst")
