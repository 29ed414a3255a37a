"""The tie rule: which of several equally frequent pairs is merged first.

Every rule is a total order over the pairs, so the result depends on nothing else. Trainers of
other projects differ in this rule alone; two of the rules reproduce theirs merge by merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bpe.engines import TieBreak

#: Two neighbouring ids.
Pair = tuple[int, int]

#: Bytes in the order of the printable characters that Hugging Face's ByteLevel writes for them:
#: 188 bytes stand for themselves as Latin-1 characters, the other 68 follow from U+0100 on.
_PRINTABLE = (*range(33, 127), *range(161, 173), *range(174, 256))
_BYTE_LEVEL_ORDER = (*_PRINTABLE, *sorted(set(range(256)) - set(_PRINTABLE)))
_BYTE_TO_PLACE = {byte: place for place, byte in enumerate(_BYTE_LEVEL_ORDER)}


def break_tie(tied: Iterable[Pair], tokens: Sequence[bytes], tie_break: TieBreak) -> Pair:
    """Choose among pairs with equal counts; the left side is compared first.

    >>> tokens = [bytes([b]) for b in range(256)]
    >>> tied = [(ord(" "), ord("b")), (ord("b"), ord(" "))]
    >>> break_tie(tied, tokens, "id"), break_tie(tied, tokens, "huggingface")
    ((32, 98), (98, 32))
    >>> break_tie(tied, tokens, "bytes_max"), break_tie(tied, tokens, "bytes_min")
    ((98, 32), (32, 98))
    """

    def places(pair: Pair) -> Pair:
        return _BYTE_TO_PLACE.get(pair[0], pair[0]), _BYTE_TO_PLACE.get(pair[1], pair[1])

    def spelling(pair: Pair) -> tuple[bytes, bytes]:
        return tokens[pair[0]], tokens[pair[1]]

    if tie_break == "id":
        return min(tied)
    if tie_break == "huggingface":
        return min(tied, key=places)
    if tie_break == "bytes_max":
        return max(tied, key=spelling)
    return min(tied, key=spelling)
