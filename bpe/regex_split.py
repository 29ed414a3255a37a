"""Bytes to pretokens, by regular expression: what a split pattern means.

1. The bytes are read as UTF-8. A byte that is no part of it becomes a symbol of its own
   (`surrogateescape`: U+DC80 to U+DCFF), which is neither letter, number, mark nor white space.
2. The stages of the pattern are applied one after the other, each to every piece that the stage
   before it left. A stage cuts a piece where a match begins and where it ends: the matches are
   pretokens, and what lies between two matches is a pretoken too, so nothing is lost.
3. The pieces become bytes again.

The expressions are those of the `regex` package in its V1 syntax, with the general categories of
one Unicode version (`bpe.unicode_ranges`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from bpe.patterns import Pattern
from bpe.unicode_ranges import pin_properties

if TYPE_CHECKING:
    import regex


def split(data: bytes, pattern: Pattern) -> list[bytes]:
    """Cut data into pretokens; joined, they are the data again.

    >>> split(b"Hello  world!", Pattern.of("gpt2"))
    [b'Hello', b' ', b' world', b'!']
    >>> split(b"a1b22", Pattern.of([r"[a-z]\\d", r"\\d"]))
    [b'a', b'1', b'b', b'2', b'2']
    >>> split(b"caf\\xc3\\xa9 \\xff", Pattern.of("gpt2"))
    [b'caf\\xc3\\xa9', b' \\xff']
    """
    pieces: Iterable[str] = [data.decode("utf-8", "surrogateescape")] if data else []
    for stage in pattern.stages:
        pieces = _split_all(pieces, compile_stage(stage))
    return [piece.encode("utf-8", "surrogateescape") for piece in pieces]


def _split_all(pieces: Iterable[str], stage: regex.Pattern[str]) -> Iterator[str]:
    for piece in pieces:
        yield from split_text(piece, stage)


def split_text(text: str, stage: regex.Pattern[str]) -> Iterator[str]:
    """Cut a text where the matches of one stage begin and end.

    A match may be empty (a look-ahead, say): then it only cuts.

    >>> list(split_text("a, b", compile_stage(r"\\w")))
    ['a', ', ', 'b']
    >>> list(split_text("camelCase", compile_stage(r"(?=[A-Z])")))
    ['camel', 'Case']
    """
    end = 0
    for match in stage.finditer(text):
        if end < match.start():
            yield text[end : match.start()]
        if match.start() < match.end():
            yield match[0]
        end = match.end()
    if end < len(text):
        yield text[end:]


@lru_cache(maxsize=64)
def compile_stage(stage: str) -> regex.Pattern[str]:
    """Compile one stage of a pattern, with the general categories pinned."""
    import regex

    return regex.compile(pin_properties(stage), regex.V1)
