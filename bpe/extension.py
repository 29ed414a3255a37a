"""Extend a tokenizer: keep its ids and merges, and learn more.

The trainer numbers bytes 0 to 255 and merges from 256 on. This maps those numbers to the ids of
the tokenizer that is extended, and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from bpe.errors import TrainingError
from bpe.patterns import Pattern
from bpe.recovery import recover_pairs
from bpe.spec import MAX_ID, Merges, TokenizerSpec

if TYPE_CHECKING:
    from bpe.tokenizer import Tokenizer


class Extension:
    """What stays of a base tokenizer, and what is added to it.

    New special tokens get the ids right after the base, new merges the ids after those, so that
    nothing the base has is renumbered.

    Attributes:
        num_fixed: How much of the vocabulary size is decided before any merge is learned.
    """

    def __init__(self, base: Tokenizer, special_tokens: Sequence[str]) -> None:
        self._spec = base.spec
        added = [text for text in special_tokens if text not in self._spec.special_tokens]
        self._special_tokens = dict(self._spec.special_tokens) | {
            text: self._spec.n_vocab + i for i, text in enumerate(added)
        }
        self.num_fixed = self._spec.n_vocab + len(added)

    @cached_property
    def _raw_to_id(self) -> list[int]:
        """The base's id of each number the trainer uses."""
        return [*self._spec.byte_ids, *(id_ for _, _, id_ in self._base_merges)]

    @cached_property
    def _base_merges(self) -> list[tuple[int, int, int]]:
        """The merges of the base, one a token: (left, right, new id) in rank order."""
        return [(m.left, m.right, m.new_id) for m in recover_pairs(self._spec)]

    @cached_property
    def initial_pairs(self) -> list[tuple[int, int]]:
        """The merges of the base in the trainer's numbers."""
        id_to_raw = {id_: raw for raw, id_ in enumerate(self._raw_to_id)}
        return [(id_to_raw[left], id_to_raw[right]) for left, right, _ in self._base_merges]

    def extended_spec(
        self, pairs: Sequence[tuple[int, int]], pattern: Pattern | None = None
    ) -> TokenizerSpec:
        """Return the base's spec with the trainer's new pairs at its end.

        The pattern stays too, unless another is given.

        Ranked tokens stay ranked tokens, so that what tiktoken can express it still can. That
        changes no ids: where no token crosses the ends of a stretch of bytes, it looks as it would
        alone, so a token's bytes are only ever joined from the two parts that training joined.
        """
        first_new_id = self.num_fixed
        if first_new_id + len(pairs) > MAX_ID:
            raise TrainingError(f"the extended vocabulary would have ids above {MAX_ID}")
        raw_to_id = [*self._raw_to_id, *range(first_new_id, first_new_id + len(pairs))]
        id_to_bytes = dict(self._spec.id_to_bytes)
        new_merges = []
        for new_id, (left, right) in enumerate(pairs, start=first_new_id):
            left_id, right_id = raw_to_id[left], raw_to_id[right]
            id_to_bytes[new_id] = id_to_bytes[left_id] + id_to_bytes[right_id]
            new_merges.append((left_id, right_id, new_id))
        return replace(
            self._spec,
            pattern=pattern or self._spec.pattern,
            id_to_bytes=id_to_bytes,
            merges=self._extended_merges(new_merges, id_to_bytes),
            special_tokens=self._special_tokens,
        )

    def _extended_merges(
        self, new_merges: Sequence[tuple[int, int, int]], id_to_bytes: Mapping[int, bytes]
    ) -> Merges:
        if self._spec.is_ranked:
            return Merges.from_ranked_tokens({token: id_ for id_, token in id_to_bytes.items()})
        first_rank = max(self._spec.merges.rank, default=-1) + 1
        ranked = ((*merge, rank) for rank, merge in enumerate(new_merges, start=first_rank))
        return Merges((*self._spec.merges, *ranked))
