"""Samples are written on the way, are the same for the same weights, and change nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import bpe
from bpe.errors import TrainingError
from model import ModelConfig, TokenDataset, TrainConfig, Trainer
from model.run_directory import RunDirectory
from model.samples import write_sample


def test_a_run_with_samples_ends_with_the_weights_of_one_without(
    config: ModelConfig,
    tokenizer: bpe.Tokenizer,
    data: TokenDataset,
    train_config: TrainConfig,
    tmp_path: Path,
) -> None:
    run = RunDirectory(tmp_path)
    settings = replace(train_config, sample_every=3, sample_prompt="Ka")
    looked = Trainer.start(config, tokenizer, data, settings, run=run)
    looked.train()
    plain = Trainer.start(config, tokenizer, data, train_config)
    plain.train()
    for name, expected in plain.model.state_dict().items():
        assert torch.equal(expected, looked.model.state_dict()[name]), name
    events = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    samples = [event for event in events if event["event"] == "sample"]
    assert [3, 6, 8] == [event["step"] for event in samples]
    assert all(event["text"].startswith("Ka") for event in samples)
    assert samples[-1]["text"] == write_sample(looked.model, tokenizer, "Ka")


def test_a_masked_model_is_not_asked_to_write(
    config: ModelConfig, tokenizer: bpe.Tokenizer, data: TokenDataset, train_config: TrainConfig
) -> None:
    masked = replace(config, objective="masked")
    with pytest.raises(TrainingError, match="leave out --sample-every"):
        Trainer.start(masked, tokenizer, data, replace(train_config, sample_every=1))
