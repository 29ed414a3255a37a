"""The log is appended to, line by line."""

from __future__ import annotations

import json
from pathlib import Path

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
