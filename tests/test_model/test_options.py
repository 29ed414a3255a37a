"""The eight numbers, the named options and the presets become one set of settings."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import pytest

from bpe.errors import CheckpointError
from model.config import ModelConfig, TrainConfig
from model.options import (
    UsageError,
    add_settings,
    chosen_settings,
    new_configs,
    resumed_train_config,
)

EIGHT = "32 8 16 1e-3 40 4 2 0.1"


def chosen(line: str) -> dict[str, Any]:
    parser = ArgumentParser()
    add_settings(parser)
    return chosen_settings(parser.parse_args(line.split()))


def test_the_eight_numbers_have_the_order_of_the_seed() -> None:
    assert {
        "n_embd": 32,
        "batch_size": 8,
        "block_size": 16,
        "lr": 1e-3,
        "steps": 40,
        "heads": 4,
        "layers": 2,
        "dropout": 0.1,
    } == chosen(EIGHT)


def test_named_options_say_the_same() -> None:
    line = "--n-embd 32 --batch-size 8 --block-size 16 --lr 1e-3 --steps 40"
    assert chosen(EIGHT) == chosen(line + " --heads 4 --layers 2 --dropout 0.1")


def test_the_numbers_may_stand_before_or_after_options() -> None:
    expected = {**chosen(EIGHT), "seed": 7, "tie_weights": False}
    assert expected == chosen(f"--seed 7 --no-tie {EIGHT}") == chosen(f"{EIGHT} --seed 7 --no-tie")


def test_what_is_not_named_is_left_open() -> None:
    assert {} == chosen("")
    model, train = new_configs({}, vocab_size=300)
    assert (ModelConfig(vocab_size=300), TrainConfig()) == (model, train)


def test_a_preset_can_be_changed_by_name() -> None:
    settings = chosen("--preset chimera --steps 10")
    assert (384, 10, 0.2) == (settings["n_embd"], settings["steps"], settings["dropout"])


@pytest.mark.parametrize("line", ["--preset test", "--preset chimera", "8 8 4 1e-3 5000 4 3 0.1"])
def test_the_lines_of_the_seed_are_valid(line: str) -> None:
    model, train = new_configs(chosen(line), vocab_size=300)
    assert 5000 == train.steps
    assert 0 == model.n_embd % model.heads


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1", "1 numbers given; it takes none or eight: n_embd"),
        (EIGHT + " 9", "9 numbers given"),
        (EIGHT.replace("40", "4e1"), "number 5 of the eight, steps = '4e1', is not an integer"),
        (EIGHT.replace("1e-3", "fast"), "number 4 of the eight, lr = 'fast', is not a number"),
        (EIGHT + " --steps 41", "--steps 41 contradicts number 5 of the eight, 40"),
        (EIGHT + " --preset test", "say the same thing twice"),
    ],
)
def test_what_contradicts_itself_is_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        chosen(line)


def test_the_same_thing_said_twice_is_fine() -> None:
    assert chosen(EIGHT) == chosen(EIGHT + " --steps 40")


@pytest.mark.parametrize("change", [{"heads": 5}, {"dropout": 1.0}, {"lr": -1.0}, {"steps": 0}])
def test_values_that_make_no_sense_are_wrong_usage(change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(change))):
        new_configs({**chosen(EIGHT), **change}, vocab_size=300)


def test_a_resumed_run_keeps_what_is_not_named() -> None:
    model, train = new_configs({**chosen(EIGHT), "seed": 5}, vocab_size=300)
    resumed = resumed_train_config({"steps": 60}, model, train, "run")
    assert (60, 5, 8) == (resumed.steps, resumed.seed, resumed.batch_size)
    assert train == resumed_train_config(chosen(EIGHT), model, train, "run")


def test_a_resumed_run_keeps_its_architecture() -> None:
    model, train = new_configs(chosen(EIGHT), vocab_size=300)
    wrong = {"n_embd": 64, "layers": 3}
    with pytest.raises(CheckpointError, match=r"run has .* \(n_embd: 32 -> 64, layers: 2 -> 3\)"):
        resumed_train_config(wrong, model, train, "run")
    with pytest.raises(UsageError, match="does not divide"):
        resumed_train_config({"heads": 5}, model, train, "run")
