"""BPE-dropout: encoding in which merges are left out by chance (arXiv 1910.13267).

At each step the pairs that have a merge are tried in order, smallest rank first and leftmost among
equals; each is dropped with the given probability, and the first that is not is merged. Then all
get their chance again. A pretoken is done when every pair was dropped in one step, or none is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from bpe.reference.encode import Encoder, PairToMerge
from bpe.reference.split import split
from bpe.special_tokens import cut_at_special_tokens

_64_BITS = 2**64 - 1


class SplitMix64:
    """Random numbers that are the same everywhere (Steele, Lea and Flood, 2014).

    >>> random = SplitMix64(0)
    >>> [hex(random.next()), hex(random.next())]
    ['0xe220a8397b1dcdaf', '0x6e789e6aa1b965f4']
    """

    def __init__(self, seed: int) -> None:
        """Begin with a seed of 64 bits."""
        self._state = seed

    def next(self) -> int:
        """Return the next number of 64 bits."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _64_BITS
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _64_BITS
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _64_BITS
        return z ^ (z >> 31)

    def next_fraction(self) -> float:
        """Return the next number as a multiple of 2^-53 in [0, 1)."""
        return (self.next() >> 11) * 2**-53


def encode_with_dropout(
    encoder: Encoder, data: bytes, allowed_special: Iterable[str], probability: float, seed: int
) -> list[int]:
    """Encode; the numbers are drawn in the order of the text, one for each merge that is tried.

    That a whole pretoken is a token counts as the first merge to try, where the vocabulary takes
    whole pretokens first.
    """
    random = SplitMix64(seed)
    spec = encoder.spec
    ids: list[int] = []
    for part, special in cut_at_special_tokens(data, allowed_special):
        for pretoken in split(part, spec.pattern):
            whole = encoder.whole_token(pretoken)
            if whole is not None and random.next_fraction() >= probability:
                ids.append(whole)
            else:
                single = [spec.byte_ids[byte] for byte in pretoken]
                ids += merge_with_dropout(single, encoder.pair_to_merge, probability, random)
        if special is not None:
            ids.append(spec.special_tokens[special])
    return ids


def merge_with_dropout(
    ids: Sequence[int], pair_to_merge: PairToMerge, probability: float, random: SplitMix64
) -> list[int]:
    """Merge as `merge_by_rank` does, but for the merges that are dropped.

    >>> merge_with_dropout([0, 1], {(0, 1): (0, 2)}, 0.0, SplitMix64(1))
    [2]
    >>> merge_with_dropout([0, 1], {(0, 1): (0, 2)}, 1.0, SplitMix64(1))
    [0, 1]
    """
    ids = list(ids)
    while True:
        candidates = sorted(
            (pair_to_merge[pair][0], place)
            for place, pair in enumerate(pairwise(ids))
            if pair in pair_to_merge
        )
        for _rank, place in candidates:
            if random.next_fraction() >= probability:
                _rank, new_id = pair_to_merge[ids[place], ids[place + 1]]
                ids[place : place + 2] = [new_id]
                break
        else:
            return ids
