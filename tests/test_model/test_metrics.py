"""The log is appended to, line by line."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bpe.errors import MissingDependencyError
from model.metrics import METRICS, MetricsLog


def test_every_event_is_a_line_at_once(tmp_path: Path) -> None:
    for step in (1, 2):
        MetricsLog(tmp_path).write("train", step=step, loss=0.5)
        lines = (tmp_path / METRICS).read_text().splitlines()
        assert step == len(lines)
        event = json.loads(lines[-1])
        assert ("train", step, 0.5) == (event["event"], event["step"], event["loss"])
        assert event["time"] > 1_600_000_000


def test_without_a_run_nothing_is_kept() -> None:
    before = sorted(Path.cwd().glob(METRICS))
    MetricsLog(None).write("train", step=1)
    assert before == sorted(Path.cwd().glob(METRICS))


def test_tensorboard_gets_the_numbers(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = MetricsLog(tmp_path, tensorboard=True)
    log.write("train", step=3, loss=1.5)
    log.write("sample", step=3, text="once")
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (point,) = events.Scalars("train/loss")
    assert (3, 1.5) == (point.step, point.value)
    assert 2 == len((tmp_path / "metrics.jsonl").read_text().splitlines())


def test_without_tensorboard_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingDependencyError, match=r"chimera-bpe\[tensorboard\]"):
        MetricsLog(tmp_path, tensorboard=True)
