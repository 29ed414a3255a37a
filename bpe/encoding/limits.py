"""Counting up to a limit and truncating to a budget: neither encodes more than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bpe.encoding.cutting import Cutter, is_character_boundary
from bpe.engines import Codec

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Side = Literal["left", "right"]

_SMALLEST_PIECE, _LARGEST_PIECE = 256, 2**20
# A first guess at the bytes of a token; a wrong one only costs another piece.
_BYTES_A_TOKEN = 4


def check_limit(name: str, value: object) -> int:
    """Return a number of tokens; refuse what is no whole number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if value < 0:
        raise ValueError(f"{name} must be 0 or more, not {value}")
    return value


def count_up_to(
    codec: Codec, cutter: Cutter, data: bytes, allowed: frozenset[str], limit: int
) -> int:
    """Return the number of ids if it is at most `limit`, else `limit` + 1."""
    size, begin, total = _piece_size(limit), 0, 0
    while begin < len(data) and total <= limit:
        end = cutter.first(data, begin + size)
        total += codec.count(data[begin:end], allowed)
        begin = end
    return min(total, limit + 1)


def truncate(
    codec: Codec,
    cutter: Cutter,
    data: bytes,
    allowed: frozenset[str],
    max_tokens: int,
    side: Side,
    token_lengths: npt.NDArray[np.int64],
) -> bytes:
    """Return what is left of the data: see docs/spec.md, "Truncation"."""
    if side not in ("left", "right"):
        raise ValueError(f'side must be "left" or "right", not {side!r}')
    some_ids = _first_ids if side == "right" else _last_ids
    ids = some_ids(codec, cutter, data, allowed, max_tokens)
    if len(ids) <= max_tokens:
        return data
    kept_ids = ids[:max_tokens] if side == "right" else ids[: -max_tokens - 1 : -1]
    num_bytes = token_lengths[kept_ids].cumsum().tolist()  # of the first or last 1, 2, ... tokens
    # The steps double, so that no text takes more than a logarithm of encodings.
    k, step = max_tokens, 1
    while k > 0:
        cut = num_bytes[k - 1] if side == "right" else len(data) - num_bytes[k - 1]
        if not is_character_boundary(data, cut):
            k -= 1
            continue
        kept = data[:cut] if side == "right" else data[cut:]
        if codec.count(kept, allowed) <= max_tokens:
            return kept
        k, step = k - step, 2 * step
    return b""


def _first_ids(
    codec: Codec, cutter: Cutter, data: bytes, allowed: frozenset[str], max_tokens: int
) -> list[int]:
    """Return ids from the first on: all of them, or more than `max_tokens`."""
    size, begin = _piece_size(max_tokens), 0
    ids: list[int] = []
    while begin < len(data) and len(ids) <= max_tokens:
        end = cutter.first(data, begin + size)
        ids += codec.encode(data[begin:end], allowed)
        begin = end
    return ids


def _last_ids(
    codec: Codec, cutter: Cutter, data: bytes, allowed: frozenset[str], max_tokens: int
) -> list[int]:
    """Return ids up to the last: all of them, or more than `max_tokens`."""
    size, end = _piece_size(max_tokens), len(data)
    parts: list[list[int]] = []
    num_ids = 0
    while end > 0 and num_ids <= max_tokens:
        near = max(0, end - size)
        begin = cutter.first(data, near) if near else 0
        if begin >= end:  # no cut in this stretch: look further back
            size *= 2
            continue
        parts.append(codec.encode(data[begin:end], allowed))
        num_ids += len(parts[-1])
        end = begin
    return [id_ for part in reversed(parts) for id_ in part]


def _piece_size(limit: int) -> int:
    return min(max(_SMALLEST_PIECE, _BYTES_A_TOKEN * (limit + 1)), _LARGEST_PIECE)
