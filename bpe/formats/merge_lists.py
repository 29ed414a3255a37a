"""Merges as a plain list of pairs, first pair first: how most formats write them.

A `TokenizerSpec` can say more: several merges may share a rank, and one token may have several
merges (a `.tiktoken` file means *every* way to join two tokens into a third). `as_list` finds the
list that gives the same ids, or says why there is none; `from_list` goes back.

Why one merge a token is enough: until a token is made, no token crosses the ends of its stretch
of bytes, and the smallest rank, leftmost, of the whole text is also that of the stretch. So the
stretch looks at every moment as it would standing alone, and the last merge is always the one that
encoding the token's own bytes ends with. A token whose own bytes end otherwise is never merged at
all: then none of its merges matters, and only `whole_pretoken_first` can give it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heappush
from itertools import pairwise

from bpe.errors import FormatError
from bpe.spec import Merge, Merges, TokenizerSpec

#: Pair of ids to (rank, new id).
PairTable = dict[tuple[int, int], tuple[int, int]]


def as_list(spec: TokenizerSpec) -> list[Merge]:
    """Return the merges such that trying them in this order gives the spec's ids.

    Raises:
        FormatError: Two merges that make different tokens share a rank.
    """
    merges = list(spec.merges)
    if _is_list(merges):
        return merges
    return _last_merges(spec)


def find_unreachable(spec: TokenizerSpec) -> list[int]:
    """Return the ids of the ordinary tokens that merging never makes, in order."""
    reached = {merge.new_id for merge in _last_merges(spec)} | set(spec.byte_ids)
    return [id_ for id_ in spec.id_to_bytes if id_ not in reached]


def from_list(
    pairs: Iterable[tuple[int, int]], id_to_bytes: Mapping[int, bytes], where: str
) -> Merges:
    """Number the pairs of a list; the id of each is that of the joined bytes.

    Raises:
        FormatError: A pair stands twice, or what it makes is no token; the index is in the message.
    """
    bytes_to_id = {token: id_ for id_, token in id_to_bytes.items()}
    seen: dict[tuple[int, int], int] = {}
    merges = []
    for index, pair in enumerate(pairs):
        joined = id_to_bytes[pair[0]] + id_to_bytes[pair[1]]
        new_id = bytes_to_id.get(joined)
        if new_id is None:
            raise FormatError(f"{where}: merge {index} makes {joined!r}, which is no token")
        if seen.setdefault(pair, index) != index:
            raise FormatError(
                f"{where}: merge {index} is the same pair as merge {seen[pair]} "
                f"({id_to_bytes[pair[0]]!r}, {id_to_bytes[pair[1]]!r})"
            )
        merges.append((*pair, new_id, index))
    return Merges(merges)


def prefer_ranked(spec: TokenizerSpec) -> TokenizerSpec:
    """Return the spec as ranked tokens if that is what its list of merges was made from.

    Both give the same ids. Ranked tokens are what a `.tiktoken` file can hold, and what a published
    vocabulary is; so one that went through a list of merges comes back equal.
    """
    ids = list(spec.merges.new_id)
    if not spec.whole_pretoken_first or any(a >= b for a, b in pairwise(ids)):
        return spec
    ranks = {token: id_ for id_, token in spec.id_to_bytes.items()}
    ranked = TokenizerSpec.from_ranked_tokens(
        spec.pattern, ranks, spec.special_tokens, name=spec.name
    )
    pairs = [(m.left, m.right) for m in as_list(ranked)]
    return ranked if pairs == list(zip(spec.merges.left, spec.merges.right, strict=True)) else spec


def check_whole_pretokens(spec: TokenizerSpec, what: str) -> None:
    """Refuse a vocabulary whose ids need the rule that a whole pretoken goes first.

    Raises:
        FormatError: A token is reached by that rule only; the message names it.
    """
    lost = find_unreachable(spec) if spec.whole_pretoken_first else []
    if lost:
        raise FormatError(
            f"{what} knows merges only, and {len(lost)} tokens of this vocabulary are made by none "
            f"(they are taken when a whole pretoken is such a token): id {lost[0]}, "
            f"{spec.id_to_bytes[lost[0]]!r}"
        )


def _is_list(merges: list[Merge]) -> bool:
    ranks = [merge.rank for merge in merges]
    return len(set(ranks)) == len(ranks) and len({m[:2] for m in merges}) == len(ranks)


def _last_merges(spec: TokenizerSpec) -> list[Merge]:
    """Return the last merge of each token that merging reaches, in rank order."""
    table: PairTable = {}
    for left, right, new_id, rank in spec.merges:
        table.setdefault((left, right), (rank, new_id))
    byte_ids, found = spec.byte_ids, []
    for id_, token in spec.id_to_bytes.items():
        if len(token) == 2:
            pair = byte_ids[token[0]], byte_ids[token[1]]
            if pair in table:
                found.append(Merge(*pair, id_, table[pair][0]))
        elif len(token) > 2 and (merge := _last_merge([byte_ids[b] for b in token], table)):
            found.append(merge)
    found.sort(key=lambda merge: merge.rank)
    for before, after in pairwise(found):
        if before.rank == after.rank:
            raise FormatError(
                f"a list of merges cannot express this vocabulary: its merges into "
                f"{spec.id_to_bytes[before.new_id]!r} and {spec.id_to_bytes[after.new_id]!r} "
                f"share the rank {before.rank}"
            )
    return found


def _last_merge(ids: list[int], table: PairTable) -> Merge | None:
    """Encode one token's bytes; return the last merge if one id is left. O(n log n)."""
    after = list(range(1, len(ids) + 1))
    before = list(range(-1, len(ids) - 1))
    end = len(ids)
    waiting = []
    for i in range(end - 1):
        pair = ids[i], ids[i + 1]
        if pair in table:
            waiting.append((table[pair][0], i, table[pair][1], *pair))
    heapify(waiting)
    num_left = end
    while waiting:
        rank, i, new_id, left, right = heappop(waiting)
        j = after[i]
        if ids[i] != left or j == end or ids[j] != right:
            continue  # one of the two has been merged meanwhile
        num_left -= 1
        if num_left == 1:
            return Merge(left, right, new_id, rank)
        ids[i], ids[j], after[i] = new_id, -1, after[j]
        if after[i] < end:
            before[after[i]] = i
        for k in (before[i], i):
            if k >= 0 and after[k] < end:
                pair = ids[k], ids[after[k]]
                if pair in table:
                    heappush(waiting, (table[pair][0], k, table[pair][1], *pair))
    return None


def check_ids(spec: TokenizerSpec, first_id: int, what: str) -> None:
    """Refuse ordinary ids that are not `first_id`, `first_id + 1`, ... without a gap."""
    for expected, id_ in enumerate(spec.id_to_bytes, start=first_id):
        if id_ != expected:
            raise FormatError(
                f"{what} numbers tokens from {first_id} without a gap, and {expected} is not one "
                f"of this vocabulary's (the next is {id_})"
            )
