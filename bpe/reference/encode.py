"""Encoding: bytes → ids.

Special tokens are cut out, the rest is split into pretokens, and in each pretoken the pair with
the smallest rank is merged, the leftmost first, until no pair of neighbours has a merge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from itertools import pairwise

from bpe.reference.split import split
from bpe.spec import TokenizerSpec
from bpe.special_tokens import cut_at_special_tokens

#: Pair of ids → (rank, id of the token it makes). Several pairs may share a rank.
PairToMerge = Mapping[tuple[int, int], tuple[int, int]]

#: `merge_by_rank` looks at every pair for every merge; beyond this length a heap is quicker.
_LONG = 64


class Encoder:
    """Encodes with one vocabulary."""

    def __init__(self, spec: TokenizerSpec) -> None:
        self.spec = spec
        self._bytes_to_id = {token: id_ for id_, token in spec.id_to_bytes.items()}
        self.pair_to_merge: dict[tuple[int, int], tuple[int, int]] = {}
        for left, right, new_id, rank in spec.merges:
            # Of two merges of one pair the first counts: it has the smaller rank.
            self.pair_to_merge.setdefault((left, right), (rank, new_id))

    def encode(self, data: bytes, allowed_special: Iterable[str]) -> list[int]:
        """Encode; the allowed special tokens become their ids, leftmost and longest first."""
        ids: list[int] = []
        for part, special in cut_at_special_tokens(data, allowed_special):
            ids += self.encode_ordinary(part)
            if special is not None:
                ids.append(self.spec.special_tokens[special])
        return ids

    def encode_ordinary(self, data: bytes) -> list[int]:
        """Encode; special tokens are ordinary text."""
        return [
            id_
            for pretoken in split(data, self.spec.pattern)
            for id_ in self.encode_pretoken(pretoken)
        ]

    def encode_pretoken(self, pretoken: bytes) -> list[int]:
        """Encode one pretoken: as a whole if the vocabulary wants that, else by merging."""
        whole = self.whole_token(pretoken)
        if whole is not None:
            return [whole]
        ids = [self.spec.byte_ids[byte] for byte in pretoken]
        if len(ids) > _LONG:
            return merge_by_rank_with_heap(ids, self.pair_to_merge)
        return merge_by_rank(ids, self.pair_to_merge)

    def whole_token(self, pretoken: bytes) -> int | None:
        """Return the id of a pretoken that the vocabulary takes as a whole, or None."""
        return self._bytes_to_id.get(pretoken) if self.spec.whole_pretoken_first else None


def merge_by_rank(ids: Sequence[int], pair_to_merge: PairToMerge) -> list[int]:
    """Merge the pair with the smallest rank, the leftmost among equals, until none is left.

    This is the definition; it takes O(n²) for n ids.

    >>> a, b, ab, aab = 0, 1, 2, 3
    >>> merge_by_rank([a, a, b, a], {(a, b): (0, ab), (a, ab): (1, aab)})
    [3, 0]
    """
    ids = list(ids)
    while True:
        candidates = [
            (pair_to_merge[pair][0], place)
            for place, pair in enumerate(pairwise(ids))
            if pair in pair_to_merge
        ]
        if not candidates:
            return ids
        _rank, place = min(candidates)
        _rank, new_id = pair_to_merge[ids[place], ids[place + 1]]
        ids[place : place + 2] = [new_id]


def merge_by_rank_with_heap(ids: Sequence[int], pair_to_merge: PairToMerge) -> list[int]:
    """Return what `merge_by_rank` returns, in O(n log n).

    The ids are a linked list: a token lies where its first byte lies, `following` and `preceding`
    lead to its neighbours, and a place that was swallowed by its left neighbour holds None. The
    heap holds (rank, place, left, right) of every pair there ever was. Merging only swallows
    places, so an entry is out of date exactly if its two ids no longer stand there side by side.
    """
    slots: list[int | None] = list(ids)
    following = list(range(1, len(slots) + 1))
    preceding = list(range(-1, len(slots) - 1))
    heap: list[tuple[int, int, int, int]] = []

    def push(place: int) -> None:
        if place < 0 or following[place] >= len(slots):
            return
        left, right = slots[place], slots[following[place]]
        assert left is not None
        assert right is not None
        if (left, right) in pair_to_merge:
            heappush(heap, (pair_to_merge[left, right][0], place, left, right))

    for place in range(len(slots)):
        push(place)
    while heap:
        _rank, place, left, right = heappop(heap)
        end = following[place]
        if slots[place] != left or end >= len(slots) or slots[end] != right:
            continue
        slots[place] = pair_to_merge[left, right][1]
        slots[end] = None
        following[place] = following[end]
        if following[place] < len(slots):
            preceding[following[place]] = place
        push(preceding[place])
        push(place)
    return [id_ for id_ in slots if id_ is not None]
