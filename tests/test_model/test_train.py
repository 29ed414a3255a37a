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
from model import (
    ModelConfig,
    TokenDataset,
    TrainConfig,
    Trainer,
    load_checkpoint,
    standing,
    step,
    train,
)
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
    assert first is not None
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
    original = step.head_cross_entropy

    def broken(*args: Any) -> torch.Tensor:
        loss = original(*args)
        if trainer.step < 5:
            return loss
        # The root of zero: a finite loss whose gradient is not.
        return loss * math.nan if where == "loss" else loss + (loss - loss.detach()).sqrt()

    monkeypatch.setattr(step, "head_cross_entropy", broken)
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


def test_accumulated_batches_are_one_large_batch(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    config = replace(config, dropout=0.0)
    results = []
    for batch_size in (8, 2, 1):
        own = replace(settings, batch_size=batch_size, tokens_per_step=8 * 12)
        trainer = Trainer.start(config, tokenizer, data, own)
        results.append((trainer.train_step(), weights(trainer)))
        assert 96 == trainer.tokens_per_step
    for result, found in results[1:]:
        assert results[0][0].loss == pytest.approx(result.loss, rel=1e-5)
        for name, expected in results[0][1].items():
            torch.testing.assert_close(expected, found[name], atol=1e-5, rtol=1e-4)


def test_it_ends_when_nothing_gets_better(parts: Parts, run: RunDirectory) -> None:
    config, tokenizer, data, settings = parts
    own = replace(settings, lr=1e-12, steps=1000, eval_every=2, patience=3, keep=1)
    trainer = Trainer.start(config, tokenizer, data, own, run=run)
    best = trainer.evaluate()
    assert best is not None
    trainer.standing = replace(trainer.standing, best_loss=0.0)
    trainer.step = 1
    trainer.train()
    assert trainer.step < 12
    assert trainer.standing.evaluations_since >= 3
    assert load_checkpoint(run.path).state.standing.best_loss == 0.0, "it is remembered"


def test_the_best_checkpoint_is_the_one_with_the_smallest_loss(
    parts: Parts, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, tokenizer, data, settings = parts
    losses = iter([9.0, 5.0, 4.0, 6.0, 7.0])
    original = train.evaluate
    monkeypatch.setattr(
        train, "evaluate", lambda *args: replace(original(*args), loss=next(losses))
    )
    own = replace(settings, eval_every=2, save_every=100, keep=1)
    Trainer.start(config, tokenizer, data, own, run=run).train()
    assert 4 == load_checkpoint(run.path, best=True).state.step
    assert 8 == load_checkpoint(run.path).state.step


def test_a_time_budget_ends_the_run_and_its_schedule(
    parts: Parts, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, tokenizer, data, settings = parts
    clock = iter(range(10**6))
    monkeypatch.setattr(standing.time, "monotonic", lambda: float(next(clock)))
    rarely = {"eval_every": 10**6, "save_every": 10**6}
    own = replace(settings, steps=10**6, time_budget=200.0, warmup_steps=2, **rarely)
    trainer = Trainer.start(config, tokenizer, data, own, run=run)
    trainer.train()
    assert 10 < trainer.step < 200
    rates = [event["lr"] for event in events(run, "train")]
    assert rates[-1] < 0.2 * max(rates)
    assert trainer.last_evaluation is not None
    assert trainer.step == events(run, "evaluate")[-1]["step"], "the end is evaluated"
    assert load_checkpoint(run.path).state.standing.seconds >= 200


def test_a_step_that_is_no_number_can_be_skipped(
    parts: Parts, run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, tokenizer, data, settings = parts
    trainer = Trainer.start(config, tokenizer, data, replace(settings, nonfinite="skip"), run=run)
    original = step.head_cross_entropy

    def broken(*args: Any) -> torch.Tensor:
        return original(*args) * (math.nan if trainer.step in (3, 4) else 1.0)

    monkeypatch.setattr(step, "head_cross_entropy", broken)
    trainer.train()
    assert [3, 4] == [event["step"] for event in events(run, "nonfinite")]
    assert 8 == load_checkpoint(run.path).state.step
    assert all(bool(p.isfinite().all()) for p in trainer.model.parameters())


def test_skipping_has_an_end(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    config, tokenizer, data, settings = parts
    own = replace(settings, nonfinite="skip", steps=100)
    trainer = Trainer.start(config, tokenizer, data, own)
    original = step.head_cross_entropy
    monkeypatch.setattr(step, "head_cross_entropy", lambda *args: original(*args) * math.nan)
    with pytest.raises(TrainingError, match="step 10:"):
        trainer.train()


def test_recomputing_the_blocks_changes_no_bit(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    results = []
    for recompute in (False, True):
        own = replace(settings, recompute=recompute)
        trainer = Trainer.start(config, tokenizer, data, own)
        calls = []
        trainer.model.blocks[0].register_forward_pre_hook(lambda *_, calls=calls: calls.append(1))
        trainer.train_step()
        assert (2 if recompute else 1) == len(calls)
        trainer.train()
        results.append(weights(trainer))
    assert_identical(*results)


@pytest.mark.slow
def test_a_compiled_model_computes_the_same(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    losses = []
    for compiled in (False, True):
        own = replace(settings, compile=compiled)
        trainer = Trainer.start(replace(config, dropout=0.0), tokenizer, data, own)
        losses.append([trainer.train_step().loss for _ in range(8)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_bfloat16_learns_about_the_same(parts: Parts) -> None:
    config, tokenizer, data, settings = parts
    losses = []
    for dtype in ("float32", "bfloat16"):
        own = replace(settings, dtype=dtype)  # type: ignore[arg-type]
        trainer = Trainer.start(replace(config, dropout=0.0), tokenizer, data, own)
        losses.append([trainer.train_step().loss for _ in range(8)])
        assert {torch.float32} == {p.dtype for p in trainer.model.parameters()}
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    assert losses[0] != losses[1], "something was really rounded"


@pytest.mark.parametrize("unit", ["token", "word", "span"])
def test_a_masked_model_learns_and_resumes_exactly(
    parts: Parts, run: RunDirectory, unit: str
) -> None:
    config, tokenizer, data, settings = parts
    masked = replace(config, objective="masked")
    own = replace(settings, steps=40, mask_unit=unit)  # type: ignore[arg-type]
    straight = Trainer.start(masked, tokenizer, data, own)
    first = straight.evaluate()
    straight.train()
    assert first is not None
    assert straight.last_evaluation is not None
    assert straight.last_evaluation.loss < first.loss - 0.3
    trainer = Trainer.start(masked, tokenizer, data, own, run=run)
    while trainer.step < 17:
        trainer.train_step()
    trainer.save()
    resumed = Trainer.resume(load_checkpoint(run.path), data, own)
    resumed.train()
    assert_identical(weights(straight), weights(resumed))
