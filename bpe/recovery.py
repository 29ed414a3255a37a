"""Which merge made each token: from ranked tokens back to a list of pairs.

A `.tiktoken` file says which bytes are tokens and in which order, not how each was made. The pair
is what BPE leaves of the token's own bytes when only smaller ranks may be used (the method is
described in github.com/openai/tiktoken/issues/60).
"""

from __future__ import annotations

from collections.abc import Iterator

from bpe.errors import VocabularyError
from bpe.spec import Merge, TokenizerSpec


def recover_pairs(spec: TokenizerSpec) -> Iterator[Merge]:
    """Yield one merge for each merged token, in rank order.

    A token that two or more of the spec's merges make (ranked tokens) gets the one that encoding
    its own bytes ends with.

    Raises:
        VocabularyError: A token is reached by no merge, or its bytes do not reduce to two tokens.
    """
    pair_to_merge = {(m.left, m.right): m for m in reversed(list(spec.merges))}
    byte_ids = spec.byte_ids
    rank_of_id: dict[int, int] = {}
    for merge in spec.merges:
        rank_of_id.setdefault(merge.new_id, merge.rank)
    unreachable = len(spec.id_to_bytes) - 256 - len(rank_of_id)
    if unreachable:
        raise VocabularyError(f"{unreachable} tokens of this vocabulary are made by no merge")
    for id_, rank in rank_of_id.items():
        ids = [byte_ids[byte] for byte in spec.id_to_bytes[id_]]
        merge_below(ids, rank, pair_to_merge)
        last = pair_to_merge.get((ids[0], ids[1])) if len(ids) == 2 else None
        if last is None or last.new_id != id_:
            raise VocabularyError(
                f"token {spec.id_to_bytes[id_]!r} (id {id_}) is left in {len(ids)} parts by the "
                "merges before it, so no single pair makes it"
            )
        yield last


def merge_below(ids: list[int], rank: int, pair_to_merge: dict[tuple[int, int], Merge]) -> None:
    """Merge ids in place, smallest rank first and leftmost, using only ranks below `rank`."""
    while len(ids) > 1:
        best: Merge | None = None
        position = 0
        for index in range(len(ids) - 1):
            merge = pair_to_merge.get((ids[index], ids[index + 1]))
            if merge and merge.rank < rank and (best is None or merge.rank < best.rank):
                best, position = merge, index
        if best is None:
            return
        ids[position : position + 2] = [best.new_id]
