"""Text that comes in pieces, ids that come one by one, and encodings that grow.

Whatever the pieces, all ids together are those of the whole text, and all text together is that of
all ids: pieces only decide when something comes.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable

from bpe.encoding.cutting import Cutter
from bpe.engines import Codec
from bpe.errors import SpecialTokenError
from bpe.text import to_bytes

Text = str | bytes | bytearray | memoryview

#: check(data, offset): raises if a special token in the data is not allowed.
Check = Callable[[bytes, int], object]


class StreamEncoder:
    """Encodes a text that comes in pieces; made by `Tokenizer.stream_encoder`.

    Ids are given as soon as no text that follows can change them, as far as the scanner of the
    split pattern can tell: up to the last *safe cut*, which in ordinary text is within the last
    word. A pattern without a scanner, and the reference engine, give all ids at the end.

    Memory is what has not been given yet. All pieces together take the time of encoding the whole,
    and some microseconds a piece. Not for several threads at once.
    """

    def __init__(self, codec: Codec, cutter: Cutter, allowed: frozenset[str], check: Check) -> None:
        """Begin; users call `Tokenizer.stream_encoder`."""
        self._codec, self._cutter, self._allowed, self._check = codec, cutter, allowed, check
        self._begin()

    def _begin(self) -> None:
        self._rest = bytearray()
        self._searched = 1  # there is no cut before this place of the rest
        self._half = ""  # of a UTF-16 surrogate pair
        self._offset = 0  # of the rest in the stream

    def feed(self, text: Text) -> list[int]:
        """Take the next piece, and return the ids that are certain now.

        A character of UTF-8, a surrogate pair and a special token may lie across pieces.

        Raises:
            SpecialTokenError: A special token that is not allowed is complete; nothing is lost or
                given, and `finish` and `feed` raise it again.
        """
        self._rest += self._bytes_of(text)
        cut = self._cutter.last(self._rest, self._searched)
        if cut == 0:
            self._searched = max(1, len(self._rest) - self._cutter.context)
            return []
        data = bytes(self._rest[:cut])
        self._check(data, self._offset)
        ids = self._codec.encode(data, self._allowed)
        del self._rest[:cut]
        self._offset += cut
        self._searched = max(1, len(self._rest) - self._cutter.context)
        return ids

    def finish(self) -> list[int]:
        """Return the remaining ids; the next piece begins another text."""
        ids = self.peek()
        self._begin()
        return ids

    def peek(self) -> list[int]:
        """Return the ids that `finish` would give now, and go on as if nobody had asked.

        Time is that of encoding the text since the last safe cut.
        """
        data = bytes(self._rest) + to_bytes(self._half)
        self._check(data, self._offset)
        return self._codec.encode(data, self._allowed)

    def _bytes_of(self, text: Text) -> bytes:
        if not isinstance(text, str):
            before, self._half = to_bytes(self._half), ""
            return before + to_bytes(text)
        text = self._half + text
        self._half = ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return to_bytes(text)


class GrowingEncoding:
    """The encoding of a text to which more is appended; made by `Tokenizer.growing_encoding`.

    At every moment `ids` is what `encode` gives for all that was appended. An append takes the time
    of encoding what is new and the text since the last safe cut (see `StreamEncoder`), not that of
    the whole text.
    """

    def __init__(self, stream: StreamEncoder) -> None:
        """Begin empty; users call `Tokenizer.growing_encoding`."""
        self._stream = stream
        self._certain: list[int] = []
        self._tail: list[int] | None = []

    def append(self, text: Text) -> None:
        """Append text.

        Raises:
            SpecialTokenError: As `StreamEncoder.feed`.
        """
        self._tail = None
        self._certain += self._stream.feed(text)

    @property
    def ids(self) -> list[int]:
        """The ids of all text so far; a new list."""
        return self._certain + self._ids_of_tail()

    @property
    def certain_ids(self) -> list[int]:
        """The first of them, which no further text can change; a new list."""
        return self._certain.copy()

    def __len__(self) -> int:
        """Return the number of ids."""
        return len(self._certain) + len(self._ids_of_tail())

    def _ids_of_tail(self) -> list[int]:
        if self._tail is None:
            self._tail = self._stream.peek()
        return self._tail


class StreamDecoder:
    """Decodes ids that come one by one, never half a character; made by `stream_decoder`.

    Bytes that begin a character are held back until it is complete: three at most. All texts
    together are what `decode` gives for all ids. Time is that of `decode`.
    """

    def __init__(self, codec: Codec, errors: str) -> None:
        """Begin; users call `Tokenizer.stream_decoder`."""
        self._codec = codec
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors)

    def feed(self, tokens: int | Iterable[int]) -> str:
        """Take one id or several, and return the characters that are complete now.

        Raises:
            DecodeError: An id is not in the vocabulary; nothing of this call is taken.
            UnicodeDecodeError: The bytes are no UTF-8 and `errors` is "strict".
        """
        ids = list(tokens) if isinstance(tokens, Iterable) else [tokens]
        return self._decoder.decode(self._codec.decode_bytes(ids))

    def finish(self) -> str:
        """Return what is left, as `errors` says; the next id begins another text."""
        text = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        return text


def no_check(data: bytes, offset: int) -> None:
    """Allow every special token."""


def moved(error: SpecialTokenError, offset: int) -> SpecialTokenError:
    """Return an error about a place in a piece as one about the whole stream."""
    return error if not offset else SpecialTokenError(f"{error} (counted from byte {offset})")
