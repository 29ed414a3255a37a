"""Attention is what the formula says; blocks keep shapes."""

from __future__ import annotations

import math

import pytest
import torch

from model.config import ModelConfig
from model.layers import MLP, Block, SelfAttention, init_weights

B, T, N, H = 2, 7, 3, 4
C = N * H


@pytest.fixture
def small() -> ModelConfig:
    return ModelConfig(vocab_size=64, n_embd=C, heads=N, block_size=T, layers=1, dropout=0.0)


@pytest.mark.parametrize("causal", [True, False])
def test_attention_equals_the_formula_with_the_scale_of_the_head_width(
    small: ModelConfig, causal: bool
) -> None:
    torch.manual_seed(0)
    attention = SelfAttention(small, causal=causal).double()
    x_BTC = torch.randn(B, T, C, dtype=torch.float64)
    q_BTC, k_BTC, v_BTC = attention.qkv(x_BTC).split(C, dim=-1)
    expected_BTC = torch.zeros_like(x_BTC)
    for head in range(N):
        mine = slice(head * H, (head + 1) * H)
        scores_BTT = q_BTC[..., mine] @ k_BTC[..., mine].transpose(1, 2) / math.sqrt(H)
        if causal:
            future_TT = torch.ones(T, T, dtype=torch.bool).triu(1)
            scores_BTT = scores_BTT.masked_fill(future_TT, -math.inf)
        expected_BTC[..., mine] = scores_BTT.softmax(-1) @ v_BTC[..., mine]
    torch.testing.assert_close(attention.out(expected_BTC), attention(x_BTC))


def test_dropout_is_active_in_training_and_off_in_evaluation() -> None:
    config = ModelConfig(vocab_size=64, n_embd=C, heads=N, dropout=0.5)
    x_BTC = torch.randn(B, T, C)
    for layer in (SelfAttention(config, causal=True), MLP(config)):
        layer.train()
        assert not torch.equal(layer(x_BTC), layer(x_BTC))
        layer.eval()
        assert torch.equal(layer(x_BTC), layer(x_BTC))


def test_a_block_keeps_the_shape_and_adds_to_the_stream(small: ModelConfig) -> None:
    block = Block(small, causal=True)
    x_BTC = torch.randn(B, T, C)
    assert x_BTC.shape == block(x_BTC).shape
    for parameter in (*block.attention.out.parameters(), *block.mlp.down.parameters()):
        torch.nn.init.zeros_(parameter)
    assert torch.equal(x_BTC, block(x_BTC)), "with both halves silent the stream passes unchanged"


def test_weights_that_write_into_the_stream_start_smaller() -> None:
    config = ModelConfig(vocab_size=64, n_embd=256, heads=4)
    block = torch.nn.ModuleDict({"block": Block(config, causal=True)})
    init_weights(block, layers=8)
    up, down = block["block"].mlp.up, block["block"].mlp.down  # type: ignore[union-attr]
    assert 0.02 == pytest.approx(up.weight.std().item(), rel=0.02)  # type: ignore[union-attr]
    assert 0.005 == pytest.approx(down.weight.std().item(), rel=0.02)  # type: ignore[union-attr]
    assert 0 == up.bias.abs().max()  # type: ignore[union-attr]
