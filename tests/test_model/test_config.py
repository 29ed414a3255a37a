"""Configs check themselves, and survive the way through JSON."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from model.config import ModelConfig, TrainConfig
from model.config_base import describe_differences
from model.presets import PRESETS


def test_the_vocabulary_size_has_no_default() -> None:
    with pytest.raises(TypeError, match="vocab_size"):
        ModelConfig()  # type: ignore[call-arg]


@pytest.mark.parametrize(("size", "rows"), [(1, 64), (64, 64), (65, 128), (50257, 50304)])
def test_the_table_is_padded_to_a_multiple_of_64(size: int, rows: int) -> None:
    assert rows == ModelConfig(vocab_size=size).padded_vocab_size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"heads": 3}, "does not divide"),
        ({"heads": 0}, "heads = 0"),
        ({"layers": -1}, "layers = -1"),
        ({"n_embd": 8.0}, "not an integer"),
        ({"n_embd": True}, "not an integer"),
        ({"dropout": 1.0}, r"in \[0, 1\)"),
        ({"dropout": -0.1}, r"in \[0, 1\)"),
        ({"dropout": math.nan}, r"in \[0, 1\)"),
        ({"dropout": "0.1"}, "not a number"),
        ({"tie_weights": 1}, "not true or false"),
        ({"padded_vocab_size": 99}, "below vocab_size"),
    ],
)
def test_a_wrong_architecture_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig(**{"vocab_size": 100, "n_embd": 8, "heads": 4, **change})


@pytest.mark.parametrize(
    "change",
    [
        {"lr": 0.0},
        {"lr": math.inf},
        {"lr": math.nan},
        {"steps": 0},
        {"batch_size": -4},
        {"seed": -1},
        {"seed": 2**63},
        {"schedule": "linear"},
        {"val_fraction": 0.0},
        {"val_fraction": 1.0},
        {"warmup_steps": -1},
        {"weight_decay": -0.1},
        {"grad_clip": 0},
    ],
)
def test_wrong_settings_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(change))):
        TrainConfig(**change)


def test_configs_survive_json() -> None:
    for config in (ModelConfig(vocab_size=301, dropout=0.25), TrainConfig(lr=3e-4, steps=7)):
        assert config == type(config).from_json(json.loads(json.dumps(config.to_json())))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "should be an object"),
        ({}, "lacks the field 'vocab_size'"),
        ({"vocab_size": 300, "colour": 1}, "no field 'colour'"),
        ({"vocab_size": "300"}, "not an integer"),
    ],
)
def test_json_that_is_no_config_is_refused(data: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelConfig.from_json(data)


def test_the_presets_are_the_two_command_lines_of_the_seed() -> None:
    assert [8, 8, 4, 1e-3, 5000, 4, 3, 0.1] == list(PRESETS["test"].values())
    assert [384, 64, 256, 3e-4, 5000, 6, 6, 0.2] == list(PRESETS["chimera"].values())


def test_differences_are_named_with_both_values() -> None:
    before, after = TrainConfig(steps=40), TrainConfig(steps=60, lr=1.0)
    assert "lr: 0.001 -> 1.0, steps: 40 -> 60" == describe_differences(before, after)
    assert "" == describe_differences(before, before)
