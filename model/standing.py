"""How a run stands: its best evaluation, how long ago that was, and the time it took so far."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from model.config import TrainConfig


@dataclass(frozen=True)
class Standing:
    """What early stopping and the time budget have to remember; part of every checkpoint.

    Attributes:
        best_loss: The smallest validation loss, in nats per token; None before the first.
        evaluations_since: Evaluations after that one.
        seconds: Time spent in training.
    """

    best_loss: float | None = None
    evaluations_since: int = 0
    seconds: float = 0.0

    @property
    def is_best(self) -> bool:
        """Whether the last evaluation was the best."""
        return self.best_loss is not None and self.evaluations_since == 0

    def after(self, loss: float) -> Standing:
        """Return the standing after an evaluation.

        >>> Standing(best_loss=2.0).after(2.5)
        Standing(best_loss=2.0, evaluations_since=1, seconds=0.0)
        """
        if self.best_loss is None or loss < self.best_loss:
            return replace(self, best_loss=loss, evaluations_since=0)
        return replace(self, evaluations_since=self.evaluations_since + 1)

    def why_to_end(self, config: TrainConfig, seconds: float) -> str | None:
        """Return why training should end after so many seconds, or None.

        >>> Standing(2.0, evaluations_since=3).why_to_end(TrainConfig(patience=3), 0.0)
        'no better evaluation in the last 3'
        """
        if config.time_budget and seconds >= config.time_budget:
            return f"the time budget of {config.time_budget:g} s is used up"
        if config.patience and self.evaluations_since >= config.patience:
            return f"no better evaluation in the last {config.patience}"
        return None

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Standing:
        """Build from plain data; TypeError or ValueError say what is wrong."""
        found = cls(**data)
        numbers = (found.evaluations_since, found.seconds, found.best_loss or 0.0)
        if not all(isinstance(number, int | float) for number in numbers):
            raise ValueError(f"standing = {data!r} holds something that is no number")
        return found


class Clock:
    """How long a run has trained, in all of its processes one after the other."""

    def __init__(self, seconds_before: float, budget: float) -> None:
        self._before, self._budget = seconds_before, budget
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds of training."""
        return self._before + time.monotonic() - self._started

    @property
    def share(self) -> float:
        """How much of the time budget is used up, in [0, 1]; 0 without one."""
        return min(1.0, self.seconds / self._budget) if self._budget else 0.0


#: That of a run which has not begun.
NO_STANDING = Standing()
