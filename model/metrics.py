"""The log of a run: `metrics.jsonl`, one object per line, only ever appended to.

Every line has `event` and `time` (seconds since 1970). Events: `start`, `train`, `evaluate`,
`sample`, `save`, `overflow`, `nonfinite`. A run that was killed and resumed repeats some steps; the
later line counts. On request the numbers go to TensorBoard as well, into a folder beside it.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch

from bpe.errors import MissingDependencyError
from model.distributed import Processes

METRICS = "metrics.jsonl"
TENSORBOARD = "tensorboard"


class MetricsLog:
    """Appends events to the log of a run; without a folder it keeps nothing."""

    def __init__(self, run: Path | None, *, tensorboard: bool = False) -> None:
        """Open the log.

        Raises:
            MissingDependencyError: TensorBoard is asked for and not installed.
        """
        self._path = None if run is None else run / METRICS
        self._board = _open_tensorboard(run / TENSORBOARD) if run and tensorboard else None

    def write(self, event: str, **values: Any) -> None:
        """Append one line, at once: a killed process has logged all that it did."""
        if self._path is None:
            return
        line = json.dumps({"event": event, "time": round(time.time(), 3), **values})
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        if self._board is not None and "step" in values:
            _show(self._board, event, values)


def environment(device: torch.device, processes: Processes) -> dict[str, Any]:
    """Return what the numbers of a run depend on beside its settings."""
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "device": str(device),
        "processes": processes.count,
    }


def _open_tensorboard(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingDependencyError(
            "--tensorboard needs tensorboard: pip install 'chimera-bpe[tensorboard]'"
        ) from None
    return SummaryWriter(str(folder), flush_secs=10)


def _show(board: Any, event: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if name == "step":
            continue
        if name == "text":
            board.add_text(event, value, values["step"])
        elif isinstance(value, int | float):
            board.add_scalar(f"{event}/{name}", value, values["step"])
    board.flush()
