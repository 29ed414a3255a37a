"""Pick the next id from its scores.

Shapes in names: V ids.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class SampleConfig:
    """How the next id is picked.

    Attributes:
        temperature: Divides the logits; 0 always takes the likeliest id.
        top_k: Pick among the k likeliest ids; more than there are means all.
        top_p: Pick among the fewest likeliest ids that hold this share of the probability, (0, 1].
        seed: Of the draws; None draws afresh each time.
        min_p: Drop ids less likely than this share of the likeliest one's probability, [0, 1].
        repetition_penalty: Divides the logit of an id that was seen, or multiplies a negative one;
            1 leaves it.
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None
    seed: int | None = None
    min_p: float = 0.0
    repetition_penalty: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature < math.inf:
            raise ValueError(f"temperature = {self.temperature} should be 0 or a positive number")
        if self.top_k is not None and self.top_k < 1:
            raise ValueError(f"top_k = {self.top_k} should be at least 1")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise ValueError(f"top_p = {self.top_p} should be in (0, 1]")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise ValueError(f"seed = {self.seed} should be in 0..2^63-1")
        if not 0 <= self.min_p <= 1:
            raise ValueError(f"min_p = {self.min_p} should be in [0, 1]")
        if not 0 < self.repetition_penalty < math.inf:
            raise ValueError(f"repetition_penalty = {self.repetition_penalty} should be positive")


def pick(
    logits_V: Tensor, config: SampleConfig, random: torch.Generator, seen: Collection[int] = ()
) -> int:
    """Pick an id: penalty, temperature, then top-k, top-p and min-p, then a draw.

    Args:
        logits_V: Scores, float32; those of ids that must not be picked are -inf.
        config: How to pick.
        random: Where the draw comes from.
        seen: Ids that the repetition penalty makes less likely.

    >>> pick(torch.tensor([0.0, 2.0, 1.0]), SampleConfig(temperature=0), torch.Generator())
    1
    """
    if config.repetition_penalty != 1 and seen:
        logits_V = penalize(logits_V, seen, config.repetition_penalty)
    if config.temperature == 0:
        return int(logits_V.argmax())
    # The largest logit becomes 0 first, or a tiny temperature would overflow.
    logits_V = (logits_V - logits_V.max()) / config.temperature
    probabilities_V = logits_V.softmax(-1)
    if config.top_k is not None or config.top_p is not None:
        probabilities_V = keep_likeliest(probabilities_V, config.top_k, config.top_p)
    if config.min_p:
        probabilities_V[probabilities_V < config.min_p * probabilities_V.max()] = 0
    return int(torch.multinomial(probabilities_V, 1, generator=random))


def penalize(logits_V: Tensor, seen: Collection[int], penalty: float) -> Tensor:
    """Make ids that were seen less likely (CTRL, https://arxiv.org/abs/1909.05858, section 4.1).

    >>> penalize(torch.tensor([4.0, -4.0, 1.0]), [0, 1], 2.0)
    tensor([ 2., -8.,  1.])
    """
    ids = torch.tensor(sorted(set(seen)))
    found = logits_V[ids]
    return logits_V.index_put((ids,), torch.where(found > 0, found / penalty, found * penalty))


def keep_likeliest(probabilities_V: Tensor, top_k: int | None, top_p: float | None) -> Tensor:
    """Set all but the likeliest ids to 0: at most k of them, and no more than reach share p.

    Nucleus sampling (top-p): https://arxiv.org/abs/1904.09751.

    >>> keep_likeliest(torch.tensor([0.5, 0.3, 0.2]), None, 0.6)
    tensor([0.5000, 0.3000, 0.0000])
    """
    descending_V, order_V = probabilities_V.sort(descending=True, stable=True)
    if top_k is not None:
        descending_V[top_k:] = 0
    if top_p is not None:
        share_before_V = descending_V.cumsum(-1) - descending_V
        descending_V[share_before_V >= top_p * descending_V.sum()] = 0
    return torch.empty_like(probabilities_V).scatter_(0, order_V, descending_V)
