"""Ids and bits that lie in several files, read as if they were one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Token ids as they lie in memory or in a file.
IdArray: TypeAlias = NDArray[np.uint16 | np.uint32]


class Joined:
    """Columns end to end. A slice is another view; an array of positions gives values.

    >>> joined = Joined([np.array([1, 2]), np.array([3, 4, 5])])
    >>> joined[1:4][np.array([[0, 1], [2, 0]])].tolist()
    [[2, 3], [4, 2]]
    """

    def __init__(self, parts: Sequence[Column]) -> None:
        self._parts = [part for part in parts if len(part)]
        self._starts = np.cumsum([0, *map(len, self._parts)])

    def __len__(self) -> int:
        return int(self._starts[-1])

    def __getitem__(self, index: Any) -> Any:
        return self._slice(index) if isinstance(index, slice) else self._take(index)

    def _slice(self, index: slice) -> Joined:
        start, stop, _ = index.indices(len(self))
        bounds = zip(self._parts, self._starts.tolist(), strict=False)
        return Joined([part[max(start - at, 0) : max(stop - at, 0)] for part, at in bounds])

    def _take(self, positions: NDArray[np.int64]) -> NDArray[Any]:
        owners = np.searchsorted(self._starts, positions, side="right") - 1
        found: NDArray[Any] | None = None
        for owner in np.unique(owners):
            mine = owners == owner
            values = self._parts[owner][positions[mine] - self._starts[owner]]
            if found is None:
                found = np.empty(positions.shape, values.dtype)
            found[mine] = values
        return np.empty(positions.shape) if found is None else found


class Bits:
    """One bit for each token, eight to a byte, the first in the lowest place.

    >>> Bits(np.packbits([1, 0, 1], bitorder="little"), 3)[np.array([0, 1, 2])].tolist()
    [True, False, True]
    """

    def __init__(self, packed: NDArray[np.uint8], count: int, first: int = 0) -> None:
        self._packed, self._count, self._first = packed, count, first

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            start, stop, _ = index.indices(self._count)
            return Bits(self._packed, max(stop - start, 0), self._first + start)
        places = index + self._first
        return (self._packed[places >> 3] >> (places & 7).astype(np.uint8) & 1).astype(np.bool_)


#: One value for each token. A slice is another column; an array of positions gives an array.
Column: TypeAlias = NDArray[Any] | Joined | Bits


def join(parts: Sequence[Column]) -> Column:
    """Return the columns end to end; a single one is returned as it is."""
    return parts[0] if len(parts) == 1 else Joined(parts)
