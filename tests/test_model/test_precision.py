"""The loss scale keeps small gradients, falls on overflow, and survives a resume."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import bpe
from bpe.errors import CheckpointError
from model import ModelConfig, TokenDataset, TrainConfig, Trainer, load_checkpoint, step
from model.precision import Precision
from model.run_directory import RunDirectory


@pytest.mark.parametrize(
    ("name", "device", "dtype"),
    [
        ("auto", "cpu", torch.float32),
        ("auto", "cuda", torch.bfloat16),
        ("bfloat16", "cpu", torch.bfloat16),
        ("float16", "cpu", torch.float16),
    ],
)
def test_the_name_and_the_device_say_what_is_multiplied(
    name: str, device: str, dtype: torch.dtype
) -> None:
    assert dtype == Precision(name, device).dtype


def test_products_are_made_in_it_and_only_float16_scales() -> None:
    x = torch.randn(2, 2)
    for name in ("float32", "bfloat16", "float16"):
        precision = Precision(name)
        with precision.autocast():
            assert precision.dtype == (x @ x).dtype
        assert (precision.loss_scale > 1) == (name == "float16")
        assert bool(precision.to_json()) == (name == "float16")


def test_a_gradient_too_small_for_float16_survives() -> None:
    """1e-7 becomes 0 or a denormal in float16; scaled it keeps its digits."""
    weight = torch.ones(1, requires_grad=True)
    for scaled in (False, True):
        precision = Precision("float16" if scaled else "float32")
        weight.grad = None
        optimizer = torch.optim.AdamW([weight])
        tiny = precision.scale((weight.half().float() * 1.3e-8).sum())
        tiny.backward()  # type: ignore[no-untyped-call]
        precision.unscale(optimizer)
        assert weight.grad is not None
        found = weight.grad.item()
        assert (found == pytest.approx(1.3e-8, rel=1e-2)) == scaled


def trainer_of(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    settings: TrainConfig,
    **more: Any,
) -> Trainer:
    own = replace(settings, dtype="float16")
    return Trainer.start(replace(config, dropout=0.0), tokenizer, data, own, **more)


def test_float16_learns_about_the_same(
    config: ModelConfig, tokenizer: bpe.Tokenizer, data: TokenDataset, train_config: TrainConfig
) -> None:
    half = trainer_of(config, tokenizer, data, train_config)
    full = Trainer.start(replace(config, dropout=0.0), tokenizer, data, train_config)
    losses = [[trainer.train_step() for _ in range(8)] for trainer in (full, half)]
    assert [r.loss for r in losses[0]] == pytest.approx([r.loss for r in losses[1]], rel=0.02)
    norms = [[r.grad_norm for r in found] for found in losses]
    assert norms[0] == pytest.approx(norms[1], rel=0.1), "what is reported is unscaled"
    assert {torch.float32} == {p.dtype for p in half.model.parameters()}


def test_an_overflow_shrinks_the_scale_and_changes_no_weight(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    run = RunDirectory(tmp_path)
    trainer = trainer_of(config, tokenizer, data, train_config, run=run)
    before = {name: p.clone() for name, p in trainer.model.state_dict().items()}
    scale = trainer._precision.loss_scale
    original = step.head_cross_entropy
    # A finite loss whose gradient is infinite once: the root of zero.
    monkeypatch.setattr(
        step, "head_cross_entropy", lambda *args: (x := original(*args)) + (x - x.detach()).sqrt()
    )
    result = trainer.train_step()
    assert math.isfinite(result.loss)
    assert scale / 2 == trainer._precision.loss_scale
    assert all(torch.equal(p, before[name]) for name, p in trainer.model.state_dict().items())
    (line,) = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert "overflow" == json.loads(line)["event"]


def test_the_scale_is_resumed(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    tmp_path: Path,
) -> None:
    trainer = trainer_of(config, tokenizer, data, train_config, run=RunDirectory(tmp_path))
    trainer.train_step()
    trainer._precision._scaler.update(128.0)
    trainer.save()
    loaded = load_checkpoint(tmp_path)
    assert 128.0 == Trainer.resume(loaded, data, loaded.state.train)._precision.loss_scale
    with pytest.raises(CheckpointError, match="loss scale"):
        Precision("float16").restore({"scale": None})
