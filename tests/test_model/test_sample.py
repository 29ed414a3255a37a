"""The next id is picked as asked for."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest
import torch

from model import SampleConfig
from model.sample import keep_likeliest, penalize, pick

LOGITS_V = torch.tensor([1.0, 3.0, 2.0, -math.inf])


def drawn(config: SampleConfig, times: int = 2000) -> Counter[int]:
    random = torch.Generator().manual_seed(0)
    return Counter(pick(LOGITS_V, config, random) for _ in range(times))


@pytest.mark.parametrize("temperature", [0, 0.0, 1e-30, 1e-3])
def test_a_temperature_of_zero_or_near_it_takes_the_likeliest(temperature: float) -> None:
    assert {1: 50} == drawn(SampleConfig(temperature=temperature), 50)


def test_draws_follow_the_softmax_of_the_scaled_logits() -> None:
    for temperature in (0.5, 1.0, 2.0):
        weights = [math.exp(logit / temperature) for logit in (1.0, 3.0, 2.0)]
        found = drawn(SampleConfig(temperature=temperature))
        assert found.keys() <= {0, 1, 2}, "an id without probability is never drawn"
        for id_, weight in enumerate(weights):
            assert weight / sum(weights) == pytest.approx(found[id_] / 2000, abs=0.04)


def test_top_k_keeps_the_k_likeliest() -> None:
    assert {1} == drawn(SampleConfig(top_k=1)).keys()
    assert {1, 2} == drawn(SampleConfig(top_k=2, temperature=5.0)).keys()
    assert {0, 1, 2} == drawn(SampleConfig(top_k=10**9, temperature=5.0)).keys()


@pytest.mark.parametrize(
    ("top_p", "kept"), [(1e-9, [1]), (0.5, [1]), (0.51, [1, 2]), (0.8, [1, 2]), (1.0, [0, 1, 2, 3])]
)
def test_top_p_keeps_the_fewest_that_hold_the_share(top_p: float, kept: list[int]) -> None:
    probabilities_V = torch.tensor([0.15, 0.5, 0.3, 0.05])
    found_V = keep_likeliest(probabilities_V, None, top_p)
    assert kept == found_V.nonzero().flatten().tolist()
    assert torch.equal(probabilities_V[kept], found_V[kept])


def test_top_p_is_a_share_of_what_top_k_left() -> None:
    probabilities_V = torch.tensor([0.4, 0.35, 0.25])
    assert [0] == keep_likeliest(probabilities_V, 2, 0.5).nonzero().flatten().tolist()


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1.0},
        {"temperature": math.nan},
        {"temperature": math.inf},
        {"top_k": 0},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_p": math.nan},
        {"seed": -1},
        {"min_p": -0.1},
        {"min_p": math.nan},
        {"repetition_penalty": 0.0},
        {"repetition_penalty": math.inf},
    ],
)
def test_wrong_parameters_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SampleConfig(**wrong)


def test_min_p_drops_what_is_unlikely_beside_the_likeliest() -> None:
    # Beside the likeliest, 1, the others have e^-1 = 0.37 and e^-2 = 0.14 of its probability.
    assert {0, 1, 2} == drawn(SampleConfig(min_p=0.1, temperature=1.0)).keys()
    assert {1, 2} == drawn(SampleConfig(min_p=0.2, temperature=1.0)).keys()
    assert {1} == drawn(SampleConfig(min_p=0.4, temperature=1.0)).keys()


def test_the_repetition_penalty_makes_what_was_seen_less_likely() -> None:
    assert [0.5, 3.0, 2.0] == penalize(LOGITS_V, [0], 2.0)[:3].tolist()
    assert -2.0 == penalize(torch.tensor([-1.0]), {0}, 2.0).item(), "a negative one too"
    random = torch.Generator()
    config = SampleConfig(temperature=0, repetition_penalty=2.0)
    assert 2 == pick(LOGITS_V, config, random, [1])
    assert 1 == pick(LOGITS_V, config, random)
    assert [1.0, 3.0, 2.0] == LOGITS_V[:3].tolist(), "the scores are left as they were"
