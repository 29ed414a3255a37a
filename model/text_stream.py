"""Ids become text as they come: never half a character, and nothing after a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


def stream_text(
    tokenizer: Tokenizer, ids: Iterable[int], *, stop: Sequence[str] = ()
) -> Iterator[str]:
    """Yield the text of a stream of ids as it comes, up to a stop string.

    Bytes that begin a character are held back until it is complete; bytes that never become one
    give U+FFFD. Text that could be the beginning of a stop string is held back until that is
    decided; when one is found, no further id is asked for.

    Args:
        tokenizer: What the ids are of.
        ids: Any stream.
        stop: Texts that end the stream; they do not appear in it.
    """
    held = ""
    for text in _characters(tokenizer, ids):
        held += text
        places = [place for word in stop if word and (place := held.find(word)) >= 0]
        if places:
            yield from filter(None, [held[: min(places)]])
            return
        undecided = _undecided(held, stop)
        yield from filter(None, [held[: len(held) - undecided]])
        held = held[len(held) - undecided :]
    if held:
        yield held


def _characters(tokenizer: Tokenizer, ids: Iterable[int]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for id_ in ids:
        if text := decoder.decode(tokenizer.decode_single_token_bytes(id_)):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _undecided(text: str, stop: Sequence[str]) -> int:
    """Return how many characters at the end could begin a stop string."""
    lengths = (
        length
        for word in stop
        for length in range(min(len(word) - 1, len(text)), 0, -1)
        if text.endswith(word[:length])
    )
    return max(lengths, default=0)
