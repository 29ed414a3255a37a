"""Which merge made each token: from ranked tokens back to a list of pairs.

A `.tiktoken` file says which bytes are tokens and in which order, not how each was made. The pair
is what BPE leaves of the token's own bytes when only smaller ranks may be used (the method is
described in github.com/openai/tiktoken/issues/60).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from bpe.errors import VocabularyError
from bpe.spec import Merge, TokenizerSpec


def recover_pairs(spec: TokenizerSpec) -> Iterator[Merge]:
    """Yield one merge for each merged token, in rank order.

    A token that two or more of the spec's merges make (ranked tokens) gets the one that encoding
    its own bytes ends with.

    Raises:
        VocabularyError: A token is reached by no merge, or its bytes do not reduce to two tokens.
    """
    merges = spec.merges
    pairs = list(zip(merges.left, merges.right, strict=True))
    # Of two merges of one pair the first counts, so it is written last.
    pair_to_rank = dict(zip(reversed(pairs), reversed(merges.rank), strict=True))
    pair_to_id = dict(zip(reversed(pairs), reversed(merges.new_id), strict=True))
    id_to_rank = dict(zip(reversed(merges.new_id), reversed(merges.rank), strict=True))
    unreachable = len(spec.id_to_bytes) - 256 - len(id_to_rank)
    if unreachable:
        raise VocabularyError(f"{unreachable} tokens of this vocabulary are made by no merge")
    for id_ in dict.fromkeys(merges.new_id):
        rank = id_to_rank[id_]
        ids = [spec.byte_ids[byte] for byte in spec.id_to_bytes[id_]]
        merge_below(ids, rank, pair_to_rank, pair_to_id)
        last = (ids[0], ids[1]) if len(ids) == 2 else None
        if last is None or pair_to_id.get(last) != id_:
            raise VocabularyError(
                f"token {spec.id_to_bytes[id_]!r} (id {id_}) is left in {len(ids)} parts by the "
                "merges before it, so no single pair makes it"
            )
        yield Merge(*last, id_, pair_to_rank[last])


def merge_below(
    ids: list[int],
    limit: int,
    pair_to_rank: Mapping[tuple[int, int], int],
    pair_to_id: Mapping[tuple[int, int], int],
) -> None:
    """Merge ids in place, smallest rank first and leftmost, using only ranks below `limit`."""
    ranks = [pair_to_rank.get(pair, limit) for pair in pairwise(ids)]
    while ranks and (best := min(ranks)) < limit:
        place = ranks.index(best)
        ids[place : place + 2] = [pair_to_id[ids[place], ids[place + 1]]]
        del ranks[place]
        if place > 0:
            ranks[place - 1] = pair_to_rank.get((ids[place - 1], ids[place]), limit)
        if place < len(ranks):
            ranks[place] = pair_to_rank.get((ids[place], ids[place + 1]), limit)
