"""The model sees the past only, uses every parameter, and never predicts padding."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from model.config import ModelConfig
from model.gpt import GPT
from model.loss import cross_entropy


@pytest.fixture(params=["gpt2", "llama"])
def config(config: ModelConfig, request: pytest.FixtureRequest) -> ModelConfig:
    """The small model in either architecture, Llama's with all its options."""
    if request.param == "gpt2":
        return config
    return replace(config, arch="llama", kv_heads=1, qk_norm=True)


@pytest.fixture
def model(config: ModelConfig) -> GPT:
    torch.manual_seed(0)
    return GPT(config).eval()


@pytest.fixture
def ids_BT(config: ModelConfig) -> torch.Tensor:
    return torch.randint(config.vocab_size, (3, config.block_size))


def test_logits_have_a_row_per_padded_id(model: GPT, ids_BT: torch.Tensor) -> None:
    assert (3, 12, 320) == model(ids_BT).shape
    assert (3, 5, 320) == model(ids_BT[:, :5]).shape


def test_a_later_token_changes_nothing_before_it(model: GPT, ids_BT: torch.Tensor) -> None:
    before_BTV = model(ids_BT)
    for position in range(1, ids_BT.shape[1]):
        changed_BT = ids_BT.clone()
        changed_BT[:, position] = (changed_BT[:, position] + 1) % model.config.vocab_size
        after_BTV = model(changed_BT)
        torch.testing.assert_close(before_BTV[:, :position], after_BTV[:, :position])
        assert not torch.equal(before_BTV[:, position], after_BTV[:, position])


@pytest.mark.parametrize("tie_weights", [True, False])
def test_every_parameter_gets_a_gradient(
    config: ModelConfig, ids_BT: torch.Tensor, tie_weights: bool
) -> None:
    model = GPT(replace(config, tie_weights=tie_weights))
    cross_entropy(model(ids_BT), ids_BT.roll(-1, 1)).backward()
    idle = [
        name
        for name, parameter in model.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert [] == idle


def test_every_module_takes_part_in_the_forward_pass(model: GPT, ids_BT: torch.Tensor) -> None:
    called = set()
    for name, module in model.named_modules():
        if name and not isinstance(module, torch.nn.ModuleList):
            module.register_forward_hook(lambda *_, name=name: called.add(name))
    model(ids_BT)
    expected = {
        name for name, m in model.named_modules() if name and not isinstance(m, torch.nn.ModuleList)
    }
    assert expected == called


def test_a_fresh_model_knows_nothing(model: GPT, ids_BT: torch.Tensor) -> None:
    loss = cross_entropy(model(ids_BT), ids_BT.roll(-1, 1)).item()
    assert math.log(model.config.vocab_size) == pytest.approx(loss, abs=0.1)


def test_padded_ids_have_no_probability_and_no_gradient(model: GPT, ids_BT: torch.Tensor) -> None:
    logits_BTV = model(ids_BT)
    assert bool((logits_BTV[..., model.config.vocab_size :] == -math.inf).all())
    assert bool(logits_BTV[..., : model.config.vocab_size].isfinite().all())
    cross_entropy(logits_BTV, ids_BT).backward()
    gradient = model.token_embedding.weight.grad
    assert gradient is not None
    assert 0 == gradient[model.config.vocab_size :].abs().max()


def test_tied_weights_are_one_tensor(config: ModelConfig) -> None:
    tied, untied = GPT(config), GPT(replace(config, tie_weights=False))
    assert tied.head_weight is tied.token_embedding.weight
    assert untied.head_weight is not untied.token_embedding.weight
    assert {"head.weight"} == untied.state_dict().keys() - tied.state_dict().keys()


def test_the_parameter_split_counts_everything_once(config: ModelConfig) -> None:
    for tie_weights, tables in ((True, 1), (False, 2)):
        model = GPT(replace(config, tie_weights=tie_weights))
        body, vocabulary = model.parameter_split()
        assert sum(p.numel() for p in model.parameters()) == body + vocabulary
        assert tables * 320 * 16 == vocabulary


def test_too_long_a_context_is_refused(model: GPT) -> None:
    with pytest.raises(ValueError, match="13 tokens do not fit into a context of 12"):
        model(torch.zeros(1, 13, dtype=torch.long))
