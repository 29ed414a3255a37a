"""Cross-attention is the formula, hears the memory, and is absent unless asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from model import GPT, MaskedLM, ModelConfig
from model.cross_attention import CrossAttention

B, T, S = 2, 5, 7


def test_it_equals_the_formula(config: ModelConfig) -> None:
    cross = CrossAttention(config).eval().double()
    x_BTC = torch.randn(B, T, 16, dtype=torch.float64)
    memory_BSC = torch.randn(B, S, 16, dtype=torch.float64)
    q_BTC, (k_BSC, v_BSC) = cross.q(x_BTC), cross.kv(memory_BSC).split(16, -1)
    expected_BTC = torch.zeros_like(x_BTC)
    for head in (slice(0, 8), slice(8, 16)):
        scores_BTS = q_BTC[..., head] @ k_BSC[..., head].transpose(1, 2) / math.sqrt(8)
        expected_BTC[..., head] = scores_BTS.softmax(-1) @ v_BSC[..., head]
    torch.testing.assert_close(cross.out(expected_BTC), cross(x_BTC, memory_BSC))


@pytest.mark.parametrize("arch", ["gpt2", "llama"])
def test_a_decoder_hears_its_encoder_and_trains_through_it(config: ModelConfig, arch: str) -> None:
    config = replace(config, arch=arch, dropout=0.0)  # type: ignore[arg-type]
    encoder = MaskedLM(replace(config, objective="masked"))
    decoder = GPT(replace(config, cross_attention=True))
    source_BS, ids_BT = torch.randint(300, (B, S)), torch.randint(300, (B, T))
    one = decoder.hidden(ids_BT, memory_BSC=encoder.hidden(source_BS))
    other = decoder.hidden(ids_BT, memory_BSC=encoder.hidden(source_BS.flip(1)))
    assert (B, T, 16) == one.shape
    assert not torch.equal(one, other)
    one.square().sum().backward()
    idle = [name for name, p in decoder.named_parameters() if p.grad is None]
    assert [] == idle
    assert encoder.token_embedding.weight.grad is not None


def test_a_memory_and_cross_attention_go_together(config: ModelConfig) -> None:
    ids_BT, memory_BSC = torch.zeros(1, 3, dtype=torch.long), torch.zeros(1, 4, 16)
    with pytest.raises(ValueError, match="give both or neither"):
        GPT(replace(config, cross_attention=True)).hidden(ids_BT)
    with pytest.raises(ValueError, match="give both or neither"):
        GPT(config).hidden(ids_BT, memory_BSC=memory_BSC)


def test_without_it_a_model_has_the_parameters_it_always_had(config: ModelConfig) -> None:
    plain, cross = GPT(config), GPT(replace(config, cross_attention=True))
    more = cross.state_dict().keys() - plain.state_dict().keys()
    assert more
    assert all(".cross" in name for name in more)
