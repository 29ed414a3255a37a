"""A column of a Parquet file gives one document a row."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from bpe.corpora import Corpus, read_documents
from bpe.errors import CorpusError, MissingDependencyError, SkippedRecordsWarning


@pytest.fixture
def pa() -> Any:
    pytest.importorskip("pyarrow.parquet")
    return pytest.importorskip("pyarrow")


def write(pa: Any, path: Path, **columns: Any) -> Path:
    import pyarrow.parquet

    pyarrow.parquet.write_table(pa.table(columns), path / "a.parquet", row_group_size=700)
    return path / "a.parquet"


def test_each_row_is_a_document(pa: Any, tmp_path: Path) -> None:
    texts = [f"row {number} ü" for number in range(3000)]
    path = write(pa, tmp_path, id=list(range(3000)), text=texts)
    assert [text.encode() for text in texts] == list(read_documents(path))
    assert [text.encode() for text in texts] == list(read_documents(tmp_path))


@pytest.mark.parametrize("kind", ["large_string", "binary", "large_binary", "dictionary"])
def test_every_type_of_text_is_read(pa: Any, tmp_path: Path, kind: str) -> None:
    column = pa.array(["a", "b", "a"])
    column = (
        column.dictionary_encode() if kind == "dictionary" else column.cast(getattr(pa, kind)())
    )
    path = write(pa, tmp_path, body=column)
    assert [b"a", b"b", b"a"] == list(read_documents(Corpus(path, text_field="body")))


def test_bytes_that_are_not_utf8_are_named_by_their_row(pa: Any, tmp_path: Path) -> None:
    path = write(pa, tmp_path, text=pa.array([b"a", b"\xff"]))
    assert [b"a", b"\xff"] == list(read_documents(path))
    with pytest.raises(CorpusError, match=r"a\.parquet', row 1: byte 0xff at offset 0"):
        list(read_documents(Corpus(path, errors="strict")))


def test_a_missing_column_is_named_with_those_there_are(pa: Any, tmp_path: Path) -> None:
    path = write(pa, tmp_path, body=["a"], id=[1])
    with pytest.raises(CorpusError, match="has no column 'text'; the columns are 'body', 'id'"):
        list(read_documents(path))
    with pytest.raises(CorpusError, match="the column 'id' is of type int64, not text"):
        list(read_documents(Corpus(path, text_field="id")))


def test_nulls_are_left_out_counted_and_warned_about(pa: Any, tmp_path: Path) -> None:
    path = write(pa, tmp_path, text=["a"] * 2000 + [None, "b", None])
    with pytest.warns(SkippedRecordsWarning, match=r"left out 2 row\(s\) that are null"):
        assert [b"a"] * 2000 + [b"b"] == list(read_documents(path))


def test_a_damaged_file_is_an_error(pa: Any, tmp_path: Path) -> None:
    path = write(pa, tmp_path, text=["some text"] * 1000)
    whole = path.read_bytes()
    for damaged in (b"", b"PAR1", whole[:-1], whole[: len(whole) // 2], b"PAR1junkPAR1"):
        path.write_bytes(damaged)
        with pytest.raises(CorpusError, match=r"a\.parquet' cannot be read as parquet"):
            list(read_documents(path))


def test_parquet_inside_another_compression_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.parquet.gz").write_bytes(b"")
    with pytest.raises(CorpusError, match="decompress it into a file first"):
        read_documents(tmp_path / "a.parquet.gz")


def test_without_the_optional_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    (tmp_path / "a.parquet").write_bytes(b"")
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[parquet\]"):
        list(read_documents(tmp_path / "a.parquet"))
