"""Training learns, resumes exactly, and never replaces a good checkpoint by a bad one."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import bpe
from bpe.errors import TrainingError
from model import ModelConfig, TokenDataset, TrainConfig, Trainer, load_checkpoint, train
from model.progress import Progress
from model.run_directory import RunDirectory


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path / "run")
    run.path.mkdir()
    return run


@pytest.fixture
def parts(
    config: ModelConfig, tokenizer: bpe.Tokenizer, data: TokenDataset, train_config: TrainConfig
) -> tuple[ModelConfig, bpe.Tokenizer, TokenDataset, TrainConfig]:
    return config, tokenizer, data, train_config


Parts = tuple[ModelConfig, bpe.Tokenizer, TokenDataset, TrainConfig]


def weights(trainer: Trainer) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trainer.model.state_dict().items()}


def assert_identical(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert [] == [name for name in a if not torch.equal(a[name], b[name])]


def events(run: RunDirectory, kind: str) -> list[dict[str, Any]]:
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    return [event for line in lines if (event := json.loads(line))["event"] == kind]


def test_a_model_learns_a_text_that_repeats(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    tokens = np.tile(data.tokens[:7], 100)
    easy = replace(data, tokens=tokens, num_train=600)
    trainer = Trainer.start(
        replace(config, dropout=0.0), tokenizer, easy, replace(settings, steps=150)
    )
    first = trainer.evaluate()
    trainer.train()
    last = trainer.last_evaluation
    assert last is not None
    assert first.loss > 5
    assert last.loss < 0.1
    assert last.bits_per_byte < first.bits_per_byte / 20


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    results = []
    for seed in (1, 1, 2):
        trainer = Trainer.start(config, tokenizer, data, replace(settings, seed=seed))
        trainer.train()
        results.append(weights(trainer))
    assert_identical(results[0], results[1])
    assert not torch.equal(
        results[0]["token_embedding.weight"], results[2]["token_embedding.weight"]
    )


@pytest.mark.parametrize("stops", [[4], [1], [7], [2, 3, 5]])
def test_stopping_and_resuming_changes_no_bit(
    parts: Parts, run: RunDirectory, stops: list[int]
) -> None:
    config, tokenizer, data, settings = parts
    straight = Trainer.start(config, tokenizer, data, settings)
    straight.train()
    trainer = Trainer.start(config, tokenizer, data, settings, run=run)
    for stop in stops:
        while trainer.step < stop:
            trainer.train_step()
        trainer.save()
        torch.manual_seed(stop)  # whatever else happens to the process must not matter
        torch.rand(stop)
        checkpoint = load_checkpoint(run.path)
        trainer = Trainer.resume(checkpoint, data, checkpoint.state.train, run=run)
    trainer.train()
    assert_identical(weights(straight), weights(trainer))


def test_evaluating_and_saving_change_no_bit(parts: Parts, run: RunDirectory) -> None:
    config, tokenizer, data, settings = parts
    often = Trainer.start(
        config, tokenizer, data, replace(settings, eval_every=1, save_every=1), run=run
    )
    often.train()
    never = Trainer.start(
        config, tokenizer, data, replace(settings, eval_every=10**6, save_every=10**6)
    )
    never.train()
    assert_identical(weights(often), weights(never))


def test_training_further_than_planned_is_allowed_and_said(parts: Parts, run: RunDirectory) -> None:
    config, tokenizer, data, settings = parts
    Trainer.start(config, tokenizer, data, settings, run=run).train()
    seen = io.StringIO()
    longer = replace(settings, steps=12, lr=1e-3)
    other = replace(data, sha256="0" * 64, source="other.txt")
    trainer = Trainer.resume(
        load_checkpoint(run.path), other, longer, run=run, progress=Progress(8, 12, seen)
    )
    trainer.train()
    assert "other settings: lr: 0.01 -> 0.001, steps: 8 -> 12" in seen.getvalue()
    assert "other data:" in seen.getvalue()
    assert 12 == load_checkpoint(run.path).state.step


def test_the_log_tells_the_whole_story(parts: Parts, run: RunDirectory) -> None:
    config, tokenizer, data, settings = parts
    Trainer.start(config, tokenizer, data, settings, run=run).train()
    (start,) = events(run, "start")
    assert config == ModelConfig.from_json(start["model"])
    assert list(range(1, 9)) == [event["step"] for event in events(run, "train")]
    assert [0, 4, 8] == [event["step"] for event in events(run, "evaluate")]
    assert [4, 8] == [event["step"] for event in events(run, "save")]
    assert all(math.isfinite(event["loss"]) for event in events(run, "train"))
    rates = [event["lr"] for event in events(run, "train")]
    assert rates == sorted(rates, reverse=True), "the rate in use is logged, and it falls"


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_loss_that_is_no_number_stops_before_anything_is_replaced(
    parts: Parts, run: RunDirectory, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    config, tokenizer, data, settings = parts
    trainer = Trainer.start(config, tokenizer, data, replace(settings, save_every=2), run=run)
    original = train.cross_entropy

    def broken(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        loss = original(logits, targets)
        if trainer.step < 5:
            return loss
        # The root of zero: a finite loss whose gradient is not.
        return loss * math.nan if where == "loss" else loss + (loss - loss.detach()).sqrt()

    monkeypatch.setattr(train, "cross_entropy", broken)
    with pytest.raises(TrainingError, match=r"step 5: .* the checkpoint of step 4 is untouched"):
        trainer.train()
    assert [5] == [event["step"] for event in events(run, "nonfinite")]
    checkpoint = load_checkpoint(run.path)
    assert 4 == checkpoint.state.step
    assert all(bool(p.isfinite().all()) for p in checkpoint.model.parameters())


def test_a_step_is_clipped(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    trainer = Trainer.start(config, tokenizer, data, replace(settings, grad_clip=1e-3))
    seen: list[float] = []

    def remember(*_: object) -> None:
        squares = [p.grad.square().sum() for p in trainer.model.parameters() if p.grad is not None]
        seen.append(torch.stack(squares).sum().sqrt().item())

    trainer._optimizer.register_step_pre_hook(remember)
    result = trainer.train_step()
    assert result.grad_norm > 1e-3, "what is reported is the norm before clipping"
    assert [1e-3] == pytest.approx(seen, rel=1e-3)


def test_nothing_is_written_without_a_run(parts: Parts, tmp_path: Path) -> None:
    config, tokenizer, data, settings = parts
    before = sorted(tmp_path.rglob("*"))
    trainer = Trainer.start(config, tokenizer, data, settings)
    trainer.train()
    assert trainer.save() is None
    assert before == sorted(tmp_path.rglob("*"))
