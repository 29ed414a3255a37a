"""Read documents from one column of a Parquet file, through pyarrow (an optional package)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bpe.corpora.compressed import naming
from bpe.errors import CorpusError, MissingDependencyError

_ROWS_PER_BATCH = 1024


def read_parquet(path: Path, text_field: str) -> Iterator[bytes]:
    """Yield the bytes of every row of the column `text_field`.

    Raises:
        CorpusError: The file is damaged, has no such column, or a row holds no text.
        MissingDependencyError: pyarrow is not installed.
    """
    pyarrow, parquet = _import_pyarrow()
    with naming(path), path.open("rb") as handle:
        try:
            file = parquet.ParquetFile(handle)
            _check_column(pyarrow, file.schema_arrow, text_field, path)
            yield from _read_rows(pyarrow, file, text_field, path)
        except pyarrow.ArrowException as error:
            raise CorpusError(f"{str(path)!r} cannot be read as parquet: {error}") from None


def _import_pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingDependencyError(
            'reading .parquet files needs one more package: pip install "chimera-bpe[parquet]"'
        ) from None
    return pyarrow, parquet


def _check_column(pyarrow: Any, schema: Any, text_field: str, path: Path) -> None:
    if text_field not in schema.names:
        columns = ", ".join(map(repr, schema.names))
        raise CorpusError(f"{str(path)!r} has no column {text_field!r}; the columns are {columns}")
    kind = schema.field(text_field).type
    values = kind.value_type if pyarrow.types.is_dictionary(kind) else kind
    if str(values) not in {"string", "large_string", "string_view", "binary", "large_binary"}:
        raise CorpusError(f"{str(path)!r}: the column {text_field!r} is of type {kind}, not text")


def _read_rows(pyarrow: Any, file: Any, text_field: str, path: Path) -> Iterator[bytes]:
    first_row = 0
    for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH, columns=[text_field]):
        column = batch.column(0)
        if column.null_count:
            row = first_row + column.is_null().to_pylist().index(True)
            raise CorpusError(f"{str(path)!r}: row {row} of the column {text_field!r} is null")
        yield from column.cast(pyarrow.large_binary()).to_pylist()
        first_row += len(column)
