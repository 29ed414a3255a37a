"""The log of a run becomes curves; what a killed process left is handled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bpe.errors import CheckpointError
from model.history import read_history


def start(step: int, tokens_per_step: int) -> dict[str, Any]:
    return {"event": "start", "step": step, "tokens_per_step": tokens_per_step}


def train(step: int, seconds: float, loss: float = 1.0) -> dict[str, Any]:
    return {"event": "train", "step": step, "seconds": seconds, "loss": loss}


def write(folder: Path, *lines: object) -> Path:
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    (folder / "metrics.jsonl").write_text(text + "\n")
    return folder


def test_a_point_knows_its_tokens_and_seconds(tmp_path: Path) -> None:
    evaluated = {"event": "evaluate", "step": 2, "seconds": 5.0, "bits_per_byte": 3.5}
    history = read_history(
        write(tmp_path, start(0, 100), train(1, 2.0), train(2, 4.0, loss=0.5), evaluated)
    )
    assert [(1, 100, 2.0), (2, 200, 4.0)] == [(p.step, p.tokens, p.seconds) for p in history.train]
    assert 0.5 == history.train[-1].values["loss"]
    assert 3.5 == history.evaluations[0].values["bits_per_byte"]
    assert [50.0] == [rate for _, rate in history.tokens_per_second()]
    assert tmp_path.name == history.name


def test_steps_that_were_repeated_count_once_and_as_they_were_last(tmp_path: Path) -> None:
    lines = [start(0, 10), train(1, 1.0), train(2, 2.0, loss=9.0), start(1, 10), train(2, 3.0)]
    history = read_history(write(tmp_path, *lines))
    assert [1, 2] == [p.step for p in history.train]
    assert (1.0, 3.0) == (history.train[1].values["loss"], history.train[1].seconds)


def test_tokens_add_up_when_a_step_becomes_larger(tmp_path: Path) -> None:
    history = read_history(write(tmp_path, start(0, 10), train(4, 1.0), start(4, 100), train(6, 2)))
    assert [40, 240] == [p.tokens for p in history.train]


def test_a_line_that_was_cut_off_is_counted(tmp_path: Path) -> None:
    history = read_history(write(tmp_path, start(0, 10), train(1, 1.0), '{"event": "tra'))
    assert (1, 1) == (len(history.train), history.num_broken)


def test_what_is_no_run_or_has_no_step_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"is no run: it holds no metrics\.jsonl"):
        read_history(tmp_path)
    with pytest.raises(CheckpointError, match="tells of no step yet"):
        read_history(write(tmp_path, start(0, 10)))
