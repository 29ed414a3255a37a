"""Iterables of texts, mappings, tables and data sets give their documents."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest

from bpe.corpora import Corpus, Reading, documents_of, read_documents
from bpe.errors import CorpusError, SkippedRecordsWarning


def documents(source: Any, **options: Any) -> list[bytes]:
    return list(read_documents(Corpus(source, **options)))


def test_mappings_give_their_text_field() -> None:
    rows = [{"text": "a"}, MappingProxyType({"text": b"b"}), {"text": bytearray(b"c")}]
    assert [b"a", b"b", b"c"] == documents(rows)
    assert [b"x"] == documents([{"text": "a", "body": "x"}], text_field="body")
    assert ["a\ufffd".encode()] == documents([{"text": "a\ud83d"}])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"body": "a", "id": 1}, "item 1 .* has no field 'text'; the fields are 'body', 'id'"),
        ({}, "item 1 .* the fields are none"),
        ({"text": 7}, "item 1 .*: the field 'text' is of type int, not str or bytes"),
        ({"text": ["a"]}, "item 1 .*: the field 'text' is of type list"),
    ],
)
def test_a_row_without_a_text_is_named_or_skipped(row: dict[str, Any], message: str) -> None:
    rows = [{"text": "a"}, row, {"text": "b"}]
    with pytest.raises(CorpusError, match=message + ".*on_bad_record='skip'"):
        documents(rows)
    with pytest.warns(SkippedRecordsWarning, match=rf"skipped 1 bad record\(s\): {message}"):
        assert [b"a", b"b"] == documents(rows, on_bad_record="skip")


def test_nulls_are_left_out_and_counted() -> None:
    reading = Reading(iter([{"text": None}, {"text": "a"}]))
    with pytest.warns(SkippedRecordsWarning, match="1 row"):
        assert [b"a"] == list(documents_of(reading))
    assert (1, 0, 1) == (
        reading.report.num_nulls,
        reading.report.num_skipped,
        reading.report.num_bytes,
    )


def test_what_is_no_record_at_all_is_never_skipped() -> None:
    for item in (None, 7, ["a"], object()):
        with pytest.raises(TypeError, match="item 2 of the source is"):
            documents(["a", "b", item], on_bad_record="skip")


def test_many_items_keep_their_order_and_indices() -> None:
    items: list[Any] = [f"text {number}" for number in range(5000)]
    items[3000] = {"text": "é"}
    items[3001] = bytearray(b"raw")
    expected = [item.encode() if isinstance(item, str) else item for item in items]
    expected[3000:3002] = ["é".encode(), b"raw"]
    assert expected == documents(iter(items))
    items[4321] = None
    with pytest.raises(TypeError, match="item 4321 of"):
        documents(iter(items))
    items[4321] = b"\xff"
    with pytest.raises(CorpusError, match="item 4321: byte 0xff at offset 0"):
        documents(iter(items), errors="strict")


def test_a_mapping_that_is_changed_after_it_was_yielded_changes_nothing() -> None:
    def rows() -> Iterator[dict[str, str]]:
        row = {"text": ""}
        for number in range(100):
            row["text"] = f"row {number}"
            yield row
            row["text"] = "gone"

    assert [b"row %d" % number for number in range(100)] == documents(rows())


# --- tables -----------------------------------------------------------------------


@pytest.fixture
def pa() -> Any:
    return pytest.importorskip("pyarrow")


def test_tables_columns_and_batches_are_sources(pa: Any) -> None:
    table = pa.table({"text": ["a", "b", "c"], "id": [1, 2, 3]})
    expected = [b"a", b"b", b"c"]
    assert expected == documents(table)
    assert expected == documents(table["text"])
    assert expected == documents(table["text"].chunk(0))
    assert expected == documents(table.to_batches()[0])
    assert expected == documents(table.to_reader())
    assert expected == documents(iter(table.to_batches()))
    assert [*expected, b"d"] == documents(iter([table, "d"]))
    assert expected[:2] == documents(table, max_bytes=2)
    with pytest.raises(CorpusError, match="'the source': there is no column 'body'"):
        documents(table, text_field="body")


def test_an_error_of_a_reader_of_batches_passes_through(pa: Any) -> None:
    def batches() -> Any:
        yield pa.record_batch({"text": ["a"]})
        raise LookupError("theirs")

    reader = pa.RecordBatchReader.from_batches(pa.schema({"text": pa.string()}), batches())
    with pytest.raises(LookupError, match="theirs"):
        documents(reader)


def test_bytes_of_a_table_that_are_not_utf8_are_named_by_their_row(pa: Any) -> None:
    table = pa.table({"text": pa.array([b"a", b"\xff", None])})
    with pytest.raises(CorpusError, match=r"row 1.*byte 0xff at offset 0"):
        documents(table["text"], errors="strict")
    with pytest.warns(SkippedRecordsWarning):
        assert [b"a", "\ufffd".encode()] == documents(table, errors="replace")


class Dataset:
    """Behaves as a data set of Hugging Face `datasets` does: rows, or batches of Arrow."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._table.to_pylist()

    def with_format(self, kind: str) -> Dataset:
        assert "arrow" == kind
        return self

    def iter(self, batch_size: int) -> Iterator[Any]:
        for start in range(0, self._table.num_rows, batch_size):
            yield self._table.slice(start, batch_size)


def test_a_data_set_is_read_in_batches_of_arrow(pa: Any) -> None:
    texts = [f"row {number} é" for number in range(3000)]
    dataset = Dataset(pa.table({"text": texts, "id": list(range(3000))}))
    assert [text.encode() for text in texts] == documents(dataset)
    assert [text.encode() for text in texts] == documents(iter(dataset))


def test_a_table_whose_iterator_gives_names_of_columns_is_refused() -> None:
    class Frame:
        columns = ("text",)

        def __iter__(self) -> Iterator[str]:
            return iter(self.columns)

    with pytest.raises(TypeError, match=r"give one of its columns, such as table\['text'\]"):
        documents(Frame())
