"""Matrices decay and nothing else does; the schedule is a function of the step."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import bpe
from model import TokenDataset, Trainer, load_checkpoint
from model.config import ModelConfig, TrainConfig
from model.gpt import GPT
from model.optim import (
    current_learning_rate,
    learning_rate,
    make_optimizer,
    set_learning_rate,
    warmup_steps,
)
from model.run_directory import RunDirectory


def test_every_parameter_is_in_one_group_and_only_matrices_decay(config: ModelConfig) -> None:
    model = GPT(config)
    optimizer = make_optimizer(model, TrainConfig(weight_decay=0.3))
    grouped = [(p, g["weight_decay"]) for g in optimizer.param_groups for p in g["params"]]
    assert {id(p) for p in model.parameters()} == {id(p) for p, _ in grouped}
    assert len(list(model.parameters())) == len(grouped)
    assert all(decay == (0.3 if p.dim() >= 2 else 0.0) for p, decay in grouped)


def test_one_step_is_that_of_the_paper() -> None:
    layer = torch.nn.Linear(2, 1, bias=False)
    torch.nn.init.ones_(layer.weight)
    optimizer = make_optimizer(layer, TrainConfig(lr=0.1, weight_decay=0.5))
    layer.weight.grad = torch.tensor([[3.0, -7.0]])
    optimizer.step()
    # Decay first (1 - 0.1 * 0.5), then a step of lr against the sign of the first gradient.
    torch.testing.assert_close(torch.tensor([[0.85, 1.05]]), layer.weight.detach())


def test_the_rate_warms_up_and_falls_to_a_tenth() -> None:
    config = TrainConfig(lr=1.0, steps=100, warmup_steps=10)
    rates = [learning_rate(step, config) for step in range(100)]
    assert [0.1, 0.2, 1.0] == pytest.approx([rates[0], rates[1], rates[9]])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert (0.1, 0.55) == pytest.approx((rates[99], learning_rate(54, config)), abs=0.01)
    assert 0.1 == pytest.approx(learning_rate(10**6, config)), "after the end it stays low"


def test_the_constant_schedule_only_warms_up() -> None:
    config = TrainConfig(lr=2.0, steps=50, schedule="constant")
    assert {2.0} == {learning_rate(step, config) for step in range(5, 50)}
    assert 0.4 == pytest.approx(learning_rate(0, config))


def test_wsd_stays_and_falls_over_the_last_fifth() -> None:
    config = TrainConfig(lr=1.0, steps=110, warmup_steps=10, schedule="wsd")
    rates = [learning_rate(step, config) for step in range(110)]
    assert [1.0] * 82 == pytest.approx(rates[9:91])
    assert [0.95, 0.5, 0.05] == pytest.approx([rates[91], rates[100], rates[109]])


@pytest.mark.parametrize("schedule", ["cosine", "wsd"])
def test_the_clock_can_run_ahead_of_the_steps_but_not_lag_behind(schedule: str) -> None:
    config = TrainConfig(lr=1.0, steps=1000, warmup_steps=10, schedule=schedule)  # type: ignore[arg-type]
    late = learning_rate(900, config)
    assert late == pytest.approx(learning_rate(20, config, time_share=0.899), abs=0.01)
    assert late == learning_rate(900, config, time_share=0.5)
    assert learning_rate(20, config, time_share=1.0) == pytest.approx(
        {"cosine": 0.1, "wsd": 0.0}[schedule]
    )


@pytest.mark.parametrize(
    ("steps", "given", "expected"), [(40, None, 4), (5000, None, 100), (5, None, 0), (5, 3, 3)]
)
def test_the_warm_up_is_a_tenth_of_the_steps_unless_given(
    steps: int, given: int | None, expected: int
) -> None:
    assert expected == warmup_steps(TrainConfig(steps=steps, warmup_steps=given))


def test_runs_of_one_step_have_a_rate() -> None:
    assert 1.0 == learning_rate(0, TrainConfig(lr=1.0, steps=1))


def test_the_rate_that_is_set_is_the_rate_in_use(config: ModelConfig) -> None:
    optimizer = make_optimizer(GPT(config), TrainConfig())
    set_learning_rate(optimizer, 0.25)
    assert 0.25 == current_learning_rate(optimizer)
    assert {0.25} == {group["lr"] for group in optimizer.param_groups}


def test_muon_takes_the_matrices_of_the_blocks_and_adamw_the_rest(config: ModelConfig) -> None:
    model = GPT(replace(config, ffn="kan"))
    optimizer = make_optimizer(model, TrainConfig(optimizer="muon", weight_decay=0.3))
    taken = {id(p) for p in optimizer.param_groups[0]["params"]}
    names = {name for name, p in model.named_parameters() if id(p) in taken}
    assert "blocks.0.attention.qkv.weight" in names
    assert "blocks.1.mlp.up.base.weight" in names
    assert all(name.startswith("blocks.") and "spline" not in name for name in names)
    every = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(id(p) for p in model.parameters()) == sorted(every)
    set_learning_rate(optimizer, 0.25)
    assert {0.25} == {g["lr"] for part in optimizer._parts for g in part.param_groups}  # type: ignore[attr-defined]


def test_a_step_of_muon_is_orthogonal_and_as_large_as_one_of_adamw() -> None:
    torch.manual_seed(0)
    layer = torch.nn.ModuleDict({"blocks": torch.nn.Linear(32, 48, bias=False)})
    weight = layer["blocks"].weight
    assert isinstance(weight, torch.nn.Parameter)
    optimizer = make_optimizer(layer, TrainConfig(optimizer="muon", weight_decay=0.0))
    set_learning_rate(optimizer, 1.0)
    before = weight.detach().clone()
    weight.grad = torch.randn(48, 32)
    optimizer.step()
    change = before - weight.detach()
    singular = torch.linalg.svdvals(change) / (0.2 * 48**0.5)
    assert 0.5 < singular.min()
    assert singular.max() < 1.5
    assert 0.2 == pytest.approx(change.square().mean().sqrt().item(), rel=0.25)


def test_muon_resumes_exactly(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    tmp_path: Path,
) -> None:
    settings = replace(train_config, optimizer="muon")
    straight = Trainer.start(config, tokenizer, data, settings)
    straight.train()
    trainer = Trainer.start(config, tokenizer, data, settings, run=RunDirectory(tmp_path))
    for _ in range(3):
        trainer.train_step()
    trainer.save()
    resumed = Trainer.resume(load_checkpoint(tmp_path), data, settings)
    resumed.train()
    for name, expected in straight.model.state_dict().items():
        assert torch.equal(expected, resumed.model.state_dict()[name]), name
