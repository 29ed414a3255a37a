"""Tokens that must exist: the merges that make them, after all that were learned.

Learned merges keep their places, so required tokens take nothing away from the frequent ones: what
they cost are the last of the learned merges, the rarest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bpe.errors import TrainingError
from bpe.recovery import merge_below

Pair = tuple[int, int]


def fit_required(
    initial_pairs: Sequence[Pair],
    learned: Sequence[Pair],
    num_merges: int,
    required: Sequence[bytes],
    forbidden: Collection[bytes] = (),
) -> list[Pair]:
    """Return up to `num_merges` merges after the initial ones: learned ones, then for the required.

    Learned merges are dropped from the end until those that the required tokens then still need
    have room.

    Raises:
        TrainingError: There is no room for them, or a forbidden token stands in the way.
    """
    kept = list(learned[:num_merges])
    while required:
        added = required_pairs([*initial_pairs, *kept], required, forbidden)
        room = num_merges - len(added)
        if room < 0:
            raise TrainingError(
                f"the required tokens need {len(added)} merges, and the vocabulary has room for "
                f"{num_merges}: make it larger or require fewer"
            )
        if len(kept) <= room:
            return kept + added
        del kept[room:]
    return kept


def required_pairs(
    pairs: Sequence[Pair], required: Sequence[bytes], forbidden: Collection[bytes] = ()
) -> list[Pair]:
    """Return the merges that make the required tokens after `pairs`.

    Each token in its turn is encoded with all merges so far; while that gives more than one token,
    the first two become a new merge.

    >>> required_pairs([(98, 99)], [b"abcd", b"abc"])
    [(97, 256), (257, 100)]
    """
    pair_to_rank = {pair: rank for rank, pair in enumerate(pairs)}
    pair_to_id = {pair: rank + 256 for pair, rank in pair_to_rank.items()}
    tokens = [bytes([byte]) for byte in range(256)]
    for left, right in pairs:
        tokens.append(tokens[left] + tokens[right])
    known = set(tokens)
    added: list[Pair] = []
    for token in required:
        ids = list(token)
        merge_below(ids, len(pair_to_rank), pair_to_rank, pair_to_id)
        while len(ids) > 1:
            pair = ids[0], ids[1]
            made = tokens[pair[0]] + tokens[pair[1]]
            if made in forbidden or made in known:
                what = "is forbidden" if made in forbidden else "is a token already, made otherwise"
                raise TrainingError(
                    f"the required token {token!r} is made by way of {made!r}, which {what}"
                )
            pair_to_rank[pair] = len(pair_to_rank)
            pair_to_id[pair] = len(tokens)
            tokens.append(made)
            known.add(made)
            added.append(pair)
            merge_below(ids, len(pair_to_rank), pair_to_rank, pair_to_id)
    return added
