"""The arithmetic that is counted is the arithmetic that is done."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from model import GPT, ModelConfig
from model.flops import flops_per_token, peak_flops
from model.loss import cross_entropy

T = 8


@pytest.mark.parametrize("arch", ["gpt2", "llama"])
@pytest.mark.parametrize("tie_weights", [True, False])
def test_it_is_what_torch_counts(arch: Any, tie_weights: bool) -> None:
    config = ModelConfig(500, 64, T, 4, 2, 0.0, tie_weights=tie_weights, arch=arch)
    model = GPT(config)
    ids_BT = torch.randint(500, (3, T))
    with FlopCounterMode(display=False) as counter:
        cross_entropy(model(ids_BT), ids_BT).backward()
    attention = 12 * config.layers * config.n_embd * T  # in kernels that torch does not count
    expected = counter.get_total_flops() / (3 * T)
    assert expected == pytest.approx(flops_per_token(model) - attention, rel=0.02)


@pytest.mark.parametrize(
    ("name", "peak"),
    [("NVIDIA H100 80GB HBM3", 989e12), ("NVIDIA H100 PCIe", 756e12), ("Tesla T4", 65e12)],
)
def test_a_peak_is_found_by_the_name_of_the_device(name: str, peak: float) -> None:
    assert peak == peak_flops(name)


def test_an_unknown_device_has_none() -> None:
    assert peak_flops("cpu") is None
