"""Where a text may be cut in two so that its parts, encoded alone, give the ids of the whole.

Such a place is a *safe cut*: a pretoken ends there whatever stands around it, and no special token
hangs over it (`csrc/pretokenizer/safe_cut.cpp`). An engine or a pattern without a scanner knows
none; then a text is one piece, and nothing else changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bpe.engines import get_engine
from bpe.patterns import Pattern

# What a scanner may look at on each side of a cut.
_PATTERN_CONTEXT = 64
_FIRST_REACH = 4096


class Cutter:
    """Finds safe cuts for one pattern and the special tokens that matter to the caller."""

    def __init__(self, engine: str, pattern: Pattern, special_tokens: Collection[str]) -> None:
        self._engine = get_engine(engine)
        self._pattern = pattern
        self._special_tokens = sorted(special_tokens)
        self._longest = max((len(text.encode()) for text in special_tokens), default=0)
        self._first_bytes = bytes({text.encode()[0] for text in special_tokens})
        #: How many bytes on each side decide whether a place is a cut.
        self.context = max(_PATTERN_CONTEXT, self._longest)

    def first(self, data: bytes | bytearray, near: int) -> int:
        """Return the first cut from `near` (at least 1) on, or `len(data)`.

        What follows the data may be unknown: such a cut stays one whatever is appended. Time and
        memory are those of the bytes between `near` and the cut.
        """
        return self._first(data, near, self._special_tokens)

    def _first(self, data: bytes | bytearray, near: int, special_tokens: list[str]) -> int:
        reach = max(_FIRST_REACH, 4 * self.context)
        while near < len(data):
            begin, end = max(0, near - self.context), min(len(data), near + reach)
            window = bytes(data[begin:end])
            cut = self._engine.find_cut(window, self._pattern, special_tokens, near - begin)
            if cut < len(window):
                return begin + cut
            if end == len(data):
                break
            # The last bytes were judged without all that follows them: once more, with it.
            near, reach = end - self.context, 4 * reach
        return len(data)

    def last(self, data: bytes | bytearray, start: int = 1) -> int:
        """Return the last cut from `start` (at least 1) on, or 0 if there is none.

        Like those of `first`, it stays one whatever is appended. A special token that began at the
        end would lie across it, so there no cut is sure unless no byte could begin one.
        """
        size = len(data)
        if self._longest:
            tail = data[max(0, size - 2 * self._longest) :]
            if len(tail.translate(None, self._first_bytes)) == len(tail):
                near = max(start, size - self._longest)
                return self._last(data, near, []) or self._last(data, start, self._special_tokens)
        return self._last(data, start, self._special_tokens)

    def _last(self, data: bytes | bytearray, start: int, special_tokens: list[str]) -> int:
        size, reach, high = len(data), 4 * self.context, len(data)
        while True:
            near = max(start, size - reach)
            low = self._first(data, near, special_tokens)
            if low < size:
                break
            if near == start:
                return 0
            high, reach = near, 4 * reach
        # A cut is known, none from `high` on: halve what lies between.
        while high - low > 1:
            middle = (low + high) // 2
            cut = self._first(data, middle, special_tokens)
            low, high = (cut, high) if cut < size else (low, middle)
        return low

    def pieces(self, data: bytes, size: int) -> Iterator[bytes]:
        """Cut data into pieces of about so many bytes."""
        begin = 0
        while begin < len(data):
            end = self.first(data, begin + size)
            yield data[begin:end]
            begin = end


def is_character_boundary(data: bytes, place: int) -> bool:
    """Tell whether no character of UTF-8 lies across a place; a byte of no character stands alone.

    >>> [is_character_boundary("é".encode() + b"\\xa9", place) for place in range(4)]
    [True, False, True, True]
    """
    for back in range(1, min(3, place) + 1):
        for length in range(back + 1, 5):
            try:
                character = data[place - back : place - back + length].decode()
            except UnicodeDecodeError:
                continue
            if len(character) == 1 and len(character.encode()) == length:
                return False
    return True
