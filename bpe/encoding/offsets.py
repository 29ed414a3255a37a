"""Where each token stands in its text, in bytes and in characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Span = tuple[int, int]


class EncodingWithOffsets(NamedTuple):
    """Ids, and for each of them where its token stands.

    Attributes:
        ids: What `encode` gives.
        byte_spans: First byte of each token in the UTF-8 of the text, and the one after its last.
        char_spans: First character and the one after the last; a token that holds a part of a
            character takes that whole character, so spans may overlap. Of bytes that are not
            UTF-8, each counts as a character.
    """

    ids: list[int]
    byte_spans: list[Span]
    char_spans: list[Span]


def spans_of(
    data: bytes, sizes: Sequence[int] | npt.NDArray[np.int64]
) -> tuple[list[Span], list[Span]]:
    """Return byte and character spans of tokens that lie side by side, from their sizes.

    >>> spans_of("aéb".encode(), [1, 1, 2])
    ([(0, 1), (1, 2), (2, 4)], [(0, 1), (1, 2), (1, 3)])
    """
    import numpy as np

    ends = np.cumsum(np.asarray(sizes, np.int64))
    starts = ends - sizes
    byte_spans = list(zip(starts.tolist(), ends.tolist(), strict=True))
    if data.isascii():
        return byte_spans, byte_spans.copy()
    character_of = _character_of_each_byte(data)
    first, last = character_of[starts], character_of[ends - 1]
    return byte_spans, list(zip(first.tolist(), (last + 1).tolist(), strict=True))


def _character_of_each_byte(data: bytes) -> npt.NDArray[np.int64]:
    import numpy as np

    # Each byte that is part of no character becomes one of U+DC80 to U+DCFF.
    text = data.decode("utf-8", "surrogateescape")
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
    sizes[(codes >= 0xDC80) & (codes <= 0xDCFF)] = 1
    return np.repeat(np.arange(len(codes)), sizes)


def text_and_offsets(tokens: Sequence[bytes]) -> tuple[str, list[int]]:
    """Return the text of tokens, and the character at which each starts, as `tiktoken` tells it.

    >>> text_and_offsets([b"a", b"\\xc3", b"\\xa9"])
    ('aé', [0, 1, 1])
    """
    num_characters = 0
    offsets = []
    for token in tokens:
        offsets.append(max(0, num_characters - _is_continuation(token[0])))
        num_characters += sum(not _is_continuation(byte) for byte in token)
    return b"".join(tokens).decode("utf-8"), offsets


def _is_continuation(byte: int) -> bool:
    return 0x80 <= byte < 0xC0
