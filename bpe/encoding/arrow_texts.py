"""A column of Arrow as a batch of texts: its buffers are read where they are.

Anything that speaks the Arrow C data interface will do: arrays and chunked arrays of pyarrow,
series of polars, and of pandas where pyarrow is installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from bpe.errors import CorpusError
from bpe.text import Text


def is_column(value: object) -> bool:
    """Return whether a value hands out Arrow arrays."""
    return hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__")


def texts_of_column(column: Any) -> Sequence[Text]:
    """Return the texts of a column as views of its buffers, which stay as long as they do.

    Raises:
        TypeError: The column is not one of text, or a row is null.
    """
    from bpe._core import ArrowStream, DocumentBatch

    batch = DocumentBatch()
    try:
        if hasattr(column, "__arrow_c_array__"):
            schema, array = column.__arrow_c_array__()
            num_nulls = batch.add_arrow_array(schema, array, "")
        else:
            stream = ArrowStream(column.__arrow_c_stream__())
            num_nulls = 0
            while (nulls := stream.read(batch, "")) is not None:
                num_nulls += nulls
    except ImportError:
        return list(column)  # pandas without pyarrow: it has rows, but no buffers to hand out
    except CorpusError as error:
        raise TypeError(f"a batch must be a column of text: {error}") from None
    if num_nulls:
        raise TypeError(
            f"a batch must be of texts, but {num_nulls} row(s) of this column are null; "
            'drop them, or fill them with ""'
        )
    return cast("Sequence[Text]", batch)
