"""Attention is what the formula says; blocks keep shapes."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch

from model.config import ModelConfig
from model.layers import (
    MLP,
    Block,
    SelfAttention,
    init_weights,
    make_feed_forward,
    rotary_angles,
    rotate,
)

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


def llama(**changes: Any) -> ModelConfig:
    shape = {"vocab_size": 64, "n_embd": 24, "heads": 6, "block_size": T, "layers": 1}
    return ModelConfig(**{**shape, "arch": "llama", "dropout": 0.0, **changes})


def test_rotary_scores_depend_on_the_distance_only() -> None:
    q_11TH, k_11TH = torch.randn(2, 1, 1, 1, 8, dtype=torch.float64)
    scores = []
    for first, second in ((0, 3), (5, 8), (100, 103)):
        turned = [
            rotate(x, *rotary_angles(torch.tensor([position]), 8, 10_000.0))
            for x, position in ((q_11TH, first), (k_11TH, second))
        ]
        scores.append((turned[0] * turned[1]).sum())
    torch.testing.assert_close(
        torch.stack(scores[1:]), torch.stack(scores[:1] * 2), atol=1e-5, rtol=0
    )
    plain = (q_11TH * k_11TH).sum()
    assert abs(plain - scores[0]) > 1e-3, "a distance changes the score"


def test_rotation_is_that_of_the_paper() -> None:
    """Channel pair i as a complex number times e^(i * position * base^(-2 i / H))."""
    x_11TH = torch.randn(1, 1, 5, 6)
    found = rotate(x_11TH, *rotary_angles(torch.arange(5), 6, 100.0))
    for position in range(5):
        for pair in range(3):
            number = complex(*x_11TH[0, 0, position, [pair, pair + 3]].tolist())
            turned = number * cmath.exp(1j * position * 100.0 ** (-2 * pair / 6))
            have = found[0, 0, position, [pair, pair + 3]].tolist()
            assert [turned.real, turned.imag] == pytest.approx(have, abs=1e-5)


def test_grouped_heads_are_full_heads_with_keys_and_values_repeated() -> None:
    grouped = SelfAttention(llama(kv_heads=2), causal=True)
    full = SelfAttention(llama(), causal=True)
    q_RC, k_RC, v_RC = grouped.qkv.weight.data.split([24, 8, 8])
    full.qkv.weight.data = torch.cat(
        [q_RC, *(x.view(2, 1, 4, 24).expand(2, 3, 4, 24).reshape(24, 24) for x in (k_RC, v_RC))]
    )
    full.out.load_state_dict(grouped.out.state_dict())
    x_BTC = torch.randn(B, T, 24)
    torch.testing.assert_close(full(x_BTC), grouped(x_BTC))


def test_normed_queries_and_keys_do_not_grow_with_the_weights() -> None:
    x_BTC = torch.randn(B, T, 24)
    for qk_norm in (True, False):
        attention = SelfAttention(llama(qk_norm=qk_norm), causal=True)
        before = attention(x_BTC)
        attention.qkv.weight.data[:48] *= 1000
        assert torch.allclose(before, attention(x_BTC), atol=1e-3) == qk_norm


@pytest.mark.parametrize(
    ("kind", "formula"),
    [
        ("gelu", lambda up, gate: 0.5 * up * (1 + torch.erf(up / 2**0.5))),
        ("relu2", lambda up, gate: up.clamp(min=0) ** 2),
        ("swiglu", lambda up, gate: gate * torch.sigmoid(gate) * up),
    ],
)
def test_every_feed_forward_is_its_formula(
    kind: str, formula: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> None:
    mlp = MLP(llama(ffn=kind))
    x_BTC = torch.randn(B, T, 24)
    gate = mlp.gate(x_BTC) if kind == "swiglu" else torch.zeros(())
    torch.testing.assert_close(mlp.down(formula(mlp.up(x_BTC), gate)), mlp(x_BTC))


def test_the_feed_forwards_have_about_equally_many_parameters() -> None:
    sizes = [
        sum(p.numel() for p in make_feed_forward(llama(n_embd=384, ffn=kind)).parameters())
        for kind in ("gelu", "relu2", "swiglu", "kan")
    ]
    assert sizes == pytest.approx([8 * 384**2] * 4, rel=0.01)


def test_llama_has_no_biases_and_gpt2_has() -> None:
    def biases(config: ModelConfig) -> int:
        return sum(
            name.endswith("bias") for name, _ in Block(config, causal=True).named_parameters()
        )

    assert 0 == biases(llama())
    assert 6 == biases(llama(arch="gpt2"))
