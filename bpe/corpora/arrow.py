"""Read a column of text from Arrow: Parquet files, tables, and streams of record batches.

Anything that speaks the Arrow C data interface (`__arrow_c_array__`, `__arrow_c_stream__`) is read
in C++, from the buffers it has: pyarrow, polars, pandas, the batches of Hugging Face `datasets`.
Only Parquet needs pyarrow, an optional package.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bpe._core import ArrowStream
from bpe.corpora.corpus import Corpus
from bpe.corpora.packer import Packer
from bpe.corpora.report import ReadingReport
from bpe.corpora.sources import SourceFile
from bpe.corpora.text import not_utf8
from bpe.errors import CorpusError, MissingDependencyError

_ROWS_PER_BATCH = 1024


def is_arrow(value: object) -> bool:
    """Tell whether a value is a table, column or batch of Arrow."""
    return hasattr(value, "__arrow_c_stream__") or hasattr(value, "__arrow_c_array__")


def read_arrow(
    value: Any, corpus: Corpus, packer: Packer, report: ReadingReport, name: str
) -> Iterator[None]:
    """Pack the rows of a table, a column or a batch.

    Raises:
        CorpusError: There is no such column, or it holds no text.
    """
    rows = _Rows(corpus, packer, report, name)
    if hasattr(value, "__arrow_c_array__"):
        rows.pack_array(value)
        yield None
        return
    stream = ArrowStream(value.__arrow_c_stream__())
    while rows.pack_next(stream):
        yield None


def read_parquet(
    file: SourceFile, corpus: Corpus, packer: Packer, report: ReadingReport
) -> Iterator[None]:
    """Pack the rows of the column `text_field` of a Parquet file.

    Raises:
        CorpusError: The file is damaged, or has no such column, or it holds no text.
        MissingDependencyError: pyarrow is not installed.
    """
    pyarrow, parquet = _import_pyarrow()
    rows = _Rows(corpus, packer, report, file.name)
    group = -1
    with file.open() as handle:
        try:
            table = parquet.ParquetFile(handle)
            _check_column(table.schema_arrow, corpus.text_field, file.name)
            size = file.size or 0
            for group in range(table.num_row_groups):
                for batch in _batches(table, group, corpus.text_field):
                    rows.pack_array(batch.column(0))
                    yield None
                report.position += size * (group + 1) // table.num_row_groups - (
                    size * group // table.num_row_groups
                )
        except (pyarrow.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            place = f", row group {group}" if group >= 0 else ""
            raise CorpusError(f"{file.name!r} cannot be read as parquet{place}: {error}") from None


class _Rows:
    """Packs arrays and knows which row comes next."""

    def __init__(self, corpus: Corpus, packer: Packer, report: ReadingReport, name: str) -> None:
        self._corpus, self._packer, self._report, self._name = corpus, packer, report, name
        self._next_row = 0

    def pack_array(self, array: Any) -> None:
        capsules = array.__arrow_c_array__()
        self._pack(lambda batch, field: batch.add_arrow_array(*capsules, field))

    def pack_next(self, stream: ArrowStream) -> bool:
        """Return whether there was another array."""
        return self._pack(stream.read) is not None

    def _pack(self, add: Any) -> int | None:
        batch = self._packer.batch
        first = len(batch)
        try:
            num_nulls: int | None = add(batch, self._corpus.text_field)
        except CorpusError as error:
            raise CorpusError(f"{self._name!r}: {error}") from None
        if num_nulls is None:
            return None
        if self._corpus.errors == "strict" and (place := batch.find_invalid_utf8(first)):
            document, offset = place
            row = self._next_row + document - first
            after = f" (or after it: {num_nulls} nulls are near)" if num_nulls else ""
            where = f"{self._name!r}, row {row}{after}"
            raise not_utf8(where, batch[document][offset], offset)
        self._next_row += len(batch) - first + num_nulls
        self._report.num_nulls += num_nulls
        return num_nulls


def _batches(table: Any, group: int, column: str) -> Iterator[Any]:
    batches: Iterator[Any] = table.iter_batches(
        batch_size=_ROWS_PER_BATCH, row_groups=[group], columns=[column], use_threads=False
    )
    return batches


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingDependencyError(
            'reading .parquet files needs one more package: pip install "chimera-bpe[parquet]"'
        ) from None
    return pyarrow, parquet


def _check_column(schema: Any, text_field: str, name: str) -> None:
    """Say early what would go wrong, with the type as pyarrow calls it."""
    if text_field not in schema.names:
        columns = ", ".join(map(repr, schema.names))
        raise CorpusError(f"{name!r} has no column {text_field!r}; the columns are {columns}")
    kind = schema.field(text_field).type
    values = str(getattr(kind, "value_type", kind) if str(kind).startswith("dict") else kind)
    if values not in _TEXT_TYPES:
        raise CorpusError(f"{name!r}: the column {text_field!r} is of type {kind}, not text")


_TEXT_TYPES = {
    "string", "large_string", "string_view", "binary", "large_binary", "binary_view", "null",
}  # fmt: skip
