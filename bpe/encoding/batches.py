"""Many texts to arrays: ragged (all ids in a row), or padded to a rectangle with a mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bpe.encoding.limits import Side, check_limit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True)
class RaggedBatch:
    """The ids of several texts in one array.

    Attributes:
        ids: All ids, shape (total,), uint16 if every id of the vocabulary fits, else uint32.
        offsets: Where each text begins, and the end of the last: int64, shape (texts + 1,).
    """

    ids: npt.NDArray[np.uint16 | np.uint32]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> npt.NDArray[np.uint16 | np.uint32]:
        """Return the ids of one text, a view."""
        if not -len(self) <= index < len(self):
            raise IndexError(f"there is no text {index} in a batch of {len(self)}")
        index %= len(self)
        return self.ids[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[npt.NDArray[np.uint16 | np.uint32]]:
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True)
class PaddedBatch:
    """The ids of several texts in a rectangle.

    Attributes:
        ids: Shape (texts, length); where a text is shorter stands the id for padding.
        attention_mask: The same shape, bool: True for ids, False for padding.
    """

    ids: npt.NDArray[Any]
    attention_mask: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ids)


def pad(
    batch: RaggedBatch,
    pad_id: int,
    *,
    side: Side,
    max_length: int | None,
    truncate_side: Side,
    multiple_of: int,
    dtype: npt.DTypeLike,
) -> PaddedBatch:
    """Make a rectangle of a ragged batch; O(its size), no loop over texts or ids."""
    import numpy as np

    _check(pad_id, side, max_length, truncate_side, multiple_of, dtype)
    starts, lengths = batch.offsets[:-1], np.diff(batch.offsets)
    if max_length is not None:
        kept = np.minimum(lengths, max_length)
        starts = starts + (lengths - kept if truncate_side == "left" else 0)
        lengths = kept
    width = -(-int(lengths.max(initial=0)) // multiple_of) * multiple_of
    columns = np.arange(width) - (width - lengths if side == "left" else 0 * lengths)[:, None]
    mask = (columns >= 0) & (columns < lengths[:, None])
    ids = np.full((len(lengths), width), pad_id, dtype)
    ids[mask] = batch.ids[(starts[:, None] + columns)[mask]]
    return PaddedBatch(ids, mask)


def _check(
    pad_id: int,
    side: str,
    max_length: int | None,
    truncate_side: str,
    multiple_of: int,
    dtype: npt.DTypeLike,
) -> None:
    import numpy as np

    for name, value in (("pad_side", side), ("truncate_side", truncate_side)):
        if value not in ("left", "right"):
            raise ValueError(f'{name} must be "left" or "right", not {value!r}')
    if max_length is not None:
        check_limit("max_length", max_length)
    if check_limit("multiple_of", multiple_of) < 1:
        raise ValueError("multiple_of must be at least 1, not 0")
    kind = np.dtype(dtype)
    if kind.kind not in "ui":
        raise TypeError(f"dtype must be of integers, not {kind}")
    if not np.iinfo(kind).min <= pad_id <= np.iinfo(kind).max:
        raise ValueError(f"pad_id {pad_id} does not fit into {kind}; give a larger dtype")
