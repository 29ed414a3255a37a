"""Which tokens a masked language model has to guess, and what it sees in their place.

Of the chosen tokens 80 % become the mask, 10 % another token drawn from the ordinary ones, and 10 %
stay (https://arxiv.org/abs/1810.04805, section 3.1): the model never knows which tokens it can
trust. Chosen are single tokens, whole words, or spans of words (https://arxiv.org/abs/1907.10529).
A word is what the tokenizer's pattern says it is. Training hides 30 % and evaluation 15 %, the
usual choice since https://arxiv.org/abs/2202.08005.

Everything is a function of (seed, step, number of the window), as the windows themselves are.

Shapes in names: B windows, T positions, G groups of tokens that are hidden together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from model.batches import Batch
from model.config import MaskUnit
from model.loss import IGNORED

EVAL_RATE = 0.15
MASKED, RANDOM = 0.8, 0.1

#: Lengths of spans in words: geometric, at most ten, 3.8 on average.
SPAN_STOP, MAX_SPAN = 0.2, 10

#: Evaluation hides the same tokens every time: those of a step that no run reaches.
EVAL_STEP = 2**64 - 1


@dataclass(frozen=True)
class Masking:
    """How tokens are hidden.

    Attributes:
        mask_id: What a hidden token looks like.
        ordinary_ids: What a random token is drawn from: no special tokens, no padded rows.
        unit: What is hidden together.
        seed: Of the draws.
    """

    mask_id: int
    ordinary_ids: NDArray[np.int64]
    unit: MaskUnit
    seed: int

    def hide(
        self,
        ids_BT: NDArray[np.int64],
        words_BT: NDArray[np.bool_] | None,
        *,
        rate: float,
        step: int,
        first_window: int = 0,
    ) -> Batch:
        """Return the windows with tokens hidden, and these tokens as targets.

        Args:
            ids_BT: Whole windows.
            words_BT: Whether a word begins at each; needed unless the unit is a token.
            rate: The share of the ordinary tokens to hide; never more, but at least one group.
            step: The step that the windows belong to.
            first_window: The number of the first of them within the step.
        """
        inputs_BT = ids_BT.copy()
        targets_BT = np.full_like(ids_BT, IGNORED)
        for row, ids_T in enumerate(ids_BT):
            words_T = None if words_BT is None else words_BT[row]
            draw = _Draws(self.seed, step, first_window + row)
            chosen_T = self._choose(ids_T, words_T, rate, draw)
            targets_BT[row, chosen_T] = ids_T[chosen_T]
            kind_T = draw.uniform(len(ids_T))
            others_T = self.ordinary_ids[draw.integers(len(ids_T), len(self.ordinary_ids))]
            inputs_BT[row, chosen_T & (kind_T < MASKED)] = self.mask_id
            is_random_T = chosen_T & (kind_T >= MASKED) & (kind_T < MASKED + RANDOM)
            inputs_BT[row, is_random_T] = others_T[is_random_T]
        return Batch(torch.from_numpy(inputs_BT), torch.from_numpy(targets_BT))

    def _choose(
        self, ids_T: NDArray[np.int64], words_T: NDArray[np.bool_] | None, rate: float, draw: _Draws
    ) -> NDArray[np.bool_]:
        """Return which tokens are hidden: groups in random order, while they fit into the rate."""
        ordinary_T = np.isin(ids_T, self.ordinary_ids)
        if self.unit == "token" or words_T is None:
            groups_T = np.arange(len(ids_T))
        else:
            groups_T = np.cumsum(words_T) - words_T[0]
        sizes_G = np.bincount(groups_T, weights=ordinary_T, minlength=groups_T[-1] + 1)
        room = max(1, int(rate * ordinary_T.sum()))
        chosen_G = np.zeros(len(sizes_G), np.bool_)
        taken = 0
        for group in self._candidates(len(sizes_G), draw):
            size = int(sizes_G[group])
            if chosen_G[group] or not size or (taken and taken + size > room):
                continue
            chosen_G[group] = True
            taken += size
            if taken >= room:
                break
        return chosen_G[groups_T] & ordinary_T

    def _candidates(self, num_groups: int, draw: _Draws) -> Iterator[int]:
        """Yield groups in random order; with spans, each followed by its neighbours."""
        for start in np.argsort(draw.uniform(num_groups), kind="stable").tolist():
            if self.unit != "span":
                yield start
                continue
            length = 1 + int(np.log(1 - draw.uniform(1)[0]) / np.log(1 - SPAN_STOP))
            yield from range(start, min(start + min(length, MAX_SPAN), num_groups))


class _Draws:
    """Random numbers of one window; raw numbers of a counter-based generator never change."""

    def __init__(self, seed: int, step: int, window: int) -> None:
        key = np.array([seed, step], dtype=np.uint64)
        # The third place of the counter: the stream of the windows' starts is at 0 there.
        counter = np.array([0, 0, window + 1, 0], dtype=np.uint64)
        self._random = np.random.Philox(key=key, counter=counter)

    def uniform(self, count: int) -> NDArray[np.float64]:
        """Return numbers in [0, 1)."""
        raw = self._random.random_raw(count) >> np.uint64(11)
        return raw.astype(np.float64) * 2.0**-53

    def integers(self, count: int, below: int) -> NDArray[np.int64]:
        """Return integers below a bound."""
        return (self._random.random_raw(count) % np.uint64(below)).astype(np.int64)
