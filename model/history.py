"""The curves of a run, read from its log; what draws them is `plots.py`.

A run that was killed and resumed repeats some steps in its log: the later line counts. A line that
was being written when the process died is no JSON; it is left out, and counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from bpe.errors import CheckpointError
from model.metrics import METRICS


@dataclass(frozen=True)
class Point:
    """What the log says of one moment.

    Attributes:
        step: Steps taken.
        tokens: Tokens seen.
        seconds: Time spent in training, in all processes of the run one after the other.
        values: The rest of the line.
    """

    step: int
    tokens: int
    seconds: float
    values: dict[str, Any]


@dataclass(frozen=True)
class History:
    """The log of one run.

    Attributes:
        name: What the run is called.
        train: After every logged step.
        evaluations: After every evaluation.
        num_broken: Lines that were no JSON.
    """

    name: str
    train: tuple[Point, ...]
    evaluations: tuple[Point, ...]
    num_broken: int = 0

    def tokens_per_second(self) -> list[tuple[Point, float]]:
        """Return the rate between each logged step and the one before it."""
        rates = []
        for before, point in zip(self.train, self.train[1:], strict=False):
            seconds = point.seconds - before.seconds
            if seconds > 0:
                rates.append((point, (point.tokens - before.tokens) / seconds))
        return rates


def read_history(run: str | PathLike[str]) -> History:
    """Read the log of a run directory.

    Raises:
        CheckpointError: There is no log, or nothing was trained yet.
    """
    path = Path(run, METRICS)
    if not path.is_file():
        raise CheckpointError(f"{str(run)!r} is no run: it holds no {METRICS}")
    points: dict[str, dict[int, Point]] = {"train": {}, "evaluate": {}}
    first_step = first_tokens = tokens_per_step = num_broken = 0
    for event in _events(path):
        if event is None:
            num_broken += 1
        elif event["event"] == "start":
            first_tokens += (event["step"] - first_step) * tokens_per_step
            first_step, tokens_per_step = event["step"], event["tokens_per_step"]
        elif event["event"] in points:
            step = event["step"]
            tokens = first_tokens + (step - first_step) * tokens_per_step
            points[event["event"]][step] = Point(step, tokens, event["seconds"], event)
    train, evaluations = (tuple(found[step] for step in sorted(found)) for found in points.values())
    if not train and not evaluations:
        raise CheckpointError(f"{path} tells of no step yet: there is nothing to show")
    return History(Path(run).name, train, evaluations, num_broken)


def _events(path: Path) -> Iterator[dict[str, Any] | None]:
    for line in path.read_text("utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        yield event if isinstance(event, dict) and "event" in event else None
