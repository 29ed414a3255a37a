"""The ids that more text could change, exactly as `tiktoken.Encoding.encode_with_unstable` has it.

The last pretoken of a text is unstable: a longer text may end it elsewhere and merge it otherwise.
The stable ids are those before it. Each completion is what could stand in its place: the fewest ids
that cover the unstable bytes when a token that begins with their end follows.
Reference: tiktoken 0.14, `src/lib.rs`, whose results these are on every text.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bpe.engines import Codec, get_engine
from bpe.patterns import Pattern
from bpe.spec import TokenizerSpec
from bpe.special_tokens import cut_at_special_tokens

# Possible texts are encoded in groups, so that their ids never lie in memory all at once.
_GROUP = 1024
#: Rust's `char::is_whitespace`: the 25 characters of `\\s` in docs/spec.md.
_WHITE_SPACE = frozenset(
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
_PLAIN_SPACE = frozenset(b" \n\t")


@dataclass
class UnstableEncoder:
    """What the search needs of a vocabulary; made once a tokenizer.

    Attributes:
        engine: The name of the engine.
        spec: The vocabulary.
        codec: Its codec.
    """

    engine: str
    spec: TokenizerSpec
    codec: Codec

    def __post_init__(self) -> None:
        self._sorted = sorted((token, id_) for id_, token in self.spec.id_to_bytes.items())
        self._merging_codec: Codec | None = None

    def encode(self, data: bytes, allowed: frozenset[str]) -> tuple[list[int], list[list[int]]]:
        """Return the stable ids and the completions of the rest, sorted."""
        ids = self.codec.encode(data, allowed)
        num_unstable = self._num_unstable(ids, data, allowed)
        stable, rest = ids[: len(ids) - num_unstable], ids[len(ids) - num_unstable :]
        if not rest:
            return stable, []
        unstable = self.codec.decode_bytes(rest)
        found: set[tuple[int, ...]] = {(id_,) for _, id_ in self._beginning_with(unstable)}
        found.update(self._straddling(unstable))
        found.update(self._split_before_white_space(unstable))
        return stable, sorted(map(list, found))

    def _num_unstable(self, ids: Sequence[int], data: bytes, allowed: frozenset[str]) -> int:
        """Return how many ids the last pretoken has, and white space right before it."""
        *_, (tail, _) = cut_at_special_tokens(data, allowed)
        if not tail:
            return 0
        pretoken = get_engine(self.engine).split(tail, self.spec.pattern)[-1]
        number = len(self.codec.encode_ordinary(pretoken))
        if self._is_space(ids[-number]):
            # `\s*[\r\n]+` may join what a line break follows.
            while number < len(ids) and self._is_space(ids[-number - 1]):
                number += 1
        return number

    def _is_space(self, id_: int) -> bool:
        return set(self.spec.id_to_bytes.get(id_, b"x")) <= _PLAIN_SPACE

    def _beginning_with(self, start: bytes) -> Iterator[tuple[bytes, int]]:
        place = bisect_left(self._sorted, (start,))
        while place < len(self._sorted) and self._sorted[place][0].startswith(start):
            yield self._sorted[place]
            place += 1

    def _straddling(self, unstable: bytes) -> Iterator[tuple[int, ...]]:
        """Yield the ids that cover the bytes when a token reaches over their end."""
        for group in _groups(
            unstable[:cut] + token
            for cut in range(1, len(unstable))
            for token, _ in self._beginning_with(unstable[cut:])
        ):
            for ids in self._encode_all(group):
                yield self._covering(ids, len(unstable))

    def _encode_all(self, texts: Sequence[bytes]) -> Iterator[list[int]]:
        valid = [_is_utf8(text) for text in texts]
        whole = iter(
            self.codec.encode_batch(
                [text for text, ok in zip(texts, valid, strict=True) if ok], frozenset(), 1
            )
        )
        for text, ok in zip(texts, valid, strict=True):
            yield next(whole) if ok else self._merge(text)

    def _covering(self, ids: Sequence[int], size: int) -> tuple[int, ...]:
        covered = 0
        for number, id_ in enumerate(ids, 1):
            covered += len(self.spec.id_to_bytes[id_])
            if covered >= size:
                return tuple(ids[:number])
        return tuple(ids)

    def _split_before_white_space(self, unstable: bytes) -> Iterator[tuple[int, ...]]:
        """A white-space character at the end may part from what is before it: `\\s+(?!\\S)`."""
        for size in range(1, 5):
            try:
                last = unstable[-size:].decode()
            except UnicodeDecodeError:
                continue
            if last in _WHITE_SPACE and size < len(unstable):
                yield (*self._merge(unstable[:-size]), *self._merge(unstable[-size:]))
            return

    def _merge(self, data: bytes) -> list[int]:
        """Merge data as one pretoken, even where the whole of it is a token."""
        if self._merging_codec is None:
            spec = self.spec
            self._merging_codec = get_engine(self.engine).codec(
                TokenizerSpec(
                    pattern=Pattern.of(None),
                    id_to_bytes=spec.id_to_bytes,
                    merges=spec.merges,
                    special_tokens={},
                    whole_pretoken_first=False,
                    name=spec.name,
                )
            )
        return self._merging_codec.encode_ordinary(data)


def _groups(texts: Iterator[bytes]) -> Iterator[list[bytes]]:
    from itertools import islice

    while group := list(islice(texts, _GROUP)):
        yield group


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
